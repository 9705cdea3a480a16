"""Figures in theses, papers and reports: between paragraphs, in columns, in grids a) b) c), as windows of a program.

    figures_page(sheet, "PHOTO")      # the same with photographs

Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

from drawing.papers import long_caption, picture, running_head
from drawing.printed import heading
from drawing.sheet import Sheet
from drawing.slides import scheme
from drawing.typeset import Box


def figures_page(sheet: Sheet, label: str) -> None:
    """Figures with long captions among paragraphs, below each other, in a grid, or in one of two columns."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    kind = sheet.pick({"floats": 5, "column": 3, "grid": 2.5, "page": 1.2, "window": 0.0 if label == "PHOTO" else 0.8})
    if kind in ("floats", "window"):
        y = top
        if sheet.chance(0.6):
            y = _text(sheet, (left, y, right, y + (bottom - top) * sheet.uniform(0.1, 0.4)))
        for _ in range(sheet.pick((1, 1, 2))):
            high = min((bottom - top) * sheet.uniform(0.22, 0.48), bottom - y - 130)
            if high < 120:
                break
            wide = (right - left) * sheet.pick((1.0, 0.9, 0.75, 0.6))
            x = left + (right - left - wide) / 2
            (window if kind == "window" else picture)(sheet, label, (x, y, x + wide, y + high))
            y = long_caption(sheet, left, y + high, right - left) + 18
            if sheet.chance(0.6):
                y = _text(sheet, (left, y, right, min(bottom, y + sheet.uniform(80, 420))))
        _text(sheet, (left, y, right, bottom))
    elif kind == "column":
        gap = 34
        wide = (right - left - gap) / 2
        with_picture = sheet.integer(0, 1)
        across = sheet.chance(0.3)  # a figure over both columns at the head of the page
        if across:
            high = (bottom - top) * sheet.uniform(0.2, 0.4)
            picture(sheet, label, (left, top, right, top + high))
            top = long_caption(sheet, left, top + high, right - left) + 20
        for column in range(2):
            x, y = left + column * (wide + gap), top
            if not across and (column == with_picture or sheet.chance(0.3)):
                if sheet.chance(0.5):
                    y = _text(sheet, (x, y, x + wide, y + (bottom - y) * sheet.uniform(0.1, 0.5)), 0.85)
                high = min(wide * sheet.uniform(0.6, 1.3), bottom - y - 150)
                if high > 120:
                    picture(sheet, label, (x, y, x + wide, y + high))
                    y = long_caption(sheet, x, y + high, wide) + 16
            _text(sheet, (x, y, x + wide, bottom), 0.85)
    elif kind == "grid":
        across, down = sheet.pick(((2, 1), (2, 2), (2, 2), (3, 2), (2, 3), (3, 3), (3, 1)))
        tall = min((bottom - top - 150) / down, (right - left) / across * sheet.uniform(0.65, 1.1))
        y = top
        if sheet.chance(0.4) and tall * down < 0.6 * (bottom - top):
            y = _text(sheet, (left, y, right, y + 200))
        step = (right - left) / across
        sign = sheet.pick(("{})", "({})", "{}", "{}."))
        over = sheet.chance(0.4)
        for number in range(across * down):
            x, at = left + step * (number % across), y + tall * (number // across)
            picture(sheet, label, (x + 6, at + 24, x + step - 6, at + tall - 8))
            letter = sign.format(chr((65 if sign == "{}" else 97) + number))
            sheet.put("print", (x + 8 if over else x + step / 2, at + 18), letter, 19, 60, bold=over)
        y = long_caption(sheet, left, y + tall * down, right - left) + 20
        if sheet.chance(0.6):
            _text(sheet, (left, y, right, bottom))
    else:
        high = (bottom - top) * sheet.uniform(0.7, 0.92)
        picture(sheet, label, (left, top, right, top + high))
        long_caption(sheet, left, top + high, right - left)


def _text(sheet: Sheet, box: Box, scale: float = 1.0) -> float:
    """Paragraphs, now and then a heading; the y below."""
    left, top, right, bottom = box
    if bottom - top < 60:
        return top
    if sheet.chance(0.3):
        top = heading(sheet, left, top, right, sheet.press.size * 1.15, centred=False)
    return (
        sheet.press.block(
            sheet.image, sheet.words, (left, top, right, bottom), sheet.rng, size=sheet.press.size * scale
        )
        + 22
    )


def window(sheet: Sheet, label: str, box: Box) -> None:
    """A program's window as it was on the screen: bars, buttons, a list at the side, a map or a chart."""
    left, top, right, bottom = box
    face, bar = sheet.pick(
        (((236, 233, 216), (10, 80, 200)), ((240, 240, 240), (250, 250, 250)), ((212, 208, 200), (10, 36, 106)))
    )
    pen = sheet.draw
    pen.rectangle(box, fill=face, outline=(90, 90, 90), width=2)
    pen.rectangle((left + 2, top + 2, right - 2, top + 26), fill=bar)
    ink = (255, 255, 255) if sum(bar) < 400 else (20, 20, 20)
    sheet.put("print", (left + 10, top + 20), sheet.words.phrase(2, 4), 14, 300, ink=ink)
    x = left + 10
    for _ in range(7):
        x = sheet.put("print", (x, top + 43), sheet.words.head(0)[:9], 13, 90) + 14
        if x > right - 120:
            break
    for x in range(int(left) + 8, int(min(right - 40, left + sheet.uniform(200, 800))), 28):
        pen.rectangle(
            (x, top + 50, x + 22, top + 70),
            fill=tuple(int(v) for v in sheet.rng.integers(90, 250, 3)),
            outline=(120, 120, 120),
        )
    side = left + (right - left) * sheet.uniform(0.15, 0.3)
    pen.rectangle((left + 6, top + 78, side - 4, bottom - 24), fill=(255, 255, 255), outline=(120, 120, 120))
    y = top + 96
    while y < bottom - 34:
        x = left + sheet.pick((14, 30, 46))
        pen.rectangle((x, y - 11, x + 11, y), outline=(70, 70, 70))
        sheet.put("print", (x + 18, y), sheet.words.phrase(1, 2), 13, max(20, side - x - 26))
        y += 20
    area = (int(side + 2), int(top + 78), int(right - 8), int(bottom - 24))
    pen.rectangle(area, fill=(255, 255, 255), outline=(120, 120, 120))
    sheet.paste(scheme(sheet, area[2] - area[0] - 4, area[3] - area[1] - 4), (area[0] + 2, area[1] + 2))
    sheet.put("print", (left + 10, bottom - 7), sheet.words.phrase(2, 5), 13, 400)
