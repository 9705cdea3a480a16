"""Categories in IIIF manifests: pages of annotations, references to them, ranges; and what was there stays.

Held against the texts of the Presentation API 3.0 (sections 3, 5.3 to 5.6) and 2.1, and the Web Annotation Data Model.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from interchange import iiif_writing
from interchange.export import SortedPage, SortedRun
from interchange.named_pages import NamedPage, Source
from utils import UserError

CONFIDENCE = "http://www.w3.org/2005/11/its/rdf#taConfidence"
HOST = "https://library.example/iiif/book1"
RECORD = {
    "name": "20261129-001502_Tiny",
    "started": "2026-11-29T02:15:02+0200",
    "ended": "2026-11-29T02:16:02+0200",
    "program": {"name": "page-sorter", "version": "0.1.0", "licence": "MIT", "image": ""},
    "model": {"name": "tiny", "base": "Tiny", "hash": "ab" * 32, "licence": "", "categories": ["DRAW", "Úřad", "TEXT"]},
    "command": "python run.py -d manifest.json",
    "pages": 4,
    "failed": 1,
}
OUTCOMES = [("TEXT", 0.9876543), ("Úřad", 0.5), None, ("TEXT", 0.75)]


def manifest_3(address: str = f"{HOST}/manifest.json") -> dict:
    canvases = [
        {
            "id": f"{HOST}/canvas/p{number}",
            "type": "Canvas",
            "height": 1800,
            "width": 1200,
            "https://library.example/terms#shelfmark": {"z": 1, "a": [1.5, None, "ž"]},
            "items": [{"id": f"{HOST}/page/p{number}/1", "type": "AnnotationPage", "items": []}],
        }
        for number in range(1, 5)
    ]
    canvases[1]["annotations"] = [{"id": f"{HOST}/notes/2.json", "type": "AnnotationPage", "behavior": ["hidden"]}]
    return {
        "@context": ["https://library.example/context.json", "http://iiif.io/api/presentation/3/context.json"],
        "id": address,
        "type": "Manifest",
        "label": {"none": ["Book 1"]},
        "zebra": "unknown to all",
        "items": canvases,
        "structures": [{"id": f"{HOST}/range/r0", "type": "Range", "label": {"en": ["Contents"]}, "items": []}],
        "ending": [],
    }


def manifest_2() -> dict:
    canvases = [
        {"@id": f"{HOST}/canvas/p{number}", "@type": "sc:Canvas", "label": str(number), "images": [], "x": 1}
        for number in range(1, 5)
    ]
    canvases[1]["otherContent"] = [{"@id": f"{HOST}/list/2.json", "@type": "sc:AnnotationList"}]
    return {
        "@context": "http://iiif.io/api/presentation/2/context.json",
        "@id": f"{HOST}/manifest.json",
        "@type": "sc:Manifest",
        "label": "Book 1",
        "sequences": [{"@type": "sc:Sequence", "canvases": canvases}],
        "attribution": "last",
    }


def run_on(file: Path, manifest: dict, outcomes=OUTCOMES, **more) -> SortedRun:
    kind = "iiif2" if "@id" in manifest else "iiif3"
    canvases = manifest["sequences"][0]["canvases"] if kind == "iiif2" else manifest["items"]
    named = tuple(NamedPage(canvas.get("id", canvas.get("@id")), "", "a.png", "") for canvas in canvases)
    pages = [
        SortedPage(page.id, "", "book1", number, "a.png", (outcome,) if outcome else (), "" if outcome else "lost", "")
        for number, (page, outcome) in enumerate(zip(named, outcomes, strict=True), 1)
    ]
    source = Source(kind, file, file.parent, "book1", named, ())
    return SortedRun(RECORD["name"], RECORD, file.parent, source, (), lambda: iter(pages), **more)


def write_manifest(folder: Path, manifest: dict, **form) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "manifest.json"
    file.write_text(json.dumps(manifest, **form), encoding="utf-8")
    return file


def of_web(identity: str) -> bool:
    parts = urlsplit(identity)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def check_page_3(page: dict, canvas: str) -> dict:
    """An AnnotationPage with one tag of a canvas, after 5.5 and 5.6; the body."""
    assert page["@context"] == "http://iiif.io/api/presentation/3/context.json"
    assert page["type"] == "AnnotationPage" and of_web(page["id"])
    assert all(isinstance(texts, list) for texts in page["label"].values())
    (annotation,) = page["items"]
    assert annotation["type"] == "Annotation" and of_web(annotation["id"])
    assert annotation["motivation"] == "tagging"  # never "painting", 5.3
    assert annotation["target"] == canvas
    body = annotation["body"]
    assert body["type"] == "TextualBody" and isinstance(body["value"], str) and body["format"] == "text/plain"
    assert all("://" in term for term in set(body) - {"type", "value", "format", "language"})  # not IIIF's: whole
    assert annotation["generator"]["type"] == "Software" and annotation["generated"] == "2026-11-29T00:16:02Z"
    assert RECORD["model"]["hash"] in annotation["generator"]["name"]
    return body


def test_each_canvas_refers_to_its_own_page_and_all_else_stays(tmp_path):
    manifest = manifest_3()
    file = write_manifest(tmp_path / "in", manifest, indent="\t", ensure_ascii=False)
    (tmp_path / "out").mkdir()
    written, tags = iiif_writing.write(run_on(file, manifest), tmp_path / "out")
    text = written.read_text(encoding="utf-8")
    assert '\n\t"id"' in text and "ž" in text
    now = json.loads(text)
    seen = []
    for canvas, outcome in zip(now["items"], OUTCOMES, strict=True):
        ours = [one for one in canvas.get("annotations", []) if "manifest-categories" in one["id"]]
        assert len(ours) == (outcome is not None)
        for reference in ours:
            assert list(reference) == ["id", "type"] and reference["type"] == "AnnotationPage"  # external, so no items
            assert reference["id"].startswith(f"{HOST}/manifest-categories/")
            page = json.loads((tags / reference["id"].rpartition("/")[2]).read_text(encoding="utf-8"))
            assert page["id"] == reference["id"]
            body = check_page_3(page, canvas["id"])
            assert (body["value"], body["http://www.w3.org/2005/11/its/rdf#taConfidence"]) == (
                outcome[0],
                round(outcome[1], 6),
            )
            seen.append(page["id"])
            canvas["annotations"].remove(reference)
        if not canvas.get("annotations", [1]):
            del canvas["annotations"]
    assert len(set(seen)) == 3 == len(list(tags.iterdir())) and tags.name == "manifest-categories"
    assert json.dumps(now) == json.dumps(manifest)  # with the order of its keys
    assert file.read_text(encoding="utf-8") == json.dumps(manifest, indent="\t", ensure_ascii=False)


def test_in_place_with_a_backup_twice_the_same_and_a_later_run_replaces_the_earlier(tmp_path):
    manifest = manifest_3()
    file = write_manifest(tmp_path, manifest, indent=2)
    before = file.read_bytes()
    run = run_on(file, manifest, in_place=True)
    assert iiif_writing.write_with_ranges(run, tmp_path / "out") == [file, tmp_path / "manifest-categories"]
    once = {path: path.read_bytes() for path in tmp_path.rglob("*.json*")}
    assert (tmp_path / "manifest.json.bak").read_bytes() == before != file.read_bytes()
    iiif_writing.write_with_ranges(run, tmp_path / "out")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json*")} == once
    later = [None, ("DRAW", 0.6), ("TEXT", 0.7), ("TEXT", 0.8)]
    iiif_writing.write_with_ranges(run_on(file, manifest, later, in_place=True), tmp_path / "out")
    now = json.loads(file.read_text(encoding="utf-8"))
    assert [len(canvas.get("annotations", [])) for canvas in now["items"]] == [0, 2, 1, 1]
    assert [one["label"] for one in now["structures"][1]["items"]] == [{"none": ["DRAW"]}, {"none": ["TEXT"]}]
    assert {path.name for path in (tmp_path / "manifest-categories").iterdir()} == {"2.json", "3.json", "4.json"}
    nothing = run_on(file, manifest, [None] * 4, in_place=True)
    iiif_writing.write(nothing, tmp_path / "out")  # nothing is ours any more
    assert file.read_bytes() == before == (tmp_path / "manifest.json.bak").read_bytes()


def test_ranges_hold_the_canvases_of_each_category(tmp_path):
    manifest = manifest_3()
    file = write_manifest(tmp_path / "in", manifest)
    (tmp_path / "out").mkdir()
    written, _ = iiif_writing.write_with_ranges(run_on(file, manifest), tmp_path / "out")
    assert "\n" not in written.read_text(encoding="utf-8")  # as it was
    theirs, ours = json.loads(written.read_text(encoding="utf-8"))["structures"]
    assert theirs == manifest["structures"][0]
    assert ours["type"] == "Range" and of_web(ours["id"]) and ours["label"]
    held = {}
    for one in ours["items"]:
        assert one["type"] == "Range" and of_web(one["id"]) and one["items"]  # a range has items, 3.4
        assert all(set(item) == {"id", "type"} and item["type"] == "Canvas" for item in one["items"])
        held[one["label"]["none"][0]] = [item["id"].rpartition("/")[2] for item in one["items"]]
    assert list(held.items()) == [("Úřad", ["p2"]), ("TEXT", ["p1", "p4"])]  # in the model's order
    assert len({ours["id"], *(one["id"] for one in ours["items"])}) == 3


def test_presentation_2_gets_annotation_lists(tmp_path):
    manifest = manifest_2()
    file = write_manifest(tmp_path / "in", manifest, indent=1)
    (tmp_path / "out").mkdir()
    written, tags = iiif_writing.write_with_ranges(run_on(file, manifest), tmp_path / "out")
    now = json.loads(written.read_text(encoding="utf-8"))
    top, *ranges = now.pop("structures")
    assert top["@type"] == "sc:Range" and top["ranges"] == [one["@id"] for one in ranges]
    assert [(one["label"], len(one["canvases"])) for one in ranges] == [("Úřad", 1), ("TEXT", 2)]
    canvases = now["sequences"][0]["canvases"]
    assert [len(canvas.get("otherContent", [])) for canvas in canvases] == [1, 2, 0, 1]
    for canvas, outcome in zip(canvases, OUTCOMES, strict=True):
        if outcome:
            reference = canvas["otherContent"].pop()
            assert reference["@type"] == "sc:AnnotationList" and set(reference) == {"@id", "@type"}
            page = json.loads((tags / reference["@id"].rpartition("/")[2]).read_text(encoding="utf-8"))
            assert (page["@id"], page["@type"]) == (reference["@id"], "sc:AnnotationList")
            (annotation,) = page["resources"]
            assert (annotation["@type"], annotation["motivation"]) == ("oa:Annotation", "oa:tagging")
            assert annotation["on"] == canvas["@id"] and annotation["resource"]["chars"] == outcome[0]
            if not canvas["otherContent"]:
                del canvas["otherContent"]
    assert json.dumps(now) == json.dumps(manifest)


def test_nothing_is_written_through_a_link_or_over_files_of_others(tmp_path):
    manifest = manifest_3()
    file = write_manifest(tmp_path / "in", manifest)
    before = file.read_bytes()
    run = run_on(file, manifest, in_place=True)
    (tmp_path / "elsewhere").mkdir()
    try:
        (file.parent / "manifest-categories").symlink_to(tmp_path / "elsewhere")
    except OSError:
        pytest.skip("no links here")
    with pytest.raises(UserError, match="is a link"):
        iiif_writing.write(run, tmp_path / "out")
    (file.parent / "manifest-categories").unlink()
    (file.parent / "manifest-categories").mkdir()
    (file.parent / "manifest-categories" / "4.json").write_text('{"label": "mine"}')
    with pytest.raises(UserError, match=r"4\.json is not one of our tags"):
        iiif_writing.write(run, tmp_path / "out")
    assert file.read_bytes() == before and not list((tmp_path / "elsewhere").iterdir())
    assert [path.name for path in (file.parent / "manifest-categories").iterdir()] == ["4.json"]


def test_tags_of_two_manifests_in_one_folder_do_not_replace_each_other(tmp_path):
    for book in ("book1", "book2"):
        manifest = manifest_3(f"https://library.example/{book}/manifest.json")
        file = write_manifest(tmp_path / book, manifest).rename(tmp_path / f"{book}.json")
        if book == "book1":
            iiif_writing.write(run_on(file, manifest, in_place=True), tmp_path)
            before = sorted((path, path.read_bytes()) for path in tmp_path.glob("manifest-categories/*"))
    with pytest.raises(UserError, match=r"1\.json is a tag of another manifest: put each"):
        iiif_writing.write(run_on(file, manifest, in_place=True), tmp_path)
    assert before and before == sorted((path, path.read_bytes()) for path in tmp_path.glob("manifest-categories/*"))


def test_a_manifest_of_windows_keeps_its_ends_of_lines_and_one_too_deep_is_told(tmp_path):
    manifest = manifest_3()
    file = write_manifest(tmp_path / "in", manifest, indent=3)
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (tmp_path / "out").mkdir()
    written, _ = iiif_writing.write(run_on(file, manifest), tmp_path / "out")
    assert written.read_bytes().count(b"\r\n") == written.read_bytes().count(b"\n") > 50
    deep = file.read_text(encoding="utf-8").replace('"unknown to all"', "[" * 99_999 + "]" * 99_999)
    file.write_text(deep, encoding="utf-8")
    with pytest.raises(UserError, match="too many lists inside each other"):
        iiif_writing.write(run_on(file, manifest), tmp_path / "out")


@pytest.mark.parametrize("address", ["urn:uuid:1", "{{ id.url }}", "http://[x/manifest.json", None, 7])
def test_a_manifest_without_a_web_address_gets_relative_ones_and_it_is_said(tmp_path, capsys, address):
    manifest = manifest_3(address)
    file = write_manifest(tmp_path / "in", manifest)
    (tmp_path / "out").mkdir()
    written, tags = iiif_writing.write(run_on(file, manifest), tmp_path / "out")
    now = json.loads(written.read_text(encoding="utf-8"))
    assert now["items"][0]["annotations"][0]["id"] == "manifest-categories/1.json"
    assert (tags / "1.json").is_file()
    assert "no http(s) id" in capsys.readouterr().err


def test_odd_canvases_stop_nothing(tmp_path, capsys):
    manifest = manifest_3(f"{HOST}/")
    del manifest["items"][0]["id"]
    manifest["items"][3]["annotations"] = {"id": f"{HOST}/notes/4.json", "type": "AnnotationPage"}  # no list
    other = copy.deepcopy(manifest["items"][1])
    manifest["items"][2] = other  # two canvases of one id
    file = write_manifest(tmp_path / "in", manifest)
    (tmp_path / "out").mkdir()
    named = run_on(file, manifest_3(), [("TEXT", 0.5), ("DRAW", 0.5), ("TEXT", 0.5), ("TEXT", 0.5)])
    written, tags = iiif_writing.write(named, tmp_path / "out")
    now = json.loads(written.read_text(encoding="utf-8"))
    assert tags.name == "manifest-categories" and sorted(path.name for path in tags.iterdir()) == [
        "2.json", "3.json", "4.json"
    ]  # fmt: skip
    assert [len(canvas.get("annotations", [])) for canvas in now["items"]] == [0, 2, 2, 2]
    assert "1 of 4 canvases have no id" in capsys.readouterr().err
