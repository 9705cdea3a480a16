"""`writers search`, `groups` and `compare`: what they find, what they call unknown, and what they leave behind."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hand_pages import calibrated_hands, draw_hands, writers, written
from PIL import Image

from run import main


@pytest.fixture(scope="module")
def indexed(tmp_path_factory, model) -> Path:
    """A folder with `pages` (three hands, three pages each, a blank one) and their index `ix`."""
    folder = tmp_path_factory.mktemp("indexed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        draw_hands(folder / "pages")
        Image.new("L", (400, 500), 255).save(folder / "pages" / "blank.png")
        frames = [written("anna", 41), written("berta", 42)]
        frames[0].save(folder / "two.tif", save_all=True, append_images=frames[1:])
        written("carl", 43).save(folder / "new.png")
        assert writers("index", "pages", "--model", str(model)) == 0
    return folder


@pytest.fixture
def here(indexed, monkeypatch) -> Path:
    monkeypatch.chdir(indexed)
    shutil.rmtree("out", ignore_errors=True)
    return indexed


def table(name: str) -> list[dict[str, str]]:
    [file] = Path("out").glob(f"*/{name}")
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def record() -> dict:
    [file] = Path("out").glob("*/run.json")
    return json.loads(file.read_text(encoding="utf-8"))


def test_a_page_that_is_not_in_the_index_finds_its_hand(here, capsys):
    assert writers("search", "--image", "new.png", "-k", "4", "-o", "out") == 0
    rows = table("pages.csv")
    assert [row["FILE"].partition("-")[0] for row in rows[:3]] == ["carl"] * 3
    assert [row["RANK"] for row in rows] == ["1", "2", "3", "4"]
    similarities = [float(row["SIMILARITY"]) for row in rows]
    assert similarities == sorted(similarities, reverse=True)
    assert all(row["VERDICT"] == "unknown" and row["PROBABILITY"] == "" for row in rows)  # nobody calibrated the model
    said = capsys.readouterr().out
    assert "4 of 9 other pages with handwriting, exact search" in said
    assert "not calibrated" in said


def test_the_query_itself_is_named_and_no_hit_also_as_a_copy(here, capsys):
    (here / "copy.png").write_bytes((here / "pages" / "anna-0.png").read_bytes())
    for name in ("pages/anna-0.png", "copy.png"):
        shutil.rmtree("out", ignore_errors=True)
        assert writers("search", "--image", name, "-k", "20", "-o", "out") == 0
        shown = capsys.readouterr()
        assert "the query itself is in the index, and no hit:" in shown.err and "pages/anna-0.png" in shown.err
        rows = table("pages.csv")
        assert len(rows) == 8  # what is there, without itself and without the blank page
        assert not {row["FILE"] for row in rows} & {"anna-0.png", "blank.png"}
        assert {row["FILE"] for row in rows[:2]} == {"anna-1.png", "anna-2.png"}


def test_a_page_of_a_file_of_several(here, capsys):
    assert writers("search", "--image", "two.tif", "--page", "2", "-k", "1", "-o", "out") == 0
    assert table("pages.csv")[0]["FILE"].startswith("berta")
    assert record()["frame"] == 1


def colours(file: Path) -> tuple[int, int]:
    """Reddish and bluish pixels of a sheet."""
    pixels = np.asarray(Image.open(file).convert("RGB"), int)
    red, blue = pixels[..., 0] - pixels[..., 2], pixels[..., 2] - pixels[..., 0]
    return int((red > 60).sum()), int((blue > 60).sum())


def test_the_sheet_colours_the_strokes_that_made_pages_alike(here):
    assert writers("search", "--image", "new.png", "-k", "3", "-o", "out") == 0
    [sheet] = Path("out").glob("*/sheet.png")
    assert colours(sheet)[0] > 2000
    shutil.rmtree("out")
    assert writers("compare", "new.png", "pages/carl-0.png", "-o", "out", "--model", _model()) == 0
    [sheet] = Path("out").glob("*/sheet.png")
    alike = colours(sheet)
    shutil.rmtree("out")
    assert writers("compare", "new.png", "pages/berta-0.png", "-o", "out", "--model", _model()) == 0
    [sheet] = Path("out").glob("*/sheet.png")
    other = colours(sheet)
    assert alike[0] / max(1, alike[1]) > other[0] / max(1, other[1])  # strokes that speak for one hand are warm


def test_a_hit_that_has_gone_is_told_on_the_sheet_and_stays_in_the_table(here):
    (here / "pages" / "carl-1.png").rename(here / "aside.png")
    try:
        assert writers("search", "--image", "new.png", "-k", "3", "-o", "out") == 0
    finally:
        (here / "aside.png").rename(here / "pages" / "carl-1.png")
    assert "carl-1.png" in {row["FILE"] for row in table("pages.csv")}


def _model() -> str:
    return json.loads(Path("ix/index.json").read_text(encoding="utf-8"))["backbone"]["source"]


def test_two_pages_compared(here, capsys):
    figures = []
    for other in ("pages/anna-1.png", "pages/berta-1.png", "pages/anna-0.png"):
        shutil.rmtree("out", ignore_errors=True)
        assert writers("compare", "pages/anna-0.png", other, "--model", _model(), "-o", "out") == 0
        figures.append(record()["similarity"])
    assert figures[1] < figures[0] < figures[2] == pytest.approx(1, abs=1e-4)
    assert record()["model_hash"] == json.loads(Path("ix/index.json").read_text(encoding="utf-8"))["backbone"]["hash"]
    assert "anna-0.png and anna-0.png: unknown" in capsys.readouterr().out


def test_groups_are_hands_and_what_is_alike_with_nothing_is_unknown(here, capsys):
    assert writers("groups", "--threshold", "0.5", "-o", "out") == 0
    rows = table("pages.csv")
    assert len(rows) == 9  # every page with handwriting, once
    of: dict[str, set[str]] = {}
    for row in rows:
        of.setdefault(row["GROUP"], set()).add(row["FILE"].partition("-")[0])
    assert all(len(hands) == 1 for group, hands in of.items() if group)
    assert len([group for group in of if group]) == 3
    groups = table("groups.csv")
    assert sum(int(row["PAGES"]) for row in groups) == sum(row["GROUP"] != "" for row in rows)
    [folder] = Path("out").iterdir()
    assert sorted(file.name for file in folder.glob("*.png")) == ["group_1.png", "group_2.png", "group_3.png"]
    assert "of 36 pairs of pages are as alike as that" in capsys.readouterr().out
    shutil.rmtree("out")
    assert writers("groups", "--threshold", "1", "-o", "out") == 0
    assert "no two pages are likely by the same hand" in capsys.readouterr().out
    assert all(row["GROUP"] == "" for row in table("pages.csv"))


MISTAKES = [
    (["search"], "whose hand? name a page"),
    (["search", "--image", "pages/blank.png"], "pages/blank.png: no handwriting found: blank"),
    (["search", "--image", "none.png"], "the file none.png does not exist"),
    (["search", "--image", "pages"], "pages is a folder: a single page is asked for"),
    (["search", "--image", "new.png", "two.tif"], "--image takes one page, 2 given"),
    (["search", "--image", "two.tif"], "two.tif holds 2 pages: say with --page which one is meant"),
    (["search", "--image", "two.tif", "--page", "3"], "--page 3: two.tif holds 2 pages"),
    (["search", "--image", "new.png", "--page", "1"], "new.png is a file of one page: leave it out"),
    (["search", "--image", "new.png", "--page", "x"], "--page x: must be a page number"),
    (["search", "--image", "new.png", "-k", "0"], "-k 0: must be a whole number, 1 or more"),
    (["search", "--image", "new.png", "-k", "9" * 30], "-k 999999999999999999999999999999: must be at most 1,000,000"),
    (["search", "--image", "new.png", "--imag", "x"], "unknown flag --imag; did you mean --image?"),
    (["search", "new.png"], "did you mean --image new.png?"),
    (["search", "--image", "cut.png"], "cut.png cannot be read"),
    (["groups", "--threshold", "2"], "--threshold 2: must be a similarity"),
    (["groups", "pages"], "folders of pages go to: python run.py writers index pages"),
    (["groups"], "say with --threshold from which similarity on"),
    (["compare", "new.png"], "compare takes two pages, 1 given"),
    (["compare", "new.png", "pages/blank.png"], "no handwriting found: blank"),
    (["find", "x"], "writers: unknown command find"),
    (["--image", "new.png"], "the command comes first"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=[" ".join(arguments)[:40] for arguments, _ in MISTAKES])
def test_a_mistake_is_one_line(here, capsys, arguments, said):
    whole = (here / "new.png").read_bytes()
    (here / "cut.png").write_bytes(whole[: len(whole) // 2])
    model = ["--model", _model()] if arguments[0] == "compare" else []
    assert writers(*arguments, *model) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert not Path("out").exists()


def test_a_calibrated_model_says_how_sure_it_is(here, capsys):
    calibrated = str(calibrated_hands(here / "calibrated"))
    assert writers("search", "--image", "new.png", "-k", "9", "-o", "out", "--model", calibrated) == 0
    rows = table("pages.csv")
    assert {row["FILE"].partition("-")[0] for row in rows if row["VERDICT"] == "likely the same hand"} == {"carl"}
    probabilities = [float(row["PROBABILITY"]) for row in rows]
    assert probabilities == sorted(probabilities, reverse=True) and probabilities[0] > 0.5 > probabilities[-1]
    said = capsys.readouterr().out
    assert "measured on 3 writers whom the model never saw" in said and "at even odds" in said
    shutil.rmtree("out")
    assert writers("groups", "-o", "out", "--model", calibrated) == 0
    assert len(table("groups.csv")) == 3
    assert "are to be expected by chance" in " ".join(capsys.readouterr().out.split())


def test_a_page_like_none_of_the_index_is_unknown(here, capsys, model):
    (here / "others").mkdir(exist_ok=True)
    for seed in range(3):
        written("berta", seed).save(here / "others" / f"{seed}.png")
    calibrated = str(calibrated_hands(here / "calibrated"))
    index = ["--index", "other_index", "--quiet", "--model", calibrated]
    assert main(["writers", "index", "others", *index]) == 0
    assert main(["writers", "search", "--image", "new.png", "-o", "out", "-k", "50", *index]) == 0
    rows = table("pages.csv")
    assert len(rows) == 3  # more were asked for than there are
    assert not {row["VERDICT"] for row in rows} & {"likely the same hand", "possibly the same hand"}
    assert "no page of the index is likely by this hand: its writer is unknown here" in capsys.readouterr().out


def test_without_an_index_one_line_says_how_to_make_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for command in (["search", "--image", "x.png"], ["groups"]):
        assert writers(*command) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert "make one with: python run.py writers index PAGES --index ix" in line
