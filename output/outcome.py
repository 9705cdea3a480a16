"""What became of a page: it was scored, or it failed and says why.

outcomes = [Scored([0.9, 0.1]), Scored([0.6, 0.4], "JPEG: bad Huffman code"), Failed("the file is empty")]
count_failed(outcomes)      # 1
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NO_SCORES = "the model gave no valid scores for this page"


@dataclass(frozen=True, slots=True)
class Scored:
    """scores: over the categories, unrounded. warning: what a decoder complained about, "" for nothing."""

    scores: list[float]
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """reason: one plain phrase for the errors table."""

    reason: str


Outcome = Scored | Failed


def count_failed(outcomes: Iterable[Outcome]) -> int:
    """How many of them failed."""
    return sum(isinstance(outcome, Failed) for outcome in outcomes)
