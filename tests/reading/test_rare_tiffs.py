"""TIFFs that Pillow refuses or reads wrong (reading/rare_tiffs.py): each looks like the page that was written."""

import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from reading.decoding import PageError, count_frames, read_page

WIDTH, HEIGHT = 70, 96
SAMPLES = {"minisblack": 1, "miniswhite": 1, "la": 2, "rgb": 3, "rgba": 4, "cmyk": 4}
PHOTOMETRIC = {"la": "minisblack", "rgba": "rgb", "cmyk": "separated"}


def waves(samples):
    """Smooth values 0 ... 1, float64 [height, width, samples], each sample another picture."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([0.5 + 0.45 * np.sin((x * (c + 1) + y * (2 - c)) / 15 + c) for c in range(samples)], -1)


def seen(kind, values):
    """What an eye sees of these values, 0 ... 255 [height, width, 1 or 3]."""
    if kind in ("la", "rgba"):
        alpha = values[..., -1:]
        values = values[..., :-1] * alpha + 1 - alpha
    elif kind == "cmyk":
        values = (1 - values[..., :3]) * (1 - values[..., 3:])
    elif kind == "miniswhite":
        values = 1 - values
    return 255 * values


def write(path, kind, dtype, bits=0, planar=False, **options):
    values = waves(SAMPLES[kind])
    top = 2**bits - 1 if bits else 1 if dtype.startswith("f") else np.iinfo(dtype).max
    data = values * top if dtype.startswith("f") else np.rint(values * top)
    data = data.astype(dtype)
    data = np.moveaxis(data, -1, 0) if planar else data if data.shape[-1] > 1 else data[..., 0]
    more = {"extrasamples": ["unassalpha"]} if kind in ("la", "rgba") else {}
    more |= {"bitspersample": bits} if bits else {}
    more |= {"planarconfig": "separate" if planar else "contig"} if SAMPLES[kind] > 1 else {}
    more |= {} if "tile" in options else {"rowsperstrip": 20}
    photometric = PHOTOMETRIC.get(kind, kind)
    tifffile.imwrite(path, data, photometric=photometric, metadata=None, **more, **options)
    return values


def read(path, frame=None):
    return read_page(path, frame, min_side=32, max_pixels=10**6)


def far(path, want):
    """The mean difference of the page at `path` from what should be seen."""
    page = np.asarray(read(path), float).reshape(HEIGHT, WIDTH, -1)
    return np.abs(page - want).mean()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd"])
@pytest.mark.parametrize(
    ("kind", "dtype", "planar"),
    [
        *[(kind, "u2", True) for kind in ("la", "rgb", "rgba", "cmyk")],  # 16-bit planes
        *[(kind, "u1", True) for kind in ("la", "rgb", "rgba", "cmyk")],
        *[(kind, "u2", False) for kind in SAMPLES],
        *[(kind, dtype, False) for kind in ("minisblack", "miniswhite") for dtype in ("f4", "i2", "u4")],
        *[("minisblack", dtype, False) for dtype in ("i1", "f2", "f8", "i4")],
        *[("rgb", dtype, False) for dtype in ("i1", "i2", "u4", "f2", "f4", "f8")],
    ],
)
def test_all_depths_and_planes(tmp_path, kind, dtype, planar, compression, order):
    path = tmp_path / "a.tif"
    values = write(path, kind, dtype, 0, planar, compression=compression, byteorder=order)
    if dtype == "i4":  # integers beyond 65535 are stretched from the least to the greatest
        values = (values - values.min()) / (values.max() - values.min())
    assert far(path, seen(kind, values)) < 1.6


@pytest.mark.parametrize("tile", [None, (32, 32)])
@pytest.mark.parametrize("kind", ["rgb", "rgba", "minisblack"])
@pytest.mark.parametrize("compression", ["jpeg2000", "webp", "lzma", "zstd", "packbits"])
def test_other_compressions(tmp_path, compression, kind, tile):
    if compression == "webp" and kind == "minisblack":
        pytest.skip("WebP holds colours")
    options = {"tile": tile} if tile else {}
    values = write(tmp_path / "a.tif", kind, "u1", compression=compression, **options)
    assert far(tmp_path / "a.tif", seen(kind, values)) < 6


def plain_tiff(path, order, data, **tags):
    """A grey TIFF of one uncompressed strip, written by hand: tifffile cannot write all that may be read."""
    number = {"bits": 258, "photometric": 262, "format": 339}
    entries = {256: WIDTH, 257: HEIGHT, 259: 1, 262: 1, 273: 8, 277: 1, 278: HEIGHT, 279: len(data)}
    entries |= {number[name]: value for name, value in tags.items()}
    out = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8 + len(data)) + data
    out += struct.pack(order + "H", len(entries))
    out += b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    path.write_bytes(out + bytes(4))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [6, 10, 12, 14, 24])
@pytest.mark.parametrize("photometric", [0, 1])
def test_odd_depths_of_grey(tmp_path, bits, order, photometric):
    values = np.rint(waves(1)[..., 0] * (2**bits - 1)).astype(np.int64)
    if bits == 24:
        data = values.astype(order + "u4")[..., None].view(np.uint8)
        data = (data[..., :3] if order == "<" else data[..., 1:]).tobytes()
    else:  # one behind the other, the highest bit first, each row from a new byte on
        data = np.packbits((values[..., None] >> np.arange(bits)[::-1] & 1).reshape(HEIGHT, -1), axis=1).tobytes()
    plain_tiff(tmp_path / "a.tif", order, data, bits=bits, photometric=photometric)
    want = seen(("miniswhite", "minisblack")[photometric], waves(1))
    assert far(tmp_path / "a.tif", want) < 2 ** max(0, 8 - bits)


def test_big_tiffs_of_big_endian_machines(tmp_path):
    for kind in ("rgb", "minisblack"):
        values = write(tmp_path / "a.tif", kind, "u1", bigtiff=True, byteorder=">")
        assert (tmp_path / "a.tif").read_bytes()[:4] == b"MM\0+"
        assert far(tmp_path / "a.tif", seen(kind, values)) < 1
    with tifffile.TiffWriter(tmp_path / "b.tif", bigtiff=True, byteorder=">") as out:
        for grey in (10, 20, 30):
            out.write(np.full((20, 20), grey, np.uint8), metadata=None)
    assert [read(tmp_path / "b.tif", k).getpixel((0, 0)) for k in range(count_frames(tmp_path / "b.tif"))] == [
        10,
        20,
        30,
    ]


def test_a_rare_page_between_common_ones(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        out.write(np.full((20, 20, 2), 65535 // 5, np.uint16), photometric="minisblack", metadata=None,
                  planarconfig="contig", extrasamples=["unassalpha"])  # fmt: skip
        out.write(np.full((20, 20), 40, np.uint8), metadata=None)
        out.write(np.full((20, 20), 60 * 16, np.uint16), bitspersample=12, metadata=None)
        out.write(np.full((20, 20), 80, np.uint8), metadata=None)
    for frame, grey in ((1, 40), (2, 60), (3, 80), (1, 40), (0, 214), (3, 80)):  # 214: a fifth of black ink's opacity
        assert abs(read(tmp_path / "a.tif", frame).getpixel((3, 3)) - grey) <= 1


def test_orientation(tmp_path):
    dark = np.full((40, 60), 4000, np.uint16)
    dark[:10, :10] = 0  # the upper left corner of what is stored
    corner = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}
    for turn, (right, below) in corner.items():
        tags = [(274, "H", 1, turn, True)]
        tifffile.imwrite(tmp_path / "a.tif", dark, bitspersample=12, metadata=None, extratags=tags)
        page = read(tmp_path / "a.tif")
        assert page.size == ((60, 40) if turn < 5 else (40, 60))
        assert page.getpixel((right * (page.width - 1), below * (page.height - 1))) == 0, turn


def test_premultiplied_alpha(tmp_path):
    half = np.full((20, 20, 4), 128, np.uint16) * 257
    half[..., :3] = 64 * 257  # 50 % grey at half opacity
    for kind, grey in (("assocalpha", 64 + 127), ("unassalpha", 32 + 127), ("unspecified", 64)):
        tifffile.imwrite(tmp_path / "a.tif", half, photometric="rgb", extrasamples=[kind], metadata=None,
                         planarconfig="contig", compression="zstd")  # fmt: skip
        assert abs(read(tmp_path / "a.tif").getpixel((1, 1))[0] - grey) <= 1


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("compression", [None, "lzw"])
def test_colour_maps_of_eight_and_of_sixteen_bits(tmp_path, compression, deep):
    table = np.random.default_rng(3).integers(0, 256, (3, 256)).astype(np.uint16)
    table[:, 7] = 255
    index = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", index, photometric="palette", colormap=table * (257 if deep else 1),
                     compression=compression, metadata=None)  # fmt: skip
    assert np.array_equal(np.asarray(read(tmp_path / "a.tif")), table.T[index])


def ycbcr_tiff(path, across, down, rows, cut=0):
    """A picture of two colours in YCbCr without compression, its colours at a fraction of the resolution."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (200, 60, 40))
    image.paste((30, 90, 180), (0, 0, WIDTH, HEIGHT // 2))
    full = np.asarray(image.convert("YCbCr"))
    strips = []
    for top in range(0, HEIGHT, rows):
        part = full[top : top + rows]
        part = np.pad(part, ((0, -len(part) % down), (0, -WIDTH % across), (0, 0)), "edge")
        units = part.reshape(len(part) // down, down, part.shape[1] // across, across, 3).swapaxes(1, 2)
        bright = units[..., 0].reshape(*units.shape[:2], -1)
        strips.append(np.concatenate([bright, units[..., 1:].mean((2, 3)).astype(np.uint8)], -1).tobytes())
    data = b"".join(strips)
    counts, at = [len(strip) for strip in strips], 8
    offsets = [at + sum(counts[:k]) for k in range(len(counts))]
    arrays = at + len(data)
    tags = [(256, 4, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 3, arrays), (259, 3, 1, 1), (262, 3, 1, 6),
            (273, 4, len(strips), arrays + 6), (277, 3, 1, 3), (278, 4, 1, rows),
            (279, 4, len(strips), arrays + 6 + 4 * len(strips)), (530, 3, 2, across + (down << 16))]  # fmt: skip
    tail = struct.pack("<3H", 8, 8, 8) + struct.pack(f"<{len(strips)}I", *offsets)
    tail += struct.pack(f"<{len(strips)}I", *counts)
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    head = b"II*\0" + struct.pack("<I", arrays + len(tail))
    path.write_bytes(head + data + tail + directory)
    return np.asarray(image, float)


@pytest.mark.parametrize(("across", "down"), [(2, 1), (2, 2), (1, 1), (4, 1), (1, 2), (4, 4)])
def test_ycbcr_without_compression(tmp_path, across, down):
    want = ycbcr_tiff(tmp_path / "a.tif", across, down, rows=16)
    assert far(tmp_path / "a.tif", want) < 2


def test_what_is_not_supported_is_not_damaged(tmp_path):
    def reason(path):
        with pytest.raises(PageError) as error:
            read(path)
        return str(error.value)

    tifffile.imwrite(tmp_path / "raw.tif", np.zeros((9, 9), np.uint16), photometric="cfa", metadata=None)
    assert reason(tmp_path / "raw.tif") == "not supported: 16-bit TIFF, camera raw (colour filter array)"
    tifffile.imwrite(tmp_path / "complex.tif", np.zeros((9, 9), np.complex64), metadata=None)
    assert reason(tmp_path / "complex.tif").startswith("not supported: 64-bit TIFF")
    bits = np.zeros((16, 16, 3), bool)
    tifffile.imwrite(tmp_path / "bits.tif", bits, photometric="rgb", metadata=None)
    assert reason(tmp_path / "bits.tif").startswith("not supported: 1-bit TIFF")
    write(tmp_path / "odd.tif", "rgb", "u2", 12)
    data = bytearray((tmp_path / "odd.tif").read_bytes())
    at = data.index(struct.pack("<HHIH", 259, 3, 1, 1))
    struct.pack_into("<H", data, at + 8, 50123)  # a compression that nobody has
    (tmp_path / "odd.tif").write_bytes(data)
    assert reason(tmp_path / "odd.tif") == "not supported: 12-bit TIFF, compression 50123"


def test_damage_and_limits_hold_for_rare_ones_too(tmp_path):
    path = tmp_path / "a.tif"
    for compression in (None, "lzw", "zlib", "jpeg2000", "zstd"):
        write(path, "rgb", "u1" if compression == "jpeg2000" else "u2", planar=compression != "jpeg2000",
              compression=compression)  # fmt: skip
        data = path.read_bytes()
        (tmp_path / "cut.tif").write_bytes(data[: len(data) * 2 // 3])
        with pytest.raises(PageError, match=r"truncated|damaged"):
            read(tmp_path / "cut.tif")
    with pytest.raises(PageError, match="pixel limit"):
        read_page(path, None, min_side=32, max_pixels=1000)


@pytest.mark.shared
def test_real_files(shared):
    folder = shared / "faults" / "reading"
    for name, least, most in (
        ("scan-lzw-8bit-colormap.tiff", 230, 245),
        ("RGB16_separate_none_strip_le.tif", 230, 240),
        ("LA8_separate_lzw_strip_le.tif", 230, 245),
        ("LA16_contig_none_strip_le.tif", 230, 245),
        ("BigTIFFMotorola.tif", 0, 250),
        ("flower-rgb-contig-12.tif", 80, 110),
        ("flower-rgb-planar-16.tif", 80, 110),
        ("tiff_jpeg2000.tif", 230, 245),
        ("tiff_webp.tif", 230, 245),
    ):
        page = read_page(folder / name, None, min_side=224, max_pixels=10**8)
        assert least < np.asarray(page.convert("L")).mean() < most, name
    first, small = (read_page(folder / "dscf0013.tif", k, min_side=224, max_pixels=10**8) for k in (0, 1))
    assert np.abs(np.asarray(first.resize(small.size, Image.Resampling.BOX), float) - np.asarray(small)).mean() < 12


@pytest.mark.parametrize("kind", [1, 2])  # bytes, text
@pytest.mark.parametrize("tag", [256, 257, 277, 278])
def test_a_tag_that_is_no_number_is_a_damaged_page(tmp_path, tag, kind):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((60, 50), np.uint8), metadata=None)
    data = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, at)
    (entry,) = (at + 2 + 12 * k for k in range(entries) if struct.unpack_from("<H", data, at + 2 + 12 * k) == (tag,))
    struct.pack_into("<H", data, entry + 2, kind)
    path.write_bytes(data)
    with pytest.raises(PageError, match="damaged"):
        read(path)
