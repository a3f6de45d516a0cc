"""Writes ``clipsight/_analysis.py`` from ``pkg/schema.json``: ``python3 python/generate.py``.

`npm run generate`, which writes the schema from Rust, calls it. A test fails where the file is not
what the schema says. Needs nothing but Python.
"""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
SCHEMA = PACKAGE.parent / "pkg/schema.json"
TARGET = PACKAGE / "clipsight/_analysis.py"

WIDTH = 100

ROOT = "Analysis"

HEADER = '''"""The result of one analysis, field by field as the core writes it.

Written by ``python/generate.py`` from ``pkg/schema.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

from clipsight._records import Record, each, optional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self
'''

Schema = dict[str, Any]


def snake(name: str) -> str:
    """Give the name in Python of a field of the JSON."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def prose(text: str) -> str:
    """Turn a comment of Rust into one of Python: links to Rust's items are of no use here."""
    return re.sub(r"\[(`[^`]+`)\]\([^)]*\)", r"\1", text).replace("\\", "\\\\")


def docstring(text: str, indent: str) -> list[str]:
    """Give a docstring in lines; its summary on the first."""
    text = prose(text)
    if len(indent) + len(text) + 6 <= WIDTH and "\n" not in text:
        return [f'{indent}"""{text}"""']
    lines: list[str] = []
    for number, paragraph in enumerate(text.split("\n\n")):
        first = indent + '"""' if number == 0 else indent
        for part_number, part in enumerate(paragraph.split("\n")):
            start = first if part_number == 0 else indent
            rest = indent + ("  " if part.startswith("- ") else "")
            lines += textwrap.wrap(
                part,
                WIDTH,
                initial_indent=start,
                subsequent_indent=rest,
                break_long_words=False,
                break_on_hyphens=False,
            )
        lines.append("")
    lines.pop()
    return [*lines, f'{indent}"""']


class Generator:
    """Writes the types that the root needs, each after those that it names."""

    def __init__(self, definitions: dict[str, Schema]) -> None:
        """Take the schema's definitions."""
        self.definitions = definitions
        self.blocks: list[str] = []
        self.written: set[str] = set()
        self.names: list[str] = []

    def write(self, name: str) -> None:
        """Write the type of a definition, once."""
        if name in self.written:
            return
        self.written.add(name)
        schema = self.definitions[name]
        for reference in re.findall(r'"#/definitions/(\w+)"', json.dumps(schema)):
            self.write(reference)
        variants = schema.get("oneOf")
        if variants is None:
            self.record(name, schema)
        elif all("const" in variant for variant in variants):
            self.words(name, schema)
        elif len(variants) == 1:
            # A choice of one is no choice.
            self.record(name, {**variants[0], "description": schema["description"]})
        else:
            self.union(name, schema)

    def words(self, name: str, schema: Schema) -> None:
        """Write a choice of words."""
        self.names.append(name)
        words = [f'"{variant["const"]}"' for variant in schema["oneOf"]]
        line = f"{name}: TypeAlias = Literal[{', '.join(words)}]"
        lines = [line]
        if len(line) > WIDTH:
            lines = [f"{name}: TypeAlias = Literal[", *(f"    {word}," for word in words), "]"]
        meanings = [f"- `{one['const']}`: {one['description']}" for one in schema["oneOf"]]
        lines += docstring(schema["description"] + "\n\n" + "\n".join(meanings), "")
        self.blocks.append("\n".join(lines))

    def union(self, name: str, schema: Schema) -> None:
        """Write a choice of records, which a field of one word tells apart."""
        self.names.append(name)
        by_tag = {}
        tag = ""
        for variant in schema["oneOf"]:
            self.record(variant["title"], variant)
            tag = next(key for key, field in variant["properties"].items() if "const" in field)
            by_tag[variant["properties"][tag]["const"]] = variant["title"]
        lines = [f"{name}: TypeAlias = Union[{', '.join(by_tag.values())}]"]
        lines += docstring(schema["description"], "")
        function = f"_{snake(name)}"
        lines += ["", "", f"def {function}(data: Mapping[str, Any]) -> {name}:"]
        lines.append(f'    """Make the {name} that the field `{tag}` names."""')
        for word, title in by_tag.items():
            lines.append(f'    if data["{tag}"] == "{word}":')
            lines.append(f"        return {title}.from_dict(data)")
        lines.append(f"    message = f\"a result has the {tag} {{data['{tag}']!r}}, unknown here\"")
        lines.append("    raise ValueError(message)")
        self.blocks.append("\n".join(lines))

    def record(self, name: str, schema: Schema) -> None:
        """Write an object."""
        self.names.append(name)
        required = schema["required"]
        fields, made, keys = [], [], []
        for key, field in schema["properties"].items():
            kind, make = self.field(key, field, required=key in required)
            optional_field = key not in required
            default = "" if not optional_field else " = ()" if "tuple[" in kind else " = None"
            fields.append(f"    {snake(key)}: {kind}{default}")
            if "description" in field:
                fields += docstring(field["description"], "    ")
            made.append(f"            {snake(key)}={make},")
            keys.append(f'        ("{snake(key)}", "{key}", {not optional_field}),')
        lines = [
            "@dataclass(frozen=True, kw_only=True, slots=True)",
            f"class {name}(Record):",
            *docstring(schema["description"], "    "),
            "",
            *fields,
            "",
            "    _keys = (",
            *keys,
            "    )",
            "",
            "    @classmethod",
            "    def from_dict(cls, data: Mapping[str, Any]) -> Self:",
            '        """Make it from the JSON\'s object."""',
            "        return cls(",
            *made,
            "        )",
        ]
        self.blocks.append("\n".join(lines))

    def field(self, key: str, field: Schema, *, required: bool) -> tuple[str, str]:
        """Give a field's type, and the expression that makes its value."""
        value = f'data["{key}"]' if required else f'data.get("{key}")'
        if "const" in field:
            word = field["const"]
            return (f'Literal["{word}"]' if isinstance(word, str) else f"Literal[{word}]"), value
        if field.get("type") == "array":
            items = field["items"]
            kind, maker = self.named(items)
            values = value if required else f'data.get("{key}", ())'
            made = f"tuple({values})" if maker is None else f"each({values}, {maker})"
            return f"tuple[{kind}, ...]", made
        nullable = "anyOf" in field
        inner = field["anyOf"][0] if nullable else field.get("allOf", [field])[0]
        kind, maker = self.named(inner)
        if nullable or not required:
            return f"{kind} | None", value if maker is None else f"optional({value}, {maker})"
        return kind, value if maker is None else f"{maker}({value})"

    def named(self, schema: Schema) -> tuple[str, str | None]:
        """Give the type that a schema names, and what makes it, if it needs making."""
        if "$ref" not in schema:
            plain = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
            return plain[schema["type"]], None
        name = schema["$ref"].removeprefix("#/definitions/")
        variants = self.definitions[name].get("oneOf", [])
        if variants and all("const" in variant for variant in variants):
            return name, None
        return name, f"_{snake(name)}" if len(variants) > 1 else f"{name}.from_dict"


def text_of(schema: Schema) -> str:
    """Give the file's text."""
    generator = Generator(schema["definitions"])
    generator.write(ROOT)
    names = sorted(generator.names)
    listed = ["__all__ = [", *(f'    "{name}",' for name in names), "]"]
    return HEADER + "\n" + "\n".join(listed) + "\n\n\n" + "\n\n\n".join(generator.blocks) + "\n"


def main() -> None:
    """Write the file."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    TARGET.write_text(text_of(schema), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
