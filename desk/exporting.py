"""What people decided on a run, as a table for annotate.py, sort.py and `--train --labels`.

    python run.py desk result/tables/result_....csv --export corrected.csv

FILE,PAGE,CLASS,CORRECT,PATH, in the order of the table: CLASS as it was sorted (or labelled), CORRECT as more than half
of those who looked say. Pages on which people differ, and those of no category, are counted and left out.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from desk.answers import NONE, Answers, kappas, wilson
from desk.decisions import read_answers
from desk.desk import Desk
from desk.queue import Queue
from output.spreadsheets import open_table
from output.tables import Table, cell, path_cell
from utils import UserError, printable

HEAD = ["FILE", "PAGE", "CLASS", "CORRECT", "PATH"]


def export(desk: Desk, file: Path) -> int:
    """Write the table, and print what it holds and how well people agree; 0. UserError: nothing was decided, `file` is
    another table.
    """
    if desk.table is None:
        raise UserError(desk.lacking)
    answers = read_answers(desk.review)
    if file.exists() and open_table(file, HEAD).header != HEAD:
        raise UserError(f"--export {printable(str(file))}: another table is there: give another name")
    queue = Queue.open(desk)
    decided = sorted((queue.id_of(*page), *page) for page in answers.pages if answers.standing(*page))
    disputed = none = gone = exported = changed = 0
    notes: list[str] = []
    with ExitStack() as opened:
        table = Table(file, HEAD, opened, excel=desk.settings.output.excel)
        for at, path, page in decided:
            verdict = answers.verdict(path, page)
            if at < 0:
                gone += 1
            elif not verdict:
                disputed += 1
            elif verdict == NONE:
                none += 1
            else:
                row = queue.row(at)
                exported += 1
                changed += verdict != row.label
                table.write([cell(row.file), row.page, cell(row.label), cell(verdict), path_cell(path)])
        if not exported:
            raise UserError(f"nothing to export: {_pages(len(decided))} decided, none of them by a category")
        written = table.complete(notes)
    print(f"{printable(str(written))}: {_pages(exported)}, {changed} of them corrected")
    left = ((disputed, "on which people differ: a third look decides"), (none, f"decided as {NONE!r}"))
    for count, what in (*left, (gone, "that this table does not hold")):
        if count:
            notes.append(f"left out: {_pages(count)} {what}")
    for line in [*_agreement(answers), *(f"note: {note}" for note in notes)]:
        print(line)
    return 0


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _agreement(answers: Answers) -> list[str]:
    """How well people agree with each other, and how often the model was wrong where its guess was hidden."""
    lines = []
    for one, other, pages, kappa in kappas(answers):
        said = "cannot be told" if kappa is None else f"{kappa:.2f}"
        lines.append(f"{printable(one)} and {printable(other)}: {_pages(pages)} in common, Cohen's kappa {said}")
    blind = answers.blind()
    if blind:
        wrong = sum(answer.category != answer.guess for answer in blind)
        low, high = wilson(wrong, len(blind))
        lines.append(
            f"where the guess was hidden it was wrong {wrong} times of {len(blind)}: "
            f"{100 * wrong / len(blind):.0f} % ({100 * low:.0f} to {100 * high:.0f} %)"
        )
    return lines
