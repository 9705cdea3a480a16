"""Only what is new: which pages an earlier run of the same model and settings has not seen, and one table of both.

    earlier = earlier_run("20261128-164857_EfficientNet-Lite0", output, made_with, root)   # UserError: it does not fit
    news = compare(earlier, pages, partial=False)
    news.pages, news.counts             # what is to be sorted; files by what became of them
    joined = Joined(run)                # at the end: all pages with their outcomes, as one whole run would have them

A file is the same where its size is, and its time, or else its content. One with a page that failed is tried again:
what was in the way (rights, memory, a drive) may be gone without a trace in size and time. Scores of pages that stay
come from the earlier run's `_files.jsonl.gz` (seen.py), never from its tables, which people may have edited.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from output.console import say
from output.files import file_hash, json_if_whole, write_json
from output.outcome import Outcome, Scored
from output.runs import CLOCK, FINISHED, SEEN, Run
from output.work import differing
from reading.pages import PageList, Stamp, sort_key
from sorting.seen import FILES, SeenPage, content_of, note_stamps, read_root, read_seen, stamps_of, write_seen
from utils import UserError, cores, printable

RECORD = "_run.json"
CARRIED, KEPT, COUNTS = "carried.jsonl.gz", "kept.jsonl.gz", "since.json"  # in the folder SEEN of the run's work folder
NEWEST = 3  # runs that a message names


class NothingNew(Exception):
    """There is nothing to be sorted; the text names the earlier run."""


class Known(NamedTuple):
    """What an earlier run knows of a file. pages: how many it has; failed: whether one of them had failed."""

    stamp: Stamp
    content: str
    pages: int
    failed: bool


@dataclass(frozen=True)
class Earlier:
    """A finished run that another goes on from. listed_at: ns since 1970, when it looked at its files; root: what its
    paths count from; moved: whether that is another folder now, so that sizes and times say nothing.
    """

    name: str
    file: Path
    listed_at: int
    root: Path
    moved: bool


@dataclass
class News:
    """What is to be sorted: `pages`.

    listed_at, stamps: of their files, see `note_stamps`. same: files that stay, with their stamps now. counts: files
    that are new, changed, again (a page of theirs had failed), unchanged, gone. partial: whether files that the earlier
    run knows besides are no part of the input, and stay known.
    """

    earlier: Earlier
    pages: PageList
    listed_at: int
    stamps: dict[str, Stamp]
    same: dict[str, Stamp]
    counts: dict[str, int]
    partial: bool

    def line(self) -> str:
        """What the user is told."""
        counts = self.counts
        told = [f"{counts['new']} files are new", f"{counts['changed']} changed"]
        told += [f"{counts['again']} had failed and are tried again"] if counts["again"] else []
        told += [f"{counts['unchanged']} unchanged", *([f"{counts['gone']} gone"] if counts["gone"] else [])]
        return f"since {self.earlier.name}: {', '.join(told)}"

    def prepare(self, work: Path, *, joined: bool) -> None:
        """Keep in a run's work folder what it needs of the earlier one, which may go meanwhile."""
        note_stamps(work, self.listed_at, self.stamps)
        root = self.pages.root
        write_seen(work / SEEN / CARRIED, root, [self._carried()])
        if self.partial:
            others = (
                seen
                for seen in read_seen(self.earlier.file)
                if seen.page.path not in self.same and seen.page.path not in self.stamps
            )
            write_seen(work / SEEN / KEPT, root, [others])
        write_json(work / SEEN / COUNTS, {"run": self.earlier.name, **self.counts, "joined": joined})

    def _carried(self) -> Iterator[SeenPage]:
        for seen in read_seen(self.earlier.file):
            if seen.page.path in self.same:
                stamp = self.same[seen.page.path] if seen.is_first else None
                yield SeenPage(seen.page, stamp, seen.content, seen.outcome)


def earlier_run(given: str, output: Path, made_with: dict[str, Any], root: Path) -> Earlier:
    """The run that `--since` names. root: the folder that pages are looked for in now.

    UserError where there is none, where it is not finished, was made otherwise, or what it has seen is not known.
    """
    record_file = _record_of(given, output)
    name = record_file.name.removesuffix(RECORD)
    record = json_if_whole(record_file)
    if record.get("state") not in FINISHED:
        state = printable(str(record.get("state") or "its record cannot be read"))
        raise UserError(f"--since: the run {name} is not finished ({state}): go on with it first (--resume)")
    seen = record.get("seen")
    if not isinstance(seen, dict):
        raise UserError(
            f"--since: the run {name} has kept no list of what it saw (another command, a document, or an earlier "
            "version): sort everything once more without --since, and go on from that run"
        )
    file = record_file.with_name(f"{name}{FILES}")
    if what := differing(seen["made_with"], made_with):
        raise UserError(f"--since: the run {name} was made with {what}: give the same, or sort everything anew")
    try:
        if file_hash(file) != seen["sha256"]:
            raise UserError(f"--since: {printable(str(file))} is not as the run {name} wrote it: sort everything anew")
        was = read_root(file)
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise UserError(
            f"--since: {printable(str(file))}, which says what the run {name} saw, cannot be read "
            f"({printable(str(getattr(error, 'strerror', None) or error))}): put it back, or sort everything anew"
        ) from None
    now = root.resolve()
    if was != now and (now.is_relative_to(was) or was.is_relative_to(now)):
        raise UserError(
            f"--since: the run {name} sorted {printable(str(was))}, and this is {printable(str(now))}: one lies in the "
            "other, and PATH counts otherwise; give the same folder"
        )
    return Earlier(name, file, seen["listed_at"], was, was != now)


def _record_of(given: str, output: Path) -> Path:
    tables = output / "tables"
    path = Path(given)
    places = [path] if path.name.endswith(RECORD) else [tables / f"{given}{RECORD}", path.with_name(path.name + RECORD)]
    for file in (*places, tables / path.name):
        if file.name.endswith(RECORD) and file.is_file():
            return file
    names = (file.name.removesuffix(RECORD) for file in tables.glob(f"*{RECORD}"))
    finished = [name for name in sorted(names, reverse=True) if (tables / f"{name}{FILES}").is_file()]
    newest = f"; the newest there: {', '.join(map(printable, finished[:NEWEST]))}" if finished else ""
    raise UserError(
        f"--since {printable(given)}: no run of that name in {printable(str(tables))} (its name, or the path of its "
        f"..._run.json){newest}"
    )


def compare(earlier: Earlier, pages: PageList, *, partial: bool, quiet: bool = False) -> News:
    """Which pages are new, or of files that have changed, since an earlier run.

    partial: the pages are part of what may be there (a list, one file): what it knows besides is not gone.
    """
    known = _known(earlier)
    listed_at = time.time_ns()
    stamps = stamps_of(pages)
    count: Counter[str] = Counter(page.path for page in pages.pages)
    unread = {page.path for page in pages.pages if page.reason}
    same: dict[str, Stamp] = {}
    counts = dict.fromkeys(("new", "changed", "again", "unchanged", "gone"), 0)
    suspects: list[str] = []
    for path, stamp in stamps.items():
        before = known.get(path)
        if before is None:
            counts["new"] += 1
        elif before.failed:
            counts["again"] += 1
        elif path in unread or count[path] != before.pages or _size(stamp) != _size(before.stamp):
            counts["changed"] += 1
        elif stamp == before.stamp and not earlier.moved and stamp[1] < earlier.listed_at - CLOCK * 10**9:
            same[path] = stamp
        elif before.content:
            suspects.append(path)
        else:
            counts["changed"] += 1
    for path, content in zip(suspects, _contents(pages.root, suspects, quiet=quiet), strict=True):
        if content == known[path].content:
            same[path] = stamps[path]
        else:
            counts["changed"] += 1
    counts["unchanged"] = len(same)
    counts["gone"] = 0 if partial else sum(path not in stamps for path in known)
    todo = [page for page in pages.pages if page.path not in same]
    new = {path: stamp for path, stamp in stamps.items() if path not in same}
    return News(earlier, PageList(pages.root, todo, pages.passed), listed_at, new, same, counts, partial)


def _size(stamp: Stamp) -> int | None:
    return stamp[0] if stamp else None


def _known(earlier: Earlier) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for seen in read_seen(earlier.file):
        failed = not isinstance(seen.outcome, Scored)
        if before := known.get(seen.page.path):
            known[seen.page.path] = before._replace(pages=before.pages + 1, failed=before.failed or failed)
        else:
            known[seen.page.path] = Known(seen.stamp, seen.content, 1, failed)
    return known


def _contents(root: Path, paths: list[str], *, quiet: bool) -> Iterator[str]:
    """The hashes of files whose time alone has changed (all of a collection, where it was copied)."""
    said_at = time.monotonic()
    with ThreadPoolExecutor(min(4, cores())) as threads:
        for number, content in enumerate(threads.map(lambda path: content_of(root / path), paths), 1):
            if time.monotonic() - said_at > 2:
                said_at = time.monotonic()
                say(f"comparing contents, where only the time has changed: {number} of {len(paths)} files", quiet)
            yield content


def carried_paths(run: Run) -> set[str]:
    """The files of a run whose outcomes come from the run that it goes on from."""
    return {seen.page.path for seen in read_seen(run.work / SEEN / CARRIED)}


def known_besides(run: Run) -> list[Iterator[SeenPage]]:
    """What a run knows of pages that it has not sorted itself, each in page order."""
    return [read_seen(run.work / SEEN / CARRIED), read_seen(run.work / SEEN / KEPT)]


def since_record(run: Run) -> dict[str, Any]:
    """What the run record says of the run that it goes on from: {} where there is none."""
    counts = json_if_whole(run.work / SEEN / COUNTS)
    return {"since": counts} if counts else {}


class Joined:
    """A run with the pages that it took over, as tables, reports and formats of archives ask for them."""

    def __init__(self, run: Run) -> None:
        self.name, self.output, self.final = run.name, run.output, run.final
        self._run = run
        self._taken = bytearray()  # for each page of the list: 1 = its outcome comes from the earlier run
        self._doubted = 0
        own = ((sort_key(page), 0, page) for page in run.pages.pages)
        taken = ((sort_key(seen.page), 1, seen) for seen in read_seen(run.work / SEEN / CARRIED))
        pages = []
        for _, is_taken, item in heapq.merge(own, taken, key=lambda entry: entry[0]):
            self._taken.append(is_taken)
            pages.append(item.page if is_taken else item)
            self._doubted += bool(is_taken and item.outcome.warning)
        self.pages = PageList(run.pages.root, pages, run.pages.passed)

    @property
    def taken(self) -> Iterator[int]:
        """For each page: 1 = its outcome comes from the earlier run."""
        return iter(self._taken)

    @property
    def doubted(self) -> int:
        """How many of the pages done came with a warning."""
        return self._run.doubted + self._doubted

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes in page order, up to the first page that is not done yet."""
        own = self._run.outcomes()
        taken = (seen.outcome for seen in read_seen(self._run.work / SEEN / CARRIED))
        for is_taken in self._taken:
            outcome = next(taken if is_taken else own, None)
            if outcome is None:
                return
            yield outcome
