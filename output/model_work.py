"""A model in the making, `models/NAME.training/`: its lock, going on after a kill, and the folder that it becomes.

    with ModelWork(models, name, learned="checkpoint.pt").start(identity, quiet=False) as work:   # or where it stopped
        ...
        with work.finish() as folder: ...                   # becomes models/NAME when the block ends; the work goes

The same command goes on with what it has begun; another one of the same name is refused, and told what differs.
(`--train` has rules of its own about going on, training/work.py.)
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from output.console import say
from output.files import json_if_whole, whole_folder
from output.work import WorkFolder, differences
from utils import UserError, printable

ENDING, HEAD = ".training", "work.json"


class ModelWork(WorkFolder):
    """models: the folder of all models; name: of the one to be; learned: the file or folder that is there as soon as
    something was done that a later start can use. UserError where a model of that name stands.
    """

    def __init__(self, models: Path, name: str, learned: str) -> None:
        super().__init__(models / f"{name}{ENDING}", HEAD)
        self.models, self.name, self.learned = models, name, learned
        if self.target.exists():
            shown = printable(str(self.target))
            raise UserError(f"{shown} exists; a model is never written over: choose another --name")

    @property
    def target(self) -> Path:
        """The model folder to be."""
        return self.models / self.name

    def start(self, identity: dict[str, Any], *, quiet: bool, resume: bool = False) -> Self:
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

    @contextlib.contextmanager
    def finish(self) -> Iterator[Path]:
        """Gives the folder to fill; it becomes the model's when the block ends, and the work folder goes."""
        with whole_folder(self.target, self.models / f".{self.name}.part") as folder:
            yield folder
        self.remove()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A command that was refused before anything was learned leaves nothing."""
        if isinstance(error, UserError) and not (self.folder / self.learned).exists():
            self.remove()
        else:
            self.release()
