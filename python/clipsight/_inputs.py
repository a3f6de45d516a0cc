"""What counts as an image, and how pixels reach the extension."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TypeAlias, Union

from clipsight._errors import ArgumentError, DecodeError, Error, LimitError, UnsupportedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

# A union of names that are there for type checkers alone.
ImageInput: TypeAlias = Union[
    str,
    "os.PathLike[str]",
    bytes,
    bytearray,
    memoryview,
    "Image.Image",
    "npt.NDArray[np.uint8]",
]
"""An image: its file's path, or its file's bytes, of any format that is read; a ``PIL.Image``; or
pixels, ``(height, width, 3)`` RGB, ``(height, width, 4)`` RGBA or ``(height, width)`` gray, of
``uint8``, rows from the top, in sRGB."""

Pixels: TypeAlias = tuple[int, int, str, bytes, "bytes | None", int]
"""Width, height, layout, samples, ICC profile, EXIF orientation: see ``src/pixels.rs``."""

_ORIENTATION = 274

# Pillow's modes that are handed over as they are, and what they are called there.
_LAYOUTS = {
    "L": "gray",
    "LA": "gray-alpha",
    "RGB": "rgb",
    "RGBA": "rgba",
    "CMYK": "cmyk",
    "I;16": "gray16",
}
# Modes that are converted first, without loss of what can be seen.
_CONVERTED = {"1": "L", "P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}
# Modes of other colour spaces, whose profile does not describe the result.
_COLOURS = {"YCbCr": "RGB", "HSV": "RGB"}


def plain(item: object) -> str | bytes | Pixels:
    """Turn an image into what the extension reads: a path, bytes, or pixels.

    Raises:
        Error: whatever is wrong with it; nothing else.

    """
    try:
        return _plain(item)
    except Error:
        raise
    except MemoryError as error:
        message = "there is not enough memory for the pixels of this image"
        raise LimitError(message) from error
    except Exception as error:
        message = f"the image cannot be read: {error}"
        raise DecodeError(message) from error


def _plain(item: object) -> str | bytes | Pixels:
    if isinstance(item, str):
        # Of a subclass the plain text, whatever it says of itself.
        return str.__str__(item)
    if isinstance(item, bytes):
        return b"".join((item,))
    if isinstance(item, (bytearray, memoryview)):
        return bytes(item)
    if isinstance(item, os.PathLike):
        return str.__str__(os.fsdecode(item))
    # Nobody has such an object without having loaded these.
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(item, pillow.Image):
        return _from_pillow(item)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(item, numpy.ndarray):
        return _from_numpy(item)
    message = (
        f"a {type(item).__name__} is not an image: pass a path, the bytes of a file, a PIL.Image, "
        "or a NumPy array of uint8 (height, width, 3)"
    )
    raise ArgumentError(message)


def _from_pillow(image: Image.Image) -> Pixels:
    # Reads the file, where that was put off; TIFF is turned upright by it.
    image.load()
    orientation = image.getexif().get(_ORIENTATION, 1)
    icc = image.info.get("icc_profile")
    mode = image.mode
    transparent = "transparency" in image.info
    if mode in _CONVERTED or (mode == "RGB" and transparent) or (mode == "L" and transparent):
        image = image.convert("RGBA" if transparent else _CONVERTED[mode])
    elif mode in _COLOURS:
        image, icc = image.convert(_COLOURS[mode]), None
    layout = _LAYOUTS.get(image.mode)
    if layout is None:
        message = f"pixels of Pillow's mode {mode} are not read: convert the image to RGB first"
        raise UnsupportedError(message)
    valid = isinstance(orientation, int) and 1 <= orientation <= 8  # noqa: PLR2004
    return (
        image.width,
        image.height,
        layout,
        image.tobytes(),
        icc if isinstance(icc, bytes) and icc else None,
        orientation if valid else 1,
    )


def _from_numpy(array: npt.NDArray[np.uint8]) -> Pixels:
    layouts = {1: "gray", 3: "rgb", 4: "rgba"}
    channels = 1 if array.ndim == 2 else array.shape[-1] if array.ndim == 3 else 0  # noqa: PLR2004
    if channels not in layouts or array.dtype != "uint8" or 0 in array.shape:
        message = (
            f"an array of {array.dtype} {array.shape} is not an image: pass uint8 of the shape "
            "(height, width, 3), (height, width, 4) or (height, width)"
        )
        raise ArgumentError(message)
    height, width = array.shape[:2]
    return width, height, layouts[channels], array.tobytes(), None, 1
