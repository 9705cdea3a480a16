"""The shipped sample pages: three a category, drawn by data_scripts/draw_pages.py."""

from pathlib import Path

import numpy as np

from classifier import PageClassifier
from encoders.descriptions import read_descriptions
from reading.decoding import read_page
from reading.loader import load_batches
from reading.pages import find_pages

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "category_samples"
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


def test_the_shipped_model_fits_in_a_repository_and_sorts_the_samples() -> None:
    """Drawn pages of another seed than its training pages: most must come out right, or something is broken."""
    folder = ROOT / "models" / "efficientnet-lite0"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 20_000_000
    classifier = PageClassifier.from_pretrained(folder)
    found = find_pages(SAMPLES)
    right = 0
    for batch in load_batches(found, classifier.transform, batch_size=1, workers=0, max_pixels=10**7):
        guessed = classifier.categories[int(classifier.scores(batch.pixels).argmax())]
        right += guessed == batch.pages[0].path.split("/")[0]
    assert right >= 22  # of 33; the card tells the figure that was measured


def test_the_model_knows_no_document_of_the_samples() -> None:
    from training.record import documents_seen, read_record

    seen = documents_seen(read_record(ROOT / "models" / "efficientnet-lite0"))
    assert not seen & {page.file for page in find_pages(SAMPLES).pages}
