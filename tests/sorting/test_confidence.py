"""A model that knows how unlike a page is: its scores, the columns UNLIKE and REVIEW, and models that cannot say it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tiny
from test_sorting import draw

import run
from classifier import PageClassifier
from encoders.engine import Computing
from encoders.identity import model_hash
from encoders.unlikeness import Unlikeness
from reading.decoding import read_page
from training.averaging import averaged
from utils import UserError

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]
LIMIT = 0.5


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder of 14 pages, a plain model, and the same that knows the first eight pages."""
    home = tmp_path_factory.mktemp("confidence")
    files = [draw(home / "pages" / f"doc-{number:02}.png", number) for number in range(1, 15)]
    plain = tiny.tiny_model_folder(home / "plain", CATEGORIES, learned=CATEGORIES)
    classifier = PageClassifier.from_pretrained(plain)
    images = [read_page(file, None, min_side=32, max_pixels=10**6) for file in files]
    rows = classifier.embed_pages(np.stack([classifier.transform(image) for image in images]))
    unlikeness = Unlikeness.fit(rows[:8], np.array(["any"] * 8), rows[:8] + 1e-3)
    classifier.unlikeness = Unlikeness(unlikeness.pages, unlikeness.ranks, 0.5)
    classifier.review_below = LIMIT
    knowing = classifier.save_pretrained(home / "knowing", card=tiny.CARD)
    return home, plain, knowing


def sort(*arguments: object) -> int:
    return run.main([str(argument) for argument in arguments])


def table(folder: Path) -> list[dict[str, str]]:
    (file,) = (folder / "tables").glob("result_*.csv")
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_strange_pages_are_less_sure_and_say_so_in_both_engines(made, tmp_path):
    home, plain, knowing = made
    assert sort("-d", home / "pages", "--model_path", plain, "-o", tmp_path / "plain") == 0
    tables = {}
    for engine in ("onnx", "torch"):
        out = tmp_path / engine
        assert sort("-d", home / "pages", "--model_path", knowing, "-o", out, "--unlike", "--engine", engine) == 0
        tables[engine] = table(out)
        for row, before in zip(tables[engine], table(tmp_path / "plain"), strict=True):
            assert list(row)[-3:] == ["UNLIKE", "REVIEW", "PATH"]
            assert row["CLASS-1"] == before["CLASS-1"]  # a temperature changes no order
            assert float(row["SCORE-1"]) <= float(before["SCORE-1"])
            assert (row["REVIEW"] == "yes") == (float(row["SCORE-1"]) < LIMIT)
    unlike = [float(row["UNLIKE"]) for row in tables["onnx"]]
    assert max(unlike[8:]) == 1 and min(unlike) < 0.6
    for one, other in zip(tables["onnx"], tables["torch"], strict=True):
        for column in ("SCORE-1", "UNLIKE"):
            assert float(one[column]) == pytest.approx(float(other[column]), abs=2e-4)


def test_a_run_that_was_resumed_writes_the_same_table(made, tmp_path):
    home, _, knowing = made
    command = ["-d", home / "pages", "--model_path", knowing, "--unlike", "--batch_size", "3", "-o"]
    assert sort(*command, tmp_path / "one") == 0
    assert sort(*command[:-3], "--batch_size", "5", "-o", tmp_path / "other") == 0
    assert table(tmp_path / "one") == table(tmp_path / "other")


def test_review_is_the_users_where_the_user_says_it_and_nobodys_for_other_categories(made, tmp_path):
    home, _, knowing = made
    config, words = tmp_path / "my.toml", tmp_path / "words.tsv"
    config.write_text("[setup]\nreview_below = 0\n", encoding="utf-8")
    words.write_text("label\tdescription\nA\ta letter\nB\ta map\n", encoding="utf-8")
    command = ["-d", home / "pages", "--model_path", knowing, "-o"]
    assert sort("--config", config, *command, tmp_path / "none") == 0
    assert "REVIEW" not in table(tmp_path / "none")[0]
    assert sort(*command, tmp_path / "words", "-cc", words, "--unlike") == 0
    assert "REVIEW" not in table(tmp_path / "words")[0]
    assert "UNLIKE" in table(tmp_path / "words")[0]


def test_a_model_that_cannot_say_it_says_that(made, tmp_path, capsys):
    home, plain, _ = made
    assert sort("-d", home / "pages", "--model_path", plain, "-o", tmp_path, "--unlike") == 0
    assert "no column UNLIKE" in capsys.readouterr().err
    assert not {"UNLIKE", "REVIEW"} & set(table(tmp_path)[0])


def test_the_folder_keeps_it_counts_it_in_its_hash_and_refuses_what_does_not_fit(made, tmp_path):
    _, plain, knowing = made
    again = PageClassifier.from_pretrained(knowing).save_pretrained(tmp_path / "again", card=tiny.CARD)
    assert model_hash(again) == model_hash(knowing) != model_hash(plain)
    light = PageClassifier.from_pretrained(again, Computing("onnx"))
    assert (light.review_below, light.unlikeness.slope) == (LIMIT, 0.5)
    values = json.loads((again / "page_classifier.json").read_text(encoding="utf-8"))
    for key, wrong in (("review_below", 2), ("temperature_slope", "steep"), ("temperature_slop", 0.1)):
        text = json.dumps(values | {key: wrong})
        (again / "page_classifier.json").write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=key):
            PageClassifier.from_pretrained(again)


def test_an_average_forgets_it(made, tmp_path):
    _, plain, knowing = made
    average = averaged([knowing, plain])
    assert average.unlikeness is None and average.review_below == 0
