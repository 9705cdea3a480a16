"""Pages of tables, lists and forms: LINE_P printed throughout, LINE_T filled on a typewriter, LINE_HW by hand.

    line_t(sheet)             # one function a category; each draws one of many kinds of page

What counts is who filled it: a printed form with typed answers is LINE_T, with handwritten ones LINE_HW, a blank or
computer-filled one LINE_P. Lists that are only lined up, without a single rule, belong here too.
"""

from __future__ import annotations

import numpy as np

from drawing.handwritten import paper_lines
from drawing.marks import file_number, office_marks, page_number, registered, signature
from drawing.printed import columns, heading, slide_ground
from drawing.sheet import Sheet
from drawing.tables import Form, TableStyle, card_foot, card_head, form, table
from drawing.typed import typed_close, typed_head

# -- printed


def line_p(sheet: Sheet) -> None:
    """A printed table, list, blank form or a form filled by a computer."""
    if sheet.document.kind == "slide":
        slide_table(sheet)
        return
    old = sheet.document.kind == "old"
    sheet.pick(
        {
            printed_table: 6,
            dot_matrix_table: 0.7 if old else 2,
            blank_form: 1.6,
            database_form: 0.2 if old else 2.5,
            text_and_table: 1.5,
            several_tables: 1.2,
            index_columns: 1,
        }
    )(sheet)
    if sheet.chance(0.5):
        page_number(sheet, "print")
    office_marks(sheet, 0.6)


def printed_table(sheet: Sheet) -> None:
    """One table with its title."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right) + 15 if sheet.chance(0.7) else top
    if sheet.chance(0.3):
        left, right = sheet.width * 0.04, sheet.width * 0.96
    end = table(sheet, (left, y, right, bottom), "print")
    if sheet.chance(0.3):
        sheet.put("print", (left, min(sheet.height - 30, end + 40)), sheet.words.sentence(), 16, right - left)


def dot_matrix_table(sheet: Sheet) -> None:
    """Columns of a needle printer, lined up without rules, on wide or narrow paper."""
    left, top, right, bottom = sheet.body
    file = sheet.pick(sheet.document.kit.fonts.printer)
    size = sheet.uniform(15, 24)
    tone = sheet.integer(20, 130)
    ink = (tone, tone, tone)
    count = sheet.integer(3, 9)
    starts = left + np.cumsum([0, *sheet.rng.uniform(0.6, 1.6, count - 1)]) * (right - left) / (count + 0.3)
    kinds = [sheet.pick(("number", "measure", "word", "code", "measure")) for _ in starts]
    y = top
    for _ in range(sheet.integer(0, 3)):
        y += size * 1.4
        sheet.put("print", (left, y), sheet.words.phrase(3, 8), size, right - left, file=file, ink=ink)
    group = sheet.integer(3, 30)
    row = 0
    while y < bottom:
        y += size * sheet.pick((1.2, 1.2, 1.2)) * (2.4 if row % group == 0 else 1)
        for x, kind in zip(starts, kinds, strict=True):
            if sheet.chance(0.9):
                text = sheet.words.head() if row == 0 else sheet.words.entry(kind, sheet.document.year)
                sheet.put("print", (x, y), text, size, (right - left) / count, file=file, ink=ink)
        if row == 0 and sheet.chance(0.5):
            y += size
            sheet.put("print", (left, y), "-" * 200, size, right - left, file=file, ink=ink)
        row += 1


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


# -- typed


def line_t(sheet: Sheet) -> None:
    """A typed table or list, or a printed form or card with typed answers."""
    sheet.pick(
        {
            typed_table: 5,
            typed_columns: 3.5,
            typed_form: 2,
            record_card: 3.5,
            sparse_form: 0.8,
            typed_text_and_table: 1.6,
            parted_entries: 1.5,
        }
    )(sheet)
    if sheet.chance(0.5):
        page_number(sheet, "type" if sheet.chance(0.7) else "hand")
    office_marks(sheet)


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


def record_card(sheet: Sheet) -> None:
    """A catalogue card: the ruled head filled in, typed text or a typed list below, often little of it."""
    fill = "type" if sheet.chance(0.9) else "hand"
    y = card_head(sheet, fill)
    left, _, right, bottom = sheet.body
    if sheet.chance(0.25):
        bottom = card_foot(sheet, "type") - 20
    end = y + (bottom - y) * sheet.pick({0.95: 3, 0.6: 3, 0.3: 4, 0.1: 2})
    if sheet.chance(0.35):
        table(sheet, (left, y + 40, right, end), "type")
    elif end > y + 60:
        y = sheet.machine.block(sheet.image, sheet.words, (left, y + 20, right, end), sheet.rng)
        if sheet.chance(0.4):
            typed_close(sheet, y)
    if sheet.chance(0.4):
        file_number(sheet)


def sparse_form(sheet: Sheet) -> None:
    """A form of a few large fields, most of them empty, a few typed lines in one."""
    left, top, right, bottom = sheet.body
    shape = sheet.document.shared(
        "sparse", lambda rng: Form.choose(rng, sheet, rows=int(rng.integers(2, 5)), style="boxes")
    )
    form(sheet, (left, top, right, bottom), "type", shape, full=0.2, title=sheet.chance(0.3))
    y = sheet.uniform(top + 80, bottom - 250)
    sheet.machine.block(
        sheet.image, sheet.words, (left + 30, y, left + (right - left) * 0.47, y + sheet.uniform(50, 160)), sheet.rng
    )


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


# -- by hand


def line_hw(sheet: Sheet) -> None:
    """A table, list or form filled by hand."""
    sheet.pick({hand_table: 5, hand_form: 4, hand_columns: 2, hand_card: 2, hand_register: 1.6, levels: 1.2})(sheet)
    if sheet.chance(0.3):
        page_number(sheet, "hand")
    if sheet.chance(0.12):
        registered(sheet)
    office_marks(sheet, 0.8)


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


def hand_card(sheet: Sheet) -> None:
    """A record card with entries by hand, and some handwriting below its head."""
    y = card_head(sheet, "hand")
    left, _, right, bottom = sheet.body
    if sheet.chance(0.3):
        bottom = card_foot(sheet, "hand") - 20
    if sheet.chance(0.75):
        sheet.hand_block((left, y + 20, right, y + (bottom - y) * sheet.uniform(0.1, 0.8)), sheet.uniform(10, 17))


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
