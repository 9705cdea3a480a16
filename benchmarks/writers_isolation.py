"""What isolation keeps of a page: of handwriting, of print, of drawings and photographs.

    python benchmarks/writers_isolation.py ../shared/pages [--strokes ../shared/writers/strokes --drawn 40]

Real pages, a folder a category (LINE_HW, TEXT_HW: by hand; TEXT_T, LINE_T typed, TEXT_P, LINE_P printed; TEXT: several
of these; DRAW, PHOTO): the ink that is kept, and how many pages are told as not handwritten. Drawn pages, forms that
were filled by hand among them: of these each pixel that a pen wrote is known. None of them taught
writers/marks.safetensors (data_scripts/make_marks.py), if the folder is not category_samples.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image

from benchmarks.common import markdown
from data_scripts.marks_making import WRITTEN, of_document
from drawing.plan import plan
from writers.isolation import LIKELY, NoHandwriting, inked_of, isolate
from writers.marks import likely_hand

SEED = 5  # of drawn pages; those that taught the network have another


def real(folder: Path) -> list[list[str]]:
    """A row a category: pages, told as not handwritten and why, median share of ink kept, seconds a page."""
    rows = []
    for category in sorted(path for path in folder.iterdir() if path.is_dir()):
        kept, reasons, seconds = [], defaultdict(int), 0.0
        for file in sorted(category.iterdir()):
            with Image.open(file) as opened:
                page = opened.convert("L" if opened.mode in ("1", "L") else "RGB")
            found = int(inked_of(page).ink.sum())
            start = time.process_time()
            try:
                kept.append(int(isolate(page).ink.sum()) / max(1, found))
            except NoHandwriting as error:
                kept.append(0.0)
                reasons[str(error).rpartition(": ")[2]] += 1
            seconds += time.process_time() - start
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        shares = " ".join(f"{100 * share:.0f}" for share in sorted(kept))
        rows.append([category.name, str(len(kept)), why or "none", shares, f"{seconds / max(1, len(kept)):.2f}"])
    return rows


def drawn(strokes: Path, pages: int) -> list[list[str]]:
    """A row a category of drawn pages: how much of the pen's ink is lost, how much of the rest is left out."""
    totals = defaultdict(lambda: np.zeros(5))
    for task in plan(pages, SEED, WRITTEN):
        for page in of_document(task, strokes):
            out = likely_hand(page.features) < LIKELY
            hand, other = page.hand == 1, page.hand == 0
            totals[page.page.partition("-")[0]] += [
                1,
                *(page.area[kind].sum() for kind in (hand, hand & out, other, other & out)),
            ]
    return [
        [
            category,
            f"{n:.0f}",
            f"{100 * lost / hand:.1f}" if hand else "-",
            f"{100 * left / other:.1f}" if other else "-",
        ]
        for category, (n, hand, lost, other, left) in sorted(totals.items())
    ]


def main() -> int:
    """Prints one or two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, help="a folder of pages, a folder a category in it")
    parser.add_argument("--strokes", type=Path, help="folder of pen strokes, for drawn pages")
    parser.add_argument("--drawn", type=int, default=40, help="how many pages are drawn (default %(default)s)")
    typed = parser.parse_args()
    heads = ["category", "pages", "told as not handwritten", "ink kept, % of each page's", "CPU s a page"]
    print(markdown(heads, real(typed.pages)))
    if typed.strokes is not None:
        heads = ["drawn as", "pages", "pen's ink lost, %", "other ink left out, %"]
        print(markdown(heads, drawn(typed.strokes, typed.drawn)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
