"""The trained path's models by name, and every number of their two trainings.

    configuration = CONFIGURATIONS["small"].but(target="pixels", mask=0.5)

`paper` has the numbers of SAGHOG (arXiv 2404.17221), `grk` those of its variant for papyri, `small` is what learns most
on two cores within an hour. Nothing here imports torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

TARGETS = ("hog-ink", "hog-grey", "pixels")  # HOG of the binarised patch, of the grey one; grey values
FEATURES = ("mean", "cls")  # what of a patch's tokens goes on to NetRVLAD


@dataclass(frozen=True)
class Course:
    """One training: how long, how fast.

    epochs: passes; samples: patches (or bags of them) that make up an epoch, 0 = all there are. batch: samples a step.
    rate: the highest learning rate, reached from `first` over `warmup` epochs, then down to `last` along a cosine.
    clip: the longest gradient.
    """

    epochs: int
    batch: int
    rate: float
    first: float
    last: float
    warmup: float
    weight_decay: float
    clip: float
    samples: int = 0


@dataclass(frozen=True)
class Configuration:
    """An encoder, its autoencoder and its NetRVLAD.

    dim, depth, heads: of the encoder (patch 4: 64 tokens and CLS); decoder_heads: of the decoder's one block.
    clusters: K of NetRVLAD; labels: pseudo-labels where no writers are known. mask: share of tokens that is hidden.
    base: of the multi-similarity loss. layer_decay: how much slower each block learns in fine-tuning than the next one.
    bag: patches of one page whose codes are added before the loss, 1 = each alone as in the paper. per_class: samples
    of one label in a batch. turn, shift, stretch: of the augmentation in degrees, parts of the side, and ratio.
    most: patches that a page gives to training.
    """

    name: str
    dim: int
    depth: int
    heads: int
    decoder_heads: int
    clusters: int
    labels: int
    pretrain: Course
    finetune: Course
    mask: float = 0.75
    target: str = "hog-ink"
    feature: str = "mean"
    base: float = 0.2
    layer_decay: float = 0.25
    bag: int = 1
    per_class: int = 16
    turn: float = 0.0
    shift: float = 0.0
    stretch: float = 0.0
    most: int = 2000

    def but(self, **values: Any) -> Self:
        """The same with other values; those that are None stay as they are."""
        return replace(self, **{name: value for name, value in values.items() if value is not None})

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `to_json` gave. TypeError, KeyError: something else."""
        courses = {name: Course(**values[name]) for name in ("pretrain", "finetune")}
        return cls(**{**values, **courses})


_PAPER = Configuration(
    name="paper",
    dim=512,
    depth=8,
    heads=8,
    decoder_heads=16,
    clusters=100,
    labels=5000,
    pretrain=Course(200, 2048, 8e-4, 8e-5, 8e-6, 5, 0.05, 0.02),
    finetune=Course(30, 1024, 1e-3, 0.0, 1e-5, 5, 0.01, 1.0, samples=1_024_000),
    feature="cls",
)
_SMALL = Configuration(
    name="small",
    dim=64,
    depth=4,
    heads=4,
    decoder_heads=4,
    clusters=32,
    labels=500,
    pretrain=Course(10, 64, 1e-3, 1e-4, 1e-5, 0.3, 0.05, 1.0),
    finetune=Course(20, 48, 1e-3, 0.0, 1e-5, 1, 0.01, 1.0, samples=2400),
    layer_decay=0.8,
    bag=8,
    per_class=4,
    most=400,
)
CONFIGURATIONS = {
    "small": _SMALL,
    "paper": _PAPER,
    "grk": replace(
        _PAPER,
        name="grk",
        dim=128,
        clusters=32,
        finetune=replace(_PAPER.finetune, rate=1e-4, weight_decay=1e-3, clip=0.25),
        layer_decay=0.9,
        base=0.8,
        turn=10.0,
        shift=0.1,
        stretch=0.1,
    ),
}
