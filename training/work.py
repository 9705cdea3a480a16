"""The work folder of a training, `models/NAME.training/`: its name, its lock, and going on after a kill.

    with Work.open(settings, job, base, data, identity) as work: ...      # begins, or with --resume takes up
    work.remove()

`work.json` (written last at the start) holds what the training is; a folder without it was never begun.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.choosing import file_name_of_base
from output.work import WorkFolder, begun, differences
from training.command import Training
from training.processes import from_main, is_main
from utils import UserError, printable

if TYPE_CHECKING:
    from settings.schema import Settings

ENDING = ".training"
HEAD = "work.json"


class Work(WorkFolder):
    """A training in work, `models/NAME.training`. Of several processes of a `torchrun` the first holds it for all.

    Attributes: models: the folder of all models; name: the model's; data: the label folders.
    """

    def __init__(self, models: Path, name: str, data: Path, *, resumed: bool = False) -> None:
        super().__init__(models / f"{name}{ENDING}", HEAD)
        self.models, self.name, self.data, self.resumed = models, name, data, resumed

    @property
    def plan_file(self) -> Path:
        """What the training was begun with (plan.py)."""
        return self.folder / "plan.jsonl"

    @property
    def learned(self) -> bool:
        """Whether something was learned yet, which other pages would make wrong."""
        whole = [*self.folder.glob("run*/checkpoint-*/complete"), *self.folder.glob("fold_*.npz")]
        return bool(whole)

    @classmethod
    def open(cls, settings: Settings, job: Training, base: str, data: Path, identity: dict[str, Any]) -> Work:
        """Begin a training, or take up an unfinished one of the same identity (`--resume`; `--name` says which).

        Raises UserError: the name is taken or no name for a folder, nothing to resume, another process is at it.
        """
        models = settings.setup.model_dir
        identity = json.loads(json.dumps(identity, default=str))
        name = ""
        if is_main():
            name = cls._resumed(models, job.name, identity) if job.resume else _new_name(models, job.name, base)
            work = cls(models, name, data, resumed=job.resume)
            if job.resume:
                work._hold()
            else:
                work._begin_anew(identity)
        name = from_main(name)
        return work if is_main() else cls(models, name, data, resumed=job.resume)

    def _begin_anew(self, identity: dict[str, Any]) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._hold()
            if (self.folder / HEAD).is_file():
                self.release()
                raise UserError(
                    f"{self.name} is an unfinished training: go on with --resume, choose another --name, or remove "
                    f"{self.folder}"
                )
            # Killed before it began, or while it was removed: what it has decoded or learned is of another training.
            self.clear()
            self.begin({"started": time.time(), "identity": identity})
        except OSError as error:
            raise UserError(f"cannot write into {printable(str(self.folder))}: {error.strerror}") from error

    def _hold(self) -> None:
        if not self.take():
            raise UserError(f"{self.folder}: another process is at this training")

    @classmethod
    def unfinished(cls, models: Path, name: str) -> list[tuple[str, dict[str, Any]]]:
        """Name and identity of each unfinished training (of that name), the newest last.

        UserError where there is none.
        """
        works = [(folder.name.removesuffix(ENDING), values) for folder, values in begun(models, f"*{ENDING}", HEAD)]
        works = [(one, values["identity"]) for one, values in works if not name or one == name]
        if not works:
            raise UserError(
                f"nothing to resume: no unfinished training {name + ' ' if name else ''}in {models}; "
                "run the command without --resume"
            )
        return works

    @classmethod
    def _resumed(cls, models: Path, name: str, identity: dict[str, Any]) -> str:
        works = cls.unfinished(models, name)
        same = [one for one, was in works if was == identity]
        if same:
            return same[-1]
        newest, was = works[-1]
        old, new = was.get("labels"), identity.get("labels")
        earlier = isinstance(old, str)  # the table without what it held
        if old != new and not earlier:
            raise UserError(_other_labels(models, newest, old, new))
        if earlier or set(was) != set(identity):
            raise UserError(
                f"the unfinished training {newest} was begun by another version of this program: finish it with that "
                f"one, or remove {models / (newest + ENDING)} and start anew"
            )
        changed = [key for key in identity if identity[key] != was[key]]
        if changed == ["train"]:
            old = ", ".join(f"{key} {value!r}" for key, value, _ in differences(was["train"], identity["train"]))
            raise UserError(f"the unfinished training {newest} has {old}: give the same, or another --name")
        raise UserError(
            f"the unfinished training {newest} has another {', '.join(changed)}: give the same to resume it"
        )

    def abandon(self) -> None:
        """Remove the work folder of a training that was refused before it began to learn; keep any other."""
        if is_main() and not self.resumable:
            self.remove()

    @property
    def resumable(self) -> bool:
        """Whether `--resume` would go on with something: what an earlier process left, or what was learned here."""
        return self.resumed or any(self.folder.glob("run*"))


def _other_labels(models: Path, name: str, was: list[str] | None, now: list[str] | None) -> str:
    """Why another table does not go on with a training. was, now: the table and its content, None = label folders."""
    if was is None:
        return f"the unfinished training {name} was begun without --labels: leave it out, or choose another --name"
    table = printable(was[0])
    if now is None or now[0] != was[0]:
        return f"the unfinished training {name} was begun with --labels {table}: give the same, or another --name"
    work = printable(str(models / (name + ENDING)))
    return (
        f"{table} was changed since the unfinished training {name} began: put it back as it was; or, to learn from it "
        f"as it is now, leave --resume out and choose another --name (or remove {work})"
    )


def _new_name(models: Path, name: str, base: str) -> str:
    """The name of a new model: as given, else base and time. UserError: it is taken, or no name for a folder."""
    if name and (Path(name).name != name or name.startswith(".") or name.endswith(ENDING)):
        raise UserError(f"--name {printable(name)}: a plain folder name is wanted, such as mine or pages-2026")
    name = name or f"{file_name_of_base(base)}_{time.strftime('%Y%m%d-%H%M%S')}"
    taken = [
        path.name
        for path in models.glob("*")
        if path.name in (name, f"{name}_folds") or path.name.startswith(f"{name}_fold_")
    ]
    if taken:
        raise UserError(f"{models / taken[0]} exists; a model is never written over: choose another --name")
    return name
