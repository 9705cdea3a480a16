"""A page with frames around its formulas, numbered as tables number them.

framed(image, find(image)).save("boxes.jpg")
"""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image, ImageDraw

from formulas.finding import Found

LARGEST = 2000  # pixels: the longer side of the picture
RED = (215, 25, 28)


def framed(image: Image.Image, found: Iterable[Found]) -> Image.Image:
    """A page with boxes around its formulas, numbered as in the table."""
    shown = image.convert("RGB")
    shown.thumbnail((LARGEST, LARGEST))
    scale = shown.width / image.width
    draw = ImageDraw.Draw(shown)
    for at, formula in enumerate(found, 1):
        left, top, right, bottom = (edge * scale for edge in formula.box)
        draw.rectangle((left - 5, top - 5, right + 4, bottom + 4), outline=RED, width=3)
        draw.text((left - 9, top - 5), f"{at}", fill=RED, anchor="rt", font_size=22)
    return shown
