"""The work folder of `writers pretrain` and `writers finetune`, `models/NAME.training/`, and the folder that is left.

    with begin_training(settings, job, configuration) as work:             # anew, or where it was killed
        ...
        with finish_training(work, store, record, began) as folder: ...    # becomes models/NAME when the block ends

The same command goes on with what it has begun; another one of the same name is refused, and told what differs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from output.console import say
from output.files import json_if_whole, whole_folder
from output.tables import Table, cell, path_cell
from output.work import WorkFolder, differences
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

ENDING, HEAD = ".training", "work.json"
TABLE = "errors.csv"
FEWEST_PATCHES = 256  # to learn from
HELD_OUT = 0.1  # of the pages, where nothing else is known of them


class TrainingWork(WorkFolder):
    """A training in work. models: the folder of all models; name: of the one to be; pages: all of them."""

    def __init__(self, models: Path, name: str, pages: PageList) -> None:
        super().__init__(models / f"{name}{ENDING}", HEAD)
        self.models, self.name, self.pages = models, name, pages

    def start(self, identity: dict[str, Any], *, quiet: bool) -> Self:
        """Begin anew, or go on. UserError: another process is at it, or it was begun as something else."""
        identity = json.loads(json.dumps(identity, default=str))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self.take():
                raise UserError(f"{printable(str(self.folder))}: another process is at this training")
            was = json_if_whole(self.folder / HEAD).get("identity")
            if was is None:
                self.clear()  # killed before it began, or while it was removed
                self.begin({"started": time.time(), "identity": identity})
        except OSError as error:
            raise UserError(f"cannot write into {printable(str(self.folder))}: {error.strerror}") from error
        if was not in (None, identity):
            self.release()
            changed = ", ".join(f"{key} {old!r}, now {new!r}" for key, old, new in differences(was, identity)[:3])
            raise UserError(
                f"the unfinished training {self.name} was begun with {printable(changed)}: give the same command, "
                f"another --name, or remove {printable(str(self.folder))}"
            )
        if was is not None:
            say(f"going on with {self.name}, where it stopped", quiet)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A command that was refused before it learned anything leaves nothing."""
        if isinstance(error, UserError) and not (self.folder / CHECKPOINT).exists():
            self.remove()
        else:
            self.release()

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
    models = settings.setup.model_dir
    if (models / job.model_name).exists():
        shown = printable(str(models / job.model_name))
        raise UserError(f"{shown} exists; a model is never written over: choose another --name")
    pages = _pages_in(job.pages, settings)
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
    return TrainingWork(models, job.model_name, pages).start(identity, quiet=settings.setup.quiet)


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
    target = work.models / work.name
    with whole_folder(target, work.models / f".{work.name}.part") as folder:
        if store.errors:
            write_errors(folder / TABLE, store)
        yield folder
    work.remove()
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
