"""Where models are found."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path

from clipsight._errors import IoError, WeightsCorruptError

ENTRY_POINTS = "clipsight.models"
"""Packages that hold a model name it under this group: a function that returns its folder."""

_SHIPPED = Path(__file__).parent / "models"


def folder_of(model: str | os.PathLike[str]) -> Path:
    """Find the folder of a model.

    Args:
        model: ``"compact"``, which this package holds; the name of a model that another installed
            package holds, such as ``"standard"`` (``clipsight-standard``); or the path of a folder
            with a ``model.json``. A folder that is called like a model is written ``./standard``.

    Raises:
        IoError: there is no such model.
        WeightsCorruptError: the package that holds it cannot be loaded.

    """
    if isinstance(model, str) and os.sep not in model:
        shipped = _SHIPPED / model
        if model == "compact" and (shipped / "model.json").is_file():
            return shipped
        entry = next(iter(entry_points(group=ENTRY_POINTS, name=model)), None)
        if entry is not None:
            try:
                return Path(entry.load()())
            except Exception as error:
                message = f"the package of the model {model} cannot be loaded: {error}"
                raise WeightsCorruptError(message) from error
        if model == "standard":
            message = (
                "the standard model is not installed: install the package clipsight-standard, or "
                "pass the path of a folder with its model.json"
            )
            raise IoError(message)
    folder = Path(model).absolute()
    if not (folder / "model.json").is_file():
        message = (
            f'there is no model in {folder}: pass "compact", "standard", or the path of a folder '
            "that holds a model.json"
        )
        raise IoError(message)
    return folder
