"""Label folders within train/, val/ and test/: never taken for categories, and taken as a split where that is asked."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from judging_pages import call
from test_training import COLOURS, draw, job_of, settings_of
from tiny import tiny_base, tiny_model_folder

from classifier import PageClassifier
from training.data import find_labelled
from training.job import run_training
from training.layout import part_of, split_folders
from utils import UserError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base") / "dual", "dual")


def draw_split(folder: Path, parts: dict[str, int]) -> Path:
    """parts: folder -> documents in it; documents are numbered on, so that none is in two parts."""
    rng, first = np.random.default_rng(0), 0
    for part, documents in parts.items():
        for place, (label, colour) in enumerate(COLOURS.items()):
            for document in range(first, first + documents):
                for page in (1, 2):
                    draw(folder / part / label / f"D{place}{document}-{page}.png", colour, rng)
        first += documents
    return folder


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["train/A/x.png", "val/A/y.png", "test/B/z.png"], {"test": "test", "train": "train", "val": "validation"}),
        (["Training/A/x.png", "Valid/A/y.png"], {"Training": "train", "Valid": "validation"}),
        (["train_set/A/x.png", "dev/A/y.png"], {"train_set": "train", "dev": "validation"}),
        (["train/x.png", "test/y.png"], {"train": "train", "test": "test"}),  # no label folders at all
        (["train/A/x.png", "test/y.png", "notes/z.png"], {"train": "train", "test": "test"}),
        (["A/x.png", "B/y.png", "test/z.png"], {}),
        (["A/x.png", "test/1931/z.png"], {}),  # one such folder alone may be a category
        (["A/train/x.png", "B/test/z.png"], {}),
        (["training material/x.png", "trains/y.png"], {}),
        (["train-1.png"], {}),
    ],
)
def test_which_folders_are_a_split(paths, found):
    assert split_folders(paths) == found


def test_names_of_parts():
    assert [part_of(name) for name in ("VALIDATION", "test-images", "Test", "contest", "DRAW")] == [
        "validation", "test", "test", None, None,
    ]  # fmt: skip


def test_a_split_is_not_taken_for_categories_by_any_job(tmp_path, base, capsys):
    data = draw_split(tmp_path / "data", {"train": 2, "validation": 1, "test": 1})
    model = tiny_model_folder(tmp_path / "models" / "own", sorted(COLOURS))
    for arguments in (
        ["--train", "-d", data, "-m", base, "--model_dir", tmp_path / "models", "--name", "x"],
        ["--train", "-d", data / "train", "--extra", data, "-m", base, "--model_dir", tmp_path / "models"],
        ["--eval", "-d", data, "--model_path", model, "-o", tmp_path / "out"],
        ["--eval_dir", "-d", data, "--model_dir", tmp_path / "models", "-o", tmp_path / "out"],
    ):
        assert call(*arguments) == 2, arguments
        said = capsys.readouterr().err.strip().splitlines()[-1]
        assert "holds a split (test/, train/, validation/), not categories" in said
        assert "--split folders" in said
    assert not list((tmp_path / "models").glob("*.training"))
    assert call("--eval", "-d", data / "test", "--model_path", model, "-o", tmp_path / "out") == 0


def test_the_split_of_folders_is_taken_as_it_stands(tmp_path, base, capsys):
    data = draw_split(tmp_path / "data", {"Train": 3, "val": 1, "test": 1})
    draw(data / "test" / "MAP" / "D00-9.png", COLOURS["MAP"], np.random.default_rng(5))  # of a document in Train
    draw(data / "test" / "loose-1.png", COLOURS["MAP"], np.random.default_rng(5))
    settings = settings_of(tmp_path, epochs=1, split="folders")
    assert run_training(settings, job_of(data, base)) == 0
    said = capsys.readouterr().err
    assert "1 of 4 documents of the test pages are trained on too (D00): new documents will do worse" in said
    assert "1 pages lie outside of label folders" in said
    with (tmp_path / "models/mine/split.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    expected = {"Train": "train", "val": "validation", "test": "test"}
    assert len(rows) == 31
    assert all(row["SPLIT"] == expected[row["PATH"].split("/")[0]] for row in rows)
    assert {row["CATEGORY"] for row in rows} == set(COLOURS)
    model = PageClassifier.from_pretrained(tmp_path / "models/mine")
    assert model.categories == sorted(COLOURS)
    assert "some of documents that it was trained on too" in model.card
    record = json.loads((tmp_path / "models/mine/training.json").read_text(encoding="utf-8"))
    assert (record["split"], record["test"]["pages"], record["validation"]["pages"]) == ("by folders", 7, 6)
    # its own test pages are found again, in their folder of the split
    assert call("--eval", "--model_path", tmp_path / "models/mine", "-o", tmp_path / "out") == 0
    assert "7 test pages" in capsys.readouterr().err


def test_without_a_validation_folder_documents_of_train_choose_the_epoch(tmp_path):
    from training.data import with_validation

    data = draw_split(tmp_path / "data", {"train": 5, "test": 2})
    found = find_labelled(data, settings_of(tmp_path), by_folders=True)
    splits = with_validation(found, 0.2, seed=1)
    by_part = {part: {d for d, own in zip(found.documents, splits, strict=True) if own == part} for part in set(splits)}
    assert set(by_part) == {"train", "validation", "test"}
    assert not by_part["train"] & by_part["validation"]
    assert by_part["test"] == {f"D{place}{document}" for place in range(3) for document in (5, 6)}


def test_split_folders_without_such_folders_is_refused(tmp_path, base):
    data = draw_split(tmp_path / "data", {"train": 2, "test": 1})
    settings = settings_of(tmp_path, split="folders")
    with pytest.raises(UserError, match="holds no folders train, and validation or test"):
        run_training(settings, job_of(data / "train", base))
    with pytest.raises(UserError, match="--folds makes its own split"):
        run_training(settings_of(tmp_path, split="folders", folds=2), job_of(data, base))


def test_data_scripts_take_or_refuse_it_too(tmp_path):
    data = draw_split(tmp_path / "data", {"train": 2, "test": 1})
    draw(data / "test" / "MAP" / "D00-9.png", COLOURS["MAP"], np.random.default_rng(5))

    def script(name, *arguments):
        command = [sys.executable, ROOT / "data_scripts" / f"{name}.py", *arguments]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=tmp_path)

    for name, *more in (("dataset",), ("annotate", "out.csv")):
        ended = script(name, data, *more)
        assert (ended.returncode, "holds a split (test/, train/)" in ended.stderr) == (2, True), ended.stderr
    ended = script("dataset", data, "--split", "folders", "--output", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    assert "1 of 4 documents of the test pages are trained on too (D00)" in ended.stdout
    with (tmp_path / "out" / "splits.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["CATEGORY"] for row in rows} >= set(COLOURS)
