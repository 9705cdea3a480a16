"""Similarities of pairs of pages of one writer, and of different ones: counted in bins, in bounded memory.

    scores = count_scores(Cosines(vectors), writers, model.calibration)
    scores.false_match_rate, scores.line()

The threshold is that of the model's calibration, which never saw these pages: then the rates here are what it is worth.
Without a calibration it is chosen on these very pages, and every report says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from writers.calibration import FALSE_MATCHES, Calibration
from writers.ranking import Similarities, blocks
from writers.verdict import percent

BINS = 2000  # of cosines, -1 to 1


@dataclass(frozen=True)
class Scores:
    """same, different: int [BINS], pairs by similarity. threshold; calibration: where it is from, None = these pages.

    The rates are those of the pairs counted here: NaN where there is no such pair.
    """

    same: np.ndarray
    different: np.ndarray
    threshold: float
    false_match_rate: float
    false_non_match_rate: float
    calibration: Calibration | None

    @property
    def both(self) -> bool:
        """Whether there are pairs of both kinds."""
        return bool(self.same.sum() and self.different.sum())

    def to_json(self) -> dict[str, Any] | None:
        """As the record has it; None where there is nothing to say."""
        if not self.both:
            return None
        return {
            "threshold": self.threshold,
            "chosen_on_these_pages": self.calibration is None,
            "false_match_rate": self.false_match_rate,
            "false_non_match_rate": self.false_non_match_rate,
            "same_pairs": int(self.same.sum()),
            "different_pairs": int(self.different.sum()),
            "calibration": None if self.calibration is None else self.calibration.to_json(),
        }

    def line(self) -> str:
        """What the threshold is worth here, as one line."""
        if not self.both:
            return "no pairs of pages of one writer, and of different ones, to judge a threshold by"
        said = (
            f"threshold {self.threshold:.3f}: {percent(self.false_match_rate)} of {self.different.sum():,} pairs of "
            f"different writers reach it, {percent(self.false_non_match_rate)} of {self.same.sum():,} pairs of one "
            "writer do not"
        )
        if self.calibration is None:
            return f"{said} (chosen on these very pages: no calibration that holds for others)"
        return (
            f"{said} (the model's calibration on {self.calibration.writers} other writers says "
            f"{percent(self.calibration.false_match_rate)}, at most {percent(self.calibration.false_match_up_to)}, and "
            f"{percent(self.calibration.false_non_match_rate)})"
        )


def count_scores(similarities: Similarities, writers: Sequence[str], calibration: Calibration | None) -> Scores:
    """Count each pair of pages once; pages without a vector (NaN) do not count."""
    labels = np.unique(np.asarray(writers).astype(str), return_inverse=True)[1]
    same, different = np.zeros(BINS, int), np.zeros(BINS, int)
    reached = [0, 0]
    for rows in blocks(len(labels)):
        values = np.asarray(similarities[rows], np.float64)  # [B, N]
        own = labels[rows, None] == labels[None, :]
        later = np.arange(len(labels))[None, :] > np.arange(rows.start, rows.stop)[:, None]
        for kind, (counts, of_kind) in enumerate(((same, own), (different, ~own))):
            pairs = values[of_kind & later & np.isfinite(values)]
            counts += np.bincount(_bins(pairs), minlength=BINS)
            if calibration is not None:
                reached[kind] += int((pairs >= calibration.threshold).sum())
    if calibration is None:
        above = np.append(np.cumsum(different[::-1])[::-1], 0)  # pairs in this bin and those above
        edge = int(np.argmax(above <= FALSE_MATCHES * different.sum()))
        threshold = -1 + 2 * edge / BINS
        reached = [int(same[edge:].sum()), int(different[edge:].sum())]
    else:
        threshold = calibration.threshold
    false = reached[1] / different.sum() if different.any() else float("nan")
    missed = 1 - reached[0] / same.sum() if same.any() else float("nan")
    return Scores(same, different, threshold, false, missed, calibration)


def _bins(values: np.ndarray) -> np.ndarray:
    return np.clip((values + 1) / 2 * BINS, 0, BINS - 1).astype(int)
