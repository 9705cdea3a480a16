"""The data order of training: all categories alike often, whatever their size, and a share of extra pages.

sampler = BalancedSampler([[0, 1, 2], [3]], seed)        # page indices by category
sampler.set_epoch(4)
draws = list(sampler)                                    # [(3, 16), (0, 17), ...]: index, and the number of the draw
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


class BalancedSampler:
    """Categories in turn, each one's pages in an order of their own, by seed and epoch.

    Yields `(index, draw)`, draws numbered on through the epochs; the pages of a category come round independently of
    its size. `extra` pages (which only ever train) make up `extra_share` of the draws. One epoch is as many draws as
    there are own pages (with the extra ones on top, so that an epoch sees as many own pages either way), and at least
    `shortest` draws: three batches are no epoch to judge by.
    """

    def __init__(
        self,
        own: Sequence[Sequence[int]],
        seed: int,
        extra: Sequence[Sequence[int]] = (),
        extra_share: float = 0.0,
        shortest: int = 0,
    ) -> None:
        self.own = [list(pages) for pages in own if pages]
        self.extra = [list(pages) for pages in extra if pages]
        self.extra_share = extra_share if self.extra else 0.0
        self.seed = seed
        self.epoch = 0
        self.length = max(shortest, round(sum(map(len, self.own)) / (1 - self.extra_share)))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order is given next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        own, extra = _in_turn(self.own, rng), _in_turn(self.extra, rng)
        from_extra = np.zeros(self.length, dtype=bool)
        from_extra[: round(self.length * self.extra_share)] = True
        for draw, is_extra in enumerate(rng.permutation(from_extra)):
            yield next(extra if is_extra else own), self.epoch * self.length + draw


def _in_turn(groups: list[list[int]], rng: np.random.Generator) -> Iterator[int]:
    """Without end: all groups in a new order each round, one member of each; members come round in shuffled order."""
    waiting: list[list[int]] = [[] for _ in groups]
    while groups:
        for group in rng.permutation(len(groups)):
            if not waiting[group]:
                waiting[group] = [groups[group][i] for i in rng.permutation(len(groups[group]))]
            yield waiting[group].pop()
