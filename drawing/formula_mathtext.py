"""Formulas -> pictures by matplotlib's mathtext, which is there wherever the project is, and sets four of five.

    pictures = draw(["\\\\frac { a } { b }"], Style("stix", 12, 150))     # each an image "L", or why there is none

It has no environments and no displays: large operators stand as in text. What it does not know is an error; a glyph
that its font lacks would be drawn as another one, so that is an error here too.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
from PIL import Image, ImageOps

from drawing.formula_style import Style
from drawing.formula_words import refusal, settable

FONTS = ("cm", "stix", "stixsans", "dejavusans", "dejavuserif")
SHARES = (4, 4, 1, 1, 1)
SIZES = (9, 10, 11, 12, 14)  # pt
_ALONE = threading.Lock()  # its parser mixes up formulas of two threads
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S")
_NAME = re.compile(r"\\[A-Za-z]+$")
MARGIN = 2  # dots of white round a picture


def missing() -> str:
    """What of it is not installed, and how it is; "" where all is."""
    try:
        import matplotlib.mathtext  # noqa: F401
    except ImportError:
        return "matplotlib not found: pip install matplotlib"
    return ""


def random_style(random: Random) -> Style:
    """A style as pages made by programs have them."""
    font = random.choices(FONTS, SHARES)[0]
    return Style(font, random.choice(SIZES), round(90 * (300 / 90) ** random.random()), inline=True)


def draw(formulas: Sequence[str], style: Style) -> list[Image.Image | str]:
    """One picture a formula, "L", black on white, with a margin of `MARGIN`; or a line that says why there is none."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("agg")
    font = FontProperties(size=style.size, math_fontfamily=style.font)
    drawn: list[Image.Image | str] = []
    with _ALONE, _complaints() as complaints:
        for formula in formulas:
            complaints.clear()
            reason = refusal(formula) or ("holds $" if "$" in formula else "")
            try:
                ink = None if reason else np.asarray(parser.parse(f"${_closed_up(formula)}$", style.dpi, font).image)
            except (ValueError, RuntimeError, RecursionError, IndexError, KeyError, AttributeError) as error:
                reason = _said(error)
            if not reason and complaints:
                reason = complaints[0]
            drawn.append(reason or _cropped(255 - ink))
    return drawn


def _closed_up(formula: str) -> str:
    """The formula without blanks between its tokens, which mathtext lets scripts hang on: `x _ { 1 }` is `x_{1}`."""
    closed = ""
    for token in _TOKEN.findall(settable(formula)):
        closed += " " * bool(_NAME.search(closed) and token[0].isalpha()) + token
    return closed


def _said(error: Exception) -> str:
    """What mathtext says, without the picture of where: `Unknown symbol: \\\\foo`."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = next((line for line in reversed(lines) if not set(line) <= {"^"}), type(error).__name__)
    return re.sub(r"^Parse\w+: |\s*\(at char.*$", "", line)[:200]


def _cropped(page: np.ndarray) -> Image.Image | str:
    rows, columns = np.flatnonzero((page < 255).any(axis=1)), np.flatnonzero((page < 255).any(axis=0))
    if not len(rows):
        return "it leaves no ink"
    ink = page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8)
    return ImageOps.expand(Image.fromarray(ink), MARGIN, 255)


class _Listener(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """Gives the list of what mathtext warns of: glyphs that it does not have."""
    heard: list[str] = []
    logger, listener = logging.getLogger("matplotlib.mathtext"), _Listener(heard)
    passed_on, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        yield heard
    finally:
        logger.removeHandler(listener)
        logger.propagate = passed_on
