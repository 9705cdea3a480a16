"""Near neighbours of every page: all pairs of few, cells of many."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from vector_index import vectors_of

from index import neighbours as module
from index.neighbours import neighbours


def test_neighbours_leave_out_the_own_group() -> None:
    vectors = vectors_of(60, 8)
    groups = np.repeat(np.arange(20), 3)
    rows, similarity = neighbours(vectors, 4, groups=groups)
    whole = vectors.astype(np.float32) @ vectors.astype(np.float32).T
    whole[groups[:, None] == groups[None]] = -np.inf
    np.testing.assert_allclose(similarity, -np.sort(-whole, axis=1)[:, :4], rtol=1e-5)
    assert (groups[rows] != groups[:, None]).all()


def test_fewer_than_k_neighbours() -> None:
    rows, similarity = neighbours(vectors_of(3, 8), 5)
    assert (rows[:, 2:] == -1).all()
    assert np.isneginf(similarity[:, 2:]).all()
    assert (rows[:, :2] >= 0).all()


def test_cells_find_nearly_all_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond ALL_PAIRS pages only a part is compared; near copies still find each other."""
    monkeypatch.setattr(module, "ALL_PAIRS", 1000)
    monkeypatch.setattr(module, "CELL", 100)
    vectors = vectors_of(3000, 32)
    near = vectors[:300].astype(np.float32) + np.random.default_rng(1).normal(0, 0.05, (300, 32))
    vectors[2700:] = near / np.linalg.norm(near, axis=1, keepdims=True)
    rows, _ = neighbours(vectors, 3)
    assert (rows[2700:, 0] == np.arange(300)).mean() > 0.97


def test_cells_find_turned_pages_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a row asks with may lie in another cell than the row itself."""
    monkeypatch.setattr(module, "ALL_PAIRS", 1000)
    monkeypatch.setattr(module, "CELL", 100)
    vectors = vectors_of(3000, 32)
    queries = np.roll(vectors, 1, axis=0)
    rows, similarity = neighbours(vectors, 1, queries=queries)
    assert (rows[1:, 0] == np.arange(2999)).mean() > 0.99
    assert similarity[1:, 0].max() == pytest.approx(1, abs=2e-3)
