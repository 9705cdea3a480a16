"""The calls of review: what people say of pages is kept as they say it, and nothing else is let through."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask
from PIL import Image
from review_runs import CATEGORIES, RUN, a_run, answering, decide, name_of, post, row


@pytest.fixture
def room(tmp_path):
    with answering(a_run(tmp_path), tmp_path / "elsewhere") as address:
        yield address


def trail_of(folder: Path, lines: int) -> list[dict[str, str]]:
    """The lines of the trail, once there are so many."""
    file = folder / "out" / "review" / RUN / "trail.csv"
    for _ in range(600):
        if file.exists() and file.read_bytes().count(b"\n") > lines:
            break
        time.sleep(0.05)
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_page_is_decided_taken_back_and_decided_again(room, tmp_path):
    about = ask(room).said
    assert (about["run"], about["total"], about["decided"]) == (RUN, 40, 0)
    assert [one["name"] for one in about["categories"]] == CATEGORIES
    listed = ask(f"{room}/queue?order=table&state=all").said["pages"]
    seen = [page for page in listed if not page["blind"]]
    page = seen[0]["id"]
    assert decide(room, "Anna", (page, "DRAW", 1)).said == {"saved": [name_of(1)], "decided": 1}
    assert decide(room, "Anna", (page, "PHOTO", 2)).said["decided"] == 1
    (said,) = ask(f"{room}/pages/{page}").said["decisions"]
    assert (said["person"], said["category"]) == ("Anna", "PHOTO")
    assert page not in [one["id"] for one in ask(f"{room}/queue?count=60").said["pages"]]
    assert [one["answer"] for one in ask(f"{room}/mine?person=Anna").said["answers"]] == [name_of(2), name_of(1)]
    undone = post(f"{room}/undo", person="Anna", answer=name_of(2), undo=name_of(3))
    assert undone.said == {"saved": [name_of(3)], "decided": 1}
    assert ask(f"{room}/pages/{page}").said["decisions"][0]["category"] == "DRAW"
    assert post(f"{room}/undo", person="Anna", answer=name_of(1), undo=name_of(4)).said["decided"] == 0
    assert ask(f"{room}/pages/{page}").said["decisions"] == []
    trail = trail_of(tmp_path, 4)
    assert [(line["DID"], line["BEFORE"], line["AFTER"]) for line in trail] == [
        ("answer", "", "DRAW"),
        ("answer", "DRAW", "PHOTO"),
        ("undo", "PHOTO", "DRAW"),
        ("undo", "DRAW", ""),
    ]
    assert {line["MODEL_HASH"] for line in trail} == {"ab" * 32}
    assert all(len(line["CONTENT_SHA256"]) == 64 for line in trail)


def test_the_same_answer_sent_twice_is_saved_once(room, tmp_path):
    assert decide(room, "Anna", (3, "DRAW", 1)).said["saved"] == [name_of(1)]
    assert decide(room, "Anna", (3, "DRAW", 1), (4, "PHOTO", 2)).said["saved"] == [name_of(1), name_of(2)]
    assert [line["NUMBER"] for line in trail_of(tmp_path, 2)] == ["1", "2"]
    assert ask(room).said["decided"] == 2


def test_an_answer_on_a_page_of_another_run_is_refused(room):
    answer = {"page": 3, "category": "DRAW", "answer": name_of(1)}
    other = post(f"{room}/decisions", run="20250101-000000_ViT-B16", person="Anna", answers=[answer])
    assert other.status == 423 and "another run" in other.said["detail"]
    assert ask(room).said["decided"] == 0
    here = f"{RUN}/{ask(room).said['table']}"
    assert post(f"{room}/decisions", run=here, person="Anna", answers=[answer]).said["decided"] == 1


def test_two_people_on_one_page_are_both_kept(room):
    decide(room, "Anna", (3, "DRAW", 1), (4, "DRAW", 2))
    decide(room, "Ben", (3, "PHOTO", 3), (4, "DRAW", 4))
    assert [one["id"] for one in ask(f"{room}/queue?state=disputed").said["pages"]] == [3]
    assert {one["person"] for one in ask(f"{room}/pages/3").said["decisions"]} == {"Anna", "Ben"}
    progress = ask(f"{room}/progress?person=Anna").said
    assert (progress["decided"], progress["disputed"]) == (2, 1)
    decide(room, "Cyril", (3, "PHOTO", 5))  # the third look
    assert ask(f"{room}/queue?state=disputed").said["pages"] == []
    only = post(f"{room}/undo", person="Ben", answer=name_of(1), undo=name_of(6))
    assert (only.status, only.said["detail"]) == (409, "this answer is of Anna: only they can take it back")


def test_a_page_is_lent_to_one_person(room):
    assert post(f"{room}/lend", person="Anna", pages=[1, 2]).said == {"lent": [1, 2], "taken": []}
    lent = post(f"{room}/lend", person="Ben", pages=[2, 3]).said
    assert lent["lent"] == [3]
    assert [(one["page"], one["person"]) for one in lent["taken"]] == [(2, "Anna")]
    assert ask(f"{room}/pages/2").said["lent_to"] == "Anna"
    assert post(f"{room}/lend", person="Anna", pages=[2]).said["lent"] == [2]


def test_a_blind_page_shows_no_guess_until_it_is_decided(tmp_path):
    rows = [row(number, CATEGORIES[number % 4], score=0.4 + number / 1000) for number in range(200)]
    with answering(a_run(tmp_path, rows), tmp_path / "elsewhere") as room:
        pages = ask(f"{room}/queue?order=table&state=all&count=500").said["pages"]
        blind = [page for page in pages if page["blind"]]
        assert 2 <= len(blind) <= 30
        assert all(page["guess"] == [] and page["doubts"] == [] for page in blind)
        grouped = ask(f"{room}/queue?category=DRAW&count=500").said["pages"]
        assert grouped and not any(page["blind"] for page in grouped)
        page = blind[0]["id"]
        guess = rows[page][2]
        other = next(name for name in CATEGORIES if name != guess)
        decide(room, "Anna", (page, other, 1), (blind[1]["id"], rows[blind[1]["id"]][2], 2))
        shown = ask(f"{room}/pages/{page}").said
        assert not shown["blind"] and shown["guess"][0]["category"] == guess
        error = ask(f"{room}/progress").said["blind"]
        assert (error["n"], error["wrong"]) == (2, 1) and 0 < error["low"] < 0.5 < error["high"] < 1
    with answering(a_run(tmp_path, rows), tmp_path / "elsewhere") as room:  # the same ones after a restart
        again = ask(f"{room}/queue?order=table&state=open&count=500").said["pages"]
        assert [page["id"] for page in again if page["blind"]] == [page["id"] for page in blind[2:]]


def test_own_categories_are_added_and_no_two_that_are_one_folder(room):
    assert post(f"{room}/categories", person="Anna", name=" Maps ").said["extra"][-1] == "Maps"
    assert decide(room, "Anna", (3, "Maps", 1)).status == 200
    assert decide(room, "Anna", (3, "none of these", 2)).status == 200
    for name, status in (("draw", 409), ("a/b", 409), ("CON", 409), ("  ", 422), ("x\x07", 422)):
        refused = post(f"{room}/categories", person="Anna", name=name)
        assert (refused.status, len(refused.said["detail"].splitlines())) == (status, 1), name


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("decisions", {"person": "Anna", "answers": [{"page": 40, "category": "DRAW", "answer": name_of(1)}]}, 404),
        ("decisions", {"person": "Anna", "answers": [{"page": -1, "category": "DRAW", "answer": name_of(1)}]}, 422),
        ("decisions", {"person": "Anna", "answers": [{"page": 2**70, "category": "DRAW", "answer": name_of(1)}]}, 422),
        ("decisions", {"person": "Anna", "answers": [{"page": 1, "category": "Nothing", "answer": name_of(1)}]}, 404),
        ("decisions", {"person": " ", "answers": [{"page": 1, "category": "DRAW", "answer": name_of(1)}]}, 422),
        ("decisions", {"person": "\ud800", "answers": [{"page": 1, "category": "DRAW", "answer": name_of(1)}]}, 422),
        ("decisions", {"person": "Anna", "answers": [{"page": 1, "category": "DRAW", "answer": "../x"}]}, 422),
        ("decisions", {"person": "Anna", "answers": []}, 422),
        ("undo", {"person": "Anna", "answer": name_of(1), "undo": name_of(2)}, 404),
        ("lend", {"person": "Anna", "pages": [99]}, 404),
    ],
)
def test_what_cannot_be_done_is_one_line(room, call, body, status):
    refused = post(f"{room}/{call}", **body)
    assert (refused.status, list(refused.said)) == (status, ["detail"])
    assert "\n" not in refused.said["detail"]
    assert ask(room).said["decided"] == 0


def test_pages_are_shown_small_and_large_and_only_those_of_the_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"")
    Image.new("L", (30, 30)).save(tmp_path / "secret.png")
    paths = ["", "../secret.png", str(tmp_path / "secret.png"), "link.png", "gone.png", "broken.png", "three.tif",
             "..%2fsecret.png", "a\0b.png"]  # fmt: skip
    rows = [row(number, path=path) for number, path in enumerate(paths)]
    rows[6][1] = "2"
    table = a_run(tmp_path, rows)
    pages = tmp_path / "pages"
    Image.new("RGB", (2000, 3000), "red").save(pages / rows[0][-1])
    (pages / "link.png").unlink()
    (pages / "link.png").symlink_to(tmp_path / "secret.png")
    (pages / "gone.png").unlink()
    (pages / "..%2fsecret.png").unlink()
    (pages / "broken.png").write_bytes((pages / rows[0][-1]).read_bytes()[:100])
    frames = [Image.new("L", (50, 70), value) for value in (0, 128, 255)]
    frames[0].save(pages / "three.tif", save_all=True, append_images=frames[1:])
    before = {file: file.read_bytes() for file in pages.iterdir()}
    with answering(table, tmp_path / "elsewhere") as room:
        for width, size in ((320, (213, 320)), (1600, (1067, 1600)), ("full", (2000, 3000))):
            shown = ask(f"{room}/pages/0/picture?width={width}")
            assert (shown.status, shown.headers["content-type"]) == (200, "image/jpeg")
            (tmp_path / "shown.jpg").write_bytes(shown.body)
            assert Image.open(tmp_path / "shown.jpg").size == size
        tag = shown.headers["etag"]
        again = ask(f"{room}/pages/0/picture?width=full", If_None_Match=tag)
        assert (again.status, again.body) == (304, b"")
        (tmp_path / "frame.jpg").write_bytes(ask(f"{room}/pages/6/picture").body)
        assert abs(Image.open(tmp_path / "frame.jpg").getpixel((5, 5)) - 128) < 3  # the second of three
        for page, said in ((1, "outside"), (2, "outside"), (3, "outside"), (4, "not there"), (5, "cannot be read")):
            refused = ask(f"{room}/pages/{page}/picture?width=320")
            assert refused.status == 422 and said in refused.said["detail"], (page, refused.body)
        for address in ("pages/7/picture", "pages/8/picture", "pages/0/picture?width=5000", "pages/%2e%2e/picture"):
            assert ask(f"{room}/{address}").status in (404, 422), address
    assert {file: file.read_bytes() for file in pages.iterdir()} == before


def test_html_in_names_and_notes_comes_back_as_text(tmp_path):
    name = "<img src=x onerror=alert(1)>.png"
    with answering(a_run(tmp_path, [row(0, path=name)]), tmp_path / "elsewhere") as room:
        note = "<script>alert(1)</script>"
        answer = {"page": 0, "category": "DRAW", "note": note, "answer": name_of(1)}
        assert post(f"{room}/decisions", person="<b>Anna</b>", answers=[answer]).status == 200
        shown = ask(f"{room}/pages/0")
        assert shown.headers["content-type"] == "application/json"
        assert (shown.said["path"], shown.said["decisions"][0]["note"]) == (name, note)


def test_other_sites_and_people_without_the_link_are_refused(tmp_path):
    body = json.dumps({"person": "Eve", "answers": [{"page": 0, "category": "DRAW", "answer": name_of(1)}]}).encode()
    kind = {"Content_Type": "application/json"}
    with answering(a_run(tmp_path), tmp_path / "elsewhere") as room:
        assert ask(f"{room}/decisions", body, Origin="http://example.org", **kind).status == 403
        assert ask(f"{room}/queue", Origin="null").status == 403
        assert ask(room).said["decided"] == 0
    with answering(a_run(tmp_path), tmp_path / "elsewhere", token="secret") as room:
        assert ask(f"{room}/decisions", body, **kind).status == 401
        assert ask(f"{room}/pages/0/picture").status == 401
        assert ask(f"{room}/decisions", body, Authorization="Bearer secret", **kind).status == 200
