"""The database of pages: derived columns beside the vectors, and old versions that go."""

from __future__ import annotations

import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from vector_index import add, made, size_of, unit


def test_derived_columns_are_written_beside_the_vectors(tmp_path):
    index = made(tmp_path / "ix", unit(2000, 16, 0))
    before, vectors = size_of(tmp_path / "ix"), index.vectors()
    for turn in range(3):
        index.set_columns(range(10, 500), {"cluster": [turn] * 490, "cluster_distance": [0.5] * 490})
    assert size_of(tmp_path / "ix") < before + 300_000  # thumbnails alone have 4 MB
    assert (index.vectors() == vectors).all()
    rows = index.rows(["id", "cluster"])
    assert list(rows["id"][rows["cluster"] == 2]) == list(range(10, 500))
    assert rows["cluster"].isna().sum() == 1510
    with pytest.raises(KeyError, match="no derived column"):
        index.set_columns([1], {"path": ["x"]})


def test_old_versions_do_not_eat_the_disk(tmp_path):
    index = made(tmp_path / "ix", unit(500, 16, 0))
    for turn in range(1, 8):
        add(index, unit(500, 16, turn), 500 * turn)
    index.remove(range(500, 4000))
    index.tidy()
    assert len(index) == 500
    assert size_of(tmp_path / "ix") < 500 * 2300 + 200_000
    assert index.next_id() == 500
