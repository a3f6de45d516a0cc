"""Where corpora lie: any place that fsspec knows, read within bounds and written at once.

A :class:`Place` is a folder on a file system. Paths below it have forward slashes and are relative,
so that an output says the same wherever its input was mounted.
"""

from __future__ import annotations

import os
import posixpath
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_IMAGE_BYTES = 64 << 20
"""Largest encoded image, as in the core's ``limits``: longer ones are refused unread."""

_WHOLE_OBJECTS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "memory"}
"""Protocols whose objects appear whole or not at all: they need no temporary name."""


class PlaceError(Exception):
    """A file or folder cannot be read or written; the message is one sentence for a person."""


@dataclass(frozen=True)
class Place:
    """A folder or file by its URL or path. Cheap to pickle: it connects where it is used."""

    url: str

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        try:
            fs, root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError, OSError) as error:
            msg = f"{self.url} cannot be opened: {error}"
            raise PlaceError(msg) from error
        return fs, str(root)

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @property
    def fs(self) -> Any:  # noqa: ANN401 - fsspec has no types
        """Its fsspec file system."""
        return self._opened[0]

    @property
    def root(self) -> str:
        """Its path on that file system."""
        return self._opened[1]

    @property
    def is_local(self) -> bool:
        """Whether it lies on this machine's own file system."""
        return isinstance(self.fs, LocalFileSystem)

    def path(self, relative: str) -> str:
        """Give the file system's path of ``relative``; the place itself where that is empty."""
        return posixpath.join(self.root, relative) if relative else self.root

    def read(self, relative: str, offset: int = 0, length: int | None = None) -> bytes:
        """``length`` bytes from ``offset`` on, or all, but at most one byte above the limit.

        Raises:
            OSError: when it cannot be read, or ends early.

        """
        bound = MAX_IMAGE_BYTES + 1 if length is None else min(length, MAX_IMAGE_BYTES + 1)
        with self.fs.open(self.path(relative), "rb", cache_type="none", block_size=1 << 20) as file:
            if offset:
                file.seek(offset)
            data = bytes(file.read(bound))
        if length is not None and len(data) < bound:
            msg = f"it ends after {len(data)} of {length} bytes"
            raise OSError(msg)
        return data

    def read_text(self, relative: str) -> str:
        """Read a text that this package wrote."""
        return bytes(self.fs.cat_file(self.path(relative))).decode()

    def exists(self, relative: str = "") -> bool:
        """Whether there is such a file or folder."""
        return bool(self.fs.exists(self.path(relative)))

    def names(self, relative: str = "") -> list[str]:
        """List the names in a folder, sorted; none where there is no such folder."""
        self.fs.invalidate_cache()
        try:
            found = self.fs.ls(self.path(relative), detail=False)
        except FileNotFoundError:
            return []
        return sorted(posixpath.basename(str(name).rstrip("/")) for name in found)

    def remove(self, relative: str) -> None:
        """Remove a file; one that is not there is no fault."""
        with suppress(FileNotFoundError):
            self.fs.rm_file(self.path(relative))

    def write(self, relative: str, data: bytes) -> None:
        """Put a whole file there at once: readers see all of it or what was there before.

        Raises:
            OSError: when it cannot be written.

        """
        path = self.path(relative)
        if self.is_local:
            _write_local(Path(path), data)
            return
        protocol = self.fs.protocol if isinstance(self.fs.protocol, str) else self.fs.protocol[0]
        if protocol in _WHOLE_OBJECTS:
            self.fs.pipe_file(path, data)
            return
        self.fs.makedirs(posixpath.dirname(path), exist_ok=True)
        partial = f"{path}.{os.getpid()}.partial"
        self.fs.pipe_file(partial, data)
        self.fs.mv(partial, path)

    @contextmanager
    def locked(self, relative: str) -> Iterator[None]:
        """Keep other runs out for as long as this process lives; on local files only.

        The system lets go of the lock however the process ends, so that none is left behind.
        """
        if sys.platform == "win32" or not self.is_local:
            yield
            return
        import fcntl  # noqa: PLC0415 - not everywhere

        path = Path(self.path(relative))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                msg = f"another run is writing to {self.url}: wait for it"
                raise PlaceError(msg) from None
            yield


def _write_local(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".partial", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            # Without it a crash of the machine can leave the name with nothing behind it.
            os.fsync(file.fileno())
        partial.chmod(0o666 & ~_umask())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def below(root: str, path: str) -> str | None:
    """``path`` relative to ``root``, or ``None`` where it is absolute, an address, or leaves it.

    Paths in a data set were written by whoever made it: they must not lead to other files of this
    machine, nor to addresses.
    """
    if "://" in path or "::" in path or path.startswith(("/", "\\", "~")) or "\0" in path:
        return None
    normal = posixpath.normpath(posixpath.join("x", path.replace("\\", "/")))
    if not normal.startswith("x/"):
        return None
    return posixpath.join(root, normal[2:]) if root else normal[2:]
