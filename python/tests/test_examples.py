"""The examples do what they say, on small data."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import anyio
import fastapi_server
import hugging_face
import labelling_queue
import numpy as np
import pandas as pd
import pandas_scores
import pytest
from conftest import REPOSITORY, SCENES
from datasets import Dataset, Image
from fastapi.testclient import TestClient
from PIL import Image as Pillow

from clipsight import Analysis, Detector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("dragon.jpg", "forest.jpg", "meadow.webp", "portrait.jpg")
EXAMPLES = REPOSITORY / "python/examples"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A few pictures, a copy of one, and a file that is none."""
    place = tmp_path / "images"
    place.mkdir()
    for name in NAMES:
        shutil.copy(SCENES / name, place / name)
    shutil.copy(SCENES / NAMES[0], place / "copy.jpg")
    (place / "broken.jpg").write_bytes(b"no image")
    return place


def run(example: str, *arguments: object) -> str:
    command = [sys.executable, str(EXAMPLES / example), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_hugging_face(folder: Path, detector: Detector) -> None:
    files = [str(folder / name) for name in (*NAMES, "broken.jpg")]
    data = Dataset.from_dict({"image": files}).cast_column("image", Image())
    scored = hugging_face.score(data, detector)
    assert scored["error"][:] == [None] * 4 + ["decode"]
    expected = [detector.analyze(file).model.probability for file in files[:4]]
    assert scored["probability"][:] == [*expected, None]
    assert scored["grade"][:][-1] is None


def test_hugging_face_as_a_program(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its cache goes with the test, and it needs no connection.
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    run("hugging_face.py", folder, tmp_path / "out.parquet")
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert len(table) == 6
    assert table["error"].notna().sum() == 1


def test_pandas(folder: Path, detector: Detector, tmp_path: Path) -> None:
    files = sorted(folder.iterdir())
    table = pd.DataFrame({"path": [str(file) for file in files], "kind": [f.suffix for f in files]})
    scored = pandas_scores.with_scores(table, "path", detector)
    assert list(scored["error"].dropna()) == ["decode"]
    good = scored[scored["error"].isna()]
    assert list(good["logit"]) == [detector.analyze(path).model.logit for path in good["path"]]
    counts = pandas_scores.summary(scored, "kind")
    assert counts.to_numpy().sum() == len(files)
    assert counts.loc[".jpg", "decode"] == 1
    table.to_csv(tmp_path / "table.csv", index=False)
    assert ".webp" in run("pandas_scores.py", tmp_path / "table.csv", "path", "kind")


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(fastapi_server.app) as client:
        yield client


def test_fastapi_scores_uploads(client: TestClient, detector: Detector) -> None:
    for name in NAMES:
        answer = client.post("/score", content=(SCENES / name).read_bytes())
        assert answer.status_code == 200
        said = Analysis.from_dict(answer.json())
        assert said.model == detector.analyze(SCENES / name).model


def test_fastapi_refuses_what_it_must(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = client.post("/score", content=b"no image")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "decode")
    bomb = (REPOSITORY / "tests/fixtures/image/bombs/bomb.png").read_bytes()
    assert client.post("/score", content=bomb).status_code == 413

    monkeypatch.setattr(fastapi_server, "MAX_BYTES", 1000)
    dragon = (SCENES / NAMES[0]).read_bytes()
    assert client.post("/score", content=dragon).status_code == 413

    # Without a length that tells beforehand.
    def pieces() -> Iterator[bytes]:
        yield from (dragon[at : at + 300] for at in range(0, len(dragon), 300))

    assert client.post("/score", content=pieces()).status_code == 413


def test_fastapi_keeps_the_event_loop_free(client: TestClient) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3)).astype(np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(noise).save(file, "PNG", compress_level=1)
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.002)
            gaps.append(time.perf_counter() - before)

    assert client.portal is not None
    ticking = client.portal.start_task_soon(tick)
    started = time.perf_counter()
    answer = client.post("/score", content=file.getvalue())
    took = time.perf_counter() - started
    ticking.cancel()
    assert answer.status_code == 200
    assert max(gaps) < took / 2, f"{max(gaps)} of {took} s without a turn"


def test_fastapi_has_as_many_places_as_it_says(client: TestClient) -> None:
    places: Any = client.app.state.places  # type: ignore[attr-defined]
    holders = [object() for _ in range(fastapi_server.MAX_WAITING)]

    async def take() -> None:
        for holder in holders:
            places.acquire_on_behalf_of_nowait(holder)

    async def leave() -> None:
        for holder in holders:
            places.release_on_behalf_of(holder)

    assert client.portal is not None
    client.portal.call(take)
    dragon = (SCENES / NAMES[0]).read_bytes()
    full = client.post("/score", content=dragon)
    assert (full.status_code, full.headers["retry-after"]) == (503, "1")
    client.portal.call(leave)
    # Errors and refusals keep no place.
    for _ in range(2 * fastapi_server.MAX_WAITING):
        assert client.post("/score", content=b"").status_code == 422
    assert client.post("/score", content=dragon).status_code == 200


def test_the_labelling_queue(folder: Path, detector: Detector, tmp_path: Path) -> None:
    files = sorted(folder.iterdir())
    found = labelling_queue.queue(files, detector, count=10)
    names = [file.name for file, _, _ in found]
    # The copy tells nothing new, the broken file nothing at all.
    assert len(names) == len(set(names)) == 4
    assert not {"dragon.jpg", "copy.jpg"} <= set(names)
    assert "broken.jpg" not in names
    uncertainty = [value for _, _, value in found]
    assert uncertainty == sorted(uncertainty, reverse=True)
    assert labelling_queue.queue(files, detector, count=2) == found[:2]
    assert len(labelling_queue.queue(files, detector, count=10, alike=2)) == 5
    run("labelling_queue.py", folder, tmp_path / "queue.csv", "--count", 3)
    with (tmp_path / "queue.csv").open(newline="", encoding="utf-8") as lines:
        assert [row["file"] for row in csv.DictReader(lines)] == [
            str(file) for file, _, _ in found[:3]
        ]
