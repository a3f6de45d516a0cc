"""Memory of a process that scores small images again and again: how much, and whether it grows.

    python memory.py --scores 50000

Prints the resident set in MB as it goes, and at the end what it grew by after the first tenth.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from clipsight import Detector, Error

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENES = Path(__file__).resolve().parents[2] / "tests/fixtures/scenes"


def resident() -> float:
    """Give this process's resident set in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def grown(scores: int, model: str, *, batch: int = 504) -> Iterator[float]:
    """Score so many images in batches, and give the resident set after each tenth."""
    names = ("pixel.png", "thumbnail.png", "dragon.jpg", "portrait.jpg", "town.bmp", "sea.webp")
    images: list[bytes] = [(SCENES / name).read_bytes() for name in names]
    # Errors keep nothing, either.
    images += [b"no image", images[0][:40]]
    detector = Detector.load(model)
    done = tenths = 0
    while done < scores:
        results = detector.analyze_batch(images[index % len(images)] for index in range(batch))
        if len([one for one in results if isinstance(one, Error)]) != 2 * batch // len(images):
            message = "other images failed than were to fail"
            raise RuntimeError(message)
        done += batch
        if done * 10 // scores > tenths:
            tenths += 1
            yield resident()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=int, default=50_000)
    parser.add_argument("--model", default="compact")
    arguments = parser.parse_args()
    found = []
    for megabytes in grown(arguments.scores, arguments.model):
        found.append(megabytes)
        print(f"{megabytes:.1f} MB", flush=True)
    print(f"grown by {found[-1] - found[0]:.1f} MB after the first tenth")


if __name__ == "__main__":
    main()
