"""How fast each parameter learns: groups by layer, and a rate that rises, then falls.

optimizer = torch.optim.AdamW(parameter_groups(model, model.layer_of, 0.25, 0.01))
set_rate(optimizer, rate_at(step, steps, warmup, course))
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from writers.configurations import Course


def parameter_groups(
    model: nn.Module, layer_of: Callable[[str], int], layer_decay: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Every parameter of the model in exactly one group: by layer (`scale`, 1 for the last one, times layer_decay for
    each below), and by weight decay, which biases, norms and the tokens that stand for something (CLS) are spared.
    """
    layers = {name: layer_of(name) for name, _ in model.named_parameters()}
    last = max(layers.values())
    groups: dict[tuple[int, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        plain = parameter.ndim < 2 or parameter.shape[0] == 1
        key = layers[name], plain
        if key not in groups:
            scale = layer_decay ** (last - layers[name])
            groups[key] = {"params": [], "scale": scale, "weight_decay": 0.0 if plain else weight_decay}
        groups[key]["params"].append(parameter)
    return [groups[key] for key in sorted(groups)]


def rate_at(step: int, steps: int, warmup: int, course: Course) -> float:
    """The learning rate of a step, 0 to steps - 1: from `first` to `rate` along a line in `warmup` steps, then down to
    `last` along a cosine.
    """
    if step < warmup:
        return course.first + (course.rate - course.first) * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return course.last + (course.rate - course.last) * (1 + math.cos(math.pi * done)) / 2


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of all groups, each by its scale."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]
