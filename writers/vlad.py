"""A page's descriptors as one sum: what is left of each beyond the visual word that it is nearest to.

    vlad = Vlad.fit(descriptors, words=64)                            # of many pages
    codes = vlad.codes(features.descriptors)                          # one page
    codes.total()                                                     # float32 [64 * 48]

VLAD (Jegou et al. 2010) on descriptors that PCA has whitened to 48 numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

REDUCED, WORDS = 48, 64  # numbers of a reduced descriptor; visual words


class Codes(Protocol):
    """What the patches of a page add to its descriptor, one a patch."""

    def total(self) -> np.ndarray:
        """Their sum, float32 [D]."""

    def along(self, direction: np.ndarray) -> np.ndarray:
        """What each patch adds along a direction [D]: float32 [n]."""


@dataclass(frozen=True)
class Patches:
    """The patches of one page and their codes."""

    places: np.ndarray  # float32 [n, 2]: x and y in pixels of the Handwriting
    sizes: np.ndarray  # float32 [n]: diameter
    codes: Codes


@dataclass(frozen=True)
class Residuals:
    """Codes of VLAD: each patch has one word, and a residual there. D is words * reduced numbers."""

    words: np.ndarray  # int [n]
    residuals: np.ndarray  # float32 [n, reduced]
    count: int  # of words

    def total(self) -> np.ndarray:
        """As `Codes` has it."""
        total = np.zeros((self.count, self.residuals.shape[1]), np.float64)
        np.add.at(total, self.words, self.residuals)
        return total.ravel().astype(np.float32)

    def along(self, direction: np.ndarray) -> np.ndarray:
        """As `Codes` has it."""
        return (self.residuals * direction.reshape(self.count, -1)[self.words]).sum(1)


@dataclass(frozen=True)
class Vlad:
    """A codebook: PCA of descriptors, and the centres of their visual words."""

    mean: np.ndarray  # float32 [128]
    matrix: np.ndarray  # float32 [128, reduced]: principal directions, each scaled to variance 1
    centres: np.ndarray  # float32 [words, reduced]

    @classmethod
    def fit(cls, descriptors: np.ndarray, *, words: int = WORDS, reduced: int = REDUCED, seed: int = 0) -> Self:
        """A codebook of descriptors [n, 128] of many pages, with n well over `words`."""
        from sklearn.cluster import MiniBatchKMeans

        mean = descriptors.mean(0, dtype=np.float64)
        variances, directions = np.linalg.eigh(np.cov(descriptors, rowvar=False, dtype=np.float64))
        largest = np.argsort(-variances)[:reduced]
        matrix = directions[:, largest] / np.sqrt(variances[largest] + 1e-8)
        points = ((descriptors - mean) @ matrix).astype(np.float32)
        means = MiniBatchKMeans(words, batch_size=4096, n_init=3, max_iter=60, random_state=seed).fit(points)
        return cls(mean.astype(np.float32), matrix.astype(np.float32), means.cluster_centers_.astype(np.float32))

    @property
    def dimensions(self) -> int:
        """Numbers of a page's sum."""
        return self.centres.size

    def codes(self, descriptors: np.ndarray) -> Residuals:
        """The codes of descriptors [n, 128]."""
        points = (descriptors - self.mean) @ self.matrix  # [n, reduced]
        nearness = points @ self.centres.T - 0.5 * (self.centres**2).sum(1)  # [n, words]
        words = nearness.argmax(1)
        return Residuals(words, points - self.centres[words], len(self.centres))
