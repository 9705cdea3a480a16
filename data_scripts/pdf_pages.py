"""One page of a PDF as an image: the embedded scan's own pixels where the page is one scan, else drawn.

    reason = make_page(PageTask(pdf="X.pdf", source="X.pdf", page=1, of=12, target="X/X-01.png", dpi=300, grey=False))

PDFium is not thread-safe: this runs in processes of its own.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from common import move_new, part_of
from PIL import Image, PngImagePlugin

from decoding import PageError
from pdf_reading import open_pdf
from utils import printable

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfImage, PdfPage

MAX_PIXELS = 500_000_000  # a page: PDFium's bitmaps hold 2 GiB, at three to four bytes a pixel
PAGES_OF_ONE_OPENING = 200  # PDFium keeps what it has seen of a document, 0.1 MB a page
COVERED = 0.5  # an image on at least this share of an otherwise empty page is a scan
OWN_DPI = (50, 1200)  # beyond these the page's size in the PDF says nothing about its resolution
NO_ROOM = "no room for"
SOURCE, OF_PAGES = "Source", "Pages of the document"  # text chunks of the PNG


@dataclass(frozen=True)
class PageTask:
    """One page to make: everything that a worker must know."""

    pdf: str
    source: str
    page: int
    of: int
    target: str
    dpi: int
    grey: bool


_opened: list[Any] = []  # path, document, pages read since it was opened


def make_page(task: PageTask) -> str:
    """Write one page; "" or why not. The reason of a full disk starts with NO_ROOM: it ends the whole job."""
    import pypdfium2

    try:
        image, dpi = page_image(_document(task.pdf)[task.page - 1], task.dpi)
    except PageError as error:
        return str(error)
    except (pypdfium2.PdfiumError, ValueError, MemoryError, OSError) as error:
        return f"cannot be drawn: {' '.join(str(error).split()) or type(error).__name__}"
    image = plain(image, task.grey)
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt(SOURCE, printable(task.source))
    texts.add_text(OF_PAGES, str(task.of))
    target = Path(task.target)
    part = part_of(target)
    try:
        with part.open("wb") as out:
            image.save(out, format="PNG", dpi=(dpi, dpi), pnginfo=texts)
            out.flush()
            os.fsync(out.fileno())
        move_new(part, target)
    except FileExistsError:  # made meanwhile by a worker that outlived a killed start
        return ""
    except OSError as error:
        said = NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT) else "cannot write"
        return f"{said} {printable(target.name)}: {(error.strerror or str(error)).lower()}"
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return ""


def _document(path: str) -> PdfDocument:
    if not _opened or _opened[0] != path or _opened[2] >= PAGES_OF_ONE_OPENING:
        if _opened:
            _opened[1].close()
        _opened[:] = [path, open_pdf(Path(path)), 0]
    _opened[2] += 1
    return _opened[1]


def page_image(page: PdfPage, dpi: int) -> tuple[Image.Image, float]:
    """A page as it is shown, and its resolution: the embedded scan itself where the page is one, else drawn."""
    scan = scan_on(page)
    if scan is not None:
        own, whole = scan_resolution(page, scan)
        image = embedded(page, scan) if whole else None
        if image is not None:
            return image, own
        if OWN_DPI[0] <= own <= OWN_DPI[1]:
            return drawn(page, own / 72), own
    return drawn(page, dpi / 72), dpi


def drawn(page: PdfPage, scale: float) -> Image.Image:
    """The page drawn at `scale` pixels a point; PageError where that is too large."""
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise PageError("damaged: the page has no size")
    if width * height * scale * scale > MAX_PIXELS:
        pixels = f"{width * scale:.0f} x {height * scale:.0f} pixels"
        raise PageError(f"{pixels} at {scale * 72:.0f} dpi is more than {MAX_PIXELS:.0e}: give a smaller --dpi")
    return page.render(scale=scale).to_pil().convert("RGB")  # a copy: the bitmap's memory is PDFium's


def scan_on(page: PdfPage) -> PdfImage | None:
    """The only visible thing on a page, where that is an image. Invisible text (OCR) and outlines without ink do not
    count; links do not show."""
    import ctypes

    from pypdfium2 import PdfImage, raw

    found = None
    for thing in page.get_objects(max_depth=1):
        if thing.type == raw.FPDF_PAGEOBJ_TEXT:
            if raw.FPDFTextObj_GetTextRenderMode(thing) == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
                continue
        elif thing.type == raw.FPDF_PAGEOBJ_PATH:
            fill, stroke = ctypes.c_int(), ctypes.c_int()
            if raw.FPDFPath_GetDrawMode(thing, fill, stroke) and not fill.value and not stroke.value:
                continue
        if found is not None or not isinstance(thing, PdfImage):
            return None
        found = thing
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, index)
        kind = raw.FPDFAnnot_GetSubtype(note)
        raw.FPDFPage_CloseAnnot(note)
        if kind not in (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP):
            return None
    return found


def scan_resolution(page: PdfPage, scan: PdfImage) -> tuple[float, bool]:
    """The scan's dots per inch on the page (0 where it covers less than half of it), and whether it is all of the page:
    every edge within 1 % or two of its pixels of the page's own."""
    a, b, c, d, _, _ = scan.get_matrix().get()
    width, height = scan.get_px_size()
    across, up = (a * a + b * b) ** 0.5, (c * c + d * d) ** 0.5  # points
    if not (across > 0 and up > 0):
        return 0.0, False
    dpi = 72 * max(width / across, height / up)
    left, bottom, right, top = page.get_bbox()
    x0, y0, x1, y1 = scan.get_bounds()
    seen = max(0.0, min(x1, right) - max(x0, left)) * max(0.0, min(y1, top) - max(y0, bottom))
    if seen < COVERED * (right - left) * (top - bottom):
        return 0.0, False
    slack = [max(0.01 * side, 144 / dpi) for side in (right - left, top - bottom)] * 2
    edges = zip((x0, y0, x1, y1), (left, bottom, right, top), slack, strict=True)
    return dpi, all(abs(own - pages) <= room for own, pages, room in edges)


def embedded(page: PdfPage, scan: PdfImage) -> Image.Image | None:
    """The scan's own pixels, turned as the page shows them; None where the page shows them otherwise (a mask, a slant,
    a clipping, other colours), which a small drawing of the page tells."""
    a, b, c, d, _, _ = scan.get_matrix().get()
    along, across = abs(a) + abs(d), abs(b) + abs(c)
    turn = Image.Transpose
    if across < 0.002 * along:
        turns = ([turn.FLIP_LEFT_RIGHT] if a < 0 else []) + ([turn.FLIP_TOP_BOTTOM] if d < 0 else [])
    elif along < 0.002 * across:
        quarter = {(True, False): turn.ROTATE_90, (False, True): turn.ROTATE_270, (True, True): turn.TRANSVERSE}
        turns = [quarter.get((b > 0, c > 0), turn.TRANSPOSE)]
    else:
        return None
    turns += {90: [turn.ROTATE_270], 180: [turn.ROTATE_180], 270: [turn.ROTATE_90]}.get(page.get_rotation(), [])
    width, height = scan.get_px_size()
    if width * height > MAX_PIXELS:
        raise PageError(f"its scan of {width} x {height} pixels is more than {MAX_PIXELS:.0e}")
    bitmap = scan.get_bitmap(render=False)
    image = bitmap.to_pil()
    image = image.convert("L" if image.mode in ("L", "1") else "RGB")  # a copy: the bitmap's memory is PDFium's
    if image.size != (width, height):
        return None
    for step in turns:
        image = image.transpose(step)
    shown = drawn(page, 800 / max(page.get_size())).convert("L")
    return image if _alike(image.convert("L"), shown) else None


def _alike(image: Image.Image, shown: Image.Image) -> bool:
    """Whether two grey images are the same picture: no 8 x 8 block of the smaller one differs by 32 levels (a shift by
    half a pixel moves a block by 16)."""
    first, second = (np.asarray(part, np.float32) for part in (image.resize(shown.size, Image.Resampling.BOX), shown))
    height, width = (side // 8 * 8 for side in first.shape)
    if not height or not width:
        return False
    apart = (first - second)[:height, :width].reshape(height // 8, 8, width // 8, 8).mean(axis=(1, 3))
    return bool(np.abs(apart).max() < 32)


def plain(image: Image.Image, grey: bool) -> Image.Image:
    """The same pixels in the smallest mode that holds them: 1-bit, grey or RGB; with `grey` never RGB."""
    if image.mode == "RGB":
        if not grey:
            pixels = np.asarray(image)  # [height, width, 3]
            grey = bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())
        if not grey:
            return image
        image = image.convert("L")
    counts = image.histogram()
    return image.convert("1", dither=Image.Dither.NONE) if sum(counts) == counts[0] + counts[255] else image


def png_texts(file: Path) -> dict[str, str]:
    """What a PNG says about itself in text chunks; none for a file that is no PNG."""
    try:
        with Image.open(file, formats=["PNG"]) as image:
            return {key: str(value) for key, value in image.info.items() if isinstance(value, str)}
    except (OSError, SyntaxError, ValueError):
        return {}
