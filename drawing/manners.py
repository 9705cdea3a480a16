"""Virtual writers: words of a real one, written in another manner that is the same on all pages of that writer.

    manner = Manner.choose(np.random.default_rng(7))
    words = [manner.rewritten(word) for word in sheet.words]

A manner bends the pen's way itself: how far it goes and whither, by the direction in which it goes. So round letters
become narrow or angular and the slant of loops differs from that of stems, as between people, and not only as if a
picture had been stretched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from drawing.unipen import Word


@dataclass(frozen=True)
class Manner:
    """How a virtual writer differs from the real one, all at x-height 1.

    Attributes:
        slant: added, x per y.
        wide: of the letters, 1 as they were.
        upper, lower: of ascenders above the x-height, of descenders below the baseline, 1 as they were.
        reach: float [2, 2], how much farther the pen goes by direction (cosine and sine of twice and thrice the angle).
        bend: float [2, 2], how far its direction turns, radians, in the same terms.
        soft: how far corners are rounded, in x-heights.
        spread: blank added between strokes that do not touch, in x-heights.
        joined: gaps up to this, in x-heights, from a stroke's end to the next one's start are bridged.
    """

    slant: float
    wide: float
    upper: float
    lower: float
    reach: np.ndarray
    bend: np.ndarray
    soft: float
    spread: float
    joined: float

    @classmethod
    def choose(cls, rng: np.random.Generator, strength: float = 1.0) -> Manner:
        """A manner at random; strength 0 leaves the hand as it is."""
        return cls(
            slant=float(rng.normal(0, 0.22) * strength),
            wide=float(np.exp(rng.normal(0, 0.16) * strength)),
            upper=float(np.exp(rng.normal(0, 0.2) * strength)),
            lower=float(np.exp(rng.normal(0, 0.2) * strength)),
            reach=rng.normal(0, 0.13, (2, 2)) * strength,
            bend=rng.normal(0, 0.11, (2, 2)) * strength,
            soft=float(rng.choice([0.0, rng.uniform(0.03, 0.16)]) * strength),
            spread=float(rng.normal(0, 0.1) * strength),
            joined=float(rng.choice([0.0, 0.0, rng.uniform(0.2, 0.7)]) * strength),
        )

    def unsteady(self, rng: np.random.Generator) -> Manner:
        """The same writer on another page: all a little off."""
        return replace(
            self,
            slant=self.slant + float(rng.normal(0, 0.035)),
            wide=self.wide * float(np.exp(rng.normal(0, 0.04))),
            reach=self.reach + rng.normal(0, 0.015, (2, 2)),
            bend=self.bend + rng.normal(0, 0.015, (2, 2)),
            spread=self.spread + float(rng.normal(0, 0.03)),
        )

    def rewritten(self, word: Word) -> Word:
        """The word in this manner; its width follows."""
        strokes: list[np.ndarray] = []
        off, end = 0.0, 0.0
        for index, stroke in enumerate(word.strokes):
            if index and float(stroke[:, 0].min()) > end:  # not the dot of an i, nor the bar of a t
                off += self.spread
            end = max(end, float(stroke[:, 0].max()))
            own = np.add(self._bent(np.asarray(stroke, np.float64)), (off, 0))
            if self.joined and strokes and _joins(strokes[-1], own, self.joined):
                strokes[-1] = np.concatenate([strokes[-1], own])
            else:
                strokes.append(own)
        left = min(float(stroke[:, 0].min()) for stroke in strokes)
        right = max(float(stroke[:, 0].max()) for stroke in strokes)
        return Word(tuple((stroke - (left, 0)).astype(np.float32) for stroke in strokes), right - left)

    def _bent(self, curve: np.ndarray) -> np.ndarray:
        if len(curve) > 2:
            step = np.diff(curve, axis=0)
            angle = np.arctan2(step[:, 1], step[:, 0])
            terms = np.stack([np.cos(2 * angle), np.sin(2 * angle), np.cos(3 * angle), np.sin(3 * angle)])
            farther = np.exp(self.reach.ravel() @ terms)
            turn = self.bend.ravel() @ terms
            cos, sin = np.cos(turn), np.sin(turn)
            moved = np.stack([step[:, 0] * cos - step[:, 1] * sin, step[:, 0] * sin + step[:, 1] * cos], 1)
            way = np.concatenate([[(0.0, 0.0)], np.cumsum(moved * farther[:, None], 0)])
            # Both ends stay where they were, so that words keep their lines and strokes their neighbours.
            share = np.linspace(0, 1, len(way))[:, None]
            curve = curve[0] + way + share * (curve[-1] - curve[0] - way[-1])
            if self.soft:
                curve = _rounded(curve, self.soft)
        x, y = curve[:, 0] * self.wide, curve[:, 1]
        y = np.where(y > 1, 1 + (y - 1) * self.upper, np.where(y < 0, y * self.lower, y))
        return np.stack([x + self.slant * y, y], 1)


def _joins(before: np.ndarray, after: np.ndarray, most: float) -> bool:
    step = after[0] - before[-1]
    return bool(step[0] > 0 and np.hypot(*step) < most)


def _rounded(curve: np.ndarray, sigma: float) -> np.ndarray:
    """The curve smoothed over `sigma` along its way, its ends kept."""
    spacing = float(np.hypot(*np.diff(curve, axis=0).T).mean()) or 1.0
    reach = int(np.clip(round(2.5 * sigma / spacing), 1, len(curve) - 1))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * spacing / sigma) ** 2)
    weights /= weights.sum()
    padded = np.concatenate([2 * curve[0] - curve[reach:0:-1], curve, 2 * curve[-1] - curve[-2 : -reach - 2 : -1]])
    return np.stack([np.convolve(padded[:, axis], weights, "valid") for axis in (0, 1)], 1)
