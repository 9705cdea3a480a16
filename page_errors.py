"""Why a page has no score: `PageError`, and what decoders raise, in the words of the errors table.

    try:
        image.load()
    except DECODING_ERRORS as error:
        raise PageError(reason_of(error)) from None

Each reason is a plain sentence that is true.
"""

from __future__ import annotations

import os
import struct
import zlib

from PIL import Image, UnidentifiedImageError

# Whatever a decoder may raise on a hostile file; a bug of ours that raises one of these would show as a page's reason.
DECODING_ERRORS = (
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


class PageError(Exception):
    """Why a page has no score, as one plain phrase for the errors table: `str(error)`."""


def reason_of(error: Exception) -> str:
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


def over_limit(size: tuple[int, int], max_pixels: int) -> PageError:
    """The error of an image of `size` (width, height) that has more than `max_pixels` pixels."""
    width, height = size
    pixels, limit = (f"{number:.2g}".replace("e+0", "e").replace("e+", "e") for number in (width * height, max_pixels))
    return PageError(
        f"over the pixel limit: {width} x {height} = {pixels} pixels, limit {limit} (raise [input] max_pixels)"
    )
