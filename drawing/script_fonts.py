"""Handwriting fonts as pen strokes: the middle lines of their letters, no two letters alike.

    words = words_of_font(Path("caveat-latin-400-normal.woff"), np.random.default_rng(1))      # tuple of Word

What a font draws thick is drawn by a pen of any width, in any manner, as the strokes of people are. Each letter has an
affine and an elastic jitter of its own, each word its baseline: the letters of a font are too much alike otherwise.
Thinning: Zhang and Suen, "A fast parallel algorithm for thinning digital patterns" (Comm. ACM 27, 1984).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from drawing.fonts import typeface
from drawing.typeset import shown
from drawing.unipen import Word
from drawing.words import Words

EM = 96.0  # pixels, at which letters are thinned
SPUR = 0.22  # x-heights: thinning leaves short branches where strokes are thick
ROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # the eight pixels round one, clockwise


def words_of_font(file: Path, rng: np.random.Generator, count: int = 160) -> tuple[Word, ...]:
    """So many words at x-height 1, y upwards from the baseline; empty where the font has no letters to thin."""
    language = str(rng.choice(["fr", "fr", "en", "de"]))
    words = (_word(file, rng, text) for text in Words(rng, language).some(count))
    return tuple(word for word in words if word is not None)


def _word(file: Path, rng: np.random.Generator, text: str) -> Word | None:
    x, strokes = 0.0, []
    lift, climb = rng.normal(0, 0.06), rng.normal(0, 0.015)
    for letter in shown(file, text):
        lines, advance = _letter(file, letter)
        shape = np.eye(2) + rng.normal(0, 0.045, (2, 2))
        for line in lines:
            strokes.append(np.add(_jittered(rng, line @ shape.T), (x, lift + climb * x)))
        x += advance * float(np.exp(rng.normal(0, 0.03)))
    if not strokes:
        return None
    cloud = np.concatenate(strokes)
    left, right = float(cloud[:, 0].min()), float(cloud[:, 0].max())
    return Word(tuple((stroke - (left, 0)).astype(np.float32) for stroke in strokes), right - left)


def _jittered(rng: np.random.Generator, line: np.ndarray) -> np.ndarray:
    """The line bent a little: three slow waves along it, none at its ends, so that letters still touch."""
    along = np.linspace(0, 1, len(line))[:, None]
    waves = np.sin(np.pi * along * np.arange(1, 4))  # [points, 3]
    return line + waves @ (rng.normal(0, 0.05, (3, 2)) / np.arange(1, 4)[:, None])


@lru_cache(maxsize=8192)
def _letter(file: Path, letter: str) -> tuple[tuple[np.ndarray, ...], float]:
    """A letter's middle lines, float64 [points, 2] at x-height 1, and how far the pen moves on."""
    face = typeface(file, EM)
    x_height = max(0.2 * EM, -face.getbbox("x", anchor="ls")[1])
    advance = face.getlength(letter) / x_height
    left, top, right, bottom = (round(side) for side in face.getbbox(letter, anchor="ls"))
    if right <= left or bottom <= top:
        return (), advance
    image = Image.new("L", (right - left + 8, bottom - top + 8))
    ImageDraw.Draw(image).text((4 - left, 4 - top), letter, 255, face, "ls")
    lines = _lines(thinned(np.asarray(image) > 127), SPUR * x_height)
    origin = np.array((4 - left, 4 - top))
    return tuple((line - origin) * (1, -1) / x_height for line in lines), advance


def thinned(ink: np.ndarray) -> np.ndarray:
    """The middle lines of ink, bool [height, width], one pixel wide; its border must be empty."""
    ink = ink.copy()
    while True:
        before = int(ink.sum())
        for step in (0, 1):
            p = [np.roll(ink, (-dy, -dx), (0, 1)) for dy, dx in ROUND]
            count = np.sum(p, 0)
            turns = np.sum([~p[i] & p[(i + 1) % 8] for i in range(8)], 0)
            a, b = (p[0] & p[2] & p[4], p[2] & p[4] & p[6]) if step == 0 else (p[0] & p[2] & p[6], p[0] & p[4] & p[6])
            ink &= ~((count >= 2) & (count <= 6) & (turns == 1) & ~a & ~b)
        if int(ink.sum()) == before:
            return ink


def _lines(thin: np.ndarray, spur: float) -> list[np.ndarray]:
    """Middle lines as curves in pixels: from each end or crossing to the next, and rings; short spurs are left out."""
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(thin), strict=True)}
    near = {place: [n for dy, dx in ROUND if (n := (place[0] + dy, place[1] + dx)) in left] for place in left}
    for place, around in near.items():  # of three in a corner only the straight steps count
        straight = [n for n in around if abs(n[0] - place[0]) + abs(n[1] - place[1]) == 1]
        near[place] = straight + [
            n
            for n in around
            if n not in straight and (n[0], place[1]) not in straight and (place[0], n[1]) not in straight
        ]
    nodes = [place for place, around in near.items() if len(around) != 2]
    walked: set[tuple] = set()
    curves = []
    for start in [*nodes, *sorted(left)]:
        ring = len(near[start]) == 2
        for step in near[start]:
            if (start, step) in walked:
                continue
            way = [start, step]
            walked |= {(start, step), (step, start)}
            while len(near[way[-1]]) == 2 and way[-1] != start:
                one, other = near[way[-1]]
                following = other if one == way[-2] else one
                walked |= {(way[-1], following), (following, way[-1])}
                way.append(following)
            loose = min(len(near[way[0]]), len(near[way[-1]])) == 1 and max(len(near[way[0]]), len(near[way[-1]])) > 2
            if not (loose and len(way) < spur):
                curves.append(_as_written(np.array(way, float)[:, ::-1]))
            if ring:
                break
    return curves or [np.array([(x, y)], float) for y, x in sorted(left)[:1]]


def _as_written(way: np.ndarray) -> np.ndarray:
    """Steps from pixel to pixel -> a smooth curve, written downwards, or to the right where it is level."""
    if len(way) > 4:
        padded = np.concatenate([np.repeat(way[:1], 2, 0), way, np.repeat(way[-1:], 2, 0)])
        smooth = sum(padded[i : i + len(way)] for i in range(5)) / 5
        smooth[0], smooth[-1] = way[0], way[-1]
        way = np.concatenate([smooth[:-1:4], smooth[-1:]])
    gone = way[-1] - way[0]
    return way if gone[1] > 0.3 * abs(gone[0]) or (abs(gone[1]) <= 0.3 * abs(gone[0]) and gone[0] > 0) else way[::-1]
