"""The report as one page: no script, nothing from outside, plots as SVG in it.

Names in it come from whoever made the corpus: every one is escaped, and characters that would turn
or hide text are shown as their code points.
"""

from __future__ import annotations

import html
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTHING = "\N{EN DASH}"
LEAST_SHOWN = 0.001
"""Shares below it get a digit more."""

MAX_GROUPS = 200
"""Groups with a row in the page, the largest first; the JSON has all."""

_GRADE_WORDS = {
    "weak": "Weak: little or no sign",
    "moderate": "Moderate: more likely than not",
    "strong": "Strong: probably generated",
    "very-strong": "Very strong: almost surely generated",
}

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1f24; --soft: #5a616b; --paper: #fff; --line: #d5d9df;
  --bar: #2f6db5; --mark: #b3450b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaee; --soft: #a9b0bb; --paper: #15181c;
  --line: #3a4049; --bar: #78aeea; --mark: #f0a070; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.note, caption, figcaption { color: var(--soft); }
.share { font-size: 1.4rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: start; padding-block: .4rem; }
th, td { text-align: end; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: start; }
td:first-child { overflow-wrap: anywhere; }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.bar { fill: var(--bar); } .mark { stroke: var(--mark); stroke-width: 2; }
.axis { stroke: var(--line); }
.dot { fill: var(--mark); }
"""


def render(report: dict[str, Any]) -> str:
    """Write the page of a report."""
    everything, point = report["all"], report["operatingPoint"]
    judge = f"model {_text(report['model'])}, clipsight {_text(report['clipsight'])}"
    parts = [
        "<h1>Corpus report</h1>",
        f"<p>{_text(report['source'])}<br><span class='note'>{judge}</span></p>",
        _state(report),
        "<h2>Share of generated images</h2>",
        _prevalence(everything, point, report),
        "<h2>Grades</h2>",
        _grades(everything),
        "<h2>Probabilities</h2>",
        _histogram(everything, report["histogramEdges"], point),
    ]
    if everything["operatingPoints"]:
        parts += ["<h2>Operating points</h2>", _points(everything)]
    parts += [f"<h2>By {_text(report['by'])}</h2>", _groups(report)]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>Corpus report: {_text(report['source'])}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _state(report: dict[str, Any]) -> str:
    everything = report["all"]
    sentences = [
        f"{everything['images']:,} images, {everything['rated']:,} with something to judge."
    ]
    if not report["complete"]:
        sentences.append("<strong>The run is not complete.</strong>")
    sentences += [_text(problem) + "." for problem in report["problems"][:20]]
    sentences.append(
        "No grade means “real”: a weak one says that no evidence of generation was found."
    )
    return f"<p>{' '.join(sentences)}</p>"


def _prevalence(
    section: dict[str, Any], point: dict[str, Any] | None, report: dict[str, Any]
) -> str:
    if point is None:
        return (
            "<p>Nobody measured this model's error rates at a threshold, so that nothing can be"
            " said of the share of generated images.</p>"
        )
    estimate = section["prevalence"]
    if estimate is None:
        return "<p>No image shows anything to judge, so that nothing can be estimated.</p>"
    effects = report["designEffects"]
    return (
        f"<p class='share'>{_percent(estimate['share'])} of the images, 95 % interval"
        f" {_percent(estimate['low'])} to {_percent(estimate['high'])}</p>"
        f"<p>From how many images reach the threshold {point['threshold']} (false-alarm budget"
        f" {_percent(point['budget'])}), corrected by what was measured there: it found"
        f" {_rate(point['found'])} of generated images and called {_rate(point['false_alarms'])} of"
        f" real ones generated. Images of one origin are alike, so that the interval counts the"
        f" generated ones as {effects.get('generated', 1):.1f} times fewer, the real ones as"
        f" {effects.get('real', 1):.1f} times fewer.</p>"
        f"<p class='note'>{_text(report['assumption'])}</p>"
    )


def _grades(section: dict[str, Any]) -> str:
    labels = [(_GRADE_WORDS[grade], count) for grade, count in section["grades"].items()]
    labels += [(f"No grade: {reason}", count) for reason, count in section["abstained"].items()]
    labels += [(f"No verdict: error {code}", count) for code, count in section["errors"].items()]
    rows = [(label, f"{count:,}", _share(count, section["images"])) for label, count in labels]
    figure = _bars(labels, section["images"], "Images by grade")
    claims = section["provenanceSays"]
    says = [
        (claim, f"{count:,}", _share(count, section["images"])) for claim, count in claims.items()
    ]
    table = _table("Images by grade", ("Grade", "Images", "Share"), rows)
    if says:
        caption = "What files say of themselves, which anybody can write"
        table += _table(caption, ("The file says", "Images", "Share"), says)
    return figure + table


def _bars(labels: Sequence[tuple[str, int]], total: int, title: str) -> str:
    row, left, width = 26, 290, 720
    shapes = []
    most = max([count for _, count in labels] + [1])
    for place, (label, count) in enumerate(labels):
        y = place * row
        long = (width - left - 130) * count / most
        shapes.append(
            f'<text x="{left - 8}" y="{y + 17}" text-anchor="end">{_text(label)}</text>'
            f'<rect class="bar" x="{left}" y="{y + 4}" width="{long:.1f}" height="{row - 8}"/>'
            f'<text x="{left + long + 6:.1f}" y="{y + 17}">'
            f"{count:,} ({_share(count, total)})</text>"
        )
    return _figure(title, width, max(1, len(labels)) * row, shapes)


def _histogram(
    section: dict[str, Any], edges: Sequence[float], point: dict[str, Any] | None
) -> str:
    width, height, left, bottom = 720, 220, 50, 30
    base = height - bottom
    counts = section["histogram"]
    most = max([*counts, 1])
    step = (width - left - 10) / len(counts)
    shapes = [f'<line class="axis" x1="{left}" y1="{base}" x2="{width}" y2="{base}"/>']
    for place, count in enumerate(counts):
        tall = (base - 20) * count / most
        shapes.append(
            f'<rect class="bar" x="{left + place * step + 1:.1f}" y="{base - tall:.1f}"'
            f' width="{step - 2:.1f}" height="{tall:.1f}">'
            f"<title>{edges[place]:.2f} to {edges[place + 1]:.2f}: {count:,}</title></rect>"
        )
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x = left + tick * step * len(counts)
        shapes.append(f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle">{tick:g}</text>')
    shapes.append(f'<text x="{left - 6}" y="22" text-anchor="end">{most:,}</text>')
    if point is not None:
        x = left + point["threshold"] * step * len(counts)
        shapes.append(f'<line class="mark" x1="{x:.1f}" y1="10" x2="{x:.1f}" y2="{base}"/>')
    rows = [
        (f"{edges[place]:.2f} to {edges[place + 1]:.2f}", f"{count:,}")
        for place, count in enumerate(counts)
        if count
    ]
    threshold = "" if point is None else "; the line is the threshold"
    figure = _figure(f"Images by probability, at even odds{threshold}", width, height, shapes)
    table = _table("Images by probability", ("Probability", "Images"), rows)
    return f"{figure}<details><summary>As a table</summary>{table}</details>"


def _points(section: dict[str, Any]) -> str:
    rows = []
    for at in section["operatingPoints"]:
        estimate = at["prevalence"]
        alarms, right = at["expectedFalseAlarms"], at["expectedRight"]
        rows.append(
            (
                _percent(at["budget"]),
                f"{at['threshold']:.3f}",
                f"{at['called']:,}",
                NOTHING if alarms is None else f"{alarms:,.0f}",
                NOTHING if right is None else _percent(right),
                _interval(estimate),
            )
        )
    heads = (
        "Budget",
        "Threshold",
        "Images at or above",
        "False among them",
        "Right among them",
        "Generated in all",
    )
    caption = (
        "A budget is the share of real images that may be called generated; how many are false and"
        " right is expected from the estimated share"
    )
    return _table(caption, heads, rows)


def _groups(report: dict[str, Any]) -> str:
    groups = report["groups"]
    shown = groups[:MAX_GROUPS]
    rows = []
    for group in shown:
        strong = group["grades"]["strong"] + group["grades"]["very-strong"]
        rows.append(
            (
                group["name"],
                f"{group['images']:,}",
                _share(strong, group["images"]),
                f"{sum(group['errors'].values()):,}",
                _interval(group["prevalence"]),
            )
        )
    heads = (report["by"], "Images", "Strong or very strong", "Errors", "Generated, 95 % interval")
    plot = _intervals(shown[:40]) if report["operatingPoint"] is not None else ""
    more = len(groups) - len(shown)
    rest = f"<p class='note'>{more:,} more are in the JSON.</p>" if more else ""
    return plot + _table("The largest first", heads, rows) + rest


def _intervals(groups: Sequence[dict[str, Any]]) -> str:
    row, left, width = 24, 250, 720
    span = width - left - 20
    shapes = []
    for place, group in enumerate(groups):
        estimate = group["prevalence"]
        y = place * row + 12
        name = _shortened(group["name"], 34)
        shapes.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{_text(name)}</text>')
        shapes.append(f'<line class="axis" x1="{left}" y1="{y}" x2="{left + span}" y2="{y}"/>')
        if estimate is not None:
            low, high, at = (left + span * estimate[key] for key in ("low", "high", "share"))
            shapes.append(
                f'<line class="mark" x1="{low:.1f}" y1="{y}" x2="{high:.1f}" y2="{y}"/>'
                f'<circle class="dot" cx="{at:.1f}" cy="{y}" r="4"/>'
            )
    height = max(1, len(groups)) * row + 20
    for tick in (0, 0.5, 1):
        x = left + tick * span
        shapes.append(f'<text x="{x:.1f}" y="{height - 4}" text-anchor="middle">{tick:.0%}</text>')
    return _figure("Estimated share of generated images, 95 % intervals", width, height, shapes)


def _figure(title: str, width: int, height: int, shapes: Iterable[str]) -> str:
    # What the picture says stands in the table below it as well.
    return (
        f"<figure><figcaption>{_text(title)}</figcaption>"
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{_text(title)}">'
        f"{''.join(shapes)}</svg></figure>"
    )


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in heads)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table><caption>{_text(caption)}</caption><thead><tr>{head}</tr>'
        f"</thead>\n<tbody>{body}</tbody></table></div>"
    )


def _text(value: object) -> str:
    """Any text, inert: escaped, and without characters that have no shape of their own."""
    shown = "".join(
        f"\\u{ord(character):04x}"
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        else character
        for character in str(value)
    )
    return html.escape(shown)


def _shortened(name: str, most: int) -> str:
    return name if len(name) <= most else f"…{name[-most + 1 :]}"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= LEAST_SHOWN or share == 0 else f"{share:.2%}"


def _share(part: int, whole: int) -> str:
    return _percent(part / whole) if whole else NOTHING


def _rate(rate: dict[str, Any]) -> str:
    return f"{_percent(rate['rate'])} ({_percent(rate['low'])} to {_percent(rate['high'])})"


def _interval(estimate: dict[str, Any] | None) -> str:
    if estimate is None:
        return NOTHING
    low, high = _percent(estimate["low"]), _percent(estimate["high"])
    return f"{_percent(estimate['share'])} ({low} to {high})"
