"""Groups of vectors that lie together, found without any categories: how many, which pages, how far from the centre.

    found = find_clusters(index.vectors())                             # labels, nearest, distances, rule
    agreement(found.labels, categories)                                # purity and adjusted mutual information

Principal components that hold 90 % of the variance (20 at most), then
- up to 50,000 pages HDBSCAN (Campello et al. 2013): of some smallest cluster sizes the one is taken whose silhouette x
  share of pages in a cluster is highest (tried on 10,000 pages at most); where more than half of the pages would be in
  none, k-means;
- beyond, or for a given number, k-means (in mini-batches beyond 20,000 pages); the number, where none is given, is the
  one of `COUNTS` with the highest silhouette on a drawn part.
Pages that belong to no dense group stay out (label -1). Distance: 1 - cosine of a page and the mean direction of its
cluster, so 0 = at the centre; the same scale as search. The same vectors give the same clusters again.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from explore.projection import BLOCK, SAME, SEED, principal, sample

DENSE = 50_000  # pages that HDBSCAN takes: its time grows with their square
TRIED = 10_000  # pages that its smallest cluster is chosen on
DIMENSIONS = 20  # more make densities flat, and slow
SHARE = 0.9  # of the variance: the rest is mostly noise to a density
NONE = -1  # the cluster of pages in no cluster, as scikit-learn has it
FEW = 8  # fewer pages are one cluster
SMALLEST = (0.002, 0.005, 0.01, 0.02, 0.05)  # shares of all pages that are tried as the smallest cluster
LEAST = 3  # pages of a cluster
MEAN = 5  # pages a cluster, at least, where k-means tries a number: else the silhouette favours single pages
NEIGHBOURS = 5  # pages that make a place dense
MOST_NONE = 0.5  # where more than this share is in no cluster, density tells nothing here
COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 60, 80, 120, 160)  # numbers of clusters that k-means tries
JUDGED, LEARNED = 5_000, 20_000  # pages that judge a number of clusters, and that it is tried on


@dataclass(frozen=True)
class Clustering:
    """What was found.

    labels: int32 [N], 1 = the largest cluster, `NONE` = in no cluster. nearest: int32 [N], the label, or for `NONE` the
    nearest cluster. distances: float32 [N], to the centre of `nearest`, 0 .. 2. rule: how the number was chosen.
    """

    labels: np.ndarray
    nearest: np.ndarray
    distances: np.ndarray
    rule: str

    @property
    def count(self) -> int:
        """Clusters."""
        return int(self.labels.max(initial=0))


def find_clusters(vectors: np.ndarray, count: int = 0, progress: Callable[[int], object] | None = None) -> Clustering:
    """Cluster unit vectors [N, D], N >= 1; the same result every time.

    count: how many; 0 chooses. progress: told of each of `steps(N, count)` tries.
    """
    tick = progress or (lambda _: None)
    if not count and len(vectors) < FEW:
        labels, rule = np.zeros(len(vectors), np.int64), f"fewer than {FEW} pages are one cluster"
    elif np.ptp(points := principal(vectors, DIMENSIONS, SHARE), axis=0).max() < SAME:
        labels, rule = np.zeros(len(vectors), np.int64), "all pages look the same: one cluster"
    else:
        space = f"on {points.shape[1]} principal components"
        labels, rule = _counted(points, count, space) if count else _chosen(points, space, tick)
    labels = _by_size(labels)
    nearest, distances = measure(vectors, labels)
    return Clustering(labels, nearest, distances, rule)


def steps(pages: int, count: int) -> int:
    """How many tries `find_clusters` makes at most (for a progress bar)."""
    if count or pages < FEW:
        return 1
    return len(SMALLEST) + 1 if pages <= DENSE else len(_counts(pages))


def _chosen(points: np.ndarray, space: str, tick: Callable[[int], object]) -> tuple[np.ndarray, str]:
    """Labels from 0, and the rule by which they were chosen."""
    if len(points) <= DENSE:
        part = points[sample(len(points), TRIED)]
        scores = {}
        for share in SMALLEST:
            labels = _dense(part, share)
            inside = float((labels >= 0).mean())
            scores[share] = _silhouette(part, labels) * inside if inside >= 1 - MOST_NONE else 0.0
            tick(1)
        share = max(scores, key=lambda tried: scores[tried])
        labels = _dense(points, share)
        tick(1)
        sizes = sorted({_least(len(points), tried) for tried in SMALLEST} - {_least(len(points), share)})
        if scores[share] > 0 and (labels >= 0).mean() >= 1 - MOST_NONE:
            rule = f"HDBSCAN {space}, clusters of at least {_least(len(points), share)} pages"
            return labels, f"{rule} (tried too: {', '.join(map(str, sizes))})" if sizes else rule
        why = "no density separates these pages, so k-means"
    else:
        why = f"more than {DENSE:,} pages, so k-means in mini-batches"
    part = points[sample(len(points), LEARNED)]
    scores = {}
    for count in _counts(len(points)):
        scores[count] = _silhouette(part, _means(part, count))
        tick(1)
    count = max(scores, key=lambda tried: scores[tried])
    labels, _ = _counted(points, count, space)
    return labels, f"{why} {space}; the highest silhouette of {', '.join(map(str, scores))} clusters"


def _least(pages: int, share: float) -> int:
    return max(LEAST, round(share * pages))


def _counts(pages: int) -> list[int]:
    return [count for count in COUNTS if count <= max(2, pages // MEAN)]


def _dense(points: np.ndarray, share: float) -> np.ndarray:
    """HDBSCAN's labels with a smallest cluster of `share` of the points; -1 = in none."""
    from sklearn.cluster import HDBSCAN

    smallest = _least(len(points), share)
    return HDBSCAN(min_cluster_size=smallest, min_samples=min(smallest, NEIGHBOURS), copy=False).fit(points).labels_


def _counted(points: np.ndarray, count: int, space: str) -> tuple[np.ndarray, str]:
    labels = _means(points, count)
    clusters = len(np.unique(labels))
    fewer = "" if clusters == count else f"; only {clusters} differ"
    return labels, f"k-means {space}, {count} clusters as asked for{fewer}"


def _means(points: np.ndarray, count: int) -> np.ndarray:
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings():  # that fewer points differ is no matter for a try, and is told of a result
        warnings.simplefilter("ignore", ConvergenceWarning)
        if len(points) <= LEARNED:
            with threadpool_limits(1):  # its threads wait for each other: on a busy machine minutes instead of a moment
                return KMeans(count, n_init=4, random_state=SEED).fit_predict(points)
        return MiniBatchKMeans(count, batch_size=8192, n_init=3, random_state=SEED).fit_predict(points)


def _silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette (Rousseeuw 1987) of at most `JUDGED` clustered pages; 0 for fewer than two clusters."""
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(labels >= 0)
    inside = inside[sample(len(inside), JUDGED)]
    clusters = len(np.unique(labels[inside]))
    return float(silhouette_score(points[inside], labels[inside])) if 2 <= clusters < len(inside) else 0.0


def _by_size(labels: np.ndarray) -> np.ndarray:
    """Labels 1 .. K, the largest cluster first (of equal ones that of the earlier page); negative ones are `NONE`."""
    numbers_found, first, sizes = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    numbers = np.full(int(labels.max(initial=0)) + 1, NONE, np.int32)
    for number, at in enumerate(sorted(range(len(numbers_found)), key=lambda at: (-sizes[at], first[at])), 1):
        numbers[numbers_found[at]] = number
    return np.where(labels >= 0, numbers[np.maximum(labels, 0)], NONE).astype(np.int32)


def centres(vectors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean directions [K, D] float32 of the clusters 1 .. K."""
    sums = np.zeros((int(labels.max(initial=0)), vectors.shape[1]), np.float64)
    for start in range(0, len(labels), BLOCK):
        part = labels[start : start + BLOCK]
        inside = part > 0
        np.add.at(sums, part[inside] - 1, np.asarray(vectors[start : start + BLOCK][inside], np.float64))
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.maximum(norms, 1e-12)).astype(np.float32)


def measure(vectors: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """nearest int32 [N] and distances float32 [N] of `Clustering`."""
    middle = centres(vectors, labels)
    nearest, distances = labels.astype(np.int32), np.zeros(len(labels), np.float32)
    for start in range(0, len(labels), BLOCK):
        at = slice(start, start + BLOCK)
        away = 1 - np.asarray(vectors[at], np.float32) @ middle.T  # [block, K]
        out = nearest[at] == NONE
        nearest[at][out] = away[out].argmin(axis=1) + 1
        distances[at] = np.clip(away[np.arange(len(away)), nearest[at] - 1], 0, 2)
    return nearest, distances


@dataclass(frozen=True)
class Agreement:
    """How clusters agree with categories, over the `pages` that have one.

    purity: share of pages whose category is the most frequent one of their cluster. ami: adjusted mutual information
    (Vinh et al. 2010), 0 = as by chance, 1 = the same groups.
    """

    pages: int
    purity: float
    ami: float


def agreement(labels: np.ndarray, categories: Sequence[str]) -> Agreement | None:
    """Over the pages whose category is not ""; None where fewer than two categories are known.

    Pages in no cluster count as a cluster of their own: leaving them out would flatter.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    known = [(int(label), category) for label, category in zip(labels, categories, strict=True) if category]
    if len({category for _, category in known}) < 2:
        return None
    pairs = Counter(known)
    most: dict[int, int] = {}
    for (label, _), pages in pairs.items():
        most[label] = max(most.get(label, 0), pages)
    ours, theirs = zip(*known, strict=True)
    return Agreement(len(known), sum(most.values()) / len(known), float(adjusted_mutual_info_score(theirs, ours)))


def shares(values: Iterable[str], shown: int = 3) -> str:
    """`TEXT 93 %, DRAW 7 %`: the most frequent of the values that are not "".

    >>> shares(["TEXT", "TEXT", "DRAW", ""])
    'TEXT 67 %, DRAW 33 %'
    """
    counts = Counter(value for value in values if value)
    total = sum(counts.values())
    parts = [f"{value} {100 * pages / total:.0f} %" for value, pages in counts.most_common(shown)]
    return ", ".join([*parts, *([f"{len(counts) - shown} more"] if len(counts) > shown else [])])
