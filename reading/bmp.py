"""BMPs that Pillow refuses, or fills with garbage: bit fields of any layout, run-length codes that leave the picture.

check_runs(file)
image = read_bit_fields(file, max_pixels)
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from reading.colours import on_white
from reading.memory_gate import take
from reading.page_errors import PageError, over_limit
from reading.page_memory import bit_field_bytes

RLE8, RLE4, BIT_FIELDS, ALPHA_BIT_FIELDS = 1, 2, 3, 6  # compressions
_MOST_HEADER = 14 + 124


class BmpHeader(NamedTuple):
    """data_at, length: where the pixels begin, and how many bytes they are (0: not said). height: negative where the
    first row is the upper one. masks: red, green, blue, opacity; zeros where the header has none."""

    data_at: int
    header: int
    width: int
    height: int
    bits: int
    compression: int
    length: int
    masks: tuple[int, int, int, int]


def read_bmp_header(file: BinaryIO) -> BmpHeader | None:
    """A header of Windows (40 bytes or more); None for the older ones, which have no compression. struct.error where
    the file ends in it."""
    file.seek(0)
    data = file.read(_MOST_HEADER)
    data_at, header = struct.unpack_from("<II", data, 10)
    if header < 40:
        return None
    width, height, _, bits, compression, length = struct.unpack_from("<iiHHII", data, 18)
    masks = [0, 0, 0, 0]
    if compression in (BIT_FIELDS, ALPHA_BIT_FIELDS):
        count = 4 if header >= 56 or compression == ALPHA_BIT_FIELDS else 3
        masks[:count] = struct.unpack_from(f"<{count}I", data, 54)
    return BmpHeader(data_at, header, width, height, bits, compression, length, tuple(masks))


def check_runs(file: BinaryIO, header: BmpHeader) -> None:
    """Raises PageError where run-length codes leave the picture: what follows them would be garbage."""
    file.seek(header.data_at)
    data = file.read()
    width, height = header.width, abs(header.height)
    slack = 1 if header.compression == RLE4 else 0  # two pixels a byte: writers round odd rows up
    x = y = at = 0
    while at + 1 < len(data):
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            x += count
        elif value == 0:
            x, y = 0, y + 1
            continue
        elif value == 1:
            return
        elif value == 2:
            if at + 1 >= len(data):
                break
            x, y = x + data[at], y + data[at + 1]
            at += 2
        else:
            x += value
            size = value if header.compression == RLE8 else (value + 1) // 2
            at += size + size % 2
        if x > width + slack or y >= height:
            raise PageError("damaged: its run-length codes leave the picture")
    if y < height - 1 or (y == height - 1 and x < width):  # else only the end mark is missing
        raise PageError("truncated: the image data end before their end mark")


def read_bit_fields(file: BinaryIO, max_pixels: int) -> Image.Image:
    """A BMP of 16 or 32 bits a pixel whose colours lie where its masks say, in mode "RGB".

    PageError for what is not supported, truncated or over the limit.
    """
    header = read_bmp_header(file)
    masks = header.masks if header else (0, 0, 0, 0)
    if header is None or header.bits not in (16, 32) or not any(masks):
        raise PageError("not supported: BMP with bit fields of an odd kind")
    width, height = header.width, abs(header.height)
    if width <= 0 or height <= 0:
        raise PageError("damaged: its header says that it has no pixels")
    if width * height > max_pixels:
        raise over_limit((width, height), max_pixels)
    take(bit_field_bytes((width, height)))
    row = -(-width * header.bits // 32) * 4
    file.seek(header.data_at)
    data = file.read(row * height)
    if len(data) < row * height:
        raise PageError("truncated: the image data end early")
    kind = "<u2" if header.bits == 16 else "<u4"
    values = np.frombuffer(data, kind).reshape(height, -1)[:, :width].astype(np.uint32)
    values = values if header.height < 0 else values[::-1]
    channels = [_channel(values, mask) for mask in masks[:3]]
    page = np.stack(channels, -1)  # uint8 [height, width, 3]
    if masks[3]:
        opacity = _channel(values, masks[3])
        if opacity.any():  # many writers leave it at zero and mean nothing by it
            page = on_white(page, opacity)
    return Image.fromarray(page)


def _channel(values: np.ndarray, mask: int) -> np.ndarray:
    if not mask:
        return np.zeros(values.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    top = mask >> shift
    if top & (top + 1):
        raise PageError("not supported: BMP with masks that have holes")
    return (((values & np.uint32(mask)) >> np.uint32(shift)).astype(np.uint64) * 255 // top).astype(np.uint8)
