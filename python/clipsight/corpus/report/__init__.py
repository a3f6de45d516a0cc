"""The report on a scored corpus: what was found, and what that says of the corpus."""

from clipsight.corpus.report.build import build, page, to_json

__all__ = ["build", "page", "to_json"]
