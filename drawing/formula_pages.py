"""Composed pages with display formulas whose boxes are known: TeX sets them, pdfium draws them, a scanner wears them.

    pages = compose(numpy.random.default_rng(1), formulas)        # one document: a few `FormulaPage`
    worn(numpy.random.default_rng(2), pages[0]).boxes             # ((left, top, right, bottom), ...)

A document has a class, a font, a size, one column or two, a language; paragraphs (some with formulas in their lines,
which are no display formulas), headings, lists, tables, figures, theorems, programs, references. Some have no display
formula at all. Boxes come from colour: each formula is set in its own red and blue with no green, so that the green
channel is the page as print has it, and the share of red and blue says which formula a pixel is of. Needs TeX.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from drawing.vocabulary import STEMS
from drawing.words import Words

Box = tuple[int, int, int, int]  # left, top, right, bottom, pixels; right and bottom outside

FONTS = {
    "": 5, r"\usepackage{lmodern}": 1, r"\usepackage{mathptmx}": 3, r"\usepackage{mathpazo}": 1.5,
    r"\usepackage{txfonts}": 1, r"\usepackage{pxfonts}": 1, r"\usepackage{times}": 1, r"\usepackage{bookman}": 0.5,
    r"\usepackage{newcent}": 0.5, r"\usepackage{helvet}\renewcommand{\familydefault}{\sfdefault}": 0.7,
    r"\renewcommand{\familydefault}{\ttdefault}": 0.6,
}  # fmt: skip
LEVELS = 6  # of red and of blue: 35 colours that are not black, so as many formulas a page
TIMEOUT = 60  # seconds that TeX may take for a document
HEAD = r"""\documentclass[%s]{article}
\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{amsmath,amssymb,color}
%s
\pdfcompresslevel0\hbadness10000\vbadness10000\hfuzz100pt\vfuzz100pt
\setlength{\textwidth}{%dpt}\setlength{\textheight}{%dpt}\setlength{\oddsidemargin}{%dpt}\setlength{\topmargin}{-30pt}
\setlength{\columnsep}{%dpt}\setlength{\parindent}{%dpt}\setlength{\parskip}{%dpt plus 1pt}\linespread{%.2f}
\newsavebox{\trial}
\newcommand{\ifitfits}[2]{\sbox{\trial}{$\displaystyle #1$}\ifdim\wd\trial>0.86\linewidth\else #2\fi}
\begin{document}
%s
"""


@dataclass(frozen=True)
class FormulaPage:
    """A page ("L") and which formula each pixel of ink is of: `numbers` uint8 [H, W], 0 = none."""

    image: Image.Image
    numbers: np.ndarray

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where its display formulas stand, without their equation numbers."""
        boxes = []
        for number in np.unique(self.numbers[self.numbers > 0]):
            rows, columns = np.nonzero(self.numbers == number)
            boxes.append((int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1))
        return tuple(boxes)


def has_tex() -> bool:
    """Whether the program that sets the pages is installed."""
    return shutil.which("pdflatex") is not None


def compose(rng: np.random.Generator, formulas: Sequence[str], displays: bool = True) -> list[FormulaPage]:
    """The pages of one document, at 200 dpi or another resolution of scanners. displays: with display formulas.

    formulas: LaTeX, one each, as normalised formulas have it; those that TeX refuses are left out. OSError: TeX is not
    installed, or sets nothing.
    """
    document = _Document(rng, formulas, displays)
    dpi = int(rng.choice([150, 200, 200, 200, 240, 300]))
    with tempfile.TemporaryDirectory(prefix="formula_pages_") as folder:
        for _ in range(4):
            pdf, refused = _set(document.source(), Path(folder))
            if not refused:
                break
            document.refused |= refused
        return _drawn(pdf, dpi)


def _set(source: str, folder: Path) -> tuple[bytes, set[int]]:
    """The PDF of a LaTeX source, and the numbers of formulas (as it types them out) with an error in them."""
    (folder / "page.tex").write_text(source, encoding="utf-8")
    (folder / "page.pdf").unlink(missing_ok=True)
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "page.tex"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"pdflatex took more than {TIMEOUT} s") from error
    refused, number = set(), 0
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if found := re.match(r"FORMULA (\d+)", line):
            number = int(found[1])
        elif line.startswith("!"):
            refused.add(number)
    refused.discard(0)  # outside all formulas: TeX goes on
    if not (folder / "page.pdf").is_file():
        if not refused:
            raise OSError(f"pdflatex sets nothing: {done.stdout[-300:].decode('utf-8', 'replace')}")
        return b"", refused
    return (folder / "page.pdf").read_bytes(), refused


def _drawn(pdf: bytes, dpi: int) -> list[FormulaPage]:
    if not pdf:
        return []
    import pypdfium2

    pages = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            colours = np.asarray(page.render(scale=dpi / 72).to_pil().convert("RGB"), np.int16)
            dark = 255 - colours  # of a formula's pixel red and blue are a share of green
            green = np.maximum(dark[..., 1], 1)
            levels = np.rint((LEVELS - 1) * (1 - dark[..., [0, 2]] / green[..., None])).clip(0, LEVELS - 1)
            numbers = (levels[..., 0] * LEVELS + levels[..., 1]).astype(np.uint8)
            numbers[dark[..., 1] < 128] = 0
            pages.append(FormulaPage(Image.fromarray(colours[..., 1].astype(np.uint8)), numbers))
    return pages


def worn(rng: np.random.Generator, page: FormulaPage) -> FormulaPage:
    """The page as a scanner gives it: turned a little, soft, grainy, on toned paper, with specks and dark edges."""
    image, numbers = page.image, Image.fromarray(page.numbers)
    if rng.random() < 0.6:
        angle = float(rng.normal(0, 0.35))
        image = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)
        numbers = numbers.rotate(angle, Image.Resampling.NEAREST, fillcolor=0)
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.1)) * image.width / 1654))
    if rng.random() < 0.15:
        bold = rng.random() < 0.6
        pen = ImageFilter.MinFilter(3) if bold else ImageFilter.MaxFilter(3)  # thin letters vanish if paled further
        image = Image.blend(image, image.filter(pen), float(rng.uniform(0.2, 0.6 if bold else 0.35)))
    values = np.asarray(image, np.float32)
    height, width = values.shape
    if rng.random() < 0.5:
        ink = float(rng.uniform(0, 90))
        values = ink + values * (255 - ink) / 255
    if rng.random() < 0.4:
        slope = np.linspace(0, rng.normal(0, 25), width)[None] + np.linspace(0, rng.normal(0, 25), height)[:, None]
        values = values * ((rng.uniform(190, 250) + slope) / 255).clip(0.55, 1)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(5, 120))):
            y, x, size = int(rng.integers(height - 6)), int(rng.integers(width - 6)), int(rng.integers(1, 5))
            values[y : y + size, x : x + size] = rng.uniform(0, 160)
    if rng.random() < 0.15:
        edge = int(rng.integers(4, 70))
        side = [np.s_[:, :edge], np.s_[:, -edge:], np.s_[:edge], np.s_[-edge:]][int(rng.integers(4))]
        values[side] = rng.uniform(0, 60)
    if rng.random() < 0.6:
        values = values + rng.normal(0, rng.exponential(5), values.shape)
    if rng.random() < 0.2:
        values = np.where(values > rng.uniform(110, 190), 255.0, 0.0)
    image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if rng.random() < 0.4:
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=int(rng.integers(30, 90)))
        image = Image.open(jpeg).convert("L")
    return FormulaPage(image, np.asarray(numbers))


class _Document:
    """A plan of a document; `source` writes it out as LaTeX, without the formulas that were refused."""

    def __init__(self, rng: np.random.Generator, formulas: Sequence[str], displays: bool) -> None:
        self.rng, self.formulas, self.displays = rng, formulas, displays
        self.refused: set[int] = set()
        self.words = Words(rng, str(rng.choice([name for name in STEMS if name in ("en", "de", "fr", "cs")])))
        self.mathematical = displays or rng.random() < 0.4
        self.used = 0
        self.colour = 0
        self.items = [self._item() for _ in range(int(rng.integers(25, 60)))]
        self.head = self._head()

    def source(self) -> str:
        """The whole LaTeX source."""
        kept = [text for number, text in self.items if number not in self.refused]
        return self.head + "\n\n".join(kept) + "\n\\end{document}\n"

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _pick(self, often: dict[str, float]) -> str:
        weights = np.array(list(often.values()), float)
        return str(self.rng.choice(list(often), p=weights / weights.sum()))

    def _head(self) -> str:
        rng = self.rng
        two = self._chance(0.3)
        options = [self._pick({"10pt": 4, "11pt": 3, "12pt": 3}), "a4paper"]
        options += ["twocolumn"] if two else []
        options += ["fleqn"] if self._chance(0.15) else []
        options += ["leqno"] if self._chance(0.08) else []
        wide = int(rng.integers(430, 520) if two else rng.integers(330, 490))
        spread = self._pick({"1.0": 6, "1.2": 1, "1.5": 1})
        skip = self._pick({"0": 3, "6": 1})
        title = self._text(3, 9).rstrip(".")
        begin = self._pick({"": 2, r"\pagestyle{empty}": 1,
                            rf"\title{{{title}}}\author{{{self._names()}}}\date{{}}\maketitle": 1})  # fmt: skip
        return HEAD % (
            ",".join(options), self._pick(FONTS), wide, int(rng.integers(600, 740)), (595 - wide) // 2 - 72,
            int(rng.integers(12, 26)), int(rng.choice([0, 12, 15, 20])), int(skip), float(spread), begin,
        )  # fmt: skip

    def _names(self) -> str:
        return _escaped(f"{self.words.person()}, {self.words.person()}")

    def _item(self) -> tuple[int, str]:
        """A part of the document, and the number of its formula (0 = without)."""
        display = self.displays and self._chance(0.5)
        if display:
            return self._display()
        kinds = {"paragraph": 10, "section": 1.2, "list": 0.8, "table": 0.8, "figure": 0.4, "theorem": 0.6,
                 "program": 0.2, "centred": 0.3, "references": 0.2}  # fmt: skip
        return 0, getattr(self, f"_{self._pick(kinds)}")()

    def _display(self) -> tuple[int, str]:
        formula = self._formula()
        number = self.used
        self.colour = self.colour % (LEVELS**2 - 1) + 1
        red, blue = divmod(self.colour, LEVELS)
        colour = rf"\color[rgb]{{{red / (LEVELS - 1):.1f},0,{blue / (LEVELS - 1):.1f}}}"
        lines = _lines(formula) if self._chance(0.35) else [formula]
        if len(lines) > 1:
            rows = r" \\ ".join(f"{line[0]}& {line[1]}" for line in _aligned(lines))
            inner = rf"\begin{{aligned}} {rows} \end{{aligned}}"
            coloured = r" \\ ".join(
                rf"{colour} {line[0]}&{colour} {{}}{line[1]}" + (r"\nonumber" if self._chance(0.4) else "")
                for line in _aligned(lines)
            )
        else:
            inner, coloured = formula, ""
        own = rf"\tag{{{self._pick({'A.1': 1, '2.13': 3, '*': 1, '4a': 1, 'iv': 1})}}}"
        body = f"{{{colour} {inner}}}"
        kind = self._pick({"plain": 5, "numbered": 5, "tag": 1} | ({"rows": 6, "starred": 3} if coloured else {}))
        text = {
            "plain": rf"\[ {body} \]",
            "numbered": rf"\begin{{equation}} {body} \end{{equation}}",
            "tag": rf"\begin{{equation}} {body} {own} \end{{equation}}",
            "rows": rf"\begin{{align}} {coloured} \end{{align}}",
            "starred": rf"\begin{{align*}} {coloured} \end{{align*}}",
        }[kind]
        shown = rf"\typeout{{FORMULA {number}}}\ifitfits{{{inner}}}{{{text}}}\typeout{{FORMULA 0}}"
        before, after = self._sentences(1, 3), self._sentences(1, 4) if self._chance(0.7) else ""
        return number, f"{before}\n{shown}\n{after}"

    def _formula(self) -> str:
        while True:
            self.used += 1
            formula = self.formulas[int(self.rng.integers(len(self.formulas)))].strip()
            outside = r"\\" in formula and r"\begin" not in formula
            if formula and not outside and len(formula) < 900:
                return formula

    def _text(self, low: int, high: int) -> str:
        return _escaped(self.words.sentence(low, high))

    def _sentences(self, low: int, high: int) -> str:
        said = [self._text(5, 22) for _ in range(int(self.rng.integers(low, high)))]
        if self.mathematical:
            said = [self._with_inline(text) if self._chance(0.35) else text for text in said]
        return " ".join(said)

    def _with_inline(self, text: str) -> str:
        """A sentence with formulas in its lines: simple ones of our own."""
        letter = [self._pick(dict.fromkeys("abcfghknpqrstuvxyzABEFGHKLMNRSTVX", 1.0)) for _ in range(4)]
        greek = self._pick(dict.fromkeys((r"\alpha", r"\beta", r"\gamma", r"\lambda", r"\mu", r"\phi", r"\Omega"), 1.0))
        some = self._pick({
            letter[0]: 3, f"{letter[0]}_{letter[1]}": 3, f"{letter[0]}={greek}": 2, rf"{greek}": 2,
            f"{letter[0]}({letter[1]})={letter[2]}^2+{letter[3]}": 1.5, rf"{letter[0]}\to\infty": 1,
            rf"{letter[0]}\in {letter[1]}_{{{greek}}}": 1, rf"\sum_{{i}}{letter[0]}_i": 0.5,
            rf"\frac{{{letter[0]}}}{{{letter[1]}}}": 0.6, rf"\sqrt{{{letter[0]}}}": 0.5,
        })  # fmt: skip
        words = text.split(" ")
        words.insert(int(self.rng.integers(1, len(words) + 1)), f"${some}$")
        return " ".join(words)

    def _paragraph(self) -> str:
        return self._sentences(2, 7)

    def _section(self) -> str:
        kind = self._pick({"section": 2, "subsection": 2, "section*": 1, "paragraph": 1})
        return rf"\{kind}{{{self._text(1, 6).rstrip('.')}}} " + self._sentences(1, 4)

    def _centred(self) -> str:
        face = self._pick({r"\bfseries": 1, r"\itshape": 1, "": 1, r"\large": 1, r"\scshape": 1})
        return rf"\begin{{center}}{face} {self._text(1, 12)}\end{{center}}"

    def _list(self) -> str:
        kind = self._pick({"enumerate": 1, "itemize": 1, "description": 0.5})
        named = kind == "description"
        items = [
            rf"\item{f'[{self._text(1, 3)}]' if named else ''} {self._sentences(1, 2)}"
            for _ in range(int(self.rng.integers(2, 7)))
        ]
        return rf"\begin{{{kind}}}" + "\n".join(items) + rf"\end{{{kind}}}"

    def _table(self) -> str:
        columns, rows = int(self.rng.integers(2, 6)), int(self.rng.integers(3, 12))
        rule = self._pick({r"\hline": 1, "": 2})
        bar = "|" if self._chance(0.4) else ""
        cells = [
            " & ".join(
                _escaped(self.words.phrase(1, 1))
                if column == 0 or self._chance(0.15)
                else f"{self.rng.normal(20, 30):.{self.rng.integers(3)}f}"
                for column in range(columns)
            )
            for _ in range(rows)
        ]
        align = bar + bar.join(self._pick({"l": 1, "r": 1, "c": 1}) for _ in range(columns)) + bar
        body = rf" \\ {rule} ".join(cells)
        caption = f"Tab. {self.rng.integers(1, 20)}: {self._text(3, 12)}"
        return (
            rf"\begin{{center}}{caption}\\ \begin{{tabular}}{{{align}}} \hline {body} \\ \hline "
            r"\end{tabular}\end{center}"
        )

    def _figure(self) -> str:
        strokes = [
            rf"\put({self.rng.integers(150)},{self.rng.integers(90)}){{{what}}}"
            for _ in range(int(self.rng.integers(4, 14)))
            for what in (
                rf"\line({self.rng.integers(-3, 4)},1){{{self.rng.integers(10, 40)}}}",
                rf"\circle{{{self.rng.integers(5, 40)}}}",
                _escaped(self.words.phrase(1, 1)),
                rf"\framebox({self.rng.integers(8, 60)},{self.rng.integers(8, 40)}){{}}",
            )
            if self._chance(0.5)
        ]
        label = f"Fig. {self.rng.integers(1, 30)}. {self._text(4, 20)}"
        return (
            rf"\begin{{center}}\begin{{picture}}(170,110){' '.join(strokes)}\end{{picture}}\\"
            rf" {label}\end{{center}}"
        )

    def _theorem(self) -> str:
        name = self._pick({"Theorem": 1, "Lemma": 1, "Definition": 1, "Proof": 1, "Satz": 1, "Remark": 1})
        return rf"\noindent\textbf{{{name} {self.rng.integers(1, 30)}.}} \textit{{{self._sentences(1, 4)}}}"

    def _program(self) -> str:
        lines = [
            " " * int(self.rng.integers(0, 9)) + self._pick({"{} = {}({})": 1, "if {} > {}: {}": 1, "call {} {} {}": 1})
            .format(*(self.words.phrase(1, 1) for _ in range(3)))
            for _ in range(int(self.rng.integers(3, 10)))
        ]  # fmt: skip
        return "\\begin{verbatim}\n" + "\n".join(lines) + "\n\\end{verbatim}"

    def _references(self) -> str:
        items = [
            rf"{{}}[{n}] {self._names()}, \textit{{{self._text(3, 8)}}} {self.rng.integers(1, 90)} ({1900 + n * 3})\\"
            for n in range(1, int(self.rng.integers(4, 14)))
        ]
        return r"\noindent " + "\n".join(items)


def _escaped(text: str) -> str:
    return re.sub(r"([#$%&_{}])", r"\\\1", re.sub(r"[\\^~<>|]", " ", text))


def _lines(formula: str) -> list[str]:
    """A formula broken before its relations and signs, outside all brackets; one line where there is no such place."""
    tokens = re.findall(r"\\[a-zA-Z]+|\\.|[^\s]", formula)
    lines: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        if token in ("=", r"\equiv", r"\leq", r"\simeq", "+", "-") and depth == 0 and len(lines[-1]) > 12:
            lines.append([])
        depth += (token in ("{", r"\left", r"\begin", "(", "[")) - (token in ("}", r"\right", r"\end", ")", "]"))
        lines[-1].append(token)
    return [" ".join(line) for line in lines][:5]


def _aligned(lines: list[str]) -> list[tuple[str, str]]:
    """Lines as two cells each: what stands before the relation, and the rest."""
    first, sign, rest = lines[0].partition(" = ")
    head = (first, sign + rest) if sign and first.count("{") == first.count("}") else ("", lines[0])
    return [head, *(("", line) for line in lines[1:])]
