"""Exact search of long vectors by their signs: the pages and similarities of a search that looks at all."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

import pyarrow as pa
from vector_index import add, made, unit

from index import nearest
from index.database import BackboneInfo, Index
from index.signs import read_signs, write_signs


@pytest.fixture
def _signs_for_small(monkeypatch):
    for name, value in {"LONG": 64, "SIGNS_FROM": 500, "LIKELY": 100, "LIKELY_EACH": 1, "LIKELY_PART": 1}.items():
        monkeypatch.setattr(nearest, name, value)


def _pages(count: int, seed: int) -> np.ndarray:
    """Four pages of each hand."""
    near = np.repeat(unit(count // 4, 200, seed), 4, axis=0) + 0.8 * unit(count, 200, seed + 1)
    return near / np.linalg.norm(near, axis=1, keepdims=True)


def _kept(index: Index) -> list[str]:
    return sorted(file.name for file in index.folder.glob("signs-*"))


@pytest.mark.usefixtures("_signs_for_small")
def test_the_pages_found_are_those_of_a_search_that_looks_at_all_and_so_are_the_similarities(tmp_path):
    index = made(tmp_path / "ix", _pages(2000, 1))
    queries = _pages(2000, 1)[:12] + 0.3 * unit(12, 200, 9)
    before = index.nearest(queries, 10)
    assert not _kept(index)
    index.tidy()
    [kept] = _kept(index)
    for (ids, similarities), (right, their) in zip(index.nearest(queries, 10), before, strict=True):
        assert ids.tolist() == right.tolist()
        assert similarities == pytest.approx(their, abs=2e-3)
    vectors = index.vectors().astype(np.float32)
    [(ids, similarities)] = index.nearest(vectors[77], 1)
    assert (ids.tolist(), similarities[0]) == ([77], pytest.approx(1, abs=1e-5))

    add(index, _pages(100, 5), 2000)  # signs of an older version of the table are not used, and go
    assert index.untidy
    [(ids, _)] = index.nearest(_pages(100, 5)[3], 1)
    assert ids.tolist() == [2003]
    index.tidy()
    assert not index.untidy
    assert len(_kept(index)) == 1
    assert _kept(index) != [kept]
    [(ids, _)] = index.nearest(_pages(100, 5)[3], 1)
    assert ids.tolist() == [2003]


@pytest.mark.usefixtures("_signs_for_small")
def test_every_page_is_looked_at_where_signs_say_too_little(tmp_path, monkeypatch):
    vectors = np.abs(unit(2000, 64, 3))  # all signs are one: they say nothing
    index = made(tmp_path / "ix", vectors)
    index.tidy()
    [(ids, _)] = index.nearest(vectors[1900], 5)
    stored = index.vectors().astype(np.float32)
    right = np.argsort(-(stored @ stored[1900]) / np.linalg.norm(stored, axis=1))[:5]
    assert ids.tolist() == right.tolist()
    monkeypatch.setattr(nearest.Nearest, "_by_signs", lambda *_: pytest.fail("signs are not asked under a condition"))
    assert index.nearest(vectors[1900], 5, where="year = 1900")[0][0].tolist() == [1900, *_of_year(stored)]


def _of_year(stored: np.ndarray) -> list[int]:
    others = np.arange(0, 1900, 100)
    cosines = stored[others] @ stored[1900] / np.linalg.norm(stored[others], axis=1)
    return others[np.argsort(-cosines)[:4]].tolist()


def test_pages_without_a_vector_are_left_out_and_half_a_file_is_none(tmp_path):
    index = Index.create(tmp_path / "ix", BackboneInfo("made", "nowhere", "0", "hand", 70, False), "writers")
    kinds = [index.schema.field(name) for name in ("id", "folder", "path", "vector")]
    rows = [{"id": n, "folder": "/s", "path": f"{n}.png", "vector": None if n % 2 else [float(n)] * 70} for n in (1, 2)]
    index.add(pa.Table.from_pylist(rows, pa.schema(kinds)))
    assert [ids.tolist() for ids, _ in index.nearest(np.ones((20, 70)), 2)] == [[2]] * 20
    write_signs(tmp_path, 3, index.batches(["id", "vector"]), 70)
    signs = read_signs(tmp_path, 3, 70)
    assert signs.likely(signs.differences(np.ones(70)), 5)[0].tolist() == [2]
    assert read_signs(tmp_path, 4, 70) is None
    file = tmp_path / "signs-3.bin"
    file.write_bytes(file.read_bytes()[:-1])
    assert read_signs(tmp_path, 3, 70) is None
