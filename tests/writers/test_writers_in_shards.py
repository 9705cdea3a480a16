"""`writers index --cluster`: the rows of one process, with pages that hold no handwriting among them."""

from __future__ import annotations

import json
from pathlib import Path

from hand_pages import writers, written
from PIL import Image

from index.database import Index
from run import main


def test_rows_are_those_of_one_process(here, model, capsys):
    Image.new("L", (400, 500), 255).save(here / "pages" / "blank.png")
    frames = [written("anna", 50), Image.new("L", (400, 500), 255), written("anna", 51)]
    frames[0].save(here / "pages" / "many.tif", save_all=True, append_images=frames[1:])
    whole = (here / "pages" / "anna-0.png").read_bytes()
    (here / "pages" / "cut.png").write_bytes(whole[: len(whole) // 2])
    assert main(["writers", "index", "pages", "--model", str(model), "--index", "one", "--quiet"]) == 1
    capsys.readouterr()
    assert writers("index", "pages", "--model", str(model), "--cluster", "local:2") == 1
    assert "2 pages hold no handwriting: 2 blank" in capsys.readouterr().out
    one, other = (Index.open(Path(folder), "writers") for folder in ("one", "ix"))
    assert one.arrow(one.columns).equals(other.arrow(other.columns))
    assert Path("ix/errors.csv").read_bytes() == Path("one/errors.csv").read_bytes()
    [said] = json.loads(Path("ix/run.json").read_text(encoding="utf-8"))["cluster"]
    assert said["shards"] == 2
