"""The calls of the room of formulas: every picture is answered, every limit has its line, nothing touches the disk."""

from __future__ import annotations

import json
import struct
import tempfile
import threading
import zlib

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask, connect, form, hand_in, png
from formula_models import picture
from page_files import WRITERS
from PIL import Image

from desk.uploads import Limits
from formulas.latex import normalise
from formulas.results import people


def bomb():
    """A PNG of a few bytes whose header promises 60,000 x 60,000 pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_pictures_are_read_as_the_command_line_reads_them(start, recognizer):
    shown = [picture(text) for text in ("x+1", "a=bc", "f(x)=0")]
    answer = hand_in(start(), [(f"{number}.png", png(one)) for number, one in enumerate(shown)])
    assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    for number, (said, image) in enumerate(zip(answer.said, shown, strict=True)):
        (reading,) = recognizer.read([image], beams=4)
        assert said["name"] == f"{number}.png"
        assert said["latex"] == people(reading.latex)
        assert said["confidence"] == pytest.approx(reading.confidence, abs=1e-4)
        assert [one["latex"] for one in said["alternatives"]] == [people(one) for one, _ in reading.alternatives]
        assert said["warnings"] == list(reading.warnings)


def test_beams_are_chosen(start):
    address, data = start(), png(picture("x+1"))
    assert hand_in(address, [("a.png", data)], "?beams=1").said[0]["alternatives"] == []
    for wrong in ("0", "17", "many"):
        answer = hand_in(address, [("a.png", data)], f"?beams={wrong}")
        assert answer.status == 422 and answer.said["detail"].startswith("beams: ")


@pytest.mark.parametrize("name", ["baseline.jpg", "lzw.tiff", "bare.j2k", "lossless.webp", "page.gif", "bits.pbm"])
def test_every_kind_of_picture_is_taken(start, name):
    assert hand_in(start(), [(name, WRITERS[name]())]).said[0]["name"] == name


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"", 422, "the file is empty"),
        (b"hello", 415, "not an image"),
        (b"%PDF-1.7 and so on", 415, "a PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not an image"),
        (png(picture("x"))[:200], 422, "truncated"),
        (bomb(), 413, "over the pixel limit: 60000 x 60000"),
    ],
    ids=["empty", "text", "pdf", "svg", "cut", "bomb"],
)
def test_what_is_no_picture_is_refused_and_takes_no_other_along(start, data, status, reason):
    address = start()
    alone = hand_in(address, [("a.png", data)])
    assert alone.status == status and alone.said["detail"].startswith(reason)
    assert "\n" not in alone.said["detail"] and "max_pixels" not in alone.said["detail"]
    beside = hand_in(address, [("a.png", data), ("b.png", png(picture("x+1")))])
    assert beside.status == 200
    assert beside.said[0] == {"name": "a.png", "error": alone.said["detail"]}
    assert "latex" in beside.said[1]


def test_a_blank_picture_has_an_answer(start):
    (said,) = hand_in(start(), [("a.png", png(Image.new("L", (300, 80), 255)))]).said
    assert said["latex"] == said["preview"] == "" and said["confidence"] == 0 and "blank" in said["warnings"][0]


def test_each_limit_says_its_name(start):
    noise = png(Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60), np.uint8)))  # about 3.7 KB
    address = start(Limits(files=3, file_bytes=3000, request_bytes=9000, pixels=5000))
    small = png(picture("x", 14))
    for files, status, reason in (
        ([("a.png", noise)], 413, "larger than "),
        ([("a.png", small)] * 4, 413, "a request may bring 3 pictures at most"),
        ([("a.png", noise)] * 3, 413, "a request may bring "),
        ([("a.png", png(Image.new("L", (80, 80), 255)))], 413, "over the pixel limit"),
    ):
        answer = hand_in(address, files)
        assert answer.status == status and answer.said["detail"].startswith(reason)
    beside = hand_in(address, [("a.png", noise), ("b.png", small)]).said
    assert beside[0]["error"].startswith("larger than") and "latex" in beside[1]


def test_a_full_line_and_a_late_answer_are_said(start):
    two = [("a.png", png(picture("x+1")))] * 2
    busy = hand_in(start(Limits(waiting=1)), two)
    assert busy.status == 429 and busy.headers["retry-after"] and busy.said["detail"].startswith("busy")
    late = hand_in(start(Limits(answer_seconds=0.0)), two)
    assert late.status == 408 and "not read within 0 seconds" in late.said["detail"]
    full = hand_in(start(Limits(held_bytes=100)), two)
    assert full.status == 429 and full.headers["retry-after"]


def test_many_at_once_are_all_answered_and_in_their_order(start):
    address = start()
    texts = [f"{letter}={number}" for number, letter in enumerate("abcdefghijklmnop")]
    single = {text: hand_in(address, [(text, png(picture(text)))]).said[0] for text in texts[:4]}
    found, lock = {}, threading.Lock()

    def one(text):
        said = hand_in(address, [(text, png(picture(text))), ("b", png(picture("b")))]).said
        with lock:
            found[text] = said

    threads = [threading.Thread(target=one, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = {text: [one["name"] for one in said] for text, said in found.items()}
    assert names == {text: [text, "b"] for text in texts}
    assert all(found[text][0] == said for text, said in single.items())  # whatever was read beside


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "", 415),
        (b"{}", "application/json", 415),
        (b"x", "multipart/form-data", 415),
        (form([("a", b"x")], end=False)[0], "multipart/form-data; boundary=edge", 400),
        (b"no form at all", "multipart/form-data; boundary=edge", 400),
        (form([])[0], "multipart/form-data; boundary=edge", 422),
        (form([("", b"")])[0], "multipart/form-data; boundary=edge", 422),
        (form([("a", b"x")], field="file")[0], "multipart/form-data; boundary=edge", 422),
        (b'--edge\r\nContent-Disposition: form-data; name="files"\r\n\r\ntext\r\n--edge--\r\n',
         "multipart/form-data; boundary=edge", 422),
        (form([("a", b"x")])[0], "multipart/form-data; boundary=" + "x" * 5000, 400),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused_in_one_line(start, body, kind, status):
    answer = ask(f"{start()}/api/formulas/read", body, method="POST", Content_Type=kind)
    assert answer.status == status
    assert answer.said["detail"] and "\n" not in answer.said["detail"]


def test_a_name_is_text_without_folders(start):
    names = ["C:\\scans\\a.png", "../../etc/passwd", "<img src=x onerror=alert(1)>.png", "Zápis č. 3.png"]
    said = hand_in(start(), [(name, png(picture("x"))) for name in names]).said
    assert [one["name"] for one in said] == ["a.png", "passwd", "<img src=x onerror=alert(1)>.png", "Zápis č. 3.png"]


def test_nothing_touches_the_disk(start, monkeypatch, tmp_path):
    address = start()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is none"))
    large = png(Image.fromarray(np.random.default_rng(0).integers(0, 255, (1500, 2000), np.uint8)))
    assert len(large) > 2_500_000
    assert hand_in(address, [("a.png", large)]).status == 200
    assert list(tmp_path.iterdir()) == []


def test_slow_and_broken_uploads_end(start):
    address = start(Limits(upload_seconds=0.3))
    head = (
        b"POST /api/formulas/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
    )
    with connect(address) as slow:
        slow.sendall(head + b"Content-Length: 1000\r\n\r\n--edge\r\n")
        assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")
    with connect(address) as broken:
        broken.sendall(head + b"Content-Length: 1000\r\n\r\n--edge\r\n")
    with connect(address) as large:
        large.sendall(head + b"Content-Length: 99999999999\r\n\r\n")
        assert large.recv(4096).startswith(b"HTTP/1.1 413 ")
    with connect(address) as many:  # no length: in pieces
        many.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n5\r\n--edg\r\n0\r\n\r\n")
        assert many.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert ask(f"{address}/api/health").said == {"status": "ok", "rooms": ["formulas"], "absent": {}}


def test_edited_latex_is_looked_at(start):
    address = f"{start()}/api/formulas/preview"

    def show(latex):
        return ask(address, json.dumps({"latex": latex}).encode(), Content_Type="application/json")

    said = show(r"{a \over b}").said
    assert said["latex"] == people(normalise(r"{a \over b}")) and said["preview"] and said["error"] == ""
    said = show(r"\frac{a}").said
    assert said["error"] and "\n" not in said["error"] and said["preview"] == ""
    assert show("").said == {"latex": "", "preview": "", "error": ""}
    assert show("x" * 20_001).status == 422
    assert "inside each other" in show(r"\hat" * 4000 + "x").said["error"]
    for body in (b"", b"[]", b'{"latex": 3}', b'{"latex": "x"', b"\xff", rb'{"latex": "\ud800"}'):
        answer = ask(address, body, Content_Type="application/json")
        assert answer.status in (400, 422) and "\n" not in answer.said["detail"]


def test_the_calls_are_described(start, recognizer):
    address = start()
    described = ask(f"{address}/openapi.json").said
    call = described["paths"]["/api/formulas/read"]["post"]
    assert call["requestBody"]["content"]["multipart/form-data"]["schema"]["required"] == ["files"]
    assert {"200", "400", "401", "403", "408", "413", "415", "422", "429"} <= set(call["responses"])
    about = ask(f"{address}/api/formulas").said
    assert (about["model"], about["hash"]) == (recognizer.name, recognizer.hash)
    assert about["limits"]["files"] == Limits().files
