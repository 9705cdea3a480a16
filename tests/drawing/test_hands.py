"""Fonts by role, and writers: hands that differ, stay within their line, and repeat with the same seed."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawing.fonts import Fonts, covers, matplotlib_folder, role
from drawing.hand import Hand
from drawing.hands import CurveHand, FaceHand, PenHand, choose_hand
from drawing.unipen import read_writer

TEXT = "Nálezová zpráva: Łódź, příčný řez č. 274"
WHITE = 255


@pytest.fixture(scope="module")
def fonts(tmp_path_factory) -> Fonts:
    """A folder of a user's: book print, a typewriter, and a face that its name calls handwriting (with no Czech)."""
    folder = tmp_path_factory.mktemp("fonts")
    for source, name in (
        ("DejaVuSerif", "Garamond"),
        ("cmtt10", "Erika Typewriter"),
        ("cmr10", "Kalam"),
        ("cmsy10", "cmsy10"),
    ):
        shutil.copy(matplotlib_folder() / f"{source}.ttf", folder / f"{name}.ttf")
    (folder / "broken.ttf").write_bytes(b"no font at all")
    return Fonts.find(folder)


@pytest.fixture(scope="module")
def strokes(tmp_path_factory) -> Path:
    """Pen strokes of one writer: words of one to six strokes, a wide gap between words, lines below one another."""
    folder = tmp_path_factory.mktemp("strokes") / "w1"
    folder.mkdir()
    out = []
    for line in range(4):
        x, y = 500, 15000 - line * 700
        for letters in (1, 4, 6, 2, 5, 3):
            for _ in range(letters):
                points = [
                    (x, y + 150),
                    (x + 20, y),
                    (x + 60, y + 20),
                    (x + 90, y + 140),
                    (x + 100, y),
                    (x + 110, y + 10),
                ]
                out += [".PEN_DOWN", *(f"{px} {py}" for px, py in points), ".PEN_UP"]
                x += 140
            x += 350
    (folder / "w1-1-1.dat").write_text("\n".join(out) + "\n", encoding="ascii")
    return folder.parent


def hand_of(kind: type, fonts: Fonts, strokes: Path) -> Hand:
    hands = (choose_hand(np.random.default_rng(seed), fonts, strokes) for seed in range(200))
    return next(hand for hand in hands if isinstance(hand, kind))


def inked(hand: Hand, mode: str = "RGB", seed: int = 3, width: float = 520) -> tuple[np.ndarray, float]:
    page = Image.new(mode, (800, 200), "white")
    end = hand.write(np.random.default_rng(seed), page, (100, 110), TEXT, 14, (20, 20, 90), width)
    return np.asarray(page.convert("L")) < 200, end


def test_fonts_of_any_folder_are_told_by_name_and_tables(fonts):
    assert [file.stem for file in fonts.serif] == ["Garamond"]
    assert [file.stem for file in fonts.typewriter] == ["Erika Typewriter"]
    assert [file.stem for file in fonts.hand] == ["Kalam"]
    for files in (fonts.sans, fonts.printer, fonts.display):
        assert files  # filled up, so that no caller meets an empty list
    assert role(matplotlib_folder() / "cmsy10.ttf") == ""
    assert covers(fonts.serif[0], TEXT)
    assert not covers(fonts.hand[0], "ř")


def test_an_unknown_name_is_told_by_the_fonts_own_tables(tmp_path):
    shutil.copy(matplotlib_folder() / "DejaVuSansMono.ttf", tmp_path / "unknown1.ttf")
    shutil.copy(matplotlib_folder() / "STIXGeneral.ttf", tmp_path / "unknown2.ttf")
    assert role(tmp_path / "unknown1.ttf") == "printer"
    assert role(tmp_path / "unknown2.ttf") == "serif"


def test_without_fonts_matplotlibs_serve(tmp_path, capsys):
    fonts = Fonts.find(tmp_path)
    assert fonts.serif
    assert fonts.typewriter
    assert "fetch_fonts.py" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [FaceHand, CurveHand, PenHand])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_line_stands_where_it_is_asked_for(kind, mode, fonts, strokes):
    ink, end = inked(hand_of(kind, fonts, strokes), mode)
    columns, rows = np.flatnonzero(ink.any(0)), np.flatnonzero(ink.any(1))
    assert 80 <= columns[0] <= 125
    assert abs(columns[-1] - end) < 40
    assert end <= 100 + 520
    # Most ink lies between the baseline and the x-height's double above it.
    assert ink[110 - 45 : 110 + 12].sum() > 0.75 * ink.sum()
    assert rows[0] > 110 - 70
    assert rows[-1] < 110 + 50


@pytest.mark.parametrize("kind", [FaceHand, CurveHand, PenHand])
def test_the_same_seed_writes_the_same_and_words_too_many_are_left_out(kind, fonts, strokes):
    first, end = inked(hand_of(kind, fonts, strokes))
    again, _ = inked(hand_of(kind, fonts, strokes))
    assert np.array_equal(first, again)
    other, _ = inked(hand_of(kind, fonts, strokes), seed=4)
    assert not np.array_equal(first, other)
    _, short = inked(hand_of(kind, fonts, strokes), width=200)
    assert short < end
    assert short <= 300


def test_a_repeated_letter_differs(fonts, strokes):
    for kind in (FaceHand, CurveHand):
        page = Image.new("L", (800, 100), "white")
        hand = hand_of(kind, fonts, strokes)
        hand.write(np.random.default_rng(1), page, (20, 60), "o o o o o o o o", 16, (0, 0, 0), 700)
        ink = np.asarray(page) < 128
        filled = np.flatnonzero(ink.any(0))
        letters = np.split(filled, np.flatnonzero(np.diff(filled) > 3) + 1)
        shapes = {ink[:, run[0] : run[-1] + 1].tobytes() for run in letters}
        assert len(shapes) > 2


def test_writers_differ():
    fonts = Fonts.find(matplotlib_folder())
    pages = [inked(choose_hand(np.random.default_rng(seed), fonts))[0] for seed in range(24)]
    slants = {page.tobytes() for page in pages}
    assert len(slants) == 24
    amounts = [int(page.sum()) for page in pages]
    assert max(amounts) > 1.6 * min(amounts)


def test_real_strokes_become_words(strokes):
    words = read_writer(strokes / "w1")
    assert len(words) == 24
    widths = sorted(word.width for word in words)
    assert widths[-1] > 3 * widths[0]
    for word in words:
        assert abs(min(float(stroke[:, 1].min()) for stroke in word.strokes)) < 0.2


def test_a_signature_leaves_ink_where_it_should(fonts, strokes):
    for kind in (FaceHand, CurveHand, PenHand):
        hand = hand_of(kind, fonts, strokes)
        page = Image.new("RGB", (800, 300), "white")
        hand.signature(np.random.default_rng(5), page, (200, 150), 40, (0, 0, 0))
        ys, xs = np.nonzero(np.asarray(page.convert("L")) < 200)
        assert len(xs) > 200
        assert 120 < xs.min() < 300
        assert 60 < np.median(ys) < 190
