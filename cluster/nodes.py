"""Who works on a run: what each worker is and runs on, and that all of them compute alike.

node = Node.here()
agree(plan, {"libraries": {...}, "engine": "onnx"}, node)      # UserError: this machine has other versions
node.register(plan)                                            # for the run record
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import socket
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cluster.plan import Plan
from output.files import json_if_whole, write_json
from output.work import differences
from settings.config_file import HOME, PACKED
from settings.flags import VERSION
from utils import UserError, cores, printable

AGREED = "agreed.json"


@dataclass(frozen=True)
class Node:
    """A worker and its machine. worker: a name that no other worker has; job: of a scheduler, "" = none."""

    worker: str
    host: str
    process: int
    system: str
    processor: str
    cores: int
    job: str = ""
    computed_by: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def here(cls, name: str = "") -> Node:
        """This process. name: that no other worker has; "" = one is made."""
        host = socket.gethostname()
        name = name or f"{host}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
        job = f"{array}_{task}" if array else os.environ.get("SLURM_JOB_ID", "")
        return cls(name, host, os.getpid(), platform.platform(), _processor(), cores(), job)

    def register(self, plan: Plan, computed_by: dict[str, Any]) -> None:
        """Write down who works here."""
        write_json(plan.folder / "workers" / f"{self.worker}.json", asdict(self) | {"computed_by": computed_by})


def registered(plan: Plan) -> list[dict[str, Any]]:
    """All workers that there were, for the run record."""
    return [json_if_whole(file) for file in sorted((plan.folder / "workers").glob("*.json"))]


def agree(plan: Plan, computed_by: dict[str, Any], node: Node) -> None:
    """The first worker says what computes the run; UserError, naming what differs, on a machine that would compute it
    otherwise."""
    mine = {"host": node.host, "program": program(), **computed_by}
    file = plan.folder / AGREED
    part = plan.folder / "workers" / f"{node.worker}.agreed"
    part.write_text(json.dumps(mine), "utf-8")
    try:
        os.link(part, file)  # there whole, and for one worker alone
    except FileExistsError:
        pass
    except OSError:  # a file system without links: two who begin in the same moment may both write, the same mostly
        if not file.exists():
            part.replace(file)
    part.unlink(missing_ok=True)
    theirs = json_if_whole(file)
    if changed := differences({**theirs, "host": ""}, {**mine, "host": ""}):
        what = ", ".join(f"{key} {old} there and {new} here" for key, old, new in changed[:4])
        raise UserError(
            f"this machine ({printable(node.host)}) would compute otherwise than {printable(str(theirs.get('host')))}, "
            f"which began this run: {printable(what)}; install the same on both, or begin a new run without --resume"
        )


@functools.cache
def program() -> str:
    """This program, as it is: its version, and a hash of its source."""
    if PACKED:
        return VERSION
    digest = hashlib.sha256()
    for file in sorted(HOME.glob("*.py")) + sorted(HOME.glob("[a-z]*/*.py")):
        if file.parent.name not in ("tests", "benchmarks", "data_scripts", "node_modules"):
            digest.update(file.read_bytes())
    return f"{VERSION} ({digest.hexdigest()[:12]})"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
