"""Wrong labels and suggested pages, from the command to the table and the contact sheet."""

from __future__ import annotations

import csv
import random

import numpy as np
import pytest
from judging_pages import call, paint, sorted_by, table, tiny_folder
from PIL import Image, ImageDraw

from utils import fold_documents

KINDS = ["dark blocks", "light paper", "Zebra č. 1"]


def page(kind: int, rng: random.Random) -> Image.Image:
    image = Image.new("L", (64, 64), 60 if kind == 0 else 240)
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randrange(3, 7)):
        left, top = rng.randrange(50), rng.randrange(50)
        pen.rectangle((left, top, left + 8, top + 8), fill=rng.randrange(60, 120))
    if kind == 2:
        for line in range(rng.randrange(4), 64, 6):
            pen.line((0, line, 64, line), fill=20, width=3)
    return image


@pytest.fixture(scope="module")
def cross_validated(tmp_path_factory):
    """300 synthetic pages of 100 documents, 5 % of the labels swapped; out_of_fold.csv of models trained on what the
    labels say, none of which saw the page's document. Gives the folder, the swapped pages, the accuracy."""
    from sklearn.linear_model import LogisticRegression

    folder, rng = tmp_path_factory.mktemp("labels"), random.Random(7)
    truth = [number // 3 % 3 for number in range(300)]
    documents = [f"doc{number // 3}" for number in range(300)]
    swapped = sorted(rng.sample(range(300), 15))
    labels = [(kind + rng.choice([1, 2])) % 3 if n in swapped else kind for n, kind in enumerate(truth)]
    pixels, paths = [], []
    for number, kind in enumerate(truth):
        image = page(kind, rng)
        paths.append(f"{KINDS[labels[number]]}/{documents[number]}-{number % 3 + 1}.png")
        (folder / "pages" / paths[-1]).parent.mkdir(parents=True, exist_ok=True)
        image.save(folder / "pages" / paths[-1])
        pixels.append(np.asarray(image.resize((16, 16))).ravel() / 255)
    features, named = np.array(pixels), np.array(labels)
    folds = np.array(fold_documents([KINDS[label] for label in labels], documents, 5, seed=1))
    scores = np.zeros((300, 3))
    for fold in range(1, 6):
        learn, tested = folds != fold, folds == fold
        scores[tested] = (
            LogisticRegression(C=0.1, max_iter=500).fit(features[learn], named[learn]).predict_proba(features[tested])
        )
    with (folder / "out_of_fold.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["PATH", "PAGE", "CATEGORY", "DOCUMENT", "FOLD", *KINDS])
        for n in range(300):
            cells = [paths[n], n % 3 + 1, KINDS[labels[n]], documents[n], folds[n]]
            writer.writerow([*cells, *(f"{score:.6f}" for score in scores[n])])
    accuracy = float((scores.argmax(axis=1) == np.array(truth)).mean())
    return folder, {paths[n]: KINDS[truth[n]] for n in swapped}, accuracy


def test_of_swapped_labels_at_least_80_percent_are_in_the_first_tenth(cross_validated, tmp_path):
    folder, swapped, accuracy = cross_validated
    assert accuracy >= 0.95
    assert call("--wrong_labels", folder, "-d", folder / "pages", "-o", tmp_path) == 0
    rows = table(tmp_path, "wrong_labels_*.csv")
    assert [int(row["RANK"]) for row in rows] == list(range(1, 301))
    first = {row["PATH"]: row for row in rows[:30]}
    hit = [path for path in swapped if path in first]
    assert len(hit) >= 0.8 * len(swapped)
    assert sum(first[path]["SUGGESTED"] == swapped[path] for path in hit) >= 0.8 * len(hit)
    margins = [float(row["MARGIN"]) for row in rows]
    assert margins == sorted(margins)
    with Image.open(next((tmp_path / "plots").glob("wrong_labels_*.png"))) as image:
        image.load()
        assert image.width > 1000
        assert np.asarray(image.convert("L")).std() > 20, "the pages are drawn, not only their frames"


def test_without_the_pages_there_is_a_table_and_a_note(cross_validated, tmp_path, capsys):
    folder, _, _ = cross_validated
    assert call("--wrong_labels", folder / "out_of_fold.csv", "-o", tmp_path) == 0
    assert "no contact sheet" in capsys.readouterr().out
    assert not (tmp_path / "plots").exists()
    assert len(table(tmp_path, "wrong_labels_*.csv")) == 300


def test_an_evaluation_s_raw_table_ranks_labels_too(tmp_path):
    model = tiny_folder(tmp_path / "model", seed=3)
    found = sorted_by(model, tmp_path / "pages")
    moved = next(path for path in sorted(found) if found[path] == "TEXT")
    target = tmp_path / "pages" / "PHOTO" / moved.rpartition("/")[2]
    (tmp_path / "pages" / moved).rename(target)
    out = tmp_path / "out"
    assert call("--eval", "-d", tmp_path / "pages", "--model_path", model, "-o", out, "--raw", "--excel") == 0
    raw = next(out.rglob("EVAL_RAW_*.csv"))
    assert call("--wrong_labels", raw, "-d", tmp_path / "pages", "-o", out) == 0
    row = table(out, "wrong_labels_*.csv")
    wrong = [entry for entry in row if entry["PATH"] == f"PHOTO/{target.name}"]
    assert wrong[0]["SUGGESTED"] == "TEXT"
    assert {entry["SUGGESTED"] == entry["LABEL"] for entry in row if entry is not wrong[0]} == {True}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "neither out_of_fold.csv"),
        ("PATH,PAGE,CATEGORY,DOCUMENT,FOLD,A,B\nx,1,C,d,1,0.5,0.5\n", "damaged row"),
        ("PATH,PAGE,CATEGORY,DOCUMENT,FOLD,A,B\n", "no pages"),
        ("", "neither"),
    ],
)
def test_other_tables_are_refused_in_one_line(tmp_path, capsys, text, said):
    file = tmp_path / "x.csv"
    file.write_text(text, encoding="utf-8")
    assert call("--wrong_labels", file, "-o", tmp_path / "out") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert not (tmp_path / "out").exists()


def test_suggested_pages_few_of_a_document_and_broken_ones_are_told(tmp_path, capsys):
    model = tiny_folder(tmp_path / "model", seed=3)
    for number in range(20):
        paint(tmp_path / "pages" / f"big-{number + 1}.png", number)
        paint(tmp_path / "pages" / f"small{number}-1.png", number + 40)
    (tmp_path / "pages" / "broken-1.png").write_bytes(b"")
    out = tmp_path / "out"
    assert call("--suggest", 10, "-d", tmp_path / "pages", "--model_path", model, "-o", out) == 1
    rows = table(out, "suggest_*.csv")
    assert len({row["PATH"] for row in rows}) == 10
    assert sum(row["DOCUMENT"] == "big" for row in rows) <= 3
    assert all(0 <= float(row["UNCERTAINTY"]) <= 1 for row in rows)
    assert len(list((out / "plots").glob("suggest_*.png"))) == 1
    assert "1 pages could not be read" in capsys.readouterr().out
    assert call("--suggest", 1000, "-d", tmp_path / "pages", "--model_path", model, "-o", tmp_path / "all") == 1
    assert len(table(tmp_path / "all", "suggest_*.csv")) == 23
    assert "no more than 23" in capsys.readouterr().out
