"""Pages of running typescript (TEXT_T): reports, letters, notes, titles, numbered points, carbon copies.

    text_t(sheet)             # draws one of many kinds of page

What stays TEXT_T: a page number, a signature, a date stamp, a few words between the lines. Sizes are pixels at 150 dpi,
boxes (left, top, right, bottom).
"""

from __future__ import annotations

import dataclasses

from drawing.marks import office_marks, page_number, red_underlines, round_stamp, signature, slip
from drawing.printed import heading
from drawing.sheet import Sheet
from drawing.typeset import Typewriter


def text_t(sheet: Sheet) -> None:
    """A typed page: report, letter, note, title, list of points, carbon copy."""
    retyped(sheet, old=0.3, copies=0.35)
    sheet.pick(
        {
            typed_report: 6,
            typed_letter: 2.6,
            typed_note: 2.2,
            typed_lines: 1.6,
            typed_title: 1.3,
            typed_points: 1.8,
            typed_slip: 0.9,
            typed_dense: 1.5,
            typed_contents: 1.2,
            typed_literature: 1.2,
        }
    )(sheet)
    if sheet.chance(0.55):
        page_number(sheet, "type" if sheet.chance(0.7) else "hand")
    office_marks(sheet)
    if sheet.chance(0.12):
        corrections(sheet, sheet.integer(1, 6))
    if sheet.chance(0.07):
        red_underlines(sheet, sheet.integer(2, 10))
    if sheet.chance(0.04):
        round_stamp(sheet, (sheet.width * sheet.uniform(0.3, 0.8), sheet.height * sheet.uniform(0.8, 0.92)))


def retyped(sheet: Sheet, old: float, copies: float) -> None:
    """Give this page another typing than the document's: an old machine for a printer's, a copy for an original.

    old: how often a computer's printer of letter quality gives way to a worn machine; copies: how often the page is a
    carbon copy, a purple spirit duplicate or from a stencil. A document keeps its machine and its way of copying.
    """
    document = sheet.document
    machine = document.machine
    if machine.computer and sheet.chance(old):
        machine = document.shared("old machine", lambda rng: Typewriter.choose(rng, document.kit.fonts, 0.2))
    if sheet.chance(copies):
        kind = document.shared(
            "copies", lambda rng: str(rng.choice(["carbon", "carbon", "carbon", "spirit", "stencil"]))
        )
        grey = sheet.integer(50, 115)
        changed = {
            "carbon": {
                "ink": sheet.pick(((grey, grey, grey + 8), (grey, grey, min(200, grey + 45)))),
                "blur": sheet.uniform(0.6, 1.7),
                "weight": 1,
                "uneven": min(1.0, machine.uneven + 0.2),
            },
            "spirit": {
                "ink": sheet.pick({(120, 70, 165): 4, (95, 70, 160): 3, (150, 110, 185): 3, (90, 120, 165): 1}),
                "blur": sheet.uniform(0.7, 1.4),
                "uneven": min(1.0, machine.uneven + 0.3),
            },
            "stencil": {"ink": (40, 40, 44), "weight": 1, "blur": sheet.uniform(0.3, 0.7), "uneven": 0.8},
        }[kind]
        machine = dataclasses.replace(machine, **changed, _masks={})
    if machine is not document.machine:
        sheet.document = dataclasses.replace(document, machine=machine)


def respaced(sheet: Sheet, leading: float) -> None:
    """Set the distance between this page's lines of typing."""
    machine = dataclasses.replace(sheet.machine, leading=leading)
    sheet.document = dataclasses.replace(sheet.document, machine=machine)


def typed_head(sheet: Sheet, left: float, y: float, right: float) -> float:
    """A typed heading: spaced, underlined with hyphens, or in capitals; the y below it."""
    text = sheet.words.phrase(1, 4).capitalize() if sheet.chance(0.6) else sheet.words.title()
    kind = sheet.pick(("spaced", "line", "capitals", "dashes", "plain"))
    if kind in ("spaced", "dashes") and len(text) < 26:
        text = " ".join(text.upper() if sheet.chance(0.5) else text)
    if kind == "capitals":
        text = text.upper()
    room = sheet.machine.columns(right - left)
    text = text[:room]
    x = left + (room - len(text)) / 2 * sheet.machine.pitch if sheet.chance(0.5) else left
    sheet.put("type", (x, y + sheet.machine.size), text)
    below = y + sheet.machine.size + 5
    if kind == "line":
        sheet.put("type", (x, below), "_" * len(text))
    elif kind == "dashes":
        sheet.put("type", (x, below + 12), sheet.pick(("-", "=", ".")) * len(text))
    return below + sheet.machine.leading * sheet.uniform(0.8, 1.8)


def typed_report(sheet: Sheet) -> None:
    """A page of a report: paragraphs, now and then a heading."""
    left, top, right, bottom = sheet.body
    y = typed_head(sheet, left, top, right) if sheet.chance(0.3) else top
    end = bottom if sheet.chance(0.75) else top + (bottom - top) * sheet.uniform(0.3, 0.95)
    while y < end - 40:
        stop = end if sheet.chance(0.45) else min(end, y + sheet.uniform(150, 800))
        y = (
            max(
                y + 20,
                sheet.machine.block(
                    sheet.image, sheet.words, (left, y, right, stop), sheet.rng, errors=sheet.pick((0, 0.005, 0.02))
                ),
            )
            + sheet.machine.leading * 0.4
        )
        if y < end - 120 and sheet.chance(0.45):
            y = typed_head(sheet, left, y, right)
    if end < bottom - 100 and sheet.chance(0.6):
        typed_close(sheet, y)


def typed_close(sheet: Sheet, y: float) -> None:
    """Place, date and name, with or without a signature."""
    left, _, right, bottom = sheet.body
    y = min(bottom, y + 50)
    if sheet.chance(0.6):
        sheet.put("type", (left, y), f"{sheet.words.place()} {sheet.words.date(sheet.document.year)}", 0, 500)
    x = left + (right - left) * sheet.uniform(0.5, 0.68)
    sheet.put("type", (x, y), sheet.words.person(), 0, right - x)
    if sheet.chance(0.55):
        signature(sheet, (x, y - 10), sheet.uniform(14, 28))


def typed_letter(sheet: Sheet, top: float = 0) -> float:
    """A letter: place and date, address, subject, paragraphs, name."""
    left, body_top, right, bottom = sheet.body
    y = top or body_top
    step = sheet.machine.leading
    sheet.put(
        "type",
        (left + (right - left) * sheet.uniform(0.45, 0.6), y + 20),
        f"{sheet.words.place()} {sheet.words.date(sheet.document.year)}",
        0,
        480,
    )
    y += 20 + 2 * step
    x = left + (right - left) * sheet.pick((0.0, 0.5))
    for _ in range(sheet.integer(2, 5)):
        sheet.put("type", (x, y), sheet.words.phrase(1, 3).capitalize(), 0, right - x)
        y += step
    sheet.put("type", (left, y + step), "Věc: " + sheet.words.phrase(3, 7), 0, right - left)
    y += 2.5 * step
    stop = min(bottom - 60, y + sheet.uniform(100, 1000))
    y = sheet.machine.block(sheet.image, sheet.words, (left, y, right, stop), sheet.rng)
    typed_close(sheet, y)
    return y


def typed_note(sheet: Sheet) -> None:
    """A few typed lines on a page that is empty otherwise."""
    left, top, right, bottom = sheet.body
    y = sheet.uniform(top, bottom - 300)
    inset = sheet.uniform(0, 0.25) * (right - left)
    y = sheet.machine.block(
        sheet.image, sheet.words, (left + inset, y, right, min(bottom, y + sheet.uniform(90, 420))), sheet.rng
    )
    if sheet.chance(0.5):
        typed_close(sheet, y)


def typed_title(sheet: Sheet) -> None:
    """A typed title page, some of it in large lettering."""
    left, top, right, bottom = sheet.body
    y = top
    while y < bottom - 200:
        y = typed_head(sheet, left, y + sheet.uniform(0, 200), right)
        for _ in range(sheet.pick((0, 1, 3))):
            sheet.put(
                "type",
                (left + sheet.pick((0.0, 0.2, 0.4)) * (right - left), y),
                sheet.words.phrase(2, 4).capitalize(),
                0,
                right - left,
            )
            y += sheet.machine.leading
    if sheet.chance(0.5):
        heading(
            sheet, left, top + (bottom - top) * sheet.uniform(0.15, 0.4), right, sheet.uniform(44, 80), centred=True
        )
    if sheet.chance(0.4):
        typed_close(sheet, y - 60)


def typed_points(sheet: Sheet) -> None:
    """Numbered points or catalogue entries with hanging lines: text, no table."""
    left, top, right, bottom = sheet.body
    y = typed_head(sheet, left, top, right) if sheet.chance(0.5) else top
    hang = sheet.machine.pitch * sheet.integer(3, 9)
    number = sheet.integer(1, 300)
    while y < bottom - 80:
        sheet.put("type", (left, y + sheet.machine.size), f"{number}.")
        stop = min(bottom, y + sheet.uniform(1.2, 7) * sheet.machine.leading)
        y = max(
            y + sheet.machine.leading,
            sheet.machine.block(sheet.image, sheet.words, (left + hang, y, right, stop), sheet.rng, paragraph=(12, 60)),
        )
        y += sheet.machine.leading * sheet.uniform(0, 0.9)
        number += 1


def typed_lines(sheet: Sheet) -> None:
    """One to five short lines on an empty sheet: the name of a part, a remark, a caption of an appendix."""
    left, top, right, bottom = sheet.body
    y = top + (bottom - top) * sheet.pick((0.0, 0.05, 0.25, 0.4, sheet.uniform(0, 0.9)))
    centred = sheet.chance(0.5)
    room = sheet.machine.columns(right - left)
    if sheet.chance(0.4):
        y = typed_head(sheet, left, y, right)
    for _ in range(sheet.integer(1, 5)):
        text = sheet.pick((sheet.words.title(), sheet.words.phrase(2, 8).capitalize(), sheet.words.place()))[:room]
        if sheet.chance(0.2) and 2 * len(text) < room:
            text = " ".join(text)
        x = left + (room - len(text)) / 2 * sheet.machine.pitch * centred
        sheet.put("type", (x, y + sheet.machine.size), text, 0, right - x)
        y += sheet.machine.leading * sheet.pick((1, 1, 2, 4))
        if y > bottom - 30:
            break
    if sheet.chance(0.25):
        typed_close(sheet, y + sheet.uniform(0, 200))


def typed_dense(sheet: Sheet) -> None:
    """Single-spaced typing to the edges of the sheet, without any paragraph or with few."""
    respaced(sheet, max(21.0, sheet.machine.size * sheet.uniform(0.95, 1.1)))
    w, h = sheet.width, sheet.height
    box = (w * sheet.uniform(0.03, 0.1), h * sheet.uniform(0.02, 0.06), w * sheet.uniform(0.92, 0.98), h * 0.97)
    paragraph = sheet.pick(((150, 400), (40, 160), (15, 60)))
    sheet.machine.block(sheet.image, sheet.words, box, sheet.rng, paragraph=paragraph)


def typed_contents(sheet: Sheet) -> None:
    """A table of contents: headings, indented lines, dots and page numbers; it runs on like text."""
    left, top, right, bottom = sheet.body
    y = typed_head(sheet, left, top, right) + sheet.machine.leading
    room = sheet.machine.columns(right - left)
    leader = sheet.pick({".": 5, " ": 2, ". ": 1, "-": 0.5})
    step = sheet.machine.leading * sheet.pick((1, 1, 1.5))
    page, part = sheet.integer(1, 6), 1
    end = top + (bottom - top) * sheet.pick((1.0, 0.8, 0.5))
    while y < end - 40:
        for number in range(sheet.integer(1, 7)):
            y += step
            if y > bottom:
                break
            text = " " * (0 if number == 0 else 3) + (f"{part}." if number == 0 else f"{part}.{number}")
            text = f"{text} {sheet.words.phrase(1, 6).capitalize()}"[: room - 8] + " "
            text += (leader * room)[: room - 5 - len(text)] + str(page).rjust(4)
            sheet.put("type", (left, y), text)
            page += sheet.integer(0, 9)
        y += step * sheet.pick((0, 0.5, 1))
        part += 1


def typed_literature(sheet: Sheet) -> None:
    """A list of books or sources with hanging lines: name, year, title that runs on; text, no columns."""
    left, top, right, bottom = sheet.body
    y = typed_head(sheet, left, top, right) if sheet.chance(0.6) else top
    hang = sheet.pick((3, 5, 8))
    capitals = sheet.chance(0.4)
    rule = sheet.chance(0.3)  # the same author again
    gap = sheet.machine.leading * sheet.pick((0, 0, 0.5, 1))
    room = sheet.machine.columns(right - left)
    while y < bottom - 60:
        person = sheet.words.person()
        person = "------" if rule and sheet.chance(0.3) else person.upper() if capitals else person
        title = " ".join(sheet.words.some(sheet.integer(5, 34)))
        text = f"{person}, {sheet.document.year - sheet.integer(0, 60)}: {title}"
        line, indent = "", 0
        for word in text.split():
            if indent + len(line) + len(word) > room - 1:
                y += sheet.machine.leading
                sheet.put("type", (left + indent * sheet.machine.pitch, y), line)
                line, indent = "", hang
                if y > bottom:
                    return
            line += word + " "
        y += sheet.machine.leading
        if y > bottom:
            return
        sheet.put("type", (left + indent * sheet.machine.pitch, y), line)
        y += gap


def typed_slip(sheet: Sheet) -> None:
    """A typed slip or clipping glued on an empty sheet."""
    wide, high = int(sheet.width * sheet.uniform(0.5, 0.9)), int(sheet.height * sheet.uniform(0.1, 0.4))
    x, y = (
        sheet.uniform(0.03, 0.97 - wide / sheet.width) * sheet.width,
        sheet.uniform(0.08, 0.9 - high / sheet.height) * sheet.height,
    )
    slip(sheet, (x, y, x + wide, y + high))
    sheet.machine.block(sheet.image, sheet.words, (x + 30, y + 25, x + wide - 25, y + high - 20), sheet.rng)


def corrections(sheet: Sheet, count: int) -> None:
    """Words by hand between the lines and in the margin."""
    left, top, right, bottom = sheet.body
    for _ in range(count):
        x, y = sheet.uniform(left, right - 200), sheet.uniform(top, bottom)
        if sheet.chance(0.3):
            x = sheet.uniform(0.01, 0.05) * sheet.width
        sheet.put("hand", (x, y), sheet.words.phrase(1, 3), sheet.uniform(7, 13), 220)
        if sheet.chance(0.4):
            sheet.rule([(x, y + 14), (x + sheet.uniform(30, 160), y + 12)], sheet.pen, 2, by_hand=True)
