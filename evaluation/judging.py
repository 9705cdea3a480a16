"""Which labelled pages judge a model, and which of them it has seen before: what evaluation and comparison share.

    judged = choose_pages(settings, directory, choice)     # its own test pages, or all of a folder of label folders
    figures = figures_of(scores, truth, documents, categories, top_n=3)

A page counts as seen where its document, or the page itself, was trained, validated or chosen on. Figures are those of
unseen pages wherever there are any.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.descriptions import same_label
from evaluation import metrics
from output.spreadsheets import read_table
from output.tables import bare_path
from reading.pages import Page
from settings.config_file import HOME
from sorting.computing import threads
from training.copies import contents_of, same_file_note
from training.data import SPLIT_COLUMNS, LabelledPages, find_labelled, pages_below
from training.job import SPLIT_FILE
from training.labels import labelled_by_table
from training.record import documents_seen, read_record, read_seen
from training.split_table import kept_for_testing
from utils import UserError, accuracy_interval, listed, macro_f1, nearest, page_number, printable

if TYPE_CHECKING:
    from encoders.choosing import ModelChoice
    from settings.schema import Settings
    from training.command import SplitTable

DRAWN = HOME / "category_samples"
DRAWN_NOTE = "these pages were drawn by a program: how a model does on them says nothing about your pages"
GONE = "the page is not there any more"


@dataclass
class Judged:
    """Labelled pages, where they come from (a sentence), and what the user should know of them."""

    labelled: LabelledPages
    origin: str
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Seen:
    """What a model saw in training. recorded: False where it is fine-tuned and does not say on which documents.

    pages: by PATH and PAGE below root, the label folders of the training; contents: what they are (copies.contents_of),
    none known of models that were trained before these were kept.
    """

    documents: frozenset[str] = frozenset()
    pages: frozenset[tuple[str, int]] = frozenset()
    recorded: bool = True
    contents: frozenset[str] = frozenset()
    root: Path | None = None

    @classmethod
    def of(cls, folder: Path | str, *, tuned: bool) -> Seen:
        """From the training record and the split of a model folder; nothing for an untuned base."""
        if not tuned:
            return cls()
        folder = Path(folder)
        record = read_record(folder)
        documents = documents_seen(record)
        pages = {
            (row["PATH"], int(row["PAGE"])) for row in read_split(folder) if row["SPLIT"] in ("train", "validation")
        }
        data = record.get("data")
        root = (folder / data).resolve() if isinstance(data, str) and data else None
        return cls(frozenset(documents), frozenset(pages), bool(documents), read_seen(folder), root)

    def mask(self, labelled: LabelledPages) -> np.ndarray:
        """Whether each page was seen, by its document, its place or its content, bool [N].

        Names that are page numbers, and the folders that such pages go by, mean nothing in another collection: there
        only contents tell, and a document was seen where one of its pages was.
        """
        copies = [
            bool(content) and content in self.contents for content in labelled.contents or [""] * len(labelled.pages)
        ]
        here = not (self.contents and labelled.contents) or labelled.root.resolve() == self.root
        weak = (
            set()
            if here
            else labelled.folders - {d for d, seen in zip(labelled.documents, copies, strict=True) if seen}
        )
        rows = zip(labelled.pages, labelled.documents, copies, strict=True)
        return np.array(
            [
                copy
                or (printable(document) in self.documents and document not in weak)
                or (here and (printable(page.path), page.number) in self.pages)
                for page, document, copy in rows
            ],
            dtype=bool,
        )

    def unsure(self, labelled: LabelledPages) -> str:
        """One line where documents without names of their own are called as some that the model has seen; else ""."""
        seen = self.mask(labelled)
        names = {d for d, was in zip(labelled.documents, seen, strict=True) if d in labelled.folders and not was}
        same = sorted(printable(name) for name in names if printable(name) in self.documents)
        if not same:
            return ""
        return (
            f"documents called as some that the model was trained on ({listed(same, 3)}), but no page of them is the "
            "same file: taken for others"
        )


def read_split(folder: Path) -> list[dict[str, str]]:
    """The rows of a model folder's split.csv; none where it has none. UserError where it is damaged."""
    file = folder / SPLIT_FILE
    if not file.is_file():
        return []
    rows = []
    table = read_table(file, SPLIT_COLUMNS)
    for line, cells in table.rows:
        page = page_number(cells["PAGE"])
        if page is None:
            raise UserError(f"{table.where(line)}: not a split as training writes it: PAGE {cells['PAGE']!r}")
        rows.append(cells | {"PATH": bare_path(cells["PATH"]), "PAGE": str(page)})
    return rows


def choose_pages(
    settings: Settings,
    directory: Path | None,
    choice: ModelChoice,
    labels: Path | None = None,
    split: SplitTable | None = None,
) -> Judged:
    """The pages that `--eval` judges by: those of `-d`; else the model's own test pages; else `[eval] folder`.

    labels: the table that has the labels of pages in `-d`, None = label folders have them; split: the one whose test
    pages judge, None = all of `-d`.

    Raises UserError where there are none of these.
    """
    if directory is not None:
        return all_of(directory, settings, labels, split)
    notes = []
    folder = Path(choice.source)
    if choice.kind == "folder":
        rows = [row for row in read_split(folder) if row["SPLIT"] == "test"]
        root = _own_root(folder, rows, settings)
        if root is not None:
            return _own_pages(root, rows, settings)
        if rows:
            notes.append(f"its own {len(rows)} test pages are not there (where they lie: -d, or [train] folder)")
        elif read_record(folder):
            notes.append("this model kept no test pages of its own")
    if settings.eval.folder is None:
        why = f": {notes[0]}" if notes else ""
        raise UserError(f"no pages to judge by{why}; name a folder of label folders with -d, or as [eval] folder")
    judged = all_of(settings.eval.folder, settings)
    judged.notes[:0] = notes
    return judged


def all_of(folder: Path, settings: Settings, labels: Path | None = None, split: SplitTable | None = None) -> Judged:
    """All pages of a folder of label folders; or those of a folder that the table `labels` gives a label, or those that
    the table `split` keeps for testing.
    """
    labelled = find_labelled(folder, settings) if labels is None else labelled_by_table(folder, labels, settings)
    if split is not None:
        labelled = kept_for_testing(labelled, split)
    labelled.contents = contents_of([labelled], workers=threads(settings.setup.workers), quiet=settings.setup.quiet)
    notes = [*labelled.notes, *([note] if (note := same_file_note(labelled)) else [])]
    if folder.resolve() == DRAWN:
        notes.append(DRAWN_NOTE)
    which = "all pages" if labels is None else f"the pages with a label in {printable(str(labels))}"
    if split is not None:
        which = f"the test pages of {printable(split.column)} in {printable(str(split.file))}"
    return Judged(labelled, f"{which} of {printable(str(folder))}", notes)


def _own_root(folder: Path, rows: Sequence[dict[str, str]], settings: Settings) -> Path | None:
    """The folder that a model's test pages lie in: `[train] folder`, else where training found them."""
    recorded = read_record(folder).get("data")
    roots = [settings.train.folder, folder.resolve() / recorded if isinstance(recorded, str) and recorded else None]
    for root in roots:
        if root is not None and any((root / row["PATH"]).is_file() for row in rows):
            return Path(root).resolve() if root is roots[1] else root
    return None


def _own_pages(root: Path, rows: Sequence[dict[str, str]], settings: Settings) -> Judged:
    """The pages of the split's rows, with the documents of that time; those that are gone carry the reason."""
    listed = pages_below(root, settings)
    pages = {(printable(page.path), page.number): page for page in listed.pages}
    test_pages = LabelledPages(root, [], [], [])
    for row in rows:
        path, number = row["PATH"], int(row["PAGE"])
        file = path.rpartition("/")[2].rpartition(".")[0]
        test_pages.pages.append(pages.get((path, number)) or Page(path, file, number, None, GONE))
        test_pages.labels.append(same_label(row["CATEGORY"]))
        test_pages.documents.append(row["DOCUMENT"])
    judged = Judged(test_pages, f"its own {len(rows)} test pages (by {SPLIT_FILE}) in {printable(str(root))}")
    if root.resolve() == DRAWN:
        judged.notes.append(DRAWN_NOTE)
    return judged


def known_labels(labelled: LabelledPages, categories: Sequence[str]) -> np.ndarray:
    """The index of each page's label among the model's categories, compared in NFC; -1 for an unknown one.

    Raises UserError, with both sides, where the model knows none of the labels.
    """
    index = {unicodedata.normalize("NFC", category): position for position, category in enumerate(categories)}
    unknown = unknown_labels(labelled, categories)
    if len(unknown) == len(set(labelled.labels)):
        which = f"label{'s' if len(unknown) > 1 else ''} {listed(list(unknown), 12)}"
        raise UserError(
            f"the model does not know the {which} of the pages in {printable(str(labelled.root))}; it knows: "
            f"{listed(list(categories), 60)} (other categories: -cc, --avg)"
        )
    return np.array([index.get(label, -1) for label in labelled.labels], dtype=int)


def unknown_labels(labelled: LabelledPages, categories: Sequence[str]) -> dict[str, int]:
    """The label folders that the model does not know, and how many pages each has."""
    known = {unicodedata.normalize("NFC", category) for category in categories}
    return dict(sorted(Counter(label for label in labelled.labels if label not in known).items()))


def unknown_note(labelled: LabelledPages, categories: Sequence[str]) -> str:
    """One line on the pages of label folders that the model does not know, which judge nothing; "" for none.

    A label that is written almost as one of the model's is shown with that one.
    """
    unknown = unknown_labels(labelled, categories)
    if not unknown:
        return ""
    shown = []
    for label, count in unknown.items():
        near = nearest(label, categories)
        shown.append(f"{printable(label)} ({count}{f'; it has {printable(near)}' if near else ''})")
    return f"{sum(unknown.values())} pages judge nothing, as the model has no such category: {listed(shown, 12)}"


def figures_of(
    scores: np.ndarray, truth: np.ndarray, documents: Sequence[str], categories: Sequence[str], *, top_n: int = 3
) -> dict[str, Any]:
    """All figures of some pages, as they stand in the JSON. scores [N, C] with N >= 1, truth [N]."""
    guessed, best = scores.argmax(axis=1), scores.max(axis=1)
    right = guessed == truth
    table = metrics.confusion(truth, guessed, len(categories))
    return {
        "pages": len(truth),
        "documents": len(set(documents)),
        "accuracy": float(right.mean()),
        "interval": list(accuracy_interval(right, documents)),
        "top_n": {
            str(n): metrics.top_n_accuracy(scores, truth, n) for n in range(1, min(max(3, top_n), len(categories)) + 1)
        },
        "macro_f1": macro_f1(truth, guessed),
        "calibration_error": metrics.calibration_error(best, right),
        "perfect_calibration": metrics.perfect_calibration(best),
        "per_category": metrics.per_category(table, categories),
        "thresholds": metrics.thresholds(scores, truth, documents, categories),
        "confusion": table.tolist(),
    }


def say_accuracy(figures: dict[str, Any]) -> str:
    """`86.2 % (95 % interval 79.0 to 92.1, 58 pages of 41 documents)`."""
    low, high = (100 * edge for edge in figures["interval"])
    size = f"{figures['pages']} pages of {figures['documents']} documents"
    return f"{100 * figures['accuracy']:.1f} % (95 % interval {low:.1f} to {high:.1f}, {size})"


def free_name(folder: Path, stem: str, ending: str) -> Path:
    """`folder/stem.ending`, numbered `-2`, `-3` ... where that is taken, so that nothing is written over.

    The folder is made where absent; UserError where it cannot be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write into {printable(str(folder))}: {error.strerror}; choose with -o") from error
    names = itertools.chain([stem], (f"{stem}-{tried}" for tried in itertools.count(2)))
    return next(folder / f"{name}{ending}" for name in names if not (folder / f"{name}{ending}").exists())
