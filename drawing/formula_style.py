"""How formulas are set, whoever sets them.

Style("computer modern", 12, 200)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """font: as the renderer names it; size: pt; dpi: dots per inch.

    inline: as in running text, with small fractions and limits; bilevel: black and white, without greys.
    page: as a display on an A4 page, where what is too wide for the lines is set closer; else on endless paper.
    """

    font: str
    size: float
    dpi: int
    inline: bool = False
    bilevel: bool = False
    page: bool = False
