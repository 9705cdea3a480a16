"""What a model folder says of how far its scores can be trusted, and that nothing is made up."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

from classifier import PageClassifier
from desk.calibration import TABLE, trust_of
from encoders.engine import Computing
from encoders.folder import JUDGED

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "efficientnet-lite0"


@pytest.fixture(scope="module")
def shipped():
    return PageClassifier.from_pretrained(SHIPPED, Computing("onnx"))


def test_of_the_model_that_ships(shipped):
    trust = trust_of(SHIPPED, shipped)
    assert trust.trained and trust.fitted
    with (SHIPPED / "out_of_fold.csv").open(encoding="utf-8", newline="") as stream:
        assert (trust.judged.by, trust.judged.pages) == ("folds", len(list(csv.DictReader(stream))))
    assert trust.judged.interval[0] < trust.judged.accuracy < trust.judged.interval[1]
    with (SHIPPED / JUDGED).open(encoding="utf-8", newline="") as stream:
        real = [row for row in csv.DictReader(stream) if not row["SOURCE"].startswith("drawn")]
    assert sum(band.pages for band in trust.bands) == len(real)
    assert all(
        band.interval[0] < band.right / band.pages <= band.interval[1] + 1e-9 for band in trust.bands if band.pages
    )
    assert sum(band.right for band in trust.bands) == sum(row["CLASS-1"] == row["CATEGORY"] for row in real)
    assert trust.limits[0].startswith("A page of none of the 11 categories still gets one of them")


def test_of_other_categories_nothing_is_known(shipped):
    before = shipped.descriptions, shipped.prototypes
    shipped.use_categories({"MAP": ["a map"], "LETTER": ["a letter"]})
    try:
        trust = trust_of(SHIPPED, shipped)
        assert not trust.fitted and trust.judged is None and trust.bands == [] and trust.limits
    finally:
        shipped.descriptions, shipped.prototypes = before


@pytest.mark.parametrize("text", ["", "PATH,PAGE\na,1\n", 'CATEGORY,DRAW,PHOTO\n"', "\0\0"])
def test_of_a_folder_without_figures_none_are_said(tmp_path, page_model, text):
    classifier = PageClassifier.from_pretrained(page_model, Computing("onnx"))
    (tmp_path / TABLE).write_text(text)
    for folder in (page_model, tmp_path):
        trust = trust_of(folder, classifier)
        assert trust.judged is None and trust.bands == [] and trust.limits == []
