"""What became of pictures, and the tables, JSON lines and lines for the terminal that are made of it.

    report = write_readings(run.tables, run.name, run.pages, run.outcomes(), excel=False, json=True)
    print(summary(report, total=len(run.pages.pages)))

Files, <name> = <date-time>_<model>:

    <name>.csv          PATH[,PAGE],LATEX,CONFIDENCE,WARNING      PAGE where a file may hold several
    <name>.jsonl        {"path", ["page",] "latex", "confidence", "alternatives", "warnings"}, with --json
    <name>_ERRORS.csv   FILE,PAGE,PATH,REASON                     only if a picture could not be read

Rows keep the order of the page list, which is sorted. LaTeX is as people write it (formulas/latex.py, `display`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from formulas.latex import LatexError, display
from formulas.recognizer import NOT_READ, Reading
from output.files import whole
from output.outcome import Failed
from output.tables import Table, cell, number, path_cell
from reading.pages import Page, PageList
from sorting.results import ERRORS
from utils import printable

SURE, UNSURE = 0.9, 0.5  # confidences that a summary counts
SHOWN = 3  # other readings on a terminal


@dataclass(frozen=True, slots=True)
class Read:
    """A picture that was read, an outcome of a run. warning: what a decoder complained about, "" for nothing."""

    reading: Reading
    warning: str = ""
    none: ClassVar[str] = "the model gave no valid reading for this picture"

    @property
    def width(self) -> int:
        """As `Done` has it."""
        return 1

    @property
    def is_sound(self) -> bool:
        """As `Done` has it."""
        return 0 <= self.reading.confidence <= 1

    @property
    def warnings(self) -> tuple[str, ...]:
        """All that is to be said of it."""
        return (*self.reading.warnings, *([self.warning] if self.warning else []))

    def line(self) -> str:
        """As `Done` has it."""
        one = self.reading
        values = [one.latex, one.confidence, one.alternatives, one.warnings, one.sound, *_finite(one.mean, one.total)]
        return json.dumps([values, self.warning])

    @classmethod
    def from_line(cls, value: Any) -> Read:
        """As `Done` has it."""
        (latex, confidence, alternatives, warnings, sound, mean, total), warning = value
        others = tuple((str(other), float(sure)) for other, sure in alternatives)
        numbers = [float("-inf") if one is None else float(one) for one in (mean, total)]
        return cls(
            Reading(str(latex), float(confidence), others, tuple(map(str, warnings)), sound, *numbers), str(warning)
        )


def _finite(*values: float) -> list[float | None]:
    return [None if value == float("-inf") else value for value in values]


@dataclass
class Report:
    """What `write_readings` wrote.

    files: those that were written. done, failed: pictures in all, and those without a reading. sure, unsure: how many
    have a confidence of `SURE` and more, and below `UNSURE`. reasons, warnings: how often each was said. notes: lines
    for the user. more: what else the run record says.
    """

    files: list[Path] = field(default_factory=list)
    done: int = 0
    failed: int = 0
    sure: int = 0
    unsure: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    more: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: Read) -> None:
        """Count how sure a reading is, and its warnings."""
        self.sure += outcome.reading.confidence >= SURE
        self.unsure += outcome.reading.confidence < UNSURE
        self.warnings.update(warning.split(":")[0] for warning in outcome.warnings)

    def failure(self, page: Page, outcome: Failed) -> list[Any]:
        """The row of a page in the table of errors; it is counted."""
        reason = printable(" ".join(outcome.reason.split()))
        self.failed += 1
        self.reasons[reason] += 1
        return [cell(page.file), page.number, path_cell(page.path), cell(reason)]


def people(latex: str) -> str:
    """Normalised LaTeX as people write it; what is no LaTeX stays as it is.

    >>> people("\\\\frac { a } { b }")
    '\\\\frac{a}{b}'
    """
    try:
        return display(latex)
    except LatexError:
        return latex


def write_readings(
    tables: Path, name: str, pages: PageList, outcomes: Iterable[Read | Failed], *, excel: bool, json: bool
) -> Report:
    """Write all files of a run (see above); those of an earlier attempt at it are replaced.

    outcomes: one a page, in page order; where they end early (an interrupted run) the files end there too. UserError:
    the disk is full or the like.
    """
    report = Report()
    several = any(page.frame is not None for page in pages.pages)
    head = ["PATH", *(["PAGE"] if several else []), "LATEX", "CONFIDENCE", "WARNING"]
    with ExitStack() as opened:
        table = Table(tables / f"{name}.csv", head, opened, excel=excel)
        errors = lines = None
        if json:
            file = tables / f"{name}.jsonl"
            lines = opened.enter_context(opened.enter_context(whole(file)).open("w", encoding="ascii", newline="\n"))
        for page, outcome in zip(pages.pages, outcomes, strict=False):
            report.done += 1
            if isinstance(outcome, Failed):
                if errors is None:
                    errors = Table(tables / f"{name}_ERRORS.csv", ERRORS, opened, excel=excel)
                errors.write(report.failure(page, outcome))
                continue
            one = outcome.reading
            report.count(outcome)
            row = [path_cell(page.path), *([page.number] if several else []), cell(people(one.latex))]
            table.write([*row, number(one.confidence, 4, excel=excel), cell("; ".join(outcome.warnings))])
            if lines:
                lines.write(f"{json_line(page, outcome, several=several)}\n")
        report.files += [table.complete(report.notes)]
        if lines:
            lines.close()
            report.files.append(file)
        if errors:
            report.files.append(errors.complete(report.notes))
    return report


def json_line(page: Page, outcome: Read | Failed, *, several: bool) -> str:
    """A picture as a line of JSON, in ASCII. several: whether it says which page of its file it is."""
    about: dict[str, Any] = {"path": printable(page.path), **({"page": page.number} if several else {})}
    if isinstance(outcome, Failed):
        return json.dumps(about | {"error": outcome.reason})
    one = outcome.reading
    others = [{"latex": people(latex), "confidence": round(sure, 4)} for latex, sure in one.alternatives]
    said = {"latex": people(one.latex), "confidence": round(one.confidence, 4), "alternatives": others}
    return json.dumps(about | said | {"warnings": list(outcome.warnings)})


def terminal_lines(page: Page, outcome: Read | Failed, *, alone: bool) -> Iterator[str]:
    """What a terminal shows of a picture: LaTeX, then how sure it is, other readings and warnings.

    alone: whether it is the only one; else its path comes first, and all else is indented.
    """
    before = "" if alone else "  "
    if not alone:
        yield f"{printable(page.path)}{f', page {page.number}' if page.frame is not None else ''}"
    if isinstance(outcome, Failed):
        yield f"{before}failed: {printable(outcome.reason)}"
        return
    one = outcome.reading
    yield before + printable(people(one.latex))
    if one.latex:
        yield f"{before}confidence {percent(one.confidence)}"
    for latex, sure in one.alternatives[:SHOWN]:
        yield f"{before}or, {percent(sure)}: {printable(people(latex))}"
    for warning in outcome.warnings:
        yield f"{before}warning: {printable(warning)}"


def percent(share: float) -> str:
    """A share for people.

    >>> percent(0.973), percent(0.0004), percent(0.99996)
    ('97 %', '< 1 %', '> 99 %')
    """
    if 0.01 <= share <= 0.99:
        return f"{100 * share:.0f} %"
    return "< 1 %" if share < 0.01 else "> 99 %"


def summary(report: Report, *, total: int) -> str:
    """The end of a run for the terminal: how many, how sure, what was warned of, what failed, where the files are."""
    of = f" of {total}" if total != report.done else ""
    lines = [f"{report.done}{of} pictures: {report.done - report.failed} read, {report.failed} failed"]
    return "\n".join([*lines, *said_of(report, read=report.done > report.failed)])


def said_of(report: Report, *, read: bool) -> list[str]:
    """The rest of a summary: how sure readings are (where anything was read), failures, warnings, notes and files."""
    lines = []
    if read:
        lines.append(
            f"  {report.sure} with a confidence of {SURE:.0%} and more, {report.unsure} below {UNSURE:.0%}"
            f"{f', {report.warnings[NOT_READ]} of them {NOT_READ}' if report.warnings[NOT_READ] else ''}"
        )
    for title, counts in (("failed:", report.reasons), ("warnings (column WARNING):", report.warnings)):
        if counts:
            lines += [title, *(f"  {times} x {printable(said)}" for said, times in counts.most_common(10))]
        if len(counts) > 10:
            lines.append(f"  and {len(counts) - 10} more (see the tables)")
    lines += [f"note: {printable(note)}" for note in report.notes]
    return [*lines, "files:", *(f"  {printable(str(file))}" for file in report.files)]
