"""From pen strokes, fonts and scans to a model of hands, with which `run.py writers` works: one command, resumable.

    python data_scripts/fetch_fonts.py                                        # once: handwriting fonts
    python data_scripts/make_hands.py models/hands --strokes ../shared/writers/strokes --scans ../shared/hands/wills

1. Pages are drawn (drawing/hand_pages.py): the writers of --strokes and handwriting fonts, each in several manners,
   with any pen on any paper, and as letters that offices have written on. Each is described at once, as the scans are;
   only its local features are kept, in OUTPUT.making. Killed, the same command goes on there.
2. What tells hands apart is fitted on all of them.
3. The threshold of "same hand" is calibrated on hands that the fit never saw: in three rounds, a third of the hands is
   described by a model that was fitted on the others. Of the scans where enough of them are given, else of all.

The same input, seed and libraries give the same model.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, check_packages, counted, default_workers, folder_argument, start, whole_number

from settings.given_paths import given_path
from utils import UserError

PATTERN = r"^(?P<writer>.+)-(?P<page>[^-]+)$"
NEEDS = ("cv2", "sklearn", "safetensors")
DESCRIPTION = """\
Make a model of hands (models/hands): draw pages, describe them and real scans, fit, calibrate. Half an hour on two
cores with the numbers below; killed, the same command goes on where it stopped."""
EXAMPLES = """\
examples:
  python data_scripts/make_hands.py models/hands --strokes ../shared/writers/strokes --scans ../shared/hands/wills
  python data_scripts/make_hands.py proof --strokes ../shared/writers/strokes --manners 1 --pages 1"""


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("output", type=given_path, metavar="OUTPUT", help="the model folder that is made")
    parser.add_argument("--strokes", type=given_path, metavar="DIR", help="pen strokes (UNIPEN), a folder a writer")
    parser.add_argument("--scans", type=given_path, metavar="DIR", help="real pages, hand and page in their names")
    parser.add_argument(
        "--pattern", default=PATTERN, metavar="REGEX", help="of the scans' names, with groups writer and page"
    )
    parser.add_argument(
        "--fonts", type=given_path, metavar="DIR", help="fonts (default: what fetch_fonts.py has fetched)"
    )
    for flag, default, what in (
        ("--manners", 3, "virtual writers of each hand"),
        ("--pages", 2, "pages of each virtual writer, beside a letter with office marks"),
        ("--seed", 1, "of the drawing and the fit"),
        ("--workers", default_workers(), "processes"),
    ):
        low = 0 if flag == "--seed" else 1
        parser.add_argument(
            flag, type=whole_number(low, 9999), default=default, metavar="N", help=f"{what} (default %(default)s)"
        )
    typed = parser.read(arguments)
    check_packages("make_hands.py", NEEDS, "requirements-writers.txt")
    for flag in ("strokes", "scans", "fonts"):
        if (folder := getattr(typed, flag)) is not None:
            setattr(typed, flag, folder_argument(folder).resolve())
    # Not before: they need the packages above.
    from hands_making import ROUNDS, Task, make, scans_of

    from drawing.hand_pages import Source, plan_pages

    source = Source(typed.strokes, typed.fonts, typed.manners, typed.pages, typed.seed)
    tasks = [Task(page.name, page.writer, page.hand, page) for page in plan_pages(source)]
    tasks += scans_of(typed.scans, typed.pattern)
    if len({task.hand for task in tasks}) < 2 * ROUNDS:
        raise UserError(
            f"{counted(len({task.hand for task in tasks}), 'hand')} to learn from, at least {2 * ROUNDS} are needed: "
            "--strokes, --scans, and fonts, which fetch_fonts.py fetches"
        )
    if typed.dry_run:
        print(
            f"{counted(len(tasks), 'page')} of {counted(len({t.writer for t in tasks}), 'writer')} would be described"
        )
        return 0
    return make(typed.output, source, tasks, typed.workers)


if __name__ == "__main__":
    start(main)
