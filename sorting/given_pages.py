"""Which pages a command names, what is said of them, and what of a run that goes on.

source = named_source(settings, job)                  # a METS file, a manifest ...; None: plain pages
pages = wanted_pages(settings, job, source)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from output.console import say
from output.runs import HEAD, Run
from output.work import begun
from reading.listing import list_files, wanted_files
from reading.page_lists import list_hash, names_in, pages_of_list
from reading.pages import PageList, find_pages, no_folder, pages_of_files
from settings.given_paths import given_path
from sorting.command import Sorting
from sorting.record import input_of
from sorting.since import RECORD, carried_paths
from utils import UserError, printable

if TYPE_CHECKING:
    from interchange.source import Source
    from settings.schema import Settings


def named_source(settings: Settings, job: Sorting) -> Source | None:
    """The document that `-d` names, with its pages; None for plain pages.

    UserError where it cannot be read, or where flags are given that only a document has a use for.
    """
    source = None
    if job.directory is not None:
        from interchange.source import source_of  # what sorts single files needs none of it

        source = source_of(
            job.directory,
            file_group=job.file_group,
            images=job.images,
            look=not job.resume,
            tell=lambda line: say(line, settings.setup.quiet),
        )
    if source is not None and (job.files_from or job.since):
        flag = "--files-from" if job.files_from else "--since"
        raise UserError(f"{flag} is for plain pages; {printable(str(job.directory))} says itself which pages there are")
    if source is None and (job.file_group or job.images):
        flag = "--file-group" if job.file_group else "--images"
        raise UserError(f"{flag} is for pages that a document names (a METS file, a IIIF manifest): give that with -d")
    return source


def listed_names(settings: Settings, job: Sorting) -> list[str] | None:
    """What the list of `--files-from` names; None where no list is given.

    A run that goes on has its list already: standard input may then be empty, or the keyboard, which gives [].
    UserError where the list cannot be read, or names nothing.
    """
    if not job.files_from:
        return None
    if job.directory is not None and job.directory.is_file():
        raise UserError(
            f"--files-from: {printable(str(job.directory))} is a file; give the folder of the names with -d"
        )
    if job.directory is not None and not job.directory.is_dir():
        raise no_folder(job.directory)
    if job.files_from != "-":
        file = given_path(job.files_from, "--files-from")
        try:
            names = names_in(file.read_bytes())
        except OSError as error:
            why = error.strerror or str(error)
            raise UserError(f"--files-from {printable(str(file))} cannot be read: {printable(why.lower())}") from None
    else:
        if sys.stdin is None:
            raise UserError("--files-from -: there is no standard input here; give the list as a file")
        if sys.stdin.isatty() and job.resume:
            return []
        if sys.stdin.isatty():
            say("the list of files is read from the keyboard: end it with Ctrl-D (Windows: Ctrl-Z, Enter)")
        names = names_in(sys.stdin.buffer.read())
    if not names and not (job.resume and job.files_from == "-"):
        shown = "standard input" if job.files_from == "-" else printable(job.files_from)
        raise UserError(f"--files-from: {shown} names no file")
    return names


def known_by(settings: Settings, job: Sorting, names: Sequence[str] | None) -> dict[str, Any]:
    """What tells a run of a list, or one that goes on from another, from other work."""
    known: dict[str, Any] = {}
    if names is not None:
        known["list"] = list_hash(names) if names else _newest_list(settings)
    if job.since:
        known |= {"since": Path(job.since).name.removesuffix(RECORD), "joined": job.joined}
    return known


def _newest_list(settings: Settings) -> str:
    """The hash of the list of the newest unfinished run that has one; "" where there is none."""
    heads = reversed(begun(settings.output.folder / "runs", "*", HEAD))
    newest = next((head["identity"]["list"] for _, head in heads if "list" in head["identity"]), "")
    if newest:
        say("standard input names no file: going on with the list that the unfinished run has", settings.setup.quiet)
    return newest


def root_of(job: Sorting) -> Path:
    """The folder that PATH counts from."""
    if job.directory is None:
        return Path.cwd()
    return job.directory.parent if job.directory.is_file() else job.directory


def wanted_pages(
    settings: Settings, job: Sorting, source: Source | None, names: Sequence[str] | None = None
) -> PageList:
    """The pages of a command, said on the terminal. source, names: from `named_source` and `listed_names`.

    UserError where there is none.
    """
    quiet = settings.setup.quiet
    if source is not None:
        from interchange.source import page_list

        say_source(source, settings)
        return page_list(source)
    pages = _plain_pages(settings, job, names)
    say_pages(pages, quiet=quiet)
    if job.directory is not None and (job.directory / "bagit.txt").is_file():  # a bag of pages that no document names
        from interchange.bags import checked

        pages, notes = checked(pages, lambda line: say(line, quiet))
        for note in notes:
            say(note, quiet)
    return pages


def say_source(source: Source, settings: Settings) -> None:
    """Which document names the pages, and what was taken of it."""
    for note in source.notes:
        say(note, settings.setup.quiet)
    read = settings.input
    if read.formats or read.exclude:
        say(
            "note: -ff and --exclude are for folders: here the document says which pages there are",
            settings.setup.quiet,
        )


def _plain_pages(settings: Settings, job: Sorting, names: Sequence[str] | None) -> PageList:
    if job.files:
        pages = pages_of_files(job.files, formats=settings.input.formats)
        pages.root = Path.cwd()
        return pages
    if names is not None:
        return _listed_pages(settings, job, names)
    return find_pages(
        job.directory,
        **wanted_files(settings.input),
        skip=[settings.output.folder],
        on_progress=_now_and_then(settings.setup.quiet),
    )


def _listed_pages(settings: Settings, job: Sorting, names: Sequence[str]) -> PageList:
    read = settings.input
    pages, notes = pages_of_list(
        names,
        root_of(job),
        below=job.directory is not None,
        formats=read.formats,
        on_progress=_now_and_then(settings.setup.quiet),
    )
    for note in notes:
        say(note)
    if read.exclude:
        say("note: --exclude is for folders: here the list says which files there are", settings.setup.quiet)
    return pages


def _now_and_then(quiet: bool) -> Callable[[int], None]:
    seen_at = time.monotonic()

    def on_progress(files: int) -> None:
        nonlocal seen_at
        if not quiet and time.monotonic() - seen_at > 2:
            seen_at = time.monotonic()
            say(f"looking for pages: {files} files so far")

    return on_progress


def say_pages(pages: PageList, *, quiet: bool) -> None:
    """How many pages there are, and what was left out; with `quiet` only that."""
    files = len({page.path for page in pages.pages})
    if not quiet:
        say(f"{len(pages.pages)} pages in {files} files" if files != len(pages.pages) else f"{files} pages")
    for line in pages.passed.lines():
        say(line)


def say_resumed(
    run: Run, settings: Settings, files: Sequence[Path], directory: Path | None, *, listed: bool = False
) -> None:
    """What is said of a run that goes on; listed: of a list of files below `directory`.

    UserError where its folder holds none of its files any more.
    """
    total = len(run.pages.pages)
    line = f"resuming {run.name}: {min(total, run.done * settings.setup.batch_size)} of {total} pages were done"
    left_alone = ""
    named = any(page.id for page in run.pages.pages)  # by a document, whose contents are part of the run's identity
    if not named and (directory is None or directory.is_file()):
        given = input_of(files, directory)
        now = {printable(str((run.pages.root / page.path).resolve())) for page in run.pages.pages}
        if others := sorted(now.difference([given] if isinstance(given, str) else given)):
            raise UserError(
                f"links in the paths of run {run.name} lead elsewhere now ({others[0]}), and other pages would be "
                "scored: put them back, or leave --resume out"
            )
    if (named or (directory is not None and not directory.is_file())) and not run.pages.root.is_dir():
        raise no_folder(run.pages.root)
    if not named and not listed and directory is not None and not directory.is_file():
        known = {page.path for page in run.pages.pages} | carried_paths(run)
        files = list_files(run.pages.root, **wanted_files(settings.input), skip=[settings.output.folder]).files
        new = sum(path not in known for path in files)
        if new == len(files):  # as an empty mount point: every page left would fail, and the run would be over
            raise UserError(
                f"{printable(str(run.pages.root))} holds none of the {len(known)} files of the unfinished run "
                f"{run.name}: is the drive there? Nothing was changed"
            )
        left_alone = f"{new} files are new since then and are not in this run" if new else ""
    if not settings.setup.quiet:
        say(f"{line}; {left_alone}" if left_alone else line)
    elif left_alone:
        say(left_alone)
