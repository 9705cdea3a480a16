"""What a run found, in the formats of archives: which there are, what each needs, and all that it is told.

    keywords = chosen(["mets", "page"])                     # of --write; UserError for one that is none
    check(keywords, source, in_place=False)                 # before any page is read
    written = write_all(sorted_run(run, record, categories, 3, tables), keywords, output)

A run's files lie in `<output>/interchange/<name of the run>/`. Each format is a file of this room, imported when it is
asked for: a function that takes a `SortedRun` and that folder, and gives the files (or folders of files) that it wrote.
The same run written again gives the same bytes: times come from its record.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from output.failures import WriteError, of_system
from output.outcome import Failed, Outcome
from output.runs import Run
from output.tables import FileNames, check_writable
from reading.pages import Page
from settings.command import check_packages
from utils import UserError, did_you_mean, printable

if TYPE_CHECKING:
    from interchange.source import Source

REQUIREMENTS = "requirements-interchange.txt"


@dataclass(frozen=True)
class SortedPage:
    """A page and what became of it.

    id: of the document that names the page, "" where it was found in a plain folder. label: what the document calls
    it. file, number, path: FILE, PAGE, PATH ("/" between folders, counted from the run's root). scores: the best
    categories with their scores, best first; () where the page failed, and then `reason` says why. warning: what a
    decoder complained about. name: what files about this page are called (without an ending): safe on every system,
    and no other page's. frame: where it lies in a TIFF of several pages or a PDF, from 0.
    """

    id: str
    label: str
    file: str
    number: int
    path: str
    scores: tuple[tuple[str, float], ...]
    reason: str
    warning: str
    name: str = ""
    frame: int | None = None


@dataclass(frozen=True)
class SortedRun:
    """A run that is done.

    Attributes:
        name: of the run, `<date-time>_<base>`.
        record: the run record as it stands at the end.
        root: the folder that paths count from.
        source: the document that names the pages; None = a plain folder, or single files.
        tables: result, RAW and errors table, folder of the documents: those that were written.
        stream: what `pages` gives.
        in_place: whether the source itself is to be changed, where a format can.
        written: keyword -> what was written before, in the order of `EXPORTERS`.
    """

    name: str
    record: dict[str, Any]
    root: Path
    source: Source | None
    tables: tuple[Path, ...]
    stream: Callable[[], Iterator[SortedPage]]
    in_place: bool = False
    written: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)

    def pages(self) -> Iterator[SortedPage]:
        """Its pages in their order, afresh each time, not held in memory."""
        return self.stream()


@dataclass(frozen=True)
class Exporter:
    """A format.

    title: what it is called. work: "module:function" that writes it. needs: packages, as they are imported. sources:
    kinds of source (`Source.kind`) that it can be written for, () = any, and plain folders too. in_place: kinds of
    source that it can change themselves.
    """

    title: str
    work: str
    needs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()


IIIF = ("iiif3", "iiif2")
# In the order in which they are written: METS lists the PAGE and ALTO files, a crate all files.
EXPORTERS: dict[str, Exporter] = {
    "page": Exporter("PAGE-XML", "interchange.page_writing:write", ("lxml",), in_place=("page",)),
    "alto": Exporter("ALTO", "interchange.alto_writing:write", ("lxml",), in_place=("alto",)),
    "mets": Exporter(
        "METS", "interchange.mets_writing:write", ("lxml",), sources=("mets", "mets2"), in_place=("mets", "mets2")
    ),
    "iiif": Exporter("IIIF", "interchange.iiif_writing:write", sources=IIIF, in_place=IIIF),
    "iiif-ranges": Exporter("IIIF", "interchange.iiif_writing:write_with_ranges", sources=IIIF, in_place=IIIF),
    "csvw": Exporter("CSV on the Web", "interchange.csvw:write"),
    "jsonl": Exporter("JSON Lines", "interchange.json_lines:write"),
    "parquet": Exporter("Parquet", "interchange.parquet:write", needs=("pyarrow",)),
    "premis": Exporter("PREMIS", "interchange.premis:write"),
    "paradata": Exporter("paradata", "interchange.paradata:write"),
    "rocrate": Exporter("RO-Crate", "interchange.ro_crate:write"),
}
SAID = {
    "mets": "METS",
    "mets2": "METS",
    "iiif2": "a IIIF manifest",
    "iiif3": "a IIIF manifest",
    "page": "PAGE-XML",
    "alto": "ALTO",
}


def chosen(keywords: Sequence[str]) -> tuple[str, ...]:
    """Keywords of `--write`, each once, in the order in which they are written.

    UserError for one that is unknown, or whose package is not installed.
    """
    for keyword in keywords:
        if keyword not in EXPORTERS:
            raise UserError(
                f"--write {printable(keyword)}: valid are {', '.join(EXPORTERS)}{did_you_mean(keyword, EXPORTERS)}"
            )
        check_packages(f"--write {keyword}", EXPORTERS[keyword].needs, REQUIREMENTS)
    return tuple(keyword for keyword in EXPORTERS if keyword in keywords)


def check(keywords: Sequence[str], source: Source | None, *, in_place: bool) -> None:
    """UserError where a format cannot be written for pages of this source, or nothing could be changed in place."""
    kind = source.kind if source else ""
    given = f"these come from {SAID[kind]}" if source else "these come from plain files"
    for keyword in keywords:
        wanted = EXPORTERS[keyword].sources
        if wanted and kind not in wanted:
            fitting = [word for word, exporter in EXPORTERS.items() if not exporter.sources or kind in exporter.sources]
            raise UserError(
                f"--write {keyword} is for pages that {_said(wanted)} names, and {given}: give that with -d, or "
                f"write {', '.join(fitting)}"
            )
    if in_place and not any(kind in EXPORTERS[keyword].in_place for keyword in keywords):
        able = {word: _said(exporter.in_place) for word, exporter in EXPORTERS.items() if exporter.in_place}
        shown = ", ".join(f"{word} changes {said}" for word, said in able.items())
        raise UserError(f"--in-place: nothing can be changed in place, {given} ({shown}): leave it out")
    if in_place:
        _check_place(source.file)
        if all(page.reason for page in source.pages):  # what an earlier run found would be taken out, for nothing
            raise UserError(
                f"--in-place: none of the pages of {printable(str(source.file))} can be read "
                f"({printable(source.pages[0].id)}: {source.pages[0].reason}), so nothing is changed: "
                "--images DIR names the folder where the pictures lie"
            )


def _check_place(document: Path) -> None:
    """UserError where a document may not, or cannot, be changed in place."""
    shown = printable(str(document))
    if bag := _bag_around(document):
        raise UserError(
            f"--in-place: the pages lie in the bag {printable(str(bag))}, whose checksums would be wrong then: leave "
            "it out, put what is written into a copy, and make a bag of that"
        )
    if document.is_symlink():
        raise UserError(f"--in-place: {shown} is a link: give what it leads to ({printable(str(document.resolve()))})")
    check_writable(document if document.is_dir() else document.parent, "leave --in-place out")
    for file in document.glob("*.xml") if document.is_dir() else [document]:
        if not os.access(file, os.W_OK):
            raise UserError(
                f"--in-place: {printable(str(file))} is write-protected: lift that, or leave --in-place out"
            )


def _bag_around(file: Path) -> Path | None:
    """The bag (BagIt) that a file or folder is in."""
    file = file.resolve()
    return next((above for above in (file, *file.parents) if (above / "bagit.txt").is_file()), None)


def _said(kinds: Sequence[str]) -> str:
    return " or ".join(dict.fromkeys(SAID[kind] for kind in kinds))


def sorted_run(
    run: Run,
    record: dict[str, Any],
    categories: Sequence[str],
    top_n: int,
    tables: Sequence[Path],
    *,
    source: Source | None = None,
    in_place: bool = False,
) -> SortedRun:
    """A run whose pages are all done, its journal still there. record: as `Run.finish` is given it."""
    labels = {page.id: page.label for page in source.pages if page.label} if source else {}

    def stream() -> Iterator[SortedPage]:
        names = FileNames()
        for page, outcome in zip(run.pages.pages, run.outcomes(), strict=True):
            yield _sorted_page(page, outcome, categories, top_n, labels, names)

    return SortedRun(run.name, run.final(record), run.pages.root, source, tuple(tables), stream, in_place)


def _sorted_page(
    page: Page, outcome: Outcome, categories: Sequence[str], top_n: int, labels: Mapping[str, str], names: FileNames
) -> SortedPage:
    identity = getattr(page, "id", "")
    stem = page.path.rpartition("/")[2].rpartition(".")[0] if page.frame is None else f"{page.file}-{page.number}"
    name = names.new(identity or stem or page.path)
    scores: tuple[tuple[str, float], ...] = ()
    reason = warning = ""
    if isinstance(outcome, Failed):
        reason = printable(" ".join(outcome.reason.split()))
    else:
        scores = best(outcome.scores, categories, top_n)
        warning = printable(outcome.warning)
    label = labels.get(identity, "")
    return SortedPage(identity, label, page.file, page.number, page.path, scores, reason, warning, name, page.frame)


def best(scores: Sequence[float], categories: Sequence[str], top_n: int) -> tuple[tuple[str, float], ...]:
    """The best categories with their scores, best first.

    >>> best([0.25, 0.75], ["PHOTO", "TEXT"], 1)
    (('TEXT', 0.75),)
    """
    ranked = sorted(range(len(scores)), key=lambda index: -scores[index])[:top_n]
    return tuple((categories[index], scores[index]) for index in ranked)


def write_all(run: SortedRun, keywords: Sequence[str], output: Path) -> dict[str, list[Path]]:
    """Write these formats, as `chosen` has them; keyword -> the files, and folders of files, that were written.

    UserError where one cannot be written.
    """
    folder = output / "interchange" / run.name
    written: dict[str, list[Path]] = {}
    for keyword in keywords:
        module, function = EXPORTERS[keyword].work.split(":")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files = getattr(importlib.import_module(module), function)(run, folder)
        except WriteError:
            raise
        except UserError as error:  # the run is not over: run.py says how it goes on
            raise WriteError(f"--write {keyword}: {error}") from error
        except OSError as error:
            said = of_system(error.errno, error.strerror or str(error), str(error.filename or folder))
            raise WriteError(f"--write {keyword}: cannot write {said}") from error
        written[keyword] = files
        run = replace(run, written={**run.written, keyword: tuple(files)})
    return written


def recorded(written: Mapping[str, Sequence[Path]], output: Path) -> dict[str, list[str]]:
    """What the run record says of `write_all`: paths from the output folder, "/" between folders, else whole."""
    return {
        keyword: [
            printable(file.relative_to(output).as_posix() if file.is_relative_to(output) else str(file))
            for file in files
        ]
        for keyword, files in written.items()
    }
