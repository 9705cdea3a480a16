"""A worker: takes shards of a run until none is left. Started by whatever starts processes, on any machine.

    python run.py --worker result/runs/20261129-101500_EfficientNet-Lite0

    worker = Worker(load_plan(folder), say=print)
    worker.run()                       # or one shard: worker.do(3)

It takes the first shard that nobody has begun. Where all are begun, it tries one a second time that is not published
yet: whoever began it may have died, stand still, or be slow, and what is published first stands. What was tried twice
(or is known to have killed twice) is done item by item in a process beside this one, so that an item which kills its
process becomes one failed row, and stops no others (cluster/alone.py).
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cluster.alone import one_by_one
from cluster.nodes import Node, agree
from cluster.plan import Items, Plan, load_plan
from cluster.shards import Attempt, Shards, Tries
from cluster.work import work_of
from output.failures import FULL, REFUSED, WriteError, of_system
from utils import UserError, printable

LOOK_AGAIN = 0.5  # seconds after which one that waits looks again
PATIENCE = 30.0  # seconds in which nothing was published, before a shard is tried a third time; nothing depends on it
AWAY = 600.0  # seconds that a folder may be away before a worker gives up


class Abandoned(Exception):
    """Another attempt at the same shard was published meanwhile."""


class RunOver(Exception):
    """The run is finished, or its folder was removed: nothing is left to do."""


class Worker:
    """One worker of a run. say: what it tells. name: that no other worker has; "" = one is made.

    UserError where it would compute otherwise than the others.
    """

    def __init__(self, plan: Plan, say: Callable[[str], None], name: str = "") -> None:
        self.plan, self.say = plan, say
        self.node = Node.here(name)
        self.shards = Shards(plan)
        self.work = work_of(plan)
        computed_by = self.work.computed_by()
        agree(plan, computed_by, self.node)
        self.node.register(plan, computed_by)
        self.attempt: Attempt | None = None  # the one in hand
        self._taking = threading.Lock()  # held while one is taken in hand; by `end` for good

    def run(self) -> int:
        """Take shards until all are published; how many this worker has published. UserError, KeyboardInterrupt."""
        done = 0
        try:
            while (attempt := self._patiently(self._next)) is not None:
                done += self._one(attempt)
        except RunOver:
            pass
        return done

    def do(self, shard: int, name: str = "") -> bool:
        """One shard, by hand or as a scheduler deals them: False where it was published already. Tried for the third
        time it is done item by item. name: by which whoever deals them knows this attempt, "" = the worker's."""

        def begun() -> Attempt | None:
            if shard in self.shards.published():
                return None
            while (attempt := self._begin(shard, self.shards.tries()[shard], name or self.node.worker)) is None:
                pass  # somebody else began one in the same moment
            return attempt

        try:
            attempt = self._patiently(begun)
            return attempt is not None and self._one(attempt)
        except RunOver:
            return False

    # ---- which one -----------------------------------------------------------------------------------------------

    def _next(self) -> Attempt | None:
        """The next attempt to make; waits while those in hand may still be published. None: all are."""
        quiet_since, known = time.monotonic(), -1
        while True:
            missing = self.shards.missing()
            if not missing:
                return None
            if len(missing) != known:
                quiet_since, known = time.monotonic(), len(missing)
            tries = self.shards.tries()
            patient = time.monotonic() - quiet_since < PATIENCE
            for shard in sorted(missing, key=lambda shard: (tries[shard].begun, shard)):
                of = tries[shard]
                if of.begun >= 2 and of.begun > of.dead and patient:
                    continue  # one of them may be at it still
                if attempt := self._begin(shard, of, self.node.worker):
                    return attempt
            time.sleep(LOOK_AGAIN)

    def _begin(self, shard: int, of: Tries, name: str) -> Attempt | None:
        with self._taking:
            self.attempt = self.shards.begin(shard, of, name)
            return self.attempt

    # ---- one of them ---------------------------------------------------------------------------------------------

    def _one(self, attempt: Attempt) -> bool:
        """Do an attempt to its end; whether it was the one that is published."""
        self.attempt = attempt
        try:
            return self._patiently(lambda: self._attempt(attempt))
        except (KeyboardInterrupt, UserError):
            self.give_back()
            raise
        finally:
            self.attempt = None

    def give_back(self) -> None:
        """This worker ends in order: what it has in hand does not count as tried."""
        if self.attempt is not None:
            self.shards.give_back(self.attempt)

    def end(self) -> None:
        """From another thread, just before the process ends: nothing more is begun, and what is in hand given back."""
        self._taking.acquire()  # a mark made just now is seen; no `with`: the next one must not be made at all
        self.give_back()

    def _attempt(self, attempt: Attempt) -> bool:
        shard, began, failed = attempt.shard, time.monotonic(), 0
        items = self.plan.items(shard)
        try:
            with attempt.part.open("wb") as part:
                place = 0
                for lines in self._lines(attempt, items):
                    behind = items[place : place + len(lines)]
                    if self.work.failures(lines) and (what := self.work.away(behind, lines)):
                        raise Away(what)
                    part.writelines(line + b"\n" for line in lines)
                    failed += self.work.failures(lines)
                    place += len(lines)
                    if self.shards.file(shard).exists():
                        raise Abandoned
            seconds = round(time.monotonic() - began, 3)
            return self.shards.publish(attempt, {"worker": self.node.worker, "seconds": seconds, "failed": failed})
        except Abandoned:
            attempt.part.unlink(missing_ok=True)
            return False

    def _lines(self, attempt: Attempt, items: Items) -> Iterator[list[bytes]]:
        if attempt.before < 2:
            return self.work.lines(items)
        self.say(f"shard {attempt.shard + 1} was tried {attempt.before} times: it is done item by item")

        def given_up() -> bool:
            return self.shards.file(attempt.shard).exists()

        return one_by_one(self.plan, self.work, attempt, given_up)

    # ---- what is away --------------------------------------------------------------------------------------------

    def _patiently(self, what: Callable[[], Any]) -> Any:
        """Do something on the disk that all see, and again where that was away for a while. UserError: too long.

        RunOver: the run is not there any more.
        """
        since, told = time.monotonic(), False
        while True:
            try:
                return what()
            except Away as error:
                reason = str(error)
            except OSError as error:
                if error.errno in (*FULL, *REFUSED):
                    said = of_system(error.errno, error.strerror or str(error), str(error.filename or ""))
                    raise WriteError(f"cannot write {said}") from error
                if error.errno not in UNSEEN:
                    raise
                if load_plan(self.plan.folder) is not None:
                    reason = f"{error.strerror}: {printable(str(error.filename))}"
                elif self.plan.folder.parent.is_dir():
                    raise RunOver from None
                else:
                    reason = f"the folder {printable(str(self.plan.folder.parent))} is not there"
            if not told:
                self.say(f"waiting: {reason}")
                since, told = time.monotonic(), True
            if time.monotonic() - since > AWAY:
                raise UserError(
                    f"{reason}: waited for {AWAY / 60:.0f} minutes; the same command goes on once it is there"
                )
            time.sleep(LOOK_AGAIN)


# What systems say of a disk of the network that is away, or of a folder that was on one.
UNSEEN = (errno.ENOENT, errno.ENOTDIR, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ENOTCONN,
          errno.ENODEV, errno.ENXIO)  # fmt: skip


class Away(Exception):
    """A folder of items is not there now; the message says which."""


def open_run(folder: Path) -> Plan:
    """The plan of a run that is going on. UserError where there is none."""
    plan = load_plan(folder)
    if plan is None:
        shown = printable(str(folder))
        if not folder.parent.is_dir():
            raise UserError(f"this machine does not see {shown}: give the folder as it is called here")
        raise UserError(f"{shown} is no run in shards (or it is finished): --cluster and --shard begin one")
    return plan
