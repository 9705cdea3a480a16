"""Pages that are alike, put into groups: average linkage down to a threshold, over lists of neighbours.

    first, second, similarities, _ = alike_pairs(vectors, threshold)     # each pair once
    labels = average_linkage(vectors, first, second, threshold)          # int [N]; -1: alike with no other

A group is as alike as its pages are on average, so that one page between two hands does not chain them together.
Similarities are dot products, so the average over all pairs of two groups is the dot product of their sums: it is
exact, and takes the memory of one vector a group.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

MOST = 64  # neighbours of a page that are looked at: with more, memory would grow with the square of the pages
BLOCK = 1024  # pages compared at once with as many others


def alike_pairs(
    vectors: np.ndarray, threshold: float, *, most: int = MOST, progress: Callable[[int], object] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Pairs of rows whose similarity is `threshold` or more: first < second, int [P], their similarities float32 [P],
    and of how many rows only the `most` nearest were taken.

    vectors: unit vectors [N, D], of any float type. progress: told how many rows are done. Memory beside the vectors:
    a block, and `most` neighbours a row.
    """
    count = len(vectors)
    nearest = np.full((count, most), -1, np.int64)
    alike = np.full((count, most), -np.inf, np.float32)
    full = np.zeros(count, np.int64)  # rows that are as alike with each
    for start in range(0, count, BLOCK):
        rows = slice(start, min(start + BLOCK, count))
        block = vectors[rows].astype(np.float32)
        for other in range(start, count, BLOCK):  # each pair of blocks once, for both sides
            columns = slice(other, min(other + BLOCK, count))
            similarity = block @ (block if other == start else vectors[columns].astype(np.float32)).T
            if other == start:
                np.fill_diagonal(similarity, -np.inf)
            _keep(nearest, alike, full, rows, other, similarity, threshold)
            if other != start:
                _keep(nearest, alike, full, columns, start, similarity.T, threshold)
        if progress:
            progress(rows.stop - rows.start)
    row, place = np.nonzero(nearest >= 0)
    one, two = row, nearest[row, place]
    first, second = np.minimum(one, two), np.maximum(one, two)
    _, once = np.unique(first * np.int64(count) + second, return_index=True)
    return first[once], second[once], alike[row[once], place[once]], int((full > most).sum())


def _keep(
    nearest: np.ndarray,
    alike: np.ndarray,
    full: np.ndarray,
    rows: slice,
    offset: int,
    similarity: np.ndarray,
    threshold: float,
) -> None:
    """Take over what rows [rows] have in common with rows `offset ...`: similarity [rows, others]."""
    passing = similarity >= threshold
    counts = passing.sum(axis=1)
    full[rows] += counts
    most = nearest.shape[1]
    for at in np.flatnonzero(counts):
        row = rows.start + at
        others = np.flatnonzero(passing[at])
        ids = np.concatenate([nearest[row], others + offset])
        values = np.concatenate([alike[row], similarity[at, others]])
        best = np.argsort(-values, kind="stable")[:most]
        nearest[row], alike[row] = ids[best], values[best]


def average_linkage(vectors: np.ndarray, first: np.ndarray, second: np.ndarray, threshold: float) -> np.ndarray:
    """The group of each row, int [N], numbered by size, largest first (then by their first row); -1: it is in none.

    Always the two groups that are most alike on average are joined, as long as that average is `threshold` or more.
    Only groups with a pair in (first, second) between them can be.
    """
    sums: dict[int, np.ndarray] = {}
    members: dict[int, list[int]] = {}
    linked: dict[int, set[int]] = {}
    for one, two in zip(first.tolist(), second.tolist(), strict=True):
        linked.setdefault(one, set()).add(two)
        linked.setdefault(two, set()).add(one)
    for row in linked:
        members[row] = [row]

    def sum_of(group: int) -> np.ndarray:
        return sums[group] if group in sums else vectors[group].astype(np.float32)

    waiting = [
        (-float(sum_of(one) @ sum_of(two)), one, two) for one, two in zip(first.tolist(), second.tolist(), strict=True)
    ]
    waiting = [pair for pair in waiting if -pair[0] >= threshold]
    heapq.heapify(waiting)
    new = len(vectors)
    while waiting:
        _, one, two = heapq.heappop(waiting)
        if one not in members or two not in members:
            continue
        total = sum_of(one) + sum_of(two)
        sums.pop(one, None)
        sums.pop(two, None)
        sums[new], members[new] = total, members.pop(one) + members.pop(two)
        beside = (linked.pop(one) | linked.pop(two)) - {one, two}
        linked[new] = beside
        for other in sorted(beside):
            linked[other] -= {one, two}
            linked[other].add(new)
            average = float(total @ sum_of(other)) / (len(members[new]) * len(members[other]))
            if average >= threshold:
                heapq.heappush(waiting, (-average, other, new))
        new += 1
    labels = np.full(len(vectors), -1, np.int64)
    groups = sorted((sorted(rows) for rows in members.values() if len(rows) > 1), key=lambda rows: (-len(rows), rows))
    for number, rows in enumerate(groups):
        labels[rows] = number
    return labels


def to_others(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How alike each row of a group is, on average, with the others of it: float32 [len(rows)]."""
    group = vectors[rows].astype(np.float32)
    total = group.sum(axis=0)
    return ((group @ total) - (group**2).sum(axis=1)) / (len(rows) - 1)
