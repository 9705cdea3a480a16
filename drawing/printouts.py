"""Print-outs of computers, from needle and line printers: statistics, listings, records, accounts (kinds of LINE_P).

    printout(sheet)           # one of its kinds, on fan-fold paper or on single sheets

The printer keeps a fixed pitch like a typewriter, but its letters stand straight and evenly black; draft letters are
made of dots, nine high. Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from drawing.fonts import covers, typeface
from drawing.sheet import Sheet
from drawing.typeset import Typewriter

PROGRAMS = ("SPSS", "BMDP7M", "SAS", "NCSS", "STATGRAPHICS", "dBASE III PLUS", "T602", "FoxPro", "STATISTICA", "SOUPIS")
BARS = {(226, 240, 226): 5, (226, 234, 246): 2, (236, 236, 236): 2, (246, 236, 220): 1}
_OCR_A_KIND = ("OCRA", "cmunst", "syne", "nova")  # never seen in statistics


@dataclass
class Printer(Typewriter):
    """A computer's printer: no letter out of line. dots: the distance of the needles in pixels, 0 for whole letters."""

    dots: float = 0.0

    def _glyph(self, letter: str, variant: int) -> tuple[Image.Image, int, int]:
        if not self.dots:
            return super()._glyph(letter, 0)
        found = self._masks.get((letter, 0))
        if found is None:
            found = self._masks[letter, 0] = self._needles(letter)
        return found

    def _needles(self, letter: str) -> tuple[Image.Image, int, int]:
        """The letter as dots: rendered so small that a capital is seven dots high, then a disk for each dot."""
        wide, high, base = 10, 13, 9
        small = Image.new("L", (wide, high))
        face = typeface(self.file, 10)
        ImageDraw.Draw(small).text((wide / 2, base), letter, 255, face, "ms")
        across = self.pitch / 7.5
        ink = np.argwhere(np.asarray(small) > 95)
        big = Image.new("L", (round(wide * across) + 4, round(high * self.dots) + 4))
        draw = ImageDraw.Draw(big)
        r = max(0.6, 0.56 * self.dots)
        for row, column in ink.tolist():
            x, y = 2 + (column + 0.5) * across, 2 + (row + 0.5) * self.dots
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
        big = big.filter(ImageFilter.GaussianBlur(0.45 + self.blur))
        return big, round(self.pitch / 2 - big.width / 2), round(-base * self.dots - 2)


def choose_printer(rng: np.random.Generator, sheet: Sheet) -> Printer:
    """The printer of a document: its letters, pitch (10, 12 or 17 letters an inch), lines an inch and ribbon."""
    fonts = sheet.document.kit.fonts
    files = [file for file in fonts.printer if not file.stem.startswith(_OCR_A_KIND)] or fonts.printer
    letters = [file for file in files if covers(file, "řčš")] or files
    file = letters[int(rng.integers(len(letters)))]
    pitch = float(rng.choice([15.0, 12.5, 10.0, 8.8], p=(0.4, 0.27, 0.13, 0.2)))
    width = typeface(file, 100).getlength("n") / 100
    dots = float(rng.uniform(1.7, 2.3)) if rng.random() < 0.45 else 0.0
    if dots:
        dots = min(dots, pitch / 6)
    grey = int(rng.choice([0, 30, 60, 95, 125], p=(0.3, 0.25, 0.2, 0.15, 0.1)))
    tint = (0, 0, 0) if rng.random() < 0.88 else (20, 0, 40)
    size = max(9, round(min(pitch / width, 30) * rng.uniform(0.96, 1.12)))
    high = 11 * dots if dots else 0.86 * size  # from the top of a capital to the foot of a p
    leading = float(rng.choice([18.75, 25.0, 21.0, 37.5], p=(0.25, 0.5, 0.15, 0.1)))
    return Printer(
        file,
        size,
        pitch,
        max(leading, high * rng.uniform(0.95, 1.1)),
        tuple(min(255, grey + part + 10) for part in tint),
        0.0,
        0.0,
        int(rng.random() < 0.25 and not dots),
        float(rng.choice([0.0, 0.5])),
        True,
        False,
        dots=dots,
    )


def printout(sheet: Sheet) -> None:
    """A print-out of one of many kinds, with or without fan-fold paper and its running head."""
    printer = sheet.document.shared("printer", lambda rng: choose_printer(rng, sheet))
    paper = sheet.document.shared("fan-fold", lambda rng: str(rng.choice(["none", "none", "plain", "bars"])))
    wide = sheet.document.shared("wide print-out", lambda rng: bool(rng.random() < 0.3))
    if wide and sheet.width < sheet.height:
        sheet.width, sheet.height = sheet.height, sheet.width
        sheet.image = Image.new("RGB", (sheet.width, sheet.height), "white")
    left, top, right, bottom = sheet.body
    if sheet.document.year > 2002:  # single sheets by then
        paper = "none"
    if paper != "none":
        fan_fold(sheet, bars=paper == "bars")
        left, right = max(left, 70.0), min(right, sheet.width - 70.0)
    lines = Lines(sheet, printer, (left, top + printer.size, right, bottom))
    if sheet.chance(0.45):
        lines.running_head()
    kind = sheet.pick({statistics: 3, listing: 3, records: 1.6, crosstable: 1.5, accounts: 1, groups: 3, index: 0.8})
    kind(sheet, lines)


def fan_fold(sheet: Sheet, bars: bool) -> None:
    """Endless paper: sprocket holes at both sides, perforations, bars of pale green or blue."""
    w, h = sheet.width, sheet.height
    step = 75.0  # half an inch
    if bars:
        ink = sheet.pick(BARS)
        for y in np.arange(sheet.uniform(0, step), h, 2 * step):
            sheet.draw.rectangle((48, y, w - 48, y + step), fill=ink)
    if sheet.chance(0.8):
        tone = sheet.pick((60, 120, 190, 215))
        fill = None if tone > 100 else (tone, tone, tone)
        for side in (22, w - 22):
            for y in np.arange(sheet.uniform(8, step), h, step):
                sheet.draw.ellipse((side - 11, y - 11, side + 11, y + 11), outline=(tone, tone, tone), fill=fill)
    if sheet.chance(0.6):
        for x in (46, w - 46):
            for y in range(0, h, 9):
                sheet.draw.line((x, y, x, y + 3), (205, 205, 205))


class Lines:
    """Where the printer stands on the page: it goes down line by line and stops at the bottom."""

    def __init__(self, sheet: Sheet, printer: Printer, box: tuple[float, float, float, float]) -> None:
        self.sheet, self.printer = sheet, printer
        self.left, self.y, self.right, self.bottom = box
        self.room = printer.columns(self.right - self.left)

    @property
    def full(self) -> bool:
        """No line is left."""
        return self.y > self.bottom

    def line(self, text: str = "", count: float = 1) -> None:
        """One line of text, then so many lines further down."""
        if not self.full and text:
            text = text[: self.room].rstrip()
            self.printer.line(self.sheet.image, (self.left, self.y), text, self.sheet.rng)
        self.y += self.printer.leading * count

    def rule(self) -> None:
        """A line of hyphens or the like."""
        self.line(self.sheet.pick(("-", "-", "=", "_", "*")) * self.room)

    def running_head(self) -> None:
        """Program, date and page above the list."""
        sheet = self.sheet
        day = f"{sheet.integer(1, 28):02d}-{sheet.integer(1, 12):02d}-{sheet.document.year % 100:02d}"
        name = sheet.pick((*PROGRAMS, sheet.words.title().upper()))
        number = f"PAGE {sheet.integer(1, 200)}" if sheet.chance(0.6) else f"strana: {sheet.integer(1, 200)}"
        text = f"{sheet.pick((day, name))}  {name}"
        self.line(text.ljust(self.room - len(number) - 1)[: self.room - len(number) - 1] + number)
        if sheet.chance(0.4):
            self.line(sheet.words.phrase(3, 7).upper())
        if sheet.chance(0.4):
            self.rule()
        self.line(count=sheet.integer(0, 2))


def figure(sheet: Sheet, digits: int = 2) -> str:
    """A computed value: 12.30, .0417, -3.2E-02."""
    value = sheet.rng.normal(0, 1) * 10.0 ** sheet.integer(-1, 3)
    text = f"{value:.{digits}f}"
    if abs(value) < 1 and sheet.chance(0.5):
        text = text.replace("0.", ".", 1)
    return text


def _cells(widths: list[int], cells: list[str]) -> str:
    """One line of columns: the first flush left, figures flush right."""
    out = []
    for number, (width, text) in enumerate(zip(widths, cells, strict=True)):
        text = text[: width - 1]
        out.append(text.ljust(width) if number == 0 else text.rjust(width))
    return "".join(out)


def statistics(sheet: Sheet, lines: Lines) -> None:
    """Variables in rows; mean, deviation, variance, minimum and maximum in columns; blocks with a short head."""
    heads = ("VARIABLE", "MEAN", "STD DEV", "VARIANCE", "MIN", "MAX", "N", "T-VALUE", "PROB", "SE", "CV %")
    if sheet.chance(0.5):
        heads = ("znak", "průměr", "s", "s2", "min", "max", "n", "t", "p", "SE", "V %")
    while not lines.full:
        count = min(sheet.integer(3, 10), max(3, lines.room // 9))
        widths = [sheet.integer(9, 16), *[sheet.integer(7, 10)] * count]
        digits = [sheet.integer(0, 4) for _ in widths]
        lines.line(sheet.words.phrase(2, 6).upper() if sheet.chance(0.5) else sheet.words.sentence(3, 8), 2)
        lines.line(_cells(widths, list(heads[: count + 1])), sheet.pick((1, 2)))
        if sheet.chance(0.4):
            lines.line("-" * min(lines.room, sum(widths)))
        for _ in range(sheet.integer(4, 40)):
            name = sheet.pick((f"V{sheet.integer(1, 90)}", sheet.words.find()[:8], sheet.words.find().upper()[:8]))
            lines.line(_cells(widths, [name, *(figure(sheet, digit) for digit in digits[1:])]))
        lines.line(count=sheet.integer(1, 3))
        if sheet.chance(0.15):
            return


def groups(sheet: Sheet, lines: Lines) -> None:
    """Classes of each measurement with counts and shares, a sum, a blank line: narrow, often at the left alone."""
    start = sheet.integer(12, 26)
    pairs = sheet.integer(1, 4)
    widths = [start, sheet.integer(10, 16), *[sheet.integer(5, 8) for _ in range(2 * pairs)]]
    for number in range(sheet.integer(0, 3)):
        lines.line(" " * (10 * (number > 0)) + sheet.words.phrase(4, 8), 1)
    lines.line(count=1)
    lines.line(_cells(widths, ["Znak", "kategorie", *("n", "%") * pairs]), 2)
    while not lines.full:
        low = sheet.uniform(3, 140)
        for _ in range(sheet.integer(2, 6)):
            span = f"{low:.1f}-{low + 5:.1f}"
            low += 5
            shares = [part for _ in range(pairs) for part in (sheet.words.number(2), f"{sheet.uniform(0, 100):.1f}")]
            lines.line(_cells(widths, [sheet.words.find(), span, *shares]))
        if sheet.chance(0.7):
            lines.line(_cells(widths, [sheet.words.phrase(1, 2).upper(), "", *(sheet.words.number(3),) * (2 * pairs)]))
        lines.line(count=sheet.pick((1, 1, 2)))
        if sheet.chance(0.08):
            return


def listing(sheet: Sheet, lines: Lines) -> None:
    """Records one a line: number, codes, words, measures, from edge to edge or narrow."""
    kinds = [sheet.pick(("number", "measure", "word", "code", "date", "mark")) for _ in range(sheet.integer(3, 14))]
    width = {"number": 5, "measure": 7, "word": 14, "code": 10, "date": 12, "mark": 3}
    gap = sheet.pick((1, 1, 2, 3))
    bar = sheet.pick({" ": 6, "|": 1, "!": 1, ":": 0.5})
    while sum(width[kind] + gap for kind in kinds) > lines.room and len(kinds) > 2:
        kinds.pop()

    def row(texts: list[str]) -> str:
        parts = []
        for kind, text in zip(kinds, texts, strict=True):
            room = width[kind]
            parts.append((text[:room].rjust if kind in ("number", "measure") else text[:room].ljust)(room) + bar)
        return (" " * (gap - 1)).join(parts)

    if sheet.chance(0.75):
        lines.line(row([sheet.words.head(0).upper() for _ in kinds]))
        lines.rule() if sheet.chance(0.5) else lines.line()
    group = sheet.pick((5, 10, 1000, 1000))
    number = sheet.integer(1, 900)
    end = lines.y + (lines.bottom - lines.y) * sheet.pick((1.0, 1.0, 1.0, 0.6))
    empty = sheet.pick((0.0, 0.05, 0.25))
    while lines.y < end:
        texts = ["" if sheet.chance(empty) else sheet.words.entry(kind, sheet.document.year) for kind in kinds]
        texts[0] = str(number)
        lines.line(row(texts), 2 if number % group == 0 else 1)
        number += 1
    if sheet.chance(0.4):
        lines.rule()
        lines.line(f"{sheet.pick(('TOTAL', 'CELKEM', 'Summe', 'SUMA'))}   {number}")


def records(sheet: Sheet, lines: Lines) -> None:
    """Records of a database, field by field: NAME colon or dots, its contents behind; blank or ruled between."""
    fields = [sheet.words.head(0.4).upper()[:14].replace(" ", "_") for _ in range(sheet.integer(4, 22))]
    sign = sheet.pick((": ", " = ", "....: ", "   ", " : "))
    double = sheet.chance(0.3) and lines.room > 70
    while not lines.full:
        if sheet.chance(0.6):
            lines.line(f"Record# {sheet.integer(1, 4000)}" if sheet.chance(0.5) else f"*** {sheet.integer(1, 999)} ***")
        for name in fields:
            kind = sheet.pick(("words", "word", "code", "date", "number", "measure"))
            value = "" if sheet.chance(0.2) else sheet.words.entry(kind, sheet.document.year)
            text = name.ljust(15) + sign + value
            if double:
                text = text.ljust(lines.room // 2)[: lines.room // 2 - 1] + " " + sheet.words.head(0).upper() + sign
                text += sheet.words.entry("word", sheet.document.year)
            lines.line(text)
        if sheet.chance(0.3):
            lines.rule()
        lines.line(count=sheet.pick((1, 2)))
        if sheet.chance(0.2):
            return


def crosstable(sheet: Sheet, lines: Lines) -> None:
    """A cross table or a matrix drawn with signs: +----+----+ and upright strokes, or a triangle of figures."""
    while not lines.full:
        count = max(2, min(sheet.integer(3, 14), lines.room // 8 - 2))
        digits = sheet.integer(1, 4)
        names = [sheet.words.find().upper()[:6] for _ in range(count)]
        lines.line(sheet.words.phrase(2, 6).upper(), 2)
        triangle, boxed = sheet.chance(0.4), sheet.chance(0.5)
        lines.line(_cells([9, *[8] * count], ["", *names]))
        ruled = " " * 9 + "+" + "-------+" * count
        for row in range(count if triangle else sheet.integer(3, 22)):
            if boxed:
                lines.line(ruled)
            cells = [figure(sheet, digits)[:7] if column <= row or not triangle else "" for column in range(count)]
            mark = "|" if boxed else " "
            text = mark.join(cell.rjust(7) for cell in cells)
            lines.line(sheet.words.find().upper()[:8].ljust(9) + mark + text + mark)
        lines.line(ruled if boxed else "", 3)
        if sheet.chance(0.25):
            return


def accounts(sheet: Sheet, lines: Lines) -> None:
    """Accounts and lists of stock: item, unit, amount, price; sums under lines of hyphens."""
    words = max(12, lines.room - 44)
    while not lines.full:
        for _ in range(sheet.integer(3, 25)):
            price = sheet.uniform(0.5, 900)
            amount = sheet.integer(1, 60)
            item = f"{sheet.integer(100, 99999):>6} {sheet.words.phrase(1, 4)}"[: words - 1].ljust(words)
            unit = sheet.pick(("ks ", "kg ", "m  ", "hod"))
            lines.line(f"{item}{unit} {amount:>6} {price:>10.2f} {amount * price:>13.2f}")
        lines.line(" " * (words + 20) + "-" * 16)
        lines.line(" " * (words + 18) + f"{sheet.uniform(100, 99999):>17.2f}", 2)
        if sheet.chance(0.2):
            return


def index(sheet: Sheet, lines: Lines) -> None:
    """Words and figures in two to four columns side by side."""
    count = sheet.integer(2, 4)
    wide = max(10, lines.room // count)
    fill = sheet.pick((".", " ", " "))
    while not lines.full:
        parts = []
        for _ in range(count):
            number = sheet.words.number(3)
            parts.append(sheet.words.phrase(1, 2)[: wide - 8].ljust(wide - 7, fill) + number.rjust(4, fill) + "   ")
        lines.line("".join(parts), 2 if sheet.chance(0.03) else 1)
