"""Codes are the core's, and exceptions cross processes."""

from __future__ import annotations

import pickle
import re

from conftest import REPOSITORY

import clipsight
from clipsight._errors import ERRORS, error_of


def test_codes_are_those_of_the_core() -> None:
    source = (REPOSITORY / "src/error.rs").read_text(encoding="utf-8")
    codes = set(re.findall(r'Self::\w+ => "([a-z-]+)"', source))
    # Nothing is fetched here.
    assert set(ERRORS) == codes - {"network"}
    assert len(codes) == 11


def test_every_code_has_a_class_of_its_own() -> None:
    for code, kind in ERRORS.items():
        error = error_of(code, "a sentence")
        assert type(error) is kind
        assert isinstance(error, clipsight.Error)
        assert (error.code, error.message, str(error)) == (code, "a sentence", "a sentence")
        assert getattr(clipsight, kind.__name__) is kind


def test_exceptions_are_pickled() -> None:
    for code in ERRORS:
        error = pickle.loads(pickle.dumps(error_of(code, "what")))  # noqa: S301
        assert type(error) is ERRORS[code]
        assert error.message == "what"
