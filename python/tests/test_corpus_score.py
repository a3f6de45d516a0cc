"""`clipsight.ray.score`: rows of Ray datasets are those of the detector itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import ray.data
from corpora import PICTURES

from clipsight import Detector
from clipsight._scoring import rows
from clipsight._scoring.judge import MAX_BATCH_BYTES, MAX_BATCH_IMAGES, Image, batches, fingerprint
from clipsight.ray import VERDICT, score

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("local_ray")


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, Any]]:
    """What the detector says, without Ray."""
    detector = Detector.load("compact", device="cpu")
    made = {}
    for scene in PICTURES:
        result = detector.analyze(scene.read_bytes()).to_dict()
        made[scene.name] = rows.of_result(result, fingerprint(detector))
    return made


def taken(dataset: ray.data.Dataset) -> dict[str, dict[str, Any]]:
    found = {row.pop("name"): row for row in dataset.take_all()}
    return {name: {key: row[key] for key in VERDICT.names} for name, row in found.items()}


def full(row: dict[str, Any]) -> dict[str, Any]:
    return dict(rows.table([row]).to_pylist()[0])


def test_bytes_structs_and_paths_give_the_detectors_rows(
    expected: dict[str, dict[str, Any]],
) -> None:
    of_bytes = [{"name": scene.name, "image": scene.read_bytes()} for scene in PICTURES]
    of_paths = [{"name": scene.name, "path": scene.name} for scene in PICTURES]
    of_structs = pa.table(
        {
            "name": [scene.name for scene in PICTURES],
            "image": [
                {"bytes": None if place % 2 else scene.read_bytes(), "path": scene.name}
                for place, scene in enumerate(PICTURES)
            ],
        }
    )
    root = str(PICTURES[0].parent)
    wanted = {name: full(row) for name, row in expected.items()}
    assert taken(score(ray.data.from_items(of_bytes), workers=1)) == wanted
    assert (
        taken(score(ray.data.from_items(of_paths), column="path", root=root, workers=2)) == wanted
    )
    assert taken(score(ray.data.from_arrow(of_structs), root=root, workers=(1, 2))) == wanted


def test_every_fault_is_a_row_and_columns_stay(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_bytes(b"not an image")
    paths = ["text.jpg", "absent.jpg", "../../etc/passwd", "/etc/passwd", None]
    table = pa.table({"name": ["0", "1", "2", "3", "4"], "path": pa.array(paths, pa.string())})
    found = score(ray.data.from_arrow(table), root=str(tmp_path), workers=1).take_all()
    by_name = {row["name"]: row for row in found}
    assert [by_name[name]["error_code"] for name in "01234"] == [
        "decode",
        "io",
        "argument",
        "argument",
        "decode",
    ]
    assert "leads out" in by_name["2"]["error_message"]
    assert all(row["status"] == "error" and row["model"] for row in found)
    assert all("path" not in row for row in found)


def test_columns_that_clash_are_refused() -> None:
    dataset = ray.data.from_items([{"grade": "A", "image": b"x"}])
    with pytest.raises(Exception, match="rename"):
        score(dataset, workers=1).take_all()


def test_images_are_kept_on_request_and_none_make_none() -> None:
    data = PICTURES[0].read_bytes()
    kept = score(ray.data.from_items([{"image": data}]), workers=1, keep_images=True).take_all()
    assert kept[0]["image"] == data
    empty = ray.data.from_arrow(pa.table({"image": pa.array([], pa.binary())}))
    assert score(empty, workers=1).count() == 0


def test_batches_are_bounded_by_memory() -> None:
    large = Image(b"x" * (MAX_BATCH_BYTES // 3))
    assert [len(batch) for batch in batches([large] * 7)] == [3, 3, 1]
    small = [len(batch) for batch in batches([Image(b"x")] * (2 * MAX_BATCH_IMAGES + 1))]
    assert small == [MAX_BATCH_IMAGES, MAX_BATCH_IMAGES, 1]
    over = Image(b"x" * (MAX_BATCH_BYTES + 1))
    assert [len(batch) for batch in batches([over, Image(None), over])] == [1, 1, 1]
