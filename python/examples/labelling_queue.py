"""Says which images people should label next: those that the model knows least about.

    python labelling_queue.py FOLDER QUEUE.csv --count 100

Images are ordered by the entropy of the probability (uncertainty sampling: Lewis and Gale 1994).
One that looks like an image already in the queue is passed over, as its label would tell little
that is new: the cosine of their features, centred over the folder, is above a bound.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clipsight import Analysis, Detector

if TYPE_CHECKING:
    import numpy.typing as npt

ALIKE = 0.95


def entropy(probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the entropy in bits of a verdict, 0 (sure) to 1 (even odds)."""
    inside = np.clip(probability, 1e-12, 1 - 1e-12)
    parts: npt.NDArray[np.float64] = inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside)
    return -parts


def queue(
    files: list[Path], detector: Detector, count: int, alike: float = ALIKE
) -> list[tuple[Path, float, float]]:
    """Give at most ``count`` files with their probability and entropy, the most uncertain first."""
    results = detector.analyze_batch(files, provenance=False)
    read = [(file, one) for file, one in zip(files, results, strict=True) if type(one) is Analysis]
    if not read:
        return []
    probability = np.array([one.model.probability for _, one in read])
    uncertainty = entropy(probability)
    features = detector.features([file for file, _ in read]).astype(np.float64)
    features -= features.mean(axis=0)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    chosen: list[int] = []
    for index in np.argsort(-uncertainty, kind="stable"):
        if len(chosen) == count:
            break
        if not chosen or (features[chosen] @ features[index]).max() < alike:
            chosen.append(int(index))
    return [(read[one][0], float(probability[one]), float(uncertainty[one])) for one in chosen]


def main() -> None:
    """Write the queue of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    files = sorted(path for path in arguments.folder.rglob("*") if path.is_file())
    with arguments.out.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["file", "probability", "uncertainty"])
        rows.writerows(queue(files, Detector.load(), arguments.count))


if __name__ == "__main__":
    main()
