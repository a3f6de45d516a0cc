"""What files say of how they were made."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import jsonschema
import pytest
from conftest import REPOSITORY, SCENES
from PIL import Image

import clipsight
from clipsight import read_provenance

if TYPE_CHECKING:
    from pathlib import Path

SIGNED = REPOSITORY / "crates/clipsight-verify/tests/fixtures/signed"


def text_chunk(text: bytes) -> bytes:
    """A PNG that holds nothing but a text."""
    png = b"\x89PNG\r\n\x1a\n"
    for name, data in ((b"tEXt", text), (b"IEND", b"")):
        png += len(data).to_bytes(4, "big") + name + data + bytes(4)
    return png


def test_generators_notes_are_read(tmp_path: Path) -> None:
    png = text_chunk(b"parameters\0a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1")
    said = read_provenance(png)
    assert said.says == "generated"
    assert said.statements[0].place.container == "png-text"
    path = tmp_path / "a.png"
    path.write_bytes(png)
    assert read_provenance(path) == read_provenance(str(path)) == said


def test_content_credentials_are_read_in_full() -> None:
    schema = json.loads((REPOSITORY / "pkg/schema.json").read_text(encoding="utf-8"))
    part = {**schema, "$ref": "#/definitions/Provenance"}
    found = 0
    for file in sorted(SIGNED.iterdir()):
        said = read_provenance(file)
        jsonschema.validate(said.to_dict(), part)
        found += said.content_credentials is not None
    assert found > 3


def test_silence_and_faults() -> None:
    assert read_provenance(SCENES / "dragon.jpg").says is None
    for item, code in ((b"no", "decode"), ("/nowhere", "io"), (os.fsencode("x"), "decode")):
        with pytest.raises(clipsight.Error) as caught:
            read_provenance(item)
        assert caught.value.code == code
    with pytest.raises(clipsight.ArgumentError, match="pixels say nothing"):
        read_provenance(Image.new("RGB", (8, 8)))  # type: ignore[arg-type]
