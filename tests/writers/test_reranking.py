"""Re-ranking against the definitions, written out page by page."""

from __future__ import annotations

import math

import numpy as np
import pytest

from utils import UserError
from writers.reranking import nearest_others, rerank_krnn, rerank_sgr, whiten_on

ANGLES = [0.0, 0.35, 0.9, 2.0]
FOUR = [[math.cos(angle), math.sin(angle)] for angle in ANGLES]


def written_out_sgr(vectors: list[list[float]], k: int, layers: int, gamma: float) -> list[list[float]]:
    """Loops over plain lists; no row that was changed is read before its layer is done."""
    pages = range(len(vectors))
    cosine = [[sum(a * b for a, b in zip(vectors[i], vectors[j], strict=True)) for j in pages] for i in pages]
    graph = [[math.exp(-((1 - cosine[i][j]) ** 2) / gamma) for j in pages] for i in pages]
    for _ in range(layers):
        old = [[(graph[i][j] + graph[j][i]) / 2 for j in pages] for i in pages]
        graph = []
        for i in pages:
            nearest = sorted((j for j in pages if j != i), key=lambda j, i=i: (-old[i][j], j))[:k]
            row = [old[i][c] + sum(cosine[i][j] * old[j][c] for j in nearest) for c in pages]
            length = math.sqrt(sum(value * value for value in row))
            graph.append([value / length for value in row])
    return graph


@pytest.mark.parametrize(("k", "layers", "gamma"), [(2, 1, 0.4), (1, 1, 0.5), (2, 3, 0.4), (3, 2, 0.1)])
def test_sgr_is_as_written_out_for_four_pages(k, layers, gamma):
    vectors = np.array(FOUR, np.float32)
    graph = rerank_sgr(vectors, k, layers, gamma)
    assert graph == pytest.approx(np.array(written_out_sgr(FOUR, k, layers, gamma)), abs=1e-5)
    assert (vectors == np.array(FOUR, np.float32)).all()  # nothing was changed in place
    if layers > 1:  # a layer that read its own rows would give something else
        assert not np.allclose(graph, rerank_sgr(vectors, k, 1, gamma), atol=1e-3)


def test_sgr_in_blocks_is_sgr(monkeypatch):
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(23, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    whole, expanded = rerank_sgr(vectors, layers=2), rerank_krnn(vectors)
    assert whole == pytest.approx(np.array(written_out_sgr(vectors.tolist(), 2, 2, 0.4)), abs=1e-5)
    monkeypatch.setattr("writers.reranking._CELLS", 23 * 4)
    assert rerank_sgr(vectors, layers=2) == pytest.approx(whole, abs=1e-6)
    assert rerank_krnn(vectors) == pytest.approx(expanded, abs=1e-6)


def test_sgr_that_does_not_fit_into_memory_is_one_line(monkeypatch):
    monkeypatch.setattr("reading.memory.machine_memory", lambda: 100)
    with pytest.raises(UserError, match="--rerank krnn"):
        rerank_sgr(np.array(FOUR, np.float32))


def test_krnn_takes_up_only_neighbours_that_agree():
    vectors = np.array(FOUR, np.float32)
    # k = 1: 0 and 1 are each other's nearest; 2's nearest is 1, 3's is 2, and neither is answered.
    expanded = rerank_krnn(vectors, k=1)
    mean = vectors[0] + vectors[1]
    assert expanded[0] == pytest.approx(mean / np.linalg.norm(mean))
    assert expanded[1] == pytest.approx(expanded[0])
    assert expanded[2:] == pytest.approx(vectors[2:])
    assert np.linalg.norm(expanded, axis=1) == pytest.approx(np.ones(4))
    assert (vectors == np.array(FOUR, np.float32)).all()


def test_a_duplicate_is_a_neighbour_and_the_page_itself_is_none():
    same = np.ones((3, 3), np.float32)
    assert nearest_others(same, np.arange(3), 2).tolist() == [[1, 2], [0, 2], [0, 1]]
    assert nearest_others(same[2:], np.array([2]), 9).tolist() == [[0, 1]]


def test_whitening_gives_all_directions_the_same_weight():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 6)) * [9, 3, 1, 1, 0.5, 0.1] + 4
    white = whiten_on(vectors.astype(np.float32))
    assert white.shape == (200, 6)
    before = np.linalg.eigvalsh(np.cov((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T))
    after = np.linalg.eigvalsh(np.cov(white.T))
    assert after[-1] / after[0] < 2 < before[-1] / before[0]
    assert whiten_on(np.eye(5, dtype=np.float32)).shape == (5, 4)
