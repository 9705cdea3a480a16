"""The calls of review: what people say of pages is kept as they say it, and nothing else is let through."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask
from PIL import Image
from review_runs import CATEGORIES, RUN, a_run, answering, answering_desk, decide, name_of, post, row

from desk.command import OpenDesk
from desk.desk import open_desk
from run import main
from settings.schema import Settings


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


def test_a_page_that_the_table_names_twice_is_decided_once(tmp_path):
    rows = [row(number) for number in range(20)]
    with answering(a_run(tmp_path, [*rows, rows[3], rows[3]]), tmp_path / "elsewhere") as room:
        about = ask(room).said
        assert (about["total"], about["doubles"]) == (20, 2)
        assert decide(room, "Anna", (3, "DRAW", 1)).said["decided"] == 1
        assert 3 not in [page["id"] for page in ask(f"{room}/queue").said["pages"]]
        assert ask(f"{room}/queue").said["total"] == 19


def test_an_answer_on_a_page_of_another_run_is_refused(room):
    answer = {"page": 3, "category": "DRAW", "answer": name_of(1)}
    here, undo = ask(room).said["token"], {"answer": name_of(1), "undo": name_of(2)}
    other = post(f"{room}/decisions", run="20250101-000000_ViT-B16", person="Anna", answers=[answer])
    assert other.status == 423 and "another run" in other.said["detail"]
    assert ask(room).said["decided"] == 0
    assert post(f"{room}/decisions", run=here, person="Anna", answers=[answer]).said["decided"] == 1
    assert post(f"{room}/undo", run="20250101-000000_ViT-B16", person="Anna", **undo).status == 423
    for call in ("queue", "pages/3", "pages/3/picture"):
        assert [ask(f"{room}/{call}?run={run}").status for run in ("other", quote(here))] == [423, 200]
    assert post(f"{room}/lend", run="other", person="Anna", pages=[3]).status == 423
    assert post(f"{room}/undo", run=here, person="Anna", **undo).said["decided"] == 0


def test_an_answer_does_not_go_to_another_page_once_the_rows_stand_otherwise(tmp_path):
    rows = [row(number) for number in range(40)]
    answer = {"page": 3, "category": "DRAW", "answer": name_of(1)}
    tokens = []
    for order in (rows, rows[::-1], rows):
        with answering(a_run(tmp_path, order), tmp_path / "elsewhere") as room:
            tokens.append(ask(room).said["token"])
            sent = post(f"{room}/decisions", run=tokens[0], person="Anna", answers=[answer])
            assert sent.status == (423 if order is not rows else 200)
            decided = ask(f"{room}/queue?state=decided").said["pages"]
            assert [page["path"] for page in decided] == [rows[3][-1]]  # by its name, wherever it stands
    assert tokens[0] == tokens[2] != tokens[1]


def test_tables_beside_no_run_that_are_called_alike_share_nothing(tmp_path):
    table, out = a_run(tmp_path), tmp_path / "elsewhere"
    for name in ("one", "other"):
        copied = tmp_path / name / table.name
        copied.parent.mkdir()
        copied.write_bytes(table.read_bytes())
        desk = open_desk(Settings().replaced("output", folder=out), OpenDesk(table=copied, pages=tmp_path / "pages"))
        with answering_desk(desk) as room:
            assert ask(room).said["decided"] == 0
            assert decide(room, "Anna", (3, "DRAW", 1)).said["decided"] == 1
    assert len(list(out.glob(f"review/{RUN}-*/decisions.sqlite"))) == 2


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
    assert (only.status, only.said["detail"]) == (404, "this answer is of Anna: only they can take it back")


def test_a_page_is_lent_to_one_person(room):
    assert post(f"{room}/lend", person="Anna", pages=[1, 2]).said == {"lent": [1, 2], "taken": []}
    lent = post(f"{room}/lend", person="Ben", pages=[2, 3]).said
    assert lent["lent"] == [3]
    assert [(one["page"], one["person"]) for one in lent["taken"]] == [(2, "Anna")]
    assert ask(f"{room}/pages/2").said["lent_to"] == "Anna"
    assert post(f"{room}/lend", person="Anna", pages=[2]).said["lent"] == [2]
    decide(room, "Ben", (2, "DRAW", 1))
    assert ask(f"{room}/pages/2").said["lent_to"] == "Anna"
    decide(room, "Anna", (2, "PHOTO", 2))  # she needs it no longer: the next one may look at once
    assert ask(f"{room}/pages/2").said["lent_to"] == "" and ask(f"{room}/pages/1").said["lent_to"] == "Anna"
    assert post(f"{room}/lend", person="Ben", pages=[2]).said["lent"] == [2]


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
        decide(room, "Anna", (page, other, 1), (blind[1]["id"], rows[blind[1]["id"]][2], 2), blind=True)
        shown = ask(f"{room}/pages/{page}").said
        assert not shown["blind"] and shown["guess"][0]["category"] == guess
        error = ask(f"{room}/progress").said["blind"]
        assert (error["n"], error["wrong"]) == (2, 1) and 0 < error["low"] < 0.5 < error["high"] < 1
    with answering(a_run(tmp_path, rows), tmp_path / "elsewhere") as room:  # the same ones after a restart
        again = ask(f"{room}/queue?order=table&state=open&count=500").said["pages"]
        assert [page["id"] for page in again if page["blind"]] == [page["id"] for page in blind[2:]]


# What Anna says of a blind page, and whether the guess is hidden as she does -> what counts: n, wrong.
SAID = [
    ([("wrong", True), ("right", False)], (1, 1)),  # corrected once the guess was seen
    ([("right", True), ("wrong", True)], (1, 0)),
    ([("wrong", True), ("undo", True), ("right", True)], (1, 0)),  # a slip
    ([("wrong", True), ("undo", True)], (0, 0)),
    ([("wrong", True), ("undo", True), ("right", False)], (1, 1)),
    ([("wrong", True), ("undo", False)], (1, 1)),
    ([("wrong", True), ("undo", False), ("right", False)], (1, 1)),
    ([("right", False), ("wrong", True)], (0, 0)),
]


def test_the_error_rate_is_that_of_first_answers_without_the_guess(tmp_path, capsys):
    rows = [row(number, CATEGORIES[number % 4]) for number in range(400)]
    table, names = a_run(tmp_path, rows), iter(range(1, 100))
    with answering(table, tmp_path / "elsewhere") as room:
        pages = ask(f"{room}/queue?order=table&state=all&count=500").said["pages"]
        blind = [page["id"] for page in pages if page["blind"]]
        n = wrong = 0
        for page, (steps, (more, more_wrong)) in zip(blind, SAID, strict=False):
            for what, hidden in steps:
                name = next(names)
                if what == "undo":
                    given = {"answer": name_of(name - 1), "undo": name_of(name), "blind": hidden}
                    assert post(f"{room}/undo", person="Anna", **given).status == 200
                else:
                    category = CATEGORIES[(page + (what == "wrong")) % 4]
                    decide(room, "Anna", (page, category, name), blind=hidden)
            n, wrong = n + more, wrong + more_wrong
            said = ask(f"{room}/progress").said["blind"]
            assert (said["n"], said["wrong"]) == (n, wrong), steps
        assert len(blind) > len(SAID)
        page = blind[len(SAID)]
        decide(room, "Anna", (page, CATEGORIES[page % 4], next(names)), blind=True)
        decide(room, "Ben", (page, "cover", next(names)), blind=True)  # had it before him as Anna answered
        seen = next(page["id"] for page in pages if not page["blind"])
        decide(room, "Ben", (seen, "cover", next(names)), blind=True)  # that is no blind page
        said = ask(f"{room}/progress").said["blind"]
        assert (said["n"], said["wrong"]) == (n + 2, wrong + 1)
    assert main(["desk", str(table), "--export", str(tmp_path / "corrected.csv")]) == 0
    assert f"where the guess was hidden it was wrong {wrong + 1} times of {n + 2}: " in capsys.readouterr().out


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
        ("undo", {"person": "Anna", "answer": name_of(1), "undo": name_of(2), "blind": 0}, 422),
        ("lend", {"person": "Anna", "pages": [99]}, 404),
        ("queue?after=40", None, 404),
    ],
)
def test_what_cannot_be_done_is_one_line(room, call, body, status):
    refused = ask(f"{room}/{call}") if body is None else post(f"{room}/{call}", **body)
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
