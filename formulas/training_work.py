"""The work folder of `formulas train`, `models/NAME.training/`, and the folder that is left.

    with begin_training(settings, job, found) as work:                 # anew, or where it was killed
        ...
        with finish_training(work, left_out) as folder: ...            # becomes models/NAME when the block ends

The same command goes on with what it has begun; another one of the same name is refused, and told what differs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from formulas.pair_store import LINES
from output.console import say
from output.files import json_if_whole, whole_folder
from output.tables import Table, cell, path_cell
from output.work import WorkFolder, differences
from utils import UserError, printable

if TYPE_CHECKING:
    from formulas.data import Pair
    from formulas.train_command import Training
    from settings.schema import Settings

ENDING, HEAD = ".training", "work.json"
LEFT_OUT = "left_out.csv"


class TrainingWork(WorkFolder):
    """A training in work. models: the folder of all models; name: of the one to be."""

    def __init__(self, models: Path, name: str) -> None:
        super().__init__(models / f"{name}{ENDING}", HEAD)
        self.models, self.name = models, name

    def start(self, identity: dict[str, Any], *, resume: bool, quiet: bool) -> Self:
        """Begin anew, or go on. UserError: another process is at it, it was begun as something else, or (resume) not
        at all.
        """
        identity = json.loads(json.dumps(identity, default=str))
        shown = printable(str(self.folder))
        if resume and not json_if_whole(self.folder / HEAD):
            raise UserError(f"--resume: no training {printable(self.name)} was begun ({shown} is not there)")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self.take():
                raise UserError(f"{shown}: another process is at this training")
            was = json_if_whole(self.folder / HEAD).get("identity")
            if was is None:
                self.clear()  # killed before it began, or while it was removed
                self.begin({"started": time.time(), "identity": identity})
        except OSError as error:
            raise UserError(f"cannot write into {shown}: {error.strerror}") from error
        if was not in (None, identity):
            self.release()
            changed = ", ".join(f"{key} {old!r}, now {new!r}" for key, old, new in differences(was, identity)[:3])
            raise UserError(
                f"the unfinished training {self.name} was begun with {printable(changed)}: give the same command, "
                f"another --name, or remove {shown}"
            )
        if was is not None:
            say(f"going on with {self.name}, where it stopped", quiet)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A command that was refused before anything was read leaves nothing."""
        if isinstance(error, UserError) and not (self.folder / LINES).exists():
            self.remove()
        else:
            self.release()


def begin_training(settings: Settings, job: Training, pairs: Sequence[Pair]) -> TrainingWork:
    """Take the work folder. UserError as said above, or where a model of that name stands."""
    models = settings.setup.model_dir
    if (models / job.name_of_model).exists():
        shown = printable(str(models / job.name_of_model))
        raise UserError(f"{shown} exists; a model is never written over: choose another --name")
    listed = hashlib.sha256()
    for pair in pairs:
        listed.update(f"{pair.name}\0{pair.split}\0{pair.latex}\n".encode("utf-8", "surrogatepass"))
    identity = {
        "recipe": job.recipe.to_json(),
        "seed": settings.setup.seed,
        "data": list(job.data),
        "formulas": len(pairs),
        "formula_list": listed.hexdigest()[:16],
    }
    return TrainingWork(models, job.name_of_model).start(identity, resume=job.resume, quiet=settings.setup.quiet)


@contextlib.contextmanager
def finish_training(work: TrainingWork, left_out: Sequence[tuple[str, str, str]]) -> Iterator[Path]:
    """Gives the folder to fill; it becomes the model's when the block ends, and the work folder goes.

    left_out: (name, LaTeX, reason) of each pair that taught nothing, for a table beside the weights.
    """
    target = work.models / work.name
    with whole_folder(target, work.models / f".{work.name}.part") as folder:
        if left_out:
            write_left_out(folder / LEFT_OUT, left_out)
        yield folder
    work.remove()


def write_left_out(file: Path, left_out: Sequence[tuple[str, str, str]]) -> None:
    """The table of pairs that taught nothing, with the reason."""
    with contextlib.ExitStack() as opened:
        table = Table(file, ["PATH", "LATEX", "REASON"], opened, excel=False)
        for name, latex, reason in left_out:
            table.write([path_cell(name), cell(" ".join(latex.split())), cell(reason)])
        table.complete([])
