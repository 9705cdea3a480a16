"""Pages a category as a picture: bars with their names and numbers, in SVG, which browsers and office programs show.

counts_picture({"TEXT": 120, "DRAW": 4}, failed=1)      # "<svg ..."; names stand in it as text
"""

from __future__ import annotations

import html
from collections.abc import Mapping

from utils import printable

MOST = 60  # categories with a bar of their own; the smallest of more are one together
WIDTH, ROW, NAMES, NUMBERS = 720, 24, 230, 90  # pixels
LONGEST = 30  # letters of a name; the middle of a longer one goes
GOLDEN = 137.508  # degrees: however many hues are taken, neighbours are never alike


def colour_of(number: int) -> str:
    """The colour of the category of that place, 0-based, as SVG and CSS have it.

    >>> colour_of(0), colour_of(1)
    ('hsl(215 55% 48%)', 'hsl(353 55% 60%)')
    """
    return f"hsl({round(215 + number * GOLDEN) % 360} 55% {(48, 60, 38)[number % 3]}%)"


def counts_picture(per_category: Mapping[str, int], failed: int = 0) -> str:
    """The picture. per_category: pages, all categories in order; failed: pages without one."""
    rows = [(name, pages, colour_of(place)) for place, (name, pages) in enumerate(per_category.items())]
    if len(rows) > MOST:
        kept = sorted(range(len(rows)), key=lambda place: -rows[place][1])[: MOST - 1]
        others = sum(pages for place, (_, pages, _) in enumerate(rows) if place not in set(kept))
        others_name = f"({len(rows) - len(kept)} other categories)"
        rows = [*(rows[place] for place in sorted(kept)), (others_name, others, "#888888")]
    if failed:
        rows.append(("(failed)", failed, "#b00020"))
    most = max((pages for _, pages, _ in rows), default=0) or 1
    total = sum(pages for _, pages, _ in rows) or 1
    height = ROW * max(1, len(rows)) + 16
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'role="img" font-family="system-ui, sans-serif" font-size="13">',
        "<title>Pages a category</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for place, (name, pages, colour) in enumerate(rows):
        top = 8 + place * ROW
        length = (WIDTH - NAMES - NUMBERS - 16) * pages / most
        lines += [
            f'<text x="{NAMES - 8}" y="{top + 16}" text-anchor="end" fill="#222222">{_text(name)}</text>',
            f'<rect x="{NAMES}" y="{top + 4}" width="{length:.1f}" height="{ROW - 8}" fill="{colour}"/>',
            f'<text x="{NAMES + length + 6:.1f}" y="{top + 16}" fill="#222222">{pages} '
            f'<tspan fill="#555555" dx="4">{_share(pages, total)}</tspan></text>',
        ]
    return "\n".join([*lines, "</svg>\n"])


def _share(pages: int, total: int) -> str:
    share = 100 * pages / total
    return f"{share:.0f} %" if share >= 1 or not pages else "< 1 %"


def _text(name: str) -> str:
    name = "".join(letter if letter.isprintable() else "?" for letter in printable(name))
    if len(name) > LONGEST:
        name = f"{name[: LONGEST // 2 - 1]}...{name[-(LONGEST // 2 - 2) :]}"
    return html.escape(name)
