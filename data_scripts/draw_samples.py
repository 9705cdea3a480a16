"""Draws the pages of category_samples: two a category, so that the first command of a newcomer has something to sort.

    python data_scripts/draw_samples.py category_samples
    python data_scripts/draw_samples.py drawn --category DRAW PHOTO_L

No page comes from an archive: print, typing, handwriting, drawings, maps and photographs are drawn here, from a seed.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Collection
from pathlib import Path

import sample_pictures as pictures
import sample_writing as writing
from sample_sheet import Colour, Sheet

SEED = 1900
YELLOWED, WHITE, CARD = (244, 234, 208), (252, 251, 248), (247, 242, 228)

# category -> how its two pages are drawn, and on what paper
PAGES: dict[str, tuple[tuple[Callable[[Sheet], None], Colour], ...]] = {
    "DRAW": ((pictures.draw_1, WHITE), (pictures.draw_2, WHITE)),
    "DRAW_L": ((pictures.draw_l_1, CARD), (pictures.draw_l_2, WHITE)),
    "LINE_HW": ((writing.line_hw_1, YELLOWED), (writing.line_hw_2, WHITE)),
    "LINE_P": ((writing.line_p_1, WHITE), (writing.line_p_2, WHITE)),
    "LINE_T": ((writing.line_t_1, WHITE), (writing.line_t_2, WHITE)),
    "PHOTO": ((pictures.photo_1, CARD), (pictures.photo_2, WHITE)),
    "PHOTO_L": ((pictures.photo_l_1, CARD), (pictures.photo_l_2, WHITE)),
    "TEXT": ((writing.text_1, WHITE), (writing.text_2, WHITE)),
    "TEXT_HW": ((writing.text_hw_1, YELLOWED), (writing.text_hw_2, WHITE)),
    "TEXT_P": ((writing.text_p_1, WHITE), (writing.text_p_2, CARD)),
    "TEXT_T": ((writing.text_t_1, WHITE), (writing.text_t_2, YELLOWED)),
}


def draw_samples(output: Path, seed: int = SEED, categories: Collection[str] = tuple(PAGES)) -> list[Path]:
    """Draw the pages of `categories` into `output`/<category>/; returns their files.

    A file that is there already is replaced. A page's picture and name do not depend on which others are drawn.
    """
    files: list[Path] = []
    for place, (category, pages) in enumerate(PAGES.items()):
        if category not in categories:
            continue
        (output / category).mkdir(parents=True, exist_ok=True)
        for number, (drawn, paper) in enumerate(pages, start=1 + 2 * place):  # each page a document of its own
            sheet = Sheet(random.Random(f"{seed}/{drawn.__name__}"), paper)
            drawn(sheet)
            file = output / category / f"CTX{190_000_000 + number}-{1 + (number - 1) % 3}.png"
            part = file.with_suffix(".part")
            sheet.finish().save(part, format="PNG", optimize=True)
            part.replace(file)
            files.append(file)
    return files


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description="Draw two sample pages a category into OUTPUT/<category>/, named <document>-<page>.png.",
        epilog="example: python data_scripts/draw_samples.py category_samples         (the pages that are shipped)\n"
        "         python data_scripts/draw_samples.py drawn --category PHOTO   (one category, elsewhere)\n"
        "Files of the same name are replaced, others stay. The same seed draws the same pages with the same Pillow.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="the folder to draw into; made if it is not there")
    parser.add_argument(
        "--seed", type=int, default=SEED, metavar="S", help="another seed draws other pages (default %(default)s)"
    )
    parser.add_argument(
        "--category",
        nargs="+",
        default=list(PAGES),
        metavar="C",
        help=f"only these of {', '.join(PAGES)} (default: all)",
    )
    typed = parser.parse_args(arguments)
    unknown = [category for category in typed.category if category not in PAGES]
    if unknown:
        print(f"error: --category {unknown[0]}: no such category; there are {', '.join(PAGES)}", file=sys.stderr)
        return 2
    try:
        files = draw_samples(typed.output, typed.seed, typed.category)
    except OSError as error:
        print(f"error: {typed.output}: {error.strerror or error}", file=sys.stderr)
        return 2
    size = sum(file.stat().st_size for file in files)
    print(f"{len(files)} pages in {len(set(typed.category))} categories, {size / 1e6:.2f} MB: {typed.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
