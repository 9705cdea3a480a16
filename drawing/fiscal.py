"""What offices before 1920 put on paper: stamped paper, fiscal stamps, violet stamps, numbers in rings, threads, seals.

    fiscal_stamp(sheet)          # a stamp stuck on, cancelled
    thread(sheet, 0.3)           # the red thread that holds a file's leaves, at 0.3 of the width

Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.fonts import Fonts, typeface
from drawing.marks import faded
from drawing.pens import smooth
from drawing.sheet import Sheet
from drawing.typeset import Colour

VIOLET = ((96, 60, 150), (150, 60, 120), (70, 60, 140))
STAMPS = (
    ("Signé par Nous", "Juge pour Monsieur le Président du", "Tribunal Civil de la Seine.", "Paris, le"),
    ("Enregistré à Paris", "12e Bureau Successions", "le              N°", "Reçu"),
    ("PRÉFECTURE", "du Département de", "Seine-et-Oise"),
)
HEADS = (
    ("GRAND HÔTEL DE LA POSTE", "TÉLÉPHONE 1.12", "OUVERT TOUTE L'ANNÉE"),
    ("ÉTUDE DE Me MARTIN", "NOTAIRE", "Versailles, le            19"),
    ("MINISTÈRE DE LA GUERRE", "DIRECTION DE L'INFANTERIE"),
)


def printed_lines(
    lines: tuple[str, ...], fonts: Fonts, rng: np.random.Generator, size: int, anchor: str
) -> Image.Image:
    """Lines of print as a mask."""
    faces = fonts.serif if rng.random() < 0.6 else fonts.sans
    face = typeface(faces[int(rng.integers(len(faces)))], size)
    wide = int(max(face.getlength(line) for line in lines)) + 8
    mask = Image.new("L", (wide, int(size * 1.45 * len(lines)) + 8))
    pen = ImageDraw.Draw(mask)
    for number, line in enumerate(lines):
        x = wide / 2 if anchor == "ma" else 4
        pen.text((x, 4 + number * size * 1.45), line, 255, face, anchor)
    return mask


def stamped_paper(rng: np.random.Generator, others: Image.Image, fonts: Fonts) -> None:
    """The round black stamp of stamped paper: rings, letters round them, a figure within."""
    radius = int(rng.integers(55, 85))
    mask = Image.new("L", (2 * radius + 6, 2 * radius + 6))
    pen = ImageDraw.Draw(mask)
    middle = radius + 3
    for part, wide in ((1, 3), (0.92, 1), (0.66, 1)):
        r = radius * part
        pen.ellipse((middle - r, middle - r, middle + r, middle + r), outline=255, width=wide)
    face = typeface(fonts.serif[0], radius * 0.22)
    for number, letter in enumerate("REPUBLIQUE FRANCAISE * "):
        place = Image.new("L", (radius, radius))
        ImageDraw.Draw(place).text((radius // 2, radius // 2), letter, 255, face, "mm")
        angle = 360 * number / 23
        place = place.rotate(-angle, Image.Resampling.BILINEAR)
        x = middle + radius * 0.79 * np.sin(np.radians(angle)) - radius / 2
        y = middle - radius * 0.79 * np.cos(np.radians(angle)) - radius / 2
        mask.paste(255, (round(x), round(y)), place)
    for number, line in enumerate(("2 MES", "50", "CENT.")):
        pen.text(
            (middle, middle + (number - 1) * radius * 0.4), line, 255, typeface(fonts.serif[0], radius * 0.3), "mm"
        )
    for _ in range(90):
        start = middle + rng.normal(0, radius * 0.25, 2)
        pen.line((*start, *(start + rng.normal(0, 9, 2))), int(rng.integers(60, 200)))
    others.paste((50, 55, 50), (int(rng.uniform(5, 60)), int(rng.uniform(80, 300))), mask)


# Stamps in four languages, for deeds and registers.
OFFICES: dict[str, tuple[tuple[str, ...], ...]] = {
    "fr": (*STAMPS, ("ARCHIVES", "NATIONALES"), ("BUREAU DE L'ENREGISTREMENT", "Reçu          francs", "le Receveur")),
    "de": (("K. k. Notar", "Eingelangt am", "Zahl"), ("Amtsgericht", "eing.          Uhr", "Anl."), ("Gerichtskasse",)),
    "cs": (("C. k. okresní soud", "došlo dne", "č. j."), ("Zemský archiv",), ("Kolek zrušen",)),
    "en": (("PROBATE REGISTRY", "Received", "No."), ("RECORD OFFICE",), ("ADMITTED TO PROBATE",)),
}
THREADS: tuple[Colour, ...] = ((206, 40, 96), (190, 40, 46), (60, 110, 80), (90, 70, 60), (40, 60, 130))
FISCAL: tuple[Colour, ...] = (
    (176, 110, 90),
    (120, 150, 190),
    (160, 130, 170),
    (120, 160, 120),
    (190, 150, 90),
    (150, 60, 70),
)
WAX: tuple[Colour, ...] = ((168, 36, 34), (140, 24, 30), (96, 24, 24), (60, 34, 30), (34, 30, 30))


def offices(sheet: Sheet) -> tuple[tuple[str, ...], ...]:
    """The stamps of this document's country."""
    return OFFICES.get(sheet.document.words.language, OFFICES["de"])


def written_at(sheet: Sheet, at: tuple[float, float], texts: list[str], size: float, turn: float, ink: Colour) -> None:
    """Lines by an official's hand, turned by some degrees about their upper left corner."""
    wide = int(max(len(text) for text in texts) * size * 1.25 + 6 * size)
    layer = Image.new("L", (max(20, wide), int(size * (3.2 * len(texts) + 4))), 255)
    for row, text in enumerate(texts):
        sheet.document.hands[1].write(
            sheet.rng, layer, (2 * size, size * (3.2 + 3 * row)), text, size, (0, 0, 0), wide - 3 * size
        )
    mask = Image.eval(layer, lambda v: 255 - v)
    if abs(turn) > 0.3:
        mask = mask.rotate(turn, Image.Resampling.BILINEAR, expand=True)
    sheet.image.paste(ink, (int(at[0]), int(at[1])), mask)


def office_stamp(sheet: Sheet, at: tuple[float, float]) -> None:
    """A rubber stamp of some lines, violet, blue, red or black, a date or a name written into it."""
    lines = sheet.pick(offices(sheet))
    mask = printed_lines(lines, sheet.document.kit.fonts, sheet.rng, sheet.integer(16, 27), sheet.pick(("ma", "la")))
    if sheet.chance(0.15):
        ImageDraw.Draw(mask).rectangle((0, 0, mask.width - 1, mask.height - 1), outline=255, width=2)
    angle = float(sheet.pick((sheet.rng.normal(0, 3), sheet.rng.normal(6, 6), 90.0 * sheet.chance(0.1))))
    mask = faded(mask, sheet.rng).rotate(angle, Image.Resampling.BILINEAR, expand=True)
    ink = sheet.pick({VIOLET[0]: 5, VIOLET[1]: 2, VIOLET[2]: 3, (60, 60, 66): 2, (170, 50, 60): 1, (40, 70, 140): 1.5})
    sheet.image.paste(ink, (int(at[0]), int(at[1])), mask)
    if sheet.chance(0.7):
        words = [sheet.words.date(sheet.document.year), sheet.words.person()][: sheet.integer(1, 2)]
        place = at[0] + mask.width * sheet.uniform(0.1, 0.4), at[1] + mask.height * sheet.uniform(0.2, 0.7)
        written_at(sheet, place, words, sheet.uniform(9, 14), angle if angle < 45 else 0, sheet.pen)
    if sheet.chance(0.4):
        x, y = at[0] + mask.width * sheet.uniform(0.1, 0.6), at[1] + mask.height + sheet.uniform(10, 60)
        sheet.document.hands[1].signature(sheet.rng, sheet.image, (x, y), sheet.uniform(16, 28), sheet.pen)


def oval_stamp(sheet: Sheet, at: tuple[float, float]) -> None:
    """The archive's own stamp: an oval with two words, pale."""
    wide, high = sheet.integer(80, 120), sheet.integer(50, 76)
    mask = Image.new("L", (wide, high))
    pen = ImageDraw.Draw(mask)
    pen.ellipse((1, 1, wide - 2, high - 2), outline=255, width=2)
    face = typeface(sheet.pick(sheet.document.kit.fonts.sans), max(8, high * 0.2))
    for row, word in enumerate(("ARCHIVES", "NATIONALES") if sheet.chance(0.6) else ("ARCHIV", "STADT")):
        pen.text((wide / 2, high * (0.4 + 0.28 * row)), word, 255, face, "ms")
    mask = mask.rotate(sheet.rng.normal(0, 8), Image.Resampling.BILINEAR, expand=True)
    sheet.image.paste(
        sheet.pick(((70, 90, 80), (60, 60, 66), (90, 80, 130))), (int(at[0]), int(at[1])), faded(mask, sheet.rng)
    )


def ringed_number(sheet: Sheet, at: tuple[float, float]) -> None:
    """A number in a ring drawn by hand."""
    size = sheet.uniform(11, 17)
    text = str(sheet.integer(10, 200_000))
    sheet.put("hand", at, text, size, 200)
    w, h = len(text) * size * 1.1 + 20, size * 2.4
    turn = np.linspace(0, 2 * np.pi * sheet.uniform(0.97, 1.06), 40)
    ring = np.stack([np.cos(turn) * w * 0.62, np.sin(turn) * h * 0.75], 1)
    way = np.add(ring, (at[0] + w * 0.42, at[1] - size * 0.7))
    sheet.draw.line([tuple(v) for v in (way + np.sin(turn)[:, None] * 2).tolist()], sheet.pen, 2)


def fiscal_stamp(sheet: Sheet, at: tuple[float, float]) -> None:
    """An adhesive fiscal stamp: a frame, a figure, its value; cancelled by a pen or a stamp."""
    wide, high = sheet.integer(56, 90), sheet.integer(70, 120)
    if sheet.chance(0.25):
        wide, high = high, wide
    tone = sheet.pick(FISCAL)
    stamp = Image.new("RGB", (wide, high), tuple(int(225 + (v - 225) * 0.35) for v in tone))
    pen = ImageDraw.Draw(stamp)
    for inset in (4, 8):
        pen.rectangle((inset, inset, wide - 1 - inset, high - 1 - inset), outline=tone, width=1)
    pen.ellipse((wide * 0.2, high * 0.16, wide * 0.8, high * 0.62), fill=tone)
    for _ in range(14):
        x, y = sheet.rng.normal((wide / 2, high * 0.38), (wide * 0.12, high * 0.1))
        r = sheet.uniform(1, 5)
        pen.ellipse(
            (x - r, y - r, x + r, y + r), fill=tuple(int(225 + (v - 225) * sheet.uniform(0.2, 1)) for v in tone)
        )
    face = typeface(sheet.pick(sheet.document.kit.fonts.serif), max(9, high * 0.17))
    pen.text((wide / 2, high * 0.87), sheet.pick(("1 F", "50 C", "2 Kr", "10 h", "1/-", "0.60")), tone, face, "ms")
    for x in range(0, wide, 7):  # its teeth
        for y in (0, high - 1):
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill="white")
    turned = stamp.convert("RGBA").rotate(float(sheet.rng.normal(0, 5)), Image.Resampling.BILINEAR, expand=True)
    sheet.image.paste(turned, (int(at[0]), int(at[1])), turned)
    x, y = at
    how = sheet.pick({"pen": 3, "ring": 3, "bars": 2, "": 1})
    if how == "pen":
        sheet.document.hands[1].signature(sheet.rng, sheet.image, (x - 30, y + high * 0.7), 24, sheet.pen)
    elif how == "ring":
        r = sheet.uniform(34, 54)
        cx, cy = x + sheet.uniform(0, wide), y + sheet.uniform(0, high)
        for part, width in ((1, 3), (0.66, 1)):
            sheet.draw.ellipse(
                (cx - r * part, cy - r * part, cx + r * part, cy + r * part), outline=(50, 50, 60), width=width
            )
        face = typeface(sheet.pick(sheet.document.kit.fonts.sans), 13)
        sheet.draw.text((cx, cy), sheet.words.date(sheet.document.year)[:9], (50, 50, 60), face, "mm")
    elif how == "bars":
        for step in range(3):
            for k in range(0, wide + 40, 6):
                sheet.draw.rectangle(
                    (x - 20 + k, y + high * (0.3 + 0.15 * step), x - 17 + k, y + high * (0.3 + 0.15 * step) + 6),
                    fill=(50, 50, 60),
                )


def thread(sheet: Sheet, share: float) -> None:
    """A thread along the fold, red mostly, in and out of its holes, its ends loose or knotted."""
    ink, thick = (
        sheet.pick({THREADS[0]: 5, THREADS[1]: 4, THREADS[2]: 1, THREADS[3]: 1, THREADS[4]: 0.6}),
        sheet.integer(3, 6),
    )
    x = share * sheet.width
    y = sheet.uniform(0.0, 0.35) * sheet.height
    end = sheet.uniform(0.55, 1.0) * sheet.height
    while y < end:
        long = sheet.uniform(0.08, 0.5) * sheet.height
        way = np.stack([x + sheet.rng.normal(0, 3, 7).cumsum() * 0.6, np.linspace(y, min(end, y + long), 7)], 1)
        sheet.draw.line([tuple(v) for v in smooth(way, 6).tolist()], ink, thick)
        if sheet.chance(0.4):
            r = thick * 1.1
            sheet.draw.ellipse((x - r, y - r, x + r, y + 1.6 * r), fill=tuple(int(v * 0.7) for v in ink))
        y += long + (sheet.uniform(0.02, 0.1) * sheet.height if sheet.chance(0.5) else 0)
    if sheet.chance(0.5):  # a loose end
        at = sheet.uniform(0.1, 0.9) * sheet.height
        way = np.array([(x, at)]) + np.cumsum(np.concatenate([[(0, 0)], sheet.rng.normal((6, 8), 16, (6, 2))]), 0)
        sheet.draw.line([tuple(v) for v in smooth(way, 6).tolist()], ink, max(2, thick - 1))


def wax_seal(sheet: Sheet, at: tuple[float, float], radius: float) -> None:
    """A seal of wax, ragged, lit from the upper left, a coat of arms pressed into it; `at` its middle."""
    side = int(2.6 * radius)
    grid = (np.mgrid[0:side, 0:side] - side / 2).astype(np.float32)
    away = np.hypot(*grid) / radius
    turn = np.arctan2(grid[0], grid[1])
    rim = 1 + 0.06 * np.sin(3 * turn + sheet.uniform(0, 6)) + 0.05 * np.sin(7 * turn + sheet.uniform(0, 6))
    rough = Image.fromarray(sheet.rng.normal(0, 1, (9, 9)).astype(np.float32))
    bump = np.asarray(rough.resize((side, side), Image.Resampling.BICUBIC))
    height = np.where(away < rim * 0.78, 0.55 + 0.12 * bump, 1.0) * (away < rim)
    reach = max(1, round(radius * 0.1))
    bell = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * (radius * 0.035) ** 2))
    for axis in (0, 1):
        height = np.apply_along_axis(np.convolve, axis, height, bell / bell.sum(), mode="same")
    light = 1 + 9 * (height - np.roll(height, 2, (0, 1)))
    wax = np.array(sheet.pick(WAX), np.float32) * light.clip(0.45, 1.7)[..., None]
    mask = Image.fromarray(((away < rim) * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(1))
    sheet.image.paste(
        Image.fromarray(wax.clip(0, 255).astype(np.uint8)), (int(at[0] - side / 2), int(at[1] - side / 2)), mask
    )
