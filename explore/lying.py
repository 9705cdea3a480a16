"""How the pages of some rows of an index lie, for who decides which of several scans to keep.

    turns_of(rows, [3, 9], workers=2, max_pixels=10**8)        # {3: Turn(0, 0.999), 9: Turn(180, 0.98)}

That one scan lies upside down against another shows when they are laid on each other; which of the two stands upright
does not. So each is opened once more and shown to the network that sorting asks (encoders/turning.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from encoders.turning import SIDE, TurnFinder
from explore.comparing import frame_of, why_unread
from index.database import page_file
from output.progress import Progress
from reading.decoding import PageError, Reader
from reading.memory_gate import one_page

if TYPE_CHECKING:
    from pandas import DataFrame

    from reading.turns import Turn


def turns_of(
    rows: DataFrame, row_indices: Sequence[int], *, workers: int, max_pixels: int, quiet: bool = False
) -> dict[int, Turn]:
    """How each page lies, by row; pages that cannot be opened, or are not what was indexed, are left out.

    rows: the columns folder, path, frame, size, mtime_ns of an index. UserError where the network's files are damaged.
    """
    if not row_indices:
        return {}
    finder, turns = TurnFinder.load(), {}
    with (
        Reader(min_side=2 * SIDE, max_pixels=max_pixels) as reader,
        ThreadPoolExecutor(max(1, workers), "turns") as pool,
        Progress(len(row_indices), quiet=quiet, label="how they lie") as bar,
    ):

        def turn_of(row_index: int) -> Turn | None:
            if why_unread(rows, row_index):
                return None
            row = rows.iloc[row_index]
            try:
                with one_page():
                    return finder.find(reader.page(page_file(row["folder"], row["path"]), frame_of(row["frame"])))
            except (PageError, MemoryError):  # it was opened before: it is said elsewhere
                return None

        for row_index, turn in zip(row_indices, pool.map(turn_of, row_indices), strict=True):
            bar.advance()
            if turn is not None:
                turns[row_index] = turn
    return turns
