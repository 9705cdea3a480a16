"""The journal of a run: an append-only file in which one line is one whole batch of outcomes.

    journal = Journal(work / "journal.jsonl", pages=1000, batch_size=16)     # counts what is there, cuts off a torn end
    journal.append([Scored([0.9, 0.1]), Failed("the file is empty"), ...])  # the next 16 pages, in page order
    for outcome in journal.outcomes(): ...

A line is `{"batch": 3, "rows": [[0.9, 0.1], "the file is empty", ...]}`: scores, or the reason why the page failed;
with what is known besides they are `{"scores": [0.9, 0.1], "warning": "JPEG: bad Huffman code", "turn": [90, 0.998]}`.
(Other rooms have other outcomes, see `Done` in outcome.py.) It is handed to the operating system at once, so that
kill -9 loses at most the batch in work.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from output.failures import WriteError, of_system
from output.outcome import Done, Failed, Scored, count_failed, line_of, outcome_of
from output.work import Lines, whole_lines


class Journal:
    """Whole batches, in page order, in one file.

    Attributes:
        file: made where absent.
        batches: batches in all; the last one may be short.
        done: whole batches in the file.
        failed: failed pages among them.
        doubted: pages among them whose scores came with a warning.

    kind: what became of pages that did not fail.
    """

    def __init__(self, file: Path, pages: int, batch_size: int, kind: type[Done] = Scored) -> None:
        self.file = file
        self._kind = kind
        self.batches = math.ceil(pages / batch_size)
        self._pages = pages
        self._batch_size = batch_size
        file.touch()
        self._lines = Lines(file, self._scan())

    def append(self, outcomes: Sequence[Done | Failed]) -> None:
        """Commit the next batch, whole. Scores that are no finite numbers become a failure.

        Raises:
            ValueError: the number of outcomes, or of scores, is not that of the batch.
            WriteError: the disk is full or the like; the journal keeps what it had.
        """
        size = self._size(self.done)
        if len(outcomes) != size:
            raise ValueError(f"batch {self.done} has {size} pages, not {len(outcomes)}")
        rows, failed, doubted, width = [], 0, 0, self._width
        for outcome in outcomes:
            if not isinstance(outcome, Failed) and not outcome.is_sound:
                outcome = Failed(outcome.none)
            rows.append(line_of(outcome))
            if isinstance(outcome, Failed):
                failed += 1
                continue
            width = outcome.width if width is None else width
            if outcome.width != width:
                raise ValueError(f"a row of {outcome.width} scores among rows of {width}")
            doubted += bool(outcome.warning)
        line = f'{{"batch": {self.done}, "rows": [{",".join(rows)}]}}'
        try:
            self._lines.append(line.encode("ascii"))
            self.done += 1
            self.failed += failed
            self.doubted += doubted
            self._width = width
        except KeyboardInterrupt:  # perhaps between the line and its count: the file knows
            self._scan()
            raise
        except OSError as error:
            said = of_system(error.errno, error.strerror or str(error), str(self.file))
            raise WriteError(f"cannot write {said}") from error

    def outcomes(self) -> Iterator[Done | Failed]:
        """The outcomes of all whole batches in page order, read line by line."""
        with self.file.open("rb") as lines:
            for line in itertools.islice(lines, self.done):
                yield from map(self._outcome, json.loads(line, parse_int=float)["rows"])

    def close(self) -> None:
        """Close the file; `outcomes` still reads."""
        self._lines.close()

    def _size(self, batch: int) -> int:
        return min(self._batch_size, self._pages - batch * self._batch_size) if batch < self.batches else 0

    def _scan(self) -> int:
        """Count the whole batches; the byte behind the last of them.

        A kill or a power cut may have left a torn line or a tail of NUL bytes: what follows the first damage is cut off
        and done again.
        """
        self.done, self.failed, self.doubted = 0, 0, 0
        self._width: int | None = None  # scores a row; the first row decides
        end = 0
        for line in whole_lines(self.file):
            rows = self._rows(line)
            if rows is None:
                break
            end += len(line)
            self.done += 1
            self.failed += count_failed(rows)
            done = [row for row in rows if not isinstance(row, Failed)]
            self.doubted += sum(bool(row.warning) for row in done)
            self._width = done[0].width if done else self._width
        return end

    def _rows(self, line: bytes) -> list[Done | Failed] | None:
        """The rows of the next line, None where it is not the next batch, whole."""
        try:
            entry = json.loads(line)
            rows = [self._outcome(row) for row in entry["rows"]]
            if entry["batch"] != self.done or len(rows) != self._size(self.done):
                return None
            widths = {row.width for row in rows if not isinstance(row, Failed)}
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        if len(widths | ({self._width} if self._width is not None else set())) > 1:
            return None
        return rows

    def _outcome(self, row: object) -> Done | Failed:
        """An entry of a line; KeyError, TypeError or ValueError where it is none."""
        return outcome_of(row, self._kind)
