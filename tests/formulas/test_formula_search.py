"""The search on a decoder whose every probability is written down."""

from __future__ import annotations

import math

import numpy as np
import pytest

from formulas.search import MANY, Ends, is_repeated, search

START, PAD, END, A, B = range(5)


class Written:
    """An engine that gives the probabilities of a table: what was read so far -> the next token's."""

    name, device, alone = "written", "cpu", False

    def __init__(self, tables: list[dict[tuple[int, ...], dict[int, float]]], longest: int = 10) -> None:
        self.tables, self.ends = tables, Ends(START, END, longest, (START, PAD))

    def see(self, pixels: np.ndarray) -> list[dict]:
        return [self.tables[int(picture.ravel()[0])] for picture in pixels]

    def begin(self, pictures: int) -> list[tuple[int, ...]]:
        return [()] * pictures

    def step(self, seen, tokens, past):
        pictures, ways = tokens.shape
        now = [(*past[at], int(token)) for at, token in enumerate(tokens.ravel())]
        logits = np.full((pictures * ways, 5), -np.inf, np.float32)
        for at, said in enumerate(now):
            for token, share in seen[at // ways].get(said[1:], {END: 1.0}).items():
                logits[at, token] = math.log(share)
        return logits.reshape(pictures, ways, 5), now

    def select(self, past, rows):
        return [past[row] for row in rows]

    def keep(self, seen, pictures):
        return [seen[picture] for picture in pictures]


GARDEN = {(): {A: 0.6, B: 0.4}, (A,): {A: 0.3, B: 0.3, END: 0.4}, (B,): {A: 1.0}, (B, A): {END: 1.0}}
PLAIN = {(): {A: 0.9, B: 0.1}, (A,): {B: 0.9, END: 0.1}, (A, B): {END: 1.0}}


def pictures(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.float32).reshape(-1, 1, 1, 1)


def test_greedy_takes_the_likeliest_token_and_a_beam_the_likeliest_whole():
    engine = Written([GARDEN])
    ((greedy,),) = search(engine, pictures(0), beams=1)
    assert greedy.tokens == (A,) and greedy.ended
    assert greedy.log_probability == pytest.approx(math.log(0.6 * 0.4))
    assert greedy.steps == 2
    (found,) = search(engine, pictures(0), beams=3)
    assert found[0].tokens == (B, A)
    assert found[0].mean == pytest.approx(math.log(0.4) / 3)
    assert len({one.tokens for one in found}) == 3
    assert [one.mean for one in found] == sorted((one.mean for one in found), reverse=True)


@pytest.mark.parametrize("beams", [1, 2, 4])
def test_a_reading_does_not_depend_on_its_neighbours(beams):
    engine = Written([GARDEN, PLAIN])
    alone = [search(engine, pictures(number), beams)[0] for number in (0, 1)]
    assert search(engine, pictures(0, 1, 0, 1, 1), beams) == [alone[at] for at in (0, 1, 0, 1, 1)]


def test_what_never_ends_is_cut_off_and_says_so():
    endless = {(A,) * length: {A: 1.0} for length in range(20)}
    (found,) = search(Written([endless], longest=7), pictures(0), beams=2)
    assert found[0].tokens == (A,) * 7
    assert not found[0].ended


@pytest.mark.parametrize("beams", [1, 2])
def test_a_reading_without_end_is_turned_away_from_its_repetition(beams):
    table = {(): {B: 1.0}}
    for length in range(1, 60):  # B A B A ...
        table[((B, A) * 30)[:length]] = {A if length % 2 else B: 0.99, END: 0.01}
    (found, *_) = search(Written([table], longest=50), pictures(0), beams)[0]
    assert found.tokens == (*(B, A) * 11, B)
    assert found.ended and found.turned


def test_what_has_no_other_way_goes_on_and_is_cut_off():
    endless = {(A,) * length: {A: 1.0} for length in range(60)}
    (found,) = search(Written([endless], longest=50), pictures(0), beams=2)[0]
    assert found.tokens == (A,) * 50 and found.turned and not found.ended


def test_the_repetitions_of_formulas_are_no_repetition_without_end():
    zeros = [*(["0", "&"] * 3 + ["0", r"\\"]) * 3, *["0", "&"] * 3, "0"]
    dots = ["a", *[",", r"\ldots"] * 4, ",", "b"]
    for formula in (zeros, dots, ["c"] * 12, list("abcdefgh") * (MANY - 1)):
        assert not any(is_repeated(tuple(formula[:length])) for length in range(len(formula) + 1)), formula
    assert is_repeated(tuple("abcdefgh") * MANY)


@pytest.mark.shared
def test_real_formulas_hardly_ever_repeat_themselves_like_that(shared):
    lines = (shared / "formulas" / "im2latex_formulas.txt").read_text(encoding="utf-8").splitlines()[::10]
    formulas = [tuple(line.split()) for line in lines]
    assert sum(any(is_repeated(one[:end]) for end in range(24, len(one) + 1)) for one in formulas) <= 2


def test_start_and_filling_are_never_read():
    tempted = {(): {PAD: 0.5, START: 0.3, A: 0.2}, (A,): {END: 1.0}}
    ((found,),) = search(Written([tempted]), pictures(0), beams=1)
    assert found.tokens == (A,)


def test_a_picture_without_anything_reads_as_nothing():
    ((found,),) = search(Written([{(): {END: 1.0}}]), pictures(0), beams=1)
    assert found.tokens == () and found.ended and found.mean == pytest.approx(0)
