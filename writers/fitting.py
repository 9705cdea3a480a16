"""Fits a model of hands to pages: a codebook of their patches, and which directions of page sums tell no hands apart.

    hands = fit([Studied(local_features(isolate(page), PENS), "w001"), ...], Recipe())
    hands.save(Path("models/mine"))

Beside whole pages it learns from pieces of pages, some words each: what differs between two pieces of one page is the
text, not the hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils import UserError
from writers.hands import Hands, Part, VladCoder
from writers.keypoints import LENGTH, ONE, OWN, LocalFeatures
from writers.vlad import REDUCED, WORDS, Vlad
from writers.whitening import Whitening, powered

MOST_DESCRIPTORS = 1500  # of a page, for the codebook: a page of many words counts as much as others


@dataclass(frozen=True)
class Studied:
    """A page that a model is fitted to. writer: or "", where nobody knows."""

    features: LocalFeatures
    writer: str


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted.

    power: of the page's sum. shrink: of the whitening (`Whitening.fit`); None: no whitening. within: only directions in
    which pages of one writer differ are shrunk (WCCN). pieces: of each page, with about so many places (piece).
    redrawn: the share that strokes drawn again with one pen have in a similarity, beside those as they are; 0: none.
    """

    words: int = WORDS
    reduced: int = REDUCED
    power: float = 0.5
    shrink: float | None = 0.1
    within: bool = True
    pieces: int = 3
    piece: int = 400
    redrawn: float = 0.2
    seed: int = 0


def fit(pages: Sequence[Studied], recipe: Recipe) -> Hands:
    """A model of pages. UserError: too few of them for its codebook."""
    weights = {OWN: 1 - recipe.redrawn, ONE: recipe.redrawn}
    return Hands(tuple(_part(pages, recipe, pen, weight) for pen, weight in weights.items() if weight))


def _part(pages: Sequence[Studied], recipe: Recipe, pen: int, weight: float) -> Part:
    random = np.random.default_rng([recipe.seed, pen])
    some = [_some(page.features.of(pen).descriptors, random) for page in pages]
    descriptors = np.concatenate([np.zeros((0, LENGTH), np.float32), *some])
    if len(descriptors) < 10 * recipe.words:
        raise UserError(
            f"{len(pages)} pages with {len(descriptors)} places of ink are too few for {recipe.words} visual words: "
            f"give pages with {10 * recipe.words} places at least"
        )
    vlad = Vlad.fit(descriptors, words=recipe.words, reduced=recipe.reduced, seed=recipe.seed)
    whitening = Whitening.none(vlad.dimensions)
    if recipe.shrink is not None:
        sums, writers = _sums(pages, vlad, recipe, pen, random)
        whitening = Whitening.fit(sums, writers if recipe.within else None, shrink=recipe.shrink)
    return Part(VladCoder(vlad, pen), whitening, recipe.power, weight)


def _some(descriptors: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return descriptors[random.permutation(len(descriptors))[:MOST_DESCRIPTORS]]


def _sums(
    pages: Sequence[Studied], vlad: Vlad, recipe: Recipe, pen: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The power-normalised sums of pages and pieces, float32 [n, D], and their writers [n]."""
    sums, writers = [], []
    for number, page in enumerate(pages):
        features = page.features.of(pen)
        parts = [np.arange(len(features.places)), *pieces(features, recipe.pieces, recipe.piece, random)]
        sums += [powered(vlad.codes(features.descriptors[part]).total(), recipe.power) for part in parts]
        writers += [page.writer or f"page {number}"] * len(parts)
    return np.stack(sums).astype(np.float32), np.array(writers)


def pieces(features: LocalFeatures, count: int, size: int, random: np.random.Generator) -> list[np.ndarray]:
    """Indices of about `size` places that lie together, wider than high as words do; none of a page of fewer places."""
    places = features.places
    if len(places) <= size:
        return []
    centres = places[random.integers(len(places), size=count)]
    away = [np.abs((places - centre) * (1.0, 3.0)).max(1) for centre in centres]
    return [np.argpartition(distance, size)[:size] for distance in away]
