"""What a run has seen, kept beside its record so that another run can go on from it (`--since`).

    with Run.start(..., prepare=lambda work: note_stamps(work, now, stamps)) as run, Seen(run) as seen:
        seen.look_at(batch.pages)            # their contents are hashed while the model computes
        seen.keep()
        record["seen"] = seen.write(made_with)   # <tables>/<name>_files.jsonl.gz

The file has one line a page, in page order: `[path, FILE, PAGE, frame, size, mtime_ns, hash, outcome]`. Size, time (ns
since 1970) and hash (the first 16 digits of SHA-256) are the file's, and stand in the line of its first page; outcome
is what the run's journal had, so that scores are exact. The same pages give the same bytes.

Stamps are taken before any page is read, and a hash counts only where the stamp is still the same after it: so a file
that was changed while the run was at work is never taken for the one that was scored.
"""

from __future__ import annotations

import gzip
import heapq
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from output.files import file_hash, whole, write_lines
from output.outcome import Failed, Outcome, Scored
from output.runs import SEEN, Run
from output.work import Lines, whole_lines
from reading.pages import Page, PageList, Stamp, sort_key, stamp_of
from utils import cores

FILES = "_files.jsonl.gz"
SCHEMA = 1
STAMPS, HASHES = "stamps.jsonl", "hashes.jsonl"  # in the folder `SEEN` of the run's work folder
DIGITS = 16  # of a hash: it is only ever compared with that of the file of the same path and size


@dataclass(frozen=True, slots=True)
class SeenPage:
    """One line. stamp, content: of its file; None and "" where they are not known, or in the line of a first page."""

    page: Page
    stamp: Stamp
    content: str
    outcome: Outcome

    @property
    def is_first(self) -> bool:
        """Whether it is the first page of its file, whose line tells of the file."""
        return not self.page.frame

    def line(self) -> str:
        """As it stands in the file."""
        page, outcome = self.page, self.outcome
        size, time = self.stamp or (None, None)
        facts = json.dumps([page.path, page.file, page.number, page.frame, size, time, self.content])
        became = json.dumps(outcome.reason) if isinstance(outcome, Failed) else outcome.line()
        return f"{facts[:-1]}, {became}]"


def seen_page(line: str | bytes) -> SeenPage:
    """What a line says. ValueError, TypeError or KeyError where it is none."""
    path, file, number, frame, size, time, content, became = json.loads(line)
    outcome = Failed(became) if isinstance(became, str) else Scored.from_line(_floats(became))
    return SeenPage(Page(path, file, number, frame), None if size is None else (size, time), content, outcome)


def _floats(became: Any) -> Any:
    """Scores that JSON has as whole numbers (0, 1) as the journal gives them."""
    if isinstance(became, list):
        return [float(score) for score in became]
    return {**became, "scores": [float(score) for score in became["scores"]]}


def stamps_of(pages: PageList) -> dict[str, Stamp]:
    """Path -> size and time of each file, as it is now."""
    paths = dict.fromkeys(page.path for page in pages.pages)
    return {path: stamp_of(pages.root / path) for path in paths}


def note_stamps(work: Path, listed_at: int, stamps: Mapping[str, Stamp]) -> None:
    """Keep the stamps of a run's files in its work folder, before any of them is read.

    listed_at: ns since 1970, not after the first stamp was taken.
    """
    (work / SEEN).mkdir(exist_ok=True)
    lines = (json.dumps([path, *(stamp or (None, None))]) for path, stamp in stamps.items())
    write_lines(work / SEEN / STAMPS, itertools.chain([json.dumps(listed_at)], lines))


def content_of(file: Path) -> str:
    """The hash of a file's content; "" where it cannot be read."""
    try:
        return file_hash(file)[:DIGITS]
    except OSError:
        return ""


def content_and_stamp(file: Path) -> tuple[str, int, int] | None:
    """The hash of a file's content, its size and time; None where it cannot be read, or changes meanwhile."""
    stamp, content = stamp_of(file), content_of(file)
    return (content, *stamp) if stamp and content and stamp == stamp_of(file) else None


class Seen:
    """What is noted of a run's files; what an earlier process has noted is taken up. Entered while pages are read.

    listed_at: as `note_stamps` was given it; 0 for a run that an earlier version has begun, and no file is known again.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.listed_at = 0
        self._stamps: dict[str, Stamp] = {}
        folder = run.work / SEEN
        folder.mkdir(exist_ok=True)
        stamps, hashes = folder / STAMPS, folder / HASHES
        if stamps.is_file():
            lines = map(json.loads, whole_lines(stamps))
            self.listed_at = next(lines)
            self._stamps = {path: None if size is None else (size, time) for path, size, time in lines}
        self._contents = dict(_noted(hashes)) if hashes.is_file() else {}
        self._running: list[tuple[str, Future[str]]] = []

    def look_at(self, pages: Iterable[Page]) -> None:
        """Begin to hash the files of pages that were just read, on other threads."""
        for path in dict.fromkeys(page.path for page in pages if not page.frame and not page.reason):
            if path not in self._contents:
                self._running.append((path, self._threads.submit(content_and_stamp, self._run.pages.root / path)))

    def keep(self) -> None:
        """Wait for what was begun, and keep it. OSError: the disk is full or the like."""
        for path, running in self._running:
            if found := running.result():
                self.note(path, *found)
        self._running.clear()

    def note(self, path: str, content: str, size: int, time: int) -> None:
        """Keep the hash of a file that was just read, unless it has changed since the run began."""
        if (size, time) == self._stamps.get(path) and path not in self._contents:
            self._contents[path] = content
            self._lines.append(json.dumps([path, content]).encode("ascii"))

    def pages(self) -> Iterator[SeenPage]:
        """What became of the run's own pages, with what is known of their files."""
        for page, outcome in zip(self._run.pages.pages, self._run.outcomes(), strict=True):
            first = not page.frame
            stamp, content = (self._stamps.get(page.path), self._contents.get(page.path, "")) if first else (None, "")
            yield SeenPage(page, stamp, content, outcome)

    def write(self, made_with: dict[str, Any], others: Sequence[Iterable[SeenPage]] = ()) -> dict[str, Any]:
        """Write the file beside the record; gives what the record says of it.

        made_with: what decides the outcomes of pages. others: what is known from the run that this one goes on from,
        each in page order.
        """
        file = self._run.tables / f"{self._run.name}{FILES}"
        files = write_seen(file, self._run.pages.root, [self.pages(), *others])
        return {
            "file": file.name,
            "sha256": file_hash(file),
            "files": files,
            "listed_at": self.listed_at,
            "made_with": made_with,
        }

    def __enter__(self) -> Self:
        self._lines = Lines(self._run.work / SEEN / HASHES)
        self._threads = ThreadPoolExecutor(min(4, cores()), thread_name_prefix="hash")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._lines.close()


def _noted(hashes: Path) -> Iterator[tuple[str, str]]:
    for line in whole_lines(hashes):
        try:
            path, content = json.loads(line)
        except ValueError:  # a kill has torn it: its batch is done again
            continue
        yield path, content


def write_seen(file: Path, root: Path, streams: Sequence[Iterable[SeenPage]]) -> int:
    """Write pages, each stream in page order, as one file in that order; how many files it knows."""
    files = 0
    with whole(file) as part, part.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        packed.write(json.dumps({"schema": SCHEMA, "root": str(root.resolve())}).encode("ascii") + b"\n")
        for seen in heapq.merge(*streams, key=lambda seen: sort_key(seen.page)):
            files += seen.is_first
            packed.write(seen.line().encode("ascii") + b"\n")
    return files


def read_root(file: Path) -> Path:
    """The folder that paths in such a file count from. OSError, ValueError or KeyError where it is none."""
    with gzip.open(file) as lines:
        return Path(json.loads(lines.readline())["root"])


def read_seen(file: Path) -> Iterator[SeenPage]:
    """The pages in such a file, in page order; none where it is absent. OSError (EOFError) or ValueError where it is
    damaged.
    """
    if file.is_file():
        with gzip.open(file) as lines:
            next(lines, None)
            yield from map(seen_page, lines)
