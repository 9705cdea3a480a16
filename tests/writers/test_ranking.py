"""Metrics of writer retrieval against cases counted by hand, and against all orders of what ties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from writers.ranking import (
    CURVE,
    Cosines,
    Equal,
    evaluate_retrieval,
    interval,
    paired_difference,
    rank_pages,
)

NOT_KNOWN = float("nan")


def matrix(*rows: str) -> np.ndarray:
    return np.array([[float(value) for value in row.split()] for row in rows])


def figures_of_one_order(order: list[int], query: int, writers: list[str]) -> dict[str, float]:
    """Counted along one ranking, as a reader would."""
    right = [writers[page] == writers[query] for page in order]
    ranks = [rank for rank, hit in enumerate(right, 1) if hit]
    return {
        "ap": sum(found / rank for found, rank in enumerate(ranks, 1)) / len(ranks),
        "soft1": right[0],
        "soft2": any(right[:2]),
        "hard2": all(right[:2]),
        "precision2": sum(right[:2]) / 2,
    }


def test_average_precision_is_as_counted_by_hand():
    # Query 0 ranks b a b a c: its two others at ranks 2 and 4, AP = (1/2 + 2/4) / 2.
    writers = ["a", "b", "a", "b", "a", "c"]
    similarities = np.zeros((6, 6))
    similarities[0] = [0.2, 0.9, 0.8, 0.7, 0.6, 0.5]  # its own is not the highest, and does not count
    queries = rank_pages(similarities, writers)
    assert queries.index.tolist() == [0, 1, 2, 3, 4]  # c has one page: no query
    assert queries.average_precision[0] == pytest.approx(0.5)
    assert queries.first[0] == 2
    assert queries.relevant.tolist() == [2, 1, 2, 1, 2]
    assert queries.found[0, :3].tolist() == [0, 1, 1]
    assert queries.precision[0, :4].tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])


def test_writers_of_one_page_stay_as_distractors():
    with_one = matrix("1 .5 .9", ".5 1 .9", ".9 .9 1")
    assert evaluate_retrieval(with_one, ["a", "a", "b"])["map"] == pytest.approx(50)
    assert evaluate_retrieval(with_one[:2, :2], ["a", "a"])["map"] == pytest.approx(100)


def test_a_duplicate_counts_and_the_query_goes_by_its_index():
    # Page 1 is page 0 once more. Were the query taken for "the best hit", the duplicate would vanish instead.
    vectors = np.array([[1, 0], [1, 0], [0.8, 0.6], [0, 1]], np.float32)
    writers = ["a", "a", "b", "b"]
    queries = rank_pages(Cosines(vectors), writers)
    assert queries.average_precision[:2].tolist() == [1, 1]
    assert queries.found[:2, 0].tolist() == [1, 1]
    # A duplicate filed under another writer is the best hit, and a wrong one.
    assert rank_pages(Cosines(vectors), ["a", "c", "a", "c"]).found[0, 0] == 0


@pytest.mark.parametrize("seed", range(8))
def test_ties_count_as_the_mean_over_all_orders(seed):
    rng = np.random.default_rng(seed)
    writers = ["a", "a", "b", "a", "b", "c"]
    similarities = rng.integers(3, size=(6, 6)).astype(float)
    queries = rank_pages(similarities, writers)
    for at, query in enumerate(queries.index):
        others = [page for page in range(6) if page != query]
        fitting = [
            order
            for order in itertools.permutations(others)
            if all(similarities[query, one] >= similarities[query, other] for one, other in itertools.pairwise(order))
        ]
        counted = [figures_of_one_order(list(order), query, writers) for order in fitting]
        mean = {name: np.mean([figures[name] for figures in counted]) for name in counted[0]}
        assert queries.average_precision[at] == pytest.approx(mean["ap"])
        assert queries.found[at, :2].tolist() == pytest.approx([mean["soft1"], mean["soft2"]])
        assert queries.pure[at, 1] == pytest.approx(mean["hard2"])
        assert queries.precision[at, 1] == pytest.approx(mean["precision2"])


def test_similarities_that_say_nothing_give_exactly_chance():
    # 3 others, 1 right: its rank is 1, 2 or 3, each with probability 1/3. AP = (1 + 1/2 + 1/3) / 3.
    queries = rank_pages(Equal(np.ones(4, bool)), ["a", "a", "b", "b"])
    assert queries.average_precision == pytest.approx(np.full(4, (1 + 1 / 2 + 1 / 3) / 3))
    assert queries.found[:, :4] == pytest.approx(np.tile([1 / 3, 2 / 3, 1, 1], (4, 1)))
    assert queries.first.tolist() == [3] * 4  # not optimistic


def test_pages_without_a_vector_are_misses_and_never_hits():
    vectors = np.array([[1, 0], [1, 0], [NOT_KNOWN] * 2, [0, 1], [0, 1]], np.float32)
    queries = rank_pages(Cosines(vectors), ["a", "a", "a", "b", "b"])
    assert queries.average_precision.tolist() == pytest.approx([0.5, 0.5, 0, 1, 1])  # half of what there is is found
    assert queries.known.tolist() == [True, True, False, True, True]
    assert np.isnan(queries.first[2])
    figures = queries.figures()
    assert figures["lost_queries"] == 1
    assert figures["top1"] == pytest.approx(80)
    assert rank_pages(Equal(~np.isnan(vectors[:, 0])), ["a", "a", "a", "b", "b"]).average_precision[2] == 0


def test_images_of_the_querys_own_page_are_out_of_its_cross_page_ranking():
    # Two fragments of page 1, one of page 2; a stranger lies between them.
    writers, sources = ["a", "a", "a", "b", "b"], ["a1", "a1", "a2", "b1", "b1"]
    similarities = matrix("1 .9 .1 .5 .4", ".9 1 .1 .5 .4", ".2 .3 1 .5 .4", ".5 .5 .5 1 .9", ".4 .4 .4 .9 1")
    figures = evaluate_retrieval(similarities, writers, sources)
    assert figures["cross_page_map"] == pytest.approx(100 * (1 / 3 + 1 / 3 + (1 / 3 + 2 / 4) / 2) / 3)
    assert figures["map"] > figures["cross_page_map"]
    assert len(rank_pages(similarities, writers, sources)) == 3  # b has no other page


def test_hard_k_needs_k_right_pages_and_shares_stay_shares():
    similarities = matrix("1 .9 .8 .1", ".9 1 .8 .1", ".9 .8 1 .1", ".1 .1 .1 1")
    figures = evaluate_retrieval(similarities, ["a", "a", "a", "b"], k=(1, 2, 3, 10))
    assert (figures["hard2"], figures["hard3"], figures["hard10"], figures["soft10"]) == (100, 0, 0, 100)
    assert figures["precision10"] == pytest.approx(20)
    with pytest.raises(ValueError, match="k must be"):
        evaluate_retrieval(similarities, ["a", "a", "a", "b"], k=(CURVE + 1,))
    with pytest.raises(ValueError, match="no writer has two pages"):
        evaluate_retrieval(similarities, ["a", "b", "c", "d"])


def test_blocks_of_rows_give_what_the_whole_gives(monkeypatch):
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    writers = [f"w{at % 13}" for at in range(60)]
    whole = rank_pages(vectors @ vectors.T, writers)
    monkeypatch.setattr("writers.ranking._CELLS", 60 * 7)
    parts = rank_pages(vectors @ vectors.T, writers)
    assert (whole.average_precision == parts.average_precision).all()
    assert (whole.index == parts.index).all()
    assert (whole.found == parts.found).all()


def test_intervals_draw_writers_not_pages():
    # Two writers of 50 pages each, one always found and one never: pages alone would give 40 to 60.
    values, writers = np.repeat([1.0, 0.0], 50), ["a"] * 50 + ["b"] * 50
    assert interval(values, writers) == (0, 1)
    low, high = interval(np.ones(10), [f"w{at}" for at in range(10)])  # a point would claim too much
    assert high == 1
    assert 0.5 < low < 0.8
    assert interval(np.array([0.4, 0.6]), ["a", "a"]) == (0, 1)  # one writer shows nothing of others
    rng = np.random.default_rng(0)
    base, many = rng.random(200), [f"w{at // 4}" for at in range(200)]
    difference, low, high = paired_difference(base + 0.05, base, many)
    assert (difference, low, high) == pytest.approx((0.05, 0.05, 0.05))
    order = rng.permutation(200)
    assert interval(base[order], [many[at] for at in order]) == pytest.approx(interval(base, many))
