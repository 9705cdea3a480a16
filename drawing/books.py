"""Old books and journals: chapters with ornaments, plates, pictures in the text, verse, dictionaries.

    plate(sheet, "DRAW")              # an engraved plate; "PHOTO": a halftone

Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

from dataclasses import replace

from drawing.figures import draw_figure
from drawing.placing import figure, photograph
from drawing.printed import heading
from drawing.sheet import Sheet
from drawing.slide_design import lines_of

ENGRAVED = {
    "engraving": 4, "elevation": 1.5, "ornament": 1.5, "arms": 1, "portrait": 1.5, "machine": 1.5, "vessel": 1.5,
    "metal": 2, "mixed": 2, "tools": 1.5, "find": 1.5, "masonry": 0.8, "skeleton": 0.6,
    "hachures": 1, "sketch_map": 0.5, "grave": 0.7,
}  # fmt: skip


def centred(sheet: Sheet, y: float, text: str, size: float, *, bold: bool = False, head: bool = True) -> None:
    """One line in the middle of the type area."""
    left, _, right, _ = sheet.body
    file = sheet.press.head if head else sheet.press.body
    width = sheet.press.face(file, size).getlength(text)
    sheet.put("print", (max(left, (left + right - width) / 2), y), text, size, right - left, bold=bold, file=file)


def chapter(sheet: Sheet) -> None:
    """The first page of a chapter in an old book: ornament, title, drop cap, broken letters where there are any."""
    press = sheet.document.press
    fraktur = sheet.document.kit.fonts.fraktur
    if fraktur and sheet.document.shared("broken letters", lambda rng: bool(rng.random() < 0.4)):
        face = sheet.document.shared("fraktur", lambda rng: fraktur[int(rng.integers(len(fraktur)))])
        sheet.document.press = replace(press, body=face, head=face)
    left, top, right, bottom = sheet.body
    y = top
    if sheet.chance(0.55):
        high = sheet.uniform(60, 170)
        sheet.paste(
            draw_figure(sheet.rng, int((right - left) * 0.8), int(high), "ornament"),
            (int(left + (right - left) * 0.1), int(y)),
        )
        y += high + 20
    elif sheet.chance(0.5):
        y += sheet.uniform(80, 420)
    size = sheet.uniform(28, 52)
    centred(sheet, y + size, sheet.pick(("I.", "II.", "IV.", "Kapitel 3.", "Kapitola V.", "Chapter VII.")), size * 0.7)
    centred(sheet, y + size * 2.4, sheet.words.phrase(1, 4).capitalize() + ".", size)
    y += size * 3
    if sheet.chance(0.6):
        middle, half = (left + right) / 2, sheet.uniform(40, 160)
        sheet.rule([(middle - half, y), (middle + half, y)], width=sheet.integer(1, 4))
    y += 30
    body = sheet.document.press.size
    if sheet.chance(0.65):
        lines = sheet.pick((2, 3, 4))
        step = body * sheet.document.press.leading
        large = step * lines * 0.98
        letter = sheet.pick("ABDEHIKLMNOPSTUVW")
        face = sheet.document.press.face(sheet.document.press.head, large)
        room = face.getlength(letter) + 10
        if sheet.chance(0.3):
            sheet.draw.rectangle((left, y + 4, left + room, y + 4 + large), outline=sheet.press.ink, width=2)
        sheet.put("print", (left + 3, y + large * 0.9), letter, large, room + 20, file=sheet.document.press.head)
        sheet.press.block(
            sheet.image,
            sheet.words,
            (left + room + 8, y, right, y + step * (lines - 0.3)),
            sheet.rng,
            paragraph=(60, 90),
        )
        y += step * lines
    end = bottom if sheet.chance(0.7) else y + (bottom - y) * sheet.uniform(0.4, 0.9)
    sheet.press.block(sheet.image, sheet.words, (left, y, right, end), sheet.rng)
    sheet.document.press = press


def plate(sheet: Sheet, label: str) -> None:
    """A plate of an old book: engraved (DRAW) or a halftone (PHOTO), perhaps framed, with number and title."""
    left, top, right, bottom = sheet.body
    framed = sheet.chance(0.5)
    number = (
        sheet.pick(("Taf. ", "Tab. ", "Pl. ", "Tabule ", "Fig. ", ""))
        + sheet.pick(("I", "II", "IV", "VII", "XII", "XXIII"))
        + "."
    )
    sheet.put("print", (right - 130 if sheet.chance(0.6) else (left + right) / 2 - 40, top - 8), number, 20, 200)
    foot = bottom - sheet.uniform(30, 90)
    count = sheet.pick({1: 5, 2: 3, 4: 1.5})
    across = 2 if count == 4 or (count == 2 and sheet.width > sheet.height) else 1
    down = count // across
    for index in range(count):
        wide, tall = (right - left) / across, (foot - top) / down
        x, y = left + wide * (index % across) + 8, top + tall * (index // across) + 8
        inner_w, inner_h = wide - 16, (tall - 16 - (34 if count > 1 else 0)) * sheet.uniform(0.7, 1)
        if label == "PHOTO":
            ratio = sheet.pick((1.33, 1.5, 0.75, 0.7))
            inner_w, inner_h = min(inner_w, inner_h * ratio), min(inner_h, inner_w / ratio)
            made = photograph(sheet, int(inner_w), int(inner_h))
            x += (wide - 16 - inner_w) / 2
            sheet.image.paste(made, (int(x), int(y)))
        else:
            kind = sheet.pick(ENGRAVED)
            sheet.paste(draw_figure(sheet.rng, int(inner_w), int(inner_h), kind), (int(x), int(y)))
        if framed and count == 1:
            for inset in (0, 6) if sheet.chance(0.5) else (0,):
                sheet.draw.rectangle(
                    (x - 4 - inset, y - 4 - inset, x + inner_w + 4 + inset, y + inner_h + 4 + inset),
                    outline=sheet.press.ink,
                    width=2,
                )
        if count > 1:
            sheet.put("print", (x + inner_w * 0.4, y + inner_h + 26), f"Fig. {index + 1}.", 18, 160)
    centred(
        sheet,
        min(bottom, sheet.height - 20),
        sheet.words.phrase(2, 7).capitalize() + ".",
        sheet.uniform(18, 26),
        head=False,
    )


def in_text(sheet: Sheet, label: str) -> None:
    """A page of an old book or journal with small pictures set into the text, "Fig. 12." below each."""
    left, top, right, bottom = sheet.body
    sheet.put("print", (left, top - 6), str(sheet.integer(2, 600)), 18, 80)
    centred(sheet, top - 6, sheet.words.phrase(1, 4).upper(), 15, head=False)
    y = top + 14
    for number in range(sheet.integer(1, 2)):
        cut = y + (bottom - y) * sheet.uniform(0.1, 0.45)
        sheet.press.block(sheet.image, sheet.words, (left, y, right, cut), sheet.rng)
        high = min(sheet.uniform(180, 520), bottom - cut - 90)
        if high < 120:
            y = cut + 20
            break
        wide = (right - left) * sheet.uniform(0.35, 0.9)
        x = left + (right - left - wide) * sheet.pick((0.5, 0.5, 0.0, 1.0))
        if label == "PHOTO":
            sheet.image.paste(photograph(sheet, int(wide), int(high)), (int(x), int(cut + 14)))
        else:
            made = (
                draw_figure(sheet.rng, int(wide), int(high), sheet.pick(ENGRAVED))
                if sheet.chance(0.6)
                else figure(sheet, int(wide), int(high))
            )
            sheet.paste(made, (int(x), int(cut + 14)))
        text = f"Fig. {sheet.integer(1, 90) + number}. {sheet.words.phrase(1, 5)}."
        centred(sheet, cut + high + 40, text, 17, head=False)
        y = cut + high + 60
    sheet.press.block(sheet.image, sheet.words, (left, y, right, bottom), sheet.rng)


def verse(sheet: Sheet) -> None:
    """Poems, a play or a libretto: short lines in groups, names before them, numbers at the side."""
    left, top, right, bottom = sheet.body
    left += sheet.uniform(0, 0.2) * (right - left)
    play = sheet.chance(0.4)
    y = heading(sheet, left, top, right, sheet.uniform(24, 40)) if sheet.chance(0.6) else top
    while y < bottom - 60:
        for line in range(sheet.integer(2, 8)):
            y += sheet.press.size * sheet.document.press.leading
            if y > bottom:
                break
            x = left
            if play and line == 0:
                x = sheet.put("print", (x, y), sheet.words.place().upper() + ".", 0, 200, bold=True) + 12
            elif play or line % 2:
                x += 40 if play else sheet.pick((0, 40))
            sheet.put("print", (x, y), sheet.words.sentence(4, 9).rstrip("."), 0, right - x)
        y += sheet.press.size


def dictionary(sheet: Sheet) -> None:
    """A lexicon or a catalogue of articles: two or three columns, a bold word before every entry."""
    left, top, right, bottom = sheet.body
    count, gap, size = sheet.pick((2, 2, 3)), 26, sheet.uniform(13, 18)
    wide = (right - left - gap * (count - 1)) / count
    centred(sheet, top - 4, sheet.words.place() + " – " + sheet.words.place(), 18)
    hang = sheet.pick((0, 14, 24))
    for column in range(count):
        x, y = left + column * (wide + gap), top + 12
        while y < bottom - size * 2:
            word = sheet.words.phrase(1, 1).rstrip(".")
            lines = lines_of(sheet, size, wide - hang - size, sheet.integer(4, 45))
            for index, text in enumerate(lines):
                y += size * 1.2
                if y > bottom:
                    break
                at = x + (hang if index else 0)
                if index == 0:
                    at = sheet.put("print", (at, y), word + ",", size, wide, bold=True) + 5
                    text = text[: max(4, int((x + wide - at) / (size * 0.48)))]
                sheet.put("print", (at, y), text, size, x + wide - at)
            y += size * 0.25
        if column and sheet.document.shared("lexicon rule", lambda rng: bool(rng.random() < 0.4)):
            sheet.rule([(x - gap / 2, top), (x - gap / 2, bottom)], width=1)
