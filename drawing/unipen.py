"""Real pen strokes: UNIPEN files of one writer, cut into words, from which new lines are put together.

    words = read_writer(Path("strokes/w001"))        # list of Word: strokes at x-height 1, y upwards from the baseline
    screen = read_screen(Path("strokes/w001/w001-1-1.dat"))      # one file: the strokes as they were written

The files hold blocks of "x y" between .PEN_DOWN and .PEN_UP, y upwards (Guyon et al., "UNIPEN project of on-line data
exchange and recognizer benchmarks", ICPR 1994). No transcript is read: the words are known by their lengths alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np


class NoStrokes(ValueError):
    """A file in which no pen ever touched the ground."""


@dataclass(frozen=True)
class Word:
    """strokes: float32 [points, 2] each; x from 0 to `width`, y upwards from the baseline; x-height 1."""

    strokes: tuple[np.ndarray, ...]
    width: float


@cache
def writers(folder: Path) -> tuple[Path, ...]:
    """The folders with stroke files, at or below `folder`."""
    return tuple(sorted({file.parent for file in folder.rglob("*.dat")}))


@cache
def read_writer(folder: Path) -> tuple[Word, ...]:
    """All words of one writer; empty where no file holds strokes."""
    screens = [screen for file in sorted(folder.glob("*.dat")) if (screen := _strokes(file))]
    x_height = x_height_of(screens)
    words = (word for screen in screens if x_height for word in words_of(screen, x_height))
    return tuple(
        Word(tuple(stroke[:: 2 if len(stroke) > 12 else 1] for stroke in word.strokes), word.width) for word in words
    )


def read_screen(file: Path) -> list[np.ndarray]:
    """float32 [points, 2] a stroke, in the order of writing, in the file's units. NoStrokes: there are none in it."""
    if not (found := _strokes(file)):
        raise NoStrokes(f"{file.name} holds no pen strokes: blocks of 'x y' between .PEN_DOWN and .PEN_UP are meant")
    return found


def x_height_of(screens: Iterable[Sequence[np.ndarray]]) -> float:
    """The height of a writer's small letters, in the units of the strokes; 0 where no stroke has six points."""
    heights = [np.ptp(stroke[:, 1]) for screen in screens for stroke in screen if len(stroke) > 5]
    return float(np.median(heights)) / 1.25 if heights else 0.0  # most hold a letter or two, some with an ascender


def _strokes(file: Path) -> list[np.ndarray]:
    """float32 [points, 2] a stroke, in the order of writing."""
    found: list[np.ndarray] = []
    block: list[tuple[float, float]] | None = None
    for line in file.read_text(encoding="latin-1").splitlines():
        if line.startswith(".PEN_DOWN"):
            block = []
        elif line.startswith(".PEN_UP"):
            if block:
                found.append(np.array(block, np.float32))
            block = None
        elif block is not None and not line.startswith("."):
            parts = line.split()
            try:
                block.append((float(parts[0]), float(parts[1])))
            except (IndexError, ValueError):
                continue  # a damaged line costs one point
    return found


def _gap(screen: Sequence[np.ndarray], x_height: float) -> float:
    """The gap that parts words: Otsu's threshold of the gaps between strokes (IEEE Trans. SMC 9, 1979, equation 12)."""
    lefts = np.array([stroke[:, 0].min() for stroke in screen])
    ends = np.array([stroke[:, 0].max() for stroke in screen])
    gaps = lefts[1:] - np.maximum(ends[:-1], np.concatenate([ends[:1], ends[:-2]]))
    gaps = np.sort(gaps[(gaps > 0) & (gaps < 5 * x_height)])
    if len(gaps) < 8:
        return 1.2 * x_height
    count = np.arange(1, len(gaps))
    total = np.cumsum(gaps)
    low, high = total[:-1] / count, (total[-1] - total[:-1]) / (len(gaps) - count)
    best = int(np.argmax(count * (len(gaps) - count) * (high - low) ** 2))
    return float(np.clip((gaps[best] + gaps[best + 1]) / 2, 1.1 * x_height, 3.0 * x_height))


def words_of(screen: Sequence[np.ndarray], x_height: float) -> list[Word]:
    """Cut the strokes at gaps: a new line far to the left or below, a new word after one of the wide gaps."""
    words: list[list[np.ndarray]] = []
    parted = _gap(screen, x_height)
    right = middle = 0.0
    for stroke in screen:
        low, high = stroke.min(0), stroke.max(0)
        centre = float(low[1] + high[1]) / 2
        far = not words or abs(centre - middle) > 2.4 * x_height or low[0] < right - 12 * x_height
        if far or low[0] > right + parted:
            words.append([stroke])
            right, middle = float(high[0]), centre if far else 0.7 * middle + 0.3 * centre
        else:
            words[-1].append(stroke)
            right = max(right, float(high[0]))
    found = []
    for strokes in words:
        cloud = np.concatenate(strokes)
        wide = float(np.ptp(cloud[:, 0])) / x_height
        if not 0.6 < wide < 22 or np.ptp(cloud[:, 1]) > 4.2 * x_height:
            continue
        # The baseline: most of a word's turning points below lie on it, descenders are few.
        lows = [float(stroke[:, 1].min()) for stroke in strokes if np.ptp(stroke[:, 1]) > 0.4 * x_height]
        bottom = float(np.median(lows)) if len(lows) > 2 else float(np.quantile(cloud[:, 1], 0.12))
        shift = np.array([cloud[:, 0].min(), bottom], np.float32)
        found.append(Word(tuple((stroke - shift) / x_height for stroke in strokes), wide))
    return found
