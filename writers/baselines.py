"""What a model of hands is held against: the same patches and codebook without what was learned of hands.

    baselines = baselines_of(model.hands)        # name -> Hands

A reader trusts a table that shows what a model gains, and over what.
"""

from __future__ import annotations

from utils import UserError
from writers.hands import VLAD, Hands, Part
from writers.query import SHIPPED
from writers.whitening import Whitening

PLAIN = "upright RootSIFT + VLAD"


def baselines_of(hands: Hands) -> dict[str, Hands]:
    """Upright RootSIFT, PCA, VLAD, power 0.5, and no whitening of page descriptors; with the codebook of the model, or
    of the one that ships where it has none.
    """
    found: dict[str, Hands] = {}
    coder = _codebook(hands) or _shipped()
    if coder is not None:
        found[PLAIN] = Hands((Part(coder, Whitening.none(coder.dimensions), 0.5),), name=PLAIN)
    return found


def _codebook(hands: Hands):  # noqa: ANN202
    return next((part.coder for part in hands.parts if part.coder.kind == VLAD), None)


def _shipped():  # noqa: ANN202
    try:
        return _codebook(Hands.load(SHIPPED))
    except UserError:  # a copy without it: the baseline is left out, and the report says so
        return None
