"""Which engine computes a model, and that both give the same; the light one without PyTorch in the process."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from noisy_pages import draw_page
from tiny import KINDS, tiny_base, tiny_checkpoint, tiny_model_folder

import run
from classifier import PageClassifier
from encoders import engine as engines
from encoders.engine import Computing, choose_engine
from encoders.graphs import GRAPHS, IMAGE
from utils import UserError

ROOT = Path(__file__).parents[2]
# What the light install has not.
ABSENT = ("torch", "torchvision", "transformers", "timm", "pandas", "sklearn", "matplotlib", "scipy", "imagecodecs")
LIGHT = f"""
import sys
for name in {ABSENT}:
    sys.modules[name] = None
import run
sys.exit(run.main(sys.argv[1:], alone=True))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_model_folder(tmp_path_factory.mktemp("models") / "mine", kind="dual")


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Eleven pages, one of which is broken."""
    scans = tmp_path_factory.mktemp("scans")
    for number in range(10):
        draw_page(scans / f"P-{number + 1}.png", number)
    (scans / "P-11.png").write_bytes(b"no picture")
    return scans


def pages(count: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, 32, 32), np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_both_engines_give_the_same(tmp_path, kind):
    texts = {"DRAW": ["a Map", "a plan of 1927"], "PHOTO": ["a photo"], "TEXT": ["a letter, in Caf\u00e9 script"]}
    folder = tiny_model_folder(tmp_path / "mine", texts, kind=kind)
    torch, onnx = (PageClassifier.from_pretrained(folder, Computing(name)) for name in ("torch", "onnx"))
    assert (torch.engine.name, onnx.engine.name) == ("torch", "onnx")
    assert np.abs(torch.scores(pages()) - onnx.scores(pages())).max() < 1e-4
    others = {"A": ["Some other text!"], "B": ["b"]}
    torch.use_categories(others)
    onnx.use_categories(others)
    assert np.abs(torch.prototypes - onnx.prototypes).max() < 1e-5
    assert torch.engine.vocabulary() == onnx.engine.vocabulary()
    assert torch.engine.pieces("map") == onnx.engine.pieces("map")
    for classifier in (torch, onnx):
        with pytest.raises(UserError, match=r"too long, \d+ tokens where 128 fit"):
            classifier.use_categories({"A": ["x" * 200], "B": ["b"]})


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_does_not_depend_on_its_neighbours_or_on_threads(tmp_path, kind):
    folder = tiny_model_folder(tmp_path / "mine", kind=kind)
    rows = []
    for threads in (1, 2, 3):
        classifier = PageClassifier.from_pretrained(folder, Computing("onnx", threads=threads))
        rows.append(classifier.scores(pages()))
        rows.append(np.concatenate([classifier.scores(page[None]) for page in pages()]))
        rows.append(classifier.scores(pages()[::-1])[::-1])
        rows.append(classifier.scores_of(np.stack([classifier.engine.embed_page(page) for page in pages()])))
    assert all(np.array_equal(rows[0], others) for others in rows[1:])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "onnx"),
        ({"device": "cpu"}, "onnx"),
        ({"engine": "onnx"}, "onnx"),
        ({"engine": "torch"}, "torch"),
        ({"tokenizer": True}, "torch"),
    ],
)
def test_auto_takes_the_graphs_on_a_cpu(monkeypatch, folder, wanted, expected):
    monkeypatch.setattr(engines, "graphics_card", lambda: False)  # of the machine that runs the tests
    computing = choose_engine(folder, **({"engine": "auto", "device": "auto", "precision": "fp32"} | wanted))
    assert (computing.engine, computing.device) == (expected, "cpu")


def test_what_has_no_graphs_is_computed_by_torch(tmp_path):
    bare, old = tiny_base(tmp_path / "base"), tiny_checkpoint(tmp_path / "old")
    pickled = tiny_checkpoint(tmp_path / "a.pt")
    for source, told in (
        (bare, r"has no graphs.*--convert \S+base, or"),
        (old, r"earlier tool.*--convert \S+old --model_path NEW_FOLDER, or"),
        (pickled, r"earlier tool.*--convert \S+a.pt --model_path NEW_FOLDER, or"),
        ("someone/model", "--hf --zero_shot -m someone/model, or"),
    ):
        for tokenizer in (False, True):
            computing = choose_engine(source, engine="auto", device="cpu", precision="fp32", tokenizer=tokenizer)
            assert computing.engine == "torch"
            with pytest.raises(UserError, match=told):
                choose_engine(source, engine="onnx", device="auto", precision="fp32", tokenizer=tokenizer)


@pytest.mark.parametrize(("flag", "value"), [("precision", "bf16"), ("device", "cuda"), ("device", "mps")])
def test_what_the_light_engine_cannot_do_is_one_line(folder, flag, value):
    with pytest.raises(UserError, match=f"on the CPU in fp32, not with --{flag} {value}"):
        choose_engine(folder, **({"engine": "onnx", "device": "auto", "precision": "fp32"} | {flag: value}))


def tables(output: Path) -> bytes:
    (raw,) = (output / "tables").glob("*_RAW.csv")
    return raw.read_bytes()


def test_tables_are_the_same_whatever_the_batch_and_the_workers(tmp_path, folder, scans, capsys):
    command = ["-d", scans, "--model_path", folder, "--engine", "onnx", "--raw"]
    runs = [(3, 0), (1, 1), (4, 2), (100, 5)]
    for batch, workers in runs:
        output = tmp_path / f"{batch}-{workers}"
        flags = [*command, "-o", output, "--batch_size", batch, "--workers", workers]
        assert run.main([str(word) for word in flags]) == 1  # a page is broken
    assert len({tables(tmp_path / f"{batch}-{workers}") for batch, workers in runs}) == 1
    record = json.loads(next((tmp_path / "3-0" / "tables").glob("*_run.json")).read_text(encoding="utf-8"))
    assert record["execution"]["engine"] == "onnx"
    assert "onnx cpu fp32" in capsys.readouterr().err

    torch = [*command, "-o", tmp_path / "torch", "--engine", "torch"]
    assert run.main([str(word) for word in torch]) == 1
    rows, others = (list(csv.reader(tables(tmp_path / name).decode().splitlines())) for name in ("3-0", "torch"))
    assert len(rows) == len(others) == 11 and rows[0] == others[0]
    for row, other in zip(rows[1:], others[1:], strict=True):
        scores = [abs(float(one) - float(two)) for one, two in zip(row, other, strict=True) if one != two]
        assert max(scores, default=0) < 1e-4


def test_the_light_engine_sorts_without_torch(tmp_path, folder, scans):
    for number, extra in enumerate(([], ["-cc", str(tmp_path / "mine.csv")])):
        (tmp_path / "mine.csv").write_text("label,description\nMAP,a map\nLETTER,a letter\n", encoding="utf-8")
        output = tmp_path / f"out-{number}"
        flags = ["-d", str(scans), "--model_path", str(folder), "-o", str(output), "--raw", *extra]
        done = subprocess.run(
            [sys.executable, "-c", LIGHT, *flags], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1 and "onnx cpu fp32" in done.stderr, done.stderr
        assert len(tables(output).splitlines()) == 11
    for flags, needs in ((["--engine", "torch"], "--engine torch"), (["--device", "cuda"], "--device cuda")):
        command = [sys.executable, "-c", LIGHT, "-d", str(scans), "--model_path", str(folder), *flags]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert f"error: {needs} needs PyTorch, which is not installed" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_links_to_files_that_lie_elsewhere_are_followed(tmp_path, folder):
    """As git-annex, DataLad and the hub's cache have them."""
    linked = tmp_path / "linked"
    linked.mkdir()
    for file in folder.iterdir():
        at = tmp_path / "objects" / file.name / file.name
        at.parent.mkdir(parents=True)
        shutil.copyfile(file, at)
        (linked / file.name).symlink_to(at)
    found = PageClassifier.from_pretrained(linked, Computing("onnx")).scores(pages())
    assert np.array_equal(found, PageClassifier.from_pretrained(folder, Computing("onnx")).scores(pages()))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_folder_whose_name_is_no_utf8(tmp_path, folder):
    copied = shutil.copytree(folder, tmp_path / os.fsdecode(b"mod\xe9le"))
    assert PageClassifier.from_pretrained(copied, Computing("onnx")).scores(pages()).shape == (6, 3)


@pytest.mark.parametrize(
    ("key", "value"),
    [("dimensions", 8), ("dimensions", True), ("inputs", ["input_ids", "attention_mask"]), ("inputs", ["pixels"]),
     ("inputs", []), ("longest", 0), ("pad_id", -1)],
)  # fmt: skip
def test_what_graphs_json_says_must_be_what_the_graphs_are(tmp_path, key, value):
    folder = tiny_model_folder(tmp_path / "mine", kind="siglip")
    values = json.loads((folder / GRAPHS).read_text(encoding="utf-8"))
    (values if key == "dimensions" else values["text"])[key] = value
    (folder / GRAPHS).write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(UserError, match=f"{GRAPHS} does not .*--convert"):
        PageClassifier.from_pretrained(folder, Computing("onnx"))


@pytest.mark.skipif(sys.platform == "win32", reason="its home is no variable")
def test_nothing_is_left_in_the_users_home(tmp_path, folder, scans):
    """ONNX Runtime, left to itself, keeps there what it sends to its maker."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    command = [sys.executable, "-c", LIGHT, "-f", str(scans / "P-1.png"), "--model_path", str(folder)]
    subprocess.run(command, cwd=ROOT, env=kept | {"HOME": str(home)}, capture_output=True, check=True)
    assert list(home.rglob("*")) == []


def test_a_damaged_graph_is_one_line(tmp_path, scans):
    folder = tiny_model_folder(tmp_path / "mine")
    graph = folder / IMAGE
    graph.write_bytes(graph.read_bytes()[:-100])
    with pytest.raises(UserError, match=f"{IMAGE} is damaged"):
        PageClassifier.from_pretrained(folder, Computing("onnx"))
    assert PageClassifier.from_pretrained(folder, Computing("torch")).scores(pages()).shape == (6, 3)
    (folder / GRAPHS).unlink()
    assert choose_engine(folder, engine="auto", device="cpu", precision="fp32").engine == "torch"
