"""The shipped sample pages: three a category, drawn by data_scripts/draw_pages.py."""

import csv
from pathlib import Path

import numpy as np
import pytest

import run
from encoders.descriptions import read_descriptions
from reading.decoding import read_page
from reading.pages import find_pages

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "category_samples"
MODEL = ROOT / "models" / "efficientnet-lite0"
LABELS = list(read_descriptions(ROOT / "category_descriptions" / "page_categories_init.tsv"))


def test_three_pages_a_category() -> None:
    assert sorted(folder.name for folder in SAMPLES.iterdir() if folder.is_dir()) == LABELS
    for label in LABELS:
        assert len(list((SAMPLES / label).glob("CTX*-*.jpg"))) == 3, label


def test_all_pages_are_found_once_and_can_be_read() -> None:
    found = find_pages(SAMPLES)
    assert len(found.pages) == 33
    assert len({(page.file, page.number) for page in found.pages}) == 33
    for page in found.pages:
        image = read_page(SAMPLES / page.path, page.frame, min_side=224, max_pixels=10**7)
        grey = np.asarray(image.convert("L"), np.float32)
        assert max(image.size) >= 700 and grey.std() > 2, page.path  # ink on paper


def test_all_pages_are_small_enough_for_a_repository() -> None:
    assert sum(file.stat().st_size for file in SAMPLES.rglob("*") if file.is_file()) < 4_000_000


def scored(folder: Path, engine: str, capsys: pytest.CaptureFixture[str], out: Path) -> dict[str, dict[str, float]]:
    """Path of a page -> its scores, as `run.py` writes them with the shipped model."""
    flags = ["-d", folder, "-o", out / engine, "--model_path", MODEL, "--engine", engine, "--raw", "--quiet"]
    assert run.main([str(flag) for flag in flags]) == 0, capsys.readouterr().err
    (table,) = (out / engine / "tables").glob("*_RAW.csv")
    with table.open(encoding="utf-8", newline="") as file:
        return {row["PATH"]: {label: float(row[label]) for label in LABELS} for row in csv.DictReader(file)}


def check_same(torch: dict[str, dict[str, float]], onnx: dict[str, dict[str, float]]) -> None:
    """Both engines: no score differs by more than 1e-5, no first category."""
    assert torch.keys() == onnx.keys()
    for path, scores in torch.items():
        assert max(scores, key=scores.get) == max(onnx[path], key=onnx[path].get), path
        assert all(abs(scores[label] - onnx[path][label]) <= 1e-5 for label in LABELS), path


def test_the_shipped_model_fits_in_a_repository_and_sorts_the_samples(tmp_path, capsys) -> None:
    """Drawn pages of another seed than its training pages: most must come out right, or something is broken."""
    assert sum(file.stat().st_size for file in MODEL.iterdir()) < 40_000_000
    torch, onnx = (scored(SAMPLES, engine, capsys, tmp_path) for engine in ("torch", "onnx"))
    right = sum(max(scores, key=scores.get) == path.split("/")[0] for path, scores in onnx.items())
    assert len(onnx) == 33 and right >= 22  # the card tells the figure that was measured
    check_same(torch, onnx)


@pytest.mark.shared
def test_the_shipped_model_sorts_real_pages_alike_in_both_engines(tmp_path, capsys, shared) -> None:
    check_same(*(scored(shared / "pages", engine, capsys, tmp_path) for engine in ("torch", "onnx")))


def test_the_model_knows_no_document_of_the_samples() -> None:
    from training.record import documents_seen, read_record

    seen = documents_seen(read_record(MODEL))
    assert not seen & {page.file for page in find_pages(SAMPLES).pages}
