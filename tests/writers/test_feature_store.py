"""Local features kept on disk: the same as fresh ones, and a page without handwriting keeps its reason."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")

from writers.feature_store import FeatureStore, vector_of
from writers.fitting import Recipe, Studied, fit
from writers.isolation import isolate
from writers.keypoints import PENS, local_features


def page(seed):
    """Loops and strokes in lines, one manner a seed."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (600, 420), "white")
    pen = ImageDraw.Draw(image)
    for line in range(6):
        for x in range(40, 540, 26):
            way = np.add(np.cumsum(rng.normal((3, 0), 9, (7, 2)), 0), (x, 50 + 60 * line))
            pen.line([tuple(point) for point in way], (20, 20, 40), 3)
    return image


def test_kept_features_are_those_of_the_page(tmp_path):
    store = FeatureStore(tmp_path / "features")
    assert not store.has("a")
    assert store.keep("a", page(1))
    assert store.has("a")
    kept, fresh = store.read("a"), local_features(isolate(page(1)), PENS)
    assert np.array_equal(kept.places, fresh.places)
    assert np.array_equal(kept.sizes, fresh.sizes)
    assert np.abs(kept.descriptors - fresh.descriptors).max() < 1e-3
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["a.npz"]


def test_a_page_without_handwriting_keeps_the_reason(tmp_path):
    store = FeatureStore(tmp_path)
    assert not store.keep("blank", Image.new("L", (300, 400), 250))
    assert store.has("blank")
    assert "no handwriting found" in store.read("blank")


def test_a_model_gives_the_same_vector_of_kept_features_as_of_the_page(tmp_path):
    store = FeatureStore(tmp_path)
    for seed in range(4):
        store.keep(str(seed), page(seed))
    hands = fit([Studied(store.read(str(seed)), f"w{seed % 2}") for seed in range(4)], Recipe(words=8, piece=60))
    vector = vector_of(hands, store.read("3"))
    assert float(vector @ hands.vector_of(page(3))) == pytest.approx(1, abs=1e-3)
