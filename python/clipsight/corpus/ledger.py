"""What a run has to do and what of it is done, as files in the output.

::

    OUTPUT/part-<digest>.parquet      rows of one unit; there whole, or not at all
    OUTPUT/_clipsight/run.json        what is judged, and by which model
    OUTPUT/_clipsight/plan/           the units that the present run covers
    OUTPUT/_clipsight/attempts/       units that are being worked on, and how often it failed
    OUTPUT/_clipsight/earlier/        parts whose unit has changed, until their rows are used again
    OUTPUT/_clipsight/manifest.json   written last: all parts, with their rows

A part is the only record that its unit is done, and its name says which unit that is. Readers of
Parquet data sets pass over folders that begin with an underscore.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from clipsight.corpus.units import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clipsight._scoring.storage import Place

FOLDER = "_clipsight"
UNITS_PER_PLAN = 64
"""Units of one file of the plan: a worker reads the whole file for one of them."""

_PART = re.compile(r"part-[0-9a-f]{32}\.parquet")
_OVERLAPS = 8
"""Most earlier parts that a unit looks into for rows it can use again."""


def part_name(digest: str) -> str:
    """Name a unit's part."""
    return f"part-{digest}.parquet"


def dumps(value: object) -> bytes:
    """Write JSON of this package's own files: for people too, and the same every time."""
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()


@dataclass
class Attempt:
    """What is known of earlier attempts at a unit: how often a worker died, and where."""

    deaths: int = 0
    at: int | None = None
    blamed: dict[str, int] = field(default_factory=dict)

    def blames(self, place: int, deaths: int) -> bool:
        """Whether workers died at this image of the unit so often that it must be the cause."""
        return self.blamed.get(str(place), 0) >= deaths


@dataclass(frozen=True)
class Todo:
    """A unit without a part: the line of the plan that it stands in."""

    plan: int
    line: int
    images: int
    earlier: tuple[str, ...]


@dataclass(frozen=True)
class Footer:
    """What a part's footer says of its rows.

    How many there are, the first and last of their keys, how many have no verdict, and how many of
    those are worth another try.
    """

    rows: int
    first: str
    last: str
    failed: int
    again: int


class Ledger:
    """The files of an output that say what is done."""

    def __init__(self, output: Place) -> None:
        """Of the output at this place."""
        self.output = output
        self._lines: tuple[int, list[str]] = (-1, [])

    # What is done.

    def parts(self) -> list[str]:
        """List all parts, sorted."""
        return [name for name in self.output.names() if _PART.fullmatch(name)]

    def footers(self, names: Iterable[str]) -> dict[str, Footer | None]:
        """Read the footers of parts; ``None`` where one is damaged."""
        listed = list(names)
        with ThreadPoolExecutor(16) as pool:
            return dict(zip(listed, pool.map(self._footer, listed), strict=True))

    def _footer(self, name: str) -> Footer | None:
        try:
            with self.output.fs.open(self.output.path(name), "rb") as file:
                parquet = pq.ParquetFile(file)
                meta, schema = parquet.metadata, parquet.schema_arrow
            keys = [
                meta.row_group(group).column(0).statistics for group in range(meta.num_row_groups)
            ]
            facts = schema.metadata or {}
            return Footer(
                meta.num_rows,
                min(str(key.min) for key in keys),
                max(str(key.max) for key in keys),
                int(facts[b"clipsight.failed"]),
                int(facts[b"clipsight.again"]),
            )
        except (OSError, ValueError, KeyError, AttributeError, pa.ArrowException):
            return None

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Read the rows of a part; none where it is damaged."""
        try:
            with self.output.fs.open(self.output.path(name), "rb") as file:
                return pq.ParquetFile(file).read().to_pylist()  # type: ignore[no-any-return]
        except (OSError, pa.ArrowException):
            return []

    # What a run is.

    def run(self) -> dict[str, Any] | None:
        """Read what the output's first run wrote of itself; ``None`` where there was none."""
        try:
            run = json.loads(self.output.read_text(f"{FOLDER}/run.json"))
        except FileNotFoundError:
            return None
        return run if isinstance(run, dict) else None

    def write_run(self, run: dict[str, Any]) -> None:
        """Says what is judged, and by which model."""
        self.output.write(f"{FOLDER}/run.json", dumps(run))

    def manifest(self) -> dict[str, Any] | None:
        """Read what :meth:`finish` wrote; ``None`` while a run is not complete."""
        try:
            manifest = json.loads(self.output.read_text(f"{FOLDER}/manifest.json"))
        except FileNotFoundError:
            return None
        return manifest if isinstance(manifest, dict) else None

    # What is to do.

    def plan(self, units: Iterable[Unit]) -> tuple[list[Todo], int]:
        """Write down the units; give those without a part, and the number of the others' images.

        Parts of no unit are set aside: their images changed, moved or are gone. So are parts with
        images that could not be read or that ended workers, which may have been the machine's
        fault. Their other rows are used again where an image's hash is the same.
        """
        self.output.remove(f"{FOLDER}/manifest.json")
        there = self.footers(self.parts())
        for name, footer in there.items():
            if footer is None or footer.again:
                self._set_aside(name)
        whole = {name: footer for name, footer in there.items() if footer and not footer.again}
        missing: list[tuple[Unit, int, int]] = []
        done = 0
        used = set()
        for number, chunk in enumerate(_chunks(units, UNITS_PER_PLAN)):
            text = "\n".join(unit.to_json() for unit in chunk)
            self.output.write(f"{FOLDER}/plan/{number:05}.jsonl", text.encode())
            for line, unit in enumerate(chunk):
                name = part_name(unit.digest)
                if name in whole:
                    used.add(name)
                    done += unit.count
                else:
                    slim = Unit(unit.digest, unit.first, unit.last, unit.count)
                    missing.append((slim, number, line))
        for name in whole.keys() - used:
            self._set_aside(name)
        earlier = self._earlier()
        todo = [
            Todo(number, line, unit.count, tuple(_overlapping(earlier, unit)))
            for unit, number, line in missing
        ]
        return todo, done

    def unit(self, plan: int, line: int) -> Unit:
        """Read the unit that stands in a line of the plan."""
        if self._lines[0] != plan:
            text = self.output.read_text(f"{FOLDER}/plan/{plan:05}.jsonl")
            self._lines = (plan, text.split("\n"))
        return Unit.from_json(self._lines[1][line])

    def _set_aside(self, name: str) -> None:
        earlier = f"{FOLDER}/earlier/{name}"
        self.output.write(earlier, bytes(self.output.fs.cat_file(self.output.path(name))))
        self.output.remove(name)

    def _earlier(self) -> list[tuple[str, str, str]]:
        """First and last key and the path of every part that was set aside, sorted."""
        names = [f"{FOLDER}/earlier/{name}" for name in self.output.names(f"{FOLDER}/earlier")]
        footers = self.footers(names)
        return sorted((foot.first, foot.last, name) for name, foot in footers.items() if foot)

    # A worker's notes.

    def begin(self, digest: str) -> Attempt:
        """Note that a unit is being worked on.

        A note that is there already was left by a worker that died.
        """
        path = f"{FOLDER}/attempts/{digest}.json"
        try:
            attempt = Attempt(**json.loads(self.output.read_text(path)))
        except FileNotFoundError:
            attempt = Attempt()
        else:
            attempt.deaths += 1
            if attempt.at is not None:
                place = str(attempt.at)
                attempt.blamed[place] = attempt.blamed.get(place, 0) + 1
                attempt.at = None
        self.output.write(path, dumps(asdict(attempt)))
        return attempt

    def note(self, digest: str, attempt: Attempt, place: int) -> None:
        """Note which image of the unit comes next."""
        attempt.at = place
        self.output.write(f"{FOLDER}/attempts/{digest}.json", dumps(asdict(attempt)))

    def forget(self, digest: str) -> None:
        """Remove the notes on a unit that is done."""
        self.output.remove(f"{FOLDER}/attempts/{digest}.json")

    # The end.

    def finish(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Check that the parts are those of the plan, write the manifest, clear away the rest.

        Raises:
            RuntimeError: when a part is missing, damaged or too much, which is a fault of ours.

        """
        wanted: dict[str, int] = {}
        for name in self.output.names(f"{FOLDER}/plan"):
            for line in self.output.read_text(f"{FOLDER}/plan/{name}").split("\n"):
                unit = json.loads(line)
                wanted[part_name(unit["digest"])] = unit["count"]
        footers = self.footers(self.parts())
        there = {name: footer.rows if footer else None for name, footer in footers.items()}
        if there != wanted:
            wrong = sorted(set(there.items()) ^ set(wanted.items()), key=str)[:3]
            msg = f"the parts are not those of the plan: {wrong}; run it with --resume"
            raise RuntimeError(msg)
        manifest = {
            **facts,
            "images": sum(wanted.values()),
            "failed": sum(footer.failed for footer in footers.values() if footer),
            "parts": wanted,
        }
        self.output.write(f"{FOLDER}/manifest.json", dumps(manifest))
        for folder in ("plan", "earlier", "attempts"):
            self._clear(folder)
        return manifest

    def clear_plan(self) -> None:
        """Remove the plan of a run before."""
        self._clear("plan")

    def _clear(self, folder: str) -> None:
        for name in self.output.names(f"{FOLDER}/{folder}"):
            self.output.remove(f"{FOLDER}/{folder}/{name}")


def _chunks(units: Iterable[Unit], size: int) -> Iterator[list[Unit]]:
    chunk: list[Unit] = []
    for unit in units:
        chunk.append(unit)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _overlapping(earlier: list[tuple[str, str, str]], unit: Unit) -> Iterator[str]:
    """Earlier parts whose keys overlap with the unit's: they most likely hold the same images."""
    end = bisect_right(earlier, unit.last, key=lambda part: part[0])
    for _, last, name in reversed(earlier[max(0, end - _OVERLAPS) : end]):
        if last >= unit.first:
            yield name
