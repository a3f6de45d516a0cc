"""Features, for probes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import SCENES

import clipsight
from clipsight import Detector

FILES = [SCENES / name for name in ("dragon.jpg", "forest.jpg", "meadow.webp")]


def test_rows_are_images(detector: Detector) -> None:
    table = detector.features(FILES)
    assert table.shape == (3, detector.feature_width)
    assert table.dtype == np.float32
    assert np.isfinite(table).all()
    assert len(np.unique(table, axis=0)) == 3
    one = detector.features([FILES[1].read_bytes()], threads=1)
    assert np.array_equal(one[0], table[1])
    assert detector.features([]).shape == (0, detector.feature_width)


def test_the_head_reads_them(detector: Detector) -> None:
    """The verdict's logit of one view is linear in them."""
    table = detector.features(sorted(SCENES.glob("*.jpg"))).astype(np.float64)
    logits = [
        one.view_logits[0]
        for one in detector.analyze_batch(sorted(SCENES.glob("*.jpg")), views=1)
        if isinstance(one, clipsight.Analysis)
    ]
    # Fewer images than features: a fit alone says nothing. But equal features give equal logits,
    # and others do not.
    twice = detector.features([FILES[0], FILES[0]])
    assert np.array_equal(twice[0], twice[1])
    assert len(set(logits)) == len(logits) == len(table)


def test_what_becomes_of_bad_images(detector: Detector) -> None:
    items: list[Any] = [FILES[0], b"no image", FILES[1]]
    with pytest.raises(clipsight.DecodeError):
        detector.features(items)
    table = detector.features(items, on_error="nan")
    assert np.isnan(table).all(axis=1).tolist() == [False, True, False]
    with pytest.raises(clipsight.ArgumentError):
        detector.features(items, on_error="skip")  # type: ignore[arg-type]
