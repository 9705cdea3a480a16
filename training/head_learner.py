"""What learns of a model with a plain head, as learner.py has it of a dual encoder: the head, or all of it.

learner = HeadLearner(classifier, towers="head")
logits = learner(pixels)                                    # [B, C], with a gradient for what learns
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from encoders.features import image_features, normalised
from training.learner import LR, NEW_PARTS_LR, Learner, parameter_groups, without_batch_statistics

if TYPE_CHECKING:
    from classifier import PageClassifier


class HeadLearner(nn.Module):
    """An image classifier as one module. Its categories are rows of a linear layer, learned by cross-entropy.

    | towers | learns |
    |---|---|
    | head | the linear head alone: features of the pages are computed once |
    | image | all of it; a head that starts random at no less than 1e-3 |
    """

    def __init__(self, classifier: PageClassifier, towers: str) -> None:
        super().__init__()
        self.classifier, self.towers = classifier, towers
        self.encoder = classifier.engine.model
        self.caches_features = towers == "head"
        self.head: str = classifier.engine.head
        for name, parameter in self.encoder.named_parameters():
            parameter.requires_grad_(towers != "head" or name.startswith(f"{self.head}."))

    @property
    def tower(self) -> nn.Module:
        """What decides the features of a page."""
        return self.encoder

    def train(self, mode: bool = True) -> HeadLearner:
        """Training mode; a frozen tower and all BatchNorm stay in eval mode, as `Learner` has it."""
        super().train(mode)
        without_batch_statistics(self.encoder)
        if self.towers == "head":
            self.encoder.eval()
        return self

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 [B, 3, H, W] -> what goes into the head, [B, F]; no gradient."""
        with torch.no_grad():
            return image_features(self.encoder, normalised(pixels, self.classifier.transform))

    def prototypes(self) -> None:
        """There are none beside the head."""

    def draw_texts(self, _: np.random.Generator) -> None:
        """There are none."""

    def after_step(self) -> None:
        """Nothing is bounded."""

    def forward(self, inputs: torch.Tensor, texts: None = None, prototypes: None = None) -> torch.Tensor:
        """Logits [B, C] of uint8 pixels [B, 3, H, W], or of features [B, F]."""
        if inputs.dim() == 2:
            return self.encoder.get_submodule(self.head)(inputs)
        pixels = normalised(inputs, self.classifier.transform)
        return self.encoder(pixel_values=pixels).logits

    def groups(self, lr: float) -> list[dict[str, Any]]:
        """Parameter groups for AdamW: pre-trained weights at `lr`, the head at no less than 1e-3."""
        if not lr:
            lr = NEW_PARTS_LR if self.towers == "head" else LR.get(self.encoder.config.model_type, 1e-5)

        def rate(name: str) -> float:
            return max(lr, NEW_PARTS_LR) if name.startswith(f"{self.head}.") and self.towers != "head" else lr

        return parameter_groups(self.encoder, rate)


def learner_of(classifier: PageClassifier, towers: str) -> Learner | HeadLearner:
    """What learns of a classifier, by its kind."""
    return HeadLearner(classifier, towers) if classifier.engine.head else Learner(classifier, towers)
