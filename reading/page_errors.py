"""Why a page has no score: `PageError`, and what decoders raise, in the words of the errors table.

    with decoder(*PILLOW_ERRORS):
        image.load()

Each reason is a plain sentence that is true. Only the call into a decoder stands in such a block, with the exceptions
that this decoder raises on damaged and hostile files: a mistake of ours is none of the file's, and ends the run with
its traceback.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import zlib
from collections.abc import Iterator

from PIL import UnidentifiedImageError

from settings.sizes import in_words

# Of any read, whatever decodes: the disk, the network, the file that is gone; a size that no machine has.
FILE_ERRORS = (OSError, MemoryError)
# Pillow, where it opens or loads an image: it reads headers in Python, and its codecs raise what they like
# (RuntimeError: AVIF).
PILLOW_ERRORS = (
    *FILE_ERRORS,
    SyntaxError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
)
# Pillow and tifffile, where they read TIFF and Exif: they check few types of what a tag holds.
TIFF_ERRORS = (*PILLOW_ERRORS, TypeError, AttributeError, AssertionError)

NOWHERE = "damaged: its header points to a place that no file has"
SENSELESS = "damaged: its header holds values that make no sense"
# Of these, the text speaks of the decoder's code ("15252" of a KeyError), not of the file.
_OF_CODE = (LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, RecursionError)
_WINDOWS_LOOP = 1921  # ERROR_CANT_RESOLVE_FILENAME


class PageError(Exception):
    """Why a page has no score, as one plain phrase for the errors table: `str(error)`."""


class LimitError(PageError):
    """More pixels than are allowed, or more memory than there is: the file may be sound."""


class UnknownKindError(PageError):
    """Not a file of a kind that is read."""


class DecoderError(PageError):
    """A decoder gave up; another one may still read the page."""


@contextlib.contextmanager
def decoder(*raises: type[Exception]) -> Iterator[None]:
    """Around a call into a decoder: the exceptions that it raises on a file come out as `DecoderError`."""
    try:
        yield
    except raises as error:
        raise DecoderError(reason_of(error)) from None


def reason_of(error: Exception) -> str:
    """A decoder's exception in the words of the errors table."""
    if isinstance(error, FileNotFoundError):
        return "the file is not there any more"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, UnidentifiedImageError):
        return "damaged: its header cannot be read"
    if isinstance(error, OSError) and (error.errno == errno.ELOOP or getattr(error, "winerror", None) == _WINDOWS_LOOP):
        return "a link that leads in a circle"
    if isinstance(error, OSError) and error.errno in (errno.EINVAL, errno.EOVERFLOW):  # of seeking
        return NOWHERE
    if isinstance(error, OSError) and error.errno:
        return f"cannot be read: {(os.strerror(error.errno)).lower()}"
    text = " ".join(str(error).split())
    if "truncated" in text.lower() or isinstance(error, EOFError | struct.error):
        return "truncated: the image data end early"
    if text.lower().startswith("unsupported "):
        return f"not supported: {text.split(' ', 1)[1][:200]}"
    if isinstance(error, _OF_CODE) or not text or " object at 0x" in text:
        return SENSELESS
    if text.startswith("decoder error"):
        return "damaged: its image data cannot be decoded"
    return f"damaged: {text[:200]}"


def no_room(error: MemoryError) -> str:
    """Why a page that was decoded could not be resized."""
    return f"cannot be brought to the model's size: {str(error) or 'not enough memory'}"


def without_codecs(what: str) -> PageError:
    """The error of an image of a kind that only imagecodecs reads, where it is not installed."""
    return PageError(f"not supported: {what} needs the package imagecodecs: python -m pip install imagecodecs")


def over_limit(size: tuple[int, int], max_pixels: int) -> LimitError:
    """The error of an image of `size` (width, height) that has more than `max_pixels` pixels."""
    width, height = size
    pixels, limit = (f"{number:.2g}".replace("e+0", "e").replace("e+", "e") for number in (width * height, max_pixels))
    return LimitError(
        f"over the pixel limit: {width} x {height} = {pixels} pixels, limit {limit} (raise [input] max_pixels)"
    )


def over_memory(needed: int, budget: int) -> LimitError:
    """The error of a page that needs more memory (bytes) than there is for it."""
    return LimitError(f"needs about {in_words(needed)} of memory, budget {in_words(budget)} (raise [input] memory)")
