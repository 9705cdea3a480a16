"""The main job on the command line: pages of `-f`, `-d` or `--dir`, sorted. No flag asks for it.

python run.py -d pages/ -tn 3 --raw
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from settings.command import NO_MODEL, Job, ModelRequest, Typed
from settings.schema import Settings
from utils import UserError

WRITTEN = ("--write", "--in-place")


@dataclass(frozen=True, kw_only=True)
class Sorting(Job):
    """Sort files (`-f`), or directory (`-d`, `--dir`).

    output_given: whether `-o` was typed. write: formats of archives to write too, as `interchange.export.chosen` has
    them; in_place: into the document that names the pages, where they can.
    """

    flag = "sorting"
    work = "sorting.job:run_prediction"
    takes = WRITTEN
    resumes = True

    files: tuple[Path, ...] = ()
    directory: Path | None = None
    model: ModelRequest = NO_MODEL
    output_given: bool = False
    write: tuple[str, ...] = ()
    in_place: bool = False

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add `--write` and `--in-place`."""
        add = groups["output"].add_argument
        add(
            "--write",
            nargs="+",
            action="extend",
            metavar="FORMAT",
            help="formats of archives, beside the tables: mets page alto iiif csvw jsonl parquet premis paradata "
            "rocrate (docs/archives.md)",
        )
        add(
            "--in-place",
            "--in_place",
            action="store_true",
            dest="in-place",
            help="with --write: change the METS file, manifest or PAGE and ALTO files that -d names themselves; each "
            "is kept beside as .bak",
        )

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Sorting]:
        """As `Job` has it; also for `--hf` with pages, which sorts them once the model is there."""
        files, directory = typed.pages(settings)
        model = typed.model()
        settings = typed.fit(settings, model)
        output_given = typed.given("output.folder")
        write, in_place = formats(typed)
        if files:
            settings = settings.replaced("setup", workers=0)  # a few pages are read sooner than workers start
            if typed.given("resume") and not (output_given or write or settings.output.raw):
                raise UserError("--resume: -f alone writes no files, so there is nothing to go on with")
        return settings, cls(
            **typed.command(),
            files=files,
            directory=directory,
            model=model,
            output_given=output_given,
            write=write,
            in_place=in_place,
        )

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether a run was begun or taken up."""
        from output.runs import begun_since

        return begun_since(settings.output.folder, began)


def formats(typed: Typed) -> tuple[tuple[str, ...], bool]:
    """What `--write` and `--in-place` ask for. UserError where a format is unknown, or cannot be written here."""
    words, in_place = typed.value("write"), typed.given("in-place")
    if words is None:
        if in_place:
            raise UserError("--in-place says where --write writes: give that too (--write mets)")
        return (), False
    from interchange.export import chosen  # the light path needs none of it

    return chosen(words), in_place
