"""Names of categories: the same is said of the same names wherever categories come in."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from judging_pages import call, paint, tiny_folder

from encoders.descriptions import read_descriptions, read_sets
from encoders.labels import alike, label_warnings
from settings.schema import Settings
from training.data import find_labelled
from utils import UserError

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["aux", "a:b", "dot.", "Con"]


def descriptions(file: Path, labels: list[str]) -> Path:
    text = "label\tdescription\n" + "".join(f"{label}\ta page of kind {at}\n" for at, label in enumerate(labels))
    file.write_text(text, encoding="utf-8")
    return file


def folders_of(root: Path, labels: list[str]) -> Path:
    for at, label in enumerate(labels):
        paint(root / label / f"d{at}-1.png", at)
    if len(list(root.iterdir())) < len(labels):
        pytest.skip("this file system does not tell letter cases apart")
    return root


def test_labels_that_differ_in_letter_case_only_are_refused_in_label_folders(tmp_path, capsys):
    pages = folders_of(tmp_path / "pages", ["DRAW", "Draw", "TEXT"])
    with pytest.raises(UserError, match="DRAW and Draw differ in letter case only"):
        find_labelled(pages, Settings())
    assert call("--train", "-d", pages, "--model_dir", tmp_path / "models", "--name", "m") == 2
    assert "DRAW and Draw" in capsys.readouterr().err
    assert not list((tmp_path / "models").glob("m*"))


def test_labels_that_differ_in_letter_case_only_are_refused_in_descriptions(tmp_path):
    with pytest.raises(UserError, match="DRAW and Draw differ in letter case only"):
        read_descriptions(descriptions(tmp_path / "own.tsv", ["DRAW", "Draw"]))
    descriptions(tmp_path / "cats_a.tsv", ["DRAW", "TEXT"])
    descriptions(tmp_path / "cats_b.tsv", ["Draw", "TEXT"])
    with pytest.raises(UserError, match="DRAW and Draw differ"):
        read_sets(tmp_path, "cats")


def test_labels_that_differ_in_letter_case_only_are_refused_by_annotate(tmp_path):
    pages = folders_of(tmp_path / "pages", ["DRAW", "Draw"])
    script = ROOT / "data_scripts" / "annotate.py"
    done = subprocess.run(
        [sys.executable, script, pages, tmp_path / "a.csv"], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 2 and "DRAW and Draw differ in letter case only" in done.stderr
    assert not (tmp_path / "a.csv").exists()


def test_two_forms_of_one_label_are_one_category_and_it_is_said(tmp_path):
    pages = folders_of(tmp_path / "pages", ["Dopisy\u030c", "Dopisy\u030c".replace("y\u030c", "y\u030c "), "TEXT"])
    labelled = find_labelled(pages, Settings())
    assert len(labelled.categories) == 2
    assert any("taken as one category" in note for note in labelled.notes)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such folders")
@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_no_folders_on_windows_are_warned_of_everywhere(name, tmp_path, capsys):
    assert label_warnings([name]) and not label_warnings(["TEXT_P", "Zebra č. 1"])
    labelled = find_labelled(folders_of(tmp_path / "pages", [name, "TEXT"]), Settings())
    assert any("cannot be a folder" in note for note in labelled.notes)
    model = tiny_folder(tmp_path / "model", [name, "TEXT"], seed=3)
    page = tmp_path / "pages" / "TEXT" / "d1-1.png"
    assert call("-f", page, "--model_path", model) == 0
    assert "cannot be a folder" in capsys.readouterr().err
    file = descriptions(tmp_path / "own.tsv", [name, "TEXT"])
    assert call("-f", page, "--model_path", tiny_folder(tmp_path / "other", seed=3), "-cc", file) == 0
    assert "cannot be a folder" in capsys.readouterr().err


def test_annotate_warns_of_names_that_are_no_folders(tmp_path):
    table = tmp_path / "result.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        rows = [["FILE", "PAGE", "CLASS-1", "SCORE-1", "PATH"], ["d", "1", "aux", "0.9", "d-1.png"]]
        csv.writer(stream).writerows(rows)
    command = [sys.executable, ROOT / "data_scripts" / "annotate.py", table, tmp_path / "a.csv", "--accept"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0 and "Windows reserves this name" in done.stderr


def test_pairs_that_are_one_folder():
    assert alike(["A", "b", "a", "B"]) == [("A", "a"), ("b", "B")]
    assert label_warnings(["x" * 160])
