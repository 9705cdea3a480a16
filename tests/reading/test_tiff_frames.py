"""Which directories of a TIFF are pages: reading/tiff_frames.py, and all that counts pages by it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from output.files import write_lines
from reading import decoding
from reading.decoding import count_frames, frames_of, read_page
from reading.pages import find_pages, load_pages, page_lines, pages_of_files
from reading.tiff_frames import tiff_pages

ROOT = Path(decoding.__file__).parents[1]
REDUCED, PAGE, MASK = 1, 2, 4


def frame(value, height=64, width=48):
    return np.full((height, width), value, np.uint8)


def write(path, *frames, big=False, **options):
    """A TIFF of (pixels, NewSubfileType) directories; pixels of one grey tell which one was read."""
    with tifffile.TiffWriter(path, bigtiff=big) as out:
        for pixels, kind in frames:
            mask = kind & MASK  # of one bit
            pixels, photometric = (pixels > 0, "mask") if mask else (pixels, "minisblack")
            out.write(pixels, subfiletype=kind, metadata=None, photometric=photometric, **options)
    return path


def greys(path):
    count = count_frames(path)
    pages = [read_page(path, k, min_side=32, max_pixels=10**6) for k in (range(count) if count else [None])]
    return [page.getpixel((3, 3)) for page in pages]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    ("kinds", "pages"),
    [
        ([0, REDUCED], [0]),
        ([REDUCED, 0], [1]),  # the thumbnail stands first: cameras do so
        ([0, MASK], [0]),
        ([0, REDUCED | MASK, REDUCED], [0]),
        ([PAGE, PAGE | REDUCED, PAGE, PAGE | REDUCED], [0, 2]),
        ([PAGE, REDUCED, MASK, PAGE, PAGE], [0, 3, 4]),
        ([REDUCED, REDUCED], [0, 1]),  # nothing else is there
        ([0, 0, 0], [0, 1, 2]),
    ],
)
def test_thumbnails_pyramid_levels_and_masks_are_no_pages(tmp_path, kinds, pages, big):
    path = write(tmp_path / "X-7.tif", *((frame(10 * k), kind) for k, kind in enumerate(kinds)), big=big)
    assert greys(path) == [10 * k for k in pages]
    assert frames_of(path) == (len(pages) if len(pages) > 1 else None, len(kinds) - len(pages))
    names = [(page.file, page.number) for page in pages_of_files([path]).pages]
    assert names == ([("X", 7)] if len(pages) == 1 else [("X-7", k + 1) for k in range(len(pages))])


def test_pages_are_read_in_any_order(tmp_path):
    kinds = [PAGE if k % 3 == 0 else REDUCED for k in range(30)]
    path = write(tmp_path / "a.tif", *((frame(k), kind) for k, kind in enumerate(kinds)))
    with decoding.Reader(min_side=32, max_pixels=10**6) as reader:
        for page in (9, 0, 0, 5, 9, 1):
            assert reader.page(path, page).getpixel((1, 1)) == 3 * page
        with pytest.raises(decoding.PageError, match="page 11 is missing: the file holds 10 pages"):
            reader.page(path, 10)


def test_the_subfile_type_of_old_writers(tmp_path):
    path = tmp_path / "old.tif"
    with tifffile.TiffWriter(path) as out:
        for value, kind in ((10, 1), (20, 2), (30, 3)):  # full size, reduced, one page of several
            out.write(frame(value), metadata=None, photometric="minisblack", extratags=[(255, "H", 1, kind, True)])
    assert greys(path) == [10, 30]


def test_sub_directories_are_no_pages(tmp_path):
    path = tmp_path / "sub.tif"
    with tifffile.TiffWriter(path) as out:
        out.write(frame(10), subifds=1, metadata=None, photometric="minisblack")
        out.write(frame(20, 32, 24), metadata=None, photometric="minisblack")
        out.write(frame(30), metadata=None, photometric="minisblack")
    assert greys(path) == [10, 30]


def test_pyramids_that_do_not_say_so(tmp_path):
    sides = [(431, 301), (216, 151), (108, 75), (54, 37)]
    levels = [(frame(k, *side), 0) for k, side in enumerate(sides)]
    assert greys(write(tmp_path / "levels.tif", *levels)) == [0]
    assert greys(write(tmp_path / "tiled.tif", *levels[:2], tile=(64, 64))) == [0]
    # An A4 page and an A6 one; sizes that only shrink; a pyramid's sizes with another page behind: all pages.
    assert greys(write(tmp_path / "two.tif", *levels[:2])) == [0, 1]
    assert greys(write(tmp_path / "shrink.tif", (frame(0, 400, 300), 0), (frame(1, 300, 225), 0))) == [0, 1]
    assert greys(write(tmp_path / "more.tif", *levels, (frame(9, 431, 301), 0))) == [0, 1, 2, 3, 9]
    assert greys(write(tmp_path / "same.tif", *[(frame(k), 0) for k in range(3)], tile=(16, 16))) == [0, 1, 2]


def test_a_folder_counts_what_it_leaves_out(tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    write(scans / "CTX194102101-059.tif", (frame(1), 0), (frame(2, 16, 12), REDUCED))
    write(scans / "CTX194102101-060.tif", (frame(1), 0), (frame(2), MASK))
    Image.new("L", (40, 60), 200).save(scans / "CTX194102101-061.png")
    found = find_pages(scans)
    assert [(page.file, page.number, page.frame) for page in found.pages] == [
        ("CTX194102101", number, None) for number in (59, 60, 61)
    ]
    assert found.passed.frames == 2
    write_lines(tmp_path / "pages.jsonl", page_lines(found))
    assert load_pages(tmp_path / "pages.jsonl") == found
    done = subprocess.run(
        [sys.executable, ROOT / "run.py", "-d", scans, "-o", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "2 reduced copies or masks in TIFFs left out" in done.stderr + done.stdout


@pytest.mark.shared
def test_real_files_with_thumbnails_levels_and_masks(shared):
    found = find_pages(shared / "faults" / "tiff_subfiles")
    assert [(page.file, page.number) for page in found.pages] == [("CTX194102101", n) for n in (59, 60, 61)]
    for name in ("0004.tif", "tiff_pyramid-14.tif", "tiff_thumb-15.tif"):
        with (shared / "faults" / "reading" / name).open("rb") as file:
            assert tiff_pages(file).directories == [0]
