"""Runs over pages in shards: what is shared by all that is made of pages, from the cut to the run's journal.

    plan = cut_run(run, "sorting.shards:SortingWork", {"model": ...}, settings)      # any worker can do a shard now
    through_shards(run, plan, Place("local", 4))                          # until the journal has all outcomes
    join_in(output, known_by, begin, quiet=False)                         # or all who give the same command do them

A line is an outcome as the journal has it (output/outcome.py): what was made of a page, or the reason why it failed.
What a room tells of the page besides (JSON) may stand behind a tab.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cluster.command import Place
from cluster.driver import Driver, merge
from cluster.launchers import launcher_of
from cluster.plan import Plan, cut, load_plan, ranges
from cluster.shards import Shards
from cluster.worker import LOOK_AGAIN, Worker
from output.console import say
from output.files import json_if_whole
from output.outcome import Failed, line_of, outcome_of
from output.runs import Run, drop, is_finished
from reading.pages import Page, PageList
from settings.config_file import settings_as_json, settings_from_json
from settings.schema import Settings
from utils import UserError, printable

LIST = "pages.jsonl"  # where a run stores its pages
Note = Callable[..., None]


class PageWork:
    """What work over the pages of a stored list has in common: see `cluster.work.Work`, which the rooms complete."""

    def __init__(self, job: dict[str, Any], head: dict[str, Any]) -> None:
        self.root = Path(head["root"])
        self.settings = settings_from_json(job["settings"])

    def check_seen(self) -> None:
        """UserError where this machine does not see the pages."""
        if not self.root.is_dir():
            raise UserError(f"this machine does not see the pages, {printable(str(self.root))}: nothing was done")

    def pages_of(self, items: Iterable[bytes]) -> PageList:
        """The pages that lines of the list are of."""
        return PageList(self.root, [Page(*json.loads(item)) for item in items])

    def failed(self, reason: str) -> bytes:
        """The outcome of a page that cannot be done."""
        return line_of(Failed(reason)).encode("ascii")

    def failures(self, lines: list[bytes]) -> int:
        """How many pages failed."""
        return sum(line.startswith(b'"') for line in lines)

    def away(self, items: list[bytes], lines: list[bytes]) -> str:
        """The folder that holds nothing now, where a page failed whose file is not there."""
        failed = (item for item, line in zip(items, lines, strict=True) if line.startswith(b'"'))
        return folder_away(self.root, (page.path for page in self.pages_of(failed).pages))


def folder_away(root: Path, paths: Iterable[str]) -> str:
    """Which folder is not there, or empty, of files below `root` that could not be read; "" = none.

    An empty folder is what is left of a drive that is not mounted; of files that were deleted others are left.
    """
    for file in (root / path for path in paths):
        if file.exists():
            continue
        folder = next((above for above in file.parents if above.is_dir()), root)
        if not root.is_dir() or not any(folder.iterdir()):
            return f"the folder {printable(str(folder))} of the pages is not there, or empty"
    return ""


def cut_run(run: Run, work: str, job: dict[str, Any], settings: Settings, shards: int | None = None) -> Plan:
    """Cut what is left of a run. work: "module:class", a `PageWork`; job: what it is made with, beside the settings.
    shards: how many, None: by the number of pages.
    """
    size, count = settings.setup.batch_size, len(run.pages.pages)
    job = {**job, "settings": settings_as_json(settings)}
    first = min(count, run.done * size)
    plan = cut(run.work, LIST, count=count, unit=size, first=first, shards=shards, work=work, job=job)
    Shards(plan).make()
    return plan


def absorbed_of(run: Run, plan: Plan) -> int:
    """How many shards stand whole in the run's journal."""
    done = run.done * plan.unit
    return sum(end <= done for end in plan.starts[1:])


def absorb(run: Run, plan: Plan, shard: int, note: Note | None = None) -> None:
    """Append what a shard gave to the journal, but for batches that stand there already. Shards come in order.

    note: is told what lines have behind a tab, with the page's path, before the journal has the page.
    """
    lines = Shards(plan).lines(shard)
    first = run.done
    for batch in range(-(-plan.starts[shard] // plan.unit), -(-plan.starts[shard + 1] // plan.unit)):
        rows = [line.partition(b"\t") for line in itertools.islice(lines, plan.unit)]
        if batch >= first:
            try:
                outcomes = [outcome_of(json.loads(row, parse_int=float), run.kind) for row, _, _ in rows]
                pages = run.pages.pages[batch * plan.unit : batch * plan.unit + len(rows)]
                for page, (_, _, told) in zip(pages, rows, strict=True):
                    if told and note:
                        note(page.path, *json.loads(told))
                run.append(outcomes)
            except (ValueError, TypeError, KeyError, RecursionError):
                raise UserError(
                    f"shard {shard + 1} holds what no shard of this run gave: delete "
                    f"{printable(str(Shards(plan).file(shard)))}, and --resume does it again"
                ) from None


def through_shards(
    run: Run,
    plan: Plan,
    place: Place | None,
    *,
    only_join: bool = False,
    unit: str = "page",
    note: Note | None = None,
    quiet: bool = False,
) -> bool:
    """All shards of a run into its journal: those that are done joined, the others computed; whether any was computed.

    unit: what is counted. place: where, None: by this process beside it. only_join: UserError, naming them, where some
    are missing. note: see `absorb`.
    """
    absorbed = absorbed_of(run, plan)

    def absorb_one(shard: int) -> None:
        absorb(run, plan, shard, note)

    missing = Shards(plan).missing()
    if only_join or not missing:
        merge(plan, absorb_one, absorbed)
        return False
    done = f", {plan.shards - len(missing)} of them done already" if len(missing) < plan.shards else ""
    say(f"{plan.shards} shards in {printable(str(plan.folder))}{done}", quiet)
    launcher = launcher_of(plan, place or Place("local", 1), settings_from_json(plan.job["settings"]))
    with Driver(plan, launcher, absorb_one, absorbed=absorbed, unit=unit, quiet=quiet) as driver:
        driver.run()
    return True


# ---- the same command, given by several ------------------------------------------------------------------------------


def join_in(output: Path, known_by: Any, begin: Callable[[], Plan], *, quiet: bool) -> bool:
    """Do shards, until none is left, of the run that all work at who give the same command (see `shared_plan`).

    Whether it is now for this process to join them; others that ask may be told the same.
    """
    plan = shared_plan(output, known_by, begin)
    if plan is None:
        _say_joined()
        return False
    worker = Worker(plan, say)
    say(f"{plan.shards} shards in {printable(str(plan.folder))}", quiet)
    print(f"{worker.run()} shards were done here")
    return not is_finished(output, plan.folder.name) and plan.folder.is_dir()


def one_shard(
    output: Path, known_by: Any, begin: Callable[[], Plan], shard: tuple[int, int], merge_command: str
) -> int:
    """Do one shard (which, from 1, and of how many) of such a run; the exit code. merge_command: what joins them."""
    number, count = shard
    plan = shared_plan(output, known_by, begin, count)
    if plan is None:
        _say_joined()
        return 0
    worker = Worker(plan, say)
    was_new = worker.do(number - 1)
    if load_plan(plan.folder) is None:
        _say_joined()
        return 0
    missing = list(ranges(worker.shards.missing()))
    print(f"shard {number} of {count} {'is done' if was_new else 'was done already'}")
    print(f"to be done: {', '.join(missing)}" if missing else f"all are done; join them: {merge_command}")
    return int(worker.work.failures(list(worker.shards.lines(number - 1))) > 0)


def _say_joined() -> None:
    """What somebody hears who comes when all is over."""
    say("this run is finished: others have joined its shards")


def shared_plan(output: Path, known_by: Any, begin: Callable[[], Plan], shards: int = 0) -> Plan | None:
    """The plan of the run that all work at who give the same command: the first one begins it. None: tasks of this job
    array have finished it already.

    known_by: what makes two commands the same (JSON). Who is first is who makes a file with its name (exclusively):
    whoever comes second drops what it has begun.
    """
    known = json.dumps([*known_by, shards], default=str, sort_keys=True)
    claim = output / "runs" / f"{hashlib.sha256(known.encode()).hexdigest()[:16]}.claim"
    array = os.environ.get("SLURM_ARRAY_JOB_ID", "")
    while True:
        said = json_if_whole(claim)
        name = str(said.get("run", ""))
        plan = load_plan(output / "runs" / name) if name else None
        if plan is not None and not is_finished(output, name):
            return plan
        if name and array and said.get("array") == array and is_finished(output, name):
            return None
        claim.unlink(missing_ok=True)  # of a run that is over, or gone
        mine = begin()
        try:
            with claim.open("x", encoding="utf-8") as file:
                file.write(json.dumps({"run": mine.folder.name, "array": array}))
        except FileExistsError:
            drop(output, mine.folder.name)
            time.sleep(LOOK_AGAIN)  # until what it says is written
            continue
        return mine


def unclaim(run: Run) -> None:
    """A run is finished: who gives its command now begins another. (Tasks of a job array that come late do not.)"""
    for claim in (run.output / "runs").glob("*.claim"):
        said = json_if_whole(claim)
        if said.get("run") == run.name and not said.get("array"):
            claim.unlink(missing_ok=True)
