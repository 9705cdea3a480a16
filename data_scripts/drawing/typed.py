"""Pages of running typescript (TEXT_T): reports, letters, notes, titles, numbered points, carbon copies.

    text_t(sheet)             # draws one of many kinds of page

What stays TEXT_T: a page number, a signature, a date stamp, a few words between the lines. Sizes are pixels at 150 dpi,
boxes (left, top, right, bottom).
"""

from __future__ import annotations

from drawing.marks import office_marks, page_number, red_underlines, round_stamp, signature, slip
from drawing.printed import heading
from drawing.sheet import Sheet


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
