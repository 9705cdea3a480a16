"""People who click at a desk that is a process of its own, the log of what they sent, and what the desk made of it.

    with a_desk(folder) as desk:
        log = Log()
        people, stop = click_all(desk, log, 50, pace=1.0, seed=1)
        time.sleep(40)
        faults = compare(desk, log, people, stop)       # [] = nothing lost, doubled or changed

For desk_load.py and kill_desk.py.
"""

from __future__ import annotations

import collections
import contextlib
import csv
import http.client
import json
import random
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.common import HOME, draw_pages, environment, link

RUN = "20261121-101500_ViT-B16"
CATEGORIES = ["DRAW", "PHOTO", "TEXT_P", "TEXT_T"]
PAGES = 80  # on which all people click
UNDOS, TWICE = 0.2, 0.1  # shares of the clicks
WAIT = 120.0  # seconds for an answer
JSON = "application/json"
BROKEN = (OSError, http.client.HTTPException)


class Desk:
    """`python run.py desk` on a small run below a folder; started, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.review = folder / "review" / RUN
        self.faults: list[str] = []
        self._table, self._folder, self._said = write_run(folder), folder, folder / "said.txt"
        self.address = ("127.0.0.1", 1)
        self.process: subprocess.Popen | None = None

    def begin(self) -> None:
        """Start it, without waiting until it answers."""
        flags = ["--no-browser", "--port", "0", "-o", str(self._folder), "--quiet"]
        command = [sys.executable, "run.py", "desk", str(self._table), *flags]
        with self._said.open("ab") as said:
            self.process = subprocess.Popen(
                command, cwd=HOME, env=environment(2), stdout=subprocess.PIPE, stderr=said, encoding="utf-8"
            )

    def wait(self) -> None:
        """Until it says where it is."""
        line = self.process.stdout.readline()
        if "http://" not in line:
            raise SystemExit(f"the desk did not start:\n{line}{self._said.read_text(encoding='utf-8')}")
        host, _, port = line.partition("http://")[2].partition("/")[0].partition(":")
        self.address = host, int(port)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def end(self) -> None:
        """As Ctrl-C does; what it said in between is looked through for tracebacks."""
        self.process.terminate()
        code = self.process.wait(WAIT)
        self.process.stdout.close()
        if code not in (0, -15, 1):  # Windows ends it as kill does
            self.faults.append(f"the desk ended with {code}")
        if "Traceback" in (said := self._said.read_text(encoding="utf-8")):
            self.faults.append(f"a traceback: {said[-3000:]}")


@contextlib.contextmanager
def a_desk(folder: Path) -> Iterator[Desk]:
    """One that answers."""
    desk = Desk(folder)
    desk.begin()
    try:
        desk.wait()
        yield desk
    finally:
        desk.process.kill()
        desk.process.wait()


def write_run(folder: Path) -> Path:
    """A run of `PAGES` pages; its table."""
    pages, tables = folder / "pages", folder / "tables"
    pages.mkdir(parents=True)
    tables.mkdir()
    drawn = draw_pages(folder / "drawn", 12)
    rows = []
    for at in range(PAGES):
        source = drawn[at % len(drawn)]
        name = f"CTX{194600000 + at // 10}-{at % 10 + 1}{source.suffix}"
        link(source, pages / name)
        one, other = CATEGORIES[at % 4], CATEGORIES[(at + 1) % 4]
        rows.append([f"CTX{194600000 + at // 10}", at % 10 + 1, one, other, 0.6, 0.3, name])
    table = tables / f"result_{RUN}_2n_4c.csv"
    with table.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["FILE", "PAGE", "CLASS-1", "CLASS-2", "SCORE-1", "SCORE-2", "PATH"], *rows])
    record = {"name": RUN, "input": str(pages), "model": {"name": "drawn", "hash": "", "categories": CATEGORIES}}
    (tables / f"{RUN}_run.json").write_text(json.dumps(record), encoding="utf-8")
    return table


class Caller:
    """One program that asks the desk, over one connection as long as it holds."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._connection, self._port = desk, None, 0

    def ask(self, path: str, body: bytes | None = None, kind: str = JSON) -> tuple[int, Any]:
        """Status, and what was said. Raises one of `BROKEN`."""
        host, port = self._desk.address
        if self._connection is None or self._port != port:
            self._connection, self._port = http.client.HTTPConnection(host, port, timeout=WAIT), port
        try:
            self._connection.request("POST" if body is not None else "GET", path, body, {"Content-Type": kind})
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except BROKEN:
            self._connection.close()
            self._connection = None
            raise


class Click(NamedTuple):
    """An answer, or an undo of the answer `undoes` (category: what stands then)."""

    name: str
    person: str
    page: int
    category: str
    undoes: str


class Log:
    """What people sent, what was acknowledged, and how long that took."""

    def __init__(self) -> None:
        self.sent: dict[str, Click] = {}
        self.acknowledged: set[str] = set()
        self.again: list[str] = []  # calls that were sent again, as nothing came back
        self.faults: list[str] = []
        self.seconds: dict[str, list[float]] = {}

    def took(self, what: str, began: float) -> None:
        """So long until now."""
        self.seconds.setdefault(what, []).append(time.perf_counter() - began)


class Person(threading.Thread):
    """Somebody who clicks. pace: seconds from click to click, 0 = at once."""

    def __init__(self, number: int, desk: Desk, log: Log, stop: threading.Event, pace: float, seed: int) -> None:
        super().__init__(name=f"P{number}", daemon=True)
        self._caller, self._log, self._stopped, self._pace = Caller(desk), log, stop, pace
        self._draw = random.Random(f"{seed}/{number}")
        self._stands: list[Click] = []  # own answers that are not taken back, oldest first

    def run(self) -> None:
        """Click until told to stop; what is under way is brought to its end."""
        due = time.monotonic() + self._draw.uniform(0, self._pace)
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            due += self._pace
            if self._stands and self._draw.random() < UNDOS:
                self._take_back()
            else:
                self._answer()
            if self._pace:  # what the page asks for as it goes on
                page = self._draw.randrange(PAGES)
                self._send("lend", {"person": self.name, "pages": [page]}, "a page is lent")
                began = time.perf_counter()
                with contextlib.suppress(*BROKEN):
                    self._caller.ask(f"/api/review/pages/{page}")
                    self._log.took("the next page is told", began)

    def _answer(self) -> None:
        page, category = self._draw.randrange(PAGES), self._draw.choice(CATEGORIES)
        click = Click(str(uuid.UUID(int=self._draw.getrandbits(128))), self.name, page, category, "")
        answer = {"page": page, "category": category, "answer": click.name, "seconds": 1.0}
        self._click(click, "decisions", {"person": self.name, "view": "page", "answers": [answer]}, "an answer")
        self._stands.append(click)

    def _take_back(self) -> None:
        taken = self._stands.pop()
        left = [one.category for one in self._stands if one.page == taken.page]
        name = str(uuid.UUID(int=self._draw.getrandbits(128)))
        click = Click(name, self.name, taken.page, left[-1] if left else "", taken.name)
        self._click(click, "undo", {"person": self.name, "answer": taken.name, "undo": name}, "an undo")

    def _click(self, click: Click, call: str, body: dict[str, Any], what: str) -> None:
        self._log.sent[click.name] = click
        for _ in range(2 if self._draw.random() < TWICE else 1):
            said = self._send(call, body, f"{what} is on the disk")
            if said.get("saved") != [click.name]:
                self._log.faults.append(f"{self.name}: {what} was answered with {said}")
                return
            self._log.acknowledged.add(click.name)

    def _send(self, call: str, body: dict[str, Any], what: str) -> dict[str, Any]:
        """What was answered, in the end: what comes to nothing is sent again, as the page of the desk does."""
        data, began, tries = json.dumps(body).encode(), time.perf_counter(), 0
        while True:
            with contextlib.suppress(*BROKEN):
                status, said = self._caller.ask(f"/api/review/{call}", data)
                if status != 429:
                    if not tries:
                        self._log.took(what, began)
                    return said if status == 200 else {"status": status, **said}
            tries += 1
            self._log.again.append(call)
            time.sleep(0.05)


def standing(clicks: Sequence[Click]) -> dict[tuple[int, str], str]:
    """(page, person) -> the category that stands, of each person's clicks in their order."""
    undone = {click.undoes for click in clicks}
    stands = {}
    for click in clicks:
        if not click.undoes and click.name not in undone:
            stands[click.page, click.person] = click.category
    return stands


def shown(desk: Desk) -> dict[tuple[int, str], str]:
    """The same as the desk shows it."""
    caller, stands = Caller(desk), {}
    for page in range(PAGES):
        for one in caller.ask(f"/api/review/pages/{page}")[1]["decisions"]:
            stands[page, one["person"]] = one["category"]
    return stands


def saved_in(file: Path) -> list[dict[str, Any]]:
    """The rows of a database of decisions, in their order."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM answers ORDER BY number")]


def differences(desk: Desk, log: Log) -> list[str]:
    """What of the log and of what the ended desk left does not fit together."""
    faults = [*log.faults, *desk.faults]
    rows = saved_in(desk.review / "decisions.sqlite")
    with (desk.review / "trail.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for what, found in (("decisions.sqlite", [row["answer"] for row in rows]),
                        ("trail.csv", [line["ANSWER"] for line in lines])):  # fmt: skip
        times = collections.Counter(found)
        faults += [f"lost in {what}: {log.sent[name]}" for name in log.acknowledged - set(times)]
        faults += [f"{count} times in {what}: {name}" for name, count in times.items() if count > 1]
        faults += [f"in {what}, and sent by nobody: {name}" for name in set(times) - set(log.sent)]
    for row in rows:
        click = log.sent.get(row["answer"])
        page = 10 * (int(row["path"][3:12]) - 194600000) + int(row["path"][13:].partition(".")[0]) - 1
        if click and (row["person"], page, row["category"], row["undoes"]) != click[1:]:
            faults.append(f"sent as {click}, saved as {row}")
    if [line["ANSWER"] for line in lines] != [row["answer"] for row in rows]:
        faults.append("trail.csv has another order than decisions.sqlite")
    if [int(line["NUMBER"]) for line in lines] != [row["number"] for row in rows]:
        faults.append("numbers of trail.csv are not those of decisions.sqlite")
    if list(desk.review.glob("trail_changed-*")):
        faults.append("trail.csv was written anew")
    return faults


def click_all(desk: Desk, log: Log, count: int, pace: float, seed: int) -> tuple[list[Person], threading.Event]:
    """People, begun."""
    stop = threading.Event()
    people = [Person(number, desk, log, stop, pace, seed) for number in range(1, count + 1)]
    for person in people:
        person.start()
    return people, stop


def compare(desk: Desk, log: Log, people: Sequence[Person], stop: threading.Event) -> list[str]:
    """Let people end, end the desk, and compare."""
    stop.set()
    for person in people:
        person.join(WAIT)
    faults = [f"{person.name} still waits for an answer" for person in people if person.is_alive()]
    if shown(desk) != standing(list(log.sent.values())):
        faults.append("what the desk shows is not what stands")
    desk.end()
    return faults + differences(desk, log)
