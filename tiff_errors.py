"""What libtiff complains about while Pillow decodes: Pillow lets it pass, and prints it on the console.

A fax page (Group 3 or 4, most black-and-white scans) with broken data comes back as a whole page with garbled lines
and no exception; libtiff has reported "Bad code word" meanwhile. Its reports are caught here, a thread at a time:

    with tiff_errors() as reports:
        image.load()
    broken = any(report.startswith("Fax") for report in reports)

Works where Pillow carries libtiff as a library of its own or of the system (Linux, macOS); where it is linked in
(Windows), nothing is caught, and such pages are not noticed.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import PIL
from PIL import Image  # noqa: F401  loads libtiff

_local = threading.local()
_MOST_REPORTS = 100  # a page: a broken one reports each of its lines


@contextmanager
def tiff_errors() -> Iterator[list[str]]:
    """A list that fills with the names of libtiff's reporting parts ("Fax4Decode", "LZWDecode" ...) in this thread."""
    _install()
    _local.reports = reports = []
    try:
        yield reports
    finally:
        _local.reports = None


# void handler(const char *module, const char *format, va_list): the arguments of the format are not looked at.
@ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p)
def _handler(module: bytes | None, _format: int, _arguments: int) -> None:
    reports = getattr(_local, "reports", None)
    if reports is not None and len(reports) < _MOST_REPORTS:
        reports.append((module or b"").decode("ascii", "replace"))


@functools.cache
def _install() -> ctypes.CDLL | None:
    """Puts the handler into the libtiff that Pillow has loaded, once in a process; None where there is none to be
    found.
    """
    if sys.platform == "linux":
        maps = Path("/proc/self/maps")
        lines = maps.read_text(encoding="utf-8", errors="surrogateescape").splitlines() if maps.exists() else []
        found = {line.split(maxsplit=5)[5] for line in lines if "/libtiff" in line and "libtiffxx" not in line}
    else:
        found = {str(file) for file in (Path(PIL.__file__).parent / ".dylibs").glob("libtiff*")}
    for name in sorted(found):
        try:
            library = ctypes.CDLL(name)
            library.TIFFSetErrorHandler.argtypes = [type(_handler)]
            library.TIFFSetErrorHandler.restype = ctypes.c_void_p
            library.TIFFSetErrorHandler(_handler)
        except (OSError, AttributeError):
            continue
        return library
    return None
