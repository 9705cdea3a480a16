"""An index made by a model with a plain head: what goes into the head, at unit length; no search by words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from indexed_pages import explore
from PIL import Image
from tiny import CARD, tiny_head

from classifier import PageClassifier, load_classifier
from index.database import Index
from utils import unit_rows


def test_vectors_are_the_features_of_the_head(here, tmp_path, capsys):
    raw = tiny_head(tmp_path / "raw", "vit")
    model = load_classifier(raw, kind="head").save_pretrained(tmp_path / "head", card=CARD)
    assert explore("index", "pages", model=model) == 0
    index = Index.open(Path("ix"))
    assert (index.backbone.features, index.backbone.dim, index.backbone.has_text) == ("head", 32, False)
    rows = index.rows()
    first = rows[rows["file"] == "CTX194303-4.png"].iloc[0]
    classifier = PageClassifier.from_pretrained(model)
    page = Image.open(Path(first["folder"]) / first["path"])
    expected = unit_rows(classifier.embed_pages(classifier.transform(page)[None]))[0]
    [vector] = index.vectors(where=f"id = {first['id']}")
    assert vector.astype(np.float32) == pytest.approx(expected, abs=4e-3)
    capsys.readouterr()
    assert explore("search", "--text", "a typed letter", model=model) == 2
    assert "no text tower" in capsys.readouterr().err
