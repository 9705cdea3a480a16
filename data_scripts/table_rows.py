"""What a table says of pages: an annotation, a result table of run.py as it is, or the desk's corrected.csv.

rows, problems, passed = read_rows(Path("result_....csv"), least=0.9)     # rows[0].label, rows[0].doubtful
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import no_command

from encoders.descriptions import same_label
from output.spreadsheets import number_in, open_table, read_table
from output.tables import bare_path
from training.labels import NO_CATEGORY
from utils import UserError, page_number, printable


@dataclass(frozen=True)
class Row:
    """A row: where it stands in the file, and what it says. doubtful: its score is below what was asked for."""

    line: int
    file: str
    page: int
    label: str
    path: str
    doubtful: bool = False


def read_rows(file: Path, encoding: str = "", least: float | None = None) -> tuple[list[Row], list[str], int]:
    """The rows with a class, the problems of the others, and how many have none.

    The class is CORRECT where that is filled in, else CLASS, else, of a result table, CLASS-1. least: the score from
    which on a row of a result table that nobody corrected is no doubtful one; None = none is.
    """
    predicted = "CLASS" not in (columns := open_table(file, ("FILE", "PAGE", "CLASS"), encoding).columns)
    predicted = predicted and "CLASS-1" in columns
    wanted = ["FILE", "PAGE", "CLASS-1" if predicted else "CLASS"]
    if least is not None and not predicted:
        raise UserError(f"--min-score is for result tables (CLASS-1, SCORE-1): {printable(str(file))} is none")
    table = read_table(file, [*wanted, *(["SCORE-1"] if least is not None else [])], encoding)
    rows, problems, passed = [], [], 0
    for line, cells in table.rows:
        corrected = same_label(cells.get("CORRECT", ""))
        label, page = corrected or same_label(cells[wanted[2]]), page_number(cells["PAGE"])
        score = number_in(cells["SCORE-1"]) if least is not None and not corrected else 1.0
        if not label or label.casefold() == NO_CATEGORY:
            passed += 1
        elif not cells["FILE"] and not cells.get("PATH"):
            problems.append(f"line {line}: FILE is empty")
        elif page is None:
            problems.append(f"line {line}: PAGE {cells['PAGE']!r} is not a page number")
        elif score is None:
            problems.append(f"line {line}: SCORE-1 {cells['SCORE-1']!r} is not a number")
        else:
            doubtful = least is not None and score < least
            rows.append(Row(line, cells["FILE"], page, label, bare_path(cells.get("PATH", "")), doubtful))
    if not rows and not problems:
        raise UserError(f"{file}: all {passed} rows have an empty CLASS")
    return rows, problems, passed


if __name__ == "__main__":
    no_command("pages are sorted into folders by data_scripts/sort.py")
