"""`explore search` on real files and a real tiny model: what it finds, what it writes, what it answers to mistakes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from noisy_pages import draw_page
from tiny import tiny_model_folder

from classifier import PageClassifier
from encoders.look import LookEncoder, look_pixels
from explore.backbones import open_backbone
from index.database import Index, page_file
from run import main
from settings.schema import Settings


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """An index `ix` of 20 pages below `pages`, with categories, its model `tiny` beside it."""
    folder = tmp_path_factory.mktemp("archive")
    rows = ["FILE,PAGE,CLASS-1,SCORE-1,PATH"]
    for number in range(20):
        name = f"{number % 2}/CTX19{40 + number}0-{number + 1}.png"
        draw_page(folder / "pages" / name, number)
        rows.append(f"x,{number + 1},{'PHOTO' if number % 2 else 'TEXT'},0.8,{name}")
    (folder / "result.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    tiny_model_folder(folder / "tiny", ["PHOTO", "TEXT"])
    given = ["--backbone", str(folder / "tiny"), "--table", str(folder / "result.csv"), "--index", str(folder / "ix")]
    assert main(["explore", "index", str(folder / "pages"), *given, "--quiet"]) == 0
    return folder


@pytest.fixture
def here(archive, tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(archive)
    return tmp_path


def find(out: Path, *arguments: str, code: int = 0) -> tuple[list[dict[str, str]], Path]:
    before = set(out.glob("search_*"))
    assert main(["explore", "search", *arguments, "--index", "ix", "-o", str(out)]) == code
    [folder] = set(out.glob("search_*")) - before
    with (folder / "pages.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines)), folder


def cosines(index: Index, query: np.ndarray, space: str = "vector") -> np.ndarray:
    vectors = index.vectors(space=space).astype(np.float32)
    return vectors @ (query / np.linalg.norm(query)) / np.linalg.norm(vectors, axis=1)


def similarities(index: Index, vector: np.ndarray, look: np.ndarray) -> np.ndarray:
    return (2 * cosines(index, look, "look") + cosines(index, vector)) / 3


def paths(index: Index) -> list[str]:
    return [f"{row.folder}/{row.path}" for row in index.rows().itertuples()]


def test_the_nearest_pages_of_an_image(here, capsys):
    image = draw_page(here / "query.png", 3)  # the pixels of a page of the index, in another file
    rows, folder = find(here, "--image", str(image), "-k", "5")
    index = Index.open(Path("ix"))
    assert rows[0]["FILE"] == "CTX19430-4.png"
    assert float(rows[0]["SIMILARITY"]) == pytest.approx(1, abs=1e-3)
    [vector], [look] = (index.vectors("file = 'CTX19430-4.png'", space).astype(float) for space in ("vector", "look"))
    order = np.argsort(-similarities(index, vector, look))
    assert [row["PATH"] for row in rows] == [paths(index)[at] for at in order[:5]]
    assert rows[0]["CATEGORY"] == "PHOTO"
    assert (rows[0]["YEAR"], rows[0]["PAGE"], rows[0]["SCORE"]) == ("1943", "4", "0.8000")
    sheet = Image.open(folder / "sheet.png")
    assert sheet.width > 500
    assert len(np.unique(np.asarray(sheet.convert("L")))) > 20
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (record["state"], record["k"], record["pages"], record["search"]) == ("finished", 5, 20, "exact")
    assert "SIMILARITY" in capsys.readouterr().out


def test_a_query_that_is_in_the_index_is_left_out(here, capsys):
    rows, _ = find(here, "--image", "pages/1/CTX19430-4.png", "-k", "19")
    assert len(rows) == 19
    assert "CTX19430-4.png" not in [row["FILE"] for row in rows]
    assert "is left out" in capsys.readouterr().err


def test_several_images_and_not(here):
    images = [draw_page(here / f"{seed}.png", seed) for seed in (2, 5, 8)]
    index, backbone = Index.open(Path("ix")), open_backbone("tiny", Settings())
    vectors = backbone.embed(np.stack([backbone.transform(Image.open(image)) for image in images]))
    looks = np.stack([LookEncoder.load().embed(look_pixels(Image.open(image))) for image in images])
    means = [(one[0] + one[1]) / np.linalg.norm(one[0] + one[1]) for one in (vectors, looks)]
    unlike = [mean - 0.5 * one[2] for mean, one in zip(means, (vectors, looks), strict=True)]
    for arguments, query in (
        (["--image", str(images[0]), str(images[1])], means),
        (["--image", str(images[0]), str(images[1]), "--not", str(images[2])], unlike),
    ):
        rows, _ = find(here, *arguments, "-k", "6")
        expected = np.sort(similarities(index, *query))[::-1][:6]
        assert [float(row["SIMILARITY"]) for row in rows] == pytest.approx(expected, abs=2e-3)
    assert "CTX19480-9.png" not in [row["FILE"] for row in rows[:3]]


def test_a_condition_filters_before_the_nearest_are_taken(here):
    image = draw_page(here / "query.png", 3)
    rows, _ = find(here, "--image", str(image), "--where", "category = 'TEXT' and year < 1950", "-k", "20")
    assert sorted(row["YEAR"] for row in rows) == ["1940", "1942", "1944", "1946", "1948"]
    similarities = [float(row["SIMILARITY"]) for row in rows]
    assert similarities == sorted(similarities, reverse=True)
    plain, _ = find(here, "--where", "file like '%-7.png'")
    assert [row["FILE"] for row in plain] == ["CTX19460-7.png"]
    assert plain[0]["SIMILARITY"] == ""
    none, folder = find(here, "--where", "year = 1800")
    assert none == []
    assert not (folder / "sheet.png").exists()


def test_text_search_ranks_by_how_a_text_differs_from_all_categories(here, monkeypatch, capsys):
    rows, _ = find(here, "--text", "a photograph", "-k", "20")
    assert "text search:" in capsys.readouterr().err
    classifier = PageClassifier.from_pretrained(Path("tiny"))
    query = classifier.embed_texts([classifier.prompt.format(description="a photograph")])[0]
    query = query - classifier.prototypes.mean(axis=0)
    query /= np.linalg.norm(query)
    index = Index.open(Path("ix"))
    files = [page_file(row.folder, row.path) for row in index.rows().itertuples()]
    pixels = np.stack([classifier.transform(Image.open(file)) for file in files])
    expected = classifier.embed_pages(pixels) @ query
    found = {row["PATH"]: float(row["SIMILARITY"]) for row in rows}
    assert [found[file.as_posix()] for file in files] == pytest.approx(list(expected), abs=5e-3)
    assert list(found.values()) == sorted(found.values(), reverse=True)


MISTAKES = [
    (["--image", "pages/1/CTX19430-4.png", "--where", "categry = 'TEXT'"], "did you mean category?"),
    (["--image", "pages/1/CTX19430-4.png", "--where", "yeer = 3"], "columns: id, folder, path"),
    (["--image", "pages/1/CTX19430-4.png", "--where", "year ="], "--where is not an SQL condition"),
    (["--image", "pages/1/CTX19430-4.png", "--where", "year = 'old'"], "--where is not an SQL condition"),
    (["--image", "broken.png"], "the query broken.png cannot be read: not an image"),
    (["--image", "pages/1/CTX19430-5.png"], "did you mean CTX19430-4.png?"),
    (["--image", "pages"], "pages is a folder: --image and --not take pages"),
    (["--image", "pages/1/CTX19430-4.png", "--not", "broken.png"], "broken.png cannot be read"),
    (["--image", "pages/1/CTX19430-4.png", "--backbone", "tny"], "no such folder"),
    (["--image", "pages/1/CTX19430-4.png", "--backbone", "other"], "vectors of two models do not mix"),
    (["--text", "x" * 300], "too long"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=[" ".join(arguments)[:60] for arguments, _ in MISTAKES])
def test_a_mistake_is_one_line(here, archive, arguments, said, capsys):
    (archive / "broken.png").write_text("no image")
    if not (archive / "other").exists():
        tiny_model_folder(archive / "other", ["PHOTO", "TEXT"], seed=9)
    assert main(["explore", "search", *arguments, "--index", "ix", "-o", str(here / "out")]) == 2
    shown = capsys.readouterr()
    assert len(shown.err.splitlines()) == 1
    assert said in shown.err
    assert not (here / "out").exists()


def test_no_index_there(here, capsys):
    (here / "empty").mkdir()
    advice = "make one with: python run.py explore index PAGES"
    for folder, said in (
        ("nowhere", f"the index nowhere does not exist: {advice} --index nowhere\n"),
        (str(here / "empty"), f"empty holds no index: {advice} --index {here / 'empty'}\n"),
        ("pages", f"pages holds no index: {advice} (--index is"),  # there the command would find no room for one
    ):
        assert main(["explore", "search", "--where", "id = 1", "--index", folder]) == 2
        assert said in capsys.readouterr().err
    assert main(["explore", "index", "pages", "--index", "pages"]) == 2
    assert "holds other things than an index" in capsys.readouterr().err


def test_words_that_the_shipped_text_tower_does_not_know_are_named():
    backbone = open_backbone("", Settings())
    assert not any("does not know" in line for line in backbone.about_text("charts, or a map in longhand"))
    [line] = [line for line in backbone.about_text("a map of Říčany, карта, xylophones") if "does not know" in line]
    assert [word in line for word in ("map", "říčany", "карта", "xylophones")] == [False, True, True, True]
