"""Embeddings in fewer dimensions: principal components, and the 2-D map that keeps neighbours together.

    points = principal(index.vectors(), dimensions=50)                 # [N, <= 50] float32
    places = neighbour_map(points, progress=bar.advance)               # [N, 2] float32, within -1 .. 1

PCA: scikit-learn. Neighbours: t-SNE (van der Maaten and Hinton 2008) as openTSNE computes it, with the interpolation of
FIt-SNE (Linderman et al. 2019) beyond a few thousand pages. Both give the same numbers again for the same input on one
machine. Memory: one float32 copy of the fewer dimensions; vectors are read in blocks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SEED = 0
DIMENSIONS = 50  # that maps are made of
FITTED = 100_000  # pages from which components and maps are learned; the others are placed by them
BLOCK = 65_536  # vectors that are float32 at once
PERPLEXITY = 30.0  # neighbours that t-SNE cares for, its authors' usual value
STEPS = (250, 500)  # of t-SNE: early exaggeration, then the rest (openTSNE's defaults)
SAME = 1e-3  # vectors that differ by less in every number are the same: float16 is no finer
EXACT = 5_000  # up to here all pairs are summed: quicker than a grid


def principal(vectors: np.ndarray, dimensions: int, share: float = 1.0) -> np.ndarray:
    """The first principal components [N, d] float32 of vectors [N, D].

    d: as many components as hold `share` of the variance, at least 2 and at most `dimensions` (or what N and D allow).
    Learned from at most `FITTED` vectors, drawn with a fixed seed.
    """
    from sklearn.decomposition import PCA

    count, width = vectors.shape
    most = max(1, min(dimensions, width, count - 1))
    solver = "full" if min(count, width) <= 2 * most else "randomized"
    pca = PCA(most, random_state=SEED, svd_solver=solver)
    with np.errstate(invalid="ignore", divide="ignore"):  # pages that are all the same have no variance to share
        pca.fit(np.asarray(vectors[sample(count, FITTED)], dtype=np.float32))
    held = np.cumsum(pca.explained_variance_) / max(_variance(pca), 1e-12)
    keep = min(most, max(2, int(np.searchsorted(held, share - 1e-6)) + 1))
    points = np.empty((count, keep), np.float32)
    for start in range(0, count, BLOCK):
        block = np.asarray(vectors[start : start + BLOCK], dtype=np.float32)
        points[start : start + BLOCK] = pca.transform(block)[:, :keep]
    return points


def alike(vectors: np.ndarray) -> bool:
    """Whether all vectors [N, D] of unit length are the same, as far as float16 tells: there is nothing to lay out."""
    first = np.asarray(vectors[:1], np.float32)
    return all(
        np.abs(np.asarray(vectors[start : start + BLOCK], np.float32) - first).max() < SAME
        for start in range(0, len(vectors), BLOCK)
    )


def disc(count: int) -> np.ndarray:
    """Places [N, 2] float32 within -1 .. 1, evenly in a disc, the first in the middle (Vogel's spiral)."""
    turns = np.arange(count)
    radius, angle = np.sqrt(turns / max(count - 1, 1)), turns * np.pi * (3 - np.sqrt(5))
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).astype(np.float32)


def sample(count: int, most: int) -> np.ndarray:
    """At most `most` of `count` places, ascending; the same ones every time."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEED).choice(count, most, replace=False))


def plane(vectors: np.ndarray) -> np.ndarray:
    """The first two principal components as a map [N, 2] float32, within -1 .. 1."""
    if alike(vectors):  # no direction differs from any other, and one page has none
        return np.zeros((len(vectors), 2), np.float32)
    points = principal(vectors, 2)
    if points.shape[1] < 2:
        points = np.column_stack([points, np.zeros(len(points), np.float32)])
    return _fitted(points)


def neighbour_map(points: np.ndarray, progress: Callable[[int], object] | None = None) -> np.ndarray:
    """A t-SNE map [N, 2] float32, within -1 .. 1, of points [N, d].

    Beyond `FITTED` points the map is made of a drawn part, and every other point stands at the median of its nearest
    neighbours among them. progress: told how many of `sum(STEPS)` steps were done. Fewer than 4 points: as `plane`.
    """
    if len(points) < 4:
        return plane(points)
    from openTSNE import TSNE

    part = sample(len(points), FITTED)

    def said(*_: object) -> None:
        if progress is not None:
            progress(25)

    fitted = TSNE(
        perplexity=min(PERPLEXITY, (len(part) - 1) / 3),
        early_exaggeration_iter=STEPS[0],
        n_iter=STEPS[1],
        negative_gradient_method="bh" if len(part) <= EXACT else "fft",
        random_state=SEED,
        callbacks=said,
        callbacks_every_iters=25,
    ).fit(np.asarray(points[part], dtype=np.float64))
    positions = np.empty((len(points), 2), np.float32)
    positions[part] = np.asarray(fitted)
    others = np.setdiff1d(np.arange(len(points)), part, assume_unique=True)
    for start in range(0, len(others), BLOCK):
        block = others[start : start + BLOCK]
        positions[block] = fitted.prepare_partial(
            np.asarray(points[block], dtype=np.float64), initialization="median", k=15, perplexity=5
        )
    return _fitted(positions)


def _fitted(positions: np.ndarray) -> np.ndarray:
    """Centred, and scaled alike in both directions to within -1 .. 1."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    return ((positions - (low + high) / 2) / max(float((high - low).max()) / 2, 1e-12)).astype(np.float32)


def _variance(pca: object) -> float:
    """All variance of what a PCA was fitted to, its left-out components too."""
    kept, noise = pca.explained_variance_, pca.noise_variance_  # type: ignore[attr-defined]
    left = min(pca.n_features_in_, pca.n_samples_) - len(kept)  # type: ignore[attr-defined]
    return float(kept.sum() + max(left, 0) * noise)
