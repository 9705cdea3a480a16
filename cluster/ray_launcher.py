"""Workers in a Ray cluster: one that is there already, or else one on this machine for as long as the run takes.

    RAY_ADDRESS=head:6379 python run.py -d pages/ --cluster ray       # or on a node of the cluster, without RAY_ADDRESS

What talks to Ray is a process of its own (`cluster/ray_tasks.py`): where the head of the cluster dies, Ray ends that
process without a word, or lets it hang for ever, and whatever Ray prints ends in a file beside the run.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from cluster.plan import Plan
from cluster.ray_tasks import answers, connect_and_deal
from reading.worker import without_interrupts
from settings.command import check_packages
from settings.schema import Settings
from utils import UserError, printable

HEAD_AWAY = 30.0  # seconds that the head may not answer: it may be started again meanwhile
_ENDING = 20.0  # seconds to leave the cluster in order
_LOOK = 2.0  # seconds between two looks at the head
LOG = "ray.log"  # in the run's folder `workers`


class Ray:
    """Tasks of a Ray cluster. at_once: how many at most, 0 = as many as it has room for."""

    def __init__(self, plan: Plan, at_once: int, settings: Settings) -> None:
        self._plan, self._at_once = replace(plan, folder=plan.folder.absolute()), at_once
        self._cpus = max(1, settings.setup.workers)
        self._gpus = int(settings.setup.device.startswith("cuda"))
        self._log = self._plan.folder / "workers" / LOG
        self._head: tuple[str, int] | None = None
        self._looked, self._answered, self._alive = 0.0, 0.0, 0

    def start(self) -> None:
        """Start the process that talks to Ray."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        wanted = (self._at_once, self._cpus, self._gpus)
        arguments = (self._plan, theirs, self._log, *wanted)
        self._process = context.Process(target=_serve, args=arguments, name="ray")
        with without_interrupts():
            self._process.start()
        theirs.close()

    def look(self) -> tuple[int, list[str]]:
        """See `Launcher`."""
        lines: list[str] = []
        try:
            while self._pipe.poll():
                said = self._pipe.recv()
                if isinstance(said, str):
                    raise UserError(said)
                if isinstance(said[0], str):
                    self._head = said
                else:
                    self._alive = said[0]
                    lines += said[1]
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise UserError(
                f"the process that talks to Ray has ended (exit code {self._process.exitcode}): {self._last_word()}; "
                "the same command with --resume goes on"
            ) from None
        return max(1, self._alive), lines + self._look_at_head()  # what waits for its turn is alive

    def stop(self) -> None:
        """Leave the cluster, which ends all tasks of this run."""
        if self._process.is_alive() and self._head_answers():
            self._pipe.close()
            self._process.join(_ENDING)
        self._process.kill()
        self._process.join()

    def _look_at_head(self) -> list[str]:
        """Whether it is there still, now and then. UserError: not for long."""
        if self._head is None or time.monotonic() - self._looked < _LOOK:
            return []
        self._looked = time.monotonic()
        if self._head_answers():
            self._answered = 0.0
            return []
        shown = printable(":".join(map(str, self._head)))
        if not self._answered:
            self._answered = self._looked
            return [f"waiting: the head of the Ray cluster ({shown}) does not answer"]
        if self._looked - self._answered < HEAD_AWAY:
            return []
        raise UserError(
            f"the head of the Ray cluster ({shown}) does not answer any more: start it again, then the same command "
            "with --resume goes on"
        )

    def _head_answers(self) -> bool:
        return self._head is None or answers(*self._head)

    def _last_word(self) -> str:
        try:
            said = self._log.read_text("utf-8", "replace").split("\n")
        except OSError:
            said = []
        last = next((line for line in reversed(said) if line.strip()), "it has said nothing")
        return printable(last)[:300]


def check() -> None:
    """UserError, before any work, where Ray is not installed, or the cluster that is named is not there."""
    check_packages("--cluster ray", ["ray"], "requirements-cluster.txt")
    address = os.environ.get("RAY_ADDRESS", "")
    if address in ("", "auto", "local"):
        return
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdecimal():
        raise UserError(
            f"RAY_ADDRESS={printable(address)}: where the head of the cluster is, as HOST:6379; this command has to "
            "run on one of its nodes"
        )
    if not answers(host, int(port)):
        raise UserError(
            f"RAY_ADDRESS={printable(address)}: nothing answers there; start the cluster first (ray start --head, and "
            "ray start --address=HOST:6379 on each further node), or unset RAY_ADDRESS for one on this machine alone"
        )


def _serve(plan: Plan, pipe: Connection, log: Path, at_once: int, cpus: int, gpus: int) -> None:
    """What the process does; it never outlives the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    connect_and_deal(plan, pipe, log, at_once=at_once, cpus=cpus, gpus=gpus)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
