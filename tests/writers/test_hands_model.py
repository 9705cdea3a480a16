"""The model of hands: its folder, what it says of a page, and which patches it says it of."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")

import cv2

from utils import UserError
from writers.fitting import Recipe, Studied, fit, pieces
from writers.hands import RECORD, WEIGHTS, Hands, Part
from writers.isolation import NoHandwriting, isolate
from writers.keypoints import PENS, local_features
from writers.thinning import redrawn, thinned
from writers.vlad import Vlad
from writers.whitening import Whitening, powered, unit

SMALL = Recipe(words=8, reduced=16, pieces=2, piece=60)


def written(seed: int, slant: float, loops: float) -> Image.Image:
    """A page of one hand: strokes of a slant, with round or flat loops; what is written depends on the seed."""
    random = np.random.default_rng(seed)
    page = Image.new("L", (500, 420), 255)
    draw = ImageDraw.Draw(page)
    for line in range(5):
        x = 30.0
        while x < 440:
            y, length = 60 + 70 * line, random.uniform(18, 40)
            draw.line([(x, y), (x + slant * length, y - length)], fill=0, width=3)
            width = random.uniform(10, 16)
            draw.arc([x, y - 12 * loops, x + width, y], int(random.uniform(0, 90)), 330, fill=0, width=3)
            x += width + random.uniform(4, 20)
    return page


@pytest.fixture(scope="module")
def hands() -> Hands:
    pages = [Studied(local_features(isolate(written(seed, slant, loops)), PENS), f"{slant}") for seed in range(3)
             for slant, loops in ((0.0, 1.0), (0.6, 1.6))]  # fmt: skip
    return fit(pages, SMALL)


def test_pages_of_one_hand_are_more_alike(hands):
    a, b, other = (hands.vector_of(page) for page in (written(7, 0, 1), written(8, 0, 1), written(9, 0.6, 1.6)))
    assert np.linalg.norm(a) == pytest.approx(1, abs=1e-5)
    assert a @ b > a @ other


def test_shares_sum_to_the_similarity_and_lie_on_the_page(hands):
    page = written(7, 0.6, 1.6).resize((1000, 840))
    a, b = hands.describe(page), hands.describe(written(8, 0, 1))
    for description, other in ((a, b), (b, a), (a, a)):
        shares = description.shares(other.vector)
        assert len(shares) == len(description.places) == len(description.sizes)
        assert shares.sum() == pytest.approx(float(description.vector @ other.vector), abs=1e-4)
    assert np.all(a.places >= 0) and np.all(a.places < [1000, 840]) and a.places[:, 0].max() > 500


def test_parts_are_weighted_by_their_cosines(hands):
    part = hands.parts[0]
    one = Hands((part,))
    plain = Part(part.coder, Whitening.none(part.coder.dimensions), 0.4)
    two = Hands((Part(part.coder, part.whitening, part.power, 3.0), plain))
    pages = written(7, 0, 1), written(8, 0, 1)
    cosines = [np.dot(*(model.vector_of(page) for page in pages)) for model in (one, Hands((plain,)), two)]
    assert cosines[2] == pytest.approx(0.75 * cosines[0] + 0.25 * cosines[1], abs=1e-5)
    a, b = (two.describe(page) for page in pages)
    assert a.shares(b.vector).sum() == pytest.approx(cosines[2], abs=1e-4)


def test_a_saved_model_is_the_same_model(hands, tmp_path):
    hands.calibration = {"threshold": 0.5}
    hands.save(tmp_path / "mine")
    loaded = Hands.load(tmp_path / "mine")
    page = written(11, 0, 1)
    assert np.allclose(loaded.vector_of(page), hands.vector_of(page), atol=1e-6)
    assert (loaded.hash, loaded.dimensions, loaded.name) == (hands.hash, hands.dimensions, "mine")
    assert loaded.calibration == {"threshold": 0.5}


def test_a_damaged_or_foreign_folder_is_one_line(hands, tmp_path):
    with pytest.raises(UserError, match="is no model of hands"):
        Hands.load(tmp_path)
    hands.save(tmp_path)
    said = json.loads((tmp_path / RECORD).read_text())
    damages = (
        ({"format": 99}, "is of version 99"),
        ({"isolation": "0-0"}, "another version"),
        ({"hash": "0"}, "do not belong together"),
        ({"parts": [{**said["parts"][0], "kind": "other"}]}, "is damaged"),
    )
    for change, line in damages:
        (tmp_path / RECORD).write_text(json.dumps({**said, **change}))
        with pytest.raises(UserError, match=line):
            Hands.load(tmp_path)
    (tmp_path / RECORD).write_text(json.dumps(said))
    (tmp_path / WEIGHTS).write_bytes((tmp_path / WEIGHTS).read_bytes()[:-8])
    with pytest.raises(UserError, match="is damaged"):
        Hands.load(tmp_path)


def test_a_page_without_ink_is_no_vector(hands):
    with pytest.raises(NoHandwriting, match="blank"):
        hands.describe(Image.new("L", (300, 300), 255))


def test_each_place_and_size_is_there_once():
    features = local_features(isolate(written(3, 0, 1)))
    keys = [(round(float(x)), round(float(y)), round(float(size), 1)) for (x, y), size
            in zip(features.places, features.sizes, strict=True)]  # fmt: skip
    assert len(keys) == len(set(keys)) > 50
    assert np.allclose(np.linalg.norm(features.descriptors, axis=1), 1, atol=1e-5)


def test_the_sum_of_codes_is_that_of_a_written_out_vlad():
    random = np.random.default_rng(0)
    vlad = Vlad.fit(random.random((500, 128)).astype(np.float32), words=4, reduced=6)
    descriptors = random.random((20, 128)).astype(np.float32)
    expected = np.zeros((4, 6))
    for point in (descriptors - vlad.mean) @ vlad.matrix:
        word = min(range(4), key=lambda w: float(((point - vlad.centres[w]) ** 2).sum()))
        expected[word] += point - vlad.centres[word]
    codes = vlad.codes(descriptors)
    assert np.allclose(codes.total(), expected.ravel(), atol=1e-4)
    direction = random.random(24)
    assert codes.along(direction).sum() == pytest.approx(float(codes.total() @ direction), rel=1e-4)


def test_whitening_shrinks_what_differs_within_writers():
    random = np.random.default_rng(1)
    writers = np.repeat(np.arange(30), 5)
    vectors = random.normal(size=(30, 8))[writers] + random.normal(size=(150, 8)) * [5, 1, 1, 1, 1, 1, 1, 0.1]
    whitening = Whitening.fit(unit(vectors), writers, shrink=1)
    nuisance, telling = np.eye(8)[0], np.eye(8)[7]
    assert np.linalg.norm(whitening.map(nuisance)) < 0.5 * np.linalg.norm(whitening.map(telling))
    assert np.allclose(np.linalg.norm(whitening.unit(vectors), axis=1), 1)


def test_power_keeps_signs():
    assert np.allclose(powered(np.array([4.0, -1.0]), 0.5), np.array([2, -1]) / 5**0.5)


def test_pieces_lie_together_and_few_places_make_none():
    features = local_features(isolate(written(3, 0, 1)))
    random = np.random.default_rng(0)
    for piece in pieces(features, 3, 60, random):
        assert len(set(piece)) == 60
        assert np.ptp(features.places[piece][:, 1]) < np.ptp(features.places[:, 1])
    assert pieces(features, 3, 10_000, random) == []


def test_too_few_pages_are_named():
    with pytest.raises(UserError, match="too few for 64 visual words"):
        fit([Studied(local_features(isolate(written(3, 0, 1)), PENS), "a")], Recipe(words=64, reduced=16))


def test_a_broader_pen_is_less_of_another_hand_once_strokes_are_drawn_again():
    fine = np.array(written(3, 0, 1)) < 128
    broad = cv2.dilate(fine.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0

    def agreement(a, b):
        return (a & b).sum() / (a | b).sum()

    near = cv2.dilate(redrawn(fine).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert agreement(fine, broad) < 0.5
    assert (redrawn(broad) & near).sum() > 0.9 * redrawn(broad).sum()
    assert redrawn(broad).sum() < 0.6 * broad.sum()


def test_a_thinned_stroke_is_one_pixel_wide_and_whole():
    ink = np.zeros((40, 60), bool)
    ink[18:25, 5:55] = True
    line = thinned(ink)
    assert line[10:30].sum(0).max() == 1
    assert 40 <= line.sum() <= 50
    assert cv2.connectedComponents(line.astype(np.uint8), connectivity=8)[0] == 2
