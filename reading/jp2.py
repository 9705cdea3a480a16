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
from dataclasses import replace
from importlib.util import find_spec
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

from reading.colours import as_bytes, lab_to_rgb, on_white
from reading.jp2_header import CMY, COLOUR, LAB, OPACITY, PREMULTIPLIED, SYCC, YCC, Jp2Header, tile_parts
from reading.memory_gate import take
from reading.page_errors import PageError, decoder, over_limit, without_codecs
from reading.page_memory import deep_jp2_bytes

_SRGB, _CMYK = 16, 12  # EnumCS of a colour specification


def as_pillow_reads_it(file: BinaryIO, header: Jp2Header) -> BinaryIO:
    """The file, or a copy in memory with what stops OpenJPEG or makes Pillow convert what it must not.

    Some writers number six tile parts 0 to 5 and say that there are five: "not known" (0) is allowed, and read. Where
    the channels of sYCC stand in another order, Pillow is told that they are RGB, and `true_colours` converts them.
    """
    miscounted = [position for position, number, count in tile_parts(file, header) if 0 < count <= number]
    as_they_are = header.colours == SYCC and not header.is_plain
    if not miscounted and not as_they_are:
        file.seek(0)
        return file
    counts = [position for position, _, _ in tile_parts(file, header)] if miscounted else []
    file.seek(0)
    data = bytearray(file.read())
    for position in counts:
        data[position + 11] = 0  # TNsot
    if as_they_are:
        struct.pack_into(">I", data, header.colours_at, _SRGB)
    return io.BytesIO(data)


def read_deep_jp2(file: BinaryIO, header: Jp2Header, max_pixels: int) -> Image.Image:
    """A picture of several channels of more than eight bits, in mode "L" or "RGB", by a second decoder."""
    if find_spec("imagecodecs") is None:
        raise without_codecs(f"JPEG 2000 of {header.bits} bits")
    import imagecodecs

    if header.size[0] * header.size[1] > max_pixels:
        raise over_limit(header.size, max_pixels)
    take(deep_jp2_bytes(header.size, header.components, file.seek(0, io.SEEK_END)))
    file.seek(0)
    data = file.read()
    with decoder(RuntimeError, ValueError):  # Jpeg2kError; NotImplementedError
        values = imagecodecs.jpeg2k_decode(data)  # [height, width, channels], in order, and sYCC is RGB by now
    if values.dtype.kind == "i":
        values = (values.astype(np.int64) + 2 ** (header.bits - 1)).astype(np.uint32)
    values = as_bytes(values.reshape(*values.shape[:2], -1), header.bits)
    opacity = values.shape[-1] - 1 if header.opacity else None
    kinds = [(COLOUR, channel + 1) for channel in range(values.shape[-1])]
    if opacity is not None:
        kinds[opacity] = (PREMULTIPLIED if header.opacity[1] else OPACITY, 0)
    colours = 0 if header.colours == SYCC else header.colours
    if colours == _CMYK and values.shape[-1] == 4:
        return Image.fromarray(values, "CMYK").convert("RGB")
    as_decoded = replace(header, colours=colours, channels=tuple(kinds) if header.channels else (), palette=None)
    return _coloured(values, as_decoded)


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
    if colours.shape[-1] == 3 and header.colours in YCC:
        colours = np.asarray(Image.fromarray(colours, "YCbCr").convert("RGB"))
    elif colours.shape[-1] == 3 and header.colours == LAB:
        colours = np.asarray(_lab(colours, header.lab))
    elif header.colours == CMY:
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


def set_reduction(image: ImageFile.ImageFile, power: int) -> None:
    """Makes an open JPEG 2000 load at 1 / 2**power of its size.

    Pillow's own `reduce` rounds sizes to the nearest where the decoder rounds them up, and then fails: at three of five
    sizes for an eighth.
    """
    tile = image.tile[0]
    image._size = size = tuple(-(-side // 2**power) for side in image.size)
    image.tile = [tile._replace(extents=(0, 0, *size), args=(tile.args[0], power, *tile.args[2:]))]
