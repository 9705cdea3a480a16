"""What has changed since the index was written? Files that were found against rows that are there; nothing is decoded.

    plan = plan_changes(found, rows, covered={"/scans"}, forgotten=set(), exists=Path.exists, hash_all=hashes_of)
    plan.todo, plan.moved, plan.drop ...

A file is (folder, path) as the index has it; its stamp is (size in bytes, modification time in nanoseconds).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pages import Page
from utils import split_page_name

if TYPE_CHECKING:
    import pyarrow as pa

File = tuple[str, str]
Stamp = tuple[int, int]

YEARS = range(1800, 2100)
NEEDED = ("id", "folder", "path", "frame", "frames", "hash", "size", "mtime_ns")  # columns that a plan reads


@dataclass
class Plan:
    """What is to be done so that the index tells the truth.

    same: pages that have not changed. left: pages whose files are there, but were not looked for (other formats).
    touched: files of the same content under a new stamp, with the ids of their pages. moved: files whose pages the
    index has under another path, which is gone, with their ids. copied: files with the content of pages that stay, with
    their ids. drop: ids of pages that are gone or have changed; gone, changed: how many of each.
    todo: files to be decoded, with the frames that the index has already.
    """

    same: int = 0
    left: int = 0
    touched: list[tuple[File, list[int]]] = field(default_factory=list)
    moved: list[tuple[File, list[int]]] = field(default_factory=list)
    copied: list[tuple[File, list[int]]] = field(default_factory=list)
    drop: list[int] = field(default_factory=list)
    gone: int = 0
    changed: int = 0
    todo: list[tuple[File, frozenset[int]]] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether the index tells the truth already."""
        return not (self.touched or self.moved or self.copied or self.drop or self.todo)


def plan_changes(
    found: Mapping[File, Stamp],
    rows: pa.Table,
    *,
    covered: Collection[str],
    forgotten: Collection[str],
    exists: Callable[[File], bool],
    hash_all: Callable[[Sequence[File]], list[str]],
) -> Plan:
    """Compare files with rows (columns NEEDED).

    covered: the folders that `found` is of; rows of other folders stay. forgotten: folders whose rows go.
    exists: whether a file is there that was not found. hash_all: SHA-256 of files, "" for one that cannot be read.
    """
    ids, frames, counts, sums, sizes, times = (
        rows[name].to_pylist() for name in ("id", "frame", "frames", "hash", "size", "mtime_ns")
    )
    own: dict[File, int] = {}  # file -> place of its first row; most have one: a list each would take half the time
    more: dict[File, list[int]] = {}  # files of several rows -> the places of all
    for place, file in enumerate(zip(rows["folder"].to_pylist(), rows["path"].to_pylist(), strict=True)):
        if (first := own.setdefault(file, place)) != place:
            more.setdefault(file, [first]).append(place)
    plan = Plan()
    gone: dict[File, list[int]] = {}
    suspects: list[File] = []

    def keep(file: File, places: list[int]) -> None:
        """The file has not changed: what of it is missing, because a run was killed in the middle of it?"""
        first = {frames[place]: place for place in reversed(places)}
        plan.same += len(first)
        plan.drop += [ids[place] for place in places if first[frames[place]] != place]  # never twice
        if len(first) < (counts[places[0]] or 1):
            plan.todo.append((file, frozenset(first)))

    for file, place in own.items():
        stamp = found.get(file)
        if stamp == (sizes[place], times[place]) and counts[place] is None and file not in more:
            plan.same += 1
            continue
        places = more.get(file) or [place]
        if file[0] in forgotten:
            gone[file] = places
        elif file[0] in covered:
            if stamp is None:
                if exists(file):
                    plan.left += len(places)
                else:
                    gone[file] = places
            elif stamp == (sizes[places[0]], times[places[0]]):
                keep(file, places)
            else:
                suspects.append(file)
    new = [file for file in found if file not in own]
    known_sizes = set(sizes)
    to_hash = [file for file in (*suspects, *new) if found[file][0] in known_sizes]
    contents = dict(zip(to_hash, hash_all(to_hash), strict=True)) if to_hash else {}

    changed: set[File] = set()
    for file in suspects:
        places = more.get(file) or [own[file]]
        if contents.get(file) == _content(sums[places[0]]):
            plan.touched.append((file, [ids[place] for place in places]))
            keep(file, places)
        else:
            gone[file] = places
            changed.add(file)
            new.append(file)
    wanted = set(contents.values()) - {""}
    sources: dict[str, list[File]] = {}
    for file, place in own.items() if wanted else ():
        places = more.get(file) or [place]
        if (content := _content(sums[places[0]])) in wanted and len(places) == (counts[places[0]] or 1):
            sources.setdefault(content, []).append(file)
    for file in sorted(new):
        alike = sources.get(contents.get(file, ""), [])
        leaving = [source for source in alike if source in gone]
        if leaving:
            name = file[1].rpartition("/")[2]
            source = next((at for at in leaving if at[1].rpartition("/")[2] == name), leaving[0])
            plan.moved.append((file, [ids[place] for place in gone.pop(source)]))
        elif alike:
            plan.copied.append((file, [ids[place] for place in more.get(alike[0]) or [own[alike[0]]]]))
        else:
            plan.todo.append((file, frozenset()))
    for file, places in gone.items():
        plan.drop += [ids[place] for place in places]
        plan.changed += len(places) * (file in changed)
        plan.gone += len(places) * (file not in changed)
    plan.todo.sort(key=lambda entry: entry[0])
    return plan


def _content(stored: str) -> str:
    """The hash of the file, from that of its page."""
    return stored.partition("#")[0]


def file_hash(file: Path) -> str:
    """SHA-256 of a file's bytes; "" where it cannot be read."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return ""


def page_at(path: str, frame: int | None) -> Page:
    """The page at a frame of a file, as pages.py names it; the file is not opened."""
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
