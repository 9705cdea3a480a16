"""Formats, colour modes, damage and limits of reading/decoding.py and reading/containers.py, on files drawn here."""

import io
import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw

from reading import decoding
from reading.containers import kind_of
from reading.decoding import PageError, close_files, count_frames, read_page

# pytest takes back the filter that reading/decoding.py sets once; that it works is seen in a process of its own below.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

LIMIT = 700_000_000
WIDTH, HEIGHT = 120, 168


def drawn(mode="L", size=(WIDTH, HEIGHT)):
    """A page with a dark block at the upper left, lines of text, and noise, so that no part of it compresses away."""
    page = Image.new("L", size, 240)
    draw = ImageDraw.Draw(page)
    draw.rectangle((8, 8, size[0] // 2, size[1] // 4), fill=20)
    for y in range(size[1] // 3, size[1] - 12, 12):
        draw.text((6, y), "Zprava o vyzkumu lorem ipsum", fill=10)
    noise = np.random.default_rng(1).integers(-9, 9, (size[1], size[0]))
    return Image.fromarray(np.clip(np.asarray(page) + noise, 0, 255).astype(np.uint8)).convert(mode)


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def several(kind="TIFF", **options):
    more = [drawn("RGB"), drawn("1")]
    return encoded(drawn(), kind, save_all=True, append_images=more, **options)


WRITERS = {
    "grey.png": lambda: encoded(drawn(), "PNG"),
    "colour.PNG": lambda: encoded(drawn("RGB"), "PNG"),
    "baseline.jpg": lambda: encoded(drawn("RGB"), "JPEG"),
    "progressive.jpeg": lambda: encoded(drawn("RGB"), "JPEG", progressive=True),
    "raw.tif": lambda: encoded(drawn(), "TIFF"),
    "lzw.tiff": lambda: encoded(drawn("RGB"), "TIFF", compression="tiff_lzw"),
    "deflate.tif": lambda: encoded(drawn("RGB"), "TIFF", compression="tiff_deflate"),
    "fax.tif": lambda: encoded(drawn("1"), "TIFF", compression="group4"),
    "jpeg.tif": lambda: encoded(drawn("RGB"), "TIFF", compression="jpeg"),
    "frames.tif": lambda: several(compression="tiff_lzw"),
    "boxed.jp2": lambda: encoded(drawn("RGB"), "JPEG2000"),
    "bare.j2k": lambda: encoded(drawn(), "JPEG2000", no_jp2=True),
    "lossy.webp": lambda: encoded(drawn("RGB"), "WEBP"),
    "lossless.webp": lambda: encoded(drawn("RGB"), "WEBP", lossless=True),
    "plain.bmp": lambda: encoded(drawn("RGB"), "BMP"),
    "runs.bmp": lambda: run_length_bmp(),
    "page.gif": lambda: encoded(drawn(), "GIF"),
    "interlaced.gif": lambda: encoded(drawn("P"), "GIF", interlace=True),
    "page.avif": lambda: encoded(drawn("RGB"), "AVIF"),
    "bits.pbm": lambda: encoded(drawn("1"), "PPM"),
    "grey.pgm": lambda: encoded(drawn(), "PPM"),
    "colour.ppm": lambda: encoded(drawn("RGB"), "PPM"),
    "plain.pnm": lambda: plain_pnm(),
    "report.pdf": lambda: encoded(drawn("RGB"), "PDF"),
}


def plain_pnm():
    """Ink and paper as digits, 1 is ink, with a comment as scanners' programs write it."""
    bits = np.asarray(drawn("1"))
    rows = "\n".join("".join("01"[not bit] for bit in row) for row in bits)
    return f"P1\n# scanned\n{WIDTH} {HEIGHT}\n{rows}\n".encode("ascii")


def run_length_bmp():
    """An 8-bit BMP of two grey levels, run-length coded, as Pillow cannot write it."""
    rows = [bytes([WIDTH // 2, y % 2, WIDTH // 2, 1, 0, 0]) for y in range(HEIGHT)]
    data = b"".join(rows) + b"\0\1"
    palette = bytes([30, 30, 30, 0, 220, 220, 220, 0]) + bytes(4 * 254)
    at = 14 + 40 + len(palette)
    head = b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at)
    return head + struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, len(data), 0, 0, 256, 0) + palette + data


def read_all(path):
    frames = count_frames(path)
    return [read_page(path, frame, min_side=64, max_pixels=LIMIT) for frame in (range(frames) if frames else [None])]


def read(path, frame=None, *, min_side=64, max_pixels=LIMIT):
    return read_page(path, frame, min_side=min_side, max_pixels=max_pixels)


def reason(path, frame=None, **options):
    with pytest.raises(PageError) as error:
        read(path, frame, **options)
    text = str(error.value)
    assert text
    assert "\n" not in text
    return text


def saved(tmp_path, image, name, **options):
    image.save(tmp_path / name, **options)
    return tmp_path / name


@pytest.fixture(autouse=True)
def nothing_left_open():
    yield
    close_files()


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_read_upright_in_grey_or_colour(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(WRITERS[name]())
    pages = read_all(path)
    assert len(pages) == (3 if name == "frames.tif" else 1)
    for page in pages:
        assert page.mode in ("L", "RGB")
        if name == "runs.bmp":
            assert page.size == (WIDTH, HEIGHT)
            continue
        if name == "report.pdf":
            page = page.resize((WIDTH, HEIGHT))
        assert page.size == (WIDTH, HEIGHT)
        # Halves of 1-bit pages are dithered: compare what the eye sees.
        seen, right = (np.asarray(image.convert("L").reduce(6), int) for image in (page, drawn()))
        assert np.abs(seen - right).mean() < 10


@pytest.mark.parametrize("name", WRITERS)
def test_a_cut_file_fails_or_gives_the_same_pixels(tmp_path, name, capfd):
    data = WRITERS[name]()
    path = tmp_path / name
    path.write_bytes(data)
    whole = [np.asarray(page) for page in read_all(path)]
    near_the_end = [len(data) - left for left in (1, 2, 3, 12, 30)]
    failed = 0
    for length in [len(data) * tenth // 12 for tenth in range(12)] + near_the_end:
        path.write_bytes(data[:length])
        try:
            pages = [np.asarray(page) for page in read_all(path)]
        except PageError:
            failed += 1
            continue
        assert len(pages) == len(whole), f"cut at {length} of {len(data)}: pages are missing"
        for page, right in zip(pages, whole, strict=True):
            assert np.array_equal(page, right), f"cut at {length} of {len(data)} was taken for whole"
    assert failed >= 12
    assert capfd.readouterr() == ("", ""), "decoders must not write on the console"


@pytest.mark.parametrize(
    "name",
    ["baseline.jpg", "progressive.jpeg", "boxed.jp2", "lossy.webp", "report.pdf", "lzw.tiff", "page.gif", "page.avif"],
)
def test_a_scan_filled_up_with_zero_bytes_fails(tmp_path, name):
    data = WRITERS[name]()
    path = tmp_path / name
    for length in (len(data) // 3, len(data) // 2):
        path.write_bytes(data[:length] + bytes(len(data) - length))
        with pytest.raises(PageError):
            read_all(path)


def test_inner_damage_is_noticed_where_the_format_allows(tmp_path):
    for name, expected in (("grey.png", "checksum"), ("fax.tif", "fax"), ("lzw.tiff", "damaged")):
        data = bytearray(WRITERS[name]())
        middle = len(data) // 2
        data[middle : middle + 40] = np.random.default_rng(0).integers(0, 256, 40, dtype=np.uint8).tobytes()
        (tmp_path / name).write_bytes(data)
        if name == "fax.tif" and os.name == "nt":
            continue  # reading/tiff_errors.py: libtiff's reports cannot be caught there
        assert expected in reason(tmp_path / name)


def test_reasons_are_plain(tmp_path):
    (tmp_path / "empty.png").touch()
    assert reason(tmp_path / "empty.png") == "the file is empty"
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    assert reason(tmp_path / "text.png") == "not an image although its name ends in .png"
    assert reason(tmp_path / "gone.png") == "the file is not there any more"
    (tmp_path / "folder.png").mkdir()
    assert reason(tmp_path / "folder.png") == "not a file"
    (tmp_path / "head.png").write_bytes(WRITERS["grey.png"]()[:40])
    assert reason(tmp_path / "head.png").startswith("truncated")
    (tmp_path / "photo.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    assert reason(tmp_path / "photo.jpg") == "a HEIC photo, which is not read: save it as JPEG, PNG or TIFF"
    (tmp_path / "two.pgm").write_bytes(2 * encoded(drawn(), "PPM"))
    assert "several images" in reason(tmp_path / "two.pgm")
    (tmp_path / "deep.pgm").write_bytes(b"P5 2 1 65535\n\x00\x00\xff\xff")
    assert np.asarray(read(tmp_path / "deep.pgm")).tolist() == [[0, 255]]
    (tmp_path / "odd.tif").write_bytes(b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    assert "header" in reason(tmp_path / "odd.tif")
    with pytest.raises(PageError, match="not an image"):
        count_frames(tmp_path / "text.png")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_permission_denied(tmp_path):
    path = saved(tmp_path, drawn(), "a.png")
    path.chmod(0)
    assert reason(path) == "cannot be read: permission denied"


def test_content_decides_not_the_extension(tmp_path):
    (tmp_path / "really.png").write_bytes(WRITERS["baseline.jpg"]())
    assert read(tmp_path / "really.png").size == (WIDTH, HEIGHT)
    (tmp_path / "one.png").write_bytes(WRITERS["raw.tif"]())
    assert read(tmp_path / "one.png").size == (WIDTH, HEIGHT)
    (tmp_path / "three.png").write_bytes(WRITERS["frames.tif"]())
    assert "3 pages" in reason(tmp_path / "three.png")
    (tmp_path / "report.jpg").write_bytes(WRITERS["report.pdf"]())
    assert "PDF" in reason(tmp_path / "report.jpg")
    assert kind_of(b"junk before\n%PDF-1.7") == "pdf"


def test_over_the_limit_fails_before_decoding_or_comes_smaller(tmp_path):
    png = saved(tmp_path, drawn(), "a.png")
    text = reason(png, max_pixels=10_000)
    assert text == "over the pixel limit: 120 x 168 = 2e4 pixels, limit 1e4 (raise [input] max_pixels)"
    assert read(png, max_pixels=WIDTH * HEIGHT).size == (WIDTH, HEIGHT)
    for name in ("a.jpg", "a.jp2"):
        smaller = read(saved(tmp_path, drawn("RGB"), name), max_pixels=10_000)
        assert smaller.size == (60, 84)
        want = drawn("RGB").resize((60, 84), Image.Resampling.BOX)
        assert np.abs(np.asarray(smaller.reduce(4), int) - np.asarray(want.reduce(4), int)).mean() < 8
        assert "pixel limit" in reason(tmp_path / name, max_pixels=2)
    assert "pixel limit" in reason(saved(tmp_path, drawn(), "a.tif"), max_pixels=10_000)
    pdf = read(saved(tmp_path, drawn(), "a.pdf"), 0, max_pixels=10_000)
    assert 9_000 < pdf.size[0] * pdf.size[1] <= 10_000


def test_a_header_that_claims_the_world_costs_nothing(tmp_path):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 400_000, 300_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(bomb)
    assert "400000 x 300000 = 1.2e11 pixels, limit 7e8" in reason(tmp_path / "bomb.png")


def test_pillows_own_limit_is_out_of_the_way(tmp_path, monkeypatch):
    path = saved(tmp_path, drawn(), "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    decoding._prepared.clear()
    assert read(path).size == (WIDTH, HEIGHT)


# ---- colour modes


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


# ---- many frames, many threads


def test_frames_in_any_order_and_from_threads(tmp_path):
    path = tmp_path / "many.tif"
    frames = [Image.new("L", (20, 20 + k), k) for k in range(40)]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="tiff_lzw")
    assert count_frames(path) == 40
    for frame in [5, 5, 3, 39, 0, 39]:
        page = read(path, frame)
        assert (page.size, page.getpixel((0, 0))) == ((20, 20 + frame), frame)
    wrong = []

    def work(first):
        for frame in range(first, 40, 4):
            page = read(path, frame)
            if page.size != (20, 20 + frame) or page.getpixel((3, 3)) != frame:
                wrong.append(frame)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert reason(path, 40) == "page 41 is missing: the file holds 40 pages"


def test_a_chain_of_directories_that_loops_ends(tmp_path):
    data = bytearray(WRITERS["raw.tif"]())
    (at,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, at)
    struct.pack_into("<I", data, at + 2 + 12 * entries, at)
    (tmp_path / "loop.tif").write_bytes(data)
    assert count_frames(tmp_path / "loop.tif") is None
    assert read(tmp_path / "loop.tif").size == (WIDTH, HEIGHT)


def test_big_tiff(tmp_path):
    path = tmp_path / "big.tif"
    drawn().save(path, big_tiff=True, save_all=True, append_images=[drawn("RGB")])
    assert path.read_bytes()[2] == 43
    assert [page.mode for page in read_all(path)] == ["L", "RGB"]


def test_a_file_that_was_replaced_is_opened_anew(tmp_path):
    for name in ("a.tif", "a.pdf"):
        path = tmp_path / name
        Image.new("L", (50, 50), 10).save(path, save_all=True, append_images=[drawn()])
        assert read(path, 0).convert("L").getpixel((9, 9)) < 20
        Image.new("L", (50, 60), 200).save(tmp_path / ("new" + name), save_all=True, append_images=[drawn()])
        (tmp_path / ("new" + name)).replace(path)
        assert read(path, 0).convert("L").getpixel((9, 9)) > 190


def test_odd_metadata_are_not_talked_about(tmp_path):
    saved(tmp_path, drawn("RGB"), "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x0f nonsense")
    data = bytearray(WRITERS["fax.tif"]())
    data[500:540] = bytes(range(40))
    (tmp_path / "b.tif").write_bytes(data)
    code = """
import sys, pathlib
from reading import decoding
for name in sys.argv[1:]:
    try:
        decoding.read_page(pathlib.Path(name), None, min_side=64, max_pixels=10**8)
    except decoding.PageError:
        pass
"""
    command = [sys.executable, "-c", code, str(tmp_path / "a.jpg"), str(tmp_path / "b.tif")]
    root = Path(decoding.__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout == ""
    if os.name != "nt":
        assert done.stderr == ""


# ---- PDF


def pdf_of(path, *, width=300, height=420, rotation=0, pages=1):
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        page = document.new_page(width, height)
        page.set_rotation(rotation)
        page.close()
    document.save(path)
    document.close()
    return path


def test_pdf_is_drawn_at_least_twice_as_large_as_the_model(tmp_path):
    for width, height in ((300, 420), (2000, 1000), (30, 2000)):
        page = read(pdf_of(tmp_path / "a.pdf", width=width, height=height), 0, min_side=224)
        assert page.mode == "RGB"
        assert min(page.size) >= 448
        assert max(page.size) / min(page.size) == pytest.approx(max(width, height) / min(width, height), rel=0.01)
    thin = read(pdf_of(tmp_path / "thin.pdf", width=1, height=14000), 0, min_side=224, max_pixels=1_000_000)
    assert thin.size[0] * thin.size[1] <= 1_000_000


def test_pdf_pages_are_turned_as_the_file_says(tmp_path):
    assert count_frames(pdf_of(tmp_path / "a.pdf", rotation=90, pages=3)) == 3
    page = read(tmp_path / "a.pdf", 2)
    assert page.size[0] > page.size[1]
    assert "page 4 is missing" in reason(tmp_path / "a.pdf", 3)


FORM = b"""%PDF-1.7
1 0 obj <</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 6 0 R]>>>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Annots[4 0 R 6 0 R]>> endobj
4 0 obj <</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[0 100 200 200]/AP<</N 5 0 R>>>> endobj
5 0 obj <</Type/XObject/Subtype/Form/BBox[0 0 200 100]/Length 20>> stream
0 g 0 0 200 100 re f
endstream endobj
6 0 obj <</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 200 50]/AP<</N 7 0 R>>>> endobj
7 0 obj <</Type/XObject/Subtype/Form/BBox[0 0 200 50]/Length 19>> stream
0 g 0 0 200 50 re f
endstream endobj
trailer <</Root 1 0 R>>
%%EOF
"""


def test_pdf_forms_and_annotations_are_drawn(tmp_path):
    (tmp_path / "form.pdf").write_bytes(FORM)
    page = read(tmp_path / "form.pdf", 0, min_side=50).convert("L")
    assert page.size == (200, 200)
    assert page.getpixel((100, 50)) == 0, "the form field"
    assert page.getpixel((100, 175)) == 0, "the stamp"
    assert page.getpixel((100, 125)) == 255


def test_encrypted_pdf_says_so(tmp_path):
    # The standard security handler with keys that no password fits.
    key = "<" + "5A" * 32 + ">"
    body = FORM.replace(
        b"trailer <</Root 1 0 R>>",
        f"8 0 obj <</Filter/Standard/V 1/R 2/P -44/O{key}/U{key}>> endobj\n"
        f"trailer <</Root 1 0 R/Encrypt 8 0 R/ID[{key}{key}]>>".encode(),
    )
    (tmp_path / "secret.pdf").write_bytes(body)
    with pytest.raises(PageError, match="encrypted PDF: needs a password"):
        count_frames(tmp_path / "secret.pdf")
    assert reason(tmp_path / "secret.pdf", 0) == "encrypted PDF: needs a password"


def test_damaged_pdf_says_so(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\nnothing in it\n%%EOF\n")
    assert reason(tmp_path / "a.pdf", 0).startswith("damaged: not a readable PDF")
    linear = b"%PDF-1.4\n1 0 obj <</Linearized 1/L 99999/H[1 2]>> endobj\n%%EOF\n"
    (tmp_path / "b.pdf").write_bytes(linear)
    with pytest.raises(PageError, match="shorter than it says"):
        count_frames(tmp_path / "b.pdf")
    (tmp_path / "c.pdf").write_bytes(FORM + bytes(5000))  # padded by an archive
    assert count_frames(tmp_path / "c.pdf") == 1


@pytest.mark.shared
def test_a_real_report_looks_like_its_300_dpi_picture(shared):
    path = next((shared / "pdf").glob("*.pdf"))
    document = pypdfium2.PdfDocument(path)
    try:
        for number in (0, 13, 15):
            small = read(path, number, min_side=224).convert("L").resize((224, 224), Image.Resampling.BICUBIC)
            page = document[number]
            large = page.render(scale=300 / 72).to_pil().convert("L").resize((224, 224), Image.Resampling.BICUBIC)
            page.close()
            assert np.abs(np.asarray(small, int) - np.asarray(large, int)).mean() < 3
    finally:
        document.close()


def test_hostile_files_never_raise_anything_else(tmp_path):
    chance = np.random.default_rng(7)
    for name, writer in WRITERS.items():
        data = writer()
        path = tmp_path / name
        for _ in range(12):
            broken = bytearray(data)
            for at in chance.integers(0, min(len(data), 400), 6):
                broken[at] = chance.integers(0, 256)
            path.write_bytes(broken)
            try:
                for page in read_all_under(path, 4_000_000):
                    assert page.mode in ("L", "RGB")
            except PageError as error:
                assert str(error)


def read_all_under(path: Path, max_pixels: int) -> list[Image.Image]:
    frames = count_frames(path)
    return [read(path, frame, max_pixels=max_pixels) for frame in (range(min(frames, 5)) if frames else [None])]
