"""Printed things of the post and of offices that are filled in: envelopes, postcards, telegrams, invoices, circulars.

    telegram(sheet)           # each function draws one kind of TEXT page; mixed.py picks among them

Print, typing and handwriting meet on all of them. Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

import numpy as np

from drawing.marks import letterhead, note, registered, round_stamp, signature, slip, word_stamp
from drawing.printed import heading
from drawing.sheet import Sheet
from drawing.tables import entry
from drawing.typeset import Box


def _piece(sheet: Sheet, wide: tuple[float, float], shape: tuple[float, float]) -> Box:
    """A piece of paper somewhere on the page, its width a share of the page's, its height a share of its width."""
    w = sheet.width * sheet.uniform(*wide)
    h = min(w * sheet.uniform(*shape), sheet.height * 0.9)
    x = sheet.uniform(0.02, 0.98 - w / sheet.width) * sheet.width
    y = sheet.uniform(0.02, max(0.03, 0.7 - h / sheet.height)) * sheet.height
    slip(sheet, (x, y, x + w, y + h), sheet.integer(215, 255))
    return (x, y, x + w, y + h)


def _fill(sheet: Sheet) -> str:
    return sheet.pick(("hand", "type"))


def postage(sheet: Sheet, right: float, top: float) -> None:
    """One or two stamps at the upper right and the postmark over them."""
    x = right
    for _ in range(sheet.pick((1, 1, 2))):
        wide, high = sheet.integer(90, 125), sheet.integer(110, 150)
        x -= wide + 12
        tone = sheet.integer(95, 190)
        ink = sheet.pick(
            ((tone, tone, tone), (tone, tone // 2 + 40, tone // 2 + 40), (tone // 2, tone, tone // 2 + 60))
        )
        sheet.draw.rectangle((x, top, x + wide, top + high), fill=ink)
        sheet.draw.rectangle((x + 5, top + 5, x + wide - 5, top + high - 5), outline=(245, 245, 245), width=3)
        cx, cy, r = x + wide / 2, top + high * 0.45, wide * 0.24
        sheet.draw.ellipse((cx - r, cy - r * 1.3, cx + r, cy + r * 1.3), fill=(tone // 2, tone // 2, tone // 2))
        sheet.put("print", (x + 14, top + high - 12), str(sheet.pick((20, 30, 60, 1, 2))), 22, 60, ink=(250, 250, 250))
    if sheet.chance(0.9):
        round_stamp(sheet, (x - sheet.uniform(-40, 40), top + sheet.uniform(60, 120)))
        if sheet.chance(0.5):  # a machine's wavy lines
            for line in range(6):
                ys = top + 50 + 16 * line + 6 * np.sin(np.arange(24) / 1.7)
                sheet.draw.line([(x + 40 + 11 * i, float(y)) for i, y in enumerate(ys)], (70, 70, 76), 2)


def envelope(sheet: Sheet) -> None:
    """An envelope: printed sender, address typed or by hand, stamps, postmark, labels, remarks."""
    left, top, right, bottom = _piece(sheet, (0.75, 0.96), (0.48, 0.72))
    if sheet.chance(0.75):
        y = top + 40
        for number in range(sheet.integer(1, 4)):
            text = sheet.words.phrase(2, 4)
            how = "print" if number == 0 or sheet.chance(0.6) else "hand"
            sheet.put(how, (left + 25, y), text.upper() if number == 0 else text, 17, (right - left) * 0.4)
            y += 27
    postage(sheet, right - 20, top + 20)
    fill, y = _fill(sheet), top + (bottom - top) * sheet.uniform(0.42, 0.55)
    x = left + (right - left) * sheet.uniform(0.35, 0.5)
    size = sheet.uniform(16, 24)
    step = max(44.0, sheet.height_of(fill, size))
    for number in range(sheet.integer(3, 5)):
        if y > bottom - 15:
            break
        text = sheet.pick((sheet.words.person(), sheet.words.phrase(2, 3).capitalize(), sheet.words.place()))
        sheet.put(fill, (x + number * sheet.uniform(0, 40), y), text, size, right - x - 60)
        y += step
    if sheet.chance(0.5):
        base = bottom - 80
        sheet.draw.rectangle((left + 25, base, left + 190, base + 55), outline=(150, 40, 50), width=3)
        sheet.put("print", (left + 36, base + 40), f"R  {sheet.integer(1, 999)}", 28, 150, ink=(120, 40, 50))
    if sheet.height - bottom > 250:
        below = bottom + sheet.uniform(40, 150)
        if sheet.chance(0.6):
            note(sheet, (left, below, right, min(sheet.height - 30, below + sheet.uniform(60, 500))))
        elif sheet.chance(0.5):
            sheet.machine.block(sheet.image, sheet.words, (left, below, right, below + 300), sheet.rng)


def postcard(sheet: Sheet) -> None:
    """A postcard on an empty page: printed words, address and message by hand, a postmark; often its other side too."""
    left, top, right, bottom = _piece(sheet, (0.6, 0.95), (0.6, 0.72))
    wide, high = right - left, bottom - top
    title = sheet.pick(("KORESPONDENČNÍ LÍSTEK", "Postkarte", "Dopisnice", "CARTE POSTALE", "Karta pocztowa"))
    sheet.put("print", (left + wide * sheet.uniform(0.2, 0.4), top + 40), title, 28, wide * 0.45, bold=True)
    middle = left + wide * sheet.uniform(0.42, 0.55)
    if sheet.chance(0.8):
        sheet.rule([(middle, top + 60), (middle, bottom - 20)], width=2)
    message = (left + 20, top + 60, middle - 15, bottom - 20)
    if sheet.chance(0.75):
        sheet.hand_block(message, sheet.uniform(9, 13))
    else:
        sheet.machine.block(sheet.image, sheet.words, message, sheet.rng)
    fill = _fill(sheet)
    for line in range(4):
        base = top + high * (0.45 + 0.13 * line)
        sheet.rule([(middle + 25, base), (right - 30, base)], (120, 120, 120), 1)
        sheet.put(fill, (middle + 30, base - 5), sheet.words.person(), 13, right - middle - 60)
    postage(sheet, right - 15, top + 15)
    room = sheet.height - bottom
    if room > high * 0.6 and sheet.chance(0.6):
        y = bottom + sheet.uniform(30, 100)
        end = min(sheet.height - 25, y + high)
        slip(sheet, (left, y, right, end))
        sheet.hand_block((left + 25, y + 15, right - 25, end - 15), sheet.uniform(10, 16))


def telegram(sheet: Sheet) -> None:
    """A telegram: a printed form of the post, strips or lines of typed capitals glued in, times and names by hand."""
    left, top, right, bottom = _piece(sheet, (0.8, 0.96), (0.55, 0.8))
    wide = right - left
    ink = sheet.pick(((30, 30, 34), (90, 60, 60), (40, 60, 110)))
    name = sheet.pick(("TELEGRAM", "Telegramm", "DÁLNOPIS", "POŠTA TELEGRAM", "TÁVIRAT", "FONOGRAM"))
    sheet.put("print", (left + wide * 0.3, top + 55), name, sheet.uniform(36, 54), wide * 0.65, bold=True, ink=ink)
    y = top + 80
    sheet.rule([(left, y), (right, y)], ink, 3)
    for row in range(sheet.integer(1, 2)):
        cells = sheet.integer(3, 5)
        for cell in range(cells):
            x = left + wide * cell / cells
            sheet.draw.rectangle((x, y, x + wide / cells, y + 70), outline=ink, width=1)
            sheet.put("print", (x + 6, y + 18), sheet.words.head(0), 13, wide / cells - 10, ink=ink)
            if sheet.chance(0.7):
                sheet.put(_fill(sheet), (x + 14, y + 56), sheet.words.number(4), 13, wide / cells - 20)
        y += 70 + row
    strips, y = sheet.chance(0.5), y + 50
    while y < bottom - 50:
        text = sheet.words.sentence(4, 9).upper().replace(",", " STOP")
        long = min(wide - 60, len(text) * sheet.machine.pitch + 20)
        if strips:
            slip(sheet, (left + 25, y - 28, left + 35 + long, y + 10), sheet.integer(228, 255))
        sheet.put("type", (left + 32, y), text, 0, long)
        y += sheet.uniform(40, 50)
        if sheet.chance(0.15):
            break
    if sheet.chance(0.8):
        round_stamp(sheet, (left + wide * sheet.uniform(0.1, 0.9), top + (bottom - top) * sheet.uniform(0.2, 0.9)))
    if sheet.chance(0.6):
        x = left + wide * sheet.uniform(0.1, 0.6)
        note(sheet, (x, bottom - 120, right, bottom - 10), sheet.uniform(13, 22))
    if sheet.height - bottom > 300 and sheet.chance(0.5):
        note(sheet, (left, bottom + 60, right, bottom + sheet.uniform(150, 300)))
        signature(sheet, (left + wide * 0.5, min(sheet.height - 60, bottom + 400)))


def invoice(sheet: Sheet) -> None:
    """An invoice or a receipt: printed head, typed words, a few items with amounts, stamps, orders to pay."""
    y = letterhead(sheet)
    left, _, right, bottom = sheet.body
    wide = right - left
    y = heading(sheet, left, y, right, sheet.uniform(30, 52)) + 10
    fill = _fill(sheet)
    for label in (sheet.words.head(0.4) for _ in range(sheet.integer(1, 4))):
        y += 46
        x = sheet.put("print", (left, y), label + ":", 17, wide * 0.4)
        sheet.put(fill, (x + 14, y - 3), sheet.words.phrase(1, 5), 14, wide * 0.5)
        sheet.rule([(x + 6, y + 4), (left + wide * sheet.uniform(0.5, 1), y + 4)], (90, 90, 94), 1)
    y += 40
    end = min(bottom - 200, y + sheet.uniform(140, 420))
    stops = (left + wide * 0.1, left + wide * 0.66, left + wide * 0.82)
    if sheet.chance(0.6):
        sheet.draw.rectangle((left, y, right, end), outline=(60, 60, 64), width=2)
        for x in stops:
            sheet.rule([(x, y), (x, end)], (60, 60, 64), 1)
    row = y + 50
    for _ in range(sheet.integer(1, 6)):
        if row > end - 20:
            break
        sheet.put(fill, (left + 8, row), sheet.words.number(1), 13, wide * 0.08)
        sheet.put(fill, (stops[0] + 10, row), sheet.words.phrase(2, 5), 13, wide * 0.5)
        sheet.put(fill, (stops[2] + 10, row), sheet.words.measure(), 13, wide * 0.15)
        row += max(46.0, sheet.height_of(fill, 13))
    y = end + 60
    sheet.put("print", (left, y), sheet.words.sentence(4, 9), 17, wide)
    round_stamp(sheet, (left + wide * sheet.uniform(0.15, 0.85), min(bottom, y + 90)))
    signature(sheet, (left + wide * sheet.uniform(0.4, 0.7), min(bottom, y + 110)))
    if sheet.chance(0.6):
        x = left + wide * sheet.uniform(0, 0.5)
        note(sheet, (x, min(bottom - 120, y + 130), x + wide * 0.5, bottom + 40), sheet.uniform(14, 24))
    if sheet.chance(0.4):
        word_stamp(sheet, (left + wide * sheet.uniform(0, 0.7), y - sheet.uniform(0, 300)), "ZAPLACENO")


def circular(sheet: Sheet) -> None:
    """A printed letter, permit or contract with gaps: names, dates and sums filled in, stamped and signed."""
    y = letterhead(sheet) if sheet.chance(0.6) else sheet.body[1]
    left, _, right, bottom = sheet.body
    if sheet.chance(0.7):
        y = heading(sheet, left, y, right, sheet.uniform(28, 56), centred=True)
    fill, size = _fill(sheet), sheet.uniform(18, 25)
    step = size * sheet.uniform(1.7, 2.3)
    end = y + (bottom - y) * sheet.uniform(0.45, 0.85)
    dotted, often = sheet.chance(0.5), sheet.uniform(0.3, 0.8)
    while y < end:
        y += step
        x = left
        while x < right - 120:
            if sheet.chance(often):
                gap = min(right - x, sheet.uniform(120, 420))
                if dotted:
                    sheet.put("print", (x, y + 3), "." * 200, size * 0.8, gap)
                else:
                    sheet.rule([(x, y + 4), (x + gap - 12, y + 4)], (80, 80, 84), 1)
                if sheet.chance(0.9):
                    entry(sheet, (x + 10, y - step * 0.95, x + gap - 10, y + 6), fill)
                x += gap + 8
            wide = right - x
            if wide > 90:
                x = sheet.put("print", (x, y), sheet.words.phrase(2, 8), size, wide) + size * 0.4
        if sheet.chance(0.2):
            y += step * 0.6
    if sheet.chance(0.5):
        registered(sheet)
    x = left + (right - left) * sheet.uniform(0.2, 0.7)
    round_stamp(sheet, (x, min(bottom, y + 90)))
    for _ in range(sheet.integer(1, 3)):
        place = left + (right - left) * sheet.uniform(0, 0.6)
        sheet.rule([(place, y + 150), (place + 300, y + 150)], (90, 90, 94), 1)
        signature(sheet, (place + 20, min(sheet.height - 40, y + 145)))
        y += sheet.pick((0, 70))
