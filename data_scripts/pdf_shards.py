"""Pages of PDFs made in shards, by many processes and machines: what a shard of them gives.

    python data_scripts/pdf2png.py scans --output pages --cluster local:4

    failed = make_in_shards(root, output, tasks, Place("local", 4))      # {("box/X.pdf", 3): "cannot be drawn: ..."}

Images are written as one process writes them, each whole or not at all: what a shard gives is a line a page, "" or why
there is none. The work folder, `.pdf2png-...` in the output folder, goes with the command, however that ends. Nothing
in it is needed to go on: the same command makes the pages that are missing.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))  # a worker that run.py has started comes here too

from common import counted, no_command
from pdf_pages import NO_ROOM, PageTask, make_page
from pdf_versions import Version

from cluster.command import Place
from cluster.driver import Driver
from cluster.launchers import launcher_of
from cluster.pages import folder_away
from cluster.plan import HEAD, Items, cut
from cluster.shards import Shards
from output.console import say
from output.files import file_hash, write_lines
from output.work import WorkFolder
from settings.schema import Settings
from utils import UserError, printable, versions_of

WORK = ".pdf2png-"  # how the names of work folders begin
LIST, PARTS = "pages.jsonl", "parts"  # in it
MADE = b'""'
PAGES = 4  # of a shard at least: fewer would be more marks and renames than work
LIBRARIES = ("pypdfium2", "pypdf", "pillow", "numpy")  # that can change an image


class PdfWork:
    """See `cluster.work.Work`; an item is a `PageTask`, with paths below the folder of PDFs and that of images."""

    def __init__(self, job: dict[str, Any], head: dict[str, Any]) -> None:
        self._root, self._output, self._parts = (Path(head[name]) for name in ("root", "output", "parts"))
        self._version: Version | None = None  # of the PDF that was looked at last

    def computed_by(self) -> dict[str, Any]:
        """Versions of libraries, and this script as it is."""
        for folder, of in ((self._root, "PDFs"), (self._output, "page images")):
            if not folder.is_dir():
                raise UserError(f"this machine does not see the folder of {of}, {printable(str(folder))}")
        here = Path(__file__).parent
        script = {name: file_hash(here / name)[:12] for name in ("pdf_pages.py", "pdf_versions.py")}
        return {"script": script, "libraries": versions_of(LIBRARIES)}

    def lines(self, items: Items, *, alone: bool = False) -> Iterator[list[bytes]]:
        """What becomes of pages, one at a time: PDFium is one a process."""
        for item in items:
            reason = self._make(PageTask(**json.loads(item)))
            if reason.startswith(NO_ROOM):
                raise UserError(f"{reason}; make room")
            yield [json.dumps(reason).encode("ascii")]

    def _make(self, task: PageTask) -> str:
        pdf = self._root / task.source
        try:
            if self._version is None or self._version.pdf != pdf:
                self._version = Version(pdf)
            if self._version.stamp != task.version:
                return "the PDF changed meanwhile: start again"
            version = str(self._version)
        except OSError as error:
            return (error.strerror or str(error)).lower()
        replaces = str(self._output / task.replaces) if task.replaces else ""
        target = str(self._output / task.target)
        return make_page(
            replace(task, pdf=str(pdf), version=version, target=target, replaces=replaces, parts=str(self._parts))
        )

    def failed(self, reason: str) -> bytes:
        """The line of a page that cannot be made at all."""
        return json.dumps(reason).encode("ascii")

    def failures(self, lines: list[bytes]) -> int:
        """How many pages were not made."""
        return sum(line.rstrip() != MADE for line in lines)

    def away(self, items: list[bytes], lines: list[bytes]) -> str:
        """The folder that is not there now, where a page failed whose PDF, or the folder of its image, is not there."""
        failed = [json.loads(item) for item, line in zip(items, lines, strict=True) if line != MADE]
        for task in failed:
            if not (folder := (self._output / task["target"]).parent).is_dir():
                return f"the folder {printable(str(folder))} of page images is not there"
        return folder_away(self._root, (task["source"] for task in failed))


def make_in_shards(root: Path, output: Path, tasks: Iterable[PageTask], place: Place) -> dict[tuple[str, int], str]:
    """Make pages; (PDF, page) -> why it was not made. UserError: no worker can go on; nothing that is made is lost.

    tasks: with the PDF's size and time for its version (`Version.stamp`), and paths below `root` and `output`.
    """
    root, output = root.absolute(), output.absolute()
    remove_left(output)
    work = WorkFolder(output / f"{WORK}{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}", HEAD)
    failed: dict[tuple[str, int], str] = {}
    try:
        work.folder.mkdir(parents=True)
        work.take()
        folders = {"root": root, "output": output, "parts": work.folder / PARTS}
        count = 0

        def lines() -> Iterator[str]:
            nonlocal count
            yield json.dumps({name: str(folder) for name, folder in folders.items()})
            for task in tasks:
                count += 1
                yield json.dumps(asdict(task))

        write_lines(work.folder / LIST, lines())
        plan = cut(work.folder, LIST, count=count, unit=PAGES, work="data_scripts.pdf_shards:PdfWork", job={})
        shards = Shards(plan)
        shards.make()
        folders["parts"].mkdir()

        def absorb(shard: int) -> None:
            for item, line in zip(plan.items(shard), shards.lines(shard), strict=True):
                if line.rstrip() != MADE:
                    task = PageTask(**json.loads(item))
                    failed[task.source, task.page] = json.loads(line)

        say(f"{counted(plan.shards, 'shard')} in {printable(str(plan.folder))}")
        with Driver(plan, launcher_of(plan, place, Settings()), absorb) as driver:
            driver.run()
    finally:
        work.remove()
    return failed


def remove_left(output: Path) -> None:
    """Remove work folders of starts that were killed; those that a living process holds stay."""
    for folder in output.glob(f"{WORK}*"):
        left = WorkFolder(folder, HEAD)
        with contextlib.suppress(OSError):
            if left.take():
                left.remove()


if __name__ == "__main__":
    no_command("pages are made in shards by data_scripts/pdf2png.py --cluster local:4")
