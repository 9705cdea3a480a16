"""The work folder of a training, `models/NAME.training/`: its name, its lock, and going on after a kill.

    with Work.open(settings, job, identity) as work: ...      # begins, or with --resume takes up
    work.remove()

`work.json` (written last at the start) holds what the training is; a folder without it was never begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from filelock import FileLock, Timeout

from encoders.choosing import file_name_of_base
from output.files import write_whole
from training.command import Training
from utils import UserError, printable

if TYPE_CHECKING:
    from settings.schema import Settings

ENDING = ".training"


def is_main() -> bool:
    """Whether this process writes: the only one, or the first of those that `torchrun` started."""
    return int(os.environ.get("RANK", "0")) == 0


def meet() -> None:
    """Wait until all processes of a `torchrun` are here; nothing where there is one."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        import torch

        if not torch.distributed.is_initialized():
            if torch.cuda.is_available():
                torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
            torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        torch.distributed.barrier()


def own_device(name: str) -> str:
    """The device that this process trains on; of several processes each has its own GPU. UserError: it is not there."""
    from encoders.devices import resolve_device

    device = resolve_device(name)
    if device.type != "cuda" or int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return str(device)
    if name.startswith("cuda:"):
        raise UserError(f"--device {name}: torchrun gives each process a GPU of its own; leave --device out")
    return str(resolve_device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}"))


class Work:
    """A training in work, held by this process. Made by `open` only.

    Attributes: models: the folder of all models; name: the model's; folder: the work folder; data: the label folders.
    """

    def __init__(self, models: Path, name: str, data: Path, lock: FileLock | None, *, resumed: bool = False) -> None:
        self.models, self.name, self.data, self.resumed = models, name, data, resumed
        self._lock = lock

    @property
    def folder(self) -> Path:
        """`models/NAME.training`."""
        return self.models / f"{self.name}{ENDING}"

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
        names, lock = [""], None
        if is_main():
            if job.resume:
                names[0] = cls._resumed(models, job.name, identity)
                lock = _lock(models / f"{names[0]}{ENDING}")
            else:
                names[0], lock = cls._begun(models, job.name, base, identity)
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            import torch

            meet()
            torch.distributed.broadcast_object_list(names, src=0)
        return cls(models, names[0], data, lock, resumed=job.resume)

    @classmethod
    def _begun(cls, models: Path, name: str, base: str, identity: dict[str, Any]) -> tuple[str, FileLock]:
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
        folder = models / f"{name}{ENDING}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = _lock(folder)
            if (folder / "work.json").is_file():
                lock.release()
                raise UserError(
                    f"{name} is an unfinished training: go on with --resume, choose another --name, or remove {folder}"
                )
            # Killed before it began, or while it was removed: what it has decoded or learned is of another training.
            for rest in folder.iterdir():
                if rest.is_dir():
                    shutil.rmtree(rest)
                elif rest.name != "lock":
                    rest.unlink()
            write_whole(folder / "work.json", json.dumps({"started": time.time(), "identity": identity}, indent=1))
        except OSError as error:
            raise UserError(f"cannot write into {printable(str(folder))}: {error.strerror}") from error
        return name, lock

    @classmethod
    def unfinished(cls, models: Path, name: str) -> list[tuple[float, str, dict[str, Any]]]:
        """When it was begun, name and identity of each unfinished training (of that name), the newest last.

        UserError where there is none.
        """
        found = []
        for file in models.glob(f"*{ENDING}/work.json"):
            own = json.loads(file.read_text(encoding="utf-8"))
            found.append((own["started"], file.parent.name.removesuffix(ENDING), own["identity"]))
        found = sorted((entry for entry in found if not name or entry[1] == name), key=lambda entry: entry[:2])
        if not found:
            raise UserError(
                f"nothing to resume: no unfinished training {name + ' ' if name else ''}in {models}; "
                "run the command without --resume"
            )
        return found

    @classmethod
    def _resumed(cls, models: Path, name: str, identity: dict[str, Any]) -> str:
        found = cls.unfinished(models, name)
        same = [entry for entry in found if entry[2] == identity]
        if not same:
            was, own = found[-1][2], found[-1][1]
            if set(was) != set(identity):
                raise UserError(
                    f"the unfinished training {own} was begun by another version of this program: finish it with that "
                    f"one, or remove {models / (own + ENDING)} and start anew"
                )
            differs = [key for key in identity if identity[key] != was.get(key)]
            if differs == ["train"]:
                old = was["train"]
                differs = [f"{key} {old.get(key)!r}" for key, now in identity["train"].items() if old.get(key) != now]
                raise UserError(
                    f"the unfinished training {own} has {', '.join(differs)}: give the same, or another --name"
                )
            raise UserError(
                f"the unfinished training {own} has another {', '.join(differs)}: give the same to resume it"
            )
        return same[-1][1]

    def remove(self) -> None:
        """Remove the work folder: the training is finished."""
        with contextlib.suppress(OSError):
            (self.folder / "work.json").unlink(missing_ok=True)
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def abandon(self) -> None:
        """Remove the work folder of a training that was refused before it began to learn; keep any other."""
        if is_main() and not self.resumable:
            self.remove()

    @property
    def resumable(self) -> bool:
        """Whether `--resume` would go on with something: what an earlier process left, or what was learned here."""
        return self.resumed or any(self.folder.glob("run*"))

    def close(self) -> None:
        """Let the lock go; the training can be resumed."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _lock(folder: Path) -> FileLock:
    lock = FileLock(folder / "lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise UserError(f"{folder}: another process is at this training") from error
    return lock
