"""PNGs and BMPs that Pillow refuses or garbles although their picture is whole; reasons that are true."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from reading.decoding import PageError, read_page
from reading.page_errors import reason_of
from reading.png import in_memory, in_one_piece

WIDTH, HEIGHT = 40, 30


def picture(mode="RGB"):
    pixels = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def read(path):
    return read_page(path, None, min_side=32, max_pixels=10**6)


def reason(path):
    with pytest.raises(PageError) as error:
        read(path)
    return str(error.value)


def chunk(name, data, wrong=0):
    return struct.pack(">I4s", len(data), name) + data + struct.pack(">I", zlib.crc32(name + data) ^ wrong)


def png(*more, behind=b"", **options):
    """A PNG of the picture with further chunks before and behind its data."""
    out = io.BytesIO()
    options.get("image", picture()).save(out, "PNG", **{k: v for k, v in options.items() if k != "image"})
    data = out.getvalue()
    return data[:33] + b"".join(more) + data[33:-12] + behind + data[-12:]


LONG = zlib.compress(b"x" * 3_000_000)


@pytest.mark.parametrize(
    "data",
    [
        png(chunk(b"zTXt", b"XMP\0\0" + LONG)),
        png(behind=chunk(b"zTXt", b"XMP\0\0" + LONG)),
        png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + LONG)),
        png(chunk(b"tEXt", b"Comment\0" + b"y" * 2_000_000)),
        png(chunk(b"iCCP", b"profile\0\0" + LONG)),
        png(chunk(b"tEXt", b"Comment\0scanned", wrong=1)),
        png(behind=chunk(b"tEXt", b"Comment\0scanned", wrong=1)),
        png(chunk(b"gAMA", struct.pack(">I", 45455), wrong=1)),
        png(chunk(b"pHYs", b"\0\0\0")),
        png(chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0", wrong=1)),
    ],
)
def test_what_stands_beside_a_png_costs_no_page(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    assert np.array_equal(np.asarray(read(tmp_path / "a.png")), np.asarray(picture()))


def test_what_decides_pixels_is_never_left_out(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = png(chunk(b"tEXt", b"Comment\0scanned", wrong=1), exif=exif)
    (tmp_path / "turned.png").write_bytes(turned)
    assert read(tmp_path / "turned.png").size == (HEIGHT, WIDTH)
    clear = png(chunk(b"tEXt", b"Comment\0scanned", wrong=1), image=Image.new("L", (9, 9), 7), transparency=7)
    (tmp_path / "clear.png").write_bytes(clear)
    assert np.asarray(read(tmp_path / "clear.png")).min() == 255
    broken = bytearray(png(image=Image.new("L", (9, 9), 7), transparency=7))
    broken[broken.index(b"tRNS") + 5] ^= 1
    (tmp_path / "broken.png").write_bytes(broken)
    assert reason(tmp_path / "broken.png") == "damaged: wrong checksum in its tRNS data"
    (tmp_path / "cut.png").write_bytes(png(chunk(b"tEXt", b"Comment\0scanned", wrong=1))[:-900])
    assert "truncated" in reason(tmp_path / "cut.png")


def bmp(data, bits, compression, *, header=40, masks=(), palette=b"", top_down=False):
    """A BMP around its pixels."""
    fields = struct.pack("<iiHHIIiiII", WIDTH, -HEIGHT if top_down else HEIGHT, 1, bits, compression, len(data), 0, 0,
                         len(palette) // 4, 0)  # fmt: skip
    inside = struct.pack(f"<{len(masks)}I", *masks)
    fields += inside.ljust(max(0, header - 40), b"\0") if header > 40 else inside
    at = 14 + 4 + len(fields) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(data), 0, 0, at) + struct.pack("<I", header) + fields + palette + data


@pytest.mark.parametrize("top_down", [True, False])
@pytest.mark.parametrize(
    ("bits", "masks"),
    [
        (32, (0x3FF00000, 0xFFC00, 0x3FF)),
        (32, (0xFF, 0xFF0000, 0xFF000000)),
        (32, (0xFF000, 0xFF0, 0xF)),
        (32, (0xFF000000, 0xFF00, 0xFF)),
        (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
        (16, (0xF00, 0xF0, 0xF)),
        (16, (0xE000, 0x1C00, 0x300)),
        (16, (0x1F, 0x7E0, 0xF800)),
        (16, (0xF00, 0xF0, 0xF, 0xF000)),
    ],
)
def test_bit_fields_of_any_layout(tmp_path, bits, masks, top_down):
    wanted = np.asarray(picture(), np.uint64)
    values, most = np.zeros((HEIGHT, WIDTH), np.uint64), []
    for channel, mask in enumerate(masks):
        shift = (mask & -mask).bit_length() - 1
        top = mask >> shift
        own = wanted[..., channel] if channel < 3 else np.full((HEIGHT, WIDTH), 255, np.uint64)
        values |= (own * top + 127) // 255 << shift
        most.append(255 / top)
    rows = values if top_down else values[::-1]
    header = 40 if len(masks) == 3 else 108
    data = bmp(rows.astype(f"<u{bits // 8}").tobytes(), bits, 3, header=header, masks=masks, top_down=top_down)
    (tmp_path / "a.bmp").write_bytes(data)
    page = np.asarray(read(tmp_path / "a.bmp"), int)
    assert (np.abs(page - wanted.astype(int)).max(axis=(0, 1)) <= np.array(most[:3]) / 2 + 1).all()
    (tmp_path / "cut.bmp").write_bytes(data[:-300])
    assert "truncated" in reason(tmp_path / "cut.bmp")


def test_run_lengths_that_leave_the_picture_are_damage(tmp_path):
    palette = b"".join(bytes([grey, grey, grey, 0]) for grey in range(0, 256, 16))
    line = bytes([WIDTH, 7, 0, 0])

    def told(data, compression=1, bits=8):
        (tmp_path / "a.bmp").write_bytes(bmp(data, bits, compression, palette=palette))
        try:
            return read(tmp_path / "a.bmp").convert("L").getpixel((0, 0))
        except PageError as error:
            return str(error)

    out = "damaged: its run-length codes leave the picture"
    assert told(line * HEIGHT + b"\0\1") == 112
    assert told(line * HEIGHT) == 112  # only the end mark is missing
    assert told(bytes([20, 7, 20, 7, 0, 0]) * HEIGHT + b"\0\1") == 112
    assert told(bytes([0, WIDTH]) + bytes([7]) * WIDTH + b"\0\0" + line * (HEIGHT - 1) + b"\0\1") == 112
    assert told(bytes([10, 7, 0, 2, 5, 3, 10, 7, 0, 0]) + line * (HEIGHT - 4) + b"\0\1") != out
    assert told(bytes([WIDTH + 5, 7, 0, 0]) * HEIGHT + b"\0\1") == out
    assert told(line * (HEIGHT + 3) + b"\0\1") == out
    assert told(bytes([0, 2, 50, 0, 5, 7]) + line * (HEIGHT - 1) + b"\0\1") == out
    assert told(bytes([0, WIDTH + 9]) + bytes(WIDTH + 9 + (WIDTH + 9) % 2) + b"\0\1") == out
    assert told(line * (HEIGHT // 2)) == "truncated: the image data end before their end mark"
    assert told(bytes([WIDTH, 0x77, 0, 0]) * HEIGHT + b"\0\1", 2, 4) == 112
    assert told(bytes([WIDTH + 8, 0x77, 0, 0]) * HEIGHT + b"\0\1", 2, 4) == out


def test_what_is_not_supported_says_so(tmp_path):
    (tmp_path / "a.bmp").write_bytes(bmp(bytes(2000), 24, 4))
    assert reason(tmp_path / "a.bmp").startswith("not supported: BMP compression")


def test_links_say_what_they_are(tmp_path):
    try:
        (tmp_path / "nowhere.png").symlink_to(tmp_path / "gone")
        (tmp_path / "circle.png").symlink_to(tmp_path / "circle.png")
    except OSError:
        pytest.skip("no links here")
    assert reason(tmp_path / "nowhere.png") == "a link that leads nowhere"
    assert reason(tmp_path / "circle.png") == "a link that leads in a circle"
    assert reason(tmp_path / "absent.png") == "the file is not there any more"


def test_a_decoders_words_are_not_a_reason():
    senseless = "damaged: its header holds values that make no sense"
    for error in (KeyError(15252), IndexError("list index out of range"), AssertionError(), TypeError("not int"),
                  ZeroDivisionError("division by zero"), ValueError(""), RuntimeError(f"no {object()}")):  # fmt: skip
        assert reason_of(error) == senseless
    assert reason_of(OSError(22, os.strerror(22))) == "damaged: its header points to a place that no file has"
    assert reason_of(OSError("decoder error -2")) == "damaged: its image data cannot be decoded"
    assert reason_of(OSError("Unsupported BMP pixel depth (2)")) == "not supported: BMP pixel depth (2)"
    assert reason_of(OSError("image file is truncated (3 bytes not processed)")).startswith("truncated")


@pytest.mark.shared
def test_real_files(shared):
    for name in ("png_bigtext_zTXt.png", "png_badcrc_tEXt.png"):
        page = read_page(shared / "faults" / "reading" / name, None, min_side=224, max_pixels=10**8)
        assert np.asarray(page.convert("L")).mean() > 220


def test_data_in_many_pieces_are_decoded_in_one(tmp_path):
    data = png(behind=chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"))
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4])
    packed = data[start + 8 : start + 8 + length]
    pieces = [packed[at : at + 100] for at in range(0, length, 100)]
    pieces[3:3] = [b""]
    path = tmp_path / "pieces.png"
    whole = data[:start] + b"".join(chunk(b"IDAT", piece) for piece in pieces) + data[start + 12 + length :]
    path.write_bytes(whole)
    with path.open("rb") as file:
        assert in_one_piece(in_memory(file)).read().count(b"IDAT") == 1
    turned = picture().transpose(Image.Transpose.ROTATE_270)
    assert np.array_equal(np.asarray(read(path)), np.asarray(turned))  # what stands behind the data counts too
    path.write_bytes(whole[:-40])
    assert np.array_equal(np.asarray(read(path)), np.asarray(picture()))  # all data, no end mark
    path.write_bytes(whole[: start + 700])
    assert "truncated" in reason(path)
    path.write_bytes(
        data[:start] + b"".join(chunk(b"IDAT", p, wrong=i == 5) for i, p in enumerate(pieces)) + data[-12:]
    )
    assert reason(path) == "damaged: wrong checksum in its IDAT data"
