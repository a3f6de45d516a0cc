"""What results are made of: frozen dataclasses that know their JSON.

The one place where names are mapped: a field is called in Python by the name of the JSON Schema
(``pkg/schema.json``) in snake_case (``measuredError`` is ``measured_error``), and every value is
the JSON's: words stay words, lists become tuples, and a field that JSON leaves out is ``None``, or
an empty tuple where it is a list.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Self

T = TypeVar("T")


class Record:
    """A part of a result."""

    __slots__ = ()

    _keys: ClassVar[tuple[tuple[str, str, bool], ...]]
    """Of every field its name here, its name in JSON, and whether JSON always has it."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Make it from JSON, as :meth:`to_json` writes it."""
        return cls.from_dict(json.loads(text))

    def to_dict(self) -> dict[str, Any]:
        """Give the object of ``pkg/schema.json``, with its names and in its order."""
        result = {}
        for name, key, always in self._keys:
            value = getattr(self, name)
            if always or (value is not None and value != ()):
                result[key] = _plain(value)
        return result

    def to_json(self) -> str:
        """Give the JSON of ``pkg/schema.json`` on one line."""
        return json.dumps(self.to_dict(), separators=(",", ":"), ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def optional(value: Any, make: Callable[[Any], T]) -> T | None:  # noqa: ANN401
    """Make a part that may be missing."""
    return None if value is None else make(value)


def each(values: Iterable[Any], make: Callable[[Any], T]) -> tuple[T, ...]:
    """Make the parts of a list."""
    return tuple(make(value) for value in values)
