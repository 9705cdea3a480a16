"""What a similarity of two pages says of their hands, in words; "unknown" is one of the answers.

verdict(0.61, hands.calibration)       # "likely the same hand"

Not a probability alone decides: a pair counts as one hand from the calibrated threshold on, whose share of false
matches is known (writers/calibration.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from writers.calibration import Calibration

SAME, UNKNOWN, OTHER = "likely the same hand", "unknown", "not likely the same hand"
NOT_LIKELY = 0.1  # probability below which a pair is called so


def verdict(similarity: float, calibration: Calibration | None) -> str:
    """SAME from the threshold on, OTHER where the probability is below `NOT_LIKELY`, else UNKNOWN."""
    if calibration is None:
        return UNKNOWN
    if similarity >= calibration.threshold:
        return SAME
    return OTHER if calibration.probability(similarity) < NOT_LIKELY else UNKNOWN


def about(calibration: Calibration | None) -> str:
    """What a verdict rests on, as one line."""
    if calibration is None:
        return (
            "this model is not calibrated: similarities can be compared with each other, but say nothing by themselves"
        )
    missed, false = calibration.false_non_match_rate, calibration.false_match_rate
    return (
        f'"{SAME}" from {calibration.threshold:.3f} on: {percent(false)} of pairs of different hands are as alike, '
        f"{percent(missed)} of pairs of one hand are less alike (measured on {calibration.writers} writers, whom the "
        "model never saw)"
    )


def percent(share: float) -> str:
    """A share as people read it.

    >>> percent(0.3), percent(0.0012), percent(0.00001)
    ('30 %', '0.12 %', 'less than 0.01 %')
    """
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    return f"{100 * share:.2g} %"
