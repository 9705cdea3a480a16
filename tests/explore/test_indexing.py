"""`explore index` on real files and a real tiny model: the index tells the truth, whatever happened in between."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from encoders.features import normalised

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

import pyarrow as pa
import torch
from indexed_pages import afresh, contents, explore, ids, rows_in
from noisy_pages import LABELS, draw_page
from tiny import tiny_base, tiny_model_folder

from classifier import PageClassifier
from index.database import Index, page_file
from index.known import content_hash, year_of
from run import main
from utils import UserError


def test_rows_vectors_and_thumbnails(here, model, capsys):
    assert explore("index", "pages", model=model) == 0
    assert "15 pages in ix: 15 embedded now" in capsys.readouterr().out
    index = Index.open(Path("ix"))
    rows = index.rows()
    assert len(rows) == len(index) == 15
    first = rows[rows["file"] == "CTX194303-4.png"].iloc[0]
    file = here / "pages" / "box 0" / "CTX194303-4.png"
    assert page_file(first["folder"], first["path"]) == file
    assert (first["document"], first["page"], first["year"]) == ("CTX194303", 4, 1943)
    assert (first["size"], first["mtime_ns"]) == (file.stat().st_size, file.stat().st_mtime_ns)
    assert (first["width"], first["height"], first["hash"]) == (90, 120, content_hash(file))
    tiff = rows[rows["file"] == "many.tif"]
    assert list(tiff["page"]) == [1, 2, 3]
    assert list(tiff["frame"]) == [0, 1, 2]
    assert len(set(tiff["hash"])) == 3

    classifier = PageClassifier.from_pretrained(model)
    pixels = classifier.transform(Image.open(file))[None]
    [vector] = index.vectors(where=f"id = {first['id']}")
    assert vector.dtype == np.float16
    assert np.linalg.norm(index.vectors().astype(np.float32), axis=1) == pytest.approx(1, abs=2e-3)
    assert vector.astype(np.float32) == pytest.approx(classifier.embed_pages(pixels)[0], abs=4e-3)

    [thumbnail] = index.thumbnail([first["id"]])
    assert thumbnail.size == (90, 120)
    assert abs(np.asarray(thumbnail, float) - np.asarray(Image.open(file), float)).mean() < 12
    assert Index.open(Path("ix")).arrow(["thumbnail"])["thumbnail"].combine_chunks().nbytes < 15 * 6300


def test_an_unchanged_folder_is_not_looked_at_again(here, model, capsys):
    explore("index", "pages", model=model)
    before = contents()
    version = Index.open(Path("ix"))._pages.version
    assert explore("index") == 0
    assert "15 unchanged" in capsys.readouterr().out
    assert Index.open(Path("ix"))._pages.version == version
    assert contents() == before


def test_moved_copied_touched_changed_gone_and_swapped(here, model, capsys):
    explore("index", "pages", model=model)
    before = ids()
    Index.open(Path("ix")).set_columns(list(before.values()), {"cluster": list(before.values())})
    pages = here / "pages"
    (pages / "new box").mkdir()
    moved = (pages / "box 0" / "CTX194000-1.png").rename(pages / "new box" / "CTX195500-7.png")
    tiff = (pages / "many.tif").rename(pages / "new box" / "more.tif")
    shutil.copy(pages / "box 1" / "CTX194101-2.png", pages / "copy.png")
    os.utime(pages / "box 2" / "CTX194202-3.png", ns=(1, 1))
    draw_page(pages / "box 0" / "CTX194303-4.png", 77)
    (pages / "box 1" / "CTX194404-5.png").unlink()
    one, other = pages / "box 2" / "CTX194505-6.png", pages / "box 0" / "CTX194606-7.png"
    one.rename(pages / "aside")
    other.rename(one)
    (pages / "aside").rename(other)
    draw_page(pages / "box 0" / "new.png", 78)

    assert explore("index") == 0
    said = capsys.readouterr().out
    for part in ("2 embedded now", "with a new date only", "moved", "known from copies", "1 replaced", "1 gone"):
        assert part in said
    assert contents() == afresh(model)
    after = ids()
    assert after["new box/CTX195500-7.png"] == before["box 0/CTX194000-1.png"]
    assert after["box 2/CTX194505-6.png"] == before["box 0/CTX194606-7.png"]
    assert after["box 0/CTX194606-7.png"] == before["box 2/CTX194505-6.png"]
    assert after["box 0/CTX194303-4.png"] not in before.values()
    rows = Index.open(Path("ix")).rows().set_index("path")
    assert rows.loc["new box/CTX195500-7.png", "cluster"] == before["box 0/CTX194000-1.png"]
    assert rows.loc["new box/CTX195500-7.png", "year"] == 1955
    assert rows.loc["copy.png", "cluster"] is pa.NA or str(rows.loc["copy.png", "cluster"]) == "<NA>"
    assert moved.exists()
    assert tiff.exists()


def test_broken_pages_are_listed_with_the_reason_until_they_are_mended(here, model, capsys):
    whole = (here / "pages" / "box 0" / "CTX194000-1.png").read_bytes()
    (here / "pages" / "box 0" / "CTX194000-1.png").write_bytes(whole[: len(whole) // 2])
    (here / "pages" / "note.png").write_text("no image")
    assert explore("index", "pages", model=model) == 1
    shown = capsys.readouterr()
    assert "14 pages in ix: 14 embedded now, 2 not readable" in shown.out
    broken = Index.open(Path("ix")).broken()
    assert sorted(broken["path"].to_pylist()) == ["box 0/CTX194000-1.png", "note.png"]
    assert "not an image although its name ends in .png" in broken["reason"].to_pylist()
    assert "note.png" in Path("ix/errors.csv").read_text(encoding="utf-8")
    assert "note.png" not in ids()

    (here / "pages" / "box 0" / "CTX194000-1.png").write_bytes(whole)
    (here / "pages" / "note.png").unlink()
    cut = here / "pages" / "box 1" / "CTX194101-2.png"
    cut.write_bytes(cut.read_bytes()[:200])
    assert explore("index") == 1
    assert Index.open(Path("ix")).broken()["path"].to_pylist() == ["box 1/CTX194101-2.png"]
    assert "box 1/CTX194101-2.png" not in ids()
    assert contents() == afresh(model)
    draw_page(cut, 5)
    assert explore("index") == 0
    assert not Index.open(Path("ix")).broken().num_rows
    assert not Path("ix/errors.csv").exists()


def test_folders_that_are_not_looked_at_stay_and_go_when_they_are_taken_out(here, model, capsys):
    draw_page(here / "other" / "z-1.png", 200)
    explore("index", "pages", model=model)
    explore("index", "other")
    assert len(ids()) == 13 + 1  # the TIFF's frames have one path
    explore("index", "pages", "-ff", "tif")
    assert "12 not looked at this time" in capsys.readouterr().out
    (here / "other").rename(here / "unplugged")
    assert explore("index") == 1
    assert "is not there now: its pages stay in the index" in capsys.readouterr().err
    assert "z-1.png" in ids()
    assert explore("index", "--forget", "other") == 0
    assert "z-1.png" not in ids()
    assert explore("index", "pages/box 0") == 2
    assert "would be in the index twice" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links need rights on Windows")
def test_links_that_lead_nowhere_are_listed_and_cost_no_other_page(here, model, capsys):
    (here / "pages" / "loop-1.png").symlink_to("loop-1.png")
    (here / "pages" / "box 9").symlink_to(here / "unmounted")
    draw_page(here / "pages" / "@eaDir" / "thumb.png", 1)
    assert explore("index", "pages", model=model) == 1
    assert rows_in(Path("ix")) == 15
    broken = Index.open(Path("ix")).broken()
    assert sorted((row["path"], row["reason"]) for row in broken.to_pylist()) == [
        ("box 9", "a link that leads nowhere"),
        ("loop-1.png", "a link that points to itself"),
    ]
    (here / "unmounted").mkdir()
    draw_page(here / "unmounted" / "Z-1.png", 50)
    (here / "pages" / "loop-1.png").unlink()
    assert explore("index", "pages") == 0  # mended
    assert rows_in(Path("ix")) == 16
    shutil.move(here / "unmounted", here / "elsewhere")
    assert explore("index", "pages") == 1
    assert rows_in(Path("ix")) == 16  # what lies behind a link that leads nowhere now is not gone


def test_names_of_phones_and_scanners_stop_no_folder(here, model, capsys):
    for name in (
        "FB_IMG_1698765432100.png",
        "Scan_20240131143012.png",
        "x-99999999999999999999.png",
        "y-2147483648.png",
    ):
        draw_page(here / "phone" / name, 7)
    assert explore("index", "phone", model=model) == 0
    assert sorted(Index.open(Path("ix")).rows()["page"]) == [1, 1, 1, 1]
    assert explore("index", "phone") == 0  # the copy and move paths name pages too
    draw_page(here / "phone" / "moved_1698765432100.png", 7)
    assert explore("index", "phone") == 0


def test_categories_of_a_result_table(here, model, capsys):
    head = "FILE,PAGE,CLASS-1,SCORE-1,PATH\n"
    rows = "CTX194000,1,PHOTO,0.9000,box 0/CTX194000-1.png\nmany,2,TEXT,0.6000,many.tif\nx,1,TEXT,0.5,absent.png\n"
    Path("result.csv").write_text(head + rows, encoding="utf-8")
    assert explore("index", "pages", "--table", "result.csv", model=model) == 0
    index = Index.open(Path("ix"))
    assert list(index.rows(["path", "page"], "category = 'TEXT' and score < 0.7")["page"]) == [2]
    assert index.rows(["category"])["category"].notna().sum() == 2
    vectors = index.vectors()
    excel = head.replace(",", ";") + "CTX194000;1;TEXT;0,2500;box 0/CTX194000-1.png\n"
    Path("excel.csv").write_text(excel, encoding="utf-8-sig")
    assert explore("index", "--table", "excel.csv") == 0
    index = Index.open(Path("ix"))
    assert list(index.rows(["score"], "file = 'CTX194000-1.png'")["score"]) == [0.25]
    assert (index.vectors() == vectors).all()
    Path("wrong.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    capsys.readouterr()
    for table, said in (("wrong.csv", "no column PATH"), ("resul.csv", "did you mean result.csv?")):
        assert explore("index", "--table", table) == 2
        assert said in capsys.readouterr().err


def test_another_backbone_or_another_version_of_it_is_told_and_nothing_is_mixed(here, model, tmp_path, capsys):
    own_model = shutil.copytree(model, tmp_path / "own")
    explore("index", "pages", model=own_model)
    before = contents()
    draw_page(here / "pages" / "new.png", 300)
    other = tiny_model_folder(tmp_path / "other", LABELS, seed=7)
    assert explore("index", "pages", model=other) == 2
    assert "vectors of two models do not mix" in capsys.readouterr().err
    shutil.rmtree(own_model)
    shutil.copytree(other, own_model)
    assert explore("index", "pages") == 2
    assert "another version of" in capsys.readouterr().err
    shutil.rmtree(own_model)
    assert explore("index", "pages") == 2
    assert "say with --backbone where it lies now" in capsys.readouterr().err
    assert contents() == before
    assert explore("index", "pages", model=model) == 0
    assert len(contents()) == 16


def test_backbones_of_transformers_bit_among_them(here, tmp_path, capsys):
    from transformers import BitConfig, BitForImageClassification, ViTConfig, ViTModel

    from explore.backbones import open_backbone
    from settings.schema import Settings

    torch.manual_seed(0)
    bit = BitForImageClassification(BitConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], num_groups=4))
    bit.save_pretrained(tmp_path / "bit")
    processor = (
        '{"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 40}, "do_center_crop": true, '
        '"crop_size": {"height": 32, "width": 32}, "resample": 3, "image_mean": [0.5, 0.5, 0.5], '
        '"image_std": [0.5, 0.5, 0.5]}'
    )
    (tmp_path / "bit" / "preprocessor_config.json").write_text(processor)
    assert explore("index", "pages", model=tmp_path / "bit") == 0
    index = Index.open(Path("ix"))
    assert (index.backbone.dim, index.backbone.has_text) == (16, False)
    backbone = open_backbone(str(tmp_path / "bit"), Settings())
    row = index.rows().iloc[0]
    pixels = backbone.transform(Image.open(page_file(row["folder"], row["path"])))[None]
    with torch.no_grad():
        expected = bit.eval().bit(normalised(torch.from_numpy(pixels), backbone.transform)).pooler_output.flatten(1)
    expected = torch.nn.functional.normalize(expected, dim=-1)[0].numpy()
    assert index.vectors()[0] == pytest.approx(expected, abs=1e-3)
    assert main(["explore", "search", "--text", "a map", "--index", "ix"]) == 2
    assert "has no text tower" in capsys.readouterr().err

    # A ViT whose file holds no pooler: its random one is not used, so that two starts give the same vectors.
    tiny = ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32)
    ViTModel(tiny, add_pooling_layer=False).save_pretrained(tmp_path / "vit")
    (tmp_path / "vit" / "preprocessor_config.json").write_text(processor.replace("40", "32"))
    twice = [open_backbone(str(tmp_path / "vit"), Settings()).embed(pixels) for _ in range(2)]
    assert (twice[0] == twice[1]).all()


@pytest.mark.parametrize("kind", ["clip", "siglip", "dual"])
def test_dual_encoders_as_published_have_texts(here, tmp_path, kind):
    from explore.backbones import open_backbone
    from settings.schema import Settings

    asked = Settings().replaced("setup", engine="onnx")
    backbone = open_backbone(str(tiny_base(tmp_path / kind, kind)), Settings())
    with pytest.raises(UserError, match=r"has no graphs: make them with python run\.py --convert"):
        open_backbone(str(tmp_path / kind), asked)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, *backbone.transform.size), dtype=np.uint8)
    vectors = backbone.embed(pixels)
    assert vectors.shape == (2, backbone.info.dim)
    assert vectors.shape[1] == len(backbone.embed_text("a map"))
    if kind != "clip":
        return
    # With graphs the vectors are those of before, so its indexes go on.
    assert main(["--convert", str(tmp_path / kind)]) == 0
    light = open_backbone(str(tmp_path / kind), asked)
    assert light.embedder.name == "onnx"
    assert light.info == backbone.info
    assert light.embed(pixels) == pytest.approx(vectors, abs=1e-5)
    assert light.embed_text("a map") == pytest.approx(backbone.embed_text("a map"), abs=1e-5)


def test_it_is_read_without_us(here, model):
    import lancedb

    explore("index", "pages", model=model)
    table = lancedb.connect("ix").open_table("pages")
    assert len(table.to_pandas()) == 15
    some = table.search().where("year < 1945").select(["path", "year"]).to_pandas()
    assert set(some["year"]) <= set(range(1940, 1945))
    arrow = table.to_arrow()
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.from_arrow(arrow)
    assert frame.filter(polars.col("year") == 1943).height == 1
    assert len(frame["vector"][0]) == Index.open(Path("ix")).backbone.dim


def test_it_is_read_by_duckdb(here, model):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    import lancedb

    explore("index", "pages", model=model)
    table = lancedb.connect("ix").open_table("pages")
    pages = table.search().select(["path", "year"]).to_arrow()  # noqa: F841 (duckdb finds it by its name)
    assert duckdb.sql("select count(*) from pages where year = 1943").fetchall() == [(1,)]


def test_years():
    names = {"CTX194603902": 1946, "letters 1850 12345678": 1850, "box 12": None, "3000-2000": 2000, "17991800": None}
    assert {name: year_of(name) for name in names} == names
