"""Opens candidates and compares them two by two, each page read once where possible; verdicts are kept on disk.

    done = compare_pairs([(0, 7), (3, 9)], rows, index.folder / "compared.csv", workers=2, max_pixels=10**8)
    done.same                                   # {(3, 9): Verdict("same", ...)}

The file of verdicts is only ever added to, a line a pair, by the content of the two pages: what was interrupted goes on
there, and a later run compares new pairs only. Memory: `KEPT` pages of about 1 MB.
"""

from __future__ import annotations

import contextlib
import csv
import io
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from explore.near_duplicates import OTHER, PART, RELATIONS, RULE, SAME, SIDE, UNTOLD, WHOLE, Seen, Verdict, compare, see
from index.database import page_file
from index.known import stamp_of
from output.outcome import Failed
from output.progress import Progress
from output.work import Lines
from reading.decoding import PageError, Reader
from reading.memory_gate import one_page
from utils import UserError, printable

if TYPE_CHECKING:
    from pandas import DataFrame

KEPT = 256
AHEAD = 4  # pairs begun ahead, a thread
HEAD = ["RULE", "HASH_1", "HASH_2", *(one.name.upper() for one in fields(Verdict))]


@dataclass
class Compared:
    """What came of the pairs: the verdicts of those that are the same page, and of those of which one is a part of the
    other, by pair; those that have other ink; how many were compared, now and earlier; why pages could not be opened,
    by place."""

    same: dict[tuple[int, int], Verdict] = field(default_factory=dict)
    parts: dict[tuple[int, int], Verdict] = field(default_factory=dict)
    others: set[tuple[int, int]] = field(default_factory=set)
    now: int = 0
    earlier: int = 0
    unread: dict[int, str] = field(default_factory=dict)

    def take(self, pair: tuple[int, int], verdict: Verdict) -> None:
        """Note what two pages are to each other; that nothing can be told is not noted."""
        if verdict.relation == SAME:
            self.same[pair] = verdict
        elif verdict.relation in (PART, WHOLE):
            self.parts[pair] = verdict
        elif verdict.relation == OTHER:
            self.others.add(pair)

    def add(self, compared: Compared) -> None:
        """Take over what came of more pairs."""
        self.same |= compared.same
        self.parts |= compared.parts
        self.others |= compared.others
        self.unread |= compared.unread
        self.now += compared.now


def compare_pairs(
    pairs: Sequence[tuple[int, int]], rows: DataFrame, file: Path, *, workers: int, max_pixels: int, quiet: bool = False
) -> Compared:
    """Open and compare pairs of places in `rows` (columns folder, path, frame, hash, size, mtime_ns of an index).

    file: where verdicts are kept. A page that has changed since it was indexed is not compared: its vector and its hash
    are of another picture. Stopped at any moment, all finished pairs are in `file`.
    """
    hashes = rows["hash"].tolist()
    pairs = [pair if hashes[pair[0]] <= hashes[pair[1]] else pair[::-1] for pair in pairs]
    known = read_verdicts(file)
    todo: list[tuple[int, int]] = []
    done = Compared()
    for pair in pairs:
        key = hashes[pair[0]], hashes[pair[1]]
        if key not in known:
            todo.append(pair)
        else:
            done.take(pair, known[key])
    done.earlier = len(pairs) - len(todo)
    if not todo:
        return done
    cv2.setNumThreads(1)  # the threads below are enough
    reader = Reader(min_side=SIDE // 2, max_pixels=max_pixels)
    scans = _Scans(lambda row_index: _see(rows, row_index, reader))

    def verdict_of(pair: tuple[int, int]) -> Verdict | None:
        one, other = (scans.of(row_index) for row_index in pair)
        return compare(one, other) if isinstance(one, Seen) and isinstance(other, Seen) else None

    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="compare")
    waiting: deque[tuple[tuple[int, int], Future[Verdict | None]]] = deque()
    try:
        with Progress(len(todo), unit="pair", quiet=quiet, label="comparing") as bar, _Verdicts(file) as kept:
            ordered = iter(_near_in_time(todo))
            while True:
                while len(waiting) < AHEAD * max(1, workers) and (pair := next(ordered, None)) is not None:
                    waiting.append((pair, pool.submit(verdict_of, pair)))
                if not waiting:
                    break
                pair, future = waiting.popleft()
                verdict = future.result()
                bar.advance(1, failed=int(verdict is None))
                if verdict is None:
                    continue
                kept.add(hashes[pair[0]], hashes[pair[1]], verdict)
                done.now += 1
                done.take(pair, verdict)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        reader.close()
    done.unread = scans.unread
    return done


def read_verdicts(file: Path) -> dict[tuple[str, str], Verdict]:
    """The kept verdicts of this rule, by the two hashes, the smaller first; of pages that are neither the same nor part
    of one another without the numbers. Lines that are damaged are passed over."""
    verdicts: dict[tuple[str, str], Verdict] = {}
    short = {relation: Verdict(relation, "") for relation in (OTHER, UNTOLD)}  # millions of them: one object each
    try:
        with file.open(encoding="utf-8", errors="replace", newline="") as stream:
            for line in stream:  # one by one: a torn line must not swallow the next
                for row in csv.reader([line]):
                    if len(row) == len(HEAD) and row[0] == RULE:
                        with contextlib.suppress(ValueError):
                            relation, reason, matched, *rest = row[3:]
                            if relation in RELATIONS:
                                verdict = Verdict(relation, reason, int(matched), *map(float, rest))
                                verdicts[row[1], row[2]] = short.get(relation, verdict)
    except FileNotFoundError:
        return verdicts
    except OSError as error:
        raise UserError(f"{printable(str(file))} cannot be read: {error.strerror}") from error
    return verdicts


def why_unread(rows: DataFrame, row_index: int) -> str:
    """Why a page's file is not the one that was indexed; "" = it is."""
    row = rows.iloc[row_index]
    try:
        now = stamp_of(page_file(row["folder"], row["path"]).stat())
    except OSError as error:
        return f"its file cannot be opened ({error.strerror})"
    if now != (row["size"], row["mtime_ns"]):
        return "its file has changed since it was indexed"
    return ""


def frame_of(value: object) -> int | None:
    """The frame of a row of the index; null where the file is one image."""
    try:
        return int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError):  # None, pandas.NA, NaN
        return None


def _see(rows: DataFrame, row_index: int, reader: Reader) -> Seen | Failed:
    if why := why_unread(rows, row_index):
        return Failed(why)
    row = rows.iloc[row_index]
    file, frame = page_file(row["folder"], row["path"]), frame_of(row["frame"])
    try:
        with one_page():
            return see(reader.page(file, frame))
    except PageError as error:
        return Failed(str(error))
    except (MemoryError, cv2.error) as error:
        return Failed(f"cannot be looked at: {str(error) or 'not enough memory'}")


class _Scans:
    """Pages as they are compared: each is read by one thread while others wait; the least lately used are dropped."""

    def __init__(self, load: Callable[[int], Seen | Failed]) -> None:
        self._load, self._lock = load, threading.Lock()
        self._known: OrderedDict[int, Future[Seen | Failed]] = OrderedDict()
        self.unread: dict[int, str] = {}

    def of(self, row_index: int) -> Seen | Failed:
        with self._lock:
            future = self._known.get(row_index)
            if mine := future is None:
                future = self._known[row_index] = Future()
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(row_index)
        if mine:
            try:
                seen = self._load(row_index)
            except BaseException as error:
                future.set_exception(error)
                raise
            if isinstance(seen, Failed):
                self.unread[row_index] = seen.reason
            future.set_result(seen)
        return future.result()


class _Verdicts(Lines):
    """Adds verdicts to their file; other processes may add theirs."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            head = f"{','.join(HEAD)}\n".encode("ascii")
            if file.is_file():
                with file.open("r+b") as stream:
                    if not head.startswith(stream.read(len(head))):  # of an earlier rule: of no use now
                        stream.truncate(0)
            super().__init__(file)
            if not file.stat().st_size:
                self.append(head[:-1])
        except OSError as error:
            raise self._said(error) from error

    def add(self, one: str, other: str, verdict: Verdict) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([RULE, one, other, *astuple(verdict)])
        try:
            self.append(line.getvalue().encode("utf-8"))
        except OSError as error:
            raise self._said(error) from error

    def _said(self, error: OSError) -> UserError:
        return UserError(f"cannot write {printable(str(self.file))}: {error.strerror}; nothing found so far is lost")


def _near_in_time(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs in an order in which a page's pairs stand close together, so that it need not be opened again: pages
    numbered along their candidates (Cuthill and McKee 1969)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    rows, flat = np.unique(np.array(pairs), return_inverse=True)
    ends = flat.reshape(-1, 2)
    both = np.concatenate([ends, ends[:, ::-1]])
    graph = coo_array((np.ones(len(both), np.int8), (both[:, 0], both[:, 1])), shape=(len(rows),) * 2).tocsr()
    order = np.empty(len(rows), np.int64)
    order[reverse_cuthill_mckee(graph, symmetric_mode=True)] = np.arange(len(rows))
    ranked = np.sort(order[ends], axis=1)
    return [pairs[at] for at in np.lexsort((ranked[:, 0], ranked[:, 1]))]
