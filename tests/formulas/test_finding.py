"""Display formulas of a page: found where they stand, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from formula_sheet import PARAGRAPH, FormulaSheet, formula_sheet
from PIL import Image

from drawing.formula_pages import compose, has_tex, worn
from formulas.finding import NUMBERS, find, judges
from formulas.finding_scores import matched, overlaps
from formulas.line_features import NAMES
from formulas.regions import lines_of

FORMULAS = (
    r"$E = \frac{m c^2}{\sqrt{1 - v^2 / c^2}}$",
    r"$\sum_{n=1}^{\infty} \frac{1}{n^2} = \frac{\pi^2}{6}$",
    r"$\phi (x, t) = \int_{0}^{t} d s \, e^{- \lambda s} \psi_{i j} (x + s)$",
    r"$a_{n+1} = \alpha a_n^2 + \beta b_n , \quad b_{n+1} = \gamma a_n b_n$",
)
PARTS = [PARAGRAPH, FORMULAS[0], PARAGRAPH, FORMULAS[1], PARAGRAPH, FORMULAS[2], PARAGRAPH, FORMULAS[3], PARAGRAPH]


@pytest.fixture(scope="module")
def sheet() -> FormulaSheet:
    return formula_sheet(PARTS, numbers=True)


def boxes(image: Image.Image) -> list[tuple[int, int, int, int]]:
    return [found.box for found in find(image)]


def test_formulas_between_paragraphs_are_found_without_their_numbers(sheet):
    found = find(sheet.image)
    assert len(found) == len(sheet.boxes) == 4
    assert matched([one.box for one in found], sheet.boxes, 0.8) == 4
    assert all(0.5 <= one.confidence <= 1 for one in found)
    assert [one.box[1] for one in found] == sorted(one.box[1] for one in found)
    for left, top, right, bottom in boxes(sheet.image):
        assert 0 <= left < right < 1380 and 0 <= top < bottom  # numbers begin at 1400


def test_formulas_of_two_columns_stay_apart():
    sheet = formula_sheet(
        [PARAGRAPH, FORMULAS[1], PARAGRAPH, FORMULAS[0], PARAGRAPH], ((120, 790), (860, 1530)), points=9
    )
    assert matched(boxes(sheet.image), sheet.boxes, 0.7) == len(sheet.boxes) == 4


def test_a_formula_alone_on_its_page_is_found():
    for formula in FORMULAS:
        sheet = formula_sheet([formula])
        assert matched(boxes(sheet.image), sheet.boxes, 0.7) == 1, formula


def test_text_is_no_formula():
    assert boxes(formula_sheet([PARAGRAPH] * 6).image) == []
    assert boxes(formula_sheet([PARAGRAPH * 2] * 4, ((120, 790), (860, 1530)), points=9).image) == []


def test_the_same_boxes_whatever_the_page_is_saved_as(sheet):
    plain = boxes(sheet.image)
    clear = Image.new("RGBA", sheet.image.size)
    clear.paste((0, 0, 0, 255), mask=Image.fromarray(255 - np.asarray(sheet.image)))
    brown = Image.merge("RGB", [sheet.image.point(lambda value, t=tone: value * t // 255) for tone in (225, 205, 170)])
    dark = Image.fromarray(255 - np.asarray(sheet.image))
    deep = Image.fromarray(np.asarray(sheet.image).astype(np.uint16) * 257)
    for seen in (clear, brown, dark, sheet.image.convert("P"), deep):
        again = boxes(seen)
        assert matched(again, plain, 0.95) == len(plain) == len(again), seen.mode


@pytest.mark.parametrize("scale", [0.75, 1.5])
def test_boxes_are_pixels_of_the_picture_that_was_given(sheet, scale):
    size = (round(sheet.image.width * scale), round(sheet.image.height * scale))
    scaled = [tuple(round(edge * scale) for edge in box) for box in sheet.boxes]
    assert matched(boxes(sheet.image.resize(size, Image.Resampling.BICUBIC)), scaled, 0.7) >= 3


def test_a_turned_and_noisy_scan(sheet):
    noise = np.random.default_rng(1).normal(0, 12, (sheet.image.height, sheet.image.width))
    turned = sheet.image.rotate(0.4, Image.Resampling.BICUBIC, fillcolor=255)
    seen = Image.fromarray((np.asarray(turned) * 0.8 + noise).clip(0, 255).astype(np.uint8))
    found = boxes(seen)
    assert matched(found, sheet.boxes, 0.5) >= 3
    assert len(found) <= 5


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (30, 30), (700, 900)])
@pytest.mark.parametrize("value", [0, 127, 255])
def test_pages_with_nothing_on_them(size, value):
    assert find(Image.new("L", size, value)) == []


def test_a_row_of_typed_dashes_is_a_rule(sheet):
    page = np.array(formula_sheet([PARAGRAPH]).image)
    for y in (900, 960, 1020):
        for x in range(250, 1300, 26):
            page[y : y + 3, x : x + 14] = 0
    assert boxes(Image.fromarray(page)) == []


def test_noise_and_stripes_hold_no_formula():
    rng = np.random.default_rng(3)
    assert find(Image.fromarray(rng.integers(0, 256, (900, 700), dtype=np.uint8))) == []
    assert find(Image.fromarray(np.where(rng.random((900, 700)) < 0.01, 0, 255).astype(np.uint8))) == []
    assert find(Image.fromarray(np.tile(np.uint8([[0], [0], [255], [255], [255], [255]]), (150, 700)))) == []


def test_lines_are_words_of_one_row_and_hold_each_piece_once(sheet):
    page = lines_of(sheet.image)
    members = np.concatenate([line.members for line in page.lines])
    assert sorted(members.tolist()) == list(range(len(page.pieces)))
    assert page.scale == 1 and 16 <= page.type_size <= 28  # 11 points at 200 dpi: capitals of 22 pixels
    rows = [line for line in page.lines if line.width > 900]
    assert len(rows) >= 15 and all(line.height < 60 for line in rows)


def test_the_numbers_fit_the_features():
    lines, blocks = judges()
    assert len(lines.mean) == len(NAMES) and len(blocks.mean) == len(NAMES) + 4
    said = json.loads(Path(NUMBERS).read_text(encoding="utf-8"))
    assert set(said) == {"lines", "blocks"}
    assert NUMBERS.stat().st_size < 60_000


def test_scores_of_boxes():
    assert overlaps([(0, 0, 10, 10)], [(0, 0, 10, 10), (5, 0, 15, 10), (20, 20, 30, 30)]).tolist() == [[1, 1 / 3, 0]]
    assert matched([(0, 0, 10, 10), (0, 0, 10, 9)], [(0, 0, 10, 10)]) == 1
    assert matched([], [(0, 0, 1, 1)]) == matched([(0, 0, 1, 1)], []) == 0


@pytest.mark.shared
def test_real_formulas_are_found_and_archive_pages_have_none(shared):
    alone = [Image.open(file) for file in sorted((shared / "formulas" / "train").glob("*.png"))[:6]]
    for page in alone:
        grey = np.asarray(page.convert("RGBA").convert("L")) < 128
        rows, columns = np.flatnonzero(grey.any(axis=1)), np.flatnonzero(grey.any(axis=0))
        whole = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        assert matched(boxes(page), [whole], 0.7) == 1
    without = [Image.open(file) for file in sorted((shared / "pages").glob("*/*.png"))[::7]]
    assert len(without) == 8
    assert sum(bool(boxes(page)) for page in without) <= 1


@pytest.mark.skipif(not has_tex(), reason="pdflatex is not installed")
def test_composed_pages_know_their_boxes():
    formulas = [
        r"x _ { 1 } = \frac { a } { b } + c",
        r"\int _ { 0 } ^ { 1 } f ( t ) d t = \refused { 3 }",
        "E = m c ^ { 2 }",
    ]
    pages = compose(np.random.default_rng(4), formulas)
    assert sum(len(page.boxes) for page in pages) >= 5
    for page in pages:
        ink = np.asarray(page.image) < 128
        for left, top, right, bottom in page.boxes:
            assert ink[top:bottom, left:right].any(axis=1)[[0, -1]].all() and right - left > 20
    page = worn(np.random.default_rng(2), pages[0])
    assert len(page.boxes) == len(pages[0].boxes)
    assert compose(np.random.default_rng(4), formulas, displays=False)[0].boxes == ()
