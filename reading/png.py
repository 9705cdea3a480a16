"""PNGs whose picture is whole, though Pillow refuses what stands beside it.

    image = Image.open(without_extras(file), formats=["PNG"])

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
