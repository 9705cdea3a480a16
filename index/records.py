"""Where commands over an index leave their files, and the record of a run beside them.

folder = output_folder(job.output / "map")
write_record(folder, index, job, started, pages=len(index), record={"method": "tsne"})
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.lance_errors import NotWritten, ReadOnly
from output.files import write_json
from settings.command import Job
from utils import UserError, printable, versions_of

if TYPE_CHECKING:
    from index.database import Index

LIBRARIES = (
    "lancedb",
    "numpy",
    "scikit-learn",
    "openTSNE",
    "opencv-python-headless",
    "pillow",
)  # those that can move a result


def output_folder(folder: Path) -> Path:
    """The folder, made where absent. UserError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write into {printable(str(folder))}: {error.strerror}; choose with -o") from error
    return folder


def free_folder(folder: Path, name: str) -> Path:
    """A folder of that name that is not there yet."""
    tried = 1
    while (free := folder / (name if tried == 1 else f"{name}-{tried}")).exists():
        tried += 1
    return free


def keep_columns(index: Index, ids: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> tuple[str, int]:
    """Write derived columns into the index. Where that cannot be, why not in one line, and the exit code for it.

    An index that may only be read is no failure (0); one that others hold, or a full disk, is (1). No result is lost:
    the files beside hold the same.
    """
    try:
        index.set_columns(ids, columns)
    except NotWritten as error:
        names = " and ".join(columns)
        return f"{names} are in the files only, not in the index: {error}", int(not isinstance(error, ReadOnly))
    return "", 0


def write_record(folder: Path, index: Index, job: Job, started: float, pages: int, record: dict[str, Any]) -> Path:
    """run.json: the command, the index and what made it, versions, times, then `record`."""
    about = {
        "index": str(index.folder.absolute()),
        "backbone": index.backbone.name,
        "backbone_hash": index.backbone.hash,
        "pages": pages,
    }
    return write_plain_record(folder, job, started, about | record)


def write_plain_record(folder: Path, job: Job, started: float, record: dict[str, Any]) -> Path:
    """run.json of a command without an index: the command, versions, times, then `record`."""
    about = {
        "state": "finished",
        "command": job.command(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
        "seconds": round(time.time() - started, 1),
        **record,
        "versions": {"python": platform.python_version()} | versions_of(LIBRARIES),
    }
    return write_json(folder / "run.json", about)
