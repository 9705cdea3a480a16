"""What the masked autoencoder has to tell of the tokens that it does not see: HOG of each, or its pixels.

target = target_of("hog-ink", grey, ink)         # [n, 64, 9]
"""

from __future__ import annotations

import torch
from torch.nn import functional

SIDE = 32  # pixels of a patch
CELL = 4  # pixels of a token, which is one cell
TOKENS = (SIDE // CELL) ** 2
BINS = 9  # directions of a half turn


def hog(patches: torch.Tensor) -> torch.Tensor:
    """Histograms of oriented gradients, float [n, 64, 9], of patches [n, 32, 32] in 0..1.

    Sobel gradients (reflected at the rim); each pixel votes with its gradient's length for one of nine directions of a
    half turn; a cell of 4 x 4 pixels is a token, of length 1, or 0 where it is flat.
    """
    rim = functional.pad(patches[:, None], (1, 1, 1, 1), mode="reflect")[:, 0]  # [n, 34, 34]
    # Differences first: what is equal on both sides is exactly 0, and its direction no matter of rounding.
    across, down = rim[:, :, 2:] - rim[:, :, :-2], rim[:, 2:] - rim[:, :-2]
    x = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]
    y = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    length = torch.hypot(x, y)
    back = (y < 0) | ((y == 0) & (x < 0))  # a direction and its opposite are one: exactly so, without rounding
    turn = torch.atan2(y.abs(), torch.where(back, -x, x))  # 0 to pi
    direction = (turn * (BINS / torch.pi)).long().clamp(max=BINS - 1)
    votes = torch.zeros(len(patches), BINS, SIDE, SIDE, dtype=patches.dtype, device=patches.device)
    votes.scatter_(1, direction[:, None], length[:, None])
    cells = functional.avg_pool2d(votes, CELL) * CELL**2  # [n, 9, 8, 8]
    return functional.normalize(cells, dim=1).flatten(2).transpose(1, 2)


def cells_of(patches: torch.Tensor) -> torch.Tensor:
    """The 16 values of each token, [n, 64, 16], of patches [n, 32, 32]."""
    rows = SIDE // CELL
    return patches.reshape(-1, rows, CELL, rows, CELL).transpose(2, 3).reshape(-1, TOKENS, CELL**2)


def target_of(target: str, grey: torch.Tensor, ink: torch.Tensor) -> torch.Tensor:
    """The target of that name (configurations.TARGETS), float [n, 64, 9 or 16].

    grey: [n, 32, 32], darkness 0..1; ink: the same binarised.
    """
    if target == "pixels":
        return cells_of(grey)
    return hog(ink if target == "hog-ink" else grey)


def width_of(target: str) -> int:
    """Numbers a token of that target."""
    return CELL**2 if target == "pixels" else BINS
