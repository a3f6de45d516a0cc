"""What the tests share."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clipsight import Detector

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
