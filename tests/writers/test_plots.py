"""The order of the dendrogram, which pages a picture shows, and sizes that stay bounded."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image

from writers.plots import MOST_PAGES, chosen_pages, dendrogram, draw_cmc, draw_matrix, draw_scores
from writers.ranking import Cosines
from writers.scores import count_scores


def hands_of(writers: int, each: int) -> tuple[np.ndarray, list[str]]:
    """Unit vectors [N, D] of pages around a direction of each writer, the writers' pages far apart in the list."""
    rng = np.random.default_rng(0)
    hands = np.tile(rng.normal(size=(writers, 16)), (each, 1))
    vectors = hands + 0.25 * rng.normal(size=hands.shape)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), [
        f"w{at % writers}" for at in range(writers * each)
    ]


def test_the_dendrogram_puts_pages_of_one_hand_side_by_side():
    vectors, writers = hands_of(6, 4)
    order, merges = dendrogram(vectors @ vectors.T)
    assert sorted(order) == list(range(24))
    names = [writers[at] for at in order]
    assert sum(one == other for one, other in itertools.pairwise(names)) == 18  # 4 pages: 3 neighbours
    assert len(merges) == 23
    assert all(height >= max(one, other) for _, one, _, other, height in merges)


def test_the_merges_of_three_pages_are_those_counted_by_hand():
    order, merges = dendrogram(np.array([[1, 0.9, 0.2], [0.9, 1, 0.4], [0.2, 0.4, 1]]))
    assert order == [0, 1, 2]
    assert np.allclose([merge[-1] for merge in merges], [0.1, 0.7])  # the mean of 0.8 and 0.6


def test_of_many_pages_a_picture_shows_whole_writers_and_stays_small(tmp_path):
    vectors, writers = hands_of(150, 3)
    known = np.ones(450, bool)
    known[0] = False
    shown = chosen_pages(writers, known)
    assert 100 < len(shown) <= MOST_PAGES
    assert 0 not in shown
    names = [writers[at] for at in shown]
    assert all(names.count(name) >= 2 for name in names)
    file = draw_matrix(Cosines(vectors), writers, known, tmp_path / "matrix.png")
    with Image.open(file) as drawn:
        assert max(drawn.size) <= 4000


def test_scores_are_counted_once_a_pair_and_drawn(tmp_path):
    vectors, writers = hands_of(5, 4)
    vectors = vectors.astype(np.float32)
    vectors[3] = np.nan
    scores = count_scores(Cosines(vectors), writers, None)
    kept = [at for at in range(20) if at != 3]
    pairs = [(one, other) for one in kept for other in kept if one < other]
    assert scores.same.sum() == sum(writers[one] == writers[other] for one, other in pairs)
    assert scores.different.sum() == sum(writers[one] != writers[other] for one, other in pairs)
    assert scores.false_match_rate <= 0.01
    reach = [
        vectors[one] @ vectors[other] >= scores.threshold for one, other in pairs if writers[one] == writers[other]
    ]
    assert abs(scores.false_non_match_rate - (1 - np.mean(reach))) < 1e-9
    assert "chosen on these very pages" in scores.line()
    assert draw_scores(scores, tmp_path / "scores.png").stat().st_size > 5000
    assert draw_cmc({"m": np.linspace(0.5, 1, 50), "chance": np.linspace(0, 1, 50)}, tmp_path / "cmc.png").exists()
    alone = count_scores(Cosines(vectors[:2]), ["a", "b"], None)
    assert alone.to_json() is None
