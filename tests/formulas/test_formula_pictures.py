"""What the network is shown: the same formula looks the same, whatever picture it came as."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from formulas.components import components
from formulas.pictures import MARGIN, Canvas, NoFormula, prepare, size_of_type


def drawn(size: int = 40, ground: object = 255, ink: object = 0, mode: str = "L", margin: int = 30) -> Image.Image:
    """A line of letters as a picture."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox("x = a + B(3y)")
    page = Image.new(mode, (right - left + 2 * margin, bottom - top + 2 * margin), ground)
    ImageDraw.Draw(page).text((margin - left, margin - top), "x = a + B(3y)", fill=ink, font=font)
    return page


def unlike(one: Image.Image, other: Image.Image) -> float:
    """Share of pixels that differ by more than a third, the second as large as the first."""
    first = np.asarray(one, np.int16)
    second = np.asarray(other.resize(one.size), np.int16)
    return float((abs(first - second) > 85).mean())


@pytest.mark.parametrize(
    "other",
    [
        drawn(ground=0, ink=255),
        drawn(ground=(214, 190, 150), ink=(70, 50, 60), mode="RGB"),
        drawn(ground=(0, 0, 0, 0), ink=(0, 0, 0, 255), mode="RGBA"),
        drawn(ground=150, ink=90),
        drawn(margin=200),
        drawn(ground=65535, ink=0, mode="I;16"),
    ],
    ids=["white on black", "on brown paper", "transparent", "little contrast", "wide margin", "16 bits"],
)
def test_the_same_formula_looks_the_same(other: Image.Image) -> None:
    plain = prepare(drawn())
    found = prepare(other)
    assert abs(found.width - plain.width) <= 2 and abs(found.height - plain.height) <= 2
    assert unlike(plain, found) < 0.02


def test_an_uneven_ground_is_flattened() -> None:
    page = np.asarray(drawn(margin=60), np.float32)
    light = np.linspace(1.0, 0.45, page.shape[1], dtype=np.float32)
    found = prepare(Image.fromarray(np.uint8((40 + 0.8 * page) * light)))
    assert unlike(prepare(drawn(margin=60)), found) < 0.04


def test_dust_is_no_part_of_a_formula() -> None:
    page = drawn(margin=100)
    page.putpixel((3, 3), 0)
    page.putpixel((page.width - 3, 5), 0)
    assert prepare(page).size == prepare(drawn(margin=100)).size


@pytest.mark.parametrize(
    "page", [Image.new("L", (200, 80), 255), Image.new("RGB", (200, 80), "navy"), Image.new("L", (1, 1))]
)
def test_nothing_to_read_is_said(page: Image.Image) -> None:
    with pytest.raises(NoFormula, match="blank"):
        prepare(page)


def test_letters_come_at_one_size_whatever_the_resolution() -> None:
    pictures = [prepare(drawn(size)) for size in (20, 40, 80, 160)]
    sizes = [size_of_type(picture) for picture in pictures]
    assert sizes == sorted(sizes)
    widths = [picture.width / size for picture, size in zip(pictures, sizes, strict=True)]
    assert max(widths) / min(widths) < 1.2


def test_specks_of_a_noisy_scan_are_not_taken_for_letters() -> None:
    clean = drawn(60, margin=60)
    noise = np.random.default_rng(1).random((clean.height, clean.width)) < 0.02
    noisy = Image.fromarray(np.where(noise, 60, np.asarray(clean)).astype(np.uint8))
    assert size_of_type(noisy) == pytest.approx(size_of_type(clean), rel=0.25)


def test_a_canvas_is_as_large_as_its_formula_and_never_larger_than_allowed() -> None:
    canvas = Canvas()
    pixels = canvas.place(prepare(drawn()))
    assert pixels.dtype == np.float32 and pixels.shape[0] == 1
    assert pixels.shape[1] % 16 == 0 and pixels.shape[2] % 32 == 0 and pixels.shape[1] < 64
    assert pixels.min() >= 0 and pixels.max() <= 1 and not pixels[:, :MARGIN].any()
    wide = Image.new("L", (9000, 40), 255)
    for place in range(0, 9000, 50):
        wide.paste(0, (place, 5, place + 20, 35))
    assert canvas.place(prepare(wide)).shape[2] == canvas.width


def test_squash_and_letterbox_fill_their_canvas() -> None:
    picture = prepare(drawn())
    squash = Canvas("squash", 384, 384, 3, 0, 0.0, paper=1.0, ink=-1.0).place(picture)
    assert squash.shape == (3, 384, 384) and squash.min() == -1 and squash.max() == 1
    letterbox = Canvas("letterbox", 384, 384, 3, 0, 0.0, paper=1.0, ink=-1.0).place(picture)
    assert (letterbox[:, 0] == 1).all() and (letterbox[:, :, MARGIN + 2 : -MARGIN - 2] < 0).any(axis=1).sum() > 100
    assert Canvas.from_json(Canvas().to_json()) == Canvas()


def test_pieces_of_ink_are_told_apart() -> None:
    ink = np.zeros((12, 20), bool)
    ink[1:5, 1] = ink[4, 1:6] = ink[1:5, 5] = True  # a U: two runs a row until its floor
    ink[6, 6] = ink[7, 7] = True  # touches only by corners
    ink[9:11, 12:19] = True
    found = components(ink)
    assert found.areas.tolist() == [11, 2, 14]
    assert found.left.tolist() == [1, 6, 12] and found.right.tolist() == [6, 8, 19]
    assert found.top.tolist() == [1, 6, 9] and found.heights.tolist() == [4, 2, 2]
    assert len(components(np.zeros((3, 3), bool))) == 0
