"""Where pairs come from: every layout that people have, every row one outcome."""

from __future__ import annotations

import io
import json
from pathlib import Path

import huggingface_hub
import pytest
from fake_hub import FakeHub
from PIL import Image, ImageDraw

from formulas.data import Columns, pairs_of, split_named
from reading.decoding import PageError
from utils import UserError


def picture(file: Path, wide: int = 60) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", (wide, 30), 255)
    ImageDraw.Draw(image).rectangle((10, 8, wide - 10, 20), fill=0)
    image.save(file)
    return file


def said(found) -> list[tuple[str, str, str, int]]:
    return [(pair.name, pair.latex, pair.split, pair.open().width) for pair in found.pairs]


def test_a_drawn_folder(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "00" / "a.png", 61)
    picture(tmp_path / "train" / "b.png", 62)
    (tmp_path / "formulas.csv").write_text(
        'image,latex,split,font\nimages/00/a.png,"x, y",,cm\nb,\\alpha,train,cm\nc,z,train,cm\n,q,,\n', "utf-8"
    )
    found = pairs_of([tmp_path])
    assert said(found) == [("images/00/a.png", "x, y", "", 61), ("train/b.png", "\\alpha", "train", 62)]
    assert found.failures == [
        ("c", "z", "there is no such picture"),
        ("formulas.csv, line 5", "q", "the row names no picture"),
    ]


def test_columns_of_other_names_are_chosen(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "mine.csv").write_text("scan;tex\na.png;x\n", "utf-8")
    assert said(pairs_of([tmp_path], columns=Columns("scan", "TEX"))) == [("a.png", "x", "", 60)]
    with pytest.raises(UserError, match=r"none of image.*columns: scan, tex.*--picture_column"):
        pairs_of([tmp_path])
    with pytest.raises(UserError, match=r"no column text.*did you mean tex"):
        pairs_of([tmp_path], columns=Columns("scan", "text"))


def test_json_lines(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    rows = [{"file_name": "a.png", "text": "x^{2}"}, {"file_name": "b.png", "text": "y"}]
    file = tmp_path / "validation.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    found = pairs_of([file])
    assert said(found) == [("a.png", "x^{2}", "validation", 60)]
    assert found.failures == [("b.png", "y", "there is no such picture")]
    file.write_text("{nonsense\n", "utf-8")
    with pytest.raises(UserError, match="line 1: not JSON"):
        pairs_of([file])


@pytest.mark.parametrize("row", ["1 abc basic", "abc 1", "abc.png 1"])
def test_the_lists_of_im2latex(tmp_path: Path, row: str) -> None:
    picture(tmp_path / "formula_images" / "abc.png")
    (tmp_path / "im2latex_formulas.lst").write_bytes(b"x\r\ny\xe4\nz\n")
    (tmp_path / "im2latex_validate.lst").write_text(row + "\n", "utf-8")
    found = pairs_of([tmp_path])
    assert said(found) == [("formula_images/abc.png", "y\ufffd", "validation", 60)]
    (tmp_path / "im2latex_validate.lst").write_text("abc 9\n", "utf-8")
    with pytest.raises(UserError, match=r"line 1: 9 is no line of im2latex_formulas\.lst"):
        pairs_of([tmp_path])


def test_parquet_as_the_hub_keeps_it(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="requirements-formulas.txt is not installed")
    from pyarrow import parquet

    held = io.BytesIO()
    Image.open(picture(tmp_path / "a.png", 77)).save(held, "PNG")
    rows = {
        "image": [{"bytes": held.getvalue(), "path": "a.png"}, {"bytes": None, "path": None}],
        "text": ["x", "y"],
    }
    (tmp_path / "data").mkdir()
    parquet.write_table(pyarrow.table(rows), tmp_path / "data" / "train-00000-of-00001.parquet", row_group_size=1)
    found = pairs_of([tmp_path])
    assert [(pair.latex, pair.split) for pair in found.pairs] == [("x", "train"), ("y", "train")]
    assert found.pairs[0].open().width == 77
    with pytest.raises(PageError, match="the row holds no picture"):
        found.pairs[1].open()
    (tmp_path / "data" / "train-00000-of-00001.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(UserError, match="not a parquet file"):
        pairs_of([tmp_path])


def test_a_data_set_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="requirements-formulas.txt is not installed")
    from formulas.columnar import DatasetRows

    features = datasets.Features({"image": datasets.Image(decode=False), "text": datasets.Value("string")})
    rows = {"image": [{"bytes": None, "path": str(picture(tmp_path / "a.png", 71))}], "text": ["x"]}
    table = DatasetRows(datasets.Dataset.from_dict(rows, features=features), "validation")
    assert (table.columns, table.texts("text"), table.split) == (["image", "text"], ["x"], "validation")
    assert Image.open(io.BytesIO(table.picture("image", 0)())).width == 71


def test_a_data_set_that_nobody_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="requirements-formulas.txt is not installed")
    monkeypatch.chdir(tmp_path)
    with FakeHub() as hub:
        monkeypatch.setattr(datasets.config, "HF_ENDPOINT", hub.url)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
        template = f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        with pytest.raises(UserError, match="nobody/formulas: no such folder here, not in the hub cache") as told:
            pairs_of(["nobody/formulas"])
    assert "\n" not in str(told.value)
    assert any("nobody/formulas" in path for _, path, _ in hub.log)


def test_several_sources_keep_their_names_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        picture(tmp_path / name / "a.png")
        (tmp_path / name / "formulas.csv").write_text("image,latex\na.png,x\n", "utf-8")
    names = [pair.name for pair in pairs_of([tmp_path / "one", tmp_path / "two"]).pairs]
    assert len(set(names)) == 2


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nowhere", "nowhere does not exist"),
        ("empty", "looked for formulas.csv"),
        ("rows", "no formulas there"),
        ("notes.txt", r"read from \.csv"),
    ],
)
def test_what_is_no_source(tmp_path: Path, source: str, reason: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "formulas.csv").write_text("image,latex\n", "utf-8")
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    with pytest.raises(UserError, match=reason):
        pairs_of([tmp_path / source])


def test_only_one_split(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "formulas.csv").write_text("image,latex,split\na.png,x,val\na.png,y,train\n", "utf-8")
    assert [pair.latex for pair in pairs_of([tmp_path], only="validation").pairs] == ["x"]
    with pytest.raises(UserError, match="no formulas of the split test"):
        pairs_of([tmp_path], only="test")
    (tmp_path / "formulas.csv").write_text("image,latex,split\nb.png,x,val\nc.png,y,val\n", "utf-8")
    with pytest.raises(UserError, match=r"split validation in .*; b\.png: there is no such picture, and 1 more rows"):
        pairs_of([tmp_path], only="validation")


def test_words_that_name_a_split() -> None:
    assert [split_named(name) for name in ("im2latex_test.lst", "dev.csv", "testimony.csv")] == [
        "test",
        "validation",
        "",
    ]
