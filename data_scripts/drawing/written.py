"""Pages of running text: TEXT_P in print, TEXT_T typed, TEXT_HW by hand, TEXT where these meet.

    text_t(sheet)             # one function a category; each draws one of many kinds of page

What an archivist goes by: a category is that of the writing which fills the page. A file number, a signature or a date
stamp on a typed page leaves it TEXT_T; a printed letterhead, stamps with entries, long notes by hand make it TEXT.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from drawing.figures import draw_figure
from drawing.marks import (
    file_number,
    letterhead,
    note,
    office_marks,
    page_number,
    red_underlines,
    registered,
    round_stamp,
    signature,
    word_stamp,
)
from drawing.sheet import Sheet
from drawing.tables import Form, entry, form
from drawing.typeset import Box

RULED = {(172, 188, 206): 4, (150, 150, 154): 2, (190, 170, 200): 1, (140, 170, 150): 1, (200, 200, 204): 3}

# -- print


def text_p(sheet: Sheet) -> None:
    """A printed page: book, journal, newspaper, report, list of references, leaflet, slide of points."""
    if sheet.document.kind == "slide":
        slide_points(sheet)
    else:
        old = sheet.document.kind == "old"
        kinds = {
            printed_columns: 5 if old else 3,
            printed_report: 2 if old else 6,
            printed_references: 1,
            printed_labels: 1.2,
            printed_title: 0.8,
            printed_spread: 0.8,
            newspaper: 1.5 if old else 0.3,
            printed_letter: 1 if old else 1.5,
            printed_list: 1,
            dot_matrix: 0.3 if old else 0.8,
        }
        sheet.pick(kinds)(sheet)
    if sheet.chance(0.5):
        page_number(sheet, "print")
    office_marks(sheet, 0.7)
    if sheet.chance(0.06):
        signature(sheet, (sheet.width * sheet.uniform(0.4, 0.7), sheet.height * sheet.uniform(0.82, 0.92)))
    if sheet.chance(0.06):
        red_underlines(sheet, sheet.integer(1, 6))


def heading(sheet: Sheet, left: float, y: float, right: float, size: float = 0, centred: bool | None = None) -> float:
    """A printed heading of one or two lines; the y below it."""
    size = size or sheet.press.size * sheet.uniform(1.1, 1.8)
    centred = sheet.chance(0.4) if centred is None else centred
    for _ in range(1 if sheet.chance(0.75) else 2):
        text = sheet.words.phrase(2, 6).capitalize()
        if sheet.chance(0.35):
            text = f"{sheet.integer(1, 12)}.{sheet.integer(1, 9)}. {text}"
        if sheet.chance(0.15):
            text = text.upper()
        y += size * 1.2
        face = sheet.press.face(sheet.press.head, size)
        x = max(left, (left + right - face.getlength(text)) / 2) if centred else left
        sheet.put("print", (x, y), text, size, right - x, bold=True, file=sheet.press.head)
    return y + size * 0.6


def columns(sheet: Sheet, box: Box, count: int, *, headings: float = 0.3, size: float = 0) -> None:
    """Running print in so many columns, with a heading here and there."""
    left, top, right, bottom = box
    gap = sheet.uniform(22, 46)
    wide = (right - left - gap * (count - 1)) / count
    rule = count > 1 and sheet.chance(0.25)
    for number in range(count):
        x = left + number * (wide + gap)
        y = top
        while y < bottom - 60:
            if sheet.chance(headings):
                y = heading(sheet, x, y, x + wide, (size or sheet.press.size) * sheet.uniform(1.0, 1.35))
            end = bottom if sheet.chance(0.5) else min(bottom, y + sheet.uniform(200, 900))
            after = sheet.press.block(sheet.image, sheet.words, (x, y, x + wide, end), sheet.rng, size=size)
            y = max(after, y + 40) + sheet.press.size * 0.7
        if rule and number:
            sheet.rule([(x - gap / 2, top), (x - gap / 2, bottom)], width=1)


def printed_columns(sheet: Sheet) -> None:
    """A page of a book or a journal."""
    left, top, right, bottom = sheet.body
    y = top
    if sheet.chance(0.5):  # running head
        sheet.put(
            "print",
            (left + (right - left) * sheet.uniform(0, 0.4), y),
            sheet.words.phrase(2, 5).upper(),
            15,
            right - left,
        )
        if sheet.chance(0.5):
            sheet.rule([(left, y + 8), (right, y + 8)], width=1)
        y += 30
    if sheet.chance(0.35):
        y = heading(sheet, left, y, right, sheet.uniform(26, 52)) + sheet.uniform(0, 60)
    if sheet.chance(0.12):
        bottom -= sheet.uniform(0.1, 0.6) * (bottom - y)
    foot = bottom
    if sheet.chance(0.25):
        foot = bottom - sheet.uniform(60, 260)
        sheet.rule([(left, foot + 12), (left + (right - left) * 0.3, foot + 12)], width=1)
        sheet.press.block(
            sheet.image, sheet.words, (left, foot + 18, right, bottom), sheet.rng, size=sheet.press.size * 0.78
        )
    columns(sheet, (left, y, right, foot), sheet.pick({1: 5, 2: 4, 3: 0.7}), headings=sheet.pick((0.0, 0.0, 0.15, 0.4)))


def printed_report(sheet: Sheet) -> None:
    """A page of a report or thesis from a computer: numbered headings, paragraphs, points."""
    left, top, right, bottom = sheet.body
    y = top
    end = bottom if sheet.chance(0.7) else top + (bottom - top) * sheet.uniform(0.2, 0.9)
    if sheet.chance(0.3):
        sheet.put("print", (left, sheet.height * 0.035 + 10), sheet.words.phrase(3, 7), 15, right - left)
        sheet.rule([(left, sheet.height * 0.04 + 14), (right, sheet.height * 0.04 + 14)], width=1)
    while y < end - 60:
        kind = sheet.pick({"text": 6, "head": 2, "points": 1})
        if kind == "head":
            y = heading(sheet, left, y + 10, right, centred=False)
        elif kind == "points":
            for number in range(sheet.integer(2, 7)):
                if y > end - 40:
                    break
                mark = sheet.pick(("•", "-", f"{number + 1}.", "a)"))
                y += sheet.press.size * 1.3
                sheet.put("print", (left + 30, y), mark)
                sheet.put("print", (left + 62, y), sheet.words.sentence(), 0, right - left - 70)
        else:
            stop = min(end, y + sheet.uniform(90, 500))
            y = max(
                y + 30,
                sheet.press.block(sheet.image, sheet.words, (left, y, right, stop), sheet.rng, bold=sheet.chance(0.05)),
            ) + sheet.press.size * sheet.uniform(0.2, 1)


def printed_references(sheet: Sheet) -> None:
    """A list of references, hanging."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right) if sheet.chance(0.6) else top
    hang = sheet.uniform(20, 110)
    small = sheet.press.size * sheet.uniform(0.8, 1)
    while y < bottom - 50:
        y += small * 1.3
        sheet.put(
            "print",
            (left, y),
            f"{sheet.words.person()} {sheet.integer(1890, 2010)}:"
            if sheet.chance(0.8)
            else sheet.words.person().upper(),
            small,
            right - left,
        )
        after = sheet.press.block(
            sheet.image,
            sheet.words,
            (left + hang, y, right, min(bottom, y + small * sheet.uniform(1.5, 5))),
            sheet.rng,
            size=small,
            paragraph=(8, 30),
        )
        y = max(after, y + 4) + small * 0.3


def printed_labels(sheet: Sheet) -> None:
    """A printed sheet of bold labels and short answers, without rules."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right, sheet.uniform(28, 54), centred=True)
    if sheet.chance(0.6):
        y = sheet.press.block(
            sheet.image, sheet.words, (left + 40, y, right - 40, y + 110), sheet.rng, bold=sheet.chance(0.4)
        )
    step = sheet.uniform(1.6, 3) * sheet.press.size
    while y < bottom - 40:
        y += step
        x = sheet.put("print", (left, y), sheet.words.head(0.7).upper() + ":", 0, right - left, bold=True)
        sheet.put("print", (x + 14, y), sheet.words.phrase(1, 6), 0, right - x - 14)
        for _ in range(sheet.pick((0, 0, 1, 2))):
            y += sheet.press.size * 1.3
            sheet.put("print", (left + sheet.pick((0, 120)), y), sheet.words.sentence(), 0, right - left - 120)
    if sheet.chance(0.5):
        heading(sheet, left, min(bottom, y + 20), right, sheet.uniform(24, 44), centred=True)


def printed_title(sheet: Sheet) -> None:
    """A printed title page or cover."""
    left, top, right, bottom = sheet.body
    y = top
    for _ in range(sheet.integer(2, 5)):
        y = heading(sheet, left, y + sheet.uniform(20, 180), right, sheet.uniform(22, 80), centred=True)
        if y > bottom - 200:
            break
    if sheet.chance(0.5):
        sheet.rule([(left + 200, y + 10), (right - 200, y + 10)], width=sheet.integer(1, 5))
    heading(sheet, left, bottom - sheet.uniform(40, 160), right, sheet.uniform(20, 30), centred=True)


def printed_spread(sheet: Sheet) -> None:
    """A book opened on the scanner: one page, and a strip of the next."""
    cut = sheet.width * sheet.uniform(0.06, 0.3)
    right_side = sheet.chance(0.5)
    _, top, _, bottom = sheet.body
    inner = (
        (cut + 40, top, sheet.width * 0.95, bottom)
        if not right_side
        else (sheet.width * 0.05, top, sheet.width - cut - 40, bottom)
    )
    strip = (
        (-sheet.uniform(150, 400), top, cut - 25, bottom)
        if not right_side
        else (sheet.width - cut + 25, top, sheet.width + 400, bottom)
    )
    columns(sheet, inner, sheet.pick((1, 1, 2)))
    columns(sheet, strip, 1)
    x = cut if not right_side else sheet.width - cut
    if sheet.chance(0.7):
        sheet.rule([(x, 0), (x + sheet.rng.normal(0, 6), sheet.height)], (90, 90, 92), sheet.integer(1, 6))


def newspaper(sheet: Sheet) -> None:
    """A newspaper page or cutting: narrow columns, large headings, rules."""
    left, top, right, bottom = (sheet.width * 0.03, sheet.height * 0.03, sheet.width * 0.97, sheet.height * 0.97)
    if sheet.chance(0.5):  # a cutting on an empty page
        left, right = left + sheet.uniform(0, 250), right - sheet.uniform(0, 300)
        bottom -= sheet.uniform(0, 0.5) * sheet.height
    y = heading(sheet, left, top, right, sheet.uniform(40, 80), centred=True)
    sheet.rule([(left, y), (right, y)], width=2)
    columns(sheet, (left, y + 20, right, bottom), sheet.integer(2, 5), headings=0.3, size=sheet.uniform(15, 20))


def printed_letter(sheet: Sheet) -> None:
    """A letter or circular from a computer's printer, its head of the same make."""
    left, top, right, bottom = sheet.body
    y = letterhead(sheet) if sheet.chance(0.6) else top
    for _ in range(sheet.integer(2, 5)):
        y += sheet.press.size * 1.35
        sheet.put(
            "print",
            (left if sheet.chance(0.7) else (left + right) / 2, y),
            sheet.words.person() + ", " + sheet.words.place(),
            0,
            right - left,
        )
    y = heading(sheet, left, y + 30, right, sheet.press.size * 1.05, centred=False)
    y = sheet.press.block(
        sheet.image, sheet.words, (left, y + 10, right, min(bottom, y + sheet.uniform(200, 1100))), sheet.rng
    )
    sheet.put("print", (left + (right - left) * 0.6, min(bottom, y + 70)), sheet.words.person(), 0, 300)


def printed_list(sheet: Sheet) -> None:
    """A list of contents with dots, or of short numbered items, still text."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right)
    dots = sheet.chance(0.6)
    while y < bottom - 30:
        y += sheet.press.size * sheet.uniform(1.25, 1.7)
        x = sheet.put(
            "print",
            (left + sheet.pick((0, 0, 30, 60)), y),
            f"{sheet.integer(1, 9)}.{sheet.integer(1, 9)} {sheet.words.phrase(2, 7)}",
            0,
            (right - left) * 0.85,
        )
        if dots:
            sheet.put("print", (x + 6, y), "." * 300, 0, right - x - 60)
            sheet.put("print", (right - 40, y), str(sheet.integer(1, 300)), 0, 60)


def dot_matrix(sheet: Sheet) -> None:
    """Running text of a needle printer."""
    left, top, right, bottom = sheet.body
    press = sheet.press
    file = sheet.pick(sheet.document.kit.fonts.printer)
    tone = sheet.integer(30, 120)
    press.block(
        sheet.image,
        sheet.words,
        (left, top, right, bottom),
        sheet.rng,
        file=file,
        size=sheet.uniform(18, 26),
        justify=sheet.chance(0.3),
        ink=(tone, tone, tone),
    )


def slide_points(sheet: Sheet) -> None:
    """A slide: a heading and some points in large letters, on white or a tint."""
    left, top, right, bottom = (sheet.width * 0.06, sheet.height * 0.06, sheet.width * 0.95, sheet.height * 0.92)
    slide_ground(sheet)
    y = heading(sheet, left, top, right, sheet.uniform(48, 84), centred=sheet.chance(0.5)) + 30
    size = sheet.uniform(28, 50)
    while y < bottom - size * 1.3:
        y += size * sheet.uniform(1.25, 1.8)
        indent = sheet.pick((0, 0, 60))
        sheet.put(
            "print",
            (left + indent, y),
            sheet.pick(("• ", "– ", "", "■ ")) + sheet.words.sentence(3, 9),
            size - indent / 12,
            right - left - indent,
        )
        if sheet.chance(0.12):
            break


def slide_ground(sheet: Sheet) -> None:
    """The bars and tints of a slide's design, the same on all slides of the document."""

    def make(rng: np.random.Generator) -> tuple[str, tuple[int, int, int]]:
        return str(rng.choice(["plain", "top", "left", "foot", "tint"])), tuple(
            int(v) for v in rng.integers(60, 240, 3)
        )

    kind, colour = sheet.document.shared("slide ground", make)
    w, h = sheet.width, sheet.height
    pale = tuple(int(255 - (255 - v) * 0.18) for v in colour)
    box = {
        "top": (0, 0, w, h * 0.13),
        "left": (0, 0, w * 0.04, h),
        "foot": (0, h * 0.95, w, h),
        "tint": (0, 0, w, h),
    }.get(kind)
    if box:
        sheet.draw.rectangle(box, fill=pale if kind in ("tint", "top") else colour)


# -- typing


def text_t(sheet: Sheet) -> None:
    """A typed page: report, letter, note, title, list of points, carbon copy."""
    sheet.pick(
        {typed_report: 7, typed_letter: 3, typed_note: 1.6, typed_title: 0.8, typed_points: 1.8, typed_slip: 0.8}
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


# -- hand


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
    kinds = [kind for kind in ("sketch", "pottery", "vessel", "stone_tool") if kind in _figure_kinds()]
    picture = picture or draw_figure(sheet.rng, wide, high, sheet.pick(kinds) if kinds else None)
    sheet.paste(picture, (sheet.uniform(0.05, 0.9 - share) * sheet.width, sheet.uniform(0.55, 0.85) * sheet.height))


def _figure_kinds() -> set[str]:
    from drawing.figures import KINDS

    return set(KINDS)


# -- mixtures


def slip(sheet: Sheet, box: Box, tone: int = 0) -> None:
    """A piece of paper glued on: a little darker or lighter than the page, with an edge."""
    tone = tone or sheet.integer(222, 255)
    warm = sheet.integer(0, 22) if sheet.chance(0.4) else 0
    sheet.draw.rectangle(box, fill=(tone, tone - warm // 3, tone - warm))
    left, top, right, bottom = box
    shade = tone - sheet.integer(20, 90)
    for points in ([(left, bottom), (right, bottom)], [(right, top), (right, bottom)], [(left, top), (left, bottom)]):
        if sheet.chance(0.7):
            sheet.rule(points, (shade, shade, shade), sheet.integer(1, 3))


def text(sheet: Sheet) -> None:
    """A page where writings meet: letterheads, stamps and signatures, notes by hand, cuttings, questionnaires."""
    sheet.pick(
        {
            office_letter: 5,
            typed_with_notes: 3,
            clippings: 1.5,
            report_form: 2.5,
            glued_note: 1.6,
            printed_with_notes: 1.8,
            hand_with_type: 1.2,
            questionnaire: 1.8,
            postcard: 0.6,
            with_sketch: 1.4,
        }
    )(sheet)
    if sheet.chance(0.5):
        registered(sheet)
    office_marks(sheet, 1.6)


def office_letter(sheet: Sheet) -> None:
    """A printed letterhead, a typed letter, a stamp, a signature, an order in the margin."""
    y = letterhead(sheet)
    by_hand = sheet.chance(0.15)
    left, _, right, bottom = sheet.body
    if by_hand:
        y = sheet.hand_block((left, y + 40, right, y + (bottom - y) * sheet.uniform(0.3, 0.8)), sheet.uniform(10, 16))
    else:
        y = typed_letter(sheet, y + 20)
    x = left + (right - left) * sheet.uniform(0.4, 0.75)
    if sheet.chance(0.6):
        round_stamp(sheet, (x, min(bottom, y + 90)))
    if sheet.chance(0.8):
        signature(sheet, (x, min(bottom, y + 80)))
    if sheet.chance(0.4):
        note(sheet, (left * 0.3, y + 80, left + (right - left) * 0.5, min(bottom + 40, y + 300)))


def typed_with_notes(sheet: Sheet) -> None:
    """Typing with much by hand: corrections, additions, margins."""
    typed_report(sheet)
    corrections(sheet, sheet.integer(8, 26))
    left, top, right, bottom = sheet.body
    for _ in range(sheet.integer(1, 3)):
        if sheet.chance(0.5):
            y = sheet.uniform(top, bottom - 200)
            note(sheet, (6, y, max(120, left - 8), y + sheet.uniform(80, 300)), sheet.uniform(8, 13))
        else:
            y = sheet.uniform(0.75, 0.9) * sheet.height
            note(sheet, (left, y, right, y + sheet.uniform(60, 220)))
    if sheet.chance(0.5):
        signature(sheet, (left + (right - left) * 0.5, bottom))


def clippings(sheet: Sheet) -> None:
    """Newspaper cuttings glued on a sheet, with notes and stamps."""
    for _ in range(sheet.integer(1, 4)):
        wide, high = int(sheet.width * sheet.uniform(0.25, 0.7)), int(sheet.height * sheet.uniform(0.12, 0.5))
        x, y = (
            sheet.uniform(0.02, 0.98 - wide / sheet.width) * sheet.width,
            sheet.uniform(0.06, 0.97 - high / sheet.height) * sheet.height,
        )
        piece = Sheet.__new__(Sheet)
        piece.__dict__.update(sheet.__dict__)
        piece.image = Image.new("RGB", (wide, high), "white")
        slip(piece, (0, 0, wide - 1, high - 1), sheet.integer(205, 250))
        below = heading(piece, 14, 8, wide - 14, sheet.uniform(22, 36)) if sheet.chance(0.7) else 14
        columns(
            piece,
            (14, below, wide - 14, high - 10),
            1 if wide < 500 else sheet.integer(1, 3),
            headings=0.1,
            size=sheet.uniform(15, 20),
        )
        turned = piece.image.convert("RGBA").rotate(
            float(sheet.rng.normal(0, 2.5)), expand=True, resample=Image.Resampling.BILINEAR
        )
        sheet.image.paste(turned, (int(x), int(y)), turned)
    for _ in range(sheet.integer(1, 3)):
        x, y = sheet.uniform(0.05, 0.55) * sheet.width, sheet.uniform(0.02, 0.85) * sheet.height
        note(sheet, (x, y, x + sheet.width * 0.4, y + sheet.uniform(50, 160)), sheet.uniform(12, 24))
    if sheet.chance(0.5):
        word_stamp(sheet, (sheet.uniform(0.1, 0.7) * sheet.width, sheet.uniform(0.05, 0.8) * sheet.height))


def report_form(sheet: Sheet) -> None:
    """A printed report sheet: some boxes or dotted lines, typed paragraphs, additions by hand, stamps."""
    left, top, right, bottom = sheet.body
    y = letterhead(sheet) if sheet.chance(0.5) else heading(sheet, left, top, right, sheet.uniform(28, 46))
    shape = sheet.document.shared("report form", lambda rng: Form.choose(rng, sheet, rows=int(rng.integers(2, 5))))
    y = form(
        sheet,
        (left, y + 20, right, y + sheet.height * sheet.uniform(0.08, 0.16)),
        sheet.pick(("type", "type", "hand")),
        shape,
        title=False,
    )
    y = sheet.machine.block(
        sheet.image, sheet.words, (left, y + 20, right, y + (bottom - y) * sheet.uniform(0.3, 0.6)), sheet.rng
    )
    for _ in range(sheet.integer(2, 5)):
        y += sheet.uniform(40, 70)
        if y > bottom:
            break
        x = sheet.put("print", (left, y), sheet.words.head(0.6), 16, 300)
        sheet.rule([(x + 8, y + 4), (right if sheet.chance(0.6) else (left + right) / 2, y + 4)], width=1)
        if sheet.chance(0.8):
            entry(sheet, (x + 20, y - 40, right, y + 4), "hand")
    if sheet.chance(0.7):
        round_stamp(sheet, (left + (right - left) * sheet.uniform(0.3, 0.8), min(bottom, y + 20)))
    if sheet.chance(0.7):
        signature(sheet, (left + (right - left) * sheet.uniform(0.3, 0.6), min(bottom, y + 60)))


def glued_note(sheet: Sheet) -> None:
    """A typed sheet with a handwritten slip glued on it, or the other way round."""
    left, top, right, bottom = sheet.body
    sheet.machine.block(
        sheet.image, sheet.words, (left, top, right, top + sheet.uniform(80, 400)), sheet.rng, paragraph=(5, 25)
    )
    wide, high = (right - left) * sheet.uniform(0.5, 1), (bottom - top) * sheet.uniform(0.2, 0.5)
    x, y = left + sheet.uniform(0, right - left - wide), sheet.uniform(top + 250, bottom - high - 20)
    slip(sheet, (x, y, x + wide, y + high))
    sheet.hand_block((x + 20, y + 10, x + wide - 20, y + high - 15), sheet.uniform(10, 17))
    if sheet.chance(0.6):
        sheet.put("type", (left, min(bottom + 30, y + high + 120)), sheet.words.phrase(3, 7), 0, right - left)
    if sheet.chance(0.5):
        signature(sheet, (left + (right - left) * 0.5, min(bottom + 60, y + high + 90)))


def printed_with_notes(sheet: Sheet) -> None:
    """Print with much by hand: proofs, marked articles, filled circulars."""
    sheet.pick((printed_columns, printed_report, printed_labels))(sheet)
    corrections(sheet, sheet.integer(10, 30))
    left, top, right, bottom = sheet.body
    for _ in range(sheet.integer(1, 3)):
        y = sheet.uniform(top, bottom - 100)
        side = (
            (4, y, max(130, left - 5), y + 260)
            if sheet.chance(0.4)
            else (sheet.uniform(left, right - 400), y, right, y + sheet.uniform(60, 200))
        )
        note(sheet, side, sheet.uniform(12, 20))


def hand_with_type(sheet: Sheet) -> None:
    """A page by hand, with a printed head or typed lines and stamps."""
    left, top, right, bottom = sheet.body
    if sheet.chance(0.5):
        y = letterhead(sheet)
    else:
        y = sheet.machine.block(
            sheet.image, sheet.words, (left, top, right, top + sheet.uniform(60, 300)), sheet.rng, paragraph=(6, 25)
        )
    y = sheet.hand_block((left, y + 40, right, y + (bottom - y) * sheet.uniform(0.4, 0.95)), sheet.uniform(10, 18))
    if sheet.chance(0.6):
        round_stamp(sheet, (left + (right - left) * sheet.uniform(0.2, 0.8), min(bottom, y + 40)))
    signature(sheet, (left + (right - left) * sheet.uniform(0.4, 0.6), min(bottom, y + 70)))


def questionnaire(sheet: Sheet) -> None:
    """Printed or typed questions with answers by hand, not in boxes."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right, sheet.uniform(26, 42))
    asked = sheet.pick(("print", "print", "type"))
    number = 1
    while y < bottom - 90:
        y += sheet.uniform(34, 60)
        x = sheet.put(asked, (left, y), f"{number}. {sheet.words.phrase(2, 7)}:", 0, (right - left) * 0.8)
        lines = sheet.integer(0, 3)
        if sheet.chance(0.8):
            entry(sheet, (x + 12, y - 36, right, y + 6), "hand" if sheet.chance(0.75) else "type")
        if lines:
            y = sheet.hand_block((left + 30, y + 4, right, y + lines * 42), sheet.uniform(9, 14), 42)
        number += 1
    if sheet.chance(0.6):
        signature(sheet, (left + (right - left) * 0.55, bottom))


def postcard(sheet: Sheet) -> None:
    """A postcard or telegram on an empty page: printed words, address and message by hand, a postmark."""
    wide, high = sheet.width * sheet.uniform(0.6, 0.9), sheet.width * sheet.uniform(0.38, 0.55)
    x, y = sheet.uniform(0.04, 0.95 - wide / sheet.width) * sheet.width, sheet.uniform(0.05, 0.4) * sheet.height
    slip(sheet, (x, y, x + wide, y + high))
    sheet.put(
        "print",
        (x + wide * 0.35, y + 40),
        sheet.pick(("KORESPONDENČNÍ LÍSTEK", "Postkarte", "TELEGRAM", "CARTE POSTALE")),
        28,
        wide * 0.6,
        bold=True,
    )
    sheet.rule([(x + wide / 2, y + 60), (x + wide / 2, y + high - 20)], width=2)
    sheet.hand_block((x + 20, y + 60, x + wide / 2 - 15, y + high - 20), sheet.uniform(9, 13))
    for line in range(4):
        base = y + high * (0.45 + 0.13 * line)
        sheet.rule([(x + wide * 0.55, base), (x + wide - 30, base)], (120, 120, 120), 1)
        sheet.put("hand", (x + wide * 0.57, base - 5), sheet.words.person(), 13, wide * 0.38)
    round_stamp(sheet, (x + wide * 0.8, y + high * 0.2))


def with_sketch(sheet: Sheet) -> None:
    """Typed or printed text with something by hand and a small figure that does not fill the page."""
    sheet.pick((typed_letter, typed_note, hand_with_type))(sheet)
    small_sketch(sheet, 0.22)
    left, _, right, bottom = sheet.body
    note(sheet, (left, bottom - 150, right, bottom + 20))
    if sheet.chance(0.5):
        file_number(sheet)
