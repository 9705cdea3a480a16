"""Other pens for the same strokes: patches thinned, thickened, turned, shifted and stretched a little, at random.

varied = augmented(pixels, groups=16, configuration, generator)         # the patches of a group in the same way
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from writers.configurations import Configuration

THINNED = THICKENED = 0.3  # how often


def augmented(
    pixels: torch.Tensor, groups: int, configuration: Configuration, generator: torch.Generator
) -> torch.Tensor:
    """Patches [n, 32, 32], darkness 0..1, varied; n / groups that follow one another are of one pen, and vary alike.

    generator: on the CPU, so that a seed means the same on any device.
    """
    each = len(pixels) // groups
    chance = torch.rand(groups, 2, generator=generator)
    kernels = torch.rand(groups, 9, generator=generator) < 0.5
    kernels[:, 4] = True
    thinned, thickened = chance[:, 0] < THINNED, chance[:, 1] < THICKENED
    moves = _moves(groups, configuration, generator)
    spread = [each_group.repeat_interleave(each, 0).to(pixels.device) for each_group in (thinned, thickened, kernels)]
    pixels = _thinned(_thinned(pixels, spread[0], spread[2], -1.0), spread[1], spread[2], 1.0)
    if moves is None:
        return pixels
    grid = functional.affine_grid(
        moves.repeat_interleave(each, 0).to(pixels.device), [len(pixels), 1, *pixels.shape[1:]], align_corners=False
    )
    return functional.grid_sample(pixels[:, None], grid, align_corners=False)[:, 0]


def _thinned(pixels: torch.Tensor, which: torch.Tensor, kernels: torch.Tensor, sign: float) -> torch.Tensor:
    """Erosion (sign -1) or dilation (1) of those that `which` [n] says, by a kernel of 3 x 3 each, [n, 9]."""
    if not which.any():
        return pixels
    index = which.nonzero()[:, 0]
    chosen = pixels[index]
    around = functional.unfold(functional.pad(chosen[:, None], (1, 1, 1, 1), mode="replicate"), 3)  # [m, 9, 1024]
    best = (sign * around).masked_fill(~kernels[index][..., None], -torch.inf).amax(1) * sign
    return pixels.index_copy(0, index, best.reshape(chosen.shape))


def _moves(groups: int, configuration: Configuration, generator: torch.Generator) -> torch.Tensor | None:
    """Random affine maps [groups, 2, 3]; None where nothing is to move."""
    turn, shift, stretch = configuration.turn, configuration.shift, configuration.stretch
    if not (turn or shift or stretch):
        return None
    draws = torch.rand(groups, 4, generator=generator) * 2 - 1
    angle, scale = draws[:, 0] * math.radians(turn), 1 + draws[:, 1] * stretch
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    offsets = 2 * shift * draws[:, 2:]  # in halves of the side
    return torch.stack([torch.stack([cos, -sin, offsets[:, 0]], 1), torch.stack([sin, cos, offsets[:, 1]], 1)], 1)
