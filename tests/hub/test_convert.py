"""`--convert`: an earlier model becomes a complete model folder."""

from __future__ import annotations

import json

import tiny
from published_models import CATEGORIES

from encoders import card as cards


def test_conversion(command, tmp_path):
    old = tiny.tiny_checkpoint(tmp_path / "model_v1137", CATEGORIES)
    (old / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    new = tmp_path / "models" / "new"
    done = command("--convert", old, "--model_path", new)
    assert done.code == 0 and f"--model_path {new}" in done.out, done.err
    values = json.loads((new / "page_classifier.json").read_text(encoding="utf-8"))
    assert (values["base"], values["revision"], values["licence"]) == ("ViT-B/16", "v1137", "mit")
    card = (new / "README.md").read_text(encoding="utf-8")
    assert cards.gaps(card) == [] and cards.licence_of(card) == "mit" and "`model_v1137`" in card
    for arguments, words in (
        (("--convert", old, "--model_path", new), "exists already"),
        (("--convert", new, "--model_path", tmp_path / "x"), "already"),
        (("--convert", tmp_path, "--model_path", tmp_path / "x"), "neither"),
        (("--convert", tmp_path / "none", "--model_path", tmp_path / "x"), "not there"),
        (("--convert", old), "needs --model_path"),
        (("--convert", old, "--model_path", tmp_path / "x", "-m", "ViT-B/32"), "leave -m out"),
    ):
        failed = command(*arguments)
        assert failed.code == 2 and words in failed.line, failed.err
    pt = tiny.tiny_checkpoint(tmp_path / "checkpoint.pt")
    failed = command("--convert", pt, "--model_path", tmp_path / "x", "--tokenizer", old)
    assert failed.code == 2 and "-cc" in failed.line and not (tmp_path / "x").exists()
