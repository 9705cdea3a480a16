"""The sample pages on which there is something to see: drawings, maps, plans and photographs, also on ruled cards.

sheet = Sheet(random.Random(1))
draw_1(sheet)                      # one function a page, named as its category
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image
from sample_scenes import contours, landscape, pot_radius, trench, vessel
from sample_sheet import BLACK, BLUE, BOLD, BROWN, ITALIC, RED, SANS, SCALE, SERIF, Point, Sheet


def numbers(sheet: Sheet) -> np.random.Generator:
    """numpy random numbers that follow from the sheet's."""
    return np.random.default_rng(sheet.rng.randrange(2**32))


# -- drawings


def pot_profile(sheet: Sheet, middle: float, top: float, high: float) -> None:
    """A pot as archaeologists draw it: on the left its wall cut through, on the right its outside."""
    steps = [index / 60 for index in range(61)]
    outer = [float(pot_radius(np.array([t]))[0]) * high for t in steps]
    left = [(middle - radius, top + t * high) for radius, t in zip(outer, steps, strict=True)]
    wall = high * 0.035
    inner = [(middle - radius + wall, top + t * high) for radius, t in zip(outer, steps, strict=True) if t < 0.95]
    floor = [(middle, top + high * 0.96), (middle, top + high)]
    sheet.fill([*left, floor[1], floor[0], *reversed(inner)])
    sheet.sketch([(2 * middle - x, y) for x, y in left], width=1.8, wobble=0.3)
    sheet.line([(middle - outer[0], top), (middle + outer[0], top)], width=1.5)
    sheet.line([(middle, top), (middle, top + high)], width=1.2)
    sheet.line([(middle, top + high), (middle + outer[-1], top + high)], width=1.8)
    for t in (0.30, 0.33, 0.36):
        edge = middle + float(pot_radius(np.array([t]))[0]) * high
        sheet.sketch(
            [(middle, top + t * high + 3), ((middle + edge) / 2, top + t * high + 2), (edge, top + t * high)], width=1
        )
    start, count = middle + high * 0.02, 9
    for index in range(count):  # hanging triangles below the bands
        x = start + index * high * 0.055
        points = [(x, top + 0.37 * high), (x + high * 0.027, top + 0.46 * high), (x + high * 0.054, top + 0.37 * high)]
        sheet.sketch(points, width=1, wobble=0.3)
    for _ in range(150):  # stippled shadow on the right
        t = sheet.rng.uniform(0.42, 0.95)
        edge = float(pot_radius(np.array([t]))[0]) * high
        x = middle + edge * (1 - abs(sheet.rng.gauss(0, 0.13)))
        if x > middle:
            sheet.line([(x, top + t * high), (x + 0.9, top + t * high)], width=1)


def scale_bar(sheet: Sheet, left: float, y: float, part: float, label: str) -> None:
    """Five parts, black and white in turn, with the length at the end."""
    for index in range(5):
        x = left + index * part
        sheet.box(x, y, x + part, y + 8)
        if index % 2 == 0:
            sheet.fill([(x, y), (x + part, y), (x + part, y + 8), (x, y + 8)])
    sheet.printed((left, y + 26), "0", 14, SANS, "ms")
    sheet.printed((left + 5 * part, y + 26), label, 14, SANS, "ms")


def north_arrow(sheet: Sheet, x: float, y: float, high: float = 80) -> None:
    """An arrow upwards with an S (sever) on its tip."""
    sheet.line([(x, y), (x, y - high)], width=1.5)
    sheet.fill([(x, y - high), (x - 9, y - high + 26), (x, y - high + 20)])
    sheet.line([(x, y - high), (x + 9, y - high + 26), (x, y - high + 20)], width=1.2)
    sheet.printed((x, y - high - 8), "S", 20, BOLD, "ms")


def burial(sheet: Sheet, x: float, y: float, size: float) -> None:
    """A crouched skeleton in its oval pit, seen from above."""
    sheet.ring((x, y), size * 1.25, size * 0.85, width=2)

    def bone(points: list[Point], width: float) -> None:
        for side in (-width, width):
            sheet.sketch([(x + px * size + side, y + py * size + side) for px, py in points], width=1.2, wobble=0.8)

    sheet.ring((x - 0.86 * size, y - 0.16 * size), 0.19 * size, 0.17 * size, width=1.8)
    sheet.ring((x - 0.82 * size, y - 0.11 * size), 0.035 * size, 0.03 * size)
    sheet.fill([(x + px * size, y + py * size) for px, py in ((-0.79, -0.02), (-0.74, -0.06), (-0.75, 0.0))])
    jaw = [(-0.95, -0.01), (-0.9, 0.09), (-0.78, 0.1), (-0.74, 0.04), (-0.84, 0.04)]
    sheet.sketch([(x + px * size, y + py * size) for px, py in jaw], width=1.6)
    bone([(-0.68, -0.1), (-0.4, -0.22), (-0.05, -0.2), (0.25, -0.08)], 3)
    for rib in range(6):
        at = -0.55 + rib * 0.12
        bone([(at, -0.2), (at + 0.05, -0.05), (at - 0.02, 0.08)], 1.5)
    bone([(-0.62, 0.0), (-0.4, 0.28), (-0.62, 0.42)], 3)
    bone([(0.28, -0.05), (0.12, 0.42), (0.62, 0.36)], 4)
    bone([(0.3, -0.12), (0.52, 0.30), (0.95, 0.12)], 4)
    for radius in (0.16, 0.11):
        sheet.ring((x - 0.35 * size, y + 0.6 * size), radius * size, radius * 0.9 * size)


def contour_map(sheet: Sheet, left: int, top: int, wide: int, high: int, levels: int) -> None:
    """Contour lines, a brook, a road with houses, and crosses where something was found, within a frame."""
    thin, heavy = contours(numbers(sheet), wide * SCALE, high * SCALE, levels)
    for mask, colour in ((thin, (176, 158, 138)), (heavy, BROWN)):
        stencil = Image.fromarray(mask.astype(np.uint8) * 255)
        sheet.image.paste(colour, (left * SCALE, top * SCALE), stencil)
    brook = [(left + wide * t, top + high * (0.72 + 0.12 * math.sin(5 * t + 1))) for t in [i / 12 for i in range(13)]]
    sheet.sketch(brook, BLUE, 2.5, 2)
    road = [
        (left + wide * (0.30 + 0.25 * t + 0.05 * math.sin(6 * t)), top + high * t) for t in [i / 10 for i in range(11)]
    ]
    sheet.sketch(road, width=1.2, wobble=0)
    sheet.sketch([(x + 7, y) for x, y in road], width=1.2, wobble=0)
    for index in range(14):
        x, y = road[2 + index // 2]
        x, y = x + (18 if index % 2 else -26), y + sheet.rng.uniform(-16, 16)
        sheet.fill([(x, y), (x + 14, y + 3), (x + 12, y + 12), (x - 2, y + 9)])
    for number in range(1, 6):
        x, y = left + wide * sheet.rng.uniform(0.6, 0.92), top + high * sheet.rng.uniform(0.08, 0.6)
        sheet.line([(x - 7, y - 7), (x + 7, y + 7)], RED, 2.2)
        sheet.line([(x - 7, y + 7), (x + 7, y - 7)], RED, 2.2)
        sheet.printed((x + 12, y + 5), str(number), 18, BOLD, colour=RED)
    sheet.box(left, top, left + wide, top + high, width=2)


def draw_1(sheet: Sheet) -> None:
    """A pot profile with a scale bar."""
    pot_profile(sheet, 400, 260, 480)
    scale_bar(sheet, 300, 850, 40, "10 cm")
    sheet.written((330, 940), "Lhota, jáma 3", 15, BLACK)


def draw_2(sheet: Sheet) -> None:
    """A map with contour lines."""
    contour_map(sheet, 60, 90, 680, 860, 24)
    north_arrow(sheet, 690, 200)
    scale_bar(sheet, 90, 985, 36, "500 m")
    sheet.printed((730, 1010), "Okolí obce Podolí", 24, ITALIC, "rs")


def draw_l_1(sheet: Sheet) -> None:
    """A pot drawn on a ruled card."""
    card_head(sheet, typed=True, place="Lhota u Hradce", thing="zásobnice")
    pot_profile(sheet, 400, 400, 400)
    scale_bar(sheet, 325, 850, 30, "10 cm")
    sheet.grid([50, 280, 520, 750], [960, 1000, 1040])
    for x, y, text in (
        (60, 988, "Kreslil: Dvořák"),
        (290, 988, "Měřítko: 1 : 2"),
        (530, 988, "Čís. inv.: 1482"),
        (60, 1028, "Dne: 4.5.1951"),
        (290, 1028, "List: 3"),
    ):
        sheet.typed((x, y), text, 15)


def draw_l_2(sheet: Sheet) -> None:
    """The plan of a grave with a legend in a table."""
    sheet.box(60, 70, 740, 720, width=1.6)
    burial(sheet, 400, 390, 235)
    north_arrow(sheet, 690, 190, 90)
    scale_bar(sheet, 90, 665, 40, "1 m")
    rows = [770, 812, 862, 912, 962, 1012]
    sheet.grid([60, 170, 540, 740], rows, width=1.4)
    for x, text in ((115, "Značka"), (355, "Vysvětlení"), (640, "Hloubka (cm)")):
        sheet.printed((x, 799), text, 18, BOLD, "ms")
    for index, (text, depth) in enumerate(
        (("lidské kosti", "85 – 92"), ("keramika", "80 – 88"), ("propálená hlína", "60 – 75"), ("podloží, spraš", "95"))
    ):
        top = rows[index + 1]
        if index < 2:
            sheet.hatch(72, top + 9, 158, top + 41, 7 + 4 * index, rising=index == 0)
        else:
            for _ in range(90 if index == 2 else 25):
                x, y = sheet.rng.uniform(74, 156), sheet.rng.uniform(top + 11, top + 39)
                sheet.line([(x, y), (x + 1.6, y)], width=1.6)
        sheet.box(72, top + 9, 158, top + 41)
        sheet.printed((185, top + 32), text, 18)
        sheet.printed((640, top + 32), depth, 18, SERIF, "ms")


def card_head(sheet: Sheet, typed: bool, place: str, thing: str) -> None:
    """The head of a catalogue card: two rows of printed questions and their answers, above an empty field."""
    sheet.grid([50, 210, 430, 610, 750], [60, 125, 190], width=1.2)
    sheet.box(50, 60, 750, 1080, width=1.6)
    asked = ("Obec", "Naleziště", "Okres", "Čís. neg.", "Předmět", "Doba", "Nálezce", "Rok")
    answers = (
        place.split()[0],
        "pole " + str(sheet.rng.randrange(20, 400)),
        "Hradec",
        str(sheet.rng.randrange(900, 9000)),
        thing,
        "bronzová",
        "J. Novák",
        "1951",
    )
    for index, (question, answer) in enumerate(zip(asked, answers, strict=True)):
        x, y = (50, 210, 430, 610)[index % 4] + 7, 60 + 65 * (index // 4)
        sheet.printed((x, y + 16), question, 12, SANS)
        if typed:
            sheet.typed((x + 4, y + 48), answer, 16)
        else:
            sheet.written((x + 4, y + 48), answer, 12)


# -- photographs


def photo_1(sheet: Sheet) -> None:
    """A landscape glued on a sheet, with a short caption."""
    sheet.glue(landscape(numbers(sheet), 620, 440), 90, 250)
    sheet.written((110, 745), "Mohyla na Borku, pohled od jihu", 14)


def photo_2(sheet: Sheet) -> None:
    """A trench above, a vessel below."""
    sheet.glue(trench(numbers(sheet), 470, 420), 165, 90)
    sheet.glue(vessel(numbers(sheet), 470, 400), 165, 580)
    sheet.written((175, 548), "Obr. 12.", 13)
    sheet.written((175, 1020), "Obr. 13.", 13)


def photo_l_1(sheet: Sheet) -> None:
    """A photograph on a catalogue card."""
    card_head(sheet, typed=True, place="Týnec", thing="amfora")
    sheet.glue(vessel(numbers(sheet), 430, 400), 185, 250)
    sheet.typed((80, 720), "Celkový pohled na slepenou nádobu, stav", 16)
    sheet.typed((80, 748), "po konservaci. Část okraje doplněna.", 16)
    sheet.grid([50, 280, 520, 750], [960, 1020, 1080], width=1.2)
    for index, text in enumerate(
        ("Foto: Malý", "Dne: 12.9.1951", "Neg. 9 x 12", "Deska čís. 77", "Album II", "Str. 14")
    ):
        sheet.typed((60 + (0, 230, 470)[index % 3], 998 + 60 * (index // 3)), text, 16)


def photo_l_2(sheet: Sheet) -> None:
    """A photograph with its particulars in a table below."""
    sheet.glue(trench(numbers(sheet), 560, 480), 120, 80)
    rows = [610 + 52 * index for index in range(8)]
    sheet.grid([90, 290, 710], rows, width=1.3)
    for y, name, answer in zip(
        rows,
        ("Číslo snímku", "Lokalita", "Objekt", "Pohled", "Datum", "Autor", "Poznámka"),
        (
            "F 2214",
            "Nová Ves, pole u mlýna",
            "jáma 7, sonda III",
            "od východu",
            "23. 7. 1964",
            "K. Horák",
            "viz deník str. 31",
        ),
        strict=False,
    ):
        sheet.printed((102, y + 34), name, 18, BOLD)
        sheet.written((305, y + 35), answer, 14)
