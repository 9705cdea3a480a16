"""IIIF manifests: one outcome a canvas, whatever it shows; copies on the disk are found by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mets_files import draw

from interchange.copies import names_of
from interchange.iiif import read_manifest
from interchange.local_files import LocalFiles
from interchange.source import source_of
from utils import UserError

SERVER = "https://example.org/iiif"


def image(name: str, region: str = "full", **more: object) -> dict:
    service = {"id": f"{SERVER}/{name}", "type": "ImageService3"}
    return {"id": f"{SERVER}/{name}/{region}/max/0/default.jpg", "type": "Image", "service": [service], **more}


def canvas(name: str, *bodies: object, target: str = "", **more: object) -> dict:
    identity = f"https://example.org/ms1/canvas/{name}"
    painted = [
        {"type": "Annotation", "motivation": "painting", "body": body, "target": identity + target} for body in bodies
    ]
    return {"id": identity, "type": "Canvas", "width": 100, "height": 200, **more,
            "items": [{"type": "AnnotationPage", "items": painted}]}  # fmt: skip


def manifest(folder: Path, *canvases: object, **more: object) -> Path:
    file = folder / "manifest.json"
    content = {"@context": "http://iiif.io/api/presentation/3/context.json", "type": "Manifest", "items": canvases}
    file.write_text(json.dumps(content | more), encoding="utf-8")
    return file


def test_every_canvas_has_one_outcome(tmp_path):
    for name in ("f1", "natural", "cut", "p5", "first", "p9", "f11", "whole"):
        draw(tmp_path / "copies" / f"{name}.png", 1)
    choice = {"type": "Choice", "items": [image("natural"), image("xray")]}
    cut = {"type": "SpecificResource", "source": image("cut"), "selector": {"region": "0,0,50,50"}}
    whole = {"type": "SpecificResource", "source": image("whole", width=9, height=8), "selector": {"region": "0,0,9,8"}}
    half = canvas("p6", image("f1"), target="#xywh=0,0,50,200")
    half["items"][0]["items"] += canvas("p6", image("cut"), target="#xywh=50,0,50,200")["items"][0]["items"]
    file = manifest(
        tmp_path,
        canvas("p1", image("f1"), label={"cs": ["Přední deska"], "en": ["Cover"]}),
        canvas("p2", choice),
        canvas("p3", cut),
        canvas("p4", image("absent")),
        canvas("p5", image("cut", region="10,10,20,20")),  # a picture is named as the canvas
        half,
        canvas("p7", {"id": "https://example.org/7.mp4", "type": "Video", "format": "video/mp4"}),
        canvas("p8"),
        canvas("p9", image("f1")),  # two names, two pictures
        canvas("p10", image("first"), {"type": "Image", "id": "https://example.org/stamp.png"}),
        canvas("p11", "https://example.org/scans/f11.jpg"),
        canvas("p12", whole),
        {"type": "Timeline", "id": "https://example.org/t1"},
        "no canvas",
    )
    source = source_of(file, images=tmp_path / "copies")
    assert [(page.id.rpartition("/")[2], page.path, page.reason) for page in source.pages] == [
        ("p1", "f1.png", ""),
        ("p2", "natural.png", ""),
        ("p3", image("cut")["id"], PART.format("0,0,50,50")),
        ("p4", image("absent")["id"], f"no picture in {tmp_path / 'copies'} has a name of this page"),
        ("p5", "p5.png", ""),
        ("p6", image("f1")["id"], "the canvas is put together of 2 images: " + ONLY),
        ("p7", "https://example.org/ms1/canvas/p7", "the canvas holds video, no image"),
        ("p8", "https://example.org/ms1/canvas/p8", "the canvas holds no image"),
        ("p9", image("f1")["id"], f"several pictures fit, f1.png, p9.png: leave one of them in {tmp_path / 'copies'}"),
        ("p10", "first.png", ""),
        ("p11", "f11.png", ""),
        ("p12", "whole.png", ""),
        ("t1", "https://example.org/t1", "it is a Timeline, no canvas"),
        ("canvas-14", "canvas-14", "what the manifest has here is no canvas"),
    ]
    assert (source.kind, source.document, source.pages[0].label) == ("iiif3", tmp_path.name, "Přední deska")
    assert source.notes[0] == "manifest.json: 14 pages (IIIF Presentation 3)"
    assert "note: of images to choose from the first is taken (1 page)" in source.notes
    assert f"note: looked for in {tmp_path / 'copies'}, for example: p3" in source.notes


ONLY = "only a picture that is named as the canvas, in the folder of --images, stands for it"
PART = "the canvas shows a part of its image ({}): " + ONLY


def test_without_a_folder_of_copies_only_what_lies_beside_the_manifest_is_read(tmp_path):
    draw(tmp_path / "scans" / "1.png", 1)
    file = manifest(tmp_path, canvas("p1", {"id": "scans/1.png", "type": "Image"}), canvas("p2", image("f2")))
    source = source_of(file)
    assert [(page.path, page.reason) for page in source.pages] == [
        ("scans/1.png", ""),
        (image("f2")["id"], "it lies on the network (https://example.org): nothing is fetched"),
    ]
    assert source.notes[-1].startswith("note: --images DIR names the folder")


def test_presentation_2(tmp_path):
    for name in ("f1", "natural", "p3", "f4"):
        draw(tmp_path / "copies" / f"{name}.tif", 1)

    def old(name: str, resource: dict) -> dict:
        identity = f"https://example.org/ms1/canvas/{name}"
        painted = {"@type": "oa:Annotation", "motivation": "sc:painting", "resource": resource, "on": identity}
        return {"@id": identity, "@type": "sc:Canvas", "label": f"folio {name}", "images": [painted]}

    def resource(name: str) -> dict:
        return {"@id": f"{SERVER}/{name}/full/full/0/native.jpg", "@type": "dctypes:Image",
                "service": {"@id": f"{SERVER}/{name}", "profile": "level1"}}  # fmt: skip

    canvases = [
        old("p1", resource("f1")),
        old("p2", {"@type": "oa:Choice", "default": resource("natural"), "item": [resource("xray")]}),
        old("p3", {"@type": "oa:SpecificResource", "full": resource("f1"), "selector": {"region": "1,1,5,5"}}),
        old("p4", resource("ark:%2F12148%2Fms1%2Ff4")),
        {"@id": "https://example.org/ms1/canvas/p5", "@type": "sc:Canvas", "images": []},
    ]
    sequences = [{"@type": "sc:Sequence", "canvases": canvases}, {"@id": "https://example.org/other"}]
    context = "http://iiif.io/api/presentation/2/context.json"
    content = {"@context": context, "@type": "sc:Manifest", "sequences": sequences}
    file = tmp_path / "ms1.json"
    file.write_text(json.dumps(content), encoding="utf-8-sig")
    source = source_of(file, images=tmp_path / "copies")
    assert [(page.label, page.path, page.reason) for page in source.pages[:4]] == [
        ("folio p1", "f1.tif", ""),
        ("folio p2", "natural.tif", ""),
        ("folio p3", "p3.tif", ""),
        ("folio p4", "f4.tif", ""),
    ]
    assert source.pages[4].reason == "the canvas holds no image"
    assert (source.kind, source.document) == ("iiif2", "ms1")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"@context": "http://iiif.io/api/presentation/3/context.json", "type": "Collection", "items": [{}, {}]}',
         "is a IIIF collection, which names 2 manifests"),
        ('{"@type": "sc:Collection", "manifests": [{}]}', "is a IIIF collection, which names 1 manifests"),
        ('{"@context": "http://iiif.io/api/presentation/3/context.json", "type": "AnnotationPage"}',
         "is a IIIF AnnotationPage, not a manifest"),
        ('{"type": "Manifest", "items": []}', "is a IIIF manifest without canvases"),
        ('{"type": "Manifest", "items": {"a": 5}}', None),
        ('{"type": ["Manifest"], "items": [[[5]], {"type": 3, "items": 7, "label": 9}], "sequences": 3}', None),
        ('{"name": "package"}', "is JSON, but no IIIF manifest"),
        ("[]", "is JSON, but no IIIF manifest"),
        ("{", "is no sound JSON"),
        ("", "is no sound JSON"),
        ('{"type": "Manifest", "items": ' + "[" * 100_000 + "]" * 100_000 + "}", "too many lists inside each other"),
        (b'{"type": "\xff"}', "is no JSON in UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_manifest_says_so_in_one_line(tmp_path, content, line):
    file = tmp_path / "x.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    if line is None:
        assert all(page.reason for page in source_of(file).pages)
        return
    with pytest.raises(UserError, match=line) as said:
        source_of(file)
    assert "\n" not in str(said.value)


def test_a_manifest_is_bounded(tmp_path):
    file = manifest(tmp_path, canvas("p1", image("f1")))
    with pytest.raises(UserError, match=r"is larger than .* MB"):
        read_manifest(file, LocalFiles(tmp_path), document="x", most_bytes=100)
    deep: object = image("f1")
    for _ in range(50):
        deep = {"type": "Choice", "items": [deep]}
    assert source_of(manifest(tmp_path, canvas("p1", deep))).pages[0].reason == "the canvas holds no image"


def test_names_that_addresses_say():
    assert names_of("https://example.org/iiif/ms_1/info.json") == ["ms_1"]
    assert names_of("https://example.org/iiif/ms_1/canvas.json") == ["ms_1"]
    assert names_of("https://example.org/ms_1/pct:0,0,50,50/max/!90/gray.png") == ["ms_1"]
    assert names_of("https://example.org/scans/0001.jpg?download=1#xywh=1,1,1,1") == ["0001.jpg"]
    assert names_of("https://example.org/") == names_of("") == []


@pytest.mark.shared
def test_manifests_of_the_cookbook(shared, tmp_path):
    folder = shared / "interchange" / "iiif"
    files = [file for file in folder.glob("*manifest.json") if "collection" not in file.name]
    for file in files:
        source = source_of(file)
        canvases = json.loads(file.read_text(encoding="utf-8"))["items"]
        assert [page.id for page in source.pages] == [canvas["id"] for canvas in canvases]
        assert all(page.reason for page in source.pages)  # on a server, all of them
        copies = tmp_path / file.stem
        for number, page in enumerate(source.pages):
            draw(copies / f"{names_of(page.path)[-1]}.png", number)
        by_name = source_of(file, images=copies).pages
        assert sum(bool(page.reason) for page in by_name) == ("region" in file.name)
    assert len(files) == 10
