"""A Ray cluster of several node processes on this machine, for what kills its parts.

with RayNodes(3) as nodes:                    # a head that computes nothing, three nodes of one CPU each
    os.environ["RAY_ADDRESS"] = nodes.address
    nodes.workers()                           # processes of tasks, to be killed
    nodes.kill_node(); nodes.add_node()
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class RayNodes:
    """count: nodes that compute. environment: variables that their workers see."""

    def __init__(self, count: int, **environment: str) -> None:
        # workers are nice (15) else: whatever runs beside them goes first
        os.environ.update({"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"})
        from ray.cluster_utils import Cluster

        self._environment = environment
        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        self._nodes = [self.add_node(wait=False) for _ in range(count)]
        self._cluster.wait_for_nodes()
        self.address = str(self._cluster.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cluster.shutdown()

    def add_node(self, *, wait: bool = True, **environment: str) -> Any:
        """One node more."""
        return self._cluster.add_node(wait=wait, num_cpus=1, env_vars={**self._environment, **environment})

    def kill_node(self, node: Any = None) -> None:
        """SIGKILL for all processes of a node; None: the oldest one."""
        self._cluster.remove_node(node or self._nodes.pop(0), allow_graceful=False)

    def kill_head(self) -> None:
        """SIGKILL for what keeps the cluster together."""
        self._cluster.head_node.kill_gcs_server(check_alive=False)

    def workers(self) -> list[int]:
        """Processes of tasks, on all nodes, and those that they have started."""
        raylets = [
            one.process.pid for node in self._cluster.worker_nodes for one in node.all_processes.get("raylet", [])
        ]
        below = [child for raylet in raylets for child in children(raylet) if _line(child).startswith(b"ray::shard ")]
        return below + [child for worker in below for child in children(worker)]


def children(process: int) -> list[int]:
    """The processes that a process has started and that are there still."""
    try:
        return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()))
    except OSError:
        return []


def _line(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""
