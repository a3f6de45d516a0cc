"""What was measured of a model on labelled images, from the files beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from clipsight._models import folder_of

if TYPE_CHECKING:
    from pathlib import Path


def figures_of(model: str) -> dict[str, Any] | None:
    """Operating points of a model, and how often it was right on each origin of its test images.

    Returns:
        ``points``, each with ``budget``, ``threshold``, ``false_alarms`` and ``found`` (rate,
        low, high, n), and ``origins`` with the accuracies of ``generated`` and ``real`` ones
        (rate, n) at even odds; ``None`` for a model of which nobody measured them.

    """
    folder = folder_of(model)
    points = _read(folder / "operating-points.json")
    if points is None:
        return None
    figures = (_read(folder / "eval.json") or {}).get("figures", {})
    origins = figures.get("origins", [])
    return {
        "role": points["role"],
        "points": points["points"],
        "origins": {
            kind: [
                {"rate": origin["accuracy"]["rate"], "n": origin["accuracy"]["n"]}
                for origin in origins
                if origin["generated"] == (kind == "generated")
            ]
            for kind in ("generated", "real")
        },
    }


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return value if isinstance(value, dict) else None
