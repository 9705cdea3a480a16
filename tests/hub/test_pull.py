"""`--hf` through `run.py`: the unmodified hub client against a hub of our own on 127.0.0.1."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
import tiny
from fake_hub import OWNER, READER
from published_models import (
    CATEGORIES,
    MODEL,
    PUBLISHED,
    files_of,
    nothing_left,
    nothing_made,
    pages_in,
    publish,
    scores,
)

import run
from encoders.choosing import list_models


def test_pull_predict_offline_push_pull_again(hub, command, refuse, tmp_path, monkeypatch):
    publish(hub, tmp_path)
    pulled = command("--hf")
    assert pulled.code == 0, pulled.err
    first = tmp_path / "models" / MODEL
    assert f"use it: python run.py --model_path {first} -d pages/" in pulled.out
    assert "base ViT-B/16, 3 categories" in pulled.out and "licence mit" in pulled.out
    assert not (first / "run.py").exists() and [path.name for path in (tmp_path / "models").iterdir()] == [MODEL]
    assert [model.revision for model in list_models(tmp_path / "models")] == ["v1.1.3.7"]

    monkeypatch.setenv("HF_TOKEN", OWNER)
    pushed = command("--push", "--model_path", first, "--repo", "pages", "-rev", "v9")
    assert pushed.code == 0, pushed.err
    assert "owner/pages, a new private repository, revision v9" in pushed.out
    assert "model.safetensors" in pushed.out and "hub.json" not in pushed.out
    made = hub.repositories["owner/pages"]
    assert made.private and set(made.branches) == {"main", "v9"}
    assert set(made.files("main")) == {".gitattributes"}
    again = command("--hf", "--repo", "owner/pages", "-rev", "v9", models="others")
    assert again.code == 0, again.err
    second = tmp_path / "others" / "ViT-B16_rev_v9"
    for name in ("model.safetensors", "prototypes.safetensors", "README.md", "tokenizer.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert all("authorization" not in headers for _, _, headers in hub.asked("/cdn/"))
    assert all(headers["authorization"] for _, _, headers in hub.asked("/api/models/owner"))

    hub.stop()
    refuse()
    pages = pages_in(tmp_path / "pages")
    old = ("--model_path", tmp_path / "published")  # the folder that was published, as it is
    for name, which, models in (
        ("a", old, "models"),
        ("b", ("-rev", "v1.1"), "models"),
        ("c", ("-rev", "v9"), "others"),
    ):
        done = command("-d", pages, *which, "--raw", "-o", tmp_path / name, "--engine", "torch", models=models)
        assert done.code == 0, done.err
    assert scores(tmp_path / "a") == scores(tmp_path / "b") == scores(tmp_path / "c")


def test_pull_and_sort_in_one_command_and_only_once(hub, command, tmp_path):
    publish(hub, tmp_path)
    pages = pages_in(tmp_path / "pages")
    done = command("--hf", "-rev", "v1.1.3.7", "-d", pages, "--raw", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert len(scores(tmp_path / "out")) == 3
    hub.stop()
    done = command("--hf", "-rev", "v1.1.3.7", "-d", pages, "--raw", "-o", tmp_path / "again")
    assert (done.code, "is there already" in done.out) == (0, True)
    assert scores(tmp_path / "out") == scores(tmp_path / "again")
    assert command("--hf", "-m", "ViT-B/16").code == 0  # [hf] latest


def test_a_main_that_has_moved_is_told(hub, command, tmp_path):
    model = tiny.tiny_model_folder(tmp_path / "made", CATEGORIES, base="google/siglip-base")
    repository = hub.add("me/own", {"main": files_of(model)})
    assert command("--hf", "--repo", "me/own").code == 0
    folder = tmp_path / "models" / "google-siglip-base_rev_main"
    assert json.loads((folder / "hub.json").read_text())["commit"] == repository.branches["main"]
    assert "has changed" not in command("--hf", "--repo", "me/own").out
    repository.commit("main", files_of(model) | {"notes.txt": b"new"})
    assert "has changed since" in command("--hf", "--repo", "me/own").out
    hub.add("you/own", {"main": files_of(model)})
    other = command("--hf", "--repo", "you/own")
    assert other.code == 2 and "me/own" in other.line


@pytest.mark.shared
@pytest.mark.parametrize("form", ["single", "averaged", "mixed", "pt"])
def test_golden_models_pulled_or_converted_give_golden_probabilities(hub, command, refuse, shared, tmp_path, form):
    golden = json.loads((shared / "golden" / "golden.json").read_text(encoding="utf-8"))
    mode = golden["modes"]["averaged" if form == "pt" else form]
    tokenizer = shared / "golden" / "tokenizer"
    if form == "pt":
        model = tmp_path / "models" / "new"
        old = ("--convert", shared / "golden" / "checkpoint_averaged.pt", "--model_path", model)
        made = command(*old, "-cc", shared / "golden" / "categories_averaged.tsv", "--tokenizer", tokenizer)
    else:
        files = files_of(shared / "golden" / f"model_{form}")
        hub.add(PUBLISHED, {"v1.1.3.7": files | (files_of(tokenizer) if form == "single" else {})})
        extra = () if form == "single" else ("--tokenizer", tokenizer)
        made = command("--hf", "-rev", "v1.1", *extra)
        model = tmp_path / "models" / MODEL
    assert made.code == 0, made.err
    refuse()
    for name, page in golden["pages"].items():
        (tmp_path / "pages").mkdir(exist_ok=True)
        shutil.copyfile(shared / "pages" / page["category"] / name, tmp_path / "pages" / name)
    for engine in ("onnx", "torch"):
        out = tmp_path / engine
        sorted_ = command("-d", tmp_path / "pages", "--model_path", model, "--raw", "-o", out, "--engine", engine)
        assert sorted_.code == 0, sorted_.err
        rows = {row["PATH"].rpartition("/")[2]: row for row in scores(out)}
        assert set(rows) == set(golden["pages"])
        for name, row in rows.items():
            wanted = dict(zip(mode["categories"], mode["pages"][name]["probabilities"], strict=True))
            assert all(abs(float(row[category]) - wanted[category]) <= 1e-4 for category in wanted)


def test_a_cut_download_goes_on(hub, command, tmp_path):
    files = publish(hub, tmp_path)
    size = len(files["model.safetensors"])
    hub.cut("/cdn/", after=size // 3)
    assert command("--hf").code == 0  # within one command
    ranges = [headers.get("range", "") for _, _, headers in hub.asked("/cdn/", "GET")]
    assert ranges == ["", f"bytes={size // 3}-"]
    shutil.rmtree(tmp_path / "models")

    hub.cut("/cdn/", after=size // 2, then=500)
    failed = command("--hf")
    assert failed.code == 2 and "500" in failed.line and "goes on" in failed.line
    assert nothing_made(tmp_path / "models")
    hub.faults.clear()
    hub.log.clear()
    done = command("--hf")
    assert done.code == 0 and "of it are there" in done.out
    assert [headers.get("range") for _, _, headers in hub.asked("/cdn/", "GET")] == [f"bytes={size // 2}-"]
    assert len(hub.asked("/resolve/", "GET")) == 1  # the small files were not loaded again
    assert [path.name for path in (tmp_path / "models").iterdir()] == [MODEL]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [getattr(signal, "SIGKILL", 9), signal.SIGINT])
def test_a_killed_pull_goes_on(hub, command, tmp_path, number):
    files = publish(hub, tmp_path)
    size = len(files["model.safetensors"])
    hub.cut("/cdn/", after=size // 2, then=0)
    arguments = [sys.executable, run.__file__, "--hf", "--model_dir", str(tmp_path / "models")]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while (
        not (parts := list(tmp_path.glob("models/.pull*/files/model.safetensors.part"))) or not parts[0].stat().st_size
    ):
        assert process.poll() is None and time.monotonic() < deadline
        threading.Event().wait(0.02)
    process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert ("to continue: " in said) == (number == signal.SIGINT)
    assert nothing_made(tmp_path / "models")
    hub.log.clear()
    assert command("--hf").code == 0
    begin = int(hub.asked("/cdn/", "GET")[0][2]["range"].removeprefix("bytes=").rstrip("-"))
    assert 0 < begin <= size // 2
    assert [path.name for path in (tmp_path / "models").iterdir()] == [MODEL]


def test_a_damaged_file_is_no_model(hub, command, tmp_path):
    publish(hub, tmp_path)
    original = hub.objects

    class Spoilt(dict):
        def __getitem__(self, key):
            return bytes([original[key][0] ^ 1]) + original[key][1:]

        def __setitem__(self, key, value):
            original[key] = value

    hub.objects = Spoilt()
    failed = command("--hf")
    assert failed.code == 2 and "damaged" in failed.line and nothing_made(tmp_path / "models")
    hub.objects = original
    assert command("--hf").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-rev", "v1.1.3.9"), ["no such revision", "main, v1.1.3.1, v1.1.3.7, v1.2.3", "did you mean"]),
        (("-rev", "v3"), ["no such revision", "v1.1.3.7"]),
        (("-rev", "v1.2", "-m", "ViT-B/16"), ["is a revision of ViT-B/32, not of ViT-B/16", "v1.1"]),
        (("-m", "google/siglip"), ["[hf] latest", "-rev"]),
        (("-m", "ViT-L/14"), ["v2.1.3.1", "no such revision"]),
        (("--repo", "no slash"), ["owner/name"]),
        (("--repo", "someone/else"), ["no repository someone/else"]),
        (("-rev", "v1.1.3.1"), ["holds no model", "config.json"]),
        (("--zero_shot", "-rev", "v1.1"), ["leave one of them out"]),
        (("--train", "-d", "pages"), ["different jobs"]),
        (("--overwrite",), ["belongs to --push"]),
    ],
)
def test_what_does_not_fit_is_one_line(hub, command, tmp_path, arguments, words):
    publish(hub, tmp_path)
    failed = command("--hf", *arguments)
    assert failed.code == 2 and len(failed.err.splitlines()) == 1, failed.err
    assert all(word in failed.line for word in words), failed.line
    assert nothing_left(tmp_path / "models")


@pytest.mark.parametrize("token", ["", READER, "hf_wrongWRONG12345"])
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, "gone"])
def test_what_the_hub_does_wrong_is_one_line(hub, command, tmp_path, monkeypatch, status, token):
    publish(hub, tmp_path)
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    if status == "gone":
        hub.stop()
    else:
        hub.fail("GET", "/refs", status=status)
    failed = command("--hf")
    assert failed.code == 2 and len(failed.err.splitlines()) == 1, failed.err
    assert ("no answer" if status == "gone" else str(status)) in failed.line, failed.line
    assert token == "" or token not in failed.line
    assert nothing_left(tmp_path / "models")


def test_a_token_that_is_not_accepted_and_a_private_repository(hub, command, tmp_path, monkeypatch):
    publish(hub, tmp_path)
    hub.repositories[PUBLISHED].private = True
    assert "hf auth login" in command("--hf").line
    monkeypatch.setenv("HF_TOKEN", "hf_wrongWRONG12345")
    failed = command("--hf")
    assert failed.code == 2 and "does not accept the token" in failed.line
    monkeypatch.setenv("HF_TOKEN", "hf_č")
    failed = command("--hf")
    assert failed.code == 2 and "letters that no token has" in failed.line


def test_an_own_vocabulary_needs_its_tokenizer(hub, command, tmp_path):
    bare = tiny.tiny_checkpoint(tmp_path / "bare", CATEGORIES, tokenizer=False)
    hub.add(PUBLISHED, {"v1.1.3.7": files_of(bare)})
    failed = command("--hf", "-rev", "v1.1")
    assert failed.code == 2 and "v1.1.3.7" in failed.line and "--tokenizer" in failed.line
    assert nothing_made(tmp_path / "models")
    hub.log.clear()
    tiny.tiny_tokenizer("clip").save_pretrained(tmp_path / "own")
    assert command("--hf", "-rev", "v1.1", "--tokenizer", tmp_path / "own").code == 0
    assert not hub.asked("/resolve/")


def test_a_full_disk_and_a_folder_that_cannot_be_written(hub, command, tmp_path, monkeypatch):
    publish(hub, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
        failed = command("--hf")
    assert failed.code == 2 and "no room" in failed.line and len(failed.err.splitlines()) == 1
    assert nothing_left(tmp_path / "models")
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    failed = command("--hf", models="file/models")
    assert failed.code == 2 and "cannot be written" in failed.line and len(failed.err.splitlines()) == 1


def test_weights_without_a_tokenizer_get_that_of_their_base(hub, command, tmp_path):
    from safetensors.torch import save_file
    from transformers import CLIPTokenizer

    folder = tiny.tiny_checkpoint(tmp_path / "bare", CATEGORIES, tokenizer=False)
    tensors = tiny.tiny_tensors(vocabulary=49408)
    save_file({f"model.{name}": tensor for name, tensor in tensors.items()}, folder / "model.safetensors")
    hub.add(PUBLISHED, {"v1.1.3.7": files_of(folder)})
    failed = command("--hf", "-rev", "v1.1.3.7")
    assert failed.code == 2 and "openai/clip-vit-base-patch16" in failed.line and "--tokenizer" in failed.line
    small = list(tiny.tiny_tokenizer("clip").get_vocab())
    pieces = sorted(set(small) - {"<|startoftext|>", "<|endoftext|>"})
    pieces += [f"filler{number}" for number in range(49406 - len(pieces))] + ["<|startoftext|>", "<|endoftext|>"]
    own = CLIPTokenizer(vocab={piece: number for number, piece in enumerate(pieces)}, merges=[], model_max_length=77)
    own.save_pretrained(tmp_path / "tokenizer")
    hub.add(
        "openai/clip-vit-base-patch16", {"main": files_of(tmp_path / "tokenizer") | {"model.safetensors": b"large"}}
    )
    hub.log.clear()
    done = command("--hf", "-rev", "v1.1.3.7")
    assert done.code == 0, done.err
    assert not hub.asked("openai.*safetensors") and not hub.asked("/cdn/")  # the weights were there already
    assert (tmp_path / "models" / MODEL / "tokenizer.json").is_file()


def test_an_untuned_base_is_pulled_and_used_offline(hub, command, refuse, tmp_path):
    base = tiny.tiny_base(tmp_path / "base", "clip")
    hub.add("openai/clip-vit-base-patch32", {"main": files_of(base)})
    own = tmp_path / "own.tsv"
    own.write_text("label\tdescription\nTEXT\ta page\nMAP\ta map\n", encoding="utf-8")
    sort = ("--zero_shot", "-m", "ViT-B/32", "-d", pages_in(tmp_path / "pages"), "-cc", own, "--raw")
    before = command(*sort, "-o", tmp_path / "none")
    assert before.code == 2 and "python run.py --hf --zero_shot -m ViT-B/32" in before.line
    assert not hub.log
    pulled = command("--hf", "--zero_shot", "-m", "ViT-B/32")
    assert pulled.code == 0, pulled.err
    assert "--zero_shot -m ViT-B/32 -d pages/" in pulled.out
    refuse()
    assert command(*sort, "-o", tmp_path / "a").code == 0
    assert command("--zero_shot", "-m", base, *sort[3:], "-o", tmp_path / "b").code == 0
    assert scores(tmp_path / "a") == scores(tmp_path / "b")
    assert command("-m", "ViT-B/32", "-d", tmp_path / "pages").code == 2  # never an untuned base unasked
