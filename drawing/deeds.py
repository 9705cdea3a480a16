"""Wills, letters, deeds and envelopes of 1840 to 1925 (TEXT_HW): one writer's text, and what offices put round it.

    deed(sheet)               # draws one of many kinds of page

Stamps, stamped paper, fiscal stamps, a printed head of few words and other people's notes leave it TEXT_HW: the text is
by hand. Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from drawing.fiscal import (
    HEADS,
    fiscal_stamp,
    office_stamp,
    oval_stamp,
    printed_lines,
    ringed_number,
    stamped_paper,
    thread,
    wax_seal,
    written_at,
)
from drawing.pens import smooth
from drawing.sheet import Sheet
from drawing.typeset import Box

Line = tuple[float, float, float]  # left, right, baseline


@dataclass(frozen=True)
class Habits:
    """What the leaves of one file share: how its clerk treats them, and where it is sewn.

    Attributes:
        surround: "", "whole" or "parts": the line that an official draws round the text.
        thread: where the sewing is, a share of the width; 0 for none.
        stamped, fiscal, stamps, oval, ringed, corners: how often a leaf has each.
        rules: pixels between ruled lines, 0 for none; tinted: the lines' colour.
    """

    surround: str
    thread: float
    stamped: float
    fiscal: float
    stamps: float
    oval: float
    ringed: float
    corners: float
    rules: float
    tinted: tuple[int, int, int]

    @classmethod
    def choose(cls, rng: np.random.Generator) -> Habits:
        """A file's habits at random."""
        strict = rng.random() < 0.6  # a court's file
        often = 1.0 if strict else 0.25
        return cls(
            str(rng.choice(["", "whole", "parts"], p=(0.25, 0.25, 0.5) if strict else (0.85, 0.1, 0.05))),
            float(
                rng.choice([rng.uniform(0.0, 0.06), rng.uniform(0.94, 1.0), rng.uniform(0.2, 0.35)], p=(0.5, 0.3, 0.2))
            )
            if rng.random() < 0.4
            else 0.0,
            0.45 if rng.random() < 0.6 else 0.0,
            0.4 * often,
            0.85 * often,
            0.5 if rng.random() < 0.5 else 0.1,
            0.5 * often,
            0.8 * often,
            float(rng.uniform(34, 76)) if rng.random() < 0.35 else 0.0,
            ((176, 186, 206), (200, 200, 204), (206, 186, 190))[int(rng.integers(3))],
        )


def habits(sheet: Sheet) -> Habits:
    """Those of this document."""
    return sheet.document.shared("habits of a file", Habits.choose)


def deed(sheet: Sheet) -> None:
    """A will, a letter, an envelope or cover, a deed with seals."""
    kind = sheet.document.shared(
        "kind of file", lambda rng: str(rng.choice(["will", "letters", "deed"], p=(0.55, 0.28, 0.17)))
    )
    if kind != "deed" and sheet.chance(0.17):
        envelope(sheet)
    elif kind == "deed":
        sealed(sheet)
    else:
        will(sheet)
    made = habits(sheet)
    if made.thread and sheet.chance(0.8):
        thread(sheet, made.thread)


# -- kinds of page


def will(sheet: Sheet) -> None:
    """A will or a letter: a heading, paragraphs, place and date, a signature with its paraph."""
    made = habits(sheet)
    w, h = sheet.width, sheet.height
    x_height = sheet.uniform(11, 21) * w / 1150
    leading = made.rules or x_height * sheet.uniform(2.6, 4.4)
    if made.rules:
        for y in np.arange(sheet.uniform(0.05, 0.14) * h, h, leading):
            sheet.rule([(0, y), (w, y)], made.tinted, 1)
    left, right = w * sheet.uniform(0.05, 0.28), w * sheet.uniform(0.88, 0.985)
    y = h * sheet.uniform(0.05, 0.2)
    if sheet.chance(0.12):
        y = max(y, _head(sheet) + leading)
    end = h * sheet.pick({sheet.uniform(0.9, 0.97): 5, sheet.uniform(0.5, 0.85): 5, sheet.uniform(0.25, 0.5): 2})
    groups: list[list[Line]] = []
    if sheet.chance(0.7):  # a date or a heading
        text = sheet.pick((sheet.words.phrase(3, 5), f"{sheet.words.place()}, {sheet.words.date(sheet.document.year)}"))
        x = left + (right - left) * sheet.uniform(0, 0.5)
        groups.append([(x, sheet.put("hand", (x, y), text.capitalize(), x_height * 1.1, right - x), y)])
        y += leading * sheet.uniform(1, 2)
    while y < end - leading:
        stop = min(end, y + leading * sheet.integer(2, 16))
        lines = written(sheet, (left, y, right, stop), x_height, leading)
        if not lines:
            break
        groups.append(lines)
        y = lines[-1][2] + leading * sheet.uniform(1, 1.8)
    if sheet.chance(0.75) and y < h * 0.93:
        x = left + (right - left) * sheet.uniform(0.3, 0.65)
        sheet.hand.signature(sheet.rng, sheet.image, (x, y), x_height * sheet.uniform(1.8, 3.2), sheet.pen)
        groups.append([(x - 10, min(right, x + x_height * 12), y)])
        y += leading
    if made.surround and sheet.chance(0.9):
        for lines in groups if made.surround == "parts" else [[line for group in groups for line in group]]:
            surround(sheet, lines, x_height)
    if sheet.chance(0.1):  # what is blank is crossed out
        for _ in range(sheet.integer(1, 3)):
            a, b = sheet.uniform(0, 0.2) * w, sheet.uniform(0.75, 1) * w
            sheet.rule([(a, min(h * 0.8, y)), (b, h * 0.97)][:: sheet.pick((1, -1))], (60, 56, 60), 2, by_hand=True)
    if sheet.chance(0.1):
        along(sheet, x_height * 0.8)
    _by_offices(sheet, made, y)


def envelope(sheet: Sheet) -> None:
    """An envelope or a cover: a few words in large letters, stamps, notes; coloured paper, or edged in black."""
    w, h = sheet.pick(((1240, 880), (1200, 940), (1300, 1000), (1120, 1500), (1240, 800)))
    tone = sheet.pick(
        {
            (255, 255, 255): 4, (214, 218, 226): 3, (240, 214, 168): 2, (214, 196, 160): 2, (176, 158, 124): 1.6,
            (250, 236, 190): 1, (222, 196, 190): 0.7, (196, 210, 200): 0.7, (200, 164, 116): 1,
        }
    )  # fmt: skip
    sheet.width, sheet.height, sheet.image = w, h, Image.new("RGB", (w, h), tone)
    if sheet.chance(0.1):  # mourning
        wide = sheet.integer(16, 44)
        for inset in range(0, wide, 2):
            sheet.draw.rectangle((inset, inset, w - 1 - inset, h - 1 - inset), outline=(24, 24, 26), width=2)
    elif sheet.chance(0.4):  # its flaps
        middle = (w * sheet.uniform(0.44, 0.56), h * sheet.uniform(0.4, 0.6))
        shade = tuple(int(v * 0.88) for v in tone)
        for corner in ((0, 0), (w, 0), (w, h), (0, h)):
            sheet.rule([corner, middle], shade, sheet.integer(1, 3))
    x_height = sheet.uniform(15, 30)
    leading = x_height * sheet.uniform(3, 4.6)
    y = h * sheet.uniform(0.2, 0.5)
    x = w * sheet.uniform(0.06, 0.35)
    for _ in range(sheet.integer(1, 6)):
        end = sheet.put("hand", (x, y), sheet.words.phrase(1, 4).capitalize(), x_height, w * 0.94 - x)
        if sheet.chance(0.12):
            sheet.rule([(x, y + x_height), (end, y + x_height)], sheet.pen, 3, by_hand=True)
        y += leading
        x += sheet.pick((0, 0, 40, 110))
        if y > h * 0.85:
            break
    if sheet.chance(0.4):
        sheet.hand.signature(
            sheet.rng, sheet.image, (w * sheet.uniform(0.2, 0.6), min(h * 0.92, y)), x_height * 2, sheet.pen
        )
    if sheet.chance(0.25):
        middle = (w * sheet.uniform(0.4, 0.6), h * sheet.uniform(0.3, 0.6))
        for _ in range(sheet.pick((1, 1, 1, 3, 5))):
            wax_seal(sheet, middle, sheet.uniform(34, 60))
            middle = (w * sheet.uniform(0.1, 0.9), h * sheet.uniform(0.1, 0.9))
    made = habits(sheet)
    if sheet.chance(0.3):
        fiscal_stamp(sheet, (w * sheet.uniform(0.02, 0.85), h * sheet.uniform(0.02, 0.2)))
    for _ in range(sheet.pick((0, 1, 1, 2))):
        if sheet.chance(max(0.3, made.stamps)):
            office_stamp(sheet, (w * sheet.uniform(0.02, 0.6), h * sheet.uniform(0.02, 0.75)))
    if sheet.chance(0.5):
        _note(sheet)


def sealed(sheet: Sheet) -> None:
    """A deed: broad dense lines, the first words large, signatures in a row, seals of wax with ribbons or threads."""
    w, h = sheet.width, sheet.height
    x_height = sheet.uniform(9, 15) * w / 1150
    leading = x_height * sheet.uniform(2.4, 3.6)
    left, right = w * sheet.uniform(0.05, 0.2), w * sheet.uniform(0.92, 0.98)
    y = h * sheet.uniform(0.08, 0.16)
    if sheet.chance(0.7):
        sheet.put(
            "hand", (left, y), sheet.words.phrase(1, 3).capitalize(), x_height * sheet.uniform(2, 3.4), right - left
        )
        y += leading * 1.6
    end = h * sheet.uniform(0.5, 0.8)
    lines = written(sheet, (left, y, right, end), x_height, leading)
    y = lines[-1][2] if lines else y
    names = sheet.integer(1, 6)
    for number in range(names):
        x = left + (right - left) * ((number % 3) / 3 + sheet.uniform(0, 0.08))
        at = min(h * 0.95, y + leading * (2 + 2.4 * (number // 3)) + sheet.uniform(-10, 20))
        sheet.document.hands[number % 2].signature(sheet.rng, sheet.image, (x, at), x_height * 2.6, sheet.pen)
        if sheet.chance(0.35):
            wax_seal(sheet, (x + sheet.uniform(-40, 120), at + sheet.uniform(20, 60)), sheet.uniform(26, 52))
    if sheet.chance(0.3):  # a fold below, from which seals hang
        sheet.rule([(0, h * 0.88), (w, h * 0.88)], (186, 176, 158), 2)
        for _ in range(sheet.integer(1, 3)):
            x = w * sheet.uniform(0.2, 0.8)
            ink = sheet.pick(((180, 40, 50), (70, 100, 80), (190, 170, 130)))
            for off in (-5, 5):
                sheet.rule([(x + off, h * 0.87), (x + off * 2, h * 0.97)], ink, 6, by_hand=True)
            wax_seal(sheet, (x, h * 0.95), sheet.uniform(50, 86))
    if sheet.chance(0.4):
        stamped_paper(sheet.rng, sheet.image, sheet.document.kit.fonts)
    _by_offices(sheet, habits(sheet), y)


# -- their parts


def written(
    sheet: Sheet, box: Box, x_height: float, leading: float, *, ragged: float = 0.08, full: bool = False
) -> list[Line]:
    """One paragraph from the top of the box until it is full; where each line begins and ends.

    ragged: spread of the right edge, a share of the width; full: the last line is as long as the others.
    """
    left, top, right, bottom = box
    lines: list[Line] = []
    indent = sheet.pick((0, 0, 0.06, 0.14)) * (right - left)
    for number, y in enumerate(np.arange(top, bottom, leading)):
        x = left + indent * (number == 0) + abs(sheet.rng.normal(0, 6))
        wide = (right - x) * (1 - abs(sheet.rng.normal(0, ragged)))
        if y + leading > bottom and not full:
            wide *= sheet.uniform(0.3, 1)
        text = " ".join(sheet.words.some(max(3, int(wide / (x_height * 3.2)) + 3)))
        end = sheet.put("hand", (x, float(y)), text, x_height, max(50, wide))
        if sheet.chance(0.06) and end < right - 60:  # the rest of the line is closed with a dash
            sheet.rule([(end + 12, y - x_height / 2), (right, y - x_height / 2)], sheet.pen, 2, by_hand=True)
            end = right
        lines.append((x, end, float(y)))
    return lines


def surround(sheet: Sheet, lines: list[Line], x_height: float) -> None:
    """The official's line round some lines of text, following their ends, its own ends crossing."""
    if not lines:
        return
    off, rng = x_height * sheet.uniform(0.8, 1.6), sheet.rng
    sides = []
    for x, end, y in lines:
        sides.append(
            (
                (x - off + rng.normal(0, 4), y - x_height * 0.5),
                (min(sheet.width - 3, end + off * 1.2), y - x_height * 0.5),
            )
        )
    top, bottom = lines[0][2] - 2.4 * x_height, lines[-1][2] + 1.6 * x_height
    step = max(1, len(lines) // 9)
    down = [right for _, right in sides][::step]
    up = [left for left, _ in sides][::-step]
    way = np.array(
        [
            (lines[0][0] + off, top), (min(sheet.width - 3, lines[0][1]), top - sheet.uniform(-4, 10)), *down,
            (lines[-1][1], bottom), ((lines[-1][0] + lines[-1][1]) / 2, bottom + rng.normal(0, 5)),
            (lines[-1][0], bottom), *up, (lines[0][0] + off * 2, top - sheet.uniform(-2, 14)),
        ]
    )  # fmt: skip
    if sheet.chance(0.3):  # it runs out
        way = np.concatenate([way, way[-1:] + rng.normal((40, -10), 30, (1, 2))])
    ink = sheet.document.shared(
        "ink of the ring", lambda own: ((52, 48, 54), (60, 50, 44), (70, 70, 120))[int(own.integers(3))]
    )
    sheet.draw.line([tuple(v) for v in smooth(smooth(way, 4), 3).tolist()], ink, sheet.integer(1, 3), "curve")


def along(sheet: Sheet, x_height: float) -> None:
    """Some lines written along the margin, upwards."""
    w, h = sheet.width, sheet.height
    texts = [sheet.words.sentence(5, 12) for _ in range(sheet.integer(1, 4))]
    written_at(sheet, (w * sheet.uniform(0, 0.06), h * sheet.uniform(0.1, 0.5)), texts, x_height, 90, sheet.pen)


def _note(sheet: Sheet) -> None:
    """Some words by an official in a corner, turned as it comes."""
    w, h = sheet.width, sheet.height
    texts = [sheet.words.phrase(1, 4).capitalize() for _ in range(sheet.integer(1, 4))]
    x = sheet.pick((sheet.uniform(0, 0.2), sheet.uniform(0.5, 0.8))) * w
    y = sheet.pick((sheet.uniform(-0.02, 0.03), sheet.uniform(0.78, 0.92))) * h
    ink = sheet.pick({(50, 45, 45): 4, (40, 40, 90): 2, (120, 60, 70): 1, (110, 110, 115): 2, (60, 80, 160): 0.7})
    written_at(sheet, (x, y), texts, sheet.uniform(9, 17), float(sheet.rng.normal(0, 6)), ink)


def _by_offices(sheet: Sheet, made: Habits, y: float) -> None:
    """What courts, tax offices and archives have put on a leaf whose text ends at `y`."""
    w, h = sheet.width, sheet.height
    low = min(0.9, y / h + 0.02)
    if sheet.chance(made.stamped):
        stamped_paper(sheet.rng, sheet.image, sheet.document.kit.fonts)
    if sheet.chance(made.fiscal):
        place = (
            (sheet.uniform(0.02, 0.2), sheet.uniform(0.02, 0.1))
            if sheet.chance(0.5)
            else (sheet.uniform(0.02, 0.85), low)
        )
        fiscal_stamp(sheet, (place[0] * w, place[1] * h))
    for _ in range(2):
        if sheet.chance(made.stamps * 0.7):
            office_stamp(sheet, (sheet.uniform(0.01, 0.6) * w, sheet.uniform(min(low, 0.86), 0.92) * h))
    if sheet.chance(made.oval):
        oval_stamp(sheet, (sheet.uniform(0.05, 0.85) * w, sheet.uniform(0.3, 0.93) * h))
    if sheet.chance(made.ringed):
        ringed_number(sheet, (sheet.uniform(0.45, 0.8) * w, sheet.uniform(0.03, 0.07) * h))
    for _ in range(2):
        if sheet.chance(made.corners * 0.7):
            _note(sheet)


def _head(sheet: Sheet) -> float:
    """The printed head of a hotel, an office or a notary, a few words; the y below it."""
    mask = printed_lines(sheet.pick(HEADS), sheet.document.kit.fonts, sheet.rng, sheet.integer(14, 26), "ma")
    x = int(sheet.pick((0.04, 0.35, 0.5)) * sheet.width)
    sheet.image.paste(sheet.pick(((40, 50, 60), (40, 40, 44), (70, 90, 130))), (x, sheet.integer(16, 60)), mask)
    return 60 + mask.height
