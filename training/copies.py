"""Which pages are there twice? Copies of one page must not train a model and then judge it.

    notes = find_copies(parts, workers=2, max_pixels=700_000_000, quiet=False)
    splits = unjudged(labelled, split_documents(labelled.labels, labelled.units, seed))

Copies are the same file by its content (SHA-256), or nearly the same picture: saved anew, made grey or smaller.
Documents that share a page are one unit, which stands on one side of a split. Where a page is in very many documents
(an empty page, a cover), they stay apart, and its copies do not judge what they have trained.
"""

from __future__ import annotations

from collections import Counter, defaultdict
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
from utils import listed, printable

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

    one, other: `small_of` them. One is brought to the other's brightness and contrast; then no spot may differ much.
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
    """Pairs of rows, the smaller first, that are nearly the same picture; pages without strokes are like nothing.

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
    pages = [(part, page) for part in parts for page in part.pages]
    contents = contents_of(parts, workers=workers, quiet=quiet)
    first: dict[str, int] = {}
    exact = [first.setdefault(content, index) if content else index for index, content in enumerate(contents)]
    distinct = list(first.values())
    with Reader(min_side=THUMBNAIL, max_pixels=max_pixels) as reader:
        readable, strokes = _sketches(pages, distinct, reader, workers=workers, quiet=quiet)

        @lru_cache(_KEPT)
        def small(row: int) -> np.ndarray:
            return small_of(_read(*pages[readable[row]], reader))

        near = [(readable[row], readable[other]) for row, other in near_pairs(strokes, small)]
    groups = first_joined(len(pages), [*enumerate(exact), *near])
    sizes = Counter(groups)
    groups = [group if sizes[group] > 1 else -1 for group in groups]
    begun = 0
    for part in parts:
        end = begun + len(part.pages)
        part.contents, part.groups = contents[begun:end], groups[begun:end]
        begun = end
    blank = {groups[readable[row]] for row in np.nonzero(~strokes.any(axis=1))[0]}
    parts[0].units = _units(parts[0], blank)
    return _notes(parts[0], exact)


def first_joined(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """For each number below `count` the first one that pairs join it to, directly or through others.

    >>> first_joined(5, [(1, 3), (4, 3)])
    [0, 1, 2, 1, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(count, count))
    parts, part_of = connected_components(graph, directed=False)
    first = np.full(parts, count)
    np.minimum.at(first, part_of, np.arange(count))
    return first[part_of].tolist()


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


def same_file_note(labelled: LabelledPages) -> str:
    """One line where the same file stands under several labels, of which no answer is right; "" where none does."""
    copies = _alike(labelled.contents, "")
    torn = [pages for pages in copies.values() if len({labelled.labels[i] for i in pages}) > 1]
    if not torn:
        return ""
    return f"{len(torn)} files stand under several labels, of which one is wrong: {_pairs(labelled, torn, labels=True)}"


def _alike(values: Sequence[Any], nothing: Any) -> dict[Any, list[int]]:
    """The pages of each value, but for those of the value that stands for none."""
    pages: dict[Any, list[int]] = defaultdict(list)
    for index, value in enumerate(values):
        if value != nothing:
            pages[value].append(index)
    return pages


def unjudged(labelled: LabelledPages, splits: Sequence[Any]) -> list[Any]:
    """The split without pages that cannot judge: copies of pages that were trained or chosen on, and copies under
    several labels, of which no answer is right. They are left out of validation and test."""
    splits = list(splits)
    if not labelled.groups:
        return splits
    labels: dict[int, set[str]] = defaultdict(set)
    sides: dict[int, set[Any]] = defaultdict(set)
    for group, label, split in zip(labelled.groups, labelled.labels, splits, strict=True):
        labels[group].add(label)
        sides[group].add(split)
    for index, (group, split) in enumerate(zip(labelled.groups, splits, strict=True)):
        if group < 0 or split not in JUDGING:
            continue
        earlier = {"train"} if split == "validation" else {"train", "validation"}
        if len(labels[group]) > 1 or sides[group] & earlier:
            splits[index] = LEFT_OUT
    return splits


def unjudged_extra(
    groups: Sequence[int], labels: Sequence[str], splits: Sequence[Any], extra: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Of the `extra` pages those that are copies of own pages that judge, and those of own pages with another label.

    groups, labels: of the own pages and, behind them, the extra ones; splits: of the own pages.
    """
    judged, known = set(), defaultdict(set)
    for group, label, split in zip(groups, labels, splits, strict=False):
        if group >= 0:
            known[group].add(label)
            if split in JUDGING:
                judged.add(group)
    copies = [i for i in extra if groups[i] in judged]
    mislabelled = [i for i in extra if groups[i] not in judged and known.get(groups[i], {labels[i]}) != {labels[i]}]
    return copies, mislabelled


def _digest(file: Path) -> str:
    try:
        return file_hash(file)[:32]
    except OSError:
        return ""


def _content(digest: str, page: Page) -> str:
    if not digest or page.reason:
        return ""
    return digest if page.frame is None else f"{digest}:{page.frame + 1}"


def _read(part: LabelledPages, page: Page, reader: Reader) -> Image.Image:
    return reader.page(part.root / page.path, page.frame)


def _sketches(
    pages: Sequence[tuple[LabelledPages, Page]], wanted: Sequence[int], reader: Reader, *, workers: int, quiet: bool
) -> tuple[list[int], np.ndarray]:
    """Those of the wanted pages that can be read, and their sketches [N, 192]."""

    def look(index: int) -> np.ndarray | None:
        try:
            with one_page():
                return sketch(thumbnail(_read(*pages[index], reader)))
        except (PageError, MemoryError):  # decoding tells which pages cannot be read, and why
            return None

    readable: list[int] = []
    strokes = np.zeros((len(wanted), SKETCH[0] * SKETCH[1]), np.float32)
    with (
        Progress(len(wanted), "page", quiet, "looking for copies") as progress,
        ThreadPoolExecutor(max(1, workers), "look") as pool,
    ):
        for index, strokes_of_page in zip(wanted, pool.map(look, wanted), strict=True):
            progress.advance()
            if strokes_of_page is not None:
                strokes[len(readable)] = strokes_of_page
                readable.append(index)
    return readable, strokes[: len(readable)]


def _units(labelled: LabelledPages, blank: set[int]) -> list[str]:
    """Documents, those that share a page under one name: that of the first of them."""
    names = sorted(set(labelled.documents))
    numbers = {name: number for number, name in enumerate(names)}
    pairs = []
    for group, pages in _alike(labelled.groups, -1).items():
        sharing = list(dict.fromkeys(numbers[labelled.documents[i]] for i in pages))
        if group not in blank and len(sharing) <= MANY:
            pairs += [(sharing[0], number) for number in sharing[1:]]
    first = first_joined(len(names), pairs)
    return [names[first[numbers[name]]] for name in labelled.documents]


def _notes(labelled: LabelledPages, exact: Sequence[int]) -> list[str]:
    """Copies, and copies under several labels, each in one line."""
    copies = _alike(labelled.groups, -1).values()
    notes = []
    several = [pages for pages in copies if len({labelled.documents[i] for i in pages}) > 1]
    if several:
        same = sum(len({exact[i] for i in pages}) == 1 for pages in several)
        kinds = f"{same} times the same file, {len(several) - same} times nearly the same picture"
        notes.append(
            f"{sum(map(len, several))} pages are copies in other documents ({kinds}: {_pairs(labelled, several)}): "
            "documents that share a page stay on one side of the split, and no copy judges what was trained on"
        )
    torn = [pages for pages in copies if len({labelled.labels[i] for i in pages}) > 1]
    if torn:
        same = sum(len({exact[i] for i in pages}) == 1 for pages in torn)
        pairs = _pairs(labelled, torn, labels=True)
        notes.append(
            f"{len(torn)} pages stand under several labels ({same} of them as the same file: {pairs}): they may train, "
            "they never judge; keep the right one of each"
        )
    return notes


def _pairs(labelled: LabelledPages, groups: Sequence[Sequence[int]], *, labels: bool = False) -> str:
    """The first groups, by two of their pages each: of different labels, or of different documents."""
    kinds = labelled.labels if labels else labelled.documents
    shown = []
    for pages in groups[: _NAMED + 1]:
        unlike = next(i for i in pages if kinds[i] != kinds[pages[0]])
        shown.append(" = ".join(printable(labelled.pages[i].path) for i in (pages[0], unlike)))
    return listed(shown, _NAMED)
