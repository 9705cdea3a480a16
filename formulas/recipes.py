"""How a model of formulas is taught: presets, and what of them a user may change.

RECIPES["small"].but(epochs=10)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from formulas.pictures import Canvas

TROCR = "microsoft/trocr-base-stage1"


@dataclass(frozen=True)
class Recipe:
    """All that decides what a model learns from given data.

    network: a preset of formulas/network.py, "" = that of `base`. base: a model to start from, "" = random numbers.
    tokenizer: "latex" = a vocabulary made of the training formulas, "" = that of the base. epochs: passes over the
    training formulas; steps: how many steps instead, 0 = by epochs. batch: formulas of a step, of which `at_once` are
    computed together, 0 = all. rate: of learning, its greatest; schedule: linear or cosine to 0; warmup: share of the
    steps in which it rises. longest: tokens of a formula, start and end among them. judged: validation formulas that
    each evaluation reads, 0 = all; every: steps between two evaluations, 0 = after each epoch.
    """

    name: str
    canvas: Canvas = field(default_factory=Canvas)
    network: str = ""
    base: str = ""
    tokenizer: str = ""
    epochs: float = 1.0
    steps: int = 0
    batch: int = 32
    at_once: int = 0
    rate: float = 1e-3
    schedule: str = "cosine"
    warmup: float = 0.05
    decay: float = 0.0
    smoothing: float = 0.0
    longest: int = 256
    judged: int = 400
    every: int = 0
    augmented: bool = True

    def but(self, **changes: Any) -> Recipe:
        """The same recipe with changes; None = no change."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    def to_json(self) -> dict[str, Any]:
        """For records."""
        return asdict(self)


SQUASH = Canvas(mode="squash", height=384, width=384, channels=3, step=0, type_size=0.0, paper=1.0, ink=-1.0)
RECIPES = {
    "small": Recipe(
        "small", network="small", tokenizer="latex", epochs=30, batch=16, rate=8e-4, decay=0.01, judged=200, every=2000
    ),
    "micro": Recipe(
        "micro", network="micro", tokenizer="latex", steps=4000, batch=16, rate=1e-3, judged=200, augmented=False
    ),
    # as published: Trainer's own defaults, RGB of 384 x 384 pixels, no augmentation
    "published": Recipe(
        "published", SQUASH, base=TROCR, epochs=100, batch=8, rate=5e-5, schedule="linear", warmup=0.0, longest=512,
        judged=0, augmented=False,
    ),
}  # fmt: skip
