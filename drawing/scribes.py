"""Scribes: writers, real and virtual, whose pages teach what is a hand and what is only pen, paper and words.

    scribes = scribes_of(real_hands(Path("strokes")) + font_hands(Fonts.find().hand, seed=1), 400, seed=1)
    page = scribes[7].page(0)                        # uint8 [height, width, 3]; another number, other words and wear

A virtual writer is a real one, or a handwriting font, in another manner (manners.py). Each page has its own words, pen,
size, paper and wear.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drawing.manners import Manner
from drawing.script_fonts import words_of_font
from drawing.strokes import Nib, StrokeSheet, drawn, in_lines, turned
from drawing.unipen import Word, writers
from drawing.wear import Wear, choose_nib

X_HEIGHT = (14.0, 26.0)  # pixels


@dataclass(frozen=True)
class Hand:
    """Where a scribe's words come from. name: of the writer or the font; words: at x-height 1, as they were written."""

    name: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Scribe:
    """One writer. name: of the hand and its manner."""

    name: str
    words: tuple[Word, ...]
    manner: Manner
    seed: int

    def page(self, number: int, lines: tuple[int, int] = (3, 10)) -> np.ndarray:
        """The scribe's page of that number: uint8 [height, width, 3], so many lines at least and below."""
        rng = np.random.default_rng([self.seed, number])
        x_height = float(rng.uniform(*X_HEIGHT))
        wide = float(rng.uniform(14, 34)) * x_height
        ink = self.ink(rng, int(rng.integers(*lines)), x_height, wide)
        return Wear.choose(rng).worn(rng, ink)

    def ink(
        self,
        rng: np.random.Generator,
        lines: int,
        x_height: float,
        width: float,
        pitch: float | None = None,
        nib: Nib | None = None,
        turn: float | None = None,
    ) -> np.ndarray:
        """So many lines in ink: uint8 [height, width + 4.4 x-heights], with a margin all round.

        x_height, width of the text: pixels; pitch of the lines: x-heights; turn: degrees. None: any.
        """
        manner = self.manner.unsteady(rng)
        words, written = [], 0.0
        for index in rng.permutation(len(self.words)):
            words.append(manner.rewritten(self.words[index]))
            written += words[-1].width + 0.5
            if written > (lines + 1) * width / x_height:  # rewriting is what takes time: no more than there is room for
                break
        pitch = pitch or float(rng.uniform(2.8, 4.2))
        corner = (2.2 * x_height, 4 * x_height)
        blank, climb = float(rng.uniform(0.7, 1.4)), float(rng.normal(0, 0.01))
        strokes = in_lines(rng, words, x_height, corner, width, lines, pitch, blank=blank, climb=climb)
        strokes = turned(strokes, float(rng.normal(0, 1.2)) if turn is None else turn)
        size = (int(width + 4.4 * x_height), int(corner[1] + (lines - 1) * pitch * x_height + 3.5 * x_height))
        return drawn(strokes, nib or choose_nib(rng, x_height * float(rng.uniform(0.1, 0.2))), size)


def real_hands(strokes: Path, names: Collection[str] | None = None) -> list[Hand]:
    """The hands of all writers in a folder of UNIPEN files (of those names only). NoStrokes: one's files hold none."""
    folders = [folder for folder in writers(strokes) if names is None or folder.name in names]
    return [
        Hand(folder.name, tuple(word for sheet in StrokeSheet.read(folder) for word in sheet.words))
        for folder in folders
    ]


def font_hands(files: Sequence[Path], seed: int) -> list[Hand]:
    """The hands of handwriting fonts, each with words of its own."""
    hands = []
    for file in files:
        words = words_of_font(file, np.random.default_rng([seed, *font_name(file).encode()]))
        if words:
            hands.append(Hand(font_name(file), words))
    return hands


def font_name(file: Path) -> str:
    """What a font's hand is called: the file's name in letters and figures alone."""
    return re.sub(r"[^A-Za-z0-9]", "", file.stem.replace("-latin-", ""))


def scribe_of(hand: Hand, manner: int, seed: int, strength: float = 1.0) -> Scribe:
    """The hand as it is (manner 0) or in a manner of that number: the same whichever other hands there are."""
    rng = np.random.default_rng([seed, manner, *hand.name.encode()])
    chosen = Manner.choose(rng, strength if manner else 0.0)
    return Scribe(f"{hand.name}m{manner}", hand.words, chosen, int(rng.integers(1 << 31)))


def scribes_of(hands: Sequence[Hand], count: int, seed: int) -> list[Scribe]:
    """So many scribes of these hands, in turn: each hand first as it is, then in other manners."""
    return [scribe_of(hands[number % len(hands)], number // len(hands), seed) for number in range(count)]
