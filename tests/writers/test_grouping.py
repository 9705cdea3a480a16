"""Average linkage over lists of neighbours, against one written out over all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from writers.grouping import alike_pairs, average_linkage, to_others


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def drawn(seed: int, hands: int = 8, each: int = 5, spread: float = 0.9) -> np.ndarray:
    random = np.random.default_rng(seed)
    middles = unit(random.normal(size=(hands, 24)))
    return unit(np.repeat(middles, each, axis=0) + spread * random.normal(size=(hands * each, 24)) / np.sqrt(24))


def written_out(vectors: np.ndarray, threshold: float) -> set[frozenset[int]]:
    """Average linkage by the book: all groups against all groups, again and again."""
    similarity = vectors @ vectors.T
    groups = [frozenset([row]) for row in range(len(vectors))]
    while True:
        best = max(
            ((similarity[np.ix_(sorted(one), sorted(two))].mean(), one, two)
             for at, one in enumerate(groups) for two in groups[:at]),
            key=lambda pair: pair[0],
        )  # fmt: skip
        if best[0] < threshold:
            return {group for group in groups if len(group) > 1}
        groups = [group for group in groups if group not in best[1:]] + [best[1] | best[2]]


@pytest.mark.parametrize("seed", range(4))
def test_the_groups_are_those_of_average_linkage_over_all_pairs(seed):
    vectors = drawn(seed)
    for threshold in (0.3, 0.5, 0.7):
        first, second, _, cut = alike_pairs(vectors, threshold)
        labels = average_linkage(vectors, first, second, threshold)
        groups = {frozenset(np.flatnonzero(labels == number)) for number in range(labels.max() + 1)}
        assert groups == written_out(vectors, threshold)
        assert cut == 0
        sizes = [int((labels == number).sum()) for number in range(labels.max() + 1)]
        assert sizes == sorted(sizes, reverse=True)


def test_one_page_between_two_hands_does_not_chain_them():
    one, two = np.eye(2)
    vectors = unit(np.stack([one, one, two, two, one + two]))
    first, second, _, _ = alike_pairs(vectors, 0.7)
    assert {4} & {*second.tolist()}  # it is alike with all of them
    labels = average_linkage(vectors, first, second, 0.7)
    assert labels[0] == labels[1] != labels[2] == labels[3]


def test_pairs_are_all_pairs_whatever_the_blocks(monkeypatch):
    vectors = drawn(9)
    similarity = vectors @ vectors.T
    expected = {(int(a), int(b)) for a, b in np.argwhere(np.triu(similarity >= 0.4, 1))}
    for block in (7, 1024):
        monkeypatch.setattr("writers.grouping.BLOCK", block)
        first, second, values, _ = alike_pairs(vectors.astype(np.float16), 0.4)
        assert set(zip(first.tolist(), second.tolist(), strict=True)) == expected
        assert np.allclose(values, similarity[first, second], atol=2e-3)


def test_with_too_many_neighbours_the_nearest_are_kept_and_the_rest_is_told():
    vectors = unit(np.ones((12, 4)) + 0.01 * np.random.default_rng(0).normal(size=(12, 4)))
    first, second, _, cut = alike_pairs(vectors, 0.5, most=3)
    assert cut == 12
    assert len(first) <= 36
    similarity = vectors @ vectors.T - 2 * np.eye(12)
    assert {(min(row, best), max(row, best)) for row, best in enumerate(similarity.argmax(1).tolist())} <= {
        *zip(first.tolist(), second.tolist(), strict=True)
    }
    assert np.allclose(to_others(vectors, np.arange(12)), (similarity.sum(1) + 1) / 11, atol=1e-5)


def test_nothing_is_alike():
    first, second, _, _ = alike_pairs(np.eye(5, dtype=np.float32), 0.5)
    assert len(first) == 0
    assert (average_linkage(np.eye(5, dtype=np.float32), first, second, 0.5) == -1).all()
