"""Registers, tables, forms and lists filled by hand: kinds of LINE_HW.

    hand_table(sheet)         # each function draws one kind of page; lined.py picks among them

Entries that run on, on ruled paper or not, are text (handwritten.py). Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

import numpy as np

from drawing.handwritten import paper_lines
from drawing.marks import signature
from drawing.printed import heading
from drawing.sheet import Sheet
from drawing.tables import TableStyle, form, table


def hand_table(sheet: Sheet) -> None:
    """A printed or hand-ruled table with entries by hand."""
    left, top, right, bottom = sheet.body
    y = top
    if sheet.chance(0.5):
        if sheet.chance(0.5):
            y = heading(sheet, left, top, right)
        else:
            sheet.put(
                "hand",
                (left + sheet.uniform(0, 300), top + 20),
                sheet.words.title(),
                sheet.uniform(16, 26),
                right - left,
            )
            y = top + 70
    if sheet.chance(0.4):
        left, right, bottom = sheet.width * 0.03, sheet.width * 0.97, sheet.height * 0.97
    for _ in range(sheet.pick((0, 0, 1, 2))):
        x = sheet.put("print", (left, y + 30), sheet.words.head(0.7) + ":", 18, 400)
        sheet.put("hand", (x + 14, y + 30), sheet.words.phrase(1, 4), 14, 500)
        y += 50
    table(sheet, (left, y, right, bottom), "hand")


def hand_form(sheet: Sheet) -> None:
    """A printed or typed form filled by hand."""
    form(sheet, sheet.body, "hand", full=sheet.pick((1.0, 0.9, 0.7, 0.4)))
    left, _, right, bottom = sheet.body
    if sheet.chance(0.4):
        signature(sheet, (left + (right - left) * sheet.uniform(0, 0.6), min(sheet.height - 20, bottom + 40)))


def hand_columns(sheet: Sheet) -> None:
    """A list in two to four columns on plain, ruled or squared paper, without a table's rules."""
    leading = sheet.uniform(34, 64)
    if sheet.chance(0.7):
        paper_lines(sheet, leading, squares=0.4)
    _, top, _, bottom = sheet.body
    count = sheet.integer(2, 5)
    wide = sheet.width * 0.9 / count
    x_height = leading * sheet.uniform(0.26, 0.4)
    kinds = [sheet.pick(("word", "words", "number", "code", "measure")) for _ in range(count)]
    even = sheet.chance(0.5)
    for number in range(count):
        x = sheet.width * 0.05 + wide * number
        last = bottom if even else top + (bottom - top) * sheet.uniform(0.3, 1)
        for y in np.arange(top + leading, last, leading):
            if sheet.chance(0.92):
                sheet.put(
                    "hand",
                    (x + sheet.uniform(0, 12), float(y)),
                    sheet.words.entry(kinds[number], sheet.document.year),
                    x_height,
                    wide - 25,
                )


def hand_register(sheet: Sheet) -> None:
    """A bound register: printed rows with a number and few words, entries of two or three lines, space between."""
    rows = sheet.integer(4, 12)
    tall = sheet.height / rows
    number = sheet.integer(1, 900)
    ink = sheet.pick(((20, 20, 20), (70, 70, 70), (120, 60, 60)))
    margin = sheet.width * sheet.uniform(0.08, 0.2)
    for row in range(rows):
        y = tall * row + sheet.uniform(-4, 4)
        sheet.rule([(0, y), (sheet.width, y)], ink, sheet.integer(1, 3))
        sheet.put("hand" if sheet.chance(0.6) else "print", (20, y + 44), str(number + row), 16, margin - 24)
        sheet.put("print", (sheet.width * 0.45, y + 26), sheet.words.head(0.2).upper(), 15, 200)
        if sheet.chance(0.7):
            sheet.put("hand", (margin + 8, y + 42), sheet.words.place(), 15, 300)
            sheet.hand_block(
                (margin + 8, y + tall * 0.35, sheet.width * 0.95, y + tall * sheet.uniform(0.5, 0.98)),
                sheet.uniform(10, 15),
                40,
            )
    if sheet.chance(0.7):
        sheet.rule([(margin, 0), (margin, sheet.height)], ink, 2)


def levels(sheet: Sheet) -> None:
    """Measured levels, accounts or bags: close columns of figures by hand."""
    style = sheet.document.shared(
        "levels", lambda rng: TableStyle.choose(rng, sheet, "hand", str(rng.choice(["print", "hand"])))
    )
    figures = tuple(sheet.pick(("number", "measure", "code", "mark")) for _ in style.entries)
    left, top, right, bottom = sheet.body
    table(
        sheet,
        (left, top, right, bottom),
        "hand",
        TableStyle(**{**style.__dict__, "entries": figures, "gaps": 0.05, "full": 1.0}),
    )


def hand_accounts(sheet: Sheet) -> None:
    """Accounts, wages, lists of expenses: words at the left, amounts under each other at the right, sums ruled off."""
    leading = sheet.uniform(34, 58)
    x_height = leading * sheet.uniform(0.26, 0.38)
    if sheet.chance(0.6):
        paper_lines(sheet, leading, squares=0.3)
    left, top, right, bottom = sheet.body
    stops = [right - (right - left) * share for share in (0.14, 0.3, 0.46)[: sheet.integer(1, 3)]]
    if sheet.chance(0.5):  # the red or blue rules of account books
        ink = sheet.pick(((200, 120, 120), (130, 150, 200), (120, 120, 124)))
        for x in stops:
            for off in (-10, -5)[: sheet.integer(1, 2)]:
                sheet.rule([(x + off, 0), (x + off, sheet.height)], ink, 2)
    y, row, group = top, 0, sheet.integer(4, 30)
    if sheet.chance(0.6):
        sheet.put("hand", (left + sheet.uniform(0, 200), y), sheet.words.title(), x_height * 1.4, right - left)
        y += leading * 1.5
    end = top + (bottom - top) * sheet.pick((1.0, 1.0, 0.6))
    while y < end:
        words = '-"-' if sheet.chance(0.1) else sheet.words.phrase(1, 4)
        sheet.put(
            "hand", (left, y), f"{row + 1}. {words}" if sheet.chance(0.3) else words, x_height, stops[-1] - left - 30
        )
        for x in stops:
            if sheet.chance(0.9):
                sheet.put("hand", (x + sheet.uniform(0, 20), y), sheet.words.measure(), x_height, right - x + 60)
        row += 1
        if row % group == 0:
            sheet.rule([(stops[-1], y + leading * 0.3), (right, y + leading * 0.3)], sheet.pen, 2, by_hand=True)
            y += leading
            sheet.put("hand", (stops[0], y), sheet.words.number(4), x_height, 200)
            y += leading * 0.5
        y += leading


def hand_roll(sheet: Sheet) -> None:
    """A roll: names or objects at the left, a grid of days or kinds with ticks, crosses and small figures."""
    left, top, right, bottom = sheet.body
    names = (right - left) * sheet.uniform(0.2, 0.4)
    count, leading = sheet.integer(6, 24), sheet.uniform(32, 56)
    step = (right - left - names) / count
    by_hand, ink = sheet.chance(0.5), sheet.pick((sheet.pen, (110, 110, 114), (60, 60, 64)))
    rows = max(3, int((bottom - top) * sheet.pick((1.0, 0.9, 0.5)) / leading))
    if sheet.chance(0.8):
        for row in range(rows + 1):
            y = top + row * leading
            sheet.rule([(left, y), (right, y)], ink, 2 if by_hand else 1, by_hand)
        for column in range(count + 1):
            x = left + names + column * step
            sheet.rule([(x, top), (x, top + rows * leading)], ink, 2 if by_hand else 1, by_hand)
    often = sheet.uniform(0.2, 0.9)
    marks = sheet.pick((("+", "x", "-"), ("8", "9", "10", "5"), ("1", "2", "3", "/")))
    for row in range(rows):
        y = top + (row + 0.75) * leading
        name = sheet.words.person() if row else ""
        sheet.put("hand", (left, y), name, leading * 0.27, names - 14)
        for column in range(count):
            if row == 0 or sheet.chance(often):
                text = str(column + 1) if row == 0 else sheet.pick(marks)
                sheet.put("hand", (left + names + (column + 0.25) * step, y), text, min(leading, step) * 0.24, step)


def hand_bags(sheet: Sheet) -> None:
    """A list of bags, photographs or samples by hand: number, short words, codes lined up, without a single rule."""
    leading = sheet.uniform(32, 60)
    if sheet.chance(0.4):
        paper_lines(sheet, leading, squares=0.5)
    left, top, right, bottom = sheet.body
    count = sheet.integer(3, 6)
    stops = np.sort(sheet.rng.uniform(0.1, 0.95, count - 1)) * (right - left) + left
    stops = [left, *stops[np.r_[True, np.diff(stops) > 150]].tolist()]
    kinds = [sheet.pick(("word", "number", "code", "measure", "mark", "date")) for _ in stops]
    x_height, number, y = leading * sheet.uniform(0.26, 0.38), sheet.integer(1, 900), top
    while y < bottom:
        for place, (x, kind) in enumerate(zip(stops, kinds, strict=True)):
            following = stops[place + 1] if place + 1 < len(stops) else right
            text = f"{number}." if place == 0 else sheet.words.entry(kind, sheet.document.year)
            if place and sheet.chance(0.2):
                text = '"' if sheet.chance(0.7) else "—"
            sheet.put("hand", (x + sheet.rng.normal(0, 4), y), text, x_height, following - x - 12)
        y += leading * (1 if sheet.chance(0.95) else 2)
        number += 1
