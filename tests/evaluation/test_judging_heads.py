"""A model with a plain head beside dual encoders: judged, compared, voting, and asked which pages to label next."""

from __future__ import annotations

import json

import numpy as np
import pytest
from judging_pages import CATEGORIES, call, sorted_by, table, tiny_folder
from PIL import Image
from tiny import CARD, tiny_head

from classifier import PageClassifier, load_classifier


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """models/head and models/tiny (a dual encoder), a raw folder of transformers, and pages/ that the head sorted."""
    folder = tmp_path_factory.mktemp("heads")
    raw = tiny_head(folder / "models" / "raw", "efficientnetv2", CATEGORIES, seed=2)
    load_classifier(raw, kind="head").save_pretrained(folder / "models" / "head", card=CARD)
    tiny_folder(folder / "models" / "tiny", seed=3)
    sorted_by(folder / "models" / "head", folder / "pages")
    return folder


def test_it_is_right_by_its_own_answers(archive, tmp_path, capsys):
    assert call("--eval", "-d", archive / "pages", "--model_path", archive / "models/head", "-o", tmp_path) == 0
    assert "accuracy 100.0 %" in capsys.readouterr().out
    [file] = (tmp_path / "stats").glob("EVAL_*.json")
    assert json.loads(file.read_text(encoding="utf-8"))["figures"]["accuracy"] == 1.0


def test_all_models_are_compared(archive, tmp_path, capsys):
    models = archive / "models"
    assert call("--eval_dir", "-d", archive / "pages", "--model_dir", models, "-o", tmp_path) == 0
    rows = {row["MODEL"]: row for row in table(tmp_path, "model_accuracies.csv")}
    assert set(rows) == {"head", "raw", "tiny"} and not any(row["REASON"] for row in rows.values())
    assert rows["head"]["ACCURACY"] == rows["raw"]["ACCURACY"] == "1.0000"


def test_heads_and_dual_encoders_vote_together(archive, tmp_path):
    models = archive / "models"
    out = tmp_path / "out"
    config = tmp_path / "config.toml"
    config.write_text(f'[setup]\nmodel_dir = {json.dumps(str(models))}\n[eval]\nbest = ["head", "tiny", "raw"]\n')
    assert call("--best", "-d", archive / "pages", "-o", out, "--config", config) == 0
    rows = table(out, "best_*.csv")
    assert len(rows) == 24 and {"CLASS-head", "CLASS-tiny", "CLASS-raw"} <= set(rows[0])
    voters = [PageClassifier.from_pretrained(models / "head"), PageClassifier.from_pretrained(models / "tiny")]
    page = archive / "pages" / rows[0]["PATH"]
    image = Image.open(page)
    each = [voter.scores(voter.transform(image)[None])[0] for voter in voters]
    orders = [[voter.categories.index(name) for name in CATEGORIES] for voter in voters]
    mean = (2 * each[0][orders[0]] + each[1][orders[1]]) / 3
    assert rows[0]["CLASS"] == CATEGORIES[int(mean.argmax())]
    assert float(rows[0]["SCORE"]) == pytest.approx(float(mean.max()), abs=1e-4)


def test_pages_to_label_next_are_unlike_each_other(archive, tmp_path):
    assert call("--suggest", 5, "-d", archive / "pages", "--model_path", archive / "models/head", "-o", tmp_path) == 0
    rows = table(tmp_path, "suggest_*.csv")
    assert len({row["PATH"] for row in rows}) == 5
    sure = [float(row["UNCERTAINTY"]) for row in rows]
    assert min(sure) >= 0 and max(sure) <= 1 and np.isfinite(sure).all()
