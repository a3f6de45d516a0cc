"""The package and the command line say the same, to the last digit."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CODECS, IMAGES, SCENES

from clipsight import Analysis, Detector, Error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def scanned(program: Path, files: Sequence[Path], *options: str) -> list[dict[str, Any]]:
    done = subprocess.run(  # noqa: S603
        [str(program), "scan", "--device", "cpu", *options, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    # 2 says that some files failed.
    assert done.returncode in (0, 2), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def as_scanned(result: Analysis | Error) -> dict[str, Any]:
    """What a line of the scan says of a result."""
    if isinstance(result, Error):
        return {"status": "error", "error": {"code": result.code, "message": result.message}}
    data = result.to_dict()
    model, file = data["model"], data["file"]
    line = {
        "status": model["status"],
        "probability": model["probability"],
        "logit": model["logit"],
        "grade": model.get("grade"),
        "measured_error": model.get("measuredError"),
        "reason": model.get("reason"),
        "notes": [one["code"] for one in data["evidence"]] or None,
        **{
            key: data.get(key) for key in ("attribution", "quality", "stability", "map", "pictures")
        },
        **{key: file[key] for key in ("sha256", "format", "width", "height")},
    }
    return {key: value for key, value in line.items() if value is not None}


def of_line(line: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key in keys and value is not None}


KEYS = {
    *("status", "probability", "logit", "grade", "measured_error", "reason", "notes", "error"),
    *("attribution", "quality", "stability", "map", "pictures"),
    *("sha256", "format", "width", "height"),
}


def compare(program: Path, results: list[Analysis | Error], lines: list[dict[str, Any]]) -> None:
    assert program.is_file()
    assert len(results) == len(lines)
    for result, line in zip(results, lines, strict=True):
        # The scan hashes files that failed, too.
        keys = KEYS - {"sha256"} if isinstance(result, Error) else KEYS
        assert as_scanned(result) == of_line(line, keys), line["path"]


def test_200_labelled_images(detector: Detector, program: Path, labelled: list[Path]) -> None:
    assert len(labelled) == 200
    results = detector.analyze_batch(labelled)
    compare(program, results, scanned(program, labelled))
    assert all(isinstance(one, Analysis) for one in results)
    assert [detector.analyze(file).model for file in labelled[::10]] == [
        one.model for one in results[::10] if isinstance(one, Analysis)
    ]


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ((), {}),
        (("--views", "5"), {"views": 5}),
        (("--explain", "--abstain-if-unsteady"), {"explain": True, "stability": "abstain"}),
    ],
)
def test_fixtures_of_every_kind(
    detector: Detector,
    program: Path,
    options: tuple[str, ...],
    asked: dict[str, Any],
) -> None:
    folders = [SCENES] if options else [SCENES, IMAGES / "decode", IMAGES / "bombs", CODECS]
    files = [file for folder in folders for file in sorted(folder.iterdir())]
    files = [file for file in files if file.suffix not in (".md", ".py")]
    # A map and four deliveries are forty views.
    files = files[::3] if "explain" in asked else files
    results = detector.analyze_batch(files, **asked)
    compare(program, results, scanned(program, files, *options))
