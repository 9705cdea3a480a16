"""The collection over HTTP: search by image, text, document, category, name and year; from a page to its like."""

from __future__ import annotations

import io
import json
from shutil import copytree, rmtree
from urllib.parse import urlencode

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")
pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from desk_client import ask, form, png
from desk_pages import classify, indexed, page, serving, settings_for
from page_files import encoded
from PIL import Image

from desk.classifying import Classifying, PageLimits
from desk.collection import collection_room
from desk.handin import handin_room
from desk.lookalikes import where_of
from desk.rooms import ROOMS
from desk.sorter import Sorter, index_of, maps_of, open_sorter
from index.database import Index
from run import main

HARMFUL = "CTX195000007-1 <img src=x onerror=alert(1)>'.png"
NAMES = [f"box {number % 2}/CTX19{46 + number % 3}0000{number % 3}-{number}.png" for number in range(8)]


@pytest.fixture(scope="module")
def output(tmp_path_factory, page_model):
    """An output folder with an index of pages and their categories."""
    root = tmp_path_factory.mktemp("collection")
    for number, name in enumerate(NAMES):
        (root / "pages" / name).parent.mkdir(parents=True, exist_ok=True)
        page(number, (240, 320)).save(root / "pages" / name)
    page(20, (240, 320)).save(root / "pages" / HARMFUL)
    several = [page(30 + number, (240, 320)) for number in range(3)]
    several[0].save(root / "pages" / "CTX195500001.tif", save_all=True, append_images=several[1:])
    out = root / "out"
    assert main(["-d", str(root / "pages"), "-o", str(out), "--model_path", str(page_model), "--quiet"]) == 0
    (table,) = (out / "tables").glob("result_*.csv")
    indexed(out, root / "pages", page_model)
    assert main(["explore", "index", "--index", str(out / "index"), "--table", str(table), "--quiet"]) == 0
    return out


@pytest.fixture(scope="module")
def sorter(output, page_model):
    return open_sorter(settings_for(output, page_model))


@pytest.fixture(scope="module")
def address(output, page_model, sorter):
    settings = settings_for(output, page_model)
    room = collection_room(
        index_of(settings, sorter),
        sorter.classifying,
        maps=maps_of(settings),
        reviewed=output.parent / "pages",
        max_pixels=settings.input.max_pixels,
    )
    with serving([room]) as there:
        yield there


def pages(address, **query):
    return ask(f"{address}/api/collection/pages?{urlencode(query)}").said


def ids_by_path(address):
    return {hit["path"]: hit["id"] for hit in pages(address, count=200)["pages"]}


def alike(address, files, query=""):
    body, kind = form(files)
    return ask(f"{address}/api/collection/alike{query}", body, Content_Type=kind)


def test_the_index_says_what_it_has(address, output):
    about = ask(f"{address}/api/collection").said
    assert (about["pages"], about["years"], about["text"], about["image"]) == (12, [1946, 1955], "", "")
    rows = Index.open(output / "index").rows(["category"])["category"].value_counts()
    assert {one["name"]: one["pages"] for one in about["categories"]} == dict(rows)


def test_filters_hold(address):
    every = pages(address, count=200)
    assert every["total"] == len(every["pages"]) == 12 and every["pages"][0]["similarity"] is None
    for name, values in (("category", {hit["category"] for hit in every["pages"]}), ("document", {"CTX194600000"})):
        for value in values:
            wanted = [hit["id"] for hit in every["pages"] if hit[name] == value]
            said = pages(address, **{name: value})
            assert wanted and sorted(hit["id"] for hit in said["pages"]) == wanted and said["total"] == len(wanted)
    assert {hit["year"] for hit in pages(address, year_from=1947, year_to=1948)["pages"]} == {1947, 1948}
    assert {hit["path"] for hit in pages(address, name="BOX 1/")["pages"]} == {one for one in NAMES if "box 1" in one}
    for nothing in ("' or 1=1 --", "%", "CTX%", "\\", "a\0b", "\u202e", "\n"):
        assert pages(address, name=nothing)["total"] == pages(address, document=nothing)["total"] == 0
    assert [hit["path"] for hit in pages(address, name="onerror=alert(1)>'")["pages"]] == [HARMFUL]
    parts = [hit["id"] for start in range(0, 12, 5) for hit in pages(address, start=start, count=5)["pages"]]
    assert parts == [hit["id"] for hit in every["pages"]]
    assert pages(address, start=10**15)["pages"] == []


def test_conditions_are_values():
    assert where_of() == ""
    assert (
        where_of(name="L'Air", year_from=1, year_to=2)
        == "strpos(lower(path), 'l''air') > 0 and year >= 1 and year <= 2"
    )


def test_from_a_page_to_its_look_alikes(address, output):
    ids = ids_by_path(address)
    number = ids[NAMES[3]]
    said = pages(address, like=number, count=5)
    assert number not in [hit["id"] for hit in said["pages"]] and said["total"] == 11
    index = Index.open(output / "index")
    query = {space: index.vectors(f"id = {number}", space)[0].astype(np.float32) for space in index.spaces}
    wanted, similarities = index.alike(query, 6)
    assert [hit["id"] for hit in said["pages"]] == wanted[1:].tolist()
    assert [hit["similarity"] for hit in said["pages"]] == [round(float(one), 4) for one in similarities[1:]]
    assert pages(address, like=number, count=2, start=2)["pages"] == said["pages"][2:4]
    only = pages(address, like=number, year_to=1946)["pages"]
    assert only and {hit["year"] for hit in only} == {1946}


def test_a_page_that_is_handed_in_is_found_again(address):
    ids = ids_by_path(address)
    said = alike(address, [("scan.png", png(page(3, (240, 320))))], "?count=3").said
    assert said["pages"][0]["id"] == ids[NAMES[3]] and said["pages"][0]["similarity"] == pytest.approx(1, abs=0.01)
    assert len(said["pages"]) == 3
    several = [page(number, (240, 320)) for number in (5, 6)]
    said = alike(address, [("a.pdf", encoded(several[0], "PDF", save_all=True, append_images=several[1:]))]).said
    assert "page 1 of the 2" in said["notes"][0]
    for files, status in (([("a.txt", b"x")], 415), ([("a.png", b"")], 422), ([("a.png", b"x")] * 2, 413)):
        assert alike(address, files).status == status


@pytest.mark.parametrize("broken", ["index.json", "all of it"])
def test_an_index_that_cannot_be_asked_costs_no_page_its_scores(output, tmp_path, page_model, sorter, broken):
    copytree(output / "index", tmp_path / "index")
    settings = settings_for(tmp_path, page_model)
    if broken == "index.json":
        (tmp_path / "index" / broken).write_text("{}")
    own = Classifying(sorter.classifying.classifier, PageLimits(), folder=tmp_path / "held")
    sorter = Sorter(sorter.name, sorter.folder, own)
    index = index_of(settings, sorter)
    collection = collection_room(index, own, maps=maps_of(settings), reviewed=None, max_pixels=10_000_000)
    with serving([handin_room(sorter, index), collection]) as there:
        if broken == "all of it":  # while the desk is open
            assert classify(there, [("a.png", png(page(1)))], "?alike=3").said[0]["alike"]
            rmtree(tmp_path / "index")
        (said,) = classify(there, [("a.png", png(page(1)))], "?alike=3").said
        refused = alike(there, [("a.png", png(page(1)))])
    assert said["categories"] and said["alike"] == []
    assert said["warnings"][0].startswith("no look-alikes: ") and "\n" not in said["warnings"][0]
    assert refused.status == 422 and "\n" not in refused.said["detail"]


def test_words_are_searched_for_where_the_model_can(address, output, page_model, sorter):
    said = pages(address, text="a drawing", count=4)
    assert len(said["pages"]) == 4 and said["notes"] and said["pages"][0]["similarity"] is not None
    assert "text and like" in pages(address, text="a drawing", like=0)["detail"]
    settings = settings_for(output, page_model)
    about = json.loads((output / "index" / "index.json").read_text())
    about["backbone"]["has_text"] = False
    kept = (output / "index" / "index.json").read_text()
    (output / "index" / "index.json").write_text(json.dumps(about))
    try:
        room = collection_room(
            index_of(settings, sorter), "no model", maps=output, reviewed=None, max_pixels=settings.input.max_pixels
        )
        with serving([room]) as there:
            said = ask(f"{there}/api/collection").said
            assert "no text tower" in said["text"] and said["image"] == "no model"
            assert "no search by text" in pages(there, text="a drawing")["detail"]
            assert "no search by image: no model" in alike(there, [("a.png", png(page(1)))]).said["detail"]
            assert pages(there, like=0)["pages"]
    finally:
        (output / "index" / "index.json").write_text(kept)


def test_a_page_has_neighbours_a_picture_and_a_review(address, output):
    ids = ids_by_path(address)
    tif = pages(address, document="CTX195500001")["pages"]
    assert [hit["page"] for hit in tif] == [1, 2, 3]
    middle = ask(f"{address}/api/collection/pages/{tif[1]['id']}").said
    assert (middle["before"], middle["after"], middle["in_document"]) == (tif[0]["id"], tif[2]["id"], 3)
    assert middle["review"] == "CTX195500001.tif"
    small = ask(f"{address}/api/collection/pages/{tif[1]['id']}/picture")
    large = ask(f"{address}/api/collection/pages/{tif[1]['id']}/picture?large=true")
    assert small.headers["content-type"] == large.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(large.body)).size == (240, 320)
    for path in (f"/api/collection/pages/{10**12}", f"/api/collection/pages/{10**12}/picture"):
        assert ask(address + path).status == 404
    for path in ("/api/collection/pages/-1", "/api/collection/pages/x", f"/api/collection/pages/{10**30}"):
        assert ask(address + path).status == 422
    gone = output.parent / "pages" / NAMES[0]
    data = gone.read_bytes()
    gone.unlink()
    try:
        answer = ask(f"{address}/api/collection/pages/{ids[NAMES[0]]}/picture?large=true")
        assert answer.status == 422 and "not there any more" in answer.said["detail"]
    finally:
        gone.write_bytes(data)


def test_the_map_is_served_and_nothing_beside_it(address, output):
    assert ask(f"{address}/collection/map/index.html").status == 404
    assert ask(f"{address}/api/collection").said["map"] == ""
    place = output / "explore" / "map" / "browser"
    place.mkdir(parents=True)
    (place / "index.html").write_text("<title>Map</title>")
    (place.parent / "secret.txt").write_text("secret")
    (place / "link.txt").symlink_to(place.parent / "secret.txt")
    assert ask(f"{address}/api/collection").said["map"] == "/collection/map/index.html"
    assert ask(f"{address}/collection/map/index.html").body == b"<title>Map</title>"
    for path in ("../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "link.txt", "%00", "", ".", "/etc/passwd"):
        assert ask(f"{address}/collection/map/{path}").status == 404


def test_bad_filters_are_one_line(address):
    for query in ("year_from=x", "year_from=1e9", "start=-1", "count=0", "count=1000", "like=x",
                  f"text={'x' * 501}", "count=x"):  # fmt: skip
        answer = ask(f"{address}/api/collection/pages?{query}")
        assert answer.status == 422 and "\n" not in answer.said["detail"]


def test_a_desk_without_an_index_says_how_to_make_one(tmp_path, page_model):
    from desk.command import OpenDesk
    from desk.desk import Desk

    settings, index = settings_for(tmp_path, page_model), tmp_path / "index"
    desk = Desk(settings, OpenDesk())
    assert f"explore index PAGES --index {index} makes one" in dict(ROOMS)["collection"](desk)
    desk.sorter.classifying.close()
    table = tmp_path / "tables" / "result_a_1n_3c.csv"
    said = index_of(settings, None, tmp_path / "scans", table)
    assert f"explore index {tmp_path / 'scans'} --table {table} --index {index} makes one" in said
