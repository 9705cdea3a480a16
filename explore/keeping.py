"""Which of several scans of one page to keep: a proposal, with its reasons in words.

    order, why = propose(copies)      # the copy to keep first

In this order, each rule among the copies that the rules before it left: (1) what shows more of the page, from 2 % on;
(2) what is finer, from 10 % on: pixels a millimetre, of a JPEG file times its quality / 100, as hard compression blurs;
(3) colour; (4) what is less compressed; (5) the larger file, from 10 % on; (6) the first by depth of folder and name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

MORE_PAGE, FINER, LESS_COMPRESSED, LARGER = 1.02, 1.1, 5, 1.1
# The luminance table of ITU-T T.81, annex K, adds up to this; encoders scale it by quality.
_TABLE_SUM = 3688


@dataclass(frozen=True)
class Copy:
    """One of the scans.

    content: equal for files of the same bytes. resolution, area, angle: all against one copy of the group (see
    `near_duplicates.Verdict`). quality: of a JPEG 1..99, 100 = lossless or not known. size: bytes.
    """

    row: int
    content: str
    resolution: float
    area: float
    angle: float
    quality: int
    colour: bool
    size: int
    path: str


def propose(copies: Sequence[Copy]) -> tuple[list[Copy], list[str]]:
    """The copies, the one to keep first, and why, one text a copy; the others by path."""
    left, reasons = list(copies), []

    def rule(value, least, said: str) -> None:  # noqa: ANN001
        nonlocal left
        best = max(value(copy) for copy in left)
        kept = [copy for copy in left if least(value(copy), best)]
        if len(kept) < len(left):
            reasons.append(said)
            left = kept

    rule(lambda copy: copy.area, lambda mine, best: mine * MORE_PAGE > best, "shows more of the page")
    rule(lambda copy: copy.resolution * copy.quality / 100, lambda mine, best: mine * FINER > best, "finer")
    rule(lambda copy: copy.colour, lambda mine, best: mine == best, "in colour")
    rule(lambda copy: copy.quality, lambda mine, best: mine + LESS_COMPRESSED > best, "less compressed")
    rule(lambda copy: copy.size, lambda mine, best: mine * LARGER > best, "the larger file")
    keep = min(left, key=lambda copy: (copy.path.count("/"), copy.path))
    others = sorted((copy for copy in copies if copy is not keep), key=lambda copy: (copy.path.count("/"), copy.path))
    if not reasons or len(left) > 1:
        reasons.append("the first by name")
    return [keep, *others], [", ".join(reasons), *(_against(copy, keep) for copy in others)]


def _against(copy: Copy, keep: Copy) -> str:
    """What a copy is, seen from the one to keep."""
    if copy.content == keep.content:
        return "the same bytes"
    said = ["the same page"]
    turned = (copy.angle - keep.angle + 180) % 360 - 180
    if abs(turned) >= 0.2:
        said.append(f"turned by {abs(turned):.1f} degrees")
    finer = copy.resolution / keep.resolution
    if not 0.97 < finer < 1.03:
        said.append(f"{100 * finer:.0f} % of the resolution")
    if copy.area / keep.area < 0.99:
        said.append(f"{100 - 100 * copy.area / keep.area:.0f} % cut off")
    if copy.quality < 100:
        said.append(f"JPEG quality {copy.quality}")
    if keep.colour and not copy.colour:
        said.append("grey")
    return ", ".join(said)


def quality_of(file: Path, frame: int | None) -> tuple[int, bool]:
    """Quality of a JPEG file 1..100 by its quantisation table (100 where it is none), and whether it is in colour."""
    if frame is not None:
        return 100, False
    try:
        with Image.open(file) as image:
            colour = image.mode not in ("1", "L", "LA", "I", "F", "I;16", "I;16B")
            tables = getattr(image, "quantization", None)
    except (OSError, ValueError, Image.DecompressionBombError):
        return 100, False
    if not tables or 0 not in tables:
        return 100, colour
    scale = 100 * sum(tables[0]) / _TABLE_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return max(1, min(99, round(quality))), colour
