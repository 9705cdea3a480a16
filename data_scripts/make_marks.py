"""Teaches writers/marks.safetensors, which tells what a pen wrote from what else stands on a page.

    python data_scripts/make_marks.py --strokes ../shared/writers/strokes --wills ../shared/hands/wills

marks_making.py says of what. Takes some minutes; needs PyTorch. benchmarks/writers_isolation.py measures what comes
out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, check_packages, default_workers, folder_argument, start, whole_number

from settings.config_file import HOME
from settings.given_paths import given_path
from utils import printable

NEEDS = ("cv2", "torch", "safetensors")
DESCRIPTION = "Teach the network that tells what a pen wrote from print, stamps and rules (writers/marks.safetensors)."
EXAMPLES = """\
examples:
  python data_scripts/make_marks.py --strokes ../shared/writers/strokes --wills ../shared/hands/wills --check"""


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument("--strokes", type=given_path, required=True, metavar="DIR", help="pen strokes (UNIPEN)")
    parser.add_argument("--wills", type=given_path, metavar="DIR", help="the wills that marks_of_wills.tsv names")
    parser.add_argument("--check", action="store_true", help="then measure it, on folds not learnt from")
    parser.add_argument(
        "--output", type=given_path, default=HOME / "writers" / "marks.safetensors", metavar="FILE", help="what is made"
    )
    for flag, default, what in (
        ("--pages", 600, "pages that are drawn"),
        ("--workers", default_workers(), "processes"),
    ):
        parser.add_argument(
            flag, type=whole_number(1, 9999), default=default, metavar="N", help=f"{what} (default %(default)s)"
        )
    typed = parser.read(arguments)
    check_packages("make_marks.py", NEEDS, "requirements.txt requirements-writers.txt")
    from marks_making import make  # not before: it needs the packages above

    wills = None if typed.wills is None else folder_argument(typed.wills)
    strokes = folder_argument(typed.strokes)
    if typed.dry_run:
        print(f"would draw {typed.pages} pages, teach the network and write {printable(str(typed.output))}")
        return 0
    return make(strokes, wills, count=typed.pages, workers=typed.workers, check=typed.check, output=typed.output)


if __name__ == "__main__":
    start(main)
