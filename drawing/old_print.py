"""Print of 1510 to 1850 (TEXT_P): pages of old books, title pages in many sizes, edicts, in roman letters and Fraktur.

    old_print(sheet)          # draws one of several kinds of page; a document keeps its letters and layout

Long s, woodcut initials, head-pieces, catchwords, notes at the side, uneven heavy ink; an ornament leaves it TEXT_P.
Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from drawing.figures import draw_figure
from drawing.fiscal import oval_stamp
from drawing.fonts import covers
from drawing.manuscripts import opening
from drawing.noise import fractal, stretch
from drawing.sheet import Sheet
from drawing.typeset import Box, choice, face_of
from drawing.words import Words

ANTIQUE = re.compile(
    r"essays1743|ebgaramond|junicode|goudy|fanwood|linden|baskervald|accanthis|prociono|didot|libertine|caslon|gotico|gamaliel",
    re.I,
)
ROMAN = ("M. DC. LXXII.", "M DCC XXXIX.", "MDCCLXXXVIII.", "M.D.XLVII.", "1743.", "1807.", "Anno 1691.")
CHAPTERS = (
    "CHAPITRE PREMIER.",
    "LIVRE SECOND.",
    "Das III. Capitel.",
    "CAP. XIV.",
    "§. 12.",
    "SECTION IV.",
    "Kapitola druhá.",
    "The Preface.",
)


@dataclass(frozen=True)
class Setting:
    """How a printer set the pages of one book.

    Attributes:
        body, head: files; size in pixels; leading, a factor.
        long_s: whether the letter is used; columns: 1 or 2; gap rule: between them.
        notes: share of the width for notes at the side, 0 for none; frame: ruled round the text.
        running, catch, signature: whether pages have a running head, a catchword, the number of the sheet.
        spread: how far ink runs, px; uneven: how uneven it lies, 0..1.
        left, right, top, bottom: shares.
        opening: the book lies open at two pages.
    """

    body: Path
    head: Path
    size: float
    leading: float
    long_s: bool
    columns: int
    rule: bool
    notes: float
    frame: bool
    running: bool
    catch: bool
    signature: bool
    spread: float
    uneven: float
    left: float
    right: float
    top: float
    bottom: float
    opening: bool

    @classmethod
    def choose(cls, rng: np.random.Generator, sheet: Sheet) -> Setting:
        """A printer at random; German and Czech books are in Fraktur mostly."""
        fonts = sheet.document.kit.fonts
        broken = {"de": 0.75, "cs": 0.6, "pl": 0.4}.get(sheet.document.words.language, 0.06)
        roman = [file for file in fonts.serif if ANTIQUE.search(file.stem)] or fonts.serif
        body = choice(rng, fonts.fraktur) if fonts.fraktur and rng.random() < broken else face_of(rng, roman, 0.12)
        head = body if rng.random() < 0.6 else face_of(rng, roman + fonts.fraktur, 0.1)
        wide = rng.random() < 0.15
        return cls(
            body,
            head,
            float(rng.uniform(19, 34) if rng.random() < 0.8 else rng.uniform(34, 52)),
            float(rng.uniform(1.02, 1.3)),
            bool(rng.random() < (0.85 if sheet.document.year < 1800 else 0.2)),
            2 if rng.random() < 0.16 else 1,
            bool(rng.random() < 0.5),
            0.16 if rng.random() < 0.2 else 0.0,
            bool(rng.random() < 0.1),
            bool(rng.random() < 0.75),
            bool(rng.random() < 0.65),
            bool(rng.random() < 0.3),
            float(rng.choice([0.0, 0.5, 0.9, 1.3], p=(0.2, 0.35, 0.3, 0.15))),
            float(rng.uniform(0.1, 0.7)),
            float(rng.uniform(0.2, 0.3) if wide else rng.uniform(0.07, 0.17)),
            float(rng.uniform(0.07, 0.2)),
            float(rng.uniform(0.05, 0.12)),
            float(rng.uniform(0.07, 0.2)),
            bool(rng.random() < 0.14),
        )


class OldWords:
    """Words of a Words, with the long s where it belongs."""

    def __init__(self, words: Words, long_s: bool) -> None:
        self.words, self.long_s = words, long_s

    def some(self, count: int) -> list[str]:
        """`count` words."""
        return [self.spelt(word) for word in self.words.some(count)]

    def spelt(self, text: str) -> str:
        """The text as it was set."""
        return re.sub(r"s(?=\w)", "ſ", text) if self.long_s else text


def old_print(sheet: Sheet) -> None:
    """A page of an old book: text, the beginning of a chapter, a title page, a dedication, an edict, a list."""
    press = sheet.document.press
    made = sheet.document.shared("setting of an old book", lambda rng: Setting.choose(rng, sheet))
    tone = sheet.integer(0, 50)
    sheet.document.press = replace(
        press, body=made.body, head=made.head, small=made.body, size=made.size, leading=made.leading, justify=True,
        ink=(tone, int(tone * 0.92), int(tone * 0.84)), spread=0,
    )  # fmt: skip
    words = OldWords(sheet.words, made.long_s and covers(made.body, "ſ"))
    if made.opening:
        opening(sheet, lambda half: _page(half, made, words))
    else:
        _page(sheet, made, words)
    _inked(sheet, made)
    sheet.document.press = press
    if sheet.chance(0.15):
        oval_stamp(sheet, (sheet.width * sheet.uniform(0.1, 0.8), sheet.height * sheet.uniform(0.05, 0.9)))
    if sheet.chance(0.1):  # a shelf mark or an owner's name
        at = (sheet.width * sheet.uniform(0.1, 0.6), sheet.height * sheet.uniform(0.03, 0.06))
        sheet.put("hand", at, sheet.words.phrase(1, 2).capitalize(), sheet.uniform(10, 18), 400)


def _page(sheet: Sheet, made: Setting, words: OldWords) -> None:
    kind = sheet.pick(
        {_text: 5, _chapter: 2.2, _title: 2.2, _dedication: 0.6, _edict: 0.5, _verse: 0.8, _articles: 0.8}
    )
    kind(sheet, made, words)


def _area(sheet: Sheet, made: Setting) -> Box:
    """The type area; margins change sides from leaf to leaf."""
    w, h = sheet.width, sheet.height
    left, right = (made.left, made.right) if sheet.chance(0.5) else (made.right, made.left)
    return (left * w, made.top * h, w - right * w, h - made.bottom * h)


def _text(sheet: Sheet, made: Setting, words: OldWords, top: float = 0) -> None:
    """Running text, in one column or two, below a running head."""
    left, y, right, bottom = _area(sheet, made)
    if made.running and not top:
        number = str(sheet.integer(1, 700))
        first, last = (number, "") if sheet.chance(0.5) else ("", number)
        sheet.put("print", (left, y), first, made.size)
        sheet.put("print", (right - 2.4 * made.size, y), last, made.size)
        _centred(sheet, (left, right), y, words.spelt(sheet.words.phrase(2, 4)).upper(), made.size * 0.8)
        if sheet.chance(0.3):
            sheet.rule([(left, y + 8), (right, y + 8)], width=2)
        y += made.size * 1.2
    y = max(y, top)
    if made.frame:
        sheet.draw.rectangle((left - 14, y - 8, right + 14, bottom + 14), outline=sheet.press.ink, width=2)
    side = made.notes * sheet.width
    if side:
        x = right - side if sheet.chance(0.5) else left
        for _ in range(sheet.integer(1, 4)):
            at = sheet.uniform(y, bottom - 90)
            _block(sheet, words, (x + 6, at, x + side - 6, at + sheet.uniform(30, 150)), made.size * 0.66)
        left, right = (left, right - side - 8) if x > left else (left + side + 8, right)
    gap = made.size
    wide = (right - left - gap * (made.columns - 1)) / made.columns
    for column in range(made.columns):
        x = left + column * (wide + gap)
        _block(sheet, words, (x, y, x + wide, bottom), made.size)
        if column and made.rule:
            sheet.rule([(x - gap / 2, y), (x - gap / 2, bottom)], width=1)
    if sheet.chance(0.2):  # notes below, in smaller letters, would begin with a rule
        sheet.rule([(left, bottom + 8), (left + (right - left) * 0.3, bottom + 8)], width=1)
    foot = bottom + made.size * 1.2
    if made.catch:
        text = words.spelt(sheet.words.phrase(1, 1))
        sheet.put("print", (right - sheet.press.face(made.body, made.size).getlength(text) - 6, foot), text, made.size)
    if made.signature:
        _centred(sheet, (left, right), foot, sheet.pick(("A iij", "B 2", "C", "Tome I.   D", "E 5")), made.size * 0.9)


def _chapter(sheet: Sheet, made: Setting, words: OldWords) -> None:
    """The beginning of a chapter: a head-piece, the title in lines of several sizes, a woodcut initial."""
    left, y, right, _ = _area(sheet, made)
    wide = right - left
    if sheet.chance(0.65):
        high = sheet.uniform(0.06, 0.15) * sheet.height
        _ornament(sheet, (left, y, right, y + high))
        y += high + made.size
    elif sheet.chance(0.5):
        y += sheet.uniform(0.05, 0.25) * sheet.height
    y = _title_lines(sheet, words, (left, y, right, y + 400), made, sheet.integer(1, 4), 2.0)
    if sheet.chance(0.5):
        _centred(sheet, (left, right), y + made.size, sheet.pick(CHAPTERS), made.size * 1.1)
        y += made.size * 1.8
    y += made.size * 0.6
    lines = sheet.integer(3, 7)
    tall = min(lines * made.size * made.leading, 0.15 * sheet.height)
    letter = sheet.pick("ABCDEHILMNOPQRSTV")
    _initial(sheet, (left, y + 4), tall - 6, letter, made)
    _block(sheet, words, (left + tall + 6, y, right, y + tall - made.size * 0.4), made.size, paragraph=(80, 90))
    _text(sheet, replace(made, columns=1 if wide < 700 else made.columns, notes=0.0), words, top=y + tall)


def _title(sheet: Sheet, made: Setting, words: OldWords) -> None:
    """A title page: lines in many sizes, an ornament or a printer's device, place, printer, year."""
    left, y, right, bottom = _area(sheet, made)
    y = _title_lines(sheet, words, (left, y, right, bottom), made, sheet.integer(5, 11), sheet.uniform(2.0, 3.4))
    room = bottom - 5 * made.size - y
    if room > 120 and sheet.chance(0.75):
        side = min(room * 0.7, (right - left) * sheet.uniform(0.2, 0.5))
        middle = (left + right) / 2
        _ornament(
            sheet,
            (middle - side / 2, y + room * 0.12, middle + side / 2, y + room * 0.12 + side * sheet.uniform(0.5, 1)),
        )
    y = bottom - 3.4 * made.size
    if sheet.chance(0.8):
        sheet.rule([(left + 40, y - made.size), (right - 40, y - made.size)], width=sheet.integer(1, 4))
    for text in (sheet.words.place().upper() + ",", words.spelt(sheet.words.phrase(3, 6)) + ",", sheet.pick(ROMAN)):
        _centred(sheet, (left, right), y, text, made.size * sheet.uniform(0.8, 1.2))
        y += made.size * 1.3


def _dedication(sheet: Sheet, made: Setting, words: OldWords) -> None:
    """A dedication or a preface in large letters, widely set."""
    _chapter(sheet, replace(made, size=made.size * 1.5, leading=made.leading * 1.25, columns=1, notes=0.0), words)


def _edict(sheet: Sheet, made: Setting, words: OldWords) -> None:
    """An edict: arms above, a title in large letters, articles to the page's foot."""
    left, y, right, bottom = _area(sheet, made)
    side = sheet.uniform(0.1, 0.2) * sheet.width
    middle = (left + right) / 2
    _ornament(sheet, (middle - side, y, middle + side, y + side))
    y = _title_lines(sheet, words, (left, y + side, right, bottom), made, sheet.integer(2, 4), 2.6)
    _block(sheet, words, (left, y + made.size, right, bottom), made.size * 0.9)


def _verse(sheet: Sheet, made: Setting, words: OldWords) -> None:
    """Verses or a play: short lines in groups, the second ones set in."""
    left, y, right, bottom = _area(sheet, made)
    y = _title_lines(sheet, words, (left, y, right, bottom), made, sheet.integer(0, 3), 1.8) + made.size
    step = made.size * made.leading
    while y < bottom:
        if sheet.chance(0.4):
            _centred(sheet, (left, right), y, sheet.words.place().upper() + ".", made.size * 0.9)
            y += step * 1.2
        for line in range(sheet.integer(2, 8)):
            if y > bottom:
                break
            x = left + (right - left) * (0.12 if line % 2 else 0.04)
            sheet.put("print", (x, y), words.spelt(sheet.words.sentence(4, 8)), made.size, right - x)
            y += step
        y += step * 0.5


def _articles(sheet: Sheet, made: Setting, words: OldWords) -> None:
    """Articles, a contents list or an index: short paragraphs hung out, numbers at the right."""
    left, y, right, bottom = _area(sheet, made)
    y = _title_lines(sheet, words, (left, y, right, bottom), made, 1, 1.8) + made.size
    size = made.size * 0.86
    dots = sheet.chance(0.5)
    while y < bottom - size:
        end = sheet.put(
            "print", (left, y), words.spelt(sheet.words.sentence(3, 9)).rstrip("."), size, (right - left) * 0.82
        )
        if dots and end < right - 90:
            sheet.put("print", (end + 6, y), "." * int((right - 60 - end) / (size * 0.3)), size, right - 56 - end)
        sheet.put("print", (right - 50, y), sheet.words.number(3), size)
        y += size * made.leading
        if sheet.chance(0.4):
            sheet.put("print", (left + 40, y), words.spelt(sheet.words.sentence(3, 9)), size, (right - left) * 0.7)
            y += size * made.leading


def _title_lines(sheet: Sheet, words: OldWords, box: Box, made: Setting, count: int, largest: float) -> float:
    """Centred lines, each of its own size, some in capitals, some spaced; the y below."""
    left, y, right, bottom = box
    for number in range(count):
        size = made.size * (sheet.uniform(1.0, largest) if number % 2 == 0 else sheet.uniform(0.8, 1.3))
        text = words.spelt(sheet.words.phrase(1, 2 if size > 1.6 * made.size else 5))
        if sheet.chance(0.5) and not covers_broken(made):
            text = sheet.words.phrase(1, 3).upper()
            if sheet.chance(0.3):
                text = " ".join(text)
        taken = sheet.press.face(made.head, size).getlength(text)
        size *= min(1.0, (right - left) / max(1.0, taken))
        y += size * 1.25
        if y > bottom:
            break
        red = sheet.document.shared("red lines", lambda rng: bool(rng.random() < 0.12)) and sheet.chance(0.4)
        _centred(sheet, (left, right), y, text, size, ink=(150, 40, 30) if red else None)
    return y


def covers_broken(made: Setting) -> bool:
    """Whether titles are set in Fraktur, which has no lines of capitals."""
    return bool(
        re.search(r"fraktur|gotisch|schwabacher|blackletter|textura|pirata|isabella|blankenburg", made.head.stem, re.I)
    )


def _centred(
    sheet: Sheet, sides: tuple[float, float], y: float, text: str, size: float, ink: tuple | None = None
) -> None:
    wide = sheet.press.face(sheet.press.head, size).getlength(text)
    x = max(sides[0], (sides[0] + sides[1] - wide) / 2)
    sheet.put("print", (x, y), text, size, sides[1] - x + 8, file=sheet.press.head, ink=ink)


def _block(sheet: Sheet, words: OldWords, box: Box, size: float, paragraph: tuple[int, int] = (50, 220)) -> float:
    return sheet.press.block(sheet.image, words, box, sheet.rng, size=size, paragraph=paragraph)  # type: ignore[arg-type]


def _ornament(sheet: Sheet, box: Box) -> None:
    """A head-piece or a device: a woodcut, or rows of printer's flowers."""
    left, top, right, bottom = box
    wide, high = int(right - left), int(bottom - top)
    if wide < 50 or high < 24:
        return
    if sheet.chance(0.35):
        step = sheet.uniform(14, 30)
        face = sheet.pick(("*", "§", "+", "o", "~", "x"))
        for y in np.arange(top + step, bottom + 1, step)[: sheet.integer(1, 3)]:
            for x in np.arange(left, right - step, step):
                sheet.put("print", (float(x), float(y)), face, step * 1.3)
        return
    kind = "ornament" if wide > 1.6 * high else sheet.pick(("ornament", "arms"))
    sheet.paste(draw_figure(sheet.rng, wide, high, kind), (int(left), int(top)))


def _initial(sheet: Sheet, at: tuple[float, float], side: float, letter: str, made: Setting) -> None:
    """A large letter: bare, in a frame, or white on a woodcut's tendrils."""
    x, y = at
    how = sheet.pick({"woodcut": 4, "frame": 1, "bare": 2.5})
    ink = sheet.press.ink
    if how == "woodcut":
        dark = sheet.chance(0.5)
        sheet.draw.rectangle((x, y, x + side, y + side), outline=ink, width=3, fill=ink if dark else None)
        tone = (255, 255, 255) if dark else ink
        for _ in range(int(side / 2.2)):
            cx, cy = sheet.rng.uniform(0.08, 0.92, 2) * side + (x, y)
            r = side * sheet.uniform(0.03, 0.12)
            start = sheet.uniform(0, 360)
            sheet.draw.arc((cx - r, cy - r, cx + r, cy + r), start, start + sheet.uniform(90, 300), fill=tone, width=2)
        inner = side * 0.2
        sheet.draw.rectangle((x + inner, y + inner, x + side - inner, y + side - inner), fill=ink if dark else "white")
        face = sheet.press.face(made.head, side * 0.72)
        sheet.draw.text((x + side / 2, y + side / 2), letter, tone if dark else ink, face, "mm", stroke_width=1)
        return
    if how == "frame":
        sheet.draw.rectangle((x, y, x + side, y + side), outline=ink, width=2)
    sheet.draw.text((x + side / 2, y + side / 2), letter, ink, sheet.press.face(made.head, side * 1.05), "mm")


def _inked(sheet: Sheet, made: Setting) -> None:
    """Ink that ran and lies unevenly: strokes thicker here and paler there."""
    page = sheet.image
    if made.spread:
        page = Image.blend(page, page.filter(ImageFilter.MinFilter(3)), min(1.0, made.spread * 0.6))
        page = page.filter(ImageFilter.BoxBlur(0.6))
    rows, columns = page.height // 8 + 4, page.width // 8 + 4
    pale = made.uneven * 70 * (1 + 0.7 * fractal(sheet.rng, rows, columns, 1.2))
    lift = Image.fromarray(stretch(pale.astype(np.float32), page.height, page.width).clip(0, 130).astype(np.uint8))
    sheet.image = ImageChops.lighter(page, Image.merge("RGB", [lift] * 3))
