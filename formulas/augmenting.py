"""Pictures as copies and scans make them, anew each time that one is learned from (drawing/formula_wear.py).

    augmented(picture, np.random.default_rng([seed, epoch, number]))       # "L", as `prepare` gives it

The same numbers wear a picture the same way. No mirror: a formula has a left and a right.
"""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image

from drawing.formula_wear import wear
from formulas.pictures import NoFormula, prepare


def augmented(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """A worn copy of a prepared picture, made ready again as a reader would; itself where wear left nothing."""
    try:
        return prepare(wear(picture, Random(int(chance.integers(1 << 62)))))
    except NoFormula:
        return picture
