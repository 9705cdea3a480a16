"""Sorting in shards: what a shard of pages gives, and how the processes that share a run take part in it.

    plan = cut_run(run, choice, settings, descriptions, model)        # any worker can do a shard now
    take_part(begun, begin, job, quiet=False)                         # --cluster join, --shard

What is done with the shards of any run over pages stands in cluster/pages.py. Behind a tab, in the line of a file's
first page, stand its hash, size and time (seen.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.pages import Begin, PageWork, join_in, one_shard
from cluster.pages import cut_run as cut_pages
from cluster.plan import Items, Plan
from encoders.choosing import ModelChoice
from encoders.identity import model_hash
from output.outcome import Outcome, line_of
from output.runs import Run
from reading.pages import Page
from sorting.command import Sorting
from sorting.computing import batches_of, computing_of, open_classifier
from sorting.record import LIBRARIES, Begun
from sorting.seen import content_and_stamp
from utils import UserError, printable, versions_of

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings


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
        "descriptions": descriptions,
        "model": model,
    }
    return cut_pages(run, "sorting.shards:SortingWork", job, settings, shards)


def take_part(begun: Begun, begin: Begin, job: Sorting, *, quiet: bool) -> int | str:
    """Do one shard (`job.shard`), or shards until none is left, of a run that others work at too; it is begun where
    nobody has. The exit code, or the name of the run where one of those who worked at it has now to join them.
    """
    known_by = (begun.identity, begun.execution)
    if job.shard is None:
        return join_in(begun.output, known_by, begin, quiet=quiet) or 0
    return one_shard(begun.output, known_by, begin, job.shard, _merge_command(job))


def _merge_command(job: Sorting) -> str:
    at = job.arguments.index("--shard") if "--shard" in job.arguments else None
    kept = job.arguments if at is None else (*job.arguments[:at], *job.arguments[at + 2 :])
    return job.command_with(*[word for word in kept if not word.startswith("--shard=")], "--merge")


class SortingWork(PageWork):
    """See `cluster.work.Work`."""

    def __init__(self, job: dict[str, Any], head: dict[str, Any]) -> None:
        super().__init__(job, head)
        self._choice = ModelChoice(**job["choice"])
        self._descriptions: dict[str, list[str]] | None = job["descriptions"]
        self._model: str = job["model"]
        self._classifier: PageClassifier | None = None

    def computed_by(self) -> dict[str, Any]:
        """Versions, model and engine."""
        self.check_seen()
        source, tokenizer = self._choice.source, self.settings.setup.tokenizer
        if Path(source).is_absolute() and not Path(source).exists():
            raise UserError(f"this machine does not see the model, {printable(str(source))}: nothing was done")
        if model_hash(source, tokenizer) != self._model:
            raise UserError(
                f"the model {printable(str(source))} is not the one that this run was begun with (here, or since then)"
            )
        computing = computing_of(self._choice, self.settings)
        engine = {"engine": computing.engine, "device": computing.device, "precision": computing.precision}
        return {**engine, "libraries": versions_of(LIBRARIES)}

    def lines(self, items: Items, *, alone: bool = False) -> Iterator[list[bytes]]:
        """The outcomes of pages, a batch at a time."""
        settings = self.settings
        if alone:
            settings = settings.replaced("setup", batch_size=1, workers=0)
        if self._classifier is None:
            self._classifier = open_classifier(self._choice, settings, self._descriptions)
        for batch in batches_of(self.pages_of(items), self._classifier, settings):
            outcomes = self._classifier.outcomes(batch)
            yield [self._line(page, outcome) for page, outcome in zip(batch.pages, outcomes, strict=True)]

    def _line(self, page: Page, outcome: Outcome) -> bytes:
        line = line_of(outcome)
        if not page.frame and not page.reason and (file := content_and_stamp(self.root / page.path)):
            line += f"\t{json.dumps(file)}"
        return line.encode("ascii")
