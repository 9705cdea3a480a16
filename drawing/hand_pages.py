"""The drawn pages that a model of hands learns from: which there are, and each of them when it is asked for.

    source = Source(strokes=Path("strokes"), fonts=None, manners=4, pages=3, seed=1)
    for page in plan_pages(source):
        image = draw_page(source, page)          # uint8 [height, width, 3]

A page depends on the seed and its own name alone: not on which other hands there are, nor on what was drawn before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from drawing.fonts import Fonts
from drawing.scribes import Hand, font_hands, font_name, real_hands, scribe_of
from drawing.unipen import writers
from drawing.wills import will

WILL = 0  # the number of a virtual writer's will; his other pages are numbered from 1
OFFICIALS = range(1000, 1012)  # manners of those who write on others' wills: no letter is in one of them


@dataclass(frozen=True)
class Source:
    """What pages are drawn from.

    Attributes:
        strokes: a folder of UNIPEN files, a folder a writer; None for none.
        fonts: a folder of fonts; None: what fetch_fonts.py fetched. Without handwriting fonts there are fewer hands.
        manners: virtual writers of each hand, the first as the hand is.
        pages: of each virtual writer, beside his will.
        seed: of everything.
    """

    strokes: Path | None
    fonts: Path | None
    manners: int
    pages: int
    seed: int


@dataclass(frozen=True)
class HandPage:
    """One page. hand: "w007" or a font's name, what pages of it must not judge what was learnt from others of it;
    writer: the hand in one manner."""

    hand: str
    kind: str  # "strokes" or "font"
    manner: int
    number: int

    @property
    def writer(self) -> str:
        """Every virtual writer is a writer of his own."""
        return f"{self.hand}m{self.manner}"

    @property
    def name(self) -> str:
        """Of the page; no other page has it."""
        return f"{self.writer}-{self.number}"


def plan_pages(source: Source) -> list[HandPage]:
    """All pages: every hand in its first manner, then every hand in its second, and so on."""
    return [
        HandPage(hand, kind, manner, number)
        for manner in range(source.manners)
        for kind, hand in _hands(source)
        for number in range(source.pages + 1)
    ]


def draw_page(source: Source, page: HandPage) -> np.ndarray:
    """uint8 [height, width, 3]. NoStrokes: a file of this writer's holds none."""
    scribe = scribe_of(_hand(source, page.kind, page.hand), page.manner, source.seed)
    if page.number != WILL:
        return scribe.page(page.number)
    rng = np.random.default_rng([source.seed, *page.name.encode()])
    others = [hand for hand in _hands(source) if hand != (page.kind, page.hand)] or _hands(source)
    kind, name = others[int(rng.integers(len(others)))]
    official = scribe_of(_hand(source, kind, name), int(rng.choice(OFFICIALS)), source.seed)
    return will(rng, scribe, official, Fonts.find(source.fonts))


@lru_cache(maxsize=8)
def _hands(source: Source) -> tuple[tuple[str, str], ...]:
    """Kind and name of every hand."""
    real = [("strokes", folder.name) for folder in writers(source.strokes)] if source.strokes else []
    return (*real, *(("font", font_name(file)) for file in Fonts.find(source.fonts).hand))


@lru_cache(maxsize=256)
def _hand(source: Source, kind: str, name: str) -> Hand:
    if kind == "strokes":
        return real_hands(source.strokes, [name])[0]
    file = next(file for file in Fonts.find(source.fonts).hand if font_name(file) == name)
    return font_hands([file], source.seed)[0]
