"""Which pages are there twice? Copies of one page must not train a model and then judge it.

    notes = find_copies(parts, workers=2, max_pixels=700_000_000, quiet=False)
    splits = unjudged(found, split_documents(found.labels, found.units, seed))

Copies are the same file by its content (SHA-256), or nearly the same picture: saved anew, made grey or smaller.
Documents that share a page are one unit, which stands on one side of a split. Where a page is in very many documents
(an empty page, a cover), they stay apart, and its copies do not judge what they have trained.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from output.files import file_hash
from output.progress import Progress
from reading.decoding import PageError, Reader
from reading.memory_gate import one_page
from reading.pages import Page
from reading.sketch import SKETCH, THUMBNAIL, sketch, thumbnail
from training.data import LEFT_OUT, LabelledPages
from utils import printable

# Nearly the same picture (benchmarks/near_duplicates.py): where the strokes are, then the picture in small, whose most
# different place tells two filled-in forms of one print apart.
ALIKE, CORRELATION, APART = 0.98, 0.985, 6.0  # of sketches; of the small pictures; grey levels of 255
SMALL = (96, 128)  # cells across and down: 2.2 mm of an A4 page
MANY = 20  # documents that share a page: more stay apart, or one empty page would join them all
JUDGING = ("validation", "test")
_BLOCK = 1024  # pages compared with all others at once: 1,024 x 50,000 likenesses take 200 MB
_KEPT = 4096  # small pictures, 12 KB each
_NAMED = 3  # pairs that a message names


def small_of(image: Image.Image) -> np.ndarray:
    """The page in small, uint8 [128, 96], grey."""
    return np.asarray(image.convert("L").resize(SMALL, Image.Resampling.LANCZOS))  # BOX keeps to whole pixels


def nearly_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pages that have their strokes in the same places are one picture, saved in two ways.

    one, other: `small_of` them. One is brought to the other's brightness and contrast; then no place may differ much.
    """
    first, second = one.astype(np.float32), other.astype(np.float32)
    spread = float(first.std() * second.std())
    if spread < 1e-3:
        return False
    correlation = float(((first - first.mean()) * (second - second.mean())).mean()) / spread
    if correlation < CORRELATION:
        return False
    slope = correlation * float(second.std() / first.std())
    from scipy.ndimage import uniform_filter

    apart = uniform_filter(second - second.mean() - slope * (first - first.mean()), 3)
    return float(np.abs(apart).max()) <= APART


def near_pairs(strokes: np.ndarray, small: Callable[[int], np.ndarray]) -> Iterator[tuple[int, int]]:
    """Pairs of places, the smaller first, that are nearly the same picture; pages without strokes are like nothing.

    strokes: sketches, float32 [N, 192]; small: gives a page in small, asked for only where strokes lie alike.

    All pairs are looked at, a block at a time: 50,000 pages took 94 s on one busy core (benchmarks/near_duplicates.py).
    """
    for start in range(0, len(strokes), _BLOCK):
        likeness = strokes[start : start + _BLOCK] @ strokes[start:].T
        for row, column in np.argwhere(likeness >= ALIKE):
            one, other = int(start + row), int(start + column)
            if one < other and nearly_same(small(one), small(other)):
                yield one, other


def find_copies(parts: Sequence[LabelledPages], *, workers: int, max_pixels: int, quiet: bool) -> list[str]:
    """Sets `contents` and `groups` of all parts and `units` of the first, own one; gives what the user should know.

    Pages that cannot be read are copies of nothing: decoding lists them.
    """
    pages = [(part, place) for part in parts for place in range(len(part.pages))]
    contents = contents_of(parts, workers=workers, quiet=quiet)
    first: dict[str, int] = {}
    joined = _Joined(len(pages))
    for at, content in enumerate(contents):
        if content:
            joined.join(at, first.setdefault(content, at))
    exact = [joined.root(at) for at in range(len(pages))]
    wanted = list(first.values())
    with Reader(min_side=THUMBNAIL, max_pixels=max_pixels) as reader:
        places, strokes = _sketches(pages, wanted, reader, workers=workers, quiet=quiet)

        @lru_cache(_KEPT)
        def small(row: int) -> np.ndarray:
            return small_of(_read(*pages[places[row]], reader))

        for one, other in near_pairs(strokes, small):
            joined.join(places[one], places[other])
    members: dict[int, list[int]] = defaultdict(list)
    for at, content in enumerate(contents):
        if content:
            members[joined.root(at)].append(at)
    groups = [-1] * len(pages)
    for root, its in members.items():
        if len(its) > 1:
            for at in its:
                groups[at] = root
    begun = 0
    for part in parts:
        end = begun + len(part.pages)
        part.contents, part.groups = contents[begun:end], groups[begun:end]
        begun = end
    blank = {groups[places[row]] for row in np.nonzero(~strokes.any(axis=1))[0]}
    parts[0].units = _units(parts[0], blank)
    return _notes(parts[0], exact)


def contents_of(parts: Sequence[LabelledPages], *, workers: int, quiet: bool) -> list[str]:
    """The content of each page of all parts: 32 digits of its file's SHA-256, and `:n` for page n of several; "" where
    the file cannot be read."""
    files = list(dict.fromkeys(part.root / page.path for part in parts for page in part.pages))
    with (
        Progress(len(files), "file", quiet, "comparing files") as progress,
        ThreadPoolExecutor(max(1, workers), "hash") as pool,
    ):
        digests = {}
        for file, digest in zip(files, pool.map(_digest, files), strict=True):
            digests[file] = digest
            progress.advance()
    return [_content(digests[part.root / page.path], page) for part in parts for page in part.pages]


def same_file_note(found: LabelledPages) -> str:
    """One line where the same file stands under several labels, of which no answer is right; "" where none does."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, content in enumerate(found.contents):
        if content:
            places[content].append(at)
    torn = [its for its in places.values() if len({found.labels[at] for at in its}) > 1]
    if not torn:
        return ""
    return f"{len(torn)} files stand under several labels, of which one is wrong: {_pairs(found, torn, labels=True)}"


def unjudged(found: LabelledPages, splits: Sequence[Any]) -> list[Any]:
    """The split without pages that cannot judge: copies of pages that were trained or chosen on, and copies under
    several labels, of which no answer is right. They are left out of validation and test."""
    splits = list(splits)
    if not found.groups:
        return splits
    labels: dict[int, set[str]] = defaultdict(set)
    sides: dict[int, set[Any]] = defaultdict(set)
    for group, label, split in zip(found.groups, found.labels, splits, strict=True):
        labels[group].add(label)
        sides[group].add(split)
    for at, (group, split) in enumerate(zip(found.groups, splits, strict=True)):
        if group < 0 or split not in JUDGING:
            continue
        earlier = {"train"} if split == "validation" else {"train", "validation"}
        if len(labels[group]) > 1 or sides[group] & earlier:
            splits[at] = LEFT_OUT
    return splits


def unjudged_extra(
    groups: Sequence[int], labels: Sequence[str], splits: Sequence[Any], extra: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Of the `extra` places those that are copies of own pages that judge, and those of own pages with another label.

    groups, labels: of the own pages and, behind them, the extra ones; splits: of the own pages.
    """
    judged, known = set(), defaultdict(set)
    for group, label, split in zip(groups, labels, splits, strict=False):
        if group >= 0:
            known[group].add(label)
            if split in JUDGING:
                judged.add(group)
    copies = [at for at in extra if groups[at] in judged]
    other = [at for at in extra if groups[at] not in judged and known.get(groups[at], {labels[at]}) != {labels[at]}]
    return copies, other


def _digest(file: Path) -> str:
    try:
        return file_hash(file)[:32]
    except OSError:
        return ""


def _content(digest: str, page: Page) -> str:
    if not digest or page.reason:
        return ""
    return digest if page.frame is None else f"{digest}:{page.frame + 1}"


def _read(part: LabelledPages, place: int, reader: Reader) -> Image.Image:
    page = part.pages[place]
    return reader.page(part.root / page.path, page.frame)


def _sketches(
    pages: Sequence[tuple[LabelledPages, int]], wanted: Sequence[int], reader: Reader, *, workers: int, quiet: bool
) -> tuple[list[int], np.ndarray]:
    """Those of the wanted places that could be read, and their sketches [N, 192]."""

    def look(at: int) -> np.ndarray | None:
        try:
            with one_page():
                return sketch(thumbnail(_read(*pages[at], reader)))
        except (PageError, MemoryError):  # decoding tells which pages cannot be read, and why
            return None

    places: list[int] = []
    strokes = np.zeros((len(wanted), SKETCH[0] * SKETCH[1]), np.float32)
    with (
        Progress(len(wanted), "page", quiet, "looking for copies") as progress,
        ThreadPoolExecutor(max(1, workers), "look") as pool,
    ):
        for at, strokes_of_page in zip(wanted, pool.map(look, wanted), strict=True):
            progress.advance()
            if strokes_of_page is not None:
                strokes[len(places)] = strokes_of_page
                places.append(at)
    return places, strokes[: len(places)]


def _units(found: LabelledPages, blank: set[int]) -> list[str]:
    """Documents, those that share a page under one name: that of the first of them."""
    documents = sorted(set(found.documents))
    index = {document: place for place, document in enumerate(documents)}
    joined = _Joined(len(documents))
    for group, its in _documents(found).items():
        if group not in blank and len(its) <= MANY:
            for document in its[1:]:
                joined.join(index[its[0]], index[document])
    return [documents[joined.root(index[document])] for document in found.documents]


def _documents(found: LabelledPages) -> dict[int, list[str]]:
    """The documents of each group of copies."""
    its: dict[int, dict[str, None]] = defaultdict(dict)
    for group, document in zip(found.groups, found.documents, strict=True):
        if group >= 0:
            its[group][document] = None
    return {group: list(documents) for group, documents in its.items()}


def _notes(found: LabelledPages, exact: Sequence[int]) -> list[str]:
    """Copies, and copies under several labels, each in one line."""
    members: dict[int, list[int]] = defaultdict(list)
    for at, group in enumerate(found.groups):
        if group >= 0:
            members[group].append(at)
    members = {group: its for group, its in members.items() if len(its) > 1}
    notes = []
    several = {group: its for group, its in members.items() if len({found.documents[at] for at in its}) > 1}
    if several:
        same = sum(len({exact[at] for at in its}) == 1 for its in several.values())
        kinds = f"{same} times the same file, {len(several) - same} times nearly the same picture"
        pairs = _pairs(found, list(several.values()))
        notes.append(
            f"{sum(map(len, several.values()))} pages are copies in other documents ({kinds}: {pairs}): documents that "
            "share a page stay on one side of the split, and no copy judges what was trained on"
        )
    torn = {group: its for group, its in members.items() if len({found.labels[at] for at in its}) > 1}
    if torn:
        same = sum(len({exact[at] for at in its}) == 1 for its in torn.values())
        pairs = _pairs(found, list(torn.values()), labels=True)
        notes.append(
            f"{len(torn)} pages stand under several labels ({same} of them as the same file: {pairs}): they may train, "
            "they never judge; keep the right one of each"
        )
    return notes


def _pairs(found: LabelledPages, groups: Sequence[Sequence[int]], *, labels: bool = False) -> str:
    """The first groups, by two of their pages each: of different labels, or of different documents."""
    kinds = found.labels if labels else found.documents
    shown = []
    for its in groups[:_NAMED]:
        other = next(at for at in its if kinds[at] != kinds[its[0]])
        shown.append(" = ".join(printable(found.pages[at].path) for at in (its[0], other)))
    return ", ".join(shown) + (", ..." if len(groups) > _NAMED else "")


class _Joined:
    """Places that belong together, directly or through others (union-find); the root is the first of them."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, place: int) -> int:
        while self._parent[place] != place:
            self._parent[place] = self._parent[self._parent[place]]
            place = self._parent[place]
        return place

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low
