"""`formulas serve` as a process: it says where it is, for whom, and ends when it is told to."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from desk_client import ask, hand_in, png
from formula_models import picture

from desk.serving import link
from run import main

RUN = Path(__file__).resolve().parents[2] / "run.py"


@contextlib.contextmanager
def serving(model, *flags):
    """The process, and the link that it printed."""
    command = [sys.executable, str(RUN), "formulas", "serve", "--model", str(model), "--port", "0", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        try:
            line = process.stdout.readline()
            found = re.match(r"Formulas: (http://\S+) +\(Ctrl-C ends it\)$", line)
            assert found, (line, process.stderr.read() if process.poll() is not None else "")
            yield process, found[1]
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_reads_until_it_is_told_to_end(model, number, tmp_path):
    with serving(model) as (process, address):
        address = address.rstrip("/")
        first = ask(address)
        assert (first.status, first.headers["location"]) == (307, "/formulas")
        assert b"<title>Formulas</title>" in ask(f"{address}/formulas").body
        assert hand_in(address, [("a.png", png(picture("x+1")))]).status == 200
        assert hand_in(address, [("a.png", b"GIF89a" + bytes(40))]).status == 422
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):  # one that asks nothing holds up no end
            process.send_signal(number)
            assert process.wait(60) == 0
        assert process.stdout.read() == ""
        assert [line for line in process.stderr.read().splitlines() if not line.startswith("model ")] == [
            "Formulas: ended"
        ]


def test_another_address_asks_for_the_token_of_its_link(model):
    with serving(model, "--host", "0.0.0.0") as (_, shown):
        found = re.fullmatch(r"http://[^/]+:(\d+)/\?token=([\w-]{20,})", shown)
        assert found
        address = f"http://127.0.0.1:{found[1]}"
        assert ask(f"{address}/api/health").status == 401
        assert ask(f"{address}/?token={found[2]}").status == 303
        assert hand_in(address, [("a.png", png(picture("x")))]).status == 401
        assert hand_in(address, [("a.png", png(picture("x")))], Authorization=f"Bearer {found[2]}").status == 200


def test_what_cannot_be_served_is_one_line(model, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for flags, said in (
            (["--port", port], rf"--host 127.0.0.1 --port {port}: .*in use.*--port 0 takes any"),
            (["--port", "70000"], r"--port 70000: must be a port, 0 to 65535"),
            (["--port", "http"], r"--port http: must be a port"),
            (["--host", "256.1.1.1"], r"--host 256.1.1.1: no such address"),
            (["--model", "nowhere"], r"--model nowhere: no such folder"),
        ):
            assert main(["formulas", "serve", "--model", str(model), *flags]) == 2
            lines = capsys.readouterr().err.splitlines()
            assert len(lines) == 1 and re.search(said, lines[0]), lines


def test_links_are_what_a_browser_opens():
    assert link("127.0.0.1", 8765, "") == "http://127.0.0.1:8765/"
    assert link("::1", 80, "") == "http://[::1]:80/"
    assert link("10.0.0.7", 80, "abc") == "http://10.0.0.7:80/?token=abc"
