"""Fonts from a server of our own: what arrives, what is refused, what goes on after a broken start."""

import base64
import hashlib
import http.server
import io
import json
import lzma
import sys
import tarfile
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data_scripts"))

import fetch_fonts

from drawing.fonts import matplotlib_folder

FONT = matplotlib_folder() / "DejaVuSerif.ttf"


def tar(files: dict[str, bytes], mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def deb(files: dict[str, bytes]) -> bytes:
    """A Debian package: an ar archive whose member data.tar.xz holds the files."""
    out = b"!<arch>\n"
    for name, content in (("debian-binary", b"2.0\n"), ("data.tar.xz", tar(files, "w:xz"))):
        out += (
            f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
            + content
            + b"\n" * (len(content) % 2)
        )
    return out


class Server:
    """Serves `files` by path on this computer and counts what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        server = self

        class Answers(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                content = server.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server(monkeypatch):
    here = Server()
    package = deb(
        {
            "./usr/share/fonts/truetype/x/Old Book.ttf": FONT.read_bytes(),
            "./usr/share/doc/fonts-x/copyright": b"Files: *\nLicense: OFL-1.1\n\nFiles: debian/*\nLicense: GPL-3+\n",
        }
    )
    index = (
        "Package: fonts-other\nVersion: 9\nFilename: other.deb\nSHA256: 00\n\n"
        "Package: fonts-x\nVersion: 1.2-3\nDescription: letters\n and more\nFilename: pool/x.deb\n"
        f"SHA256: {hashlib.sha256(package).hexdigest()}\n"
    )
    written = tar(
        {
            "package/files/pen-latin-400-normal.woff": FONT.read_bytes(),
            "package/files/pen-latin-ext-400-normal.woff": b"no",
            "package/LICENSE": b"OFL",
        },
        "w:gz",
    )
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(written).digest()).decode()
    about = {
        "version": "5.0.1",
        "license": "OFL-1.1",
        "dist": {"tarball": here.address + "pen.tgz", "integrity": integrity},
    }
    here.files = {
        "/" + fetch_fonts.INDEX: lzma.compress(index.encode()),
        "/pool/x.deb": package,
        "/@fontsource/pen/latest": json.dumps(about).encode(),
        "/pen.tgz": written,
    }
    monkeypatch.setattr(fetch_fonts, "DEBIAN_PACKAGES", ("x",))
    monkeypatch.setattr(fetch_fonts, "NPM_PACKAGES", ("pen",))
    yield here
    here.http.shutdown()


def test_fonts_and_their_licences_arrive_and_a_second_start_asks_for_nothing(server, tmp_path):
    assert fetch_fonts.fetch_all(tmp_path, server.address, server.address) == []
    assert (tmp_path / "fonts-x" / "Old Book.ttf").read_bytes() == FONT.read_bytes()
    assert (tmp_path / "npm-pen" / "pen-latin-400-normal.woff").is_file()
    assert not (tmp_path / "npm-pen" / "pen-latin-ext-400-normal.woff").exists()
    lines = fetch_fonts.summary(tmp_path)
    assert "2 packages" in lines[0]
    assert "2 serif" in lines[1]
    listed = (tmp_path / "LICENCES.txt").read_text(encoding="utf-8")
    assert "Debian fonts-x\t1.2-3\tOFL-1.1\n" in listed  # not that of Debian's own files
    assert "npm @fontsource/pen\t5.0.1\tOFL-1.1" in listed
    server.asked.clear()
    assert fetch_fonts.fetch_all(tmp_path, server.address, server.address) == []
    assert server.asked == []


def test_a_file_with_another_checksum_is_not_kept_and_comes_with_the_next_start(server, tmp_path):
    whole = server.files["/pool/x.deb"]
    server.files["/pool/x.deb"] = whole[:-20] + b"x" * 20
    (problem,) = fetch_fonts.fetch_all(tmp_path, server.address, server.address)
    assert problem.startswith("fonts-x: ")
    assert "SHA-256" in problem
    assert not (tmp_path / "fonts-x").exists()
    assert (tmp_path / "npm-pen").is_dir()
    server.files["/pool/x.deb"] = whole
    assert fetch_fonts.fetch_all(tmp_path, server.address, server.address) == []
    assert (tmp_path / "fonts-x").is_dir()


def test_a_package_that_is_gone_and_a_mirror_that_is_away_cost_only_themselves(server, tmp_path):
    del server.files["/@fontsource/pen/latest"]
    (problem,) = fetch_fonts.fetch_all(tmp_path, server.address, server.address)
    assert problem.startswith("pen: ")
    assert "404" in problem
    (problem,) = fetch_fonts.fetch_all(tmp_path / "second", "http://127.0.0.1:9/", server.address)[:1]
    assert problem.startswith("Debian's fonts: http://127.0.0.1:9/")
