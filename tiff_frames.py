"""The directories of a TIFF: how many frames it holds, and whether a frame's data are all there.

    with path.open("rb") as file:
        frames = tiff_frames(file)

Read from the bytes: two short reads a directory.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO

from containers import size_of
from page_errors import PageError

MAX_FRAMES = 100_000  # far above any scanned volume; a hostile TIFF can chain a directory at every byte


def tiff_frames(file: BinaryIO) -> int:
    """Number of frames of a TIFF or BigTIFF, by its chain of directories: two short reads a frame, whatever they hold.

    Raises PageError where the chain leads out of the file (a cut file) or never ends.
    """
    size = size_of(file)
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    count_as, entry, offset_as = (order + "Q", 20, order + "Q") if big else (order + "H", 12, order + "I")
    try:
        (offset,) = struct.unpack_from(offset_as, head, 8 if big else 4)
        seen: set[int] = set()
        while offset and offset not in seen:
            if len(seen) >= MAX_FRAMES:
                raise PageError(f"damaged: more than {MAX_FRAMES} frames")
            seen.add(offset)
            file.seek(offset)
            (entries,) = struct.unpack(count_as, file.read(struct.calcsize(count_as)))
            end = offset + struct.calcsize(count_as) + entries * entry
            if end + struct.calcsize(offset_as) > size:
                raise PageError(f"truncated: the directory of frame {len(seen)} lies beyond the end of the file")
            file.seek(end)
            (offset,) = struct.unpack(offset_as, file.read(struct.calcsize(offset_as)))
    except (struct.error, OverflowError):  # an offset beyond the end reads nothing; beyond 2**63 it cannot be sought
        raise PageError("truncated: a frame's directory lies beyond the end of the file") from None
    if not seen:
        raise PageError("damaged: a TIFF without a frame")
    return len(seen)


def check_strips(file: BinaryIO, tags: Mapping[int, object]) -> None:
    """Raises PageError where a TIFF frame's strips or tiles are too few or reach beyond the file (a fax decoder would
    draw the missing part white, a tile would stay black). `tags` are the frame's TIFF tags by number."""
    size = size_of(file)
    width, height = _number(tags, 256, 0), _number(tags, 257, 0)
    planes = _number(tags, 277, 1) if _number(tags, 284, 1) == 2 else 1
    strips = -(-height // (_number(tags, 278, height) or height or 1))
    tiles = -(-width // (_number(tags, 322, width) or 1)) * -(-height // (_number(tags, 323, height) or 1))
    for offsets_tag, counts_tag, needed in ((273, 279, strips * planes), (324, 325, tiles * planes), (513, 514, 0)):
        offsets, counts = _numbers(tags.get(offsets_tag)), _numbers(tags.get(counts_tag))
        if any(offset >= size for offset in offsets):
            raise PageError("truncated: image data lie beyond the end of the file")
        if any(offset + count > size for offset, count in zip(offsets, counts, strict=False)):
            raise PageError("truncated: the image data end early")
        if 0 < len(offsets) < needed:
            raise PageError("truncated: parts of the image are missing")


def _number(tags: Mapping[int, object], tag: int, default: int) -> int:
    return (_numbers(tags.get(tag)) or [default])[0]


def _numbers(value: object) -> list[int]:
    values = value if isinstance(value, tuple | list) else [] if value is None else [value]
    return [number for number in values if isinstance(number, int)]
