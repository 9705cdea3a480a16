"""Sorting in shards: what a shard of pages gives, and how its lines become the run's journal again.

    plan = cut_run(run, choice, settings, descriptions, model)        # then any worker can do a shard
    absorb(run, plan, 3)                                              # its outcomes, into the journal

A line is an outcome as the journal has it: scores, or the reason why the page failed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.command import Place
from cluster.driver import Driver, merge
from cluster.launchers import launcher_of
from cluster.plan import Plan, cut, load_plan, ranges
from cluster.shards import Shards
from cluster.worker import LOOK_AGAIN, Worker
from encoders.choosing import ModelChoice
from encoders.identity import model_hash
from output.console import say
from output.files import json_if_whole
from output.outcome import Failed, line_of, outcome_of
from output.runs import Run, drop, is_finished
from reading.pages import Page, PageList
from settings.config_file import settings_as_json, settings_from_json
from sorting.command import Sorting
from sorting.computing import batches_of, computing_of, open_classifier
from sorting.record import LIBRARIES, Begun
from utils import UserError, printable, versions_of

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings

LIST = "pages.jsonl"  # where a run stores its pages


def cut_run(
    run: Run,
    choice: ModelChoice,
    settings: Settings,
    descriptions: dict[str, list[str]] | None,
    model: str,
    shards: int | None = None,
) -> Plan:
    """Cut what is left of a run. model: its hash. shards: how many, None: by the number of pages."""
    source = Path(choice.source)
    job = {
        "choice": {**asdict(choice), "source": str(source.absolute() if source.exists() else choice.source)},
        "settings": settings_as_json(settings),
        "descriptions": descriptions,
        "model": model,
    }
    size, count = settings.setup.batch_size, len(run.pages.pages)
    first = min(count, run.done * size)
    plan = cut(run.work, LIST, count=count, unit=size, first=first, shards=shards, work="sorting.shards:SortingWork",
               job=job)  # fmt: skip
    Shards(plan).make()
    return plan


def absorbed_of(run: Run, plan: Plan) -> int:
    """How many shards stand whole in the run's journal."""
    done = run.done * plan.unit
    return sum(end <= done for end in plan.starts[1:])


def absorb(run: Run, plan: Plan, shard: int) -> None:
    """Append what a shard gave to the journal, but for batches that stand there already. Shards come in order."""
    lines = Shards(plan).lines(shard)
    first = run.done
    for batch in range(-(-plan.starts[shard] // plan.unit), -(-plan.starts[shard + 1] // plan.unit)):
        rows = list(itertools.islice(lines, plan.unit))
        if batch >= first:
            try:
                run.append([outcome_of(json.loads(row, parse_int=float)) for row in rows])
            except (ValueError, TypeError, KeyError, RecursionError):
                raise UserError(
                    f"shard {shard + 1} holds what no shard of this run gave: delete "
                    f"{printable(str(Shards(plan).file(shard)))}, and --resume does it again"
                ) from None
    for _ in lines:  # looks whether it ends where it should
        pass


def through_shards(run: Run, plan: Plan, job: Sorting, *, quiet: bool) -> None:
    """All shards of a run into its journal: those that are done joined, the others computed. UserError, where they are
    only to be joined (`job.merge`) and some are missing.
    """
    absorbed = absorbed_of(run, plan)

    def absorb_one(shard: int) -> None:
        absorb(run, plan, shard)

    if job.merge or not Shards(plan).missing():
        merge(plan, absorb_one, absorbed)
        return
    say(f"{plan.shards} shards in {printable(str(plan.folder))}", quiet)
    launcher = launcher_of(plan, job.place or Place("local", 1), settings_from_json(plan.job["settings"]))
    with Driver(plan, launcher, absorb_one, absorbed=absorbed, quiet=quiet) as driver:
        driver.run()


def take_part(begun: Begun, begin: Callable[[], Plan], job: Sorting, *, quiet: bool) -> bool:
    """Do one shard (`job.shard`), or shards until none is left, of a run that others work at too; it is begun where
    nobody has. Whether it is now for this process to join them.
    """
    plan = shared_plan(begun, begin, job.shard[1] if job.shard else 0)
    if plan is None:
        say("this run is finished: another task of the same array has joined its shards")
        return False
    worker = Worker(plan, say)
    if job.shard is None:
        say(f"{plan.shards} shards in {printable(str(plan.folder))}", quiet)
        print(f"{worker.run()} shards were done here")
        return not is_finished(begun.output, plan.folder.name) and plan.folder.is_dir()
    number, count = job.shard
    was_new = worker.do(number - 1)
    missing = list(ranges(worker.shards.missing()))
    print(f"shard {number} of {count} {'is done' if was_new else 'was done already'}")
    print(f"to be done: {', '.join(missing)}" if missing else f"all are done; join them: {_merge_command(job)}")
    return False


def _merge_command(job: Sorting) -> str:
    at = job.arguments.index("--shard") if "--shard" in job.arguments else None
    kept = job.arguments if at is None else (*job.arguments[:at], *job.arguments[at + 2 :])
    return job.command_with(*[word for word in kept if not word.startswith("--shard=")], "--merge")


def shared_plan(begun: Begun, begin: Callable[[], Plan], shards: int) -> Plan | None:
    """The plan of the run that all work at who give the same command: the first one begins it. None: tasks of this job
    array have finished it already.

    Who is first is who makes a file with its name (exclusively): whoever comes second drops what it has begun.
    """
    known = json.dumps([begun.identity, begun.execution, shards], default=str, sort_keys=True)
    claim = begun.output / "runs" / f"{hashlib.sha256(known.encode()).hexdigest()[:16]}.claim"
    array = os.environ.get("SLURM_ARRAY_JOB_ID", "")
    while True:
        said = json_if_whole(claim)
        name = str(said.get("run", ""))
        plan = load_plan(begun.output / "runs" / name) if name else None
        if plan is not None and not is_finished(begun.output, name):
            return plan
        if name and array and said.get("array") == array and is_finished(begun.output, name):
            return None
        claim.unlink(missing_ok=True)  # of a run that is over, or gone
        mine = begin()
        try:
            with claim.open("x", encoding="utf-8") as file:
                file.write(json.dumps({"run": mine.folder.name, "array": array}))
        except FileExistsError:
            drop(begun.output, mine.folder.name)
            time.sleep(LOOK_AGAIN)  # until what it says is written
            continue
        return mine


class SortingWork:
    """See `cluster.work.Work`; items are pages of a stored page list."""

    def __init__(self, job: dict[str, Any], head: dict[str, Any]) -> None:
        self._root = Path(head["root"])
        self._settings = settings_from_json(job["settings"])
        self._choice = ModelChoice(**job["choice"])
        self._descriptions: dict[str, list[str]] | None = job["descriptions"]
        self._model: str = job["model"]
        self._classifier: PageClassifier | None = None

    def computed_by(self) -> dict[str, Any]:
        """Versions, model and engine."""
        if not self._root.is_dir():
            raise UserError(f"this machine does not see the pages, {printable(str(self._root))}: nothing was done")
        source, tokenizer = self._choice.source, self._settings.setup.tokenizer
        if Path(source).is_absolute() and not Path(source).exists():
            raise UserError(f"this machine does not see the model, {printable(str(source))}: nothing was done")
        if model_hash(source, tokenizer) != self._model:
            raise UserError(
                f"the model {printable(str(source))} is not the one that this run was begun with (here, or since then)"
            )
        computing = computing_of(self._choice, self._settings)
        engine = {"engine": computing.engine, "device": computing.device, "precision": computing.precision}
        return {**engine, "libraries": versions_of(LIBRARIES)}

    def lines(self, items: list[bytes], *, alone: bool = False) -> Iterator[list[bytes]]:
        """The outcomes of pages, a batch at a time."""
        settings = self._settings
        if alone:
            settings = settings.replaced("setup", batch_size=1, workers=0)
        if self._classifier is None:
            self._classifier = open_classifier(self._choice, settings, self._descriptions)
        pages = PageList(self._root, [Page(*json.loads(item)) for item in items])
        for batch in batches_of(pages, self._classifier, settings):
            yield [line_of(outcome).encode("ascii") for outcome in self._classifier.outcomes(batch)]

    def failed(self, reason: str) -> bytes:
        """The outcome of a page that cannot be done."""
        return line_of(Failed(reason)).encode("ascii")

    def failures(self, lines: list[bytes]) -> int:
        """How many pages failed."""
        return sum(line.startswith(b'"') for line in lines)

    def away(self, items: list[bytes], lines: list[bytes]) -> str:
        """The folder that holds nothing now, where a page failed whose file is not there.

        An empty folder is what is left of a drive that is not mounted; of files that were deleted others are left.
        """
        for item, line in zip(items, lines, strict=True):
            file = self._root / Page(*json.loads(item)).path
            if not line.startswith(b'"') or file.exists():
                continue
            folder = next((above for above in file.parents if above.is_dir()), self._root)
            if not self._root.is_dir() or not any(folder.iterdir()):
                return f"the folder {printable(str(folder))} of the pages is not there, or empty"
        return ""
