r"""Formulas -> pictures, as papers had them: pdfLaTeX sets many in one document, Ghostscript draws its pages.

    pictures = draw(["\\frac { a } { b }", "x ^ { 2 }"], IM2LATEX)    # each an image "L", or why there is none

`IM2LATEX` is the style of the data set of that name, to about a dot: 12 pt Computer Modern as a display on A4, 200
dpi, 16 levels of grey. A formula that TeX refuses never costs its neighbours. What could read or write files, define or
loop is refused by name before TeX sees it (formula_words.py). Needs pdflatex and gs (`INSTALL`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageOps

from drawing.formula_style import Style
from drawing.formula_words import refusal, settable

SECONDS = 60.0  # how long TeX may take for one document
MARGIN = 2  # dots of white round a picture
TOOLS = ("pdflatex", "gs")
INSTALL = "apt-get install texlive-latex-base texlive-latex-recommended texlive-fonts-recommended lmodern ghostscript"

# Name -> what its preamble says. All of them are in the Debian packages above.
FONTS = {
    "computer modern": "",
    "latin modern": r"\usepackage{lmodern}",
    "times": r"\usepackage{mathptmx}",
    "tx": r"\usepackage{txfonts}",
    "palatino": r"\usepackage{mathpazo}",
    "px": r"\usepackage{pxfonts}",
    "euler": r"\usepackage{euler}",
    "sans": r"\usepackage{sansmath}\AtBeginDocument{\sansmath}",
}
SHARES = {"computer modern": 8, "latin modern": 3, "times": 3, "tx": 2, "palatino": 2, "px": 1, "euler": 1, "sans": 1}
SIZES = (9, 10, 10.95, 12, 14.4)  # pt; those that Computer Modern is drawn at

# The page is cut below its formula by whole dots of 200 dpi, so that ink falls on the raster as on the full A4 page.
_DOCUMENT = r"""\documentclass[12pt]{article}
\usepackage{amsmath,amssymb,mathrsfs}
%(extension)s
%(font)s
\pdfcompresslevel=0 \pdfobjcompresslevel=0
\begin{document}
\batchmode
\renewcommand\label[1]{}
\newcount\cutdots \newdimen\paper \newdimen\used
\long\def\formula#1#2{%%
  \immediate\write-1{FORMULA BEGINS #1}%%
  \setbox0\vbox{\hsize=%(width)s \textwidth=\hsize \linewidth=\hsize \columnwidth=\hsize
    \fontsize{%(size)s}{%(skip)s}\selectfont \abovedisplayshortskip\abovedisplayskip %(before)s#2%(after)s}%%
  \immediate\write-1{FORMULA ENDS #1 \the\currentgrouplevel}%%
  \paper=845.04684pt
  \used=\dimexpr 72.27pt+\topmargin+\headheight+\headsep+12pt\relax
  \setbox1\vbox{\kern\dimexpr\used-72.27pt\relax \moveright%(left)s\box0}%%
  \used=\dimexpr 72.27pt+\ht1+\dp1+30pt\relax
  \ifdim\used<\paper
    \cutdots=\dimexpr\paper-\used\relax \divide\cutdots 23681
    \advance\paper by -\dimexpr 72.27pt*\cutdots/200\relax
  \fi
  \pdfpageheight=\paper \pdfpagewidth=%(page)s
  \global\count0=#1\relax
  \shipout\box1
  \immediate\write-1{FORMULA SHIPPED #1 0}%%
}
%(formulas)s
\end{document}
"""
_ERROR = re.compile(r"^! (?:LaTeX Error: |Package \w+ Error: )?(.*)$")
_MARK = re.compile(r"^FORMULA (BEGINS|ENDS|SHIPPED) (\d+)(?: (\d+))?$")


IM2LATEX = Style("computer modern", 12, 200, page=True)


def missing() -> str:
    """What of it is not installed, and how it is; "" where all is."""
    absent = " and ".join(tool for tool in TOOLS if shutil.which(tool) is None)
    return f"{absent} not found: {INSTALL}" if absent else ""


def random_style(random: Random) -> Style:
    """A style as papers and books have them, mostly Computer Modern at 100 to 300 dpi."""
    font = random.choices(list(SHARES), list(SHARES.values()))[0]
    dpi = round(75 * (400 / 75) ** random.betavariate(2, 2))
    return Style(font, random.choice(SIZES), dpi, random.random() < 0.12, random.random() < 0.15)


def draw(formulas: Sequence[str], style: Style) -> list[Image.Image | str]:
    """One picture a formula, "L", black on white, with a margin of `MARGIN`; or a line that says why there is none.

    RuntimeError: pdflatex or gs does not start, or Ghostscript fails.
    """
    drawn: list[Image.Image | str] = [refusal(formula) for formula in formulas]
    waiting = [number for number, reason in enumerate(drawn) if reason == ""]
    batches = [waiting] if waiting else []
    while batches:
        batch = batches.pop()
        with tempfile.TemporaryDirectory(prefix="formulas-") as folder:
            log = _typeset([formulas[number] for number in batch], style, Path(folder))
            if log is None:  # it took too long: halves find whose fault that is
                if len(batch) == 1:
                    drawn[batch[0]] = f"TeX did not end within {SECONDS:g} seconds"
                else:
                    batches += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
                continue
            reasons, shipped = _outcomes(log, len(batch))
            pages = dict(zip(shipped, _pages(Path(folder) / "formulas.pdf", style), strict=False))
        whole = reasons[-1] == "" or bool(pages)  # what stops TeX for good may cost the whole document
        for number, (position, reason) in zip(batch, enumerate(reasons), strict=False):
            if whole or position == len(reasons) - 1:
                drawn[number] = reason or _cropped(pages.get(position), style)
        left = batch[len(reasons) :] if whole else batch[: len(reasons) - 1] + batch[len(reasons) :]
        if left:
            batches.append(left)
    return drawn


def _typeset(formulas: Sequence[str], style: Style, folder: Path) -> str | None:
    """Let TeX set formulas into folder/formulas.pdf. Returns its log, None: it took too long."""
    texts = [f"\\formula{{{number}}}{{%\n{settable(formula)}\n}}" for number, formula in enumerate(formulas)]
    document = _DOCUMENT % {
        "extension": r"\DeclareFontShape{OMX}{cmex}{m}{n}{<->sfixed*cmex10}{}" if style.page else "",
        "font": FONTS[style.font],
        "size": style.size,
        "skip": round(style.size * 1.2, 2),
        "width": "390pt" if style.page else "1500pt",
        "page": "597.50787pt" if style.page else "1600pt",
        "left": r"\oddsidemargin" if style.page else "-36pt",
        "before": r"\noindent$" if style.inline else r"\begin{displaymath}",
        "after": "$" if style.inline else r"\end{displaymath}",
        "formulas": "\n".join(texts),
    }
    (folder / "formulas.tex").write_text(document, encoding="utf-8")
    limits = {"openin_any": "p", "openout_any": "p", "max_print_line": "10000", "error_line": "200"}
    command = ["pdflatex", "-no-shell-escape", "-interaction=batchmode", "formulas.tex"]
    try:
        subprocess.run(
            command, cwd=folder, env={**os.environ, **limits}, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise RuntimeError(f"pdflatex does not start: {error.strerror}") from error
    log = folder / "formulas.log"
    return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""


def _outcomes(log: str, count: int) -> tuple[list[str], list[int]]:
    """Of the first formulas of a document: "" where it was set, else why not; and whose page each page is.

    They end where a formula left TeX in a group, or stopped it: what follows that one means nothing, and is set again.
    """
    reasons: list[str] = []
    shipped: list[int] = []
    error = ""
    begun = False
    for line in log.splitlines():
        if said := _ERROR.match(line):
            error = error or said[1].strip().rstrip(".")
        mark = _MARK.match(line)
        if mark is None:
            continue
        if mark[1] == "BEGINS":
            if begun or int(mark[2]) != len(reasons):
                break  # an earlier one ran into this one
            begun, error = True, ""
        elif mark[1] == "ENDS" and mark[3] != "0":
            error = error or "it leaves a group open"
            break
        elif mark[1] == "SHIPPED":
            reasons.append(error)
            shipped.append(int(mark[2]))
            begun = False
    if begun:
        reasons.append(error or "TeX stopped at it")
    if not reasons:
        raise RuntimeError(f"pdflatex cannot set anything: {error or 'it wrote no log'}")
    return reasons[:count], shipped


def _pages(pdf: Path, style: Style) -> Iterator[np.ndarray]:
    """The pages of a PDF, one after another, uint8 [rows, columns]; none where TeX has written no PDF."""
    if not pdf.is_file():
        return
    greys = 1 if style.bilevel else 4
    command = ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pgmraw", f"-r{style.dpi}",
               f"-dTextAlphaBits={greys}", f"-dGraphicsAlphaBits={greys}",
               "-sOutputFile=%stdout", pdf.name]  # fmt: skip
    try:
        process = subprocess.Popen(
            command, cwd=pdf.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise RuntimeError(f"gs does not start: {error.strerror}") from error
    with process:
        while process.stdout.readline().strip() == b"P5":
            line = process.stdout.readline()
            while line.startswith(b"#"):
                line = process.stdout.readline()
            columns, rows = map(int, line.split())
            process.stdout.readline()  # 255
            page = process.stdout.read(rows * columns)
            if len(page) < rows * columns:
                break
            yield np.frombuffer(page, dtype=np.uint8).reshape(rows, columns)
    if process.returncode:
        raise RuntimeError(f"gs failed on the pages of formulas, with exit code {process.returncode}")


def _cropped(page: np.ndarray | None, style: Style) -> Image.Image | str:
    """The formula of a page [rows, columns], or why there is none."""
    if page is None:
        return "it has no page"
    rows, columns = np.flatnonzero(page.min(axis=1) < 255), np.flatnonzero(page.min(axis=0) < 255)
    if not len(rows):
        return "it leaves no ink"
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    if top == 0 or left == 0 or bottom == page.shape[0] - 1 or right == page.shape[1] - 1:
        return "it is larger than the page"
    return ImageOps.expand(Image.fromarray(page[top : bottom + 1, left : right + 1]), MARGIN, 255)
