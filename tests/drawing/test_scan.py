"""The drawn scanner: what it leaves of a page, and that it is one scanner a document."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from drawing.paper import Paper
from drawing.scan import MODES, Scanner

SIZE = (620, 877)
BARS = range(150, 700, 50)  # where the clean page has a bar of ink, 16 px high


@pytest.fixture(scope="module")
def page() -> Image.Image:
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    for y in BARS:
        pen.rectangle((110, y, 510, y + 16), fill=(20, 20, 60))
    return image


def scanned(page: Image.Image, seed: int, age: float) -> tuple[Scanner, Image.Image]:
    rng = np.random.default_rng([5, seed])
    scanner = Scanner.choose(rng, age)
    return scanner, scanner.scan(rng, page)


def test_same_seed_same_bytes_and_the_page_itself_is_left_alone(page, tmp_path):
    before = page.tobytes()
    for seed in range(25):
        files = [tmp_path / f"{seed}-{i}.jpg" for i in range(2)]
        for file in files:
            scanner, image = scanned(page, seed, seed / 25)
            scanner.save(image, file)
        assert files[0].read_bytes() == files[1].read_bytes()
    assert page.tobytes() == before


def test_pages_of_a_document_differ_but_share_scanner_and_paper(page):
    for seed in range(12):
        scanner = Scanner.choose(np.random.default_rng(seed), 0.3)
        first, second = (scanner.scan(np.random.default_rng([seed, i]), page) for i in range(2))
        assert first.mode == second.mode
        assert first.tobytes() != second.tobytes()


@pytest.mark.parametrize("age", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_the_ink_stays_darker_than_the_paper(page, age):
    """Five bars and gaps of the page are told apart in every scan, however it is turned, torn or faded."""
    unreadable = 0
    for seed in range(40):
        _, image = scanned(page, seed, age)
        grey = np.asarray(image.convert("L"), np.float32)
        if image.width > image.height:
            grey = grey.T
        rows, columns = grey.shape
        strip = np.median(grey[rows // 4 : rows * 3 // 4, columns * 2 // 5 : columns * 3 // 5], axis=1)
        dark, light = np.percentile(strip, (15, 70))
        unreadable += abs(light - dark) < 45
    assert unreadable == 0


def test_sizes_stay_near_the_page_or_at_a_usual_resolution(page):
    for seed in range(60):
        _, image = scanned(page, seed, 0.4)
        assert image.mode in ("L", "RGB")
        assert 0.45 * SIZE[0] < min(image.size)
        assert max(image.size) < 2.6 * SIZE[1]


def test_all_ways_of_scanning_occur_and_grey_is_the_commonest_of_old_pages(page):
    modes = [Scanner.choose(np.random.default_rng([9, i]), 0.5).mode for i in range(400)]
    assert set(modes) == set(MODES)
    assert max(set(modes), key=modes.count) == "grey"
    seen = {}
    for seed in range(100):
        scanner, image = scanned(page, seed, 0.5)
        seen.setdefault(scanner.mode, image)
    assert seen["colour"].mode == "RGB"
    assert seen["grey"].mode == "L"
    assert np.isin(np.asarray(seen["bitonal"]), (0, 255)).mean() > 0.98  # the rest is dirt on the glass


def test_old_paper_is_darker_and_more_worn_and_new_pages_are_often_untouched(page):
    old, new = ([Paper.choose(np.random.default_rng([3, i]), age) for i in range(300)] for age in (0.05, 0.95))
    assert np.mean([p.level for p in old]) < np.mean([p.level for p in new]) - 3
    assert np.mean([p.wear for p in old]) > 1.5 * np.mean([p.wear for p in new])
    kinds = {age: [Scanner.choose(np.random.default_rng([4, i]), age).mode for i in range(300)] for age in (0.2, 1.0)}
    assert kinds[1.0].count("digital") > 150
    assert kinds[0.2].count("digital") < 15


def test_a_born_digital_page_keeps_white_white(page):
    scanner = next(s for s in (Scanner.choose(np.random.default_rng(i), 1.0) for i in range(50)) if s.mode == "digital")
    levels = np.asarray(scanner.scan(np.random.default_rng(1), page).convert("L"))
    assert (levels == 255).mean() > 0.5


def test_a_png_can_be_saved_too(page, tmp_path):
    scanner, image = scanned(page, 1, 0.4)
    scanner.save(image, tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as back:
        assert back.tobytes() == image.tobytes()
