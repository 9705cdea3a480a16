"""What a page takes of memory while it is decoded and made grey or RGB, told from its header; and how much smaller it
must be decoded to stay within the budget.

    power = fitting_power(image, "jpeg", size_of(file), max_pixels=700_000_000)     # 1: at half its size

`python benchmarks/memory.py --estimates` measures what is said here: peaks of resident memory, in bytes a pixel, of
one page of each kind that is decoded alone and brought to the model's size. An estimate is what was measured (Pillow
13.0, OpenJPEG 2.5, Linux), rounded up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from PIL import Image, ImageFile

from reading.jp2_header import Jp2Header
from reading.memory_gate import budget, take
from reading.page_errors import TIFF_ERRORS, PageError, over_limit, over_memory

# Bytes a pixel, by Pillow's mode: as it is stored, and at most while it is made "L" or "RGB" (colours.py).
_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
_MOST_STORED = 4
_AS_PAGE = {
    "1": 2, "L": 1, "P": 5, "RGB": 4, "CMYK": 8, "YCbCr": 8, "LAB": 8, "LA": 7, "La": 11, "RGBX": 8, "RGBA": 13,
    "I;16": 6, "I;16B": 6, "I;16L": 6, "I": 12, "F": 12,
}  # fmt: skip
_MOST_AS_PAGE = 17
_TRANSPARENT = {"RGB": 17}  # with a transparent colour or palette: as RGBA on the way
_MOST_TRANSPARENT = 14
_OPENJPEG = 5.4  # a component: 32 bits, and what belongs to its wavelets
_WEBP, _WEBP_ALPHA = 17, 22
_AVIF, _AVIF_ALPHA = 14, 22  # of 10 or 12 bits, its colours at full size; the usual ones take 9 and 17
_ALL_CHANNELS = 5  # of a JPEG 2000 whose channels are put in order (jp2.true_colours), a component
_DEEP_JP2 = 7  # a component of more than 8 bits, by the second decoder
_BIT_FIELDS = 27
_JPEG_POWER, _JP2_POWER = 3, 5  # at most
_ORIENTED = {"Raw profile type exif", "XML:com.adobe.xmp", "xmp"}  # texts of a PNG that may say which way is up
_SLACK = 1.02, 2_000_000  # of all estimates: what libraries keep for themselves


def image_bytes(
    image: ImageFile.ImageFile, kind: str, file_size: int, power: int = 0, header: Jp2Header | None = None
) -> int:
    """What an open image of a format without pages will take, in bytes, decoded at 1 / 2**power of its size.

    header: of a JPEG 2000.
    """
    pixels = image.size[0] * image.size[1]
    reduced = pixels / 4**power
    stored = stored_bytes(image.mode)
    channels = len(image.getbands())
    most = reduced * max(as_page_bytes(image.mode, image.info), 2 * stored if kind == "jp2" or _is_turned(image) else 0)
    if kind == "jpeg":
        coefficients = pixels * 2 * channels if image.info.get("progressive") else 0
        per_pixel = channels if channels != 3 or power else 7  # simplejpeg's pixels, then Pillow's
        stored_once = channels if coefficients else per_pixel
        decoding = max(reduced * stored_once + coefficients, reduced * per_pixel) + file_size
    elif header is not None:
        tile = header.tile[0] * header.tile[1] / 4**power
        decoding = tile * _OPENJPEG * max(channels, header.components) + reduced * stored + file_size
        if not header.is_plain:
            most = max(most, reduced * (stored + _ALL_CHANNELS * channels))
    elif kind == "webp":
        decoding = pixels * (_WEBP_ALPHA if channels == 4 else _WEBP) + file_size
    elif kind == "avif":
        decoding = pixels * (_AVIF_ALPHA if channels == 4 else _AVIF) + file_size
    elif kind == "png":
        decoding = pixels * stored + 3 * file_size  # one that is black at its end is looked at once more
    else:
        decoding = pixels * (stored + (kind == "bmp" and image.tile[0].codec_name == "bmp_rle"))
    return with_slack(max(decoding, most))


def as_page_bytes(mode: str, info: Mapping[object, object]) -> int:
    """Bytes a pixel from the decoded image to the page in "L" or "RGB", at most."""
    if "transparency" in info and not mode.startswith("I"):
        return _TRANSPARENT.get(mode, _MOST_TRANSPARENT)
    return _AS_PAGE.get(mode, _MOST_AS_PAGE)


def stored_bytes(mode: str) -> int:
    """Bytes a pixel of a Pillow image."""
    return _STORED.get(mode, _MOST_STORED)


def deep_jp2_bytes(size: tuple[int, int], components: int, file_size: int) -> int:
    """What a JPEG 2000 of several channels of more than 8 bits will take."""
    return with_slack(size[0] * size[1] * _DEEP_JP2 * components + file_size)


def rare_tiff_bytes(size: tuple[int, int], samples: int, bits: int, planes: int) -> int:
    """What a directory of a TIFF will take that the second reader reads (rare_tiffs.py); planes: 1, or 2 where samples
    lie in planes, which are brought together first.
    """
    sample = next((width for width in (1, 2, 4) if bits <= 8 * width), 8)  # bytes
    return with_slack(size[0] * size[1] * (samples * (sample * planes + 1) + 8))


def bit_field_bytes(size: tuple[int, int]) -> int:
    """What a BMP will take whose colours lie where its masks say (bmp.py)."""
    return with_slack(size[0] * size[1] * _BIT_FIELDS)


def with_slack(size: float) -> int:
    """An estimate with what libraries keep for themselves."""
    return int(size * _SLACK[0]) + _SLACK[1]


def fitting_power(
    image: ImageFile.ImageFile, kind: str, file_size: int, max_pixels: int, header: Jp2Header | None = None
) -> int:
    """By which power of two an open image must be reduced, 0 where it need not be; takes its memory (memory_gate.py).

    Raises PageError where even the smallest that the file can give is over the limit of pixels or of memory.
    """
    width, height = image.size
    most = _JPEG_POWER if kind == "jpeg" else min(_JP2_POWER, _halvings(header, image.mode)) if header else 0
    for power in range(most + 1):
        if -(-width // 2**power) * -(-height // 2**power) > max_pixels:
            continue
        needed = image_bytes(image, kind, file_size, power, header)
        if needed <= budget():
            take(needed)
            return power
    raise too_large(image, kind, file_size, max_pixels, header)


def too_large(
    image: ImageFile.ImageFile, kind: str, file_size: int, max_pixels: int, header: Jp2Header | None = None
) -> PageError:
    """Why an open image cannot be decoded at all."""
    if image.size[0] * image.size[1] > max_pixels:
        return over_limit(image.size, max_pixels)
    return over_memory(image_bytes(image, kind, file_size, 0, header), budget())


def _halvings(header: Jp2Header, mode: str) -> int:
    """How often a JPEG 2000 can be halved: the numbers of a palette mean nothing then."""
    return 0 if header.palette is not None or mode in ("P", "PA") else header.levels


def _is_turned(image: Image.Image) -> bool:
    if image.format == "PNG" and "exif" not in image.info and getattr(image, "tile", None):
        # Pillow would decode the whole picture, to look for it behind the data (`_loaded` in decoding.py asks again).
        return not _ORIENTED.isdisjoint(image.info)
    with contextlib.suppress(*TIFF_ERRORS):  # broken metadata: it will not be turned
        return image.getexif().get(0x0112, 1) != 1
    return False
