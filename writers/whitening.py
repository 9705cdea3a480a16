"""What a page's sum becomes before it is compared: bursts evened out, directions that tell no hands apart shrunk.

    whitening = Whitening.fit(sums, shrink=0.5)                        # of many pages, or parts of pages
    vector = whitening.unit(powered(codes.total(), 0.5))

Power normalisation (Perronnin et al. 2010) keeps a stroke that comes again and again from outvoting all others. The map
is symmetric, so a direction goes back to the sum by the same map that brings a sum to where it is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [..., D], each of length 1 (a zero stays zero)."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def powered(sums: np.ndarray, power: float) -> np.ndarray:
    """Sums [..., D] with each number to a power and its sign kept, then of length 1."""
    return unit(np.sign(sums) * np.abs(sums) ** power)


@dataclass(frozen=True)
class Whitening:
    """A symmetric map of page sums: `rest` times the identity, but `gains` along `directions`."""

    mean: np.ndarray  # float32 [D], taken off first
    directions: np.ndarray  # float32 [D, r], orthonormal columns
    gains: np.ndarray  # float32 [r]
    rest: float  # of all other directions

    @classmethod
    def none(cls, dimensions: int) -> Self:
        """The map that changes nothing."""
        zero = np.zeros(dimensions, np.float32)
        return cls(zero, np.zeros((dimensions, 0), np.float32), np.zeros(0, np.float32), 1.0)

    @classmethod
    def fit(cls, vectors: np.ndarray, writers: np.ndarray | None = None, *, shrink: float, most: int = 512) -> Self:
        """The inverse square root of the covariance of power-normalised sums [n, D], shrunk towards the identity.

        writers [n]: the covariance is that within each of them (WCCN, Hatch et al. 2006); without: of all, about their
        mean. shrink: variance added to each direction, in hundredths of the whole variance; the more, the less is
        changed. most: directions that are kept, the strongest.
        """
        if writers is None:
            mean = vectors.mean(0)
            apart = vectors - mean
        else:
            mean = np.zeros(vectors.shape[1], np.float32)
            apart = np.concatenate([vectors[writers == w] - vectors[writers == w].mean(0) for w in np.unique(writers)])
        _, lengths, directions = np.linalg.svd(apart, full_matrices=False)
        variances = lengths**2 / len(apart)
        added = shrink * variances.sum() / 100
        kept = min(most, int((variances > 1e-9 * variances[0]).sum()))
        gains = (added / (variances[:kept] + added)) ** 0.5  # 1 where nothing is known
        half = directions[:kept].T.astype(np.float16)  # as a model folder keeps them: the same before and after
        return cls(mean.astype(np.float32), half.astype(np.float32), gains.astype(np.float32), 1.0)

    def map(self, vectors: np.ndarray) -> np.ndarray:
        """The linear part: [..., D] -> [..., D]."""
        return self.rest * vectors + ((vectors @ self.directions) * (self.gains - self.rest)) @ self.directions.T

    def unit(self, vectors: np.ndarray) -> np.ndarray:
        """Power-normalised sums [..., D] -> page vectors [..., D] of length 1."""
        return unit(self.map(vectors - self.mean)).astype(np.float32)
