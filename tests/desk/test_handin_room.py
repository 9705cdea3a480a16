"""Handing in over HTTP: pages in, categories out; nothing lost, nothing doubled, nothing on the disk."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask, form, png
from desk_pages import LABELS, classify, page, serving, settings_for
from page_files import encoded
from PIL import Image

from desk.batching import Batching
from desk.classifying import Classifying, PageLimits, Row, Wish
from desk.handin import handin_room
from desk.sorter import Sorter, open_sorter
from desk.uploads import Upload
from output.outcome import Scored
from run import main

HARMFUL = "<img src=x onerror=alert(1)>.png"
KIND = "multipart/form-data; boundary=edge"


@pytest.fixture(scope="module")
def sorter(tmp_path_factory, page_model):
    """What the desk sorts with; its pool outlives the rooms of single tests."""
    return open_sorter(settings_for(tmp_path_factory.mktemp("out"), page_model))


@pytest.fixture
def start(sorter, tmp_path):
    """Start a room with limits; its address."""
    opened = []

    def begin(**limits):
        reader = Classifying(sorter.classifying.classifier, replace(PageLimits(), **limits), folder=tmp_path / "held")
        opened.append(serving([handin_room(Sorter(sorter.name, sorter.folder, reader), "no index")]))
        return opened[-1].__enter__()

    yield begin
    for room in opened:
        room.__exit__(None, None, None)


def several(kind, count=3, first=0):
    pages = [page(first + number, (96, 128)) for number in range(count)]
    return encoded(pages[0], kind, save_all=True, append_images=pages[1:])


def test_scores_are_those_of_sorting(start, page_model, tmp_path, capsys):
    (tmp_path / "pages").mkdir()
    files = {
        "a.png": png(page(1)),
        "b.tif": several("TIFF"),
        "c.pdf": several("PDF"),
        "d.jpg": encoded(page(2), "JPEG"),
    }
    for name, data in files.items():
        (tmp_path / "pages" / name).write_bytes(data)
    out = ["-o", str(tmp_path / "out"), "--raw", "-tn", "3", "--model_path", str(page_model), "--quiet"]
    assert main(["-d", str(tmp_path / "pages"), *out]) == 0
    capsys.readouterr()
    (raw,) = (tmp_path / "out" / "tables").glob("*_RAW.csv")
    head, *lines = [line.split(",") for line in raw.read_text(encoding="utf-8-sig").split()]
    sorted_before = [{label: float(line[head.index(label)]) for label in LABELS} for line in lines]
    said = classify(start(), list(files.items())).said
    assert [(one["name"], one["page"]) for one in said] == [
        ("a.png", 1), ("b.tif", 1), ("b.tif", 2), ("b.tif", 3), ("c.pdf", 1), ("c.pdf", 2), ("c.pdf", 3), ("d.jpg", 1)
    ]  # fmt: skip
    assert [{one["label"]: one["score"] for one in each["categories"]} for each in said] == sorted_before


def test_two_hundred_at_once_are_each_answered_once(start):
    address = start()
    alone = {seed: classify(address, [(f"{seed}.png", png(page(seed)))]).said[0]["categories"] for seed in range(8)}
    begin = threading.Barrier(50)

    def one(number):
        if number < 50:
            begin.wait()
        return classify(address, [(f"{number}.png", png(page(number % 8)))])

    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(one, range(200)))
    assert [answer.status for answer in answers] == [200] * 200
    assert [[row["name"] for row in answer.said] for answer in answers] == [[f"{number}.png"] for number in range(200)]
    assert all(answer.said[0]["categories"] == alone[number % 8] for number, answer in enumerate(answers))


def test_what_comes_together_is_computed_together(sorter):
    classifier = sorter.classifying.classifier
    batching = Batching(classifier, most=16)
    pixels = [classifier.transform(page(seed)) for seed in range(40)]
    held = threading.Event()
    batching._thread.submit(held.wait)  # the model is busy while they arrive
    computed = [batching.add(one) for one in pixels]
    computed[5].cancel()
    held.set()
    outcomes = [one.result().outcome for at, one in enumerate(computed) if at != 5]
    assert batching.batches == 3
    alone = [Scored(classifier.scores(one[None])[0].tolist()) for at, one in enumerate(pixels) if at != 5]
    assert outcomes == alone
    batching.close()


def test_who_waits_for_the_model_is_let_go_as_the_desk_ends(sorter):
    classifier, held = sorter.classifying.classifier, threading.Event()
    batching = Batching(classifier, most=16)
    batching._thread.submit(held.wait)  # the model is busy
    computed = batching.add(classifier.transform(page(1)))
    batching.close()
    held.set()
    assert wait([computed], 10).done == {computed} and computed.cancelled()


def test_each_file_has_its_own_answer(start):
    whole, data = several("TIFF"), png(page(3))
    said = classify(
        start(),
        [("a.png", data), ("cut.png", data[:-30]), ("none.png", b""), ("page.txt", b"hello"), ("cut.tif", whole[:200]),
         ("broken.pdf", b"%PDF-1.4\nnothing"), (HARMFUL, data), ("../../x.png", data)],
    ).said  # fmt: skip
    assert [(one["name"], "error" in one) for one in said] == [
        ("a.png", False), ("cut.png", True), ("none.png", True), ("page.txt", True), ("cut.tif", True),
        ("broken.pdf", True), (HARMFUL, False), ("x.png", False)
    ]  # fmt: skip
    assert said[2]["error"] == "the file is empty"
    assert all("\n" not in one["error"] for one in said if "error" in one)


@pytest.mark.parametrize(
    ("files", "status", "said"),
    [
        ([("a.png", b"")], 422, "the file is empty"),
        ([("a.txt", b"hello")], 415, "not an image"),
        ([("a.pdf", b"hello")], 415, "not a PDF"),
        ([("a.png", b""), ("b.png", b"")], 422, "none of 2 pages was read"),
        ([("a.png", b""), ("b.txt", b"hello")], 422, "none of 2 pages was read"),
        ([(f"{at}.png", b"x") for at in range(4)], 413, "3 pages at most"),
        ([("a.png", b"x" * 5001)], 413, "larger than"),
        ([("a.tif", several("TIFF", count=3))], 413, "larger than"),
    ],
)
def test_where_nothing_can_be_read_it_says_why(start, files, status, said):
    answer = classify(start(files=3, file_bytes=5000), files)
    assert answer.status == status and said in answer.said["detail"]
    assert [one["name"] for one in answer.said.get("pages", [])] in ([], [name for name, _ in files])


def test_pages_and_pixels_have_limits(start):
    address = start(pages=4, pixels=20_000, answer_seconds=600.0)  # however slow the machine
    several_pages, few = several("TIFF", count=3), several("PDF", count=2, first=5)
    answer = classify(address, [("a.tif", several_pages), ("b.pdf", few), ("c.png", png(page(1)))])
    assert answer.status == 200
    assert [one["page"] for one in answer.said if "error" not in one] == [1, 2, 3, 1]
    (refused,) = [one["error"] for one in answer.said if "error" in one]
    assert "4 pages at once" in refused
    assert classify(address, [("a.tif", several("TIFF", count=5))]).status == 413
    large = classify(address, [("a.png", png(page(1, (150, 150))))])
    assert large.status == 413 and "config" not in large.said["detail"] and "[input]" not in large.said["detail"]


def test_one_that_takes_too_long_is_given_up(start):
    address = start(answer_seconds=0.0)
    answer = classify(address, [("a.png", png(page(1))), ("b.tif", several("TIFF"))])
    assert answer.status == 408
    assert [(one["name"], one["page"]) for one in answer.said["pages"]] == [
        ("a.png", 1),
        *(("b.tif", 1 + at) for at in range(3)),
    ]


def test_what_was_read_of_a_long_file_in_time_is_kept(sorter, tmp_path):
    limits = replace(PageLimits(), answer_seconds=4.0)
    classifying = Classifying(sorter.classifying.classifier, limits, folder=tmp_path)
    seen = []

    def slow_at_the_third(_):
        seen.append(time.monotonic())
        if len(seen) == 3:
            time.sleep(max(0.0, seen[0] + 4.1 - time.monotonic()))
        return {}

    data = bytearray(several("TIFF", count=5))
    (rows,) = asyncio.run(classifying.rows([Upload("a.tif", data)], Wish(vectors=slow_at_the_third)))
    classifying.close()
    assert [row.page for row in rows] == [1, 2, 3, 4, 5]
    assert [isinstance(row, Row) for row in rows] == [True, True, True, False, False]
    assert {row.why.status for row in rows[3:]} == {408}


@pytest.mark.parametrize(
    ("limits", "body", "status"),
    [
        ({"files": 1}, form([("a.png", b"x" * 20_000_000), ("b.png", b"x" * 20_000_000)]), 413),
        ({"held_bytes": 1000}, form([("a.png", b"x" * 30_000_000)]), 429),
        ({"request_bytes": 20_000_000}, form([("a.png", b"x" * 30_000_000)]), 413),
        ({}, (b"x" * 30_000_000, "image/png"), 415),
    ],
)
def test_who_sends_much_hears_why_it_is_refused(start, limits, body, status):
    """A connection that breaks while its program is still sending tells it nothing."""
    data, kind = body
    answer = ask(f"{start(**limits)}/api/classify", data, Content_Type=kind)
    assert answer.status == status and answer.said["detail"]


LONG = f"{'x' * 300}.png"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('filename="Žluťoučký kůň č. 1.png"', "Žluťoučký kůň č. 1.png"),
        ("filename*=utf-8''%C5%BDlut%C3%A1%20a.png", "Žlutá a.png"),
        ("filename=\"=?utf-8?B?xb0=?=\"; filename*=UTF-8''%C5%BD.png", "Ž.png"),
        ('filename="a\x00b.png"', "a b.png"),
        ('filename="C:\\scans\\a.png"', "a.png"),
        (f'filename="{LONG[50:]}"', LONG[50:]),
        (f'filename="{LONG}"', f"{'x' * 234}…{LONG[-20:]}"),
        ('filename=""', "page 1"),
    ],
)
def test_a_file_is_called_as_its_sender_calls_it(start, head, name):
    body = b'--edge\r\nContent-Disposition: form-data; name="files"; ' + head.encode() + b"\r\n\r\n"
    answer = ask(f"{start()}/api/classify", body + png(page(1)) + b"\r\n--edge--\r\n", Content_Type=KIND)
    assert answer.status == 200 and [one["name"] for one in answer.said] == [name]


def test_who_asks_for_look_alikes_hears_why_there_are_none(start):
    answer = classify(start(), [("a.png", png(page(1)))], "?alike=3")
    assert answer.status == 200 and answer.said[0]["warnings"] == ["no look-alikes: no index"]


def test_a_preview_is_what_any_browser_shows(start):
    said = classify(start(), [("a.tif", several("TIFF")), ("b.png", png(page(1, (3000, 1500))))], "?preview=true&top=1")
    sizes = [Image.open(io.BytesIO(base64.b64decode(one["preview"]))) for one in said.said]
    assert [(one.format, one.size) for one in sizes] == [("JPEG", (96, 128))] * 3 + [("JPEG", (1000, 500))]
    assert [len(one["categories"]) for one in said.said] == [1] * 4


def test_nothing_touches_the_disk(start, monkeypatch, tmp_path):
    address = start()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is none"))
    before = set(tmp_path.rglob("*"))
    files = [("a.png", png(page(1, (2000, 2000)))), ("b.tif", several("TIFF")), ("c.pdf", several("PDF"))]
    assert classify(address, files).status == 200
    assert set(tmp_path.rglob("*")) - before <= {tmp_path / "held"}


def test_where_files_cannot_lie_in_memory_they_are_removed(start, monkeypatch, tmp_path):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    left = tmp_path / "held" / "handed-in-1"
    left.parent.mkdir()
    left.write_text("of a desk that was killed")
    os.utime(left, (0, 0))
    address = start()
    assert not left.exists()
    said = classify(address, [("a.tif", several("TIFF")), ("b.pdf", several("PDF")), ("c.pdf", b"%PDF-1.4 nothing")])
    assert [one["page"] for one in said.said if "error" not in one] == [1, 2, 3, 1, 2, 3]
    assert list((tmp_path / "held").iterdir()) == []


def test_what_is_wrong_with_a_request_is_one_line(start):
    address = start()
    body, kind = form([("a.png", png(page(1)))])
    for path in ("?top=0", "?top=x", "?alike=-1", "?alike=1000", "?preview=maybe"):
        answer = ask(f"{address}/api/classify{path}", body, Content_Type=kind)
        assert answer.status == 422 and "\n" not in answer.said["detail"]
    assert ask(f"{address}/api/classify", b"{}", Content_Type="application/json").status == 415
    assert ask(f"{address}/api/classify").status == 405
    assert classify(address, [("a.png", png(page(1)))], Origin="http://example.org").status == 403


def test_the_model_says_what_it_is(start, sorter):
    address = start()
    assert [one["label"] for one in ask(f"{address}/api/categories").said] == list(LABELS)
    about = ask(f"{address}/api/handin").said
    assert (about["model"], about["alike"]) == (sorter.name, "no index")
    described = ask(f"{address}/openapi.json").said
    call = described["paths"]["/api/classify"]["post"]
    assert {"200", "400", "401", "403", "408", "413", "415", "422", "429"} <= set(call["responses"])
    assert described["components"]["schemas"]["ClassifiedPage"]["example"]["categories"]
