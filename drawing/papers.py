"""Text and tables of theses, papers and journals from a word processor or LaTeX: TEXT_P, LINE_P.

    contents(sheet)                   # a table of contents with dotted leaders

Sizes are pixels at 150 dpi, boxes (left, top, right, bottom).
"""

from __future__ import annotations

from PIL import Image

from drawing.office_tables import office_table
from drawing.placing import photograph
from drawing.printed import columns, heading
from drawing.sheet import Sheet
from drawing.slide_design import lines_of
from drawing.slides import scheme
from drawing.typeset import Box

LABELS = ("Fig.", "Figure", "Obr.", "Obrázek", "Abb.", "Abbildung", "Rys.", "Graf", "Plate")
TABLES = ("Tab.", "Table", "Tabulka", "Tabelle", "Tabela")


def running_head(sheet: Sheet) -> None:
    """What stands above the text on all pages: chapter or journal, a rule, a number."""
    kind = sheet.document.shared("running head", lambda rng: str(rng.choice(["none", "plain", "rule", "both"])))
    if kind == "none":
        return
    left, top, right, _ = sheet.body
    y = max(28.0, top - 42)
    sheet.put("print", (left, y), sheet.words.phrase(2, 6), 15, (right - left) * 0.7)
    sheet.put("print", (right - 40, y), str(sheet.integer(1, 250)), 15, 60)
    if kind != "plain":
        sheet.rule([(left, y + 8), (right, y + 8)], width=1)


def long_caption(sheet: Sheet, x: float, y: float, wide: float, names: tuple[str, ...] = LABELS) -> float:
    """A caption of one to six lines in small print, its number bold; the y below it."""
    name = sheet.document.shared("caption " + names[0], lambda rng: str(rng.choice(names)))
    size = sheet.press.size * sheet.uniform(0.72, 0.95)
    number = f"{name} {sheet.integer(1, 9)}{sheet.pick(('', '.', ':', '.' + str(sheet.integer(1, 30))))}"
    number += sheet.pick(("", ".", ":"))
    lines = lines_of(sheet, size, wide - size * 0.6, sheet.pick((4, 7, 12, 22, 40)))
    centred = sheet.chance(0.4) and len(lines) == 1
    for index, text in enumerate(lines[:6]):
        y += size * 1.25
        start = x
        if index == 0:
            face = sheet.press.face(sheet.press.body, size)
            if centred:
                start += max(0, wide - face.getlength(number + " " + text)) / 2
            start = sheet.put("print", (start, y), number, size, wide, bold=sheet.chance(0.7)) + size * 0.4
        sheet.put("print", (start, y), text, size, max(30, x + wide - start))
    return y + size * 0.8


# -- text


def contents(sheet: Sheet) -> None:
    """A table of contents: levels, numbers, dotted leaders, page numbers in one line."""
    left, top, right, bottom = sheet.body
    y = heading(sheet, left, top, right, sheet.uniform(24, 44), centred=sheet.chance(0.3)) if sheet.chance(0.8) else top
    size = sheet.press.size
    step = size * sheet.uniform(1.2, 1.9)
    end = bottom if sheet.chance(0.65) else y + (bottom - y) * sheet.uniform(0.3, 0.9)
    leader = sheet.pick({".": 5, ". ": 3, "": 1.2})
    deep = sheet.uniform(18, 46)
    numbers, page = [1, 0, 0], sheet.integer(1, 40)
    numbered = sheet.chance(0.8)
    while y + step < end:
        level = sheet.pick({0: 2, 1: 4, 2: 2})
        numbers[level] += 1
        numbers[level + 1 :] = [0] * (2 - level)
        y += step * (1.3 if level == 0 else 1)
        page += sheet.integer(0, 7)
        x = left + deep * level
        if numbered:
            label = ".".join(str(max(1, n)) for n in numbers[: level + 1])
            x = max(sheet.put("print", (x, y), label, size, 200, bold=level == 0) + 12, x + deep)
        text = sheet.words.phrase(1, 8 - level).capitalize()
        x = sheet.put("print", (x, y), text, size, max(80, (right - x) * 0.85), bold=level == 0)
        if leader and not (level == 0 and sheet.chance(0.3)):
            sheet.put("print", (x + 8, y), leader * 240, size, right - x - size * 2.6)
        width = sheet.press.face(sheet.press.body, size).getlength(str(page))
        sheet.put("print", (right - width, y), str(page), size, width + 9, bold=level == 0)


def bibliography(sheet: Sheet) -> None:
    """References with numbers in brackets, or hanging under their authors, in one or two columns."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    y0 = heading(sheet, left, top, right) if sheet.chance(0.4) else top
    count = sheet.pick((1, 1, 2))
    gap = 34
    wide = (right - left - gap * (count - 1)) / count
    size = sheet.press.size * (0.85 if count == 1 else 0.75)
    numbered = sheet.chance(0.5)
    hang = size * (2.4 if numbered else sheet.uniform(1, 3))
    number = sheet.integer(1, 60)
    for column in range(count):
        x, y = left + column * (wide + gap), y0
        while True:
            author = f"{sheet.words.person()}, {sheet.words.person()}"[: sheet.integer(12, 40)]
            lines = lines_of(sheet, size, wide - hang, sheet.integer(8, 34))
            lines[0] = f"{author} ({sheet.integer(1950, 2020)}): {lines[0]}"
            if y + size * 1.25 * len(lines) > bottom:
                break
            for index, text in enumerate(lines):
                y += size * 1.22
                if numbered and index == 0:
                    sheet.put("print", (x, y), f"[{number}]", size, hang + 10)
                inset = hang if numbered or index else 0
                sheet.put("print", (x + inset, y), text, size, wide - inset)
            number += 1
            y += size * 0.45


def formula(sheet: Sheet, left: float, y: float, right: float, number: str = "") -> float:
    """One displayed formula with fractions, sums and roots; the y below it."""
    serif = sheet.document.shared(
        "formula face",
        lambda rng: next(
            (f for f in sheet.document.kit.fonts.serif if "ital" in f.stem.lower()), sheet.document.kit.fonts.serif[0]
        ),
    )
    size = sheet.press.size * sheet.uniform(1.0, 1.2)
    y += size * 1.7

    def term() -> str:
        return sheet.pick("abcdefghikmnpqrstuvxyz") + sheet.pick(("", "", "(x)", "²", "'", f"·{sheet.integer(2, 9)}"))

    x = left + (right - left) * sheet.uniform(0.12, 0.38)
    for index in range(sheet.integer(3, 7)):
        if x > right - 160:
            break
        if index:
            x = sheet.put("print", (x, y), sheet.pick((" = ", " + ", " − ", " ≤ ")) if index > 1 else " = ", size, 80)
        kind = sheet.pick({"plain": 4, "fraction": 4, "sum": 2, "root": 1})
        if kind == "plain":
            x = sheet.put("print", (x, y), term(), size, 120, file=serif)
        elif kind == "fraction":
            over, under = term() + " + " + term(), term() + sheet.pick(("", " − " + term()))
            a = sheet.put("print", (x + 6, y - size * 0.75), over, size * 0.9, 200, file=serif)
            b = sheet.put("print", (x + 6, y + size * 0.65), under, size * 0.9, 200, file=serif)
            sheet.rule([(x, y - size * 0.35), (max(a, b) + 6, y - size * 0.35)], width=2)
            x = max(a, b) + 10
        elif kind == "sum":
            tall = size * 2
            points = [(0.7, 0.15), (0.7, 0), (0, 0), (0.38, 0.5), (0, 1), (0.7, 1), (0.7, 0.85)]
            sheet.rule([(x + a * tall, y - size * 1.3 + b * tall) for a, b in points], width=2)
            sheet.put("print", (x, y + size * 1.4), "i=1", size * 0.6, 60, file=serif)
            sheet.put("print", (x + 8, y - size * 1.5), "n", size * 0.6, 60, file=serif)
            x = sheet.put("print", (x + tall * 0.8, y), term(), size, 120, file=serif)
        else:
            end = sheet.put("print", (x + 18, y), term() + " + " + term(), size, 200, file=serif)
            sheet.rule([(x, y - 8), (x + 5, y + 3), (x + 14, y - size), (end + 4, y - size)], width=2)
            x = end + 8
    if number:
        sheet.put("print", (right - 60, y), f"({number})", sheet.press.size, 70)
    return y + size * 1.6


def formulas(sheet: Sheet) -> None:
    """Paragraphs with displayed formulas, theorems and proofs."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    y, number = top, sheet.integer(1, 20)
    size = sheet.press.size
    while y < bottom - 130:
        kind = sheet.pick({"text": 4, "formula": 4, "theorem": 2, "head": 0.7})
        if kind == "text":
            y = sheet.press.block(
                sheet.image, sheet.words, (left, y, right, min(bottom, y + sheet.uniform(60, 300))), sheet.rng
            )
            y += size * 0.4
        elif kind == "formula":
            y = formula(sheet, left, y, right, f"{number}" if sheet.chance(0.7) else "")
            number += 1
        elif kind == "head":
            y = heading(sheet, left, y + 12, right, centred=False)
        else:
            name = sheet.pick(
                ("Theorem", "Definition", "Lemma", "Proof", "Věta", "Definice", "Satz", "Beispiel", "Example")
            )
            y += size * 1.5
            x = sheet.put("print", (left, y), f"{name} {number}.", size, 300, bold=True)
            sheet.put("print", (x + 10, y), sheet.words.sentence(6, 14), size, right - x - 10)
            y = sheet.press.block(
                sheet.image, sheet.words, (left, y + 6, right, min(bottom, y + sheet.uniform(40, 150))), sheet.rng
            )
            if sheet.chance(0.4):
                sheet.draw.rectangle((right - 16, y - 6, right - 4, y + 6), outline=sheet.press.ink, width=2)
            y += size


def code_listing(sheet: Sheet) -> None:
    """A program in letters of one width: indented, numbered, in a frame or on grey, with text about it."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    file = sheet.pick([*sheet.document.kit.fonts.printer])
    size = sheet.uniform(14, 19)
    y = top
    if sheet.chance(0.6):
        y = (
            sheet.press.block(sheet.image, sheet.words, (left, top, right, top + sheet.uniform(80, 500)), sheet.rng)
            + 25
        )
    end = bottom if sheet.chance(0.6) else y + (bottom - y) * sheet.uniform(0.4, 0.9)
    frame = sheet.pick({"none": 3, "box": 2, "grey": 3, "rules": 1})
    if frame == "grey":
        sheet.draw.rectangle((left - 8, y, right + 8, end), fill=(sheet.integer(228, 246),) * 3)
    elif frame == "box":
        sheet.draw.rectangle((left - 8, y, right + 8, end), outline=sheet.press.ink, width=1)
    coloured, numbered, level = sheet.chance(0.45), sheet.chance(0.5), 0
    line = 1
    while y + size * 1.3 < end - 6:
        y += size * 1.25
        x = left + 6
        if numbered:
            sheet.put("print", (x, y), f"{line:3d}", size, 60, file=file, ink=(140, 140, 140))
            x += size * 2.6
        line += 1
        level = max(0, min(5, level + sheet.pick({0: 5, 1: 2, -1: 2, -2: 0.5})))
        if sheet.chance(0.12):
            continue
        name, other = (sheet.words.find().lower().replace(" ", "_")[:12] for _ in range(2))
        text = sheet.pick(
            (
                f"{name} = {other}({sheet.words.number(3)})",
                f"for {name} in range({sheet.words.number(2)}):",
                f"if ({name} > {sheet.words.number(3)}) {{",
                f"return {name}",
                "}",
                f"# {sheet.words.phrase(2, 7)}",
                f'print("{sheet.words.phrase(1, 5)}")',
                f"SELECT {name}, {other} FROM {name}",
                f"public void {name}(int {other}) {{",
                f'<{name} id="{other}">{sheet.words.number(3)}</{name}>',
            )
        )
        tone = sheet.pick(((0, 0, 160), (0, 110, 0), (150, 20, 20), (20, 20, 24))) if coloured else sheet.press.ink
        x += level * size * 2.2
        sheet.put("print", (x, y), text, size, right - x, file=file, ink=tone)
    if end < bottom - 60:
        sheet.press.block(sheet.image, sheet.words, (left, end + 25, right, bottom), sheet.rng)


def thesis_title(sheet: Sheet) -> None:
    """The title page of a thesis: school, kind of thesis, title, names, place and year."""
    left, top, right, bottom = sheet.body
    middle = (left + right) / 2 if sheet.chance(0.85) else 0.0

    def line(y: float, text: str, size: float, bold: bool = False) -> None:
        face = sheet.press.face(sheet.press.head if bold else sheet.press.body, size)
        x = max(left, middle - face.getlength(text) / 2) if middle else left
        sheet.put("print", (x, y), text, size, right - x, bold=bold, file=sheet.press.head if bold else None)

    y = top + sheet.uniform(20, 120)
    for _ in range(sheet.integer(1, 3)):
        line(y, sheet.words.phrase(2, 5).capitalize(), sheet.uniform(24, 38), sheet.chance(0.4))
        y += 46
    if sheet.chance(0.45):  # the seal of the school
        size, x = sheet.uniform(90, 220), middle or left + 120
        y += 40
        for inset in (0, 0.08, 0.35):
            box = (x - size * (0.5 - inset), y + size * inset, x + size * (0.5 - inset), y + size * (1 - inset))
            sheet.draw.ellipse(box, outline=sheet.press.ink, width=3)
        y += size
    y = max(y + 60, top + (bottom - top) * sheet.uniform(0.33, 0.5))
    for _ in range(sheet.integer(1, 3)):
        line(y, sheet.words.phrase(2, 5).capitalize(), sheet.uniform(36, 60), True)
        y += 70
    line(
        y + 30,
        sheet.pick(("Diplomová práce", "Bakalářská práce", "Dissertation", "Master's Thesis", "Magisterarbeit")),
        28,
    )
    for offset in range(sheet.integer(1, 4)):
        line(bottom - 210 + offset * 40, sheet.words.person(), 23)
    line(bottom, f"{sheet.words.place()} {sheet.document.year}", 24)


def first_page(sheet: Sheet) -> None:
    """The first page of a paper: title, authors, abstract set in, then one or two columns."""
    running_head(sheet)
    left, top, right, bottom = sheet.body
    centred = sheet.chance(0.6)
    y = heading(sheet, left, top + 20, right, sheet.uniform(30, 46), centred=centred)
    for _ in range(sheet.integer(1, 3)):
        y += 30
        text = ", ".join(sheet.words.person() for _ in range(sheet.integer(1, 4)))
        width = sheet.press.face(sheet.press.body, 21).getlength(text)
        sheet.put("print", (max(left, (left + right - width) / 2) if centred else left, y), text, 21, right - left)
    y += 30
    inset = sheet.pick((0, 60, 110))
    box = (left + inset, y, right - inset, y + sheet.uniform(110, 330))
    after = sheet.press.block(
        sheet.image, sheet.words, box, sheet.rng, size=sheet.press.size * 0.85, bold=sheet.chance(0.1)
    )
    if sheet.chance(0.3):
        sheet.rule([(left, y - 8), (right, y - 8)], width=1)
        sheet.rule([(left, after + 12), (right, after + 12)], width=1)
    columns(sheet, (left, after + 40, right, bottom), sheet.pick((1, 2, 2)), headings=0.4)


# -- tables


def thesis_table(sheet: Sheet) -> None:
    """Tables with captions, alone or with some paragraphs; or one over the whole page lying on its side."""
    side = sheet.chance(0.25) and sheet.width < sheet.height
    if side:
        sheet.width, sheet.height = sheet.height, sheet.width
        sheet.image = Image.new("RGB", (sheet.width, sheet.height), "white")
    running_head(sheet)
    left, top, right, bottom = sheet.body if not side else (100, 110, sheet.width - 90, sheet.height - 90)
    y, size = top, sheet.press.size * sheet.uniform(0.68, 0.95)
    if not side and sheet.chance(0.4):
        y = sheet.press.block(
            sheet.image, sheet.words, (left, y, right, y + (bottom - top) * sheet.uniform(0.04, 0.16)), sheet.rng
        )
        y += 30
    above = sheet.chance(0.7)
    for _ in range(1 if side else sheet.pick({1: 5, 2: 3, 3: 1})):
        if y > bottom - 260:
            break
        if above:
            y = long_caption(sheet, left, y, right - left, TABLES)
        y = office_table(
            sheet, (left, y, right, bottom - 60), size, most=80 if sheet.chance(0.55) else sheet.integer(10, 30)
        )
        if not above:
            y = long_caption(sheet, left, y + 4, right - left, TABLES)
        y += sheet.uniform(20, 70)
    if not side and bottom - y > 150 and sheet.chance(0.6):  # less text than table
        end = min(bottom, y + (y - top) * sheet.uniform(0.1, 0.6))
        sheet.press.block(sheet.image, sheet.words, (left, y, right, end), sheet.rng)
    if side and sheet.chance(0.4):  # bound with the others
        sheet.image = sheet.image.transpose(Image.Transpose.ROTATE_90)
        sheet.width, sheet.height = sheet.image.size
        sheet.on_side = True


# -- figures


def picture(sheet: Sheet, label: str, box: Box) -> None:
    """A photograph (PHOTO) or a chart, scheme, map or drawing over the box."""
    left, top, right, bottom = (int(v) for v in box)
    if min(right - left, bottom - top) < 60:
        return
    if label.startswith("PHOTO"):
        sheet.image.paste(photograph(sheet, right - left, bottom - top), (left, top))
    else:
        sheet.paste(scheme(sheet, right - left, bottom - top), (left, top))
