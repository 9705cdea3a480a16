"""What a task of a Ray cluster does on its node: one shard, by a worker that stays in Ray's process for the next one.

do("/mnt/archive/result/runs/NAME", 3, "ray-host-1a2b3c4d-7", {"CPU": 1, "GPU": 0})    # "" = it is published
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cluster.worker import Worker, open_run
from utils import SHARE, UserError

_workers: dict[str, Worker] = {}  # of this process, by their run


def do(folder: str, shard: int | None, name: str, needs: dict[str, int]) -> str:
    """Do a shard in Ray's process; why that cannot be here, "" = it was done, here or by another meanwhile."""
    try:
        if folder not in _workers:
            os.environ[SHARE] = str(_sharing(needs))
            _workers[folder] = Worker(open_run(Path(folder)), _log(Path(folder)))
        if shard is not None:
            _workers[folder].do(shard, name)
    except UserError as error:
        return str(error)
    return ""


def _sharing(needs: dict[str, int]) -> int:
    """How many tasks may share this machine's cores and memory."""
    import ray

    mine = ray.get_runtime_context().get_node_id()
    return max([1, *(fitting(node, needs) for node in ray.nodes() if node["NodeID"] == mine)])


def _log(folder: Path) -> Callable[[str], None]:
    file = folder / "workers" / f"{socket.gethostname()}-{os.getpid()}.log"

    def say(line: str) -> None:
        with contextlib.suppress(OSError), file.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")

    return say


def fitting(node: dict[str, Any], needs: dict[str, int]) -> int:
    """How many tasks fit on a node at once, as Ray describes it."""
    return min(int(node["Resources"].get(kind, 0) // count) for kind, count in needs.items() if count)
