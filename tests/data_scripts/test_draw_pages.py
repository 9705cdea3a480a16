"""The page generator: every category, seeds, documents, labels, broken-off starts; with the fonts of matplotlib."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data_scripts"))

from drawing.fonts import Fonts, matplotlib_folder
from drawing.plan import CATEGORIES, LARGEST, THEMES, Tools, draw_document, plan
from drawing.sheet import Document, Kit, Sheet
from reading.pages import find_pages
from settings.config_file import read_settings
from training.data import find_labelled

ROOT = Path(__file__).parents[2]
TOOLS = Tools(matplotlib_folder())


def draw(output: Path, *arguments: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The script, without any fonts or photographs that were fetched on this machine."""
    command = [sys.executable, str(ROOT / "data_scripts" / "draw_pages.py"), str(output), *arguments]
    nowhere = str(cache or output.parent / "nothing fetched")
    environment = os.environ | {"XDG_CACHE_HOME": nowhere, "LOCALAPPDATA": nowhere}
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, env=environment)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(folder.rglob("*.jpg"))
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("drawn") / "pages"
    done = draw(output, "--pages", "33", "--seed", "3", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert "No fonts in" in done.stderr and "No real photographs" in done.stderr
    return output


def test_each_category_has_its_share_of_readable_pages_in_its_folder(drawn: Path) -> None:
    assert Counter(name.split("/")[0] for name in digests(drawn)) == dict.fromkeys(CATEGORIES, 3)
    for name in digests(drawn):
        with Image.open(drawn / name) as image:
            grey = np.asarray(image.convert("L"), np.float32)
        assert min(grey.shape) > 250 and grey.std() > 1, name  # there is something on it


def test_training_reads_the_folder_and_finds_documents_of_several_pages(drawn: Path) -> None:
    labelled = find_labelled(drawn, read_settings(ROOT / "config.toml"))
    assert (len(labelled.pages), labelled.notes) == (33, ["left alone: 1 .json"])
    assert 3 < len(set(labelled.documents)) < 33
    assert all(page.file.startswith("CTX") and page.number > 0 for page in labelled.pages)


def test_a_look_at_the_pages_lies_beside_the_folder(drawn: Path) -> None:
    with Image.open(drawn.with_name("pages_contact_sheet.png")) as sheet:
        assert sheet.width > 1000
        assert len(set(sheet.convert("L").resize((200, 200)).tobytes())) > 50  # pages, not empty frames
    assert find_pages(drawn).passed.files <= 1  # drawn.json


def test_the_same_seed_draws_the_same_pages_and_another_one_others(drawn: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    other = tmp_path / "other"
    assert draw(again, "--pages", "33", "--seed", "3", "--workers", "1").returncode == 0
    assert digests(again) == digests(drawn)
    tasks = list(plan(33, 4))[:2]
    for task in tasks:
        for _, label in task.pages:
            (other / label).mkdir(parents=True, exist_ok=True)
        draw_document(task, TOOLS, other)
    assert not set(digests(other).values()) & set(digests(drawn).values())


def test_a_broken_off_drawing_goes_on_and_ends_the_same(drawn: Path, tmp_path: Path) -> None:
    whole, cut = digests(drawn), tmp_path / "cut"
    (cut / "DRAW").mkdir(parents=True)
    kept = sorted(name for name in whole if name.startswith("DRAW/"))[0]
    (cut / kept).write_bytes((drawn / kept).read_bytes())
    (cut / "DRAW" / ".CTX1.77.part.jpg").write_bytes(b"half a page")
    (cut / "drawn.json").write_bytes((drawn / "drawn.json").read_bytes())
    assert draw(cut, "--pages", "33", "--seed", "3").returncode == 0
    assert digests(cut) == whole


def test_another_drawing_is_not_mixed_into_a_folder(drawn: Path) -> None:
    before = digests(drawn)
    done = draw(drawn, "--pages", "44", "--seed", "3")
    assert done.returncode == 2
    assert "holds another drawing (pages 33 there, 44 now)" in done.stderr and done.stderr.count("\n") <= 3
    assert digests(drawn) == before
    assert json.loads((drawn / "drawn.json").read_text(encoding="utf-8"))["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--category", "TEXT_Q"], "no such category"),
        (["--fonts", "nowhere"], "no such folder"),
        (["--pages", "0"], "not a whole number"),
        (["--page", "3"], "--pages"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = draw(tmp_path / "x", *arguments)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_the_plan_gives_each_category_its_pages_and_keeps_documents_together() -> None:
    tasks = list(plan(1103, 5))
    counts = Counter(label for task in tasks for _, label in task.pages)
    assert sum(counts.values()) == 1103 and max(counts.values()) - min(counts.values()) <= 1
    assert len({task.number for task in tasks}) == len(tasks)
    assert max(len(task.pages) for task in tasks) <= LARGEST
    assert sum(len(task.pages) > 1 for task in tasks) > len(tasks) / 3
    for task in tasks:
        assert len({page for page, _ in task.pages}) == len(task.pages)
        assert any(
            task.kind == kind and {label for _, label in task.pages} <= set(labels) for kind, _, labels in THEMES
        )
    assert {label for task in plan(40, 1, ["PHOTO", "TEXT"]) for _, label in task.pages} == {"PHOTO", "TEXT"}


@pytest.mark.parametrize("label", list(CATEGORIES))
def test_every_kind_of_page_can_be_drawn(label: str) -> None:
    kit = Kit(Fonts.find(TOOLS.fonts))
    for index in range(12):
        kind = (
            ("old", "new", "slide")[index % 3]
            if label in ("TEXT_P", "LINE_P", "DRAW", "PHOTO")
            else ("old", "new")[index % 2]
        )
        document = Document.choose(np.random.default_rng([7, index]), kit, index, kind, (7, index))
        sheet = Sheet(document, np.random.default_rng([8, index]))
        CATEGORIES[label](sheet)
        assert np.asarray(sheet.image.convert("L")).min() < 150, (label, index)


def test_pages_of_a_document_share_their_form() -> None:
    """Two record cards of one document have the same ruled head; those of another document another one."""
    from drawing.tables import card_head

    kit = Kit(Fonts.find(TOOLS.fonts))

    def heads(number: int) -> list[np.ndarray]:
        document = Document.choose(np.random.default_rng([1, number]), kit, number, "old", (1, number))
        document.size = (1240, 1754)
        sheets = [Sheet(document, np.random.default_rng([2, page])) for page in (1, 2)]
        for sheet in sheets:
            sheet.__dict__["body"] = (100.0, 100.0, 1140.0, 1650.0)
            card_head(sheet, "")
        return [np.asarray(sheet.image.convert("L")) for sheet in sheets]

    one, other = heads(1), heads(2)
    assert np.array_equal(*one) and np.array_equal(*other)
    assert not np.array_equal(one[0], other[0])
