"""Typed tables and lists, with rules and without: kinds of LINE_T.

    typed_columns(sheet)      # each function draws one kind of page; lined.py picks among them

Columns of words and figures are a list; entries that run on under a number are text (typed.py). Sizes: pixels, 150 dpi.
"""

from __future__ import annotations

import numpy as np

from drawing.marks import signature
from drawing.sheet import Sheet
from drawing.tables import form, table
from drawing.typed import typed_head


def typed_table(sheet: Sheet) -> None:
    """A table with rules, a heading above it."""
    left, top, right, bottom = sheet.body
    y = top
    for _ in range(sheet.pick((0, 1, 1, 2))):
        y = typed_head(sheet, left, y, right)
    if sheet.chance(0.3):
        left, right = sheet.width * 0.03, sheet.width * 0.97
    table(sheet, (left, y, right, bottom), "type")


def typed_columns(sheet: Sheet) -> None:
    """Columns that are only lined up: numbers, short entries, many gaps."""
    left, top, right, bottom = sheet.body
    y = typed_head(sheet, left, top, right) if sheet.chance(0.5) else top
    room = sheet.machine.columns(right - left)
    count = sheet.integer(3, 10)
    starts = np.sort(sheet.rng.choice(np.arange(4, max(5 + count, room - 3)), count - 1, replace=False))
    starts = [0, *starts.tolist()]
    kinds = [sheet.pick(("number", "measure", "word", "code", "mark", "number")) for _ in starts]
    groups = sheet.integer(2, 25)
    gaps = sheet.pick((0.0, 0.1, 0.35))
    row = 0
    if sheet.chance(0.5):
        y += sheet.machine.leading
        for start in starts:
            sheet.put("type", (left + start * sheet.machine.pitch, y), sheet.words.head(0)[:9])
        if sheet.chance(0.6):
            y += sheet.machine.leading * 0.7
            sheet.put("type", (left, y), sheet.pick(("-", "=", "-")) * room)
    while y < bottom:
        y += sheet.machine.leading * (2 if row % groups == groups - 1 else 1)
        for place, (start, kind) in enumerate(zip(starts, kinds, strict=True)):
            if place and sheet.chance(gaps):
                continue
            following = starts[place + 1] if place + 1 < len(starts) else room
            width = max(1, following - start - 1) * sheet.machine.pitch
            sheet.put(
                "type", (left + start * sheet.machine.pitch, y), sheet.words.entry(kind, sheet.document.year), 0, width
            )
        row += 1


def typed_form(sheet: Sheet) -> None:
    """A printed form, filled on a typewriter."""
    form(sheet, sheet.body, "type", full=sheet.pick((1.0, 0.9, 0.7, 0.4)))
    if sheet.chance(0.3):
        left, _, right, bottom = sheet.body
        signature(sheet, (left + (right - left) * 0.6, bottom - 20))


def typed_text_and_table(sheet: Sheet) -> None:
    """Typed paragraphs and a typed table on one page."""
    left, top, right, bottom = sheet.body
    part = (bottom - top) * sheet.uniform(0.1, 0.55)
    if sheet.chance(0.6):
        sheet.machine.block(sheet.image, sheet.words, (left, top, right, top + part), sheet.rng)
        sheet.pick((table_below, aligned_below))(sheet, (left, top + part + 30, right, bottom))
    else:
        end = table(sheet, (left, top, right, bottom - part), "type")
        sheet.machine.block(sheet.image, sheet.words, (left, end + 30, right, bottom), sheet.rng)


def table_below(sheet: Sheet, box: tuple[float, float, float, float]) -> None:
    """A table within the box."""
    table(sheet, box, "type")


def aligned_below(sheet: Sheet, box: tuple[float, float, float, float]) -> None:
    """A short list between two lines of hyphens, lined up without rules."""
    left, top, right, bottom = box
    room = sheet.machine.columns(right - left)
    y = top + sheet.machine.leading
    sheet.put("type", (left, y), "-" * room)
    second, third = int(room * sheet.uniform(0.4, 0.6)), int(room * sheet.uniform(0.7, 0.88))
    for row in range(sheet.integer(4, 16)):
        y += sheet.machine.leading * 1.2
        if y > bottom - 60:
            break
        words = (f"{row}. {sheet.words.phrase(2, 4)}", sheet.words.number(3), sheet.words.measure())
        for start, text in zip((0, second, third), words, strict=True):
            sheet.put("type", (left + start * sheet.machine.pitch, y), text, 0, second * sheet.machine.pitch)
        if row == 0:
            y += sheet.machine.leading * 0.8
            sheet.put("type", (left, y), "-" * room)
    sheet.put("type", (left, y + sheet.machine.leading), "-" * room)


def parted_entries(sheet: Sheet) -> None:
    """Entries in two or three columns, parted by typed lines: lists of negatives, of finds, of bags."""
    left, top, right, bottom = sheet.body
    y = typed_head(sheet, left, top, right) if sheet.chance(0.6) else top
    room = sheet.machine.columns(right - left)
    stops = [0, int(room * sheet.uniform(0.12, 0.2)), int(room * sheet.uniform(0.3, 0.5))]
    letter = sheet.pick({"-": 5, "_": 3, ".": 1, "": 1.5})
    number = sheet.integer(1, 20000)
    while y < bottom - sheet.machine.leading:
        lines = sheet.pick({1: 5, 2: 3, 3: 1})
        sheet.put("type", (left, y + sheet.machine.leading), str(number))
        for line in range(lines):
            y += sheet.machine.leading
            for stop in stops[1:]:
                if line == 0 or sheet.chance(0.7):
                    sheet.put(
                        "type",
                        (left + stop * sheet.machine.pitch, y),
                        sheet.words.phrase(1, 5),
                        0,
                        (right - left) - stop * sheet.machine.pitch
                        if stop == stops[-1]
                        else (stops[-1] - stop - 1) * sheet.machine.pitch,
                    )
        if letter:
            y += sheet.machine.leading * (0.5 if letter != "_" else 0.15)
            sheet.put("type", (left, y), letter * room)
        number += 1


def typed_inventory(sheet: Sheet) -> None:
    """An inventory or price list without rules: running number, words, an amount or a price far at the right."""
    left, top, right, bottom = sheet.body
    y = typed_head(sheet, left, top, right) if sheet.chance(0.7) else top
    room = sheet.machine.columns(right - left)
    dots = sheet.pick({"": 5, ".": 3, "-": 0.6})
    figures = sheet.integer(1, 3)
    wide = sheet.integer(6, 10)
    step = sheet.machine.leading * sheet.pick((1, 1, 1.5))
    kind = sheet.pick(("number", "measure", "code"))
    group, number = sheet.pick((5, 8, 12, 1000)), sheet.integer(1, 500)
    end = top + (bottom - top) * sheet.pick((1.0, 1.0, 0.7, 0.4))
    words = max(10, room - 6 - wide * figures)
    while y < end - step:
        y += step * (2 if number % group == 0 else 1)
        if number % group == 0 and sheet.chance(0.7):
            sheet.put("type", (left, y), sheet.words.phrase(1, 3).upper(), 0, right - left)
            y += step
        text = f"{number}.".ljust(6) + sheet.words.phrase(1, 5)[: words - 2]
        text = text.ljust(words + 5, dots or " ") if dots else text.ljust(words + 5)
        for _ in range(figures):
            value = sheet.words.entry(kind, sheet.document.year)
            text += ("" if sheet.chance(0.08) else value[: wide - 1]).rjust(wide)
        sheet.put("type", (left, y), text[:room])
        number += 1
    if sheet.chance(0.35):
        y += step
        sheet.put("type", (left + (room - wide) * sheet.machine.pitch, y), "=" * wide)
        sheet.put("type", (left, y + step), sheet.pick(("Celkem", "Summe", "Součet", "Razem")))
        sheet.put("type", (left + (room - wide) * sheet.machine.pitch, y + step), sheet.words.number(4).rjust(wide))


def typed_groups(sheet: Sheet) -> None:
    """Finds by object: a line for the object, then a word and many small figures below each other."""
    left, top, right, bottom = sheet.body
    room = sheet.machine.columns(right - left)
    first = sheet.integer(12, 26)
    count = max(2, min(sheet.integer(4, 14), (room - first) // 4))
    wide = max(3, (room - first) // count)
    empty = sheet.uniform(0.05, 0.6)
    y = top
    if sheet.chance(0.6):
        heads = "".join(str(number + 1).rjust(wide) for number in range(count))
        sheet.put("type", (left, y), " " * first + heads)
        y += sheet.machine.leading
    number = sheet.integer(1, 400)
    while y < bottom - 60:
        y += sheet.machine.leading * sheet.pick((1, 2))
        sheet.put("type", (left, y), f"{number} ({sheet.words.code(sheet.document.year)})")
        number += sheet.integer(1, 3)
        y += sheet.machine.leading * sheet.pick((0, 1))
        for _ in range(sheet.integer(1, 9)):
            y += sheet.machine.leading
            if y > bottom:
                return
            cells = ["" if sheet.chance(empty) else sheet.words.number(2) for _ in range(count)]
            text = f"{sheet.integer(1, 12)} {sheet.words.find()}"[: first - 1].ljust(first)
            sheet.put("type", (left, y), text + "".join(cell.rjust(wide) for cell in cells))


def typed_names(sheet: Sheet) -> None:
    """Names, places or signatures in two to four columns, without rules."""
    left, top, right, bottom = sheet.body
    y0 = typed_head(sheet, left, top, right) if sheet.chance(0.6) else top
    count = sheet.integer(2, 4)
    wide = (right - left) / count
    step = sheet.machine.leading * sheet.pick((1, 1, 1.5))
    kinds = [sheet.pick(("person", "place", "code", "word", "number")) for _ in range(count)]
    together = sheet.chance(0.6)  # the columns belong together row by row
    for number, kind in enumerate(kinds):
        share = 1.0 if together else sheet.uniform(0.3, 1)
        for y in np.arange(y0 + step, y0 + (bottom - y0) * share, step):
            if together and number and sheet.chance(0.15):
                continue
            text = {"person": sheet.words.person, "place": sheet.words.place}.get(
                kind, lambda kind=kind: sheet.words.entry(kind, sheet.document.year)
            )()
            sheet.put("type", (left + wide * number, float(y)), text, 0, wide - 2 * sheet.machine.pitch)


def typed_fields(sheet: Sheet) -> None:
    """Particulars without a form: labels with colons below each other, their contents lined up behind them."""
    left, top, right, bottom = sheet.body
    y = typed_head(sheet, left, top, right) if sheet.chance(0.5) else top
    stop = sheet.integer(14, 30) * sheet.machine.pitch
    step = sheet.machine.leading * sheet.pick((1, 1.5, 2))
    end = top + (bottom - top) * sheet.uniform(0.4, 1)
    while y < end - step:
        y += step
        label = sheet.words.head(0.5) + ":"
        sheet.put("type", (left, y), label.upper() if sheet.chance(0.1) else label, 0, stop - sheet.machine.pitch)
        for _ in range(sheet.pick({1: 6, 2: 1.5, 3: 0.7, 0: 1})):
            sheet.put("type", (left + stop, y), sheet.words.phrase(1, 5), 0, right - left - stop)
            y += sheet.machine.leading
        if sheet.chance(0.1):
            sheet.put("type", (left, y + step * 0.5), "-" * sheet.machine.columns(right - left))
            y += step * 0.5
