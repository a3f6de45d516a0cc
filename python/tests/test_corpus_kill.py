"""Processes that are killed lose no row and double none."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from corpora import PICTURES, parts_of, rows_of, score

if TYPE_CHECKING:
    from collections.abc import Callable

COPIES = 16
"""Of the 17 scenes: some seconds of work."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """272 images in 16 folders."""
    folder = tmp_path_factory.mktemp("kill") / "corpus"
    for number in range(COPIES):
        (folder / f"{number:02}").mkdir(parents=True)
        for scene in PICTURES:
            shutil.copy(scene, folder / f"{number:02}" / scene.name)
    return folder


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, local_ray: None) -> Path:  # noqa: ARG001 - it is used
    """The output of a run that nobody disturbed."""
    output = corpus.parent / "undisturbed"
    score(corpus, output)
    return output


def command(corpus: Path, output: Path, *more: str) -> list[str]:
    script = [sys.executable, "-m", "clipsight.corpus", str(corpus), str(output)]
    return [*script, "--workers", "2", "--part-images", "8", "--address", "local", *more]


def wait_for(what: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def below(driver: int) -> dict[int, bytes]:
    """All processes below one, with their command lines."""
    parents, names = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
                names[int(entry.name)] = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            parents[int(entry.name)] = int(status.rpartition(")")[2].split()[1])

    def descends(process: int) -> bool:
        while process in parents:
            if process == driver:
                return True
            process = parents[process]
        return False

    return {pid: names[pid] for pid in parents if descends(pid)}


def workers_of(driver: int) -> list[int]:
    """Processes of the actors of a driver, which stand below its raylet."""
    return [pid for pid, name in below(driver).items() if b"UnitWorker" in name]


def listening(driver: int) -> set[str]:
    """Addresses on which a process and those below it listen, in the kernel's notation."""
    sockets = set()
    for pid in below(driver):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                sockets.add(str(file.readlink()))
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].split(":")[0])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")
def test_a_killed_actor(corpus: Path, undisturbed: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with subprocess.Popen(command(corpus, output, "--quiet"), stderr=subprocess.PIPE) as driver:  # noqa: S603
        killed = set()
        for parts in (3, 12):
            wait_for(lambda parts=parts: len(parts_of(output)) >= parts)  # type: ignore[misc]
            victim = next(pid for pid in workers_of(driver.pid) if pid not in killed)
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
        assert len(parts_of(output)) < len(parts_of(undisturbed)), "the run was over too soon"
        assert driver.stderr is not None
        said = driver.stderr.read()
        assert driver.wait() == 0, said
    assert len(killed) == 2
    assert parts_of(output) == parts_of(undisturbed)


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")
def test_a_killed_driver(corpus: Path, undisturbed: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with subprocess.Popen(command(corpus, output, "--quiet"), stderr=subprocess.DEVNULL) as driver:  # noqa: S603
        wait_for(lambda: len(parts_of(output)) >= 8)
        workers = workers_of(driver.pid)
        heard = listening(driver.pid)
        driver.kill()
    before = parts_of(output)
    assert 8 <= len(before) < len(parts_of(undisturbed))
    assert not (output / "_clipsight" / "manifest.json").exists()
    # What Ray leaves of a driver ends by itself, before or after the next run begins.
    assert workers
    assert heard, "Ray has ports"
    assert heard <= {"0100007F", f"{0:016X}FFFF00000100007F"}, "others can reach Ray"
    resumed = subprocess.run(  # noqa: S603
        command(corpus, output, "--resume"), check=False, capture_output=True, text=True
    )
    assert resumed.returncode == 0, resumed.stderr
    assert f"{len(PICTURES) * COPIES} images" in resumed.stderr
    rows = rows_of(output)
    assert len(rows) == len({row["key"] for row in rows}) == len(PICTURES) * COPIES
    assert rows == rows_of(undisturbed)
    after = parts_of(output)
    assert after == parts_of(undisturbed)
    assert {name: after[name] for name in before} == before


FATAL = r"""
import os, sys
import pyarrow as pa
from clipsight._scoring import judge
from clipsight._scoring.storage import Place
from clipsight.corpus.ledger import Ledger
from clipsight.corpus.sources import Source
from clipsight.corpus.worker import Settings, Task, UnitWorker

corpus, output, fatal = sys.argv[1:]
real = judge.Judge.rows

def rows(self, images, spent, known):
    if any(image.data is not None and image.data.endswith(fatal.encode()) for image in images):
        os.kill(os.getpid(), 9)
    return real(self, images, spent, known)

judge.Judge.rows = rows
ledger = Ledger(Place(output))
todo, _ = ledger.plan(Source(Place(corpus)).units())
worker = UnitWorker(Task(Place(corpus), Place(output), Settings(), None, pa.schema([]), None))
for unit in todo:
    worker({"plan": unit.plan, "line": unit.line, "earlier": ""})
"""


def test_an_image_that_ends_its_worker_becomes_a_row(tmp_path: Path) -> None:
    corpus, output = tmp_path / "corpus", tmp_path / "out"
    corpus.mkdir()
    for scene in PICTURES[:5]:
        shutil.copy(scene, corpus / scene.name)
    fatal = PICTURES[2].read_bytes() + b"fatal"
    (corpus / PICTURES[2].name).write_bytes(fatal)
    deaths = 0
    while True:
        script = [sys.executable, "-c", FATAL, str(corpus), str(output), "fatal"]
        done = subprocess.run(script, check=False, capture_output=True, text=True)  # noqa: S603
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        deaths += 1
        assert deaths < 10
    # Once to see that there is something, and three times to be sure which image it is.
    assert deaths == 4
    by_key = {row["key"]: row for row in rows_of(output)}
    assert len(by_key) == 5
    failed = {key: row["error_code"] for key, row in by_key.items() if row["status"] == "error"}
    assert failed == {PICTURES[2].name: "internal"}
    assert hashlib.sha256(fatal).hexdigest() not in str(by_key)
