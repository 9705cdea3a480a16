"""What was sorted when: the run records in an output folder, as people look at them.

    records = RunRecords(Path("result"))
    records.page(0, 20)                   # (how many there are, the newest 20)
    records.of("20261121-101500_ViT-B16") # one; Refused where there is none

A record may have been written by any version, or by somebody's hand: what is not as it should be counts as not told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from desk.refused import Refused
from output.files import json_if_whole
from output.runs import FINISHED, RUN_NAME
from output.spreadsheets import read_table
from output.tables import bare_path
from output.work import WorkFolder
from settings.command import quoted
from utils import UserError, printable

ERRORS = 200  # failed pages that are named


class Failure(BaseModel):
    """A page that failed. page: its number."""

    path: str
    page: str
    reason: str


class Count(BaseModel):
    """How often something is there."""

    name: str
    pages: int


class RunSummary(BaseModel):
    """A run. state: "finished", "finished with failures", "interrupted", "running" or "stopped" (killed).

    folder: that was sorted. pages: in all; done: of them. per_category: in the order of the model's categories.
    failures, warnings: by reason, the most frequent first. table, report: files in the output folder, "" = none.
    go_on: the command that goes on with it, "" = it is over.
    """

    name: str
    state: str
    started: str
    ended: str
    folder: str
    model: str
    model_hash: str
    pages: int
    done: int
    failed: int
    per_category: list[Count]
    failures: list[Count]
    warnings: list[Count]
    pages_per_second: float
    table: str
    report: str
    go_on: str


class RunDetails(RunSummary):
    """A run with the first of its failed pages, and how it was made."""

    command: str
    tables: list[str]
    failed_pages: list[Failure]


class RunRecords:
    """The records of an output folder."""

    def __init__(self, output: Path) -> None:
        self._output = output

    @property
    def names(self) -> list[str]:
        """Of all runs, the newest first."""
        files = (self._output / "tables").glob("*_run.json")
        names = [file.name.removesuffix("_run.json") for file in files]
        return sorted((name for name in names if RUN_NAME.fullmatch(name)), reverse=True)

    def page(self, start: int, count: int) -> tuple[int, list[RunSummary]]:
        """How many there are, and some of them; only theirs are read."""
        names = self.names
        return len(names), [RunSummary(**self._summary(name)) for name in names[start : start + count]]

    def of(self, name: str) -> RunDetails:
        """One run. Refused: there is none of that name."""
        summary = self._summary(self._known(name))
        record = json_if_whole(self._file(name))
        tables = [str(table) for table in _list(record.get("tables"))]
        return RunDetails(
            **summary,
            command=_text(record.get("command")),
            tables=tables,
            failed_pages=self._failed_pages(name),
        )

    def table(self, name: str) -> Path:
        """Its result table. Refused: there is no such run, or it has none."""
        found = self._tables(self._known(name))
        if not found:
            raise Refused(404, "this run has no result table")
        return found[-1]

    def _tables(self, name: str) -> list[Path]:
        return sorted((self._output / "tables").glob(f"result_{_plain(name)}_*n_*c*.csv"))

    def counts(self, name: str) -> tuple[dict[str, int], int]:
        """Pages a category, and failed ones. Refused: there is no such run."""
        record = json_if_whole(self._file(self._known(name)))
        return _counts(record.get("per_category")), _number(record.get("failed"))

    def folders(self) -> list[Path]:
        """The folders that were sorted; each was named on this machine's command line or desk."""
        inputs = (_text(json_if_whole(self._file(name)).get("input")) for name in self.names)
        return [Path(folder) for folder in dict.fromkeys(inputs) if folder]

    def _known(self, name: str) -> str:
        if not RUN_NAME.fullmatch(name) or "/" in name or "\\" in name or not json_if_whole(self._file(name)):
            raise Refused(404, "there is no run of that name")
        return name

    def _file(self, name: str) -> Path:
        return self._output / "tables" / f"{name}_run.json"

    def _summary(self, name: str) -> dict[str, Any]:
        record = json_if_whole(self._file(name))
        model = record.get("model")
        model = model if isinstance(model, dict) else {}
        total, failed = _number(record.get("pages")), _number(record.get("failed"))
        state = _text(record.get("state")) or "running"
        unfinished = state not in FINISHED and (self._output / "runs" / name / "settings.json").is_file()
        held = unfinished and is_held(self._output, name)
        if state == "running" and not held:
            state = "stopped"  # killed, and nobody is at it
        command = _text(record.get("command"))
        result = self._tables(name)
        report = self._output / "report" / name / "index.html"
        return {
            "name": printable(name),
            "state": state,
            "started": _text(record.get("started")),
            "ended": _text(record.get("ended")),
            "folder": _text(record.get("input")),
            "model": f"{_text(model.get('name'))} {_text(model.get('revision'))}".strip(),
            "model_hash": _text(model.get("hash"))[:12],
            "pages": total,
            "done": _number(record.get("done")),
            "failed": failed,
            "per_category": _listed(_counts(record.get("per_category"))),
            "failures": _most_first(record.get("failures")),
            "warnings": _most_first(record.get("warnings")),
            "pages_per_second": _real(record.get("pages_per_second")),
            "table": printable(result[-1].relative_to(self._output).as_posix()) if result else "",
            "report": report.relative_to(self._output).as_posix() if report.is_file() else "",
            "go_on": _with_resume(command) if unfinished and command and not held else "",
        }

    def _failed_pages(self, name: str) -> list[Failure]:
        file = self._output / "tables" / f"{name}_ERRORS.csv"
        failed: list[Failure] = []
        try:
            for _, cells in read_table(file, ("PAGE", "PATH", "REASON")).rows:
                if len(failed) == ERRORS:
                    break
                failed.append(Failure(path=bare_path(cells["PATH"]), page=cells["PAGE"], reason=cells["REASON"]))
        except UserError:
            pass
        return failed


def is_held(output: Path, name: str) -> bool:
    """Whether a living process is at a run."""
    work = WorkFolder(output / "runs" / name, "settings.json")
    if not (work.folder / "settings.json").is_file():
        return False
    try:
        if not work.take():
            return True
    except OSError:
        return False
    work.release()
    return False


def _plain(name: str) -> str:
    """A name for a pattern, nothing in it a wildcard."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _with_resume(command: str) -> str:
    return command if "--resume" in command.split() else f"{command} {quoted(['--resume'])}"


def _text(value: object) -> str:
    return printable(value)[:4000] if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def _real(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else 0.0


def _counts(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    return {printable(str(name)): _number(pages) for name, pages in value.items()}


def _listed(counts: dict[str, int]) -> list[Count]:
    return [Count(name=name, pages=pages) for name, pages in counts.items()]


def _most_first(value: object) -> list[Count]:
    return _listed(dict(sorted(_counts(value).items(), key=lambda one: (-one[1], one[0]))))
