"""GIF, AVIF and the Netpbm formats (PBM, PGM, PPM): kinds by their first bytes, and files that hold more than a page.

    lesser_kind(b"P5 640 480 255 ...")      # "pnm"

Their decoders fail by themselves where data are missing, unless zero bytes stand for them. Of an animation, its first
picture is the page.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from reading.page_errors import PageError

AVIF_BRANDS = frozenset((b"avif", b"avis"))
HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"))
_HEAD = 1 << 16  # a Netpbm header may hold comments
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PNM = re.compile(rb"P([1-6])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})" + rb"(?:" + _GAP + rb"(\d{1,9}))?")


def lesser_kind(head: bytes) -> str:
    """gif, avif, heic or pnm by the first bytes of a file; "" for anything else.

    >>> lesser_kind(b"GIF89a"), lesser_kind(b"P5 2 2 255 "), lesser_kind(b"Paper")
    ('gif', 'pnm', '')
    """
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[4:8] == b"ftyp":
        length = int.from_bytes(head[:4], "big")
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(length, len(head)) - 3, 4))}
        return "avif" if brands & AVIF_BRANDS else "heic" if brands & HEIC_BRANDS else ""
    return "pnm" if re.match(rb"P[1-6][\s#]", head) else ""


def check_avif(file: BinaryIO, size: int) -> None:
    """Raises PageError for a copy that was broken off and filled with zero bytes: they decode, to something."""
    file.seek(max(0, size - 512))
    if size > 2048 and not file.read(512).strip(b"\0"):
        raise PageError("truncated: the image data end in zero bytes")


def check_pnm(file: BinaryIO, size: int) -> None:
    """Raises PageError for a raw Netpbm file that is too short for its header, or holds another image behind it."""
    file.seek(0)
    header = _PNM.match(file.read(_HEAD))
    if header is None:
        raise PageError("damaged: its header cannot be read")
    kind, width, height = (int(header[group]) for group in (1, 2, 3))
    if kind < 4:
        return  # numbers as text: the decoder counts them
    if kind == 4:
        start, needed = header.end(3) + 1, (width + 7) // 8 * height
    else:
        if header[4] is None:
            raise PageError("damaged: its header cannot be read")
        start = header.end(4) + 1
        needed = width * height * (3 if kind == 6 else 1) * (2 if int(header[4]) > 255 else 1)
    if start + needed > size:
        raise PageError("truncated: the image data end early")
    file.seek(start + needed)
    if re.match(rb"\s*P[1-7]\s", file.read(64)):
        raise PageError("holds several images: part it into files of one page (pamsplit does)")
