"""Categories that tables and models trip over: names that columns have already, descriptions that are the same."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
import tiny
from PIL import Image

import run
from encoders.descriptions import same_texts
from evaluation.wrong_labels import read_scores
from output.tables import category_columns, category_of

AWKWARD = ["FILE", "page", "Path", "TRUE", "CLASS-1", "SCORE-2", "REVIEW", "=1+1", "PAGE (category)", "A (category 2)"]


def pages(folder: Path, count: int = 4) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new("L", (60, 80), 40 * number).save(folder / f"P-{number + 1}.png")
    return folder


def call(*arguments: object) -> int:
    return run.main([str(argument) for argument in arguments])


def header(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream))


def test_columns_are_told_apart_and_come_back():
    names = [*AWKWARD, "Draw", "DRAW", "draw", "TEXT_P", "draw (category)", "IN_TRAINING", "id", "Turn"]
    random.Random(0).shuffle(names)
    columns = category_columns(names, ["FOLD"])
    assert len({column.casefold() for column in columns}) == len(names)
    assert not {column.casefold() for column in columns} & {"file", "page", "path", "true", "fold", "id"}
    assert [category_of(column.removeprefix("'")) for column in columns] == names
    assert category_columns(["DRAW", "TEXT_P", "LABEL", "FOLD"]) == ["DRAW", "TEXT_P", "LABEL", "FOLD"]


def test_no_table_has_two_columns_of_one_name(tmp_path, capsys):
    model = tiny.tiny_model_folder(tmp_path / "m", AWKWARD)
    for label in ("page", "TRUE", "=1+1"):
        pages(tmp_path / "sorted" / label, 2)
    out = tmp_path / "out"
    assert call("-d", tmp_path / "sorted", "--model_path", model, "-o", out, "--raw", "-tn", 3) == 0
    assert "page stands as page (category)" in capsys.readouterr().out
    assert call("--eval", "-d", tmp_path / "sorted", "--model_path", model, "-o", out, "--raw") == 0
    files = list((out / "tables").glob("*.csv"))
    assert len(files) == 5
    for file in files:
        columns = header(file)
        assert len({name.casefold() for name in columns}) == len(columns), file.name
    scored = read_scores(next((out / "tables").glob("EVAL_RAW_*.csv")))
    assert scored.categories == AWKWARD
    assert {scored.categories[place] for place in scored.labels} == {"page", "TRUE", "=1+1"}


def test_categories_of_one_description_are_refused_before_a_model_is_loaded(tmp_path, capsys):
    table = tmp_path / "cc.tsv"
    table.write_text("label\tdescription\nA\ta map\nB\tA  map\nC\ta plan\n", encoding="utf-8")
    model = tiny.tiny_model_folder(tmp_path / "m")
    (model / "model.safetensors").write_bytes(b"no weights")
    assert call("-d", pages(tmp_path / "p"), "-cc", table, "--model_path", model, "-o", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "the categories A, B have the same description (a map)" in said and not (tmp_path / "out").exists()
    table.write_text("label\tdescription\nA_B\t\nA B\t\nC\ta plan\n", encoding="utf-8")  # their names are the texts
    assert call("-d", tmp_path / "p", "-cc", table, "--model_path", model, "-o", tmp_path / "out") == 2
    assert "A_B, A B have the same description" in capsys.readouterr().err
    assert same_texts({"A": ["x", "y"], "B": ["Y", "x"], "C": ["x"]}) == [["A", "B"]]


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_a_model_with_two_categories_alike_sorts_and_says_so(tmp_path, capsys, quiet):
    model = tiny.tiny_model_folder(tmp_path / "m", {"A": ["a map"], "B": ["A map"], "C": ["a plan"]})
    (pages(tmp_path / "p") / "notes.heics").write_text("another kind")
    assert call("-d", tmp_path / "p", "--model_path", model, "-o", tmp_path / "out", *quiet) == 0
    said = capsys.readouterr()
    assert "warning: this model cannot tell A, B apart" in said.err and "A always wins" in said.err
    assert "left alone" in said.err and "4 pages: 4 sorted" in said.out
    assert ("base tiny" in said.err) == (not quiet)
    assert call("--best", "-d", tmp_path / "p", "--model_dir", tmp_path, "-o", tmp_path / "out", *quiet) == 2
    tiny.tiny_model_folder(tmp_path / "n", {"A": ["a map"], "B": ["A map"], "C": ["a plan"]}, seed=1)
    capsys.readouterr()
    assert call("--best", "-d", tmp_path / "p", "--model_dir", tmp_path, "-o", tmp_path / "out", *quiet) == 0
    assert "warning: n: this model cannot tell A, B apart" in capsys.readouterr().err
