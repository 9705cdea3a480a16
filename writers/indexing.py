"""`writers index`: brings the index of hands up to date with folders of pages.

    python run.py writers index pages/

What is new, moved or gone is told by index/updating.py. A page without handwriting (blank, typed, a photograph) keeps a
row that says so, in place of a vector: it is known the next time, and never ranked. It is no failure of the run;
a page that cannot be read is.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from cluster.launchers import check_place
from index.database import Index
from index.folders import choose_folders
from index.shards import Cutting, IndexWork
from index.updating import Update
from output.console import say
from output.tables import Table, cell, path_cell
from reading.loader import load_batches
from sorting.computing import threads
from sorting.results import ERRORS
from utils import UserError, printable
from writers.command import Indexing
from writers.isolation import NoHandwriting
from writers.query import MIN_SIDE, Model, open_for, open_model

if TYPE_CHECKING:
    from PIL import Image

    from index.embedding import Keep
    from reading.loader import Batch
    from reading.pages import Page, PageList
    from settings.schema import Settings

AT_ONCE = 8  # pages a batch: a page takes a second, and progress is told after each batch
SHARD = 256  # pages of a shard at most, for the same reason
NOTHING = np.zeros((3, 1, 1), np.uint8)  # of a page, for a model beside it: there is none
COMPUTED_BY = {"engine": "opencv", "device": "cpu", "precision": "fp32"}
REASON = "no handwriting found: "  # what reasons begin with


def run_index(settings: Settings, job: Indexing) -> int:
    """Make the index or bring it up to date; 0, 1 where pages could not be read or looked for, 130 interrupted."""
    started = time.time()
    if job.place:
        check_place(job.place)
    model = None
    if (job.index / "index.json").is_file():
        index = Index.open(job.index, "writers")
        if job.model:  # told before any work, not after it
            model = open_for(index, job.model, settings)
    else:
        choose_folders(job.pages, [])
        if not job.pages:
            shown = printable(str(job.index))
            raise UserError(f"there is no index in {shown} yet: name the folders of pages that it shall hold")
        model = open_model(job.model, settings)
        index = Index.create(job.index, model.info, "writers")
    with index.locked():
        return _HandsUpdate(index, settings, job, started, model).run()


class _HandsUpdate(Update):
    """Page descriptors of a model (None: that of the index, where it is needed)."""

    def __init__(self, index: Index, settings: Settings, job: Indexing, started: float, model: Model | None) -> None:
        super().__init__(index, settings, job, started)
        self._model = model

    def maker(self) -> _HandVectors:
        """As `Update` has it."""
        return _HandVectors(self._model or open_for(self.index, "", self.settings))

    def cutting(self) -> Cutting:
        """As `Update` has it."""
        return Cutting("writers.indexing:HandsWork", AT_ONCE, SHARD)

    def told(self) -> list[str]:
        """Pages without handwriting, by reason, and the table of them."""
        pages = self.index.arrow(["folder", "path", "frame", "page", "file", "reason"], "reason is not null")
        file = self.index.folder / "no_handwriting.csv"
        if not pages.num_rows:
            file.unlink(missing_ok=True)
            return []
        lines = [no_handwriting(pages["reason"].to_pylist())]
        keys = [(name, "ascending") for name in ("folder", "path", "frame")]
        return [*lines, f"  {printable(str(_table(file, pages.sort_by(keys).to_pylist())))}"]


class _HandVectors:
    """Pages described on the threads that decode them: a page descriptor, or the reason why there is none."""

    def __init__(self, model: Model) -> None:
        self.hands, self.info, self.computed_by = model.hands, model.info, COMPUTED_BY
        self.size = NOTHING.shape[1:]

    def __call__(self, image: Image.Image) -> np.ndarray:
        """What the loader asks of a page's pixels for a model beside it: nothing."""
        return NOTHING

    def batches(self, pages: PageList, settings: Settings, keep: Keep) -> Iterator[tuple[Batch, np.ndarray]]:
        """As `index.embedding.PageVectors` has it."""
        empty = np.zeros(self.hands.dimensions, np.float32)

        def described(page: Page, image: Image.Image) -> dict[str, Any]:
            try:
                found = {"hand": self.hands.vector_of(image)}
            except NoHandwriting as error:
                found = {"hand": empty, "reason": printable(" ".join(str(error).split()))}
            return keep(page, image) | found

        cv2.setNumThreads(1)  # a page a thread: threads within a page would wait for each other
        batches = load_batches(
            pages,
            self,
            batch_size=AT_ONCE,
            workers=threads(settings.setup.workers, all_cores=True),
            max_pixels=settings.input.max_pixels,
            strict=settings.input.strict,
            least_side=MIN_SIDE,
            keep=described,
        )
        for batch in batches:
            yield batch, np.stack([empty if kept is None else kept.pop("hand") for kept in batch.kept])


class HandsWork(IndexWork):
    """Shards of `writers index`."""

    def maker(self, source: str, settings: Settings) -> _HandVectors:
        """As `IndexWork` has it."""
        return _HandVectors(Model.load(Path(source)))


def no_handwriting(reasons: list[str]) -> str:
    """One line on pages without handwriting.

    >>> no_handwriting(["no handwriting found: blank", "no handwriting found: too little ink (3 strokes)"])
    '2 pages hold no handwriting: 1 blank; 1 too little ink'
    """
    counts = Counter(re.sub(r" \(.*", "", reason.removeprefix(REASON)) for reason in reasons)
    kinds = "; ".join(f"{count} {kind}" for kind, count in counts.most_common())
    return f"{len(reasons)} page{'s hold' if len(reasons) > 1 else ' holds'} no handwriting: {kinds}"


def _table(file: Path, rows: list[dict[str, Any]]) -> Path:
    """The pages without handwriting, as the table of errors has those that cannot be read."""
    notes: list[str] = []
    with ExitStack() as opened:
        table = Table(file, ERRORS, opened, excel=False)
        for row in rows:
            page = "" if row["page"] is None else row["page"]
            table.write([cell(row["file"]), page, path_cell(f"{row['folder']}/{row['path']}"), cell(row["reason"])])
        written = table.complete(notes)
    for note in notes:
        say(f"note: {note}")
    return written
