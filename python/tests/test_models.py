"""Where models are found, and what is wrong with them."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from conftest import REPOSITORY, SCENES, run_python

import clipsight
from clipsight import Detector

if TYPE_CHECKING:
    from pathlib import Path

COMPACT = REPOSITORY / "models/compact"


def test_the_package_holds_the_compact_model(detector: Detector) -> None:
    manifest = json.loads((COMPACT / "model.json").read_text(encoding="utf-8"))
    assert detector.id == manifest["id"]
    assert detector.manifest["shards"] == manifest["shards"]
    assert len(detector.model_sha256) == 64
    assert (
        repr(detector) == f"<clipsight.Detector {detector.id} on CPU, threads={detector.threads}>"
    )


def test_a_folder_is_a_model(detector: Detector) -> None:
    for folder in (COMPACT, str(COMPACT)):
        assert Detector.load(folder, threads=3).model_sha256 == detector.model_sha256
    assert Detector.load(COMPACT, threads=3).threads == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"model": "/nowhere"}, "io"),
        ({"model": "no-such-model"}, "io"),
        ({"device": "tpu"}, "argument"),
        ({"threads": 0}, "argument"),
        ({"threads": "2"}, "argument"),
    ],
)
def test_what_cannot_be_loaded(arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(clipsight.Error) as caught:
        Detector.load(**arguments)
    assert caught.value.code == code
    # Its words are those of Python, not of the command line.
    assert "--" not in caught.value.message


def test_damaged_models_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(COMPACT, folder)
    shard = next(folder.glob("*.safetensors"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    with pytest.raises(clipsight.WeightsCorruptError):
        Detector.load(folder)
    shard.unlink()
    with pytest.raises(clipsight.WeightsCorruptError, match="incomplete"):
        Detector.load(folder)
    (folder / "model.json").write_text("{}")
    with pytest.raises(clipsight.WeightsCorruptError):
        Detector.load(folder)


INSTALLED = textwrap.dedent("""
    import sys
    from pathlib import Path
    # A package that holds a model, as pip installs it.
    there = Path(sys.argv[1])
    (there / "some_model.py").write_text(f"def folder(): return {sys.argv[2]!r}")
    info = there / "some_model-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: some-model\\nVersion: 1\\n")
    (info / "entry_points.txt").write_text("[clipsight.models]\\nstandard = some_model:folder\\n")
    sys.path.insert(0, str(there))
    from clipsight import Detector
    print(Detector.load("standard").analyze(sys.argv[3]).model.status)
""")


def test_other_packages_hold_models(tmp_path: Path) -> None:
    dragon = str(SCENES / "dragon.jpg")
    assert run_python(INSTALLED, str(tmp_path), str(COMPACT), dragon).strip() in (
        "scored",
        "abstained",
    )
