"""The directories of a TIFF: which of them are pages, and whether a page's data are all there.

    with path.open("rb") as file:
        pages, left_out = tiff_pages(file)      # [0, 2], 1: the file's first and third directory are its two pages

Scanners, editors and viewers put more than pages into a TIFF: a thumbnail, the same picture at a half, a quarter ...
of its size (a pyramid), a mask of what is transparent. Their directories say so (NewSubfileType, or the SubfileType of
older writers), and are left out, unless nothing else is there. Some writers of pyramids do not say so: where a file of
one picture is followed by nothing but its halves, these are left out too (`_is_pyramid`). What hangs below a
directory (SubIFDs) is never a page.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Mapping
from typing import BinaryIO, NamedTuple

from reading.containers import size_of
from reading.page_errors import NOWHERE, PageError

MAX_FRAMES = 100_000  # far above any scanned volume; a hostile TIFF can chain a directory at every byte
_ENTRIES = 64  # of a directory that are looked at: they are sorted, and those that tell what it is come first
_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT = 254, 255, 256, 257, 322, 323
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType; bit 1 is "one page of several"
_OLD_REDUCED = 2  # a value of SubfileType
_BEYOND = "truncated: a frame's directory lies beyond the end of the file"
_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}  # types of an entry


class TiffPages(NamedTuple):
    """directories: the number of each page's directory, from 0, in their order. left_out: how many are no pages."""

    directories: list[int]
    left_out: int


def tiff_pages(file: BinaryIO) -> TiffPages:
    """The pages of a TIFF or BigTIFF, by its chain of directories: three short reads a directory, whatever they hold.

    Raises PageError where the chain leads out of the file (a cut file) or never ends.
    """
    directories = _directories(file)
    pages = [
        number
        for number, tags in enumerate(directories)
        if not tags.get(_NEW_SUBFILE_TYPE, 0) & (_REDUCED | _MASK) and tags.get(_SUBFILE_TYPE) != _OLD_REDUCED
    ]
    if len(pages) == len(directories) and _is_pyramid(directories):
        pages = [0]
    pages = pages or list(range(len(directories)))
    return TiffPages(pages, len(directories) - len(pages))


def tiff_size(file: BinaryIO, frame: int | None) -> tuple[int, int]:
    """Width and height in pixels of a page of a TIFF, as its directory says; (0, 0) where it says none.

    frame: counts its pages from 0, None = the first. PageError where there is no such page, and as `tiff_pages` raises.
    """
    pages = tiff_pages(file).directories
    if (frame or 0) >= len(pages):
        raise PageError(f"page {(frame or 0) + 1} is missing: the file holds {len(pages)} pages")
    tags = _directories(file)[pages[frame or 0]]
    return tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)


def _is_pyramid(directories: list[dict[int, int]]) -> bool:
    """Whether each directory is half as wide and half as high as the one before it, to the pixel.

    Two pages can be so by chance (A4, then A6), three in a row cannot, and nobody stores pages of text in tiles but who
    wants to zoom: one half is enough where both are tiled alike.
    """
    tiles = {(tags.get(_TILE_WIDTH, 0), tags.get(_TILE_HEIGHT, 0)) for tags in directories}
    tiled_alike = len(tiles) == 1 and min(next(iter(tiles))) > 0
    if len(directories) < (2 if tiled_alike else 3):
        return False
    return all(
        smaller.get(side, 0) > 0 and abs(2 * smaller.get(side, 0) - larger.get(side, 0)) <= 1
        for larger, smaller in itertools.pairwise(directories)
        for side in (_WIDTH, _HEIGHT)
    )


def _directories(file: BinaryIO) -> list[dict[int, int]]:
    """Each directory's first entries that are single whole numbers, by tag."""
    size = size_of(file)
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    count_as, entry, offset_as = (order + "Q", 20, order + "Q") if big else (order + "H", 12, order + "I")
    directories: list[dict[int, int]] = []
    try:
        (offset,) = struct.unpack_from(offset_as, head, 8 if big else 4)
        seen: set[int] = set()
        while offset and offset not in seen:
            if len(seen) >= MAX_FRAMES:
                raise PageError(f"damaged: more than {MAX_FRAMES} frames")
            seen.add(offset)
            if offset >= 2**63:  # of BigTIFF: cannot even be sought
                raise PageError(NOWHERE)
            file.seek(offset)
            (entries,) = struct.unpack(count_as, file.read(struct.calcsize(count_as)))
            end = offset + struct.calcsize(count_as) + entries * entry
            if end + struct.calcsize(offset_as) > size:
                raise PageError(f"truncated: the directory of frame {len(seen)} lies beyond the end of the file")
            directories.append(_entries(file.read(entry * min(entries, _ENTRIES)), order, big))
            file.seek(end)
            (offset,) = struct.unpack(offset_as, file.read(struct.calcsize(offset_as)))
    except struct.error:
        raise PageError(_BEYOND) from None
    if not directories:
        raise PageError("damaged: a TIFF without a frame")
    return directories


def _entries(data: bytes, order: str, big: bool) -> dict[int, int]:
    step, value_at, count_as = (20, 12, "Q") if big else (12, 8, "I")
    tags = {}
    for at in range(0, len(data) - step + 1, step):
        tag, kind, count = struct.unpack_from(f"{order}HH{count_as}", data, at)
        if count == 1 and kind in _WHOLE_NUMBERS and (big or kind not in (16, 18)):
            (tags[tag],) = struct.unpack_from(order + _WHOLE_NUMBERS[kind], data, at + value_at)
    return tags


def check_strips(file: BinaryIO, tags: Mapping[int, object]) -> None:
    """Raises PageError where a TIFF frame's strips or tiles are too few or reach beyond the file (a fax decoder would
    draw the missing part white, a tile would stay black). `tags` are the frame's TIFF tags by number."""
    size = size_of(file)
    width, height = number_of(tags, 256, 0), number_of(tags, 257, 0)
    planes = number_of(tags, 277, 1) if number_of(tags, 284, 1) == 2 else 1
    strips = -(-height // (number_of(tags, 278, height) or height or 1))
    tiles = -(-width // (number_of(tags, 322, width) or 1)) * -(-height // (number_of(tags, 323, height) or 1))
    for offsets_tag, counts_tag, needed in ((273, 279, strips * planes), (324, 325, tiles * planes), (513, 514, 0)):
        offsets, counts = numbers_of(tags.get(offsets_tag)), numbers_of(tags.get(counts_tag))
        if any(offset == 0 or length == 0 for offset, length in zip(offsets, counts, strict=False)):
            raise PageError("damaged: parts of the image are missing")
        if any(offset >= size for offset in offsets):
            raise PageError("truncated: image data lie beyond the end of the file")
        if any(offset + count > size for offset, count in zip(offsets, counts, strict=False)):
            raise PageError("truncated: the image data end early")
        if 0 < len(offsets) < needed:
            raise PageError("truncated: parts of the image are missing")


def number_of(tags: Mapping[int, object], tag: int, default: int) -> int:
    """The first whole number of a TIFF tag, `default` where there is none."""
    return (numbers_of(tags.get(tag)) or [default])[0]


def numbers_of(value: object) -> list[int]:
    """The whole numbers of a TIFF tag's value, whatever was given for it."""
    values = value if isinstance(value, tuple | list) else [] if value is None else [value]
    return [number for number in values if isinstance(number, int)]
