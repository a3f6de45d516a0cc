"""A run over a corpus: plan, workers, manifest."""

from __future__ import annotations

import io
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO

import pyarrow as pa
import ray.data
from ray.data import ActorPoolStrategy

from clipsight import Detector, __version__
from clipsight._scoring.judge import Settings, fingerprint
from clipsight._scoring.storage import Place, PlaceError
from clipsight.corpus.figures import figures_of
from clipsight.corpus.ledger import FOLDER, Ledger, Todo
from clipsight.corpus.progress import Progress
from clipsight.corpus.sources import Source
from clipsight.corpus.worker import Task, UnitWorker
from clipsight.ray.cluster import Cluster, connect

DEFAULT_PART_IMAGES = 256
MAX_BLOCKS = 16_384
"""Blocks of Ray Data: beyond that its bookkeeping would cost more than an uneven end."""

_SAME = ("model", "column", "keep", "root", "provenance")
"""What a run that goes on must have in common with the one before."""


@dataclass(frozen=True)
class Arguments:
    """What a run is asked for; the command line's help says what each of them means."""

    source: str
    output: str
    model: str = "compact"
    resume: bool = False
    column: str | None = None
    keep: tuple[str, ...] = ()
    root: str | None = None
    workers: int | None = None
    threads: int = 1
    device: Literal["auto", "cpu", "gpu"] = "cpu"
    provenance: bool = True
    part_images: int | None = None
    address: str | None = None
    quiet: bool = False


class Step(NamedTuple):
    """A unit that was done: the worker's process, how many images, from when to when."""

    worker: int
    images: int
    began: float
    ended: float


@dataclass
class Summary:
    """What a run did.

    ``planned`` and ``seconds`` are what plan and work took; ``spent`` are the workers' seconds by
    kind of work.
    """

    images: int = 0
    new: int = 0
    failed: int = 0
    planned: float = 0.0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    steps: list[Step] = field(default_factory=list)


def run(arguments: Arguments) -> Summary:
    """Scores a corpus into a Parquet data set.

    Raises:
        PlaceError: when input or output cannot be used, or the output is another run's.
        Error: when the model cannot be loaded.

    """
    source, output = Place(arguments.source), Place(arguments.output)
    _check_apart(source, output)
    ledger = Ledger(output)
    before = _before(ledger, arguments)
    with output.locked(f"{FOLDER}/lock"):
        detector = Detector.load(arguments.model, device="cpu")
        description = _describe(arguments, detector, before)
        _check_same(before, description, arguments)
        ledger.write_run(description)
        found = Source(source, description["part_images"], arguments.column, arguments.keep)
        ledger.clear_plan()
        begun = time.perf_counter()
        todo, done = ledger.plan(found.units())
        planned = time.perf_counter() - begun
        total = done + sum(unit.images for unit in todo)
        if not total:
            raise PlaceError(_nothing_found(found))
        task = Task(
            source,
            output,
            Settings(
                _everywhere(arguments.model),
                arguments.device,
                arguments.threads,
                arguments.provenance,
                fingerprint(detector),
            ),
            arguments.column,
            pa.schema(list(found.kept.items())),
            _root_of_paths(arguments, source),
        )
        del detector
        summary = Summary(
            total, total - done, planned=planned, problems=found.problems, passed=found.passed
        )
        if todo:
            _work(task, todo, done, arguments, summary)
        manifest = ledger.finish(
            {
                "clipsight": __version__,
                "model": description["model"],
                "problems": found.problems,
                "passed": dict(sorted(found.passed.items())),
            }
        )
        summary.failed = manifest["failed"]
    return summary


def _work(task: Task, todo: list[Todo], done: int, arguments: Arguments, summary: Summary) -> None:
    on_gpu = arguments.device == "gpu"
    cluster = connect(
        arguments.address,
        cpus=_local_cores(arguments),
        # Ray counts those of some makers only; whether there is one, the worker finds out.
        gpus=arguments.workers or 1 if on_gpu else None,
    )
    low, high = _pool(cluster, arguments, len(todo))
    rows = [
        {"plan": unit.plan, "line": unit.line, "earlier": "\n".join(unit.earlier)} for unit in todo
    ]
    # A block a unit, so that workers ask for one when they are free.
    units = ray.data.from_items(rows, override_num_blocks=min(len(rows), MAX_BLOCKS))
    # Ray takes classes too, which its types do not say.
    worker: Any = UnitWorker
    results = units.map(
        worker,
        fn_constructor_kwargs={"task": task},
        compute=ActorPoolStrategy(min_size=low, max_size=high, max_tasks_in_flight_per_actor=2),
        num_cpus=arguments.threads,
        num_gpus=1 if on_gpu else None,
    )
    progress = Progress(summary.images, done, _stream(arguments))
    begun = time.perf_counter()
    for result in results.iter_rows():
        for part in ("read", "decode", "encode", "rows", "write"):
            summary.spent[part] += result[part]
        progress.add(result["images"])
        summary.steps.append(
            Step(result["worker"], result["images"], result["began"], result["ended"])
        )
    summary.seconds = time.perf_counter() - begun
    progress.end()


def _before(ledger: Ledger, arguments: Arguments) -> dict[str, Any] | None:
    before = ledger.run()
    if before is None and ledger.parts():
        msg = f"{arguments.output} holds parts but no run.json: name another folder"
        raise PlaceError(msg)
    if before is not None and not arguments.resume:
        msg = (
            f"{arguments.output} holds a run already: go on with it by --resume, or name another"
            " folder"
        )
        raise PlaceError(msg)
    return before


def _describe(
    arguments: Arguments, detector: Detector, before: dict[str, Any] | None
) -> dict[str, Any]:
    earlier = (before or {}).get("part_images", DEFAULT_PART_IMAGES)
    return {
        "clipsight": __version__,
        "source": arguments.source,
        "model": fingerprint(detector),
        "column": arguments.column,
        "keep": list(arguments.keep),
        "root": arguments.root,
        "provenance": arguments.provenance,
        "part_images": arguments.part_images or earlier,
        "figures": figures_of(arguments.model),
    }


def _check_same(before: dict[str, Any] | None, now: dict[str, Any], arguments: Arguments) -> None:
    for name in _SAME if before is not None else ():
        if before is not None and before.get(name) != now[name]:
            msg = (
                f"{arguments.output} was begun with {name} {before.get(name)}, not {now[name]}: one"
                " output holds one kind of row; name another folder"
            )
            raise PlaceError(msg)


def _check_apart(source: Place, output: Place) -> None:
    inner, outer = output.root.rstrip("/") + "/", source.root.rstrip("/") + "/"
    if type(source.fs) is type(output.fs) and inner.startswith(outer):
        msg = "the output lies in the input, and would become part of it"
        raise PlaceError(msg)


def _nothing_found(found: Source) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.passed.most_common(4))
    why = f"; passed over: {kinds}" if kinds else ""
    first = f"; {found.problems[0]}" if found.problems else ""
    return f"{found.place.url} holds no images, tars or Parquet files that can be read{why}{first}"


def _everywhere(model: str) -> str:
    """Name a model's folder by its whole path: workers have another working directory."""
    return str(Path(model).absolute()) if Path(model).is_dir() else model


def _root_of_paths(arguments: Arguments, source: Place) -> Place | None:
    if arguments.root is not None:
        return Place(arguments.root)
    if source.fs.isdir(source.root):
        return source
    return Place(source.fs.unstrip_protocol(source.root.rpartition("/")[0] or "/"))


def _local_cores(arguments: Arguments) -> int | None:
    if arguments.workers is None:
        return max(os.cpu_count() or 1, arguments.threads)
    return arguments.workers * arguments.threads


def _pool(cluster: Cluster, arguments: Arguments, units: int) -> tuple[int, int | None]:
    """Say how many workers: as many as were asked for, else what the cluster has room for."""
    # Ray would wait for ever for a machine that can hold one.
    if cluster.cpus < arguments.threads:
        message = f"the cluster has {cluster.cpus:g} cores, too few for one worker"
        raise PlaceError(message)
    if arguments.device == "gpu" and cluster.gpus < 1:
        message = "the cluster has no GPU that Ray knows of: choose --device cpu"
        raise PlaceError(message)
    if arguments.workers is not None:
        return min(arguments.workers, units), min(arguments.workers, units)
    room = cluster.gpus if arguments.device == "gpu" else cluster.cpus // arguments.threads
    fits = max(1, min(int(room), units))
    # A cluster may grow while the run lasts; this machine does not.
    return fits, fits if cluster.local else None


def _stream(arguments: Arguments) -> TextIO:
    return io.StringIO() if arguments.quiet else sys.stderr


def explain(summary: Summary) -> str:
    """Say a summary in words."""
    lines = [f"{summary.images:,} images, {summary.new:,} of them now"]
    if summary.seconds:
        lines[0] += f" in {summary.seconds:.0f} s"
    if summary.failed:
        lines.append(f"{summary.failed:,} without a verdict: their rows say why (error_code)")
    if summary.passed:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in summary.passed.most_common(5))
        lines.append(f"passed over: {kinds}")
    lines.extend(summary.problems)
    return "\n".join(lines)
