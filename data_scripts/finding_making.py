"""What teaches formulas/finding.json: pages with known formulas, pages without, and the fit of its two networks.

    samples = composed(formulas, documents=80, seed=1) + drawn(Path("drawn"))
    fitted(samples)                                                 # what formulas/finding.json holds

Composed pages are TeX's, worn by a scanner; of each some formulas, and some lines of text, are taken out to stand on a
page of their own, for a page may hold one formula and nothing else. Blocks are judged by the scores of lines that a
network of the other half of the documents gave, as they will be of pages that nobody learnt from.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import no_command
from PIL import Image

from drawing.formula_pages import Box, compose, worn
from formulas.finding import Judge, block_features, blocks_of, box_of, on_image
from formulas.finding_scores import overlaps
from formulas.line_features import Sight
from formulas.regions import PageLines, lines_of

UNITS = {"lines": 32, "blocks": 16}  # of the hidden layer
WITHOUT = 0.3  # share of composed documents without display formulas
ALONE = 0.6  # share of composed pages of which parts stand alone on pages too
PAGES = 5  # of a document, at most


@dataclass(frozen=True)
class Sample:
    """A page and the boxes of its formulas, in pixels of the image; document: pages of one share a fold."""

    document: str
    size: tuple[int, int]
    boxes: tuple[Box, ...]
    page: PageLines


def composed(formulas: Sequence[str], documents: int, seed: int) -> list[Sample]:
    """Pages of documents that TeX sets."""
    samples = []
    for number in range(documents):
        rng = np.random.default_rng([seed, number])
        for page in compose(rng, formulas, displays=rng.random() >= WITHOUT)[:PAGES]:
            seen = worn(rng, page) if rng.random() < 0.8 else page
            samples.append(Sample(f"tex {number}", seen.image.size, seen.boxes, lines_of(seen.image)))
            if rng.random() < ALONE:
                samples += [
                    Sample(f"tex {number}", image.size, boxes, lines_of(image))
                    for image, boxes in alone(rng, seen.image, seen.boxes, samples[-1].page)
                ]
        print(f"\rcomposed: {number + 1} of {documents} documents", end="", file=sys.stderr)
    print(file=sys.stderr)
    return samples


def drawn(folder: Path) -> list[Sample]:
    """Pages of draw_pages.py, all without display formulas but those in print (TEXT_P), which are passed over."""
    samples = []
    for file in sorted(folder.rglob("*.jpg")):
        if file.parent.name != "TEXT_P":
            with Image.open(file) as image:
                samples.append(Sample(file.stem.rsplit("-", 1)[0], image.size, (), lines_of(image)))
    return samples


def alone(
    rng: np.random.Generator, image: Image.Image, boxes: Sequence[Box], page: PageLines
) -> list[tuple[Image.Image, tuple[Box, ...]]]:
    """Pages that hold one or two formulas of a page and nothing else, and one with some lines of its text."""
    values = np.asarray(image.convert("L"))
    made = []
    for _ in range(2 if boxes else 0):
        chosen = [boxes[at] for at in rng.choice(len(boxes), min(len(boxes), rng.integers(1, 3)), replace=False)]
        made.append(_moved(rng, values, chosen, formulas=True))
    lines = [tuple(int(edge * page.scale) for edge in line.box) for line in page.lines if len(line.members) >= 4]
    text = [line for line in lines if not len(boxes) or overlaps([line], boxes).max() == 0]
    if text:
        chosen = [text[at] for at in rng.choice(len(text), min(len(text), rng.integers(1, 4)), replace=False)]
        made.append(_moved(rng, values, chosen, formulas=False))
    return made


def _moved(
    rng: np.random.Generator, values: np.ndarray, chosen: list[Box], *, formulas: bool
) -> tuple[Image.Image, tuple[Box, ...]]:
    """Parts of a page on an empty one, in half of the cases somewhere else."""
    height, width = values.shape
    page = np.full((height, width), int(np.median(values)), np.uint8)
    for left, top, right, bottom in chosen:
        part = np.s_[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2]
        page[part] = values[part]
    x = y = 0
    if rng.random() < 0.5:
        edges = np.array(chosen)
        x = int(np.clip(rng.integers(-60, 60), -edges[:, 0].min(), width - edges[:, 2].max()))
        y = int(np.clip(rng.integers(-200, 200), -edges[:, 1].min(), height - edges[:, 3].max()))
        page = np.roll(page, (y, x), (0, 1))
    moved = tuple((box[0] + x, box[1] + y, box[2] + x, box[3] + y) for box in chosen)
    return Image.fromarray(page), moved if formulas else ()


def fitted(samples: Sequence[Sample]) -> dict[str, Any]:
    """The numbers of both networks, from pages; and how often they are right on what the other half taught."""
    sights = [Sight(sample.page) for sample in samples]
    features = [np.array([sight.of_line(at) for at in range(len(sight.page.lines))]) for sight in sights]
    marks = [line_marks(sample) for sample in samples]
    names = {name: number for number, name in enumerate(sorted({sample.document for sample in samples}))}
    fold = np.array([names[sample.document] % 2 for sample in samples])
    used = [at for at in range(len(samples)) if len(marks[at])]

    def learnt(those: list[int]) -> Judge:
        return _learn(np.concatenate([features[at] for at in those]), np.concatenate([marks[at] for at in those]),
                      UNITS["lines"])  # fmt: skip

    lines = learnt(used)
    halves = [learnt([at for at in used if fold[at] != half]) for half in (0, 1)]
    rows, right = [], []
    for at in used:
        scores = halves[fold[at]](features[at])
        for block in blocks_of(sights[at], scores):
            share = best_share(samples[at], block)
            if share < 0.35 or share > 0.5:
                rows.append(block_features(sights[at], scores, block))
                right.append(float(share > 0.5))
    blocks = _learn(np.array(rows), np.array(right), UNITS["blocks"])
    return {"lines": _said(lines), "blocks": _said(blocks)}


def line_marks(sample: Sample) -> np.ndarray:
    """Which lines of a page are formula: those of which half lies in a known box. float [lines]."""
    boxes = np.array([on_image(line.box, sample.page, sample.size) for line in sample.page.lines], float).reshape(-1, 4)
    marks = np.zeros(len(boxes))
    for left, top, right, bottom in sample.boxes:
        width = np.minimum(boxes[:, 2], right) - np.maximum(boxes[:, 0], left)
        height = np.minimum(boxes[:, 3], bottom) - np.maximum(boxes[:, 1], top)
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        marks[np.maximum(width, 0) * np.maximum(height, 0) >= 0.5 * area] = 1
    return marks


def best_share(sample: Sample, block: np.ndarray) -> float:
    """How well a block of lines fits the known box that it fits best."""
    if not sample.boxes:
        return 0.0
    return float(overlaps([on_image(box_of(sample.page, block), sample.page, sample.size)], sample.boxes).max())


def _learn(features: np.ndarray, marks: np.ndarray, units: int) -> Judge:
    from sklearn.neural_network import MLPClassifier

    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = np.clip((features - mean) / spread, -6, 6)
    network = MLPClassifier((units,), activation="tanh", alpha=0.03, learning_rate_init=0.003, batch_size=512,
                            max_iter=40, n_iter_no_change=10, tol=1e-5, random_state=1)  # fmt: skip
    network.fit(scaled, marks > 0.5)
    (hidden, output), (hidden_offset, output_offset) = network.coefs_, network.intercepts_
    return Judge(mean, spread, hidden, hidden_offset, output[:, 0], float(output_offset[0]))


def _said(judge: Judge) -> dict[str, Any]:
    """A network as JSON has it, with four digits that count."""
    return {
        name: float(f"{value:.4g}") if isinstance(value, float) else _rounded(value)
        for name, value in vars(judge).items()
    }


def _rounded(values: np.ndarray) -> list[Any]:
    return [float(f"{value:.4g}") if np.ndim(value) == 0 else _rounded(value) for value in values]


if __name__ == "__main__":
    no_command("see data_scripts/fit_finding.py")
