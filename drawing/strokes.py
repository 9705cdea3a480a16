"""Real pen strokes drawn again, with any pen, at any size, on a page of screens, of lines or of words.

    sheet = StrokeSheet.read(Path("strokes/w001"))[0]                      # the first of this writer's pages
    ink = drawn(on_a_page(sheet.screens, scale=0.2), Nib(3.0))               # uint8 [height, width]: 255 = full ink

A pen's way is float32 [points, 2]: in the files' units with y upwards as it was written, in pixels with y downwards as
it is drawn. The points of the files follow one another at equal times, so their distances are the pen's speed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from drawing.pens import smooth
from drawing.unipen import NoStrokes, Word, read_screen, words_of, x_height_of

FINE = 3  # ink is drawn so much larger, then reduced
SIDES = 16  # of the polygon that stands for a nib
NEAREST = 3.0  # pixels between the points of a drawn curve
MARGIN = 48  # pixels round a page of screens
Strokes = list[np.ndarray]


@dataclass(frozen=True)
class Nib:
    """What touches the paper.

    Attributes:
        width: of the broad side, in pixels.
        flat: the narrow side as a part of the broad one, 1 for a round pen.
        angle: of the broad side, radians, anticlockwise from the right.
        speed: how much thinner a quick stroke is, 0 to 1.
        swell: how much broader a stroke downwards is than one upwards, 0 to 1 (a steel nib's).
        ink: what it leaves, 0 to 1 of full black.
    """

    width: float
    flat: float = 1.0
    angle: float = 0.0
    speed: float = 0.0
    swell: float = 0.0
    ink: float = 1.0

    @cached_property
    def outline(self) -> np.ndarray:
        """The nib's rim, float32 [sides, 2], width 1, y downwards."""
        turn = np.arange(SIDES) * (2 * np.pi / SIDES)
        x, y = 0.5 * np.cos(turn), 0.5 * self.flat * np.sin(turn)
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.stack([x * cos + y * sin, y * cos - x * sin], 1).astype(np.float32)


@dataclass(frozen=True)
class StrokeSheet:
    """What one writer wrote on one sheet: its screens, each a list of strokes as they were written; x_height in units
    of the files."""

    writer: str
    number: str
    screens: tuple[tuple[np.ndarray, ...], ...]
    x_height: float

    @classmethod
    def read(cls, folder: Path) -> list[StrokeSheet]:
        """All sheets of a writer's folder of files `w001-1-2.dat` (writer, sheet, screen), in order.

        Files of other names are sheets of one screen each. NoStrokes: there is nothing written in the folder.
        """
        files = sorted(folder.glob("*.dat"), key=lambda file: [int(n) for n in re.findall(r"\d+", file.stem)])
        if not files:
            raise NoStrokes(f"{folder.name} holds no pen strokes: .dat files (UNIPEN) are meant")
        sheets: dict[str, list[tuple[np.ndarray, ...]]] = {}
        for file in files:
            named = re.fullmatch(r".+-(\d+)-\d+", file.stem)
            sheets.setdefault(named[1] if named else file.stem, []).append(tuple(read_screen(file)))
        x_height = x_height_of([screen for screens in sheets.values() for screen in screens]) or 100.0
        return [cls(folder.name, number, tuple(screens), x_height) for number, screens in sheets.items()]

    @cached_property
    def words(self) -> list[Word]:
        """The sheet's words at x-height 1, y upwards from the baseline."""
        return [word for line in self.lines for word in words_of(line, self.x_height)]

    @cached_property
    def lines(self) -> list[Strokes]:
        """The sheet's lines, from above to below, each with its strokes as they were written."""
        return [line for screen in self.screens for line in lines_of(screen, self.x_height)]


def lines_of(screen: Sequence[np.ndarray], x_height: float) -> list[Strokes]:
    """Cut a screen into lines: a line ends where the pen goes back to the left and down."""
    lines: list[Strokes] = []
    middle = right = 0.0
    for stroke in screen:
        low, high = stroke.min(0), stroke.max(0)
        centre = float(low[1] + high[1]) / 2
        if not lines or (centre < middle - 1.2 * x_height and high[0] < right - 2.5 * x_height):
            lines.append([])
            middle, right = centre, float(high[0])
        lines[-1].append(stroke)
        if np.ptp(stroke[:, 1]) > 0.4 * x_height:
            middle = 0.8 * middle + 0.2 * centre
        right = max(right, float(high[0]))
    return lines


def on_a_page(blocks: Sequence[Sequence[np.ndarray]], scale: float, gap: float = 44, margin: float = MARGIN) -> Strokes:
    """Blocks (screens or lines) below one another, in pixels with y downwards.

    scale: pixels a unit. gap: pixels between two blocks. margin: left and above.
    """
    placed: Strokes = []
    top = margin
    for block in blocks:
        cloud = np.concatenate(list(block))
        left, above, below = float(cloud[:, 0].min()), float(cloud[:, 1].max()), float(cloud[:, 1].min())
        placed += [(stroke - (left, above)) * (scale, -scale) + (margin, top) for stroke in block]
        top += (above - below) * scale + gap
    return placed


def size_of(strokes: Strokes, margin: float = MARGIN) -> tuple[int, int]:
    """Width and height of a page on which these strokes keep a margin right and below."""
    corner = np.max([stroke.max(0) for stroke in strokes], 0) + margin
    return int(np.ceil(corner[0])), int(np.ceil(corner[1]))


def in_lines(
    rng: np.random.Generator,
    words: Sequence[Word],
    x_height: float,
    corner: tuple[float, float],
    width: float,
    lines: int,
    pitch: float = 3.2,
    blank: float = 1.0,
    wander: float = 0.1,
    climb: float = 0.0,
) -> Strokes:
    """Words one after the other in so many lines, in pixels with y downwards.

    x_height, corner (left and first baseline) and width: in pixels; pitch of the lines, blank between words and wander
    of the baseline: in x-heights; climb: of a line, y per x. Where the words are too few they begin again.
    """
    placed: Strokes = []
    number = 0
    for line in range(lines):
        x, y = corner[0], corner[1] + line * pitch * x_height
        phase, period = rng.uniform(0, 2 * np.pi), rng.uniform(10, 25) * x_height
        while number < len(words) * 40:
            word = words[number % len(words)]
            wide = word.width * x_height
            if x > corner[0] and x + wide > corner[0] + width:
                break
            off = wander * x_height * np.sin(phase + x / period) - climb * (x - corner[0])
            placed += [stroke * (x_height, -x_height) + (x, y + off) for stroke in word.strokes]
            x += wide + blank * x_height * rng.uniform(0.7, 1.3)
            number += 1
    return placed


def turned(strokes: Strokes, degrees: float) -> Strokes:
    """The strokes turned anticlockwise about the middle of them all, in pixels with y downwards."""
    middle = np.mean([(stroke.min(0) + stroke.max(0)) / 2 for stroke in strokes], 0)
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return [(stroke - middle) @ np.array([[cos, -sin], [sin, cos]]) + middle for stroke in strokes]


def drawn(strokes: Sequence[np.ndarray], nib: Nib, size: tuple[int, int] | None = None) -> np.ndarray:
    """The ink of strokes in pixels, uint8 [height, width], 255 = full black times the nib's ink.

    size: width and height; None: as much as the strokes take, with a margin.
    """
    width, height = size or size_of(list(strokes))
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    for stroke in strokes:
        curve = _even(np.asarray(stroke, np.float64))
        rim = nib.outline * max(0.4, nib.width * FINE - 1)  # OpenCV's polygons cover their borders too
        for polygon in _swept(curve * FINE, rim, _breadth(curve, nib)):
            cv2.fillConvexPoly(fine, polygon, 255, cv2.LINE_8, 4)
    ink = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return ink if nib.ink >= 1 else np.round(ink * nib.ink).astype(np.uint8)


def _even(curve: np.ndarray) -> np.ndarray:
    """The curve with points near enough to be round; a dot gets a second point."""
    if len(curve) == 1:
        return np.concatenate([curve, np.add(curve, (0.5, 0.3))])
    longest = float(np.hypot(*np.diff(curve, axis=0).T).max())
    return smooth(curve, int(np.clip(np.ceil(longest / NEAREST), 1, 6)))


def _breadth(curve: np.ndarray, nib: Nib) -> np.ndarray:
    """How broad the pen is at each point, float [points], about 1: less at speed, more downwards."""
    breadth = np.ones(len(curve))
    if not (nib.speed or nib.swell) or len(curve) < 3:
        return breadth
    step = np.gradient(curve, axis=0)
    box = np.ones(5) / 5
    reach = np.pad(np.hypot(step[:, 0], step[:, 1]), 2, "edge")
    pace = np.convolve(reach, box, "valid") + 1e-3
    if nib.speed:
        quick = np.clip(np.log2(pace / np.median(pace)), -1.5, 1.5)
        breadth *= 1 - 0.35 * nib.speed * quick
    if nib.swell:
        down = np.convolve(np.pad(step[:, 1], 2, "edge"), box, "valid") / pace
        breadth *= 1 + nib.swell * (0.6 * down.clip(-1, 1) - 0.1)
    return breadth.clip(0.3, 2)


def _swept(curve: np.ndarray, rim: np.ndarray, breadth: np.ndarray) -> np.ndarray:
    """What a nib covers on its way from each point to the next: int32 [points - 1, sides, 2] in sixteenths.

    Each side of the rim stays at the start or goes on to the end, by which way it looks (the hull of both rims).
    """
    along = np.diff(curve, axis=0)
    forward = along @ rim.T > 0  # [points - 1, sides]
    rims = curve[:, None] + breadth[:, None, None] * rim  # [points, sides, 2]
    swept = np.where(forward[..., None], rims[1:], rims[:-1])
    return np.round(swept * 16).astype(np.int32)
