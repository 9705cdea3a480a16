"""How unlike a page is to those that a model knows, and how much less its scores are to be trusted for it.

    unlikeness = Unlikeness.read(Path("models/mine"), slope=0.3, dimensions=256)
    unlike(unlikeness, embeddings)                                   # [B] in 0..1: the column UNLIKE
    temperatures(unlikeness, 0.8, embeddings)                        # [B]: what the logits of each page are divided by

A model folder keeps the embeddings of some pages of each category. A page's distance is 1 - its mean cosine with the
`NEIGHBOURS` nearest of them (Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors"); UNLIKE is
where that stands among the distances of ordinary pages: 0.9 = nine in ten of them have nearer neighbours.
`data_scripts/fit_confidence.py` makes all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from encoders.towers import one_line
from utils import UserError, unit_rows

FILE = "unlikeness.safetensors"
NAMES = ("pages", "ranks")
NEIGHBOURS = 5
EACH = 30  # pages kept of a category: 170 KB at 256 dimensions; more told apart no better
RANKS = 101  # distances kept of ordinary pages: the smallest, each percentile, the largest
NEAREST = 1e-6  # no distance is smaller: rounding
MOST = 4.0  # steps; a page that is stranger still is no less to be trusted


@dataclass(frozen=True)
class Unlikeness:
    """What a model folder knows of the embeddings of pages.

    pages: [M, D], unit rows. ranks: ascending distances of ordinary pages, which are not among `pages`. slope: how fast
    the temperature grows, in its logarithm, a step; a step is the ratio of the 95th percentile of `ranks` to their
    median.
    """

    pages: np.ndarray
    ranks: np.ndarray
    slope: float = 0.0

    @classmethod
    def fit(cls, embeddings: np.ndarray, labels: np.ndarray, ordinary: np.ndarray) -> Unlikeness:
        """Keep the first `EACH` pages of each label of embeddings [N, D]; rank distances of those of `ordinary` [M, D],
        which are of other documents. The slope is 0.
        """
        kept = np.concatenate([np.nonzero(labels == label)[0][:EACH] for label in sorted(set(labels.tolist()))])
        pages = unit_rows(np.asarray(embeddings, np.float64)[kept]).astype(np.float16)
        ranks = np.quantile(cls(pages, np.zeros(RANKS)).distances(ordinary), np.linspace(0, 1, RANKS))
        return cls(pages, ranks.astype(np.float32))

    def distances(self, embeddings: np.ndarray) -> np.ndarray:
        """Distances float64 [B] of embeddings [B, D]; NaN for one that is no number."""
        rows = unit_rows(np.asarray(embeddings, np.float64))
        # Not "@": a matrix product rounds a row otherwise, as there are more or fewer rows beside it.
        cosines = np.einsum("bd,md->bm", rows, unit_rows(self.pages.astype(np.float64)))
        nearest = np.sort(cosines, axis=1)[:, -NEIGHBOURS:]
        return np.maximum(1 - nearest.mean(axis=1), NEAREST)

    def of(self, embeddings: np.ndarray) -> np.ndarray:
        """The share [B] of ordinary pages that are nearer than each page of embeddings [B, D]."""
        return np.interp(self.distances(embeddings), self.ranks.astype(np.float64), np.linspace(0, 1, len(self.ranks)))

    def steps(self, embeddings: np.ndarray) -> np.ndarray:
        """How far [B] each page lies beyond the median of ordinary ones, from 0 to `MOST`."""
        last = len(self.ranks) - 1
        middle, high = (max(NEAREST, float(self.ranks[round(share * last)])) for share in (0.5, 0.95))
        step = max(np.log(high / middle), 1e-6)
        return np.clip(np.log(self.distances(embeddings) / middle) / step, 0, MOST)

    def write(self, folder: Path) -> None:
        """Write the file of a model folder; the slope stands in its page_classifier.json."""
        save_file({name: np.ascontiguousarray(getattr(self, name)) for name in NAMES}, folder / FILE)

    @classmethod
    def read(cls, folder: Path, slope: float, dimensions: int) -> Unlikeness:
        """That of a model folder. UserError, with folder and file: missing, broken, of another model."""
        where, again = f"{folder}: {FILE}", "copy or pull the folder again"
        if not (folder / FILE).is_file():
            raise UserError(f"{where} is missing, which the temperature goes by; {again}")
        try:
            with safe_open(folder / FILE, "np") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dictionary)
        except (OSError, SafetensorError) as error:
            raise UserError(f"{where} cannot be read ({one_line(error)}); {again}") from error
        if sorted(tensors) != sorted(NAMES):
            raise UserError(f"{where} must hold {' and '.join(NAMES)}, not {sorted(tensors)[:4]}; {again}")
        pages, ranks = (tensors[name] for name in NAMES)
        if pages.ndim != 2 or pages.shape[1] != dimensions or len(pages) < NEIGHBOURS:
            raise UserError(f"{where} is not of this model ({dimensions} dimensions); {again}")
        sound = ranks.ndim == 1 and len(ranks) > 1 and np.isfinite(pages).all() and np.isfinite(ranks).all()
        if not sound or (np.diff(ranks) < 0).any():
            raise UserError(f"{where} holds numbers that are no distances; {again}")
        return cls(pages, ranks, slope)


def temperatures(unlikeness: Unlikeness | None, temperature: float, embeddings: np.ndarray) -> np.ndarray:
    """What the logits of pages are divided by, float64 [B]. temperature: that of ordinary pages; of all, if None."""
    if unlikeness is None:
        return np.full(len(embeddings), temperature)
    return temperature * np.exp(unlikeness.slope * unlikeness.steps(embeddings))


def unlike(unlikeness: Unlikeness | None, embeddings: np.ndarray) -> list[float | None]:
    """How unlike pages are, [B] in 0..1 to four decimals; None each where a model cannot say it."""
    if unlikeness is None:
        return [None] * len(embeddings)
    return [round(share, 4) for share in unlikeness.of(embeddings).tolist()]
