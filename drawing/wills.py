"""Pages as the wills of soldiers are: a letter by one hand on one sheet, with what offices put on it afterwards.

    page = will(np.random.default_rng(1), scribe, official, Fonts.find(None))          # uint8 [height, width, 3]

1,600 pixels high or wide, as seen in scans of 1898 to 1918 (letters, covers, envelopes): an official's notes and
paraph in a corner, the line that he drew round the text, a violet stamp of four lines with a date written in, the
black round stamp of stamped paper, a printed head, ruled lines, the table round the sheet. What
is not the letter is by others.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from drawing.fiscal import HEADS, STAMPS, VIOLET, printed_lines, stamped_paper
from drawing.fonts import Fonts
from drawing.pens import smooth
from drawing.scribes import Scribe
from drawing.strokes import Nib, drawn
from drawing.wear import Wear, choose_nib

LONG = 1600


def will(rng: np.random.Generator, scribe: Scribe, official: Scribe, fonts: Fonts) -> np.ndarray:
    """A letter (seven in ten), a cover or an envelope: uint8 [height, width, 3]."""
    kind = rng.random()
    tall = kind < 0.9
    height, width = (LONG, int(rng.integers(960, 1300))) if tall else (int(rng.integers(900, 1250)), LONG)
    ink = np.zeros((height, width), np.uint8)
    others = Image.new("RGB", (width, height), "white")
    x_height = float(rng.uniform(14, 23))
    nib = choose_nib(rng, x_height * float(rng.uniform(0.1, 0.19)))
    turn = float(rng.normal(0, 0.8))
    if kind < 0.7:
        pitch = float(rng.uniform(2.5, 4.2))
        lines = int(rng.integers(8, 29))
        top = int(rng.uniform(80, 260))
        lines = min(lines, int((height - top - 9 * x_height) / (pitch * x_height)))
        left, wide = int(rng.uniform(60, 260)), 0.0
        wide = max(300.0, width - left - float(rng.uniform(30, 110)))
    else:
        pitch, lines = float(rng.uniform(3, 5)), int(rng.integers(1, 6))
        x_height *= float(rng.uniform(1, 1.5))
        top, left = int(rng.uniform(0.1, 0.45) * height), int(rng.uniform(0.05, 0.3) * width)
        wide = float(rng.uniform(14, 26)) * x_height
    letter = scribe.ink(rng, lines, x_height, wide, pitch, nib, turn)
    box = _put(ink, letter, left, top)
    if kind < 0.7 and rng.random() < 0.55:
        _surround(rng, others, box)
    for _ in range(int(rng.integers(1, 4))):
        _note(rng, others, official)
    if rng.random() < 0.7:
        _stamp(rng, others, fonts, official)
    if rng.random() < 0.35:
        stamped_paper(rng, others, fonts)
    if rng.random() < 0.15:
        _head(rng, others, fonts)
    wear = replace(
        Wear.choose(rng), bitonal=False, grain=float(rng.exponential(0.008)), soft=float(rng.uniform(0.3, 1))
    )
    page = wear.worn(rng, ink, np.asarray(others))
    return _on_a_table(rng, page)


def _put(page: np.ndarray, ink: np.ndarray, left: int, top: int) -> tuple[int, int, int, int]:
    """Ink onto a page [height, width], what stands over is lost; the box of what is there: left, top, right, bottom."""
    part = page[max(0, top) : top + ink.shape[0], max(0, left) : left + ink.shape[1]]
    ink = ink[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]]
    np.maximum(part, ink, out=part)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return left, top, left, top
    top, left = max(0, top), max(0, left)
    return left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]), top + int(rows[-1])


def _lay(others: Image.Image, ink: np.ndarray, left: int, top: int, colour: tuple[int, int, int]) -> None:
    others.paste(colour, (left, top), Image.fromarray(ink))


def _surround(rng: np.random.Generator, others: Image.Image, box: tuple[int, int, int, int]) -> None:
    """The official's line round the text, bulging where lines end."""
    left, top, right, bottom = box
    count = 10
    down = np.linspace(top - 12, bottom + 14, count)
    out_left = np.stack([left - 14 - np.abs(rng.normal(0, 8, count)), down], 1)
    out_right = np.stack([right + 10 - np.abs(rng.normal(0, 28, count)) * (rng.random(count) < 0.6), down], 1)
    way = np.concatenate([out_left, out_right[::-1], out_left[:1]])
    for _ in range(2):
        way = smooth(way, 4)
    ink = drawn([way], Nib(float(rng.uniform(1.6, 2.8)), ink=float(rng.uniform(0.6, 1))), others.size)
    _lay(others, ink, 0, 0, (60, 55, 60))


def _note(rng: np.random.Generator, others: Image.Image, official: Scribe) -> None:
    """Some words of the official's in a corner or below, with a paraph, turned as it comes."""
    x_height = float(rng.uniform(11, 20))
    ink = official.ink(
        rng, int(rng.integers(1, 5)), x_height, float(rng.uniform(8, 20)) * x_height, turn=float(rng.normal(0, 7))
    )
    width, height = others.size
    left = int(rng.choice([rng.uniform(0, 0.2), rng.uniform(0.45, 0.8)]) * width)
    top = int(rng.choice([rng.uniform(-0.02, 0.06), rng.uniform(0.75, 0.92)]) * height)
    colour = ((50, 45, 45), (40, 40, 90), (120, 60, 70), (110, 110, 115))[int(rng.integers(4))]
    _lay(others, ink, left, top, colour)


def _stamp(rng: np.random.Generator, others: Image.Image, fonts: Fonts, official: Scribe) -> None:
    """A violet stamp with a date and a name written into it."""
    lines = STAMPS[int(rng.integers(len(STAMPS)))]
    mask = printed_lines(lines, fonts, rng, int(rng.integers(17, 27)), "ma" if rng.random() < 0.5 else "la")
    uneven = cv2.resize(rng.uniform(0.35, 1.1, (5, 9)), mask.size, interpolation=cv2.INTER_CUBIC).clip(0.2, 1)
    mask = Image.fromarray((np.asarray(mask) * uneven).astype(np.uint8))
    angle = float(rng.choice([rng.normal(0, 4), rng.normal(8, 6), 90.0], p=(0.5, 0.45, 0.05)))
    mask = mask.rotate(angle, Image.Resampling.BILINEAR, expand=True)
    width, height = others.size
    left = int(rng.uniform(0.01, 0.6) * width)
    top = int(rng.choice([rng.uniform(0.02, 0.15), rng.uniform(0.6, 0.9)]) * height)
    others.paste(VIOLET[int(rng.integers(len(VIOLET)))], (left, top), mask)
    x_height = float(rng.uniform(10, 15))
    written = official.ink(rng, int(rng.integers(1, 3)), x_height, 9 * x_height, turn=angle if angle < 45 else 0.0)
    _lay(others, written, left + mask.width // 2, top + mask.height // 2, (50, 45, 50))


def _head(rng: np.random.Generator, others: Image.Image, fonts: Fonts) -> None:
    """The printed head of a letter paper."""
    mask = printed_lines(HEADS[int(rng.integers(len(HEADS)))], fonts, rng, int(rng.integers(15, 30)), "ma")
    others.paste((40, 50, 60), (int(rng.uniform(30, others.width * 0.5)), int(rng.uniform(10, 60))), mask)


def _on_a_table(rng: np.random.Generator, page: np.ndarray) -> np.ndarray:
    """The sheet on a black or white table: strips of it on some sides, the sheet's edge a little askew."""
    height, width = page.shape[:2]
    if rng.random() < 0.25:
        return page
    sides = rng.uniform(0, 60, 4) * (rng.random(4) < 0.6)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    inner = corners + np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * np.array(
        [(sides[0], sides[1]), (sides[2], sides[1]), (sides[2], sides[3]), (sides[0], sides[3])]
    )
    inner = (inner + rng.normal(0, 3, (4, 2)) * (inner != corners)).astype(np.float32)
    table = (12, 12, 12) if rng.random() < 0.6 else (238, 238, 240)
    warp = cv2.getPerspectiveTransform(corners, inner)
    return cv2.warpPerspective(page, warp, (width, height), flags=cv2.INTER_AREA, borderValue=table)
