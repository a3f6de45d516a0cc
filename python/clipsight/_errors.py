"""Exceptions: one class for each code of the core, all of them :class:`Error`."""

from __future__ import annotations

from typing import ClassVar


class Error(Exception):
    """Why an image has no result, or a model cannot be loaded.

    ``code`` is stable and the same in every part of clipsight (``src/error.rs``); ``message`` is a
    sentence for people. In batches it stands in the list in place of the image's result.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str) -> None:
        """Make an exception that says ``message``."""
        super().__init__(message)

    @property
    def message(self) -> str:
        """What is wrong, and where it helps, what to do."""
        return str(self.args[0])


class DecodeError(Error):
    """The bytes are not an image, or a damaged one."""

    code = "decode"


class UnsupportedError(Error):
    """The bytes are an image of a kind that is not supported."""

    code = "unsupported"


class LimitError(Error):
    """The input is too large; the message says what the limit is."""

    code = "limit"


class WeightsCorruptError(Error):
    """The model's manifest or weights are damaged, incomplete or of an unknown version."""

    code = "weights-corrupt"


class IoError(Error):
    """A file or folder cannot be read."""

    code = "io"


class ArgumentError(Error, ValueError):
    """The caller passed an argument that makes no sense."""

    code = "argument"


class NoGpuError(Error):
    """A GPU was asked for, and there is no usable one."""

    code = "no-gpu"


class DeviceLostError(Error):
    """The GPU stopped answering or computes wrong numbers."""

    code = "device-lost"


class AbortedError(Error):
    """The work was cancelled."""

    code = "aborted"


class InternalError(Error):
    """A bug in clipsight: please report it."""

    code = "internal"


ERRORS: dict[str, type[Error]] = {
    kind.code: kind
    for kind in (
        DecodeError,
        UnsupportedError,
        LimitError,
        WeightsCorruptError,
        IoError,
        ArgumentError,
        NoGpuError,
        DeviceLostError,
        AbortedError,
        InternalError,
    )
}
"""Every exception by its code."""


def error_of(code: str, message: str) -> Error:
    """Make the exception for a code; the extension calls it."""
    return ERRORS.get(code, InternalError)(message)
