"""What is packed of KaTeX: all that a browser loads, and no more."""

from __future__ import annotations

import io
import re
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data_scripts"))

import pack_katex

STYLE = (
    '@font-face{font-family:A;src:url(fonts/KaTeX_A-B.woff2) format("woff2"),url(fonts/KaTeX_A-B.woff) format("woff"),'
    'url(fonts/KaTeX_A-B.ttf) format("truetype")}.katex{font:1em A}'
)


def test_a_package_is_packed_and_the_earlier_one_replaced(tmp_path):
    package, folder = tmp_path / "katex.tgz", tmp_path / "static" / "katex"
    with tarfile.open(package, "w:gz") as files:
        for name, text in {
            "package/LICENSE": "MIT",
            "package/dist/katex.min.js": "var katex",
            "package/dist/katex.min.css": STYLE,
            "package/dist/katex.js": "left out",
            "package/dist/fonts/KaTeX_A-B.woff2": "font",
            "package/dist/fonts/KaTeX_A-B.ttf": "left out",
            "package/dist/fonts/../../../../evil.woff2": "left out",
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            files.addfile(member, io.BytesIO(text.encode()))
    (folder / "fonts").mkdir(parents=True)
    (folder / "fonts" / "KaTeX_Old.woff2").write_text("of an earlier version")
    pack_katex.pack(package, folder, "1.2.3")
    packed = {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}
    assert set(packed) == {"LICENSE", "README.txt", "katex.min.css", "katex.min.js", "fonts/KaTeX_A-B.woff2"}
    assert (
        packed["katex.min.css"]
        == '@font-face{font-family:A;src:url(fonts/KaTeX_A-B.woff2) format("woff2")}.katex{font:1em A}'
    )
    assert "1.2.3" in packed["README.txt"]
    assert [file.name for file in folder.parent.iterdir()] == ["katex"]


def test_what_is_packed_here_is_whole():
    folder = pack_katex.FOLDER
    style = (folder / "katex.min.css").read_text(encoding="utf-8")
    fonts = set(re.findall(r"url\(fonts/([^)]+)\)", style))
    assert fonts == {file.name for file in (folder / "fonts").iterdir()} and len(fonts) >= 15
    assert not re.search(r"url\((?!fonts/)|@import|https?:", style)
    assert pack_katex.VERSION in (folder / "README.txt").read_text(encoding="utf-8")
    assert f'"{pack_katex.VERSION}"' in (folder / "katex.min.js").read_text(encoding="utf-8")
    assert "MIT" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 1_500_000
