"""What has changed since the index was written? Files that were found against rows that are there; nothing is decoded.

    plan = plan_changes(stamps, rows, covered={"/scans"}, forgotten=set(), exists=Path.exists, hash_all=hashes_of)
    plan.todo, plan.moved, plan.drop ...

A file is (folder, path) as the index has it; its stamp is (size in bytes, modification time in nanoseconds).

What is missing is not always gone: a drive that is not mounted leaves an empty folder. So rows go only where their
folder still holds a page; where a whole folder or sub-folder holds none any more, they stay until they are forgotten.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from output.files import file_hash
from reading.pages import Page
from utils import split_page_name

if TYPE_CHECKING:
    import pyarrow as pa

File = tuple[str, str]
Stamp = tuple[int, int]

YEARS = range(1800, 2100)
NEEDED = ("id", "folder", "path", "frame", "frames", "hash", "size", "mtime_ns")  # columns that a plan reads
TIMES = -(2**63), 2**63 - 1  # that a column holds: the years 1677 to 2262


@dataclass
class Plan:
    """What is to be done so that the index tells the truth.

    same: pages that have not changed. left: pages whose files are there, but were not looked for (other formats).
    touched: files of the same content under a new stamp, with the ids of their pages. moved: files whose pages the
    index has under another path, which is gone, with their ids. copied: files with the content of pages that stay, with
    their ids. twice: files that the index has already, under another path that leads to the same file. drop: ids of
    pages that are gone or have changed; gone, changed: how many of each. kept: (folder, sub-folder) -> pages of such a
    place that holds none any more; they stay. forgotten: place -> pages of it that go, as somebody said so. todo: files
    to be decoded, with the frames that the index has already.
    """

    same: int = 0
    left: int = 0
    touched: list[tuple[File, list[int]]] = field(default_factory=list)
    moved: list[tuple[File, list[int]]] = field(default_factory=list)
    copied: list[tuple[File, list[int]]] = field(default_factory=list)
    twice: list[File] = field(default_factory=list)
    drop: list[int] = field(default_factory=list)
    gone: int = 0
    changed: int = 0
    kept: dict[File, int] = field(default_factory=dict)
    forgotten: dict[str, int] = field(default_factory=dict)
    todo: list[tuple[File, frozenset[int]]] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether the index tells the truth already."""
        return not (self.touched or self.moved or self.copied or self.drop or self.todo)


def plan_changes(
    stamps: Mapping[File, Stamp],
    rows: pa.Table,
    *,
    covered: Collection[str],
    forgotten: Collection[str],
    exists: Callable[[File], bool],
    hash_all: Callable[[Sequence[File]], list[str]],
    real: Callable[[File], str] = "/".join,
    doubles: Collection[File] = (),
    may_go: Callable[[File], str] = lambda _: "",
    rescan: bool = False,
) -> Plan:
    """Compare files with rows (columns NEEDED).

    covered: the folders that `stamps` is of; rows of other folders stay, unless their file is gone and one of the same
    content, size and time was found. forgotten: folders whose rows go. exists: whether a file is there that was not
    found. hash_all: SHA-256 of files, "" for one that cannot be read. real: where a file lies, links followed.
    doubles: files left out of `stamps`, as it has them by another path; their rows go. may_go: for a file that is gone,
    the place whose rows go even where it holds no page any more, "" = they stay. rescan: compare contents, whatever the
    stamps say.
    """
    ids, frames, counts, sums, sizes, times = (
        rows[name].to_pylist() for name in ("id", "frame", "frames", "hash", "size", "mtime_ns")
    )
    # File -> its first row; most have one: a list each would take half the time.
    first_row: dict[File, int] = {}
    several: dict[File, list[int]] = {}  # files of several rows -> all of them
    for row, file in enumerate(zip(rows["folder"].to_pylist(), rows["path"].to_pylist(), strict=True)):
        if (first := first_row.setdefault(file, row)) != row:
            several.setdefault(file, [first]).append(row)
    plan = Plan()
    gone: dict[File, list[int]] = {}
    left: list[File] = []
    suspects: list[File] = []

    def keep(file: File, its_rows: list[int]) -> None:
        """The file has not changed: what of it is missing, because a run was killed in the middle of it?"""
        first = {frames[row]: row for row in reversed(its_rows)}
        plan.same += len(first)
        plan.drop += [ids[row] for row in its_rows if first[frames[row]] != row]  # never twice
        if len(first) < (counts[its_rows[0]] or 1):
            plan.todo.append((file, frozenset(first)))

    for file, row in first_row.items():
        stamp = stamps.get(file)
        if stamp == (sizes[row], times[row]) and counts[row] is None and file not in several and not rescan:
            plan.same += 1
            continue
        its_rows = several.get(file) or [row]
        if file[0] in forgotten or file in doubles:
            gone[file] = its_rows
        elif file[0] in covered:
            if stamp is None:
                if exists(file):
                    plan.left += len(its_rows)
                    left.append(file)
                else:
                    gone[file] = its_rows
            elif stamp == (sizes[its_rows[0]], times[its_rows[0]]) and not rescan:
                keep(file, its_rows)
            else:
                suspects.append(file)
        elif may_go(file) and not exists(file):
            gone[file] = its_rows
    new = [file for file in stamps if file not in first_row]
    known_sizes = set(sizes)
    to_hash = [file for file in (*suspects, *new) if stamps[file][0] in known_sizes]
    contents = dict(zip(to_hash, hash_all(to_hash), strict=True)) if to_hash else {}

    changed: set[File] = set()
    for file in suspects:
        its_rows = several.get(file) or [first_row[file]]
        if contents.get(file) == _content(sums[its_rows[0]]):
            if stamps[file] != (sizes[its_rows[0]], times[its_rows[0]]):
                plan.touched.append((file, [ids[row] for row in its_rows]))
            keep(file, its_rows)
        else:
            gone[file] = its_rows
            changed.add(file)
            new.append(file)
    wanted = set(contents.values()) - {""}
    sources: dict[str, list[File]] = defaultdict(list)
    for file, row in first_row.items() if wanted else ():
        its_rows = several.get(file) or [row]
        if (content := _content(sums[its_rows[0]])) in wanted and len(its_rows) == (counts[its_rows[0]] or 1):
            sources[content].append(file)
    alike: dict[str, _Alike] = {}
    for file in sorted(new):
        content = contents.get(file, "")
        if content not in sources:
            plan.todo.append((file, frozenset()))
            continue
        if content not in alike:
            lost = {
                source: (sizes[first_row[source]], times[first_row[source]])
                for source in sources[content]
                if source not in gone and source[0] not in covered and not exists(source)
            }
            stay = {real(source) for source in sources[content] if source not in gone}
            alike[content] = _Alike([source for source in sources[content] if source in gone], lost, stay)
        if real(file) in alike[content].stay:
            plan.twice.append(file)
        elif source := alike[content].taken(file, stamps[file]):
            its_rows = gone.pop(source, None) or several.get(source) or [first_row[source]]
            plan.moved.append((file, [ids[row] for row in its_rows]))
        else:
            source = sources[content][0]  # here all of them stay, some of them under a new path
            plan.copied.append((file, [ids[row] for row in several.get(source) or [first_row[source]]]))
    holding = holding_places((*stamps, *left)) if gone else set()
    for file, its_rows in gone.items():
        explained = file[0] in forgotten or file in doubles or file in changed
        if not explained and (row := emptied(file, holding)):
            if not (going := may_go(file)):
                plan.kept[row] = plan.kept.get(row, 0) + len(its_rows)
                continue
            plan.forgotten[going] = plan.forgotten.get(going, 0) + len(its_rows)
        plan.drop += [ids[row] for row in its_rows]
        plan.changed += len(its_rows) * (file in changed)
        plan.gone += len(its_rows) * (file not in changed)
    plan.todo.sort(key=lambda entry: entry[0])
    return plan


class _Alike:
    """The files of one content that the index knows: which of them may one be that was found under a new path?

    stay: where those lie that are as they were; links followed.
    """

    def __init__(self, leaving: list[File], lost: Mapping[File, Stamp], stay: set[str]) -> None:
        self.stay = stay
        self._leaving = _Pool(leaving)
        stamps: dict[Stamp, list[File]] = defaultdict(list)
        for file, stamp in lost.items():
            stamps[stamp].append(file)
        self._lost = {stamp: _Pool(files) for stamp, files in stamps.items()}

    def taken(self, file: File, stamp: Stamp) -> File | None:
        """The file whose pages are those of `file` from now on; each is taken once."""
        if source := self._leaving.take(file[1]):
            return source
        # A folder that nobody asked for may only be away for a while, and this one a copy: that must agree in time too.
        return self._lost[stamp].take(file[1]) if stamp in self._lost else None


class _Pool:
    """Files, each to be taken once: by its path, else by its name, else the first."""

    def __init__(self, files: Sequence[File]) -> None:
        self._left = set(files)
        self._by: dict[str, list[File]] = defaultdict(list)
        for file in reversed(files):
            for key in {file[1], f"name {file[1].rpartition('/')[2]}", ""}:
                self._by[key].append(file)

    def take(self, path: str) -> File | None:
        for key in (path, f"name {path.rpartition('/')[2]}", ""):
            while self._by[key]:
                file = self._by[key].pop()
                if file in self._left:
                    self._left.remove(file)
                    return file
        return None


def holding_places(files: Iterable[File]) -> set[File]:
    """The places, (folder, sub-folder), that hold these files, "" for the folder itself."""
    holding: set[File] = set()
    for folder, below in {(file[0], file[1].rpartition("/")[0]) for file in files}:
        inside = below
        while (folder, inside) not in holding:
            holding.add((folder, inside))
            inside = inside.rpartition("/")[0]
    return holding


def emptied(file: File, holding: set[File]) -> File | None:
    """The outermost place of a file that holds no page any more; None where its own folder does."""
    folder, inside = file[0], file[1].rpartition("/")[0]
    empty = None
    while (folder, inside) not in holding:
        empty = folder, inside
        if not inside:
            break
        inside = inside.rpartition("/")[0]
    return empty


def stamp_of(status: os.stat_result) -> Stamp:
    """Size and time of a file, as columns hold them: shares and cameras leave times of 1601, or beyond 2262."""
    return status.st_size, max(TIMES[0], min(status.st_mtime_ns, TIMES[1]))


def _content(stored: str) -> str:
    """The hash of the file, from that of its page."""
    return stored.partition("#")[0]


def content_hash(file: Path) -> str:
    """SHA-256 of a file's bytes; "" where it cannot be read."""
    try:
        return file_hash(file)
    except OSError:
        return ""


def page_at(path: str, frame: int | None) -> Page:
    """The page at a frame of a file, as reading/pages.py names it; the file is not opened."""
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    if frame is not None:
        return Page(path, stem, frame + 1, frame)
    file, number = split_page_name(stem)
    return Page(path, file, 1 if number is None else number, None)


def year_of(document: str) -> int | None:
    """The year in a document's name: four digits 1800-2099 that stand alone, else the first four of a longer number.

    >>> year_of("letters-1946"), year_of("CTX194603902"), year_of("box 12")
    (1946, 1946, None)
    """
    numbers = sorted(re.findall(r"[0-9]{4,}", document), key=lambda digits: len(digits) != 4)
    return next((int(digits[:4]) for digits in numbers if int(digits[:4]) in YEARS), None)
