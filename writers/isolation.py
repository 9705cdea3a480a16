"""A page -> its handwriting: what a pen wrote, dark on white, without paper, ruled lines, stamps and print.

    hand = isolate(Image.open("page.png"))
    Image.fromarray(hand.grey).save("handwriting.png")

What cannot be told stays in: a stamp that is kept adds a little noise, a word that is lost is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from output.files import file_hash
from writers.marks import MARKS, Pieces, likely_hand

if TYPE_CHECKING:
    from PIL import Image


class NoHandwriting(Exception):
    """A page on which there is no handwriting, or too little of it to tell a hand: its text is one line, the reason."""


@dataclass(frozen=True)
class Handwriting:
    """The handwriting of one page; all arrays are of one size."""

    ink: np.ndarray  # [H, W] bool: True where a pen wrote
    grey: np.ndarray  # [H, W] uint8: illumination flattened, 255 where there is no ink, strokes dark
    scale: float  # pixels here per pixel of the page given
    dropped: dict[str, int]  # ink pixels that were left out, by kind
    stroke_width: float  # pixels, the median
    line_height: float  # pixels: the median height of what is written without lifting the pen
    strokes: int  # how many such pieces there are

    @classmethod
    def of(cls, ink: np.ndarray, flat: np.ndarray, scale: float, dropped: dict[str, int]) -> Handwriting:
        """ink: [H, W] bool; flat: [H, W] uint8, of which only what lies at the ink is kept."""
        _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
        width = stroke_width(ink)
        heights = stats[1:, cv2.CC_STAT_HEIGHT]
        strokes = heights[np.maximum(heights, stats[1:, cv2.CC_STAT_WIDTH]) > 3 * width]
        near = cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # strokes have soft edges
        height = float(np.median(strokes)) if len(strokes) else 0.0
        return cls(ink, np.where(near, flat, np.uint8(255)), scale, dropped, width, height, len(strokes))


VERSION = 1  # one more with every change here, in marks.py, keypoints.py or thinning.py that moves a page's features
LONGEST = 1600  # pixels: what the sizes below are measured at
FEWEST_STROKES = 4  # connected pieces of writing: a joined hand writes four words with as many
SHORTEST = 100  # widths of the pen, all strokes together: some six letters
LIKELY = 0.1  # below it no pen wrote a piece; a word that is lost costs more than a stamp that stays
RULE, MARGIN_RULE = 80, 160  # pixels: what runs straight across or down the page that far is a rule; stems are no rules
THICK = 7  # pixels: and what is as thick as that is none
REACH = 44  # pixels: writing that is nearer to other writing than that belongs to the same block
LEAST = 0.1  # of the ink found: what a pen wrote at least, else the page is typed, printed or a picture
APART = 0.1  # of the largest block's ink: what smaller blocks have at least, if they count


@dataclass(frozen=True)
class Inked:
    """A page's ink, whoever left it, light paper under it; all arrays are of one size."""

    ink: np.ndarray  # [H, W] bool
    flat: np.ndarray  # [H, W] uint8: grey, illumination flattened
    pixels: np.ndarray  # [H, W, 3] uint8, RGB
    scale: float  # pixels here per pixel of the page
    dropped: dict[str, int]  # pixels that were left out: of rules and of specks


def isolate(page: Image.Image, longest: int = LONGEST) -> Handwriting:
    """The handwriting of an upright "L" or "RGB" image. Raises NoHandwriting where there is none, or too little."""
    inked = inked_of(page, longest)
    found = int(inked.ink.sum())
    if not found:
        raise NoHandwriting("no handwriting found: blank")
    dropped = dict(inked.dropped)
    ink, dropped["mark"] = written(inked)
    if ink.sum() < LEAST * found:  # writing may be so large that it is told only from further away
        inked = inked_of(page, max(inked.ink.shape) // 2)
        ink, dropped["mark"] = written(inked)
        if 2 * ink.sum() < inked.ink.sum() or not ink.any():
            raise NoHandwriting("no handwriting found: typed, printed or a picture")
    ink, dropped["apart"] = without_what_stands_apart(ink, longest / LONGEST)
    hand = Handwriting.of(ink, inked.flat, inked.scale, dropped)
    if hand.strokes < FEWEST_STROKES or hand.ink.sum() < SHORTEST * hand.stroke_width**2:
        if dropped["mark"] > 0.5 * found:
            raise NoHandwriting("no handwriting found: typed, printed or a picture")
        raise NoHandwriting(f"no handwriting found: too little ink ({hand.strokes} strokes)")
    return hand


def isolation_version() -> str:
    """What isolates handwriting: page descriptors of two versions are not of one kind."""
    return f"{VERSION}-{file_hash(MARKS)[:12]}"


def inked_of(page: Image.Image, longest: int = LONGEST) -> Inked:
    """All ink of an upright "L" or "RGB" image, at `longest` pixels at most. Raises NoHandwriting for tiny images."""
    pixels = np.asarray(page)
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    if min(pixels.shape[:2]) < 16:
        raise NoHandwriting(f"no handwriting found: too few pixels ({pixels.shape[1]} x {pixels.shape[0]})")
    if white_on_black(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)):
        pixels = 255 - pixels
    scale = min(1.0, longest / max(pixels.shape[:2]))
    if scale < 1:
        size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    paper = background(grey)
    surround = surround_of(paper)
    flat = flatten(grey, paper)
    flat[surround] = 255
    ink = sauvola(flat)
    ink[surround] = False
    ink, rules = without_rules(ink, longest / LONGEST)
    ink, specks = without_specks(ink)
    return Inked(ink, flat, pixels, scale, {"rule": rules, "speck": specks})


def without_rules(ink: np.ndarray, scale: float = 1.0) -> tuple[np.ndarray, int]:
    """The ink without straight thin lines along the page, and the pixels that this left out.

    Where a stroke crosses a line it runs on across it, so it stays whole.
    """
    values = ink.astype(np.uint8)
    rules = np.zeros_like(values)
    for length, turn in ((RULE, False), (MARGIN_RULE, True)):
        along, beside, across = (
            np.ones((1, round(length * scale))),
            np.ones((3, 1)),
            np.ones((round(THICK * scale), 1)),
        )
        if turn:
            along, beside, across = along.T, beside.T, across.T
        line = cv2.dilate(cv2.morphologyEx(values, cv2.MORPH_OPEN, along), beside)
        rules |= line & values & (1 - cv2.morphologyEx(values, cv2.MORPH_OPEN, across))
    return ink & (rules == 0), int(rules.sum())


def pieces_of(inked: Inked) -> Pieces:
    """The ink in pieces, as writers/marks.py judges them."""
    channels = np.moveaxis(inked.pixels, 2, 0)
    return Pieces.of(inked.ink, np.stack([flatten(channel, background(channel)) for channel in channels], axis=2))


def white_on_black(grey: np.ndarray) -> bool:
    """Whether the strokes of a [H, W] uint8 page are lighter than what they stand on.

    Strokes are the lesser part of any neighbourhood: what departs from the local median is ink. (A black table round
    a light page is its own median, so it does not count.)
    """
    small = _at_most(grey, 800)
    middle = cv2.medianBlur(small, 31).astype(np.int16)
    departure = small.astype(np.int16) - middle
    return int((departure > 40).sum()) > int((departure < -40).sum())


def background(grey: np.ndarray) -> np.ndarray:
    """The paper under the ink of a [H, W] uint8 page, uint8: the median of a neighbourhood far wider than a stroke."""
    small = _at_most(grey, 400)
    side = min(41, min(small.shape) // 2 * 2 - 1)
    middle = cv2.medianBlur(small, max(3, side))
    return cv2.resize(middle, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)


def surround_of(paper: np.ndarray) -> np.ndarray:
    """[H, W] bool: what lies round the page, a dark table or the scanner's lid, and a margin along it."""
    light = float(np.percentile(paper, 75))
    small = _at_most(paper, 400)
    count, labels, _, _ = cv2.connectedComponentsWithStats((small < 0.55 * light).astype(np.uint8), connectivity=8)
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    around = np.isin(labels, outside[outside > 0]) if count > 1 else np.zeros(small.shape, bool)
    around = cv2.dilate(around.astype(np.uint8), np.ones((5, 5), np.uint8))
    return cv2.resize(around, paper.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0


def flatten(grey: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """The page as it would be on white paper under even light: [H, W] uint8. What is black all over counts as paper."""
    return cv2.divide(cv2.add(grey, 16), cv2.add(paper, 16), scale=255)


def sauvola(grey: np.ndarray, window: int = 41, k: float = 0.25) -> np.ndarray:
    """[H, W] bool: darker than its neighbourhood, after Sauvola. `<=`: solid black, which has no spread, is ink."""
    values = grey.astype(np.float32)
    mean = cv2.boxFilter(values, cv2.CV_32F, (window, window), borderType=cv2.BORDER_REFLECT)
    square = cv2.sqrBoxFilter(values, cv2.CV_32F, (window, window), borderType=cv2.BORDER_REFLECT)
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    return (values <= mean * (1 + k * (spread / 128 - 1))) & (values < 245)


def stroke_width(ink: np.ndarray) -> float:
    """Pixels, the median over the middle lines of all strokes of a [H, W] bool page."""
    distance = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = distance[(distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))]
    return float(2 * np.median(ridge) - 1) if len(ridge) else 0.0


def without_specks(ink: np.ndarray) -> tuple[np.ndarray, int]:
    """The ink without what is smaller than a dot of the pen, and the pixels that this left out."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    width = stroke_width(ink)
    longer = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    speck = (longer < 1.5 * width) | (stats[:, cv2.CC_STAT_AREA] < width * width)
    speck[0] = False
    return ink & ~speck[labels], int(stats[speck, cv2.CC_STAT_AREA].sum())


def written(inked: Inked) -> tuple[np.ndarray, int]:
    """The ink that a pen left, and the pixels that this left out."""
    pieces = pieces_of(inked)
    by_pen = likely_hand(pieces.features) >= LIKELY
    return np.concatenate([[False], by_pen])[pieces.labels], int(pieces.area[~by_pen].sum())


def without_what_stands_apart(ink: np.ndarray, scale: float = 1.0) -> tuple[np.ndarray, int]:
    """The ink without small notes far from the writing, and the pixels that this left out.

    They are page numbers, initials, receipts: other hands' as often as not, and too little to be missed where not.
    """
    ys, xs = np.nonzero(ink)
    quarter = np.zeros((-(-ink.shape[0] // 4), -(-ink.shape[1] // 4)), np.uint8)
    quarter[ys // 4, xs // 4] = 1
    reach = max(3, round(REACH * scale / 4))
    _, blocks = cv2.connectedComponents(cv2.dilate(quarter, np.ones((reach, round(1.6 * reach)), np.uint8)))
    block = blocks[ys // 4, xs // 4]  # of each pixel of ink
    amount = np.bincount(block, minlength=1)
    small = amount[block] < APART * amount.max()
    kept = ink.copy()
    kept[ys[small], xs[small]] = False
    return kept, int(small.sum())


def _at_most(grey: np.ndarray, longest: int) -> np.ndarray:
    factor = longest / max(grey.shape)
    if factor >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
