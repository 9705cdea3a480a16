"""The pairs of a training on disk, made ready once: pictures prepared and packed, LaTeX normalised.

store = read_pairs(pairs, work.folder, settings)        # goes on where it stopped
store.rows[7].normal, store.picture(7)                  # the formula, and its picture ("L", margin cropped)
store.left_out                                          # (name, LaTeX, reason) of each pair that teaches nothing

pairs.bin     the pictures, packed with zlib
pairs.jsonl   a line a pair, written after its picture: what it holds, or the reason why it is left out
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from formulas.data import Pair
from formulas.latex import LatexError, normalise
from formulas.pictures import NoFormula, prepare, size_of_type
from output.progress import Progress
from output.work import Lines, whole_lines
from reading.decoding import PageError, Reader
from sorting.computing import threads

if TYPE_CHECKING:
    from settings.schema import Settings

LINES, PACKED = "pairs.jsonl", "pairs.bin"
FAST = 1  # of zlib: line art packs to a twelfth with it


class Row(NamedTuple):
    """A pair that can be learned from. at: in the list of pairs; split: as the data tell.

    start, length: where its packed picture lies; width, height and type_size (of its letters): pixels.
    """

    at: int
    normal: str
    split: str
    start: int
    length: int
    width: int
    height: int
    type_size: float


@dataclass
class PairStore:
    """The pairs that lie in a folder, in the order in which they were found."""

    folder: Path
    rows: list[Row] = field(default_factory=list)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    _mapped: np.ndarray | None = None

    def __getstate__(self) -> dict[str, Any]:  # a spawned worker maps the file itself
        return {**self.__dict__, "_mapped": None}

    def picture(self, number: int) -> Image.Image:
        """The prepared picture of a row, "L": 255 = paper, 0 = ink."""
        if self._mapped is None:
            self._mapped = np.memmap(self.folder / PACKED, np.uint8, "r")
        row = self.rows[number]
        data = zlib.decompress(self._mapped[row.start : row.start + row.length].tobytes())
        return Image.frombytes("L", (row.width, row.height), data)


def read_pairs(pairs: list[Pair], folder: Path, settings: Settings) -> PairStore:
    """All pairs, made ready; goes on after a kill. Memory: a line a pair, and a few pictures at once."""
    kept = list(whole_lines(folder / LINES)) if (folder / LINES).exists() else []
    lines = [json.loads(line) for line in kept]
    end = sum(line.get("length", 0) for line in lines)
    with (
        Lines(folder / LINES, sum(map(len, kept))) as journal,
        (folder / PACKED).open("ab") as packed,
        Progress(len(pairs) - len(lines), "formula", settings.setup.quiet, "reading") as progress,
    ):
        packed.truncate(end)
        for ready, picture in _made_ready(pairs[len(lines) :], settings):
            if picture is not None:
                packed.write(picture)
                packed.flush()
                ready |= {"start": end, "length": len(picture)}
                end += len(picture)
            journal.append(json.dumps(ready).encode())
            lines.append(ready)
            progress.advance(failed=int("reason" in ready))
    store = PairStore(folder)
    for at, (pair, line) in enumerate(zip(pairs, lines, strict=True)):
        if "reason" in line:
            store.left_out.append((pair.name, pair.latex, line["reason"]))
        else:
            store.rows.append(Row(at, split=pair.split, **line))
    return store


def _made_ready(pairs: list[Pair], settings: Settings) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """The pairs in their order: what a line says of each, and its packed picture; None where it is left out."""
    workers = max(1, threads(settings.setup.workers))
    waiting: deque[Future[tuple[dict[str, Any], bytes | None]]] = deque()
    with (
        Reader(min_side=1, max_pixels=settings.input.max_pixels) as reader,
        ThreadPoolExecutor(workers) as pool,
    ):
        try:
            for pair in pairs:
                waiting.append(pool.submit(_ready, pair, reader, settings.input.max_pixels))
                if len(waiting) > 4 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _ready(pair: Pair, reader: Reader, max_pixels: int) -> tuple[dict[str, Any], bytes | None]:
    try:
        normal = normalise(pair.latex)
    except LatexError as error:
        return {"reason": f"LaTeX: {error}"}, None
    if not normal:
        return {"reason": "the formula is empty"}, None
    try:
        picture = prepare(pair.open(reader, max_pixels))
    except (PageError, NoFormula) as error:
        return {"reason": str(error)}, None
    said = {"width": picture.width, "height": picture.height, "type_size": round(size_of_type(picture), 3)}
    return {"normal": normal, **said}, zlib.compress(picture.tobytes(), FAST)
