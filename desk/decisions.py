"""What people decided on a run, kept in SQLite beside it, and told to a trail that a person can read.

    decisions = Decisions(desk.review, contents, {"name": "v4.3", "hash": "..."})
    decisions.save([Given("Anna", "5f0c...", "box/a-1.png", 1, "TEXT_P", ...)])     # returns when it is on the disk
    decisions.answers.standing("box/a-1.png", 1)
    decisions.close()

One thread writes: what arrives together is one transaction, on the disk (`synchronous=FULL`) before anybody is told
that it is saved. On a share SQLite locks by a rollback journal, on a disk of this machine it writes ahead. Several
desks may be open on one run: each takes up what the others saved, within a second.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from desk.answers import Answer, Answers
from desk.refused import Refused
from desk.trail import Contents, Trail
from output.console import say
from output.disks import is_local
from reading.pages import Stamp
from utils import UserError, printable

FILE, TRAIL = "decisions.sqlite", "trail.csv"
TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, answer TEXT NOT NULL UNIQUE, undoes TEXT NOT NULL, person TEXT NOT NULL,
    path TEXT NOT NULL, page INTEGER NOT NULL, category TEXT NOT NULL, note TEXT NOT NULL, seconds REAL NOT NULL,
    at TEXT NOT NULL, view TEXT NOT NULL, blind INTEGER NOT NULL, guess TEXT NOT NULL, score REAL NOT NULL,
    before TEXT NOT NULL, bytes INTEGER, changed INTEGER
);
CREATE TABLE IF NOT EXISTS lent (
    path TEXT NOT NULL, page INTEGER NOT NULL, person TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (path, page)
);
CREATE TABLE IF NOT EXISTS categories (name TEXT PRIMARY KEY, person TEXT NOT NULL, at TEXT NOT NULL);
"""
BUSY = 30  # seconds that another desk may be writing
LENT = 300  # seconds that a page is lent to who looks at it
LOOK = 1.0  # seconds between looks at what other desks saved
# What goes to who asked, whatever it was: the one thread that writes goes on for the others.
HANDED_ON = (Refused, ValueError, TypeError, LookupError, ArithmeticError)
NOT_TOLD = (OSError, sqlite3.Error, RuntimeError, MemoryError, *HANDED_ON)  # of the trail, which is tried again
PAUSE = 5.0  # seconds after which a trail that could not be written is tried again


@dataclass(frozen=True)
class Given:
    """An answer as somebody gives it: see `Answer`."""

    person: str
    answer: str
    path: str
    page: int
    category: str
    note: str = ""
    seconds: float = 0.0
    view: str = "page"
    blind: bool = False
    guess: str = ""
    score: float = 0.0
    stamp: Stamp = None


class Decisions:
    """The decisions on one run. Attribute `answers`: all that are saved."""

    def __init__(self, folder: Path, contents: Contents, model: Mapping[str, str]) -> None:
        """Open those in a folder, which is made. UserError: they cannot be opened there."""
        self.answers, self._categories = Answers(), []
        self._lent: dict[tuple[str, int], tuple[str, float]] = {}
        self._seen, self._file = 0, folder / FILE
        self._listeners: list[Callable[[str, int], None]] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            self._writer.executescript(TABLES)
            self._look()
        except (OSError, sqlite3.Error) as error:
            raise UserError(
                f"decisions cannot be kept in {printable(str(self._file))}: {_said(error)}; copy the table "
                "to where files can be written, and name its pages with --pages"
            ) from None
        self._trail = Trail(folder / TRAIL, contents, model)
        self._jobs: queue.Queue[tuple[Callable[[], Any], Future] | None] = queue.Queue()
        self._gate, self._ending = threading.Lock(), False
        self._news, self._closed = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._write, self._tell)]
        self._news.set()
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Decisions:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End when all is saved and told; what comes from now on is refused."""
        with self._gate:
            if self._ending:
                return
            self._ending = True
            self._jobs.put(None)
        self._threads[0].join()
        self._closed.set()
        self._news.set()
        self._threads[1].join(timeout=60)
        self._writer.close()

    def on_change(self, listener: Callable[[str, int], None]) -> None:
        """Call with PATH and PAGE of each page that is answered on, by this desk or another; of all known ones now."""
        self._listeners.append(listener)
        for page in self.answers.pages:
            listener(*page)

    def save(self, given: Sequence[Given]) -> list[str]:
        """Save answers; the names of those that are on the disk now. One whose name is known is not saved again."""

        def write() -> list[str]:
            for one in given:
                if self.answers.get(one.answer) is None:
                    stands = self.answers.standing(one.path, one.page).get(one.person)
                    self._insert(one, undoes="", before=stands.category if stands else "")
                self._give_back(one.person, (one.path, one.page))
            return [one.answer for one in given]

        return self._done(write)

    def undo(self, person: str, answer: str, undo: str, blind: bool = False) -> list[str]:
        """Take an answer back; what stood of this person before it stands again. blind: whether the guess is hidden
        still. Refused: it cannot be taken back.
        """

        def write() -> list[str]:
            if self.answers.get(undo) is not None:
                return [undo]
            known = self.answers.get(answer)
            if known is None or known.undoes:
                raise Refused(404, "there is no such answer to take back")
            if known.person != person:
                raise Refused(404, f"this answer is of {known.person}: only they can take it back")
            if self.answers.is_undone(answer):
                raise Refused(404, "this answer is taken back already")
            stands = self.answers.standing(known.path, known.page)
            left = self.answers.standing(known.path, known.page, without=answer).get(person)
            category = left.category if left else ""
            given = Given(person, undo, known.path, known.page, category, "", 0.0, known.view, known.blind and blind,
                          known.guess, known.score, known.stamp)  # fmt: skip
            self._insert(given, undoes=answer, before=stands[person].category)
            return [undo]

        return self._done(write)

    def lend(self, person: str, pages: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[str, float]]:
        """Lend pages to a person for some minutes; those that another one has: page -> (who, until, in seconds since
        1970).
        """

        def write() -> dict[tuple[str, int], tuple[str, float]]:
            now, taken = time.time(), {}
            self._writer.execute("DELETE FROM lent WHERE until < ?", (now,))
            for page in dict.fromkeys(pages):
                holder, until = self._lent.get(page, ("", 0.0))
                if until > now and holder != person:
                    taken[page] = holder, until
                    continue
                self._writer.execute("REPLACE INTO lent VALUES (?, ?, ?, ?)", (*page, person, now + LENT))
                self._lent[page] = person, now + LENT
            return taken

        return self._done(write)

    def _give_back(self, person: str, page: tuple[str, int]) -> None:
        """Who has decided on a page needs it no longer: the next person may look at it at once."""
        if self._lent.get(page, ("", 0.0))[0] == person:
            del self._lent[page]
            self._writer.execute("DELETE FROM lent WHERE path = ? AND page = ?", page)

    def lent_to(self, path: str, page: int) -> str:
        """Who looks at a page; "" = nobody."""
        person, until = self._lent.get((path, page), ("", 0.0))
        return person if until > time.time() else ""

    @property
    def categories(self) -> list[str]:
        """Those that people added, in the order in which they did."""
        return list(self._categories)

    def add_category(self, person: str, name: str) -> None:
        """Add a category; one that is there stays."""

        def write() -> None:
            values = (name, person, _now())
            self._writer.execute("INSERT OR IGNORE INTO categories VALUES (?, ?, ?)", values)
            self._read_categories()

        self._done(write)

    def _done(self, work: Callable[[], Any]) -> Any:
        """What a work of the writer returned, once it is on the disk."""
        done: Future = Future()
        with self._gate:  # what is in line before the end is still done, what is not is refused, and comes again
            if self._ending:
                raise Refused(429, "the desk is being closed", again=2)
            self._jobs.put((work, done))
        return done.result()

    def _write(self) -> None:
        """The one thread that writes."""
        ended = False
        while not ended:
            with contextlib.suppress(queue.Empty):
                jobs = [self._jobs.get(timeout=LOOK)]
                while not self._jobs.empty():  # what waits already goes into the same transaction
                    jobs.append(self._jobs.get_nowait())
                ended = None in jobs
                self._commit([job for job in jobs if job is not None])
                continue
            with contextlib.suppress(sqlite3.Error):  # of a share that is away: the next look sees it
                if self._look():
                    self._news.set()

    def _commit(self, jobs: Sequence[tuple[Callable[[], Any], Future]]) -> None:
        results: list[tuple[Future, Any, Exception | None]] = []
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            self._look()
            for work, done in jobs:
                try:
                    results.append((done, work(), None))
                except HANDED_ON as error:
                    results.append((done, None, error))
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            with contextlib.suppress(sqlite3.Error):
                self._read_anew()
            for _, done in jobs:
                done.set_exception(Refused(429, f"not saved: {_said(error)}", again=5))
            return
        self._news.set()
        for done, result, error in results:
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

    def _insert(self, given: Given, *, undoes: str, before: str) -> None:
        size, changed = given.stamp or (None, None)
        values = (
            *(given.answer, undoes, given.person, given.path, given.page, given.category, given.note, given.seconds),
            *(_now(), given.view, given.blind, given.guess, given.score, before, size, changed),
        )
        row = self._writer.execute(f"INSERT INTO answers VALUES (NULL{', ?' * len(values)})", values).lastrowid
        self._take(_answer((row, *values)))

    def _take(self, answer: Answer) -> None:
        self.answers.add(answer)
        self._seen = answer.number
        self._changed(answer.path, answer.page)

    def _changed(self, path: str, page: int) -> None:
        for listener in self._listeners:
            listener(path, page)

    def _look(self) -> bool:
        """Take up what is saved and not known yet, by any desk; whether there was something."""
        before = self._seen
        for answer in _behind(self._writer, self._seen):
            self._take(answer)
        self._read_categories()
        self._read_lent()
        return self._seen > before

    def _read_anew(self) -> None:
        """After a transaction that failed: what is not on the disk is forgotten, where it cannot be read too."""
        known, answers, seen = list(self.answers.pages), Answers(), 0
        try:
            for answer in _behind(self._writer, 0):
                answers.add(answer)
                seen = answer.number
        finally:  # what could not be read is taken up by the next look
            self.answers, self._seen = answers, seen
            for page in known:
                self._changed(*page)

    def _read_categories(self) -> None:
        self._categories = [name for (name,) in self._writer.execute("SELECT name FROM categories ORDER BY rowid")]

    def _read_lent(self) -> None:
        rows = self._writer.execute("SELECT path, page, person, until FROM lent WHERE until > ?", (time.time(),))
        self._lent = {(path, page): (person, until) for path, page, person, until in rows}

    def _tell(self) -> None:
        """The thread that writes the trail, behind the answers: hashing a large file holds up nobody."""
        reader: sqlite3.Connection | None = None
        told = ""
        while True:
            ended = self._closed.is_set()
            self._news.clear()
            try:
                reader = reader or self._connect()
                self._trail.catch_up(partial(_behind, reader))
                told = ""
            except NOT_TOLD as error:  # open in another program, on a share that has no locks, a mistake of ours
                reason = _said(error) or type(error).__name__
                if reason != told:
                    say(f"warning: {TRAIL} lacks the last answers, which {FILE} has: {reason}; it is tried again")
                told = reason
                if not ended:
                    self._closed.wait(PAUSE)
                    continue
            if ended:
                if reader is not None:
                    reader.close()
                return
            self._news.wait()

    def _connect(self) -> sqlite3.Connection:
        new = not self._file.exists() or not self._file.stat().st_size
        connection = sqlite3.connect(self._file, timeout=BUSY, isolation_level=None, check_same_thread=False)
        if not is_local(self._file.parent):
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        elif new:  # one that a desk on a share has made may be open there, where nobody can write ahead
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA fullfsync=ON")  # of macOS: onto the disk, not into its memory
        return connection


def read_answers(folder: Path) -> Answers:
    """What is decided in a folder, for who only reads. UserError: there is nothing, or it cannot be read."""
    file = folder / FILE
    if not file.is_file():
        raise UserError(f"nothing was decided yet on this run: {printable(str(file))} is not there")
    answers = Answers()
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=BUSY)) as connection:
            for answer in _behind(connection, 0):
                answers.add(answer)
    except sqlite3.Error as error:
        raise UserError(f"{printable(str(file))} cannot be read: {_said(error)}") from None
    return answers


def _behind(connection: sqlite3.Connection, last: int) -> Iterator[Answer]:
    """The saved answers behind a number."""
    return map(_answer, connection.execute("SELECT * FROM answers WHERE number > ? ORDER BY number", (last,)))


def _answer(row: Sequence[Any]) -> Answer:
    *values, blind, guess, score, before, size, changed = row
    stamp = None if size is None or changed is None else (size, changed)
    return Answer(*values, bool(blind), guess, score, before, stamp)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _said(error: Exception) -> str:
    """SQLite's or the system's reason, in one line."""
    return " ".join(printable(getattr(error, "strerror", None) or str(error)).split())
