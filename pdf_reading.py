"""Pages of PDFs, drawn as they are shown on screen.

    pages = count_pdf_pages(path)
    image = read_pdf(path, file, 0, min_side=224, max_pixels=700_000_000)

Documents stay open between pages (`close_pdfs`).
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from containers import FileId, check_whole, file_id_of
from page_errors import PageError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

# A PDF page is drawn with its shorter side at 4 x the model's: at 2 x, thin strokes of scanned bitmaps come out up to
# 10 grey levels off the same page at 300 dpi, at 4 x less than 2, for 3 ms more.
PDF_OVERSAMPLING = 4
PDF_MAX_PIXELS = 30_000_000  # no page needs more at any model's size; a drawing of 1:1000 would
OPEN_PDFS = 4
PDF_PAGES = 200  # read from one opening: PDFium keeps what it has seen of a document, 0.1 MB a page

_pdf_lock = threading.RLock()  # PDFium is not thread-safe: every call into it, closing included, stands under this lock
_open_pdfs: OrderedDict[FileId, tuple[PdfDocument, int]] = OrderedDict()  # and how many pages were read


def count_pdf_pages(path: Path) -> int:
    """Number of pages of a PDF; PageError where it cannot be opened."""
    with _pdf_lock:
        document = _load_pdf(path)
        try:
            return len(document)
        finally:
            document.close()


def read_pdf(path: Path, file: BinaryIO, frame: int, min_side: int, max_pixels: int) -> Image.Image:
    """A page of a PDF as it is shown on screen: turned as the file says, with form fields and annotations."""
    file_id = file_id_of(path, file)
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
            raise PageError(f"page {frame + 1} is missing: the PDF holds {len(document)}")
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


def close_pdfs() -> None:
    """Closes the documents that are kept open between pages."""
    with _pdf_lock:
        while _open_pdfs:
            _open_pdfs.popitem()[1][0].close()


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
