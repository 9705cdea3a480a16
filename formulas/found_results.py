"""What became of pages on which formulas were looked for, and the tables, JSON lines and pictures that are made of it.

Files, <name> = <date-time>_<model>:

    <name>.csv          PATH[,PAGE],FORMULA,LEFT,TOP,RIGHT,BOTTOM,FOUND,LATEX,CONFIDENCE,WARNING     a row a formula
    <name>.jsonl        {"path", ["page",] "size", "formulas": [{"box", "found", "latex", ...}]} a page, with --json
    <name>_boxes/       a picture of each page with its formulas framed and numbered
    <name>_ERRORS.csv   FILE,PAGE,PATH,REASON                     only if a page could not be read

Boxes are pixels of the page as it was decoded (a page of a PDF as it is drawn at 200 dpi or so; "size" says which),
from its upper left corner, right and bottom outside. A page without formulas has one row, with FORMULA 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from formulas.finding import Found
from formulas.recognizer import Reading
from formulas.results import Read, Report, people, percent, said_of
from output.files import whole
from output.outcome import Failed
from output.tables import Table, cell, number, path_cell, safe_name
from reading.pages import Page, PageList
from sorting.results import ERRORS
from utils import printable

NONE_FOUND = "no display formula was found"
BOXES = "_boxes"  # ending of the folder of pictures


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of a page: where it was found, and what it says."""

    found: Found
    reading: Reading


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page that was looked at, an outcome of a run. size: its width and height in pixels; warning: what a decoder
    complained about, "" for nothing."""

    formulas: tuple[Formula, ...]
    size: tuple[int, int]
    warning: str = ""
    none: ClassVar[str] = Read.none

    @property
    def width(self) -> int:
        """As `Done` has it."""
        return 1

    @property
    def is_sound(self) -> bool:
        """As `Done` has it."""
        return all(Read(formula.reading).is_sound for formula in self.formulas)

    def line(self) -> str:
        """As `Done` has it."""
        said = [
            [*formula.found.box, formula.found.confidence, json.loads(Read(formula.reading).line())]
            for formula in self.formulas
        ]
        return json.dumps([said, self.size, self.warning])

    @classmethod
    def from_line(cls, value: Any) -> ReadPage:
        """As `Done` has it."""
        said, (width, height), warning = value
        formulas = tuple(
            Formula(Found((int(left), int(top), int(right), int(bottom)), float(sure)), Read.from_line(read).reading)
            for left, top, right, bottom, sure, read in said
        )
        return cls(formulas, (int(width), int(height)), str(warning))


def write_found(
    tables: Path, name: str, pages: PageList, outcomes: Iterable[ReadPage | Failed], *, excel: bool, json: bool
) -> Report:
    """Write all tables of a run (see above); as `write_readings` of results.py."""
    report = Report(more={"formulas": 0, "pages_with_formulas": 0})
    several = any(page.frame is not None for page in pages.pages)
    head = ["PATH", *(["PAGE"] if several else []), "FORMULA", "LEFT", "TOP", "RIGHT", "BOTTOM", "FOUND"]
    with ExitStack() as opened:
        table = Table(tables / f"{name}.csv", [*head, "LATEX", "CONFIDENCE", "WARNING"], opened, excel=excel)
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
            first = [path_cell(page.path), *([page.number] if several else [])]
            if not outcome.formulas:
                said = "; ".join([NONE_FOUND, *([outcome.warning] if outcome.warning else [])])
                table.write([*first, 0, "", "", "", "", "", "", "", cell(said)])
            report.more["formulas"] += len(outcome.formulas)
            report.more["pages_with_formulas"] += bool(outcome.formulas)
            for at, formula in enumerate(outcome.formulas, 1):
                one = formula.reading
                report.count(Read(one, outcome.warning))
                row = [*first, at, *formula.found.box, number(formula.found.confidence, 4, excel=excel)]
                warnings = cell("; ".join(Read(one, outcome.warning).warnings))
                table.write([*row, cell(people(one.latex)), number(one.confidence, 4, excel=excel), warnings])
            if lines:
                lines.write(f"{found_json(page, outcome, several=several)}\n")
        report.files += [table.complete(report.notes)]
        if lines:
            lines.close()
            report.files.append(file)
        if errors:
            report.files.append(errors.complete(report.notes))
    if (tables / f"{name}{BOXES}").is_dir():
        report.files.append(tables / f"{name}{BOXES}")
    return report


def found_json(page: Page, outcome: ReadPage | Failed, *, several: bool) -> str:
    """A page as a line of JSON, in ASCII. several: whether it says which page of its file it is."""
    about: dict[str, Any] = {"path": printable(page.path), **({"page": page.number} if several else {})}
    if isinstance(outcome, Failed):
        return json.dumps(about | {"error": outcome.reason})
    formulas = []
    for formula in outcome.formulas:
        one = formula.reading
        others = [{"latex": people(latex), "confidence": round(sure, 4)} for latex, sure in one.alternatives]
        formulas.append(
            {
                "box": formula.found.box,
                "found": formula.found.confidence,
                "latex": people(one.latex),
                "confidence": round(one.confidence, 4),
                "alternatives": others,
                "warnings": one.warnings,
            }
        )
    warnings = [outcome.warning] if outcome.warning else []
    return json.dumps(about | {"size": outcome.size, "formulas": formulas, "warnings": warnings})


def found_lines(page: Page, outcome: ReadPage | Failed, *, alone: bool) -> Iterator[str]:
    """What a terminal shows of a page: its formulas with their boxes. alone: whether it is the only page."""
    before = "" if alone else "  "
    if not alone:
        yield f"{printable(page.path)}{f', page {page.number}' if page.frame is not None else ''}"
    if isinstance(outcome, Failed):
        yield f"{before}failed: {printable(outcome.reason)}"
        return
    if not outcome.formulas:
        yield f"{before}{NONE_FOUND}"
    for at, formula in enumerate(outcome.formulas, 1):
        one = formula.reading
        left, top, right, bottom = formula.found.box
        yield f"{before}{at}. {left},{top} to {right},{bottom}, found with {percent(formula.found.confidence)}"
        yield f"{before}   {printable(people(one.latex))}"
        if one.latex:
            yield f"{before}   confidence {percent(one.confidence)}"
        for warning in one.warnings:
            yield f"{before}   warning: {printable(warning)}"
    if outcome.warning:
        yield f"{before}warning: {printable(outcome.warning)}"


def box_picture(folder: Path, at: int, page: Page) -> Path:
    """Where the picture of page `at` of a list, from 0, is written."""
    return folder / f"{at + 1:06}_{safe_name(page.path)[-80:]}.jpg"


def found_summary(report: Report, *, total: int) -> str:
    """The end of a run for the terminal, as `summary` of results.py."""
    of = f" of {total}" if total != report.done else ""
    formulas, pages = report.more["formulas"], report.more["pages_with_formulas"]
    first = f"{report.done}{of} pages: {formulas} formulas on {pages} of them, {report.failed} failed"
    return "\n".join([first, *said_of(report, read=formulas > 0)])
