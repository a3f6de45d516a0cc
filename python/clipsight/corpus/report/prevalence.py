"""How many of a corpus's images are generated, from how many were called so.

A detector that finds 58 % of generated images and calls 2 % of real ones generated calls 2 % of a
corpus without any generated image generated. Rogan and Gladen (1978) take that back: with the share
``q`` of calls, the share ``found`` of generated images that are called and the share
``false_alarms`` of real ones,

    prevalence = (q - false_alarms) / (found - false_alarms).

The interval is that of Lang and Reiczigel (2014), which has the uncertainty of all three shares in
it. Both rates were measured on images of a few generators and sources, which differ among each
other by more than chance: their numbers of images are divided by the design effect (Kish 1965),
the variance between origins over that of independent images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.959963984540054
"""Of a 95 % interval."""


@dataclass(frozen=True)
class Rate:
    """A measured share, and how many independent images it is worth."""

    rate: float
    n: float


@dataclass(frozen=True)
class Estimate:
    """A share with its 95 % interval; ``raw`` is the point before it was clamped to 0 and 1."""

    share: float
    low: float
    high: float
    raw: float


def prevalence(called: int, n: int, found: Rate, false_alarms: Rate) -> Estimate | None:
    """Estimate the share of generated images among ``n``, of which ``called`` were called so.

    ``None`` without images, or where the rates do not tell the two kinds apart.
    """
    if n <= 0 or found.rate <= false_alarms.rate:
        return None
    raw = (called / n - false_alarms.rate) / (found.rate - false_alarms.rate)
    low, high = _lang_reiczigel(called / n, n, found, Rate(1 - false_alarms.rate, false_alarms.n))
    share = min(max(raw, 0.0), 1.0)
    # Near 0 and 1 the interval is centred elsewhere than the point, which must not lie outside.
    return Estimate(share, min(low, share), max(high, share), raw)


def _lang_reiczigel(q: float, n: int, se: Rate, sp: Rate) -> tuple[float, float]:
    """Sensitivity and specificity by the add-one rule, the apparent share by Agresti-Coull."""
    n_q = n + Z**2
    q = (n * q + Z**2 / 2) / n_q
    n_se, n_sp = se.n + 2, sp.n + 2
    a, b = (se.n * se.rate + 1) / n_se, (sp.n * sp.rate + 1) / n_sp
    power = a + b - 1
    if power <= 0:
        return 0.0, 1.0
    p = (q + b - 1) / power
    of_se, of_sp = a * (1 - a) / n_se, b * (1 - b) / n_sp
    shift = 2 * Z**2 * (p * of_se - (1 - p) * of_sp)
    spread = q * (1 - q) / n_q + p**2 * of_se + (1 - p) ** 2 * of_sp
    half = Z * math.sqrt(spread) / power
    clamp = [min(max(end, 0.0), 1.0) for end in (p + shift - half, p + shift + half)]
    return clamp[0], clamp[1]


def design_effect(origins: Sequence[dict[str, Any]]) -> float:
    """How many times the variance between origins is that of independent images; at least 1.

    ``origins`` have the ``rate`` of right answers and ``n`` images each; 1 of fewer than two.
    """
    total: float = sum(origin["n"] for origin in origins)
    if len(origins) <= 1 or not total:
        return 1.0
    mean: float = sum(origin["rate"] * origin["n"] for origin in origins) / total
    if not 0 < mean < 1:
        return 1.0
    spread: float = sum(
        (origin["n"] / total) ** 2 * (origin["rate"] - mean) ** 2 for origin in origins
    )
    spread *= len(origins) / (len(origins) - 1)
    independent = mean * (1 - mean) / total
    effect: float = spread / independent
    return max(1.0, effect)


def rates(point: dict[str, Any], origins: dict[str, Any]) -> tuple[Rate, Rate]:
    """Give what a point finds and its false alarms, worth fewer images by their origins."""
    found, alarms = point["found"], point["false_alarms"]
    return (
        Rate(found["rate"], found["n"] / design_effect(origins.get("generated", []))),
        Rate(alarms["rate"], alarms["n"] / design_effect(origins.get("real", []))),
    )
