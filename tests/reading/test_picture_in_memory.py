"""A picture whose bytes are at hand is read as the same file on the disk, with the same guards."""

import struct
import zlib

import numpy as np
import pytest
from page_files import LIMIT, WRITERS, drawn, encoded, read_all

from reading.decoding import read_picture
from reading.page_errors import LimitError, PageError, UnknownKindError

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in ("frames.tif", "report.pdf")])
def test_the_pixels_are_those_of_the_file(tmp_path, name):
    data = WRITERS[name]()
    (tmp_path / name).write_bytes(data)
    (page,) = read_all(tmp_path / name)
    assert np.array_equal(np.asarray(read_picture(data, max_pixels=LIMIT)), np.asarray(page))


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"", PageError, "the file is empty"),
        (b"hello, world", UnknownKindError, "not an image"),
        (b"<html><script>alert(1)</script>", UnknownKindError, "not an image"),
        (b"\0\0\0\x18ftypheic" + bytes(40), UnknownKindError, "a HEIC photo"),
        (WRITERS["report.pdf"](), UnknownKindError, "a PDF"),
        (WRITERS["frames.tif"](), PageError, "holds 3 pages"),
        (WRITERS["grey.png"]()[:2000], PageError, "truncated"),
        (WRITERS["deflate.tif"]()[:2000], PageError, "truncated"),
    ],
    ids=lambda value: value[:8] if isinstance(value, str) else None,
)
def test_what_is_no_picture_is_said_in_one_line(data, kind, reason):
    with pytest.raises(kind, match=reason) as caught:
        read_picture(data, max_pixels=LIMIT)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF"])
def test_more_pixels_than_are_allowed_are_not_decoded(kind):
    with pytest.raises(LimitError, match="over the pixel limit"):
        read_picture(encoded(drawn(), kind), max_pixels=1000)


def test_a_header_that_promises_too_much_is_enough():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(LimitError, match="60000 x 60000"):
        read_picture(data, max_pixels=50_000_000)
