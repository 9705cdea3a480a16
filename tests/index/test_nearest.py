"""The nearest pages: exact on few, approximate from a size on, kept up to date."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from vector_index import add, made, unit

from encoders.look import LOOK
from index import nearest


def test_search_is_approximate_from_a_size_on_and_kept_up_to_date(tmp_path, monkeypatch):
    monkeypatch.setattr(nearest, "APPROXIMATE_FROM", 2000)
    monkeypatch.setattr(nearest, "PARTITION", 250)
    centres = unit(20, 128, 1)
    draw = np.random.default_rng(2)

    def near(count):
        vectors = centres[draw.integers(20, size=count)] + 0.6 * unit(count, 128, draw.integers(1 << 30))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    first = near(1500)
    index = made(tmp_path / "ix", first)
    index.tidy()
    assert not index.approximate
    add(index, near(1000), 1500)
    index.tidy()
    assert index.approximate
    add(index, near(200), 2500)
    index.tidy()
    assert index._nearest.indexed() == 2700  # taken up, not trained anew
    assert index._nearest.trained == 2500
    vectors = index.vectors().astype(np.float32)
    queries = near(20)
    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    exact = index.nearest(queries, 10, exact=True)
    assert np.mean([len(set(ids) & set(row)) for (ids, _), row in zip(exact, truth, strict=True)]) >= 9.8
    approximate = index.nearest(queries, 10)
    assert np.mean([len(set(ids) & set(row)) for (ids, _), row in zip(approximate, truth, strict=True)]) >= 9.5
    [(ids, similarities)] = index.nearest(vectors[7:8], 5, where="year = 1907")
    assert ids[0] == 7
    assert similarities[0] == pytest.approx(1, abs=1e-3)
    assert len(ids) == 5  # a narrow condition looks into more partitions
    seen = index.vectors(space="look").astype(np.float32)
    assert index._nearest.indexed("look") == 2700
    hits = 0
    for at in range(0, 2700, 135):
        asked = {"look": seen[at] + 0.3 * unit(1, LOOK, at)[0], "vector": queries[at // 135]}
        ids, similarities = index.alike(asked, 10)
        right, their = index.alike(asked, 10, exact=True)
        lengths = np.linalg.norm(asked["look"])
        weighed = (2 * seen @ asked["look"] / lengths + vectors @ asked["vector"]) / 3
        assert right.tolist() == np.argsort(-weighed)[:10].tolist()
        assert their == pytest.approx(np.sort(weighed)[::-1][:10], abs=2e-3)
        assert (np.diff(similarities) <= 0).all()
        hits += len(set(ids.tolist()) & set(right.tolist()))
    assert hits >= 0.95 * 200
    ids, _ = index.alike({"look": seen[7], "vector": vectors[7]}, 5, where="year = 1907")
    assert ids[0] == 7
    assert len(ids) == 5
    index.set_columns(range(2700), {"cluster": [1] * 2700})
    assert index._nearest.indexed() == 2700
    add(index, near(500), 2700)
    index.tidy()
    assert index._nearest.trained == 3200  # grown by more than a quarter: made anew
