"""Pages written in every format that is read, and how the tests of reading/ read them again."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from reading.decoding import PageError, Reader, count_frames, read_page

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
    with Reader(min_side=64, max_pixels=LIMIT) as reader:
        return [reader.page(path, frame) for frame in (range(frames) if frames else [None])]


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


def read_all_under(path: Path, max_pixels: int) -> list[Image.Image]:
    frames = count_frames(path)
    return [read(path, frame, max_pixels=max_pixels) for frame in (range(min(frames, 5)) if frames else [None])]
