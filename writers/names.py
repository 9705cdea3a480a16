"""Who wrote a page, by its file's name: a pattern with the groups `writer` and `page`, or a known data set's name.

    pattern = read_pattern("(?P<writer>w[0-9]+)-(?P<page>[0-9]+)")    # or read_pattern("hisfrag20")
    named = name_pages(pages, pattern)                            # pages: list[Page]
    named.writers[0], named.sources[0], named.unnamed

The pattern is searched in the file's name without its extension; one that holds a slash, in the path below the folder.
A page that it does not fit is never dropped: it stands in `unnamed`, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reading.pages import Page
from utils import UserError, did_you_mean, listed, printable

EXAMPLE = r"(?P<writer>w\w+)-(?P<page>\d+)"
# How the published data sets name their files. HisFrag20 names the fragment, too; the files of HisIR19 bear numbers
# alone, and are to be renamed by its table of writers first (docs/writers_published.md).
KNOWN = {
    "hisfrag20": r"^(?P<writer>\d+)_(?P<page>\d+)_\d+$",
    "historical-wi": r"^(?P<writer>\d+)-IMG_MAX_(?P<page>\d+)$",
    "hisir19": r"^(?P<writer>\d+)_(?P<page>\w+)$",
    "cvl": r"^(?P<writer>\d{4})-(?P<page>\d)(?:-cropped)?$",
    "icdar2013": r"^(?P<writer>\d+)_(?P<page>\d+)$",
}
_USUAL = (  # what is proposed where a pattern fits no page, the first that fits the most
    *KNOWN.values(),
    r"^(?P<writer>[^-_ ]+)[-_ ]+(?P<page>[^-_ ]+)$",
    r"^(?P<writer>.+)[-_ ](?P<page>[^-_ ]+)$",
    r"(?P<writer>[^/]+)/(?P<page>[^/]+)$",
)
SHOWN = 5  # lines of pages that have no writer


@dataclass(frozen=True)
class Name:
    """What a file's name says: writer, and page (of that writer; several images may be of one page)."""

    writer: str
    page: str


@dataclass
class Named:
    """Pages with their writers. sources: (writer, page) in one text: images of one source are of the same page.

    unnamed: pages whose name does not tell, each with the reason.
    """

    pages: list[Page] = field(default_factory=list)
    writers: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    unnamed: list[tuple[Page, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """What the user is told of the pages without a writer: a few by name, and how many there are."""
        lines = [f"no writer for {printable(page.path)}: {reason}" for page, reason in self.unnamed[:SHOWN]]
        if len(self.unnamed) > SHOWN:
            lines.append(f"no writer for {len(self.unnamed)} pages in all; the table names every one")
        return lines


def read_pattern(given: str, flag: str = "--pattern") -> re.Pattern[str]:
    """The pattern that was typed. UserError where it is none, or does not say who wrote."""
    text = KNOWN.get(given.lower(), given)
    example = f'for example {flag} "{EXAMPLE}", or a data set: {", ".join(KNOWN)}'
    for group in ("writer", "page"):
        if text.count(f"(?P<{group}>") > 1:
            raise UserError(
                f'{flag} {printable(given)}: names the group "{group}" twice, but a page has one {group}; {example}'
            )
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        at = f" (letter {error.pos + 1})" if isinstance(error, re.error) and error.pos is not None else ""
        raise UserError(f"{flag} {printable(given)}: no regular expression: {error}{at}; {example}") from None
    if "writer" not in pattern.groupindex:
        hint = did_you_mean(given, KNOWN) if re.fullmatch(r"[\w-]+", given) else ""
        raise UserError(f"{flag} {printable(given)}: has no group (?P<writer>...){hint}; {example}")
    if "page" not in pattern.groupindex:
        raise UserError(f"{flag} {printable(given)}: has no group (?P<page>...); {example}")
    return pattern


def read_name(pattern: re.Pattern[str], path: str) -> Name | str:
    """What the name of a page's file says; or, where it does not tell, why, as one line.

    path: below the folder of the pages, "/" between folders.

    >>> read_name(re.compile(EXAMPLE), "box 1/w001-2.png")
    Name(writer='w001', page='2')
    >>> read_name(re.compile(EXAMPLE), "w001-1_w002-3.png")
    'its name fits twice, with two writers (w001 and w002): let the pattern begin with ^'
    """
    stem = path.rpartition(".")[0] if "." in path.rpartition("/")[2].lstrip(".") else path
    if "/" not in pattern.pattern:
        stem = stem.rpartition("/")[2]
    found: list[Name] = []
    for match in pattern.finditer(stem):
        writer, page = match["writer"], match["page"]
        if not writer or not page:
            missing = "writer" if not writer else "page"
            return f"the pattern fits its name, but the group {missing} is empty"
        found.append(Name(writer, page))
    if not found:
        return "the pattern does not fit its name"
    writers = list(dict.fromkeys(name.writer for name in found))
    if len(writers) > 1:
        both = " and ".join(printable(writer) for writer in writers[:2])
        return f"its name fits twice, with two writers ({both}): let the pattern begin with ^"
    return found[0]


def name_pages(pages: Sequence[Page], pattern: re.Pattern[str]) -> Named:
    """The writers of pages. UserError where the pattern fits none of them; it shows names, and a pattern that would."""
    named = Named()
    for page in pages:
        name = read_name(pattern, page.path)
        if isinstance(name, str):
            named.unnamed.append((page, name))
            continue
        frame = "" if page.frame is None else f"\0{page.frame}"  # a page of a file of several is a page of its own
        named.pages.append(page)
        named.writers.append(name.writer)
        named.sources.append(f"{name.writer}\0{name.page}{frame}")
    if not named.pages:
        raise UserError(_nothing_fits([page.path for page in pages], pattern))
    return named


def _nothing_fits(paths: Sequence[str], pattern: re.Pattern[str]) -> str:
    """Why no page has a writer, with the usual pattern that fits the most of them."""
    path = "/" in pattern.pattern
    shown = [name if path else name.rpartition("/")[2] for name in paths]
    where = "paths" if path else "names"
    said = (
        f"the pattern {printable(pattern.pattern)} fits none of {len(paths)} pages ({listed(shown, 2)}), searched in "
        f"their {where} without the extension"
    )
    best, most = "", 0
    for usual in _USUAL:
        fitting = sum(isinstance(read_name(re.compile(usual), name), Name) for name in paths[:1000])
        if fitting > most:
            best, most = usual, fitting
    return f'{said}; this one would fit: --pattern "{best}"' if best else f"{said}; name files as in w001-2.png"


def writer_ids(writers: Sequence[str]) -> tuple[list[str], list[int]]:
    """The writers sorted, and for each page the place of its writer there: the same in every run.

    >>> writer_ids(["b", "a", "b"])
    (['a', 'b'], [1, 0, 1])
    """
    names = sorted(set(writers))
    ids = {name: number for number, name in enumerate(names)}
    return names, [ids[writer] for writer in writers]
