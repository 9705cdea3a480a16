"""Pages with something to see: DRAW and PHOTO; DRAW_L and PHOTO_L where a ruled card or a table is about it.

    photo_l(sheet)            # one function a category; each draws one of many kinds of page

A page with a photograph is PHOTO even where a drawing or much text stands beside it; a drawing among typed or printed
text is DRAW; the ruled head of a record card or a table of particulars turns them into DRAW_L and PHOTO_L.
"""

from __future__ import annotations

from drawing.marks import file_number, letterhead, note, office_marks, page_number, registered, round_stamp, slip
from drawing.placing import (
    Picture,
    between,
    caption,
    cutout,
    figure,
    legend,
    photograph,
    place,
    stacked,
    title_block,
    wrapped,
    write,
)
from drawing.printed import columns, heading, slide_ground
from drawing.sheet import Sheet
from drawing.tables import card_foot, card_head, table
from drawing.typed import typed_head


def draw(sheet: Sheet) -> None:
    """A drawing, map, plan, chart or plate, alone or among text."""
    if sheet.document.kind == "slide":
        slide_picture(sheet, figure)
        return
    old = sheet.document.kind == "old"
    kind = sheet.pick(
        {
            "alone": 6,
            "whole": 2,
            "stack": 2.5,
            "typed": 1.8 if old else 0.4,
            "printed": 0.8 if old else 2.5,
            "wrapped": 1 if old else 0.7,
            "noted": 1.3,
            "slip": 0.7,
        }
    )
    left, top, right, bottom = sheet.body
    if kind == "whole":
        margin = sheet.uniform(0, 0.05) * sheet.width
        sheet.paste(
            figure(sheet, int(sheet.width - 2 * margin), int(sheet.height - 2 * margin)), (int(margin), int(margin))
        )
    elif kind == "alone":
        share = sheet.uniform(0.35, 1.0)
        high = (bottom - top) * share
        wide = (right - left) * (sheet.uniform(0.5, 1.0) if share < 0.7 else sheet.uniform(0.8, 1.0))
        y = top + (bottom - top - high) * sheet.uniform(0, 0.7)
        x = left + (right - left - wide) * sheet.uniform(0.1, 0.9)
        sheet.paste(figure(sheet, int(wide), int(high)), (int(x), int(y)))
        if sheet.chance(0.75):
            caption(sheet, x, min(y + high, sheet.height - 110), wide)
        if sheet.chance(0.3):
            heading(sheet, left, max(20, y - 70), right)
    elif kind == "stack":
        stacked(sheet, sheet.body, figure, glued=False, most=6)
    elif kind == "typed":
        between(sheet, figure, glued=False, how="type")
    elif kind == "printed":
        between(sheet, figure, glued=False, how="print")
    elif kind == "wrapped":
        wrapped(sheet, figure, glued=False)
    elif kind == "slip":
        wide, high = (right - left) * sheet.uniform(0.5, 0.95), (bottom - top) * sheet.uniform(0.25, 0.7)
        slip(sheet, (left, top, left + wide, top + high))
        sheet.paste(figure(sheet, int(wide - 30), int(high - 30)), (int(left + 15), int(top + 15)))
        note(sheet, (left, min(bottom - 60, top + high + 30), right, min(bottom, top + high + 200)))
    else:
        sheet.paste(figure(sheet, int(right - left), int(bottom - top)), (int(left), int(top)))
        for _ in range(sheet.integer(2, 12)):
            sheet.put(
                "hand",
                (sheet.uniform(left, right - 160), sheet.uniform(top, bottom)),
                sheet.words.phrase(1, 3),
                sheet.uniform(8, 15),
                260,
            )
    marks(sheet)


def marks(sheet: Sheet) -> None:
    """Page numbers and archive marks of a page with pictures."""
    if sheet.chance(0.35):
        page_number(
            sheet, "print" if sheet.document.kind != "old" or sheet.chance(0.3) else sheet.pick(("type", "hand"))
        )
    office_marks(sheet, 0.8)


def slide_picture(sheet: Sheet, make: Picture) -> None:
    """A slide with one to four pictures and perhaps some points."""
    slide_ground(sheet)
    w, h = sheet.width, sheet.height
    y = heading(sheet, w * 0.05, h * 0.03, w * 0.95, sheet.uniform(40, 70)) if sheet.chance(0.85) else h * 0.05
    right = w * 0.96
    if sheet.chance(0.35):
        right = w * sheet.uniform(0.5, 0.68)
        columns(sheet, (right + 20, y + 10, w * 0.96, h * 0.9), 1, headings=0, size=sheet.uniform(26, 36))
    stacked(
        sheet, (w * 0.04, y + 5, right, h * 0.96), make, glued=make is photograph, most=4, captions=sheet.chance(0.4)
    )


def draw_l(sheet: Sheet) -> None:
    """A drawing on a ruled record card, beside a legend table, with a title block, or in the cells of a table."""
    old = sheet.document.kind == "old"
    kind = sheet.pick(
        {
            "card": 6 if old else 2.5,
            "legend": 1.5 if old else 3,
            "title": 1.2 if old else 2.5,
            "cells": 1.2,
            "foot": 1.2,
            "with table": 1,
        }
    )
    pictured_card(sheet, figure, kind, glued=False)
    marks(sheet)


def photo_l(sheet: Sheet) -> None:
    """A photograph on a ruled record card, with a table of particulars, or in the cells of a table."""
    old = sheet.document.kind == "old"
    kind = sheet.pick({"card": 6 if old else 3, "title": 2.2, "cells": 2, "foot": 2, "with table": 1.4, "list": 1.5})
    make = cutout if kind in ("card", "cells", "list") and sheet.chance(0.2) else photograph
    pictured_card(sheet, make, kind, glued=make is photograph)
    marks(sheet)


def pictured_card(sheet: Sheet, make: Picture, kind: str, *, glued: bool) -> None:
    """The kinds of DRAW_L and PHOTO_L: a picture, and something ruled that tells about it."""
    left, top, right, bottom = sheet.body
    fill = sheet.pick({"type": 5, "hand": 2.5, "print": 0.6 if sheet.document.kind == "old" else 4})
    if kind == "card":
        y = card_head(sheet, fill)
        if sheet.chance(0.2):
            bottom = card_foot(sheet, fill) - 15
        room = bottom - y
        share = sheet.pick({0.0: 3, 0.15: 2, 0.3: 2, 0.5: 1.5})
        text_end = y + room * share
        side = sheet.chance(0.25)
        if side:  # text beside the picture
            middle = left + (right - left) * sheet.uniform(0.35, 0.6)
            stacked(
                sheet,
                (left, y + 20, middle - 15, y + room * sheet.uniform(0.4, 0.9)),
                make,
                glued=glued,
                most=2,
                captions=sheet.chance(0.4),
            )
            write(sheet, (middle + 15, y + 20, right, y + room * sheet.uniform(0.3, 0.9)), fill)
            return
        if share:
            write(sheet, (left, y + 20, right, text_end), fill)
        stacked(
            sheet,
            (left, text_end + 25, right, text_end + 25 + (bottom - text_end - 30) * sheet.uniform(0.45, 1.0)),
            make,
            glued=glued,
            most=4,
            captions=sheet.chance(0.3),
        )
        if sheet.chance(0.3):
            note(sheet, (left, bottom - 120, right, bottom))
    elif kind == "legend":
        flat = sheet.chance(0.4)
        if flat:
            cut = bottom - (bottom - top) * sheet.uniform(0.12, 0.35)
            sheet.paste(make(sheet, int(right - left), int(cut - top - 20)), (int(left), int(top)))
            legend(sheet, (left + (right - left) * sheet.uniform(0, 0.4), cut, right, bottom))
        else:
            cut = right - (right - left) * sheet.uniform(0.2, 0.4)
            sheet.paste(make(sheet, int(cut - left - 15), int(bottom - top)), (int(left), int(top)))
            start = top + (bottom - top) * sheet.uniform(0, 0.5)
            legend(sheet, (cut, start, right, min(bottom, start + sheet.uniform(200, 800))))
        if sheet.chance(0.4):
            heading(sheet, left, max(16, top - 70), right)
    elif kind == "title":
        high = sheet.height * sheet.uniform(0.05, 0.2)
        wide = (right - left) * sheet.pick((1.0, 0.6, 0.45))
        if sheet.chance(0.75):  # below
            area, block = (left, top, right, bottom - high - 20), (right - wide, bottom - high, right, bottom)
        else:
            area, block = (left, top + high + 25, right, bottom), (right - wide, top, right, top + high)
        if sheet.chance(0.4) and not glued:
            sheet.draw.rectangle((left - 8, top - 8, right + 8, bottom + 8), outline=sheet.press.ink, width=3)
        stacked(sheet, area, make, glued=glued, most=2, captions=False)
        title_block(sheet, block)
    elif kind == "foot":
        cut = card_foot(sheet, fill)
        if sheet.chance(0.4):
            top = card_head(sheet, fill, share=sheet.uniform(0.05, 0.12)) + 15
        stacked(sheet, (left, top, right, cut - 20), make, glued=glued, most=3, captions=sheet.chance(0.3))
    elif kind == "cells":
        across, down = sheet.pick(((1, 2), (2, 2), (2, 3), (1, 3), (2, 4), (3, 4), (1, 5)))
        label = sheet.uniform(0.15, 0.45)
        beside = sheet.chance(0.4)
        for number in range(across * down):
            w, h = (right - left) / across, (bottom - top) / down
            x, y = left + w * (number % across), top + h * (number // across)
            sheet.draw.rectangle((x, y, x + w, y + h), outline=sheet.press.ink, width=2)
            if sheet.chance(0.1):
                continue
            if beside:
                picture, words = (
                    (x + 10, y + 10, x + w * (1 - label) - 8, y + h - 10),
                    (x + w * (1 - label), y + 5, x + w - 6, y + h - 5),
                )
            else:
                picture, words = (
                    (x + 10, y + 10, x + w - 10, y + h * (1 - label) - 6),
                    (x + 12, y + h * (1 - label), x + w - 8, y + h - 4),
                )
            size = int(picture[2] - picture[0]), int(picture[3] - picture[1])
            if min(size) >= 60:
                place(sheet, make(sheet, *size), picture[0], picture[1], glued=glued)
            write(sheet, words, fill)
    elif kind == "list":  # entries beside small pictures, parted by lines
        y = top
        count = sheet.integer(3, 8)
        tall = (bottom - top) / count
        wide = (right - left) * sheet.uniform(0.15, 0.35)
        sided = sheet.chance(0.5)
        if sheet.chance(0.6):
            y = card_head(sheet, fill, share=sheet.uniform(0.06, 0.2))
            tall = (bottom - y) / count
        for _ in range(count):
            if sheet.chance(0.85):
                high = min(tall - 16, wide)
                if min(wide, high) >= 60:
                    place(sheet, make(sheet, int(wide), int(high)), left if sided else right - wide, y + 8, glued=glued)
            write(
                sheet,
                (
                    left + wide + 30 if sided else left,
                    y + 6,
                    right if sided else right - wide - 30,
                    y + tall * sheet.uniform(0.5, 0.95),
                ),
                fill,
            )
            y += tall
            if sheet.chance(0.7):
                if sheet.chance(0.5):
                    sheet.put("type", (left, y), "-" * sheet.machine.columns(right - left))
                else:
                    sheet.rule([(left, y), (right, y)], width=1)
    else:  # with table
        cut = top + (bottom - top) * sheet.uniform(0.4, 0.7)
        stacked(sheet, (left, top, right, cut - 20), make, glued=glued, most=3, captions=sheet.chance(0.5))
        table(sheet, (left, cut, right, bottom), fill)


def photo(sheet: Sheet) -> None:
    """Photographs: glued prints, plates, contact sheets, among text, cut out, on slides."""
    if sheet.document.kind == "slide":
        slide_picture(sheet, photograph)
        return
    old = sheet.document.kind == "old"
    kind = sheet.pick(
        {
            "prints": 7 if old else 3,
            "whole": 1.2,
            "contact": 0.8,
            "printed": 0.7 if old else 4,
            "typed": 1.0 if old else 0.4,
            "wrapped": 0.7,
            "letter": 0.3 if old else 1.0,
            "plate": 1.2,
            "with drawing": 0.8,
        }
    )
    left, top, right, bottom = sheet.body
    if kind == "prints":
        if sheet.chance(0.3):
            typed_head(sheet, left, top - 40, right)
        stacked(
            sheet, (left, top, right, top + (bottom - top) * sheet.uniform(0.5, 1.0)), photograph, glued=True, most=6
        )
        if sheet.chance(0.3):
            heading(sheet, left, bottom - sheet.uniform(60, 200), right, sheet.uniform(26, 54), centred=True)
        elif sheet.chance(0.3):
            note(sheet, (left, bottom - sheet.uniform(60, 200), right, bottom))
    elif kind == "whole":
        inset = sheet.uniform(0, 0.04) * sheet.width
        place(
            sheet,
            photograph(sheet, int(sheet.width - 2 * inset), int(sheet.height - 2 * inset)),
            inset,
            inset,
            glued=True,
        )
    elif kind == "contact":
        across, down = sheet.pick(((3, 4), (4, 6), (6, 6), (3, 3), (2, 5)))
        w, h = (right - left) / across, (bottom - top) / down
        dark = sheet.chance(0.4)
        if dark:
            sheet.draw.rectangle((left - 10, top - 10, right + 10, bottom + 10), fill=(25, 25, 25))
        for number in range(across * down):
            if sheet.chance(0.94):
                x, y = left + w * (number % across), top + h * (number // across)
                sheet.image.paste(
                    photograph(sheet, int(w * 0.92), int(h * 0.85)), (int(x + w * 0.04), int(y + h * 0.04))
                )
    elif kind in ("printed", "typed"):
        between(sheet, photograph, glued=True, how="print" if kind == "printed" else "type")
    elif kind == "wrapped":
        wrapped(sheet, photograph, glued=True)
    elif kind == "letter":
        y = letterhead(sheet)
        y = sheet.press.block(
            sheet.image, sheet.words, (left, y + 20, right, y + (bottom - y) * sheet.uniform(0.2, 0.4)), sheet.rng
        )
        high = (bottom - y) * sheet.uniform(0.3, 0.5)
        count = sheet.integer(1, 3)
        for number in range(count):
            wide = (right - left) / count
            place(
                sheet,
                photograph(sheet, int(wide - 12), int(min(high, wide * 1.2))),
                left + wide * number,
                y + 20,
                glued=True,
            )
        sheet.press.block(sheet.image, sheet.words, (left, y + high + 40, right, bottom), sheet.rng)
    elif kind == "plate":
        count = sheet.integer(3, 12)
        for number in range(count):
            wide = (right - left) * sheet.uniform(0.18, 0.45)
            high = wide * sheet.uniform(0.6, 1.4)
            x, y = sheet.uniform(left, right - wide), top + (bottom - top - high) * number / max(1, count - 1)
            place(sheet, photograph(sheet, int(wide), int(high)), x, y, glued=True)
            sheet.put("print", (x, min(sheet.height - 8, y + high + 22)), str(number + 1), 20)
        heading(sheet, left, bottom, right, 22, centred=True)
    else:
        cut = top + (bottom - top) * sheet.uniform(0.35, 0.6)
        areas = [(left, top, right, cut - 20), (left, cut, right, bottom)]
        first = sheet.integer(0, 1)
        stacked(sheet, areas[first], figure, glued=False, most=1)
        stacked(sheet, areas[1 - first], photograph, glued=True, most=2)
    if sheet.chance(0.05):
        registered(sheet)
    if sheet.chance(0.04):
        round_stamp(sheet, (sheet.uniform(0.2, 0.8) * sheet.width, sheet.uniform(0.8, 0.92) * sheet.height))
    if sheet.chance(0.12):
        file_number(sheet)
    marks(sheet)
