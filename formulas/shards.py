"""`formulas read` in shards: what a shard of pictures, or of pages, gives.

    python run.py formulas read cuttings/ -o tables/ --cluster local:4

A line is an outcome of reading, as the journal has it. Pages with formulas (`--find`) are drawn by whoever reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cluster.pages import PageWork
from cluster.plan import Items
from cluster.worker import UNSEEN
from formulas.finding_job import way_of
from formulas.model_folder import model_hash
from formulas.reading_job import LIBRARIES, Boxes, open_recognizer
from formulas.recognizer import Recognizer
from output.failures import WriteError
from output.outcome import line_of
from utils import UserError, printable, versions_of


class ReadingWork(PageWork):
    """See `cluster.work.Work`."""

    def __init__(self, job: dict[str, Any], head: dict[str, Any]) -> None:
        super().__init__(job, head)
        self._folder, self._model = Path(job["folder"]), str(job["model"])
        self._beams: int = job["beams"]
        self._way = way_of(find=job["find"])
        self._tables, self._parts = Path(job["tables"]), Path(job["parts"])
        self._recognizer: Recognizer | None = None

    def computed_by(self) -> dict[str, Any]:
        """Versions and engine; the model is the run's."""
        self.check_seen()
        shown = printable(str(self._folder))
        if not self._folder.is_dir():
            raise UserError(f"this machine does not see the model, {shown}: nothing was done")
        if model_hash(self._folder) != self._model:
            raise UserError(f"the model {shown} is not the one that this run was begun with (here, or since then)")
        engine = self._opened().engine
        return {"engine": engine.name, "device": engine.device, "libraries": versions_of(LIBRARIES)}

    def _opened(self) -> Recognizer:
        if self._recognizer is None:
            self._recognizer = open_recognizer(self._folder, self.settings, few=False)
        return self._recognizer

    def lines(self, items: Items, *, alone: bool = False) -> Iterator[list[bytes]]:
        """What becomes of pictures, a batch at a time."""
        settings = self.settings
        if alone:
            settings = settings.replaced("setup", batch_size=1, workers=0)
        boxes = Boxes(self._tables, items.first, self._parts)
        pages = self.pages_of(items)
        try:
            for _, outcomes in self._way.batches(pages, self._opened(), settings, self._beams, boxes=boxes):
                yield [line_of(outcome).encode("ascii") for outcome in outcomes]
        except WriteError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in UNSEEN:
                raise error.__cause__ from None  # the folder is away, which a worker waits for
            raise
