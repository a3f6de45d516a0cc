"""Sources: what is in an input, without reading an image of it."""

from __future__ import annotations

import io
import os
import re
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clipsight._scoring.columns import image_column
from clipsight._scoring.storage import Place, PlaceError
from clipsight.corpus.names import IMAGE_EXTENSIONS, SYSTEM_NAMES
from clipsight.corpus.sources import Source
from clipsight.corpus.units import of_items

if TYPE_CHECKING:
    from clipsight.corpus.units import Unit

NAMES_RS = Path(__file__).parents[2] / "crates" / "clipsight-native" / "src" / "names.rs"


def listed(source: Path | str, part_images: int = 256) -> tuple[list[Unit], Source]:
    found = Source(Place(str(source)), part_images)
    return list(found.units()), found


def keys(found: list[Unit]) -> list[str]:
    return [item.key for unit in found for item in unit.items]


def shard(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_names_are_those_of_the_native_crate() -> None:
    text = NAMES_RS.read_text()
    for table, ours in (("IMAGE_EXTENSIONS", IMAGE_EXTENSIONS), ("SYSTEM_NAMES", SYSTEM_NAMES)):
        found = re.search(rf"{table}: &\[&str\] = &\[(.*?)\];", text, re.DOTALL)
        assert found is not None
        assert ours == set(re.findall(r'"([^"]+)"', found[1]))


def test_folders_hold_images_and_nothing_hidden(folder: Path) -> None:
    (folder / "link").symlink_to(folder, target_is_directory=True)
    (folder / "link.jpg").symlink_to(folder / "a" / "forest.jpg")
    (folder / "lost.jpg").symlink_to(folder / "nowhere.jpg")
    os.mkfifo(folder / "pipe.jpg")
    found, seen = listed(folder)
    assert len(keys(found)) == 2 * 17 + 4 + 2
    assert keys(found) == sorted(keys(found), key=lambda key: key.split("/")[:-1])
    assert {"a/forest.jpg", "b/c/forest.jpg", "bad/empty.jpg"} < set(keys(found))
    assert seen.passed == {
        ".txt": 1,
        "hidden or the system's own": 1,
        "links to folders": 1,
        "no files": 1,
    }
    assert seen.problems == []


def test_long_folders_are_cut_as_if_listed_at_once(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number:04}.jpg").touch()
    found, _ = listed(tmp_path, 4)
    items = [item for unit in found for item in unit.items]
    assert len(items) == 1000
    assert found == list(of_items(items, 4))


def test_shards_are_ranges_of_their_file(tmp_path: Path) -> None:
    shard(tmp_path / "0.tar", {"x/1.jpg": b"one", "x/1.json": b"{}", "x/2.PNG": b"second"})
    for source in (tmp_path, tmp_path / "0.tar"):
        found, _ = listed(source)
        assert keys(found) == ["0.tar/x/1.jpg", "0.tar/x/2.PNG"]
        data = (tmp_path / "0.tar").read_bytes()
        ranges = [data[item.offset : item.offset + item.length] for item in found[0].items]
        assert ranges == [b"one", b"second"]


def test_a_damaged_shard_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "0.tar").write_bytes(b"this is no archive" * 100)
    (tmp_path / "1.tar.gz").touch()
    (tmp_path / "2.parquet").write_bytes(b"nor this")
    shard(tmp_path / "3.tar", {"1.jpg": b"one"})
    found, seen = listed(tmp_path)
    assert keys(found) == ["3.tar/1.jpg"]
    assert [problem.split(" ")[0] for problem in seen.problems] == [
        "0.tar",
        "1.tar.gz",
        "2.parquet",
    ]


def test_row_groups_are_cut_only_when_large(tmp_path: Path) -> None:
    table = pa.table({"image": [b"x"] * 100})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=40)
    whole, _ = listed(tmp_path, 10)
    assert [unit.count for unit in whole] == [40, 40, 20]
    cut, _ = listed(tmp_path, 9)
    assert [unit.count for unit in cut] == [9, 9, 9, 9, 4] * 2 + [20]


@pytest.mark.parametrize(
    ("columns", "named", "taken"),
    [
        ({"id": pa.int64(), "image": pa.binary()}, None, "image"),
        ({"image": pa.struct([("bytes", pa.binary()), ("path", pa.string())])}, None, "image"),
        ({"caption": pa.string(), "path": pa.string()}, None, "path"),
        ({"path": pa.string(), "raw": pa.large_binary()}, None, "raw"),
        ({"a": pa.binary(), "b": pa.binary()}, "b", "b"),
    ],
)
def test_the_column_of_images_is_found(
    columns: dict[str, pa.DataType], named: str | None, taken: str
) -> None:
    assert image_column(pa.schema(list(columns.items())), named) == taken


@pytest.mark.parametrize(
    ("named", "message"), [(None, "name one"), ("x", "no column x"), ("id", "must be")]
)
def test_a_column_that_does_not_fit_is_said(named: str | None, message: str) -> None:
    schema = pa.schema([("id", pa.int64()), ("caption", pa.string())])
    with pytest.raises(PlaceError, match=message):
        image_column(schema, named)


def test_an_absent_input_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="cannot be read"):
        listed(tmp_path / "absent")
