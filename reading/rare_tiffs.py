"""TIFFs that Pillow cannot read, or reads wrong without a word: a second reader, asked for these only.

    if reads_wrong(image.tag_v2):
        page = read_rare_tiff(path, 0, max_pixels=700_000_000)      # the file's first directory, upright, "L" or "RGB"

12, 16, 24 or 64 bits a sample, 16-bit planes, floats of three channels, YCbCr without compression, JPEG 2000, WebP or
Zstandard inside, BigTIFFs of big-endian machines. What this reader does not know is "not supported", which is another
thing than damaged.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from reading.colours import as_bytes, first_of, lab_to_rgb, on_white
from reading.memory_gate import take
from reading.page_errors import SENSELESS, TIFF_ERRORS, PageError, over_limit, reason_of, without_codecs
from reading.page_memory import rare_tiff_bytes
from reading.tiff_frames import numbers_of

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2
    from tifffile import TiffPage

# Tags: BitsPerSample, Compression, PhotometricInterpretation, SamplesPerPixel, PlanarConfiguration, SampleFormat
_BITS, COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR, _FORMAT = 258, 259, 262, 277, 284, 339
_ORIENTATION = 274
_SIGNED, _FLOAT = 2, 3
COMMON_COMPRESSIONS = {1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32946}  # of which Pillow's failure means damage
_PALETTE, _CMYK, _YCBCR, _CIELAB, _ICCLAB = 3, 5, 6, 8, 9
_COLOURS = {0: 1, 1: 1, 2: 3, _PALETTE: 1, 4: 1, _CMYK: 4, _YCBCR: 3, _CIELAB: 3, _ICCLAB: 3}  # channels, without alpha
_APERIO_YCBCR = 33003  # JPEG 2000 whose channels are YCbCr: the decoder does not know
_NAMES = {
    32803: "camera raw (colour filter array)",
    34892: "camera raw (linear)",
    32844: "LogL",
    32845: "LogLuv",
}
_CODECS = "requires the 'imagecodecs'"  # in tifffile's words, as are these:
_UNKNOWN = ("not supported", "is not a known", _CODECS)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def reads_wrong(tags: ImageFileDirectory_v2) -> bool:
    """Whether Pillow gives noise or an empty page for a directory with these tags, instead of an error."""

    def number(tag: int) -> int:
        return (numbers_of(tags.get(tag)) or [0])[0]

    samples, planar = number(_SAMPLES) or 1, number(_PLANAR) or 1
    bits, photometric = number(_BITS) or 1, number(_PHOTOMETRIC)
    if planar == 2 and samples > 1 and (bits != 8 or samples != 3):
        return True  # 16-bit planes: noise; grey and alpha in planes: white
    compressed = (number(COMPRESSION) or 1) != 1
    if number(_FORMAT) in (_SIGNED, _FLOAT) and (bits == 8 or (compressed and tags.prefix == b"MM")):
        return True  # -1 is 255; libtiff has turned the bytes round, Pillow turns them again
    return photometric == _YCBCR and not compressed


def read_rare_tiff(path: Path, directory: int, max_pixels: int) -> Image.Image:
    """A directory of a TIFF (counted from 0) as an upright image in mode "L" or "RGB".

    PageError: over the limit, not supported, damaged.
    """
    import tifffile

    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # it reports what is odd; nobody asked
    with _tifffile():
        file = tifffile.TiffFile(path)
    with file:
        with _tifffile():
            page = file.pages[directory]
        _check_numbers(page)
        size = page.imagewidth, page.imagelength
        if size[0] * size[1] > max_pixels:
            raise over_limit(size, max_pixels)
        _check_supported(page)
        take(rare_tiff_bytes(size, page.samplesperpixel, first_of(page.bitspersample), int(page.planarconfig)))
        image = _image_of(page)
        turn = first_of(_value(page, _ORIENTATION))
        return image.transpose(_TURNS[turn]) if isinstance(turn, int) and turn in _TURNS else image


@contextlib.contextmanager
def _tifffile(page: TiffPage | None = None) -> Iterator[None]:
    """Around a call of tifffile, which is Python and checks few values. page: of which it is asked."""
    import tifffile

    try:
        yield
    except tifffile.TiffFileError:
        raise PageError("damaged: its header cannot be read") from None
    except ModuleNotFoundError:  # without imagecodecs, Zstandard is asked of Python 3.14
        raise without_codecs(_kind_of(page)) from None
    except TIFF_ERRORS as error:  # RuntimeError: of its codecs (imagecodecs)
        if page and _CODECS in str(error) and find_spec("imagecodecs") is None:
            raise without_codecs(_kind_of(page)) from None
        unknown = isinstance(error, NotImplementedError) or any(words in str(error) for words in _UNKNOWN)
        raise _not_supported(page) if unknown and page else PageError(reason_of(error)) from None


def _value(page: TiffPage, tag: int, default: object = None) -> object:
    with _tifffile(page):
        return page.tags.valueof(tag, default)


def _check_numbers(page: TiffPage) -> None:
    """Raises PageError where a header has lists, texts or fractions for what is one whole number."""
    numbers = [
        page.imagewidth, page.imagelength, page.imagedepth, page.samplesperpixel, first_of(page.bitspersample),
        page.rowsperstrip, page.compression, page.planarconfig, page.photometric, *page.dataoffsets,
        *page.databytecounts, *page.extrasamples,
    ]  # fmt: skip
    if not all(isinstance(number, int) for number in numbers):
        raise PageError(SENSELESS)


def _not_supported(page: TiffPage) -> PageError:
    return PageError(f"not supported: {_kind_of(page)}")


def _kind_of(page: TiffPage) -> str:
    """Of what kind a TIFF is, as far as readers differ."""
    said = [f"{first_of(page.bitspersample)}-bit TIFF"]
    colours, compression = int(page.photometric), int(page.compression)
    if colours not in _COLOURS:
        said.append(_NAMES.get(colours) or f"colours {colours}")
    elif compression != 1:
        said.append(f"compression {getattr(page.compression, 'name', compression)}")
    return ", ".join(said)


def _check_supported(page: TiffPage) -> None:
    if not (page.imagewidth and page.imagelength and sum(page.databytecounts)):
        raise PageError("damaged: its header cannot be read")
    colours = _COLOURS.get(int(page.photometric))
    if colours is None or page.imagedepth > 1 or page.samplesperpixel < colours or page.dtype is None:
        raise _not_supported(page)
    bits, planes = first_of(page.bitspersample), page.samplesperpixel if page.planarconfig == 1 else 1
    if page.dtype.kind not in "bufi" or (bits == 1 and planes > 1):  # complex numbers; tifffile mixes up such bits
        raise _not_supported(page)
    # A header may claim any size: what is there cannot be larger than 100,000 times the bytes that it is made of.
    if np.prod(page.shape) > 100_000 * max(1, sum(page.databytecounts)):
        raise PageError("damaged: its header claims far more pixels than its data can hold")


def _image_of(page: TiffPage) -> Image.Image:
    photometric, samples, bits = int(page.photometric), page.samplesperpixel, first_of(page.bitspersample)
    if photometric == _YCBCR and int(page.compression) == 1:
        values = _uncompressed_ycbcr(page)
    elif bits == 24 and page.dtype.kind in "iu":
        values = _of_24_bits(page)
    else:
        with _tifffile(page):
            values = page.asarray()
    if page.axes == "SYX" and values.ndim == 3 and photometric != _YCBCR:
        values = np.moveaxis(values, 0, -1)
    if values.size % (page.imagelength * page.imagewidth):
        raise PageError(SENSELESS)
    values = values.reshape(page.imagelength, page.imagewidth, -1)  # [height, width, samples]
    if photometric == _YCBCR and int(page.compression) == _APERIO_YCBCR:
        if values.dtype != np.uint8:
            raise _not_supported(page)
        values = np.asarray(Image.fromarray(values[..., :3], "YCbCr").convert("RGB"))
    if photometric == _PALETTE:
        return _coloured(values[..., 0], page.colormap)
    count = _COLOURS[photometric]
    colours, extra = values[..., :count], values[..., count:]
    if photometric in (_CIELAB, _ICCLAB):
        if values.dtype.itemsize > 2 or values.dtype.kind == "f" or bits < 8:
            raise _not_supported(page)
        high = (colours.view(f"u{colours.dtype.itemsize}") >> (bits - 8)).astype(np.uint8)
        return lab_to_rgb(high, signed=photometric == _CIELAB)
    grey = as_bytes(colours, bits)  # uint8 [height, width, colours]
    if photometric == 0:
        grey = 255 - grey
    if photometric == _CMYK:
        grey = np.asarray(Image.fromarray(grey, "CMYK").convert("RGB"))
    alpha = _alpha_of(page, samples, count)
    if alpha is not None and extra.shape[-1]:
        grey = on_white(grey, as_bytes(extra[..., 0], bits), premultiplied=alpha == 1)
    return Image.fromarray(grey[..., 0] if grey.shape[-1] == 1 else grey)


def _alpha_of(page: TiffPage, samples: int, colours: int) -> int | None:
    """1: the first further sample is opacity, and the colours are multiplied with it; 2: they are not; None: no
    opacity. Where a writer said nothing, one sample more than colours is opacity."""
    if page.tags.get(338) is None:
        return 2 if samples == colours + 1 else None
    kind = first_of(tuple(int(kind) for kind in page.extrasamples))
    return kind if kind in (1, 2) else None


def _coloured(indices: np.ndarray, colormap: np.ndarray | None) -> Image.Image:
    is_whole = colormap is not None and colormap.ndim == 2 and len(colormap) == 3 and colormap.shape[1]
    if not is_whole or indices.dtype.kind not in "bu":
        raise PageError(SENSELESS)
    table = colormap // 257 if colormap.max() > 255 else colormap  # [3, colours]; some writers have 8 bits
    return Image.fromarray(np.ascontiguousarray(table.astype(np.uint8).T[np.minimum(indices, table.shape[1] - 1)]))


def _of_24_bits(page: TiffPage) -> np.ndarray:
    """Three bytes a sample in the file's order, which tifffile (2026.3) turns round; uint32, of the page's shape."""
    if page.is_tiled or int(page.compression) != 1:
        raise _not_supported(page)
    data = b"".join(_strips(page))
    samples = np.prod(page.shape)
    if len(data) < 3 * samples:
        raise PageError("truncated: the image data end early")
    parts = np.frombuffer(data, np.uint8)[: 3 * samples].reshape(-1, 3).astype(np.uint32)
    low, middle, high = parts.T if page.parent.byteorder == "<" else parts.T[::-1]
    return (low | middle << 8 | high << 16).reshape(page.shape)


def _strips(page: TiffPage) -> Iterator[bytes]:
    """Each strip as it lies in the file."""
    if len(page.dataoffsets) != len(page.databytecounts):
        raise PageError(SENSELESS)
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        with _tifffile(page):
            page.parent.filehandle.seek(offset)
            stored = page.parent.filehandle.read(count)
        yield stored


def _uncompressed_ycbcr(page: TiffPage) -> np.ndarray:
    """YCbCr whose colours have fewer samples than its brightness, as it lies in the strips: uint8 [height, width, 3].

    A unit is `across` x `down` values of brightness, then one of each colour.
    """
    subsampling = numbers_of(_value(page, 530, (2, 2)))
    if len(subsampling) != 2 or min(subsampling) < 1:
        raise PageError(SENSELESS)
    across, down = subsampling
    if page.planarconfig == 2 or page.is_tiled or first_of(page.bitspersample) != 8 or page.samplesperpixel != 3:
        raise _not_supported(page)
    width, height, rows = page.imagewidth, page.imagelength, min(page.rowsperstrip, page.imagelength)
    if len(page.dataoffsets) * rows < height:
        raise PageError("truncated: parts of the image are missing")
    unit, units = across * down + 2, -(-width // across)
    planes = np.empty((height, width, 3), np.float32)
    for strip, stored in enumerate(_strips(page)):
        top = strip * rows
        wanted = min(rows, height - top)
        if wanted <= 0:
            break
        unit_rows = -(-wanted // down)
        data = np.frombuffer(stored, np.uint8)
        if len(data) < unit_rows * units * unit:
            raise PageError("truncated: the image data end early")
        data = data[: unit_rows * units * unit].reshape(unit_rows, units, unit)
        bright = data[..., :-2].reshape(unit_rows, units, down, across).swapaxes(1, 2)
        planes[top : top + wanted, :, 0] = bright.reshape(unit_rows * down, units * across)[:wanted, :width]
        for channel in (1, 2):
            colour = data[..., channel - 3].repeat(down, 0).repeat(across, 1)
            planes[top : top + wanted, :, channel] = colour[:wanted, :width]
    return _rgb_of_ycbcr(planes, page)


def _rgb_of_ycbcr(planes: np.ndarray, page: TiffPage) -> np.ndarray:
    """By the formula of TIFF 6.0, section 21, and the file's own coefficients."""
    red, green, blue = _ratios(_value(page, 529), 3) or (0.299, 0.587, 0.114)
    black_white = _ratios(_value(page, 532), 6) or (0, 255, 128, 255, 128, 255)
    for channel, (black, white) in enumerate(zip(black_white[::2], black_white[1::2], strict=True)):
        planes[..., channel] = (planes[..., channel] - black) * ((127 if channel else 255) / ((white - black) or 1))
    y, cb, cr = planes[..., 0], planes[..., 1], planes[..., 2]
    r, b = y + (2 - 2 * red) * cr, y + (2 - 2 * blue) * cb
    g = (y - blue * b - red * r) / (green or 1)
    return np.clip(np.rint(np.stack([r, g, b], -1)), 0, 255).astype(np.uint8)


def _ratios(value: object, count: int) -> tuple[float, ...] | None:
    """Fractions as tifffile gives them: numerator, denominator, numerator ..."""
    if not isinstance(value, tuple) or len(value) != 2 * count or not all(value[1::2]):
        return None
    return tuple(above / below for above, below in zip(value[::2], value[1::2], strict=True))
