"""What Pillow leaves out of JPEG 2000: the order of channels, palettes as they are, colours other than sRGB and sYCC,
tile parts that are miscounted; and white of more than eight bits, which it makes black.

    header = read_header(file)
    if header.is_deep:
        image = read_deep_jp2(file, header, max_pixels)
    else:
        image = Image.open(as_pillow_reads_it(file, header), formats=["JPEG2000"])
        image.load()
        image = true_colours(image, header)     # the same image where Pillow has it right
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

from reading.colours import as_bytes, lab_to_rgb, on_white
from reading.memory_gate import take
from reading.page_errors import PageError, over_limit
from reading.page_memory import deep_jp2_bytes

_CODE_STREAM = b"\xff\x4f\xff\x51"
_TILE_PART, _END, _STYLE = 0xFF90, 0xFFD9, 0xFF52  # markers
_SRGB, _SYCC, _LAB = 16, 18, 14  # EnumCS of a colour specification
_YCC = (1, 3, 4, _SYCC)
_CMY, _CMYK = 11, 12
_COLOUR, _OPACITY, _PREMULTIPLIED = 0, 1, 2  # types of a channel


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
        found = {colour: k for k, (kind, colour) in enumerate(self.channels) if kind == _COLOUR and 0 < colour < 65535}
        return [found[colour] for colour in sorted(found)]

    @property
    def opacity(self) -> tuple[int, bool] | None:
        """The channel of opacity, and whether colours are multiplied with it."""
        for channel, (kind, _) in enumerate(self.channels):
            if kind in (_OPACITY, _PREMULTIPLIED):
                return channel, kind == _PREMULTIPLIED
        return None

    @property
    def is_plain(self) -> bool:
        """Whether Pillow has the colours right: channels in order, opacity behind them, in sRGB, sYCC, grey or CMYK."""
        channels = self.order + ([self.opacity[0]] if self.opacity else [])
        named = channels == list(range(len(self.channels))) and not (self.opacity and self.opacity[1])
        return self.palette is None and named and self.colours not in (*_YCC[:-1], _LAB, _CMY)


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
    for _ in _tile_parts(file, header):
        pass


def as_pillow_reads_it(file: BinaryIO, header: Jp2Header) -> BinaryIO:
    """The file, or a copy in memory with what stops OpenJPEG or makes Pillow convert what it must not.

    Some writers number six tile parts 0 to 5 and say that there are five: "not known" (0) is allowed, and read. Where
    the channels of sYCC stand in another order, Pillow is told that they are RGB, and `true_colours` converts them.
    """
    miscounted = [position for position, number, count in _tile_parts(file, header) if 0 < count <= number]
    as_they_are = header.colours == _SYCC and not header.is_plain
    if not miscounted and not as_they_are:
        file.seek(0)
        return file
    counts = [position for position, _, _ in _tile_parts(file, header)] if miscounted else []
    file.seek(0)
    data = bytearray(file.read())
    for position in counts:
        data[position + 11] = 0  # TNsot
    if as_they_are:
        struct.pack_into(">I", data, header.colours_at, _SRGB)
    return io.BytesIO(data)


def read_deep_jp2(file: BinaryIO, header: Jp2Header, max_pixels: int) -> Image.Image:
    """A picture of several channels of more than eight bits, in mode "L" or "RGB", by a second decoder."""
    import imagecodecs

    if header.size[0] * header.size[1] > max_pixels:
        raise over_limit(header.size, max_pixels)
    take(deep_jp2_bytes(header.size, header.components, file.seek(0, io.SEEK_END)))
    file.seek(0)
    values = imagecodecs.jpeg2k_decode(file.read())  # [height, width, channels], in order, and sYCC is RGB by now
    if values.dtype.kind == "i":
        values = (values.astype(np.int64) + 2 ** (header.bits - 1)).astype(np.uint32)
    values = as_bytes(values.reshape(*values.shape[:2], -1), header.bits)
    opacity = values.shape[-1] - 1 if header.opacity else None
    kinds = [(_COLOUR, channel + 1) for channel in range(values.shape[-1])]
    if opacity is not None:
        kinds[opacity] = (_PREMULTIPLIED if header.opacity[1] else _OPACITY, 0)
    colours = 0 if header.colours == _SYCC else header.colours
    if colours == _CMYK and values.shape[-1] == 4:
        return Image.fromarray(values, "CMYK").convert("RGB")
    told = replace(header, colours=colours, channels=tuple(kinds) if header.channels else (), palette=None)
    return _coloured(values, told)


def true_colours(image: Image.Image, header: Jp2Header) -> Image.Image:
    """A loaded image with its colours as the header says, in mode "L" or "RGB"; the same where they are so already."""
    if header.is_plain or image.mode not in ("L", "LA", "P", "PA", "RGB", "RGBA"):
        return image
    values = np.asarray(image)  # [height, width] or [height, width, channels]
    values = values[..., None] if values.ndim == 2 else values
    if header.palette is not None:
        values = header.palette[np.minimum(values[..., 0], len(header.palette) - 1)]
    return _coloured(values, header)


def _coloured(values: np.ndarray, header: Jp2Header) -> Image.Image:
    """Channels, uint8 [height, width, channels], as the header names them, in mode "L" or "RGB"."""
    count = values.shape[-1]
    order = header.order or list(range(min(count, 3) if count > 2 else 1))
    opacity = header.opacity
    if not header.channels and count in (2, 4):
        opacity = count - 1, False
    if max(*order, opacity[0] if opacity else 0) >= count:
        raise PageError("damaged: its header names channels that it does not have")
    colours = np.ascontiguousarray(values[..., order])
    if colours.shape[-1] == 3 and header.colours in _YCC:
        colours = np.asarray(Image.fromarray(colours, "YCbCr").convert("RGB"))
    elif colours.shape[-1] == 3 and header.colours == _LAB:
        colours = np.asarray(_lab(colours, header.lab))
    elif header.colours == _CMY:
        colours = 255 - colours
    if opacity:
        colours = on_white(colours, values[..., opacity[0]], premultiplied=opacity[1])
    if colours.shape[-1] not in (1, 3):
        raise PageError(f"not supported: JPEG 2000 of {colours.shape[-1]} colours")
    return Image.fromarray(colours[..., 0] if colours.shape[-1] == 1 else colours)


def _lab(values: np.ndarray, said: tuple[int, ...]) -> Image.Image:
    """L, a and b of 8 bits as they are stored; said: range and offset of each for the file's own bits, then those."""
    ranges, offsets = (100.0, 170.0, 200.0), (0.0, 128.0, 96.0)
    if len(said) == 7:
        bits = said[6]
        ranges = tuple(float(number) for number in said[0:6:2])
        offsets = tuple(number / 2 ** (bits - 8) for number in said[1:6:2])
    lab = np.empty(values.shape, np.uint8)
    for channel, (wide, zero) in enumerate(zip(ranges, offsets, strict=True)):
        steps = (np.arange(256) - zero) * wide / 255
        steps = steps * 2.55 if channel == 0 else steps + 128
        lab[..., channel] = np.clip(np.rint(steps), 0, 255).astype(np.uint8)[values[..., channel]]
    return lab_to_rgb(lab, signed=False)


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


def set_reduction(image: ImageFile.ImageFile, power: int) -> None:
    """Makes an open JPEG 2000 load at 1 / 2**power of its size.

    Pillow's own `reduce` rounds sizes to the nearest where the decoder rounds them up, and then fails: at three of five
    sizes for an eighth.
    """
    tile = image.tile[0]
    image._size = size = tuple(-(-side // 2**power) for side in image.size)
    image.tile = [tile._replace(extents=(0, 0, *size), args=(tile.args[0], power, *tile.args[2:]))]


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
            if header.colours == _LAB and len(data) >= 31:
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
            if all(depth & 0x7F < 8 for depth in data[3 : 3 + count]):  # deeper ones Pillow does not take either
                table = np.frombuffer(data, np.uint8, entries * count, 3 + count).reshape(entries, count)
                header.palette = table
    if header.palette is not None and columns and max(columns) < header.palette.shape[1]:
        header.palette = header.palette[:, columns]


def _tile_parts(file: BinaryIO, header: Jp2Header) -> Iterator[tuple[int, int, int]]:
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
