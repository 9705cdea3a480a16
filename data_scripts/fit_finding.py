"""Fits formulas/finding.json, by which display formulas of a page are told from its text.

    python data_scripts/draw_pages.py drawn --pages 220 --seed 4018
    python data_scripts/fit_finding.py ../shared/formulas/im2latex_formulas.txt --drawn drawn

finding_making.py says of what. Needs TeX (Debian: texlive-latex-base) and scikit-learn; takes some minutes.
benchmarks/formulas_find.py measures what comes out, on other documents with other formulas.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, check_packages, folder_argument, start, whole_number, write_changed

from drawing.formula_pages import has_tex
from settings.config_file import HOME
from settings.given_paths import given_path
from utils import UserError, printable

DESCRIPTION = "Fit the two small networks that find the display formulas of a page (formulas/finding.json)."
EXAMPLES = """\
examples:
  python data_scripts/fit_finding.py formulas.txt --drawn drawn --documents 80"""


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "formulas", type=given_path, metavar="FORMULAS.txt", help="LaTeX, a formula a line; every other"
    )
    parser.add_argument("--drawn", type=given_path, metavar="DIR", help="pages of draw_pages.py, without formulas")
    parser.add_argument(
        "--documents", type=whole_number(2, 9999), default=80, metavar="N", help="that TeX sets (default %(default)s)"
    )
    parser.add_argument(
        "--seed", type=whole_number(0, 999_999), default=77, metavar="S", help="of the pages (default %(default)s)"
    )
    parser.add_argument(
        "--output", type=given_path, default=HOME / "formulas" / "finding.json", metavar="FILE", help="what is made"
    )
    typed = parser.read(arguments)
    check_packages("fit_finding.py", ("sklearn", "pypdfium2"), "requirements.txt")
    if not has_tex():
        raise UserError("pdflatex is not installed: pages are set by TeX (Debian: apt install texlive-latex-base)")
    folder = None if typed.drawn is None else folder_argument(typed.drawn)
    try:
        formulas = typed.formulas.read_text(encoding="utf-8").splitlines()[::2]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{printable(str(typed.formulas))}: cannot be read as text ({error})") from error
    if not formulas:
        raise UserError(f"{printable(str(typed.formulas))} holds no formula")
    if typed.dry_run:
        print(f"{typed.documents} documents would be set; {typed.output} would be written")
        return 0
    from finding_making import composed, drawn, fitted  # not before: it needs the packages above

    samples = composed(formulas, typed.documents, typed.seed) + (drawn(folder) if folder else [])
    numbers = fitted(samples)
    write_changed(typed.output, f"{json.dumps(numbers)}\n".encode())
    print(f"{len(samples)} pages: {typed.output}")
    return 0


if __name__ == "__main__":
    start(main)
