"""JPEG 2000 as its header says: colours, order of channels, palettes, depths, and counts that writers get wrong."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from reading.decoding import PageError, read_page

WIDTH, HEIGHT = 64, 48


def picture():
    """A red and a blue half, with a white and a black corner."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (200, 60, 40))
    image.paste((30, 90, 180), (0, 0, WIDTH, HEIGHT // 2))
    image.paste((255, 255, 255), (0, 0, 16, 16))
    image.paste((0, 0, 0), (48, 32, WIDTH, HEIGHT))
    return image


def code_stream(channels, bits=8):
    """Channels, uint [height, width] or [height, width, n], without loss and without a transform of colours."""
    if bits == 8:
        out = io.BytesIO()
        Image.fromarray(channels).save(out, "JPEG2000", no_jp2=True, mct=0)
        return out.getvalue()
    return imagecodecs.jpeg2k_encode(channels, level=0, bitspersample=bits, codecformat="J2K", mct=False)


def box(name, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


def jp2(stream, channels, colours, *more, bits=8, longer=0):
    """A JP2 file around a code stream; more: boxes of its header; longer: what its last box claims too much."""
    header = box(b"ihdr", struct.pack(">IIHBBBB", HEIGHT, WIDTH, channels, bits - 1, 7, 0, 0))
    header += box(b"colr", b"\1\0\0", struct.pack(">I", colours[0]), *colours[1:])
    start = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + box(b"jp2h", header, *more)
    return start + struct.pack(">I4s", 8 + len(stream) + longer, b"jp2c") + stream


def named(*channels):
    """The box that says what each channel is: (type, colour)."""
    rows = b"".join(struct.pack(">HHH", k, *channel) for k, channel in enumerate(channels))
    return box(b"cdef", struct.pack(">H", len(channels)), rows)


def read(tmp_path, data, name="a.jp2"):
    (tmp_path / name).write_bytes(data)
    return read_page(tmp_path / name, None, min_side=32, max_pixels=10**6)


def far(page, want):
    assert page.mode in ("L", "RGB")
    page, want = (np.asarray(image.convert("RGB"), int) for image in (page, want))
    return np.abs(page - want).max()


RGB, GREY, SYCC, LAB, CMY = (16,), (17,), (18,), (14,), (11,)


def test_colours_and_the_order_of_channels(tmp_path):
    rgb = np.asarray(picture())
    ycc = np.asarray(picture().convert("YCbCr"))
    swapped = named((0, 3), (0, 2), (0, 1))
    turned = named((0, 2), (0, 3), (0, 1))
    assert far(read(tmp_path, jp2(code_stream(rgb), 3, RGB)), picture()) == 0
    assert far(read(tmp_path, jp2(code_stream(rgb), 3, RGB, named((0, 1), (0, 2), (0, 3)))), picture()) == 0
    assert far(read(tmp_path, jp2(code_stream(rgb[..., ::-1].copy()), 3, RGB, swapped)), picture()) == 0
    assert far(read(tmp_path, jp2(code_stream(rgb[..., [1, 2, 0]].copy()), 3, RGB, turned)), picture()) == 0
    assert far(read(tmp_path, jp2(code_stream(ycc), 3, SYCC)), picture()) <= 3
    assert far(read(tmp_path, jp2(code_stream(ycc[..., ::-1].copy()), 3, SYCC, swapped)), picture()) <= 3
    for colours in (1, 3, 4):  # other YCbCr of JPX
        assert far(read(tmp_path, jp2(code_stream(ycc), 3, (colours,))), picture()) <= 3
    assert far(read(tmp_path, jp2(code_stream(255 - rgb), 3, CMY)), picture()) == 0


def test_lab(tmp_path):
    lab = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    lab[:] = (255, 128, 96)  # white, by the offsets that hold where none are given
    assert far(read(tmp_path, jp2(code_stream(lab), 3, LAB)), Image.new("RGB", (WIDTH, HEIGHT), "white")) <= 4
    said = struct.pack(">6I", 100, 0, 255, 0x80, 255, 0x80), b"D65\0"
    lab[:] = (128, 128, 128)
    grey = read(tmp_path, jp2(code_stream(lab), 3, (14, *said)))
    assert far(grey, Image.new("RGB", (WIDTH, HEIGHT), (119, 119, 119))) <= 4


def test_opacity_wherever_it_stands(tmp_path):
    rgb = np.asarray(picture())
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[24:] = 0
    want = picture()
    want.paste((255, 255, 255), (0, 24, WIDTH, HEIGHT))
    first = np.dstack([alpha, rgb])
    assert far(read(tmp_path, jp2(code_stream(first), 4, RGB, named((1, 0), (0, 1), (0, 2), (0, 3)))), want) == 0
    last = np.dstack([rgb, alpha])
    assert far(read(tmp_path, jp2(code_stream(last), 4, RGB)), want) == 0
    assert far(read(tmp_path, jp2(code_stream(last), 4, RGB, named((0, 1), (0, 2), (0, 3), (1, 0)))), want) == 0
    ignored = named((0, 1), (0, 2), (0, 3), (65535, 65535))
    assert far(read(tmp_path, jp2(code_stream(last), 4, RGB, ignored)), picture()) == 0
    premultiplied = np.dstack([rgb // 2, np.full_like(alpha, 128)])
    page = read(tmp_path, jp2(code_stream(premultiplied), 4, RGB, named((0, 1), (0, 2), (0, 3), (2, 0))))
    assert far(page, Image.fromarray(rgb // 2 + 127)) <= 1


def test_palettes(tmp_path):
    table = np.random.default_rng(5).integers(0, 256, (40, 3)).astype(np.uint8)
    table[7] = table[3]  # the same colour twice
    indices = (np.arange(HEIGHT * WIDTH) % 40).reshape(HEIGHT, WIDTH).astype(np.uint8)
    palette = box(b"pclr", struct.pack(">HB", 40, 3), b"\7\7\7", table.tobytes())

    def columns(*order):
        return box(b"cmap", *(struct.pack(">HBB", 0, 1, column) for column in order))

    plain = jp2(code_stream(indices), 1, RGB, palette, columns(0, 1, 2))
    assert far(read(tmp_path, plain), Image.fromarray(table[indices])) == 0
    mapped = jp2(code_stream(indices), 1, RGB, palette, columns(2, 1, 0))
    assert far(read(tmp_path, mapped), Image.fromarray(table[indices][..., ::-1])) == 0
    renamed = jp2(code_stream(indices), 1, RGB, palette, columns(0, 1, 2), named((0, 2), (0, 3), (0, 1)))
    assert far(read(tmp_path, renamed), Image.fromarray(table[indices][..., [2, 0, 1]])) == 0


def test_a_spoiled_deep_code_stream_is_a_damaged_page(tmp_path):
    deep = np.asarray(picture()).astype(np.uint16) * 257
    data = bytearray(code_stream(deep, 16))
    at = data.index(b"\xff\x52")  # how it is coded: more levels than there can be
    data[at + 9] = 99
    with pytest.raises(PageError, match="damaged"):
        read(tmp_path, bytes(data), "a.j2k")


@pytest.mark.parametrize("bits", [9, 10, 12, 16])
def test_deep_white_stays_white(tmp_path, bits):
    """Pillow rounds 65535 up to 256, which is 0: white paper becomes black."""
    top = 2**bits - 1
    deep = np.rint(np.asarray(picture(), float) / 255 * top).astype(np.uint16)
    for order in ([0, 1, 2], [2, 1, 0]):
        more = [named(*((0, 1 + channel) for channel in order))] if order[0] else []
        data = jp2(code_stream(deep[..., order].copy(), bits), 3, RGB, *more, bits=bits)
        assert far(read(tmp_path, data), picture()) <= 1
    assert far(read(tmp_path, code_stream(deep, bits), "a.j2k"), picture()) <= 1
    alpha = np.full((HEIGHT, WIDTH), top, np.uint16)
    alpha[24:] = 0
    grey = np.dstack([deep[..., 0], alpha])
    page = read(tmp_path, jp2(code_stream(grey, bits), 2, GREY, named((0, 1), (1, 0)), bits=bits))
    want = picture().getchannel("R")
    want.paste(255, (0, 24, WIDTH, HEIGHT))
    assert far(page, want) <= 1
    with pytest.raises(PageError, match="pixel limit"):
        read_page(tmp_path / "a.jp2", None, min_side=32, max_pixels=100)


def with_tile_parts(count):
    """A code stream whose one tile lies in three tile parts, each saying that there are `count` of them."""
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH), np.uint8))
    out = io.BytesIO()
    image.save(out, "JPEG2000", no_jp2=True, num_resolutions=3, progression="RLCP")
    stream = out.getvalue()
    at = stream.index(b"\xff\x90")
    head, body = stream[:at], stream[stream.index(b"\xff\x93") + 2 : -2]
    parts = [body, b"", b""]  # the further ones are empty: allowed, and enough to count
    for number, part in enumerate(parts):
        head += struct.pack(">HHHIBB", 0xFF90, 10, 0, 14 + len(part), number, count) + b"\xff\x93" + part
    return head + b"\xff\xd9", image


@pytest.mark.parametrize("count", [3, 0, 2, 1])
def test_tile_parts_that_are_miscounted(tmp_path, count):
    stream, image = with_tile_parts(count)
    assert far(read(tmp_path, stream, "a.j2k"), image) == 0
    assert far(read(tmp_path, jp2(stream, 1, GREY)), image) == 0


def test_a_length_that_claims_too_much(tmp_path):
    stream = code_stream(np.asarray(picture()))
    assert far(read(tmp_path, jp2(stream, 3, RGB, longer=103)), picture()) == 0
    with pytest.raises(PageError, match="truncated"):
        read(tmp_path, jp2(stream[:-300], 3, RGB, longer=300))


@pytest.mark.shared
def test_real_files(shared):
    folder = shared / "faults" / "reading"
    for name, size in (
        ("balloon_eciRGBv2_ps_adobeplugin.jpf", (2717, 3701)),
        ("issue206_image-000.jp2", (431, 326)),
        ("issue559-eci-090-CIELab.jp2", (424, 212)),
        ("db11217111510058.jp2", (1536, 944)),
        ("file2.jp2", (480, 640)),
        ("issue412.jp2", (256, 100)),
    ):
        assert read_page(folder / name, None, min_side=224, max_pixels=10**8).size == size
    sky = read_page(folder / "file2.jp2", None, min_side=224, max_pixels=10**8).crop((0, 0, 480, 60)).resize((1, 1))
    assert sky.getpixel((0, 0))[2] > sky.getpixel((0, 0))[0]
    bands = read_page(folder / "issue412.jp2", None, min_side=224, max_pixels=10**8)
    assert bands.getpixel((60, 50))[2] < 60 < bands.getpixel((60, 50))[0]
    assert bands.getpixel((250, 50))[2] > bands.getpixel((250, 50))[0]
