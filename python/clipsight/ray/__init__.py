"""Scoring of Ray datasets: :func:`score`.

Needs Ray Data: ``pip install 'clipsight[ray]'``.
"""

from __future__ import annotations

try:
    import fsspec as _  # noqa: F401
    import ray.data as _data  # noqa: F401
except ImportError as error:
    message = f"clipsight.ray needs Ray Data ({error}): pip install 'clipsight[ray]'"
    raise ImportError(message) from error

from clipsight._scoring.rows import VERDICT
from clipsight.ray.cluster import Cluster, connect
from clipsight.ray.scoring import score

__all__ = ["VERDICT", "Cluster", "connect", "score"]
