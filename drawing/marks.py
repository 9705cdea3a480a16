"""What an office and an archive leave on a page: page numbers, file numbers, stamps, signatures, notes, letterheads.

registered(sheet)         # the stamp of arrival, with numbers written into it
page_number(sheet, "type")
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from drawing.sheet import Sheet
from drawing.typeset import Box, Colour, typeface

STAMP_INKS: dict[Colour, float] = {
    (40, 40, 44): 5,
    (70, 40, 120): 3,
    (30, 50, 130): 3,
    (170, 40, 50): 2,
    (90, 90, 94): 3,
}
OFFICES = (
    "ARCHEOLOGICKÝ ÚSTAV ČSAV",
    "STÁTNÍ ARCHAEOLOGICKÝ ÚSTAV",
    "MĚSTSKÉ MUZEUM",
    "OKRESNÍ NÁRODNÍ VÝBOR",
    "LANDESAMT FÜR VORGESCHICHTE",
    "KRAJSKÉ MUZEUM",
    "MUZEUM ARCHEOLOGICZNE",
    "MAGYAR NEMZETI MÚZEUM",
    "OBECNÍ ÚŘAD",
    "PAMÁTKOVÝ ÚŘAD",
    "VLASTIVĚDNÝ ÚSTAV",
    "UNIVERSITÄT",
    "COUNTY MUSEUM",
)


def faded(layer: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A mask as a stamp leaves it: blotched, and weaker on one side."""
    small = rng.random((max(2, layer.height // 14), max(2, layer.width // 14))).astype(np.float32)
    blot = np.asarray(
        Image.fromarray((small * 255).astype(np.uint8)).resize(layer.size, Image.Resampling.BILINEAR), np.float32
    )
    ramp = np.linspace(rng.uniform(0.3, 1), rng.uniform(0.5, 1), layer.width)[None]
    strength = (blot / 255 * rng.uniform(0.4, 1.2) + rng.uniform(0.25, 0.8)) * ramp
    return Image.fromarray((np.asarray(layer) * strength).clip(0, 255).astype(np.uint8))


def _press(sheet: Sheet, layer: Image.Image, at: tuple[float, float], ink: Colour, angle: float) -> None:
    mask = faded(layer, sheet.rng).rotate(angle, Image.Resampling.BILINEAR, expand=True)
    sheet.image.paste(ink, (int(at[0]), int(at[1])), mask)


def registered(sheet: Sheet) -> None:
    """The rectangular stamp of arrival: an office, date and number, the latter written in by hand."""
    rng = sheet.rng
    wide, high = sheet.integer(260, 400), sheet.integer(95, 150)
    layer = Image.new("L", (wide, high))
    draw = ImageDraw.Draw(layer)
    if sheet.chance(0.85):
        draw.rectangle((2, 2, wide - 3, high - 3), outline=255, width=sheet.integer(2, 4))
    file = sheet.pick(sheet.document.kit.fonts.sans + sheet.document.kit.fonts.serif)
    office = sheet.pick(OFFICES)
    size = min(24, int(wide * 1.5 / len(office)))
    draw.text((wide / 2, high * 0.3), office, 255, typeface(file, size), "ms")
    draw.line((8, high * 0.38, wide - 8, high * 0.38), 255, 1)
    for row, label in enumerate(
        sheet.pick(
            (("Došlo:", "Č. j.:"), ("Došlo dne", "Číslo"), ("Eing.", "Nr."), ("Data", "L.dz."), ("Datum", "Přílohy"))
        )
    ):
        draw.text((10, high * (0.6 + 0.26 * row)), label, 255, typeface(file, size), "ls")
    at = (sheet.uniform(0.1, 0.95) * (sheet.width - wide), sheet.uniform(0.01, 0.12) * sheet.height)
    angle = float(rng.normal(0, 3))
    _press(sheet, layer, at, sheet.pick(STAMP_INKS), angle)
    x = at[0] + wide * 0.38
    if sheet.chance(0.85):
        sheet.put("hand", (x, at[1] + high * 0.66), sheet.words.date(sheet.document.year), 10, wide * 0.55)
        sheet.put("hand", (x, at[1] + high * 0.92), sheet.words.code(sheet.document.year), 13, wide * 0.55)


def round_stamp(sheet: Sheet, at: tuple[float, float]) -> None:
    """A round seal with an office around its edge; `at` its middle."""
    radius = sheet.integer(55, 105)
    side = 2 * radius + 6
    layer = Image.new("L", (side, side))
    draw = ImageDraw.Draw(layer)
    for inset, width in ((2, 3), (8, 1), (int(radius * 0.42), 2)):
        draw.ellipse((inset, inset, side - inset, side - inset), outline=255, width=width)
    face = typeface(sheet.pick(sheet.document.kit.fonts.sans), max(9, int(radius * 0.24)))
    text = sheet.pick(OFFICES) + " * "
    for i, letter in enumerate(text):
        turn = 2 * math.pi * i / len(text)
        small = Image.new("L", (40, 40))
        ImageDraw.Draw(small).text((20, 20), letter, 255, face, "mm")
        small = small.rotate(-math.degrees(turn))
        place = (radius * (1 + 0.76 * math.sin(turn)) + 3 - 20, radius * (1 - 0.76 * math.cos(turn)) + 3 - 20)
        layer.paste(255, (int(place[0]), int(place[1])), small)
    middle = radius + 3
    for _ in range(sheet.integer(3, 8)):  # some coat of arms
        x, y = sheet.rng.normal(middle, radius * 0.16, 2)
        r = sheet.uniform(0.05, 0.16) * radius
        draw.ellipse((x - r, y - r, x + r, y + r), fill=int(sheet.integer(120, 255)))
    _press(sheet, layer, (at[0] - middle, at[1] - middle), sheet.pick(STAMP_INKS), sheet.uniform(0, 360))


def word_stamp(sheet: Sheet, at: tuple[float, float], text: str = "") -> None:
    """A line of rubber type: a date, a word, a letter."""
    text = text or sheet.pick(
        (
            "K",
            "K.",
            "ARCHIV",
            "PŘÍLOHA",
            "KOPIE",
            "OPIS",
            sheet.words.date(sheet.document.year),
            "PI provedeno",
            "SKENOVÁNO 2005",
            "VYŘÍZENO",
        )
    )
    size = sheet.integer(18, 34) if len(text) > 2 else sheet.integer(34, 62)
    face = typeface(sheet.pick(sheet.document.kit.fonts.sans + sheet.document.kit.fonts.display), size)
    wide = int(face.getlength(text)) + 12
    layer = Image.new("L", (wide, size + 14))
    ImageDraw.Draw(layer).text((6, size + 4), text, 255, face, "ls", stroke_width=int(len(text) < 3))
    _press(sheet, layer, at, sheet.pick(STAMP_INKS), float(sheet.rng.normal(0, 3)))


def corner(sheet: Sheet) -> tuple[float, float]:
    """A place near one of the corners where archives put their marks, mostly the upper right one."""
    x = sheet.pick({sheet.uniform(0.72, 0.92): 6, sheet.uniform(0.04, 0.25): 2, sheet.uniform(0.4, 0.6): 1})
    y = sheet.uniform(0.02, 0.07) if sheet.chance(0.85) else sheet.uniform(0.92, 0.97)
    return x * sheet.width, y * sheet.height + 14


def file_number(sheet: Sheet) -> None:
    """The number under which the page is filed, by hand in a corner, in ink or pencil."""
    ink = sheet.pick({sheet.pen: 2, (120, 120, 124): 3, (40, 44, 60): 2, (160, 60, 60): 0.6})
    sheet.hand, kept = sheet.document.hands[1], sheet.hand
    sheet.put("hand", corner(sheet), sheet.words.code(sheet.document.year), sheet.uniform(12, 24), 260, ink=ink)
    sheet.hand = kept


def page_number(sheet: Sheet, how: str) -> None:
    """The number of the page, by print, typing or hand, above or below."""
    number = str(sheet.integer(1, 400))
    text = (
        sheet.pick(
            (
                number,
                f"- {number} -",
                f"- {number} -",
                f"– {number} –",
                f"{number}.",
                f"list {number}",
                f"str. {number}",
            )
        )
        if how != "hand"
        else number
    )
    top = sheet.chance(0.75 if how == "type" else 0.4)
    y = sheet.height * (sheet.uniform(0.022, 0.05) if top else sheet.uniform(0.94, 0.975)) + (10 if top else 0)
    x = sheet.pick({0.49: 5, 0.86: 3, 0.08: 1}) * sheet.width
    size = sheet.uniform(16, 24) if how == "print" else sheet.uniform(13, 22)
    sheet.put(how, (x, y), text, size, sheet.width - x - 6)


def signature(sheet: Sheet, at: tuple[float, float], height: float = 0) -> None:
    """A name signed by hand; now and then with the typed or printed name below it."""
    sheet.hand.signature(
        sheet.rng,
        sheet.image,
        at,
        height or sheet.uniform(16, 34),
        sheet.pick({sheet.pen: 3, (30, 40, 140): 2, (30, 30, 34): 2}),
    )


def note(sheet: Sheet, box: tuple[float, float, float, float], x_height: float = 0) -> None:
    """A few words by hand within the box."""
    sheet.hand_block(box, x_height or sheet.uniform(11, 18), ragged=40)


def red_underlines(sheet: Sheet, count: int) -> None:
    """Underlines with a coloured pencil."""
    left, top, right, bottom = sheet.body
    ink = sheet.pick({(190, 50, 50): 4, (60, 80, 170): 2, (70, 130, 80): 1, (60, 60, 64): 1})
    for _ in range(count):
        x, y = sheet.uniform(left, right - 180), sheet.uniform(top, bottom)
        sheet.rule(
            [(x, y), (x + sheet.uniform(60, 260), y + sheet.rng.normal(0, 3))], ink, sheet.integer(2, 4), by_hand=True
        )


def letterhead(sheet: Sheet) -> float:
    """The printed head of an office's letter paper, the same on all pages of the document; the y below it."""

    def make(rng: np.random.Generator) -> dict[str, object]:
        return {
            "office": OFFICES[int(rng.integers(len(OFFICES)))],
            "size": float(rng.uniform(24, 44)),
            "left": float(rng.choice((0.0, 0.0, 0.5, 0.25))),
            "lines": int(rng.integers(1, 5)),
            "rule": bool(rng.random() < 0.55),
            "logo": bool(rng.random() < 0.3),
            "fields": bool(rng.random() < 0.45),
            "text": sheet.words.phrase(3, 7) + ", " + sheet.words.place() + " " + sheet.words.number(3),
            "colour": (20, 20, 24) if rng.random() < 0.8 else tuple(int(v) for v in rng.integers(20, 130, 3)),
        }

    head = sheet.document.shared("letterhead", make)
    left, top, right, _ = sheet.body
    y = max(46.0, top * 0.7)
    x = left + head["left"] * (right - left) * 0.6
    ink = head["colour"]
    if head["logo"]:
        r = head["size"]
        for scale in (1, 0.8, 0.45):
            sheet.draw.ellipse(
                (x, y - 10 + r * (1 - scale), x + 2 * r * scale, y - 10 + r * (1 + scale)), outline=ink, width=2
            )
        x += 2.4 * r
    for number in range(1 + head["lines"]):
        size = head["size"] if number == 0 else head["size"] * 0.55
        text = head["office"] if number == 0 else head["text"][number * 2 :].strip()
        y += size * 1.15
        sheet.put("print", (x, y), text, size, right - x, bold=number == 0, file=sheet.press.head, ink=ink)
    if head["rule"]:
        y += 14
        sheet.rule([(left, y), (right, y)], ink, 2)
    if head["fields"]:
        y += 56
        for part, label in enumerate(("Váš dopis zn.", "Naše značka", "Vyřizuje", "V místě dne")):
            place = left + (right - left) * part / 4
            sheet.put("print", (place, y), label, 14, 200, ink=ink)
            if sheet.chance(0.7):
                sheet.put(
                    "type" if sheet.chance(0.8) else "hand",
                    (place, y + 28),
                    sheet.words.code(sheet.document.year),
                    11,
                    190,
                )
        y += 30
    return y + 20


def office_marks(sheet: Sheet, share: float = 1.0) -> None:
    """What any page may carry: file number, letter stamp, date stamp; `share` scales how often."""
    if sheet.chance(0.35 * share):
        file_number(sheet)
    if sheet.chance(0.15 * share):
        word_stamp(sheet, corner(sheet))
    if sheet.chance(0.06 * share):
        word_stamp(sheet, (sheet.uniform(0.05, 0.8) * sheet.width, sheet.uniform(0.05, 0.93) * sheet.height))


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
