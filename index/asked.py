"""What a command that brings an index up to date is asked, whatever makes its vectors.

    class Indexing(UpdateJob): ...                  # explore/command.py, writers/command.py

Imported for help too: nothing here loads LanceDB.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.command import Place, add_cluster, place_of_one
from settings.command import Typed
from settings.given_paths import given_path
from settings.words import WordJob


@dataclass(frozen=True, kw_only=True)
class UpdateJob(WordJob):
    """Bring the index up to date with pages (folders).

    forget (folders, places), forget_gone (whatever is gone), rescan. place: where pages are embedded in shards, None =
    in this process (or in one beside it, where a kill has left shards).
    """

    name = "index"

    index: Path
    pages: tuple[Path, ...] = ()
    forget: tuple[Path, ...] = ()
    forget_gone: bool = False
    rescan: bool = False
    place: Place | None = None

    @classmethod
    def add_update_flags(cls, group: argparse._ActionsContainer) -> None:
        """Add the flags of these fields, but for the folders."""
        group.add_argument(
            "--forget", nargs="*", action="extend", metavar="FOLDER",
            help="take folders out of the index; of a sub-folder, or with no name at all: only pages that are not "
            "there any more, which else are kept where a whole folder is empty. No file is touched",
        )  # fmt: skip
        group.add_argument(
            "--rescan", action="store_true",
            help="compare the content of all files, also of those whose size and time are as they were",
        )  # fmt: skip
        add_cluster(group.add_argument, "embed pages in shards, for the rows that one process writes")

    @classmethod
    def updates(cls, typed: Typed) -> dict[str, Any]:
        """These fields but for the index, as typed."""
        return {
            "pages": tuple(given_path(page, "PAGES") for page in typed.value("pages")),
            "forget": tuple(given_path(folder, "--forget") for folder in typed.value("forget") or ()),
            "forget_gone": typed.value("forget") == [],
            "rescan": typed.value("rescan"),
            "place": place_of_one(typed.text("cluster", "--cluster")) if typed.given("cluster") else None,
        }

    def to_continue(self, settings: object, began: float) -> str:
        """The same command: what was embedded is taken up without a flag."""
        return self.command()
