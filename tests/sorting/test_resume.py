"""What `--resume` goes on with: the same pages from any folder, the same model by what decides its scores, or nothing
at all, said before a model is loaded."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
import tiny
from PIL import Image

import run
from encoders.identity import model_hash, vectors_hash
from reading import loader

CATEGORIES = ["DRAW", "PHOTO", "TEXT"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for seed in (0, 1):
        tiny.tiny_model_folder(folder / f"m{seed}", CATEGORIES, seed=seed)
    return folder


def pages(folder: Path, grey: int, count: int = 12) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        image = Image.new("L", (60, 80), 255)
        image.paste(grey, (5, 5, 10 + 4 * number, 40))
        image.save(folder / f"P-{number + 1}.png")


def sort(*arguments: object) -> int:
    return run.main([str(argument) for argument in arguments])


def interrupted(monkeypatch, batches: int, *arguments: object) -> None:
    """Ctrl-C after a number of batches."""
    load = loader.load_batches

    def stop(*given, **named):
        for number, batch in enumerate(load(*given, **named)):
            if number == batches:
                raise KeyboardInterrupt
            yield batch

    with monkeypatch.context() as patch:
        patch.setattr(loader, "load_batches", stop)
        assert sort(*arguments) == 130


def table(folder: Path, pattern: str) -> list[str]:
    return next((folder / "tables").glob(pattern)).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("job", ["sort", "best"])
def test_from_another_folder_the_same_pages_are_scored(tmp_path, models, monkeypatch, job):
    pages(tmp_path / "A" / "scans", 0)
    pages(tmp_path / "B" / "scans", 200)  # other pages, the same names, the same folder as it is typed
    how = ["--model_path", models / "m0", "--raw"] if job == "sort" else ["--best", "--model_dir", models]
    pattern = "*_RAW.csv" if job == "sort" else "best_*.csv"
    monkeypatch.chdir(tmp_path / "A")
    assert sort("-d", "scans", "-o", tmp_path / "whole", "--batch_size", 2, *how) == 0
    interrupted(monkeypatch, 2, "-d", "scans", "-o", tmp_path / "out", "--batch_size", 2, *how)
    monkeypatch.chdir(tmp_path / "B")
    assert sort("-d", "../A/scans", "-o", tmp_path / "out", "--batch_size", 2, *how, "--resume") == 0
    assert table(tmp_path / "out", pattern) == table(tmp_path / "whole", pattern)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("job", ["sort", "best"])
def test_a_link_that_leads_elsewhere_by_now_changes_no_page(tmp_path, models, monkeypatch, job):
    pages(tmp_path / "A", 0)
    pages(tmp_path / "B", 200)
    (tmp_path / "scans").symlink_to("A")
    how = ["--model_path", models / "m0", "--raw"] if job == "sort" else ["--best", "--model_dir", models]
    pattern = "*_RAW.csv" if job == "sort" else "best_*.csv"
    assert sort("-d", tmp_path / "A", "-o", tmp_path / "whole", "--batch_size", 2, *how) == 0
    interrupted(monkeypatch, 2, "-d", tmp_path / "scans", "-o", tmp_path / "out", "--batch_size", 2, *how)
    (tmp_path / "scans").unlink()
    (tmp_path / "scans").symlink_to("B")
    assert sort("-d", tmp_path / "A", "-o", tmp_path / "out", "--batch_size", 2, *how, "--resume") == 0
    assert table(tmp_path / "out", pattern) == table(tmp_path / "whole", pattern)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_single_files_behind_a_link_that_leads_elsewhere_are_refused(tmp_path, models, monkeypatch, capsys):
    pages(tmp_path / "A", 0, 8)
    pages(tmp_path / "B", 200, 8)
    (tmp_path / "scans").symlink_to("A")
    monkeypatch.chdir(tmp_path)
    how = ("--model_path", models / "m0", "-o", tmp_path / "out", "--batch_size", 2)
    interrupted(monkeypatch, 2, "-f", "scans/*.png", *how)
    Path("scans").unlink()
    Path("scans").symlink_to("B")
    capsys.readouterr()
    assert sort("-f", "A/*.png", *how, "--resume") == 2
    assert "lead elsewhere now" in capsys.readouterr().err
    assert sort("-f", "B/*.png", *how, "--resume") == 2
    said = capsys.readouterr().err
    assert "input = 8 of them" in said and len(said) < 1500
    Path("scans").unlink()
    Path("scans").symlink_to("A")
    assert sort("-f", "A/*.png", *how, "--resume") == 0


def test_a_list_of_an_earlier_version_finds_its_pages_too(tmp_path, models, monkeypatch):
    pages(tmp_path / "A" / "scans", 0)
    how = ("--model_path", models / "m0", "--batch_size", 2, "-o", tmp_path / "out")
    monkeypatch.chdir(tmp_path / "A")
    interrupted(monkeypatch, 2, "-d", "scans", *how)
    stored = next((tmp_path / "out" / "runs").glob("*/pages.jsonl"))
    head, *rest = stored.read_text(encoding="ascii").splitlines()
    assert Path(json.loads(head)["root"]).is_absolute()
    stored.write_text("\n".join([json.dumps(json.loads(head) | {"root": "scans"}), *rest]) + "\n", encoding="ascii")
    monkeypatch.chdir(tmp_path)
    assert sort("-d", "A/scans", *how, "--resume") == 0


def test_a_folder_that_is_empty_now_ends_nothing(tmp_path, models, monkeypatch, capsys):
    pages(tmp_path / "disk", 0)
    how = ("-d", tmp_path / "disk", "--model_path", models / "m0", "--batch_size", 2, "-o", tmp_path / "out")
    interrupted(monkeypatch, 2, *how)
    (tmp_path / "disk").rename(tmp_path / "away")
    for there in (False, True):
        if there:
            (tmp_path / "disk").mkdir()
        capsys.readouterr()
        assert sort(*how, "--resume") == 2
        assert ("is the drive there" if there else "does not exist") in capsys.readouterr().err
    (tmp_path / "disk").rmdir()
    (tmp_path / "away").rename(tmp_path / "disk")
    assert sort(*how, "--resume") == 0


def test_only_what_decides_scores_is_the_model(tmp_path, models, monkeypatch, capsys):
    model = tmp_path / "model"
    shutil.copytree(models / "m0", model)
    (model / "confusion.png").write_bytes(b"a picture")
    (model / "training.json").write_text('{"finished": "2026-11-28T00:00:00+00:00"}', encoding="utf-8")
    first = model_hash(model)
    pages(tmp_path / "scans", 0)
    how = ("-d", tmp_path / "scans", "--model_path", model, "--batch_size", 2, "-o", tmp_path / "out")
    interrupted(monkeypatch, 2, *how)
    (model / "confusion.png").unlink()
    for stray in ("split.csv", "metrics.jsonl", "notes.txt", "README.md", "training.json", "old.safetensors.bak"):
        (model / stray).write_text(f'{{"stray": "{stray}"}}', encoding="utf-8")
    values = json.loads((model / "page_classifier.json").read_text(encoding="utf-8"))
    told = values | {"revision": "v9", "licence": "CC0-1.0"}
    (model / "page_classifier.json").write_text(json.dumps(told, sort_keys=True), encoding="utf-8")
    assert model_hash(model) == first == model_hash(models / "m0")
    assert sort(*how, "--resume") == 0

    for change in ({"temperature": 2.0}, {"prompt": "{description}"}, {"categories": CATEGORIES[::-1]}):
        (model / "page_classifier.json").write_text(json.dumps(values | change), encoding="utf-8")
        assert model_hash(model) != first
    (model / "page_classifier.json").write_text(json.dumps(values), encoding="utf-8")
    for part in ("model.safetensors", "tokenizer.json", "config.json", "prototypes.safetensors"):
        content = (model / part).read_bytes()
        (model / part).write_bytes(content + b" ")
        assert model_hash(model) != first, part
        (model / part).write_bytes(content)
    assert model_hash(model) == first


def test_identity_of_earlier_models_bases_and_vectors(tmp_path):
    old = tiny.tiny_checkpoint(tmp_path / "old")
    single = tiny.tiny_checkpoint(tmp_path / "one.pt")
    base = tiny.tiny_base(tmp_path / "base")
    hashes = [model_hash(old), model_hash(single), model_hash(base)]
    transform = tiny.tiny_transform()
    vectors = vectors_hash(base, transform)
    for folder in (old, base):
        (folder / "plot.png").write_bytes(b"x")
        (folder / "stray.bin").write_bytes(b"x")
    assert hashes == [model_hash(old), model_hash(shutil.copyfile(single, tmp_path / "two.pt")), model_hash(base)]
    assert vectors == vectors_hash(base, transform)
    assert model_hash(single, tmp_path / "base") != hashes[1]  # --tokenizer decides how its texts are read
    (base / "preprocessor_config.json").write_text("{}", encoding="utf-8")
    assert model_hash(base) != hashes[2]
    assert vectors_hash(base, tiny.tiny_transform(fit="crop")) != vectors


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--resume"], "nothing to resume: no unfinished run"),
        (["--resume", "--best"], "nothing to resume: no unfinished run"),
        (["--resume", "--eval_dir"], "nothing to resume"),
        (["--device", "cuda:77", "--resume"], "cuda:77"),
    ],
)
def test_nothing_to_resume_is_said_before_a_model_is_loaded(tmp_path, models, capsys, arguments, says):
    shutil.copytree(models, tmp_path / "models")
    for broken in (tmp_path / "models").glob("*/model.safetensors"):
        broken.write_bytes(b"no weights")
    pages(tmp_path / "scans" / "DRAW", 0, count=2)
    how = ["--model_dir", tmp_path / "models"]
    how += [] if set(arguments) & {"--best", "--eval_dir"} else ["--model_path", tmp_path / "models" / "m0"]
    assert sort("-d", tmp_path / "scans", "-o", tmp_path / "out", *how, *arguments) == 2
    assert says in capsys.readouterr().err


def test_another_command_is_told_from_the_unfinished_run_before_a_model_is_loaded(
    tmp_path, models, monkeypatch, capsys
):
    shutil.copytree(models / "m0", tmp_path / "m")
    pages(tmp_path / "scans", 0)
    how = ("-d", tmp_path / "scans", "--model_path", tmp_path / "m", "--batch_size", 2, "-o", tmp_path / "out")
    interrupted(monkeypatch, 2, *how)
    (tmp_path / "m" / "model.safetensors").write_bytes(b"no weights")
    capsys.readouterr()
    assert sort(*how, "--resume", "-tn", 2) == 2
    said = capsys.readouterr().err
    assert "settings.top_n = 1 (here 2)" in said and "model = " in said


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may write everywhere is refused nowhere")
def test_a_folder_that_may_only_be_read_is_told_before_a_model_is_loaded(tmp_path, models, capsys):
    pages(tmp_path / "scans" / "DRAW", 0, count=2)
    (tmp_path / "out").mkdir(mode=0o500)
    for how in ([], ["--eval"], ["--suggest", 1]):
        assert sort("-d", tmp_path / "scans", "--model_path", models / "m0", "-o", tmp_path / "out" / "new", *how) == 2
        assert re.search(
            "cannot write into .*out: it may only be read; give another one with -o", capsys.readouterr().err
        )


def test_a_file_in_the_place_of_the_output_is_told(tmp_path, models, capsys):
    pages(tmp_path / "scans", 0, count=2)
    (tmp_path / "out").write_text("a file")
    assert sort("-d", tmp_path / "scans", "--model_path", models / "m0", "-o", tmp_path / "out" / "deeper") == 2
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "a file"
