"""Which pages should be labelled next? Those that the model is least sure of, unlike each other, few of a document.

    python run.py --suggest 50 -d pages/

Gives tables/suggest_<name>.csv (RANK,FILE,PAGE,CLASS-1,CLASS-2,SCORE-1,SCORE-2,UNCERTAINTY,DOCUMENT,PATH) and a contact
sheet, plots/suggest_<name>.png. `[eval] per_document` is how many pages of one document at most.
"""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoders.choosing import choose_model, file_name_of_base
from encoders.descriptions import chosen_descriptions
from evaluation.command import Suggestion
from evaluation.judging import free_name
from evaluation.metrics import spread_out, uncertainty
from output.console import say
from output.progress import Progress
from output.tables import Table, cell, check_writable, number, path_cell
from reading.documents import Documents, below_categories
from reading.listing import wanted_files
from reading.pages import PageList, find_pages
from sorting.computing import batches_of, computing_of, model_lines, open_classifier
from sorting.given_pages import say_pages
from utils import UserError, printable, unit_rows

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings

COLUMNS = [
    "RANK", "FILE", "PAGE", "CLASS-1", "CLASS-2", "SCORE-1", "SCORE-2", "UNCERTAINTY", "DOCUMENT", "PATH"
]  # fmt: skip


def run_suggestion(settings: Settings, job: Suggestion) -> int:
    """Suggest `job.count` pages; 0, or 1 where pages could not be read. UserError for what the user can mend."""
    choice = choose_model(settings, job.model)
    computing_of(choice, settings)  # refused before pages are looked for, which may take minutes
    descriptions = chosen_descriptions(settings)
    read = settings.input
    check_writable(settings.output.folder)
    pages = find_pages(job.directory, **wanted_files(read), skip=[settings.output.folder])
    say_pages(pages, quiet=settings.setup.quiet)
    classifier = open_classifier(choice, settings, descriptions)
    for line in model_lines(choice, classifier, chosen=descriptions is not None):
        if not settings.setup.quiet or line.startswith("warning"):
            say(line)
    embeddings, scores, page_indices = look_at(pages, classifier, settings)
    failed = len(pages.pages) - len(page_indices)
    if not page_indices:
        raise UserError(f"none of the {len(pages.pages)} pages in {printable(str(job.directory))} could be read")
    rule = Documents((page.path for page in pages.pages), read, below_categories(classifier.categories))
    documents = [rule.of(pages.pages[i]) for i in page_indices]
    need = uncertainty(scores)
    chosen = spread_out(unit_rows(embeddings), need, documents, job.count, settings.eval.per_document)
    name = f"suggest_{file_name_of_base(classifier.base)}_{time.strftime('%Y%m%d-%H%M%S')}"
    table = _table(name, pages, page_indices, scores, need, documents, chosen, classifier.categories, settings)
    sheet = _sheet(table.stem, pages, page_indices, scores, chosen, classifier.categories, settings)
    of = len({documents[index] for index in chosen})
    print(f"{len(chosen)} of {len(page_indices)} pages to label next, of {of} documents, the most useful first")
    if len(chosen) < job.count:
        print(
            f"note: no more than {len(chosen)}, with at most {settings.eval.per_document} pages a document ([eval] "
            "per_document)"
        )
    if note := rule.note():
        print(f"note: {note}")
    if failed:
        print(f"note: {failed} pages could not be read and are not suggested (python run.py -d lists them)")
    print("files:")
    for file in (table, sheet):
        print(f"  {printable(str(file))}")
    return int(failed > 0)


def look_at(
    pages: PageList, classifier: PageClassifier, settings: Settings
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Embeddings [R, D] and scores [R, C] of the pages that could be read, and their places in the list."""
    parts: list[np.ndarray] = []
    page_indices: list[int] = []
    size = settings.setup.batch_size
    with Progress(len(pages.pages), "page", settings.setup.quiet, "looking") as progress:
        for batch in batches_of(pages, classifier, settings):
            embedded = classifier.embeddings_of(batch)
            for slot, reason in enumerate(batch.reasons):
                if not reason and math.isfinite(float(embedded[slot].sum())):
                    page_indices.append(batch.index * size + slot)
                    parts.append(embedded[slot])
            progress.advance(len(batch.pages), failed=sum(map(bool, batch.reasons)))
    embeddings = np.array(parts, dtype=np.float32).reshape(len(parts), -1)
    if not parts:
        return embeddings, embeddings, page_indices
    return embeddings, classifier.scores_of(embeddings), page_indices


def _table(
    name: str,
    pages: PageList,
    page_indices: list[int],
    scores: np.ndarray,
    need: np.ndarray,
    documents: list[str],
    chosen: list[int],
    categories: list[str],
    settings: Settings,
) -> Path:
    folder, excel = settings.output.folder / "tables", settings.output.excel
    notes: list[str] = []
    with ExitStack() as opened:
        table = Table(free_name(folder, name, ".csv"), COLUMNS, opened, excel=excel)
        for rank, at in enumerate(chosen, 1):
            page = pages.pages[page_indices[at]]
            first, second = _two(scores[at])
            names = [cell(categories[first]), cell(categories[second])]
            values = [number(value, 4, excel=excel) for value in (scores[at, first], scores[at, second], need[at])]
            table.write(
                [rank, cell(page.file), page.number, *names, *values, cell(documents[at]), path_cell(page.path)]
            )
        written = table.complete(notes)
    for note in notes:
        say(f"note: {note}")
    return written


def _sheet(
    name: str,
    pages: PageList,
    page_indices: list[int],
    scores: np.ndarray,
    chosen: list[int],
    categories: list[str],
    settings: Settings,
) -> Path:
    from output.contact_sheet import Tile, draw_sheet

    folder = settings.output.folder / "plots"
    tiles = []
    for at in chosen:
        page, (first, second) = pages.pages[page_indices[at]], _two(scores[at])
        lines = [f"{categories[first]} {scores[at, first]:.2f}", f"or {categories[second]} {scores[at, second]:.2f}"]
        tiles.append(Tile(page, [*lines, f"{page.file}, page {page.number}"]))
    file = free_name(folder, name, ".png")
    title = "pages worth labelling next, the most useful first"
    return draw_sheet(tiles, pages.root, file, title=title, max_pixels=settings.input.max_pixels)


def _two(scores: np.ndarray) -> tuple[int, int]:
    first, second = np.argsort(-scores, kind="stable")[:2]
    return int(first), int(second)
