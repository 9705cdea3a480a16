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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cluster.claims import Claims
from cluster.command import Place
from cluster.driver import Driver, merge
from cluster.launchers import launcher_of
from cluster.plan import Plan, cut, load_plan, ranges
from cluster.shards import Shards
from cluster.worker import Worker
from output.console import say
from output.files import json_if_whole
from output.outcome import Failed, line_of, outcome_of
from output.runs import FINISHED, HEAD, Run, is_finished
from output.work import differences
from reading.pages import Page, PageList
from settings.config_file import settings_as_json, settings_from_json
from settings.schema import Settings
from utils import UserError, printable

LIST = "pages.jsonl"  # where a run stores its pages
Note = Callable[..., None]
# Identity and execution of a run, as `Run.start` has them.
KnownBy = tuple[dict[str, Any], dict[str, Any]]
# Begins and cuts a run, and keeps it if `claim(plan)` says so: `begin(claim)`; None: it did not.
Begin = Callable[[Callable[[Plan], bool]], Plan | None]


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


def join_in(output: Path, known_by: KnownBy, begin: Begin, *, quiet: bool) -> str:
    """Do shards, until none is left, of the run that all work at who give the same command (see `shared_plan`).

    The name of the run: it is for one of those that are told it to join the shards, whoever holds it first. "": all is
    over already.
    """
    plan = shared_plan(output, known_by, begin)
    worker = _worker(plan)
    if plan is None or worker is None:
        _say_joined()
        return ""
    say(f"{plan.shards} shards in {printable(str(plan.folder))}", quiet)
    print(f"{worker.run()} shards were done here")
    return plan.folder.name


def one_shard(output: Path, known_by: KnownBy, begin: Begin, shard: tuple[int, int], merge_command: str) -> int:
    """Do one shard (which, from 1, and of how many) of such a run; the exit code. merge_command: what joins them."""
    number, count = shard
    worker = _worker(shared_plan(output, known_by, begin, count))
    if worker is None:
        _say_joined()
        return 0
    was_new = worker.do(number - 1)
    if load_plan(worker.plan.folder) is None:
        _say_joined()
        return 0
    missing = list(ranges(worker.shards.missing()))
    print(f"shard {number} of {count} {'is done' if was_new else 'was done already'}")
    print(f"to be done: {', '.join(missing)}" if missing else f"all are done; join them: {merge_command}")
    return int(worker.work.failures(list(worker.shards.lines(number - 1))) > 0)


def _worker(plan: Plan | None) -> Worker | None:
    """A worker of a run; None where that is over, or is since we looked."""
    try:
        return None if plan is None else Worker(plan, say)
    except OSError:
        if plan is not None and load_plan(plan.folder) is not None:
            raise
        return None


def _say_joined() -> None:
    """What somebody hears who comes when all is over."""
    say("this run is finished: others have joined its shards")


def shared_plan(output: Path, known_by: KnownBy, begin: Begin, shards: int = 0) -> Plan | None:
    """The plan of the run that all work at who give the same command: the first one begins it. None: tasks of this job
    array have finished it already. UserError: this machine would compute otherwise.

    Each who finds none begins one, for whoever is at it already may be killed; it counts once it is claimed, and who
    claims second drops his. shards: how many the command asks for, 0 = it does not say.
    """
    identity, execution = known_by
    known = json.dumps([identity, shards], default=str, sort_keys=True)
    claims = Claims(output / "runs", hashlib.sha256(known.encode()).hexdigest()[:16])
    while True:
        number, name = claims.last()
        folder = output / "runs" / name
        if name and not is_finished(output, name) and (plan := load_plan(folder)) is not None:
            _check_execution(name, json_if_whole(folder / HEAD).get("execution", execution), execution)
            return plan
        if _finished_by_this_array(output):
            return None

        def claim(plan: Plan, next_one: int = number + 1) -> bool:
            # Meanwhile another one may have claimed, finished and gone.
            return not _finished_by_this_array(output) and claims.claim(next_one, plan.folder.name)

        if (plan := begin(claim)) is not None:
            return plan


def _check_execution(name: str, of_run: dict[str, Any], here: dict[str, Any]) -> None:
    """UserError where this command would compute otherwise than the run was begun with."""
    if changed := differences(of_run, json.loads(json.dumps(here, default=str))):
        what = ", ".join(f"{key} {there} (here {mine})" for key, there, mine in changed)
        give = " ".join(f"--{key} {there}" for key, there, _ in changed)
        raise UserError(
            f"run {name}, which others work at, was begun with {printable(what)}, and scores could differ: give "
            f"{printable(give)}, or another output folder"
        )


def _finished_by_this_array(output: Path) -> bool:
    """Whether a task of the same job array of Slurm has worked at a run here that is finished: all have one command."""
    array = os.environ.get("SLURM_ARRAY_JOB_ID", "")
    if not array:
        return False
    for file in (output / "tables").glob("*_run.json"):
        record = json_if_whole(file)
        workers = record.get("cluster", {}).get("workers", [])
        if record.get("state") in FINISHED and any(str(one.get("job")).startswith(f"{array}_") for one in workers):
            return True
    return False
