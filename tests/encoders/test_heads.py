"""Image classifiers with a plain head: as transformers and timm save them, and as model folders of ours."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import tiny
import torch
from head_pages import pages, what_transformers_gives
from PIL import Image
from safetensors.numpy import load_file, save_file

from classifier import PageClassifier, load_classifier
from encoders.choosing import describe, list_models
from encoders.engine import Computing, choose_engine
from encoders.heads import EARLIER, base_of, is_head, stated_categories
from encoders.identity import categories_of, model_hash
from reading.loader import load_batches
from reading.pages import PageList
from settings.schema import Settings
from training.data import pages_below
from utils import UserError

CARD = "---\nlicense: mit\n---\n\n# A tiny head\n"


@pytest.mark.parametrize("kind", tiny.HEADS)
def test_scores_are_those_of_transformers(tmp_path, capsys, kind):
    folder, images = tiny.tiny_head(tmp_path / "head", kind), pages()
    expected = what_transformers_gives(folder, images)
    assert expected.max(axis=1).min() < 0.9  # not sure of all pages, and they are told apart
    assert np.ptp(expected, axis=0).max() > 0.05
    classifier = load_classifier(folder, kind="head")
    pixels = np.stack([classifier.transform(image) for image in images])
    scores = classifier.scores(pixels)
    assert classifier.categories == list(EARLIER)
    assert "does not name its 11 outputs: taken for the categories of the earlier tool" in capsys.readouterr().err
    assert np.abs(scores - expected).max() < 1e-4
    # Saved as a model folder it is the same to the last bit, and the light engine agrees.
    saved = classifier.save_pretrained(tmp_path / "saved", card=CARD)
    assert np.array_equal(PageClassifier.from_pretrained(saved).scores(pixels), scores)
    assert choose_engine(saved, engine="auto", device="cpu", precision="fp32").engine == "onnx"
    light = PageClassifier.from_pretrained(saved, Computing("onnx", threads=1))
    assert np.abs(light.scores(pixels) - expected).max() < 1e-4
    assert np.array_equal(light.scores(pixels[2:3])[0], light.scores(pixels)[2])
    # What others read of it is the same too.
    assert np.abs(what_transformers_gives_of(saved, classifier, pixels) - expected).max() < 1e-4


def what_transformers_gives_of(folder, classifier, pixels) -> np.ndarray:
    from transformers import AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(folder).eval()
    assert list(model.config.id2label.values()) == classifier.categories
    mean, std = (torch.tensor(of).view(3, 1, 1) for of in (classifier.transform.mean, classifier.transform.std))
    with torch.no_grad():
        return model(pixel_values=(torch.from_numpy(pixels) / 255 - mean) / std).logits.softmax(dim=-1).numpy()


@pytest.mark.shared
def test_real_pages_as_the_program_reads_them_score_as_by_transformers(tmp_path, shared):
    listed = pages_below(shared / "pages", Settings())
    some = PageList(listed.root, listed.pages[::4])
    images = [Image.open(listed.root / page.path) for page in some.pages]
    apart = {}
    for kind in tiny.HEADS:
        folder = tiny.tiny_head(tmp_path / kind, kind)
        classifier = load_classifier(folder, kind="head")
        read = load_batches(some, classifier.transform, batch_size=8, workers=0, max_pixels=10**9)
        scores = np.concatenate([classifier.scores_of(classifier.embeddings_of(batch)) for batch in read])
        apart[kind] = float(np.abs(scores - what_transformers_gives(folder, images)).max())
    print(f"{len(images)} pages, scores apart by at most: {apart}")
    assert max(apart.values()) < 1e-4


def test_halves_and_bf16(tmp_path):
    classifier = PageClassifier.from_head(tiny.tiny_head(tmp_path / "head", "vit"))
    pixels = np.stack([classifier.transform(image) for image in pages()])
    scores = classifier.scores(pixels)
    halves = classifier.save_pretrained(tmp_path / "halves", card=CARD, dtype="float16")
    for computing in (Computing(), Computing("onnx")):
        assert np.abs(PageClassifier.from_pretrained(halves, computing).scores(pixels) - scores).max() < 5e-3
    assert np.array_equal(classifier.scores(pixels), scores)  # saving has not touched it
    rounded = PageClassifier.from_pretrained(halves, Computing("torch", "cpu", "bf16"))
    assert 0 < np.abs(rounded.scores(pixels) - scores).max() < 5e-2


def test_a_folder_of_timm_is_read(tmp_path):
    import timm
    from timm.models._hub import save_for_hf
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    folder = tmp_path / "timm"
    labels = ["letter", "map", "photograph"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = timm.create_model("test_efficientnet", num_classes=3)
    save_for_hf(model, folder, model_config={"label_names": labels}, safe_serialization=True)
    classifier = load_classifier(folder, kind="head")
    assert (classifier.categories, classifier.base) == (labels, "timm/test_efficientnet.r160_in1k")
    pixels = np.stack([classifier.transform(image) for image in pages()])
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    del config["model_args"]  # transformers itself fails over what timm writes there
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    processor = AutoImageProcessor.from_pretrained(folder)
    theirs = processor([image.convert("RGB") for image in pages()]).pixel_values
    with torch.no_grad():
        expected = AutoModelForImageClassification.from_pretrained(folder).eval()(pixel_values=theirs).logits
    assert np.abs(classifier.scores(pixels) - expected.softmax(dim=-1).numpy()).max() < 1e-4
    saved = classifier.save_pretrained(tmp_path / "saved", card=CARD)
    light = PageClassifier.from_pretrained(saved, Computing("onnx"))  # its weights have names without transformers' own
    assert np.abs(light.scores(pixels) - classifier.scores(pixels)).max() < 1e-5


def test_categories_of_outputs_without_names(tmp_path):
    folder = tiny.tiny_head(tmp_path / "head", "vit", 3)
    with pytest.raises(UserError, match="its 3 outputs have no names"):
        load_classifier(folder, kind="head")
    named = load_classifier(folder, kind="head", descriptions={"TEXT": ["text"], "MAP": ["a map"], "PHOTO": ["x"]})
    assert named.categories == ["MAP", "PHOTO", "TEXT"]
    with pytest.raises(UserError, match="3 outputs without names, -cc names 2 categories"):
        load_classifier(folder, kind="head", descriptions={"TEXT": ["text"], "MAP": ["a map"]})
    own = tiny.tiny_head(tmp_path / "own", "vit", ["b", "a"])
    assert load_classifier(own, kind="head").categories == ["b", "a"] == categories_of(own)
    assert stated_categories(folder) == []
    assert categories_of(tiny.tiny_head(tmp_path / "eleven", "regnety")) == list(EARLIER)


def test_without_a_text_tower_words_are_refused_in_one_line(tmp_path):
    own = tiny.tiny_head(tmp_path / "own", "vit", ["b", "a"])
    saved = load_classifier(own, kind="head").save_pretrained(tmp_path / "saved", card=CARD)
    texts = {"A": ["a map"], "B": ["a photo"]}
    for wanted in (
        lambda: load_classifier(own, kind="head", descriptions=texts),
        lambda: load_classifier(saved, kind="folder", descriptions=texts),
        lambda: load_classifier(saved, kind="folder", descriptions=texts, computing=Computing("onnx")),
        lambda: PageClassifier.from_pretrained(saved).embed_texts(["a map"]),
        lambda: PageClassifier.from_pretrained(saved, Computing("onnx")).embed_texts(["a map"]),
        lambda: load_classifier(own, kind="base", descriptions=texts),
    ):
        with pytest.raises(UserError, match="plain head and no text tower"):
            wanted()


def test_what_a_folder_says_of_itself(tmp_path):
    models = tmp_path / "models"
    folder = tiny.tiny_head(models / "model_v43", "regnety")
    tiny.tiny_head(models / "google-vit_rev_untuned", "vit")
    assert is_head(folder) and base_of(folder) == "timm/regnety_002.tiny"
    assert [(model.path.name, model.kind, model.revision) for model in list_models(models)] == [
        ("model_v43", "head", "v43")
    ]
    saved = load_classifier(folder, kind="head").save_pretrained(models / "saved", card=CARD)
    assert not is_head(saved) and describe(saved).kind == "folder"
    other = shutil.copytree(saved, models / "other")
    file = other / "page_classifier.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"licence": ""', '"licence": "mit"'), encoding="utf-8")
    assert model_hash(other) == model_hash(saved)  # a licence decides no score
    file.write_text(file.read_text(encoding="utf-8").replace('"temperature": 1.0', '"temperature": 2.0'), "utf-8")
    assert model_hash(other) != model_hash(saved)


def _swap_categories(folder):
    file = folder / "page_classifier.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    values["categories"].reverse()
    file.write_text(json.dumps(values), encoding="utf-8")


def _drop_the_head(folder):
    tensors = load_file(folder / "model.safetensors")
    del tensors["classifier.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _another_size(folder):
    file = folder / "page_classifier.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    values["transform"]["size"] = [48, 48]
    file.write_text(json.dumps(values), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_swap_categories, "calls the outputs of its head otherwise"),
        (_drop_the_head, "lacks 1 tensors|belong to other weights"),
        (_another_size, "48 x 48"),
    ],
)
@pytest.mark.parametrize("engine", ["torch", "onnx"])
def test_parts_that_do_not_fit_are_told(tmp_path, spoil, told, engine):
    folder = PageClassifier.from_head(tiny.tiny_head(tmp_path / "head", "vit"))
    saved = folder.save_pretrained(tmp_path / "saved", card=CARD)
    spoil(saved)
    with pytest.raises(UserError, match=told):
        PageClassifier.from_pretrained(saved, Computing(engine))


def test_a_head_of_several_layers_is_refused(tmp_path):
    from transformers import DeiTConfig, DeiTForImageClassificationWithTeacher, ViTImageProcessor

    layer = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = DeiTConfig(**layer, image_size=32, patch_size=8, num_labels=11)
    folder = tmp_path / "two"
    DeiTForImageClassificationWithTeacher(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    with pytest.raises(UserError, match="no plain linear head"):  # its logits are the mean of two layers
        PageClassifier.from_head(folder)
