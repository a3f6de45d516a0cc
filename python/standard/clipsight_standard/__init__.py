"""The standard model of clipsight, which ``Detector.load("standard")`` finds here."""

from pathlib import Path


def folder() -> Path:
    """Give the folder of the model: ``model.json`` and its weights."""
    return Path(__file__).parent / "model"
