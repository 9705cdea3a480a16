"""What every writer does with his pen: a line, a signature in haste.

    end = hand.write(rng, page, (90, 200), "Nálezová zpráva z roku 1931", 14, (30, 40, 110), 900)
    hand.signature(rng, page, (700, 1600), 26)

A line is drawn as one mask of ink (0..255) and laid onto the page through the pen: what a nib, a ball pen or a pencil
leaves. Lengths are pixels; y of a text is its baseline. The kinds of writers are in hands.py.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from PIL import Image

from drawing.letters import base_of, points, shape
from drawing.pens import Canvas, Colour, Pen, smooth


@dataclass
class Hand(ABC):
    """One writer. A kind of them draws a line (`_line`); the rest is common to all."""

    pen: Pen
    ink: Colour  # the colour that suits the pen; callers may write with another
    slant: float  # x per y
    wander: float  # of the baseline, in x-heights
    climb: float  # of a line, y per x
    blank: float  # between words, in x-heights
    size: float  # this writer's letters against the x-height asked for

    # -- what callers use

    def write(
        self,
        rng: np.random.Generator,
        image: Image.Image,
        at: tuple[float, float],
        text: str,
        x_height: float = 14,
        ink: Colour | None = None,
        max_width: float = 1e9,
    ) -> float:
        """One line from `at` (left, baseline); words beyond `max_width` are left out, the first is always written.

        Returns the x where the pen stopped. image: "RGB" or "L". ink: None for the hand's own.
        """
        x_height = max(3.0, x_height * self.size)
        words = text.split()
        width = int(min(max_width, max(8, image.width - at[0])))
        if not words or at[0] >= image.width:
            return at[0]
        wave = (
            rng.uniform(0, 2 * math.pi),
            rng.uniform(8, 25) * x_height,
            self.wander * x_height,
            rng.normal(self.climb, 0.003),
        )
        mask, top, end = self._line(rng, words, x_height, width, wave)
        pad = round(3 * x_height)
        self.pen.lay(rng, image, mask, (round(at[0]) - pad, round(at[1]) - top), ink or self.ink)
        return at[0] + end

    def signature(
        self,
        rng: np.random.Generator,
        image: Image.Image,
        at: tuple[float, float],
        height: float = 26,
        ink: Colour | None = None,
    ) -> float:
        """A name in haste: two tall letters, each run out into a wave, often underlined. Returns the x behind it.

        height: of the capitals, in pixels.
        """
        unit = height / 1.8
        initials = rng.choice(list("ABDFHJKLMNPRSTVZ"), 2).tolist()
        slant = max(0.2, self.slant) + rng.uniform(0, 0.35)
        strokes: list[np.ndarray] = []
        x = 0.0
        for initial in initials:
            for stroke in points(shape(base_of(initial), "joined")[0]):
                curve = np.array(stroke) * (rng.uniform(1, 1.5), 1.0)
                strokes.append(np.add(smooth(curve + rng.normal(0, 0.05, curve.shape)), (x, 0)))
            x += rng.uniform(0.9, 1.4)
            count = int(rng.integers(3, 12))
            waves = np.cumsum(rng.uniform(0.12, 0.5, 2 * count))
            heights = np.tile([0.9, 0.05], count) * np.linspace(1, rng.uniform(0.15, 0.8), 2 * count)
            if rng.random() < 0.6:
                heights[int(rng.integers(2 * count))] = rng.choice([1.9, -1.1])
            strokes.append(smooth(np.stack([x + waves, heights + rng.normal(0, 0.1, 2 * count)], 1)))
            x += float(waves[-1]) + rng.uniform(0.1, 0.6)
        if rng.random() < 0.6:
            tail = np.array(
                [(x, 0.3), (x + 0.8, 0.5), (x * 0.5, -0.5), (x * 0.1, -0.7), (x + rng.uniform(0, 2), -0.45)]
            )
            strokes.append(smooth(tail + rng.normal(0, 0.12, tail.shape)))
        drawn = [np.stack([s[:, 0] + slant * s[:, 1], s[:, 1]], 1) * unit for s in strokes]
        turn = rng.normal(-0.06, 0.06)
        drawn = [s @ np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) for s in drawn]
        low, high = np.min([s.min(0) for s in drawn], 0) - 4, np.max([s.max(0) for s in drawn], 0) + 4
        canvas = Canvas(int(high[0] - low[0]), int(high[1] - low[1]))
        for stroke in drawn:
            canvas.stroke(
                (stroke - (low[0], high[1])) * (1, -1), self.pen.thin * unit * 0.8, self.pen.thick * unit * 0.8
            )
        corner = (round(at[0] + low[0]), round(at[1] - high[1]))
        self.pen.lay(rng, image, canvas.mask(), corner, ink or self.ink)
        return at[0] + x * unit

    # -- inside

    @abstractmethod
    def _line(
        self, rng: np.random.Generator, words: list[str], x_height: float, width: int, wave: tuple[float, ...]
    ) -> tuple[np.ndarray, int, float]:
        """uint8 [height, width + 6 x-heights] mask whose text starts at x = 3 x-heights; its baseline; the end's x."""


def baseline(wave: tuple[float, ...], x: float | np.ndarray) -> float | np.ndarray:
    """The baseline's y at x, downwards: a slow wave and a climb."""
    phase, period, height, climb = wave
    return height * np.sin(phase + x / period) + climb * x
