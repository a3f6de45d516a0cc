"""The types of results are those of pkg/schema.json."""

from __future__ import annotations

import dataclasses
import json
import pickle
from typing import Any

import jsonschema
import pytest
from conftest import REPOSITORY

import clipsight
import generate

SCHEMA: dict[str, Any] = json.loads((REPOSITORY / "pkg/schema.json").read_text(encoding="utf-8"))


def made(schema: dict[str, Any], *, full: bool) -> Any:  # noqa: PLR0911
    """Make a value that a schema allows: with everything that it may have, or the least."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        return made(SCHEMA["definitions"][name], full=full)
    if "const" in schema:
        return schema["const"]
    for choice in ("allOf", "oneOf"):
        if choice in schema:
            return made(schema[choice][-1 if full else 0], full=full)
    if "anyOf" in schema:
        return made(schema["anyOf"][0], full=full) if full else None
    if schema["type"] == "object":
        fields = schema["properties"].items()
        kept = [(key, field) for key, field in fields if full or key in schema["required"]]
        return {key: made(field, full=full) for key, field in kept}
    if schema["type"] == "array":
        return [made(schema["items"], full=full)] * 2 if full else []
    if "pattern" in schema:
        return "0" * 64
    return {"string": "words", "boolean": True, "integer": 1, "number": 0.1}[schema["type"]]


def test_the_committed_types_are_those_of_the_schema() -> None:
    committed = generate.TARGET.read_text(encoding="utf-8")
    assert committed == generate.text_of(SCHEMA), "python3 python/generate.py writes them"


@pytest.mark.parametrize("full", [True, False])
def test_results_come_back_as_the_json_they_were_made_of(*, full: bool) -> None:
    data = made(SCHEMA, full=full)
    jsonschema.validate(data, SCHEMA)
    result = clipsight.Analysis.from_dict(data)
    # Names, values and order.
    assert json.dumps(result.to_dict()) == json.dumps(data)
    assert clipsight.Analysis.from_json(result.to_json()) == result
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301


def test_every_field_of_the_schema_is_one_of_python() -> None:
    for name, definition in SCHEMA["definitions"].items():
        kind = getattr(clipsight, name, None)
        if "properties" not in definition or kind is None:
            continue
        fields = {field.name for field in dataclasses.fields(kind)}
        assert fields == {generate.snake(key) for key in definition["properties"]}, name


def test_names_are_mapped_in_one_way() -> None:
    names = ["schemaVersion", "sha256", "viewsSha256", "measuredError", "decodeMs", "n"]
    there = [generate.snake(name) for name in names]
    assert there == [
        "schema_version",
        "sha256",
        "views_sha256",
        "measured_error",
        "decode_ms",
        "n",
    ]


def test_results_cannot_be_changed() -> None:
    result = clipsight.Rectangle(x=1, y=2, width=3, height=4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.x = 2  # type: ignore[misc]


def test_an_unknown_status_is_said() -> None:
    data = made(SCHEMA, full=True)
    data["model"]["status"] = "guessed"
    with pytest.raises(ValueError, match="guessed"):
        clipsight.Analysis.from_dict(data)


def test_everything_public_is_documented() -> None:
    for name in clipsight.__all__:
        thing = getattr(clipsight, name)
        if isinstance(thing, type):
            assert thing.__doc__, name
