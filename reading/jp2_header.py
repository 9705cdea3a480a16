"""What the boxes and markers of a JPEG 2000 file say, read without decoding anything; and whether it is whole.

header = read_header(file)
header.size, header.bits, header.is_deep        # (2480, 3508), 8, False
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from reading.page_errors import PageError

_CODE_STREAM = b"\xff\x4f\xff\x51"
_TILE_PART, _END, _STYLE = 0xFF90, 0xFFD9, 0xFF52  # markers
SYCC, LAB, CMY = 18, 14, 11  # EnumCS of a colour specification
YCC = (1, 3, 4, SYCC)
COLOUR, OPACITY, PREMULTIPLIED = 0, 1, 2  # types of a channel


@dataclass
class Jp2Header:
    """What the boxes before a code stream say.

    start, end: of the code stream. size, tile (both width, height), bits, components, levels (how often it can be
    halved): as the code stream says. colours: EnumCS, 0 for none; it stands at colours_at. lab: the range and offset of
    L, a and b, then their bits; none for the usual ones. channels: (type, colour that it is, from 1) by number, none
    where nothing is said. palette: uint8 [entries, columns], its columns in the order of the channels.
    """

    start: int = 0
    end: int = 0
    size: tuple[int, int] = (0, 0)
    tile: tuple[int, int] = (0, 0)
    levels: int = 0
    bits: int = 8
    components: int = 1
    colours: int = 0
    colours_at: int = 0
    lab: tuple[int, ...] = ()
    channels: tuple[tuple[int, int], ...] = ()
    palette: np.ndarray | None = None

    @property
    def is_deep(self) -> bool:
        """Whether Pillow would round its channels up beyond 255, which gives 0: the white of paper becomes black."""
        return self.bits > 8 and self.components > 1

    @property
    def order(self) -> list[int]:
        """The channel of each colour; empty where nothing is said."""
        number_of = {
            colour: k for k, (kind, colour) in enumerate(self.channels) if kind == COLOUR and 0 < colour < 65535
        }
        return [number_of[colour] for colour in sorted(number_of)]

    @property
    def opacity(self) -> tuple[int, bool] | None:
        """The channel of opacity, and whether colours are multiplied with it."""
        for channel, (kind, _) in enumerate(self.channels):
            if kind in (OPACITY, PREMULTIPLIED):
                return channel, kind == PREMULTIPLIED
        return None

    @property
    def is_plain(self) -> bool:
        """Whether Pillow has the colours right: channels in order, opacity behind them, in sRGB, sYCC, grey or CMYK."""
        channels = self.order + ([self.opacity[0]] if self.opacity else [])
        named = channels == list(range(len(self.channels))) and not (self.opacity and self.opacity[1])
        return self.palette is None and named and self.colours not in (*YCC[:-1], LAB, CMY)


def read_header(file: BinaryIO) -> Jp2Header:
    """The boxes of a JP2 file, or of a bare code stream. Raises PageError where they end early, struct.error where a
    box is too short."""
    header = Jp2Header()
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    header.end = size
    if file.read(4) == _CODE_STREAM:
        return _with_sizes(file, header)
    for name, start, end in _boxes(file, 0, size):
        if name == b"jp2c":
            header.start, header.end = start, min(end, size)  # some writers say too much; the end mark decides
            return _with_sizes(file, header)
        if end > size:
            break
        if name == b"jp2h":
            _read_inner(file, start, end, header)
    raise PageError("truncated: the image data end early")


def check_jp2(file: BinaryIO, _size: int) -> None:
    """Walks the tile parts to the end mark; OpenJPEG is content with any beginning."""
    header = read_header(file)
    for _ in tile_parts(file, header):
        pass


def _with_sizes(file: BinaryIO, header: Jp2Header) -> Jp2Header:
    file.seek(header.start + 4)  # behind the start mark and that of SIZ
    length, _, right, below, left, top, *tile = struct.unpack(">HHIIIIII", file.read(28))
    file.seek(header.start + 4 + 36)
    (header.components,) = struct.unpack(">H", file.read(2))
    header.size = max(0, right - left), max(0, below - top)
    depths = file.read(3 * header.components)[::3]
    header.bits = 1 + max((depth & 0x7F for depth in depths), default=7)
    header.tile = min(tile[0], header.size[0]), min(tile[1], header.size[1])
    header.levels = _levels(file, header.start + 4 + length)
    return header


def _levels(file: BinaryIO, position: int) -> int:
    """How often a picture can be halved: of the first segment that says so, before any tile."""
    while True:
        file.seek(position)
        head = file.read(12)
        if len(head) < 12 or head[0] != 0xFF or head[1] in (_TILE_PART & 0xFF, _END & 0xFF):
            return 0
        if head[1] == _STYLE & 0xFF:
            return head[9]
        position += 2 + max(2, int.from_bytes(head[2:4]))


def _boxes(file: BinaryIO, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the content of each box."""
    while position + 8 <= end:
        file.seek(position)
        length, name = struct.unpack(">I4s", file.read(8))
        start = position + 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            start += 8
        box_end = position + length if length else end
        if box_end < start:
            raise PageError("damaged: the length of a box makes no sense")
        yield name, start, box_end
        position = box_end


def _read_inner(file: BinaryIO, start: int, end: int, header: Jp2Header) -> None:
    bits, columns = 8, []
    for name, at, box_end in _boxes(file, start, end):
        file.seek(at)
        data = file.read(max(0, min(box_end, end) - at))
        if name == b"ihdr":
            bits = 1 + (data[10] & 0x7F)
        elif name == b"colr" and not header.colours and data[0] == 1:
            (header.colours,) = struct.unpack_from(">I", data, 3)
            header.colours_at = at + 3
            if header.colours == LAB and len(data) >= 31:
                header.lab = (*struct.unpack_from(">6I", data, 7), bits)
        elif name == b"cdef":
            (count,) = struct.unpack_from(">H", data)
            rows = sorted(struct.unpack_from(">HHH", data, 2 + 6 * k) for k in range(count))
            if [row[0] for row in rows] == list(range(count)):
                header.channels = tuple((kind, colour) for _, kind, colour in rows)
        elif name == b"cmap":
            columns = [data[k + 3] for k in range(0, len(data) - 3, 4) if data[k + 2] == 1]
        elif name == b"pclr":
            entries, count = struct.unpack_from(">HB", data)
            if len(data) < 3 + count + entries * count:
                raise PageError("damaged: its palette is shorter than it says")
            if all(depth & 0x7F < 8 for depth in data[3 : 3 + count]):  # deeper ones Pillow does not take either
                table = np.frombuffer(data, np.uint8, entries * count, 3 + count).reshape(entries, count)
                header.palette = table
    if header.palette is not None and columns and max(columns) < header.palette.shape[1]:
        header.palette = header.palette[:, columns]


def tile_parts(file: BinaryIO, header: Jp2Header) -> Iterator[tuple[int, int, int]]:
    """Position, number and TNsot (how many its tile has, 0 = not said) of each tile part, up to the end mark.

    Raises PageError where it is missing.
    """
    position = header.start + 2  # behind the start mark
    while position + 2 <= header.end:
        file.seek(position)
        (mark,) = struct.unpack(">H", file.read(2))
        if mark == _END:
            return
        if mark == _TILE_PART:  # it carries its own length; 0 = up to the end mark
            _, _, length, number, count = struct.unpack(">HHIBB", file.read(10))
            yield position, number, count
            if length == 0:
                file.seek(max(position, header.end - 64))
                if b"\xff\xd9" in file.read(64):
                    return
                break
            position += max(length, 12)
        elif mark >= 0xFF00:
            (length,) = struct.unpack(">H", file.read(2))
            position += 2 + max(length, 2)
        else:
            raise PageError("damaged: its tile lengths do not fit its data")
    raise PageError("truncated: the image data end before their end mark")
