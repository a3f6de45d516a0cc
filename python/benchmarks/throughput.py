"""Images a second and peak memory: this package, ``clipsight scan``, and onnxruntime.

    python throughput.py FOLDER --onnx int8.onnx --program ../../target/release/clipsight

Each of them is a process of its own with the same threads, the same files and the same encoder, in
turn, several times; what is printed are the medians. The rate counts the whole process, from its
start to its end, so that loading is in it; beside it stands the rate after loading.

What onnxruntime does is what somebody would write with Pillow and NumPy: read, decode, reduce, cut
views, normalise, encode, and the corners only where the first view gives no grade. Its graph is
made by ``scripts/bench/export_onnx.py ../models/compact OUT --variants int8,uint8``. It computes
the logit alone: no hashes, no quality, no generator, no pictures inside pictures.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

MODEL = Path(__file__).resolve().parents[2] / "models/compact"


def files_of(folder: Path, count: int) -> list[str]:
    """Give files spread over a folder, repeated where there are too few."""
    names = {".jpg", ".jpeg", ".png", ".webp"}
    found = sorted(str(one) for one in folder.rglob("*") if one.suffix.lower() in names)
    spread = found[:: max(1, len(found) // count)]
    return [spread[index % len(spread)] for index in range(count)]


def package(files: list[str], threads: int, _graph: str) -> dict[str, Any]:
    """Score the files with this package."""
    from clipsight import Analysis, Detector  # noqa: PLC0415

    started = time.perf_counter()
    detector = Detector.load(MODEL, threads=threads)
    loaded = time.perf_counter()
    results = detector.analyze_batch(files)
    done = time.perf_counter()
    logits = [one.model.logit for one in results if isinstance(one, Analysis)]
    return {"load": loaded - started, "score": done - loaded, "logits": logits}


def onnxruntime(files: list[str], threads: int, graph: str) -> dict[str, Any]:
    """Score the files with onnxruntime, Pillow and NumPy."""
    import numpy as np  # noqa: PLC0415
    import onnxruntime as ort  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    started = time.perf_counter()
    manifest = json.loads((MODEL / "model.json").read_text(encoding="utf-8"))
    calibration = {one["views"]: one for one in manifest["calibration"]["by_views"]}
    edges = manifest["calibration"]["edges"]
    options = ort.SessionOptions()
    # Images are spread over threads, as here: its own threads on one image are slower.
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    short, side, lanczos = 288, 224, Image.Resampling.LANCZOS

    def logits_of(views: list[Image.Image]) -> Any:  # noqa: ANN401
        bytes_of = np.stack([np.asarray(view) for view in views])
        pixels = (bytes_of.astype(np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)
        pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        return session.run(["logit"], {"pixels": pixels})[0][:, 0]

    def probability(logit: float, views: int) -> float:
        line = calibration[views]
        return 1 / (1 + math.exp(-(line["slope"] * logit + line["offset"])))

    def score(file: str) -> float:
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        width, height = image.size
        if min(width, height) > short:
            scale = short / min(width, height)
            size = (max(short, int(width * scale)), max(short, int(height * scale)))
            image = image.resize(size, lanczos)
        width, height = image.size
        square = min(width, height)
        left, top = (width - square) // 2, (height - square) // 2
        whole = image.crop((left, top, left + square, top + square)).resize((side, side), lanczos)
        first = float(logits_of([whole])[0])
        if not edges["weak_below"] <= probability(first, 1) < edges["moderate"]:
            return first
        right, bottom = width - side, height - side
        corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)]
        views = [image.crop((x, y, x + side, y + side)) for x, y in corners]
        return (first + float(logits_of(views).mean())) / 2

    loaded = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        logits = list(pool.map(score, files))
    done = time.perf_counter()
    return {"load": loaded - started, "score": done - loaded, "logits": logits}


WORKERS = {"package": package, "onnxruntime": onnxruntime}


def run(command: list[str], threads: int) -> tuple[float, float, str]:
    """Run a process; its seconds, its peak of memory in MB, and what it printed."""
    with tempfile.TemporaryFile("w+") as out:
        started = time.perf_counter()
        # Both are pinned, so that no one has more cores than it was told.
        cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))
        child = subprocess.Popen(  # noqa: S603
            ["taskset", "-c", cores, *command],  # noqa: S607
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        if os.waitstatus_to_exitcode(status) not in (0, 2):
            sys.exit(f"{command[0]} ended with {status}")
        out.seek(0)
        return seconds, usage.ru_maxrss / 1024, out.read()


def main() -> None:
    """Measure, or be one of those that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=600, help="images of a run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--program", default="clipsight")
    parser.add_argument("--onnx", default="", help="the encoder's graph")
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    files = files_of(arguments.folder, arguments.count)
    if arguments.worker is not None:
        result = WORKERS[arguments.worker](files, arguments.threads, arguments.onnx)
        print(json.dumps(result))
        return
    workers = [name for name in WORKERS if name != "onnxruntime" or arguments.onnx]
    scan = [arguments.program, "scan", "--device", "cpu", "--model", str(MODEL)]
    measured: dict[str, list[dict[str, Any]]] = {name: [] for name in ("scan", *workers)}
    for _ in range(arguments.rounds):
        for name, runs in measured.items():
            own = [sys.executable, __file__, *sys.argv[1:], "--worker", name]
            seconds, memory, said = run(
                [*scan, *files] if name == "scan" else own, arguments.threads
            )
            if name == "scan":
                lines = [json.loads(line) for line in said.splitlines()]
                inner = {"logits": [line["logit"] for line in lines if "error" not in line]}
            else:
                inner = json.loads(said)
            runs.append({"seconds": seconds, "memory": memory, **inner})
    report(measured, len(files))


def report(measured: dict[str, list[dict[str, Any]]], count: int) -> None:
    """Print the medians."""
    rates = {
        name: count / statistics.median(one["seconds"] for one in runs)
        for name, runs in measured.items()
    }
    print("| | images/s | after loading | peak MB | of scan | farthest logit |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    expected = measured["scan"][0]["logits"]
    for name, runs in measured.items():
        scores = [one["score"] for one in runs if "score" in one]
        after = f"{count / statistics.median(scores):.1f}" if scores else ""
        memory = statistics.median(one["memory"] for one in runs)
        pairs = zip(expected, runs[0]["logits"], strict=True)
        apart = max(abs(one - other) for one, other in pairs)
        ratio = rates[name] / rates["scan"]
        print(
            f"| {name} | {rates[name]:.1f} | {after} | {memory:.0f} | {ratio:.3f} | {apart:.3g} |"
        )


if __name__ == "__main__":
    main()
