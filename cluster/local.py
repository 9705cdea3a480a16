"""Workers on this machine: processes that take shards beside each other, and are started again where they die.

    launcher = Local(plan, processes=3)
    launcher.start(); launcher.look(); launcher.stop()

Each process has its share of cores and memory. They end with the process that started them, however that ends, and
never hear of Ctrl-C: their starter ends them.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
import uuid
from multiprocessing.process import BaseProcess
from pathlib import Path

from cluster.plan import Plan
from cluster.shards import Shards
from cluster.worker import Worker
from output.console import say
from reading.worker import without_interrupts
from utils import SHARE, UserError, cores

RESTARTS = 10  # workers a process that may die with nothing published meanwhile
_REFUSED = 2  # exit code of a worker that cannot work here; it has said why


class Local:
    """`processes` workers on this machine."""

    def __init__(self, plan: Plan, processes: int) -> None:
        self._plan, self._processes = plan, processes
        self._shards = Shards(plan)
        self._alive: dict[int, BaseProcess] = {}
        self._died = self._started = 0
        self._published = -1
        self._token = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"

    def start(self) -> None:
        """Start them."""
        for _ in range(self._processes):
            self._start_one()

    def look(self) -> tuple[int, list[str]]:
        """See `Launcher`."""
        lines: list[str] = []
        for number, process in list(self._alive.items()):
            if process.exitcode is None:
                continue
            del self._alive[number]
            if process.exitcode == 0:
                continue
            if process.exitcode == _REFUSED:
                if not self._alive:
                    raise UserError(
                        f"no worker is left: {self._why(number)}; once that is put right go on, with --resume "
                        "where the command has it"
                    )
                lines.append(f"warning: worker {number} ended: {self._why(number)}")
                continue
            lines.append(self._told(number, process))
            self._check_progress(number)
            self._start_one()
        return len(self._alive), lines

    def stop(self) -> None:
        """End all workers; what they had in hand does not count as tried."""
        for process in self._alive.values():
            process.kill()
        for number, process in self._alive.items():
            process.join()
            with contextlib.suppress(OSError):  # the run is finished, and its folder gone
                self._shards.withdraw(self._name(number))
        self._alive.clear()

    def _start_one(self) -> None:
        self._started += 1
        context = multiprocessing.get_context("spawn")
        share = {SHARE: str(self._processes), "OMP_NUM_THREADS": str(max(1, cores() // self._processes))}
        log = self._plan.folder / "workers" / f"{self._started}.log"
        arguments = (self._plan, log, self._name(self._started))
        process = context.Process(target=_work, args=arguments, name=f"worker {self._started}")
        before = {name: os.environ.get(name) for name in share}
        os.environ.update(share)  # before numpy is loaded there
        try:
            with without_interrupts():
                process.start()
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        self._alive[self._started] = process

    def _name(self, number: int) -> str:
        return f"{self._token}-{number}"

    def _told(self, number: int, process: BaseProcess) -> str:
        code = process.exitcode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        back = self._shards.bury(self._name(number))
        what = f": shard {', '.join(str(shard + 1) for shard in back)} goes back" if back else ""
        why = f" ({said})" if code > 0 and (said := self._why(number)) else ""
        return f"worker {number} {how}{why}{what}; another one is started"

    def _why(self, number: int) -> str:
        """The last line that a worker has said."""
        try:
            said = (self._plan.folder / "workers" / f"{number}.log").read_text("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((line.removeprefix("error: ") for line in reversed(said) if line.strip()), "")

    def _check_progress(self, number: int) -> None:
        """UserError where workers die and nothing comes of it."""
        published = len(self._shards.published())
        self._died = self._died + 1 if published == self._published else 1
        self._published = published
        if self._died > RESTARTS * self._processes:
            raise UserError(
                f"{self._died} workers died in a row and no shard was done meanwhile; the last one said: "
                f"{self._why(number) or 'nothing'}. Memory that is too small for so many of them is the usual reason: "
                "--resume with fewer"
            )


def _work(plan: Plan, log: Path, name: str) -> None:
    """What a process does. What it says goes into a file of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 2)
    held: list[Worker] = []
    threading.Thread(target=_end_with_parent, args=(held,), daemon=True).start()
    try:
        worker = Worker(plan, say, name)
        held.append(worker)
        worker.run()
    except UserError as error:
        say(f"error: {error}")
        sys.exit(_REFUSED)


def _end_with_parent(held: list[Worker]) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        for worker in held:
            worker.end()
        os._exit(1)
