"""Which documents there are, which pages they have, and the drawing of one of them.

    for task in plan(pages=1100, seed=1):
        draw_document(task, Tools(), Path("drawn"))

A document is a report, a card file, a bundle of letters, a diary, a book, a set of slides; its pages belong to the
categories that such a document has. All categories get the same number of pages, to within one.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from drawing.elsewhere import draw, draw_l, line_hw, line_p, photo, photo_l, text, text_hw, text_p
from drawing.fonts import Fonts
from drawing.lined import line_t
from drawing.sheet import Document, Kit, Sheet
from drawing.typed import text_t

CATEGORIES = {
    "DRAW": draw,
    "DRAW_L": draw_l,
    "LINE_HW": line_hw,
    "LINE_P": line_p,
    "LINE_T": line_t,
    "PHOTO": photo,
    "PHOTO_L": photo_l,
    "TEXT": text,
    "TEXT_HW": text_hw,
    "TEXT_P": text_p,
    "TEXT_T": text_t,
}
# What a document is: (kind of document, how often, its categories and their weights).
THEMES: tuple[tuple[str, float, dict[str, float]], ...] = (
    ("old", 3.0, {"LINE_T": 3, "DRAW_L": 3, "PHOTO_L": 3, "LINE_HW": 1, "TEXT": 1}),  # a card file
    (
        "old",
        3.0,
        {"TEXT_T": 4, "LINE_T": 2, "DRAW": 2, "PHOTO": 2, "TEXT": 1, "DRAW_L": 1, "PHOTO_L": 1, "LINE_HW": 0.5},
    ),
    ("old", 2.5, {"TEXT": 4, "TEXT_T": 2, "TEXT_HW": 2}),  # letters
    ("old", 2.0, {"TEXT_HW": 3, "LINE_HW": 3, "DRAW": 1}),  # a diary
    ("old", 1.2, {"TEXT_P": 3, "DRAW": 1, "LINE_P": 1, "PHOTO": 1}),  # a book
    (
        "new",
        3.6,
        {"TEXT_P": 3, "LINE_P": 3, "DRAW": 2, "DRAW_L": 2, "PHOTO": 2, "PHOTO_L": 2, "TEXT": 1.6, "LINE_HW": 1},
    ),
    ("new", 1.2, {"LINE_P": 2, "LINE_HW": 2, "LINE_T": 1, "PHOTO_L": 1, "TEXT": 1, "TEXT_HW": 1, "TEXT_T": 1}),
    ("deed", 0.8, {"TEXT_HW": 7, "TEXT": 1.5}),  # wills, letters, envelopes
    ("manuscript", 0.6, {"TEXT_HW": 1}),
    ("register", 1.5, {"LINE_HW": 6, "TEXT_HW": 0.5}),
    ("old print", 0.5, {"TEXT_P": 5, "DRAW": 0.8, "TEXT": 0.7}),
    ("slide", 1.5, {"TEXT_P": 1, "LINE_P": 1, "DRAW": 1.3, "PHOTO": 1.3}),
)
LARGEST = 12  # pages of a document


@dataclass(frozen=True)
class Task:
    """One document: its number, its kind, and its pages (page number, category). seed: of the whole drawing."""

    seed: int
    number: int
    kind: str
    pages: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Tools:
    """What the pages are drawn with. fonts: a folder of TTF or OTF files; strokes: of pen strokes (UNIPEN).

    height: pages that are higher are reduced to it; 0: none. upright: no page lies on its side or upside down.
    """

    fonts: Path | None = None
    strokes: Path | None = None
    height: int = 0
    upright: bool = False


def plan(pages: int, seed: int, categories: Collection[str] = tuple(CATEGORIES)) -> Iterator[Task]:
    """The documents of a drawing, in order. The same numbers give the same plan."""
    wanted = [label for label in CATEGORIES if label in categories]
    left = Counter({label: pages // len(wanted) + (i < pages % len(wanted)) for i, label in enumerate(wanted)})
    rng = np.random.default_rng([seed, 0])
    share = np.array([weight for _, weight, _ in THEMES])
    number = 0
    while sum(left.values()):
        open_ = np.array([any(left[label] > 0 for label in labels) for _, _, labels in THEMES])
        kind, _, labels = THEMES[int(rng.choice(len(THEMES), p=share * open_ / (share * open_).sum()))]
        number += 1
        taken: list[tuple[int, str]] = []
        page = int(rng.integers(1, 4)) if rng.random() < 0.6 else int(rng.integers(1, 300))
        for _ in range(min(LARGEST, int(rng.geometric(0.3)))):
            weights = np.array([weight * left[label] for label, weight in labels.items()], float)
            if not weights.sum():
                break
            label = list(labels)[int(rng.choice(len(labels), p=weights / weights.sum()))]
            left[label] -= 1
            taken.append((page, label))
            page += 1 if rng.random() < 0.7 else int(rng.integers(2, 12))
        yield Task(seed, number, kind, tuple(taken))


@functools.cache
def _kit(tools: Tools) -> Kit:
    return Kit(Fonts.find(tools.fonts), tools.strokes)


def draw_document(task: Task, tools: Tools, output: Path) -> int:
    """Draw those pages of a document that are not there yet, each into its label folder; how many pages it has.

    A page's picture depends on seed, document and page number alone, not on which others are drawn or there.
    """
    seed = (task.seed, task.number)
    # Drawings of different seeds hold different documents: they must not share names, or one would pass for the other.
    name = (task.number + 10_000 * (task.seed - 1)) % 100_000
    document = Document.choose(np.random.default_rng(seed), _kit(tools), name, task.kind, seed)
    for page, label in task.pages:
        file = output / label / f"{document.name}-{page}.jpg"
        if file.exists():
            continue
        rng = np.random.default_rng([*seed, page])
        sheet = Sheet(document, rng)
        CATEGORIES[label](sheet)
        part = file.with_name(f".{file.stem}.{os.getpid()}.part.jpg")
        if tools.upright and sheet.on_side:
            sheet.image = sheet.image.transpose(Image.Transpose.ROTATE_270)
        image = document.scanner.scan(rng, sheet.image)
        if not tools.upright:
            image = document.scanner.turned(rng, image)
        if tools.height and image.height > tools.height:
            image = image.resize(
                (round(image.width * tools.height / image.height), tools.height), Image.Resampling.LANCZOS
            )
        document.scanner.save(image, part, sheet.source)
        part.replace(file)
    return len(task.pages)
