"""One image: what may be passed, what is asked, what goes wrong."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import threading
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest
from conftest import CODECS, IMAGES, REPOSITORY, SCENES
from PIL import Image, ImageCms

import clipsight
from clipsight import Analysis, Detector, Rectangle

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads((REPOSITORY / "pkg/schema.json").read_text(encoding="utf-8"))
DRAGON = SCENES / "dragon.jpg"


def verdict(result: Analysis) -> Any:
    """Everything but times and what is said of the file."""
    data = result.to_dict()
    del data["timings"], data["file"], data["input"]["fidelity"]
    data.pop("provenance", None)
    return data


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_results_are_those_of_the_schema(detector: Detector) -> None:
    result = detector.analyze(DRAGON, explain=True, stability=True)
    jsonschema.validate(result.to_dict(), SCHEMA)
    assert result.file.sha256 == hashlib.sha256(DRAGON.read_bytes()).hexdigest()
    assert result.input.fidelity == "original-bytes"
    assert result.map is not None
    assert result.stability is not None
    assert result.provenance is not None
    assert result.timings.total_ms > 0


def test_paths_and_bytes_are_one(detector: Detector) -> None:
    data = DRAGON.read_bytes()
    expected = verdict(detector.analyze(DRAGON))
    for same in (str(DRAGON), data, bytearray(data), memoryview(data)):
        assert verdict(detector.analyze(same)) == expected


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "CMYK", "I;16"])
def test_pixels_are_judged_as_their_file_is(detector: Detector, mode: str) -> None:
    image: Image.Image = Image.open(DRAGON)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    image = image.convert(mode)
    if mode.endswith("A"):
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    of_file = detector.analyze(saved(image, "TIFF"))
    of_pixels = detector.analyze(image)
    assert verdict(of_pixels) == verdict(of_file)
    assert of_pixels.input.fidelity == "re-encoded"
    assert of_pixels.provenance is None
    assert of_pixels.file.format == "tiff"
    if mode in ("RGB", "RGBA", "L"):
        array: np.ndarray[Any, np.dtype[np.uint8]] = np.asarray(image)
        assert verdict(detector.analyze(array)) == verdict(of_file)
        flipped = array[:, ::-1]
        assert verdict(detector.analyze(flipped)) == verdict(
            detector.analyze(np.ascontiguousarray(flipped)),
        )


def test_what_is_said_of_the_file_is_true_of_a_tiff(detector: Detector) -> None:
    # Written down once more, byte by byte.
    image = Image.open(DRAGON).convert("RGB")
    width, height = image.size
    pixels = image.tobytes()
    body = b"\0" * (len(pixels) % 2) + b"\x08\0" * 3
    depths = 8 + len(pixels) + len(pixels) % 2
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, depths),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
        (274, 3, 1, 1),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
    ]
    file = b"II*\0" + (depths + 6).to_bytes(4, "little") + pixels + body
    file += len(entries).to_bytes(2, "little")
    for entry in entries:
        for number, size in zip(entry, (2, 2, 4, 4), strict=True):
            file += number.to_bytes(size, "little")
    file += bytes(4)
    of_pixels, of_file = detector.analyze(image), detector.analyze(file)
    assert of_pixels.file == of_file.file
    assert verdict(of_pixels) == verdict(of_file)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pillow_images_are_turned_upright(detector: Detector, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = saved(Image.open(DRAGON).convert("RGB"), "PNG", exif=exif)
    assert verdict(detector.analyze(Image.open(io.BytesIO(data)))) == verdict(
        detector.analyze(data),
    )


def test_pillow_images_keep_their_colours(detector: Detector) -> None:
    image = Image.open(DRAGON).convert("RGB")
    # A profile with other primaries: red and blue are swapped.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    data = saved(image, "PNG", icc_profile=swapped)
    of_file = detector.analyze(data)
    assert verdict(detector.analyze(Image.open(io.BytesIO(data)))) == verdict(of_file)
    assert verdict(detector.analyze(image)) != verdict(of_file)


def test_palettes_and_transparency_of_pillow(detector: Detector) -> None:
    image = Image.open(DRAGON).convert("RGB").quantize(64)
    plain = saved(image, "PNG")
    clear = saved(image, "PNG", transparency=3)
    for data in (plain, clear):
        opened = Image.open(io.BytesIO(data))
        assert opened.mode == "P"
        assert verdict(detector.analyze(opened)) == verdict(detector.analyze(data))
    assert verdict(detector.analyze(plain)) != verdict(detector.analyze(clear))


@pytest.mark.parametrize("kind", ["avif", "heic", "jxl"])
def test_rarer_formats_are_read(detector: Detector, kind: str) -> None:
    file = min(CODECS.glob(f"8-*.{kind}"))
    result = detector.analyze(file)
    assert result.file.format == {"heic": "heif"}.get(kind, kind)


def test_options_change_what_is_computed(detector: Detector) -> None:
    one = detector.analyze(DRAGON, views=1)
    five = detector.analyze(DRAGON, views=5, provenance=False)
    assert (one.input.views, len(one.view_logits)) == (1, 1)
    assert (five.input.views, len(five.view_logits)) == (5, 5)
    assert five.provenance is None
    assert one.map is None
    part = detector.analyze(DRAGON, crop=(8, 4, 100, 90))
    assert part.input.crop == Rectangle(x=8, y=4, width=100, height=90)
    numbers = np.array([8, 4, 100, 90])
    assert verdict(detector.analyze(DRAGON, crop=tuple(numbers))) == verdict(part)
    again = detector.analyze(DRAGON, crop=Rectangle(x=8, y=4, width=100, height=90))
    assert verdict(again) == verdict(part)
    unsteady = detector.analyze(DRAGON, stability="abstain")
    assert unsteady.stability is not None
    assert (unsteady.model.status == "abstained") >= unsteady.stability.unsteady


@pytest.mark.parametrize(
    "options",
    [
        {"views": 2},
        {"views": "1"},
        {"stability": "yes"},
        {"crop": (0, 0, 0, 5)},
        {"crop": (0, 0, 5)},
        {"crop": (0, 0, 2**40, 5)},
        {"crop": (-1, 0, 5, 5)},
        {"crop": (0.5, 0, 5, 5)},
        {"crop": (0, 0, 100_000, 5)},
        {"crop": "0,0,5,5"},
    ],
)
def test_arguments_that_make_no_sense(detector: Detector, options: dict[str, Any]) -> None:
    with pytest.raises(clipsight.ArgumentError):
        detector.analyze(DRAGON, **options)


def test_no_images(detector: Detector) -> None:
    class Odd:
        def __fspath__(self) -> str:
            message = "no path today"
            raise RuntimeError(message)

    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "other"

    class Data(bytes):
        def __bytes__(self) -> bytes:
            return b"other"

    # Subclasses are what they hold.
    assert detector.analyze(Text(DRAGON)).file == detector.analyze(DRAGON).file
    assert detector.analyze(Data(DRAGON.read_bytes())).file == detector.analyze(DRAGON).file

    wrong: list[tuple[Any, str]] = [
        ("\ud800.jpg", "argument"),
        (b"\xff", "decode"),
        (b"", "decode"),
        (b"not an image", "decode"),
        (DRAGON.read_bytes()[:3000], "decode"),
        (IMAGES / "bombs/bomb.png", "limit"),
        ("/nowhere/at/all.jpg", "io"),
        (SCENES, "io"),
        ("a\0b.jpg", "io"),
        (b"\x00\x05\x16\x07" + bytes(90), "unsupported"),
        (None, "argument"),
        (7, "argument"),
        (["a.jpg"], "argument"),
        (Odd(), "decode"),
        (np.zeros((8, 8, 3)), "argument"),
        (np.zeros((8, 8, 2), np.uint8), "argument"),
        (np.zeros((0, 8, 3), np.uint8), "argument"),
        (np.zeros((8,), np.uint8), "argument"),
        (np.zeros((20_000, 1, 3), np.uint8), "limit"),
        (Image.new("F", (8, 8)), "unsupported"),
        (Image.open(io.BytesIO(saved(Image.open(DRAGON), "PNG")[:4000])), "decode"),
    ]
    for item, code in wrong:
        with pytest.raises(clipsight.Error) as caught:
            detector.analyze(item)
        assert caught.value.code == code, (item, caught.value)
        assert caught.value.message


def test_a_resource_fork_is_told_from_a_damaged_file(detector: Detector, tmp_path: Path) -> None:
    fork = tmp_path / "._IMG_1.jpg"
    fork.write_bytes(b"\x00\x05\x16\x07" + bytes(90))
    with pytest.raises(clipsight.UnsupportedError, match=r"the picture is IMG_1\.jpg"):
        detector.analyze(fork)


def test_many_threads_of_python_share_a_detector(detector: Detector) -> None:
    expected = verdict(detector.analyze(DRAGON))
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(verdict(detector.analyze(DRAGON))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_a_pickled_detector_loads_its_model_again(detector: Detector) -> None:
    again = pickle.loads(pickle.dumps(detector))  # noqa: S301
    assert (again.id, again.threads, again.device) == (detector.id, detector.threads, "CPU")
    assert verdict(again.analyze(DRAGON)) == verdict(detector.analyze(DRAGON))
