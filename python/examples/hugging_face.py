"""Scores a Hugging Face data set with ``datasets.map``, in batches.

    python hugging_face.py FOLDER OUT.parquet

The files' own bytes are scored, not Pillow's pixels: decoding is left to clipsight, and what the
file says of its making is not lost.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from datasets import Dataset, Image, load_dataset

from clipsight import Analysis, Detector

if TYPE_CHECKING:
    from clipsight import ImageInput


def bytes_or_path(image: dict[str, Any]) -> ImageInput:
    """Give what a data set knows of an undecoded image: its bytes, or where it lies."""
    return image["bytes"] if image["bytes"] is not None else str(image["path"])


def score(data: Dataset, detector: Detector, column: str = "image") -> Dataset:
    """Add the verdict to every row; an image that cannot be read has ``error``, and no verdict."""

    def score_batch(images: list[dict[str, Any]]) -> dict[str, list[Any]]:
        results = detector.analyze_batch(bytes_or_path(image) for image in images)
        scored = [one if isinstance(one, Analysis) else None for one in results]
        return {
            "probability": [one and one.model.probability for one in scored],
            "grade": [one and getattr(one.model, "grade", None) for one in scored],
            "sha256": [one and one.file.sha256 for one in scored],
            "error": [None if isinstance(one, Analysis) else one.code for one in results],
        }

    undecoded = data.cast_column(column, Image(decode=False))
    # The detector is pickled as the place of its model, so that `num_proc` works, too; but one
    # process with threads holds the model once.
    return undecoded.map(score_batch, input_columns=column, batched=True, batch_size=64)


def main() -> None:
    """Score a folder of images."""
    folder, out = sys.argv[1:]
    data = load_dataset("imagefolder", data_dir=folder, split="train")
    scored = score(data, Detector.load())
    scored.remove_columns("image").to_parquet(out)


if __name__ == "__main__":
    main()
