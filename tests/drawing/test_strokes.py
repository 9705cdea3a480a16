"""Pen strokes drawn again: the pen, the page, the manner and the wear change; what was written stays."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")

import cv2

from drawing.fonts import Fonts, matplotlib_folder
from drawing.manners import Manner
from drawing.scribes import font_hands, real_hands, scribes_of
from drawing.script_fonts import thinned, words_of_font
from drawing.strokes import Nib, StrokeSheet, drawn, in_lines, lines_of, on_a_page, size_of, turned
from drawing.unipen import NoStrokes
from drawing.wear import Wear, choose_nib
from drawing.wills import will

LETTER = ((0, 150), (15, 20), (50, 0), (80, 60), (90, 140), (95, 30), (110, 0))


def unipen(words: int, lines: int, start: int = 15000) -> str:
    """Lines of words of four letters each, 700 units apart, a wide gap between words."""
    out = [".COMMENT drawn by a test"]
    for line in range(lines):
        x = 500
        for _ in range(words):
            for _ in range(4):
                out += [".PEN_DOWN", *(f"{x + px} {start - 700 * line + py}" for px, py in LETTER), ".PEN_UP"]
                x += 140
            x += 350
    return "\n".join(out) + "\n"


@pytest.fixture(scope="module")
def strokes(tmp_path_factory) -> Path:
    """Two writers, each with two sheets of two screens of two lines."""
    folder = tmp_path_factory.mktemp("strokes")
    for writer in ("w001", "w002"):
        (folder / writer).mkdir()
        for sheet in (1, 2):
            for screen in (1, 2):
                text = unipen(2 + screen, 2, 15000 + 10 * sheet)
                (folder / writer / f"{writer}-{sheet}-{screen}.dat").write_text(text, encoding="ascii")
    return folder


def thickness(ink: np.ndarray) -> float:
    """The middle stroke width: twice the distance to the paper on the strokes' middle lines."""
    dark = (ink > 127).astype(np.uint8)
    far = cv2.distanceTransform(dark, cv2.DIST_L2, 5)
    ridge = (far == cv2.dilate(far, np.ones((3, 3), np.uint8))) & (far > 0)
    return float(2 * np.median(far[ridge]))


def test_a_writers_sheets_are_read_with_their_screens_lines_and_words(strokes):
    sheets = StrokeSheet.read(strokes / "w001")
    assert [(sheet.writer, sheet.number, len(sheet.screens)) for sheet in sheets] == [
        ("w001", "1", 2),
        ("w001", "2", 2),
    ]
    assert [len(line) for line in sheets[0].lines] == [12, 12, 16, 16]
    assert len(sheets[0].words) == 14
    assert sheets[0].x_height == pytest.approx(150 / 1.25)


def test_the_dot_that_is_set_late_belongs_to_its_line():
    line = [np.array([(x, 0.0), (x + 60, 100)]) for x in (0, 100, 200, 300)]
    dot = [np.array([(20.0, 140), (22, 141)])]
    below = [stroke - (0, 400) for stroke in line]
    assert [len(found) for found in lines_of([*line, *dot, *below], 100)] == [5, 4]


@pytest.mark.parametrize("content", ["", ".PEN_DOWN\n.PEN_UP\n", "no strokes at all\n", ".PEN_DOWN\n1 x\n.PEN_UP\n"])
def test_a_file_without_strokes_is_named(tmp_path, content):
    (tmp_path / "w1-1-1.dat").write_text(content, encoding="ascii")
    with pytest.raises(NoStrokes, match=r"w1-1-1\.dat holds no pen strokes") as told:
        StrokeSheet.read(tmp_path)
    assert "\n" not in str(told.value)


def test_two_pens_leave_other_widths_of_the_same_strokes(strokes):
    placed = on_a_page(StrokeSheet.read(strokes / "w001")[0].screens, 0.2)
    size = size_of(placed)
    thin, thick = drawn(placed, Nib(2.0), size), drawn(placed, Nib(4.5), size)
    assert thickness(thin) == pytest.approx(2, abs=0.7)
    assert thickness(thick) == pytest.approx(4.5, abs=0.7)
    # the thin pen's ink lies within the thick one's
    assert (thick[thin > 127] > 127).all()
    pale = drawn(placed, Nib(4.5, ink=0.5), size)
    assert pale.max() == pytest.approx(128, abs=1)


def test_a_broad_edged_pen_is_broad_across_its_edge_alone():
    level, upright = np.array([(20.0, 50), (180, 50)]), np.array([(50.0, 20), (50, 180)])
    nib = Nib(8, flat=0.25, angle=0.0)  # its edge lies level
    assert thickness(drawn([level], nib, (200, 100))) < 3.2
    assert thickness(drawn([upright], nib, (100, 200))) > 6.5


def test_a_flexible_pen_is_broad_downwards_and_a_quick_stroke_thin():
    down = np.stack([np.full(20, 30.0), np.linspace(10, 90, 20)], 1)
    nib = Nib(5, swell=0.8)
    assert thickness(drawn([down], nib, (60, 100))) > 1.4 * thickness(drawn([down[::-1]], nib, (60, 100)))
    way = np.concatenate([np.linspace(20, 60, 40), np.linspace(60, 380, 21)[1:]])
    ink = drawn([np.stack([way, np.full(len(way), 20.0)], 1)], Nib(6, speed=1.0), (400, 40))
    assert thickness(ink[:, :60]) > 1.4 * thickness(ink[:, 200:360])


def test_blocks_stand_below_one_another_within_margins(strokes):
    sheet = StrokeSheet.read(strokes / "w001")[0]
    placed = on_a_page(sheet.screens, 0.2, gap=44, margin=30)
    ink = drawn(placed, Nib(3), size_of(placed, 30)) > 127
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    assert rows[0] == pytest.approx(30, abs=3)
    assert columns[0] == pytest.approx(30, abs=3)
    assert ink.shape[0] - rows[-1] == pytest.approx(30, abs=4)
    gaps = np.diff(rows)[
        np.diff(rows) > 5
    ]  # the lines of a screen are as far apart as they were, the screens 44 pixels
    assert gaps == pytest.approx([0.2 * 700 - 30, 44, 0.2 * 700 - 30], abs=4)


def test_words_fill_the_lines_and_begin_again(strokes):
    words = StrokeSheet.read(strokes / "w001")[0].words
    placed = in_lines(np.random.default_rng(1), words, 20, (50, 80), 500, 6)
    cloud = np.concatenate(placed)
    assert 45 < cloud[:, 0].min() < 60
    assert cloud[:, 0].max() < 550 + 1
    assert 6 * 64 - 80 < np.ptp(cloud[:, 1]) < 6 * 64
    level, climbing = (turned(placed, degrees) for degrees in (0, 90))
    assert np.allclose(np.concatenate(level), cloud)
    assert np.ptp(np.concatenate(climbing)[:, 1]) == pytest.approx(np.ptp(cloud[:, 0]), rel=0.01)


def test_a_manner_without_strength_leaves_the_word_and_others_differ(strokes):
    word = StrokeSheet.read(strokes / "w001")[0].words[0]
    same = Manner.choose(np.random.default_rng(1), 0.0).rewritten(word)
    for before, after in zip(word.strokes, same.strokes, strict=True):
        assert np.allclose(before, after, atol=1e-5)
    one, again, other = (Manner.choose(np.random.default_rng(seed)).rewritten(word) for seed in (1, 1, 2))
    assert np.array_equal(np.concatenate(one.strokes), np.concatenate(again.strokes))
    assert not np.array_equal(np.concatenate(one.strokes)[:5], np.concatenate(other.strokes)[:5])
    assert one.width == pytest.approx(max(float(stroke[:, 0].max()) for stroke in one.strokes), abs=1e-4)


def test_a_manner_slants_and_widens():
    manner = Manner.choose(np.random.default_rng(1), 0.0)
    stem = Manner(**(vars(manner) | {"slant": 0.5, "wide": 2.0}))._bent(np.array([(0.0, 0), (0.1, 0.5), (0, 1)]))
    assert stem[-1] == pytest.approx((0.5, 1))
    assert stem[1] == pytest.approx((0.1 * 2 + 0.25, 0.5))


def test_worn_pages_keep_the_ink_darker_than_the_paper(strokes):
    placed = on_a_page(StrokeSheet.read(strokes / "w001")[0].screens, 0.2)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        ink = drawn(placed, choose_nib(rng, 4))
        page = Wear.choose(rng).worn(rng, ink)
        assert page.shape == (*ink.shape, 3)
        assert page.dtype == np.uint8
        grey = page.mean(2)
        assert grey[ink > 150].mean() < grey[ink == 0].mean() - 20, seed


def test_a_fonts_letters_become_lines_and_no_two_are_alike():
    font = matplotlib_folder() / "DejaVuSans.ttf"
    words = words_of_font(font, np.random.default_rng(1), 12)
    assert len(words) == 12
    again = words_of_font(font, np.random.default_rng(1), 12)
    assert np.array_equal(words[3].strokes[0], again[3].strokes[0])
    tall = max(float(stroke[:, 1].max()) for word in words for stroke in word.strokes)
    deep = min(float(stroke[:, 1].min()) for word in words for stroke in word.strokes)
    assert 1.2 < tall < 2.2  # ascenders, at x-height 1
    assert -1 < deep < -0.2
    # drawn with a thin pen, a bold font is thin
    bold = words_of_font(matplotlib_folder() / "DejaVuSans-Bold.ttf", np.random.default_rng(1), 6)
    ink = drawn(in_lines(np.random.default_rng(2), bold, 30, (40, 90), 500, 1), Nib(2.0), (620, 150))
    assert thickness(ink) < 3.5


def test_thinning_keeps_what_is_joined_and_leaves_lines():
    ink = np.zeros((60, 60), bool)
    ink[10:50, 10:18] = ink[42:50, 10:50] = True  # an L
    ink[5:9, 40:44] = True  # a dot
    thin = thinned(ink)
    assert (thin & ~ink).sum() == 0
    assert cv2.connectedComponents(thin.astype(np.uint8), connectivity=8)[0] == 3
    assert 60 < thin.sum() < 90


def test_the_same_seed_draws_the_same_scribes(strokes):
    hands = real_hands(strokes)
    first, again = (scribes_of(hands, 5, seed=3) for _ in range(2))
    assert [scribe.name for scribe in first] == ["w001m0", "w002m0", "w001m1", "w002m1", "w001m2"]
    assert np.array_equal(first[2].page(1), again[2].page(1))
    assert not np.array_equal(first[2].page(1)[:200, :200], first[2].page(2)[:200, :200])
    assert [hand.name for hand in real_hands(strokes, names=["w002"])] == ["w002"]
    assert [hand.name for hand in font_hands([matplotlib_folder() / "DejaVuSans.ttf"], 1)] == ["DejaVuSans"]


def test_a_will_is_a_letter_with_marks_by_others(strokes):
    one, other = scribes_of(real_hands(strokes), 2, seed=1)
    fonts = Fonts.find(matplotlib_folder())
    for seed in range(3):
        page = will(np.random.default_rng(seed), one, other, fonts)
        assert max(page.shape) == 1600
        assert page.dtype == np.uint8
        again = will(np.random.default_rng(seed), one, other, fonts)
        assert np.array_equal(page, again)
        edges = cv2.Canny(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), 60, 160)
        assert (edges > 0).mean() > 0.002
