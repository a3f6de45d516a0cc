"""What an input holds: image files, WebDataset shards and Parquet files, in folders or by name.

Nothing here reads an image. A folder is listed, a shard's headers and a Parquet file's footer are
read, and what comes out are :class:`~clipsight.corpus.units.Unit` objects, one after the other: the
list of a hundred million images is never held at once.
"""

from __future__ import annotations

import posixpath
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from clipsight._scoring.columns import image_column, listed
from clipsight._scoring.storage import Place, PlaceError
from clipsight.corpus.names import COMPRESSED_TARS, extension, is_hidden, is_image
from clipsight.corpus.units import Item, Rows, Unit, of_items, of_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAGS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated")
"""What file systems call what changes when a file does, the surest first."""


@dataclass
class Source:
    """An input, and what came up in it beside the images, to be said at the end."""

    place: Place
    part_images: int = 256
    column: str | None = None
    keep: tuple[str, ...] = ()
    passed: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    kept: dict[str, pa.DataType] = field(default_factory=dict)

    def units(self) -> Iterator[Unit]:
        """Yield all units, in the order of their names.

        Raises:
            PlaceError: when there is no such input.

        """
        try:
            info = self.place.fs.info(self.place.root)
        except (OSError, ValueError) as error:
            message = f"{self.place.url} cannot be read: {error}"
            raise PlaceError(message) from error
        if info["type"] == "directory":
            yield from self._of_folder()
        else:
            yield from self._of_file("", posixpath.basename(self.place.root), info)

    def _of_folder(self) -> Iterator[Unit]:
        pending: list[Item] = []
        for relative, info in self._walk():
            name = posixpath.basename(relative)
            if is_image(name):
                pending.append(_file_item(relative, relative, info))
                # Some units at a time; the last one may not have come to its end.
                if len(pending) >= 64 * self.part_images:
                    *whole, rest = of_items(pending, self.part_images)
                    yield from whole
                    pending = list(rest.items)
            elif extension(name) in ("tar", "parquet") or name.endswith(COMPRESSED_TARS):
                yield from self._of_file(relative, relative, info)
            else:
                self.passed[f".{extension(name)}" if extension(name) else "without an ending"] += 1
        yield from of_items(pending, self.part_images)

    def _of_file(self, relative: str, key: str, info: dict[str, Any]) -> Iterator[Unit]:
        try:
            if key.endswith(COMPRESSED_TARS):
                self.problems.append(f"{printable(key)} is compressed: unpack it to .tar first")
            elif extension(key) == "tar":
                yield from of_items(self._members(relative, key, info), self.part_images)
            elif extension(key) == "parquet":
                yield from self._row_groups(relative, key, info)
            else:
                yield from of_items([_file_item(relative, key, info)], self.part_images)
        except (OSError, tarfile.TarError, pa.ArrowException, PlaceError) as error:
            # One damaged shard must not cost the others. Its images cannot be told apart, so that
            # the run says it at its end and in its exit status.
            self.problems.append(f"{printable(key)} cannot be read: {error}")

    def _walk(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield files below a folder by name; links to folders are not followed."""
        stack = [""]
        while stack:
            folder = stack.pop()
            try:
                entries = self.place.fs.ls(self.place.path(folder), detail=True)
            except OSError as error:
                message = f"{printable(folder) or self.place.url} cannot be read: {error}"
                if not folder:
                    raise PlaceError(message) from error
                self.problems.append(message)
                continue
            folders = []
            for info in sorted(entries, key=lambda entry: str(entry["name"])):
                name = posixpath.basename(str(info["name"]).rstrip("/"))
                relative = posixpath.join(folder, name)
                if not name or is_hidden(name):
                    self.passed["hidden or the system's own"] += 1
                elif info["type"] == "directory" and not info.get("islink"):
                    folders.append(relative)
                else:
                    file = self._followed(relative, info)
                    if file is not None:
                        yield relative, file
            stack.extend(reversed(folders))

    def _followed(self, relative: str, info: dict[str, Any]) -> dict[str, Any] | None:
        """Follow a link to its file; nothing where that is none."""
        if info.get("islink"):
            try:
                info = self.place.fs.info(self.place.path(relative))
            except OSError:
                # That it is missing is noticed when it is read, and becomes its row.
                return {**info, "size": 0}
        if info["type"] == "directory":
            self.passed["links to folders"] += 1
            return None
        if info["type"] != "file":
            # A pipe would be read for ever.
            self.passed["no files"] += 1
            return None
        return info

    def _members(self, relative: str, key: str, info: dict[str, Any]) -> Iterator[Item]:
        """List the images of a tar, from its headers alone."""
        mark = stamp(info)
        with (
            self.place.fs.open(self.place.path(relative), "rb") as file,
            tarfile.open(fileobj=file, mode="r:") as archive,
        ):
            for member in archive:
                if member.isreg() and is_image(member.name):
                    sparse = (
                        "a sparse file in an archive is not read" if member.issparse() else None
                    )
                    name = printable(f"{key}/{member.name}")
                    yield Item(name, relative, member.size, mark, member.offset_data, sparse)
                # The archive remembers every member that it has passed, which of a large one are
                # gigabytes.
                archive.members = []  # type: ignore[attr-defined]

    def _row_groups(self, relative: str, key: str, info: dict[str, Any]) -> Iterator[Unit]:
        with self.place.fs.open(self.place.path(relative), "rb") as file:
            parquet = pq.ParquetFile(file)
            metadata, schema = parquet.metadata, parquet.schema_arrow
        image_column(schema, self.column)
        self._check_kept(schema)
        for group in range(metadata.num_row_groups):
            count = metadata.row_group(group).num_rows
            length = metadata.row_group(group).total_byte_size
            # A group is cut only where that spares much: each piece reads it from its beginning.
            step = self.part_images if count > 4 * self.part_images else max(count, 1)
            for start in range(0, count, step):
                stop = min(start + step, count)
                share = length * (stop - start) // count
                rows = Rows(printable(key), relative, group, start, stop, share, stamp(info))
                yield of_rows(rows)

    def _check_kept(self, schema: pa.Schema) -> None:
        for name in self.keep:
            if name not in schema.names:
                message = f"it has no column {name}; it has {listed(schema)}"
                raise PlaceError(message)
            kind = schema.field(name).type
            if self.kept.setdefault(name, kind) != kind:
                message = f"its column {name} is {kind}, and {self.kept[name]} in others"
                raise PlaceError(message)


def stamp(info: dict[str, Any]) -> str:
    """Take what changes when a file does: its length, and a store's tag or the time of change."""
    tag = next((info[name] for name in _TAGS if info.get(name) is not None), "")
    return f"{info.get('size')}:{tag}"


def printable(name: str) -> str:
    """Write a name as text: bytes of it that are not UTF-8 as backslash escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def _file_item(relative: str, key: str, info: dict[str, Any]) -> Item:
    return Item(printable(key), relative, int(info.get("size") or 0), stamp(info))
