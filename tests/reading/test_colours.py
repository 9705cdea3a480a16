"""Colour modes, depths, transparency and orientation: every page comes as "L" or "RGB", as a viewer shows it."""

import struct

import numpy as np
import pytest
from page_files import HEIGHT, WIDTH, drawn, read, reason, saved
from PIL import Image

from reading.colours import is_grey

# pytest takes back the filter that reading/decoding.py sets once; that it works is seen in a process of its own below.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def test_sixteen_bits_are_scaled_never_clipped(tmp_path):
    ramp = np.linspace(0, 65535, WIDTH).astype(np.uint16)[None].repeat(HEIGHT, 0)
    want = np.rint(ramp / 65535 * 255)
    little = Image.fromarray(ramp)
    files = [
        saved(tmp_path, little, "a.png"),
        saved(tmp_path, little, "little.tif"),
        saved(tmp_path, little, "lzw.tif", compression="tiff_lzw"),
        saved(tmp_path, Image.frombytes("I;16B", (WIDTH, HEIGHT), ramp.astype(">u2").tobytes()), "big.tif"),
        saved(tmp_path, Image.fromarray(ramp.astype(np.int32)), "32.tif"),
        saved(tmp_path, little, "a.jp2"),
    ]
    for file in files:
        page = np.asarray(read(file), int)
        assert page.shape == (HEIGHT, WIDTH), file
        assert np.abs(page - want).max() <= 1, file
        assert (page[:, 0] == 0).all(), file
        assert (page[:, -1] == 255).all(), file


def test_twelve_bits_in_sixteen_stay_as_dark_as_they_are(tmp_path):
    page = read(saved(tmp_path, Image.fromarray(np.full((20, 20), 4095, np.uint16)), "a.png"))
    assert np.asarray(page).max() == 16


@pytest.mark.parametrize(("top", "want"), [(1.0, 255), (255.0, 255), (65535.0, 255), (1e6, 255)])
def test_floats_are_scaled(tmp_path, top, want):
    ramp = np.linspace(0, top, 64, dtype=np.float32)[None].repeat(20, 0)
    page = np.asarray(read(saved(tmp_path, Image.fromarray(ramp), "a.tif")))
    assert page[0, 0] == 0
    assert page[0, -1] == want
    assert (np.diff(page[0].astype(int)) >= 0).all()
    broken = saved(tmp_path, Image.fromarray(np.full((9, 9), np.nan, np.float32)), "nan.tif")
    assert "no numbers" in reason(broken)


def test_white_is_zero_at_sixteen_bits(tmp_path):
    image = Image.fromarray(np.full((9, 9), 60000, np.uint16))
    normal = read(saved(tmp_path, image, "a.tif")).getpixel((4, 4))
    data = bytearray((tmp_path / "a.tif").read_bytes())
    entry = data.index(struct.pack("<HHIH", 262, 3, 1, 1))
    data[entry + 8] = 0
    (tmp_path / "b.tif").write_bytes(data)
    assert read(tmp_path / "b.tif").getpixel((4, 4)) == 255 - normal


def transparent(mode):
    image = drawn("RGBA")
    alpha = Image.new("L", image.size, 0)
    alpha.paste(255, (0, 0, WIDTH, HEIGHT // 2))
    image.putalpha(alpha)
    if mode == "P":  # a palette with one transparent entry
        page = drawn("L").point([0] * 128 + [1] * 128)
        page = Image.frombytes("P", page.size, page.tobytes())
        page.putpalette([9, 9, 9, 0, 0, 0])
        return page
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif", "a.jp2"])
def test_transparency_goes_onto_white(tmp_path, mode, name):
    if name == "a.webp":
        mode = "RGBA"
    options = {"lossless": True} if name == "a.webp" else {}
    page = read(saved(tmp_path, transparent(mode), name, **options))
    pixels = np.asarray(page)
    assert (pixels[HEIGHT // 2 :] == 255).all()
    upper = np.asarray(drawn("RGB" if pixels.ndim == 3 else "L"))[: HEIGHT // 2]
    assert np.abs(pixels[: HEIGHT // 2].astype(int) - upper).max() <= 1


def test_transparent_colours_go_onto_white(tmp_path):
    palette = np.asarray(read(saved(tmp_path, transparent("P"), "p.png", transparency=1)))
    light = np.asarray(drawn()) >= 128
    assert (palette[light] == 255).all()
    assert (palette[~light] == 9).all()
    black = Image.new("RGB", (30, 30), (1, 2, 3))
    assert np.asarray(read(saved(tmp_path, black, "rgb.png", transparency=(1, 2, 3)))).min() == 255
    grey = Image.new("L", (30, 30), 7)
    assert np.asarray(read(saved(tmp_path, grey, "l.png", transparency=7))).min() == 255
    bits = Image.new("1", (30, 30), 0)
    assert np.asarray(read(saved(tmp_path, bits, "1.png", transparency=0))).min() == 255
    deep = Image.fromarray(np.full((30, 30), 7, np.uint16))
    assert np.asarray(read(saved(tmp_path, deep, "16.png", transparency=7))).min() == 255


def test_one_bit_becomes_grey_before_any_resizing(tmp_path):
    for name, options in (("a.png", {}), ("a.tif", {"compression": "group4"}), ("a.bmp", {})):
        page = read(saved(tmp_path, drawn("1"), name, **options))
        assert page.mode in ("L", "RGB")
        assert set(np.unique(np.asarray(page))) == {0, 255}
        assert len(np.unique(np.asarray(page.resize((50, 70), Image.Resampling.BICUBIC)))) > 20


def test_palette_cmyk_ycbcr_and_lab(tmp_path):
    colour = Image.new("RGB", (40, 30), (200, 60, 40))
    files = [
        saved(tmp_path, colour.convert("P", palette=Image.Palette.ADAPTIVE), "p.png"),
        saved(tmp_path, colour.convert("CMYK"), "cmyk.jpg", quality=95),
        saved(tmp_path, colour.convert("CMYK"), "cmyk.tif"),
        saved(tmp_path, colour.convert("YCbCr"), "ycbcr.tif", compression="jpeg", quality=95),
    ]
    for file in files:
        page = read(file)
        assert page.mode == "RGB"
        assert np.abs(np.asarray(page, int) - (200, 60, 40)).max() <= 6, file
    # Adobe's CMYK JPEG are stored inverted, which their APP14 segment tells; white must stay white.
    white = read(saved(tmp_path, Image.new("CMYK", (40, 30), (0, 0, 0, 0)), "white.jpg"))
    assert np.asarray(white).min() >= 250
    lab = Image.frombytes(
        "LAB", (40, 30), bytes([255, 0, 0]) * 1200
    )  # Pillow: L, a, b with zero in the middle of a and b
    assert np.asarray(read(saved(tmp_path, lab, "lab.tif"))).min() >= 250


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", "a.avif"])
def test_orientation_is_applied(tmp_path, name):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter turn clockwise
    options = {"tiffinfo": {0x0112: 6}} if name == "a.tif" else {"exif": exif}
    page = read(saved(tmp_path, drawn("RGB"), name, **options))
    assert page.size == (HEIGHT, WIDTH)
    right = drawn("L").transpose(Image.Transpose.ROTATE_270)
    assert np.abs(np.asarray(page.convert("L"), int) - np.asarray(right, int)).mean() < 14


def test_broken_exif_does_not_cost_the_page(tmp_path):
    path = saved(tmp_path, drawn("RGB"), "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x0f nonsense")
    assert read(path).size == (WIDTH, HEIGHT)


def test_transparency_that_is_none_changes_no_pixel(tmp_path):
    opaque = drawn("RGB").convert("RGBA")
    page = read(saved(tmp_path, opaque, "a.png"))
    assert page.mode == "RGB" and np.array_equal(np.asarray(page), np.asarray(drawn("RGB")))
    opaque.putpixel((WIDTH - 1, HEIGHT - 1), (0, 0, 0, 0))
    assert read(saved(tmp_path, opaque, "b.png")).getpixel((WIDTH - 1, HEIGHT - 1)) == (255, 255, 255)


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("where", [(0, 0), (0, 99), (129, 0), (129, 99), (63, 50)])
def test_one_coloured_pixel_makes_a_page_coloured(channel, where):
    pixels = np.repeat(np.random.default_rng(2).integers(0, 250, (130, 100, 1), dtype=np.uint8), 3, axis=2)
    assert is_grey(pixels)
    pixels[(*where, channel)] += 1
    assert not is_grey(pixels)
