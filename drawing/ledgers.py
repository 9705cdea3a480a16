"""Registers of 1780 to 1925 filled by hand (LINE_HW): of notaries and parishes, account books, rolls, land registers.

    ledger(sheet)             # a page or an opening; the document's pages share columns, heads and rules

Printed or pen-drawn columns under heads, entries of several lines, numbers and dates at the left, sums at the right,
braces, a short rule between entries. Sizes are pixels at 150 dpi.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drawing.fiscal import office_stamp, oval_stamp
from drawing.manuscripts import opening
from drawing.pens import smooth
from drawing.sheet import Sheet
from drawing.typeset import Colour, choice

# Columns of each kind of register: (what stands in them, share of the width), and heads in the languages of offices.
KINDS: dict[str, tuple[tuple[str, float], ...]] = {
    "notary": (
        ("no", 0.06), ("day", 0.06), ("kind", 0.15), ("kind2", 0.11), ("text", 0.46), ("day", 0.07), ("sum", 0.09),
    ),
    "parish": (
        ("no", 0.05), ("date", 0.1), ("tick", 0.06), ("name", 0.14), ("tick", 0.04), ("tick", 0.04), ("text", 0.22),
        ("text", 0.2), ("name", 0.15),
    ),
    "births": (("no", 0.07), ("text", 0.63), ("name", 0.3)),
    "accounts": (("date", 0.11), ("words", 0.52), ("no", 0.07), ("sum", 0.1), ("sum", 0.1), ("sum", 0.1)),
    "journal": (("date", 0.12), ("text", 0.68), ("sum", 0.1), ("sum", 0.1)),
    "roll": (("no", 0.06), ("name", 0.24), ("words", 0.2), ("date", 0.14), ("sum", 0.12), ("words", 0.24)),
    "land": (
        ("no", 0.07), ("name", 0.25), ("words", 0.22), ("sum", 0.09), ("sum", 0.09), ("sum", 0.09), ("text", 0.19),
    ),
    "cases": (("no", 0.08), ("date", 0.12), ("name", 0.22), ("text", 0.4), ("kind", 0.18)),
}  # fmt: skip
OFTEN = {"notary": 4, "parish": 2.5, "births": 1, "accounts": 2, "journal": 1.2, "roll": 1.2, "land": 1, "cases": 1}
HEADS: dict[str, tuple[str, ...]] = {
    "fr": (
        "Nos", "DATES", "DES ACTES", "NATURE ET ESPÈCE", "EN MINUTES", "EN BREVETS", "FOLIO", "DROITS", "OBSERVATIONS",
        "NOMS, PRÉNOMS ET DOMICILES DES PARTIES", "INDICATIONS, SITUATIONS ET PRIX DES BIENS",
        "RELATION DE L'ENREGISTREMENT",
    ),
    "de": (
        "Nr.", "TAG", "NAMEN UND STAND", "RELIGION", "GESCHLECHT", "ELTERN", "PATHEN", "ANMERKUNG", "BETRAG", "SOLL",
        "HABEN", "GEGENSTAND",
    ),
    "cs": (
        "Čís.", "ROK, MĚSÍC, DEN", "JMÉNO", "STAV", "DŮM č.", "RODIČOVÉ", "KMOTŘI", "POZNAMENÁNÍ", "ZLATÝCH", "PŘÍJEM",
    ),
    "en": (
        "No.", "DATE", "NAMES OF THE PARTIES", "NATURE OF DEED", "ABODE", "OCCUPATION", "£", "s.", "d.", "REMARKS",
        "FOLIO", "WHEN BAPTIZED",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Ledger:
    """What the pages of a register share. Shares of the page's width or height; weights in pixels.

    Attributes:
        kind, edges: what the columns hold, and where they begin and end, the right edge of the last included.
        heads: lines of each column's head; printed: or written; head: the head's height, a share.
        left, right, top, bottom: the table's place; through: rules run to the page's foot.
        weights: of each upright rule; ink: of the rules; rows: rules between entries: "", "short", "all", "lines".
        row: the distance of lines; x_height: of the hand; entry: lines of one, from and to; gap: blank between them.
        month: a heading within the table, now and then; spread: it is an opening of two pages.
    """

    kind: tuple[str, ...]
    edges: tuple[float, ...]
    heads: tuple[tuple[str, ...], ...]
    printed: bool
    head: float
    left: float
    right: float
    top: float
    bottom: float
    through: bool
    weights: tuple[int, ...]
    ink: Colour
    rows: str
    row: float
    x_height: float
    entry: tuple[int, int]
    gap: float
    month: bool
    spread: bool

    @classmethod
    def choose(cls, rng: np.random.Generator, language: str) -> Ledger:
        """A register at random."""
        name = choice(rng, OFTEN)
        columns = KINDS[name]
        widths = np.array([share for _, share in columns]) * rng.uniform(0.8, 1.25, len(columns))
        words = HEADS.get(language, HEADS["de"])
        heads = tuple(
            tuple(words[int(i)] for i in rng.integers(0, len(words), int(rng.integers(1, 3)))) for _ in columns
        )
        weights = rng.choice([1, 2, 4], len(columns) + 1, p=(0.5, 0.35, 0.15))
        row = float(rng.uniform(22, 52))
        many = name in ("notary", "parish", "births", "journal", "cases")
        tone = int(rng.integers(0, 90))
        ink = choice(rng, {(tone, tone, tone): 6, (70, 50, 40): 2, (120, 130, 170): 1, (170, 100, 100): 0.8})
        return cls(
            tuple(kind for kind, _ in columns),
            (0.0, *(float(v) for v in np.cumsum(widths / widths.sum()))),
            heads,
            bool(rng.random() < 0.72),
            float(rng.uniform(0.035, 0.1)),
            float(rng.uniform(0.02, 0.12)),
            float(rng.uniform(0.9, 0.995)),
            float(rng.uniform(0.03, 0.1)),
            float(rng.uniform(0.93, 1.0)),
            bool(rng.random() < 0.7),
            tuple(int(v) for v in weights),
            ink,
            choice(rng, {"": 3, "short": 3, "all": 2, "lines": 2.5}),
            row,
            row * float(rng.uniform(0.24, 0.36)),
            (2, int(rng.integers(3, 10))) if many else (1, int(rng.choice([1, 1, 2, 3]))),
            float(rng.uniform(0.2, 1.6)) if many else float(rng.choice([0.0, 0.3])),
            bool(rng.random() < 0.4),
            bool(rng.random() < 0.28),
        )


def ledger(sheet: Sheet) -> None:
    """A page of a register, or an opening of two."""
    shape = sheet.document.shared("ledger", lambda rng: Ledger.choose(rng, sheet.document.words.language))
    if shape.spread:
        opening(sheet, lambda half: _page(half, shape))
    else:
        _page(sheet, shape)
    w, h = sheet.width, sheet.height
    if sheet.chance(0.4):
        sheet.put(
            "hand", (w * sheet.pick((0.9, 0.95, 0.04)), h * sheet.uniform(0.02, 0.035)), sheet.words.number(3), 14, 90
        )
    if sheet.chance(0.12):
        oval_stamp(sheet, (w * sheet.uniform(0.1, 0.8), h * sheet.uniform(0.05, 0.9)))
    if sheet.chance(0.08):
        office_stamp(sheet, (w * sheet.uniform(0.1, 0.6), h * sheet.uniform(0.05, 0.9)))


def _page(sheet: Sheet, shape: Ledger) -> None:
    w, h = sheet.width, sheet.height
    left, right = shape.left * w, shape.right * w
    if sheet.chance(0.4):  # a left-hand page
        left, right = w - right, w - left
    edges = [left + (right - left) * share for share in shape.edges]
    top, bottom = shape.top * h, shape.bottom * h
    if shape.printed and sheet.chance(0.3):
        text = sheet.pick(HEADS.get(sheet.document.words.language, HEADS["de"])) + f" {sheet.document.year}"
        sheet.put(
            "print", (left + (right - left) * sheet.uniform(0.1, 0.5), top - 12), text, 22, right - left, bold=True
        )
    body = _frame(sheet, shape, edges, top, bottom)
    _entries(sheet, shape, edges, body, bottom)


def _frame(sheet: Sheet, shape: Ledger, edges: list[float], top: float, bottom: float) -> float:
    """Rules and heads; the y where entries begin."""
    h, by_hand = sheet.height, not shape.printed
    body = top + shape.head * h
    foot = h if shape.through else bottom
    for x, weight in zip(edges, shape.weights, strict=True):
        above = sheet.uniform(-30, 0) if by_hand else 0
        sheet.rule([(x, top + above), (x, foot)], shape.ink, weight, by_hand)
        if weight == 1 and not by_hand and sheet.document.shared("double rules", lambda rng: bool(rng.random() < 0.25)):
            sheet.rule([(x + 5, body), (x + 5, foot)], shape.ink, 1)
    heavy = sheet.document.shared("weight of the head", lambda rng: int(rng.integers(2, 5)))
    sheet.rule([(edges[0], top), (edges[-1], top)], shape.ink, heavy, by_hand)
    sheet.rule([(edges[0], body), (edges[-1], body)], shape.ink, 2, by_hand)
    if heavy > 2:
        sheet.rule([(edges[0], body + 6), (edges[-1], body + 6)], shape.ink, 1, by_hand)
    if shape.rows == "lines":
        for y in np.arange(body + shape.row, foot, shape.row):
            sheet.rule([(0, y), (sheet.width, y)], (190, 198, 212), 1)
    for number, lines in enumerate(shape.heads):
        wide = edges[number + 1] - edges[number] - 8
        for row, text in enumerate(lines):
            y = top + shape.head * h * (row + 1) / (len(lines) + 0.7)
            if shape.printed:
                size = min(shape.head * h * 0.34, 21, 1.7 * wide / max(3, len(text)))
                if size < 7:
                    text, size = text[: max(2, int(wide / 5.5))], 9
                taken = sheet.press.face(sheet.press.head, size).getlength(text)
                x = edges[number] + 4 + max(0.0, (wide - taken) / 2)
                sheet.put("print", (x, y), text, size, wide + 4, bold=row == 0, file=sheet.press.head, ink=shape.ink)
            else:
                sheet.put("hand", (edges[number] + 6, y), text.capitalize(), min(shape.x_height, wide / 5), wide)
    return body + (8 if heavy > 2 else 0)


def _entries(sheet: Sheet, shape: Ledger, edges: list[float], y: float, bottom: float) -> None:
    """Entries until the page is full; now and then it ends sooner."""
    row, x_height = shape.row, shape.x_height
    end = y + (bottom - y) * sheet.pick({1.0: 7, sheet.uniform(0.3, 0.95): 2})
    number = sheet.integer(1, 900)
    y += row
    if shape.month and sheet.chance(0.6):
        y = _month(sheet, shape, edges, y)
    while y < end:
        tall = max(1, sheet.integer(*shape.entry))
        tall = min(tall, int((end - y) / row) + 1)
        _entry(sheet, shape, edges, y, tall, number)
        number += 1
        y += row * (tall - 1)
        if shape.rows == "all":
            sheet.rule([(edges[0], y + row * 0.4), (edges[-1], y + row * 0.4)], shape.ink, 1, not shape.printed)
        elif shape.rows == "short":
            x = edges[shape.kind.index("text")] if "text" in shape.kind else edges[0]
            sheet.rule(
                [(x + 8, y + row * 0.5), (x + sheet.uniform(60, 160), y + row * 0.5)], sheet.pen, 1, by_hand=True
            )
        y += row * (1 + shape.gap)
        if shape.month and sheet.chance(0.05) and y < end - 3 * row:
            y = _month(sheet, shape, edges, y)
    if "sum" in shape.kind and sheet.chance(0.3) and y < bottom:
        place = shape.kind.index("sum")
        sheet.rule([(edges[place], y), (edges[-1], y)], sheet.pen, 2, by_hand=True)
        sheet.put("hand", (edges[place] + 6, y + row), sheet.words.measure(), x_height, edges[-1] - edges[place])


def _entry(sheet: Sheet, shape: Ledger, edges: list[float], y: float, tall: int, number: int) -> None:
    """One entry: each column what belongs there, `tall` lines in those that hold text."""
    row, x_height, year = shape.row, shape.x_height, sheet.document.year
    for column, kind in enumerate(shape.kind):
        x, wide = edges[column] + 6, edges[column + 1] - edges[column] - 10
        at = y if kind != "sum" or sheet.chance(0.4) else y + row * (tall - 1)
        if kind == "no":
            sheet.put("hand", (x, at), str(number), x_height, wide)
        elif kind == "day":
            sheet.put(
                "hand", (x, at), sheet.pick((str(sheet.integer(1, 30)), '"', str(sheet.integer(1, 30)))), x_height, wide
            )
        elif kind == "date":
            sheet.put("hand", (x, at), sheet.words.date(year), x_height, wide)
        elif kind == "sum" and sheet.chance(0.85):
            sheet.put("hand", (x + wide * 0.2, at), sheet.words.measure(), x_height, wide)
        elif kind == "tick" and sheet.chance(0.6):
            sheet.put("hand", (x + wide * 0.3, at), sheet.pick(("1", "/", "1", "-")), x_height, wide)
        elif (kind == "kind2" and sheet.chance(0.3)) or kind == "kind":
            sheet.put("hand", (x, at), sheet.words.phrase(1, 2).capitalize(), x_height, wide)
            if tall > 2 and sheet.chance(0.25):
                sheet.put("hand", (x + 8, at + row), sheet.words.phrase(1, 2), x_height, wide)
        elif kind in ("name", "words"):
            for line in range(min(tall, sheet.integer(1, 3))):
                text = sheet.words.phrase(2, 6) if kind == "words" else sheet.words.phrase(1, 3).capitalize()
                sheet.put("hand", (x, at + row * line), text, x_height, wide)
        elif kind == "text":
            for line in range(tall):
                size = x_height * (1.25 if line == 0 and sheet.chance(0.6) else 1)
                limit = wide * (sheet.uniform(0.2, 1) if line == tall - 1 and tall > 1 else 1)
                text = " ".join(sheet.words.some(max(2, int(limit / (x_height * 3)) + 3)))
                sheet.put("hand", (x + 14 * (line > 0), at + row * line), text, size, max(40, limit - 14))
    if tall > 2 and sheet.chance(0.08):
        brace(sheet, edges[min(2, len(edges) - 2)] - 8, y - row * 0.6, y + row * (tall - 1))


def _month(sheet: Sheet, shape: Ledger, edges: list[float], y: float) -> float:
    """A heading within the table: a month, half printed, half written; the y below it."""
    middle = (edges[0] + edges[-1]) / 2 - 120
    x = middle
    if shape.printed:
        x = sheet.put("print", (middle, y), f"An {sheet.document.year}  mois d", 22, 300, ink=shape.ink)
    sheet.put("hand", (x + 6, y), sheet.words.phrase(1, 2).capitalize(), shape.x_height * 1.5, 260)
    return y + shape.row * 1.6


def brace(sheet: Sheet, x: float, top: float, bottom: float) -> None:
    """A brace by hand that holds some lines together."""
    middle, deep = (top + bottom) / 2, sheet.uniform(9, 18)
    way = np.array(
        [
            (x - deep, top),
            (x, top + 8),
            (x, middle - 8),
            (x + deep, middle),
            (x, middle + 8),
            (x, bottom - 8),
            (x - deep, bottom),
        ]
    )
    sheet.draw.line([tuple(v) for v in smooth(way, 5).tolist()], sheet.pen, 2)
