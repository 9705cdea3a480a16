"""Pictures that are worn while a model learns."""

from __future__ import annotations

import numpy as np
from formula_pictures import picture_of
from PIL import Image

from formulas.augmenting import augmented
from formulas.pictures import prepare


def worn(picture: Image.Image, seed: int) -> np.ndarray:
    return np.asarray(augmented(picture, np.random.default_rng([1, seed])))


def test_the_same_numbers_wear_alike_and_others_do_not() -> None:
    picture = prepare(picture_of(r"\frac { x } { y } + 2"))
    some = [worn(picture, seed) for seed in range(12)]
    assert all(np.array_equal(one, worn(picture, seed)) for seed, one in enumerate(some))
    assert len({one.tobytes() for one in some}) >= 10


def test_what_wear_has_wiped_out_is_learned_as_it_was() -> None:
    speck = Image.new("L", (40, 40), 255)
    speck.paste(0, (18, 18, 22, 22))
    for seed in range(60):
        assert (worn(speck, seed) < 128).any()
