"""Scores the files that a table names, and sums up by a column.

    python pandas_scores.py TABLE.csv COLUMN BY

Prints, for every value of the column BY, how many images there are, how many could be read, and
how many have each grade.
"""

from __future__ import annotations

import sys

import pandas as pd

from clipsight import Analysis, Detector, Error

COLUMNS = ["probability", "logit", "grade", "reason", "width", "height", "sha256", "error"]


def row(result: Analysis | Error) -> dict[str, object]:
    """Give a result as a row of a table."""
    if isinstance(result, Error):
        return {"error": result.code}
    data = result.to_dict()
    known = {**data["file"], **data["model"]}
    return {name: known.get(name) for name in COLUMNS}


def with_scores(table: pd.DataFrame, column: str, detector: Detector) -> pd.DataFrame:
    """Add a row's verdict to it; ``column`` holds paths or bytes."""
    results = detector.analyze_batch(table[column], provenance=False)
    scores = pd.DataFrame([row(one) for one in results], columns=COLUMNS, index=table.index)
    joined: pd.DataFrame = table.join(scores)
    return joined


def summary(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Count grades by the values of a column."""
    outcome = table["error"].fillna(table["grade"]).fillna(table["reason"])
    counts: pd.DataFrame = pd.crosstab(table[by], outcome)
    return counts


def main() -> None:
    """Score a table."""
    file, column, by = sys.argv[1:]
    table = with_scores(pd.read_csv(file), column, Detector.load())
    print(summary(table, by).to_string())


if __name__ == "__main__":
    main()
