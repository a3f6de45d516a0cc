"""The detector: a model, and what it says of images."""

from __future__ import annotations

import json
import operator
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from clipsight import _native
from clipsight._analysis import Analysis, Provenance, Rectangle
from clipsight._errors import ArgumentError, Error
from clipsight._models import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

    from clipsight._inputs import ImageInput

Device: TypeAlias = Literal["cpu", "gpu", "auto"]
"""Where a model runs. ``cpu``: our own kernels, for AVX-512 VNNI, AVX2 or NEON. ``gpu``: any GPU
that Vulkan, Metal or DX12 offer, else :class:`NoGpuError`. ``auto``: a hardware GPU that passes
the self-test, else the CPU."""

Crop: TypeAlias = "Rectangle | tuple[int, int, int, int]"
"""A part of an image in pixels of the upright image: x, y, width, height."""


MOST_THREADS = 1024


class Detector:
    """A model on a device; made by :meth:`load`.

    It may be used by several threads at once, and holds no threads of its own between calls, so
    that it survives a fork; a pickled detector loads its model again where it is unpickled.
    """

    __slots__ = ("_device", "_folder", "_model", "_threads")

    def __init__(self, folder: str, device: Device, threads: int | None) -> None:
        """Load the model in ``folder``; callers use :meth:`load`."""
        self._folder = folder
        self._device = device
        self._threads = threads
        self._model = _native.Model(folder, device)

    @classmethod
    def load(
        cls,
        model: str | os.PathLike[str] = "compact",
        *,
        device: Device = "cpu",
        threads: int | None = None,
    ) -> Detector:
        """Load a model and test it on a known input.

        Args:
            model: ``"compact"``, which this package holds; ``"standard"``, from the package
                ``clipsight-standard``; or the path of a folder with a ``model.json``.
            device: where it runs.
            threads: on how many threads batches run; ``None``: as many as this process may use
                cores.

        Raises:
            ArgumentError: an argument makes no sense, or the model is an encoder without a head.
            IoError: there is no such model.
            WeightsCorruptError: the model is damaged or incomplete.
            NoGpuError, DeviceLostError: a GPU was asked for, and there is none or it computes wrong
                numbers.

        """
        if device not in ("cpu", "gpu", "auto"):
            message = f'device is {device!r}: choose "cpu", "gpu" or "auto"'
            raise ArgumentError(message)
        _check_threads(threads)
        return cls(str(folder_of(model)), device, threads)

    @property
    def id(self) -> str:
        """The model's name with its version, such as ``clipsight-compact-2``."""
        return str(self.manifest["id"])

    @property
    def device(self) -> str:
        """What computes, for display: ``CPU``, or the GPU by its name."""
        return self._model.device

    @property
    def threads(self) -> int:
        """On how many threads batches run."""
        return _native.cores() if self._threads is None else self._threads

    @property
    def manifest(self) -> dict[str, Any]:
        """The model's ``model.json``, with its thresholds and measured errors."""
        return cast("dict[str, Any]", json.loads(self._model.manifest))

    @property
    def model_sha256(self) -> str:
        """SHA-256 of the manifest, which pins all weights: ``model_sha256`` of ``scan``."""
        return self._model.sha256

    @property
    def feature_width(self) -> int:
        """D, the number of features that :meth:`features` gives for an image."""
        return self._model.feature_width

    def analyze(  # noqa: PLR0913
        self,
        image: ImageInput,
        *,
        views: Literal[1, 5] | None = None,
        explain: bool = False,
        stability: bool | Literal["abstain"] = False,
        crop: Crop | None = None,
        provenance: bool = True,
    ) -> Analysis:
        """Judge one image, on the calling thread; the interpreter is free meanwhile.

        Args:
            image: a path, a file's bytes, a ``PIL.Image``, or a NumPy array of ``uint8``,
                ``(height, width, 3)`` RGB, ``(height, width, 4)`` RGBA or ``(height, width)``
                gray. Bytes are best: pixels have lost what the file says, and of ``file`` is then
                said what is true of an uncompressed TIFF of these pixels.
            views: views of the image to score: 1, or 5 (that one and the corners). ``None``: as
                the model says; the compact one scores the whole image, and the corners only where
                that gives no grade.
            explain: whether to compute where the model looked, ``map``: 18 views more.
            stability: whether to judge the image also as others would receive it, ``stability``: a
                verdict more for each of four deliveries. With ``"abstain"``, an image whose
                verdict is unsteady gets no grade.
            crop: the part to judge, in pixels of the upright image. What is said of the file stays
                that of all of it.
            provenance: whether to read what the file says of how it was made. Nothing is verified,
                and it never moves the verdict.

        Raises:
            DecodeError, UnsupportedError, LimitError, IoError: the image cannot be read.
            ArgumentError: an argument makes no sense.
            DeviceLostError: the GPU failed.

        """
        asked = _asked(views, explain, stability, crop, provenance)
        return Analysis.from_json(self._model.analyze(image, asked))

    def analyze_batch(  # noqa: PLR0913
        self,
        images: Iterable[ImageInput],
        *,
        threads: int | None = None,
        views: Literal[1, 5] | None = None,
        explain: bool = False,
        stability: bool | Literal["abstain"] = False,
        crop: Crop | None = None,
        provenance: bool = True,
    ) -> list[Analysis | Error]:
        """Judge many images on many threads; the interpreter is free meanwhile.

        One image that cannot be read costs the others nothing: its exception stands in its place.
        Ctrl-C ends the batch at the next result.

        Args:
            images: as for :meth:`analyze`. Paths are read, and Pillow's files decoded, when their
                turn comes.
            threads: on how many threads; ``None``: as the detector was loaded.
            views: as for :meth:`analyze`, like the others.
            explain: see there.
            stability: see there.
            crop: see there; the same part of every image.
            provenance: see there.

        Returns:
            For every image, in order, its result or the :class:`Error` that it failed with.

        Raises:
            ArgumentError: an argument makes no sense for any image.

        """
        asked = _asked(views, explain, stability, crop, provenance)
        results = self._model.analyze_batch(
            _many(images), asked, self._threads_for(threads), Analysis.from_json
        )
        return cast("list[Analysis | Error]", results)

    def features(
        self,
        images: Iterable[ImageInput],
        *,
        threads: int | None = None,
        on_error: Literal["raise", "nan"] = "raise",
    ) -> npt.NDArray[np.float32]:
        """Give the encoder's features of every image's first view, for probes and neighbours.

        They are what the model's head reads, before its own normalisation: of the compact and
        standard models the pooled tokens of all layers. Needs NumPy.

        Args:
            images: as for :meth:`analyze_batch`.
            threads: on how many threads; ``None``: as the detector was loaded.
            on_error: what becomes of an image that cannot be read: its exception is raised, or its
                row is all NaN.

        Returns:
            ``(N, D)`` of ``float32``, where D is :attr:`feature_width`.

        Raises:
            Error: as :meth:`analyze`, of the first image that fails.

        """
        import numpy as np  # noqa: PLC0415

        if on_error not in ("raise", "nan"):
            message = f'on_error is {on_error!r}: choose "raise" or "nan"'
            raise ArgumentError(message)
        rows = self._model.features(_many(images), self._threads_for(threads))
        table = np.full((len(rows), self.feature_width), np.nan, dtype=np.float32)
        for index, row in enumerate(rows):
            if isinstance(row, bytes):
                table[index] = np.frombuffer(row, dtype=np.float32)
            elif on_error == "raise":
                raise row
        return table

    def _threads_for(self, threads: int | None) -> int:
        _check_threads(threads)
        return self.threads if threads is None else threads

    def __reduce__(self) -> tuple[type[Detector], tuple[str, Device, int | None]]:
        """Pickle where the model is, not the model."""
        return Detector, (self._folder, self._device, self._threads)

    def __repr__(self) -> str:
        """Say which model runs where."""
        return f"<clipsight.Detector {self.id} on {self.device}, threads={self.threads}>"


def read_provenance(image: str | os.PathLike[str] | bytes) -> Provenance:
    """Read what a file says of how it was made: Content Credentials, XMP, EXIF, generators' notes.

    Needs no model. Nothing is verified: anybody can write such metadata, and their absence means
    nothing.

    Args:
        image: a path or a file's bytes.

    Raises:
        DecodeError, UnsupportedError, LimitError, IoError: the file cannot be read.
        ArgumentError: pixels, which say nothing.

    """
    return Provenance.from_json(_native.read_provenance(image))


def _many(images: Iterable[ImageInput]) -> list[ImageInput]:
    """Refuse one image, whose characters or bytes would be taken for many."""
    if isinstance(images, (str, bytes, bytearray, memoryview, os.PathLike)):
        message = "one image was passed where many are expected: pass a list, or use analyze"
        raise ArgumentError(message)
    return list(images)


def _check_threads(threads: int | None) -> None:
    if threads is not None and not (type(threads) is int and 1 <= threads <= MOST_THREADS):
        message = (
            f"threads is {threads!r}: pass a number from 1 to {MOST_THREADS}, or None for one on "
            "every core"
        )
        raise ArgumentError(message)


def _asked(
    views: int | None,
    explain: bool,  # noqa: FBT001
    stability: bool | str,  # noqa: FBT001
    crop: Crop | None,
    provenance: bool,  # noqa: FBT001
) -> _native.Asked:
    if views not in (None, 1, 5):
        message = f"views is {views!r}: choose 1, or 5 (that one and the corners)"
        raise ArgumentError(message)
    if stability not in (False, True, "abstain"):
        message = f'stability is {stability!r}: choose True, False or "abstain"'
        raise ArgumentError(message)
    said = "abstain" if stability == "abstain" else "say" if stability else None
    return views, bool(explain), said, _sides(crop), bool(provenance)


def _sides(crop: Crop | None) -> tuple[int, int, int, int] | None:
    if crop is None:
        return None
    if isinstance(crop, Rectangle):
        crop = (crop.x, crop.y, crop.width, crop.height)
    # The largest number that the extension takes.
    most = 2**32 - 1
    sides: list[int] = []
    # NumPy's numbers are whole numbers, too.
    with suppress(TypeError):
        sides = [operator.index(side) for side in crop]
    if len(sides) == 4 and all(0 <= side <= most for side in sides) and min(sides[2:]) > 0:  # noqa: PLR2004
        x, y, width, height = sides
        return x, y, width, height
    message = f"crop is {crop!r}: pass x, y, width, height in whole pixels, width and height from 1"
    raise ArgumentError(message)
