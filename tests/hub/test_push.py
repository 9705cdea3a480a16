"""`--push`: a revision is there as a whole or not at all, never overwritten, and no token leaves."""

from __future__ import annotations

import numpy as np
import pytest
import tiny
from fake_hub import OWNER, READER
from published_models import CATEGORIES


def test_a_revision_is_never_overwritten_unless_told(hub, command, tmp_path, monkeypatch):
    one = tiny.tiny_model_folder(tmp_path / "one", CATEGORIES)
    two = tiny.tiny_model_folder(tmp_path / "two", CATEGORIES, seed=1)
    (one / "curves.png").write_bytes(b"picture")
    to = ("--repo", "owner/pages", "-rev", "v1")
    assert "--push needs a login" in command("--push", "--model_path", one, *to).line
    monkeypatch.setenv("HF_TOKEN", OWNER)
    first = command("--push", "--model_path", one, *to, "--no-private")
    assert first.code == 0, first.err
    assert "says nothing on: data, figures, intended use, limits" in first.out
    repository = hub.repositories["owner/pages"]
    assert not repository.private
    held, before = repository.files("v1"), dict(repository.branches)
    for refused in (command("--push", "--model_path", two, *to), command("--push", "--model_path", one, *to)):
        assert refused.code == 2 and "left as it is" in refused.line and "v1" in refused.line
    assert repository.branches == before
    assert command("--push", "--model_path", two, "--repo", "owner/pages").code == 0  # main holds nothing yet
    assert command("--push", "--model_path", one, "--repo", "owner/pages").code == 2
    assert repository.files("v1") == held
    assert command("--push", "--model_path", two, *to, "--overwrite").code == 0
    assert repository.files("v1")["model.safetensors"] == (two / "model.safetensors").read_bytes()
    assert "curves.png" in held and "curves.png" not in repository.files("v1")
    repository.tags["v7"] = repository.branches["main"]
    assert "tag" in command("--push", "--model_path", one, "--repo", "owner/pages", "-rev", "v7", "--overwrite").line


@pytest.mark.parametrize(
    ("method", "where", "status", "words"),
    [
        ("POST", "/commit/", 500, "500"),
        ("PUT", "/lfs/", 500, "500"),
        ("POST", "/branch/", 403, "403"),
        ("POST", "/preupload/", 401, "401"),
        ("POST", "/batch", 404, "404"),
    ],
)
def test_a_failed_push_leaves_no_revision(hub, command, tmp_path, monkeypatch, method, where, status, words):
    monkeypatch.setenv("HF_TOKEN", OWNER)
    model = tiny.tiny_model_folder(tmp_path / "one", CATEGORIES)
    hub.fail(method, where, status)
    push = ("--push", "--model_path", model, "--repo", "owner/pages", "-rev", "v1")
    failed = command(*push)
    assert failed.code == 2 and words in failed.line and len(failed.err.splitlines()) == 1, failed.err
    assert set(hub.repositories["owner/pages"].branches) == {"main"}
    hub.faults.clear()
    assert command(*push).code == 0


def test_what_is_not_pushed(hub, command, tmp_path, monkeypatch):
    model = tiny.tiny_model_folder(tmp_path / "one", CATEGORIES)
    monkeypatch.setenv("HF_TOKEN", READER)
    failed = command("--push", "--model_path", model, "--repo", "owner/pages")
    assert failed.code == 2 and "403" in failed.line
    old = tiny.tiny_checkpoint(tmp_path / "old", CATEGORIES)
    assert "--convert" in command("--push", "--model_path", old, "--repo", "me/pages").line
    assert "none" in command("--push", "--model_path", tmp_path, "--repo", "me/pages").line
    assert "letters" in command("--push", "--model_path", model, "--repo", "me/pages", "-rev", "a b").line
    (model / "notes.txt").write_text(f"my token is {OWNER}", encoding="utf-8")
    failed = command("--push", "--model_path", model, "--repo", "reader/pages")
    assert failed.code == 2 and "access token" in failed.line
    assert "reader/pages" not in hub.repositories


def test_scores_of_a_pulled_folder_are_those_of_the_one_pushed(hub, command, tmp_path, monkeypatch):
    from classifier import PageClassifier

    monkeypatch.setenv("HF_TOKEN", OWNER)
    model = tiny.tiny_model_folder(tmp_path / "one", CATEGORIES, kind="siglip", base="tiny/siglip", temperature=0.7)
    assert command("--push", "--model_path", model, "--repo", "owner/pages", "-rev", "v1.0").code == 0
    assert command("--hf", "--repo", "owner/pages", "-rev", "v1").code == 0
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), np.uint8)
    one, two = (
        PageClassifier.from_pretrained(folder) for folder in (model, tmp_path / "models" / "tiny-siglip_rev_v1.0")
    )
    assert np.array_equal(one.scores(pixels), two.scores(pixels))
    assert two.revision == "v1.0"
