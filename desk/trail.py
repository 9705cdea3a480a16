"""The trail of decisions: a CSV that a person can read, to which lines are only added, from SQLite, which is the truth.

    trail = Trail(folder / "trail.csv", contents)      # contents: hashes of pages, see `Contents`
    trail.catch_up(answers)                            # those that it lacks, in the order of their numbers

A kill may leave half a line: it is taken off and written whole. A trail that is gone, or that another program has
changed, is written anew; the changed one stays beside it.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from filelock import FileLock

from desk.answers import Answer
from output.files import file_hash
from output.tables import cell, path_cell
from reading.pages import stamp_of

HEAD = [
    *("NUMBER", "WHEN", "PERSON", "DID", "PATH", "PAGE", "CONTENT_SHA256", "MODEL", "MODEL_HASH", "GUESS", "SCORE"),
    *("BLIND", "BEFORE", "AFTER", "SECONDS", "NOTE", "VIEW", "ANSWER", "UNDOES"),
]
TAIL = 1 << 16  # bytes at the end of a trail in which its last line begins
CHANGED = "changed since"  # what stands for the hash of a page that is not any more what was looked at


class Contents:
    """SHA-256 of the files of pages, each read once. place: PATH -> its file, None where there is none to read."""

    def __init__(self, place: Callable[[str], Path | None]) -> None:
        self._place, self._known = place, {}

    def of(self, answer: Answer) -> str:
        """The hash of what an answer is about; "" where it cannot be read, `CHANGED` where it is another by now."""
        file = self._place(answer.path)
        stamp = stamp_of(file) if file is not None else None
        if file is None or stamp is None:
            return ""
        if answer.stamp is not None and answer.stamp != stamp:
            return CHANGED
        if self._known.get(answer.path, (None, ""))[0] != stamp:
            try:
                self._known[answer.path] = stamp, file_hash(file)
            except OSError:
                return ""
            if stamp_of(file) != stamp:
                return CHANGED
        return self._known[answer.path][1]


class Trail:
    """The file. model: name and hash of the model of the run, "" where unknown."""

    def __init__(self, file: Path, contents: Contents, model: Mapping[str, str]) -> None:
        self._file, self._contents, self._model = file, contents, model
        self._lock = FileLock(file.with_name("trail.lock"), thread_local=False)

    def catch_up(self, since: Callable[[int], Iterable[Answer]]) -> int:
        """Add what is missing; the number of the last line then.

        since: the answers behind a number, in their order. Raises OSError where the file cannot be written, or another
        program holds it: nothing is lost, the next call writes it.
        """
        with self._lock:
            last = self._last()
            missing = iter(since(last))
            while some := list(itertools.islice(missing, 200)):  # hashing takes its time: what is known is written
                lines = [self._line(answer) for answer in some]
                with self._file.open("ab") as out:
                    out.write("".join(lines).encode("utf-8", "backslashreplace"))
                    out.flush()
                    os.fsync(out.fileno())
                last = some[-1].number
        return last

    def _last(self) -> int:
        """The number of the last whole line; half a line behind it is taken off. Makes the file where there is none."""
        with contextlib.suppress(FileNotFoundError), self._file.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            tail = file.read()
            whole = tail.rfind(b"\n") + 1
            if whole:
                if whole < len(tail):
                    file.truncate(size - len(tail) + whole)
                number = tail[:whole].rstrip(b"\r\n").rpartition(b"\n")[2].partition(b",")[0]
                if number.isdigit():
                    return int(number)
                if number == HEAD[0].encode():
                    return 0
        if self._file.exists() and self._file.stat().st_size:
            aside = (self._file.with_name(f"trail_changed-{n}.csv") for n in itertools.count(1))
            self._file.rename(next(file for file in aside if not file.exists()))
        self._file.write_bytes(_csv_line(HEAD).encode())
        return 0

    def _line(self, answer: Answer) -> str:
        texts = (answer.before, answer.category, answer.note)
        before, after, note = (cell(" ".join(text.split())) for text in texts)
        return _csv_line(
            [
                *(answer.number, answer.when, cell(answer.person), "undo" if answer.undoes else "answer"),
                *(path_cell(answer.path), answer.page, self._contents.of(answer)),
                *(cell(self._model.get("name", "")), self._model.get("hash", "")),
                *(cell(answer.guess), f"{answer.score:.4f}" if answer.guess else "", "yes" if answer.blind else "no"),
                *(before, after, f"{answer.seconds:.1f}", note, answer.view, answer.answer, answer.undoes),
            ]
        )


def _csv_line(cells: list[str | int]) -> str:
    """One line, whatever a file is called: by its last line a trail is known."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(
        [str(one).replace("\r", "\\x0d").replace("\n", "\\x0a") for one in cells]
    )
    return out.getvalue()
