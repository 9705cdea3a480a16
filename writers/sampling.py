"""Which patches a step of training sees: by seed and step alone, so that a training goes on anywhere as if it had never
stopped.

    order = Shuffled(60_000, 256, seed); order.batch(17)                # indices [256]
    sampler = PerClass(labels, classes=16, per_class=4, seed=1); sampler.batch(17)      # [64], 4 of each label
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Shuffled:
    """All samples once an epoch, in an order of its own; an epoch has whole batches only (one at least)."""

    def __init__(self, count: int, size: int, seed: int) -> None:
        self.count, self.size, self.seed = count, min(size, count), seed
        self.steps = count // self.size  # of an epoch
        self._epoch, self._order = -1, np.zeros(0, np.int64)

    def batch(self, step: int) -> np.ndarray:
        """Indices of a step, int64 [size]."""
        epoch, place = divmod(step, self.steps)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, np.random.default_rng([self.seed, epoch]).permutation(self.count)
        return self._order[place * self.size : (place + 1) * self.size]


class PerClass:
    """So many labels a batch, and so many samples of each (again the same ones where a label has fewer).

    labels: of each sample; a negative one is of none. fewest: labels with fewer samples are left out; one alone has no
    pair.
    """

    def __init__(
        self, labels: Sequence[int] | np.ndarray, classes: int, per_class: int, seed: int, fewest: int = 2
    ) -> None:
        labels = np.asarray(labels)
        order = np.argsort(labels, kind="stable")
        names, starts = np.unique(labels[order], return_index=True)
        members = np.split(order, starts[1:]) if len(names) else []
        self.members = [group for name, group in zip(names, members, strict=True) if name >= 0 and len(group) >= fewest]
        self.classes, self.per_class, self.seed = min(classes, len(self.members)), per_class, seed

    def batch(self, step: int) -> np.ndarray:
        """Indices of a step, int64 [classes * per_class], label by label."""
        rng = np.random.default_rng([self.seed, step])
        chosen = rng.permutation(len(self.members))[: self.classes]
        return np.concatenate([self._draw(rng, self.members[group]) for group in chosen])

    def _draw(self, rng: np.random.Generator, group: np.ndarray) -> np.ndarray:
        rounds = -(-self.per_class // len(group))
        return np.concatenate([rng.permutation(group) for _ in range(rounds)])[: self.per_class]
