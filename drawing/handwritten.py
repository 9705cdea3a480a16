"""Pages of running handwriting (TEXT_HW): letters, diaries, drafts, notes, numbered entries, on plain or ruled paper.

    text_hw(sheet)            # draws one of many kinds of page

What stays TEXT_HW: stamps, a small sketch. Sizes are pixels at 150 dpi; `x_height` and `leading` are those of the hand.
"""

from __future__ import annotations

import numpy as np

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
    if sheet.chance(0.4):
        paper_lines(sheet, leading if sheet.chance(0.7) else leading * sheet.uniform(0.4, 0.8), squares=0.4)
    sheet.pick(
        {
            hand_text: 5,
            hand_letter: 2.5,
            hand_entries: 2.6,
            hand_numbers: 1.5,
            hand_diary: 1.5,
            hand_verse: 1.2,
            hand_points: 1.4,
            hand_sketches: 1.2,
            hand_short: 1.4,
            hand_folded: 1,
            hand_notes: 1.8,
        }
    )(sheet, x_height, leading)
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
    hang = max(sheet.uniform(60, 190), 9 * x_height)
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


def hand_numbers(sheet: Sheet, x_height: float, leading: float) -> None:
    """Numbered short entries that run on: 274.) 139, 19, 101, a word; lines of any length, numbers struck or ringed."""
    left, top, right, bottom = sheet.body
    number, y = sheet.integer(1, 400), top + leading
    sign = sheet.pick((".)", ")", ".", " -", "/", "="))
    hang = sheet.uniform(0, 60)
    crossed, ringed = sheet.chance(0.25), sheet.chance(0.2)
    end = top + (bottom - top) * sheet.pick((1.0, 1.0, 0.7, 0.4))
    if sheet.chance(0.6):
        x = left + sheet.uniform(0, 0.3) * (right - left)
        over = sheet.put("hand", (x, y), sheet.words.title(), x_height * 1.4, right - x)
        if sheet.chance(0.5):
            sheet.rule([(x, y + x_height), (over, y + x_height)], sheet.pen, 2, by_hand=True)
        y += leading * 1.4
    while y < end:
        words = [sheet.words.number(3) for _ in range(sheet.integer(0, 5))]
        words += [sheet.words.phrase(1, 3)] * (not words or sheet.chance(0.7))
        text = f"{number}{sign} {', '.join(words)}" + ("." if sheet.chance(0.4) else "")
        x = left + hang * sheet.chance(0.3) + sheet.rng.normal(0, 6)
        over = sheet.put("hand", (x, y), text, x_height, right - x)
        mark = x_height * 1.1 * len(str(number))
        if crossed and sheet.chance(0.5):
            for shift in (0.2, 0.6):
                sheet.rule([(x, y - x_height * shift), (x + mark, y - x_height * shift)], sheet.pen, 3, by_hand=True)
        elif ringed and sheet.chance(0.6):
            sheet.draw.ellipse((x - 8, y - x_height * 2, x + mark + 10, y + x_height), outline=sheet.pen, width=2)
        if sheet.chance(0.2):  # it goes on in the next line, hung in
            y += leading
            sheet.put("hand", (x + sheet.uniform(40, 160), y), sheet.words.phrase(2, 5), x_height, right - x - 160)
        elif sheet.chance(0.12) and over < right - 160:
            sheet.put("hand", (over + 30, y), f"({sheet.words.phrase(1, 2)})", x_height * 0.8, right - over - 40)
        y += leading * sheet.pick({1: 8, 1.5: 1.5, 2: 0.7})
        number += 1


def hand_diary(sheet: Sheet, x_height: float, leading: float) -> None:
    """A diary: dates in the margin or above, entries of some lines beside them."""
    left, top, right, bottom = sheet.body
    margin = sheet.width * sheet.uniform(0.1, 0.22)
    beside = sheet.chance(0.7)
    if beside:
        left = min(left, sheet.width * 0.05)
        if sheet.chance(0.3):
            sheet.rule([(left + margin - 16, 0), (left + margin - 16, sheet.height)], (190, 160, 160), 2)
    y = top
    day, month = sheet.integer(1, 25), sheet.integer(1, 12)
    while y < bottom - 2 * leading:
        date = sheet.pick((f"{day}. {month}.", f"{day}/{month}", f"{day}.{month}.{sheet.document.year % 100}"))
        x = left if beside else left + (right - left) * sheet.pick((0.0, 0.0, 0.4))
        end = sheet.put("hand", (x, y + 2 * x_height), date, x_height, margin if beside else 300)
        if sheet.chance(0.4):
            sheet.rule([(x, y + 2.6 * x_height), (end, y + 2.6 * x_height)], sheet.pen, 2, by_hand=True)
        if not beside:
            y += leading
        stop = min(bottom, y + leading * sheet.integer(1, 9))
        y = sheet.hand_block((left + margin * beside, y, right, stop), x_height, leading, ragged=50)
        y += leading * sheet.pick((0.3, 0.8, 1.3))
        day += sheet.integer(1, 3)
        if day > 28:
            day, month = day - 28, month % 12 + 1


def hand_verse(sheet: Sheet, x_height: float, leading: float) -> None:
    """Short lines: verses, an address, an inscription copied, slogans for a talk; ragged, in groups."""
    left, top, right, bottom = sheet.body
    y, wide = top + leading, (right - left) * sheet.uniform(0.3, 0.75)
    start = left + (right - left - wide) * sheet.uniform(0, 0.8)
    turn = sheet.pick((0, 0, 50, 90))  # every second line is set in
    end = top + (bottom - top) * sheet.pick((1.0, 0.7, 0.4))
    while y < end:
        for line in range(sheet.integer(2, 8)):
            if y > bottom:
                return
            text = " ".join(sheet.words.some(sheet.integer(2, 8)))
            sheet.put("hand", (start + turn * (line % 2), y), text, x_height, wide)
            y += leading
        y += leading * sheet.uniform(0.4, 1.2)


def hand_points(sheet: Sheet, x_height: float, leading: float) -> None:
    """Points with dashes, letters or arrows, indented in steps; a word underlined above some."""
    left, top, right, bottom = sheet.body
    y, step = top + leading, sheet.uniform(40, 110)
    signs = sheet.pick((("-",), ("-", "="), ("a)", "b)", "c)", "d)"), ("1.", "2.", "3."), ("+", "x"), (">", "-")))
    while y < bottom:
        over = sheet.put("hand", (left, y), sheet.words.phrase(1, 4).capitalize(), x_height, right - left)
        if sheet.chance(0.4):
            sheet.rule([(left, y + x_height * 0.6), (over, y + x_height * 0.6)], sheet.pen, 2, by_hand=True)
        y += leading
        for number in range(sheet.integer(0, 6)):
            if y > bottom:
                return
            x = left + step * sheet.pick((1, 1, 2, 3))
            text = f"{signs[number % len(signs)]} {' '.join(sheet.words.some(sheet.integer(1, 9)))}"
            sheet.put("hand", (x, y), text, x_height, right - x)
            y += leading
            if sheet.chance(0.25) and y < bottom:
                sheet.put("hand", (x + 40, y), sheet.words.phrase(2, 5), x_height, right - x - 40)
                y += leading
        y += leading * sheet.pick((0, 0.5, 1))


def hand_sketches(sheet: Sheet, x_height: float, leading: float) -> None:
    """Running notes with one to three small sketches beside the lines or between them."""
    left, top, right, bottom = sheet.body
    y = top
    for _ in range(sheet.integer(1, 3)):
        stop = min(bottom, y + leading * sheet.integer(3, 12))
        y = sheet.hand_block((left, y, right, stop), x_height, leading)
        if y > bottom - leading * 3:
            break
        wide = int(sheet.width * sheet.uniform(0.08, 0.17))
        high = int(min(wide * sheet.uniform(0.6, 1.1), bottom - y))
        right_side = sheet.chance(0.5)
        if high > 60:
            kinds = [kind for kind in ("sketch", "pottery", "vessel", "stone_tool", "section") if kind in KINDS]
            picture = draw_figure(sheet.rng, wide, high, sheet.pick(kinds) if kinds else None)
            sheet.paste(picture, (right - wide if right_side else left, y))
        box = (left, y, right - wide - 30, y + high) if right_side else (left + wide + 30, y, right, y + high)
        y = max(sheet.hand_block(box, x_height, leading), y + high) + leading * 0.3
    sheet.hand_block((left, y, right, bottom), x_height, leading)


def hand_short(sheet: Sheet, x_height: float, leading: float) -> None:
    """A few lines on a sheet that is empty otherwise: a message, a remark, a pencilled title."""
    left, top, right, bottom = sheet.body
    y = top + (bottom - top) * sheet.pick((0.0, 0.1, 0.35, sheet.uniform(0, 0.8)))
    wide = (right - left) * sheet.uniform(0.35, 1)
    x = left + (right - left - wide) * sheet.uniform(0, 1)
    size = x_height * sheet.pick((1.0, 1.0, 1.5))
    y = sheet.hand_block((x, y, x + wide, y + leading * sheet.integer(2, 7)), size, leading * size / x_height)
    if sheet.chance(0.5):
        signature(sheet, (x + wide * 0.5, min(bottom, y + leading)), x_height * 1.4)


def small_sketch(sheet: Sheet, share: float) -> None:
    """A small drawing at the edge of a page of writing."""
    wide = int(sheet.width * share * sheet.uniform(0.6, 1.3))
    high = int(wide * sheet.uniform(0.6, 1.2))
    kinds = [kind for kind in ("sketch", "pottery", "vessel", "stone_tool") if kind in KINDS]
    picture = draw_figure(sheet.rng, wide, high, sheet.pick(kinds) if kinds else None)
    sheet.paste(picture, (sheet.uniform(0.05, 0.9 - share) * sheet.width, sheet.uniform(0.55, 0.85) * sheet.height))
