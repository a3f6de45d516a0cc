"""Columns that hold images: which one it is, and what a cell of it holds or names."""

from __future__ import annotations

import pyarrow as pa

from clipsight._scoring.judge import Image
from clipsight._scoring.storage import Place, PlaceError, below

BYTES_COLUMNS = ("image", "bytes", "jpg", "png", "image_bytes", "content", "data")
PATH_COLUMNS = ("path", "file", "file_name", "filename", "image_path", "url")
"""Columns that are looked for where none is named, in this order."""


def image_column(schema: pa.Schema, named: str | None) -> str:
    """Find the column that holds images: their bytes, a struct with bytes, or paths.

    Raises:
        PlaceError: when the named one is not there or of another type, or none is named and none
            fits.

    """
    if named is not None:
        if named not in schema.names:
            msg = f"it has no column {named}; it has {listed(schema)}"
            raise PlaceError(msg)
        if column_kind(schema.field(named).type) is None:
            msg = (
                f"the column {named} is {schema.field(named).type}: it must be binary, a struct"
                " with bytes, or a string with a path"
            )
            raise PlaceError(msg)
        return named
    for kinds, candidates in (
        (("bytes", "struct"), BYTES_COLUMNS),
        (("bytes", "struct"), schema.names),
        (("path",), PATH_COLUMNS),
    ):
        for name in candidates:
            if name in schema.names and column_kind(schema.field(name).type) in kinds:
                return str(name)
    msg = f"none of its columns holds images ({listed(schema)}): name one by --column"
    raise PlaceError(msg)


def column_kind(kind: pa.DataType) -> str | None:
    """``bytes``, ``struct`` (as Hugging Face stores images), ``path``, or ``None``."""
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return "bytes"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "path"
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        return "struct" if column_kind(kind.field("bytes").type) == "bytes" else None
    return None


def image_of(value: object, kind: str | None, root: Place | None) -> Image:
    """Take the image that a cell holds or names.

    A path is read below ``root``; one that leads out of it is an error of its row.
    """
    if kind == "struct" and isinstance(value, dict):
        data, path = value.get("bytes"), value.get("path")
        value, kind = (path, "path") if data is None else (data, "bytes")
    if isinstance(value, bytes):
        return Image(value)
    if isinstance(value, str) and kind == "path":
        return _image_at(value, root)
    return Image(None, "decode", "the row holds no image")


def _image_at(path: str, root: Place | None) -> Image:
    if root is None:
        return Image(None, "argument", "the row holds a path: say what it is below (root)")
    inside = below("", path)
    if inside is None:
        return Image(None, "argument", "the path is absolute or leads out of the root")
    try:
        return Image(root.read(inside))
    except (OSError, ValueError) as error:
        return Image(None, "io", f"the file cannot be read: {reason(error)}")


def reason(error: Exception) -> str:
    """Say what the system says, without the path, which the row has already."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def listed(schema: pa.Schema) -> str:
    """Say a table's columns in words."""
    return ", ".join(schema.names[:12]) or "none"
