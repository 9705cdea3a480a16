"""Newspapers and print-outs of the web: TEXT_P, DRAW, PHOTO.

    gazette(sheet, "PHOTO")           # a newspaper page of many narrow columns, with a photograph

Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

from drawing.books import centred
from drawing.figures import draw_figure
from drawing.papers import long_caption, picture
from drawing.placing import photograph
from drawing.printed import columns, heading
from drawing.sheet import Sheet
from drawing.slides import scheme
from drawing.typeset import Box


def gazette(sheet: Sheet, label: str = "TEXT_P") -> None:
    """A newspaper page: name, headlines over several columns, narrow columns, advertisements, perhaps pictures."""
    w, h = sheet.width, sheet.height
    left, top, right, bottom = 0.025 * w, 0.025 * h, 0.975 * w, 0.98 * h
    count = sheet.pick({3: 1, 4: 3, 5: 4, 6: 3, 7: 1}) if w < h else sheet.pick((5, 6, 7))
    gap = sheet.uniform(10, 22)
    wide = (right - left - gap * (count - 1)) / count
    size = min(sheet.uniform(11.5, 16), wide / 11)
    ruled = sheet.chance(0.55)
    y = top
    if sheet.chance(0.3):  # the name of the paper
        text = sheet.words.phrase(2, 3).title()
        large = min(110.0, (right - left) / max(6, len(text)) * 1.4)
        y += large
        centred(sheet, y, text, large, bold=True)
        y += 16
        sheet.rule([(left, y), (right, y)], width=3)
        sheet.put("print", (left, y + 20), f"{sheet.words.place()}, {sheet.words.date(sheet.document.year)}", 15, 400)
        sheet.rule([(left, y + 28), (right, y + 28)], width=1)
        y += 36
    else:
        sheet.put("print", (left, y + 14), f"{sheet.integer(2, 12)}   {sheet.words.phrase(1, 2).upper()}", 15, 400)
        sheet.rule([(left, y + 20), (right, y + 20)], width=sheet.integer(1, 3))
        y += 30
    ads = sheet.uniform(0.1, 0.35) * h if sheet.chance(0.3) else 0
    end = bottom - ads
    starts = [y] * count
    pictures = 0
    while min(starts) < end - 60:
        column = min(range(count), key=lambda c: starts[c])
        span = sheet.integer(1, min(4, count - column))
        while span > 1 and max(starts[column : column + span]) - starts[column] > 12:
            span -= 1
        at = max(starts[column : column + span])
        x, across = left + column * (wide + gap), span * wide + (span - 1) * gap
        tall = min(end - at, sheet.uniform(110, 560))
        if end - at - tall < 90:
            tall = end - at
        y = at + 6
        if tall > 80:
            y = _headline(sheet, x, y, across, sheet.uniform(17, 26) * (1 + 0.35 * (span - 1)), at + tall * 0.6)
        inner = [y] * span
        if label != "TEXT_P" and tall > 240 and (pictures == 0 or (pictures < 3 and sheet.chance(0.25))):
            pictures += 1
            over = sheet.integer(1, span)
            high = min((tall - (y - at)) * 0.8 - 50, (over * wide + (over - 1) * gap) * sheet.uniform(0.55, 1.2))
            box = (x, y, x + over * wide + (over - 1) * gap, y + high)
            _newsprint(sheet, label, box)
            below = y + high + 10
            for _ in range(sheet.integer(0, 2)):
                below += 18
                sheet.put("print", (x, below), sheet.words.phrase(3, 9), 14, box[2] - x)
            below += 12
            inner[:over] = [below] * over
        for part in range(span):
            px = x + part * (wide + gap)
            if at + tall - inner[part] > 30:
                columns(sheet, (px, inner[part], px + wide, at + tall - 8), 1, headings=0, size=size)
            if ruled and column + part:
                sheet.rule([(px - gap / 2, at + 4), (px - gap / 2, at + tall - 4)], width=1)
        if sheet.chance(0.6):
            sheet.rule([(x, at + tall), (x + across, at + tall)], width=1)
        starts[column : column + span] = [at + tall + 4] * span
    if label != "TEXT_P" and not pictures:
        box = (left, end - 0.3 * h, left + 0.55 * w, end - 40)
        sheet.draw.rectangle((box[0], box[1] - 8, box[2] + 8, end), fill=(255, 255, 255))
        _newsprint(sheet, label, box)
        long_caption(sheet, box[0], box[3], box[2] - box[0])
    if ads:
        _advertisements(sheet, (left, end + 6, right, bottom))


def _headline(sheet: Sheet, x: float, y: float, wide: float, size: float, bottom: float) -> float:
    """A headline of one to three lines, none below `bottom`; the y below."""
    press = sheet.document.press
    face = press.face(press.head, size)
    for _ in range(sheet.pick((1, 1, 2, 2, 3))):
        if y + size * 1.1 > bottom:
            break
        y += size * 1.1
        text = sheet.words.phrase(1, 8).capitalize()
        while len(text) > 4 and face.getlength(text) > wide:
            text = text.rpartition(" ")[0] or text[:-2]
        sheet.put("print", (x, y), text, size, wide, bold=True, file=press.head)
    return y + size * 0.45


def _newsprint(sheet: Sheet, label: str, box: Box) -> None:
    left, top, right, bottom = (int(v) for v in box)
    if min(right - left, bottom - top) < 60:
        return
    if label == "PHOTO":
        made = photograph(sheet, right - left, bottom - top)
        if sheet.document.age < 0.8:
            made = made.convert("L").convert("RGB")
        sheet.image.paste(made, (left, top))
    else:
        kind = sheet.pick(
            {"portrait": 2, "sketch": 3, "engraving": 2, "region": 2, "bars": 2, "pie": 1, "elevation": 1, "arms": 1}
        )
        sheet.paste(draw_figure(sheet.rng, right - left, bottom - top, kind), (left, top))
        if sheet.chance(0.5):
            sheet.draw.rectangle((left, top, right, bottom), outline=(30, 30, 30), width=2)


def _advertisements(sheet: Sheet, box: Box) -> None:
    """Boxes of many sizes with large words, some white on black."""
    left, top, right, bottom = box
    x = left
    while x < right - 60:
        wide = min(right - x, sheet.uniform(120, 420))
        wide = right - x if right - x - wide < 80 else wide
        parts = sheet.integer(1, 3)
        for number in range(parts):
            y, tall = top + (bottom - top) * number / parts, (bottom - top) / parts
            black = sheet.chance(0.12)
            area = (x + 3, y + 3, x + wide - 3, y + tall - 3)
            sheet.draw.rectangle(
                area, fill=(28, 28, 28) if black else None, outline=(28, 28, 28), width=sheet.integer(1, 5)
            )
            ink = (245, 245, 245) if black else sheet.press.ink
            size = min(tall * 0.3, wide * 0.12, 54)
            if size < 9:
                continue
            sheet.put(
                "print",
                (x + 16, y + size * 1.3),
                sheet.words.phrase(1, 2).upper(),
                size,
                wide - 30,
                bold=True,
                file=sheet.press.head,
                ink=ink,
            )
            at = y + size * 1.9
            while at + 18 < y + tall - 8:
                at += 18
                sheet.put("print", (x + 16, at), sheet.words.sentence(2, 8), 14, wide - 30, ink=ink)
        x += wide


def web_page(sheet: Sheet, label: str = "TEXT_P") -> None:
    """A page of the web or a mail as a browser prints it: title, date, address, links, menus, pictures."""
    w, h = sheet.width, sheet.height
    left, right, bottom = 0.07 * w, 0.93 * w, 0.94 * h
    small = 13
    sheet.put("print", (left, 36), sheet.words.phrase(3, 7).capitalize(), small, 0.5 * w)
    sheet.put("print", (0.5 * w, h - 26), f"{sheet.integer(1, 5)}/{sheet.integer(5, 12)}", small, 90)
    word = sheet.words.place().lower().encode("ascii", "ignore").decode() or "web"
    end = sheet.pick(("cz", "de", "org", "eu", "pl"))
    address = f"http://www.{word}.{end}/index.php?id={sheet.integer(10, 9999)}"
    sheet.put("print", (left, h - 26), address, small, 0.42 * w)
    sheet.put("print", (0.84 * w, 36), sheet.words.date(sheet.document.year), small, 0.14 * w)
    blue = (0, 0, 200)
    y = 0.05 * h
    if label == "TEXT_P" and sheet.chance(0.35):  # a mail
        for name in ("From:", "To:", "Date:", "Subject:")[: sheet.integer(2, 4)]:
            y += 27
            x = sheet.put("print", (left, y), name, 18, 120, bold=True)
            value = (
                sheet.words.date(sheet.document.year)
                if name == "Date:"
                else f"{sheet.words.person()} <{word}@{word}.cz>"
            )
            sheet.put("print", (x + 12, y), value if name != "Subject:" else sheet.words.phrase(2, 6), 18, right - x)
        sheet.rule([(left, y + 14), (right, y + 14)], (120, 120, 120), 2)
        y += 40
    else:
        if sheet.chance(0.6):
            tone = tuple(int(v) for v in sheet.rng.integers(20, 220, 3))
            sheet.draw.rectangle((left, y, right, y + sheet.uniform(50, 120)), fill=tone)
            sheet.put(
                "print", (left + 20, y + 40), sheet.words.phrase(1, 3).title(), 32, 600, bold=True, ink=(255, 255, 255)
            )
            y += 130
        if sheet.chance(0.5):  # a menu at the side
            edge = left + 0.18 * w
            at = y
            for _ in range(sheet.integer(5, 22)):
                at += 28
                sheet.put("print", (left, at), sheet.words.phrase(1, 2), 16, 0.16 * w, ink=blue)
            left = edge
        y = heading(sheet, left, y, right, sheet.uniform(26, 40), centred=False)
    pictures = 0
    while y < bottom - 60:
        kind = sheet.pick({"text": 5, "link": 1, "head": 1, "picture": 2 if label != "TEXT_P" else 0})
        if label != "TEXT_P" and not pictures and y > 0.3 * h:
            kind = "picture"
        if kind == "picture" and bottom - y > 220:
            wide = (right - left) * sheet.uniform(0.4, 1)
            high = min(wide * sheet.uniform(0.55, 0.8), bottom - y - 60)
            if label == "PHOTO":
                picture(sheet, label, (left, y, left + wide, y + high))
            else:
                sheet.paste(scheme(sheet, int(wide), int(high)), (int(left), int(y)))
            sheet.put("print", (left, y + high + 24), sheet.words.phrase(2, 7), 15, wide, ink=(90, 90, 90))
            y, pictures = y + high + 44, pictures + 1
        elif kind == "head":
            y = heading(sheet, left, y, right, sheet.press.size * 1.2, centred=False)
        elif kind == "link":
            y += 30
            x = sheet.put("print", (left, y), sheet.words.phrase(2, 7), 0, right - left, ink=blue)
            sheet.rule([(left, y + 4), (x, y + 4)], blue, 1)
        else:
            end = min(bottom, y + sheet.uniform(80, 320))
            y = max(
                y + 30,
                sheet.press.block(sheet.image, sheet.words, (left, y, right, end), sheet.rng, justify=False) + 22,
            )
    if label != "TEXT_P" and not pictures:
        sheet.draw.rectangle((left, bottom - 420, right, bottom), fill=(255, 255, 255))
        picture(sheet, label, (left, bottom - 410, right, bottom - 20))
