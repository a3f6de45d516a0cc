"""Counts over the rows of a corpus, in one pass: all of them, and by folder or column."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clipsight.corpus.ledger import Ledger

BINS = 20
"""Bars of the histogram of probabilities."""

GRADES = ("weak", "moderate", "strong", "very-strong")


@dataclass
class Counts:
    """What a set of images got.

    ``rated`` are those with something to judge: error rates were measured on such.
    """

    thresholds: Sequence[float]
    images: int = 0
    rated: int = 0
    grades: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    claims: Counter[str] = field(default_factory=Counter)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    called: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """No image is called generated yet."""
        self.called = [0] * len(self.thresholds)

    def add(self, row: dict[str, Any]) -> None:
        """Count an image's row."""
        self.images += 1
        for counter, name in (
            (self.grades, "grade"),
            (self.reasons, "abstain_reason"),
            (self.errors, "error_code"),
            (self.claims, "provenance_says"),
        ):
            if row[name] is not None:
                counter[row[name]] += 1
        probability = row["probability"]
        if probability is None or row["abstain_reason"] not in (None, "between-grades"):
            return
        self.rated += 1
        self.histogram[min(int(probability * BINS), BINS - 1)] += 1
        for place, threshold in enumerate(self.thresholds):
            self.called[place] += probability >= threshold


def count(
    ledger: Ledger, parts: Sequence[str], thresholds: Sequence[float], by: str
) -> tuple[Counts, dict[str, Counts]]:
    """Count all images, and those of each group.

    ``by`` is ``folder``, ``folder:2`` and so on for as many levels, or a column of the output.

    Raises:
        ValueError: when there is no such column.

    """
    everything = Counts(thresholds)
    groups: dict[str, Counts] = {}
    for row in _rows(ledger, parts, by):
        everything.add(row)
        group = _group(row, by)
        if group not in groups:
            groups[group] = Counts(thresholds)
        groups[group].add(row)
    return everything, groups


def _rows(ledger: Ledger, parts: Sequence[str], by: str) -> Iterator[dict[str, Any]]:
    wanted = ["key", "probability", "grade", "abstain_reason", "error_code", "provenance_says"]
    column = None if by.startswith("folder") else by
    for name in parts:
        with ledger.output.fs.open(ledger.output.path(name), "rb") as file:
            part = pq.ParquetFile(file)
            if column is not None and column not in part.schema_arrow.names:
                listed = ", ".join(part.schema_arrow.names)
                msg = f"the output has no column {column}; it has {listed}"
                raise ValueError(msg)
            columns = [*wanted, column] if column is not None and column not in wanted else wanted
            table: pa.Table = part.read(columns=columns)
            yield from table.to_pylist()


def _group(row: dict[str, Any], by: str) -> str:
    if by.startswith("folder"):
        _, _, depth = by.partition(":")
        # A row of a Parquet file stands in that file, an image of an archive in that archive.
        folders = row["key"].replace("#", "/").split("/")[:-1]
        return "/".join(folders[: int(depth or 1)]) or "."
    value = row[by]
    return "(none)" if value is None else str(value)
