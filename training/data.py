"""What training reads: label folders, documents, and the split.

A label folder is a folder named after its category; all pages below it (sub-folders too) carry that label:

    labelled = find_labelled(Path("sorted"), settings)     # sorted/DRAW/*.png, sorted/TEXT/1931/*.tif, ...
    write_split(Path("split.csv"), labelled, splits)

A `documents.csv` beside the label folders (columns `page,document`; a page by its path below the folder, or by its file
name) says which pages belong together, where their names do not.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoders.descriptions import same_label
from encoders.labels import check_apart, label_warnings
from output.files import whole
from output.spreadsheets import read_table
from output.tables import bare_path, cell, path_cell
from reading.documents import Documents, below_label
from reading.listing import named_as_page, wanted_files
from reading.pages import Page, PageList, Stamp, find_pages, stamp_of
from training.layout import refuse_split, split_folders
from utils import UserError, key_of, listed, printable, split_documents

if TYPE_CHECKING:
    from settings.schema import Settings

DOCUMENTS = "documents.csv"
SPLIT_COLUMNS = ("PATH", "PAGE", "CATEGORY", "DOCUMENT", "SPLIT")
LEFT_OUT = "left out"  # the SPLIT of pages over a cap
UNREADABLE = "unreadable"


@dataclass
class LabelledPages:
    """Pages of label folders: `pages[i]` carries `labels[i]` and is of `documents[i]`; sorted by the page list.

    notes: sentences that the user should read (pages outside of label folders, `documents.csv` not covering all, ...).
    folders: documents that are named after their folder or a page number, as their pages have no names; box1 of another
    collection may be another box.
    splits: with `--split folders`, the part of each page. stamps: size and time of each page's file (`stamp_of`), when
    they were first asked for; those of an unfinished training are of its begin.
    lost: folders, and links to what may be folders, that cannot be read, with the reason.
    contents, groups, units: what copies.py finds: each page's content, "" = unknown; pages of one number but -1 are
    copies; documents that share a page, under one name.
    """

    root: Path
    pages: list[Page]
    labels: list[str]
    documents: list[str]
    notes: list[str] = field(default_factory=list)
    folders: frozenset[str] = frozenset()
    splits: list[str] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    units: list[str] = field(default_factory=list)

    @property
    def categories(self) -> list[str]:
        """The categories that have pages, sorted."""
        return sorted(set(self.labels))

    @property
    def together(self) -> list[str]:
        """What stands on one side of a split: each page's unit, its document where copies were not looked for."""
        return self.units or self.documents

    def stamped(self) -> list[Stamp]:
        """The size and the time of each page's file; looked up once."""
        if len(self.stamps) != len(self.pages):
            self.stamps = stamps_of(self.root, self.pages)
        return self.stamps

    def page_keys(self) -> list[str]:
        """What tells one page, as it stood then, from all others: its file, size and time, and which frame of it."""
        root = printable(str(self.root.resolve()))
        return [
            key_of(root, page.path, page.frame, *(stamp or (None, None)))
            for page, stamp in zip(self.pages, self.stamped(), strict=True)
        ]

    def key(self) -> str:
        """What tells these pages, their labels and documents from others: the same ones give the same key."""
        return key_of(*zip(self.page_keys(), self.labels, self.documents, strict=True))


def stamps_of(root: Path, pages: Sequence[Page]) -> list[Stamp]:
    """`stamp_of` each page's file, each file looked at once."""
    stamps = {path: stamp_of(root / path) for path in {page.path for page in pages}}
    return [stamps[page.path] for page in pages]


def pages_below(folder: Path, settings: Settings) -> PageList:
    """All pages below a folder, whatever the folders in it mean."""
    return find_pages(folder, **(wanted_files(settings.input) | {"inner": True}))


def find_labelled(folder: Path, settings: Settings, *, by_folders: bool = False) -> LabelledPages:
    """All pages below the label folders in `folder`, with their documents by `documents.csv`, else by `[input]`.

    by_folders: the label folders lie within train/, validation/ and test/, whose split is kept (`splits`).

    Raises UserError: no such folder, no pages, pages but no label folders, a split where label folders are wanted (or
    the reverse), a wrong `documents.csv`.
    """
    listed, lost = without_lost(pages_below(folder, settings))
    inside, below, splits = _in_label_folders(folder, listed.pages, by_folders)
    if not inside:
        raise UserError(
            f"{printable(str(folder))} holds {len(listed.pages)} pages but no label folders: "
            f"sort the pages into one folder for each category{'; '.join(['', *lost])}"
        )
    passed = replace(listed.passed, other=dict(listed.passed.other))
    if (folder / DOCUMENTS).is_file():
        passed.other[".csv"] = passed.other.get(".csv", 1) - 1
    notes = [*passed.lines(), *(f"{line}; what it holds is left out" for line in lost)]
    if len(inside) < len(listed.pages):
        notes.append(f"{len(listed.pages) - len(inside)} pages lie outside of label folders and are left out")
    labels = [same_label(printable(page.path.split("/", 1)[0])) for page in below]
    notes += check_folders(folder, (printable(page.path.split("/", 1)[0]) for page in below))
    documents, folders, unclear = documents_of(folder / DOCUMENTS, inside, below, settings)
    return LabelledPages(folder, inside, labels, documents, [*notes, *unclear], folders, splits, lost=lost)


def without_lost(listed: PageList) -> tuple[PageList, list[str]]:
    """The pages without folders and links that cannot be read, and a line for each of these."""
    pages = [page for page in listed.pages if not page.reason or named_as_page(page.path)]
    lost = [page for page in listed.pages if page.reason and not named_as_page(page.path)]
    return replace(listed, pages=pages), [f"{printable(page.path)}: {page.reason}" for page in lost]


def _in_label_folders(
    folder: Path, pages: Sequence[Page], by_folders: bool
) -> tuple[list[Page], list[Page], list[str]]:
    """The pages in label folders; the same with their paths from the label folder on; the part of each, if by folders.

    UserError where the folders are a split and should not be, or the reverse.
    """
    if not by_folders:
        refuse_split(str(folder), [page.path for page in pages])
        inside = [page for page in pages if "/" in page.path]
        return inside, inside, []
    parts = split_folders(page.path for page in pages)
    inside = [page for page in pages if page.path.count("/") > 1 and page.path.split("/", 1)[0] in parts]
    tops = sorted({page.path.split("/", 1)[0] for page in pages if "/" in page.path})
    if not inside or "train" not in parts.values():
        raise UserError(
            f"--split folders: {printable(str(folder))} holds no folders train, and validation or test, with label "
            f"folders in them; it holds {', '.join(map(printable, tops[:8])) or 'no folders'}"
        )
    below = [replace(page, path=page.path.split("/", 1)[1]) for page in inside]  # as if each part stood alone
    return inside, below, [parts[page.path.split("/", 1)[0]] for page in inside]


def documents_of(
    file: Path,
    inside: Sequence[Page],
    below: Sequence[Page],
    settings: Settings,
    *,
    below_what: Callable[[str], str] = below_label,
    among: Sequence[Page] | None = None,
) -> tuple[list[str], frozenset[str], list[str]]:
    """Each page's document, those that are named after their folder, and what the user should know of it.

    file: documents.csv, where there is one. below: the pages with their paths as `below_what` takes them, which gives
    the folder that counts. among: the pages that decide which names are page numbers, where these are but some of them.
    """
    notes = []
    listed: list[str | None] = [None] * len(inside)
    if file.is_file():
        table = read_documents(file)
        listed = [table.get(printable(page.path), table.get(printable(Path(page.path).name))) for page in inside]
        notes += _unclear(inside, table)
        if without := sum(name is None for name in listed):
            notes.append(f"{DOCUMENTS} does not name {without} of {len(inside)} pages: their names decide")
    unnamed = [page for page, name in zip(below, listed, strict=True) if name is None]
    rule = Documents((page.path for page in among or unnamed), settings.input, below_what)
    documents = [rule.of(page) if name is None else name for page, name in zip(below, listed, strict=True)]
    if note := rule.note():
        notes.append(note)
    return documents, frozenset(rule.of(page) for page in unnamed if rule.is_number(page.path)), notes


def check_folders(root: Path, folders: Iterable[str]) -> list[str]:
    """What is to be said of the names of label folders: two that are one label, names that are no folders on Windows.

    Raises UserError for two that differ in letter case only: they would be learned as two categories.
    """
    labels: dict[str, str] = {}
    joined = []
    for name in dict.fromkeys(folders):
        other = labels.setdefault(same_label(name), name)
        if other != name:
            joined.append(f"the label folders {other!r} and {name!r} are taken as one category, {same_label(name)}")
    check_apart(labels, f"label folders in {printable(str(root))}")
    return joined + label_warnings(labels)


def _unclear(pages: Sequence[Page], table: dict[str, str]) -> list[str]:
    """A note on names that `documents.csv` gives without their folder, where several folders hold such a file."""
    paths: dict[str, set[str]] = {}
    for page in pages:
        name = printable(Path(page.path).name)
        if name in table and printable(page.path) not in table:
            paths.setdefault(name, set()).add(below_label(page.path))
    several = [name for name, folders in paths.items() if len(folders) > 1]
    if not several:
        return []
    return [
        f"{DOCUMENTS} names {len(several)} files that several folders hold ({several[0]}, ...), so pages of different "
        "folders count as one document: name them with their folder, as LABEL/FOLDER/FILE"
    ]


def read_documents(file: Path) -> dict[str, str]:
    """Page (path or file name, as written) -> document, from a table with the columns `page` and `document`.

    Raises UserError with the line: not a table, a missing column, an empty cell, a page named twice with two documents.
    """
    documents: dict[str, str] = {}
    table = read_table(file, ("page", "document"))
    for line, cells in table.rows:
        page, document = bare_path(cells["PAGE"].replace("\\", "/")), cells["DOCUMENT"]
        if not page or not document:
            raise UserError(f"{table.where(line)}: an empty cell")
        if documents.setdefault(page, document) != document:
            raise UserError(f"{table.where(line)}: {page} stands with two documents")
    return documents


def cap_pages(labels: Sequence[str], splits: Sequence[str], cap_train: int, cap_other: int, seed: int) -> list[str]:
    """The split with pages over a category's cap turned to "left out"; which ones is drawn from the seed. 0: no cap.

    cap_train holds for the training pages of each category, cap_other for its validation and its test pages.
    """
    capped = list(splits)
    for part in sorted(set(splits)):
        cap = cap_train if part == "train" else cap_other
        for label in sorted(set(labels)):
            indices = [i for i in range(len(labels)) if labels[i] == label and splits[i] == part]
            if 0 < cap < len(indices):
                order = np.random.default_rng([seed, len(indices)]).permutation(len(indices))
                for over in order[cap:]:
                    capped[indices[over]] = LEFT_OUT
    return capped


def with_validation(labelled: LabelledPages, share: float, seed: int) -> list[str]:
    """The split of the folders as it stands; without a validation folder, a share of the training documents is one."""
    splits = list(labelled.splits)
    if "validation" in splits:
        return splits
    indices = [i for i, part in enumerate(splits) if part == "train"]
    labels, documents = [labelled.labels[i] for i in indices], [labelled.together[i] for i in indices]
    for index, part in zip(indices, split_documents(labels, documents, seed, (1 - share, share, 0.0)), strict=True):
        splits[index] = part
    return splits


def split_leaks(documents: Sequence[str], splits: Sequence[str]) -> list[str]:
    """A sentence for each part that judges documents which train: its figures tell too much. None where none does."""
    leaks = []
    trained = {document for document, part in zip(documents, splits, strict=True) if part == "train"}
    for part in ("validation", "test"):
        judged = {document for document, split in zip(documents, splits, strict=True) if split == part}
        both = sorted(judged & trained)
        if both:
            leaks.append(
                f"{len(both)} of {len(judged)} documents of the {part} pages are trained on too ({listed(both, 3)}): "
                "new documents will do worse than these"
            )
    return leaks


def write_split(file: Path, labelled: LabelledPages, splits: Sequence[str | int], column: str = "SPLIT") -> None:
    """Write `split.csv` (or, with column="FOLD", `folds.csv`), whole or not at all: PATH is relative to the folder."""
    with whole(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*SPLIT_COLUMNS[:4], column])
        for page, label, document, split in zip(
            labelled.pages, labelled.labels, labelled.documents, splits, strict=True
        ):
            writer.writerow([path_cell(page.path), page.number, cell(label), cell(document), split])
