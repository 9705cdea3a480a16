"""Deals the shards of a run to a Ray cluster as tasks: what the process does that `cluster.ray` starts, and each task.

    Dealing(plan, at_once=0, cpus=1, gpus=0).run(pipe)          # in a process of its own, connected to Ray

A task is a shard, never a page: what a page does to its worker is our own business (marks, item by item). Ray tries
none again; a task that died is buried by its name and dealt again here, as often as shards are published meanwhile.
The worker stays in Ray's process between tasks, and with it the model.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cluster.plan import Plan
from cluster.ray_worker import fitting
from cluster.shards import Shards
from cluster.worker import PATIENCE
from settings.config_file import HOME
from utils import UserError, printable

DEATHS = 10  # a slot that tasks may die in a row with nothing published meanwhile
_WAIT = 0.25  # seconds for a task to end, before what else there is is looked at
_LOOK = 2.0  # seconds between two looks at which nodes there are
_SELECTED = "ray.io/node-id"


@dataclass(frozen=True)
class _Dealt:
    """A task that is out. shard: None = it only looks whether its node can work. name: of its attempt's mark."""

    shard: int | None
    name: str


class Dealing:
    """The tasks of a run. at_once: tasks at most, 0 = as many as the cluster has room for. cpus, gpus: of each."""

    def __init__(self, plan: Plan, *, at_once: int, cpus: int, gpus: int) -> None:
        import ray

        self._ray, self._plan, self._shards = ray, plan, Shards(plan)
        self._at_once, self._needs = at_once, {"CPU": cpus, "GPU": gpus}
        self._task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0, scheduling_strategy="SPREAD")(_by_value())
        self._waiting: deque[int] = deque()
        self._out: dict[Any, _Dealt] = {}
        self._room: dict[str, int] = {}  # node -> tasks that fit there at once
        self._refused: set[str] = set()
        self._begun = False  # whether shards are dealt: all nodes were looked at
        self._looked = self._quiet_since = 0.0
        self._dealt = self._died = 0
        self._published: set[int] = set()
        self._lines: list[str] = []
        self._token = f"ray-{socket.gethostname()}-{uuid.uuid4().hex[:8]}"

    def run(self, pipe: Connection) -> None:
        """Until the other end says that it is enough. Sends (workers at work, lines for people). UserError."""
        self._look_at_nodes()
        if not self._room:
            raise UserError(f"no node of this Ray cluster has room for a worker, {self._wanted()}: {self._there()}")
        began, self._waiting = time.monotonic(), deque(self._shards.missing())
        for node in self._room:
            self._deal(None, {_SELECTED: node})
        try:
            while not pipe.poll():
                self._look_at_nodes()
                if not self._begun and (not self._out or time.monotonic() - began > PATIENCE):
                    self._begun, self._quiet_since = True, time.monotonic()
                if self._begun:
                    self._fill()
                self._collect()
                pipe.send((min(len(self._out), sum(self._room.values())), self._lines))
                self._lines = []
        finally:
            names = [dealt.name for dealt in self._out.values()]
            self._ray.shutdown()  # ends all tasks of this run, on all nodes
            for name in names:
                with contextlib.suppress(OSError):  # the run is finished, and its folder gone
                    self._shards.withdraw(name)

    # ---- dealing -------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Deal what waits; where nothing does, what is out once more: its worker may stand still."""
        room = sum(self._room.values())
        while self._waiting and len(self._out) < (self._at_once or max(1, 2 * room)):
            self._deal(self._waiting.popleft())
        if self._waiting:
            return
        out = Counter(dealt.shard for dealt in self._out.values() if dealt.shard is not None)
        while out and len(self._out) < min(self._at_once or room, room):
            shard = min(out, key=lambda shard: (out[shard], shard))
            if out[shard] >= 2:
                if time.monotonic() - self._quiet_since < PATIENCE:
                    break
                self._quiet_since = time.monotonic()
            self._deal(shard)
            out[shard] += 1

    def _deal(self, shard: int | None, selector: dict[str, str] | None = None) -> None:
        self._dealt += 1
        name = f"{self._token}-{self._dealt}"
        if self._refused and not selector:
            selector = {_SELECTED: f"!in({','.join(sorted(self._refused))})"}
        title = "a look at the node" if shard is None else f"shard {shard + 1}"
        options = self._task.options(name=title, **({"label_selector": selector} if selector else {}))
        task = options.remote(str(HOME), str(self._plan.folder), shard, name, self._needs)
        self._out[task] = _Dealt(shard, name)

    # ---- what comes of it ----------------------------------------------------------------------------------------

    def _collect(self) -> None:
        """See which tasks have ended, and how."""
        if not self._out:
            time.sleep(_WAIT)
            return
        self._ray.wait(list(self._out), num_returns=1, timeout=_WAIT)
        ended, _ = self._ray.wait(list(self._out), num_returns=len(self._out), timeout=0)
        if not ended:
            return
        published = self._shards.published()
        if published != self._published:
            self._published, self._quiet_since, self._died = published, time.monotonic(), 0
        for task in ended:
            dealt = self._out.pop(task)
            try:
                node, refused = self._ray.get(task)
            except self._ray.exceptions.RayError as error:
                self._bury(dealt, error)
            else:
                if refused:
                    self._refuse(node, refused)
            again = dealt.shard is not None and dealt.shard not in published
            if again and dealt.shard not in {other.shard for other in self._out.values()}:
                self._waiting.appendleft(dealt.shard)

    def _bury(self, dealt: _Dealt, error: Exception) -> None:
        """A task has died. UserError where they do nothing else."""
        last = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        task_error = isinstance(error, self._ray.exceptions.RayTaskError)
        reason = last[-1] if task_error else f"{type(error).__name__}: {last[0]}"
        back = self._shards.bury(dealt.name)
        what = f": shard {', '.join(str(shard + 1) for shard in back)} goes back" if back else ""
        self._lines.append(f"a worker died ({printable(reason)[:200]}){what}")
        self._died += 1
        if self._died > DEATHS * max(1, sum(self._room.values())):
            raise UserError(
                f"{self._died} workers died in a row and no shard was done meanwhile; the last one said: "
                f"{printable(reason)}. Memory that is too small for so many of them is the usual reason: --resume with "
                "fewer"
            )

    def _refuse(self, node: str, why: str) -> None:
        """A node cannot work: the run does not begin, or goes on without it. UserError: `why`."""
        self._refused.add(node)
        self._looked = 0.0
        self._look_at_nodes()
        if not self._begun or not self._room:
            raise UserError(why)
        self._lines.append(f"warning: a node is left out: {why}")

    # ---- nodes ---------------------------------------------------------------------------------------------------

    def _look_at_nodes(self) -> None:
        """Which nodes there are now, and what fits there."""
        if time.monotonic() - self._looked < _LOOK:
            return
        self._looked = time.monotonic()
        before, self._room = self._room, {}
        for node in self._ray.nodes():
            if node["Alive"] and node["NodeID"] not in self._refused and (fit := fitting(node, self._needs)):
                self._room[node["NodeID"]] = fit
        if before and not self._room:
            self._lines.append(f"waiting: no node is left that has room for a worker, {self._wanted()}")

    def _wanted(self) -> str:
        return ", ".join(f"{count} {kind}" for kind, count in self._needs.items() if count)

    def _there(self) -> str:
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        return "; ".join(f"{one.get('CPU', 0):g} CPU, {one.get('GPU', 0):g} GPU" for one in nodes) or "there is none"


# ---- the task --------------------------------------------------------------------------------------------------------


def _by_value() -> Callable[..., tuple[str, str]]:
    """What Ray runs. It travels as its bytecode, for on the node nothing of ours can be imported before it says where
    that lies; so it uses no name of this module."""

    def shard_task(home: str, folder: str, shard: int | None, name: str, needs: dict[str, int]) -> tuple[str, str]:
        import socket
        import sys

        import ray

        node = ray.get_runtime_context().get_node_id()
        if home not in sys.path:
            sys.path.insert(0, home)
        try:
            from cluster.ray_worker import do
        except ModuleNotFoundError as error:
            return node, (
                f"the node {socket.gethostname()} cannot run this program ({error}): its folder, {home}, has to lie at "
                "the same place there, with its packages"
            )
        return node, do(folder, shard, name, needs)

    return shard_task


def connect_and_deal(plan: Plan, pipe: Connection, log: Path, *, at_once: int, cpus: int, gpus: int) -> None:
    """Connect to the cluster, deal, and tell the other end of the pipe: (host, port) of the head first, then
    as `Dealing.run`; a string: why it is over."""
    with log.open("ab", buffering=0) as file:  # Ray speaks on both, much and at any time
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    _set_up()
    try:
        import ray

        try:
            ray.init(include_dashboard=False, log_to_driver=False)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            said = " ".join(str(error).split())
            raise UserError(f"cannot connect to a Ray cluster: {printable(said)[:400]}") from error
        host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
        pipe.send((host, int(port)))
        Dealing(plan, at_once=at_once, cpus=cpus, gpus=gpus).run(pipe)
    except UserError as error:
        pipe.send(str(error))
        sys.exit(2)


def _set_up() -> None:
    """What Ray reads in the environment as it is imported."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to its makers
    if (Path.home() / ".ray" / "auth_token").is_file():
        # `ray start` then asks for it, but who is told the address does not show it by itself
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    if not os.environ.get("RAY_ADDRESS"):
        here = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir()), "ray", "ray_current_cluster")
        with contextlib.suppress(OSError, ValueError):
            host, _, port = here.read_text("utf-8").strip().rpartition(":")
            if not answers(host, int(port)):  # of one that was killed: Ray would wait for it for minutes
                os.environ["RAY_ADDRESS"] = "local"


def answers(host: str, port: int) -> bool:
    """Whether anything takes a connection there."""
    try:
        socket.create_connection((host, port), timeout=3.0).close()
    except OSError:
        return False
    return True
