"""Frames of TIFFs as Pillow images.

    tiffs = OpenTiffs()
    image = tiffs.page(path, file, 0, max_pixels=700_000_000, heard=[])
    tiffs.close()

Files of several frames stay open between pages: finding frame k walks k directories, once and not k times.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageFile, ImagePalette, UnidentifiedImageError

from reading.colours import grey_or_rgb
from reading.containers import FileId, file_id_of
from reading.damage import fails_aloud, judge_deflated_tiff, judge_tiff
from reading.memory_gate import budget, take
from reading.page_errors import TIFF_ERRORS, DecoderError, PageError, decoder, over_limit, reason_of
from reading.rare_tiffs import COMMON_COMPRESSIONS, COMPRESSION, read_rare_tiff, reads_wrong
from reading.tiff_bands import Bands, tiff_bytes
from reading.tiff_errors import can_hear
from reading.tiff_frames import check_strips, numbers_of, tiff_pages

OPEN_TIFFS = 8
COLOUR_MAP = 320  # a tag
_DECIDING = range(254, 533)  # tags: all that decides pixels
_UNKNOWN = (UnidentifiedImageError, SyntaxError, LookupError, TypeError, ValueError)  # Pillow knows no such image


class _OpenTiff(NamedTuple):
    """An open file, and which of its directories are pages."""

    file_id: FileId
    image: ImageFile.ImageFile
    directories: list[int]


class OpenTiffs:
    """TIFFs that stay open between their pages, at most `OPEN_TIFFS`. For several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_OpenTiff] = []  # least recently used first; one in use is not in the list

    def page(self, path: Path, file: BinaryIO, frame: int | None, max_pixels: int, heard: list[str]) -> Image.Image:
        """A page of a TIFF; `frame` counts its pages (tiff_frames.py) from 0, None is the only one.

        What libtiff complained about is raised or added to `heard` (damage.py). What Pillow cannot read, or reads
        wrong, is asked of a second reader (rare_tiffs.py).
        """
        file_id = file_id_of(path, file)
        tiff = self._take(file_id, frame)
        image, directories = (tiff.image, tiff.directories) if tiff else (None, tiff_pages(file).directories)
        if frame is None and len(directories) > 1:
            raise PageError(f"holds {len(directories)} pages where one image was expected: rename it to .tif")
        if frame is not None and frame >= len(directories):
            count = f"{len(directories)} pages" if len(directories) > 1 else "one page"
            raise PageError(f"page {frame + 1} is missing: the file holds {count}")
        directory = directories[frame or 0]
        keep = False
        try:
            try:
                image = image or _opened(path)
                _go_to(image, directory)
            except EOFError:
                raise PageError(f"damaged: the directory of page {(frame or 0) + 1} cannot be read") from None
            except _UNKNOWN:
                return read_rare_tiff(path, directory, max_pixels)
            except TIFF_ERRORS as error:
                raise PageError(reason_of(error)) from None
            check_strips(file, image.tag_v2)
            if reads_wrong(image.tag_v2):
                page = read_rare_tiff(path, directory, max_pixels)
                judge_deflated_tiff(file, image.tag_v2)
                judge_tiff(path, directory, heard)
                return page
            try:
                page = _decoded(path, file, image, directory, max_pixels, heard)
            except DecoderError:
                if (numbers_of(image.tag_v2.get(COMPRESSION)) or [0])[0] in COMMON_COMPRESSIONS:
                    raise
                return read_rare_tiff(path, directory, max_pixels)
            keep = getattr(image, "is_animated", False)
            return page
        finally:
            if keep:
                self._put(_OpenTiff(file_id, image, directories))
            elif image is not None:
                image.close()

    def close(self) -> None:
        """Closes the files that are kept open between frames."""
        with self._lock:
            while self._idle:
                self._idle.pop().image.close()

    def _take(self, file_id: FileId, frame: int | None) -> _OpenTiff | None:
        with self._lock:
            for position in range(len(self._idle) - 1, -1, -1):
                tiff = self._idle[position]
                # Never the frame it stands on: its pixels are gone, and Pillow decodes a frame once only.
                if (
                    tiff.file_id == file_id
                    and frame is not None
                    and frame < len(tiff.directories)
                    and tiff.image.tell() != tiff.directories[frame]
                ):
                    return self._idle.pop(position)
        return None

    def _put(self, tiff: _OpenTiff) -> None:
        with self._lock:
            self._idle.append(tiff)
            while len(self._idle) > OPEN_TIFFS:
                self._idle.pop(0).image.close()


def read_tiff_picture(file: BinaryIO, max_pixels: int) -> Image.Image:
    """The picture of a TIFF of one page that lies in memory, in mode "L" or "RGB", by Pillow alone.

    What libtiff complains about is not heard, for that takes a file on the disk; what Pillow reads wrong is refused.
    """
    directories = tiff_pages(file).directories
    if len(directories) > 1:
        raise PageError(f"holds {len(directories)} pages where one picture was expected")
    file.seek(0)
    try:
        image = Image.open(file, formats=["TIFF"])
        _go_to(image, directories[0])
    except TIFF_ERRORS as error:
        raise PageError(reason_of(error)) from None
    check_strips(file, image.tag_v2)
    if reads_wrong(image.tag_v2):
        raise PageError("not supported: a TIFF of a rare kind: save it as PNG")
    if image.size[0] * image.size[1] > max_pixels:
        raise over_limit(image.size, max_pixels)
    _mend_palette(image)
    can_hear()  # nothing is printed on the console
    take(tiff_bytes(image.mode, image.tag_v2, image.info))
    with decoder(*TIFF_ERRORS):
        image.load()
    judge_deflated_tiff(file, image.tag_v2, image)
    page = grey_or_rgb(image)
    return page.copy() if page is image else page


def _opened(path: Path) -> ImageFile.ImageFile:
    file = path.open("rb")
    try:
        image = Image.open(file, formats=["TIFF"])
    except BaseException:
        file.close()
        raise
    image._exclusive_fp = True  # so that image.close() closes the file; given a path, Pillow would map it into memory
    return image


def _go_to(image: ImageFile.ImageFile, directory: int) -> None:
    image.seek(directory)
    for tag in list(image.tag_v2):
        if tag in _DECIDING:
            image.tag_v2.get(tag)  # decoded at the first call, with errors of its own; kept from then on


def _decoded(
    path: Path, file: BinaryIO, image: ImageFile.ImageFile, directory: int, max_pixels: int, heard: list[str]
) -> Image.Image:
    """The page that an open file stands on, decoded by Pillow and judged. DecoderError where Pillow gives up."""
    if image.size[0] * image.size[1] > max_pixels:
        raise over_limit(image.size, max_pixels)
    _mend_palette(image)
    can_hear()
    needed = tiff_bytes(image.mode, image.tag_v2, image.info)
    bands = needed > budget() and Bands.of(file, image)
    if bands:
        page = bands.page(_mend_palette)
    else:
        take(needed)
        with decoder(*TIFF_ERRORS):
            image.load()
    judge_deflated_tiff(file, image.tag_v2, None if bands else image)
    # Of strips that are cut, libtiff would want the whole in memory.
    if not (bands and bands.cuts_strips) and not fails_aloud(file, image.tag_v2):
        judge_tiff(path, directory, heard)
    if not bands:
        page = grey_or_rgb(image)
        page = page.copy() if page is image else page
    image.im = None  # an open TIFF would keep its last frame in memory
    return page


def _mend_palette(image: ImageFile.ImageFile) -> None:
    """Colour maps have 16 bits an entry, of which Pillow takes the upper eight; some writers filled in 0 ... 255."""
    entries = numbers_of(image.tag_v2.get(COLOUR_MAP))
    if image.mode in ("P", "PA") and entries and min(entries) >= 0 and max(entries) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(entries))
