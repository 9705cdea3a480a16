"""What a similarity of two pages says of their hands, in words; "unknown" is one of the answers.

    verdict(0.61, model.calibration)                        # "likely the same hand", of two pages alone
    verdict(0.61, model.calibration, candidates=10_000)     # "possibly the same hand": a hundred others are as alike

Not a probability decides, but the calibrated threshold: which share of pairs of different hands reaches it has been
counted (writers/calibration.py). Among many candidates that share is many pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from writers.calibration import Calibration

SAME, POSSIBLE, UNKNOWN, OTHER = (
    "likely the same hand",
    "possibly the same hand",
    "unknown",
    "not likely the same hand",
)
NOT_LIKELY = 0.1  # probability below which a pair is called so


def verdict(similarity: float, calibration: Calibration | None, candidates: int = 1) -> str:
    """What is said of a pair, where the best of so many candidates was looked for.

    From the threshold on SAME, but POSSIBLE where one candidate or more is as alike by chance; OTHER where it is less
    than `NOT_LIKELY` probable, else UNKNOWN.
    """
    if calibration is None:
        return UNKNOWN
    if similarity >= calibration.threshold:
        return SAME if calibration.false_match_rate * candidates <= 1 else POSSIBLE
    return OTHER if calibration.probability(similarity) < NOT_LIKELY else UNKNOWN


def about(calibration: Calibration | None) -> str:
    """What a verdict rests on, as one line."""
    if calibration is None:
        return "this model is not calibrated: its similarities rank pages, and say no more"
    missed, false = calibration.false_non_match_rate, calibration.false_match_rate
    return (
        f"one hand from similarity {calibration.threshold:.3f} on: {percent(false)} of pairs of different hands are as "
        f"alike (up to {percent(calibration.false_match_up_to)}, by so few writers), {percent(missed)} of pairs of one "
        f"hand are less; measured on {calibration.writers} writers whom the model never saw"
    )


EVEN_ODDS = "probabilities are those of two pages alone, at even odds"


def percent(share: float) -> str:
    """A share as people read it.

    >>> percent(0.3), percent(0.0012), percent(0.00001)
    ('30 %', '0.12 %', 'less than 0.01 %')
    """
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    return f"{100 * share:.2g} %"
