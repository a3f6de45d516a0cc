"""One row an image: what a verdict, or what stands in its way, becomes in a table.

A row says nothing of when and how fast it was made: the same image and model give the same row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERDICT = pa.schema(
    [
        pa.field("sha256", pa.string()),
        pa.field("bytes", pa.int64()),
        pa.field("format", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("status", pa.string(), nullable=False),
        pa.field("probability", pa.float64()),
        pa.field("logit", pa.float64()),
        pa.field("grade", pa.string()),
        pa.field("abstain_reason", pa.string()),
        pa.field(
            "measured_error",
            pa.struct(
                [
                    pa.field("rate", pa.float64()),
                    pa.field("low", pa.float64()),
                    pa.field("high", pa.float64()),
                    pa.field("n", pa.int64()),
                ]
            ),
        ),
        pa.field("generator", pa.string()),
        pa.field("family", pa.string()),
        pa.field("quality", pa.float64()),
        pa.field("view_logits", pa.list_(pa.float64())),
        pa.field("views_sha256", pa.string()),
        pa.field("evidence", pa.list_(pa.string())),
        pa.field("provenance_says", pa.string()),
        pa.field("content_credentials", pa.string()),
        pa.field("error_code", pa.string()),
        pa.field("error_message", pa.string()),
        pa.field("model", pa.string(), nullable=False),
    ]
)
"""Columns of a verdict. ``status`` is ``scored``, ``abstained`` or ``error``; the probability is 0
to 1, at even odds; sizes are in pixels, upright; ``evidence`` holds the codes of notes."""

MAX_MESSAGE = 300
"""Longest message of an error in a row, in characters."""


def of_result(result: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Make the row of a result, given as the JSON of ``schema.json``."""
    file, verdict = result["file"], result["model"]
    attribution = result.get("attribution") or {}
    provenance = result.get("provenance") or {}
    return {
        "sha256": file["sha256"],
        "bytes": file["bytes"],
        "format": file["format"],
        "width": file["width"],
        "height": file["height"],
        "status": verdict["status"],
        "probability": verdict.get("probability"),
        "logit": verdict.get("logit"),
        "grade": verdict.get("grade"),
        "abstain_reason": verdict.get("reason"),
        "measured_error": verdict.get("measuredError"),
        "generator": (attribution.get("generator") or {}).get("name"),
        "family": (attribution.get("family") or {}).get("name"),
        "quality": result.get("quality"),
        "view_logits": result.get("viewLogits"),
        "views_sha256": result["input"].get("viewsSha256"),
        "evidence": [entry["code"] for entry in result["evidence"]],
        "provenance_says": provenance.get("says"),
        "content_credentials": (provenance.get("contentCredentials") or {}).get("state"),
        "model": model,
    }


def of_error(
    code: str, message: str, model: str, *, sha256: str | None = None, length: int | None = None
) -> dict[str, Any]:
    """Make the row of an image that has no verdict: the error's stable code, and what it says."""
    return {
        "sha256": sha256,
        "bytes": length,
        "status": "error",
        "error_code": code,
        "error_message": message[:MAX_MESSAGE].encode("utf-8", "backslashreplace").decode(),
        "model": model,
    }


def table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema = VERDICT) -> pa.Table:
    """Rows as a table; columns that a row does not have are null."""
    return pa.Table.from_pylist(list(rows), schema=schema)
