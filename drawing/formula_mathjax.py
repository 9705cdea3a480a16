"""Formulas -> pictures by MathJax 4 and resvg (formula_mathjax.cjs), as pages of the web have them.

    pictures = draw(["\\\\frac { a } { b }"], Style("newcm", 12, 150))     # each an image "L", or why there is none

What MathJax does not know it may show in red, without a word: a picture with any colour in it is none. Needs node, and
beside run.py what `INSTALL` installs.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageOps

from drawing.formula_style import Style
from drawing.formula_words import refusal, settable

SCRIPT = Path(__file__).with_name("formula_mathjax.cjs")
PACKAGES = ("mathjax", "@resvg/resvg-js")
INSTALL = "npm install --no-save --prefix . mathjax@4 @resvg/resvg-js@2"
FONTS = ("newcm",)
SIZES = (9, 10, 11, 12, 14)  # pt
MARGIN = 2  # dots of white round a picture
SECONDS = 300.0  # for one call


def missing() -> str:
    """What of it is not installed, and how it is; "" where all is."""
    if shutil.which("node") is None:
        return "node not found: install Node.js 18 or later"
    home = SCRIPT.parents[1]
    absent = [name for name in PACKAGES if not (home / "node_modules" / name).is_dir()]
    return f"{' and '.join(absent)} not found: in the folder of run.py, {INSTALL}" if absent else ""


def random_style(random: Random) -> Style:
    """A style as screens and prints of the web have it."""
    dpi = round(90 * (300 / 90) ** random.random())
    return Style(random.choice(FONTS), random.choice(SIZES), dpi, inline=random.random() < 0.15)


def draw(formulas: Sequence[str], style: Style) -> list[Image.Image | str]:
    """One picture a formula, "L", black on white, with a margin of `MARGIN`; or a line that says why there is none.

    RuntimeError: node does not start, or cannot load what it needs.
    """
    drawn: list[Image.Image | str] = [refusal(formula) for formula in formulas]
    asked = [number for number, reason in enumerate(drawn) if reason == ""]
    while asked:
        about = {"em": style.size * style.dpi / 72, "display": not style.inline}
        lines = [json.dumps({"latex": settable(formulas[number]), **about}) for number in asked]
        answers, error = _ask("\n".join(lines) + "\n")
        for number, answer in zip(asked, answers, strict=False):
            drawn[number] = _picture(answer)
        if len(answers) < len(asked):  # the next one stopped it
            if not answers and error.startswith("Cannot find module"):
                raise RuntimeError(f"MathJax cannot be loaded: {error}")
            drawn[asked[len(answers)]] = f"MathJax stopped at it{f' ({error})' if error else ''}"
        asked = asked[len(answers) + 1 :]
    return drawn


def _ask(lines: str) -> tuple[list[dict[str, str]], str]:
    """The answers to lines of JSON, fewer where it stopped before the end; and what it complained of."""
    try:
        ran = subprocess.run(
            ["node", str(SCRIPT)], input=lines.encode(), capture_output=True, timeout=SECONDS, check=False
        )
        out, error = ran.stdout, ran.stderr.decode(errors="replace").strip()
    except subprocess.TimeoutExpired as late:
        out, error = late.stdout or b"", f"no end within {SECONDS:g} seconds"
    except OSError as broken:
        raise RuntimeError(f"node does not start: {broken.strerror}") from broken
    whole = out[: out.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], error.partition("\n")[0]


def _picture(answer: dict[str, str]) -> Image.Image | str:
    """The cropped picture of one answer, or why there is none."""
    if "png" not in answer:
        return answer.get("error", "")[:200] or "refused"
    with Image.open(io.BytesIO(base64.b64decode(answer["png"]))) as picture:
        colours = np.asarray(picture.convert("RGB"))  # [rows, columns, 3]
    if (colours.max(axis=2) != colours.min(axis=2)).any():
        return "it has colours, as what MathJax does not know"
    page = colours[:, :, 0]
    rows, columns = np.flatnonzero((page < 255).any(axis=1)), np.flatnonzero((page < 255).any(axis=0))
    if not len(rows):
        return "it leaves no ink"
    if rows[0] == 0 or columns[0] == 0 or rows[-1] == page.shape[0] - 1 or columns[-1] == page.shape[1] - 1:
        return "it is larger than its box"
    ink = page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return ImageOps.expand(Image.fromarray(np.ascontiguousarray(ink)), MARGIN, 255)
