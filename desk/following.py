"""How far a process of run.py is, told by the files that it leaves: pages of a sorting run, epochs of a training.

    sorting = Sorted(output, Path("/scans/box1"))
    sorting.progress()                              # Progress(done=3200, total=10000)
    learning = Learning(models, "mine")
    learning.curve()                                # [{"epoch": 1, "loss": 1.2, "validation_accuracy": 0.81}, ...]

Nothing of the process is asked, so a run that was started elsewhere is followed alike.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from output.files import json_if_whole, whole
from output.runs import FINISHED, RUN_NAME
from output.spreadsheets import read_table
from output.tables import bare_path, cell, path_cell
from training.record import METRICS
from utils import UserError

COMPARED = "stats/model_accuracies.csv"  # in the folder that `--eval_dir` writes into
EPOCHS = 2000  # of a curve
STAMP = len("20261121-101500")
POINTS = ("epoch", "loss", "validation_loss", "validation_accuracy")
FIGURES = ("ACCURACY", "LOW", "HIGH", "PAGES", "DOCUMENTS", "SEEN_PAGES")


@dataclass(frozen=True)
class Progress:
    """Pages that are done, and how many there are; 0 of 0 while they are counted."""

    done: int = 0
    total: int = 0


class Following(Protocol):
    """What is known of a process from outside."""

    def progress(self) -> Progress:
        """How far it is."""


class Sorted:
    """A sorting run on its way. name: of the run, "" until it is known.

    since: the name of the start that has begun it, where that is not begun now: runs before it (by the date and time
    that both names begin with) are not it.
    """

    def __init__(self, output: Path, folder: Path, name: str = "", since: str = "") -> None:
        self._output, self._folder, self.name = output, folder, name
        self._before = {one for one in self._records() if not since or one[:STAMP] < since[:STAMP]}
        self._offset = self._lines = 0

    def progress(self) -> Progress:
        """Pages done and in all: of the journal while there is one, then of the record."""
        self._find()
        if not self.name:
            return Progress()
        record, work = json_if_whole(self._record()), self._output / "runs" / self.name
        total = record.get("pages")
        total = total if isinstance(total, int) else 0
        if record.get("state") in FINISHED:
            return Progress(total, total)
        size = json_if_whole(work / "settings.json").get("execution", {}).get("batch_size", 0)
        return Progress(min(total, self._batches(work / "journal.jsonl") * int(size)), total)

    def _batches(self, journal: Path) -> int:
        """Whole lines of a journal; only what was added since the last look is read."""
        try:
            with journal.open("rb") as file:
                file.seek(self._offset)
                while part := file.read(1 << 20):
                    self._offset += len(part)
                    self._lines += part.count(b"\n")
        except OSError:
            pass
        return self._lines

    def found(self) -> str:
        """The run's name, "" as long as it has no record."""
        self._find()
        return self.name

    def _find(self) -> None:
        """The run of this process is the first record of that folder that was not there before."""
        if self.name:
            return
        for name in sorted(set(self._records()) - self._before):
            record = json_if_whole(self._output / "tables" / f"{name}_run.json")
            if record.get("input") == str(self._folder):
                self.name = name
                return

    def _records(self) -> list[str]:
        names = [file.name.removesuffix("_run.json") for file in (self._output / "tables").glob("*_run.json")]
        return [name for name in names if RUN_NAME.fullmatch(name)]

    def _record(self) -> Path:
        return self._output / "tables" / f"{self.name}_run.json"


def state_of(output: Path, run: str) -> str:
    """The state of a run as its record has it, "" where there is none."""
    return str(json_if_whole(output / "tables" / f"{run}_run.json").get("state", "")) if run else ""


def is_unfinished(output: Path, run: str) -> bool:
    """Whether `--resume` goes on with a run. run: its name, "" = none."""
    begun = bool(run) and (output / "runs" / run / "settings.json").is_file()
    return begun and state_of(output, run) not in FINISHED


class Learning:
    """A training on its way, and the model that it makes."""

    def __init__(self, models: Path, name: str) -> None:
        self._model, self._work = models / name, models / f"{name}.training" / "run"

    def progress(self) -> Progress:
        """Not counted: how many epochs there will be is known at the end."""
        return Progress()

    def curve(self) -> list[dict[str, float]]:
        """Of each epoch until now its number, loss, and loss and accuracy on validation pages."""
        for folder in (self._model, self._work):
            try:
                lines = (folder / METRICS).read_text(encoding="utf-8").splitlines()[:EPOCHS]
                return [_point(json.loads(line)) for line in lines]
            except (OSError, ValueError, TypeError, AttributeError):
                continue
        return []

    def hold_back(self, file: Path) -> bool:
        """Write a table of the test pages of the finished model, which it has not learned from; False: it has none."""
        try:
            split = read_table(self._model / "split.csv", ("PATH", "PAGE", "CATEGORY", "DOCUMENT", "SPLIT"))
            rows = [cells for _, cells in split.rows if cells["SPLIT"] == "test"]
        except UserError:
            return False
        if not rows:
            return False
        with whole(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["PATH", "PAGE", "CLASS", "DOCUMENT"])
            for cells in rows:
                path = path_cell(bare_path(cells["PATH"]))
                writer.writerow([path, cells["PAGE"], cell(cells["CATEGORY"]), cell(cells["DOCUMENT"])])
        return True


def comparison(folder: Path) -> list[dict[str, Any]]:
    """The models that `--eval_dir` has compared, best first; [] where it has not. folder: its output folder.

    Of each: model, reason ("" = it could be judged), and `FIGURES` in small letters, None where there is none.
    """
    try:
        table = read_table(folder / COMPARED, ("MODEL", *FIGURES, "REASON"))
        rows = [cells for _, cells in table.rows]
        return [
            {"model": cells["MODEL"], "reason": cells["REASON"]}
            | {name.lower(): float(cells[name].replace(",", ".")) if cells[name] else None for name in FIGURES}
            for cells in rows
        ]
    except (UserError, ValueError):
        return []


def _point(line: dict[str, Any]) -> dict[str, float]:
    return {name: float(line[name]) for name in POINTS if line.get(name) is not None}
