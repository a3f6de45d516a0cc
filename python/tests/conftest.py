"""What the tests share."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import ray
from corpora import PICTURES

from clipsight import Detector
from clipsight.ray import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
SCENES = REPOSITORY / "tests/fixtures/scenes"
IMAGES = REPOSITORY / "tests/fixtures/image"
CODECS = REPOSITORY / "crates/clipsight-codecs/tests/fixtures/files"
SHARED = Path(os.environ.get("CLIPSIGHT_SHARED", REPOSITORY.parent / "shared"))


def lacking(what: str) -> None:
    """Skip a test that lacks something; in CI, which has it, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"{what} is not on this machine")


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector.load("compact")


@pytest.fixture(scope="session")
def labelled() -> list[Path]:
    """200 labelled images, spread over all of them."""
    manifest = SHARED / "data/manifest.csv"
    if not manifest.is_file():
        lacking(str(manifest))
    with manifest.open(newline="", encoding="utf-8") as lines:
        files = [row["file"] for row in csv.DictReader(lines)]
    return [SHARED / "data" / file for file in files[:: len(files) // 200][:200]]


@pytest.fixture(scope="session")
def program() -> Path:
    """The command line."""
    name = os.environ.get("CLIPSIGHT_PROGRAM", REPOSITORY / "target/release/clipsight")
    path = Path(name)
    if not path.is_file():
        lacking(str(path))
    return path


def run_python(code: str, *arguments: str, seconds: float = 300) -> str:
    """Run code in an interpreter of its own; what it prints. Fails where that one does."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put Ray last: its threads stay in this process, and others fork it or measure its memory."""
    items.sort(key=lambda item: "local_ray" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """Ray on this machine, with two cores."""
    connect("local", cpus=2)
    yield
    ray.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus in folders: 17 pictures twice, four damaged files and some that are no images."""
    corpus = tmp_path / "corpus"
    for name in ("a", "b/c"):
        (corpus / name).mkdir(parents=True)
        for picture in PICTURES:
            shutil.copy(picture, corpus / name / picture.name)
    (corpus / "bad").mkdir()
    (corpus / "bad" / "empty.jpg").touch()
    (corpus / "bad" / "text.png").write_bytes(b"this is not an image")
    whole = (SCENES / "forest.jpg").read_bytes()
    (corpus / "bad" / "half.jpg").write_bytes(whole[: len(whole) // 2])
    shutil.copy(IMAGES / "bombs" / "bomb.png", corpus / "bad" / "bomb.png")
    (corpus / "notes.txt").write_text("nothing")
    (corpus / ".hidden.jpg").touch()
    return corpus
