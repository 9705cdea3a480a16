"""Image classifiers with a plain head from the hub: published revisions, and bases that training starts from."""

from __future__ import annotations

import json

import pytest
from head_pages import pages, what_transformers_gives
from PIL import Image
from published_models import files_of, nothing_made, pages_in, scores
from tiny import tiny_head

from classifier import PageClassifier

REPO = "ufal/vit-historical-page"
CARD = b"---\nlicense: mit\n---\n\n# Published\n"


@pytest.fixture
def published(hub, tmp_path):
    """v2.3 (ViT) and v4.3 (RegNetY), as the earlier tool publishes them; the folders that they were made from."""
    made = {"v2.3": tiny_head(tmp_path / "vit", "vit"), "v4.3": tiny_head(tmp_path / "regnety", "regnety")}
    hub.add(REPO, {name: files_of(folder) | {"README.md": CARD} for name, folder in made.items()} | {"main": {}})
    return made


def test_a_published_head_is_pulled_and_sorts_like_the_folder_itself(hub, command, refuse, tmp_path, published):
    pulled = command("--hf", "--repo", REPO, "-rev", "v4.3")
    assert pulled.code == 0, pulled.err
    model = tmp_path / "models" / "timm-regnety-002.tiny_rev_v4.3"
    assert "a plain head, no text tower" in pulled.out and "11 categories" in pulled.out and "licence mit" in pulled.out
    assert (model / "image.onnx").is_file() and not (model / "text.onnx").exists()
    expected = what_transformers_gives(published["v4.3"], pages())
    classifier = PageClassifier.from_pretrained(model)
    for image, row in zip(pages(), expected, strict=True):
        assert classifier.scores(classifier.transform(image)[None])[0] == pytest.approx(row, abs=1e-4)
    assert "is there already" in command("--hf", "--repo", REPO, "-rev", "v4.3").out
    assert command("--hf", "--repo", REPO, "-rev", "v2.3").code == 0
    hub.stop()
    refuse()
    folder = pages_in(tmp_path / "pages")
    for name, which in (("a", ("--model_path", published["v4.3"])), ("b", ("-rev", "v4.3"))):
        done = command("-d", folder, *which, "--raw", "-tn", 3, "-o", tmp_path / name)
        assert done.code == 0, done.err
    for one, other in zip(scores(tmp_path / "a"), scores(tmp_path / "b"), strict=True):  # PyTorch, ONNX Runtime
        assert list(one) == list(other)
        assert all(float(one[name]) == pytest.approx(float(other[name]), abs=2e-6) for name in ("DRAW", "TEXT_T"))
    record = json.loads(next((tmp_path / "b" / "tables").glob("*_run.json")).read_text(encoding="utf-8"))
    assert record["model"]["base"] == "timm/regnety_002.tiny" and record["execution"]["engine"] == "onnx"
    with_words = command("-d", folder, "-rev", "v4.3", "--avg", "-o", tmp_path / "c")
    assert with_words.code == 2 and "plain head and no text tower" in with_words.line
    assert with_words.line.splitlines()[:-1] == ["3 pages"]


def test_a_published_head_is_converted_once_and_pushed(hub, command, tmp_path, published, monkeypatch):
    from fake_hub import OWNER

    made = command("--convert", published["v2.3"], "--model_path", tmp_path / "models" / "vit23")
    assert made.code == 0, made.err
    assert command("--convert", tmp_path / "models" / "vit23").out.count("has its graphs already") == 1
    monkeypatch.setenv("HF_TOKEN", OWNER)
    pushed = command("--push", "--model_path", tmp_path / "models" / "vit23", "--repo", "heads", "-rev", "v1")
    assert pushed.code == 0, pushed.err
    assert command("--hf", "--repo", "owner/heads", "-rev", "v1", models="others").code == 0
    [again] = (tmp_path / "others").iterdir()
    names = ("model.safetensors", "config.json", "image.onnx", "graphs.json")
    assert all((again / name).read_bytes() == (tmp_path / "models" / "vit23" / name).read_bytes() for name in names)


def test_a_base_of_timm_is_pulled_untuned_and_trained(hub, command, refuse, tmp_path):
    base = tiny_head(tmp_path / "base", "efficientnetv2", ["tench", "goldfish", "shark"])
    hub.add("timm/tiny.in1k", {"main": files_of(base)})
    pulled = command("--hf", "--zero_shot", "-m", "timm/tiny.in1k")
    assert pulled.code == 0, pulled.err
    hub.stop()
    refuse()
    data = tmp_path / "data"
    for number in range(12):
        image = Image.new("L", (40, 50), 20 + 17 * number)
        target = data / ("DARK" if number < 6 else "LIGHT") / f"D{number}-1.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        image.save(target)
    trained = command("--train", "-d", data, "-m", "timm/tiny.in1k", "--epochs", 1, "--name", "mine", "--quiet")
    assert trained.code == 0, trained.err
    assert PageClassifier.from_pretrained(tmp_path / "models" / "mine").base == "timm/tiny.in1k"
    refused = command("-d", data, "--zero_shot", "-m", "timm/tiny.in1k", "-o", tmp_path / "out")
    assert refused.code == 2 and "no text tower" in refused.line


def test_a_head_that_is_not_whole_leaves_nothing(hub, command, tmp_path):
    files = files_of(tiny_head(tmp_path / "vit", "vit"))
    del files["preprocessor_config.json"]
    hub.add(REPO, {"main": files, "v2.3": files})
    pulled = command("--hf", "--repo", REPO, "-rev", "v2.3")
    assert pulled.code == 2 and "no preprocessor_config.json" in pulled.line
    assert nothing_made(tmp_path / "models")
