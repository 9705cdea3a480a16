"""Printed tables, indexes and blank or computer-filled forms: kinds of LINE_P.

    printed_table(sheet)      # each function draws one kind of page; lined.py picks among them

Print-outs of needle and line printers stand in printouts.py. Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

import numpy as np

from drawing.printed import columns, heading, slide_ground
from drawing.sheet import Sheet
from drawing.tables import Form, TableStyle, form, table


def printed_table(sheet: Sheet) -> None:
    """One table with its title."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right) + 15 if sheet.chance(0.7) else top
    if sheet.chance(0.3):
        left, right = sheet.width * 0.04, sheet.width * 0.96
    end = table(sheet, (left, y, right, bottom), "print")
    if sheet.chance(0.3):
        sheet.put("print", (left, min(sheet.height - 30, end + 40)), sheet.words.sentence(), 16, right - left)


def blank_form(sheet: Sheet) -> None:
    """A printed form that nobody has filled in, or a blank register."""
    if sheet.chance(0.7):
        form(sheet, sheet.body, "", full=0.0)
    else:
        style = sheet.document.shared("blank table", lambda rng: TableStyle.choose(rng, sheet, "print", "print"))
        table(sheet, sheet.body, "print", TableStyle(**{**style.__dict__, "full": 0.02}))


def database_form(sheet: Sheet) -> None:
    """A record from a database: labels, and boxes with their contents, printed."""
    shape = sheet.document.shared(
        "database",
        lambda rng: Form.choose(
            rng, sheet, rows=int(rng.integers(10, 30)), style=str(rng.choice(["fields", "fields", "boxes"]))
        ),
    )
    left, top, right, bottom = sheet.body
    if sheet.chance(0.5):
        right -= (right - left) * sheet.uniform(0, 0.3)
        bottom -= (bottom - top) * sheet.uniform(0, 0.35)
    form(sheet, (left, top, right, bottom), "print", shape, full=sheet.pick((1.0, 0.6, 0.4)), title=sheet.chance(0.4))
    for _ in range(sheet.pick((0, 0, 6))):  # boxes to tick
        x, y = sheet.uniform(left, right), sheet.uniform(top, bottom)
        sheet.draw.rectangle((x, y, x + 16, y + 16), outline=(60, 60, 60), width=2)


def text_and_table(sheet: Sheet) -> None:
    """A table that fills most of the page, with printed text above or below."""
    left, top, right, bottom = sheet.body
    part = sheet.uniform(0.08, 0.35) * (bottom - top)
    if sheet.chance(0.5):
        columns(sheet, (left, top, right, top + part), 1, headings=0.2)
        table(sheet, (left, top + part + 40, right, bottom), "print")
    else:
        end = table(sheet, (left, top, right, bottom - part - 40), "print")
        columns(sheet, (left, end + 40, right, min(bottom, end + 40 + part)), 1, headings=0.2)


def several_tables(sheet: Sheet) -> None:
    """Several small tables below each other."""
    left, top, right, bottom = sheet.body
    y = top
    while y < bottom - 200:
        y = heading(sheet, left, y, right, sheet.press.size, centred=False)
        y = table(sheet, (left, y, right, min(bottom, y + sheet.uniform(160, 500))), "print") + sheet.uniform(20, 80)


def index_columns(sheet: Sheet) -> None:
    """An index, price list or register in printed columns, without rules."""
    left, top, right, bottom = sheet.body
    y0 = heading(sheet, left, top, right) if sheet.chance(0.6) else top
    count = sheet.integer(2, 4)
    wide = (right - left) / count
    size = sheet.uniform(14, 21)
    step = size * sheet.uniform(1.2, 1.6)
    for number in range(count):
        x = left + wide * number
        for y in np.arange(y0 + step, bottom, step):
            if sheet.chance(0.95):
                end = sheet.put("print", (x, float(y)), sheet.words.phrase(1, 3), size, wide * 0.6)
                if sheet.chance(0.8):
                    sheet.put(
                        "print", (max(end + 8, x + wide * 0.68), float(y)), sheet.words.number(3), size, wide * 0.25
                    )


def slide_table(sheet: Sheet) -> None:
    """A slide with a table."""
    slide_ground(sheet)
    w, h = sheet.width, sheet.height
    y = heading(sheet, w * 0.06, h * 0.05, w * 0.95, sheet.uniform(44, 76))
    table(sheet, (w * 0.06, y + 10, w * 0.94, h * 0.93), "print")
