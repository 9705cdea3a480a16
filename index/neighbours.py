"""The nearest pages of every page, for work on a whole collection (search asks for those of one page: database.py).

    places, similarity = neighbours(vectors, 5, groups=documents)      # [N, 5] each; no page of the same document

Up to `ALL_PAIRS` pages every page is compared with every other. Beyond, pages are first sorted into cells (k-means of a
sample), and a page is compared with those that have its cell among their nearest `PROBES`: the work then grows little
faster than the number of pages, and a few neighbours are missed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ALL_PAIRS = 20_000
CELL = 1500  # pages a cell, about
PROBES = 4
BLOCK = 512  # queries at once: with 20,000 pages 40 MB of similarities
SEED = 420


def neighbours(
    vectors: np.ndarray,
    k: int,
    *,
    groups: np.ndarray | None = None,
    queries: np.ndarray | None = None,
    progress: Callable[[int], object] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Places int64 [N, k] of the most similar other rows and their cosines float32 [N, k], best first.

    vectors: [N, D] of unit length. groups: [N]; rows of one group are no neighbours. queries: [N, D], what each row
    asks with (default: itself). Where there are fewer than k: place -1 and cosine -inf. progress: told how many rows
    are done. Memory beside `vectors`: a cell and a block.
    """
    count = len(vectors)
    rows = np.full((count, k), -1, np.int64)
    similarities = np.full((count, k), -np.inf, np.float32)
    if groups is not None:
        groups = np.unique(np.asarray(groups), return_inverse=True)[1]
    asked = vectors if queries is None else queries
    for asking, pool in _pools(vectors, asked):
        others = vectors[pool].astype(np.float32)
        for start in range(0, len(asking), BLOCK):
            block = asking[start : start + BLOCK]
            similarity = asked[block].astype(np.float32) @ others.T  # [block, pool]
            same_group = (
                block[:, None] == pool[None] if groups is None else groups[block][:, None] == groups[pool][None]
            )
            similarity[same_group] = -np.inf
            width = min(k, len(pool))
            best = np.argpartition(-similarity, width - 1, axis=1)[:, :width]
            value = np.take_along_axis(similarity, best, 1)
            order = np.lexsort((pool[best], -value), axis=1)  # equal ones in the order of their rows
            similarities[block, :width] = np.take_along_axis(value, order, 1)
            rows[block, :width] = pool[np.take_along_axis(best, order, 1)]
            if progress:
                progress(len(block))
    rows[np.isneginf(similarities)] = -1
    return rows, similarities


def _pools(vectors: np.ndarray, asked: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows that ask, and the rows that they are compared with; every row asks once."""
    count = len(vectors)
    everyone = np.arange(count)
    if count <= ALL_PAIRS:
        return [(everyone, everyone)] if count else []
    from sklearn.cluster import MiniBatchKMeans

    cells = max(2, count // CELL)
    sample = np.random.default_rng(SEED).choice(count, min(count, 100 * cells), replace=False)
    means = MiniBatchKMeans(cells, batch_size=4096, n_init=1, max_iter=20, random_state=SEED)
    centres = means.fit(vectors[np.sort(sample)].astype(np.float32)).cluster_centers_
    # Nearest by distance, not by cosine: centres of wide cells are short.
    offset = 0.5 * (centres**2).sum(axis=1)
    near = np.empty((count, min(PROBES, cells)), np.int32)
    home_cell = np.empty(count, np.int32)  # the cell that a row asks in
    for start in range(0, count, 8192):
        part = slice(start, start + 8192)
        closeness = vectors[part].astype(np.float32) @ centres.T - offset
        near[part] = np.argpartition(-closeness, near.shape[1] - 1, axis=1)[:, : near.shape[1]]
        if asked is not vectors:
            closeness = asked[part].astype(np.float32) @ centres.T - offset
        home_cell[part] = closeness.argmax(axis=1)
    rows, flat = np.repeat(everyone, near.shape[1]), near.ravel()
    order = np.argsort(flat, kind="stable")
    bounds = np.searchsorted(flat[order], np.arange(cells + 1))
    pools = [rows[order[bounds[cell] : bounds[cell + 1]]] for cell in range(cells)]
    return [(asking, pool) for cell, pool in enumerate(pools) if len(asking := np.flatnonzero(home_cell == cell))]
