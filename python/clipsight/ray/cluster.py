"""A connection to Ray: the cluster that is there, or one of this machine's own."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

# Nothing is reported to Ray's makers.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
import ray.data

OBJECT_STORE_BYTES = 128 << 20
"""Shared memory of a local Ray. Images go from their file to the model inside one process, so that
the store holds lists of work only."""


@dataclass(frozen=True)
class Cluster:
    """Where the work is done."""

    local: bool
    cpus: float
    gpus: float


def connect(
    address: str | None = None, *, cpus: int | None = None, gpus: int | None = None
) -> Cluster:
    """Connect to a Ray cluster, or start Ray on this machine.

    An ``address``, or the environment variable ``RAY_ADDRESS``, names a cluster; ``"auto"`` is one
    that runs on this machine, and ``"local"`` never joins one. Without either, Ray is started here
    with ``cpus`` cores and ``gpus`` GPUs, without dashboard and usage report; whoever would use it
    has to know Ray's token.

    Raises:
        ConnectionError: when the cluster that was named cannot be reached.

    """
    if not ray.is_initialized():
        named = address or os.environ.get("RAY_ADDRESS")
        if named and named != "local":
            ray.init(address=named, logging_level=logging.ERROR, log_to_driver=False)
        else:
            _start(cpus, gpus)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    has = resources()
    named = address or os.environ.get("RAY_ADDRESS") or "local"
    return Cluster(named == "local", has.get("CPU", 0.0), has.get("GPU", 0.0))


def resources() -> dict[str, float]:
    """Count what the cluster has, ``CPU`` and ``GPU`` among it."""
    found: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return found


def _start(cpus: int | None, gpus: int | None) -> None:
    ray.init(
        address="local",
        num_cpus=cpus,
        num_gpus=gpus,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
