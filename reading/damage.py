"""What decoders complain about, in two grades.

*Broken* is a page of which something is missing: rows, strips or segments, a checksum of its pixels that is wrong, an
end that comes too early. It gets an error row (`PageError`). *Doubtful* is all else that a decoder says: harmless
complaints exist. Such a page gets its scores and a word of warning, which is added to `heard`:

    heard: list[str] = []
    judge_jpeg("Corrupt JPEG data: bad Huffman code", heard)     # heard == ["JPEG: bad Huffman code"]

What no decoder can notice stays unnoticed: uncompressed pictures, and the inside of WebP and JPEG 2000, carry no
checksum (docs/reading.md has the figures).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from reading.page_errors import PageError
from reading.tiff_errors import tiff_reports
from reading.tiff_frames import number_of, numbers_of

# libjpeg's words for "something is missing here"; the others are of bits that went wrong, or of odd headers.
_JPEG_MISSING = re.compile(r"premature end|found marker .* instead of RST|RST\d? marker|no image|empty", re.IGNORECASE)
# libtiff's: a line that ends early is drawn white to its end, a strip without enough data stays black.
_TIFF_MISSING = re.compile(
    r"premature EO|not enough data|premature end|short|invalid strip byte count|read error", re.I
)
_DEFLATE, _LZW = (8, 32946), 5  # TIFF compressions
_FEW_STRIPS = 400
_PLAIN_COLOURS = (0, 1, 2, 3)  # grey, RGB, palette
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_SYNC = b"\0\0\xff\xff"  # what a deflating writer leaves that flushed its data and never closed them
_MOST_SAID = 3  # complaints of one page that are passed on


def judge_jpeg(said: str, heard: list[str]) -> None:
    """Grades a complaint of libjpeg: PageError, or a word more in `heard`."""
    short = re.sub(r"^(Corrupt JPEG data|Warning)?:? *", "", said.strip())
    if _JPEG_MISSING.search(short):
        raise PageError(f"damaged: parts of the JPEG data are missing ({short})")
    note(f"JPEG: {short}", heard)


def judge_tiff(path: Path | int, directory: int, heard: list[str], name: str = "TIFF") -> None:
    """Decodes a TIFF's picture once more and grades what libtiff reports; see `judge_jpeg`."""
    for report in tiff_reports(path, directory):
        if report.is_error or _TIFF_MISSING.search(report.text):
            if report.part.startswith("Fax"):
                raise PageError(f"damaged: its fax data (Group 3 or 4) are broken ({report.text})")
            raise PageError(f"damaged: its image data are broken ({report.part}: {report.text})")
        if report.part == "JPEGLib":
            judge_jpeg(report.text, heard)
        else:
            note(f"{name}: {report.text} ({report.part})", heard)


def judge_deflate(data: bytes, least: int, what: str) -> bool:
    """Whether deflated data are whole: to their end mark, with or without the checksum behind it (some writers leave it
    out), or to where their writer flushed them.

    Raises PageError where they end before `least` bytes came out of them, or are not what was written.
    """
    inflater, got, rest = zlib.decompressobj(), 0, data
    try:
        while rest and not inflater.eof:
            got += len(inflater.decompress(rest, 1 << 20))  # a little at a time: a small file can hold gigabytes
            rest = inflater.unconsumed_tail
        got += len(inflater.flush()) if not inflater.eof else 0
    except zlib.error as error:
        if "check" in str(error):
            raise PageError(f"damaged: wrong checksum in {what}") from None
        raise PageError(f"damaged: {what} cannot be decompressed") from None
    if got < least:
        raise PageError(f"truncated: {what} end early")
    return inflater.eof or data.endswith(_SYNC) or _lacks_checksum_only(inflater)


def _lacks_checksum_only(inflater: zlib._Decompress) -> bool:
    """Whether what comes next is the checksum: four bytes that are none are told to be wrong, or happen to be right."""
    try:
        inflater.decompress(b"\0\0\0\0")
    except zlib.error as error:
        return "check" in str(error)
    return inflater.eof


def judge_deflated_tiff(file: BinaryIO, tags: Mapping[int, object], image: Image.Image | None = None) -> None:
    """The checksum and the length of each strip or tile of a deflated TIFF, which libtiff looks at neither of.

    image: what was decoded; where its pixels have the checksums of the strips, nothing is inflated once more.
    """
    if number_of(tags, 259, 1) not in _DEFLATE or (image and has_checksums(file, tags, image)):
        return
    is_reversed = number_of(tags, 266, 1) == 2  # libtiff turns the bits of each byte round here too
    for offset, count, least in _parts(tags):
        file.seek(offset)
        data = file.read(count)
        judge_deflate(data.translate(_REVERSED_BITS) if is_reversed else data, least, "its image data")


def has_checksums(file: BinaryIO, tags: Mapping[int, object], image: Image.Image) -> bool:
    """Whether the last bytes of each deflated strip are the checksum of its rows in `image`. False says nothing: only
    strips of grey or RGB as most writers make them are looked at.
    """
    rows, predictor = number_of(tags, 278, image.height), number_of(tags, 317, 1)
    strips = list(zip(numbers_of(tags.get(273)), numbers_of(tags.get(279)), strict=False))
    if image.mode not in ("L", "RGB") or rows < 1 or not 0 < len(strips) == -(-image.height // rows) <= _FEW_STRIPS:
        return False
    for number, (offset, count) in enumerate(strips):
        file.seek(offset + max(0, count - 4))
        band = image.crop((0, number * rows, image.width, min((number + 1) * rows, image.height)))
        values = np.frombuffer(band.tobytes(), np.uint8).reshape(*band.size[::-1], -1)  # [rows, width, channels]
        if predictor == 2:  # each value is stored as what it differs by from the one to its left
            values = np.diff(values, axis=1, prepend=np.uint8(0))
        if zlib.adler32(values) != int.from_bytes(file.read(4)):
            return False
    return True


def fails_aloud(file: BinaryIO, tags: Mapping[int, object]) -> bool:
    """Whether Pillow raises all that libtiff could report of a TIFF's picture, so that one that was decoded is sound.

    So it is with LZW: what is wrong with its codes ends the strip, and gives no pixels. Not of subsampled
    colours, which Pillow asks for in another way, nor of the codes of before 1991, of which libtiff warns.
    """
    if number_of(tags, 259, 1) != _LZW or number_of(tags, 262, 1) not in _PLAIN_COLOURS or number_of(tags, 266, 1) != 1:
        return False
    for offset in numbers_of(tags.get(324)) or numbers_of(tags.get(273)):
        file.seek(offset)
        first = file.read(2)
        if len(first) < 2 or (first[0] == 0 and first[1] & 1):
            return False
    return True


def judge_png_rows(file: BinaryIO, size: tuple[int, int], is_last_row_black: bool) -> None:
    """Raises PageError where a PNG's data hold fewer rows than its header says.

    Pillow leaves rows that are not there black, so only a picture whose last row is black is looked at once more.
    """
    if not is_last_row_black:
        return
    file.seek(0)
    data = file.read()
    bits, colour, _, _, interlaced = data[24:29]
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    least = 0
    for left, top, across, down in passes if interlaced else [(0, 0, 1, 1)]:
        width, height = -(-max(0, size[0] - left) // across), -(-max(0, size[1] - top) // down)
        least += height * (1 + -(-width * bits * channels // 8)) if width else 0
    judge_deflate(b"".join(_image_data(data)), least, "its rows")


def note(said: str, heard: list[str]) -> None:
    """Adds a complaint, once, and only the first few."""
    if said not in heard and len(heard) < _MOST_SAID:
        heard.append(said)


def _image_data(png: bytes) -> Iterator[bytes]:
    at = 8
    while at + 12 <= len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            yield png[at + 8 : at + 8 + length]
        at += 12 + length


def _parts(tags: Mapping[int, object]) -> Iterator[tuple[int, int, int]]:
    """Offset and length of each strip or tile, and the bytes that must come out of it at least."""

    width, height = number_of(tags, 256, 0), number_of(tags, 257, 0)
    planar = number_of(tags, 284, 1) == 2
    bits = sum(numbers_of(tags.get(258)) or [1])
    if len(numbers_of(tags.get(258))) == 1:
        bits *= number_of(tags, 277, 1)
    if planar:
        bits //= max(1, number_of(tags, 277, 1))
    if number_of(tags, 262, 1) == 6:  # YCbCr may be subsampled
        bits = 0
    if tags.get(324) is not None:
        row, rows = -(-number_of(tags, 322, width) * bits // 8), number_of(tags, 323, height)
        for offset, count in zip(numbers_of(tags.get(324)), numbers_of(tags.get(325)), strict=False):
            yield offset, count, row * rows
        return
    row, rows = -(-width * bits // 8), max(1, min(number_of(tags, 278, height), height))
    in_plane = -(-height // rows)
    parts = zip(numbers_of(tags.get(273)), numbers_of(tags.get(279)), strict=False)
    for part, (offset, count) in enumerate(parts):
        yield offset, count, row * min(rows, height - (part % in_plane) * rows)
