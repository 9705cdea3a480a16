"""Pages of running handwriting (TEXT_HW): letters, diaries, drafts, notes, numbered entries, on plain or ruled paper.

    text_hw(sheet)            # draws one of many kinds of page

What stays TEXT_HW: stamps, a small sketch. Sizes are pixels at 150 dpi; `x_height` and `leading` are those of the hand.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from drawing.figures import KINDS, draw_figure
from drawing.marks import note, office_marks, page_number, red_underlines, registered, round_stamp, signature
from drawing.sheet import Sheet

RULED = {(172, 188, 206): 4, (150, 150, 154): 2, (190, 170, 200): 1, (140, 170, 150): 1, (200, 200, 204): 3}


def paper_lines(sheet: Sheet, leading: float, *, squares: float = 0.3) -> None:
    """Ruled or squared writing paper."""
    ink = sheet.pick(RULED)
    first = sheet.uniform(0.04, 0.12) * sheet.height
    for y in np.arange(first, sheet.height - 10, leading):
        sheet.rule([(0, y), (sheet.width, y)], ink, 1)
    if sheet.chance(squares):
        for x in np.arange(sheet.uniform(0, leading), sheet.width, leading):
            sheet.rule([(x, 0), (x, sheet.height)], ink, 1)
    elif sheet.chance(0.25):
        x = sheet.width * sheet.uniform(0.07, 0.14)
        sheet.rule([(x, 0), (x, sheet.height)], (206, 150, 150), 2)


def text_hw(sheet: Sheet) -> None:
    """A page by hand: letter, diary, draft, notes, numbered entries."""
    x_height = sheet.uniform(9, 22)
    leading = x_height * sheet.uniform(2.0, 3.6)
    if sheet.chance(0.25):
        paper_lines(sheet, leading)
    sheet.pick({hand_text: 6, hand_letter: 3, hand_entries: 3, hand_folded: 1, hand_notes: 2})(sheet, x_height, leading)
    if sheet.chance(0.35):
        page_number(sheet, "hand")
    if sheet.chance(0.12):
        registered(sheet)
        if sheet.chance(0.4):
            round_stamp(sheet, (sheet.width * sheet.uniform(0.2, 0.8), sheet.height * sheet.uniform(0.6, 0.9)))
    if sheet.chance(0.12):
        small_sketch(sheet, 0.18)
    if sheet.chance(0.06):
        red_underlines(sheet, sheet.integer(2, 8))
    office_marks(sheet, 0.8)


def hand_text(sheet: Sheet, x_height: float, leading: float) -> None:
    """Dense lines from edge to edge."""
    left, top, right, bottom = sheet.body
    if sheet.chance(0.4):
        left, right = sheet.width * sheet.uniform(0.02, 0.08), sheet.width * sheet.uniform(0.93, 0.99)
    if sheet.chance(0.25):
        bottom = top + (bottom - top) * sheet.uniform(0.3, 0.9)
    if sheet.chance(0.3):
        sheet.put(
            "hand",
            (left + (right - left) * sheet.uniform(0, 0.5), top + 10),
            sheet.words.title(),
            x_height * 1.4,
            right - left,
        )
        top += x_height * 4
    sheet.hand_block(
        (left, top, right, bottom), x_height, leading, ragged=sheet.uniform(5, 80), indent=sheet.pick((0, 40, 100))
    )
    if sheet.chance(0.2):
        note(
            sheet,
            (4, sheet.uniform(0.2, 0.6) * sheet.height, max(90, left - 10), sheet.uniform(0.65, 0.9) * sheet.height),
            x_height * 0.7,
        )


def hand_letter(sheet: Sheet, x_height: float, leading: float) -> None:
    """A letter: place and date, address, paragraphs, signature."""
    left, top, right, bottom = sheet.body
    sheet.put(
        "hand",
        (left + (right - left) * sheet.uniform(0.35, 0.6), top + 10),
        f"{sheet.words.place()} {sheet.words.date(sheet.document.year)}",
        x_height,
        500,
    )
    sheet.put(
        "hand",
        (left + sheet.uniform(0, 120), top + 3.5 * leading),
        sheet.words.phrase(2, 4).capitalize() + "!",
        x_height,
        700,
    )
    end = top + (bottom - top) * sheet.uniform(0.4, 0.9)
    y = sheet.hand_block((left, top + 4.5 * leading, right, end), x_height, leading, indent=sheet.pick((0, 60)))
    signature(sheet, (left + (right - left) * sheet.uniform(0.35, 0.65), min(bottom, y + 2 * leading)), x_height * 1.3)


def hand_entries(sheet: Sheet, x_height: float, leading: float) -> None:
    """Numbered or dated entries, parted by lines or space: notes, not a table."""
    left, top, right, bottom = sheet.body
    y = top
    number = sheet.integer(1, 400)
    hang = sheet.uniform(60, 190)
    parted = sheet.chance(0.35)
    crossed = sheet.chance(0.15)
    while y < bottom - leading:
        label = sheet.pick((f"{number})", f"{number}.", f"{number}/{sheet.document.year % 100}"))
        end = sheet.put("hand", (left, y + 2 * x_height), label, x_height, hang)
        if crossed and sheet.chance(0.5):
            sheet.rule([(left, y + 1.5 * x_height), (end, y + 1.2 * x_height)], sheet.pen, 3, by_hand=True)
        y = (
            sheet.hand_block(
                (left + hang, y, right - sheet.uniform(0, 300), y + leading * sheet.pick({1.2: 4, 2.2: 3, 4.2: 1})),
                x_height,
                leading,
            )
            + leading * 0.5
        )
        if parted:
            sheet.rule([(left - 20, y), (right, y + sheet.rng.normal(0, 3))], sheet.pen, 2, by_hand=True)
        number += 1


def hand_folded(sheet: Sheet, x_height: float, leading: float) -> None:
    """A sheet folded in the middle, written on one half or on both."""
    _, top, _, bottom = sheet.body
    middle = sheet.width * sheet.uniform(0.45, 0.55)
    halves = [(sheet.width * 0.05, middle - 30), (middle + 30, sheet.width * 0.96)]
    for start, end in halves if sheet.chance(0.6) else halves[1:]:
        a = top + (bottom - top) * sheet.uniform(0, 0.4)
        sheet.hand_block((start, a, end, a + (bottom - a) * sheet.uniform(0.3, 1)), x_height * 0.85, leading * 0.85)
    sheet.rule([(middle, 0), (middle + 3, sheet.height)], (190, 190, 190), 2)


def hand_notes(sheet: Sheet, x_height: float, leading: float) -> None:
    """Scattered notes, some boxed or underlined."""
    for _ in range(sheet.integer(2, 7)):
        x, y = sheet.uniform(0.03, 0.55) * sheet.width, sheet.uniform(0.03, 0.8) * sheet.height
        wide = sheet.uniform(0.25, 0.45) * sheet.width
        end = sheet.hand_block(
            (x, y, min(x + wide, sheet.width - 20), y + leading * sheet.integer(1, 6)), x_height, leading
        )
        if sheet.chance(0.25):
            sheet.rule(
                [(x - 15, y), (x + wide, y), (x + wide, end + 10), (x - 15, end + 10), (x - 15, y)],
                sheet.pen,
                2,
                by_hand=True,
            )


def small_sketch(sheet: Sheet, share: float, picture: Image.Image | None = None) -> None:
    """A small drawing at the edge of a page of writing."""
    wide = int(sheet.width * share * sheet.uniform(0.6, 1.3))
    high = int(wide * sheet.uniform(0.6, 1.2))
    kinds = [kind for kind in ("sketch", "pottery", "vessel", "stone_tool") if kind in KINDS]
    picture = picture or draw_figure(sheet.rng, wide, high, sheet.pick(kinds) if kinds else None)
    sheet.paste(picture, (sheet.uniform(0.05, 0.9 - share) * sheet.width, sheet.uniform(0.55, 0.85) * sheet.height))
