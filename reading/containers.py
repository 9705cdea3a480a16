"""What kind of file is this, and is it whole? Read from the bytes, before anything is decoded.

Decoders are forgiving: a scan that was cut while it was copied comes back half grey, and nobody is told. So each
format's own bookkeeping (chunk checksums, lengths, end marks) is walked first, and a file whose data end too early is
refused:

    with path.open("rb") as file:
        check_whole(file, kind_of(file.read(1024)))

Limits. A file of the right length whose inside was overwritten is noticed where the format carries checksums (PNG) or
where its decoder stumbles (nearly always: LZW, Group 4 fax; often: Deflate, WebP; seldom: JPEG; never: uncompressed).
A PDF cut right after an earlier revision's end mark is that revision. What was lost inside a PDF's embedded image is
drawn by PDFium as blank.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from reading.bmp import RLE4, RLE8, check_runs, read_bmp_header
from reading.jp2_header import check_jp2
from reading.lesser_formats import check_avif, check_pnm, lesser_kind
from reading.page_errors import SENSELESS, PageError

HEAD = 1024  # bytes that `kind_of` wants to see: a PDF may start with that much junk
PDF_JUNK = 1 << 16  # what may stand before a PDF's header, in a file whose name ends in .pdf
_PIECE = 1 << 20  # bytes read at once
_JPEG_MARK = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # neither a stuffed 0xFF of the coded data nor a restart
_END_MARK = b"%%EOF"
_PDF_TABLE = re.compile(rb"\s*(?:xref|\d{1,10}\s+\d{1,5}\s+obj)\b")
_PDF_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")

FileId = tuple[str, int, int]


def kind_of(head: bytes) -> str:
    """png, jpeg, tiff, jp2, webp, bmp, gif, avif, heic, pnm or pdf by the first 1024 bytes of a file; "" for others.

    >>> kind_of(b"%PDF-1.4"), kind_of(b"hello")
    ('pdf', '')
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if head.startswith((b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n")):
        return "jp2"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"BM"):
        return "bmp"
    return "pdf" if b"%PDF-" in head else lesser_kind(head)


def check_whole(file: BinaryIO, kind: str) -> None:
    """Raises PageError where the file's own bookkeeping says that data are missing; leaves the file position anywhere.

    TIFF is checked frame by frame instead (`check_strips` in tiff_frames.py).
    """
    check = _CHECKS.get(kind)
    if check is not None:
        try:
            check(file, size_of(file))
        except struct.error:
            raise PageError("truncated: the file ends inside its header") from None
        except IndexError:  # of a box that is shorter than what it must hold
            raise PageError(SENSELESS) from None


def file_id_of(path: Path, file: BinaryIO) -> FileId:
    """What tells a file from one that took its place: its path, size and time."""
    status = os.fstat(file.fileno())
    return str(path), status.st_size, status.st_mtime_ns


def size_of(file: BinaryIO) -> int:
    """Bytes of an open file; leaves the position at its end."""
    return file.seek(0, io.SEEK_END)


def _check_png(file: BinaryIO, size: int) -> None:
    """Walks the chunks up to the last one with image data, comparing the checksums of those that make the picture."""
    position, image_data = 8, 0
    while position + 12 <= size:
        file.seek(position)
        length, name = struct.unpack(">I4s", file.read(8))
        if position + 12 + length > size:
            break
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT"):
            checksum, left = zlib.crc32(name), length
            while left > 0:
                piece = file.read(min(left, _PIECE))
                if not piece:
                    raise PageError("truncated: the image data end early")
                checksum, left = zlib.crc32(piece, checksum), left - len(piece)
            if file.read(4) != struct.pack(">I", checksum):
                raise PageError(f"damaged: wrong checksum in its {name.decode()} data")
            image_data += name == b"IDAT"
        elif name == b"IEND":
            return
        position += 12 + length
    # No end mark. Where the last image data are whole too, the decoder decides: it fails when rows are missing.
    if position + 12 <= size or not image_data:
        raise PageError("truncated: the image data end early")


def _check_jpeg(file: BinaryIO, size: int) -> None:
    """Walks the segments and scans to the end mark. The decoder takes a scan filled up with zero bytes for a whole
    one.
    """
    file.seek(0)
    data = file.read()
    position = 2
    while match := _JPEG_MARK.search(data, position):
        position, mark = match.end(), data[match.end() - 1]
        if mark == 0xD9:
            return
        if mark not in (0x01, 0xD8):
            (length,) = struct.unpack_from(">H", data, position)
            position += max(length, 2)
    raise PageError("truncated: the image data end before their end mark")


def jpeg_bits(file: BinaryIO) -> int:
    """Bits a sample of a JPEG, as its frame header says; 8 where there is none."""
    file.seek(0)
    data, position = file.read(1 << 20), 2
    while (match := _JPEG_MARK.search(data, position)) and match.end() + 3 <= len(data):
        mark = data[match.end() - 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            return data[match.end() + 2]
        (length,) = struct.unpack_from(">H", data, match.end())
        position = match.end() + max(length, 2)
    return 8


def _check_webp(file: BinaryIO, size: int) -> None:
    file.seek(4)
    (length,) = struct.unpack("<I", file.read(4))
    if length + 8 > size:
        raise PageError("truncated: the image data end early")
    file.seek(max(0, length + 8 - 512))
    if size > 2048 and not file.read(512).strip(b"\0"):  # no coded image ends so; a copy that was broken off may
        raise PageError("truncated: the image data end in zero bytes")


def _check_bmp(file: BinaryIO, size: int) -> None:
    header = read_bmp_header(file)
    if header is None or header.compression not in (RLE8, RLE4):
        return  # the decoder counts the rows
    # Pillow fills the missing rows of a run-length coded picture with black: length and codes are ours to check.
    if header.length and header.data_at + header.length > size:
        raise PageError("truncated: the image data end early")
    check_runs(file, header)


def pdf_span(file: BinaryIO) -> tuple[int, int]:
    """Where the PDF lies in its file, from its header to behind its end mark: mail and web servers put text before it
    or after it, which PDFium takes for damage (before: more than 1 KB, which it looks over itself).

    Raises PageError where the end mark is missing: PDFium rebuilds a cut file from what is left, and shows fewer or
    empty pages.
    """
    size = size_of(file)
    file.seek(0)
    head = file.read(PDF_JUNK)
    start = head.find(b"%PDF-")
    start = start if start >= HEAD else 0
    linear = re.search(rb"/Linearized\b.{0,200}?/L\s+(\d{1,15})\b", head[start : start + 2048], re.DOTALL)
    if linear and int(linear[1]) > size - start:
        raise PageError("truncated: the PDF is shorter than it says")
    mark_at, junk = _end_mark(file, start, size)
    _check_startxref(file, head.find(b"%PDF-"), mark_at)
    return start, mark_at + len(_END_MARK) if junk else size


def _check_startxref(file: BinaryIO, header_at: int, mark_at: int) -> None:
    """Raises PageError where the `startxref` before the end mark leads to neither a table nor an object: bytes were
    lost or added on the way (a copy as text turns line ends), and what PDFium then rebuilds shows black and empty
    pages.
    """
    start = max(0, mark_at - 2048)
    file.seek(start)
    offsets = re.findall(rb"startxref\s+(\d{1,15})", file.read(mark_at - start))
    if not offsets or int(offsets[-1]) == 0:  # 0 stands in the first part of files made to be shown while loading
        return
    for origin in {0, max(0, header_at)}:  # with junk in front, offsets count from the header, or from the file's start
        file.seek(origin + int(offsets[-1]))
        if _PDF_TABLE.match(file.read(64)):
            return
    raise PageError("damaged: bytes were lost or added: the PDF's table of contents is not where it should be")


def _end_mark(file: BinaryIO, start: int, size: int) -> tuple[int, bool]:
    """Where the last end mark of a PDF stands, and whether something of another kind stands behind it."""
    behind, padding, position = b"", 0, size
    while position > start:
        piece_at = max(start, position - _PIECE)
        file.seek(piece_at)
        behind = file.read(position - piece_at) + behind[: len(_END_MARK) - 1]
        if padding == size - position:  # some archives fill up with zero bytes
            padding = size - piece_at - len(behind[: position - piece_at].rstrip(b"\0"))
        last = behind.rfind(_END_MARK)
        mark_at = piece_at + last
        if last >= 0 and size - padding - mark_at <= 1100:
            return mark_at, False
        if _PDF_OBJECT.search(behind, max(last, 0)):  # a later revision that was cut
            break
        if last >= 0:
            return mark_at, True
        position = piece_at
    raise PageError("truncated: the PDF has no end mark")


_CHECKS = {
    "png": _check_png,
    "jpeg": _check_jpeg,
    "jp2": check_jp2,
    "webp": _check_webp,
    "bmp": _check_bmp,
    "avif": check_avif,
    "pnm": check_pnm,
    "pdf": lambda file, _size: pdf_span(file),
}
