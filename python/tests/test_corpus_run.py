"""Runs: one row an image, the detector's own, whatever came before."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpora import PICTURES, parts_of, rows_of, score

from clipsight import Detector, Error
from clipsight._scoring import rows
from clipsight._scoring.judge import Settings, fingerprint
from clipsight._scoring.storage import Place, PlaceError
from clipsight.corpus import run as run_module
from clipsight.corpus import worker as worker_module
from clipsight.corpus.__main__ import main
from clipsight.corpus.ledger import FOLDER, Ledger, Todo
from clipsight.corpus.sources import Source

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("local_ray")


def expected(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """The rows of files by key, from the detector itself."""
    detector = Detector.load("compact", device="cpu")
    model = fingerprint(detector)
    made = []
    for key, data in sorted(files.items()):
        (result,) = detector.analyze_batch([data])
        if isinstance(result, Error):
            row = rows.of_error(result.code, result.message, model, length=len(data))
            row["sha256"] = hashlib.sha256(data).hexdigest()
        else:
            row = rows.of_result(result.to_dict(), model)
        made.append({"key": key, **dict(rows.table([row]).to_pylist()[0])})
    return made


def below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".txt" and not path.name.startswith(".")
    }


def test_folders_give_the_detectors_rows(folder: Path, tmp_path: Path) -> None:
    summary = score(folder, tmp_path / "out")
    found = rows_of(tmp_path / "out")
    assert found == expected(below(folder))
    assert (summary.images, summary.new, summary.failed) == (38, 38, 4)
    codes = {row["key"]: row["error_code"] for row in found if row["status"] == "error"}
    assert codes == {
        "bad/bomb.png": "limit",
        "bad/empty.jpg": "decode",
        "bad/half.jpg": "decode",
        "bad/text.png": "decode",
    }
    left = [path.name for path in (tmp_path / "out" / FOLDER).rglob("*") if path.is_file()]
    assert sorted(left) == ["lock", "manifest.json", "run.json"]
    manifest = Ledger(Place(str(tmp_path / "out"))).manifest()
    assert manifest is not None
    assert set(manifest["parts"]) == set(parts_of(tmp_path / "out"))


def test_shards_parquet_and_folders_in_one(tmp_path: Path) -> None:
    source = tmp_path / "mixed"
    source.mkdir()
    shutil.copy(PICTURES[0], source / "0.jpg")
    with tarfile.open(source / "1.tar", "w") as archive:
        for scene in PICTURES[1:4]:
            archive.add(scene, f"x/{scene.name}")
    images = [{"bytes": scene.read_bytes(), "path": None} for scene in PICTURES[4:7]]
    table = pa.table({"image": images, "site": ["a", None, "c"]})
    pq.write_table(table, source / "2.parquet")
    paths = pa.table({"path": ["0.jpg", "../escape.jpg"], "site": ["d", "e"]})
    pq.write_table(paths, source / "3.parquet")
    score(source, tmp_path / "out", keep=("site",))
    found = {row.pop("key"): row for row in rows_of(tmp_path / "out")}
    data = {
        "0.jpg": PICTURES[0],
        **{f"1.tar/x/{scene.name}": scene for scene in PICTURES[1:4]},
        **{f"2.parquet#00000:{place:07}": scene for place, scene in enumerate(PICTURES[4:7])},
        "3.parquet#00000:0000000": PICTURES[0],
    }
    sites = {key: row.pop("input_site") for key, row in found.items()}
    assert sites["2.parquet#00000:0000002"] == "c"
    assert sites["1.tar/x/" + PICTURES[1].name] is None
    escaped = found.pop("3.parquet#00000:0000001")
    assert (escaped["error_code"], sites["3.parquet#00000:0000001"]) == ("argument", "e")
    wanted = expected({key: path.read_bytes() for key, path in data.items()})
    assert [{"key": key, **found[key]} for key in sorted(found)] == wanted


def test_any_address_that_fsspec_knows(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for scene in PICTURES[:3]:
            archive.write(scene, f"in/{scene.name}")
    score(f"zip://in::file://{tmp_path}/x.zip", f"file://{tmp_path}/out")
    wanted = expected({scene.name: scene.read_bytes() for scene in PICTURES[:3]})
    assert rows_of(tmp_path / "out") == wanted


def test_a_run_that_is_complete_does_nothing_more(folder: Path, tmp_path: Path) -> None:
    score(folder, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    summary = score(folder, tmp_path / "out", resume=True)
    assert (summary.images, summary.new, summary.failed) == (38, 0, 4)
    assert {
        path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")
    } == before


def test_a_corpus_that_changed_is_judged_by_content(folder: Path, tmp_path: Path) -> None:
    score(folder, tmp_path / "out")
    (folder / "a" / "forest.jpg").write_bytes(PICTURES[0].read_bytes())
    (folder / "a" / "sea.webp").unlink()
    (folder / "a" / "thumbnail.png").rename(folder / "a" / "renamed.png")
    shutil.copy(PICTURES[1], folder / "b" / "new.jpg")
    os.utime(folder / "b" / "c" / "house.gif")
    summary = score(folder, tmp_path / "out", resume=True)
    assert rows_of(tmp_path / "out") == expected(below(folder))
    assert 0 < summary.new < summary.images
    score(folder, tmp_path / "afresh")
    assert parts_of(tmp_path / "out") == parts_of(tmp_path / "afresh")


def test_images_that_only_moved_are_not_judged_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Place(str(tmp_path / "out"))
    score(folder, output.url)
    for path in folder.rglob("*.*"):
        os.utime(path)
    ledger = Ledger(output)
    todo, done = ledger.plan(Source(Place(str(folder)), 8).units())
    assert done == 0
    assert sum(unit.images for unit in todo) == 38
    # In this process, where what is judged can be seen.
    task = worker_module.Task(Place(str(folder)), output, Settings(), None, pa.schema([]), None)
    worker = worker_module.UnitWorker(task)
    judged: list[int] = []
    real = worker.judge.detector.analyze_batch

    class Watched:
        def analyze_batch(self, images: list[bytes], **options: Any) -> Any:
            judged.append(len(images))
            return real(images, **options)

    monkeypatch.setattr(worker.judge, "detector", Watched())
    for unit in todo:
        worker({"plan": unit.plan, "line": unit.line, "earlier": "\n".join(unit.earlier)})
    assert sum(judged) == 0
    assert rows_of(tmp_path / "out") == expected(below(folder))


def test_files_that_could_not_be_read_are_tried_again(folder: Path, tmp_path: Path) -> None:
    (folder / "a" / "gone.jpg").symlink_to(tmp_path / "later.jpg")
    summary = score(folder, tmp_path / "out")
    by_key = {row["key"]: row for row in rows_of(tmp_path / "out")}
    assert by_key["a/gone.jpg"]["error_code"] == "io"
    assert summary.failed == 5
    shutil.copy(PICTURES[0], tmp_path / "later.jpg")
    assert score(folder, tmp_path / "out", resume=True).failed == 4
    by_key = {row["key"]: row for row in rows_of(tmp_path / "out")}
    assert by_key["a/gone.jpg"]["status"] in ("scored", "abstained")


def test_outputs_are_not_mixed(folder: Path, tmp_path: Path) -> None:
    score(folder / "a", tmp_path / "out")
    with pytest.raises(PlaceError, match="--resume"):
        score(folder / "a", tmp_path / "out")
    with pytest.raises(PlaceError, match="begun with provenance"):
        score(folder / "a", tmp_path / "out", resume=True, provenance=False)
    with pytest.raises(PlaceError, match="lies in the input"):
        score(folder, folder / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PlaceError, match="holds no images"):
        score(tmp_path / "empty", tmp_path / "out2")


@pytest.mark.parametrize("where", ["__init__", "__call__"])
def test_what_ends_a_worker_ends_the_run_in_words(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    if where == "__init__":
        monkeypatch.setattr(run_module, "fingerprint", lambda _: "another@0")
        words = "in place of another@0"
    else:
        # The plan is gone when workers come to it.
        monkeypatch.setattr(Ledger, "plan", lambda *_: ([Todo(7, 0, 38, ())], 0))
        words = "00007.jsonl"
    assert main([str(folder), str(tmp_path / "out"), "--quiet", "--workers", "1"]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert "--resume goes on" in said
    assert "Traceback" not in said


def test_the_command_says_what_failed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad" / "x.tar").write_bytes(b"no archive" * 100)
    options = ["--quiet", "--workers", "2"]
    assert main([str(folder), str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr().err
    assert "38 images, 38 of them now" in said
    assert "4 without a verdict" in said
    assert "bad/x.tar cannot be read" in said
    assert main([str(folder / "a"), str(tmp_path / "out"), *options]) == 1
    assert "--resume" in capsys.readouterr().err
    assert main([str(folder / "a"), str(tmp_path / "clean"), *options]) == 0
    assert main([str(tmp_path / "absent"), str(tmp_path / "out3"), *options]) == 1
    assert main([str(folder), str(tmp_path / "out4"), "--model", "/absent", *options]) == 1
