"""Whether the streams of a PDF's page are whole: PDFium draws what is left of a broken one, or nothing, and says so to
nobody.

    heard: list[str] = []
    PdfStreams(path).judge(page=0, heard=heard)      # PageError, or doubts in `heard` (the grades: damage.py)

pypdf follows the page's objects: content, pictures, forms, fonts, appearances. Each stream is judged by the library
that its filter belongs to: zlib, libjpeg, libtiff for fax, OpenJPEG. Encrypted files whose cipher pypdf does not bring,
and filters without bookkeeping (JBIG2, LZW, run lengths), are left alone.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pypdf
from PIL import Image
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError
from pypdf.generic import ArrayObject, BooleanObject, DictionaryObject, IndirectObject, NullObject, StreamObject

from reading.containers import check_whole
from reading.damage import judge_deflate, judge_tiff, note
from reading.jpeg import judge_jpeg_data
from reading.page_errors import PILLOW_ERRORS, SENSELESS, PageError

# What pypdf raises on a file that it cannot follow, beside its own errors: it checks few types.
_PYPDF_ERRORS = (
    PyPdfError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    OSError,
    struct.error,
    zlib.error,
)
# Not followed: a note knows its page and its neighbours, a page its document. But a picture may well be called /P.
# Nor is what nobody sees: texts to be searched, notes to the file.
_UP_AND_AWAY = {
    "/ToUnicode",
    "/Parent",
    "/P",
    "/Popup",
    "/A",
    "/AA",
    "/Dest",
    "/IRT",
    "/StructParent",
    "/Metadata",
    "/PieceInfo",
}
_NAMED_BY_THE_PAGE = {"/XObject", "/Font", "/Pattern", "/ExtGState", "/ColorSpace", "/Shading", "/CharProcs"}
_DEEPEST = 12  # forms in forms; a loop of them ends by what was seen
# Bytes a pixel at most while they are judged and drawn, as measured: a progressive JPEG of three channels; a JPEG 2000
# is decoded twice where the page comes out empty.
_PER_PIXEL, _PER_PIXEL_ELSE = {"/DCTDecode": 10, "/JPXDecode": 20}, 3
_MOST_JBIG2_OF_NOTHING = 1000  # bytes; an empty page takes some dozens


class _Lost(Exception):
    """The objects of a file cannot be followed, or are of other types than they must be."""


class _Sealed(Exception):
    """Encrypted with a cipher that is not there."""


@contextlib.contextmanager
def _pypdf() -> Iterator[None]:
    """Around a call of pypdf."""
    try:
        yield
    except (DependencyError, FileNotDecryptedError):
        raise _Sealed from None
    except _PYPDF_ERRORS:
        raise _Lost from None


class _Stream(NamedTuple):
    """key: its number (of direct ones their place in memory). is_drawn: content, picture or form; else a font ..."""

    key: tuple[int, int]
    stream: StreamObject
    is_drawn: bool


class PdfStreams:
    """The streams of one PDF, each judged once however many pages use it. Not for two threads at once."""

    def __init__(self, path: Path) -> None:
        logging.getLogger("pypdf").addHandler(logging.NullHandler())
        self._reader: pypdf.PdfReader | None = None
        self._said: dict[tuple[int, int], tuple[str, list[str]]] = {}  # object -> why it is broken, and doubts
        self._lost = ""
        self._last: tuple[int, list[_Stream], bool] | None = None  # the streams of the page that was asked for last
        try:
            with _pypdf():
                self._reader = pypdf.PdfReader(path, strict=False)
                if self._reader.is_encrypted:
                    self._reader.decrypt("")
        except _Sealed:
            self._reader = None
        except _Lost:
            self._reader, self._lost = None, "PDF: its objects cannot be followed"

    def judge(self, page: int, heard: list[str]) -> None:
        """Judges all that page `page` (from 0) is drawn from. Raises PageError where something of it is broken."""
        if self._lost:
            note(self._lost, heard)
        if self._reader is None:
            return
        try:
            streams, complete = self._of(page)
        except _Sealed:
            return
        except _Lost:
            note("PDF: the objects of this page cannot be followed", heard)
            return
        if not complete:
            note("PDF: an object that this page is drawn from is missing", heard)
        for key, stream, is_drawn in streams:
            if key not in self._said:
                doubts: list[str] = []
                broken = ""
                try:
                    _judge_stream(stream, doubts)
                except PageError as error:
                    broken = str(error)
                except (_Lost, _Sealed):
                    broken = SENSELESS
                self._said[key] = broken, doubts
            broken, doubts = self._said[key]
            if broken and is_drawn:
                raise PageError(broken)
            if broken:  # of a font, a profile, a program's own data: the page is drawn without, perhaps as it should be
                note(f"PDF: {broken}", heard)
            for doubt in doubts:
                note(doubt, heard)

    def undrawn_picture(self, page: int) -> str:
        """Why a page that came out evenly white or black should not be so; "" where nothing speaks against it."""
        if self._reader is None:
            return "its objects cannot be followed" if self._lost else ""
        try:
            streams, complete = self._of(page)
            if not complete:
                return "an object that it is drawn from is missing"
            for _, stream, _ in streams:
                if _value(stream, "/Subtype") != "/Image":
                    continue
                last = _filters(stream)[-1:]
                if last == ["/JPXDecode"]:
                    return _undrawn_jpx(_raw(stream))
                if last == ["/JBIG2Decode"] and len(_raw(stream)) > _MOST_JBIG2_OF_NOTHING:
                    return "its picture (JBIG2) is not drawn"
        except _Sealed:
            return ""
        except _Lost:
            return "its objects cannot be followed"
        return ""

    def picture_bytes(self, page: int) -> int:
        """What the pictures of page `page` will take while they are judged and drawn, told from their headers."""
        try:
            streams, _ = self._of(page) if self._reader is not None else ([], True)
            return sum(_picture_bytes(stream) for _, stream, _ in streams if _value(stream, "/Subtype") == "/Image")
        except (_Lost, _Sealed):
            return 0

    def _of(self, page: int) -> tuple[list[_Stream], bool]:
        if self._last is None or self._last[0] != page:
            with _pypdf():
                first = self._reader.pages[page]
            self._last = page, *_streams_of(first)
        return self._last[1:]

    def close(self) -> None:
        """Closes the file."""
        if self._reader is not None:
            self._reader.close()


def _streams_of(page: DictionaryObject) -> tuple[list[_Stream], bool]:
    """All streams that a page is drawn from, and whether all objects that its content and resources name are there."""
    seen: set[tuple[int, int]] = set()
    streams, complete = [], True
    # Each with the key that it stands under: "/Contents", and "drawn" for a named picture or form, must be there.
    todo: list[tuple[Any, int, str]] = [
        (page.raw_get(key), 0, key) for key in ("/Contents", "/Resources", "/Annots") if key in page
    ]
    while todo:
        entry, depth, under = todo.pop()
        key = (entry.idnum, entry.generation) if isinstance(entry, IndirectObject) else (-1, id(entry))
        if entry is None or depth > _DEEPEST or key in seen:
            continue
        seen.add(key)
        with _pypdf():
            value = entry.get_object()
        if under in ("/Contents", "drawn"):
            is_missing = value is None or isinstance(value, NullObject)
            complete = complete and not (is_missing and isinstance(entry, IndirectObject))  # null itself: an empty page
        if isinstance(value, StreamObject):
            is_drawn = under in ("/Contents", "drawn") or _value(value, "/Subtype") in ("/Image", "/Form")
            streams.append(_Stream(key, value, is_drawn))
        if isinstance(value, ArrayObject):
            todo += [(part, depth + 1, under) for part in value]
        elif isinstance(value, DictionaryObject):
            skip = () if under in _NAMED_BY_THE_PAGE else _UP_AND_AWAY
            todo += [
                (part, depth + 1, "drawn" if under == "/XObject" else name)
                for name, part in value.items()
                if name not in skip and isinstance(part, IndirectObject | ArrayObject | DictionaryObject)
            ]
    return streams, complete


def _resolved(entry: Any) -> Any:
    """What an entry stands for, where it only points to it."""
    if not isinstance(entry, IndirectObject):
        return entry
    with _pypdf():
        return entry.get_object()


def _value(container: dict[str, Any], name: str, default: Any = None) -> Any:
    return _resolved(container.get(name, default))


def _flag(container: dict[str, Any], name: str) -> bool:
    value = _value(container, name)
    return value.value is True if isinstance(value, BooleanObject) else False  # pypdf's false is true to `if`


def _number(container: dict[str, Any], name: str, default: int) -> int:
    value = _value(container, name, default)
    if not isinstance(value, int | float) or not abs(value) < 2**32:
        raise _Lost
    return int(value)


def _filters(stream: StreamObject) -> list[str]:
    named = _value(stream, "/Filter", [])
    return [str(name) for name in named] if isinstance(named, list) else [str(named)]


def _parameters(stream: StreamObject) -> dict[str, Any]:
    """Those of the first filter."""
    given = _value(stream, "/DecodeParms", {})
    given = _resolved(given[0] if isinstance(given, list) and given else given)
    return given if isinstance(given, dict) else {}


def _raw(stream: StreamObject) -> bytes:
    """A stream as it lies in the file (deciphered); pypdf has no public name for it."""
    return stream._data


def _judge_stream(stream: StreamObject, heard: list[str]) -> None:
    filters, data = _filters(stream), _raw(stream)
    is_picture = _value(stream, "/Subtype") == "/Image"
    what = "its picture's data" if is_picture else "its content"
    if not data and not is_picture:
        return  # nothing is drawn, and nothing is missing
    if filters[:1] == ["/FlateDecode"]:
        least = _least_bytes(stream) if is_picture and len(filters) == 1 else 0
        if not judge_deflate(data, least, what) and not least:
            note(f"PDF: {what} end early", heard)
    elif filters == ["/DCTDecode"]:
        if not data:
            raise PageError("damaged: its picture is empty")
        judge_jpeg_data(data, heard)
        check_whole(io.BytesIO(data), "jpeg")
    elif filters == ["/CCITTFaxDecode"]:
        _judge_fax(stream, data, heard)
    elif filters == ["/JPXDecode"]:
        check_whole(io.BytesIO(data), "jp2")


def _picture_bytes(stream: StreamObject) -> int:
    try:
        sizes = [(_number(stream, "/Width", 0), _number(stream, "/Height", 0))]
        last, data = _filters(stream)[-1:], _raw(stream)
    except _Lost:
        return 0
    if last in (["/DCTDecode"], ["/JPXDecode"]):  # what is in them counts, and may be another size
        kind = "JPEG" if last == ["/DCTDecode"] else "JPEG2000"
        with contextlib.suppress(*PILLOW_ERRORS), Image.open(io.BytesIO(data), formats=[kind]) as image:
            sizes.append(image.size)
    most = max(width * height for width, height in sizes)
    return most * _PER_PIXEL.get(last[0] if last else "", _PER_PIXEL_ELSE) + 2 * len(data)


def _least_bytes(stream: StreamObject) -> int:
    """The bytes that a picture's rows take at least."""
    width, height = _number(stream, "/Width", 0), _number(stream, "/Height", 0)
    bits = 1 if _flag(stream, "/ImageMask") else _number(stream, "/BitsPerComponent", 0)
    space = _value(stream, "/ColorSpace")
    name = str(space[0] if isinstance(space, list) and space else space)
    channels = {"/DeviceRGB": 3, "/CalRGB": 3, "/Lab": 3, "/DeviceCMYK": 4}.get(name, 1)
    if name == "/ICCBased" and isinstance(space, list) and len(space) > 1:
        profile = _resolved(space[1])
        channels = _number(profile, "/N", 1) if isinstance(profile, dict) else 1
    return height * -(-width * bits * channels // 8)


def _judge_fax(stream: StreamObject, data: bytes, heard: list[str]) -> None:
    """A fax picture is wrapped as a TIFF and judged as one. Lines without marks (Group 3 without EOL) and lines that
    begin at whole bytes cannot be told to libtiff.
    """
    given = _parameters(stream)
    kind = _number(given, "/K", 0)
    if _flag(given, "/EncodedByteAlign") or (kind >= 0 and not _flag(given, "/EndOfLine")):
        return
    width = _number(given, "/Columns", 1728)
    height = _number(stream, "/Height", 0) or _number(given, "/Rows", 0)
    if width < 0 or height < 0:
        raise PageError(SENSELESS)
    entries = [
        (256, 4, width), (257, 4, height), (258, 3, 1), (259, 3, 4 if kind < 0 else 3), (262, 3, 0), (273, 4, 8),
        (277, 3, 1), (278, 4, height), (279, 4, len(data)), (292, 4, 1 if kind > 0 else 0),
    ]  # fmt: skip
    at = 8 + len(data) + len(data) % 2
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", tag, type_, 1, value) for tag, type_, value in entries)
    with tempfile.TemporaryFile() as tiff:
        tiff.write(struct.pack("<2sHI", b"II", 42, at) + data.ljust(at - 8, b"\0") + directory + b"\0\0\0\0")
        tiff.flush()
        os.lseek(tiff.fileno(), 0, os.SEEK_SET)
        judge_tiff(tiff.fileno(), 0, heard, name="PDF, fax")


def _undrawn_jpx(data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG2000"]) as image:
            image.load()
            extrema = image.getextrema()
    except PILLOW_ERRORS:
        return "its picture (JPEG 2000) is damaged"
    bands = extrema if isinstance(extrema[0], tuple) else [extrema]
    return "its picture (JPEG 2000) is not drawn" if any(low != high for low, high in bands) else ""
