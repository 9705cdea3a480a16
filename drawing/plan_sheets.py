"""Maps and technical drawings with something ruled, charts with their tables (DRAW_L).

    technical_drawing(sheet)          # frame with zones, drawing, title block

Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

from PIL import Image

from drawing.figures import draw_figure
from drawing.office_tables import office_table
from drawing.papers import long_caption, running_head
from drawing.placing import legend, title_block
from drawing.printed import heading
from drawing.sheet import Sheet
from drawing.slides import scheme

MAPS = {
    "gis": 4,
    "topographic": 3,
    "cadastral": 3,
    "contours": 2,
    "site": 2.5,
    "region": 1.5,
    "geophysics": 1,
    "relief": 1,
}

DRAWINGS = {
    "floor_plan": 4,
    "elevation": 3,
    "machine": 3,
    "section": 2,
    "masonry": 2,
    "trench": 1.5,
    "stones": 1,
    "site": 1,
}


def turned(sheet: Sheet) -> None:
    """Makes a landscape page of it, as plans and maps want."""
    if sheet.width < sheet.height:
        sheet.width, sheet.height = sheet.height, sheet.width
        sheet.image = Image.new("RGB", (sheet.width, sheet.height), "white")


def technical_drawing(sheet: Sheet) -> None:
    """DRAW_L: the frame of a technical drawing with zones, the drawing, a title block at its foot, a list of parts."""
    if sheet.chance(0.7):
        turned(sheet)
    w, h = sheet.width, sheet.height
    left, top, right, bottom = w * sheet.uniform(0.03, 0.08), h * 0.04, w * 0.97, h * 0.96
    pen, ink = sheet.draw, sheet.press.ink
    pen.rectangle((left, top, right, bottom), outline=ink, width=sheet.integer(2, 5))
    if sheet.chance(0.5):  # zones
        pen.rectangle((left - 22, top - 22, right + 22, bottom + 22), outline=ink, width=1)
        for number in range(1, 8):
            x, y = left + (right - left) * number / 8, top + (bottom - top) * number / 8
            for points in (
                [(x, top - 22), (x, top)],
                [(x, bottom), (x, bottom + 22)],
                [(left - 22, y), (left, y)],
                [(right, y), (right + 22, y)],
            ):
                sheet.rule(points, ink, 1)
            sheet.put("print", (x - 40, top - 5), str(number), 14, 30)
            sheet.put("print", (left - 17, y - 40), chr(64 + number), 14, 30)
    wide, high = (right - left) * sheet.uniform(0.3, 0.6), (bottom - top) * sheet.uniform(0.1, 0.22)
    block = (right - wide, bottom - high, right, bottom)
    area = (left + 20, top + 20, right - 20, block[1] - 20)
    parts = sheet.pick((1, 1, 2, 3))
    step = (area[2] - area[0]) / parts
    for number in range(parts):
        size = int(step - 30), int(area[3] - area[1])
        sheet.paste(draw_figure(sheet.rng, *size, sheet.pick(DRAWINGS)), (int(area[0] + step * number), int(area[1])))
    title_block(sheet, block)
    if sheet.chance(0.35):  # the list of parts above the block
        y = block[1]
        for number in range(sheet.integer(2, 7)):
            y -= 26
            pen.rectangle((block[0], y, right, y + 26), outline=ink, width=1, fill=(255, 255, 255))
            for x, text in ((0.02, str(number + 1)), (0.1, sheet.words.phrase(1, 3)), (0.7, sheet.words.measure())):
                sheet.put("print", (block[0] + wide * x, y + 20), text, 15, wide * 0.28)
    if sheet.chance(0.4) and wide < 0.5 * (right - left):
        legend(sheet, (left + 20, bottom - high, block[0] - 40, bottom - 12))


def map_sheet(sheet: Sheet) -> None:
    """DRAW_L: a map in its frame, and a strip at the side or foot with legend, scale, north, names and a small map."""
    if sheet.chance(0.65):
        turned(sheet)
    w, h = sheet.width, sheet.height
    left, top, right, bottom = w * 0.04, h * 0.05, w * 0.96, h * 0.95
    ink = sheet.press.ink
    side = w > h
    if sheet.chance(0.5):
        top = heading(sheet, left, top - 10, right, sheet.uniform(26, 44), centred=sheet.chance(0.6)) + 6
    if side:
        cut = right - (right - left) * sheet.uniform(0.18, 0.3)
        area, strip = (left, top, cut - 10, bottom), (cut, top, right, bottom)
    else:
        cut = bottom - (bottom - top) * sheet.uniform(0.16, 0.3)
        area, strip = (left, top, right, cut - 10), (left, cut, right, bottom)
    made = draw_figure(sheet.rng, int(area[2] - area[0]), int(area[3] - area[1]), sheet.pick(MAPS))
    sheet.paste(made, (int(area[0]), int(area[1])))
    for box in (area, strip):
        sheet.draw.rectangle(box, outline=ink, width=sheet.integer(2, 4))
    x0, y0, x1, y1 = strip
    if side:
        middle = y0 + (y1 - y0) * sheet.uniform(0.5, 0.72)
        legend(sheet, (x0 + 10, y0 + 14, x1 - 10, middle - 14))
        title_block(sheet, (x0, middle, x1, y1))
        sheet.rule([(x0, middle), (x1, middle)], ink, 2)
    else:
        middle = x0 + (x1 - x0) * sheet.uniform(0.4, 0.6)
        legend(sheet, (x0 + 10, y0 + 10, middle - 10, y1 - 10))
        title_block(sheet, (middle, y0, x1, y1))


def chart_and_table(sheet: Sheet) -> None:
    """DRAW_L: a chart or drawing and the set table that belongs to it, as in statistical reports."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right, centred=False)
    high = (bottom - y) * sheet.uniform(0.35, 0.55)

    def chart(at: float) -> float:
        sheet.paste(scheme(sheet, int(right - left), int(high)), (int(left), int(at)))
        return long_caption(sheet, left, at + high, right - left) + 24

    def numbers(at: float) -> float:
        return office_table(sheet, (left, at, right, at + (bottom - y) * 0.38), most=sheet.integer(6, 20)) + 30

    first, second = (chart, numbers) if sheet.chance(0.65) else (numbers, chart)
    second(first(y))
