"""How well pages of one writer find each other: every page is the query once, ranked against all others. Plain numpy.

    evaluate_retrieval(vectors @ vectors.T, ["w1", "w1", "w2"])       # {"map": ..., "top1": ..., "soft10": ...}
    queries = rank_pages(Cosines(vectors), writers)                   # one figure a query, in bounded memory
    interval(queries.average_precision, queries.writers)

- A query is taken out of its own ranking by its index: duplicates of a page stay.
- A page whose writer has no other page is no query, and stays in all rankings as a distractor.
- **Ties**: pages of equal similarity have no order, so each figure is its exact expected value over all orders
  (McSherry and Najork 2008). It does not hang on how files are called, and similarities that say nothing give chance.
- **Pages without a vector** (no handwriting, unreadable) are never ranked; but they are pages of their writer still: a
  miss as a query, and never found as a hit. Their rows and columns hold NaN.

AP of a query with R other pages of its writer, of which the j-th has rank r_j: (1/R) sum_j j / r_j. soft-k: at least
one of the first k is right; hard-k: all k are; precision@k: the share of the k that is. CMC: soft-k for every k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

KS = (1, 5, 10)
CURVE = 50  # ranks of the CMC curve
_CELLS = 1_500_000  # of a block of rows; some fifteen arrays of them are there at once


class Similarities(Protocol):
    """An array [N, N], or what gives its rows block by block."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


class Cosines:
    """Cosines of unit vectors [N, D], computed block by block; of a page whose vector is NaN all are NaN."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors = np.asarray(vectors, np.float32)

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self.vectors[rows] @ self.vectors.T  # [rows, N]


class Equal:
    """Similarities that say nothing: what chance gives, exactly. known: bool [N], False for pages without a vector."""

    def __init__(self, known: np.ndarray) -> None:
        self.values = np.where(known, np.float32(0), np.float32(np.nan))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self.values[rows, None] + self.values[None, :]


@dataclass(frozen=True)
class Queries:
    """What came of every page as the query; pages that are none (no other page of their writer) are left out.

    index: int [Q], the query among all pages. writers: its writer. relevant: int [Q], R. known: bool [Q], whether the
    page has a vector. average_precision: float64 [Q], 0 to 1. first: float64 [Q], the rank of the first page of its
    writer (1 = best; of pages that tie, as if the right ones came last), NaN where none is found. found: float64
    [Q, CURVE], soft-k for k = 1, 2, ...; pure: the same for hard-k; precision: the same for precision@k.
    """

    index: np.ndarray
    writers: list[str]
    relevant: np.ndarray
    known: np.ndarray
    average_precision: np.ndarray
    first: np.ndarray
    found: np.ndarray
    pure: np.ndarray
    precision: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def map(self) -> float:
        """0 to 100; NaN where there is no query."""
        return 100 * float(self.average_precision.mean()) if len(self) else float("nan")

    def figures(self, ks: Sequence[int] = KS) -> dict[str, float | int]:
        """map, top1, and soft, hard and precision for each k (0 to 100); queries, and how many of them have no vector.

        ks: 1 to `CURVE` each; of a list that is shorter than k, soft-k is that of the whole list, hard-k is 0.
        """
        if not len(self):
            raise ValueError("no writer has two pages")
        if not all(1 <= k <= CURVE for k in ks):
            raise ValueError(f"k must be 1 to {CURVE}: {ks}")
        figures: dict[str, float | int] = {"map": self.map, "top1": 100 * float(self.found[:, 0].mean())}
        for name, curve in (("soft", self.found), ("hard", self.pure), ("precision", self.precision)):
            figures |= {f"{name}{k}": 100 * float(curve[:, k - 1].mean()) for k in ks}
        return figures | {"queries": len(self), "lost_queries": int((~self.known).sum())}


def evaluate_retrieval(
    similarities: np.ndarray, writers: Sequence[str], sources: Sequence[str] | None = None, k: Sequence[int] = KS
) -> dict[str, float | int]:
    """Figures of a matrix [N, N] (larger is more alike), 0 to 100: map, top1, soft5, soft10, hard5, precision5, ...

    sources: the page that an image is of; with it `cross_page_map` is there too: images of the query's own page are
    neither hits nor distractors then. ValueError where no writer has two pages.
    """
    figures = rank_pages(similarities, writers).figures(k)
    if sources is not None:
        figures["cross_page_map"] = rank_pages(similarities, writers, sources).map
    return figures


def rank_pages(similarities: Similarities, writers: Sequence[str], without: Sequence[str] | None = None) -> Queries:
    """Rank all pages for every page. without: the source of each; a query's own source is taken out of its ranking."""
    labels = np.unique(np.asarray(writers, dtype=object).astype(str), return_inverse=True)[1]
    sources = None if without is None else np.unique(np.asarray(without).astype(str), return_inverse=True)[1]
    count = len(labels)
    if len(similarities) != count:
        raise ValueError(f"{len(similarities)} rows of similarities, but {count} writers")
    parts = []
    for block in blocks(count):
        rows = np.arange(block.start, block.stop)
        values = np.asarray(similarities[block], np.float64)  # [B, N]
        others = rows[:, None] != np.arange(count)[None, :]
        if sources is not None:
            others &= sources[rows, None] != sources[None, :]
        right = others & (labels[rows, None] == labels[None, :])
        asked = right.any(axis=1)
        if asked.any():
            parts.append((rows[asked], *_rank(values[asked], others[asked], right[asked])))
    if not parts:
        empty = np.zeros(0)
        curves = [np.zeros((0, CURVE))] * 3
        return Queries(empty.astype(int), [], empty.astype(int), empty.astype(bool), empty, empty, *curves)
    index, *arrays = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Queries(index, [str(writers[page]) for page in index], *arrays)


def blocks(count: int) -> list[slice]:
    """Rows of a matrix [count, count], some at a time."""
    step = max(1, _CELLS // max(1, count))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def nearest_pages(similarities: Similarities) -> tuple[np.ndarray, np.ndarray]:
    """For every page the one most like it, int [N] (-1: none), and how alike, float64 [N]; of several, the first."""
    best, alike = np.full(len(similarities), -1), np.full(len(similarities), np.nan)
    for rows in blocks(len(similarities)):
        values = np.array(similarities[rows], np.float64)  # [B, N]
        here = np.arange(rows.start, rows.stop)
        values[here - rows.start, here] = np.nan
        values = np.where(np.isfinite(values), values, -np.inf)
        at = values.argmax(axis=1)
        there = values[here - rows.start, at] > -np.inf
        best[here[there]], alike[here[there]] = at[there], values[here - rows.start, at][there]
    return best, alike


def _rank(values: np.ndarray, others: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of rows [B, N]: relevant, known, average precision, first [B], found, pure, precision [B, CURVE].

    others: what may be ranked; right: what of it is the query's writer's.
    """
    relevant = right.sum(axis=1)
    ranked = others & np.isfinite(values)
    known = ranked.any(axis=1)
    order = np.argsort(np.where(ranked, -values, np.inf), axis=1, kind="stable")
    ranked = np.take_along_axis(ranked, order, axis=1)  # [B, N], True ... True False ... False
    hits = np.take_along_axis(right, order, axis=1) & ranked
    ordered = np.where(ranked, np.take_along_axis(values, order, axis=1), -np.inf)
    rows, count = hits.shape
    place = np.arange(count)
    # Where pages tie, `start` and `end` are the first and last place of the tie, [B, N].
    new = np.ones((rows, count), bool)
    new[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]) | (ranked[:, 1:] != ranked[:, :-1])
    start = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    last = np.ones((rows, count), bool)
    last[:, :-1] = new[:, 1:]
    end = np.minimum.accumulate(np.where(last, place, count)[:, ::-1], axis=1)[:, ::-1]
    so_far = np.concatenate([np.zeros((rows, 1), int), np.cumsum(hits, axis=1)], axis=1)  # [B, N + 1], before a place
    before = np.take_along_axis(so_far, start, axis=1)
    tied_hits = np.take_along_axis(so_far, end + 1, axis=1) - before
    tied = end - start + 1
    chance = tied_hits / tied  # that the page at this place is right
    # Given that it is, how many of the tied ones before it are.
    beside = (place - start) * (tied_hits - 1) / np.maximum(tied - 1, 1)
    average = (chance * (before + beside + 1) / (place + 1)).sum(axis=1) / np.maximum(relevant, 1)
    at = hits.argmax(axis=1)[:, None]
    latest = np.take_along_axis(end - tied_hits, at, axis=1)[:, 0] + 2.0  # of the tie, all that are right come last
    first = np.where(hits.any(axis=1), latest, np.nan)
    found = 1 - _still_without(hits, ranked, start, tied, tied_hits)
    pure = _still_without(ranked & ~hits, ranked, start, tied, np.where(ranked, tied - tied_hits, 0))
    shown = np.cumsum(np.where(ranked, chance, 0)[:, :CURVE], axis=1)
    return relevant, known, average, first, found, _no_more(pure, ranked), _held(shown) / np.arange(1, CURVE + 1)


def _still_without(
    what: np.ndarray, ranked: np.ndarray, start: np.ndarray, tied: np.ndarray, among: np.ndarray
) -> np.ndarray:
    """[B, CURVE]: the probability that none of the first k ranked pages is one of `what`, over all orders of ties.

    Before the tie that holds the first of them it is 1; within, of n tied pages m of which are `what`, none of the
    first s is with probability (n-m)/n (n-m-1)/(n-1) ...
    """
    lines = np.arange(len(what))
    at = what.argmax(axis=1)
    there = what.any(axis=1)
    begin, size, of_them = (array[lines, at] for array in (start, tied, among))
    length = ranked.sum(axis=1)
    share, curve = np.ones(len(what)), np.ones((len(what), CURVE))
    for k in range(1, CURVE + 1):
        drawn = k - 1 - begin  # pages of the tie that were drawn before
        inside = there & (drawn >= 0) & (drawn < size) & (k <= length)
        left = np.maximum(size - of_them - drawn, 0) / np.maximum(size - drawn, 1)
        share = np.where(inside, share * left, share)
        curve[:, k - 1] = share
    return curve


def _no_more(pure: np.ndarray, ranked: np.ndarray) -> np.ndarray:
    """hard-k of a list that is shorter than k: there are no k pages that could all be right."""
    return np.where(np.arange(1, CURVE + 1) <= ranked.sum(axis=1)[:, None], pure, 0.0)


def _held(curve: np.ndarray) -> np.ndarray:
    """A curve [B, up to CURVE] made as long as the others by its last value."""
    return np.pad(curve, ((0, 0), (0, CURVE - curve.shape[1])), mode="edge")


def interval(values: np.ndarray, writers: Sequence[str], seed: int = 0, draws: int = 2000) -> tuple[float, float]:
    """95 % interval of the mean of values in 0 to 1, one a query: whole writers are drawn, not queries (bootstrap).

    Where all are 1, or all 0, that would be a point: then the exact interval over writers is given, as for shares
    (utils.accuracy_interval). What it does not hold: other distractors.
    """
    sums, sizes = _by_writer(values, writers)
    if len(sums) == 1:  # nothing tells how writers differ
        return 0.0, 1.0
    edge = 0.025 ** (1 / len(sums))
    if (values == 1).all():
        return edge, 1.0
    if (values == 0).all():
        return 0.0, 1 - edge
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for at in range(draws):
        drawn = rng.integers(len(sums), size=len(sums))
        means[at] = sums[drawn].sum() / sizes[drawn].sum()
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def paired_difference(
    one: np.ndarray, other: np.ndarray, writers: Sequence[str], seed: int = 0, draws: int = 2000
) -> tuple[float, float, float]:
    """How much higher the mean of `one` is than that of `other` on the same queries; its 95 % interval, as above."""
    gains, sizes = _by_writer(np.asarray(one) - np.asarray(other), writers)
    if len(gains) == 1:
        return float(gains[0] / sizes[0]), -1.0, 1.0
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for at in range(draws):
        drawn = rng.integers(len(gains), size=len(gains))
        means[at] = gains[drawn].sum() / sizes[drawn].sum()
    low, high = np.percentile(means, [2.5, 97.5])
    return float(gains.sum() / sizes.sum()), float(low), float(high)


def _by_writer(values: np.ndarray, writers: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Sums and counts of the values of each writer, sorted: nothing hangs on the order of the pages."""
    if not len(values):
        raise ValueError("no queries")
    labels = np.unique(np.asarray(writers).astype(str), return_inverse=True)[1]
    return np.bincount(labels, weights=np.asarray(values, np.float64)), np.bincount(labels)
