"""IIIF: a tag on each canvas that says its category, and the manifest that refers to these tags.

    python run.py -d manifest.json --images scans/ --write iiif            # ... iiif-ranges: a range a category too

As the specification wants it, each canvas has a page of annotations of its own (Presentation 3.0, 5.5; cookbook 0021,
0266 and 0269): a viewer lists all that is in a page, whatever it targets, so one page for all canvases would show the
tags of the whole book beside each of them. The pages are files of their own, so the manifest grows by one reference a
canvas. The tag is a `TextualBody` whose value is the category alone, so that it can be counted. Its score stands in it
under `CONFIDENCE`, a property of the W3C's Internationalization Tag Set, by its whole address: IIIF has no word for it,
and its schema allows no contexts but named ones to declare a shorter. A Presentation 2 manifest gets the same as
annotation lists (`otherContent`, `oa:Tag`).

What a manifest holds besides stays, in its order. Our own of an earlier run is replaced.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from interchange.export import SortedPage, SortedRun
from interchange.in_place import change_in_place
from interchange.provenance import Origin, laid_out, origin_of
from output.console import say
from output.files import json_if_whole, write_whole
from output.tables import safe_name
from utils import UserError, printable

CONTEXT_2 = "http://iiif.io/api/presentation/2/context.json"
CONTEXT_3 = "http://iiif.io/api/presentation/3/context.json"
CONFIDENCE = "http://www.w3.org/2005/11/its/rdf#taConfidence"
LABEL = "Category of the page, by software"
LABEL_OF_RANGES = "Categories of the pages, by software"
Json = dict[str, Any]


@dataclass(frozen=True)
class _Words:
    """The words of a version of the Presentation API."""

    id: str
    type: str
    canvas: str
    page: str
    pages: str  # the key of a canvas under which its pages of annotations are listed


WORDS = {
    "iiif3": _Words("id", "type", "Canvas", "AnnotationPage", "annotations"),
    "iiif2": _Words("@id", "@type", "sc:Canvas", "sc:AnnotationList", "otherContent"),
}


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write `iiif.json`, the manifest with references, and the pages of annotations in a folder beside it; or, in
    place, change the manifest itself and put that folder beside it.
    """
    return _said_plainly(run, folder, ranges=False)


def write_with_ranges(run: SortedRun, folder: Path) -> list[Path]:
    """The same, and a range a category in the manifest."""
    return _said_plainly(run, folder, ranges=True)


def _said_plainly(run: SortedRun, folder: Path, *, ranges: bool) -> list[Path]:
    try:
        return _write(run, folder, ranges=ranges)
    except RecursionError:
        shown = printable(str(run.source.file))
        raise UserError(f"{shown} has too many lists inside each other to be written again as it was") from None


def _write(run: SortedRun, folder: Path, *, ranges: bool) -> list[Path]:
    made, file, words = origin_of(run), run.source.file, WORDS[run.source.kind]
    text = file.read_bytes().decode("utf-8-sig")
    manifest: Json = json.loads(text)
    place = _Place.of(manifest.get(words.id), file)
    canvases = _canvases(manifest, run.source.kind)
    if len(canvases) != len(run.source.pages):
        raise UserError(f"{printable(str(file))} was changed while its pages were sorted: nothing is written into it")
    home = file.resolve().parent if run.in_place else folder
    tags = home / place.folder
    _check_ours(tags, place.address, len(canvases))
    tags.mkdir(exist_ok=True)
    of_category: dict[str, list[str]] = {}
    nameless = 0
    for page, canvas in zip(run.pages(), canvases, strict=True):
        target = canvas.get(words.id) if isinstance(canvas, dict) else None
        name = f"{page.number}.json"
        if not isinstance(target, str) or not target:
            nameless += 1
            continue
        address = f"{place.address}/{name}"
        if page.scores:
            write_whole(tags / name, laid_out(_page(page, address, target, made, run.source.kind)) + "\n")
            of_category.setdefault(page.scores[0][0], []).append(target)
        else:
            (tags / name).unlink(missing_ok=True)  # of an earlier run
        _refer(canvas, address, words, wanted=bool(page.scores))
    if nameless:
        say(f"warning: {nameless} of {len(canvases)} canvases have no id to name them by: they get no tag")
    if not place.on_the_web:
        say(
            "note: the manifest has no http(s) id, so what is added to it has relative ones: viewers need whole "
            f"addresses, put that of the folder before {place.address}/"
        )
    order = [category for category in run.record["model"]["categories"] if category in of_category]
    found = [(category, of_category[category]) for category in order] if ranges else []
    _set_ranges(manifest, _ranges(found, place, run.source.kind), place, words)
    content = _as_written(manifest, text).encode("utf-8", "backslashreplace")
    if run.in_place:
        change_in_place(file, content)
        return [file, tags]
    return [write_whole(folder / "iiif.json", content), tags]


@dataclass(frozen=True)
class _Place:
    """Where the pages of annotations lie: `folder` beside the manifest, and the address of that folder."""

    folder: str
    address: str
    on_the_web: bool

    @classmethod
    def of(cls, identity: Any, file: Path) -> _Place:
        """Beside the manifest of that id; in a folder named as its last part, or as the file where it has none.

        >>> _Place.of("https://example.org/iiif/book1/manifest.json", Path("a.json")).address
        'https://example.org/iiif/book1/manifest-categories'
        """
        try:
            parts = urlsplit(identity if isinstance(identity, str) else "")
        except ValueError:  # http://[x/manifest.json
            parts = urlsplit("")
        on_the_web = parts.scheme in ("http", "https") and bool(parts.netloc)
        above, _, last = parts.path.rpartition("/")
        stem = (last if on_the_web else "").removesuffix(".json") or file.stem
        folder = safe_name(f"{stem}-categories")
        if not on_the_web:
            return cls(folder, quote(folder), False)
        return cls(folder, urlunsplit((parts.scheme, parts.netloc, f"{above}/{quote(folder)}", "", "")), True)


def _check_ours(folder: Path, address: str, pages: int) -> None:
    """UserError where our files would come through a link, or over files of others or of another manifest; nothing is
    written then. address: of the folder.
    """
    if folder.is_symlink():
        raise UserError(f"{printable(str(folder))} is a link, which may lead anywhere: remove it")
    for name in (f"{number}.json" for number in range(1, pages + 1)):
        if not (folder / name).exists():
            continue
        there = json_if_whole(folder / name)
        if LABEL not in str(there.get("label")):
            raise UserError(f"{printable(str(folder / name))} is not one of our tags, which go there: move it away")
        if f"{address}/{name}" not in (there.get("id"), there.get("@id")):
            raise UserError(
                f"{printable(str(folder / name))} is a tag of another manifest: put each manifest into a folder of its "
                "own, as on the site, or remove that tag"
            )


def _canvases(manifest: Json, kind: str) -> list[Any]:
    """All that stands where canvases belong, as interchange/iiif.py counts pages."""
    if kind == "iiif2":
        sequences = _list(manifest.get("sequences"))
        manifest = next((one for one in sequences if isinstance(one, dict)), {})
    return _list(manifest.get("canvases" if kind == "iiif2" else "items"))


def _page(page: SortedPage, address: str, canvas: str, made: Origin, kind: str) -> Json:
    """A page of annotations with the one tag of a canvas."""
    category, score = printable(page.scores[0][0]), round(page.scores[0][1], 6)
    if kind == "iiif2":
        tag = {"@type": "oa:Tag", "chars": category, "format": "text/plain", CONFIDENCE: score}
        annotation = {
            "@id": f"{address}#tag",
            "@type": "oa:Annotation",
            "motivation": "oa:tagging",
            "resource": tag,
            "on": canvas,
        }
        head = {"@context": CONTEXT_2, "@id": address, "@type": "sc:AnnotationList", "label": LABEL}
        return {**head, "resources": [annotation]}
    annotation = {
        "id": f"{address}#tag",
        "type": "Annotation",
        "motivation": "tagging",
        "generated": made.ended,
        "generator": {"type": "Software", "name": made.made_with},
        "body": {"type": "TextualBody", "value": category, "format": "text/plain", CONFIDENCE: score},
        "target": canvas,
    }
    head = {"@context": CONTEXT_3, "id": address, "type": "AnnotationPage"}
    return {**head, "label": {"en": [LABEL]}, "items": [annotation]}


def _refer(canvas: Json, address: str, words: _Words, *, wanted: bool) -> None:
    """Refer to a page of annotations from its canvas, or no longer."""
    there = _list(canvas.get(words.pages))
    known = [one for one in there if isinstance(one, dict) and one.get(words.id) == address]
    if wanted and not known:
        canvas[words.pages] = [*there, {words.id: address, words.type: words.page}]
    elif known and not wanted:
        left = [one for one in there if one not in known]
        if left:
            canvas[words.pages] = left
        else:
            del canvas[words.pages]


def _ranges(found: list[tuple[str, list[str]]], place: _Place, kind: str) -> list[Json]:
    """A range a category, and one that holds them all; [] for no categories."""
    if not found:
        return []
    top, named = f"{place.address}/range", []
    for category, canvases in found:
        address, label = f"{top}/{quote(category, safe='')}", printable(category)
        if kind == "iiif2":
            named.append({"@id": address, "@type": "sc:Range", "label": label, "canvases": canvases})
        else:
            items = [{"id": canvas, "type": "Canvas"} for canvas in canvases]
            named.append({"id": address, "type": "Range", "label": {"none": [label]}, "items": items})
    if kind == "iiif2":
        addresses = [one["@id"] for one in named]
        return [{"@id": top, "@type": "sc:Range", "label": LABEL_OF_RANGES, "ranges": addresses}, *named]
    return [{"id": top, "type": "Range", "label": {"en": [LABEL_OF_RANGES]}, "items": named}]


def _set_ranges(manifest: Json, ours: list[Json], place: _Place, words: _Words) -> None:
    """Put our ranges where those of an earlier run stand, else behind all others."""
    there = _list(manifest.get("structures"))
    top = f"{place.address}/range"
    old = [at for at, one in enumerate(there) if isinstance(one, dict) and _is_below(one.get(words.id), top)]
    if not ours and not old:
        return
    start = old[0] if old else len(there)
    kept = [one for at, one in enumerate(there) if at not in old]
    structures = [*kept[:start], *ours, *kept[start:]]
    if structures:
        manifest["structures"] = structures
    else:
        del manifest["structures"]


def _is_below(address: Any, top: str) -> bool:
    return isinstance(address, str) and (address == top or address.startswith(f"{top}/"))


def _as_written(manifest: Json, text: str) -> str:
    """JSON with the indentation, ends of lines and escapes of the text that it was read from."""
    indent = re.search(r"[\[{]\r?\n([ \t]+)\S", text)
    colon = ": " if indent or re.search(r'":\s', text) else ":"
    ascii_only = text.isascii() and "\\u" in text
    comma = "," if indent or colon == ":" else ", "
    written = json.dumps(
        manifest, ensure_ascii=ascii_only, indent=indent[1] if indent else None, separators=(comma, colon)
    )
    written += "\n" if text.endswith("\n") else ""
    return written.replace("\n", "\r\n") if "\r\n" in text else written


def _list(value: Any) -> list:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
