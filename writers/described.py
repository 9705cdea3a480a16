"""All pages of a list described by a model, on the threads that decode them; each page has a vector or a reason.

    with Begun(output / "evaluate.begun", models, settings) as begun:
        described = describe_pages(models, pages, settings, begun)      # killed: the next time it goes on
        described.vectors["model"], described.reasons
        begun.remove()

What is described is kept until the work is done: ten thousand pages take hours. A page is known again by its path, its
size and its time; what could not be read is tried again. Where nothing can be kept (another process is at it, the disk
is full) the work is done all the same.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from output.console import say
from output.files import json_if_whole, write_whole
from output.progress import Progress
from output.work import WorkFolder
from reading.loader import load_batches
from reading.pages import PageList
from sorting.computing import threads
from utils import printable
from writers.indexing import AT_ONCE, NOTHING
from writers.isolation import NoHandwriting, isolate
from writers.query import MIN_SIDE

if TYPE_CHECKING:
    from PIL import Image

    from reading.pages import Page
    from settings.schema import Settings
    from writers.hands import Hands
    from writers.isolation import Handwriting

NOT_VALID = "the model gives no valid numbers for this page"


@dataclass
class Described:
    """vectors: model -> float32 [N, D], NaN where it has none of a page. reasons: "" or why the first model has none,
    one a page. unread: bool [N], True where the page could not even be read.
    """

    vectors: dict[str, np.ndarray]
    reasons: list[str]
    unread: np.ndarray


class _Unsized:
    """What the loader asks of a page's pixels for a model beside it: nothing."""

    size = NOTHING.shape[1:]

    def __call__(self, image: Image.Image) -> np.ndarray:
        return NOTHING


class Begun(WorkFolder):
    """What an evaluation has described so far: a folder of files, one a batch of pages, each whole or not there.

    It is begun anew where the models, or how pages are read, have changed.
    """

    HEAD = "work.json"

    def __init__(self, folder: Path, models: Mapping[str, Hands], settings: Settings) -> None:
        super().__init__(folder, self.HEAD)
        read = settings.input.max_pixels, settings.input.strict
        identity = {"models": {name: hands.hash for name, hands in models.items()}, "read": list(read)}
        self._names, self._held, self._files = list(models), False, 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._held = self.take()
            if self._held and json_if_whole(folder / self.HEAD).get("identity") != identity:
                self.clear()
                self.begin({"started": time.time(), "identity": identity})
        except OSError:
            self._held = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `WorkFolder` has it; an interrupted command says what is left."""
        if self._files and kind is KeyboardInterrupt:
            say("what was described is kept: the same command goes on")
        self.release()

    def known(self) -> dict[str, tuple[str, list[np.ndarray]]]:
        """The pages described so far: key -> why there is no handwriting, and the vector of each model."""
        found: dict[str, tuple[str, list[np.ndarray]]] = {}
        for file in sorted(self.folder.glob("*.npz")) if self._held else ():
            self._files = int(file.stem) + 1
            try:
                with np.load(file, allow_pickle=False) as stored:
                    keys, reasons = stored["keys"].tolist(), stored["reasons"].tolist()
                    vectors = [stored[f"vectors{at}"] for at in range(len(self._names))]
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # damaged: described again
                continue
            for row, (key, reason) in enumerate(zip(keys, reasons, strict=True)):
                found[key] = reason, [of_model[row] for of_model in vectors]
        return found

    def keep(self, keys: list[str], reasons: list[str], vectors: list[np.ndarray]) -> None:
        """Keep a batch: vectors [n, D] of each model."""
        if not self._held or not keys:
            return
        content = io.BytesIO()
        of_models: dict[str, Any] = {f"vectors{at}": given for at, given in enumerate(vectors)}
        np.savez(content, keys=np.array(keys), reasons=np.array(reasons), **of_models)
        try:
            write_whole(self.folder / f"{self._files:08}.npz", content.getvalue())
        except OSError:  # a full disk: what is kept stays
            self._held = False
        self._files += 1

    def remove(self, files: Any = None) -> None:
        """The work is done. What another process holds stays."""
        if self._lock is not None:
            super().remove(files)


def _key(root: Path, page: Page) -> str:
    """What a page is known by: its path, which page of it, and its file's size and time; "" where it is not there."""
    file = root / page.path
    with contextlib.suppress(OSError):
        status = file.stat()
        return json.dumps([os.path.abspath(file), page.frame, status.st_size, status.st_mtime_ns])  # noqa: PTH100
    return ""


def describe_pages(
    models: Mapping[str, Hands], pages: PageList, settings: Settings, begun: Begun | None = None
) -> Described:
    """Describe every page, in the order of the list, by each of the models: its handwriting is isolated once.

    begun: what is known already; what is new is kept there.
    """
    count = len(pages.pages)
    empty = {name: np.full((count, hands.dimensions), np.nan, np.float32) for name, hands in models.items()}
    described = Described(empty, [""] * count, np.zeros(count, bool))
    keys = ["" if begun is None or page.reason else _key(pages.root, page) for page in pages.pages]
    left = []
    known = {} if begun is None else begun.known()
    for number, key in enumerate(keys):
        if key not in known:
            left.append(number)
            continue
        described.reasons[number], of_models = known[key]
        for vectors, vector in zip(described.vectors.values(), of_models, strict=True):
            vectors[number] = vector
    if len(left) < count:
        say(f"going on: {count - len(left)} of {count} pages were described before", settings.setup.quiet)

    def seen(page: Page, image: Image.Image) -> list[np.ndarray | str]:
        try:
            hand = isolate(image)
        except NoHandwriting as error:
            return [_line(error)] * len(models)
        return [_vector(hands, hand) for hands in models.values()]

    cv2.setNumThreads(1)  # a page a thread: threads within a page would wait for each other
    with Progress(len(left), "page", settings.setup.quiet, "describing") as progress:
        batches = load_batches(
            PageList(pages.root, [pages.pages[number] for number in left], pages.passed),
            _Unsized(),
            batch_size=AT_ONCE,
            workers=threads(settings.setup.workers, all_cores=True),
            max_pixels=settings.input.max_pixels,
            strict=settings.input.strict,
            least_side=MIN_SIDE,
            keep=seen,
        )
        for batch in batches:
            done = left[batch.index * AT_ONCE :][: len(batch.pages)]
            for number, reason, kept in zip(done, batch.reasons, batch.kept, strict=True):
                described.unread[number] = bool(reason)
                found = [reason] * len(models) if reason else kept
                described.reasons[number] = found[0] if isinstance(found[0], str) else ""
                for vectors, vector in zip(described.vectors.values(), found, strict=True):
                    if not isinstance(vector, str):
                        vectors[number] = vector
            if begun is not None:
                sure = [number for number in done if keys[number] and not described.unread[number]]
                reasons = [described.reasons[number] for number in sure]
                begun.keep(
                    [keys[number] for number in sure], reasons, [given[sure] for given in described.vectors.values()]
                )
            progress.advance(len(batch.pages), failed=sum(map(bool, batch.reasons)))
    return described


def _vector(hands: Hands, hand: Handwriting) -> np.ndarray | str:
    """The page descriptor, or why there is none."""
    try:
        vector = hands.describe_hand(hand).vector
    except NoHandwriting as error:
        return _line(error)
    return vector if np.isfinite(vector).all() and vector.any() else NOT_VALID


def _line(error: NoHandwriting) -> str:
    return printable(" ".join(str(error).split()))
