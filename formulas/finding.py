"""Where the display formulas of a page stand.

    for found in find(image): found.box, found.confidence        # (left, top, right, bottom) in pixels of the image

Lines of the page (regions.py) are told text from formula by a small network on 40 features (line_features.py); lines
that are formula and stand close are one formula; a second network says how sure a block is, by what it looks like as a
whole. Both were fitted on composed pages (data_scripts/fit_finding.py); their numbers lie in finding.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from formulas.components import joined
from formulas.line_features import NAMES, Sight
from formulas.regions import Box, PageLines, lines_of

NUMBERS = Path(__file__).with_name("finding.json")
SURE = 0.6  # confidence from which a block counts as a formula: chosen so that few pages without any have one
SEED, PART = 0.5, 0.12  # of a line: from which a formula begins with it, and from which it may belong to one
FEW = 4  # pieces of a line that is too little to be told, and goes with what it stands close to
DASHED, DASHES = 0.35, 15  # share of bars among the pieces of a block, and how many, from which they are a rule
LEAST_INK = 0.025  # share of a box that is ink; nineteen formulas in twenty have 0.045 and more


@dataclass(frozen=True)
class Found:
    """A display formula of a page. box: left, top, right, bottom in pixels of the image, without the equation's number;
    confidence: 0 to 1, that a formula stands there."""

    box: Box
    confidence: float


@dataclass(frozen=True)
class Judge:
    """A network of one hidden layer: features -> how likely this is formula."""

    mean: np.ndarray  # [features]
    spread: np.ndarray  # [features]
    hidden: np.ndarray  # [features, units]
    hidden_offset: np.ndarray  # [units]
    output: np.ndarray  # [units]
    output_offset: float

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """float [n, features] -> [n], 0 to 1."""
        scaled = np.clip((features - self.mean) / self.spread, -6, 6)
        score = np.tanh(scaled @ self.hidden + self.hidden_offset) @ self.output + self.output_offset
        return 1 / (1 + np.exp(-np.clip(score, -50, 50)))

    @classmethod
    def from_json(cls, said: dict[str, object]) -> Judge:
        """What data_scripts/fit_finding.py wrote."""
        return cls(**{name: np.array(value, float) for name, value in said.items()})


@cache
def judges() -> tuple[Judge, Judge]:
    """Of lines, and of blocks."""
    said = json.loads(NUMBERS.read_text(encoding="utf-8"))
    return Judge.from_json(said["lines"]), Judge.from_json(said["blocks"])


def find(image: Image.Image, least: float = SURE) -> list[Found]:
    """The display formulas of a page, in reading order of one column: from top to bottom. least: confidence."""
    page = lines_of(image)
    if not page.lines:
        return []
    of_lines, of_blocks = judges()
    sight = Sight(page)
    scores = of_lines(np.array([sight.of_line(at) for at in range(len(page.lines))]))
    found = []
    blocks = blocks_of(sight, scores)
    if not blocks:
        return []
    features = np.array([block_features(sight, scores, block) for block in blocks])
    confidences = of_blocks(features)
    for block, confidence, ruled in zip(blocks, confidences.tolist(), is_ruled(features).tolist(), strict=True):
        if confidence >= least and not ruled:
            found.append(Found(on_image(box_of(page, block), page, image.size), round(confidence, 4)))
    return sorted(found, key=lambda formula: (formula.box[1], formula.box[0]))


def blocks_of(sight: Sight, scores: np.ndarray) -> list[np.ndarray]:
    """Lines that together may be a formula each: numbers of lines, from their scores [lines]."""
    page = sight.page
    seeds = np.flatnonzero(scores >= SEED)
    if not len(seeds):
        return []
    counts = np.array([len(line.members) for line in page.lines])
    parts = (scores >= PART) | (counts <= FEW)
    boxes = page.boxes
    size = page.type_size
    # seeds join seeds generously, parts join seeds only from close by
    one, other = _close(boxes[seeds], boxes[seeds], 4.5 * size, 1.25 * size)
    apart = sight.columns_apart(seeds[one], seeds[other])
    one, other = one[~apart], other[~apart]
    names = joined(len(seeds), one, other)
    taken = {int(seed): int(name) for seed, name in zip(seeds, names, strict=True)}
    rest = np.flatnonzero(parts & (scores < SEED))
    one, other = _close(boxes[rest], boxes[seeds], 1.6 * size, 0.5 * size)
    for part, seed in zip(rest[one].tolist(), other.tolist(), strict=True):
        taken.setdefault(part, int(names[seed]))
    groups: dict[int, list[int]] = {}
    for line, name in taken.items():
        groups.setdefault(name, []).append(line)
    return [np.array(sorted(group)) for group in groups.values()]


def is_ruled(features: np.ndarray) -> np.ndarray:
    """Which blocks are tables or forms: crossed by rules of typed dashes, or a frame around next to nothing.

    features: [blocks, features], as `block_features` has them; bool [blocks].
    """
    pieces = np.expm1(features[:, NAMES.index("pieces")])
    bars = features[:, NAMES.index("bars")]
    empty = features[:, NAMES.index("density")] < LEAST_INK
    return empty | ((bars >= DASHED) & (bars * pieces >= DASHES))


def box_of(page: PageLines, block: np.ndarray) -> Box:
    """The box around lines."""
    boxes = page.boxes[block]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def block_features(sight: Sight, scores: np.ndarray, block: np.ndarray) -> np.ndarray:
    """What a block looks like, and what was thought of its lines: float [features + 4]."""
    members = np.concatenate([sight.page.lines[at].members for at in block])
    whole = sight.features(members, box_of(sight.page, block), block)
    heavy = np.average(scores[block], weights=sight.counts[block])
    return np.r_[whole, heavy, scores[block].max(), scores[block].min(), np.log1p(len(block))]


def _close(ones: np.ndarray, others: np.ndarray, across: float, down: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of boxes that stand beside each other on a row, or over one another, no further apart than that."""
    gap_x = np.maximum(ones[:, None, 0], others[None, :, 0]) - np.minimum(ones[:, None, 2], others[None, :, 2])
    gap_y = np.maximum(ones[:, None, 1], others[None, :, 1]) - np.minimum(ones[:, None, 3], others[None, :, 3])
    row = (gap_y < 0) & (gap_x < across)
    over = (gap_x < 0) & (gap_y < down)
    return np.nonzero(row | over)


def on_image(box: Box, page: PageLines, size: tuple[int, int]) -> Box:
    """A box of the page as it was worked on, in pixels of the image."""
    x, y = size[0] / page.size[0], size[1] / page.size[1]
    left, top = int(box[0] * x), int(box[1] * y)
    return left, top, min(size[0], int(np.ceil(box[2] * x))), min(size[1], int(np.ceil(box[3] * y)))
