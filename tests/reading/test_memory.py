"""Memory for decoding: sizes as they are written, what a machine has, the gate, pages that are over the budget."""

import io
import json
import threading
import time

import numpy as np
import pytest
from PIL import Image

import run
from reading.containers import size_of
from reading.decoding import PageError, read_page
from reading.memory import bytes_of, group_limits, machine_memory
from reading.memory_gate import budget, one_page, set_budget, take
from reading.page_memory import image_bytes
from settings.config_file import read_settings
from tests.tiny import tiny_model_folder
from utils import UserError

WIDTH, HEIGHT = 1203, 907


@pytest.fixture(autouse=True)
def _budget():
    before = budget()
    yield
    set_budget(before)


def drawn(mode="RGB", size=(WIDTH, HEIGHT)):
    """Soft blobs, the same at any size: what is halved can be compared."""
    noise = np.random.default_rng(1).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    page = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    if mode in ("LA", "RGBA"):
        page = page.convert(mode)
        page.putalpha(page.getchannel(0))
        return page
    return page.convert(mode)


def read(path, *, memory, frame=None, max_pixels=10**8):
    set_budget(memory)
    return read_page(path, frame, min_side=64, max_pixels=max_pixels)


def far(one, other):
    """The mean difference of two pages, the second brought to the size of the first."""
    other = other.convert(one.mode).resize(one.size, Image.Resampling.BOX)
    return np.abs(np.asarray(one, int) - np.asarray(other, int)).mean()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4000", 4 * 10**9),
        ("1.5 GB", 15 * 10**8),
        ("6g", 6 * 10**9),
        ("512MiB", 512 * 2**20),
        (" 1500000 kB", 15 * 10**8),
    ],
)
def test_a_budget_is_written_in_mb_or_with_a_unit(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "lots", "-4", "6 GBit", "0", "10 kB", "1,5 GB", "nan"])
def test_what_is_no_budget_is_refused(text, tmp_path):
    with pytest.raises(ValueError, match="must be"):
        bytes_of(text)
    config = tmp_path / "config.toml"
    config.write_text(f'[input]\nmemory = "{text}"\n')
    with pytest.raises(UserError, match=r"\[input\] memory"):
        read_settings(config)


def test_a_number_in_the_config_file_is_mb(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[input]\nmemory = 4000\n")
    assert bytes_of(read_settings(config).input.memory) == 4 * 10**9


def test_without_a_budget_it_is_half_of_what_the_process_may_use():
    assert 10**8 < machine_memory() < 10**14
    assert bytes_of("auto") == machine_memory() // 2


@pytest.mark.parametrize(
    ("memberships", "files", "limits"),
    [
        (
            "0::/job/step\n",
            {"job/step/memory.max": "max", "job/memory.max": "800", "job/memory.high": "700"},
            [800, 700],
        ),
        ("7:cpu:/a\n4:memory:/a/b\n", {"memory/a/memory.limit_in_bytes": "500", "cpu/a/cpu.shares": "9"}, [500]),
        ("0::/outside/container\n", {"memory.max": "900"}, [900]),
        ("0::/\n", {}, []),
    ],
)
def test_limits_of_containers_and_job_schedulers_count(tmp_path, memberships, files, limits):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert group_limits(memberships, tmp_path) == limits


def test_pages_wait_until_there_is_memory_for_them():
    set_budget(100)
    inside, most, lock = [], [], threading.Lock()

    def work(needed):
        with one_page():
            take(needed)
            with lock:
                inside.append(needed)
                most.append(sum(inside))
            time.sleep(0.01)
            with lock:
                inside.remove(needed)

    threads = [threading.Thread(target=work, args=(needed,)) for needed in (30, 40, 100, 10, 60, 50, 100, 5) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(most) == 24
    assert max(most) == 100


def test_one_that_waits_can_be_given_up():
    set_budget(100)
    stop, said = threading.Event(), []

    def second():
        with one_page(stop.is_set):
            try:
                take(50)
            except PageError as error:
                said.append(str(error))

    with one_page():
        take(80)
        waiting = threading.Thread(target=second)
        waiting.start()
        stop.set()
        waiting.join(timeout=30)
        assert said == ["the run was stopped before it was read"]
        take(100)  # what it has counts, and it never waits for itself
    with one_page():
        take(100)  # all was given back


def test_a_page_over_the_budget_has_one_plain_sentence(tmp_path):
    for name in ("a.png", "b.webp", "c.bmp"):
        drawn().save(tmp_path / name)
        with pytest.raises(PageError) as error:
            read(tmp_path / name, memory=6_000_000)
        assert str(error.value).startswith("needs about ")
        assert str(error.value).endswith(" MB of memory, budget 6 MB (raise [input] memory)")
        assert read(tmp_path / name, memory=60_000_000).size == (WIDTH, HEIGHT)


def test_a_png_is_not_decoded_to_find_out_what_it_takes(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for options in ({}, {"exif": exif}):
        drawn().save(tmp_path / "a.png", **options)
        with Image.open(tmp_path / "a.png") as image:
            foreseen = image_bytes(image, "png", 1000)
            assert image.tile  # what is still to be decoded
            image.load()
            assert foreseen == image_bytes(image, "png", 1000)


def test_a_png_that_says_behind_its_data_which_way_is_up_is_turned_and_counted_so(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn().save(tmp_path / "a.png", exif=exif)
    data = (tmp_path / "a.png").read_bytes()
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4])
    (tmp_path / "a.png").write_bytes(data[:start] + data[end:-12] + data[start:end] + data[-12:])
    assert read(tmp_path / "a.png", memory=10**8).size == (HEIGHT, WIDTH)
    with pytest.raises(PageError, match="needs about"):  # twice its pixels: more than the header lets expect
        read(tmp_path / "a.png", memory=WIDTH * HEIGHT * 7)


@pytest.mark.parametrize(
    ("mode", "name", "options"),
    [
        ("RGB", "a.jpg", {"quality": 95}),
        ("L", "b.jpg", {"progressive": True}),
        ("CMYK", "c.jpg", {}),
        ("RGB", "a.jp2", {}),
        ("RGB", "b.jp2", {"irreversible": True, "quality_layers": [20], "tile_size": (256, 256)}),
        ("RGBA", "c.jp2", {}),
        ("L", "d.j2k", {}),
    ],
)
def test_jpeg_and_jpeg_2000_are_read_smaller_where_memory_is_short(tmp_path, mode, name, options):
    drawn(mode).save(tmp_path / name, **options)
    whole = read(tmp_path / name, memory=10**9)
    smaller = read(tmp_path / name, memory=needed(tmp_path / name) * 7 // 8)
    assert whole.size == (WIDTH, HEIGHT)
    assert WIDTH // 8 <= smaller.width <= (WIDTH + 1) // 2
    assert smaller.mode == whole.mode
    assert far(smaller, whole) < 3


def needed(path):
    """What a page takes at its full size: the least budget at which it is not reduced."""
    low, high = 10**5, 10**9
    while high - low > 1000:
        middle = (low + high) // 2
        try:
            is_whole = read(path, memory=middle).size == (WIDTH, HEIGHT)
        except PageError:
            is_whole = False
        low, high = (low, middle) if is_whole else (middle, high)
    return high


@pytest.mark.parametrize("side", [129, 130, 131, 132, 133, 134, 135])
@pytest.mark.parametrize("tile", [None, (64, 64)])
def test_a_jpeg_2000_of_any_size_can_be_read_smaller(tmp_path, side, tile):
    drawn(size=(side, 201)).save(tmp_path / "a.jp2", num_resolutions=5, **({"tile_size": tile} if tile else {}))
    smaller = read(tmp_path / "a.jp2", memory=10**9, max_pixels=side * 201 // 50)
    assert smaller.size in [(-(-side // part), -(-201 // part)) for part in (8, 16)]
    assert far(smaller, drawn(size=(side, 201))) < 20


def test_a_jpeg_2000_in_tiles_of_odd_sides_is_read_at_a_size_that_works_or_is_over_the_limit(tmp_path):
    for side, fits in ((131, True), (133, False)):  # the last tile of the second is empty at an eighth
        drawn(size=(side, 201)).save(tmp_path / "a.jp2", num_resolutions=5, tile_size=(33, 37))
        if fits:
            assert read(tmp_path / "a.jp2", memory=10**9, max_pixels=side * 201 // 50).width == -(-side // 8)
        else:
            with pytest.raises(PageError, match="over the pixel limit"):
                read(tmp_path / "a.jp2", memory=10**9, max_pixels=side * 201 // 50)


def test_a_jpeg_2000_that_cannot_be_halved_is_over_the_limit(tmp_path):
    drawn().save(tmp_path / "a.jp2", num_resolutions=1)
    with pytest.raises(PageError, match="over the pixel limit"):
        read(tmp_path / "a.jp2", memory=10**9, max_pixels=10_000)
    with pytest.raises(PageError, match="of memory, budget 6 MB"):
        read(tmp_path / "a.jp2", memory=6_000_000)


def test_a_small_file_cannot_ask_for_much_memory(tmp_path):
    Image.new("L", (3000, 3000)).save(tmp_path / "a.jp2", num_resolutions=1)
    assert (tmp_path / "a.jp2").stat().st_size < 30_000
    with pytest.raises(PageError, match=r"needs about \d\d.* MB of memory, budget 30 MB"):
        read(tmp_path / "a.jp2", memory=30_000_000)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {}),
        ("RGB", {"compression": "tiff_lzw"}),
        ("RGB", {"compression": "jpeg", "quality": 95}),
        ("RGB", {"compression": "tiff_adobe_deflate", "tiffinfo": {274: 6}}),
        ("L", {"compression": "packbits"}),
        ("1", {"compression": "group4"}),
        ("1", {}),
        ("P", {"compression": "tiff_lzw"}),
        ("CMYK", {}),
        ("RGBA", {"compression": "tiff_lzw"}),
        ("I;16", {}),
    ],
)
def test_a_tiff_is_read_in_bands_where_memory_is_short(tmp_path, mode, options):
    page = drawn("L" if mode == "I;16" else mode, (WIDTH, 2 * HEIGHT))
    if mode == "I;16":
        page = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    page.save(tmp_path / "a.tif", **options)
    whole = read(tmp_path / "a.tif", memory=10**9)
    smaller = read(tmp_path / "a.tif", memory=whole.width * whole.height * 2 + 1_900_000)
    assert smaller.size in [tuple(-(-side // part) for side in whole.size) for part in (2, 4)]
    assert smaller.mode == whole.mode
    assert far(smaller, whole.reduce(round(whole.width / smaller.width))) < 0.5


def test_a_tiff_in_tiles_and_planes_is_read_in_bands(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    values = np.asarray(drawn())
    for name, options in {
        "tiles.tif": {"tile": (64, 64), "compression": "zlib"},
        "planes.tif": {"planarconfig": "separate", "rowsperstrip": 40},
        "big.tif": {"bigtiff": True, "rowsperstrip": 17},
        "motorola.tif": {"byteorder": ">", "compression": "lzw", "predictor": True, "rowsperstrip": 33},
    }.items():
        data = np.moveaxis(values, -1, 0) if name == "planes.tif" else values
        tifffile.imwrite(tmp_path / name, np.ascontiguousarray(data), photometric="rgb", **options)
        whole = read(tmp_path / name, memory=10**9)
        smaller = read(tmp_path / name, memory=6_000_000)
        assert smaller.size in [(-(-WIDTH // part), -(-HEIGHT // part)) for part in (2, 4)], name
        assert far(smaller, whole.reduce(round(WIDTH / smaller.width))) < 0.5, name


def test_a_tiff_that_cannot_be_read_in_bands_is_over_the_budget(tmp_path):
    drawn("F").save(tmp_path / "a.tif", compression="tiff_lzw")
    drawn().save(tmp_path / "b.tif", compression="tiff_lzw", strip_size=10**9)
    for name in ("a.tif", "b.tif"):
        with pytest.raises(PageError, match="of memory, budget 4 MB"):
            read(tmp_path / name, memory=4_000_000)


def test_damage_in_a_band_is_told(tmp_path):
    drawn().save(tmp_path / "a.tif", compression="tiff_adobe_deflate")
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(PageError, match="damaged"):
        read(tmp_path / "a.tif", memory=5_000_000)


def test_a_pdf_whose_picture_is_too_large_is_over_the_budget(tmp_path):
    drawn().save(tmp_path / "a.pdf")
    with pytest.raises(PageError, match="of memory, budget 5 MB"):
        read(tmp_path / "a.pdf", frame=0, memory=5_000_000)
    whole, smaller = (read(tmp_path / "a.pdf", frame=0, memory=memory) for memory in (10**9, 18_000_000))
    assert min(whole.size) == 64 * 4
    assert far(smaller, whole) < 3


def test_an_estimate_grows_with_the_page_and_shrinks_with_the_reduction():
    sizes = []
    for size, power in (((400, 400), 1), ((400, 400), 0), ((800, 800), 0)):
        file = io.BytesIO()
        drawn(size=size).save(file, "JPEG")
        with Image.open(file) as image:
            sizes.append(image_bytes(image, "jpeg", size_of(file), power))
    assert sizes[0] < sizes[1] < sizes[2]


def test_a_run_lists_what_is_over_its_memory_and_reads_the_rest(tmp_path, capsys):
    model = tiny_model_folder(tmp_path / "model")
    pages = tmp_path / "pages"
    pages.mkdir()
    for number in range(1, 7):
        drawn().save(pages / f"worst-{number}.jpg")
        drawn().resize((60, 90)).save(pages / f"small-{number}.png")
    drawn().save(pages / "huge-1.png")
    asked = [
        "-d",
        str(pages),
        "--model_path",
        str(model),
        "-o",
        str(tmp_path / "out"),
        "--workers",
        "4",
        "--memory",
        "6 MB",
    ]
    assert run.main(asked) == 1
    (errors,) = (tmp_path / "out" / "tables").glob("*_ERRORS.csv")
    assert "huge,1" in errors.read_text()
    assert "budget 6 MB (raise [input] memory)" in errors.read_text()
    assert len(errors.read_text().splitlines()) == 2
    (record,) = (tmp_path / "out" / "tables").glob("*_run.json")
    assert json.loads(record.read_text())["machine"]["memory_for_decoding"] == 6_000_000
    (table,) = (tmp_path / "out" / "tables").glob("result_*.csv")
    assert len(table.read_text().splitlines()) == 13
