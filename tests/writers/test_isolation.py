"""What is kept of a page, on pages drawn here: strokes of a pen, and what else lies on paper."""

import numpy as np
import pytest
from PIL import Image

cv2 = pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")

from writers.isolation import NoHandwriting, isolate  # noqa: E402

HEIGHT, WIDTH = 900, 640


def paper(shade=235):
    return np.full((HEIGHT, WIDTH, 3), shade, np.uint8)


def write(page, lines=8, top=120, ink=(40, 35, 30), seed=0):
    """Words of loops and arches in a pen of 3 pixels, and a mask of where they are."""
    random = np.random.default_rng(seed)
    mask = np.zeros(page.shape[:2], np.uint8)
    for line in range(lines):
        x, y = 80.0, top + 60.0 * line
        while x < WIDTH - 140:
            letters = int(random.integers(3, 7))
            t = np.linspace(0, 2 * np.pi * letters, 24 * letters)
            tall = 12 + 10 * (np.sin(t / 3 + random.uniform(0, 6)) > 0.6)
            points = np.stack([x + t * 2.6 + 4 * np.sin(t), y - tall * (1 - np.cos(t)) / 2], axis=1)
            cv2.polylines(mask, [np.round(points * 16).astype(np.int32)], False, 255, 3, cv2.LINE_AA, 4)
            x = points[-1, 0] + random.uniform(18, 26)
    page[:] = np.where(
        mask[..., None] > 0, (page * (1 - mask[..., None] / 255) + np.array(ink) * (mask[..., None] / 255)), page
    )
    return mask > 127


def opened(page, tmp_path, name="page.png"):
    Image.fromarray(page).save(tmp_path / name)
    return Image.open(tmp_path / name)


def share_kept(hand, mask):
    return float((hand.ink & mask).sum() / mask.sum())


def test_what_a_pen_wrote_is_kept(tmp_path):
    page = paper()
    mask = write(page)
    hand = isolate(opened(page, tmp_path))
    assert hand.ink.shape == hand.grey.shape == mask.shape
    assert share_kept(hand, mask) > 0.95
    assert (hand.ink & ~cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))).astype(bool)).sum() == 0
    assert hand.grey[hand.ink].mean() < 120
    assert (hand.grey[~cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))).astype(bool)] == 255).all()
    assert 2 <= hand.stroke_width <= 6
    assert hand.scale == 1


def test_white_on_black_gives_the_same_ink(tmp_path):
    page = paper()
    write(page)
    hand = isolate(opened(page, tmp_path))
    turned = isolate(opened(255 - page, tmp_path, "negative.png"))
    assert np.array_equal(hand.ink, turned.ink)
    assert np.array_equal(hand.grey, turned.grey)


def test_large_pages_are_scaled_and_say_so(tmp_path):
    page = paper()
    write(page)
    large = cv2.resize(page, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    hand = isolate(opened(large, tmp_path), longest=900)
    assert hand.ink.shape == (HEIGHT, WIDTH)
    assert hand.scale == pytest.approx(1 / 3)


def test_grey_pages_are_read(tmp_path):
    page = paper()
    mask = write(page)
    hand = isolate(opened(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), tmp_path))
    assert share_kept(hand, mask) > 0.95


@pytest.mark.parametrize("black", [0, 8])
def test_the_dark_table_round_a_page_is_no_ink(tmp_path, black):
    page = paper()
    mask = write(page)
    around = np.full((HEIGHT + 200, WIDTH + 300, 3), black, np.uint8)
    around[100:-100, 150:-150] = page
    hand = isolate(opened(around, tmp_path))
    assert share_kept(hand, np.pad(mask, ((100, 100), (150, 150)))) > 0.95
    outside = np.ones(around.shape[:2], bool)
    outside[100:-100, 150:-150] = False
    assert hand.ink[outside].sum() == 0


def test_shade_over_the_page_is_no_ink(tmp_path):
    page = paper().astype(np.float32)
    mask = write(page)
    page *= np.linspace(1, 0.45, WIDTH, dtype=np.float32)[None, :, None]
    hand = isolate(opened(page.astype(np.uint8), tmp_path))
    assert share_kept(hand, mask) > 0.95


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (np.full((HEIGHT, WIDTH, 3), 230, np.uint8), "blank"),
        (np.zeros((HEIGHT, WIDTH, 3), np.uint8), "blank"),
        (np.full((4, 4, 3), 230, np.uint8), "4 x 4 pixels"),
    ],
)
def test_a_page_without_ink_says_so(tmp_path, page, reason):
    with pytest.raises(NoHandwriting, match=reason):
        isolate(opened(page, tmp_path))


def test_three_strokes_are_too_little(tmp_path):
    page = paper()
    for x in (100, 200, 300):
        cv2.line(page, (x, 300), (x + 20, 340), (20, 20, 20), 3, cv2.LINE_AA)
    with pytest.raises(NoHandwriting, match=r"too little ink \(3 strokes\)"):
        isolate(opened(page, tmp_path))
