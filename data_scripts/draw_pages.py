"""Draws labelled archive pages of all eleven categories: to train on, to practise on, as a pattern for your own.

    python data_scripts/fetch_fonts.py                               # once, with internet; without: plainer letters
    python data_scripts/draw_pages.py drawn --pages 1100 --seed 1
    python run.py --train -d drawn -m EfficientNet-Lite0 --towers image --name from_drawn

No page comes from an archive: paper, print, typing, handwriting, tables, drawings, photographs and the traces of the
scanner are drawn, from a seed. Pages of one document share paper, machine, hand and scanner. The package `drawing` does
the work, one process a core.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, alone_in, counted, default_workers, list_undone, start, whole_number, write_changed
from processes import WorkerDied, in_processes

from drawing import snapshots
from drawing.fonts import Fonts
from drawing.photographs import missing_note
from drawing.plan import CATEGORIES, Task, Tools, draw_document, plan
from output.progress import Progress
from reading.pages import Page
from settings.given_paths import given_path
from utils import UserError, did_you_mean, printable

RECORD = "drawn.json"
DESCRIPTION = """\
Draw labelled archive pages into OUTPUT/<CATEGORY>/, named <document>-<page>.jpg, as --train takes them: A4 at 150 dpi
and other sizes, all categories alike often. The same seed draws the same pages, with the same fonts and versions. A
start that was broken off goes on with the same command; more --pages of the same seed draw other documents."""
EXAMPLES = """\
examples:
  python data_scripts/draw_pages.py drawn --pages 1100 --seed 1
  python data_scripts/draw_pages.py drawn_photos --pages 200 --category PHOTO PHOTO_L
  python data_scripts/draw_pages.py drawn --pages 5000 --fonts C:/Windows/Fonts"""


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit code."""
    parser = Parser(DESCRIPTION, EXAMPLES)
    parser.add_argument(
        "output", type=given_path, metavar="OUTPUT", help="the folder to draw into; made if it is not there"
    )
    parser.add_argument(
        "--pages",
        type=whole_number(1, 999_999),
        default=110,
        metavar="N",
        help="how many pages in all (default %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, 999_999_999),
        default=1,
        metavar="S",
        help="another seed draws other documents (default %(default)s)",
    )
    parser.add_argument(
        "--category",
        nargs="+",
        default=list(CATEGORIES),
        metavar="C",
        help=f"only these of {', '.join(CATEGORIES)} (default: all)",
    )
    parser.add_argument(
        "--fonts",
        type=given_path,
        metavar="DIR",
        help="a folder of TTF or OTF files (default: what fetch_fonts.py has fetched, else what matplotlib brings)",
    )
    parser.add_argument(
        "--strokes",
        type=given_path,
        metavar="DIR",
        help="a folder of pen strokes in the UNIPEN format: some hands are then real ones",
    )
    parser.add_argument(
        "--height",
        type=whole_number(200, 4000),
        default=0,
        metavar="PX",
        help="reduce pages that are higher: smaller files, to try things on (default: full size)",
    )
    parser.add_argument(
        "--upright",
        action="store_true",
        help="no page lies on its side or upside down, as one in eighty does else: what make_turn.py learns from",
    )
    parser.add_argument(
        "--workers",
        type=whole_number(1, 64),
        default=default_workers(),
        metavar="N",
        help="processes (default: one a core, %(default)s here)",
    )
    typed = parser.read(arguments)
    for category in typed.category:
        if category not in CATEGORIES:
            raise UserError(
                f"--category {printable(category)}: no such category{did_you_mean(category, list(CATEGORIES))}; "
                f"there are {', '.join(CATEGORIES)}"
            )
    for flag, folder in (("--fonts", typed.fonts), ("--strokes", typed.strokes)):
        if folder is not None and not folder.is_dir():
            raise UserError(f"{flag} {printable(str(folder))}: no such folder")
    tools = Tools(typed.fonts, typed.strokes, typed.height, typed.upright)
    tasks = list(plan(typed.pages, typed.seed, typed.category))
    if typed.dry_run:
        print(f"{counted(typed.pages, 'page')} of {counted(len(tasks), 'document')} would be drawn into {typed.output}")
        return 0
    if typed.output.exists() and not typed.output.is_dir():
        raise UserError(f"{printable(str(typed.output))} is a file: name a folder to draw into")
    typed.output.mkdir(parents=True, exist_ok=True)
    with alone_in(typed.output, "it"):
        return draw_pages(tasks, tools, typed.output, typed.pages, typed.seed, typed.workers)


def draw_pages(tasks: list[Task], tools: Tools, output: Path, pages: int, seed: int, workers: int) -> int:
    """Draw all documents; a contact sheet beside the folder; the exit code."""
    if note := missing_note():
        print(note, file=sys.stderr)
    _same_drawing(output, _identity(tools, pages, seed, {label for task in tasks for _, label in task.pages}))
    for label in sorted({label for task in tasks for _, label in task.pages}):
        (output / label).mkdir(exist_ok=True)
        for stale in (output / label).glob(".*.part.jpg"):
            stale.unlink(missing_ok=True)
    undone = []
    work = functools.partial(_draw, tools=tools, output=output)
    with Progress(pages, "page", label="drawing") as progress:
        for task, answer in in_processes(work, tasks, workers):
            lost = isinstance(answer, WorkerDied)
            if lost:
                undone.append(f"document {task.number}: {answer}")
            progress.advance(len(task.pages), len(task.pages) if lost else 0)
    sheet = contact_sheet(output)
    print(f"{counted(pages, 'page')} of {counted(len(tasks), 'document')}: {output}; a look at some of them: {sheet}")
    return list_undone(undone, "not drawn")


def _draw(task: Task, tools: Tools, output: Path) -> int:
    return draw_document(task, tools, output)


def _identity(tools: Tools, pages: int, seed: int, categories: Collection[str]) -> dict[str, Any]:
    """What decides how the pages look: other fonts or photographs draw other pages from the same seed."""
    fonts = Fonts.find(tools.fonts)
    return {
        "pages": pages,
        "seed": seed,
        "categories": sorted(categories),
        "fonts": {field.name: len(getattr(fonts, field.name)) for field in fields(Fonts)},
        "photographs": len(snapshots.files(snapshots.default_folder())),
        "strokes": tools.strokes is not None,
        "height": tools.height,
        "upright": tools.upright,
    }


def _same_drawing(output: Path, wanted: dict[str, Any]) -> None:
    """UserError where the folder holds another drawing: two plans must not mix in one folder."""
    file = output / RECORD
    if not file.is_file():
        write_changed(file, json.dumps(wanted, indent=1).encode("utf-8"))
        return
    recorded = json.loads(file.read_text(encoding="utf-8"))
    other = [
        f"{name} {recorded.get(name)} there, {wanted[name]} now"
        for name in wanted
        if recorded.get(name) != wanted[name]
    ]
    if other:
        raise UserError(f"{printable(str(output))} holds another drawing ({'; '.join(other)}): name another folder")


def contact_sheet(output: Path, each: int = 5) -> Path:
    """Some pages of each category, in one PNG beside the folder (within it, it would be a page of no category)."""
    from output.contact_sheet import Tile, draw_sheet

    tiles = []
    for folder in sorted(path for path in output.iterdir() if path.is_dir()):
        files = sorted(folder.glob("*.jpg"))
        for file in files[:: max(1, len(files) // each)][:each]:
            page = Page(file.relative_to(output).as_posix(), file.stem, 1, None)
            tiles.append(Tile(page, [folder.name, file.stem]))
    file = output.with_name(f"{output.name}_contact_sheet.png")
    return draw_sheet(tiles, output, file, title=f"{output.name}: drawn pages", max_pixels=100_000_000)


if __name__ == "__main__":
    start(main)
