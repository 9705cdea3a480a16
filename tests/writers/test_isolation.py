"""What is kept of a page, on pages drawn here: strokes of a pen, and what else lies on paper."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

cv2 = pytest.importorskip("cv2", reason="requirements-writers.txt is not installed")

from writers.isolation import NoHandwriting, inked_of, isolate  # noqa: E402

HEIGHT, WIDTH = 900, 640
TYPEFACE = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
SHARED = Path(__file__).resolve().parents[3] / "shared"


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


def print_text(page, at, lines, size=15, ink=(20, 20, 20), pitch=1.5):
    """Printed lines, and a mask of where they are."""
    image = Image.fromarray(page)
    blank = Image.new("L", image.size, 255)
    font = ImageFont.truetype(TYPEFACE, size)
    for number, line in enumerate(lines):
        place = (at[0], at[1] + number * pitch * size)
        ImageDraw.Draw(image).text(place, line, fill=ink, font=font)
        ImageDraw.Draw(blank).text(place, line, fill=0, font=font)
    page[:] = np.asarray(image)
    return np.asarray(blank) < 128


PROSE = ["The bearer of this letter has been at the office", "of the prefect and asks that his papers be sent",
         "to the court of the first instance without delay"]  # fmt: skip


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
    assert share_kept(hand, mask) > 0.9
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
    assert share_kept(hand, mask) > 0.9


@pytest.mark.parametrize("black", [0, 8])
def test_the_dark_table_round_a_page_is_no_ink(tmp_path, black):
    page = paper()
    mask = write(page)
    around = np.full((HEIGHT + 200, WIDTH + 300, 3), black, np.uint8)
    around[100:-100, 150:-150] = page
    hand = isolate(opened(around, tmp_path))
    assert share_kept(hand, np.pad(mask, ((100, 100), (150, 150)))) > 0.9
    outside = np.ones(around.shape[:2], bool)
    outside[100:-100, 150:-150] = False
    assert hand.ink[outside].sum() == 0


def test_shade_over_the_page_is_no_ink(tmp_path):
    page = paper().astype(np.float32)
    mask = write(page)
    page *= np.linspace(1, 0.45, WIDTH, dtype=np.float32)[None, :, None]
    hand = isolate(opened(page.astype(np.uint8), tmp_path))
    assert share_kept(hand, mask) > 0.9


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (np.full((HEIGHT, WIDTH, 3), 230, np.uint8), "blank"),
        (np.zeros((HEIGHT, WIDTH, 3), np.uint8), "blank"),
        (np.full((4, 4, 3), 230, np.uint8), r"too few pixels \(4 x 4\)"),
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


def test_a_printed_page_is_told(tmp_path):
    page = paper()
    print_text(page, (60, 60), PROSE * 8)
    with pytest.raises(NoHandwriting, match="typed, printed or a picture"):
        isolate(opened(page, tmp_path))


def test_a_printed_head_is_left_out_and_the_letter_kept(tmp_path):
    page = paper()
    head = print_text(page, (60, 40), PROSE)
    mask = write(page, top=220)
    hand = isolate(opened(page, tmp_path))
    assert share_kept(hand, mask) > 0.8
    assert share_kept(hand, head) < 0.2
    assert hand.dropped["mark"] > 0


def test_a_coloured_stamp_is_left_out(tmp_path):
    page = paper()
    mask = write(page)
    stamp = print_text(page, (320, 640), ["Received at the Office", "of the President", "PARIS"], ink=(120, 60, 150))
    hand = isolate(opened(page, tmp_path))
    assert share_kept(hand, mask) > 0.8
    assert share_kept(hand, stamp) < 0.3


def test_violet_writing_is_kept(tmp_path):
    page = paper()
    mask = write(page, ink=(110, 60, 150))
    assert share_kept(isolate(opened(page, tmp_path)), mask) > 0.9


def test_ruled_lines_are_left_out(tmp_path):
    page = paper()
    rules = np.zeros(page.shape[:2], bool)
    for y in range(126, 640, 60):
        page[y : y + 2, 20:-20] = (140, 150, 175)
        rules[y : y + 2, 20:-20] = True
    mask = write(page)
    hand = isolate(opened(page, tmp_path))
    assert share_kept(hand, mask) > 0.9
    assert share_kept(hand, rules & ~cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))).astype(bool)) < 0.3


def test_a_small_note_far_from_the_letter_is_left_out(tmp_path):
    page = paper()
    mask = write(page)
    note = np.zeros(page.shape[:2], np.uint8)
    cv2.putText(note, "ne var", (60, 840), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1, 255, 2)
    page[note > 0] = 30
    hand = isolate(opened(page, tmp_path))
    assert share_kept(hand, mask) > 0.9
    assert share_kept(hand, note > 0) == 0


@pytest.mark.shared
@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("pages/TEXT_HW/CTX193401762-12.png", 0.9),
        ("pages/TEXT_HW/CTX194604274-16.png", 0.9),
        ("hands/wills/h005-1.jpg", 0.9),  # violet ink
        ("hands/wills/h023-2.jpg", 0.4),  # an envelope with a violet stamp
        ("pages/TEXT_T/CTX199805567-337.png", None),
        ("pages/TEXT_P/CTX201001607-034.png", None),
        ("pages/PHOTO/CTX201001607-193.png", None),
    ],
)
def test_real_pages(page, kept):
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent")
    image = Image.open(SHARED / page).convert("RGB")
    if kept is None:
        with pytest.raises(NoHandwriting):
            isolate(image)
    else:
        assert isolate(image).ink.sum() > kept * inked_of(image).ink.sum()
