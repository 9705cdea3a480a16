"""Record cards and forms of few large fields, filled on a typewriter (LINE_T) or by hand (LINE_HW), without a picture.

    record_card(sheet)        # each function draws one kind of page; lined.py picks among them

Cards with a drawing or a photograph on them stand in pictured.py. Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

import numpy as np

from drawing.marks import file_number, slip
from drawing.sheet import Sheet
from drawing.tables import Form, card_foot, card_head, entry, form, table
from drawing.typed import typed_close
from drawing.typeset import Box


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


def hand_card(sheet: Sheet) -> None:
    """A record card with entries by hand, and some handwriting below its head."""
    y = card_head(sheet, "hand")
    left, _, right, bottom = sheet.body
    if sheet.chance(0.3):
        bottom = card_foot(sheet, "hand") - 20
    if sheet.chance(0.75):
        sheet.hand_block((left, y + 20, right, y + (bottom - y) * sheet.uniform(0.1, 0.8)), sheet.uniform(10, 17))


def framed_card(sheet: Sheet, fill: str = "type") -> None:
    """A record card with a frame for a drawing or a photograph that stayed empty; fields around it are filled in."""
    left, top, right, bottom = sheet.body
    y = card_head(sheet, fill) if sheet.chance(0.7) else top

    def make(rng: np.random.Generator) -> tuple[float, float, str, str, Form]:
        labels = ("Foto", "Náčrt", "Plánek", "Vyobrazení", "Skizze", "Photo", "Rysunek", "Kresba 1:1", "")
        shape = Form.choose(rng, sheet, rows=int(rng.integers(3, 8)))
        side = str(rng.choice(["left", "right", "above", "below"]))
        return float(rng.uniform(0.3, 0.6)), float(rng.uniform(0.25, 0.6)), str(rng.choice(labels)), side, shape

    wide, high, label, side, shape = sheet.document.shared("empty frame", make)
    end = min(bottom, y + (bottom - y) * sheet.uniform(0.85, 1))
    w, h = (right - left) * wide, (end - y) * high
    y += 14
    if side in ("left", "right"):
        x = left if side == "left" else right - w
        frame, rest = (x, y, x + w, y + h), (left + w + 14, y, right, y + h)
        if side == "right":
            rest = (left, y, right - w - 14, y + h)
        below: Box = (left, y + h + 20, right, end)
    else:
        first = y if side == "above" else end - h
        frame, rest = (left, first, right, first + h), (left, y + h + 14, right, end)
        if side == "below":
            rest = (left, y, right, end - h - 14)
        below = (0, 0, 0, 0)
    sheet.draw.rectangle(frame, outline=shape.colour, width=shape.weight)
    if label:
        sheet.put("print", (frame[0] + 10, frame[1] + 26), label, 18, 200, file=sheet.press.small, ink=shape.colour)
    if rest[3] - rest[1] > 120:
        form(sheet, rest, fill, shape, title=False)
    if below[3] - below[1] > 120 and sheet.chance(0.7):
        written(sheet, (below[0], below[1], below[2], below[1] + (below[3] - below[1]) * sheet.uniform(0.2, 1)), fill)


def written(sheet: Sheet, box: Box, fill: str) -> None:
    """Running lines within the box, typed or by hand."""
    if fill == "hand":
        sheet.hand_block(box, sheet.uniform(10, 16))
    else:
        sheet.machine.block(sheet.image, sheet.words, box, sheet.rng, paragraph=(6, 40))


def index_cards(sheet: Sheet, fill: str = "type") -> None:
    """One to four small cards of a catalogue on a sheet: a number, a heading, a few lined-up entries."""
    count = sheet.integer(1, 4)
    lined = sheet.document.shared("lined cards", lambda rng: bool(rng.random() < 0.5))
    ink = sheet.pick(((150, 165, 190), (170, 170, 172), (120, 120, 124), (205, 150, 150)))
    high = min(sheet.height / count * 0.94, sheet.width * sheet.uniform(0.5, 0.72))
    wide = min(sheet.width * 0.94, high * sheet.uniform(1.3, 1.6))
    for number in range(count):
        x = (sheet.width - wide) / 2 + sheet.rng.normal(0, 12)
        y = number * sheet.height / count + sheet.uniform(4, 30)
        slip(sheet, (x, y, x + wide, y + high))
        if sheet.chance(0.5):
            sheet.draw.rectangle((x, y, x + wide, y + high), outline=(90, 90, 90), width=2)
        if lined:
            for line in np.arange(y + high * 0.2, y + high - 6, max(34, high * 0.09)):
                sheet.rule([(x, line), (x + wide, line)], ink, 1)
            sheet.rule([(x + wide * 0.14, y), (x + wide * 0.14, y + high)], (200, 130, 130), 1)
        if sheet.chance(0.3):
            sheet.draw.ellipse((x + wide / 2 - 14, y + high - 44, x + wide / 2 + 14, y + high - 16), fill=(60, 60, 60))
        size = sheet.uniform(11, 17)
        step = max(sheet.height_of(fill, size * 0.8), 26)
        base = y + step * 1.2
        sheet.put(fill, (x + 18, base), sheet.words.code(sheet.document.year), size, wide * 0.3)
        sheet.put(fill, (x + wide * 0.42, base), sheet.words.place().upper(), size, wide * 0.5)
        base += step * 1.4
        while base < y + high * sheet.uniform(0.6, 0.95):
            sheet.put(fill, (x + 18, base), sheet.words.head(0.2) + ":", size, wide * 0.26)
            sheet.put(fill, (x + wide * 0.3, base), sheet.words.phrase(1, 5), size, wide * 0.66)
            base += step


def boxed_card(sheet: Sheet, fill: str = "type") -> None:
    """A card ruled all over in boxes of very different size, most of them filled in shortly."""
    left, top, right, bottom = sheet.body
    if sheet.chance(0.6):
        left, top, right, bottom = (sheet.width * 0.03, sheet.height * 0.02, sheet.width * 0.97, sheet.height * 0.97)
    bottom = top + (bottom - top) * sheet.document.shared("boxed", lambda rng: float(rng.choice([1.0, 0.75, 0.5])))
    cuts = sheet.document.shared("boxes", lambda rng: rng.random(600))
    labels = sheet.document.shared("box labels", lambda _: [sheet.words.head(0.5) for _ in range(64)])
    boxes = [(left, top, right, bottom)]
    for cut in cuts[: 6 + int(cuts[50] * 28)]:  # the largest box is cut in two until they are small
        boxes.sort(key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
        x0, y0, x1, y1 = boxes.pop()
        share = 0.3 + 0.4 * cut
        if (x1 - x0) > 2.2 * (y1 - y0):
            boxes += [(x0, y0, x0 + (x1 - x0) * share, y1), (x0 + (x1 - x0) * share, y0, x1, y1)]
        else:
            boxes += [(x0, y0, x1, y0 + (y1 - y0) * share), (x0, y0 + (y1 - y0) * share, x1, y1)]
    full = sheet.pick((1.0, 0.8, 0.5))
    for number, (x0, y0, x1, y1) in enumerate(sorted(boxes)):
        sheet.draw.rectangle((x0, y0, x1, y1), outline=(40, 40, 44), width=2)
        sheet.put("print", (x0 + 6, y0 + 20), labels[number % 64], 14, x1 - x0 - 10, file=sheet.press.small)
        if sheet.chance(full):
            entry(sheet, (x0 + 12, y0 + 22, x1 - 6, y1), fill)


def framed_card_by_hand(sheet: Sheet) -> None:
    """As framed_card, filled by hand."""
    framed_card(sheet, "hand")


def index_cards_by_hand(sheet: Sheet) -> None:
    """As index_cards, filled by hand."""
    index_cards(sheet, "hand")


def boxed_card_by_hand(sheet: Sheet) -> None:
    """As boxed_card, filled by hand."""
    boxed_card(sheet, "hand")
