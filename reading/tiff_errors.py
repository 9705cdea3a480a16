"""What libtiff complains about while the strips or tiles of a picture are decoded: Pillow lets all of it pass.

A fax page (Group 3 or 4, most black-and-white scans) with broken data comes back from Pillow as a whole page with
garbled or white lines and no exception; libtiff has reported "Bad code word" or "Premature EOL" meanwhile. Pillow
switches these reports off, for the whole process and anew with every page. So the picture is decoded once more by the
same library, through a handle of our own, whose reports come here:

    for report in tiff_reports(path, directory=0): ...
        report.part, report.text, report.is_error        # "Fax4Decode", "Premature EOL", False

Works where Pillow carries libtiff as a library of its own or of the system (Linux, macOS) in version 4.5 or newer;
where it is linked in (Windows), nothing is heard: `can_hear()`.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import PIL
from PIL import Image  # noqa: F401  loads libtiff

_MOST_REPORTS = 100  # a picture: a broken one reports each of its lines
# Raw strips and deflated ones: of these libtiff says nothing that their lengths and checksums do not (damage.py).
_NOTHING_TO_SAY = (1, 8, 32946)
_MOST_BYTES = 1 << 28  # of one strip or tile; larger ones are left to Pillow

# int handler(TIFF *, void *user, const char *part, const char *format, va_list): 1 = nobody else is told.
_HANDLER = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p
)
_WHERE = re.compile(r" (?:at|on|in|for|of) (?:line|scanline|strip|tile|row|pixel)\b| \(|[,;] (?:got|expected) ")


class TiffReport(NamedTuple):
    """part: of libtiff ("Fax4Decode", "JPEGLib" ...). text: what it says, but for the place. is_error: or a warning."""

    part: str
    text: str
    is_error: bool


def can_hear() -> bool:
    """Whether libtiff's reports can be heard on this machine; from here on it prints none on the console."""
    return _library() is not None


def tiff_reports(source: Path | int, directory: int) -> list[TiffReport]:
    """What libtiff reports while it decodes the picture of one directory (counted from 0) of a TIFF.

    source: the file, or the descriptor of one that is open and that nobody reads from meanwhile. Empty for a sound
    picture, for one of a compression that this libtiff does not know, and where nothing can be heard. Raises OSError
    where the file cannot be opened.
    """
    library = _library()
    if library is None:
        return []
    reports: list[TiffReport] = []
    with _opened(library, source, reports) as handle:
        if not handle or not library.TIFFSetDirectory(handle, directory):
            return []
        codec = ctypes.c_uint16(1)
        library.TIFFGetField(handle, ctypes.c_uint32(259), ctypes.byref(codec))
        if codec.value in _NOTHING_TO_SAY or not library.TIFFIsCODECConfigured(codec):
            return []
        reports.clear()  # of the header: unknown tags and the like, which move no pixel
        tiled = library.TIFFIsTiled(handle)
        count = (library.TIFFNumberOfTiles if tiled else library.TIFFNumberOfStrips)(handle)
        size = (library.TIFFTileSize if tiled else library.TIFFStripSize)(handle)
        if not 0 < size <= _MOST_BYTES:
            return []
        buffer = ctypes.create_string_buffer(size)
        read = library.TIFFReadEncodedTile if tiled else library.TIFFReadEncodedStrip
        for part in range(count):
            read(handle, part, buffer, size)
            if len(reports) >= _MOST_REPORTS:
                break
    return reports


@contextlib.contextmanager
def _opened(library: ctypes.CDLL, source: Path | int, reports: list[TiffReport]) -> Iterator[int | None]:
    """A libtiff handle whose reports are added to `reports`; None where libtiff cannot open the file."""

    def listener(*, is_error: bool) -> object:
        def hear(_handle: int, _user: int, part: bytes | None, text: bytes | None, arguments: int) -> int:
            if len(reports) < _MOST_REPORTS:
                said = ctypes.create_string_buffer(300)
                library.vsnprintf(said, len(said), text or b"", arguments)
                short = _WHERE.split(said.value.decode("ascii", "replace"))[0].rstrip(" .")
                reports.append(TiffReport((part or b"").decode("ascii", "replace"), short, is_error))
            return 1

        return _HANDLER(hear)

    on_error, on_warning = listener(is_error=True), listener(is_error=False)  # kept alive until the file is closed
    options = library.TIFFOpenOptionsAlloc()
    file = os.dup(source) if isinstance(source, int) else os.open(source, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    handle = None
    try:
        library.TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, None)
        library.TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, None)
        handle = library.TIFFFdOpenExt(file, b"picture", b"r", options)
        yield handle
    finally:
        if handle:
            library.TIFFClose(handle)  # closes the file too
        else:
            os.close(file)
        library.TIFFOpenOptionsFree(options)


@functools.cache
def _library() -> ctypes.CDLL | None:
    """The libtiff that Pillow has loaded; None where there is none to be found, or too old a one."""
    if sys.platform == "linux":
        maps = Path("/proc/self/maps")
        lines = maps.read_text(encoding="utf-8", errors="surrogateescape").splitlines() if maps.exists() else []
        files = {line.split(maxsplit=5)[5] for line in lines if "/libtiff" in line and "libtiffxx" not in line}
    else:
        files = {str(file) for file in (Path(PIL.__file__).parent / ".dylibs").glob("libtiff*")}
    for name in sorted(files):
        with contextlib.suppress(OSError, AttributeError):
            return _declared(ctypes.CDLL(name))
    return None


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    """The library with the types of what is called. Raises AttributeError for one before 4.5 (2022)."""
    pointer, number, size = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_ssize_t
    for name, arguments, result in (
        ("TIFFOpenOptionsAlloc", [], pointer),
        ("TIFFOpenOptionsFree", [pointer], None),
        ("TIFFOpenOptionsSetErrorHandlerExtR", [pointer, _HANDLER, pointer], None),
        ("TIFFOpenOptionsSetWarningHandlerExtR", [pointer, _HANDLER, pointer], None),
        ("TIFFFdOpenExt", [ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, pointer], pointer),
        ("TIFFClose", [pointer], None),
        ("TIFFSetDirectory", [pointer, number], ctypes.c_int),
        ("TIFFIsCODECConfigured", [ctypes.c_uint16], ctypes.c_int),
        ("TIFFIsTiled", [pointer], ctypes.c_int),
        ("TIFFNumberOfStrips", [pointer], number),
        ("TIFFNumberOfTiles", [pointer], number),
        ("TIFFStripSize", [pointer], size),
        ("TIFFTileSize", [pointer], size),
        ("TIFFReadEncodedStrip", [pointer, number, pointer, size], size),
        ("TIFFReadEncodedTile", [pointer, number, pointer, size], size),
        # of the C library: found through libtiff, which uses it. A va_list is handed on as the pointer that it is in
        # the calling conventions of Linux and macOS on 64 bits.
        ("vsnprintf", [pointer, ctypes.c_size_t, ctypes.c_char_p, pointer], ctypes.c_int),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result
    library.TIFFSetErrorHandler.argtypes, library.TIFFSetErrorHandler.restype = [pointer], pointer
    library.TIFFSetErrorHandler(None)  # otherwise what Pillow runs into is printed on the console
    # Variadic: on Apple's arm64 the arguments behind the named ones go another way, which ctypes learns so.
    library.TIFFGetField.argtypes, library.TIFFGetField.restype = [pointer, number], ctypes.c_int
    return library
