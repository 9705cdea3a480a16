"""Pages before 1920: their documents' own look is shared, what makes a category stands on the page."""

import numpy as np
import pytest

from drawing import deeds, early, fiscal, ledgers, old_print
from drawing.fonts import Fonts, matplotlib_folder
from drawing.old_hands import old_hand
from drawing.plan import plan
from drawing.sheet import EARLY, Document, Kit, Sheet

DRAWN = {"deed": early.text_hw, "manuscript": early.text_hw, "register": early.line_hw, "old print": early.text_p}


@pytest.fixture(scope="module")
def kit() -> Kit:
    """The fonts that are there without fetching any."""
    return Kit(Fonts.find(matplotlib_folder()))


def document(kit: Kit, kind: str, seed: int) -> Document:
    return Document.choose(np.random.default_rng([seed, 1]), kit, 1, kind, (seed, 1))


def ink(sheet: Sheet) -> np.ndarray:
    return np.asarray(sheet.image.convert("L")) < 150


@pytest.mark.parametrize("kind", EARLY)
def test_every_kind_fills_its_page_and_repeats_with_its_seed(kit, kind):
    for seed in range(5):
        pages = []
        for _ in range(2):
            sheet = Sheet(document(kit, kind, seed), np.random.default_rng([seed, 3]))
            DRAWN[kind](sheet)
            pages.append(np.asarray(sheet.image))
        assert sheet.image.size == (sheet.width, sheet.height)
        assert (pages[0] == pages[1]).all() and 0.001 < (pages[0].max(2) < 150).mean() < 0.6


@pytest.mark.parametrize("kind", ["deed", "old print"])
def test_print_that_was_written_on_is_there_too(kit, kind):
    sheet = Sheet(document(kit, kind, 2), np.random.default_rng(2))
    early.text(sheet)
    assert ink(sheet).mean() > 0.003


def test_a_registers_pages_share_rules_and_heads(kit):
    made = document(kit, "register", 4)
    sheets = [Sheet(made, np.random.default_rng(page)) for page in range(3)]
    for sheet in sheets:
        early.line_hw(sheet)
    assert isinstance(made.kept["ledger"], ledgers.Ledger)
    other = document(kit, "register", 5)
    early.line_hw(Sheet(other, np.random.default_rng(1)))
    assert other.kept["ledger"] != made.kept["ledger"]


def test_a_register_has_upright_rules_from_its_head_to_its_foot(kit):
    found = 0
    for seed in range(8):
        sheet = Sheet(document(kit, "register", seed), np.random.default_rng(seed))
        early.line_hw(sheet)
        shape = sheet.document.kept["ledger"]
        tall = (np.asarray(sheet.image.convert("L")) < 215).mean(0)
        found += (tall > 0.6).sum() >= len(shape.kind) // 2 or not shape.printed
    assert found >= 7


def test_the_line_round_a_text_encloses_its_lines(kit):
    sheet = Sheet(document(kit, "deed", 1), np.random.default_rng(1))
    lines = [(300.0, 800.0 - 90 * (number % 2), 400.0 + 50 * number) for number in range(8)]
    deeds.surround(sheet, lines, 14)
    drawn = ink(sheet)
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    assert rows[0] < 390 and rows[-1] > 750 and columns[0] < 300 and columns[-1] >= 800
    assert not drawn[410:740, 320:680].any()  # nothing through the text itself


def test_stamps_threads_and_seals_have_their_colours(kit):
    sheet = Sheet(document(kit, "deed", 2), np.random.default_rng(3))
    fiscal.thread(sheet, 0.5)
    fiscal.wax_seal(sheet, (200, 300), 60)
    pixels = np.asarray(sheet.image).astype(int)
    assert (pixels.max(2) - pixels.min(2))[:, 400:].max() > 20  # the thread
    assert (pixels[260:340, 160:240].mean((0, 1)) < 200).all()  # the wax
    before = sheet.image.copy()
    for put in (fiscal.office_stamp, fiscal.oval_stamp, fiscal.fiscal_stamp, fiscal.ringed_number):
        put(sheet, (600, 900))
        assert sheet.image != before
        before = sheet.image.copy()


def test_old_words_have_the_long_s_but_not_at_their_end(kit):
    words = old_print.OldWords(Sheet(document(kit, "old print", 1), np.random.default_rng(1)).words, True)
    assert words.spelt("ses soussignés Messieurs") == "ſes ſouſſignés Meſſieurs"


def test_old_hands_lean_to_the_right_and_are_no_ball_pens(kit):
    hands = [old_hand(np.random.default_rng(seed), kit.fonts) for seed in range(60)]
    assert min(hand.slant for hand in hands) >= -0.05 and {hand.pen.kind for hand in hands} <= {"steel nib", "pencil"}


def test_two_fifths_of_handwriting_are_of_before_1920():
    tasks = list(plan(3300, 5))
    for label in ("TEXT_HW", "LINE_HW"):
        kinds = [task.kind in EARLY for task in tasks if any(own == label for _, own in task.pages)]
        assert 0.25 < np.mean(kinds) < 0.5, label
