"""What a model of hands is held against: the same patches without what was learned of hands.

    baselines = baselines_of(model.hands)        # name -> Hands

A reader trusts a table that shows what a model gains, and over what.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from utils import UserError
from writers.hands import VLAD, Hands, Part
from writers.query import SHIPPED
from writers.whitening import Whitening

if TYPE_CHECKING:
    from writers.hands import Coder

PLAIN, SHUFFLED = "upright RootSIFT + VLAD", "its weights shuffled"
ENCODER = "saghog"  # the kind of a part that is a trained encoder (its `graph` is an ONNX file)


def baselines_of(hands: Hands) -> dict[str, Hands]:
    """Upright RootSIFT, PCA, VLAD, power 0.5, no whitening of page descriptors: with the codebook of the model, or of
    the one that ships where it has none. Of a trained encoder: the same network with all weights shuffled, those of
    NetRVLAD too; a random encoder with NetRVLAD at centres (`finetune --epochs 0`) is better than that.
    """
    found: dict[str, Hands] = {}
    coder = _coder(hands, VLAD) or _shipped()
    if coder is not None:
        found[PLAIN] = Hands((Part(coder, Whitening.none(coder.dimensions), 0.5),), name=PLAIN)
    trained = _coder(hands, ENCODER)
    if trained is not None and importlib.util.find_spec("onnx"):  # the light install lacks it, and computes as well
        coder = replace(trained, graph=shuffled(trained.graph))
        power = next(part.power for part in hands.parts if part.coder is trained)
        found[SHUFFLED] = Hands((Part(coder, Whitening.none(coder.dimensions), power),), name=SHUFFLED)
    return found


def shuffled(graph: bytes, seed: int = 0) -> bytes:
    """An ONNX file whose weights are as large as they were, tensor by tensor, but at random places."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load_from_string(graph)
    random = np.random.default_rng(seed)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind == "f" and values.size > 1:
            drawn = random.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(drawn, tensor.name))
    return model.SerializeToString(deterministic=True)


def _coder(hands: Hands, kind: str) -> Coder | None:
    return next((part.coder for part in hands.parts if part.coder.kind == kind), None)


def _shipped() -> Coder | None:
    try:
        return _coder(Hands.load(SHIPPED), VLAD)
    except UserError:  # a copy without it: the baseline is left out, and the report says so
        return None
