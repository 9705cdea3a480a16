"""Frames of TIFFs as Pillow images.

    image = read_tiff(path, file, 0, max_pixels=700_000_000)

Files of several frames stay open between pages (`close_tiffs`).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile, ImagePalette, UnidentifiedImageError

from reading.colours import first_of, grey_or_rgb
from reading.containers import FileId, file_id_of
from reading.damage import judge_deflated_tiff, judge_tiff
from reading.memory_gate import budget, take
from reading.page_errors import DECODING_ERRORS, PageError, over_limit
from reading.rare_tiffs import COMMON_COMPRESSIONS, COMPRESSION, read_rare_tiff, reads_wrong
from reading.tiff_bands import Bands, tiff_bytes
from reading.tiff_errors import can_hear
from reading.tiff_frames import check_strips, tiff_pages

OPEN_TIFFS = 8
COLOUR_MAP = 320  # a tag

_tiff_lock = threading.Lock()
# The file, and which of its directories are pages. Least recently used first; one in use is not in the list.
_idle_tiffs: list[tuple[FileId, ImageFile.ImageFile, list[int]]] = []


def read_tiff(path: Path, file: BinaryIO, frame: int | None, max_pixels: int, heard: list[str]) -> Image.Image:
    """A page of a TIFF; `frame` counts its pages (tiff_frames.py) from 0, None is the only one.

    What libtiff complained about is raised or added to `heard` (damage.py). Files of many frames stay open: finding
    frame k walks k directories, once and not k times. What Pillow cannot read, or reads wrong, is asked of a second
    reader (rare_tiffs.py).
    """
    file_id = file_id_of(path, file)
    image, places = _take_tiff(file_id, frame)
    keep = False
    try:
        if image is None:
            places = tiff_pages(file).places
            _check_there(frame, len(places))
        place = places[frame or 0]
        try:
            image = image or _opened(path)
            image.seek(place)
            rare = reads_wrong(image.tag_v2)
        except (UnidentifiedImageError, SyntaxError, LookupError, TypeError, ValueError):  # Pillow knows no such image
            return read_rare_tiff(path, place, max_pixels)
        check_strips(file, image.tag_v2)
        if rare:
            page = read_rare_tiff(path, place, max_pixels)
            judge_deflated_tiff(file, image.tag_v2)
            judge_tiff(path, place, heard)
            return page
        if image.size[0] * image.size[1] > max_pixels:
            raise over_limit(image.size, max_pixels)
        _mend_palette(image)
        can_hear()
        needed = tiff_bytes(image.mode, image.tag_v2, image.info)
        bands = needed > budget() and Bands.of(file, image)
        if not bands:
            take(needed)
        try:
            if bands:
                page = bands.page(_mend_palette)
            else:
                image.load()
        except DECODING_ERRORS:
            if first_of(image.tag_v2.get(COMPRESSION)) in COMMON_COMPRESSIONS:
                raise
            return read_rare_tiff(path, place, max_pixels)
        judge_deflated_tiff(file, image.tag_v2)
        if not (bands and bands.cuts_strips):  # of which libtiff would want the whole strip in memory
            judge_tiff(path, place, heard)
        if not bands:
            page = grey_or_rgb(image)
            page = page.copy() if page is image else page
        image.im = None  # an open TIFF would keep its last frame in memory
        keep = getattr(image, "is_animated", False)
        return page
    except EOFError:
        raise PageError(f"damaged: the directory of page {(frame or 0) + 1} cannot be read") from None
    finally:
        if keep:
            _put_tiff(file_id, image, places)
        elif image is not None:
            image.close()


def _opened(path: Path) -> ImageFile.ImageFile:
    file = path.open("rb")
    try:
        image = Image.open(file, formats=["TIFF"])
    except BaseException:
        file.close()
        raise
    image._exclusive_fp = True  # so that image.close() closes the file; given a path, Pillow would map it into memory
    return image


def _mend_palette(image: ImageFile.ImageFile) -> None:
    """Colour maps have 16 bits an entry, of which Pillow takes the upper eight; some writers filled in 0 ... 255."""
    entries = image.tag_v2.get(COLOUR_MAP)
    if image.mode in ("P", "PA") and isinstance(entries, tuple) and max(entries, default=0) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(entries))


def close_tiffs() -> None:
    """Closes the files that are kept open between frames."""
    with _tiff_lock:
        while _idle_tiffs:
            _idle_tiffs.pop()[1].close()


def _check_there(frame: int | None, pages: int) -> None:
    if frame is None and pages > 1:
        raise PageError(f"holds {pages} pages where one image was expected: rename it to .tif")
    if frame is not None and frame >= pages:
        raise PageError(f"page {frame + 1} is missing: the file holds {f'{pages} pages' if pages > 1 else 'one page'}")


def _take_tiff(file_id: FileId, frame: int | None) -> tuple[ImageFile.ImageFile | None, list[int]]:
    with _tiff_lock:
        for position in range(len(_idle_tiffs) - 1, -1, -1):
            found, image, places = _idle_tiffs[position]
            # Never the frame it stands on: its pixels are gone, and Pillow decodes a frame once only.
            if found == file_id and frame is not None and frame < len(places) and image.tell() != places[frame]:
                del _idle_tiffs[position]
                return image, places
    return None, []


def _put_tiff(file_id: FileId, image: ImageFile.ImageFile, places: list[int]) -> None:
    with _tiff_lock:
        _idle_tiffs.append((file_id, image, places))
        while len(_idle_tiffs) > OPEN_TIFFS:
            _idle_tiffs.pop(0)[1].close()
