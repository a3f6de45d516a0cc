"""Many images: order, errors in their places, threads, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from conftest import REPOSITORY, SCENES
from PIL import Image

import clipsight
from clipsight import Analysis, Detector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = sorted(file for file in SCENES.iterdir() if file.suffix not in (".md", ".py"))


def facts(results: list[Analysis | clipsight.Error]) -> list[Any]:
    return [
        (one.file.sha256, one.model) if isinstance(one, Analysis) else (type(one), one.message)
        for one in results
    ]


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_results_are_in_order_with_errors_in_their_places(
    detector: Detector,
    threads: int,
) -> None:
    items: list[Any] = []
    expected: list[Any] = []
    for file in FILES[:6]:
        five: list[Any] = [file, b"no image", file.read_bytes(), None, "/nowhere.png"]
        for item in five:
            items.append(item)
            try:
                expected.append(detector.analyze(item))
            except clipsight.Error as error:
                expected.append(error)
    found = detector.analyze_batch(items, threads=threads)
    assert facts(found) == facts(expected)
    codes = [one.code for one in found[:5] if isinstance(one, clipsight.Error)]
    assert codes == ["decode", "argument", "io"]


def test_any_iterable_and_none(detector: Detector) -> None:
    def some() -> Iterator[Path]:
        yield from FILES[:2]

    assert len(detector.analyze_batch(some())) == 2
    assert detector.analyze_batch([]) == []


def test_options_hold_for_all_and_are_checked_once(detector: Detector) -> None:
    results = detector.analyze_batch(FILES[:3], views=5, provenance=False)
    assert all(isinstance(one, Analysis) and one.input.views == 5 for one in results)
    with pytest.raises(clipsight.ArgumentError):
        detector.analyze_batch(FILES, views=3)  # type: ignore[arg-type]
    for one in (FILES[0], str(FILES[0]), b"bytes"):
        with pytest.raises(clipsight.ArgumentError, match="pass a list"):
            detector.analyze_batch(one)  # type: ignore[arg-type]
    for threads in (0, -1, 1.5, True, 2**70):
        with pytest.raises(clipsight.ArgumentError):
            detector.analyze_batch(FILES, threads=threads)  # type: ignore[arg-type]


def test_python_runs_meanwhile(detector: Detector) -> None:
    turns, done = 0, threading.Event()

    def count() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            time.sleep(0.001)

    other = threading.Thread(target=count)
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    other.start()
    try:
        started = time.monotonic()
        detector.analyze(noise, explain=True)
        took, during = time.monotonic() - started, turns
    finally:
        done.set()
        other.join()
    # A kept interpreter would give it one turn, every 5 ms at most.
    assert during > took / 0.05, f"{during} turns in {took} s"


def test_pillow_files_are_decoded_when_their_turn_comes(detector: Detector) -> None:
    images = [Image.open(FILES[0]) for _ in range(3)]
    results = detector.analyze_batch(images, threads=2)
    assert len({str(one) for one in facts(results)}) == 1


INTERRUPTED = textwrap.dedent("""
    import sys, time
    from clipsight import Detector
    detector = Detector.load()
    print("ready", flush=True)
    try:
        detector.analyze_batch([sys.argv[1]] * 1_000_000, threads=2)
    except KeyboardInterrupt:
        # It goes on as if nothing had been.
        print("interrupted", detector.analyze(sys.argv[1]).model.status, flush=True)
""")


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent otherwise there")
def test_ctrl_c_ends_a_long_batch() -> None:
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", INTERRUPTED, str(SCENES / "dragon.jpg")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    started = time.monotonic()
    said, _ = child.communicate(timeout=60)
    assert said.startswith("interrupted "), said
    assert time.monotonic() - started < 30


FORKED = textwrap.dedent("""
    import multiprocessing, sys
    from clipsight import Detector
    detector = Detector.load(threads=2)
    before = detector.analyze_batch([sys.argv[1]] * 4)
    def work(_):
        return [one.model for one in detector.analyze_batch([sys.argv[1]] * 4)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for models in pool.map(work, range(4)):
            assert models == [one.model for one in before]
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_detector_survives_a_fork() -> None:
    command = [sys.executable, "-c", FORKED, str(SCENES / "dragon.jpg")]
    subprocess.run(command, check=True, timeout=120)  # noqa: S603
