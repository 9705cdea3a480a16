"""The main job on the command line: pages of `-f`, `-d` or `--dir`, sorted. No flag asks for it.

python run.py -d pages/ -tn 3 --raw
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.command import Place, place_of, shard_of
from settings.command import NO_MODEL, Job, ModelRequest, Typed
from settings.schema import Settings
from utils import UserError, printable

WRITTEN = ("--write", "--in-place")
NAMED = ("--file-group", "--images")  # of documents that name pages
LISTED = ("--files-from", "--since", "--joined")
SHARDS = ("--cluster", "--shard", "--merge")
OWN = (*WRITTEN, *NAMED, *LISTED, *SHARDS, "--report")


@dataclass(frozen=True, kw_only=True)
class Sorting(Job):
    """Sort files (`-f`), or directory (`-d`, `--dir`).

    files_from: a list of files, "-" = standard input, "" = none; its names count from `directory`, where that is given.
    since: the earlier run, or the path of its record; joined: with the rows of that run in the tables too.
    output_given: whether `-o` was typed. write: formats of archives to write too, as `interchange.export.chosen` has
    them; in_place: into the document that names the pages, where they can. place: who does the run's shards, None =
    this process does all. shard: only this one, of how many. merge: only join those that are done.
    """

    flag = "sorting"
    work = "sorting.job:run_prediction"
    takes = OWN
    resumes = True

    files: tuple[Path, ...] = ()
    directory: Path | None = None
    files_from: str = ""
    since: str = ""
    joined: bool = False
    model: ModelRequest = NO_MODEL
    output_given: bool = False
    write: tuple[str, ...] = ()
    in_place: bool = False
    report: bool = False
    file_group: str = ""
    images: Path | None = None
    place: Place | None = None
    shard: tuple[int, int] | None = None
    merge: bool = False

    @property
    def shares(self) -> bool:
        """Whether others who give the same command work at the same run."""
        return self.shard is not None or (self.place is not None and self.place.kind == "join")

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add the flags of lists, earlier runs and documents, and those of what is written beside the tables."""
        add = groups["input"].add_argument
        add(
            "--files-from",
            "--files_from",
            dest="files-from",
            metavar="LIST",
            help="the files that a text file names, one a line or with NULs between (find -print0); - is standard "
            "input; with -d DIR names and PATH count from there",
        )
        add(
            "--since",
            metavar="RUN",
            help="only what an earlier finished run of the same model and settings has not seen, or what has changed "
            "since: its name, or its ..._run.json",
        )
        add(
            "--file-group",
            "--file_group",
            dest="file-group",
            metavar="USE",
            help="of a METS file or workspace (-d mets.xml): the file group whose pictures are sorted; by default the "
            "one nearest to the scans",
        )
        add(
            "--images",
            metavar="DIR",
            help="where the pictures lie that a document (METS, IIIF, PAGE, ALTO) names, if not beside it: found by "
            "path or name (docs/archives.md)",
        )
        add = groups["output"].add_argument
        add(
            "--joined",
            action="store_true",
            help="with --since: tables of all pages, the earlier run's outcomes for those that are unchanged",
        )
        add(
            "--report",
            action="store_true",
            help="also a folder to look at and to send, report/NAME/index.html: counts, examples, the most doubtful, "
            "failures, documents",
        )
        add(
            "--write",
            nargs="+",
            action="extend",
            metavar="FORMAT",
            help="formats of archives, beside the tables: mets page alto iiif csvw jsonl parquet premis paradata "
            "rocrate iiif-ranges (docs/archives.md)",
        )
        add(
            "--in-place",
            "--in_place",
            action="store_true",
            dest="in-place",
            help="with --write: change the METS file, manifest or PAGE and ALTO files that -d names themselves; each "
            "is kept beside as .bak",
        )
        add = groups["cluster"].add_argument
        add(
            "--cluster",
            metavar="WHERE",
            help="sort in shards: local:4 (processes of this machine), slurm:8 (a job array), ray (a Ray cluster) or "
            "join (all who give this command share the work); the tables are those of one process",
        )
        add(
            "--shard",
            metavar="K/N",
            help="do one shard by hand, the Kth of N; the first one given cuts the run, and --merge joins them",
        )
        add("--merge", action="store_true", help="join the shards of a run that are all done, and write its tables")

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Sorting]:
        """As `Job` has it; also for `--hf` with pages, which sorts them once the model is there."""
        files_from = typed.text("files-from", "--files-from")
        if files_from and typed.values.file:
            raise UserError("-f and --files-from both name files: give one of them")
        files, directory = ((), typed.folder_of_pages(settings, needed=False)) if files_from else typed.pages(settings)
        since, joined = typed.text("since", "--since"), typed.given("joined")
        if since and files:
            raise UserError("--since is for what grows: a folder (-d, --dir) or a list (--files-from), not for -f")
        if joined and not since:
            raise UserError("--joined joins tables with those of an earlier run: name that with --since RUN")
        model = typed.model()
        settings = typed.fit(settings, model)
        output_given = typed.given("output.folder")
        write, in_place = formats(typed)
        report = typed.given("report")
        place, shard, merge = shards(typed)
        if files and (place or shard or merge):
            raise UserError("--cluster, --shard and --merge are for a folder: name it with -d")
        if files:
            settings = settings.replaced("setup", workers=0)  # a few pages are read sooner than workers start
            if typed.given("resume") and not (output_given or write or report or settings.output.raw):
                raise UserError("--resume: -f alone writes no files, so there is nothing to go on with")
        return settings, cls(
            **{**typed.command(), "resume": typed.given("resume") or merge},
            files=files,
            directory=directory,
            files_from=files_from,
            since=since,
            joined=joined,
            model=model,
            output_given=output_given,
            write=write,
            in_place=in_place,
            report=report,
            file_group=typed.text("file-group", "--file-group"),
            images=_images(typed),
            place=place,
            shard=shard,
            merge=merge,
        )

    def continue_command(self) -> str:
        """As `Job` has it; runs that many work at go on by themselves."""
        return self.command() if self.shares or self.merge else super().continue_command()

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether a run was begun or taken up."""
        from output.runs import begun_since

        return begun_since(settings.output.folder, began)


def _images(typed: Typed) -> Path | None:
    images = typed.path("images", "--images")
    if images is not None and not images.is_dir():
        raise UserError(f"--images {printable(str(images))} is no folder: give the one that holds the pictures")
    return images


def shards(typed: Typed) -> tuple[Place | None, tuple[int, int] | None, bool]:
    """What `--cluster`, `--shard` and `--merge` ask for. UserError where they do not go together."""
    given = [flag for flag in SHARDS if typed.given(flag.lstrip("-"))]
    if len(given) > 1:
        raise UserError(f"{' and '.join(given)} are different things: give one of them")
    place = place_of(typed.text("cluster", "--cluster")) if "--cluster" in given else None
    shard = shard_of(typed.text("shard", "--shard")) if "--shard" in given else None
    if typed.given("resume") and (shard is not None or (place is not None and place.kind == "join")):
        raise UserError(f"{given[0]} goes on with the run that was begun by itself: leave --resume out")
    return place, shard, "--merge" in given


def formats(typed: Typed) -> tuple[tuple[str, ...], bool]:
    """What `--write` and `--in-place` ask for. UserError where a format is unknown, or cannot be written here."""
    words, in_place = typed.value("write"), typed.given("in-place")
    if words is None:
        if in_place:
            raise UserError("--in-place says where --write writes: give that too (--write mets)")
        return (), False
    from interchange.export import chosen  # the light path needs none of it

    return chosen(words), in_place
