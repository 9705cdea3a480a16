"""Sheets on a table: the ground is seen, the page lies whole within it, and its ink keeps its place."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from drawing.lying import Table
from drawing.scan import Scanner

BARE = {"book": "", "beside": "", "holding": "", "shadow": 0.0, "askew": 0.0, "wood": False}


@pytest.fixture(scope="module")
def page() -> Image.Image:
    """Paper with one black bar in its middle."""
    image = Image.new("RGB", (400, 560), (236, 230, 214))
    ImageDraw.Draw(image).rectangle((150, 240, 250, 320), fill=(0, 0, 0))
    return image


def table(**changed) -> Table:
    return replace(Table.choose(np.random.default_rng(1)), **{**BARE, **changed})


def test_the_ground_is_seen_on_the_sides_that_have_some_and_the_page_is_whole(page):
    ground = table(ground=(40, 60, 160), rough=0.0, sides=(0.2, 0.1, 0.0, 0.0))
    laid = np.asarray(ground.lay(np.random.default_rng(2), page, 1.0, 0.0)).astype(int)
    blue = laid[..., 2] - laid[..., 0] > 60
    assert laid.shape[1] > 440 and laid.shape[0] > 580
    assert blue[:, :30].all() and blue[:10].all() and not blue[-20:, -100:].any()
    assert abs((laid.sum(2) < 60).sum() - 101 * 81) < 400  # the bar, no larger and no smaller


def test_grey_stays_grey_and_a_zoom_scales_all(page):
    laid = table(sides=(0.1, 0.1, 0.1, 0.1)).lay(np.random.default_rng(2), page.convert("L"), 0.5, 0.0)
    assert laid.mode == "L" and 200 < laid.width < 300 and 280 < laid.height < 380


def test_a_book_shows_leaves_and_the_page_beyond_and_darkens_to_the_gutter(page):
    book = table(book="left", beyond=0.15, leaves=20.0, board=12.0, sides=(0.1, 0.05, 0.12, 0.05), ground=(8, 8, 8))
    dark = []
    for seed in range(12):
        laid = np.asarray(book.lay(np.random.default_rng(seed), page, 1.0, 0.0).convert("L")).astype(int)
        row = laid[laid.shape[0] // 4]
        dark.append(abs(int(row[len(row) // 2]) - int(row.max())) < 40)
        assert (row > 60).mean() > 0.75  # more than the page alone: its neighbour and the leaves
    assert all(dark)


@pytest.mark.parametrize("beside", ["patches", "ruler", "label"])
@pytest.mark.parametrize("holding", ["clips", "weights", "thumb"])
def test_the_same_seed_lays_the_same(page, beside, holding):
    full = table(beside=beside, holding=holding, sides=(0.05, 0.05, 0.2, 0.2), shadow=0.5, ground=(205, 205, 203))
    one, two = (np.asarray(full.lay(np.random.default_rng(5), page, 1.0, 0.4)) for _ in range(2))
    bare = np.asarray(replace(full, beside="", holding="").lay(np.random.default_rng(5), page, 1.0, 0.4))
    assert (one == two).all() and (one.shape != bare.shape or (one != bare).any())


def test_a_fifth_of_old_documents_and_most_of_reading_rooms_lie_on_a_table_and_no_new_one():
    def share(age: float, early: bool) -> float:
        return float(
            np.mean([Scanner.choose(np.random.default_rng(i), age, early).table is not None for i in range(300)])
        )

    assert 0.1 < share(0.3, False) < 0.3 and share(0.0, True) > 0.6 and share(1.0, False) == 0
