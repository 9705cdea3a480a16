"""The words of the desk's pages: each one that a page asks for is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "desk" / "static"
ASKED = (re.compile(r"\b(?:text|inWords|hasText)\(\"([\w.]+)\""), re.compile(r"data-(?:text|label|hint)=\"([\w.]+)\""))
OF_CARDS = re.compile(r"(?:this|cards)\.text\(\"(\w+)\"")
PAGES = [file.name for file in sorted(STATIC.iterdir()) if file.suffix in (".js", ".html")]


@pytest.mark.parametrize("name", PAGES)
def test_all_words_of_a_page_are_there(name):
    texts = json.loads((STATIC / "texts.en.json").read_text(encoding="utf-8"))
    page = (STATIC / name).read_text(encoding="utf-8")
    keys = [key for asked in ASKED for key in asked.findall(page) if "." in key]
    if name == "cards.js":  # in the words of the room that they stand in
        keys = [f"{room}.{key}" for room in ("handin", "formulas") for key in OF_CARDS.findall(page)]
        assert keys
    for key in keys:
        found = texts
        for part in key.split("."):
            found = found[part]
        assert isinstance(found, str) or {"one", "other"} <= set(found), key
