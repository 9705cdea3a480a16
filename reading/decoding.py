"""From a file to a page: every format, colour mode and frame becomes one upright Pillow image in mode "L" or "RGB".

    with Reader(min_side=224, max_pixels=700_000_000) as reader:
        page = reader.page(Path("CTX194603902-14.png"), None)
    page = read_picture(data, max_pixels=50_000_000)      # bytes that somebody sent, never on the disk

The content decides how a file is read, its extension only whether it is looked at. Every failure is a `PageError` with
a plain reason; a damaged or hostile file never stops a run. Truncated files fail (see containers.py for what is
checked and for the limits). Colour profiles are not applied.

Pillow's own "decompression bomb" limit is switched off for the whole process at the first read: ours, `max_pixels`, is
judged from the header before anything is decoded. Pillow's warnings about odd metadata are silenced at the same time.
PDFium, and the budget of memory (memory_gate.py), are one a process as well. All else belongs to a `Reader`.
"""

from __future__ import annotations

import contextlib
import io
import logging
import stat
import threading
import warnings
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageFile, ImageOps, features

from reading.bmp import ALPHA_BIT_FIELDS, BIT_FIELDS, read_bit_fields, read_bmp_header
from reading.colours import grey_or_rgb
from reading.containers import HEAD, PDF_JUNK, check_whole, jpeg_bits, kind_of, size_of
from reading.damage import judge_png_rows
from reading.jp2 import as_pillow_reads_it, read_deep_jp2, set_reduction, true_colours
from reading.jp2_header import Jp2Header, read_header
from reading.jpeg import decode_jpeg
from reading.memory_gate import one_page, take
from reading.page_errors import (
    FILE_ERRORS,
    PILLOW_ERRORS,
    TIFF_ERRORS,
    DecoderError,
    PageError,
    UnknownKindError,
    decoder,
    reason_of,
)
from reading.page_memory import fitting_power, image_bytes, too_large
from reading.pdf import OpenPdfs, count_pdf_pages
from reading.png import in_memory, in_one_piece, without_extras
from reading.tiff import OpenTiffs, read_tiff_picture
from reading.tiff_frames import tiff_pages, tiff_size

__all__ = ["PageError", "Reader", "count_frames", "frames_of", "picture_size", "read_page", "read_picture"]

PILLOW_FORMATS = {
    "png": "PNG",
    "jpeg": "JPEG",
    "tiff": "TIFF",
    "jp2": "JPEG2000",
    "webp": "WEBP",
    "bmp": "BMP",
    "gif": "GIF",
    "avif": "AVIF",
    "pnm": "PPM",
}

_ONE_CALL = 1 << 25

_prepared = threading.Event()


class Frames(NamedTuple):
    """count: pages of a PDF or of a TIFF with several, None where the file is one single image.
    left_out: frames of a TIFF that are no pages (tiff_frames.py): they have no number.
    """

    count: int | None
    left_out: int = 0


def count_frames(path: Path) -> int | None:
    """Number of pages of a TIFF with several, or of a PDF; None for a file of one image (see `frames_of`)."""
    return frames_of(path).count


def frames_of(path: Path) -> Frames:
    """How many pages a file holds. Reads directories only, nothing is decoded.

    Raises PageError for a file whose pages cannot be counted.
    """
    _prepare()
    try:
        with _open(path) as file:
            kind = _kind(path, file)
            if kind == "tiff":
                directories, left_out = tiff_pages(file)
                return Frames(len(directories) if len(directories) > 1 else None, left_out)
            if kind != "pdf":
                return Frames(None)
        return Frames(count_pdf_pages(path))
    except FILE_ERRORS as error:
        raise PageError(reason_of(error)) from None


def picture_size(path: Path, frame: int | None) -> tuple[int, int]:
    """Width and height of a picture in pixels as it is stored (not turned upright), told by its header.

    frame: as `Reader.page` has it. PageError where it cannot be told; of a PDF too, whose pages have no pixels.
    """
    _prepare()
    try:
        with _open(path) as file:
            kind = _kind(path, file)
            if kind == "pdf":
                raise PageError("a page of a PDF has no size in pixels")
            header = read_header(file) if kind == "jp2" else None
            size = tiff_size(file, frame) if kind == "tiff" else _opened(file, kind, header).size
    except FILE_ERRORS as error:
        raise PageError(reason_of(error)) from None
    if min(size) < 1:
        raise PageError("its header does not say how large it is")
    return size


class Reader:
    """Reads pages; files of several pages stay open between them, a few at a time, until it is closed.

    `min_side` is the model's input side in pixels: a PDF page is drawn with its shorter side at least twice that. An
    image of more than `max_pixels` pixels is refused, and so is one that needs more memory than there is for it; that
    budget is the process's, whatever Readers there are (memory_gate.py). JPEG and JPEG 2000, and over the memory TIFF
    too, are decoded at a half, a quarter ... of their size instead where that brings them under the limit. Several
    threads may read at once; who closes it has waited for them.
    """

    def __init__(self, *, min_side: int, max_pixels: int) -> None:
        self._min_side, self._max_pixels = min_side, max_pixels
        self._tiffs, self._pdfs = OpenTiffs(), OpenPdfs()
        self._is_closed = False

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the files that are open."""
        self._is_closed = True
        self._pdfs.close()
        self._tiffs.close()

    def page(self, path: Path, frame: int | None, heard: list[str] | None = None) -> Image.Image:
        """One page as an upright Pillow image in mode "L" or "RGB".

        `frame` counts the pages of a TIFF or PDF from 0, None is a file of one image. Values of 16 bits become 8 by
        their range (65535 -> 255), so 12-bit data in a 16-bit file stay as dark as they are; floats are taken as 0..1,
        0..255 or 0..65535, else stretched from their least to their greatest value; transparency goes onto white.
        Raises PageError for a page that cannot be read whole; what a decoder complained about without that anything is
        known to be missing is added to `heard` (damage.py).
        """
        if self._is_closed:
            raise ValueError("this Reader is closed")
        _prepare()
        heard = [] if heard is None else heard
        try:
            with one_page(), _open(path) as file:
                kind = _kind(path, file)
                if kind == "pdf":
                    if frame is None:
                        raise PageError("a PDF although its name does not say so: rename it to .pdf")
                    return self._pdfs.page(path, file, frame, self._min_side, self._max_pixels, heard)
                if kind == "tiff":
                    return self._tiffs.page(path, file, frame, self._max_pixels, heard)
                if frame is not None:
                    raise PageError("holds one image where a file of several pages was expected")
                source = in_memory(file) if kind == "png" else file
                check_whole(source, kind)
                source = in_one_piece(source) if kind == "png" else source
                return _single_image(source, kind, self._max_pixels, heard)
        except FILE_ERRORS as error:
            raise PageError(reason_of(error)) from None


def read_page(
    path: Path, frame: int | None, *, min_side: int, max_pixels: int, heard: list[str] | None = None
) -> Image.Image:
    """One page, as of a `Reader` that is closed at once: for who reads no other page of the file."""
    with Reader(min_side=min_side, max_pixels=max_pixels) as reader:
        return reader.page(path, frame, heard)


def read_picture(data: bytes | bytearray, *, max_pixels: int, heard: list[str] | None = None) -> Image.Image:
    """The one image of a file whose bytes are at hand, as `Reader.page` gives it; nothing is written anywhere.

    Not of a PDF, whose pages PDFium draws from files. Of TIFFs those that Pillow reads, with one page; what libtiff
    complains about is not heard. Raises PageError; LimitError where it is too large, UnknownKindError for other files.
    """
    _prepare()
    heard = [] if heard is None else heard
    if not data:
        raise PageError("the file is empty")
    try:
        with one_page(), io.BytesIO(data) as file:
            kind = _known(kind_of(bytes(data[:HEAD])), "not an image: PNG, JPEG, TIFF, WebP, BMP, GIF ... are read")
            if kind == "pdf":
                raise UnknownKindError("a PDF: a picture is read here, PNG or JPEG for instance")
            if kind == "tiff":
                return read_tiff_picture(file, max_pixels)
            source = in_memory(file) if kind == "png" else file
            check_whole(source, kind)
            source = in_one_piece(source) if kind == "png" else source
            return _single_image(source, kind, max_pixels, heard)
    except FILE_ERRORS as error:
        raise PageError(reason_of(error)) from None


def _single_image(file: BinaryIO, kind: str, max_pixels: int, heard: list[str]) -> Image.Image:
    """A file of one image, known to be whole, in mode "L" or "RGB"."""
    header = read_header(file) if kind == "jp2" else None
    if header and header.is_deep:
        return read_deep_jp2(file, header, max_pixels)
    try:
        image = _opened(file, kind, header)
        if power := fitting_power(image, kind, size_of(file), max_pixels, header):
            image = _reduced(image, file, kind, power, max_pixels, header)
        else:
            image = _strictly(image, file, kind, heard) or _loaded(image, file, kind)
    except DecoderError:
        second = _second_try(file, kind, max_pixels)
        if second is None:
            raise
        image = second
    if header:
        image = true_colours(image, header)
    page = grey_or_rgb(_upright(image))
    return page.copy() if kind == "jp2" and page is image else page  # its `reduce` is a number, not a method


def _prepare() -> None:
    if _prepared.is_set():
        return
    Image.MAX_IMAGE_PIXELS = None
    warnings.filterwarnings("ignore", module=r"PIL\.")
    for name in ("PIL", "pypdfium2"):  # otherwise Python prints the warnings of a logger that nobody listens to
        logging.getLogger(name).addHandler(logging.NullHandler())
    _prepared.set()


def _open(path: Path) -> BinaryIO:
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise PageError("a link that leads nowhere") from None
        raise
    if not stat.S_ISREG(status.st_mode):
        raise PageError("not a file")  # opening a pipe would wait for ever
    if status.st_size == 0:
        raise PageError("the file is empty")
    return path.open("rb")


def _kind(path: Path, file: BinaryIO) -> str:
    head = file.read(HEAD)
    kind = kind_of(head)
    if not kind and path.suffix.lower() == ".pdf" and b"%PDF-" in head + file.read(PDF_JUNK - HEAD):
        kind = "pdf"
    return _known(kind, f"not an image although its name ends in {path.suffix or 'nothing'}")


def _known(kind: str, unknown: str) -> str:
    """The kind, where it can be read. unknown: why a file of no kind is not."""
    if kind == "heic":
        raise UnknownKindError("a HEIC photo, which is not read: save it as JPEG, PNG or TIFF")
    if kind == "avif" and not features.check("avif"):
        raise UnknownKindError("AVIF, which this build of Pillow does not read: pip install --upgrade pillow")
    if not kind:
        raise UnknownKindError(unknown)
    return kind


def _opened(file: BinaryIO, kind: str, header: Jp2Header | None) -> ImageFile.ImageFile:
    file.seek(0)
    source = as_pillow_reads_it(file, header) if header else file
    with decoder(*PILLOW_ERRORS):
        image = Image.open(source, formats=[PILLOW_FORMATS[kind]])
    if kind == "png":
        image.decodermaxblock = _ONE_CALL  # bytes that its decoder is given at once (png.py)
    return image


def _strictly(image: ImageFile.ImageFile, file: BinaryIO, kind: str, heard: list[str]) -> Image.Image | None:
    """A JPEG decoded by a decoder that tells what it complained about; None where Pillow is to decode it."""
    if kind != "jpeg":
        return None
    file.seek(0)
    pixels = decode_jpeg(file.read(), image.mode, heard)  # [height, width, 1 or 3]
    file.seek(0)
    if pixels is None:
        return None
    page = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)
    page.info = image.info  # which way is up
    return page


def _second_try(file: BinaryIO, kind: str, max_pixels: int) -> Image.Image | None:
    """What Pillow refuses although the picture is whole; None where there is no other way to read it."""
    if kind == "png":
        copy = without_extras(file)
        with decoder(*PILLOW_ERRORS):
            image = Image.open(copy, formats=["PNG"])
        fitting_power(image, kind, size_of(file), max_pixels)
        return _loaded(image, file, kind)
    if kind == "bmp" and (header := read_bmp_header(file)) and header.compression in (BIT_FIELDS, ALPHA_BIT_FIELDS):
        return read_bit_fields(file, max_pixels)
    if kind == "jpeg" and (bits := jpeg_bits(file)) != 8:
        raise PageError(f"not supported: a JPEG of {bits} bits")
    return None


def _loaded(image: ImageFile.ImageFile, file: BinaryIO, kind: str) -> Image.Image:
    with decoder(*PILLOW_ERRORS):
        image.load()
    if kind == "png":
        take(image_bytes(image, kind, size_of(file)))  # what stands behind the data is known only now
        width, height = image.size
        last = height - 1 if not image.info.get("interlace") else max(0, height - 1 - height % 2)  # of the last pass
        judge_png_rows(file, image.size, image.crop((0, last, width, last + 1)).getbbox() is None)
    return image


def _reduced(
    image: ImageFile.ImageFile, file: BinaryIO, kind: str, power: int, max_pixels: int, header: Jp2Header | None
) -> Image.Image:
    """A JPEG or JPEG 2000 decoded at 1 / 2**power of its size."""
    too_much = too_large(image, kind, size_of(file), max_pixels, header)
    if header is None:
        width, height = image.size
        with decoder(*PILLOW_ERRORS):
            image.draft(None, (max(1, width // 2**power), max(1, height // 2**power)))
        if image.size[0] * image.size[1] > max_pixels or image.size == (width, height):
            raise too_much
        with decoder(*PILLOW_ERRORS):
            image.load()
        return image
    for level in range(power, header.levels + 1):  # where tiles have odd sides, Pillow cannot read every one
        set_reduction(image, level)
        with contextlib.suppress(*PILLOW_ERRORS):
            image.load()
            return image
        image = _opened(file, kind, header)
    raise too_much


def _upright(image: Image.Image) -> Image.Image:
    with contextlib.suppress(*TIFF_ERRORS):  # broken metadata: the page is read as it lies
        ImageOps.exif_transpose(image, in_place=True)
    return image
