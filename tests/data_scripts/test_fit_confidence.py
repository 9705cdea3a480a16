"""A model's confidence, fitted: what comes into its folder, who may judge, and the threshold."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny
from PIL import Image, ImageDraw

from classifier import PageClassifier
from utils import UserError

sys.path.insert(0, str(Path(__file__).parents[2] / "data_scripts"))

import confidence_making as making
import fit_confidence

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]


def draw(file: Path, number: int, source: str = "") -> None:
    """A page whose look depends on its number."""
    rng = np.random.default_rng(number)
    image = Image.new("L", (90, 120), int(rng.integers(200, 255)))
    pen = ImageDraw.Draw(image)
    for line in range(int(rng.integers(3, 12))):
        pen.rectangle((8, 8 + 9 * line, int(rng.integers(20, 84)), 13 + 9 * line), fill=int(rng.integers(0, 190)))
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file, quality=90, comment=source)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A model, its fold that has not learned the document real1, drawn pages of two kinds, real pages."""
    monkeypatch.setattr(making, "TEMPERATURES", np.array([0.5, 1.0, 2.0]))
    monkeypatch.setattr(making, "SLOPES", np.array([0.0, 0.5]))
    for number in range(48):
        label, kind = CATEGORIES[number % 3], ("archive", "slides")[number // 3 % 4 == 3]
        draw(tmp_path / "drawn" / label / f"CTX1900{number // 2:05}-{number % 2 + 1}.jpg", number, kind)
    for number in range(12):
        draw(tmp_path / "real" / CATEGORIES[number % 3] / f"real{number % 4}-{number}.jpg", 100 + number)
    for name, learned in (("mine", ["real0", "real1", "real2", "real3"]), ("fold", ["real0", "real2", "real3"])):
        record = {"documents": {"train": learned}}
        tiny.tiny_model_folder(tmp_path / name, CATEGORIES, learned=CATEGORIES, record=record)
    return tmp_path


def fitted(home: Path, *more: object) -> int:
    arguments = ["--drawn", home / "drawn", "--real", f"shelf={home / 'real'}", *more]
    return fit_confidence.main([str(word) for word in (home / "mine", *arguments)])


def test_the_folder_gets_it_all_and_the_same_when_it_is_fitted_again(home, capsys):
    assert fitted(home, "--judges", home / "fold") == 0
    shown = capsys.readouterr().out
    with (home / "mine/confidence.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    sources = {row["SOURCE"] for row in rows}
    assert sources == {"drawn: archive", "drawn: slides", "shelf, other documents learned"}
    assert {row["DOCUMENT"] for row in rows if row["SOURCE"].startswith("shelf")} == {
        "real1"
    }  # all others were learned
    assert all(source in shown for source in sources)
    values = json.loads((home / "mine/page_classifier.json").read_text(encoding="utf-8"))
    assert values["temperature"] in (0.5, 1, 2) and values["temperature_slope"] in (0, 0.5)
    classifier = PageClassifier.from_pretrained(home / "mine")
    assert classifier.unlikeness.slope == values["temperature_slope"]
    card = (home / "mine/README.md").read_text(encoding="utf-8")
    assert card.count("## Confidence") == 1 and "| shelf, other documents learned | 3 |" in card
    assert Image.open(home / "mine/reliability.png").width > 300
    before = {file.name: file.read_bytes() for file in (home / "mine").iterdir() if file.suffix != ".md"}
    assert fitted(home, "--judges", home / "fold") == 0
    assert before == {file.name: file.read_bytes() for file in (home / "mine").iterdir() if file.suffix != ".md"}
    assert (home / "mine/README.md").read_text(encoding="utf-8").count("## Confidence") == 1


def test_pages_that_every_model_has_learned_judge_nothing(home):
    with pytest.raises(UserError, match="learned all of these pages"):
        fitted(home)


def test_drawn_pages_must_be_new_to_the_model(home):
    shutil.rmtree(home / "mine")
    record = {"documents": {"train": ["real0", "CTX190000003"]}}
    tiny.tiny_model_folder(home / "mine", CATEGORIES, learned=CATEGORIES, record=record)
    with pytest.raises(UserError, match="2 of the drawn pages: draw others"):
        fitted(home, "--judges", home / "fold")


def source(origin: str, count: int, share: float, steps: float, *, known: bool = False) -> making.Source:
    """Pages of two categories, of which a share is right; all with the same logits."""
    logits = np.tile([3.0, 0.0], (count, 1))
    truth = (np.arange(count) >= share * count).astype(int)
    return making.Source(origin, origin, logits, truth, np.full(count, steps), known)


def test_strange_sources_that_are_often_wrong_make_the_slope():
    sources = [source("near", 400, 0.95, 0.0), source("far", 400, 0.8, 1.0)]
    confidence = making.fit(sources)
    assert confidence.best(sources[0]).mean() == pytest.approx(0.95, abs=0.02)
    assert confidence.best(sources[1]).mean() == pytest.approx(0.8, abs=0.03)
    apart = making.left_out(sources)
    assert apart["far"].best(sources[1]).mean() > 0.9  # nothing else could have told


def test_known_sources_count_for_less_than_they_show():
    (surer,), (honest,) = ([source("one", 400, 0.98, 0.0, known=known)] for known in (False, True))
    assert making.fit([honest]).best(honest).mean() < making.fit([surer]).best(surer).mean() - 0.03


def test_the_threshold_is_safe_on_the_worst_source():
    steps = np.linspace(0, 2, 200)
    good = making.Source("a", "a", np.tile([3.0, 0.0], (200, 1)), np.zeros(200, int), steps, False)
    bad = making.Source("b", "b", np.tile([3.0, 0.0], (200, 1)), (steps > 0.5).astype(int), steps, False)
    one = making.Confidence(1.0, 0.5)
    assert making.review_below([good], {"a": one}) == making.THRESHOLDS[0]
    limit = making.review_below([good, bad], {"a": one, "b": one})
    assert (bad.right[one.best(bad) >= limit].mean()) >= making.RIGHT and limit > 0.8
    hopeless = making.Source("c", "c", bad.logits, np.ones(200, int), steps, False)
    assert making.review_below([good, hopeless], {"a": one, "c": one}) == 0
