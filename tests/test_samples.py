"""The shipped sample pages, and the script that draws them."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from categories import read_descriptions
from decoding import read_page
from pages import find_pages

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "category_samples"
LABELS = list(read_descriptions(ROOT / "category_descriptions" / "page_categories_init.tsv"))
SIZE = (800, 1130)


def draw(output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "data_scripts" / "draw_samples.py"), str(output), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)


def pixels(folder: Path) -> dict[str, bytes]:
    drawn = {}
    for file in sorted(folder.rglob("*.png")):
        with Image.open(file) as image:
            drawn[file.relative_to(folder).as_posix()] = image.convert("RGB").tobytes()
    return drawn


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("drawn") / "not there yet"
    done = draw(output)
    assert (done.returncode, done.stderr) == (0, "")
    return output


def test_two_pages_a_category() -> None:
    assert sorted(folder.name for folder in SAMPLES.iterdir() if folder.is_dir()) == LABELS
    for label in LABELS:
        assert len(list((SAMPLES / label).glob("CTX*-*.png"))) == 2, label


def test_the_pages_are_found_as_22_documents_and_can_be_read() -> None:
    found = find_pages(SAMPLES)
    assert (len(found.pages), found.other) == (22, 0)
    assert len({page.file for page in found.pages}) == 22
    for page in found.pages:
        image = read_page(SAMPLES / page.path, page.frame, min_side=224, max_pixels=10**7)
        assert image.size == SIZE
        darkest, lightest = image.convert("L").getextrema()
        assert darkest < 80 and lightest > 200, page.path  # ink on paper


def test_all_pages_are_small_enough_for_a_repository() -> None:
    assert sum(file.stat().st_size for file in SAMPLES.rglob("*") if file.is_file()) < 1_500_000


def test_the_script_draws_pages_of_the_shipped_names(drawn: Path) -> None:
    assert list(pixels(drawn)) == list(pixels(SAMPLES))


def test_the_shipped_pages_are_what_the_script_draws(drawn: Path) -> None:
    # Half a grey level at a quarter of the size: another Pillow may soften edges otherwise; a changed pot is 1.1.
    for file in sorted(SAMPLES.rglob("*.png")):
        with Image.open(file) as shipped, Image.open(drawn / file.relative_to(SAMPLES)) as again:
            both = [np.asarray(image.convert("L").reduce(4), np.float32) for image in (shipped, again)]
        assert np.abs(both[0] - both[1]).mean() < 0.5, file.name


def test_one_category_alone_is_drawn_as_among_all(drawn: Path, tmp_path: Path) -> None:
    assert draw(tmp_path, "--category", "LINE_HW").returncode == 0
    alone, among_all = pixels(tmp_path), pixels(drawn)
    assert len(alone) == 2
    assert alone == {name: data for name, data in among_all.items() if name.startswith("LINE_HW/")}


def test_the_same_seed_draws_the_same_pages_and_another_seed_others(drawn: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    assert draw(again, "--seed", "1900").returncode == 0
    assert draw(other, "--seed", "7").returncode == 0
    first = pixels(drawn)
    assert pixels(again) == first
    assert sum(data != first[name] for name, data in pixels(other).items()) == 22


def test_drawing_again_leaves_other_files_alone(drawn: Path, tmp_path: Path) -> None:
    output = tmp_path / "copy"
    shutil.copytree(drawn, output)
    (output / "DRAW" / "mine.png").write_bytes(b"mine")
    page = next((output / "DRAW").glob("CTX*.png"))
    page.write_bytes(b"")
    assert draw(output, "--category", "DRAW").returncode == 0
    assert (output / "DRAW" / "mine.png").read_bytes() == b"mine"
    assert page.stat().st_size > 0
    assert not list(output.rglob("*.part"))


def test_help_teaches_and_mistakes_are_one_line(tmp_path: Path) -> None:
    shown = draw(tmp_path, "--help")
    assert shown.returncode == 0
    assert "example: python data_scripts/draw_samples.py" in shown.stdout
    (tmp_path / "a file").write_text("", encoding="utf-8")
    wrong = draw(tmp_path / "a file")
    unknown = draw(tmp_path / "new", "--category", "LINES")
    for answer in (wrong, unknown):
        assert answer.returncode == 2
        assert answer.stderr.startswith("error: ") and len(answer.stderr.splitlines()) == 1
    assert "LINE_HW" in unknown.stderr and not (tmp_path / "new").exists()
