"""A small corpus of every kind, and one Ray for all tests of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[3] / "tests" / "fixtures"
SCENES = sorted(
    path for path in (FIXTURES / "scenes").iterdir() if path.suffix not in (".md", ".py")
)


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """Ray on this machine, with two cores."""
    ray = pytest.importorskip("ray")
    from clipsight.ray import connect  # noqa: PLC0415 - not without Ray

    connect("local", cpus=2)
    yield
    ray.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus in folders: 17 scenes twice, four damaged files and some that are no images."""
    corpus = tmp_path / "corpus"
    for name in ("a", "b/c"):
        (corpus / name).mkdir(parents=True)
        for scene in SCENES:
            shutil.copy(scene, corpus / name / scene.name)
    (corpus / "bad").mkdir()
    (corpus / "bad" / "empty.jpg").touch()
    (corpus / "bad" / "text.png").write_bytes(b"this is not an image")
    half = (FIXTURES / "scenes" / "forest.jpg").read_bytes()
    (corpus / "bad" / "half.jpg").write_bytes(half[: len(half) // 2])
    shutil.copy(FIXTURES / "image" / "bombs" / "bomb.png", corpus / "bad" / "bomb.png")
    (corpus / "notes.txt").write_text("nothing")
    (corpus / ".hidden.jpg").touch()
    return corpus
