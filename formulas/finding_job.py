"""`formulas read --find`: pages go in, the display formulas that stand on them come out, each with its box and LaTeX.

    python run.py formulas read pages/ --find -o tables/ --json

The same run, journal and resume as for pictures of single formulas (reading_job.py); what differs is told by `PAGES`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from formulas.finding import Found, find
from formulas.found_results import (
    BOXES,
    Formula,
    ReadPage,
    box_picture,
    found_json,
    found_lines,
    found_summary,
    write_found,
)
from formulas.framing import framed
from formulas.read_command import ReadFormulas
from formulas.reading_job import PICTURES, Boxes, Way, kept_batches, run_way
from formulas.recognizer import Reading, Recognizer
from output.failures import WriteError, of_system
from output.files import whole
from output.outcome import Failed
from reading.pages import Page, PageList

if TYPE_CHECKING:
    from PIL import Image

    from settings.schema import Settings

MARGIN = 4  # pixels around a box that are read with it

Kept = tuple[tuple[int, int], list[Found], list[Reading | np.ndarray | str]]  # size of the page, formulas, what is read


def run_reading(settings: Settings, job: ReadFormulas) -> int:
    """Read pictures of a formula each, or with `--find` pages; as `run_way` of reading_job.py."""
    return run_way(settings, job, way_of(find=job.find))


def way_of(*, find: bool) -> Way:
    """How pictures of a formula each are read, or with `find` pages."""
    return PAGES if find else PICTURES


def find_batches(
    pages: PageList,
    recognizer: Recognizer,
    settings: Settings,
    beams: int,
    *,
    workers: int | None = None,
    first: int = 0,
    boxes: Boxes | None = None,
) -> Iterator[tuple[list[Page], list[ReadPage | Failed]]]:
    """As `read_batches` of reading_job.py, for pages. boxes: where pages with formulas are drawn, None = nowhere.

    WriteError: a picture cannot be written.
    """
    alone = recognizer.engine.alone
    places = {id(page): at for at, page in enumerate(pages.pages, boxes.first)} if boxes else {}

    def keep(page: Page, image: Image.Image) -> Kept:
        found = find(image)
        parts = [image.crop(_around(one, image.size)) for one in found]
        if boxes and found:
            folder = boxes.name.with_name(f"{boxes.name.name}{BOXES}")
            _draw(image, found, box_picture(folder, places[id(page)], page), boxes.parts)
        read = [recognizer.read([part], beams)[0] if alone else recognizer.placed(part) for part in parts]
        return image.size, found, read

    for batch in kept_batches(pages, settings, keep, workers, first):
        there = [at for at, reason in enumerate(batch.reasons) if not reason]
        parts = [part for at in there for part in batch.kept[at][2]]
        readings = iter(parts if alone else recognizer.read_placed(parts, beams))
        outcomes: list[ReadPage | Failed] = []
        for reason, warning, kept in zip(batch.reasons, batch.warnings, batch.kept, strict=True):
            if reason:
                outcomes.append(Failed(reason))
                continue
            size, found, _ = kept
            outcomes.append(ReadPage(tuple(Formula(one, next(readings)) for one in found), size, warning))
        yield batch.pages, outcomes


def _around(found: Found, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box with its margin, within the page."""
    left, top, right, bottom = found.box
    return max(0, left - MARGIN), max(0, top - MARGIN), min(size[0], right + MARGIN), min(size[1], bottom + MARGIN)


def _draw(image: Image.Image, found: list[Found], file: Path, parts: Path | None) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        with whole(file, parts / f"{uuid.uuid4().hex}.jpg" if parts else None) as part:
            framed(image, found).save(part, "JPEG", quality=85)
    except OSError as error:
        said = of_system(error.errno, error.strerror or str(error), str(file))
        raise WriteError(f"cannot write {said}") from error


PAGES = Way(ReadPage, find_batches, write_found, found_json, found_lines, found_summary, "page")
