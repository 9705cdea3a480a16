"""PNGs as Pillow reads them best: with their data in one piece, and without what it refuses beside a whole picture.

    file = in_one_piece(in_memory(file))
    image = Image.open(without_extras(file), formats=["PNG"])

Writers cut the data into pieces of 8 or 32 KB. Pillow decodes each with a call of its own, for which a thread gives
Python's global lock away and must get it back: with many threads, most of the time passes in waiting for it.
Texts and colour profiles of more than a megabyte, and a wrong checksum of a comment, cost no pixel.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO

# What decides pixels: their checksums were compared before (containers.py). Which way is up stays if it is whole.
_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_ORIENTATION = b"eXIf"
_MOST_AT_ONCE = 1 << 25  # bytes of a file that are held in memory


def in_memory(file: BinaryIO) -> BinaryIO:
    """A copy of a file in memory, read at once; a file of more than 32 MB itself."""
    file.seek(0)
    data = file.read(_MOST_AT_ONCE + 1)
    return io.BytesIO(data) if len(data) <= _MOST_AT_ONCE else file


def in_one_piece(file: BinaryIO) -> BinaryIO:
    """A PNG that lies in memory and was found whole (containers.py), with its first image's data in one chunk.

    The new chunk's checksum is none: Pillow reads over it, and those of the pieces were compared.
    """
    if not isinstance(file, io.BytesIO):
        return file
    data = file.getbuffer()
    at, pieces, first, last = 8, [], 0, 0
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"IDAT":
            first, last = first or at, at + 12 + length
            pieces.append(data[at + 8 : at + 8 + length])
        elif pieces:
            break
        at += 12 + length
    if len(pieces) < 2:
        return file
    head = struct.pack(">I4s", sum(map(len, pieces)), b"IDAT")
    return io.BytesIO(b"".join([data[:first], head, *pieces, bytes(4), data[last:]]))


def without_extras(file: BinaryIO) -> BinaryIO:
    """A copy in memory that holds only the picture; of an animation its first one."""
    out = io.BytesIO()
    file.seek(0)
    out.write(file.read(8))
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name not in (*_PICTURE, _ORIENTATION):
            file.seek(length + 4, io.SEEK_CUR)
            continue
        data, checksum = file.read(length), file.read(4)
        if name != _ORIENTATION or checksum == struct.pack(">I", zlib.crc32(data, zlib.crc32(name))):
            out.write(head + data + checksum)
        if name == b"IEND":
            break
    out.seek(0)
    return out
