"""Where pages stand on the map, in which order they are drawn, and the facets that colour them."""

import numpy as np
import pytest

pytest.importorskip("lancedb")
pytest.importorskip("openTSNE")

import pandas as pd
from explore_pages import planted

from explore import projection
from explore.facets import COLOURS as PALETTE
from explore.facets import UNKNOWN, YEARS, facets, middles
from explore.map_folder import coarse_to_fine
from explore.projection import neighbour_map, plane, principal


def test_neighbours_stay_together():
    vectors = planted(groups=5, each=20)
    for places in (neighbour_map(principal(vectors, 50)), plane(planted(groups=3, each=20))):
        groups = np.arange(len(places)) // 20
        away = ((places[:, None] - places[None]) ** 2).sum(axis=2) + np.eye(len(places)) * 9
        assert (groups[away.argmin(axis=1)] == groups).mean() > 0.95
        assert np.abs(places).max() == pytest.approx(1)


def test_the_same_pages_give_the_same_map():
    points = principal(planted(groups=4, each=15), 50)
    assert (neighbour_map(points) == neighbour_map(points)).all()


def test_pages_beyond_the_limit_stand_beside_their_neighbours(monkeypatch):
    monkeypatch.setattr(projection, "FITTED", 60)
    places = neighbour_map(principal(planted(groups=3, each=60), 50))
    groups = np.arange(180) // 60
    middles_of = np.stack([np.median(places[groups == group], axis=0) for group in range(3)])
    nearest = ((places[:, None] - middles_of[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == groups).mean() > 0.9


def test_any_beginning_is_spread_over_the_map():
    places = np.random.default_rng(0).uniform(-1, 1, (5000, 2)).astype(np.float32)
    order = coarse_to_fine(places)
    assert sorted(order) == list(range(5000))
    cells = ((places[order] + 1) / 2 * 8).astype(int)
    assert len({tuple(cell) for cell in cells[:64]}) == 64
    cells = ((places[order] + 1) / 2 * 16).astype(int)
    assert len({tuple(cell) for cell in cells[:256]}) == 256
    same = coarse_to_fine(np.zeros((50, 2), np.float32))  # pages that are all the same stand at one place
    assert sorted(same) == list(range(50))


def test_facets_of_what_is_known():
    rows = pd.DataFrame(
        {
            "category": ["B", "A", None, "A"],
            "cluster": pd.array([2, 1, -1, None], "Int32"),
            "year": pd.array([1899, 1912, None, 1915], "Int32"),
        }
    )
    category, cluster, year = facets(rows)
    assert category.names == ["A", "B", "no category"] and category.codes.tolist() == [1, 0, 2, 0]
    assert cluster.names == ["1", "2", "in no cluster"] and cluster.codes.tolist() == [1, 0, 2, 2]
    assert year.names == ["1890s", "1910s", "no year"] and year.codes.tolist() == [0, 1, 2, 1]
    assert middles(np.array([[0, 0], [1, 1], [0, 1], [1, 1]]), category) == [(1, 1), (0, 0), None]
    (alone,) = facets(
        rows.assign(category=None, cluster=pd.array([None] * 4, "Int32"), year=pd.array([None] * 4, "Int32"))
    )
    assert alone.names == ["page"] and alone.codes.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("colour", [*PALETTE, *YEARS, UNKNOWN])
def test_colours_stand_out_from_white(colour):
    """WCAG 2.2, 1.4.11: 3 : 1 for what is not text."""
    parts = rgb(colour) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 3


def rgb(colour):
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
