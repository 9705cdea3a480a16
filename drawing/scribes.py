"""Scribes: writers, real and virtual, whose pages teach what is a hand and what is only pen, paper and words.

    scribes = scribes_of(Path("strokes"), 200, seed=1)
    page = scribes[7].page(0)                        # uint8 [height, width, 3]; another number, other words and wear

A virtual writer is a real one in another manner (manners.py). Each page has its own words, pen, size, paper and wear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drawing.manners import Manner
from drawing.strokes import StrokeSheet, drawn, in_lines, turned
from drawing.unipen import Word, writers
from drawing.wear import Wear, choose_nib

X_HEIGHT = (14.0, 26.0)  # pixels


@dataclass(frozen=True)
class Scribe:
    """One writer. name: of the real writer and the manner; words: at x-height 1, as the real one wrote them."""

    name: str
    words: tuple[Word, ...]
    manner: Manner
    seed: int

    def page(self, number: int, lines: tuple[int, int] = (3, 10)) -> np.ndarray:
        """The scribe's page of that number: uint8 [height, width, 3], so many lines at least and below."""
        rng = np.random.default_rng([self.seed, number])
        ink = self.ink(rng, int(rng.integers(*lines)))
        return Wear.choose(rng).worn(rng, ink)

    def ink(self, rng: np.random.Generator, lines: int, width: float | None = None) -> np.ndarray:
        """So many lines in ink, uint8 [height, width]; width of the text in pixels, None for any."""
        manner = self.manner.unsteady(rng)
        words = [manner.rewritten(self.words[index]) for index in rng.permutation(len(self.words))]
        x_height = float(rng.uniform(*X_HEIGHT))
        pitch = float(rng.uniform(2.8, 4.2))
        wide = width or float(rng.uniform(14, 34)) * x_height
        corner = (2.2 * x_height, 4 * x_height)
        strokes = in_lines(
            rng,
            words,
            x_height,
            corner,
            wide,
            lines,
            pitch,
            blank=float(rng.uniform(0.7, 1.4)),
            climb=rng.normal(0, 0.01),
        )
        strokes = turned(strokes, float(rng.normal(0, 1.2)))
        size = (int(wide + 4.4 * x_height), int(corner[1] + (lines - 1) * pitch * x_height + 3.5 * x_height))
        pen = choose_nib(rng, x_height * float(rng.uniform(0.1, 0.2)))
        return drawn(strokes, pen, size)


def scribes_of(strokes: Path, count: int, seed: int, names: Sequence[str] | None = None) -> list[Scribe]:
    """So many scribes from the real writers of a folder (of those names only), in turn: each first as he is.

    NoStrokes: a folder's files hold none.
    """
    folders = [folder for folder in writers(strokes) if names is None or folder.name in names]
    words = [tuple(word for sheet in StrokeSheet.read(folder) for word in sheet.words) for folder in folders]
    scribes = []
    for number in range(count):
        real, turn = number % len(folders), number // len(folders)
        rng = np.random.default_rng([seed, number])
        manner = Manner.choose(rng, 1.0 if turn else 0.0)
        name = f"{folders[real].name}m{turn}"
        scribes.append(Scribe(name, words[real], manner, int(rng.integers(1 << 31))))
    return scribes
