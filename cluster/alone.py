"""Items one by one in a process beside this one: what kills it is one failed item, and no more.

    for lines in one_by_one(plan, work, attempt, given_up): ...

The process writes a line an item, at once. Where it dies, the item that it was at is tried by itself in a fresh process
once more (the dead one may have died of what came before); where that dies too, the item has failed, with how its
process ended as the reason. A process that takes items one after another loads the model once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from cluster.plan import Plan
from cluster.shards import Attempt
from cluster.work import Work, work_of
from output.work import Lines, whole_lines

_SECONDS = 0.2  # between two looks at the process


def one_by_one(plan: Plan, work: Work, attempt: Attempt, given_up: Callable[[], bool]) -> Iterator[list[bytes]]:
    """The lines of the items of a shard, in order. given_up: whether nobody wants them any more."""
    file = attempt.part.with_suffix(".alone")
    try:
        place, size = 0, plan.size(attempt.shard)
        while place < size:
            lines, died = _served(plan, attempt.shard, place, size, file, given_up)
            yield lines
            place += len(lines)
            if died and place < size:
                lines, died = _served(plan, attempt.shard, place, place + 1, file, given_up)
                yield lines or [work.failed(f"it ended the process that worked on it, twice ({died})")]
                place += 1
            elif given_up():
                return
    finally:
        file.unlink(missing_ok=True)


def _served(
    plan: Plan, shard: int, first: int, end: int, file: Path, given_up: Callable[[], bool]
) -> tuple[list[bytes], str]:
    """What a process makes of some items, as far as it came, and how it ended; "" = in order."""
    file.unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(plan, shard, first, end, file), name="alone")
    process.start()
    try:
        while process.exitcode is None:
            process.join(_SECONDS)
            if given_up():
                break
    finally:
        if process.exitcode is None:
            process.kill()
            process.join()
    code = process.exitcode
    lines = [line.rstrip(b"\n") for line in whole_lines(file)] if file.exists() else []
    return lines[: end - first], "" if code == 0 else f"signal {-code}" if code < 0 else f"exit code {code}"


def _serve(plan: Plan, shard: int, first: int, end: int, file: Path) -> None:
    """What the process does: a line an item, until its parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    with Lines(file, 0) as out:
        for lines in work_of(plan).lines(plan.items(shard, first, end), alone=True):
            if parent is not None and not parent.is_alive():
                os._exit(1)
            for line in lines:
                out.append(line)
