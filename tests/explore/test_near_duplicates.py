"""Two pages: the same one scanned again, another of the same form, one that holds the other."""

from __future__ import annotations

import random

import pytest
from forms import form, scan_again, with_other_entry
from PIL import Image

pytest.importorskip("cv2", reason="requirements-explore.txt is not installed")
pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")


from scanned_again import below, side_by_side

from explore.near_duplicates import OTHER, PART, SAME, WHOLE, compare, see


@pytest.mark.parametrize(
    "change",
    [
        {"turn": 2.0, "scale": 1, "crop": 0, "gamma": 1, "quality": None},
        {"turn": 0, "scale": 0.5, "crop": 0, "gamma": 1, "quality": None},
        {"turn": 0, "scale": 2.0, "crop": 0, "gamma": 1, "quality": None},
        {"turn": 0, "scale": 1, "crop": 0.05, "gamma": 1, "quality": None},
        {"turn": 0, "scale": 1, "crop": 0, "gamma": 0.6, "quality": 40},
        {"turn": 180, "scale": 0.7, "crop": 0, "gamma": 1, "quality": 90},
        {},
    ],
    ids=lambda change: " ".join(change) or "all at once",
)
def test_the_same_page_scanned_again(change: dict) -> None:
    page = form(1)
    verdict = compare(see(page), see(scan_again(page, **change)))
    assert verdict.same, verdict


@pytest.mark.parametrize("entries", range(2, 7))
def test_another_page_of_the_same_form(entries: int) -> None:
    verdict = compare(see(form(1)), see(scan_again(form(entries))))
    assert not verdict.same
    assert "other ink" in verdict.reason


@pytest.mark.parametrize("row", [0, 4, 9])
def test_one_other_entry_is_another_page(row: int) -> None:
    page = form(1)
    other = with_other_entry(page, row, "grave 12")
    assert not compare(see(page), see(scan_again(other))).same
    assert not compare(see(scan_again(other)), see(page)).same


def test_empty_pages_are_not_told_to_be_one() -> None:
    """Two blank pages are the same picture, but nothing shows that they are the same page."""
    noise = random.Random(0)
    pages = [Image.new("L", (900, 1270), 246) for _ in range(2)]
    for page in pages:
        page.putdata([246 + noise.randrange(-4, 5) for _ in range(900 * 1270)])
    verdict = compare(see(pages[0]), see(pages[1]))
    assert not verdict.same


def test_what_the_second_scan_is_against_the_first() -> None:
    page = form(3)
    first, second = see(page), see(scan_again(page, turn=-1.2, scale=0.7, crop=0.04))
    verdict, back = compare(first, second), compare(second, first)
    assert verdict.resolution == pytest.approx(0.7, rel=0.01)
    assert verdict.area == pytest.approx(0.96**2, rel=0.01)
    assert abs(verdict.angle) == pytest.approx(1.2, abs=0.05)
    assert back.resolution == pytest.approx(1 / verdict.resolution, rel=1e-6)
    assert back.angle == pytest.approx(-verdict.angle, abs=1e-6)


def test_too_small_to_tell() -> None:
    page = form(1).resize((200, 282))
    assert "too few" in compare(see(page), see(page)).reason


@pytest.mark.parametrize("other", [2, 7])
def test_a_spread_is_not_one_of_its_halves(other: int) -> None:
    left, right = see(form(1)), see(form(other))
    for spread in (side_by_side(form(1), form(other)), below(form(1), form(other))):
        assert compare(see(spread), left).relation == PART
        assert compare(left, see(spread)).relation == WHOLE
        assert compare(see(spread), right).relation == PART


def test_a_cover_with_its_spine_is_more_than_the_cover() -> None:
    cover = form(1)
    spine = form(2).crop((0, 200, 200, 1270)).resize((160, 1270))
    assert compare(see(side_by_side(spine, cover, scale=1)), see(cover)).relation == PART


@pytest.mark.parametrize(("box", "relation"), [
    ((0.02, 0.02, 0.98, 0.98), SAME), ((0.08, 0, 1, 1), SAME), ((0, 0.08, 1, 0.97), SAME),
    ((0, 0, 1, 0.75), PART), ((0, 0.2, 1, 1), PART), ((0.3, 0, 1, 1), PART), ((0, 0.1, 0.7, 0.9), PART),
])  # fmt: skip
def test_cropped_margins_and_cropped_content(box: tuple[float, ...], relation: str) -> None:
    page = form(1)
    part = page.crop(tuple(round(share * side) for share, side in zip(box, page.size * 2, strict=True)))
    assert compare(see(page), see(part)).relation == relation
    assert compare(see(page), see(part.resize((part.width * 2, part.height * 2)))).relation == relation


def test_each_shows_what_the_other_lacks() -> None:
    page = form(1)
    upper, lower = page.crop((0, 0, 900, 1060)), page.crop((0, 215, 900, 1270))
    assert compare(see(upper), see(lower)).relation == OTHER
