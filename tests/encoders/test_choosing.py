"""Which model a command means: the order, bases, revisions, ages. Folders here hold the small files only."""

import json
import os
import struct
from pathlib import Path

import pytest

from encoders import choosing
from encoders.choosing import canonical_base, choose_model, describe, file_name_of_base, list_models
from settings.command import ModelRequest
from settings.config_file import read_settings
from utils import UserError


def model_folder(
    models: Path, name: str, base: str = "ViT-B/16", finished: str = "", revision: str = "", **record: object
) -> Path:
    folder = models / name
    folder.mkdir(parents=True)
    values = {"format": 1, "base": base, "revision": revision}
    (folder / "page_classifier.json").write_text(json.dumps(values), encoding="utf-8")
    if finished:
        (folder / "training.json").write_text(json.dumps({"finished": finished, **record}), encoding="utf-8")
    return folder


def earlier(models: Path, name: str, width: int = 48, patch: int = 32, positions: int = 50, changed: float = 0) -> Path:
    folder = models / name
    folder.mkdir(parents=True)
    config = {"categories": ["A", "B"], "texts": ["a", "b"], "model_name": "ViT-B/32"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    header = {
        "model.visual.conv1.weight": {"dtype": "F32", "shape": [width, 3, patch, patch], "data_offsets": [0, 0]},
        "model.visual.positional_embedding": {"dtype": "F32", "shape": [positions, width], "data_offsets": [0, 0]},
    }
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    if changed:
        os.utime(folder / "config.json", (changed, changed))
    return folder


def untuned(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "clip"}', encoding="utf-8")
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def chosen(models: Path, *, to_train: bool = False, setup: dict | None = None, **request: object):
    settings = read_settings(None).replaced("setup", model_dir=models, **(setup or {}))
    return choose_model(settings, ModelRequest(**request), to_train=to_train)


def refused(models: Path, **rest: object) -> str:
    with pytest.raises(UserError) as error:
        chosen(models, **rest)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "base", "file_name"),
    [
        ("ViT-B/16", "ViT-B/16", "ViT-B16"),
        ("vit-b/32", "ViT-B/32", "ViT-B32"),
        ("ViT-L14", "ViT-L/14", "ViT-L14"),
        ("ViT-L/14@336", "ViT-L/14@336px", "ViT-L14-336px"),
        ("ViT-L14-336px", "ViT-L/14@336px", "ViT-L14-336px"),
        ("openai/clip-vit-base-patch16", "ViT-B/16", "ViT-B16"),
        ("efficientnet_lite0", "EfficientNet-Lite0", "EfficientNet-Lite0"),
        ("google/siglip-base", "google/siglip-base", "google-siglip-base"),
        ("..", "..", "model"),
    ],
)
def test_names_of_bases(name, base, file_name):
    assert canonical_base(name) == base
    assert file_name_of_base(name) == file_name


def test_the_order(models, tmp_path, monkeypatch):
    given, configured = model_folder(tmp_path, "given"), model_folder(tmp_path, "configured")
    newest = model_folder(models, "newest", finished="2026-01-01T00:00:00Z")
    pulled = model_folder(models, "pulled", revision="v1.1.3.7")
    shipped = model_folder(tmp_path, "shipped", base="EfficientNet-Lite0")
    monkeypatch.setattr(choosing, "SHIPPED", shipped)
    everything = {"path": given, "base": "ViT-B/16"}
    assert chosen(models, setup={"model": configured}, **everything).source == given
    assert chosen(models, setup={"model": configured}, revision="v1.1.3.7", base="ViT-B/16").source == pulled
    assert chosen(models, setup={"model": configured}, base="ViT-B/16").source == newest
    assert chosen(models, setup={"model": configured}).source == configured
    choice = chosen(models)
    assert (choice.source, choice.kind, choice.base) == (shipped, "folder", "EfficientNet-Lite0")
    assert choice.why == "the shipped default"


def test_newest_by_the_training_record_not_by_the_files_and_without_folds(models):
    model_folder(models, "a", finished="2026-03-01T10:00:00+00:00")
    model_folder(models, "b", finished="2026-03-01T10:30:00+01:00")  # half an hour before a
    model_folder(models, "c", base="ViT-B/32", finished="2026-05-01T00:00:00Z")
    model_folder(models, "d_fold_2", finished="2026-06-01T00:00:00Z")
    model_folder(models, "e", finished="2026-07-01T00:00:00Z", fold=3)
    earlier(models, "ViT-B16_rev_v1137", changed=4e9)
    assert chosen(models, base="vit-b16").source == models / "a"


def test_earlier_folders_come_by_their_time_where_none_has_a_record(models):
    earlier(models, "ViT-B16_rev_v1131", changed=2e9)
    earlier(models, "model_v1137", changed=1e9)
    choice = chosen(models, base="ViT-B/16")
    assert (choice.source, choice.kind, choice.revision) == (models / "ViT-B16_rev_v1131", "checkpoint", "v1131")


def test_no_model_on_that_base_is_never_silently_the_untuned_one(models):
    model_folder(models, "a", base="ViT-B/32")
    message = refused(models, base="ViT-B/16")
    for part in ("-m ViT-B/16", "ViT-B/32", "--train", "--zero_shot"):
        assert part in message
    assert refused(models, base="google/siglip-base")


def test_untuned_only_when_asked_for(models, tmp_path):
    base = untuned(tmp_path / "clip-base")
    zero_shot = {"zero_shot": True}
    choice = chosen(models, setup=zero_shot, base=str(base))
    assert (choice.source, choice.kind, choice.base, choice.why) == (base, "base", "clip-base", "untuned")
    assert chosen(models, setup=zero_shot, base="ViT-B/32").source == "openai/clip-vit-base-patch32"
    assert chosen(models, setup=zero_shot).base == "ViT-B/16"
    assert chosen(models, to_train=True, base="google/siglip-base").kind == "base"
    assert chosen(models, to_train=True, path=base).kind == "base"
    assert chosen(models, setup=zero_shot, path=base).kind == "base"
    assert "--zero_shot" in refused(models, path=base)
    assert "EfficientNet-Lite0" in refused(models, setup=zero_shot, base="EfficientNet-Lite0")
    tuned = model_folder(models, "tuned")
    assert "fine-tuned" in refused(models, setup=zero_shot, path=tuned)
    assert "fine-tuned" in refused(models, setup=zero_shot, base=str(tuned))


def test_a_base_in_the_hub_cache_is_named_by_its_id(models, tmp_path):
    base = untuned(tmp_path / "hub/models--openai--clip-vit-base-patch32/snapshots/0123")
    assert chosen(models, setup={"zero_shot": True}, base=str(base)).base == "ViT-B/32"


@pytest.mark.parametrize(
    ("name", "said"),
    [("ViT-B/15", "did you mean ViT-B/16?"), ("vitb8", "hub ids"), ("../nowhere", "no base of that name")],
)
def test_a_base_that_cannot_be(models, name, said):
    assert said in refused(models, base=name)
    assert said in refused(models, setup={"zero_shot": True}, base=name)


def test_a_folder_as_base(models, tmp_path):
    tuned = model_folder(tmp_path, "mine", base="ViT-B/32")
    assert chosen(models, base=str(tuned)).source == tuned
    base = untuned(tmp_path / "siglip")
    assert "no model on that base" in refused(models, base=str(base))
    made = model_folder(models, "made", base="siglip")
    assert chosen(models, base=str(base)).source == made


@pytest.mark.parametrize(
    ("revision", "wanted"),
    [
        ("v1.1.3.7", "model_v1137"),
        ("1.1.3.7", "model_v1137"),
        ("v1137", "model_v1137"),
        ("v1.1.3", "ViT-B16_rev_v1.1.3"),  # exact before a beginning
        ("v1.1.3.1", "ViT-B16_rev_v1131"),
        ("v1.1", "ViT-B16_rev_v1131"),  # the newest
        ("v1.2", "ViT-B32_rev_v123"),
        ("mine-2", "own"),
        ("v2.2", "ViT-L14-336px_rev_v2234"),
    ],
)
def test_revisions(models, revision, wanted):
    earlier(models, "model_v1137", changed=1e9)
    earlier(models, "ViT-B16_rev_v1131", changed=3e9)
    earlier(models, "ViT-B16_rev_v1.1.3", changed=2e9)
    earlier(models, "ViT-B32_rev_v123", changed=4e9)
    earlier(models, "ViT-L14-336px_rev_v2234", changed=4e9)
    model_folder(models, "own", revision="mine-2")
    model_folder(models, "without")
    choice = chosen(models, revision=revision)
    assert choice.source == models / wanted
    assert f"revision {choice.revision}" == choice.why


def test_revisions_that_do_not_fit_or_are_not_there(models):
    earlier(models, "model_v1137")
    assert chosen(models, revision="v1.1", base="ViT-B/16").base == "ViT-B/16"
    message = refused(models, revision="v1.2", base="ViT-B/16")
    assert "ViT-B/32" in message
    assert "v1.1" in message
    message = refused(models, revision="v1.1.3.9")
    assert "model_v1137" in message
    assert "--hf" in message
    assert "not of" in refused(models, revision="v1.1", base="ViT-B/32")
    model_folder(models, "other", base="google/siglip", revision="v9.1")
    assert "google/siglip" in refused(models, revision="v9.1", base="ViT-B/16")


@pytest.mark.parametrize(
    ("width", "patch", "positions", "base"),
    [
        (768, 16, 197, "ViT-B/16"),
        (768, 32, 50, "ViT-B/32"),
        (1024, 14, 257, "ViT-L/14"),
        (1024, 14, 577, "ViT-L/14@336px"),
        (48, 32, 50, "CLIP"),
    ],
)
def test_base_of_an_earlier_folder_by_its_shapes(models, width, patch, positions, base):
    assert describe(earlier(models, "found-somewhere", width, patch, positions)).base == base


def test_base_of_a_broken_earlier_folder(models):
    folder = earlier(models, "broken")
    (folder / "model.safetensors").write_bytes(b"no tensors")
    assert describe(folder).base == "CLIP"


def test_paths_that_are_no_model(models, tmp_path):
    mine = model_folder(models, "mine")
    assert "did you mean" in refused(models, path=Path("mine"))
    assert "did you mean mine?" in refused(models, path=models / "mien")
    assert "name one of them: mine" in refused(models, path=models)
    (tmp_path / "page.png").write_bytes(b"")
    assert "no model" in refused(models, path=tmp_path / "page.png")
    (tmp_path / "empty").mkdir()
    assert "page_classifier.json" in refused(models, path=tmp_path / "empty")
    assert "leave -m out" in refused(models, path=mine, base="ViT-B/32")
    assert "[setup] model" in refused(models, setup={"model": tmp_path / "gone"})


def test_a_pt_file(models, tmp_path):
    file = tmp_path / "model_ViT-B16_rev_v1137_7e.pt"
    file.write_bytes(b"")
    choice = chosen(models, path=file)
    assert (choice.kind, choice.base) == ("checkpoint", "ViT-B/16")
    other = tmp_path / "some.pt"
    other.write_bytes(b"")
    assert chosen(models, path=other).base == "CLIP"
    assert chosen(models, path=other, base="ViT-B/32").base == "ViT-B/32"


def test_what_is_not_a_model_folder_is_passed_over(models):
    model_folder(models, ".half-written", finished="2026-01-01T00:00:00Z")
    (models / "mine.training").mkdir()
    (models / "README.md").write_text("", encoding="utf-8")
    untuned(models / "base")
    model_folder(models, "mine")
    (model_folder(models, "odd") / "training.json").write_text("[broken", encoding="utf-8")
    assert sorted(model.path.name for model in list_models(models)) == ["mine", "odd"]
    assert list_models(models / "absent") == []


def test_a_missing_shipped_model_is_one_line(models, tmp_path, monkeypatch):
    monkeypatch.setattr(choosing, "SHIPPED", tmp_path / "absent")
    assert "--model_path" in refused(models)
