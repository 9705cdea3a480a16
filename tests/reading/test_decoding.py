"""Formats, damage and limits of reading/decoding.py and reading/containers.py, on files drawn here."""

import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from page_files import HEIGHT, LIMIT, WIDTH, WRITERS, drawn, encoded, read, read_all, read_all_under, reason, saved
from PIL import Image

from reading import decoding
from reading.containers import kind_of
from reading.decoding import PageError, Reader, count_frames

# pytest takes back the filter that reading/decoding.py sets once; that it works is seen in a process of its own below.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_read_upright_in_grey_or_colour(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(WRITERS[name]())
    pages = read_all(path)
    assert len(pages) == (3 if name == "frames.tif" else 1)
    for page in pages:
        assert page.mode in ("L", "RGB")
        if name == "runs.bmp":
            assert page.size == (WIDTH, HEIGHT)
            continue
        if name == "report.pdf":
            page = page.resize((WIDTH, HEIGHT))
        assert page.size == (WIDTH, HEIGHT)
        # Halves of 1-bit pages are dithered: compare what the eye sees.
        seen, right = (np.asarray(image.convert("L").reduce(6), int) for image in (page, drawn()))
        assert np.abs(seen - right).mean() < 10


@pytest.mark.parametrize("name", WRITERS)
def test_a_cut_file_fails_or_gives_the_same_pixels(tmp_path, name, capfd):
    data = WRITERS[name]()
    path = tmp_path / name
    path.write_bytes(data)
    whole = [np.asarray(page) for page in read_all(path)]
    near_the_end = [len(data) - left for left in (1, 2, 3, 12, 30)]
    failed = 0
    for length in [len(data) * tenth // 12 for tenth in range(12)] + near_the_end:
        path.write_bytes(data[:length])
        try:
            pages = [np.asarray(page) for page in read_all(path)]
        except PageError:
            failed += 1
            continue
        assert len(pages) == len(whole), f"cut at {length} of {len(data)}: pages are missing"
        for page, right in zip(pages, whole, strict=True):
            assert np.array_equal(page, right), f"cut at {length} of {len(data)} was taken for whole"
    assert failed >= 12
    assert capfd.readouterr() == ("", ""), "decoders must not write on the console"


@pytest.mark.parametrize(
    "name",
    ["baseline.jpg", "progressive.jpeg", "boxed.jp2", "lossy.webp", "report.pdf", "lzw.tiff", "page.gif", "page.avif"],
)
def test_a_scan_filled_up_with_zero_bytes_fails(tmp_path, name):
    data = WRITERS[name]()
    path = tmp_path / name
    for length in (len(data) // 3, len(data) // 2):
        path.write_bytes(data[:length] + bytes(len(data) - length))
        with pytest.raises(PageError):
            read_all(path)


def test_inner_damage_is_noticed_where_the_format_allows(tmp_path):
    for name, expected in (("grey.png", "checksum"), ("fax.tif", "fax"), ("lzw.tiff", "damaged")):
        data = bytearray(WRITERS[name]())
        middle = len(data) // 2
        data[middle : middle + 40] = np.random.default_rng(0).integers(0, 256, 40, dtype=np.uint8).tobytes()
        (tmp_path / name).write_bytes(data)
        if name == "fax.tif" and os.name == "nt":
            continue  # reading/tiff_errors.py: libtiff's reports cannot be caught there
        assert expected in reason(tmp_path / name)


def test_reasons_are_plain(tmp_path):
    (tmp_path / "empty.png").touch()
    assert reason(tmp_path / "empty.png") == "the file is empty"
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    assert reason(tmp_path / "text.png") == "not an image although its name ends in .png"
    assert reason(tmp_path / "gone.png") == "the file is not there any more"
    (tmp_path / "folder.png").mkdir()
    assert reason(tmp_path / "folder.png") == "not a file"
    (tmp_path / "head.png").write_bytes(WRITERS["grey.png"]()[:40])
    assert reason(tmp_path / "head.png").startswith("truncated")
    (tmp_path / "photo.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    assert reason(tmp_path / "photo.jpg") == "a HEIC photo, which is not read: save it as JPEG, PNG or TIFF"
    (tmp_path / "two.pgm").write_bytes(2 * encoded(drawn(), "PPM"))
    assert "several images" in reason(tmp_path / "two.pgm")
    (tmp_path / "deep.pgm").write_bytes(b"P5 2 1 65535\n\x00\x00\xff\xff")
    assert np.asarray(read(tmp_path / "deep.pgm")).tolist() == [[0, 255]]
    (tmp_path / "odd.tif").write_bytes(b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    assert "header" in reason(tmp_path / "odd.tif")
    with pytest.raises(PageError, match="not an image"):
        count_frames(tmp_path / "text.png")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_permission_denied(tmp_path):
    path = saved(tmp_path, drawn(), "a.png")
    path.chmod(0)
    assert reason(path) == "cannot be read: permission denied"


def test_content_decides_not_the_extension(tmp_path):
    (tmp_path / "really.png").write_bytes(WRITERS["baseline.jpg"]())
    assert read(tmp_path / "really.png").size == (WIDTH, HEIGHT)
    (tmp_path / "one.png").write_bytes(WRITERS["raw.tif"]())
    assert read(tmp_path / "one.png").size == (WIDTH, HEIGHT)
    (tmp_path / "three.png").write_bytes(WRITERS["frames.tif"]())
    assert "3 pages" in reason(tmp_path / "three.png")
    (tmp_path / "report.jpg").write_bytes(WRITERS["report.pdf"]())
    assert "PDF" in reason(tmp_path / "report.jpg")
    assert kind_of(b"junk before\n%PDF-1.7") == "pdf"


def test_over_the_limit_fails_before_decoding_or_comes_smaller(tmp_path):
    png = saved(tmp_path, drawn(), "a.png")
    text = reason(png, max_pixels=10_000)
    assert text == "over the pixel limit: 120 x 168 = 2e4 pixels, limit 1e4 (raise [input] max_pixels)"
    assert read(png, max_pixels=WIDTH * HEIGHT).size == (WIDTH, HEIGHT)
    for name in ("a.jpg", "a.jp2"):
        smaller = read(saved(tmp_path, drawn("RGB"), name), max_pixels=10_000)
        assert smaller.size == (60, 84)
        want = drawn("RGB").resize((60, 84), Image.Resampling.BOX)
        assert np.abs(np.asarray(smaller.reduce(4), int) - np.asarray(want.reduce(4), int)).mean() < 8
        assert "pixel limit" in reason(tmp_path / name, max_pixels=2)
    assert "pixel limit" in reason(saved(tmp_path, drawn(), "a.tif"), max_pixels=10_000)
    pdf = read(saved(tmp_path, drawn(), "a.pdf"), 0, max_pixels=10_000)
    assert 9_000 < pdf.size[0] * pdf.size[1] <= 10_000


def test_a_header_that_claims_the_world_costs_nothing(tmp_path):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 400_000, 300_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(bomb)
    assert "400000 x 300000 = 1.2e11 pixels, limit 7e8" in reason(tmp_path / "bomb.png")


def test_pillows_own_limit_is_out_of_the_way(tmp_path, monkeypatch):
    path = saved(tmp_path, drawn(), "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    decoding._prepared.clear()
    assert read(path).size == (WIDTH, HEIGHT)


# ---- many frames, many threads


def test_frames_in_any_order_and_from_threads(tmp_path):
    path = tmp_path / "many.tif"
    frames = [Image.new("L", (20, 20 + k), k) for k in range(40)]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="tiff_lzw")
    assert count_frames(path) == 40
    wrong = []

    def work(first):
        for frame in range(first, 40, 4):
            page = reader.page(path, frame)
            if page.size != (20, 20 + frame) or page.getpixel((3, 3)) != frame:
                wrong.append(frame)

    with Reader(min_side=64, max_pixels=LIMIT) as reader:
        for frame in [5, 5, 3, 39, 0, 39]:
            page = reader.page(path, frame)
            assert (page.size, page.getpixel((0, 0))) == ((20, 20 + frame), frame)
        threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
    assert reason(path, 40) == "page 41 is missing: the file holds 40 pages"


def test_a_chain_of_directories_that_loops_ends(tmp_path):
    data = bytearray(WRITERS["raw.tif"]())
    (at,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, at)
    struct.pack_into("<I", data, at + 2 + 12 * entries, at)
    (tmp_path / "loop.tif").write_bytes(data)
    assert count_frames(tmp_path / "loop.tif") is None
    assert read(tmp_path / "loop.tif").size == (WIDTH, HEIGHT)


def test_a_directory_at_an_offset_that_no_file_has_is_a_damaged_page(tmp_path):
    drawn().save(tmp_path / "big.tif", big_tiff=True)
    data = bytearray((tmp_path / "big.tif").read_bytes())
    data[8:16] = b"\xff" * 8
    (tmp_path / "big.tif").write_bytes(data)
    for ask in (count_frames, read):
        with pytest.raises(PageError, match="points to a place that no file has"):
            ask(tmp_path / "big.tif")


def test_big_tiff(tmp_path):
    path = tmp_path / "big.tif"
    drawn().save(path, big_tiff=True, save_all=True, append_images=[drawn("RGB")])
    assert path.read_bytes()[2] == 43
    assert [page.mode for page in read_all(path)] == ["L", "RGB"]


def test_a_file_that_was_replaced_is_opened_anew(tmp_path):
    with Reader(min_side=64, max_pixels=LIMIT) as reader:
        for name in ("a.tif", "a.pdf"):
            path = tmp_path / name
            Image.new("L", (50, 50), 10).save(path, save_all=True, append_images=[drawn()])
            assert reader.page(path, 0).convert("L").getpixel((9, 9)) < 20
            Image.new("L", (50, 60), 200).save(tmp_path / ("new" + name), save_all=True, append_images=[drawn()])
            (tmp_path / ("new" + name)).replace(path)
            assert reader.page(path, 0).convert("L").getpixel((9, 9)) > 190


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed on Linux only")
def test_a_few_files_stay_open_until_the_reader_is_closed(tmp_path):
    paths = [saved(tmp_path, drawn(), f"{k}.{end}", save_all=True, append_images=[drawn()])
             for end in ("tif", "pdf") for k in range(12)]  # fmt: skip

    def open_files():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    with Reader(min_side=64, max_pixels=LIMIT) as reader:
        for path in paths:
            reader.page(path, 0)
        few = open_files() - before
        for _ in range(3):
            for path in paths:
                reader.page(path, 1)
        assert 0 < open_files() - before <= few
    assert open_files() == before
    with pytest.raises(ValueError, match="closed"):
        reader.page(paths[0], 0)


def test_a_mistake_of_the_program_is_no_damaged_page(tmp_path):
    paths = [tmp_path / name for name in WRITERS]
    for path in paths:
        path.write_bytes(WRITERS[path.name]())
    with Reader(min_side=64, max_pixels=LIMIT) as reader:
        for path in paths:
            with pytest.raises(TypeError if path.suffix in (".tif", ".tiff", ".pdf") else PageError):
                reader.page(path, "0")
            with pytest.raises(AttributeError):
                reader.page(str(path), None)
    wrong = Reader(min_side=64, max_pixels="many")
    for path in paths:
        with pytest.raises(TypeError):
            wrong.page(path, 0 if path.name in ("frames.tif", "report.pdf") else None)


def test_odd_metadata_are_not_talked_about(tmp_path):
    saved(tmp_path, drawn("RGB"), "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x0f nonsense")
    data = bytearray(WRITERS["fax.tif"]())
    data[500:540] = bytes(range(40))
    (tmp_path / "b.tif").write_bytes(data)
    code = """
import sys, pathlib
from reading import decoding
for name in sys.argv[1:]:
    try:
        decoding.read_page(pathlib.Path(name), None, min_side=64, max_pixels=10**8)
    except decoding.PageError:
        pass
"""
    command = [sys.executable, "-c", code, str(tmp_path / "a.jpg"), str(tmp_path / "b.tif")]
    root = Path(decoding.__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout == ""
    if os.name != "nt":
        assert done.stderr == ""


def test_hostile_files_never_raise_anything_else(tmp_path):
    chance = np.random.default_rng(7)
    for name, writer in WRITERS.items():
        data = writer()
        path = tmp_path / name
        for _ in range(12):
            broken = bytearray(data)
            for at in chance.integers(0, min(len(data), 400), 6):
                broken[at] = chance.integers(0, 256)
            path.write_bytes(broken)
            try:
                for page in read_all_under(path, 4_000_000):
                    assert page.mode in ("L", "RGB")
            except PageError as error:
                assert str(error)
