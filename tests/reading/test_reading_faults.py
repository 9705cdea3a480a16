"""Files of public test suites that were once read wrong: each row of ../shared/faults/reading/manifest.csv."""

import csv
import io
import random
import struct
import zlib

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from reading.damage import has_checksums, judge_deflate, judge_deflated_tiff
from reading.decoding import PageError, count_frames, read_page
from reading.jpeg import decode_jpeg
from reading.tiff_errors import can_hear, tiff_reports

# Mean red, green, blue of what is named "natural", yellow-blue, flowers; within 12 grey levels.
COLOURS = {
    "file2.jp2": (112, 104, 105),
    "issue412.jp2": (135, 134, 100),
    "flower-rgb-planar-16.tif": (96, 96, 69),
    "scan-lzw-8bit-colormap.tiff": (237, 237, 237),
}
PAGES = {"0004.tif": None, "tiff_pyramid-14.tif": None, "tiff_thumb-15.tif": None, "dscf0013.tif": 2}


@pytest.mark.shared
def test_each_file_of_the_manifest_is_read_as_it_should_be(shared):
    folder = shared / "faults" / "reading"
    wrong, tried = [], 0
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if (folder / row["file"]).is_file()]
    for row in rows:
        heard, reason, page, frames, expected = [], "", None, None, row["expected"]
        try:
            frames = count_frames(folder / row["file"])
            frame = None if frames is None else 0
            page = read_page(folder / row["file"], frame, min_side=224, max_pixels=700_000_000, heard=heard)
        except PageError as error:
            reason = str(error)
        tried += 1
        if expected.startswith("damage noticed"):
            good = bool(reason or heard)
        elif expected.startswith(("error", '"damaged', "encrypted")):
            good = bool(reason) and ("encrypted" in reason) == expected.startswith("encrypted")
        else:  # a page, in the colours that it has
            good = page is not None and np.asarray(page).std() > 5 and frames == PAGES.get(row["file"], frames)
            if good and (colours := COLOURS.get(row["file"])):
                mean = np.asarray(page.convert("RGB")).reshape(-1, 3).mean(0)
                good = np.abs(mean - colours).max() < 12
        if not good:
            wrong.append((row["file"], expected, reason, heard))
    assert tried and not wrong


def test_deflated_data_without_a_checksum_or_flushed_are_whole():
    whole = zlib.compress(bytes(range(256)) * 40)
    flushed = zlib.compressobj()
    flushed = flushed.compress(bytes(range(256)) * 40) + flushed.flush(zlib.Z_SYNC_FLUSH)
    for data in (whole, whole[:-1], whole[:-4], flushed, whole + b"\r\n"):
        assert judge_deflate(data, 256 * 40, "its content")
    assert not judge_deflate(whole[:-8], 0, "its content")
    with pytest.raises(PageError, match="checksum"):
        judge_deflate(whole[:-4] + b"abcd", 0, "its content")


def test_a_deflated_tiff_of_turned_bits_is_sound():
    data = zlib.compress(bytes(200)).translate(bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256)))
    tags = {256: 20, 257: 10, 258: 8, 259: 8, 266: 2, 273: 0, 278: 10, 279: len(data)}
    judge_deflated_tiff(io.BytesIO(data), tags)
    with pytest.raises(PageError):
        judge_deflated_tiff(io.BytesIO(data[:-8]), tags)


def test_a_jpeg_whose_subsampling_the_strict_decoder_does_not_know_draws_no_warning():
    out = io.BytesIO()
    Image.effect_noise((64, 64), 40).convert("RGB").save(out, "JPEG", subsampling="4:2:0")
    data = bytearray(out.getvalue())
    start = data.index(b"\xff\xc0") + 10  # number, sampling, table of each component
    data[start + 1] = 0x42
    with pytest.raises(ValueError, match="subsampling"):
        simplejpeg.decode_jpeg(bytes(data), strict=True)
    heard = []
    assert decode_jpeg(bytes(data), "RGB", heard) is None and not heard


@pytest.mark.parametrize("content", [b"null", b"<</Length 0 /Filter /FlateDecode>>\nstream\n\nendstream"])
def test_a_pdf_page_without_content_is_empty_and_not_damaged(tmp_path, content):
    objects = [b"<</Type /Catalog /Pages 2 0 R>>", b"<</Type /Pages /Kids [3 0 R] /Count 1>>"]
    is_null = content == b"null"
    shown = b"null" if is_null else b"4 0 R"
    objects.append(b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 90 90] /Contents " + shown + b">>")
    objects += [] if is_null else [content]
    file, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    file += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<</Size {len(objects) + 1} /Root 1 0 R>>\n"
        f"startxref\n{len(file)}\n%%EOF\n"
    ).encode()
    path = tmp_path / "empty.pdf"
    path.write_bytes(file)
    heard = []
    page = read_page(path, 0, min_side=64, max_pixels=10**7, heard=heard)
    assert page.getextrema() == (255, 255) and not heard


@pytest.mark.skipif(not can_hear(), reason="libtiff is not heard here")
def test_whatever_libtiff_reports_of_lzw_ends_the_page(tmp_path):
    """So that it need not be decoded twice."""
    chance, path = random.Random(4), tmp_path / "a.tif"
    page = Image.effect_noise((150, 120), 50)
    for mode, strip in (("L", 3000), ("RGB", 10**6)):
        page.convert(mode).save(path, compression="tiff_lzw", strip_size=strip)
        sound = path.read_bytes()
        for _ in range(60):
            data, at = bytearray(sound), chance.randrange(8, 15000)
            data[at : at + chance.choice((1, 40))] = chance.randbytes(1)
            path.write_bytes(data)
            try:
                read_page(path, None, min_side=64, max_pixels=10**7)
            except PageError:
                continue
            assert not tiff_reports(path, 0)


def test_lzw_of_before_1991_is_read_with_a_word_of_warning(tmp_path):
    """Its codes run from the lowest bit; each of these is nine bits long."""
    pixels = Image.effect_noise((40, 30), 60).tobytes()
    codes = [code for at in range(0, 1200, 200) for code in (256, *pixels[at : at + 200])] + [257]
    data = sum(code << 9 * place for place, code in enumerate(codes)).to_bytes(9 * len(codes) // 8 + 1, "little")
    entries = [(256, 40), (257, 30), (258, 8), (259, 5), (262, 1), (273, 8), (277, 1), (278, 30), (279, len(data))]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", tag, 4, 1, n) for tag, n in entries)
    path = tmp_path / "old.tif"
    path.write_bytes(struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + directory + bytes(4))
    heard = []
    page = read_page(path, None, min_side=32, max_pixels=10**6, heard=heard)
    assert page.tobytes() == pixels
    assert not can_hear() or "Old-style LZW codes" in heard[0]


@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_deflated_strips_that_gave_the_pixels_of_their_checksums_are_not_inflated_again(tmp_path, mode, predictor):
    path = tmp_path / "a.tif"
    noise = Image.effect_noise((90, 70), 50)
    page = Image.merge("RGB", (noise, noise.rotate(180), noise)).convert(mode)
    page.save(path, compression="tiff_adobe_deflate", tiffinfo={317: predictor}, strip_size=2000)
    with path.open("rb") as file, Image.open(path) as image:
        image.load()
        assert len(image.tag_v2[273]) > 2
        assert has_checksums(file, image.tag_v2, image)
        image.putpixel((89, 69), (image.getpixel((89, 69)) + 1) % 256 if mode == "L" else (1, 2, 3))
        assert not has_checksums(file, image.tag_v2, image)
