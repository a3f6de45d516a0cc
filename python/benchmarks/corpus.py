"""What a corpus costs: speed of one and two workers, their memory, and a model of the cost.

    python benchmarks/corpus.py all --data ../shared/data --out benchmarks/corpus.json
    python benchmarks/corpus.py document     # the figures, into docs/corpus.md

Every run is a process of its own, on images linked into a folder of /tmp. Workers are pinned to a
core each from outside. `all` takes about ten minutes on two cores; `run` measures one case.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = ("read", "decode", "encode", "rows", "write")
"""Kinds of work of a worker, in seconds: see ``clipsight._scoring.judge.Spent``."""


NAMES = {
    "one": "one worker",
    "two": "two workers",
    "small": "one worker, a fifth",
    "photographs": "one worker, enlarged four times",
    "between": "one worker, enlarged twice",
}
WORK = {
    "read": "read: waiting for bytes",
    "decode": "decode, views",
    "encode": "encoder and heads",
    "rows": "hash, results, rows",
    "write": "write the part",
}
DOLLARS = 0.04
"""Of a core hour: an assumption, to have a price at all."""

RESULTS = Path(__file__).with_suffix(".json")
DOCUMENT = Path(__file__).parents[1] / "docs/corpus.md"
BEGIN, END = "<!-- figures: benchmarks/corpus.py -->", "<!-- end of figures -->"


def images_below(data: Path) -> list[Path]:
    """All images of a data set, in an order that mixes its folders."""
    found = sorted(data.rglob("*.jpg"), key=lambda path: (path.stem[::-1], str(path)))
    if not found:
        sys.exit(f"there is no .jpg in {data}")
    return found


def make_corpus(data: Path, images: int, scale: int, folder: Path) -> Path:
    """Links `images` images into folders of 500, or writes them `scale` times enlarged."""
    found = images_below(data)
    for number in range(images):
        source = found[number % len(found)]
        target = folder / f"{number // 500:04}" / f"{number:06}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        if scale == 1:
            target.symlink_to(source.resolve())
        else:
            enlarge(source, target, scale)
    return folder


def enlarge(source: Path, target: Path, scale: int) -> None:
    """Stands for photographs: `scale` times the sides, JPEG of quality 90."""
    from PIL import Image  # noqa: PLC0415

    with Image.open(source) as image:
        size = (image.width * scale, image.height * scale)
        image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(target, quality=90)


@dataclass
class Watch:
    """Pins the workers of a process to a core each, and follows their memory."""

    driver: int
    workers: int
    cores: dict[int, int] = field(default_factory=dict)
    samples: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look twice a second until it is told to end."""
        begun = time.monotonic()
        while not self.ended.wait(0.5):
            for worker in self._workers():
                core = self.cores.setdefault(worker, len(self.cores) % self.workers)
                self._look(worker, core, time.monotonic() - begun)

    def _workers(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                name = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"UnitWorker" in name:
                found.append(int(entry.name))
        return sorted(found)

    def _look(self, worker: int, core: int, now: float) -> None:
        try:
            for task in Path(f"/proc/{worker}/task").iterdir():
                os.sched_setaffinity(int(task.name), {core})
            status = Path(f"/proc/{worker}/status").read_text(encoding="ascii")
        except OSError:
            return
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        # Without what is shared with Ray's store and with other processes' libraries.
        own = int(fields["RssAnon"].split()[0])
        total = int(fields["VmRSS"].split()[0])
        self.samples.setdefault(worker, []).append((round(now, 1), total))
        self.samples.setdefault(-worker, []).append((round(now, 1), own))


CHILD = """
import json, sys
from clipsight.corpus.run import Arguments, run
summary = run(Arguments(sys.argv[1], sys.argv[2], model=sys.argv[3], workers=int(sys.argv[4]),
    part_images=int(sys.argv[5]), address="local"))
print(json.dumps({"images": summary.images, "failed": summary.failed, "seconds": summary.seconds,
    "planSeconds": summary.planned,
    "spent": summary.spent, "steps": summary.steps}))
"""


def measure(corpus: Path, workers: int, model: str, part_images: int) -> dict[str, Any]:
    """Scores a corpus once, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="clipsight-out-") as output:
        arguments = [str(corpus), f"{output}/out", model, str(workers), str(part_images)]
        begun = time.perf_counter()
        with subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", CHILD, *arguments], stdout=subprocess.PIPE, text=True
        ) as child:
            watch = Watch(child.pid, workers)
            thread = threading.Thread(target=watch.run)
            thread.start()
            said, _ = child.communicate()
            watch.ended.set()
            thread.join()
        wall = time.perf_counter() - begun
        if child.returncode:
            sys.exit("the run failed")
        size = sum(path.stat().st_size for path in Path(output, "out").glob("*.parquet"))
    facts: dict[str, Any] = json.loads(said)
    steps = facts.pop("steps")
    rates, spans = [], []
    for worker in {step[0] for step in steps}:
        own = [step for step in steps if step[0] == worker]
        spans.append(max(step[3] for step in own) - min(step[2] for step in own))
        rates.append(sum(step[1] for step in own) / spans[-1])
    return {
        "workers": workers,
        "model": model,
        "partImages": part_images,
        **facts,
        "wallSeconds": round(wall, 2),
        "startSeconds": round(wall - max(spans), 2),
        "imagesPerSecond": round(sum(rates), 2),
        "outputBytesPerImage": round(size / facts["images"], 1),
        "memory": memory(watch),
    }


def memory(watch: Watch) -> list[dict[str, Any]]:
    """For each worker its resident memory in MB: at the middle, at the end, at most."""
    found = []
    for worker, samples in watch.samples.items():
        if worker > 0:
            total = [kib for _, kib in samples]
            own = [kib for _, kib in watch.samples[-worker]]
            half, end = len(total) // 2, len(total) - 2
            found.append(
                {
                    "peakMB": round(max(total) * 1024 / 1e6, 1),
                    "middleMB": round(total[half] * 1024 / 1e6, 1),
                    "endMB": round(total[end] * 1024 / 1e6, 1),
                    "ownPeakMB": round(max(own) * 1024 / 1e6, 1),
                }
            )
    return found


def per_image(run: dict[str, Any]) -> dict[str, float]:
    """Seconds a worker spends on an image, by kind of work."""
    return {kind: run["spent"][kind] / run["images"] for kind in KINDS}


def fitted(small: dict[str, Any], large: dict[str, Any]) -> dict[str, Any]:
    """Fit the model: of every kind of work a part an image and a part a megapixel.

    seconds = start + images * sum(fixed + perMegapixel * megapixels) / (workers * efficiency)
    """
    a, b = per_image(small["run"]), per_image(large["run"])
    span = large["megapixels"] - small["megapixels"]
    model = {}
    for kind in KINDS:
        slope = (b[kind] - a[kind]) / span
        model[kind] = {"fixed": a[kind] - slope * small["megapixels"], "perMegapixel": slope}
    return model


def predicted(model: dict[str, Any], megapixels: float) -> float:
    """Core seconds an image."""
    return float(sum(of["fixed"] + of["perMegapixel"] * megapixels for of in model.values()))


def megapixels(data: Path, images: int, scale: int) -> float:
    """Give the mean size of a corpus's images."""
    from PIL import Image  # noqa: PLC0415

    found = images_below(data)
    total = 0.0
    for number in range(images):
        with Image.open(found[number % len(found)]) as image:
            total += image.width * image.height * scale**2 / 1e6
    return total / images


def everything(data: Path, model: str, images: int) -> dict[str, Any]:
    """Measures all cases and fits the model."""
    cases = {
        "one": (images, 1, 1),
        "two": (images, 1, 2),
        "small": (images // 5, 1, 1),
        "photographs": (images // 10, 4, 1),
        "between": (images // 10, 2, 1),
    }
    runs: dict[str, Any] = {}
    for name, (count, scale, workers) in cases.items():
        folder = Path(tempfile.mkdtemp(prefix="clipsight-corpus-"))
        try:
            corpus = make_corpus(data, count, scale, folder)
            lock = os.environ.get("BENCH_LOCK")
            with held(lock):
                result = measure(corpus, workers, model, 64)
        finally:
            shutil.rmtree(folder)
        runs[name] = {"megapixels": round(megapixels(data, count, scale), 4), "run": result}
        print(name, json.dumps(result["imagesPerSecond"]), file=sys.stderr)
    return summed_up(runs, model)


def summed_up(runs: dict[str, Any], model: str) -> dict[str, Any]:
    """Fit the model on two of the runs, and look at it beside two others."""
    cost = fitted(runs["one"], runs["photographs"])
    one, two = runs["one"]["run"], runs["two"]["run"]
    efficiency = two["imagesPerSecond"] / (2 * one["imagesPerSecond"])
    checks = {}
    for name in ("small", "between"):
        guess = 1 / predicted(cost, runs[name]["megapixels"])
        found = runs[name]["run"]["imagesPerSecond"]
        checks[name] = {"predicted": round(guess, 2), "measured": found, "ratio": guess / found}
    return {
        "machine": {"cpu": cpu(), "cores": os.cpu_count(), "python": platform.python_version()},
        "model": model,
        "efficiency": round(efficiency, 3),
        "costModel": cost,
        "checks": checks,
        "coreHoursPerMillion": {
            f"{size:g} MP": round(predicted(cost, size) * 1e6 / 3600, 2)
            for size in (0.08, 1, 4, 12)
        },
        "runs": runs,
    }


class held:  # noqa: N801 - reads as a statement
    """Holds a lock file that other measurements hold too, where there is one."""

    def __init__(self, path: str | None) -> None:
        """Of the file at `path`."""
        self.path = path

    def __enter__(self) -> None:
        """Wait for it."""
        if self.path is not None:
            import fcntl  # noqa: PLC0415

            self.file = open(self.path, "a", encoding="utf-8")  # noqa: PTH123
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        """Let it go."""
        if self.path is not None:
            self.file.close()


def rendered(result: dict[str, Any]) -> str:
    """Write what was measured as Markdown, for the document."""
    runs, machine = result["runs"], result["machine"]
    measured = (
        f"Measured on {machine['cpu']}, {machine['cores']} cores, with the {result['model']} model."
        " Rates are sums of what each worker makes from the beginning of its first unit to the end"
        f" of its last; start and end took {runs['one']['run']['startSeconds']:.0f} s."
    )
    lines = [
        textwrap.fill(measured, 100),
        "",
        "| run | images | megapixels each | workers | images a second | of what one worker makes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, case in runs.items():
        run = case["run"]
        share = f"{result['efficiency']:.2f}" if name == "two" else ""
        lines.append(
            f"| {NAMES[name]} | {run['images']:,} | {case['megapixels']:.2f} | {run['workers']} |"
            f" {run['imagesPerSecond']:.1f} | {share} |"
        )
    lines += [
        "",
        textwrap.fill(
            "What an image costs a worker, in milliseconds, fitted on the first run and on that of"
            " images enlarged four times:",
            100,
        ),
        "",
        "| work | an image | and a megapixel |",
        "| --- | --- | --- |",
    ]
    for kind in KINDS:
        of = result["costModel"][kind]
        lines.append(f"| {WORK[kind]} | {of['fixed'] * 1e3:.2f} | {of['perMegapixel'] * 1e3:.2f} |")
    lines += [
        "",
        "The model beside runs that it was not fitted on:",
        "",
        "| run | predicted, images a second | measured | ratio |",
        "| --- | --- | --- | --- |",
    ]
    for name, check in result["checks"].items():
        lines.append(
            f"| {NAMES[name]} | {check['predicted']:.1f} | {check['measured']:.1f} |"
            f" {check['ratio']:.2f} |"
        )
    lines += [
        "",
        textwrap.fill(
            "On paper, in core hours. Above the largest images measured it is the fitted line that"
            " goes on. Dollars are at"
            f" {DOLLARS:g} a core hour, which is an assumption. The list of the input is made by"
            " the driver alone, before workers begin.",
            100,
        ),
        "",
        "| images of | a million | in dollars | 100 million | with 100 workers | their list |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    planned = runs["one"]["run"]["planSeconds"] / runs["one"]["run"]["images"] * 1e8 / 3600
    for size, hours in result["coreHoursPerMillion"].items():
        lines.append(
            f"| {size} | {hours:.1f} | {hours * DOLLARS:.2f} | {hours * 100:,.0f} |"
            f" {hours / result['efficiency']:.0f} h |"
            f" {planned:.1f} h |"
        )
    worst = max(
        (of for case in runs.values() for of in case["run"]["memory"]),
        key=lambda of: float(of["peakMB"]),
    )
    long = runs["one"]["run"]["memory"][0]
    memory_said = (
        f"A worker's memory: at most {worst['peakMB']:.0f} MB resident, of which"
        f" {worst['ownPeakMB']:.0f} MB are its own; over {runs['one']['run']['images']:,} images"
        f" {long['middleMB']:.0f} MB in the middle, {long['endMB']:.0f} MB at the end."
    )
    lines += ["", textwrap.fill(memory_said, 100)]
    return "\n".join(lines)


def update(document: Path, text: str) -> None:
    """Put figures between a document's marks."""
    before, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{document} has no marks for figures")
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def cpu() -> str:
    """Name the processor."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("all", "run", "document"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="compact")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--part-images", type=int, default=64)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.what == "document":
        update(DOCUMENT, rendered(json.loads(RESULTS.read_text(encoding="utf-8"))))
        return
    if given.data is None:
        parser.error("--data names a folder with images")
    if given.what == "all":
        result = everything(given.data, given.model, given.images)
    else:
        with tempfile.TemporaryDirectory(prefix="clipsight-corpus-") as folder:
            corpus = make_corpus(given.data, given.images, given.scale, Path(folder))
            with held(os.environ.get("BENCH_LOCK")):
                result = measure(corpus, given.workers, given.model, given.part_images)
    text = json.dumps(result, indent=1) + "\n"
    if given.out is None:
        sys.stdout.write(text)
    else:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
