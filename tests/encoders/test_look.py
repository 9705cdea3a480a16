"""How a page looks, as a vector: the real encoder on real files. What is scanned again is found among its kind."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("lancedb", reason="requirements-explore.txt is not installed")

from tiny import tiny_model_folder

from encoders import look
from encoders.look import LOOK, LookEncoder, look_pixels
from explore.backbones import open_backbone
from index.database import Index
from run import main
from settings.schema import Settings
from utils import UserError

PAGES = 30


def form(seed: int) -> Image.Image:
    """A page of one printed form, filled in by chance: the print is the same on all, the entries differ."""
    draw, page = random.Random(seed), Image.new("RGB", (620, 877), "#f4efe2")
    pen = ImageDraw.Draw(page)
    pen.rectangle((60, 40, 560, 90), outline="#303030", width=3)
    for row in range(14):
        y = 130 + 50 * row
        pen.line((60, y + 30, 560, y + 30), fill="#707070", width=2)
        pen.rectangle((60, y + 8, 60 + 40 + 9 * (row * 7 % 5), y + 20), fill="#404040")
        x = 180
        while (x := x + draw.randint(8, 60)) < 540 and draw.random() < 0.9:
            wide = draw.randint(15, 70)
            for stroke in range(x, min(x + wide, 555), 6):
                pen.line(
                    (stroke, y + 26, stroke + draw.randint(-3, 6), y + draw.randint(6, 16)), fill="#202050", width=2
                )
            x += wide
    return page


def scanned_again(page: Image.Image) -> Image.Image:
    """Turned by 1.2 degrees, cropped by 4 %, half the size, gamma 0.8, grey, JPEG 45."""
    page = page.rotate(1.2, Image.Resampling.BICUBIC, fillcolor="#f4efe2").convert("L")
    page = page.crop((10, 20, 10 + page.width * 96 // 100, 20 + page.height * 96 // 100))
    page = page.resize((page.width // 2, page.height // 2), Image.Resampling.BICUBIC)
    saved = io.BytesIO()
    page.point([round(255 * (value / 255) ** 0.8) for value in range(256)]).save(saved, "JPEG", quality=45)
    return Image.open(saved)


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """An index `ix` of `PAGES` forms in `pages`, by a tiny model that cannot tell them apart."""
    folder = tmp_path_factory.mktemp("archive")
    (folder / "pages").mkdir()
    for number in range(PAGES):
        form(number).save(folder / "pages" / f"form-{number}.png")
    tiny_model_folder(folder / "tiny", ["PHOTO", "TEXT"])
    given = ["--backbone", str(folder / "tiny"), "--index", str(folder / "ix"), "--quiet"]
    assert main(["explore", "index", str(folder / "pages"), *given]) == 0
    return folder


def test_a_page_scanned_again_is_first_among_the_same_forms(archive, tmp_path):
    index, encoder = Index.open(archive / "ix"), LookEncoder.load()
    backbone = open_backbone(str(archive / "tiny"), Settings())
    files, first, by_kind = index.rows(["file"])["file"].tolist(), [], []
    for number in range(PAGES):
        page = scanned_again(form(number))
        vector = backbone.embed(backbone.transform(page)[None])[0]
        ids, _ = index.alike({"look": encoder.embed(look_pixels(page)), "vector": vector}, 1)
        [(alone, _)] = index.nearest(vector, 1)
        first.append(files[ids[0]])
        by_kind.append(files[alone[0]])
    wanted = [f"form-{number}.png" for number in range(PAGES)]
    assert first == wanted
    assert sum(map(str.__eq__, by_kind, wanted)) < PAGES  # else these pages would prove nothing

    scanned_again(form(7)).save(tmp_path / "again.jpg")
    asked = ["--image", str(tmp_path / "again.jpg"), "--index", str(archive / "ix"), "-o", str(tmp_path / "out")]
    assert main(["explore", "search", *asked, "-k", "3", "--quiet"]) == 0
    [table] = (tmp_path / "out").glob("search_*/pages.csv")
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows[0]["PATH"].endswith("pages/form-7.png")
    assert float(rows[0]["SIMILARITY"]) > float(rows[1]["SIMILARITY"])


def test_a_vector_is_of_its_page_alone_and_colour_does_not_count():
    encoder = LookEncoder.load()
    pixels = [look_pixels(form(number)) for number in range(3)]
    alone = [encoder.embed(page) for page in pixels]
    assert [look.shape for look in alone] == [(LOOK,)] * 3
    assert [np.linalg.norm(look) for look in alone] == pytest.approx([1] * 3, abs=1e-5)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(encoder.embed, pixels * 20))
    assert all((look == alone[number % 3]).all() for number, look in enumerate(together))
    assert (look_pixels(form(0).convert("L")) == pixels[0]).all()
    tiny, white = Image.new("RGB", (1, 1), "white"), Image.new("L", (3000, 40), 255)
    assert all(np.isfinite(encoder.embed(look_pixels(page))).all() for page in (tiny, white))


def test_the_graph_computes_what_pytorch_does_with_the_weights(tmp_path, monkeypatch):
    """So vectors of indexes that PyTorch made stand beside those of today, and a new map gets a graph that fits it."""
    import torch
    from safetensors.torch import load_file

    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "data_scripts"))
    import look_graph
    import make_look

    stored = {name: tensor.float() for name, tensor in load_file(look.FILE).items()}
    network = make_look.stages()
    network.load_state_dict(
        {name.removeprefix("network."): tensor for name, tensor in stored.items() if name.startswith("network.")},
        strict=False,
    )
    pages = [look_pixels(form(0)), np.random.default_rng(0).integers(0, 256, look.SIZE, dtype=np.uint8)]
    with torch.no_grad():
        seen = make_look.cells(network, torch.from_numpy(np.stack(pages)))  # [2, 48, C]
        parts = ((seen - stored["cell_mean"]) @ stored["cell_map"]).flatten(1)
        expected = torch.nn.functional.normalize((parts - stored["mean"]) @ stored["map"], dim=-1).numpy()
    encoder = LookEncoder.load()
    looks = np.stack([encoder.embed(page) for page in pages])
    assert looks == pytest.approx(expected, abs=1e-5)

    monkeypatch.setattr(look, "FILE", Path(shutil.copy(look.FILE, tmp_path)))
    look_graph.write_graph(look.FILE)
    again = LookEncoder.load()
    assert (np.stack([again.embed(page) for page in pages]) == looks).all()


def test_copies_and_moved_pages_keep_their_looks(archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(archive / "pages", "pages")
    given = ["--backbone", str(archive / "tiny"), "--index", "ix", "--quiet"]
    assert main(["explore", "index", "pages", *given]) == 0

    def looks() -> dict[str, bytes]:
        index = Index.open(Path("ix"))
        return dict(zip(index.rows()["file"], (one.tobytes() for one in index.vectors(space="look")), strict=True))

    before = looks()
    assert len(set(before.values())) == PAGES
    Path("pages/form-3.png").rename("pages/moved-3.png")
    shutil.copy("pages/form-4.png", "pages/copy-4.png")
    assert main(["explore", "index", "pages", *given]) == 0
    after = looks()
    assert after["moved-3.png"] == before["form-3.png"]
    assert after["copy-4.png"] == after["form-4.png"] == before["form-4.png"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"format": 2}, "is of version 2, this program reads version 3 (pages have a second vector"),
        ({"look": "0" * 64}, "was made with another version of encoders/look.safetensors"),
    ],
)
def test_an_index_without_these_looks_says_how_to_make_it_anew(archive, tmp_path, capsys, changed, said):
    old = shutil.copytree(archive / "ix", tmp_path / "ix")
    about = json.loads((old / "index.json").read_text(encoding="utf-8"))
    (old / "index.json").write_text(json.dumps(about | changed), encoding="utf-8")
    image = str(archive / "pages" / "form-1.png")
    for command in (["search", "--image", image, "-o", str(tmp_path)], ["index", str(archive / "pages")]):
        assert main(["explore", *command, "--index", str(old)]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert said in line
        assert "python run.py explore index PAGES --index NEW_FOLDER" in line
    text = ["search", "--text", "a form", "--index", str(old), "-o", str(tmp_path), "--quiet"]
    assert main(["explore", *text]) == (2 if "format" in changed else 0)  # what needs no looks works on


def test_a_damaged_or_missing_file_of_the_encoder_is_one_line(tmp_path, monkeypatch):
    weights, graph = look.FILE.read_bytes(), look.FILE.with_suffix(".onnx").read_bytes()
    other = weights[:-1] + bytes([weights[-1] ^ 1])
    flipped = graph[:5000] + bytes([graph[5000] ^ 1]) + graph[5001:]
    for number, (its_weights, its_graph, said) in enumerate(
        [
            (None, graph, "look.safetensors cannot be read"),
            (other, graph, "look.onnx is damaged, or of another version than look.safetensors"),
            (weights, None, "look.onnx cannot be read"),
            (weights, b"", "look.onnx is damaged"),
            (weights, graph[:-1], "look.onnx is damaged"),
            (weights, flipped, "look.onnx is damaged"),
        ]
    ):
        file = tmp_path / str(number) / "look.safetensors"
        file.parent.mkdir()
        for content, part in ((its_weights, file), (its_graph, file.with_suffix(".onnx"))):
            if content is not None:
                part.write_bytes(content)
        monkeypatch.setattr(look, "FILE", file)
        look.look_version.cache_clear()
        with pytest.raises(UserError) as raised:
            LookEncoder.load()
        assert said in str(raised.value)
        assert "\n" not in str(raised.value)
    monkeypatch.undo()
    look.look_version.cache_clear()


def test_the_map_forgets_what_scans_change_and_keeps_what_pages_differ_in(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "data_scripts"))
    import make_look

    draw = np.random.default_rng(0)
    pages = draw.normal(size=(90, 1, 48, 80))
    pages[..., :40] *= 0.3  # pages differ more in the other half of the channels; light moves this half of a whole scan
    light = draw.normal(size=(90, 4, 1, 1)) * np.where(np.arange(80) < 40, 3.0, 0.0)
    seen = (pages + light + 0.3 * draw.normal(size=(90, 4, 48, 80))).astype(np.float32)
    learned = make_look.learn_map(seen)

    def looks(cells: np.ndarray) -> np.ndarray:
        parts = ((cells - learned["cell_mean"]) @ learned["cell_map"]).reshape(len(cells), -1)
        mapped = (parts - learned["mean"]) @ learned["map"]
        return mapped / np.linalg.norm(mapped, axis=1, keepdims=True)

    new = draw.normal(size=(60, 48, 80)) * np.where(np.arange(80) < 40, 0.3, 1.0)
    lit = new + draw.normal(size=(60, 1, 1)) * np.where(np.arange(80) < 40, 3.0, 0.0)
    plain = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in zip(lit, new, strict=True)]
    assert np.mean(plain) < 0.7
    alike = looks(lit) @ looks(new).T
    assert (alike.argmax(axis=1) == np.arange(60)).all()
    assert np.diag(alike).mean() > 0.8
