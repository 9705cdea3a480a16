"""`explore index`: brings the index up to date with folders of pages, and gives pages the categories of result tables.

    python run.py explore index pages/ --table result/tables/result_20261121-101500_EfficientNet-Lite0_1n_11c.csv

What is new, moved or gone is told by index/updating.py; vectors are those of a backbone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cluster.launchers import check_place
from cluster.plan import MOST
from encoders.look import SIZE
from explore.command import Indexing
from explore.joining import join_tables
from explore.result_table import ResultTable
from index.database import Index
from index.folders import Folders, choose_folders
from index.shards import Cutting, IndexWork
from index.updating import Update
from reading.loader import load_batches
from sorting.computing import threads
from utils import UserError, printable

if TYPE_CHECKING:
    import numpy as np

    from explore.backbones import Backbone
    from index.embedding import Keep
    from reading.loader import Batch
    from reading.pages import PageList
    from settings.schema import Settings


def run_index(settings: Settings, job: Indexing) -> int:
    """Make the index or bring it up to date; 0, 1 where pages could not be read or looked for, 130 interrupted."""
    started = time.time()
    tables = [ResultTable.read(file) for file in job.tables]
    here = settings
    if job.place:
        check_place(job.place)
    if job.place and job.place.elsewhere:  # the devices of other machines need not be here
        here = settings.replaced("setup", device="auto", precision="fp32")
    if (job.index / "index.json").is_file():
        index, backbone = Index.open(job.index), None
        index.check_look()
        if job.backbone:  # told before any work, not after it
            backbone = _open(job.backbone, here)
            index.check_backbone(backbone.info)
    else:
        choose_folders(job.pages, [])
        if not job.pages:
            shown = printable(str(job.index))
            raise UserError(f"there is no index in {shown} yet: name the folders of pages that it shall hold")
        backbone = _open(job.backbone, here)
        index = Index.create(job.index, backbone.info)
    with index.locked():
        return _ExploreUpdate(index, settings, job, started, backbone, tables, here).run()


class _ExploreUpdate(Update):
    """Vectors of a backbone (None: that of the index, where it is needed), and categories of tables.

    here: the settings with which this process opens one.
    """

    job: Indexing

    def __init__(
        self,
        index: Index,
        settings: Settings,
        job: Indexing,
        started: float,
        backbone: Backbone | None,
        tables: list[ResultTable],
        here: Settings,
    ) -> None:
        super().__init__(index, settings, job, started)
        self._backbone, self._tables, self._here = backbone, tables, here
        self.always_recorded = bool(tables)

    def maker(self) -> _BackboneVectors:
        """As `Update` has it."""
        from explore.backbones import open_for

        return _BackboneVectors(self._backbone or open_for(self.index, "", self._here))

    def cutting(self) -> Cutting:
        """As `Update` has it."""
        return Cutting("explore.indexing:ExploreWork", self.settings.setup.batch_size, MOST)

    def finish(self, folders: Folders) -> None:
        """Categories of tables."""
        if self._tables:
            join_tables(self.index, self._tables, folders.covered, self.job.table_of, quiet=self.quiet)


class _BackboneVectors:
    """Pages decoded beside the model as in sorting, and embedded."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone, self.info, self.computed_by = backbone, backbone.info, backbone.computed_by

    def batches(self, pages: PageList, settings: Settings, keep: Keep) -> Iterator[tuple[Batch, np.ndarray]]:
        """As `index.embedding.PageVectors` has it."""
        backbone = self._backbone
        batches = load_batches(
            pages,
            backbone.transform,
            batch_size=settings.setup.batch_size,
            workers=threads(settings.setup.workers, all_cores=backbone.embedder is not None),
            max_pixels=settings.input.max_pixels,
            strict=settings.input.strict,
            least_side=max(SIZE),
            keep=keep,
            embedder=backbone.embedder,
        )
        for batch in batches:
            yield batch, backbone.embed(batch.pixels) if batch.embeddings is None else batch.embeddings


class ExploreWork(IndexWork):
    """Shards of `explore index`."""

    def maker(self, source: str, settings: Settings) -> _BackboneVectors:
        """As `IndexWork` has it."""
        return _BackboneVectors(_open(source, settings))


def _open(name: str, settings: Settings) -> Backbone:
    from explore.backbones import open_backbone

    return open_backbone(name, settings)
