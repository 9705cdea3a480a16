"""Pages of PDFs, drawn as they are shown on screen.

    pages = count_pdf_pages(path)
    pdfs = OpenPdfs()
    image = pdfs.page(path, file, 0, min_side=224, max_pixels=700_000_000, heard=[])
    pdfs.close()

Documents stay open between pages.
"""

from __future__ import annotations

import functools
import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

import numpy as np
from PIL import Image

from reading.colours import is_grey
from reading.containers import FileId, file_id_of, pdf_span, size_of
from reading.memory_gate import budget, take
from reading.page_errors import PageError, decoder
from reading.page_memory import with_slack

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

    from reading.pdf_damage import PdfStreams

# A PDF page is drawn with its shorter side at 4 x the model's: at 2 x, thin strokes of scanned bitmaps come out up to
# 10 grey levels off the same page at 300 dpi, at 4 x less than 2, for 3 ms more.
PDF_OVERSAMPLING = 4
PDF_MAX_PIXELS = 30_000_000  # no page needs more at any model's size; a drawing of 1:1000 would
DRAWN_BYTES = 12  # a pixel: PDFium's, Pillow's, and those of the page
OPEN_PDFS = 4
XFA_PLACEHOLDER = ("please wait", "pdf viewer", "adobe reader")
PDF_PAGES = 200  # read from one opening: PDFium keeps what it has seen of a document, 0.1 MB a page, pypdf all of it

# PDFium is one a process and not thread-safe: every call into it, closing included, stands under this lock.
_pdfium_lock = threading.RLock()

_handlers: list[Any] = []


class Elsewhere(Protocol):
    """What draws PDFs for this process (pdf_process.py)."""

    def count(self, path: Path) -> int:
        """As `count_pdf_pages`."""

    def page(self, path: Path, frame: int, min_side: int, max_pixels: int, heard: list[str]) -> Image.Image:
        """As `OpenPdfs.page`."""

    def forget(self) -> None:
        """Close what is open."""


_elsewhere: Elsewhere | None = None


def draw_elsewhere(elsewhere: Elsewhere | None) -> None:
    """From here on, another process draws PDFs for this one; None: it does so itself."""
    global _elsewhere
    _elsewhere = elsewhere


def count_pdf_pages(path: Path) -> int:
    """Number of pages of a PDF; PageError where it cannot be opened."""
    if _elsewhere is not None:
        return _elsewhere.count(path)
    with _pdfium_lock:
        document = open_pdf(path)
        try:
            return len(document)
        finally:
            document.close()


class _OpenPdf(NamedTuple):
    """read: how many of its pages were read."""

    document: PdfDocument
    streams: PdfStreams
    read: int

    def close(self) -> None:
        self.document.close()
        self.streams.close()


class OpenPdfs:
    """PDFs that stay open between their pages, at most `OPEN_PDFS`. For several threads, one at a time."""

    def __init__(self) -> None:
        self._open: OrderedDict[FileId, _OpenPdf] = OrderedDict()  # least recently used first
        self._are_elsewhere = False

    def page(
        self, path: Path, file: BinaryIO, frame: int, min_side: int, max_pixels: int, heard: list[str]
    ) -> Image.Image:
        """A page of a PDF as it is shown on screen: turned as the file says, with form fields and annotations.

        What its streams complain about is raised or added to `heard` (pdf_damage.py).
        """
        if _elsewhere is not None:
            self._are_elsewhere = True
            return _elsewhere.page(path, frame, min_side, max_pixels, heard)
        from reading.pdf_damage import PdfStreams  # 60 ms, which one page of another format need not wait for

        file_id = file_id_of(path, file)
        with _pdfium_lock:
            pdf = self._open.pop(file_id, None)
            if pdf is not None and pdf.read >= PDF_PAGES:
                pdf.close()
                pdf = None
            pdf = pdf or _OpenPdf(open_pdf(path), PdfStreams(path), 0)
            self._open[file_id] = pdf._replace(read=pdf.read + 1)
            while len(self._open) > OPEN_PDFS:
                self._open.popitem(last=False)[1].close()
            pictures = with_slack(pdf.streams.picture_bytes(frame))
            take(pictures)
            pdf.streams.judge(frame, heard)
            if frame >= len(pdf.document):
                raise PageError(f"page {frame + 1} is missing: the PDF holds {len(pdf.document)}")
            pixels = _drawn(pdf.document, frame, min_side, max_pixels, pictures)
            if _is_even(pixels) and (why := pdf.streams.undrawn_picture(frame)):
                raise PageError(f"damaged: drawn as an empty page: {why}")
        return _as_page(pixels)  # other threads may draw meanwhile

    def close(self) -> None:
        """Closes the documents that are kept open between pages."""
        if _elsewhere is not None and self._are_elsewhere:
            _elsewhere.forget()
        with _pdfium_lock:
            while self._open:
                self._open.popitem()[1].close()


def _drawn(document: PdfDocument, frame: int, min_side: int, max_pixels: int, pictures: int) -> np.ndarray:
    """Blue, green and red of a page, uint8 [height, width, 3]. pictures: bytes of memory that are taken already."""
    from pypdfium2 import PdfiumError

    page = _page(document, frame)
    try:
        width, height = page.get_size()
        if not (0 < width < math.inf and 0 < height < math.inf):
            raise PageError("damaged: the page has no size")
        limit = min(max_pixels, PDF_MAX_PIXELS, max(1, budget() // 2 // DRAWN_BYTES))
        scale = PDF_OVERSAMPLING * min_side / min(width, height)
        scale = min(scale, math.sqrt(limit / width / height))
        while (over := math.ceil(width * scale) * math.ceil(height * scale) / limit) > 1:
            scale /= max(over, 1.001)
        take(pictures + math.ceil(width * scale) * math.ceil(height * scale) * DRAWN_BYTES)
        with decoder(PdfiumError):
            bitmap = page.render(scale=scale)
        pixels = bitmap.to_numpy()  # whose memory is Python's, and outlives the bitmap
        bitmap.close()
        return pixels
    finally:
        page.close()


def _is_even(pixels: np.ndarray) -> bool:
    """Whether all of a page, uint8 [height, width, 3], has one colour."""
    if (pixels[::64, ::64] != pixels[0, 0]).any():  # nearly always
        return False
    return bool((pixels[0] == pixels[0, 0]).all() and all((row == pixels[0]).all() for row in pixels))


def _as_page(pixels: np.ndarray) -> Image.Image:
    """Blue, green and red, uint8 [height, width, 3], as a page: in "L" where they are the same, as of most scans."""
    if is_grey(pixels):
        return Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
    return Image.frombuffer("RGB", pixels.shape[1::-1], pixels, "raw", "BGR", pixels.strides[0], 1)  # a copy


def _page(document: PdfDocument, frame: int) -> PdfPage:
    from pypdfium2 import PdfiumError

    try:
        return document.get_page(frame)
    except PdfiumError:
        raise PageError(f"damaged: page {frame + 1} of the PDF cannot be opened") from None


def open_pdf(path: Path) -> PdfDocument:
    """Opens a PDF whose pages are its content; PageError for one that is damaged, encrypted, or only a wrapper."""
    from pypdfium2 import PdfiumError

    _unsupported().clear()
    document = _opened(path)
    try:
        with decoder(PdfiumError):
            _check_is_content(document)
            document.init_forms()  # before any page is opened; form fields are drawn with the pages
    except PageError:
        document.close()
        raise
    return document


def _opened(path: Path) -> PdfDocument:
    import pypdfium2
    from pypdfium2 import raw

    with path.open("rb") as file:
        start, end = pdf_span(file)
        # pypdfium2 follows links first, and where a file lies in memory alone (Linux), they lead nowhere
        whole = (start, end) == (0, size_of(file)) and path.resolve().exists()
    for attempt in (1, 2):
        try:
            source = path.absolute() if whole else Part(path, start, end)
            document = pypdfium2.PdfDocument(source, autoclose=True)
        except pypdfium2.PdfiumError as error:
            if not whole:
                source.close()
            code = getattr(error, "err_code", None)
            if code not in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
                break
            if attempt == 1:  # where PDFium gives no reason, it repeats that of an earlier document: make it forget
                raw.FPDF_LoadMemDocument(b"-", 1, None)
            elif code == raw.FPDF_ERR_PASSWORD:
                raise PageError("encrypted PDF: needs a password") from None
            else:
                raise PageError("encrypted PDF: its protection is not supported") from None
        else:
            return document
    raise PageError("damaged: not a readable PDF, or one without pages")


def _check_is_content(document: PdfDocument) -> None:
    """Raises PageError for a document whose page only stands for what cannot be shown: the cover sheet of a portfolio,
    the "Please wait ..." of a form that Adobe Reader builds when it opens it.

    A portfolio says so in its catalog (/Collection): an invoice with its data attached is none. A dynamic XFA form has
    one page, without a field; a static one has pages with fields.
    """
    from pypdfium2 import raw

    embedded = document.count_attachments()
    if raw.FPDF_UNSP_DOC_PORTABLECOLLECTION in _unsupported() and embedded:
        if embedded == 1:
            raise PageError("a PDF portfolio: 1 embedded file, not read: save it and sort that")
        raise PageError(f"a PDF portfolio: {embedded} embedded files, not read: save them and sort those")
    form = document.get_formtype()
    if form not in (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND) or len(document) > 1:
        return
    page = _page(document, 0)
    try:
        for index in range(raw.FPDFPage_GetAnnotCount(page)):
            note = raw.FPDFPage_GetAnnot(page, index)
            kind = raw.FPDFAnnot_GetSubtype(note)
            raw.FPDFPage_CloseAnnot(note)
            if kind == raw.FPDF_ANNOT_WIDGET:
                return
        text = page.get_textpage()
        said = text.get_text_range().lower()
        text.close()
    finally:
        page.close()
    # Forms older than PDF 1.7 do not say that they are dynamic (NeedsRendering, "full"): their page does.
    if form == raw.FORMTYPE_XFA_FULL or any(words in said for words in XFA_PLACEHOLDER):
        raise PageError("a dynamic XFA form: its pages are made by Adobe Reader only; print it to a PDF there")


@functools.cache
def _unsupported() -> set[int]:
    """What PDFium has met since this was cleared that it does not show (FPDF_UNSP_...), of documents being opened."""
    from pypdfium2 import raw

    met: set[int] = set()
    handler = dict(raw.UNSUPPORT_INFO._fields_)["FSDK_UnSupport_Handler"](lambda _info, kind: met.add(kind))
    info = raw.UNSUPPORT_INFO(version=1, FSDK_UnSupport_Handler=handler)
    raw.FSDK_SetUnSpObjProcessHandler(info)
    _handlers.append((info, handler))  # PDFium keeps pointers to both
    return met


class Part:
    """The bytes `start` to `end` of a file, as a file to read."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._file = path.open("rb")
        self._start, self._size, self._position = start, end - start, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of an open file; the new position."""
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def read(self, count: int = -1) -> bytes:
        """As of an open file."""
        left = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)
        data = self._file.read(left if count < 0 else min(count, left))
        self._position += len(data)
        return data

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """As of an open file."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
