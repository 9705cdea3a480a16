"""What a similarity is called: by the calibrated threshold, and by how many candidates there were."""

from __future__ import annotations

from dataclasses import replace

from writers.calibration import Calibration
from writers.verdict import OTHER, POSSIBLE, SAME, UNKNOWN, about, percent, verdict

MEASURED = Calibration(
    threshold=0.5,
    false_match_rate=0.01,
    false_match_up_to=0.03,
    false_non_match_rate=0.2,
    slope=12.0,
    intercept=-5.0,
    least=0.01,
    most=0.99,
    writers=40,
    same_pairs=100,
    different_pairs=3000,
)


def test_from_the_threshold_on_a_pair_is_likely_of_one_hand_and_below_unknown_or_not():
    assert verdict(0.5, MEASURED) == SAME
    assert verdict(0.49, MEASURED) == UNKNOWN
    assert verdict(0.1, MEASURED) == OTHER
    assert verdict(0.99, None) == UNKNOWN


def test_among_many_candidates_some_are_as_alike_by_chance():
    assert verdict(0.9, MEASURED, candidates=100) == SAME
    assert verdict(0.9, MEASURED, candidates=101) == POSSIBLE
    assert verdict(0.9, replace(MEASURED, false_match_rate=0.0001), candidates=101) == SAME


def test_what_it_rests_on_is_said_with_its_error_rates():
    line = about(MEASURED)
    assert all(part in line for part in ("0.500", "1 %", "up to 3 %", "20 %", "40 writers"))
    assert "not calibrated" in about(None)


def test_shares_are_told_in_percent():
    assert [percent(share) for share in (0.3, 0.0012, 0.00001, 0)] == ["30 %", "0.12 %", "less than 0.01 %", "0 %"]
