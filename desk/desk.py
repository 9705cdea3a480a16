"""What all rooms of the desk are given: settings, the command, and which run lies on the desk.

desk = open_desk(settings, job)          # a Desk
desk.run, desk.table, desk.pages         # "20261121-101500_ViT-B16", its table, the folder that PATHs count from
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desk.command import OpenDesk
from output.files import json_if_whole
from output.tables import safe_name
from settings.schema import Settings
from utils import UserError, printable

if TYPE_CHECKING:
    from desk.sorter import Sorter

# Names of tables that people look through -> the run (or the command) that they are of. Excel may have had one open.
TABLES = (
    re.compile(r"result_(?P<run>.+)_[0-9]+n_[0-9]+c(-[0-9]+)?\.csv", re.DOTALL),
    re.compile(r"(?P<run>.+)_RAW(-[0-9]+)?\.csv", re.DOTALL),
    re.compile(r"best_(?P<run>.+)\.csv", re.DOTALL),
)
REVIEW = "review"  # the folder in the output folder that keeps what people decided


@dataclass
class Next:
    """What lies on the desk next: its table, None = the desk ends. stop: what ends the rooms of now."""

    table: Path | None = None
    stop: Callable[[], None] = lambda: None

    def open(self, table: Path) -> None:
        """Clear the desk, and open it with another table."""
        self.table = table
        self.stop()


@dataclass(frozen=True)
class Desk:
    """A desk that is being opened.

    output: the output folder. run: the name of the run that is looked through, of its table where that is of no run,
    "" where there is none. table: its table, None = there is none. pages: the folder that its PATHs count from. record:
    its run record, {} where there is none. lacking: why there is nothing to look through, "" where there is.
    next: what is laid on it after this.
    """

    settings: Settings
    job: OpenDesk
    run: str = ""
    table: Path | None = None
    pages: Path | None = None
    record: dict[str, Any] = field(default_factory=dict)
    lacking: str = ""
    next: Next = field(default_factory=Next)

    @cached_property
    def sorter(self) -> Sorter:
        """What sorts pages that are handed in, loaded at the first call. UserError where there is no model for it."""
        from desk.sorter import open_sorter

        return open_sorter(self.settings)

    @property
    def output(self) -> Path:
        """The output folder."""
        return self.settings.output.folder

    @property
    def review(self) -> Path:
        """Where decisions on this run lie: beside it, `<its output folder>/review/<run>`; those on a table that lies
        beside no run, in the output folder, by its name and where it lies: another one may be called alike.
        """
        tables = (self.table or Path()).absolute().parent
        here = tables.resolve()
        if tables.name == "tables" and (self.record or here == (self.output / "tables").resolve()):
            return tables.parent / REVIEW / safe_name(self.run)
        digest = hashlib.sha256(os.fsencode(here / self.run)).hexdigest()[:8]
        return self.output / REVIEW / f"{safe_name(self.run)}-{digest}"


def open_desk(settings: Settings, job: OpenDesk) -> Desk:
    """What lies on the desk. UserError where the table that was named cannot be looked through."""
    table = job.table or newest_table(settings.output.folder / "tables")
    if table is None:
        where = printable(str(settings.output.folder / "tables"))
        return Desk(settings, job, lacking=f"nothing was sorted yet: no result table in {where}")
    run = run_of(table)
    record = json_if_whole(table.parent / f"{run}_run.json")
    told = record.get("input")
    pages = job.pages or (Path(told) if isinstance(told, str) and told else None)
    desk = Desk(settings, job, run, table, pages, record)
    if pages is not None and pages.is_dir():
        return desk
    where = "is not told" if pages is None else f"was {printable(str(pages))}, which is not there"
    lacking = f"where the pages of {printable(table.name)} lie {where}: name their folder with --pages"
    if job.table is not None and job.export is None:
        raise UserError(lacking)
    return Desk(settings, job, run, table, None, record, lacking)


def newest_table(tables: Path) -> Path | None:
    """The result table of the newest run in a folder; None where there is none."""
    names = TABLES[0]
    found = [file for file in tables.glob("result_*.csv") if names.fullmatch(file.name) and file.is_file()]
    return max(found, key=lambda file: (run_of(file), file.stat().st_mtime_ns), default=None)


def run_of(table: Path) -> str:
    """The name of the run that a table is of; that of the table itself where it is of none.

    >>> run_of(Path("result_20261121-101500_ViT-B16_3n_11c.csv")), run_of(Path("suggest_ViT-B16_20261121-101500.csv"))
    ('20261121-101500_ViT-B16', 'suggest_ViT-B16_20261121-101500')
    """
    for names in TABLES:
        if found := names.fullmatch(table.name):
            return found["run"]
    return table.stem
