"""What several tests of corpora do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from clipsight.corpus.run import Arguments, Summary, run

PICTURES = sorted(
    path
    for path in (Path(__file__).parents[2] / "tests/fixtures/scenes").iterdir()
    if path.suffix not in (".md", ".py")
)
"""17 pictures of every common format."""


def score(source: Path | str, output: Path | str, **options: Any) -> Summary:
    """Runs in this process, with two workers."""
    options = {"workers": 2, "part_images": 8, "quiet": True, **options}
    return run(Arguments(str(source), str(output), **options))


def rows_of(output: Path) -> list[dict[str, Any]]:
    """All rows as any reader of Parquet sees them, by key."""
    rows: list[dict[str, Any]] = pq.read_table(output).to_pylist()
    return sorted(rows, key=lambda row: str(row["key"]))


def parts_of(output: Path) -> dict[str, bytes]:
    """The files of the output, by name."""
    return {path.name: path.read_bytes() for path in output.glob("*.parquet")}
