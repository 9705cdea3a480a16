"""One progress bar for all jobs: a bar on a terminal, a plain line now and then where there is none (a log file).

with Progress(len(pages.pages), unit="page") as progress:
    progress.advance(16, failed=1)
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

LINE_EVERY = 30.0  # seconds between two plain lines


class Progress:
    """Counts what is done of `total`, with rate, time left and failures, on stderr; says nothing with `quiet`.

    unit: what is counted, in the singular. label: what the job is called, in front of the line. file: where to write.
    """

    def __init__(
        self, total: int, unit: str = "page", quiet: bool = False, label: str = "", file: TextIO | None = None
    ) -> None:
        self.total, self.unit, self.quiet, self.label = total, unit, quiet, label
        self.file = sys.stderr if file is None else file
        self.done = self.failed = 0
        self.note = ""  # what else is to be said, e.g. of workers
        self._bar: tqdm | None = None
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._started = self._said = time.monotonic()
        if not self.quiet and self.file is not None and self.file.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=self.total,
                unit=f" {self.unit}s",
                desc=self.label or None,
                file=self.file,
                dynamic_ncols=True,
                smoothing=0.05,
                ascii=not (getattr(self.file, "encoding", "") or "").lower().startswith("utf"),
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._said > self._started:  # a job that never said anything needs no last line
            self._say(time.monotonic())

    def advance(self, count: int = 1, failed: int = 0) -> None:
        """`count` more are done, `failed` of them without success."""
        self.done += count
        self.failed += failed
        if self._bar is not None:
            if failed or self.note:
                self._bar.set_postfix_str(", ".join(filter(None, [f"{self.failed} failed", self.note])), refresh=False)
            self._bar.update(count)
        elif not self.quiet and (now := time.monotonic()) - self._said >= LINE_EVERY:
            self._say(now)

    def line(self, seconds: float) -> str:
        """The plain line after `seconds` of work: `sorting: 1200 of 5000 pages (24 %), 19.8 pages/s, 3 min left, 2
        failed`.
        """
        rate = self.done / seconds if seconds > 0 else 0.0
        left = duration((self.total - self.done) / rate) if rate > 0 else "?"
        percent = 100 * self.done // self.total if self.total else 100
        text = f"{self.done} of {self.total} {self.unit}s ({percent} %), {rate:.1f} {self.unit}s/s, {left} left"
        return f"{self.label + ': ' if self.label else ''}{text}, {self.failed} failed{self.note and ', ' + self.note}"

    def _say(self, now: float) -> None:
        self._said = now
        if self.file is not None:
            print(self.line(now - self._started), file=self.file, flush=True)


def duration(seconds: float) -> str:
    """A time in words that are short.

    >>> duration(200), duration(7200)
    ('3 min', '2.0 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
