"""Clusters: planted groups are found, everything is said, index and tables tell the same."""

import csv
import json

import numpy as np
import pytest

pytest.importorskip("lancedb")

from explore_pages import DIM, job, make_index, planted

from explore import clustering
from explore.clustering import NONE, agreement, find_clusters, measure, shares
from explore.clusters import CENTRE, run_clusters, shown
from index.database import Index
from settings.schema import Settings
from utils import UserError


def same_groups(labels, groups, each):
    """Whether each planted group has one label of its own (pages in none apart)."""
    majority = []
    for group in range(groups):
        mine = set(labels[group * each : (group + 1) * each]) - {NONE}
        assert len(mine) == 1, mine
        majority += mine
    return len(set(majority)) == groups


def test_planted_groups_are_found_and_lone_pages_are_far_or_in_none():
    vectors = planted(groups=6, each=40, alone=12)
    outcome = find_clusters(vectors)
    assert same_groups(outcome.labels, 6, 40) and outcome.count == 6
    assert (outcome.labels[:240] == NONE).mean() < 0.1
    alone = outcome.labels[240:] == NONE
    assert alone.any() and outcome.distances[240:].mean() > 2 * outcome.distances[:240].mean()
    assert "HDBSCAN" in outcome.rule


def test_the_same_pages_give_the_same_clusters():
    vectors = planted(groups=5, each=30, alone=10)
    one, other = find_clusters(vectors), find_clusters(vectors)
    assert (one.labels == other.labels).all() and (one.distances == other.distances).all() and one.rule == other.rule


def test_clusters_are_numbered_by_size():
    parts = [planted(3, each, seed=0)[group * each : (group + 1) * each] for group, each in enumerate((20, 60, 40))]
    outcome = find_clusters(np.concatenate(parts))
    assert np.bincount(outcome.labels[outcome.labels > 0]).tolist()[1:] == sorted(
        np.bincount(outcome.labels[outcome.labels > 0]).tolist()[1:], reverse=True
    )
    assert set(outcome.labels[20:80]) - {NONE} == {1} and set(outcome.labels[:20]) - {NONE} == {3}


def test_distance_is_one_minus_the_cosine_to_the_centre():
    vectors = planted(groups=2, each=10).astype(np.float32)
    labels = np.repeat([1, 2], 10)
    labels[3] = NONE
    nearest, distances = measure(vectors, labels)
    mine = vectors[labels == 1].mean(axis=0)
    expected = 1 - vectors[:10] @ (mine / np.linalg.norm(mine))
    assert distances[:10] == pytest.approx(expected, abs=1e-5)
    assert nearest[3] == 1 and distances[3] == pytest.approx(expected[3], abs=1e-5)


def test_as_many_clusters_as_asked_for():
    vectors = planted(groups=4, each=25, alone=10)
    outcome = find_clusters(vectors, 9)
    assert sorted(set(outcome.labels)) == list(range(1, 10)) and "9 clusters as asked for" in outcome.rule


def test_beyond_the_limit_k_means_finds_the_number(monkeypatch):
    monkeypatch.setattr(clustering, "DENSE", 100)
    outcome = find_clusters(planted(groups=6, each=50))  # 300 pages
    assert outcome.count == 6 and same_groups(outcome.labels, 6, 50) and "k-means" in outcome.rule
    assert "2, 3, 4, 5, 6" in outcome.rule


@pytest.mark.parametrize("pages", [1, 2, 7, 8, 9])
def test_few_pages_are_no_trouble(pages):
    outcome = find_clusters(planted(1, pages))
    assert len(outcome.labels) == pages and outcome.count >= 1 and np.isfinite(outcome.distances).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [0, 4])
def test_pages_that_are_all_the_same_are_one_cluster(count):
    outcome = find_clusters(np.repeat(planted(1, 1), 30, axis=0), count)
    assert (outcome.labels == 1).all() and outcome.distances.max() < 0.01 and "the same" in outcome.rule


def test_no_structure_at_all_is_not_all_noise():
    draw = np.random.default_rng(1).normal(size=(300, DIM))
    outcome = find_clusters((draw / np.linalg.norm(draw, axis=1, keepdims=True)).astype(np.float16))
    assert (outcome.labels > 0).mean() >= 0.5


def test_agreement_by_hand():
    labels = np.array([1, 1, 1, 2, 2, NONE, NONE, 3])
    categories = ["A", "A", "B", "B", "B", "A", "B", ""]
    said = agreement(labels, categories)
    assert said.pages == 7 and said.purity == pytest.approx((2 + 2 + 1) / 7)
    assert agreement(np.array([1, 1, 2, 2]), ["A", "A", "B", "B"]).ami == pytest.approx(1)
    assert agreement(np.array([1, 2]), ["A", ""]) is None and agreement(np.array([1, 2]), ["A", "A"]) is None


def test_shares():
    assert shares(["A", "A", "B", "", "C", "D"], 2) == "A 40 %, B 20 %, 2 more"


def test_sheet_shows_the_centre_first_then_the_far_end():
    assert shown(30) == list(range(30))
    assert shown(100)[:CENTRE] == list(range(CENTRE)) and shown(100)[CENTRE:] == list(range(99, 87, -1))


@pytest.fixture
def collection(tmp_path):
    vectors = planted(groups=3, each=12, alone=4)
    names = [f"box {number % 2}/CTX19{number:02d}-{number}.png" for number in range(40)]
    categories = [("DRAW", "TEXT", "PHOTO")[number // 12] if number < 36 else None for number in range(40)]
    years = [1900 + number if number % 5 else None for number in range(40)]
    make_index(tmp_path / "index", tmp_path / "pages", names, vectors, categories, years)
    return tmp_path


def test_tables_index_and_sheets(collection, capsys):
    folder = collection / "out" / "clusters"
    folder.mkdir(parents=True)
    (folder / "cluster_099.png").write_bytes(b"of an earlier run")
    assert run_clusters(Settings(), job("clusters", collection / "index", collection / "out")) == 0
    said = capsys.readouterr().out
    rows = Index.open(collection / "index").rows(["path", "cluster", "cluster_distance"])
    assert rows["cluster"].max() == 3 and len(set(rows["cluster"][:12]) - {NONE}) == 1

    with (folder / "pages.csv").open(encoding="utf-8", newline="") as file:
        table = {line["PATH"]: line for line in csv.DictReader(file)}
    assert len(table) == 40
    for path, cluster, distance in rows.itertuples(index=False):
        line = table[path]
        assert line["CLUSTER"] == ("none" if cluster == NONE else str(cluster))
        assert float(line["DISTANCE"]) == pytest.approx(distance, abs=1e-4)
        assert line["NEAREST"] in "123"
    with (folder / "clusters.csv").open(encoding="utf-8", newline="") as file:
        clusters = list(csv.DictReader(file))
    assert sum(int(line["PAGES"]) for line in clusters) == 40
    first = next(line for line in clusters if line["CLUSTER"] == table["box 1/CTX1901-1.png"]["CLUSTER"])
    assert first["CATEGORIES"] == "DRAW 100 %" and first["YEAR_FIRST"] == "1901"

    sheets = {file.name for file in folder.glob("*.png")}
    assert {"overview.png", "cluster_001.png", "cluster_002.png", "cluster_003.png"} <= sheets
    assert "cluster_099.png" not in sheets
    assert ("no_cluster.png" in sheets) == (rows["cluster"] == NONE).any()
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["clusters"] == 3 and record["agreement"]["pages"] == 36 and record["state"] == "finished"
    assert "3 clusters of 40 pages" in said and "purity 1.00" in said and "DRAW 100 %" in said


def test_a_given_number_and_excel(collection, capsys):
    settings = Settings().replaced("output", excel=True)
    assert run_clusters(settings, job("clusters", collection / "index", collection / "out", clusters=5)) == 0
    assert "5 clusters of 40 pages" in capsys.readouterr().out
    text = (collection / "out" / "clusters" / "clusters.csv").read_text(encoding="utf-8-sig")
    assert text.startswith("CLUSTER;PAGES;DOCUMENTS") and len(text.splitlines()) == 6


def test_more_clusters_than_pages(collection):
    with pytest.raises(UserError, match="only 40 pages"):
        run_clusters(Settings(), job("clusters", collection / "index", collection / "out", clusters=41))
    assert not (collection / "out").exists()


def test_an_index_without_pages(tmp_path):
    make_index(tmp_path / "index", tmp_path, [], planted(1, 0), [], [])
    with pytest.raises(UserError, match="holds no pages"):
        run_clusters(Settings(), job("clusters", tmp_path / "index", tmp_path / "out"))
