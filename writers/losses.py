"""The multi-similarity loss and its miner: pairs of one label are drawn together, the hardest of others apart.

loss = multi_similarity(codes, labels, base=0.2)            # codes [n, D] of length 1, labels int64 [n]
"""

from __future__ import annotations

import torch

ALPHA, BETA = 2.0, 40.0
EPSILON = 0.1  # of the miner


def mine(similarities: torch.Tensor, same: torch.Tensor, epsilon: float = EPSILON) -> tuple[torch.Tensor, torch.Tensor]:
    """Which pairs count, bool [n, n] twice: those of one label that are not closer, by epsilon, than the closest
    stranger, and strangers that are not farther, by epsilon, than the farthest of the same label.

    similarities: [n, n]; same: bool [n, n], which pairs share a label. No item is a pair with itself.
    """
    alone = torch.eye(len(similarities), dtype=torch.bool, device=similarities.device)
    alike, strangers = same & ~alone, ~same
    farthest = similarities.masked_fill(~alike, torch.inf).amin(1, keepdim=True)
    closest = similarities.masked_fill(~strangers, -torch.inf).amax(1, keepdim=True)
    return alike & (similarities - epsilon < closest), strangers & (similarities + epsilon > farthest)


def multi_similarity(codes: torch.Tensor, labels: torch.Tensor, base: float) -> torch.Tensor:
    """The loss, a scalar, of codes [n, D] of length 1 and labels [n]; 0 where no pair counts."""
    similarities = codes @ codes.T
    alike, strangers = mine(similarities.detach(), labels[:, None] == labels[None])
    drawn = _soft_sum(-ALPHA * (similarities - base), alike) / ALPHA
    pushed = _soft_sum(BETA * (similarities - base), strangers) / BETA
    return (drawn + pushed).mean()


def _soft_sum(values: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """log(1 + sum of exp) over the pairs that count, [n]; safe from overflow."""
    zero = torch.zeros(len(values), 1, dtype=values.dtype, device=values.device)
    return torch.logsumexp(torch.cat([zero, values.masked_fill(~counts, -torch.inf)], 1), 1)
