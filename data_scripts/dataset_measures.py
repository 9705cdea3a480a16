"""What is measured on each page of a data set, once: the digest of its file, its size, what it looks like.

    measures = measure_all(find_labelled(Path("sorted"), settings), Path("result/dataset/measures.jsonl"), workers=4)

An interrupted start goes on: what was measured stands in the journal, a line a page.
"""

from __future__ import annotations

import base64
import functools
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import no_command
from duplicates import Look, look
from processes import WorkerDied, in_processes

from output.files import file_hash
from output.progress import Progress
from output.work import Lines, whole_lines
from reading.decoding import PageError, Reader
from reading.pages import Page
from training.data import LabelledPages

MAX_PIXELS = 700_000_000
SIDE = 300  # pixels; a PDF page is drawn at four times this before it is compared
RULE = 2  # of reading and measuring; measures of another rule are made anew


@dataclass(frozen=True)
class Measure:
    """What was found out about a page; `reason` is why it could not be read (then the rest is empty)."""

    digest: str = ""
    width: int = 0
    height: int = 0
    look: Look | None = None
    reason: str = ""


@dataclass(frozen=True)
class PageTask:
    """A page to measure."""

    root: str
    page: Page


def measure_all(labelled: LabelledPages, journal: Path, workers: int) -> list[Measure]:
    """One measure a page, in order; those in the journal of an earlier start are taken from there."""
    stored, end = read_journal(journal)
    keys = [_key(labelled.root, page) for page in labelled.pages]
    measures = {key: stored[key] for key in keys if key in stored}
    pages = {PageTask(str(labelled.root), page): key for page, key in zip(labelled.pages, keys, strict=True)}
    tasks = [task for task, key in pages.items() if key not in measures]
    with Progress(len(tasks), unit="page", label="dataset") as progress, Lines(journal, end) as lines:
        for task, answer in in_processes(measure, iter(tasks), min(workers, max(1, len(tasks)))):
            if isinstance(answer, WorkerDied):
                answer = Measure(reason=f"its decoder broke down: {answer}")
            progress.advance(1, failed=bool(answer.reason))
            measures[pages[task]] = answer
            if not answer.reason:  # a page that could not be read is tried again at the next start
                lines.append(json.dumps([pages[task], *_packed(answer)]).encode("ascii"))
    return [measures[key] for key in keys]


def _key(root: Path, page: Page) -> str:
    """Changes with the file and with how it is measured, so that an earlier measure is not taken for this one."""
    try:
        status = (root / page.path).stat()
        identity = [status.st_size, status.st_mtime_ns]
    except OSError:
        identity = [0, 0]
    return json.dumps([RULE, str(root.resolve()), page.path, page.number, page.frame, *identity])


def read_journal(journal: Path) -> tuple[dict[str, Measure], int]:
    """What earlier starts measured, and where the whole lines end; lines of another make are measured anew."""
    stored: dict[str, Measure] = {}
    end = 0
    for line in whole_lines(journal) if journal.is_file() else ():
        end += len(line)
        try:
            key, digest, width, height, bits, thumbnail = json.loads(line)
            fingerprint = Look(base64.b64decode(bits), base64.b64decode(thumbnail))
            if len(fingerprint.bits) == 32 and len(fingerprint.thumbnail) == 1024:
                stored[key] = Measure(digest, width, height, fingerprint)
        except (ValueError, TypeError):
            continue
    return stored, end


def _packed(measure: Measure) -> list[Any]:
    pictures = (base64.b64encode(part).decode("ascii") for part in (measure.look.bits, measure.look.thumbnail))
    return [measure.digest, measure.width, measure.height, *pictures]


_digest: list[str] = []  # in a worker: the last file and its digest (a TIFF or PDF has many pages)


@functools.cache
def _reader() -> Reader:
    """Of this worker; its files close with the process."""
    return Reader(min_side=SIDE, max_pixels=MAX_PIXELS)


def measure(task: PageTask) -> Measure:
    """Read a page: digest of its file, size in pixels (0 for a PDF, which has none), fingerprint. Runs in a worker."""
    page = task.page
    if page.reason:
        return Measure(reason=page.reason)
    path = Path(task.root) / page.path
    try:
        image = _reader().page(path, page.frame)
        if _digest[:1] != [str(path)]:
            _digest[:] = [str(path), file_hash(path)]
    except PageError as error:
        return Measure(reason=str(error))
    except OSError as error:
        return Measure(reason=(error.strerror or str(error)).lower())
    size = (0, 0) if page.path.lower().endswith(".pdf") else image.size
    return Measure(_digest[1], *size, look(image))


if __name__ == "__main__":
    no_command("measures of a data set are made by data_scripts/dataset.py")
