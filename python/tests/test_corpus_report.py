"""The report: its estimate keeps what an interval promises, its page keeps to itself."""

from __future__ import annotations

import json
import random
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from clipsight._scoring import rows
from clipsight._scoring.storage import Place, PlaceError
from clipsight.corpus.__main__ import main
from clipsight.corpus.figures import figures_of
from clipsight.corpus.ledger import Ledger, part_name
from clipsight.corpus.report import build, page
from clipsight.corpus.report.prevalence import Rate, design_effect, prevalence
from clipsight.corpus.worker import part_bytes

if TYPE_CHECKING:
    from pathlib import Path

pa = pytest.importorskip("pyarrow")


def test_the_estimate_takes_false_alarms_back() -> None:
    found, alarms = Rate(0.8, 400), Rate(0.1, 800)
    estimate = prevalence(310, 1000, found, alarms)
    assert estimate is not None
    assert estimate.share == pytest.approx(0.3)
    assert estimate.low < 0.3 < estimate.high
    assert estimate.high - estimate.low == pytest.approx(0.12, abs=0.03)
    none = prevalence(50, 1000, found, alarms)
    assert none is not None
    assert (none.share, none.low) == (0, 0)
    assert none.raw < 0
    assert prevalence(0, 0, found, alarms) is None
    assert prevalence(5, 10, alarms, found) is None


@pytest.mark.parametrize("true", [0.0, 0.02, 0.2, 0.6, 0.95])
@pytest.mark.parametrize(("found", "alarms"), [(0.58, 0.02), (0.8, 0.11)])
def test_intervals_cover_the_truth(true: float, found: float, alarms: float) -> None:
    chance = random.Random(19)  # noqa: S311 - a simulation
    n_found, n_alarms, n, covered, tries = 60, 190, 500, 0, 600

    def drawn(share: float, of: int) -> int:
        return sum(chance.random() < share for _ in range(of))

    for _ in range(tries):
        se, alarm = drawn(found, n_found) / n_found, drawn(alarms, n_alarms) / n_alarms
        called = drawn(true * found + (1 - true) * alarms, n)
        estimate = prevalence(called, n, Rate(se, n_found), Rate(alarm, n_alarms))
        assert estimate is not None
        covered += estimate.low <= true <= estimate.high
    assert covered / tries >= 0.93


def test_origins_that_differ_are_worth_fewer_images() -> None:
    alike = [{"rate": 0.8, "n": 100}, {"rate": 0.8, "n": 100}]
    apart = [{"rate": 0.6, "n": 100}, {"rate": 1.0, "n": 100}]
    assert design_effect(alike) == 1
    assert design_effect(apart) == pytest.approx(50)
    assert design_effect(apart[:1]) == design_effect([]) == 1


def row(key: str, probability: float | None, **more: Any) -> dict[str, Any]:
    verdict = {"status": "scored", "probability": probability, "model": "m@1", **more}
    return {"key": key, **verdict}


HOSTILE = "<script>alert(1)</script>\u202e&\"'/x.jpg"


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """An output as a run leaves it: 60 images in one folder, 40 in another, three odd ones."""
    ledger = Ledger(Place(str(tmp_path / "scored")))
    made = [row(f"a/{n}.jpg", 0.97, grade="very-strong") for n in range(60)]
    made += [row(f"b/{n}.jpg", 0.1, grade="weak") for n in range(40)]
    made += [
        row(HOSTILE, 0.5, status="abstained", abstain_reason="between-grades"),
        row("b/flat.png", None, status="abstained", abstain_reason="no-content"),
        {"key": "b/bad.png", **rows.of_error("decode", "damaged", "m@1")},
    ]
    ledger.output.write(part_name("0" * 32), part_bytes(made, pa.schema([]), "m@1"))
    figures = figures_of("compact")
    assert figures is not None, "the package lacks the compact model's operating points"
    run = {"source": HOSTILE, "model": "m@1", "clipsight": "0", "figures": figures}
    ledger.write_run(run)
    return tmp_path / "scored"


def test_counts_are_those_of_the_rows(scored: Path) -> None:
    report = build(str(scored), budget=0.05)
    everything = report["all"]
    assert (everything["images"], everything["rated"]) == (103, 101)
    assert everything["grades"] == {"weak": 40, "moderate": 0, "strong": 0, "very-strong": 60}
    assert everything["abstained"] == {"between-grades": 1, "no-content": 1}
    assert everything["errors"] == {"decode": 1}
    assert sum(everything["histogram"]) == 101
    assert everything["histogram"][2] == 40
    assert report["operatingPoint"]["budget"] == 0.05
    assert [point["called"] for point in everything["operatingPoints"]][:3] == [60, 60, 60]
    groups = {group["name"]: group for group in report["groups"]}
    assert (groups["a"]["images"], groups["b"]["images"]) == (60, 42)
    assert groups["a"]["prevalence"]["share"] == 1
    assert groups["b"]["prevalence"]["share"] == 0
    assert not report["complete"]
    assert json.loads(json.dumps(report)) == report


class Strict(HTMLParser):
    """Keeps what a page is made of; fails where its elements do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [name for name, _ in attrs if name in ("href", "src", "onload", "style")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_pages_are_inert_whatever_the_names(scored: Path) -> None:
    text = page(build(str(scored), by="folder:3"))
    parser = Strict()
    parser.feed(text)
    assert parser.open == []
    assert "script" not in parser.tags
    assert parser.links == []
    assert {"svg", "table", "caption", "main", "h1"} < parser.tags
    assert "&lt;script&gt;" in text
    assert "\\u202e" in text
    assert "\u202e" not in text
    assert "prefers-color-scheme: dark" in text


def test_the_command_writes_page_and_json(scored: Path, tmp_path: Path) -> None:
    page_path, json_path = tmp_path / "r.html", tmp_path / "r.json"
    command = ["report", str(scored), "--html", str(page_path), "--json", str(json_path)]
    assert main([*command, "--by", "grade", "--budget", "0.013"]) == 0
    report = json.loads(json_path.read_text())
    assert report["operatingPoint"]["budget"] == 0.01
    assert {group["name"] for group in report["groups"]} == {"very-strong", "weak", "(none)"}
    assert page_path.read_text().startswith("<!doctype html>")


def test_what_cannot_be_reported_is_said(scored: Path, tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="no scored corpus"):
        build(str(tmp_path / "absent"))
    with pytest.raises(PlaceError, match="no column colour"):
        build(str(scored), by="colour")
    with pytest.raises(PlaceError, match="no operating point"):
        build(str(scored), budget=0.001)


def test_a_model_without_figures_has_no_estimate(scored: Path) -> None:
    ledger = Ledger(Place(str(scored)))
    run = ledger.run()
    assert run is not None
    ledger.write_run({**run, "figures": None})
    report = build(str(scored))
    assert report["all"]["prevalence"] is None
    assert report["operatingPoint"] is None
    assert "Nobody measured" in page(report)
