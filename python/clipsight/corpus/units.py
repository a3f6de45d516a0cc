"""Units of work: a few hundred images each, cut so that the same input gives the same units.

A unit's name is a digest of what it covers: which files, how long, changed when. It becomes the
name of the part with its rows. So a part that is there is done, whoever wrote it and however often:
workers that are killed and tried again, and a run that goes on after a killed one, can neither lose
rows nor double them.

Where a unit ends is decided by its images' names ("content-defined chunking"), not by counting from
the beginning: a file that comes or goes changes the unit around it and no other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_UNIT_BYTES = 256 << 20
"""Where a unit ends in any case: what a worker that is killed has to read again."""


@dataclass(frozen=True)
class Item:
    """One image: a file, or a range of one.

    ``key`` names it in the output; ``stamp`` changes when the file does.
    """

    key: str
    path: str
    length: int
    stamp: str
    offset: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class Rows:
    """Rows ``start`` to ``stop`` of a row group of a Parquet file."""

    key: str
    path: str
    group: int
    start: int
    stop: int
    length: int
    stamp: str


@dataclass(frozen=True)
class Unit:
    """What one part of the output covers: files, or rows of a Parquet file."""

    digest: str
    first: str
    last: str
    count: int
    items: tuple[Item, ...] = ()
    rows: Rows | None = None

    def to_json(self) -> str:
        """Write it on one line."""
        return json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Unit:
        """Read what :meth:`to_json` wrote."""
        plain = json.loads(text)
        rows = plain.pop("rows")
        items = tuple(Item(**item) for item in plain.pop("items"))
        return Unit(items=items, rows=Rows(**rows) if rows else None, **plain)


def of_items(items: Iterable[Item], target: int) -> Iterator[Unit]:
    """Units of half to twice ``target`` images, in the order in which they come."""
    pending: list[Item] = []
    size = 0
    for item in items:
        pending.append(item)
        size += item.length
        full = len(pending) >= 2 * target or size >= MAX_UNIT_BYTES
        if full or (len(pending) >= max(1, target // 2) and _ends_at(item.key, target)):
            yield _unit_of(pending)
            pending, size = [], 0
    if pending:
        yield _unit_of(pending)


def of_rows(rows: Rows) -> Unit:
    """Make the unit of some rows of a Parquet file."""
    first, last = (row_key(rows, row) for row in (rows.start, rows.stop - 1))
    return Unit(_digest(asdict(rows)), first, last, rows.stop - rows.start, rows=rows)


def row_key(rows: Rows, row: int) -> str:
    """Name a row of a Parquet file by its row group and its place in that."""
    return f"{rows.key}#{rows.group:05}:{row:07}"


def _unit_of(items: list[Item]) -> Unit:
    keys = [item.key for item in items]
    digest = _digest([asdict(item) for item in items])
    return Unit(digest, min(keys), max(keys), len(items), items=tuple(items))


def _digest(spec: object) -> str:
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _ends_at(key: str, target: int) -> bool:
    number = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")
    return number % max(1, target // 2) == 0
