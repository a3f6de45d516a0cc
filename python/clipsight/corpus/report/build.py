"""The report as data; the page is made of it."""

from __future__ import annotations

import json
from typing import Any

from clipsight._scoring.storage import Place, PlaceError
from clipsight.corpus.ledger import Ledger
from clipsight.corpus.report.counts import BINS, GRADES, Counts, count
from clipsight.corpus.report.html import render
from clipsight.corpus.report.prevalence import design_effect, prevalence, rates

SCHEMA = 1
DEFAULT_BUDGET = 0.05

ASSUMPTION = (
    "The estimate assumes that the detector finds generated images of this corpus as often as it"
    " found those it was measured on, and calls real ones generated as often: by other generators"
    " or other kinds of pictures it is off, and the interval does not cover that beyond the"
    " differences between the origins measured. Images that cannot be read or show nothing to judge"
    " are left out."
)


def build(output: str, *, budget: float = DEFAULT_BUDGET, by: str = "folder") -> dict[str, Any]:
    """Read a scored corpus.

    Args:
        output: Where ``python -m clipsight.corpus`` wrote it.
        budget: The false-alarm budget: the share of real images that may be called generated, 0 to
            1. The largest operating point that was measured within it is taken.
        by: ``folder``, ``folder:DEPTH`` or a column of the output.

    Raises:
        PlaceError: when there is no scored corpus, or no such column.

    """
    ledger = Ledger(Place(output))
    run, manifest = ledger.run(), ledger.manifest()
    if run is None:
        msg = f"{output} holds no scored corpus"
        raise PlaceError(msg)
    parts = sorted(manifest["parts"]) if manifest else ledger.parts()
    figures = run.get("figures") or {"points": [], "origins": {}, "role": None}
    points = sorted(figures["points"], key=lambda point: float(point["budget"]))
    thresholds = [float(point["threshold"]) for point in points]
    try:
        everything, groups = count(ledger, parts, thresholds, by)
    except ValueError as error:
        raise PlaceError(str(error)) from error
    chosen = _chosen(points, budget)
    origins = figures["origins"]
    ordered = sorted(groups.items(), key=lambda item: (-item[1].images, item[0]))
    return {
        "schema": SCHEMA,
        "source": run["source"],
        "model": run["model"],
        "clipsight": run["clipsight"],
        "complete": manifest is not None,
        "problems": manifest["problems"] if manifest else [],
        "budget": budget,
        "operatingPoint": chosen,
        "designEffects": {kind: design_effect(origins.get(kind, [])) for kind in origins},
        "assumption": ASSUMPTION,
        "histogramEdges": [place / BINS for place in range(BINS + 1)],
        "all": _section(everything, points, chosen, origins),
        "by": by,
        "groups": [
            {"name": name, **_section(counts, points, chosen, origins)} for name, counts in ordered
        ],
    }


def to_json(report: dict[str, Any]) -> str:
    """Write the report as JSON."""
    return json.dumps(report, indent=1) + "\n"


def page(report: dict[str, Any]) -> str:
    """Write the report as a page that needs nothing else."""
    return render(report)


def _chosen(points: list[dict[str, Any]], budget: float) -> dict[str, Any] | None:
    """Take the operating point with the largest budget that is not above the one asked for."""
    within = [point for point in points if float(point["budget"]) <= budget + 1e-12]
    if points and not within:
        least = points[0]["budget"]
        msg = f"no operating point was measured below a budget of {least}: choose that"
        raise PlaceError(msg)
    return within[-1] if within else None


def _section(
    counts: Counts,
    points: list[dict[str, Any]],
    chosen: dict[str, Any] | None,
    origins: dict[str, Any],
) -> dict[str, Any]:
    at = [_at(point, counts, place, origins) for place, point in enumerate(points)]
    return {
        "images": counts.images,
        "rated": counts.rated,
        "grades": {grade: counts.grades[grade] for grade in GRADES},
        "abstained": dict(sorted(counts.reasons.items())),
        "errors": dict(sorted(counts.errors.items())),
        "provenanceSays": dict(sorted(counts.claims.items())),
        "histogram": counts.histogram,
        "operatingPoints": at,
        "prevalence": at[points.index(chosen)]["prevalence"] if chosen is not None else None,
    }


def _at(
    point: dict[str, Any], counts: Counts, place: int, origins: dict[str, Any]
) -> dict[str, Any]:
    found, alarms = rates(point, origins)
    called = counts.called[place]
    estimate = prevalence(called, counts.rated, found, alarms)
    right = None
    if estimate is not None and called:
        # At most all of them: where fewer are called than false alarms alone would be.
        right = min(1.0, estimate.share * found.rate * counts.rated / called)
    return {
        "budget": point["budget"],
        "threshold": point["threshold"],
        "called": called,
        "expectedFalseAlarms": None
        if estimate is None
        else min(float(called), (1 - estimate.share) * alarms.rate * counts.rated),
        "expectedRight": right,
        "prevalence": None if estimate is None else vars(estimate),
    }
