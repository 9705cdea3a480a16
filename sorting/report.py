"""A run as one folder that opens by double-click: what an archivist sends to a colleague.

    python run.py -d pages/ --report                          # result/report/20261121-101500_ViT-B16/index.html

    write_report(folder, choose(run.pages, run.outcomes(), style), about, root=run.pages.root, max_pixels=700_000_000)

Its pictures are made from the pages again, after the run: which of them are the most doubtful is known only then, and
there are never more than some hundreds of them, whatever the run.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from output.counts_picture import counts_picture
from output.failures import WriteError, of_system
from output.files import part_of, replace_folder
from output.progress import Progress
from reading.decoding import PageError, Reader
from reading.memory_gate import one_page
from reading.pages import Page
from sorting.report_choice import Shown
from sorting.report_page import COUNTS, PICTURES, About, report_page
from utils import printable

SIDE = 400  # pixels: the longer side of a picture
QUALITY = 78
REPORT = "report"  # the folder of all reports, in the output folder


def write_report(
    folder: Path, shown: Shown, about: About, *, root: Path, max_pixels: int, threads: int = 1, quiet: bool = False
) -> Path:
    """Write the folder, in place of an earlier one of the same run; gives its index.html.

    root: that the paths of the pages count from. WriteError where it cannot be written.
    """
    part = part_of(folder)
    try:
        shutil.rmtree(part, ignore_errors=True)
        (part / PICTURES).mkdir(parents=True)
        unseen = _draw(part / PICTURES, shown.pictures(), root, max_pixels, threads, quiet)
        (part / COUNTS).write_text(counts_picture(shown.per_category, shown.failed), "utf-8", newline="\n")
        (part / "index.html").write_text(report_page(shown, about, unseen), "utf-8", newline="\n")
        return replace_folder(part, folder) / "index.html"
    except OSError as error:
        said = of_system(error.errno, error.strerror or str(error), str(folder))
        raise WriteError(f"cannot write {said}") from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(part, ignore_errors=True)


def _draw(
    folder: Path, pages: dict[int, Page], root: Path, max_pixels: int, threads: int, quiet: bool
) -> dict[int, str]:
    """Write a picture of each page as `<number>.jpg`; gives why there is none, for those that cannot be read now."""

    def draw(number: int) -> str:
        page = pages[number]
        try:
            with one_page():
                image = reader.page(root / page.path, page.frame).convert("RGB")
                image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
        except (PageError, MemoryError) as error:
            return printable(str(error)) or "there was not enough memory for it"
        image.save(folder / f"{number}.jpg", quality=QUALITY)
        return ""

    with (
        Reader(min_side=SIDE, max_pixels=max_pixels) as reader,
        ThreadPoolExecutor(max(1, threads), "report") as pool,
        Progress(len(pages), unit="picture", quiet=quiet, label="report") as progress,
    ):
        unseen = {}
        try:
            for number, why in zip(pages, _each(pool.map(draw, pages), progress), strict=True):
                if why:
                    unseen[number] = why
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return unseen


def _each(done: Iterator[str], progress: Progress) -> Iterator[str]:
    for why in done:
        progress.advance(failed=bool(why))
        yield why
