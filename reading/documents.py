"""What document is each page of? One rule for everything that keeps documents together or tells them apart.

    rule = Documents((page.path for page in pages), settings.input)
    rule.of(page)                  # "CTX194603902" of CTX194603902-14.png; "box1" of box1/0001.jpg beside box2/0001.jpg
    rule.note()                    # one line for the user where names were no names; else ""

A document is what the page's name says before its page number. But scanners name pages 0001, IMG_0001, Seite 12 in
every folder anew: such a name is a page number, and where several folders hold such names, the folder is the document.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Protocol

from reading.listing import named_as_page
from utils import UserError, printable

if TYPE_CHECKING:
    from reading.pages import Page

# What scanners, cameras and people write before a page's number: no name of a document.
_WORDS = """page pages pag pg img image images imag imgp imgs scan scans scanned scn skan skany sken scanimage scanner
seite seiten bild bilder blatt strana strany stran str stranka stránka list listy obr obrazek obrázek obraz foto fotka
fotografie photo photos pic pics picture pict dsc dscf dscn dsci dscim cimg pxl mvimg wp fb whatsapp screenshot
snapshot capture sam sdc hpim dji gopr sheet sheets folio fol leaf frame view vue strona oldal pagina página side
sida sivu puslapis lapa untitled стр страница лист скан изображение фото σελίδα"""
WORDS = frozenset(_WORDS.split())
# What may stand beside these words, or alone before a number that several folders repeat.
_BESIDE = """no nr num č číslo nummer of von z ze de sur wa at e document dokument doc ohne titel neu neues new nový bez
názvu sans titre adobe"""
BESIDE = frozenset(_BESIDE.split())
# Behind the number of a leaf: its side or half, and what programs add to a name.
_SIDES = """r v a b c d l recto verso left right links rechts levá pravá copy kopie kopia edit edited ocr crop
cropped"""
SIDES = frozenset(_SIDES.split())
ONEPAGERS = "onepagers"  # the folder of one-page documents (data_scripts/move_single.py): names are names there
ALWAYS_A_NAME = 5  # digits: a number of more behind a word that nobody uses for pages is an archive's number
_STEM = re.compile(r"[^\W\d_]+|\d+")
_PAGE_OF = re.compile(r"[^\W\d_]+[ _]?[0-9]+-[0-9]{1,4}")  # scan12-1.png: of a PDF that is called scan12


class Reading(Protocol):
    """What of the settings decides about documents: `[input]`, or what was made of it."""

    @property
    def document_from(self) -> str: ...  # noqa: D102

    @property
    def document_pattern(self) -> str: ...  # noqa: D102


def below_root(path: str) -> str:
    """The folder of a page; "" for the folder that is searched itself.

    >>> below_root("box1/0001.jpg"), below_root("0001.jpg")
    ('box1', '')
    """
    return path.rpartition("/")[0]


def below_label(path: str) -> str:
    """The folder of a page below its label folder: LABEL/box1/0001.jpg and OTHER/box1/0002.jpg are of one box.

    >>> below_label("TEXT/box1/0001.jpg"), below_label("TEXT/0001.jpg")
    ('box1', '')
    """
    return path.rpartition("/")[0].partition("/")[2]


def below_categories(categories: Collection[str]) -> Callable[[str], str]:
    """The folder of a page without the folders that are named as categories: so a box that was sorted stays one box.

    >>> below_categories(["TEXT"])("box1/TEXT/0001.jpg")
    'box1'
    """
    known = {unicodedata.normalize("NFC", category) for category in categories}

    def below(path: str) -> str:
        folders = path.split("/")[:-1]
        return "/".join(name for name in folders if unicodedata.normalize("NFC", name) not in known)

    return below


class Documents:
    """The documents of a list of pages.

    paths: of all pages that belong together, "/" between folders: what is a name depends on what the others are called.
    read: `document_from` "auto" (the rule above), "name" (FILE), "folder"; and `document_pattern`: "" or a regular
    expression, searched in the file's name without its extension (with "folder": in the folder's path); the document is
    its group `document`, else its first group, else all that it matched. Where it matches nothing, the document is what
    it would be without a pattern. below: the folder of a page as documents count it.

    Raises UserError for an invalid expression.
    """

    def __init__(self, paths: Iterable[str], read: Reading, below: Callable[[str], str] = below_root) -> None:
        self._from, self._below = read.document_from, below
        if self._from not in ("auto", "name", "folder"):
            raise UserError(f"document_from must be auto, name or folder, not {self._from!r}")
        try:
            self._pattern = re.compile(read.document_pattern) if read.document_pattern else None
        except re.error as error:
            text = f"document_pattern {read.document_pattern!r} is not a regular expression"
            raise UserError(f"{text}: {error}") from None
        self._numbers: set[str] = set()  # kinds of names that are page numbers
        self.numbered = 0  # pages of such names
        self._example = ""
        self._folders: set[str] = set()  # of these pages
        if self._from == "auto":
            self._look(paths)

    def of(self, page: Page) -> str:
        """The document of a page of the list."""
        if self._from == "folder":
            text = self._below(page.path)
            default = text = text or page.path.rpartition("/")[0] or "."
        else:
            name = page.path.rpartition("/")[2]
            text = name.rpartition(".")[0] or name
            default = self._by_folder(page, text) if self.is_folder(page.path) else page.file
        match = self._pattern.search(text) if self._pattern else None
        if match is None:
            return default
        groups = [match.groupdict().get("document"), *match.groups(), match[0]]
        return next((group for group in groups if group), default)

    @property
    def by_folder(self) -> bool:
        """Whether the folder is the document of any page because names are none."""
        return len(self._folders) > 1

    def is_folder(self, path: str) -> bool:
        """Whether the folder is the document of this page because its name is none."""
        return self.by_folder and self.is_number(path)

    def is_number(self, path: str) -> bool:
        """Whether this page's name is only a page number: another collection may have the same."""
        return bool(self._numbers) and not _alone(path) and _kind(path)[0] in self._numbers

    def note(self) -> str:
        """What the user should know, in one line: that folders count as documents, or that nothing tells them apart."""
        if self.by_folder:
            shown = sorted(folder or "." for folder in self._folders)
            names = ", ".join(map(printable, shown[:3])) + (", ..." if len(shown) > 3 else "")
            return (
                f"names such as {printable(self._example)} are page numbers, which several folders have: the folder "
                f"counts as the document ({self.numbered} pages, {len(shown)} documents: {names}); "
                "--document_from name or folder decides"
            )
        if self.numbered > 1:
            return (
                f"names such as {printable(self._example)} are page numbers ({self.numbered} pages), and no folders "
                "tell their documents apart: documents go by these names all the same, so pages of one may be parted "
                "(see [input] document_from and document_pattern, or put a documents.csv beside the label folders)"
            )
        return ""

    def _by_folder(self, page: Page, stem: str) -> str:
        folder = self._below(page.path)
        if page.frame is None:
            return folder or "."
        return f"{folder}/{stem}" if folder else stem  # a PDF or a TIFF of several pages is a document by itself

    def _look(self, paths: Iterable[str]) -> None:
        """Which kinds of names are page numbers. A kind that only may be one is, where folders repeat its names."""
        kinds: dict[str, tuple[set[str], Counter[str], str]] = {}  # -> folders, pages a folder, an example
        repeated: dict[str, dict[str, str]] = {}  # of kinds that may be: name -> its first folder
        certain: set[str] = set()
        for path in paths:
            kind, sure, name = _kind(path)
            if not kind or _alone(path) or not named_as_page(path):  # a folder that cannot be listed is no page
                continue
            folder = self._below(path)
            folders, pages, _ = kinds.setdefault(kind, (set(), Counter(), path.rpartition("/")[2]))
            folders.add(folder)
            pages[folder] += 1
            if sure:
                certain.add(kind)
            elif kind not in certain and repeated.setdefault(kind, {}).setdefault(name, folder) != folder:
                certain.add(kind)
                del repeated[kind]
        numbering = {kind: kinds[kind] for kind in kinds if kind in certain}
        self._folders = {folder for folders, _, _ in numbering.values() for folder in folders}
        self.numbered = sum(pages.total() for _, pages, _ in numbering.values())
        self._example = next((example for _, _, example in numbering.values()), "")
        self._numbers = set(numbering)


def _alone(path: str) -> bool:
    """Whether a page is a document of its own because of where it lies."""
    return path.rpartition("/")[0].rpartition("/")[2] == ONEPAGERS


def _kind(path: str) -> tuple[str, bool, str]:
    """The kind of a file name that may be a page number ("" = it is a name), whether it surely is one, and what must
    stand in several folders where it is not sure.

    >>> [_kind(name)[:2] for name in ("0001.jpg", "IMG_0001.jpg", "Seite 12v.png", "CTX194603902-14.png", "doc3-1.png")]
    [('#', True), ('img#', True), ('seite#', True), ('', False), ('', False)]
    >>> _kind("box1/0001-2.png"), _kind("box1/letter_003.png")
    (('#-#', False, '0001'), ('letter#', False, 'letter_003.png'))
    """
    name = unicodedata.normalize("NFC", path.rpartition("/")[2]).casefold()
    stem = name.rpartition(".")[0] or name
    tokens = _STEM.findall(stem)
    numbers = [token for token in tokens if token.isdecimal()]
    words = [token for token in tokens if not token.isdecimal()]
    if not numbers:
        return "", False, ""
    while words and tokens[-1] == words[-1] and words[-1] in SIDES and len(tokens) > 1:
        del words[-1], tokens[-1]
    known = all(word in WORDS or word in BESIDE for word in words)
    if known and (not words or WORDS.intersection(words)):
        if len(words) == 1 and _PAGE_OF.fullmatch(stem):
            return f"{words[0]}#-#", False, stem.rpartition("-")[0]
        if not words and len(numbers) == 2 and len(numbers[1]) < ALWAYS_A_NAME:
            # 0001-2: a document and its page, or a page and its half? Folders that repeat the first tell.
            return ("#-#", False, numbers[0]) if len(numbers[0]) <= ALWAYS_A_NAME else ("", False, "")
        lead = "".join(words[:1]) if tokens[0] in words[:1] else ""
        return f"{lead}#", True, name
    if (len(words) == 1 or known) and tokens[0] == words[0] and len(numbers) == 1 and len(numbers[0]) <= ALWAYS_A_NAME:
        return f"{words[0]}#", False, name
    return "", False, ""
