"""IIIF manifests, Presentation 3 and 2: which canvases they have, and which picture on the disk each shows.

source = read_manifest(Path("manifest.json"), Copies(Path("scans")), document="ms1")

Images of manifests lie on servers, and nothing is fetched: `--images DIR` has their copies, found by name (copies.py):
the canvas's, its image service's, its image's. A canvas that shows only a part of an image, or several images, is not
that image: only a picture that is named as the canvas stands for it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interchange.copies import IMAGE_API, Copies, names_of
from interchange.file_groups import media_type
from interchange.local_files import LocalFiles
from interchange.named_pages import NamedPage, Source, counted, shared_pictures, unique_ids
from utils import UserError, printable

MOST_BYTES = 128 << 20
_DEEP = 8  # a choice inside a choice inside ...
_TITLES = {"iiif3": "IIIF Presentation 3", "iiif2": "IIIF Presentation 2"}


@dataclass
class _Canvas:
    """What one canvas shows. others: kinds of what is no image; choices: how often it offers several images; fault: why
    it is none.
    """

    id: str
    label: str
    size: tuple[Any, Any] = (None, None)
    images: list[_Image] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    choices: int = 0
    fault: str = ""


@dataclass(frozen=True)
class _Image:
    """region: what is cut out of it, "" = nothing. fills: whether it fills the canvas."""

    id: str
    services: tuple[str, ...]
    region: str
    fills: bool


def read_manifest(file: Path, files: LocalFiles | Copies, *, document: str, most_bytes: int = MOST_BYTES) -> Source:
    """The canvases of a manifest, in its order. UserError, in one line, where it is none, or names no canvas."""
    content = _json_of(file, most_bytes)
    kind = _kind_of(content, file)
    canvases = _canvases_3(content) if kind == "iiif3" else _canvases_2(content)
    if not canvases:
        raise UserError(f"{printable(str(file))} is a IIIF manifest without canvases")
    named = []
    told: Counter[str] = Counter()
    for number, canvas in enumerate(canvases, 1):
        path, reason = _picture_of(canvas, files, told)
        said = canvas.images[0].id if canvas.images else ""
        identity = canvas.id or f"canvas-{number}"
        named.append(NamedPage(identity, canvas.label, path or said or identity, reason))
    pages, renamed = unique_ids(named)
    notes = [f"{file.name}: {counted(len(pages))} ({_TITLES[kind]})", renamed, shared_pictures(pages)]
    notes += [f"note: {line} ({counted(number)})" for line, number in told.items()]
    return Source(kind, file, files.root, document, tuple(pages), tuple(printable(note) for note in notes if note))


def _json_of(file: Path, most_bytes: int) -> Any:
    shown = printable(str(file))
    try:
        with file.open("rb") as opened:
            content = opened.read(most_bytes + 1)
    except OSError as error:
        raise UserError(f"{shown} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if len(content) > most_bytes:
        raise UserError(f"{shown} is larger than {most_bytes / (1 << 20):g} MB: so large a manifest is not read")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except RecursionError:
        raise UserError(f"{shown} has too many lists inside each other for a manifest: not read") from None
    except UnicodeDecodeError:
        raise UserError(f"{shown} is no JSON in UTF-8") from None
    except ValueError as error:
        raise UserError(f"{shown} is no sound JSON: {printable(str(error))}") from None


def _kind_of(content: Any, file: Path) -> str:
    """ "iiif3" or "iiif2"; UserError for what is no manifest."""
    shown = printable(str(file))
    if not isinstance(content, dict):
        raise UserError(f"{shown} is JSON, but no IIIF manifest")
    contexts = " ".join(text for text in _list(content.get("@context")) if isinstance(text, str))
    kind = _type(content)
    name = kind.rpartition(":")[2]
    if name == "Collection":
        members = sum(len(_list(content.get(key))) for key in ("items", "manifests", "members", "collections"))
        raise UserError(f"{shown} is a IIIF collection, which names {members} manifests: give one of these with -d")
    if name != "Manifest":
        if "iiif.io" in contexts or "shared-canvas" in contexts:
            raise UserError(
                f"{shown} is a IIIF {printable(name) or 'resource'}, not a manifest: give the manifest with -d"
            )
        raise UserError(f"{shown} is JSON, but no IIIF manifest")
    if kind == "sc:Manifest" or "presentation/2" in contexts or "shared-canvas" in contexts:
        return "iiif2"
    return "iiif3"


def _canvases_3(manifest: dict) -> list[_Canvas]:
    canvases = []
    for item in _list(manifest.get("items")):
        canvas = _begun(item, "Canvas")
        if not canvas.fault:
            for page in _list(item.get("items")):
                for annotation in _list(page.get("items")) if isinstance(page, dict) else []:
                    if isinstance(annotation, dict) and "painting" in _list(annotation.get("motivation")):
                        _add(canvas, annotation.get("body"), _fills(canvas, annotation.get("target")))
        canvases.append(canvas)
    return canvases


def _canvases_2(manifest: dict) -> list[_Canvas]:
    canvases = []
    sequence = next((one for one in _list(manifest.get("sequences")) if isinstance(one, dict)), {})
    for item in _list(sequence.get("canvases")):
        canvas = _begun(item, "sc:Canvas")
        if not canvas.fault:
            for annotation in _list(item.get("images")):
                if isinstance(annotation, dict):
                    _add(canvas, annotation.get("resource"), _fills(canvas, annotation.get("on")))
        canvases.append(canvas)
    return canvases


def _begun(item: Any, wanted: str) -> _Canvas:
    if not isinstance(item, dict):
        return _Canvas("", "", fault="what the manifest has here is no canvas")
    canvas = _Canvas(_id(item), _label(item.get("label")), (item.get("width"), item.get("height")))
    if _type(item) not in (wanted, ""):
        canvas.fault = f"it is a {_type(item)[:40]}, no canvas"
    return canvas


def _add(canvas: _Canvas, body: Any, fills: bool, region: str = "", depth: int = 0) -> None:
    """Add what a painting annotation paints: images, or the kinds of what is none."""
    if depth > _DEEP:
        return
    if isinstance(body, list):
        for one in body:
            _add(canvas, one, fills, region, depth + 1)
    elif isinstance(body, str):
        if media_type("", body):
            canvas.images.append(_Image(body, (), region or _region_in(body), fills))
        else:
            canvas.others.append("something that it does not describe")
    elif isinstance(body, dict):
        kind = _type(body).rpartition(":")[2]
        if kind == "Choice":
            offered = [body.get("default"), *_list(body.get("item"))] if "default" in body else _list(body.get("items"))
            tried = _Canvas("", "", canvas.size)
            for one in offered:
                _add(tried, one, fills, region, depth + 1)
            canvas.choices += len(tried.images) > 1
            canvas.images += tried.images[:1]
            canvas.others += tried.others if not tried.images else []
        elif kind == "SpecificResource":
            inner = body.get("source", body.get("full"))
            _add(canvas, inner, fills, _selected(body.get("selector"), inner) or region, depth + 1)
        elif kind == "Image" or (not kind and media_type(str(body.get("format", "")), _id(body))):
            services = [_id(one) for one in _list(body.get("service")) if isinstance(one, dict)]
            whole = _id(body)
            canvas.images.append(
                _Image(whole, tuple(name for name in services if name), region or _region_in(whole), fills)
            )
        else:
            canvas.others.append({"MovingImage": "video", "TextualBody": "text"}.get(kind, kind.lower()[:40] or "text"))


def _selected(selector: Any, image: Any) -> str:
    """The region that a selector cuts out of an image, "" for all of it."""
    for one in _list(selector):
        if not isinstance(one, dict):
            continue
        region = one.get("region")
        if not isinstance(region, str):
            value = one.get("value")
            region = value.partition("xywh=")[2] if isinstance(value, str) else ""
        if region and region != "full" and not _is_all(region, image):
            return region[:80]
    return ""


def _region_in(address: str) -> str:
    """The region that an address of the Image API asks for, or a fragment cuts out; "" for all."""
    found = IMAGE_API.search(address.partition("?")[0].partition("#")[0])
    region = found[1] if found else address.partition("#xywh=")[2]
    return "" if region == "full" else region[:80]


def _is_all(region: str, image: Any) -> bool:
    size = (image.get("width"), image.get("height")) if isinstance(image, dict) else (None, None)
    return region.removeprefix("pixel:") == f"0,0,{size[0]},{size[1]}" or region in (
        "pct:0,0,100,100",
        "percent:0,0,100,100",
    )


def _fills(canvas: _Canvas, target: Any) -> bool:
    """Whether what is painted fills the canvas: its target is all of it."""
    for one in _list(target):
        name = one if isinstance(one, str) else _id(one.get("source", one)) if isinstance(one, dict) else ""
        region = name.partition("#xywh=")[2]
        if isinstance(one, dict) and "selector" in one:
            region = region or _selected(one.get("selector"), {"width": canvas.size[0], "height": canvas.size[1]})
        if region and not _is_all(region, {"width": canvas.size[0], "height": canvas.size[1]}):
            return False
    return True


def _picture_of(canvas: _Canvas, files: LocalFiles | Copies, told: Counter[str]) -> tuple[str, str]:
    """The picture of a canvas, and "" - or "" and why it has none. told: what is said of how many pages."""
    if canvas.fault:
        return "", canvas.fault
    if not canvas.images:
        what = " and ".join(dict.fromkeys(canvas.others))
        return "", f"the canvas holds {what}, no image" if what else "the canvas holds no image"
    filling = [image for image in canvas.images if image.fills]
    image = filling[0] if filling else canvas.images[0]
    composed = ""
    if not filling and len(canvas.images) > 1:
        composed = f"the canvas is put together of {len(canvas.images)} images"
    elif image.region:
        composed = f"the canvas shows a part of its image ({image.region})"
    if composed:
        if isinstance(files, Copies):
            path, reason = files.named(names_of(canvas.id))
            if not reason:
                return path, ""
        return "", f"{composed}: only a picture that is named as the canvas, in the folder of --images, stands for it"
    if canvas.choices:
        told["of images to choose from the first is taken"] += 1
    if len(canvas.images) > 1:
        told["of several images the one that fills the canvas is taken"] += 1
    if isinstance(files, LocalFiles):
        return files.find(image.id)
    path, reason = files.find(image.id) if not _address(image.id) else ("", "")
    if path and not reason:
        return path, ""
    names = [*names_of(canvas.id), *(name for service in image.services for name in names_of(service))]
    return files.named([*names, *names_of(image.id)])


def _address(said: str) -> bool:
    return "://" in said


def _type(item: dict) -> str:
    kind = item.get("type", item.get("@type", ""))
    return next((text for text in _list(kind) if isinstance(text, str)), "")


def _id(item: Any) -> str:
    if isinstance(item, str):
        return item
    name = item.get("id", item.get("@id")) if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


def _label(label: Any) -> str:
    """The first text of a label, of whatever version."""
    if isinstance(label, dict):
        label = label.get("@value") if "@value" in label else next(iter(label.values()), "")
    if isinstance(label, list):
        label = label[0] if label else ""
        if isinstance(label, dict):
            label = label.get("@value", "")
    return " ".join(label.split()) if isinstance(label, str) else ""


def _list(value: Any) -> list:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
