"""A TIFF too large for the memory there is, read in bands of its strips or tiles, each reduced before the next is read.

    tiff_bytes(image.mode, image.tag_v2, image.info)     # what it takes as a whole
    bands = Bands.of(file, image)       # None where it cannot be read so
    page = bands.page()                 # "L" or "RGB", upright, at a half, a quarter ... of its size

Each band is a small TIFF of its own, with the strips or tiles of some rows, in memory: it is decoded as the whole
would be.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Rational
from typing import BinaryIO

from PIL import Image, ImageFile, ImageOps

from reading.colours import grey_or_rgb
from reading.memory_gate import budget, take
from reading.page_errors import SENSELESS, TIFF_ERRORS, PageError, decoder
from reading.page_memory import as_page_bytes, stored_bytes, with_slack
from reading.tiff_frames import numbers_of

_POWERS = (1, 2, 3, 4, 5)  # reduced by 2, 4 ...
_INDEPENDENT = {1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50000}  # compressions whose strips are decoded one by one
_WHOLE = ("I", "F")  # modes that are stretched by the range of the whole page
_WIDTH, _HEIGHT, _COMPRESSION, _OFFSETS, _ROWS, _COUNTS = 256, 257, 259, 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325
_ORIENTATION, _JPEG_TABLES = 274, 347
# What decides how pixels are read, beside where they are: bits, colours, fill order, samples, planes, fax options,
# predictor, colour map, inks, extra samples, sample format, JPEG tables, YCbCr coefficients, subsampling, positions.
_CARRIED = (258, 259, 262, 266, 277, 284, 292, 293, 317, 320, 332, 338, 339, _JPEG_TABLES, 529, 530, 531, 532)
_LONG, _SHORT, _UNDEFINED, _RATIONAL = 4, 3, 7, 5
_MOST_RATIONAL = 2**32 // 10000 - 1  # written as so many ten-thousandths
_COPIES = 3  # of a band's bytes: its strips, the TIFF of them, what libtiff reads
_FINE = 4  # a band has at most this part of the budget, where strips are small enough


def tiff_bytes(mode: str, tags: Mapping[int, object], info: Mapping[object, object]) -> int:
    """What a directory of a TIFF will take that Pillow reads."""
    pixels = _number(tags, 256) * _number(tags, 257)
    stored = stored_bytes(mode)
    strip = strip_bytes(tags) if _number(tags, 259, 1) != 1 else 0
    return with_slack(max(pixels * max(as_page_bytes(mode, info), 2 * stored), pixels * stored + strip))


def row_bytes(tags: Mapping[int, object]) -> int:
    """A row of all planes of a TIFF, unpacked."""
    bits = numbers_of(tags.get(258)) or [1]
    row_bits = sum(bits) if len(bits) > 1 else bits[0] * _number(tags, 277, 1)
    return -(-_number(tags, _WIDTH) * row_bits // 8)


def strip_bytes(tags: Mapping[int, object]) -> int:
    """The largest strip or tile of a TIFF, as it is in the file and unpacked."""
    if tags.get(_TILE_WIDTH) is not None:
        width = max(1, _number(tags, _WIDTH))
        unpacked = row_bytes(tags) * _number(tags, _TILE_WIDTH) // width * _number(tags, _TILE_HEIGHT)
    else:
        height = _number(tags, _HEIGHT)
        unpacked = row_bytes(tags) * min(height, _number(tags, _ROWS, height) or height)
    return unpacked + max(numbers_of(tags.get(_COUNTS)) + numbers_of(tags.get(_TILE_COUNTS)), default=0)


@dataclass
class Bands:
    """How a directory is read: `rows` of it at once, reduced by 2**power.

    rows: a multiple of 2**power, but for the last band. step: rows of a strip or tile (or of what an uncompressed strip
    is cut into).
    """

    file: BinaryIO
    tags: Mapping[int, object]
    order: str
    step: int
    rows: int
    power: int

    @classmethod
    def of(cls, file: BinaryIO, image: ImageFile.ImageFile) -> Bands | None:
        """The largest page that the memory allows, and takes that memory; None where none fits, or where the picture
        cannot be read in parts.
        """
        tags = image.tag_v2
        compression = _number(tags, _COMPRESSION, 1)
        if compression not in _INDEPENDENT or image.mode in _WHOLE:
            return None
        width, height = _number(tags, _WIDTH), _number(tags, _HEIGHT)
        tiled = tags.get(_TILE_OFFSETS) is not None
        step = _number(tags, _TILE_HEIGHT) if tiled else min(height, _number(tags, _ROWS, height) or height)
        if not tiled and compression == 1:
            step = 1
        if min(width, height, step) < 1 or (tiled and _number(tags, _TILE_WIDTH) < 1):
            return None
        row = width * max(as_page_bytes(image.mode, image.info), 2 * stored_bytes(image.mode))
        row += _COPIES * row_bytes(tags)
        file.seek(0)
        order = "<" if file.read(2) == b"II" else ">"
        for power in _POWERS:
            part = math.lcm(step, 2**power)  # rows
            page = 2 * 4 * -(-width // 2**power) * -(-height // 2**power)  # twice: while it is turned
            fine = int(budget() / _FINE / row) // part * part
            rows = min(max(part, fine), height)
            needed = with_slack(page + rows * row + (0 if compression == 1 else strip_bytes(tags)))
            if needed <= budget():
                take(needed)
                return cls(file, tags, order, step, rows, power)
        return None

    @property
    def cuts_strips(self) -> bool:
        """Whether strips are cut into rows: those without compression, which often are one for the whole page."""
        return _number(self.tags, _COMPRESSION, 1) == 1 and self.tags.get(_TILE_OFFSETS) is None

    def page(self, prepare: Callable[[ImageFile.ImageFile], None]) -> Image.Image:
        """The whole page, reduced and upright; `prepare` is called with each band before it is loaded."""
        width, height, factor = _number(self.tags, _WIDTH), _number(self.tags, _HEIGHT), 2**self.power
        page = None
        if self.cuts_strips and sum(numbers_of(self.tags.get(_COUNTS))) < row_bytes(self.tags) * height:
            raise PageError("truncated: the image data end early")  # Pillow would read on behind them
        for top in range(0, height, self.rows):
            data = self._band(top, min(self.rows, height - top))
            with decoder(*TIFF_ERRORS):
                image = Image.open(io.BytesIO(data), formats=["TIFF"])
            with image:
                prepare(image)
                with decoder(*TIFF_ERRORS):
                    image.load()
                band = grey_or_rgb(image).reduce(factor)
            if page is None:
                page = Image.new(band.mode, (-(-width // factor), -(-height // factor)))
            page.paste(band, (0, top // factor))
        page.getexif()[_ORIENTATION] = _number(self.tags, _ORIENTATION, 1)
        ImageOps.exif_transpose(page, in_place=True)
        return page

    def _band(self, top: int, rows: int) -> bytes:
        """A TIFF of the rows from `top` on; the band's first row is the first of a strip or tile."""
        tags = {tag: self.tags[tag] for tag in _CARRIED if tag in self.tags}
        tags |= {_WIDTH: _number(self.tags, _WIDTH), _HEIGHT: rows}
        if self.tags.get(_TILE_OFFSETS) is not None:
            tags |= {tag: _number(self.tags, tag) for tag in (_TILE_WIDTH, _TILE_HEIGHT)}
            across = -(-tags[_WIDTH] // tags[_TILE_WIDTH])
            parts = self._parts(_TILE_OFFSETS, _TILE_COUNTS, across, top, rows)
            return _tiff(self.order, tags, parts, _TILE_OFFSETS, _TILE_COUNTS)
        tags[_ROWS] = min(self.step, rows)
        parts = self._rows(top, rows) if self.cuts_strips else self._parts(_OFFSETS, _COUNTS, 1, top, rows)
        return _tiff(self.order, tags, parts, _OFFSETS, _COUNTS)

    def _parts(self, offsets_tag: int, counts_tag: int, across: int, top: int, rows: int) -> list[bytes]:
        """The strips or tiles of some rows, plane after plane; `across`: how many stand side by side."""
        offsets, counts = numbers_of(self.tags.get(offsets_tag)), numbers_of(self.tags.get(counts_tag))
        in_plane = across * -(-_number(self.tags, _HEIGHT) // self.step)
        if len(counts) < len(offsets) or len(offsets) < in_plane:
            raise PageError(SENSELESS)
        first, last = across * (top // self.step), across * -(-(top + rows) // self.step)
        return [
            self._read(offsets[part], counts[part])
            for plane in range(len(offsets) // in_plane)
            for part in range(plane * in_plane + first, plane * in_plane + last)
        ]

    def _rows(self, top: int, rows: int) -> list[bytes]:
        """Rows of strips without compression, plane after plane."""
        offsets, height = numbers_of(self.tags.get(_OFFSETS)), _number(self.tags, _HEIGHT)
        in_strip = min(height, _number(self.tags, _ROWS, height) or height)
        in_plane = -(-height // in_strip)
        bits, samples = numbers_of(self.tags.get(258)) or [1], _number(self.tags, 277, 1)
        planes = samples if _number(self.tags, 284, 1) == 2 else 1
        row = -(-_number(self.tags, _WIDTH) * bits[0] * samples // planes // 8)  # bytes
        if len(offsets) < planes * in_plane:
            raise PageError(SENSELESS)
        return [
            self._read(offsets[plane * in_plane + at // in_strip] + at % in_strip * row, row)
            for plane in range(planes)
            for at in range(top, top + rows)
        ]

    def _read(self, offset: int, count: int) -> bytes:
        self.file.seek(offset)
        return self.file.read(count)


def _tiff(order: str, tags: dict[int, object], parts: list[bytes], offsets_tag: int, counts_tag: int) -> bytes:
    """A TIFF of one directory with these tags and strips or tiles."""
    at, offsets = 8, []
    for part in parts:
        offsets.append(at)
        at += len(part)
    tags |= {offsets_tag: tuple(offsets), counts_tag: tuple(len(part) for part in parts)}
    directory_at = at + at % 2
    beyond = directory_at + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, value in sorted(tags.items()):
        kind, count, data = _packed(order, tag, value)
        if len(data) > 4:
            pointer = struct.pack(order + "I", beyond + len(values))
            values += data + b"\0" * (len(data) % 2)
            data = pointer
        entries += struct.pack(order + "HHI", tag, kind, count) + data.ljust(4, b"\0")
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(order + "HI", 42, directory_at)
    count = struct.pack(order + "H", len(tags))
    return b"".join([head, *parts, b"\0" * (at % 2), count, entries, b"\0" * 4, values])


def _packed(order: str, tag: int, value: object) -> tuple[int, int, bytes]:
    """Type, count and bytes of a tag's value."""
    if isinstance(value, bytes):
        return _UNDEFINED, len(value), value
    values = value if isinstance(value, tuple) else (value,)
    if not values or not all(isinstance(number, int | float | Rational) and 0 <= number < 2**32 for number in values):
        raise PageError(SENSELESS)
    if not all(isinstance(number, int) for number in values):
        if max(values) > _MOST_RATIONAL:
            raise PageError(SENSELESS)
        pairs = [part for number in values for part in (round(float(number) * 10000), 10000)]
        return _RATIONAL, len(values), struct.pack(f"{order}{len(pairs)}I", *pairs)
    if tag in (_WIDTH, _HEIGHT, _ROWS, _OFFSETS, _COUNTS, _TILE_OFFSETS, _TILE_COUNTS) or max(values) > 65535:
        return _LONG, len(values), struct.pack(f"{order}{len(values)}I", *values)
    return _SHORT, len(values), struct.pack(f"{order}{len(values)}H", *values)


def _number(tags: Mapping[int, object], tag: int, default: int = 0) -> int:
    return (numbers_of(tags.get(tag)) or [default])[0]
