"""The patches of a folder's pages on disk, in one file that is mapped into memory: read once, whatever kills come.

store = read_pages(pages, work.folder, settings, most=400)      # goes on where it stopped
store.grey(indices)                                             # uint8 [n, 32, 32]
store.errors                                                    # [(page, reason)]: pages that gave none

patches.bin      grey and ink of each patch, 2 x 1024 bytes
descriptors.bin  RootSIFT as float16, 256 bytes
pages.jsonl      a line a page, written after its patches: path, page number, patches, or the reason why none
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from output.progress import Progress
from output.work import Lines, whole_lines
from reading.decoding import PageError, Reader
from reading.pages import Page, PageList
from sorting.computing import threads
from writers.isolation import NoHandwriting, isolate
from writers.patches import SIDE, CutPatches, cut_patches

if TYPE_CHECKING:
    from settings.schema import Settings

PATCH = 2 * SIDE * SIDE  # bytes: grey, then ink
DESCRIPTOR = 128
FEWEST = 8  # patches, without which a page says nothing
PAGES, PATCHES, DESCRIPTORS = "pages.jsonl", "patches.bin", "descriptors.bin"


@dataclass
class PatchStore:
    """The patches that lie in a folder.

    pages: path, page number and count of each page that has patches, in the order of the page list. page_of: int64 [n],
    which of them a patch is of. errors: the others.
    """

    folder: Path
    pages: list[tuple[str, int, int]] = field(default_factory=list)
    errors: list[tuple[str, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        counts = [count for _, _, count in self.pages]
        self.page_of = np.repeat(np.arange(len(counts)), counts)
        n = len(self.page_of)
        shape = (n, 2, SIDE, SIDE)
        nothing = n == 0  # an empty file cannot be mapped
        file, descriptors = self.folder / PATCHES, self.folder / DESCRIPTORS
        self.planes = np.zeros(shape, np.uint8) if nothing else np.memmap(file, np.uint8, "r", shape=shape)
        self.descriptors = (
            np.zeros((0, DESCRIPTOR), np.float16)
            if nothing
            else np.memmap(descriptors, np.float16, "r", shape=(n, DESCRIPTOR))
        )

    def __len__(self) -> int:
        return len(self.page_of)

    def grey(self, indices: np.ndarray) -> np.ndarray:
        """Grey patches, uint8 [len(indices), 32, 32], 255 = paper."""
        return np.ascontiguousarray(self.planes[indices, 0])

    def ink(self, indices: np.ndarray) -> np.ndarray:
        """The same binarised: 1 where a pen wrote."""
        return np.ascontiguousarray(self.planes[indices, 1])


def read_pages(pages: PageList, folder: Path, settings: Settings, most: int) -> PatchStore:
    """The patches of all pages, at most so many of each; goes on after a kill. Memory: a few pages at once."""
    lines = _whole_pages(folder)
    done = len(lines)
    patches = sum(line["patches"] for line in lines)
    with (
        Lines(folder / PAGES, _length(folder)) as journal,
        (folder / PATCHES).open("ab") as planes,
        (folder / DESCRIPTORS).open("ab") as descriptors,
        Progress(len(pages.pages) - done, "page", settings.setup.quiet, "patches") as progress,
    ):
        planes.truncate(patches * PATCH)
        descriptors.truncate(patches * DESCRIPTOR * 2)
        for page, cut in _cut_all(pages, done, settings, most):
            line: dict[str, Any] = {"path": page.path, "page": page.number, "patches": 0, "reason": ""}
            if isinstance(cut, str):
                line["reason"] = cut
            else:
                planes.write(np.stack([cut.grey, cut.ink], 1).tobytes())
                descriptors.write(cut.descriptors.astype(np.float16).tobytes())
                planes.flush()
                descriptors.flush()
                line["patches"] = len(cut)
            journal.append(json.dumps(line).encode())
            lines.append(line)
            progress.advance(failed=int(bool(line["reason"])))
    return PatchStore(
        folder,
        [(line["path"], line["page"], line["patches"]) for line in lines if not line["reason"]],
        [(line["path"], line["page"], line["reason"]) for line in lines if line["reason"]],
    )


def _whole_pages(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in whole_lines(folder / PAGES)] if (folder / PAGES).exists() else []


def _length(folder: Path) -> int:
    return sum(map(len, whole_lines(folder / PAGES))) if (folder / PAGES).exists() else 0


def _cut_all(pages: PageList, done: int, settings: Settings, most: int) -> Iterator[tuple[Page, CutPatches | str]]:
    """The pages after the first `done` ones, in order, with their patches or the reason why there are none."""
    workers = max(1, threads(settings.setup.workers))
    waiting: deque[tuple[Page, Future[CutPatches | str]]] = deque()
    with (
        Reader(min_side=1600, max_pixels=settings.input.max_pixels) as reader,
        ThreadPoolExecutor(workers) as pool,
    ):
        try:
            for page in pages.pages[done:]:
                waiting.append((page, pool.submit(_patches_of, reader, pages.root / page.path, page, most)))
                if len(waiting) > 2 * workers:
                    page, cut = waiting.popleft()
                    yield page, cut.result()
            while waiting:
                page, cut = waiting.popleft()
                yield page, cut.result()
        finally:
            for _, cut in waiting:
                cut.cancel()


def _patches_of(reader: Reader, file: Path, page: Page, most: int) -> CutPatches | str:
    if page.reason:
        return page.reason
    try:
        patches = cut_patches(isolate(reader.page(file, page.frame)), most)
    except (PageError, NoHandwriting) as error:
        return str(error)
    if len(patches) < FEWEST:
        return f"no handwriting found: too little ink ({len(patches)} patches)"
    return patches
