"""Sees a run that is cut into shards through to its end: starts workers, shows how far they are, joins what they give.

    with Driver(plan, launcher, absorb, quiet=False) as driver:
        driver.run()                     # until every shard is published and absorbed, in order

A driver may be killed at any moment, and so may its workers: the shards that are published stay, and another driver
goes on with them. It absorbs them as they come, in the order of the list, so that its memory is that of one shard.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

from cluster.nodes import registered
from cluster.plan import Plan, ranges
from cluster.shards import Shards
from cluster.work import work_of
from cluster.worker import AWAY, LOOK_AGAIN, UNSEEN
from output.console import say
from output.progress import Progress
from utils import UserError, printable


class Launcher(Protocol):
    """What starts workers, and starts them again where they die.

    restarts: how many may die without a single shard published meanwhile, before it gives up.
    """

    def start(self) -> None:
        """Start them. UserError, in one line, where that cannot be."""

    def look(self) -> tuple[int, list[str]]:
        """How many workers are alive (or wait for their turn with a scheduler), and what is to be said of those that
        died. UserError: none will do any more work, with the reason."""

    def stop(self) -> None:
        """End them all, whatever they are at."""


class Driver:
    """One run over a plan.

    absorb: takes what a shard gave, `absorb(shard)`; called for each in order. absorbed: shards that were before.
    """

    def __init__(
        self,
        plan: Plan,
        launcher: Launcher,
        absorb: Callable[[int], None],
        *,
        absorbed: int = 0,
        unit: str = "page",
        quiet: bool = False,
    ) -> None:
        self.plan, self.launcher, self.absorb = plan, launcher, absorb
        self.shards = Shards(plan)
        self.work = work_of(plan)
        self.absorbed, self.unit, self.quiet = absorbed, unit, quiet
        self._seen: set[int] = set(range(absorbed))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.launcher.stop()

    def run(self) -> None:
        """Until all is absorbed. UserError where no worker is left; KeyboardInterrupt: all that was published in one
        row with what is absorbed is absorbed too."""
        plan = self.plan
        left = sum(plan.size(shard) for shard in range(self.absorbed, plan.shards))
        self.launcher.start()
        try:
            with Progress(left, unit=self.unit, quiet=self.quiet) as progress:
                while self.absorbed < plan.shards:
                    alive, lines = self.launcher.look()
                    for line in lines:
                        say(line)
                    if self._take(progress, alive):
                        continue
                    if not alive and self.absorbed < plan.shards:
                        raise UserError(
                            f"no worker is left, and {self._left()} shards are not done: go on, with --resume where "
                            "the command has it"
                        )
                    time.sleep(LOOK_AGAIN / 2)
        except KeyboardInterrupt:
            self.launcher.stop()
            self._seen |= self._published()
            self._take_in_order()
            raise
        finally:
            self.launcher.stop()

    def _take(self, progress: Progress, alive: int) -> bool:
        """Look what is published, count it, and absorb what is next; whether there was anything."""
        new = sorted(self._published() - self._seen)
        for shard in new:
            self._seen.add(shard)
            failed = self.work.failures(list(self.shards.lines(shard)))
            progress.note = f"{alive} worker{'' if alive == 1 else 's'} alive, {self._left()} shards left"
            progress.advance(self.plan.size(shard), failed=failed)
        self._take_in_order()
        return bool(new)

    def _left(self) -> int:
        return self.plan.shards - len(self._seen)

    def _take_in_order(self) -> None:
        while self.absorbed in self._seen:
            self.absorb(self.absorbed)
            self.absorbed += 1

    def _published(self) -> set[int]:
        """What is published; waits where the disk is away. UserError: it stays away."""
        since, told = time.monotonic(), False
        while True:
            try:
                return self.shards.published()
            except OSError as error:
                if error.errno not in UNSEEN or time.monotonic() - since > AWAY:
                    raise
                if not told:
                    say(f"waiting: the folder {printable(str(self.plan.folder))} is away")
                    told = True
                time.sleep(LOOK_AGAIN)


def merge(plan: Plan, absorb: Callable[[int], None], absorbed: int) -> None:
    """Absorb all shards, in order. UserError, naming them, where some are missing."""
    shards = Shards(plan)
    missing = [shard for shard in shards.missing() if shard >= absorbed]
    if missing:
        named = list(ranges(missing))
        more = f" and {len(named) - 12} more" if len(named) > 12 else ""
        raise UserError(
            f"{len(missing)} of {plan.shards} shards are not done: {', '.join(named[:12])}{more}; do them with --shard "
            f"{named[0].partition('-')[0]}/{plan.shards} and so on, or all of them with --resume"
        )
    for shard in range(absorbed, plan.shards):
        absorb(shard)


def record(plan: Plan) -> dict[str, Any]:
    """What the run record says of shards and workers. To be asked before the work folder goes."""
    said = Shards(plan).said()
    workers = registered(plan)
    processors = sorted({str(worker.get("processor")) for worker in workers})
    again = {str(shard + 1): len(attempts) - 1 for shard, attempts in said.items() if len(attempts) > 1}
    return {"shards": plan.shards, "tried_again": again, "processors": processors, "workers": workers}
