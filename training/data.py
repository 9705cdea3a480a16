"""What training reads: label folders, documents, the split, and the pages' pixels with their augmentation.

A label folder is a folder named after its category; all pages below it (sub-folders too) carry that label:

    found = find_labelled(Path("sorted"), settings)        # sorted/DRAW/*.png, sorted/TEXT/1931/*.tif, ...
    write_split(Path("split.csv"), found, splits)

A `documents.csv` beside the label folders (columns `page,document`; a page by its path below the folder, or by its file
name) says which pages belong together, where their names do not.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from encoders.descriptions import same_label
from encoders.labels import check_apart, label_warnings
from output.files import whole
from output.spreadsheets import read_table
from output.tables import bare_path, cell, path_cell
from reading.documents import Documents, below_label
from reading.listing import named_as_page, wanted_files
from reading.pages import Page, PageList, Stamp, find_pages, stamp_of
from training.layout import refuse_split, split_folders
from utils import UserError, key_of, printable, split_documents

if TYPE_CHECKING:
    from settings.schema import Settings

DOCUMENTS = "documents.csv"
SPLIT_COLUMNS = ("PATH", "PAGE", "CATEGORY", "DOCUMENT", "SPLIT")
LEFT_OUT = "left out"  # the SPLIT of pages over a cap
UNREADABLE = "unreadable"
SCAN_HEIGHT = 1750  # pixels: of A4 at 150 dpi, what the published augmentation was made for
MAX_SKEW = 1.5  # degrees; a page on a scanner's glass is rarely more askew


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
    found = {path: stamp_of(root / path) for path in {page.path for page in pages}}
    return [found[page.path] for page in pages]


def pages_below(folder: Path, settings: Settings) -> PageList:
    """All pages below a folder, whatever the folders in it mean."""
    return find_pages(folder, **(wanted_files(settings.input) | {"inner": True}))


def _told_apart(found: PageList) -> tuple[PageList, list[str]]:
    """The pages without folders and links that cannot be read, and a line for each of these."""
    pages = [page for page in found.pages if not page.reason or named_as_page(page.path)]
    lost = [page for page in found.pages if page.reason and not named_as_page(page.path)]
    return replace(found, pages=pages), [f"{printable(page.path)}: {page.reason}" for page in lost]


def find_labelled(folder: Path, settings: Settings, *, by_folders: bool = False) -> LabelledPages:
    """All pages below the label folders in `folder`, with their documents by `documents.csv`, else by `[input]`.

    by_folders: the label folders lie within train/, validation/ and test/, whose split is kept (`splits`).

    Raises UserError: no such folder, no pages, pages but no label folders, a split where label folders are wanted (or
    the reverse), a wrong `documents.csv`.
    """
    found, lost = _told_apart(pages_below(folder, settings))
    if by_folders:
        parts = split_folders(page.path for page in found.pages)
        inside = [page for page in found.pages if page.path.count("/") > 1 and page.path.split("/", 1)[0] in parts]
        tops = sorted({page.path.split("/", 1)[0] for page in found.pages if "/" in page.path})
        if not inside or "train" not in parts.values():
            raise UserError(
                f"--split folders: {printable(str(folder))} holds no folders train, and validation or test, with label "
                f"folders in them; it holds {', '.join(map(printable, tops[:8])) or 'no folders'}"
            )
        splits = [parts[page.path.split("/", 1)[0]] for page in inside]
        below = [replace(page, path=page.path.split("/", 1)[1]) for page in inside]  # as if each part stood alone
    else:
        refuse_split(str(folder), [page.path for page in found.pages])
        inside = below = [page for page in found.pages if "/" in page.path]
        splits = []
    if not inside:
        raise UserError(
            f"{printable(str(folder))} holds {len(found.pages)} pages but no label folders: "
            f"sort the pages into one folder for each category{'; '.join(['', *lost])}"
        )
    passed = replace(found.passed, other=dict(found.passed.other))
    if (folder / DOCUMENTS).is_file():
        passed.other[".csv"] = passed.other.get(".csv", 1) - 1
    notes = [*passed.lines(), *(f"{line}; what it holds is left out" for line in lost)]
    if len(inside) < len(found.pages):
        notes.append(f"{len(found.pages) - len(inside)} pages lie outside of label folders and are left out")
    labels = [same_label(printable(page.path.split("/", 1)[0])) for page in below]
    notes += check_folders(folder, (printable(page.path.split("/", 1)[0]) for page in below))
    told: list[str | None] = [None] * len(inside)
    if (folder / DOCUMENTS).is_file():
        table = read_documents(folder / DOCUMENTS)
        told = [table.get(printable(page.path), table.get(printable(Path(page.path).name))) for page in inside]
        notes += _unclear(inside, table)
        if without := sum(name is None for name in told):
            notes.append(f"{DOCUMENTS} does not name {without} of {len(inside)} pages: their names decide")
    unnamed = [page for page, name in zip(below, told, strict=True) if name is None]
    rule = Documents((page.path for page in unnamed), settings.input, below_label)
    documents = [rule.of(page) if name is None else name for page, name in zip(below, told, strict=True)]
    if note := rule.note():
        notes.append(note)
    folders = frozenset(rule.of(page) for page in unnamed if rule.is_number(page.path))
    return LabelledPages(folder, inside, labels, documents, notes, folders, splits, lost=lost)


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
    found = [name for name, folders in paths.items() if len(folders) > 1]
    if not found:
        return []
    return [
        f"{DOCUMENTS} names {len(found)} files that several folders hold ({found[0]}, ...), so pages of different "
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
            places = [i for i in range(len(labels)) if labels[i] == label and splits[i] == part]
            if 0 < cap < len(places):
                order = np.random.default_rng([seed, len(places)]).permutation(len(places))
                for place in order[cap:]:
                    capped[places[place]] = LEFT_OUT
    return capped


def with_validation(found: LabelledPages, share: float, seed: int) -> list[str]:
    """The split of the folders as it stands; without a validation folder, a share of the training documents is one."""
    if "validation" in found.splits:
        return list(found.splits)
    places = [i for i, part in enumerate(found.splits) if part == "train"]
    labels, documents = [found.labels[i] for i in places], [found.together[i] for i in places]
    splits = list(found.splits)
    for place, part in zip(places, split_documents(labels, documents, seed, (1 - share, share, 0.0)), strict=True):
        splits[place] = part
    return splits


def split_leaks(documents: Sequence[str], splits: Sequence[str]) -> list[str]:
    """A sentence for each part that judges documents which train: its figures tell too much. None where none does."""
    found = []
    trained = {document for document, part in zip(documents, splits, strict=True) if part == "train"}
    for part in ("validation", "test"):
        judged = {document for document, own in zip(documents, splits, strict=True) if own == part}
        both = sorted(judged & trained)
        if both:
            names = ", ".join(map(printable, both[:3])) + (", ..." if len(both) > 3 else "")
            found.append(
                f"{len(both)} of {len(judged)} documents of the {part} pages are trained on too ({names}): new "
                "documents will do worse than these"
            )
    return found


def write_split(file: Path, found: LabelledPages, splits: Sequence[str | int], column: str = "SPLIT") -> None:
    """Write `split.csv` (or, with column="FOLD", `folds.csv`), whole or not at all: PATH is relative to the folder."""
    with whole(file) as part, part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*SPLIT_COLUMNS[:4], column])
        for page, label, document, split in zip(found.pages, found.labels, found.documents, splits, strict=True):
            writer.writerow([path_cell(page.path), page.number, cell(label), cell(document), split])


def augment(pixels: np.ndarray, rng: np.random.Generator, fill: int = 255) -> np.ndarray:
    """One augmented copy of a page: uint8 [3, H, W] in, the same out.

    The published augmentation, each with probability 1/2: colour jitter (brightness, contrast, saturation by 0.5-1.5,
    hue by up to half the circle), sharpness 0.5-1.5, Gaussian blur of radius 0-2 pixels of a scan 1750 high (on an
    image of 448 pixels 0-0.5: more would wipe out what tells print from typing); and how a page lies on the scanner:
    skew up to 1.5 degrees, size by 0.88-1.08, shift by up to 4 %. No flips: mirrored writing is no writing. `fill` is
    what is seen beside such a page.
    """
    from PIL import ImageEnhance, ImageFilter

    image = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    jitter, sharpness, blur, moved = rng.random(4) < 0.5
    factors = rng.uniform(0.5, 1.5, size=4)
    hue, radius, angle = rng.uniform(-128, 128), rng.uniform(0, 2), rng.uniform(-MAX_SKEW, MAX_SKEW)
    zoom, shift = rng.uniform(0.88, 1.08), rng.uniform(-0.04, 0.04, 2)
    if moved:
        wide, high = image.size
        turn, scale = np.deg2rad(angle), 1 / zoom
        cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
        at_x, at_y = wide / 2, high / 2  # the affine map leads from the new image to the old one
        offset = at_x - cos * at_x - sin * at_y + shift[0] * wide, at_y + sin * at_x - cos * at_y + shift[1] * high
        matrix = (cos, sin, offset[0], -sin, cos, offset[1])
        image = image.transform(
            image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=(fill,) * 3
        )
    if jitter:
        image = ImageEnhance.Brightness(image).enhance(factors[0])
        image = ImageEnhance.Contrast(image).enhance(factors[1])
        image = ImageEnhance.Color(image).enhance(factors[2])
        hsv = np.array(image.convert("HSV"))
        hsv[..., 0] += np.uint8(int(hue) % 256)  # wraps around, as hue does
        image = Image.fromarray(hsv, "HSV").convert("RGB")
    if sharpness:
        image = ImageEnhance.Sharpness(image).enhance(factors[3])
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(radius * image.height / SCAN_HEIGHT))
    return np.asarray(image).transpose(2, 0, 1)


class BalancedSampler:
    """The data order of training: categories in turn, each one's pages in an order of their own, by seed and epoch.

    Yields `(index, draw)`, draws numbered on through the epochs; the pages of a category come round independently of
    its size. `extra` pages (which only ever train) make up `extra_share` of the draws. One epoch is as many draws as
    there are own pages (with the extra ones on top, so that an epoch sees as many own pages either way), and at least
    `shortest` draws: three batches are no epoch to judge by.
    """

    def __init__(
        self,
        own: Sequence[Sequence[int]],
        seed: int,
        extra: Sequence[Sequence[int]] = (),
        extra_share: float = 0.0,
        shortest: int = 0,
    ) -> None:
        self.own = [list(pages) for pages in own if pages]
        self.extra = [list(pages) for pages in extra if pages]
        self.extra_share = extra_share if self.extra else 0.0
        self.seed = seed
        self.epoch = 0
        self.length = max(shortest, round(sum(map(len, self.own)) / (1 - self.extra_share)))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order is given next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        own, extra = _in_turn(self.own, rng), _in_turn(self.extra, rng)
        from_extra = np.zeros(self.length, dtype=bool)
        from_extra[: round(self.length * self.extra_share)] = True
        for place, is_extra in enumerate(rng.permutation(from_extra)):
            yield next(extra if is_extra else own), self.epoch * self.length + place


def _in_turn(groups: list[list[int]], rng: np.random.Generator) -> Iterator[int]:
    """Without end: all groups in a new order each round, one member of each; members come round in shuffled order."""
    waiting: list[list[int]] = [[] for _ in groups]
    while groups:
        for place in rng.permutation(len(groups)):
            if not waiting[place]:
                waiting[place] = [groups[place][i] for i in rng.permutation(len(groups[place]))]
            yield waiting[place].pop()


def draw_nothing(size: tuple[int, int], count: int, seed: int) -> np.ndarray:
    """Images on which there is nothing to sort, uint8 [count, 3, H, W]: sheets of paper, clouds, patches, stripes.

    size: (height, width). They teach that a category is never the answer because nothing else is (`settle_texts`).
    """
    height, width = size
    drawn = np.empty((count, 3, height, width), np.uint8)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        tint = rng.uniform(40, 256, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(150, 256))
        kind = number % 4
        if kind == 0:
            field = np.ones((height, width, 3))
        elif kind == 3:
            across, down = rng.normal(size=2)
            phase = (across * np.arange(width)[None] + down * np.arange(height)[:, None]) / rng.uniform(2, 40)
            field = np.repeat((np.sin(phase) * rng.uniform(0.1, 0.5) + 0.5)[..., None], 3, axis=2)
        else:
            cells = rng.integers(0, 256, (*rng.integers(2, (40, 9)[kind - 1], 2), 3)).astype(np.uint8)
            way = (Image.Resampling.BICUBIC, Image.Resampling.NEAREST)[kind - 1]
            field = np.asarray(Image.fromarray(cells).resize((width, height), way), float) / 255
        shade = rng.uniform(0, 0.3) * np.linspace(-1, 1, width)[None, :, None] * rng.choice([-1, 0, 1])
        grain = rng.normal(0, rng.uniform(0, 8), (height, width, 1))
        image = (field * (1 + shade) * tint + grain).clip(0, 255)
        edges = (rng.integers(0, 24, 4) * (rng.random() < 0.3)).tolist()  # the black of a scanner's lid
        image[: edges[0]], image[height - edges[1] :] = 0, 0
        image[:, : edges[2]], image[:, width - edges[3] :] = 0, 0
        drawn[number] = image.transpose(2, 0, 1)
    return drawn
