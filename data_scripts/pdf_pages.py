"""One page of a PDF as an image: the embedded scan's own pixels where the page is one scan, else drawn.

    task = PageTask(pdf="X.pdf", source="X.pdf", version="", page=1, of=12, target="X/X-01.png", dpi=300, grey=False)
    reason = make_page(task)

PDFium is not thread-safe: this runs in processes of its own.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import math
import mmap
import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from common import move_new, no_command, process_part
from PIL import Image, PngImagePlugin

from reading.decoding import PageError
from reading.page_errors import reason_of
from reading.pdf import open_pdf
from reading.pdf_damage import PdfStreams
from utils import printable

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfImage, PdfPage

MAX_PIXELS = 500_000_000  # a page: PDFium's bitmaps hold 2 GiB, at three to four bytes a pixel
PAGES_OF_ONE_OPENING = 200  # PDFium keeps what it has seen of a document, 0.1 MB a page
COVERED = 0.5  # an image on at least this share of an otherwise empty page is a scan
OWN_DPI = (50, 1200)  # beyond these the page's size in the PDF says nothing about its resolution
OBJECT_STREAM = 1 << 24  # bytes of a compressed part of a PDF that are looked into; they hold some kilobytes
NO_ROOM = "no room for"
SQUARE = 0.02  # pixels that are so much higher than wide, or wider than high, are brought into the page's proportions
SOURCE, OF_PAGES, VERSION = "Source", "Pages of the document", "Source version"  # text chunks of the PNG


@dataclass(frozen=True)
class PageTask:
    """One page to make: everything that a worker must know. version: of the PDF, as it goes into the PNG (begins with
    size and time). replaces: an image of another version of the PDF, which goes as the new one is complete. parts: the
    folder in which the image grows, "" = where it is to be."""

    pdf: str
    source: str
    version: str
    page: int
    of: int
    target: str
    dpi: int
    grey: bool
    replaces: str = ""
    parts: str = ""


_opened: list[Any] = []  # path, document, what its streams say, pages read since it was opened


def make_page(task: PageTask) -> str:
    """Write one page; "" or why not. The reason of a full disk starts with NO_ROOM: it ends the whole job."""
    import pypdfium2

    try:
        document, streams = _document(task.pdf)
        streams.judge(task.page - 1, heard=[])
        image, dpi = page_image(document[task.page - 1], task.dpi, user_unit(document, task.page - 1, task.pdf))
        status = Path(task.pdf).stat()
        if task.version and not task.version.startswith(f"{status.st_size} {status.st_mtime_ns} "):
            return "the PDF changed meanwhile: start again"
    except PageError as error:
        return str(error)
    except (pypdfium2.PdfiumError, ValueError, MemoryError, OSError) as error:
        return f"cannot be drawn: {reason_of(error).removeprefix('damaged: ')}"
    image = plain(image, task.grey)
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt(SOURCE, printable(task.source))
    texts.add_text(OF_PAGES, str(task.of))
    texts.add_text(VERSION, task.version)
    target = Path(task.target)
    part = process_part(Path(task.parts) / target.name if task.parts else target)
    try:
        with part.open("wb") as out:
            image.save(out, format="PNG", dpi=(dpi, dpi), pnginfo=texts)
            out.flush()
            os.fsync(out.fileno())
        if task.replaces == task.target:
            part.replace(target)
        else:
            move_new(part, target)
            if task.replaces:
                Path(task.replaces).unlink(missing_ok=True)
    except FileExistsError:  # made meanwhile by a worker that outlived a killed start
        return ""
    except OSError as error:
        said = NO_ROOM if error.errno in (errno.ENOSPC, errno.EDQUOT) else "cannot write"
        return f"{said} {printable(target.name)}: {(error.strerror or str(error)).lower()}"
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return ""


def _document(path: str) -> tuple[PdfDocument, PdfStreams]:
    if not _opened or _opened[0] != path or _opened[3] >= PAGES_OF_ONE_OPENING:
        if _opened:
            _opened[1].close()
            _opened[2].close()
        _opened[:] = [path, open_pdf(Path(path)), PdfStreams(Path(path)), 0]
    _opened[3] += 1
    return _opened[1], _opened[2]


def page_image(page: PdfPage, dpi: int, unit: float = 1.0) -> tuple[Image.Image, float]:
    """A page as it is shown, and its resolution: the embedded scan itself where the page is one, else drawn.

    unit: of the page's lengths, in 1/72 inch (see `user_unit`).
    """
    scan = scan_on(page)
    if scan is not None:
        points, whole = scan_resolution(page, scan)  # pixels in 72 units of the page
        stored_dpi = points / unit
        image = embedded(page, scan) if whole else None
        if image is not None:
            return image, stored_dpi
        if OWN_DPI[0] <= stored_dpi <= OWN_DPI[1]:
            return drawn(page, points / 72), stored_dpi
    return drawn(page, dpi / 72 * unit, dpi), dpi


def square(image: Image.Image, wide: float) -> Image.Image:
    """A scan of unequal resolution (fax: 204 x 98 dpi, `wide` = 2.08) in its true proportions: the coarser direction is
    made as fine as the other. Black and white stays black and white."""
    if abs(wide - 1) <= SQUARE:
        return image
    whole = (image.width, round(image.height * wide)) if wide > 1 else (round(image.width / wide), image.height)
    if math.prod(whole) > MAX_PIXELS:
        raise PageError(f"{whole[0]} x {whole[1]} pixels in the page's proportions are more than {MAX_PIXELS:.0e}")
    bilevel = image.mode == "L" and sum(image.histogram()[1:255]) == 0
    return image.resize(whole, Image.Resampling.NEAREST if bilevel else Image.Resampling.BICUBIC)


def user_unit(document: PdfDocument, index: int, path: str) -> float:
    """The page's UserUnit: how many 1/72 inches one unit of its lengths is; large plans have 2 and more, nearly all
    pages 1. PDFium does not know of it, but writes what it has read: a copy of the page is looked into."""
    from pypdfium2 import PdfDocument

    if not _may_have_units(path):
        return 1.0
    copy = PdfDocument.new()
    try:
        copy.import_pages(document, [index])
        out = io.BytesIO()
        copy.save(out)
    finally:
        copy.close()
    for written in re.finditer(rb"\bobj\s*<<(?:(?!endobj|\bstream\b).)*?/Type\s*/Page\b(?:(?!endobj|\bstream\b).)*",
                               out.getvalue(), re.DOTALL):  # fmt: skip
        if unit_entry := re.search(rb"/UserUnit\s+([0-9]*\.?[0-9]+)", written[0]):
            return float(unit_entry[1]) or 1.0
    return 1.0


@functools.lru_cache(maxsize=4)
def _may_have_units(path: str) -> bool:
    """Whether any page of a PDF may say UserUnit, in the open or in a compressed or encrypted part of the file."""
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"/UserUnit") >= 0 or content.find(b"/Encrypt") >= 0:
            return True
        for stream in re.finditer(rb"/ObjStm\b.{0,400}?stream\r?\n", content, re.DOTALL):
            try:
                inside = zlib.decompressobj().decompress(content[stream.end() : stream.end() + OBJECT_STREAM])
            except zlib.error:
                return True  # packed otherwise: ask PDFium
            if b"/UserUnit" in inside:
                return True
    return False


def drawn(page: PdfPage, scale: float, dpi: float = 0) -> Image.Image:
    """The page drawn at `scale` pixels a unit of its lengths (`dpi`, if not 72 times that); PageError where that is too
    large."""
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise PageError("damaged: the page has no size")
    if width * height * scale * scale > MAX_PIXELS:
        pixels = f"{width * scale:.0f} x {height * scale:.0f} pixels"
        raise PageError(f"{pixels} at {dpi or scale * 72:.0f} dpi is more than {MAX_PIXELS:.0e}: give a smaller --dpi")
    return page.render(scale=scale).to_pil().convert("RGB")  # a copy: the bitmap's memory is PDFium's


def scan_on(page: PdfPage) -> PdfImage | None:
    """The only visible thing on a page, where that is an image. Invisible text (OCR) and outlines without ink do not
    count; links do not show."""
    import ctypes

    from pypdfium2 import PdfImage, raw

    scan = None
    for thing in page.get_objects(max_depth=1):
        if thing.type == raw.FPDF_PAGEOBJ_TEXT:
            if raw.FPDFTextObj_GetTextRenderMode(thing) == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
                continue
        elif thing.type == raw.FPDF_PAGEOBJ_PATH:
            fill, stroke = ctypes.c_int(), ctypes.c_int()
            if raw.FPDFPath_GetDrawMode(thing, fill, stroke) and not fill.value and not stroke.value:
                continue
        if scan is not None or not isinstance(thing, PdfImage):
            return None
        scan = thing
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, index)
        kind = raw.FPDFAnnot_GetSubtype(note)
        raw.FPDFPage_CloseAnnot(note)
        if kind not in (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP):
            return None
    return scan


def scan_resolution(page: PdfPage, scan: PdfImage) -> tuple[float, bool]:
    """The scan's dots in 72 units of the page, an inch as a rule (0 where it covers less than half of it), and whether
    it is all of the page: every edge within 1 % or two of its pixels of the page's own."""
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
    return dpi, all(abs(edge - pages) <= room for edge, pages, room in edges)


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
    image = square(image, width / math.hypot(a, b) / (height / math.hypot(c, d)))
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


if __name__ == "__main__":
    no_command("page images of PDFs come from data_scripts/pdf2png.py")
