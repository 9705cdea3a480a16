"""Contact sheets with the fonts that there are: matplotlib's, the system's, Pillow's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageFont

from output.contact_sheet import Tile, draw_sheet

ROOT = Path(__file__).parents[2]
SHEET = """
import json, sys
sys.modules["matplotlib"] = None
from pathlib import Path
from PIL import ImageFont
from output.contact_sheet import Tile, draw_sheet
found = ImageFont.truetype
if sys.argv[2] == "none":  # a system that has none of the fonts
    def truetype(font, *rest, **named):
        if isinstance(font, str):
            raise OSError("cannot open resource")
        return found(font, *rest, **named)
    ImageFont.truetype = truetype
tiles = [Tile(None, json.loads(sys.argv[1]))]
draw_sheet(tiles, Path(), Path(sys.argv[3]), title="t", max_pixels=100)
"""


def drawn_without_matplotlib(file: Path, lines: list[str], fonts: str) -> bytes:
    subprocess.run([sys.executable, "-c", SHEET, json.dumps(lines), fonts, str(file)], cwd=ROOT, check=True)
    with Image.open(file) as sheet:
        return sheet.tobytes()


@pytest.mark.parametrize("fonts", ["of the system", "none"])
def test_a_sheet_needs_no_matplotlib(tmp_path, fonts):
    one = drawn_without_matplotlib(tmp_path / "one.png", ["TEXT", "Jan"], fonts)
    other = drawn_without_matplotlib(tmp_path / "other.png", ["TEXT", "Jana"], fonts)
    assert one != other


def test_letters_that_no_font_has_lose_their_accents_instead_of_becoming_boxes(tmp_path):
    one, other = (
        drawn_without_matplotlib(tmp_path / f"{len(line)}.png", ["TEXT", line], "none") for line in ("Čížek", "Cizek")
    )
    assert one == other


def test_matplotlib_brings_the_font(tmp_path):
    draw_sheet([Tile(None, ["Čížek"])], tmp_path, tmp_path / "a.png", title="t", max_pixels=100)
    assert (tmp_path / "a.png").stat().st_size > 500
    assert isinstance(ImageFont.load_default(12), ImageFont.FreeTypeFont)  # what is left where there is no other
