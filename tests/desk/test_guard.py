"""Who may ask the desk, and what a browser is forbidden."""

from __future__ import annotations

import importlib.util
import re

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask, connect, hand_in, png
from desk_pages import indexed, serving, settings_for
from formula_models import picture
from review_runs import a_run

from desk.command import OpenDesk
from desk.decisions import read_answers
from desk.desk import open_desk
from desk.rooms import rooms_of


def test_pages_of_other_sites_are_refused_everywhere(start):
    address = start()
    own = address.removeprefix("http://")
    foreign = ("http://example.org", "null", "http://127.0.0.1:1", f"http://{own}.example.org", "file://")
    for path in ("/", "/formulas", "/static/formulas.js", "/api/health", "/api/formulas", "/nothing"):
        for origin in foreign:
            assert ask(address + path, Origin=origin).status == 403
        assert ask(address + path, Origin=f"http://{own}").status != 403
        assert ask(address + path).status != 403
    data = png(picture("x"))
    assert hand_in(address, [("a.png", data)], Origin="http://example.org").status == 403
    assert hand_in(address, [("a.png", data)], Origin=address).status == 200


def test_a_name_that_was_made_to_lead_here_is_refused(start):
    address = start()
    port = address.rpartition(":")[2]
    for host in ("example.org", f"example.org:{port}", "127.0.0.1.example.org", "127.0.0.1:1.example.org", "", "[::2]",
                 "10.0.0.1", "127.0.0.1.", "0.0.0.0", "2130706433"):  # fmt: skip
        assert ask(f"{address}/api/health", Host=host).status == 403
    for host in ("localhost", f"localhost:{port}", "LOCALHOST:9000", "[::1]:80", "[::1]", "127.0.0.1",
                 f"127.0.0.2:{port}", "127.0.1.1"):  # fmt: skip
        assert ask(f"{address}/api/health", Host=host).status == 200
    with connect(address) as without:
        without.sendall(b"GET /api/health HTTP/1.0\r\n\r\n")
        assert without.recv(100).startswith(b"HTTP/1.1 403 ")


def test_no_answer_may_load_what_is_not_ours(start):
    address = start()
    for path in ("/formulas", "/static/formulas.js", "/api/health", "/nothing"):
        headers = ask(address + path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["font-src"] == policy["connect-src"] == "'self'"
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_paths_lead_out_of_nothing(start):
    address = start()
    for path in (
        *("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/%252e%252e/app.py"),
        *("/static/katex/../../app.py", "/static//etc/passwd", "/static/..\\app.py", "/static/%00", "/static/"),
    ):
        assert ask(address + path.replace("\\", "%5c")).status in (404, 405)
    with connect(address) as raw:
        raw.sendall(b"GET /static/../app.py HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 404 ")


def test_a_token_is_asked_for_and_kept(start):
    address = start(token="secret")
    for path in ("/", "/static/formulas.js", "/api/health", "/openapi.json"):
        assert ask(address + path).status == 401
        assert ask(f"{address}{path}?token=wrong").status == 401
    assert ask(f"{address}/api/formulas/read?token=secret", b"", method="POST").status == 401  # a link is for looking
    opened = ask(f"{address}/formulas?a=1&token=secret")
    cookie = opened.headers["set-cookie"]
    assert opened.status == 303 and opened.headers["location"] == "/formulas?a=1"
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    kept = cookie.partition(";")[0]
    assert ask(f"{address}/api/health", Cookie=kept).status == 200
    assert ask(f"{address}/api/health", Cookie=f"other=1; {kept}").status == 200
    assert ask(f"{address}/api/health", Cookie=f"{kept}x").status == 401
    assert ask(f"{address}/api/health", Authorization="Bearer secret").status == 200
    assert ask(f"{address}/api/health", Authorization="Bearer wrong").status == 401
    assert ask(f"{address}/api/health", Cookie=kept, Origin="http://example.org").status == 403
    assert ask(f"{address}//example.org/?token=secret").headers["location"] == "/example.org/"
    assert ask(f"{address}/api/health", Host="archive.example.org:80", Cookie=kept).status == 200


def test_every_call_of_every_room_is_for_whom_it_should_be(tmp_path, page_model):
    """Those that /openapi.json names, pages and files: none for pages of other sites, none without the token."""
    desk = open_desk(settings_for(tmp_path / "elsewhere", page_model), OpenDesk(table=a_run(tmp_path), browser=False))
    if importlib.util.find_spec("lancedb"):
        indexed(desk.output, desk.pages, page_model)
    for token, wanted, more in (("", 403, {"Origin": "http://example.org"}), ("secret", 401, {})):
        rooms, absent = rooms_of(desk)
        assert set(absent) <= {"collection"}
        with serving(rooms, token) as address:
            named = ask(f"{address}/openapi.json", Authorization=f"Bearer {token}").said["paths"]
            calls = [(path, method.upper()) for path, methods in named.items() for method in methods]
            pages = [(path, "GET") for path in ("/", *(f"/{room.name}" for room in rooms), "/static/frame.js")]
            assert len(calls) > 25
            for path, method in calls + pages:
                there = address + re.sub(r"{\w+}", "1", path)
                answer = ask(there, b"{}" if method == "POST" else None, method=method, **more)
                assert (answer.status, list(answer.said)) == (wanted, ["detail"]), (path, method)
    assert not list(tmp_path.rglob("start.json"))
    assert read_answers(desk.review).given() == []
