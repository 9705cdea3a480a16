"""From a file to a page: every format, colour mode and frame becomes one upright Pillow image in mode "L" or "RGB".

    page = read_page(Path("CTX194603902-14.png"), None, min_side=224, max_pixels=700_000_000)

The content decides how a file is read, its extension only whether it is looked at. Every failure is a `PageError` with
a plain reason; a damaged or hostile file never stops a run. Truncated files fail (see containers.py for what is
checked and for the limits). Colour profiles are not applied.

Pillow's own "decompression bomb" limit is switched off for the whole process at the first read: ours, `max_pixels`, is
judged from the header before anything is decoded. Pillow's warnings about odd metadata are silenced at the same time.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import stat
import struct
import threading
import warnings
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from containers import HEAD, PageError, check_strips, check_whole, kind_of, tiff_frames
from tiff_errors import tiff_errors

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

__all__ = ["PageError", "close_files", "count_frames", "read_page"]

PILLOW_FORMATS = {
    "png": "PNG",
    "jpeg": "JPEG",
    "tiff": "TIFF",
    "jp2": "JPEG2000",
    "webp": "WEBP",
    "bmp": "BMP",
}
# A PDF page is drawn with its shorter side at 4 x the model's: at 2 x, thin strokes of scanned bitmaps come out up to
# 10 grey levels off the same page at 300 dpi, at 4 x less than 2, for 3 ms more.
PDF_OVERSAMPLING = 4
PDF_MAX_PIXELS = 30_000_000  # no page needs more at any model's size; a drawing of 1:1000 would
OPEN_PDFS = 4
PDF_PAGES = 200  # read from one opening: PDFium keeps what it has seen of a document, 0.1 MB a page
OPEN_TIFFS = 8

# Whatever a decoder may raise on a hostile file; a bug of ours that raises one of these would show as a page's reason.
_DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,  # PdfiumError, RecursionError
    EOFError,
    MemoryError,
    BufferError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

_FileId = tuple[str, int, int]
_pdf_lock = threading.RLock()  # PDFium is not thread-safe: every call into it, closing included, stands under this lock
_open_pdfs: OrderedDict[_FileId, tuple[PdfDocument, int]] = OrderedDict()  # and how many pages were read
_tiff_lock = threading.Lock()
_idle_tiffs: list[tuple[_FileId, ImageFile.ImageFile]] = []  # least recently used first; one in use is not in the list
_prepared = threading.Event()


def count_frames(path: Path) -> int | None:
    """Number of frames of a TIFF with several, or of pages of a PDF; None where the file is one single image.

    Reads directories only, nothing is decoded. Raises PageError for a file whose frames cannot be counted.
    """
    _prepare()
    try:
        with _open(path) as file:
            kind = _kind(path, file)
            if kind == "tiff":
                frames = tiff_frames(file)
                return frames if frames > 1 else None
            if kind != "pdf":
                return None
            check_whole(file, kind)
        with _pdf_lock:
            document = _load_pdf(path)
            try:
                return len(document)
            finally:
                document.close()
    except PageError:
        raise
    except _DECODING_ERRORS as error:
        raise PageError(_reason(error)) from None


def read_page(path: Path, frame: int | None, *, min_side: int, max_pixels: int) -> Image.Image:
    """One page as an upright Pillow image in mode "L" or "RGB"; safe to call from several threads.

    `frame` counts from 0 in a TIFF or PDF, None is a file of one image. `min_side` is the model's input side in
    pixels: a PDF page is drawn with its shorter side at least twice that. An image of more than `max_pixels` pixels is
    refused; JPEG and JPEG 2000 are decoded at a half, a quarter ... of their size instead where that brings them under
    the limit. Values of 16 bits become 8 by their range (65535 -> 255), so 12-bit data in a 16-bit file stay as dark
    as they are; floats are taken as 0..1, 0..255 or 0..65535, else stretched from their least to their greatest value;
    transparency goes onto white. Raises PageError, and nothing else, for a page that cannot be read whole.
    """
    _prepare()
    try:
        with _open(path) as file:
            kind = _kind(path, file)
            if kind == "pdf":
                if frame is None:
                    raise PageError("a PDF although its name does not say so: rename it to .pdf")
                return _read_pdf(path, file, frame, min_side, max_pixels)
            if kind == "tiff":
                frames = tiff_frames(file) if frame is None else 1
                if frames > 1:
                    raise PageError(f"holds {frames} frames where one image was expected: rename it to .tif")
                return _read_tiff(path, file, frame or 0, max_pixels)
            if frame is not None:
                raise PageError(f"frame {frame + 1} is missing: the file changed while the run was on")
            check_whole(file, kind)
            file.seek(0)
            image = Image.open(file, formats=[PILLOW_FORMATS[kind]])
            _load(image, kind, max_pixels)
            page = _grey_or_rgb(_upright(image))
            return page.copy() if kind == "jp2" and page is image else page  # its `reduce` is a number, not a method
    except PageError:
        raise
    except _DECODING_ERRORS as error:
        raise PageError(_reason(error)) from None


def close_files() -> None:
    """Closes the documents that are kept open between pages (the loader calls it at its end)."""
    with _pdf_lock:
        while _open_pdfs:
            _open_pdfs.popitem()[1][0].close()
    with _tiff_lock:
        while _idle_tiffs:
            _idle_tiffs.pop()[1].close()


def _prepare() -> None:
    if _prepared.is_set():
        return
    Image.MAX_IMAGE_PIXELS = None
    warnings.filterwarnings("ignore", module=r"PIL\.")
    for name in ("PIL", "pypdfium2"):  # otherwise Python prints the warnings of a logger that nobody listens to
        logging.getLogger(name).addHandler(logging.NullHandler())
    _prepared.set()


def _open(path: Path) -> BinaryIO:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise PageError("not a file")  # opening a pipe would wait for ever
    if status.st_size == 0:
        raise PageError("the file is empty")
    return path.open("rb")


def _kind(path: Path, file: BinaryIO) -> str:
    kind = kind_of(file.read(HEAD))
    if not kind:
        raise PageError(f"not an image although its name ends in {path.suffix or 'nothing'}")
    return kind


def _reason(error: Exception) -> str:
    """A decoder's exception in the words of the errors table."""
    if isinstance(error, FileNotFoundError):
        return "vanished while the run was on"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, UnidentifiedImageError):
        return "damaged: its header cannot be read"
    if isinstance(error, OSError) and error.errno:
        return f"cannot be read: {(os.strerror(error.errno)).lower()}"
    text = " ".join(str(error).split())
    if "truncated" in text.lower() or isinstance(error, EOFError | struct.error):
        return "truncated: the image data end early"
    return f"damaged: {text[:200] or type(error).__name__}"


def _over_limit(size: tuple[int, int], max_pixels: int) -> PageError:
    width, height = size
    pixels, limit = (f"{number:.2g}".replace("e+0", "e").replace("e+", "e") for number in (width * height, max_pixels))
    return PageError(
        f"over the pixel limit: {width} x {height} = {pixels} pixels, limit {limit} (raise [input] max_pixels)"
    )


def _load(image: ImageFile.ImageFile, kind: str, max_pixels: int) -> None:
    """Decodes, at full size or - over the limit, where the format can - at the largest reduced size that is under
    it.
    """
    size = width, height = image.size
    if width * height <= max_pixels:
        image.load()
        return
    for power in (1, 2, 3) if kind == "jpeg" else (1, 2, 3, 4, 5) if kind == "jp2" else ():
        part = 2**power
        if -(-width // part) * -(-height // part) > max_pixels:
            continue
        if kind == "jpeg":
            image.draft(None, (max(1, width // part), max(1, height // part)))
        else:
            image.reduce = power
        break
    else:
        raise _over_limit(size, max_pixels)
    if kind == "jpeg" and image.size[0] * image.size[1] > max_pixels:
        raise _over_limit(size, max_pixels)
    try:
        image.load()
    except _DECODING_ERRORS as error:  # a JPEG 2000 file may hold fewer reduced sizes
        raise (_over_limit(size, max_pixels) if kind == "jp2" else error) from None


def _upright(image: Image.Image) -> Image.Image:
    with contextlib.suppress(*_DECODING_ERRORS):  # broken metadata: the page is read as it lies
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _grey_or_rgb(image: Image.Image) -> Image.Image:
    """Any mode of Pillow as "L" or "RGB", before any resizing (1-bit and palette images resize to the nearest
    pixel).
    """
    mode = image.mode
    if mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    if mode.startswith(("I", "F")):
        return _grey_from_deep(image)
    if mode == "LAB":
        from PIL import ImageCms

        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    if mode == "La":
        image, mode = image.convert("LA"), "LA"
    if mode in ("LA", "RGBA", "RGBa", "PA") or "transparency" in image.info:
        if mode not in ("LA", "RGBA"):
            image = image.convert("RGBA")
        opaque = "L" if image.mode == "LA" else "RGB"
        page = Image.new(opaque, image.size, "white")
        page.paste(image.convert(opaque), mask=image.getchannel("A"))
        return page
    return image.convert("L" if mode == "1" else "RGB")


def _grey_from_deep(image: Image.Image) -> Image.Image:
    """Grey of 12, 16 or 32 bits or floats as 8 bits, scaled by the range of its type, never clipped."""
    values = np.asarray(image)  # [height, width]
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16"):
        top = 4095 if _first(tags.get(258)) == 12 else 65535
        table = np.minimum((np.arange(65536) * 255 + top // 2) // top, 255).astype(np.uint8)
        grey = table[values]
        if _first(tags.get(262)) == 0:  # white is zero: Pillow leaves that to us at 16 bits
            grey = 255 - grey
        if isinstance(image.info.get("transparency"), int):
            grey[values == image.info["transparency"]] = 255
        return Image.fromarray(grey)
    if not np.isfinite(values).all():
        raise PageError("damaged: some of its pixels are no numbers")
    least, most = float(values.min()), float(values.max())
    if image.mode == "I" and _first(tags.get(258)) == 32 and _first(tags.get(339)) in (None, 1) and most > 65535:
        least, most = 0.0, float(2**32 - 1)
        values = values.astype(np.int32).view(np.uint32)
    elif least >= 0 and image.mode == "I" and most <= 65535:
        least, most = 0.0, 65535.0
    elif least >= 0 and most <= 65535:
        least, most = 0.0, next(top for top in (1.0, 255.0, 65535.0) if most <= top)
    grey = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), 256):  # in bands: doubles of a whole page would take eight times its memory
        part = (values[row : row + 256].astype(np.float64) - least) * (255.0 / max(most - least, 1e-300))
        grey[row : row + 256] = np.rint(part)
    return Image.fromarray(grey)


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple) and value else value


def _file_id(path: Path, file: BinaryIO) -> _FileId:
    status = os.fstat(file.fileno())
    return str(path), status.st_size, status.st_mtime_ns


def _read_tiff(path: Path, file: BinaryIO, frame: int, max_pixels: int) -> Image.Image:
    """A frame of a TIFF. Files of many frames stay open: finding frame k walks k directories, once and not k times."""
    file_id = _file_id(path, file)
    image = _take_tiff(file_id, frame)
    if image is None:
        image = Image.open(path.open("rb"), formats=["TIFF"])
        image._exclusive_fp = (
            True  # so that image.close() closes the file; given a path, Pillow would map it into memory
        )
    keep = False
    try:
        image.seek(frame)
        size = image.size
        check_strips(file, image.tag_v2)
        if size[0] * size[1] > max_pixels:
            raise _over_limit(size, max_pixels)
        with tiff_errors() as reports:
            image.load()
        if any(report.startswith("Fax") for report in reports):
            raise PageError("damaged: its fax data (Group 3 or 4) are broken")
        page = _grey_or_rgb(image)
        page = page.copy() if page is image else page
        image.im = None  # an open TIFF would keep its last frame in memory
        keep = getattr(image, "is_animated", False)
        return page
    except EOFError:
        raise PageError(f"frame {frame + 1} is missing: the file changed while the run was on") from None
    finally:
        if keep:
            _put_tiff(file_id, image)
        else:
            image.close()


def _take_tiff(file_id: _FileId, frame: int) -> ImageFile.ImageFile | None:
    with _tiff_lock:
        for position in range(len(_idle_tiffs) - 1, -1, -1):
            # Never the frame it stands on: its pixels are gone, and Pillow decodes a frame once only.
            if _idle_tiffs[position][0] == file_id and _idle_tiffs[position][1].tell() != frame:
                return _idle_tiffs.pop(position)[1]
    return None


def _put_tiff(file_id: _FileId, image: ImageFile.ImageFile) -> None:
    with _tiff_lock:
        _idle_tiffs.append((file_id, image))
        while len(_idle_tiffs) > OPEN_TIFFS:
            _idle_tiffs.pop(0)[1].close()


def _load_pdf(path: Path) -> PdfDocument:
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(path.absolute())
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == raw.FPDF_ERR_PASSWORD:
            raise PageError("encrypted PDF: needs a password") from None
        if code == raw.FPDF_ERR_SECURITY:
            raise PageError("encrypted PDF: its protection is not supported") from None
        raise PageError("damaged: not a readable PDF, or one without pages") from None
    document.init_forms()  # before any page is opened; form fields are drawn with the pages
    return document


def _read_pdf(path: Path, file: BinaryIO, frame: int, min_side: int, max_pixels: int) -> Image.Image:
    """A page of a PDF as it is shown on screen: turned as the file says, with form fields and annotations."""
    file_id = _file_id(path, file)
    with _pdf_lock:
        document, read = _open_pdfs.pop(file_id, (None, 0))
        if document is not None and read >= PDF_PAGES:
            document.close()
            document, read = None, 0
        if document is None:
            check_whole(file, "pdf")
            document = _load_pdf(path)
        _open_pdfs[file_id] = document, read + 1
        while len(_open_pdfs) > OPEN_PDFS:
            _open_pdfs.popitem(last=False)[1][0].close()
        if frame >= len(document):
            raise PageError(f"page {frame + 1} is missing: the file changed while the run was on")
        page = document.get_page(frame)
        try:
            width, height = page.get_size()
            if not (0 < width < math.inf and 0 < height < math.inf):
                raise PageError("damaged: the page has no size")
            limit = min(max_pixels, PDF_MAX_PIXELS)
            scale = PDF_OVERSAMPLING * min_side / min(width, height)
            scale = min(scale, math.sqrt(limit / width / height))
            while (over := math.ceil(width * scale) * math.ceil(height * scale) / limit) > 1:
                scale /= max(over, 1.001)
            bitmap = page.render(scale=scale)
            try:
                return bitmap.to_pil().convert("RGB")  # a copy: the bitmap's memory goes with it
            finally:
                bitmap.close()
        finally:
            page.close()
