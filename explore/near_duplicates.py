"""Are two scans the same page? Local features lay one on the other, then the ink is compared place by place.

    first, second = see(image), see(other)       # of each page once
    verdict = compare(first, second)             # verdict.relation, verdict.reason, verdict.angle ...

Alike is not the same: two forms of one series share their print, so that features match all over them; what tells them
apart is their entries. So there are three steps:
1. SIFT features (Lowe 2004, as RootSIFT: Arandjelovic and Zisserman 2012), mutual nearest neighbours, an affine
   transform by RANSAC (Fischler and Bolles 1981): it allows for any turn, other resolutions, scanners that stretch.
2. The second page is laid onto the first. Every tile of `TILE` pixels that carries ink in either must look alike in
   both, at most `SHIFT` pixels off (normalised cross-correlation). One tile with clearly other ink is another page.
3. Ink where the other page does not reach: a spread and one of its halves agree wherever both are, and are not the same
   page. Margins that a scan cuts off (`RIM` of the page at each side), a scanner's bed and blank paper do not count.
What colour the ink has, how dark it is, and a strip of 3 % along the edges do not count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

RULE = "2"  # of what is said here; verdicts of another rule are not taken over

SIDE = 1024  # pixels of the longer side at which pages are compared: a typed letter of an A4 page has about 8
LEAST_SIDE = 400  # below, entries cannot be told apart
POINTS = 2000  # features a page, the strongest
TILE, SHIFT = 32, 4  # pixels: 9 mm and 1 mm of an A4 page
# Chosen on drawn pages and half of the real documents; benchmarks/explore.py reports on others. RESIDUE: scans of one
# page reached 6.5 there; a changed word 20 mm long stayed below 7 once in twelve.
MATCHED = 15  # points that agree with the transform
RATIO = 0.95  # squared distance of the best to the second-best match; letters of a typed page resemble each other
STRETCH = 1.05  # how much more one direction may be scaled than the other
OVERLAP = 0.7  # of the smaller page that must lie on the other
INK = 2.0  # standard deviation of a tile, grey levels 0..255: below, it is empty in both
CLEAR = 8.0  # of a tile with writing or print in it
CLEAR_TILES = 6  # fewer are too little to tell
AGREEMENT = 0.9  # mean correlation of the tiles, by their ink
RESIDUE = 5.0  # (1 - correlation) x standard deviation of the worst tile
COARSER = 1.15  # pixels of a page so much larger than those of the other: the frame is the coarser page
CELL = 8  # pixels, the side of the cells in which strokes are counted that the other page does not reach
MARKED = 8.0  # mean darkness of the strokes of a cell; sensor noise of 5 grey levels gives 3, paper at most 5
BEYOND = 10  # such cells, half a word, are something that the other page lacks
RIM = 0.08  # of width and height at each side: what another scan of the same page may have cut off ...
RIM_SHARE, RIM_CELLS = 0.35, 40  # ... unless so much of all that is written on the page stands there
BLANK_SHARE = 0.01  # less than this is a blank rim

SAME, PART, WHOLE, OTHER, UNTOLD = "same", "part", "whole", "other", "not told"
RELATIONS = (SAME, PART, WHOLE, OTHER, UNTOLD)

_LENGTH = 512.0  # of a RootSIFT vector as it is kept in bytes


@dataclass(frozen=True)
class Seen:
    """A page as it is compared, about 1 MB.

    ink: uint8 [height, width], 0 = paper. marked: bool [height // CELL, width // CELL], where strokes are. points:
    float32 [N, 2], (x, y). descriptors: uint8 [N, 128]. size: (width, height) of the page itself in pixels.
    """

    ink: np.ndarray
    marked: np.ndarray
    points: np.ndarray
    descriptors: np.ndarray
    size: tuple[int, int]


@dataclass(frozen=True)
class Verdict:
    """Whether two scans are the same page, and why (not).

    relation: SAME, PART (the second is a part of the first), WHOLE (the first is a part of the second), OTHER (pages
    that differ where both have ink) or UNTOLD (too little in common to tell). matched: features that agree. residue:
    how much the most different tile differs. overlap: share of the smaller page that lies on the other. Of the second
    page against the first: resolution (pixels a millimetre, 2 = twice as fine), area (how much of the page it shows,
    0.9 = a tenth less; blank paper or a scanner's bed around a page show nothing of it), angle in degrees.
    """

    relation: str
    reason: str
    matched: int = 0
    residue: float = math.nan
    overlap: float = math.nan
    resolution: float = math.nan
    area: float = math.nan
    angle: float = math.nan

    @property
    def same(self) -> bool:
        """Whether they are the same page."""
        return self.relation == SAME

    def turned_round(self) -> Verdict:
        """The verdict for the two pages in the other order."""
        relation = {PART: WHOLE, WHOLE: PART}.get(self.relation, self.relation)
        return replace(self, relation=relation, resolution=1 / self.resolution, area=1 / self.area, angle=-self.angle)


def see(image: Image.Image) -> Seen:
    """What `compare` needs of a page in mode "L" or "RGB"."""
    size = image.size
    if max(size) > SIDE:
        scale = SIDE / max(size)
        small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        # Reduced first by whole numbers, which is quick, and only then turned grey and brought to size.
        image = image.resize(small, Image.Resampling.BILINEAR, reducing_gap=3.0)
    grey = np.asarray(image.convert("L"))
    keypoints, descriptors = cv2.SIFT_create(nfeatures=POINTS).detectAndCompute(grey, None)
    if descriptors is None:
        return Seen(_ink(grey), _marked(grey), np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8), size)
    root = _LENGTH * np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9))
    order = np.argsort([-point.response for point in keypoints], kind="stable")  # the strongest first
    points = np.array([point.pt for point in keypoints], np.float32)
    return Seen(_ink(grey), _marked(grey), points[order], np.minimum(root, 255).astype(np.uint8)[order], size)


def compare(first: Seen, second: Seen) -> Verdict:
    """Whether the two are scans of the same page."""
    if min(max(page.ink.shape) for page in (first, second)) < LEAST_SIDE:
        return Verdict(UNTOLD, f"fewer than {LEAST_SIDE} pixels are too few to tell")
    if first.ink.size > second.ink.size:  # the coarser page is the frame: the finer one can be made as coarse
        return _compare(second, first).turned_round()
    return _compare(first, second)


def _compare(first: Seen, second: Seen) -> Verdict:
    transform, matched = _transform(first, second)
    if transform is None or matched < MATCHED:
        return Verdict(UNTOLD, f"{matched} common points (at least {MATCHED})", matched)
    stretch = np.linalg.svd(transform[:, :2], compute_uv=False)
    if stretch[1] <= 0 or stretch[0] / stretch[1] > STRETCH:
        return Verdict(UNTOLD, "only with another shape do they lie on each other", matched)
    scale = float(math.sqrt(stretch[0] * stretch[1]))  # of one pixel of the second in pixels of the first, as compared
    back = cv2.invertAffineTransform(transform)
    reduced = [max(page.size) / max(page.ink.shape) for page in (first, second)]
    linear = scale * reduced[0] / reduced[1]  # the same for the pages themselves
    area = linear**2 * math.prod(second.size) / math.prod(first.size)
    angle = math.degrees(math.atan2(transform[1, 0], transform[0, 0]))
    if scale > COARSER:  # a part of a page, seen as large as the whole: it is the finer one
        relation, reason, residue, overlap = _lay(second.ink, first.ink, back, 1 / scale)
    else:
        relation, reason, residue, overlap = _lay(first.ink, second.ink, transform, scale)
    if relation == SAME:
        beyond = [_beyond(first, second, transform), _beyond(second, first, back)]
        if all(one.lacked for one in beyond):
            relation, reason = OTHER, "each has ink where the other does not reach"
        elif any(one.lacked for one in beyond):
            relation, reason = (PART if beyond[0].lacked else WHOLE), "one has ink where the other does not reach"
        area *= beyond[1].shown / beyond[0].shown
    return Verdict(relation, reason, matched, residue, overlap, 1 / linear, area, angle)


@dataclass(frozen=True)
class _More:
    """What a page has beyond another. lacked: ink that the other lacks. shown: its share that shows something."""

    lacked: bool
    shown: float


def _beyond(page: Seen, other: Seen, transform: np.ndarray) -> _More:
    """What there is on `page` where `other`, laid on it by `transform`, does not reach."""
    height, width = page.ink.shape
    reached = cv2.warpAffine(np.full(other.ink.shape, 255, np.uint8), transform, (width, height), borderValue=0)
    around = cv2.dilate(reached, np.ones((2 * CELL + 1, 2 * CELL + 1), np.uint8))  # the edge of a page is a line too
    free = _cells((around == 0).astype(np.float32)) > 0.999  # [rows, columns]
    if not free.any():
        return _More(False, 1.0)
    # What a scan turned by a degree or two loses in the corners counts as rim too.
    turned = (math.atan2(transform[1, 0], transform[0, 0]) + math.pi / 4) % (math.pi / 2) - math.pi / 4
    corner = math.tan(min(abs(turned), math.radians(5))) / 2
    rows, columns = free.shape
    high, wide = ((RIM * side + corner * across) / CELL for side, across in ((height, width), (width, height)))
    deep = np.zeros_like(free)
    deep[math.ceil(high) : rows - math.ceil(high), math.ceil(wide) : columns - math.ceil(wide)] = True
    beyond = int((page.marked & free & deep).sum())
    cells = int((page.marked & free & ~deep).sum())
    rim = cells / max(1, int(page.marked.sum()))
    lacked = beyond >= BEYOND or (cells >= RIM_CELLS and rim > RIM_SHARE)
    blank = not lacked and rim < BLANK_SHARE and (free & deep).any()
    return _More(lacked, float((reached > 0).mean()) if blank else 1.0)


def _cells(image: np.ndarray) -> np.ndarray:
    """The mean of each whole cell, float32 [height // CELL, width // CELL]."""
    rows, columns = (max(1, side // CELL) for side in image.shape)
    return cv2.resize(image[: rows * CELL, : columns * CELL], (columns, rows), interpolation=cv2.INTER_AREA)


def _marked(grey: np.ndarray) -> np.ndarray:
    """The cells with strokes in them, dark on light or light on dark; shades and the edge of a page are none."""
    smooth, reach = cv2.GaussianBlur(grey, (0, 0), 1.0), np.ones((9, 9), np.uint8)
    dark = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, reach)
    light = cv2.morphologyEx(smooth, cv2.MORPH_TOPHAT, reach)
    return _cells(cv2.max(dark, light).astype(np.float32)) > MARKED


def _ink(grey: np.ndarray) -> np.ndarray:
    """How much darker a pixel is than the paper around it, 0..255; so lighting, tint and gamma hardly count."""
    height, width = grey.shape
    small = cv2.resize(grey, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), (0, 0), 4)
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    return np.clip(255 - 255 * (grey / np.maximum(paper, 1)), 0, 255).astype(np.uint8)


def _transform(first: Seen, second: Seen) -> tuple[np.ndarray | None, int]:
    """Where the second page's pixels lie on the first, float64 [2, 3], and how many points say so."""
    if min(len(first.points), len(second.points)) < MATCHED:
        return None, 0
    product = first.descriptors.astype(np.float32) @ second.descriptors.astype(np.float32).T  # [N, M]
    rows = np.arange(len(product))
    nearest, back = product.argmax(axis=1), product.argmax(axis=0)
    best = product[rows, nearest]
    product[rows, nearest] = -np.inf
    apart, next_apart = (_LENGTH**2 - value for value in (best, product.max(axis=1)))  # half the squared distances
    good = (back[nearest] == rows) & (apart < RATIO * next_apart)
    if good.sum() < MATCHED:
        return None, int(good.sum())
    source, target = second.points[nearest[good]], first.points[good]
    cv2.setRNGSeed(0)  # the same two pages get the same verdict, always
    # Four degrees of freedom find the few right ones among many wrong matches; six then fit what a scanner stretches.
    rough, inliers = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=8, maxIters=5000, confidence=0.999
    )
    if rough is None or inliers.sum() < MATCHED:
        return None, 0 if rough is None else int(inliers.sum())
    kept = inliers.ravel() > 0
    fine, inliers = cv2.estimateAffine2D(
        source[kept], target[kept], method=cv2.RANSAC, ransacReprojThreshold=3, maxIters=2000, confidence=0.999
    )
    return fine, 0 if fine is None else int(inliers.sum())


def _lay(frame: np.ndarray, ink: np.ndarray, transform: np.ndarray, scale: float) -> tuple[str, str, float, float]:
    """Lay `ink` onto `frame` and compare the tiles: relation, reason, residue, overlap."""
    height, width = frame.shape
    if scale < 1:  # as coarse as the frame
        ink = cv2.GaussianBlur(ink, (0, 0), max(0.1, 0.5 * math.sqrt(1 / scale**2 - 1)))
    laid = cv2.warpAffine(ink, transform, (width, height), flags=cv2.INTER_LINEAR)
    covered = cv2.warpAffine(np.full(ink.shape, 255, np.uint8), transform, (width, height), flags=cv2.INTER_NEAREST)
    overlap = float((covered > 0).sum()) / min(frame.size, max(1.0, ink.size * scale**2))
    if overlap < OVERLAP:
        return UNTOLD, f"only {100 * overlap:.0f} % of the page in common", math.nan, overlap
    covered = cv2.erode(covered, np.ones((9, 9), np.uint8), borderValue=0)
    frame, laid = (cv2.GaussianBlur(image, (0, 0), 1.0).astype(np.float32) for image in (frame, laid))
    tiles = [
        (*tile, x, y)
        for y in _starts(height)
        for x in _starts(width)
        if (tile := _tile(frame, laid, covered, x, y)) is not None
    ]
    if sum(spread > CLEAR for _, spread, _, _ in tiles) < CLEAR_TILES:
        return UNTOLD, "too little ink to tell", math.nan, overlap
    correlation, spread, x, y = np.array(tiles).T
    residue = (1 - correlation) * spread
    agreement = float((correlation * spread).sum() / spread.sum())
    worst = int(residue.argmax())
    if other := int((residue > RESIDUE).sum()):
        where = f"{100 * (x[worst] + TILE / 2) / width:.0f} % across, {100 * (y[worst] + TILE / 2) / height:.0f} % down"
        return OTHER, f"other ink in {other} of {len(tiles)} places, most at {where}", float(residue[worst]), overlap
    if agreement < AGREEMENT:
        return UNTOLD, f"the ink agrees by {agreement:.2f} only", float(residue[worst]), overlap
    return SAME, "the same ink everywhere", float(residue[worst]), overlap


def _tile(frame: np.ndarray, laid: np.ndarray, covered: np.ndarray, x: int, y: int) -> tuple[float, float] | None:
    """Correlation and spread (the larger standard deviation) of a tile; None where it is empty or not on both pages."""
    around = slice(y - SHIFT, y + TILE + SHIFT), slice(x - SHIFT, x + TILE + SHIFT)
    if not covered[around].all():
        return None
    one, other = frame[y : y + TILE, x : x + TILE], laid[y : y + TILE, x : x + TILE]
    spread = max(float(one.std()), float(other.std()))
    if spread < INK:
        return None
    correlation = cv2.matchTemplate(laid[around], one, cv2.TM_CCOEFF_NORMED).max()
    return float(np.clip(correlation, -1, 1)), spread


def _starts(length: int) -> list[int]:
    """Where tiles begin along a side, the last one flush with its end."""
    last = length - TILE - SHIFT
    return sorted({*range(SHIFT, last + 1, TILE), last}) if last >= SHIFT else []
