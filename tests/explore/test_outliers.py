"""`explore outliers`: planted strangers and planted wrong categories are found, and nothing else is."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from explore_pages import DIM, job, make_index, planted

from explore.outliers import judge, run_outliers
from settings.config_file import read_settings
from settings.schema import Settings
from utils import UserError

HOME = Path(__file__).resolve().parents[2]
GROUPS, EACH = 4, 20


@pytest.fixture
def settings() -> Settings:
    return read_settings(HOME / "config.toml").replaced("setup", quiet=True)


def stranger(seed: int) -> np.ndarray:
    """A direction that no group has (`planted` draws its groups from seed 0)."""
    vector = np.random.default_rng(100 + seed).normal(size=DIM)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


def planted_archive() -> tuple[list[str], np.ndarray, list[str | None]]:
    """Names, vectors and categories: four groups of 20 pages, a page each; pages 7 and 50 are strangers, page 3 of
    group 0 and page 65 of group 3 carry the category of another group."""
    vectors = planted(GROUPS, EACH)
    vectors[7], vectors[50] = stranger(1), stranger(2)
    categories: list[str | None] = [f"KIND{index // EACH}" for index in range(GROUPS * EACH)]
    categories[3], categories[65] = "KIND2", "KIND1"
    return [f"box/page-{index}.png" for index in range(GROUPS * EACH)], vectors, categories


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_planted_pages_are_found(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    names, vectors, categories = planted_archive()
    make_index(tmp_path / "index", tmp_path, names, vectors, categories, [None] * len(names))
    assert run_outliers(settings, job("outliers", tmp_path / "index", tmp_path / "out", k=5)) == 0
    folder = tmp_path / "out" / "outliers"
    listed = rows(folder / "outliers.csv")
    assert len(listed) == len(names)  # no page is left out
    assert {row["PATH"] for row in listed if row["OUTLIER"] == "yes"} == {names[7], names[50]}
    assert {row["PATH"] for row in listed[:2]} == {names[7], names[50]}
    distances = [float(row["DISTANCE"]) for row in listed]
    assert distances == sorted(distances, reverse=True)
    contradicted = {row["PATH"]: row for row in rows(folder / "categories.csv")}
    assert {names[3], names[65]} <= set(contradicted) <= {names[3], names[65], names[7], names[50]}
    assert (contradicted[names[3]]["CATEGORY"], contradicted[names[3]]["SUGGESTED"]) == ("KIND2", "KIND0")
    assert contradicted[names[65]]["AGREE"] == "5"
    for sheet in ("outliers.png", "categories.png"):
        with Image.open(folder / sheet) as picture:
            assert picture.width > 500
    said = capsys.readouterr().out
    assert "2 pages of 80 unlike all others" in said
    assert f"{names[3]}  (KIND2, but 5 of its 5 neighbours are KIND0, none KIND2)" in said


def test_pages_of_the_own_document_do_not_count() -> None:
    """Five pages of one strange document are like each other, and are outliers all the same."""
    vectors = planted(GROUPS, EACH)
    near = stranger(1).astype(np.float32) + 0.05 * np.random.default_rng(0).normal(size=(5, DIM)) / np.sqrt(DIM)
    vectors[10:15] = near / np.linalg.norm(near, axis=1, keepdims=True)
    documents = [f"CTX{index}" for index in range(len(vectors))]
    alone = judge(vectors, documents, [None] * len(vectors), 4)
    assert not set(range(10, 15)) & set(alone.outliers)  # as pages of five documents they have company
    documents[10:15] = ["CTX"] * 5
    together = judge(vectors, documents, [None] * len(vectors), 4)
    assert set(together.outliers) == set(range(10, 15))
    assert all(not 10 <= together.nearest[index] < 15 for index in range(10, 15))


def test_pages_without_category_contradict_nobody() -> None:
    vectors = planted(1, 12)
    documents = [str(index) for index in range(12)]
    assert judge(vectors, documents, ["A", *[None] * 11], 5).contradicted == []
    assert judge(vectors, documents, ["A", *["B"] * 11], 5).contradicted == [0]


def test_without_categories(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Files of an earlier run that had categories do not stay."""
    names, vectors, _ = planted_archive()
    (tmp_path / "out" / "outliers").mkdir(parents=True)
    (tmp_path / "out" / "outliers" / "categories.csv").write_text("of an earlier run", encoding="utf-8")
    make_index(tmp_path / "index", tmp_path, names, vectors, [None] * len(names), [None] * len(names))
    run_outliers(settings, job("outliers", tmp_path / "index", tmp_path / "out", k=5))
    assert not (tmp_path / "out" / "outliers" / "categories.csv").exists()
    assert "explore index --table" in capsys.readouterr().out


def test_one_document_only(tmp_path: Path, settings: Settings) -> None:
    names = [f"CTX1-{index}.png" for index in range(4)]
    make_index(tmp_path / "index", tmp_path, names, planted(1, 4), [None] * 4, [None] * 4)
    with pytest.raises(UserError, match="all pages are of one document"):
        run_outliers(settings, job("outliers", tmp_path / "index", tmp_path / "out"))


def test_two_pages(tmp_path: Path, settings: Settings) -> None:
    """Fewer neighbours than asked for."""
    names = [f"page-{index}.png" for index in range(8)]
    make_index(tmp_path / "index", tmp_path, names, planted(2, 4), ["A"] * 8, [None] * 8)
    assert run_outliers(settings, job("outliers", tmp_path / "index", tmp_path / "out", k=50)) == 0
    assert all(row["DISTANCE"] for row in rows(tmp_path / "out" / "outliers" / "outliers.csv"))
