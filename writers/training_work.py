"""A training of `writers pretrain` or `writers finetune`: its pages, what it was begun as, and the folder that is left.

    with begin_training(settings, job, configuration) as work:             # anew, or where it was killed
        ...
        with finish_training(work, store, record, began) as folder: ...    # becomes models/NAME when the block ends

Its work folder is that of `output/model_work.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from output.console import say
from output.model_work import ModelWork
from output.tables import Table, cell, path_cell
from reading.listing import wanted_files
from reading.pages import PageList, find_pages
from sorting.results import ERRORS
from utils import UserError, printable
from writers.configurations import Configuration
from writers.learning import CHECKPOINT
from writers.patch_store import PatchStore

if TYPE_CHECKING:
    from settings.schema import Settings
    from writers.flags import TrainingJob

TABLE = "errors.csv"
FEWEST_PATCHES = 256  # to learn from
HELD_OUT = 0.1  # of the pages, where nothing else is known of them


class TrainingWork(ModelWork):
    """A training of handwriting in work. pages: all that it learns from."""

    def __init__(self, models: Path, name: str) -> None:
        super().__init__(models, name, learned=CHECKPOINT)
        self.pages = PageList(Path(), [])

    def check(self, store: PatchStore) -> None:
        """UserError where there is nothing to learn from."""
        if len(store) < FEWEST_PATCHES:
            first = "".join(f"; {path}: {reason}" for path, _, reason in store.errors[:1])
            raise UserError(
                f"only {len(store)} patches of handwriting on {len(self.pages.pages)} pages, {FEWEST_PATCHES} are the "
                f"least to learn from{printable(first)}"
            )


def begin_training(settings: Settings, job: TrainingJob, configuration: Configuration, **more: Any) -> TrainingWork:
    """Find the pages and take the work folder; more: what else the training depends on. UserError as said above."""
    work = TrainingWork(settings.setup.model_dir, job.model_name)
    work.pages = pages = _pages_in(job.pages, settings)
    listed = hashlib.sha256("\n".join(f"{page.path}\0{page.frame}" for page in pages.pages).encode("utf-8", "replace"))
    identity = {
        "command": job.name,
        "configuration": configuration.to_json(),
        "seed": settings.setup.seed,
        "folders": [str(folder.resolve()) for folder in job.pages],
        "pages": len(pages.pages),
        "page_list": listed.hexdigest()[:16],
        **more,
    }
    return work.start(identity, quiet=settings.setup.quiet)


def _pages_in(folders: tuple[Path, ...], settings: Settings) -> PageList:
    """The pages of all folders; their paths begin with the folder as it was typed, where there are several."""
    lists = [find_pages(folder, **wanted_files(settings.input), skip=[settings.output.folder]) for folder in folders]
    for found in lists:
        for line in found.passed.lines():
            say(line, settings.setup.quiet)
    if len(lists) == 1:
        return lists[0]
    pages = [replace(page, path=(found.root / page.path).as_posix()) for found in lists for page in found.pages]
    return PageList(Path(), pages)


@contextlib.contextmanager
def finish_training(work: TrainingWork, store: PatchStore, record: dict[str, Any], began: float) -> Iterator[Path]:
    """Gives the folder to fill; it becomes the model's when the block ends, and the work folder goes.

    record: gets what every model folder says of its training. A table of the pages that gave nothing is added.
    """
    record |= {
        "pages": len(store.pages),
        "patches": len(store),
        "pages_without_handwriting": len(store.errors),
        "seconds": round(time.time() - began),
    }
    with work.finish() as folder:
        if store.errors:
            write_errors(folder / TABLE, store)
        yield folder
    target = work.target
    if store.errors:
        say(f"warning: {len(store.errors)} pages gave nothing: {printable(str(target / TABLE))}")
    print(f"{printable(str(target))}: trained on {len(store):,} patches of {len(store.pages)} pages")


def write_errors(file: Path, store: PatchStore) -> None:
    """The pages that gave no patches, with the reason, as sorting has its table of errors."""
    with contextlib.ExitStack() as opened:
        table = Table(file, ERRORS, opened, excel=False)
        for path, number, reason in store.errors:
            table.write([cell(path.rpartition("/")[2]), number, path_cell(path), cell(reason)])
        table.complete([])


def held_out_pages(count: int, seed: int) -> np.ndarray:
    """Numbers of pages that judge and do not teach, one of ten; none where there are fewer than five."""
    if count < 5:
        return np.zeros(0, np.int64)
    return np.sort(np.random.default_rng([seed, 10]).permutation(count)[: max(1, round(count * HELD_OUT))])
