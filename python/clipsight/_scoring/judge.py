"""One detector in one process, that makes rows of images: what every worker holds."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from clipsight import Detector, Error
from clipsight._scoring import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MAX_BATCH_BYTES = 32 << 20
MAX_BATCH_IMAGES = 64
"""Where a batch ends, by what its files hold together. Beyond that a worker's memory has one image
in decoding on each of its threads, which the core bounds (``src/limits.rs``)."""

ERRORS_OF_IMAGES = frozenset({"decode", "unsupported", "limit", "io", "internal"})
"""Errors that become an image's row. Any other is the machine's and stops the run: rows for it
would make a GPU that failed at noon look like fifty thousand bad files."""


@dataclass(frozen=True)
class Settings:
    """How a worker judges. ``model``, ``device`` as of ``Detector.load``."""

    model: str = "compact"
    device: Literal["auto", "cpu", "gpu"] = "cpu"
    threads: int = 1
    provenance: bool = True
    fingerprint: str | None = None


@dataclass(frozen=True)
class Image:
    """An image's bytes, or why it has none."""

    data: bytes | None
    code: str = "io"
    message: str = ""
    length: int | None = None

    @property
    def weight(self) -> int:
        """What it takes of a batch, in bytes."""
        return len(self.data) if self.data is not None else 0


@dataclass
class Spent:
    """Seconds of a worker: the cost model is fitted on these.

    ``read`` is what the worker waits for bytes, ``decode`` and ``encode`` are the core's own
    timings, ``rows`` is the rest of what an image takes between them.
    """

    read: float = 0.0
    decode: float = 0.0
    encode: float = 0.0
    rows: float = 0.0
    write: float = 0.0


class Judge:
    """Holds a detector; makes a row of each image."""

    def __init__(self, settings: Settings) -> None:
        """Load the model.

        Raises:
            Error: when it cannot be loaded, or is another than the run began with.

        """
        self.settings = settings
        self.detector = Detector.load(settings.model, device=settings.device)
        self.model = fingerprint(self.detector)
        if settings.fingerprint not in (None, self.model):
            message = (
                f"this machine has another model under {settings.model}: {self.model} in place of"
                f" {settings.fingerprint}; install the same version on every machine"
            )
            raise ValueError(message)

    def rows(
        self,
        images: Sequence[Image],
        spent: Spent,
        known: Callable[[str], dict[str, Any] | None] = lambda _: None,
    ) -> list[dict[str, Any]]:
        """Make a row of each image, in order. ``known`` may hold the row of a hash already.

        Raises:
            Error: when the machine failed; what an image has is its row.

        """
        made: list[dict[str, Any] | None] = []
        pending: list[tuple[int, bytes, str]] = []
        begun, before = time.perf_counter(), spent.decode + spent.encode
        for place, image in enumerate(images):
            if image.data is None:
                row = rows.of_error(image.code, image.message, self.model, length=image.length)
                made.append(row)
                continue
            sha256 = hashlib.sha256(image.data).hexdigest()
            earlier = known(sha256)
            made.append(earlier)
            if earlier is None:
                pending.append((place, image.data, sha256))
        results = self.detector.analyze_batch(
            [data for _, data, _ in pending],
            threads=self.settings.threads,
            provenance=self.settings.provenance,
        )
        for (place, data, sha256), result in zip(pending, results, strict=True):
            if isinstance(result, Error):
                if result.code not in ERRORS_OF_IMAGES:
                    raise result
                made[place] = rows.of_error(
                    result.code, result.message, self.model, sha256=sha256, length=len(data)
                )
            else:
                plain = result.to_dict()
                spent.decode += plain["timings"]["decodeMs"] / 1000
                spent.encode += plain["timings"]["encodeMs"] / 1000
                made[place] = rows.of_result(plain, self.model)
        inside = (spent.decode + spent.encode - before) / self.settings.threads
        spent.rows += time.perf_counter() - begun - inside
        return [row for row in made if row is not None]


def batches(images: Iterable[Image]) -> Iterable[list[Image]]:
    """Images in order, in batches of bounded memory."""
    batch: list[Image] = []
    size = 0
    for image in images:
        if batch and (size + image.weight > MAX_BATCH_BYTES or len(batch) >= MAX_BATCH_IMAGES):
            yield batch
            batch, size = [], 0
        batch.append(image)
        size += image.weight
    if batch:
        yield batch


def fingerprint(detector: Detector) -> str:
    """Name what verdicts depend on besides the image: the model, and the hash of its manifest.

    The manifest names the weights by their hashes, and holds the calibration.
    """
    return f"{detector.id}@{detector.model_sha256[:16]}"
