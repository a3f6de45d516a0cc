"""Scoring of a dataset's images by actors that hold a detector each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import ray.data
from ray.data import ActorPoolStrategy, Dataset

from clipsight._scoring import rows
from clipsight._scoring.columns import column_kind, image_column, image_of
from clipsight._scoring.judge import Image, Judge, Settings, Spent, batches
from clipsight._scoring.storage import Place
from clipsight.ray.cluster import resources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa


class _Scorer:
    """What an actor runs: a detector, and where a dataset's images are."""

    def __init__(
        self, settings: Settings, column: str | None, root: str | None, *, keep: bool
    ) -> None:
        self.judge = Judge(settings)
        self.column = column
        self.root = Place(root) if root is not None else None
        self.keep = keep

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        """Yield the rows of a block in slices that fit into memory."""
        if table.num_rows == 0:
            yield self._joined(table, [])
            return
        begin = 0
        column = table.column(image_column(table.schema, self.column))
        for batch in batches(self._images(column)):
            made = self.judge.rows(batch, Spent())
            yield self._joined(table.slice(begin, len(batch)), made)
            begin += len(batch)

    def _images(self, column: pa.ChunkedArray) -> Iterator[Image]:
        kind = column_kind(column.type)
        # One value at a time: a whole block of images as Python objects would be there twice.
        for value in column:
            yield image_of(value.as_py(), kind, self.root)

    def _joined(self, table: pa.Table, made: Sequence[dict[str, Any]]) -> pa.Table:
        if not self.keep and table.num_columns:
            table = table.drop_columns([image_column(table.schema, self.column)])
        taken = [name for name in table.schema.names if name in rows.VERDICT.names]
        if taken:
            message = (
                f"the dataset has columns called as those of a verdict ({', '.join(taken)}): rename"
                " them with dataset.rename_columns() first"
            )
            raise ValueError(message)
        verdicts = rows.table(made)
        for field in verdicts.schema:
            table = table.append_column(field, verdicts.column(field.name))
        return table


def score(  # noqa: PLR0913
    dataset: Dataset,
    model: str = "compact",
    column: str | None = None,
    *,
    root: str | None = None,
    device: Literal["auto", "cpu", "gpu"] = "cpu",
    threads: int = 1,
    workers: int | tuple[int, int] | None = None,
    provenance: bool = True,
    keep_images: bool = False,
) -> Dataset:
    """Score the images of a Ray dataset; lazy, as every transform of Ray Data.

    Each worker is an actor that loads the model once. What it holds at a time is bounded by bytes,
    whatever the dataset's blocks are. An image without a verdict keeps its row: ``status`` is
    ``error``, with ``error_code`` and ``error_message``. Ray starts actors that died anew and gives
    their blocks to others; :mod:`clipsight.corpus` also survives the death of the driver.

    Args:
        dataset: With a column of images.
        model: ``"compact"``, ``"standard"`` or a folder that every machine can read.
        column: Encoded files as bytes, a struct with ``bytes`` (as Hugging Face stores images), or
            strings with paths. By default the first that fits.
        root: The folder or URL that paths are below; none may lead out of it.
        device: ``"cpu"``, ``"gpu"`` or ``"auto"``, as of ``Detector.load``. A worker on ``"gpu"``
            reserves one of Ray's GPUs.
        threads: Cores of a worker, which it reserves.
        workers: So many, or from ``(low, high)``; as many as the cluster has cores for by default.
        provenance: Read what files say of how they were made.
        keep_images: Keep the column of images in the result, which copies it.

    Returns:
        The dataset's columns, without the images, and those of :data:`clipsight.ray.VERDICT`.

    """
    low, high = _pool(workers, threads)
    settings = Settings(model, device, threads, provenance)
    return dataset.map_batches(
        _Scorer,
        fn_constructor_kwargs={
            "settings": settings,
            "column": column,
            "root": root,
            "keep": keep_images,
        },
        batch_size=None,
        batch_format="pyarrow",
        compute=ActorPoolStrategy(min_size=low, max_size=high),
        num_cpus=threads,
        num_gpus=1 if device == "gpu" else None,
        udf_modifying_row_count=False,
    )


def _pool(workers: int | tuple[int, int] | None, threads: int) -> tuple[int, int | None]:
    if isinstance(workers, tuple):
        return workers
    if workers is not None:
        return workers, workers
    cores = int(resources().get("CPU", 1)) if ray.is_initialized() else 1
    # One core is left for what feeds the workers, or a dataset that is read from files would wait
    # for the workers that wait for it.
    return 1, max(1, (cores - 1) // threads)
