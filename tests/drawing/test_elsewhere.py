"""Pages from elsewhere: tables without rules line up, print that people wrote on shows both, schemes fill slides."""

import numpy as np
import pytest
from PIL import Image

from drawing import annotated, few_rules, slide_schemes
from drawing.fonts import Fonts, matplotlib_folder
from drawing.hand import Hand
from drawing.sheet import Document, Kit, Sheet
from drawing.slide_design import Design


def sheet_of(kind: str, seed: int) -> Sheet:
    kit = Kit(Fonts.find(matplotlib_folder()))
    document = Document.choose(np.random.default_rng([seed, 1]), kit, 1, kind, (seed, 1))
    return Sheet(document, np.random.default_rng(seed))


def counted(hand: Hand) -> list[str]:
    """The lines that this hand writes from now on."""
    lines: list[str] = []
    write = hand.write

    def write_and_note(rng, image, at, text, *more):
        lines.append(text)
        return write(rng, image, at, text, *more)

    hand.write = write_and_note
    return lines


@pytest.mark.parametrize("kind", ["new", "old"])
def test_notes_by_hand_are_more_than_a_signature(kind):
    for seed in range(12):
        sheet = sheet_of(kind, seed)
        lines = [counted(hand) for hand in sheet.document.hands]
        annotated.annotated(sheet)
        assert sum(map(len, lines)) >= 2, "too little by hand"
        assert (np.asarray(sheet.image.convert("L")) < 140).mean() > 0.004


def test_a_marker_lets_the_print_shine_through():
    sheet = sheet_of("new", 3)
    sheet.press.block(sheet.image, sheet.words, sheet.body, sheet.rng)
    before = np.asarray(sheet.image.convert("L"))
    annotated._marker(sheet, 12)
    after = np.asarray(sheet.image.convert("L"))
    assert (after[before < 60] < 70).all() and (np.asarray(sheet.image).max(2) != np.asarray(sheet.image).min(2)).any()


@pytest.mark.parametrize("draw", ["open_table", "several_open", "price_list", "programme", "accounts", "directory"])
def test_columns_line_up_and_no_upright_rule_stands_between(draw):
    for seed in range(3):
        sheet = sheet_of("new", seed)
        getattr(few_rules, draw)(sheet)
        ink = np.asarray(sheet.image.convert("L")) < 120
        assert 0.002 < ink.mean() < 0.25
        assert ink.mean(0).max() < 0.7


def test_schemes_are_drawn_onto_the_slides_own_ground_and_fill_it():
    used = set()
    for seed in range(24):
        sheet = sheet_of("slide", seed)
        design = Design.choose(sheet.rng, sheet)
        ground = Image.new("RGB", (500, 320), (12, 34, 56))
        made = slide_schemes.scheme_of(sheet, design, ground)
        other = (np.asarray(made).astype(int) - (12, 34, 56)).any(2)
        assert made.size == ground.size
        assert other.mean() > 0.02, seed
        used.add(round(float(other.mean()), 3))
    assert len(used) > 15
