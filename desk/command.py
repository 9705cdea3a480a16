"""`desk`: what it is asked, and its parser. The work is that of desk/serving.py.

    python run.py desk
    python run.py desk result/tables/result_20261121-101500_ViT-B16_3n_11c.csv --pages scans/
    python run.py desk TABLE --export corrected.csv

Nothing here loads FastAPI, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from formulas.serve_command import HOST, PORT, add_address, address_of
from settings.command import Typed
from settings.flags import PROGRAM
from settings.given_paths import given_path
from settings.schema import Settings
from settings.words import WordJob, parse_command
from utils import UserError, printable


@dataclass(frozen=True, kw_only=True)
class OpenDesk(WordJob):
    """Open the desk. table: what is to be reviewed, None = that of the newest run; pages: the folder that its PATHs
    count from, None = as the run record says. host, port: where it listens; browser: open one. export: write what
    people decided into this file, and end; None = open the desk.
    """

    flag = "desk"
    name = ""
    about = "look, correct and ask, in the browser"
    description = (
        "Opens the desk in the browser of this machine: look through what was sorted, the doubtful pages first, and "
        "correct it; hand in pages; search the collection; start runs. Nothing leaves this machine, and no page is "
        "ever changed. Without TABLE it shows the newest run in the output folder. Another address than 127.0.0.1 asks "
        "for a token, which the printed link holds. Ctrl-C ends it."
    )
    examples = f"""examples:
  {PROGRAM} desk                                         the newest run
  {PROGRAM} desk result/tables/result_....csv            this one; a RAW, wrong_labels or suggest table too
  {PROGRAM} desk TABLE --pages scans/                    the pages have moved since
  {PROGRAM} desk --host 0.0.0.0 --no-browser             for other machines too: who has the link may ask
  {PROGRAM} desk TABLE --export corrected.csv            what people decided, for annotate.py, sort.py and --train
"""
    shared = ("-o", "--model_dir", "--engine", "--device", "--workers", "--max_pixels", "--memory", "--quiet")
    work = "desk.serving:run_desk"
    needs = ("fastapi", "uvicorn", "python_multipart")
    requirements = "requirements-desk.txt"

    table: Path | None = None
    pages: Path | None = None
    host: str = HOST
    port: int = PORT
    browser: bool = True
    export: Path | None = None

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add = groups["desk"].add_argument
        add("table", nargs="?", metavar="TABLE", help="a result table (default: that of the newest run)")
        add("--pages", metavar="DIR", help="where its pages lie (default: as the run record says)")
        add_address(groups["desk"])
        add("--no-browser", "--no_browser", action="store_true", help="only print the link")
        add("--export", metavar="FILE", help="write what people decided (FILE, PAGE, CLASS, CORRECT, PATH), and end")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, OpenDesk]:
        """As `Job` has it."""
        table = given_path(typed.value("table"), "TABLE") if typed.value("table") is not None else None
        pages, export = typed.path("pages", "--pages"), typed.path("export", "--export")
        if table is not None and not table.is_file():
            what = "is a folder: give one of its tables" if table.is_dir() else "there is no such file"
            raise UserError(f"TABLE {printable(str(table))}: {what}, result/tables/result_....csv for instance")
        if pages is not None and not pages.is_dir():
            raise UserError(f"--pages {printable(str(pages))}: no such folder")
        if export is not None and export.is_dir():
            raise UserError(
                f"--export {printable(str(export))} is a folder: name the table, corrected.csv for instance"
            )
        browser = not typed.given("no_browser")
        job = cls(**typed.command(), **address_of(typed), table=table, pages=pages, browser=browser, export=export)
        return settings, job

    @classmethod
    def hint(cls, word: str) -> str:
        """As `WordJob` has it."""
        return f": one table at a time; pages that lie elsewhere: {PROGRAM} desk TABLE --pages {printable(word)}"


COMMANDS: dict[str, type[OpenDesk]] = {OpenDesk.name: OpenDesk}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The typed flags of `desk ...` (without that word), and the job that is asked for: `.job`.

    UserError for an unknown flag or word; SystemExit for help, as argparse does it.
    """
    return parse_command(OpenDesk, arguments)
