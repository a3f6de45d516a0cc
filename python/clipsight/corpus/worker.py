"""What an actor does with a unit: read, judge, write its part at once."""

from __future__ import annotations

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from clipsight._scoring import rows
from clipsight._scoring.columns import column_kind, image_column, image_of, reason
from clipsight._scoring.judge import MAX_BATCH_BYTES, Image, Judge, Settings, Spent, batches
from clipsight._scoring.storage import MAX_IMAGE_BYTES, Place
from clipsight.corpus.ledger import Ledger, part_name
from clipsight.corpus.units import Item, Rows, Unit, row_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READERS = 4
"""Files that are read ahead at a time while others are judged."""

MAX_DEATHS = 3
"""How often a worker may die at the same image before that is given up as the cause."""

WORTH_ANOTHER_TRY = frozenset({"io", "internal"})
"""Errors that may have been the machine's: a run that goes on looks at these images again."""


@dataclass(frozen=True)
class Task:
    """A run, as its workers know it."""

    source: Place
    output: Place
    settings: Settings
    column: str | None
    keep: pa.Schema
    root: Place | None


@dataclass(frozen=True)
class Read:
    """An image of a unit with what its row says beside the verdict."""

    key: str
    image: Image
    kept: dict[str, Any]


class UnitWorker:
    """Holds a detector; a call makes one unit's part."""

    def __init__(self, task: Task) -> None:
        """Load the model and find input and output."""
        self.task = task
        self.judge = Judge(task.settings)
        self.ledger = Ledger(task.output)
        self.readers = ThreadPoolExecutor(READERS)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Make the part of the unit that stands in line ``row["line"]`` of a plan."""
        unit = self.ledger.unit(row["plan"], row["line"])
        name = part_name(unit.digest)
        began, spent = time.time(), Spent()
        if not self.ledger.output.exists(name):
            known = self._known(row["earlier"].split())
            made = self._made(unit, known, spent)
            begun = time.perf_counter()
            self.ledger.output.write(name, part_bytes(made, self.task.keep, self.judge.model))
            spent.write += time.perf_counter() - begun
        self.ledger.forget(unit.digest)
        return {
            "images": unit.count,
            "worker": os.getpid(),
            "began": began,
            "ended": time.time(),
            **asdict(spent),
        }

    def _made(
        self, unit: Unit, known: Callable[[str], dict[str, Any] | None], spent: Spent
    ) -> list[dict[str, Any]]:
        attempt = self.ledger.begin(unit.digest)
        # After a death images go one by one, with a note before each, so that the one at fault
        # shows; until then a note a unit is enough.
        careful = attempt.deaths > 0
        made: list[dict[str, Any]] = []
        images = _timed(self._images(unit), spent)
        for batch in ([read] for read in images) if careful else _batched(images):
            if careful and attempt.blames(len(made), MAX_DEATHS):
                message = "workers died at this image again and again: it is passed over"
                verdicts = [rows.of_error("internal", message, self.judge.model)]
            else:
                if careful:
                    self.ledger.note(unit.digest, attempt, len(made))
                verdicts = self.judge.rows([read.image for read in batch], spent, known)
            for read, verdict in zip(batch, verdicts, strict=True):
                made.append({"key": read.key, **read.kept, **verdict})
        return made

    def _images(self, unit: Unit) -> Iterator[Read]:
        if unit.rows is not None:
            return self._of_rows(unit.rows)
        return self._of_items(unit.items)

    def _of_items(self, items: tuple[Item, ...]) -> Iterator[Read]:
        """Read ahead of the judge, within a batch's memory."""
        waiting: list[tuple[Item, Future[Image]]] = []
        size = 0
        for item in items:
            while waiting and (size + item.length > MAX_BATCH_BYTES or len(waiting) >= 4 * READERS):
                done, future = waiting.pop(0)
                size -= done.length
                yield Read(done.key, future.result(), {})
            waiting.append((item, self.readers.submit(self._read, item)))
            size += item.length
        for item, future in waiting:
            yield Read(item.key, future.result(), {})

    def _read(self, item: Item) -> Image:
        if item.problem is not None:
            return Image(None, "unsupported", item.problem, item.length)
        if item.length > MAX_IMAGE_BYTES:
            message = f"the file has {item.length} bytes; {MAX_IMAGE_BYTES} are the most"
            return Image(None, "limit", message, item.length)
        ranged = item.offset > 0
        try:
            return Image(
                self.task.source.read(item.path, item.offset, item.length if ranged else None)
            )
        except (OSError, ValueError) as error:
            return Image(None, "io", f"the file cannot be read: {reason(error)}", item.length)

    def _of_rows(self, spec: Rows) -> Iterator[Read]:
        keep = self.task.keep.names
        with self.task.source.fs.open(self.task.source.path(spec.path), "rb") as file:
            parquet = pq.ParquetFile(file)
            column = image_column(parquet.schema_arrow, self.task.column)
            kind = column_kind(parquet.schema_arrow.field(column).type)
            place = 0
            for batch in parquet.iter_batches(
                batch_size=16, row_groups=[spec.group], columns=[column, *keep]
            ):
                values, kept = batch.column(column), batch.select(keep)
                for index in range(batch.num_rows):
                    if spec.start <= place < spec.stop:
                        image = image_of(values[index].as_py(), kind, self.task.root)
                        beside = {f"input_{name}": kept[name][index].as_py() for name in keep}
                        yield Read(row_key(spec, place), image, beside)
                    place += 1
                if place >= spec.stop:
                    return

    def _known(self, earlier: list[str]) -> Callable[[str], dict[str, Any] | None]:
        """Rows of parts that this unit takes the place of, by the hash of their image."""
        names = set(rows.VERDICT.names)
        by_hash: dict[str, dict[str, Any]] = {}
        for name in earlier:
            for row in self.ledger.rows(name):
                again = row["error_code"] in WORTH_ANOTHER_TRY
                if row["sha256"] is not None and row["model"] == self.judge.model and not again:
                    by_hash[row["sha256"]] = {key: row[key] for key in row if key in names}
        return by_hash.get


def part_bytes(made: list[dict[str, Any]], keep: pa.Schema, model: str) -> bytes:
    """Write a part as a Parquet file: the same rows give the same bytes."""
    schema = pa.schema(
        [
            pa.field("key", pa.string(), nullable=False),
            *(pa.field(f"input_{field.name}", field.type) for field in keep),
            *rows.VERDICT,
        ],
        metadata={
            "clipsight.model": model,
            "clipsight.failed": str(sum(row["status"] == "error" for row in made)),
            "clipsight.again": str(sum(row.get("error_code") in WORTH_ANOTHER_TRY for row in made)),
        },
    )
    sink = pa.BufferOutputStream()
    pq.write_table(rows.table(made, schema), sink, compression="zstd")
    return bytes(sink.getvalue())


def _batched(reads: Iterator[Read]) -> Iterator[list[Read]]:
    """As :func:`batches`, with what belongs to the images."""
    waiting: list[Read] = []

    def images() -> Iterator[Image]:
        for read in reads:
            waiting.append(read)
            yield read.image

    for batch in batches(images()):
        yield [waiting.pop(0) for _ in batch]


def _timed(reads: Iterator[Read], spent: Spent) -> Iterator[Read]:
    """Count the time that the judge waits for images as reading."""
    while True:
        begun = time.perf_counter()
        read = next(reads, None)
        spent.read += time.perf_counter() - begun
        if read is None:
            return
        yield read
