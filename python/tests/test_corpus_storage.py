"""Places: bounded reads, writes at once, paths that stay below their root."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from clipsight._scoring.storage import MAX_IMAGE_BYTES, Place, PlaceError, below


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../secret.jpg",
        "a/../../secret.jpg",
        "..\\secret.jpg",
        "~/secret.jpg",
        "file:///etc/passwd",
        "http://localhost/a.jpg",
        "zip://a.jpg::/tmp/x.zip",
        "a\0.jpg",
        ".",
        "",
    ],
)
def test_paths_of_data_sets_stay_below_their_root(path: str) -> None:
    assert below("/root", path) is None


@pytest.mark.parametrize(
    ("path", "to"), [("a.jpg", "a.jpg"), ("./a//b.jpg", "a/b.jpg"), ("a/../b.jpg", "b.jpg")]
)
def test_other_paths_are_taken(path: str, to: str) -> None:
    assert below("/root", path) == f"/root/{to}"
    assert below("", path) == to


def test_the_limit_is_the_cores() -> None:
    text = (Path(__file__).parents[2] / "src/limits.rs").read_text()
    found = re.search(r"MAX_IMAGE_BYTES: usize = (\d+) << (\d+);", text)
    assert found is not None
    assert int(found[1]) << int(found[2]) == MAX_IMAGE_BYTES


def test_reads_are_bounded_and_whole(tmp_path: Path) -> None:
    place = Place(str(tmp_path))
    (tmp_path / "small").write_bytes(b"0123456789")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MAX_IMAGE_BYTES + 1000)
    assert place.read("small") == b"0123456789"
    assert place.read("small", 3, 4) == b"3456"
    assert len(place.read("large")) == MAX_IMAGE_BYTES + 1
    with pytest.raises(OSError, match="ends after 2 of 4 bytes"):
        place.read("small", 8, 4)
    with pytest.raises(FileNotFoundError):
        place.read("absent")


@pytest.mark.parametrize("url", ["{}", "file://{}", "memory://{}"])
def test_writes_are_whole_and_leave_nothing_else(tmp_path: Path, url: str) -> None:
    place = Place(url.format(tmp_path / "new"))
    place.write("a/b.json", b"first")
    place.write("a/b.json", b"second")
    assert place.read_text("a/b.json") == "second"
    assert place.names("a") == ["b.json"]
    place.remove("a/b.json")
    place.remove("a/b.json")
    assert not place.exists("a/b.json")
    assert place.names("nowhere") == []


def test_a_lock_holds_until_its_process_ends(tmp_path: Path) -> None:
    place = Place(str(tmp_path))
    code = (
        "import os, sys\nfrom clipsight._scoring.storage import Place\n"
        "with Place(sys.argv[1]).locked('x/lock'):\n"
        "    print('held', flush=True)\n    sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:  # noqa: S603
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(PlaceError, match="another run"), place.locked("x/lock"):
            pass
        holder.kill()
    with place.locked("x/lock"):
        pass


def test_an_unknown_address_is_an_error_in_words() -> None:
    with pytest.raises(PlaceError, match="cannot be opened"):
        Place("nonsense://x").exists()
