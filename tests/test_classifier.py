"""PageClassifier: whole round trips, folders whose parts do not fit, categories, precision and batch size."""

from __future__ import annotations

import json
import shutil
import socket

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from tiny import CARD, KINDS, SIZE, tiny_base, tiny_classifier, tiny_model_folder, tiny_tokenizer

from classifier import PageClassifier, load_classifier
from encoders.descriptions import PROMPT, prompt_of
from encoders.devices import bf16_missing, resolve_device
from encoders.features import normalised
from encoders.folder import REQUIRED
from utils import UserError

THREE = {"DRAW": ["a map", "a plan"], "PHOTO": ["a photo"], "TEXT": ["a letter", "a page of a book", "a diary"]}


@pytest.fixture(scope="module")
def pixels():
    """Eight pages uint8 [8, 3, 32, 32]: noise of several contrasts, a black and a white one."""
    noise = torch.rand(8, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    noise = (noise * torch.linspace(0.1, 1, 8).view(8, 1, 1, 1) * 255).to(torch.uint8)
    noise[0], noise[1], noise[2, :, : SIZE // 2] = 0, 255, 255
    return noise.numpy()


def normal(pixels, classifier):
    return normalised(torch.from_numpy(pixels), classifier.transform)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A good CLIP model folder; copy it before spoiling it."""
    return tiny_model_folder(tmp_path_factory.mktemp("models") / "good", THREE)


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded_whole(tmp_path, kind, pixels):
    made = tiny_classifier(
        THREE,
        kind=kind,
        fit="squash",
        prompt="page: {description}",
        lowercase=False,
        logit_scale=17.3,
        temperature=1.7,
        base="Tiny/1",
        learned=["TEXT", "DRAW"],
        record={"finished": "2026-11-21T10:00:00Z", "epochs": 3},
        revision="v1",
    )
    folder = made.save_pretrained(tmp_path / "deep" / "model", card=CARD)
    found = PageClassifier.from_pretrained(folder)
    assert np.array_equal(found.prototypes, made.prototypes)
    assert np.array_equal(found.scores(pixels), made.scores(pixels))
    names = "categories descriptions prompt lowercase logit_scale temperature transform base learned record"
    for name in names.split():
        assert getattr(found, name) == getattr(made, name), name
    assert (found.card, found.revision, found.licence) == (CARD, "v1", "mit")
    assert found.unlearned() == ["PHOTO"]
    assert [path.name for path in folder.parent.iterdir()] == ["model"]  # nothing is left beside
    assert not list(folder.glob("*.bin"))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_probabilities_and_do_not_depend_on_the_batch(kind, pixels):
    classifier = tiny_classifier(THREE, kind=kind)
    scores = classifier.scores(pixels)  # [8, 3]
    assert np.allclose(scores.sum(axis=1), 1) and scores.std(axis=0).max() > 1e-3
    single = np.concatenate([classifier.scores(page[None]) for page in pixels])
    assert np.abs(single - scores).max() <= 1e-5
    failed = pixels.copy()
    failed[3] = 0
    others = [0, 1, 2, 4, 5, 6, 7]
    assert np.array_equal(classifier.scores(failed)[others], scores[others])


def test_scores_follow_the_formula(pixels):
    classifier = tiny_classifier(THREE, logit_scale=20.0, temperature=2.0)
    with torch.no_grad():
        images = classifier.engine.model.get_image_features(pixel_values=normal(pixels, classifier)).pooler_output
    images = images / images.norm(dim=1, keepdim=True)
    rows = []
    for texts in THREE.values():
        with torch.no_grad():
            its_prompts = [prompt_of(text, PROMPT) for text in texts]
            batch = classifier.engine.tokenizer(its_prompts, padding=True, return_tensors="pt")
            texts = classifier.engine.model.get_text_features(**batch).pooler_output
        mean = (texts / texts.norm(dim=1, keepdim=True)).mean(dim=0)
        rows.append(mean / mean.norm())
    logits = 20.0 * images @ torch.stack(rows).T
    wanted = (logits / 2.0).softmax(dim=1)
    assert np.allclose(classifier.scores(pixels), wanted, atol=1e-5)
    assert np.allclose(classifier.logits(pixels), logits, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_training_and_prediction_share_one_path(kind, pixels):
    classifier = tiny_classifier(THREE, kind=kind)
    images = classifier.engine.image_features(normal(pixels, classifier))
    texts = classifier.engine.text_features(**classifier.engine.tokens(["a scan of a map", "a scan of a letter"]))
    (images @ texts.T).sum().backward()
    for part in ("vision_model", "text_model"):
        gradients = [p.grad for name, p in classifier.engine.model.named_parameters() if name.startswith(part)]
        assert any(grad is not None and grad.abs().sum() > 0 for grad in gradients)
    # convolutions run page by page in prediction: the order of sums differs, no more
    assert np.abs(images.detach().numpy() - classifier.embed_pages(pixels)).max() < 1e-6
    classifier.engine.model.train()
    with pytest.raises(ValueError, match="training mode"):
        classifier.embed_pages(pixels)


def test_half_precision_on_disk(tmp_path, pixels):
    made = tiny_classifier(THREE)
    half = made.save_pretrained(tmp_path / "half", card=CARD, dtype="float16")
    whole = made.save_pretrained(tmp_path / "whole", card=CARD)
    size = [(folder / "model.safetensors").stat().st_size for folder in (half, whole)]
    assert size[0] < 0.7 * size[1]
    found = PageClassifier.from_pretrained(half)
    assert {parameter.dtype for parameter in found.engine.model.parameters()} == {torch.float32}
    assert np.abs(found.scores(pixels) - made.scores(pixels)).max() < 5e-3
    assert {parameter.dtype for parameter in made.engine.model.parameters()} == {
        torch.float32
    }  # the one in memory is as it was


def test_an_existing_folder_is_never_written_over(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="exists already"):
        tiny_classifier().save_pretrained(tmp_path / "mine", card=CARD)
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


# ---- folders whose parts do not fit ------------------------------------------------------------------------------


def edit(folder, **changes):
    file = folder / "page_classifier.json"
    values = json.loads(file.read_text(encoding="utf-8")) | changes
    file.write_text(json.dumps({k: v for k, v in values.items() if v is not None}), encoding="utf-8")


def edit_tensors(folder, change, name="model.safetensors"):
    tensors = load_file(folder / name)
    change(tensors)
    save_file(tensors, folder / name, metadata={"format": "pt"})


def swap_prototypes(folder, other):
    shutil.copy(tiny_model_folder(folder.parent / "other", **other) / "prototypes.safetensors", folder)


def pickled(folder):
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def other_weights(folder):
    shutil.copy(tiny_model_folder(folder.parent / "other", THREE, seed=5) / "model.safetensors", folder)


SPOILED = {
    "tensor removed": (
        lambda f: edit_tensors(f, lambda t: t.pop("text_projection.weight")),
        r"text_projection\.weight",
    ),
    "tensor added": (lambda f: edit_tensors(f, lambda t: t.update(odd=torch.zeros(2))), "superfluous"),
    "tensor of another shape": (
        lambda f: edit_tensors(f, lambda t: t.update({"text_projection.weight": torch.zeros(3, 3)})),
        "good",
    ),
    "pickle": (pickled, r"model\.safetensors is missing"),
    "weights of another model": (other_weights, "does not come from this text tower"),
    "weights cut": (lambda f: (f / "model.safetensors").write_bytes(b"abc"), "cannot be loaded"),
    "category renamed": (lambda f: edit(f, categories=["DRAW", "PHOTO", "X"]), "same labels"),
    "category removed": (
        lambda f: edit(f, categories=["DRAW", "PHOTO"], descriptions={k: THREE[k] for k in ("DRAW", "PHOTO")}),
        "3 categories.*2",
    ),
    "categories reordered": (
        lambda f: edit(f, categories=["TEXT", "PHOTO", "DRAW"]),
        "other categories or descriptions",
    ),
    "description edited": (lambda f: edit(f, descriptions=THREE | {"PHOTO": ["a cat"]}), "other categories or desc"),
    "prompt edited": (lambda f: edit(f, prompt="{description}"), "other categories or descriptions"),
    "prompt empty": (lambda f: edit(f, prompt="a page"), "description"),
    "unknown key": (lambda f: edit(f, temperatur=1.0), "did you mean temperature"),
    "key removed": (lambda f: edit(f, temperature=None), "lacks 'temperature'"),
    "wrong kind": (lambda f: edit(f, logit_scale="12"), "logit_scale"),
    "zero temperature": (lambda f: edit(f, temperature=0), "above 0"),
    "future format": (lambda f: edit(f, format=2), "format 2"),
    "transform of another size": (
        lambda f: edit(
            f,
            transform={
                "size": [64, 64],
                "fit": "pad",
                "mean": [0] * 3,
                "std": [1] * 3,
                "interpolation": "bicubic",
                "fill": 0,
            },
        ),
        "64 x 64",
    ),
    "transform unknown": (lambda f: edit(f, transform={"fit": "pad"}), "transform"),
    "broken json": (lambda f: (f / "page_classifier.json").write_text("{"), "cannot be read"),
    "other tokenizer": (lambda f: tiny_tokenizer("dual").save_pretrained(f), "pools at token 513"),
    "prototypes of other dimension": (
        lambda f: edit_tensors(f, lambda t: t.update(prototypes=torch.eye(3)), "prototypes.safetensors"),
        "prototypes",
    ),
    "prototypes for other categories": (lambda f: swap_prototypes(f, {"categories": ["A", "B"]}), "2 categories.*3"),
    "prototypes of another model": (lambda f: swap_prototypes(f, {"categories": THREE, "seed": 5}), "this text tower"),
    "prototypes of other width": (lambda f: swap_prototypes(f, {"categories": THREE, "kind": "siglip"}), "32 dim.*16"),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_part_that_does_not_fit_is_named(tmp_path, folder, spoiled):
    spoil, words = SPOILED[spoiled]
    copy = shutil.copytree(folder, tmp_path / "good")
    spoil(copy)
    with pytest.raises(UserError, match=words) as caught:
        PageClassifier.from_pretrained(copy)
    assert str(copy) in str(caught.value) and "\n" not in str(caught.value)


def test_each_file_of_a_folder_is_needed(tmp_path, folder):
    for name in REQUIRED:
        copy = shutil.copytree(folder, tmp_path / name)
        (copy / name).unlink()
        with pytest.raises(UserError, match=f"{name} is missing"):
            PageClassifier.from_pretrained(copy)
    with pytest.raises(UserError, match="no model folder"):
        PageClassifier.from_pretrained(tmp_path / "none")


# ---- categories --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 200])
def test_any_number_of_categories(tmp_path, pixels, count):
    labels = [f"CLASS {number}" for number in reversed(range(count))]
    classifier = PageClassifier.from_pretrained(tiny_model_folder(tmp_path / "model", labels))
    assert classifier.categories == labels
    assert classifier.scores(pixels).shape == (8, count) and classifier.prototypes.shape == (count, 16)


def test_other_categories_are_used_and_told_apart(folder, pixels):
    chosen = {"Cafe\u0301": ["a bill"], "PHOTO": ["a photo"]}
    classifier = load_classifier(folder, kind="folder", descriptions=chosen)
    assert classifier.categories == ["Caf\u00e9", "PHOTO"]  # NFC
    assert classifier.unlearned() == ["Caf\u00e9"]
    own = PageClassifier.from_pretrained(folder)
    assert own.unlearned() == []
    assert np.allclose(classifier.prototypes[1], own.prototypes[1], atol=1e-6)
    with pytest.raises(UserError, match="two or more"):
        classifier.use_categories({"A": ["a"]})
    with pytest.raises(UserError, match="B has no description"):
        classifier.use_categories({"A": ["a"], "B": []})
    with pytest.raises(UserError, match="same label"):
        classifier.use_categories({"Cafe\u0301": ["a"], "Caf\u00e9": ["b"]})
    assert classifier.categories == ["Caf\u00e9", "PHOTO"] and classifier.scores(pixels).shape == (8, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_description_is_never_cut(kind):
    classifier = tiny_classifier(THREE, kind=kind)
    long = "x" * 200
    with pytest.raises(UserError, match=r"too long, \d+ tokens where 128 fit.*xxx"):
        classifier.use_categories({"A": ["short"], "B": [long]})
    assert classifier.categories == list(THREE)


def test_row_order_does_not_move_a_prototype():
    classifier = tiny_classifier(THREE, kind="clip")
    forward = classifier.prototypes
    classifier.use_categories(dict(reversed(THREE.items())))
    assert np.allclose(forward, classifier.prototypes[::-1], atol=1e-6)


# ---- untuned bases -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_untuned_bases(tmp_path, kind, pixels, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    base = tiny_base(tmp_path / "base", kind)
    classifier = load_classifier(base, kind="base", descriptions=THREE, base="Tiny")
    assert (classifier.transform.fit, classifier.transform.size, classifier.base) == ("squash", (SIZE, SIZE), "Tiny")
    assert classifier.learned == [] == classifier.unlearned() and classifier.record == {}
    assert classifier.scores(pixels).shape == (8, 3)
    assert np.array_equal(classifier.scores(pixels), tiny_classifier(THREE, kind=kind).scores(pixels))
    with pytest.raises(UserError, match="-cc"):
        load_classifier(base, kind="base")


def test_a_base_from_the_hub_cache_or_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UserError, match=r"run\.py --hf --zero_shot -m someone/tiny"):
        PageClassifier.from_base("someone/tiny", THREE)
    with pytest.raises(UserError, match="neither a folder nor"):
        PageClassifier.from_base("no/such/id", THREE)
    repo = tmp_path / "cache" / "models--someone--tiny"
    tiny_base(repo / "snapshots" / ("a" * 40))
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("a" * 40)
    assert PageClassifier.from_base("someone/tiny", THREE).base == "someone/tiny"


def test_bases_that_cannot_be_used(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    base = tiny_base(tmp_path / "base")
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.move(base / name, tokenizer / name)
    with pytest.raises(UserError, match="--tokenizer DIR"):
        PageClassifier.from_base(base, THREE)
    PageClassifier.from_base(base, THREE, tokenizer=tokenizer)
    config = json.loads((base / "config.json").read_text())
    config["text_config"]["eos_token_id"] = 49407  # transformers' default: CLIP would pool position 0 of every text
    (base / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"pools at token 49407 .* ends with 513"):
        PageClassifier.from_base(base, THREE, tokenizer=tokenizer)
    (base / "config.json").write_text('{"model_type": "bert", "hidden_size": 32}')
    with pytest.raises(UserError, match=str(base)):
        PageClassifier.from_base(base, THREE, tokenizer=tokenizer)
    remote = {"AutoConfig": "code_of_others.Config", "AutoModel": "code_of_others.Model"}
    (base / "config.json").write_text(json.dumps({"model_type": "mine", "auto_map": remote}))
    trace = tmp_path / "ran"
    (base / "code_of_others.py").write_text(f"open({str(trace)!r}, 'w').close()")
    with pytest.raises(UserError, match=str(base)):
        PageClassifier.from_base(base, THREE, tokenizer=tokenizer)
    assert not trace.exists()


def test_a_pickled_base_gives_tensors_and_runs_nothing(tmp_path, pixels):
    base = tiny_base(tmp_path / "base")
    wanted = PageClassifier.from_base(base, THREE).scores(pixels)
    pickled(base)
    assert np.array_equal(PageClassifier.from_base(base, THREE).scores(pixels), wanted)

    class Dangerous:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    torch.save({"text_projection.weight": Dangerous()}, base / "pytorch_model.bin")
    with pytest.raises(UserError, match=str(base)):
        PageClassifier.from_base(base, THREE)
    assert not (tmp_path / "ran").exists()


# ---- devices and precision ---------------------------------------------------------------------------------------


def test_bf16_is_near_and_cannot_be_saved(tmp_path, pixels):
    if reason := bf16_missing(torch.device("cpu")):
        pytest.skip(reason)
    for kind in KINDS:
        classifier = tiny_classifier(THREE, kind=kind)
        exact, before = classifier.scores(pixels), classifier.prototypes
        classifier.engine.to("cpu", "bf16")
        scores = classifier.scores(pixels)
        assert scores.dtype == np.float32
        assert 0 < np.abs(scores - exact).max() < 0.1
        classifier.use_categories(THREE)
        assert np.array_equal(classifier.prototypes, before)  # the text tower stays in fp32
    with pytest.raises(ValueError, match="not saved"):
        classifier.save_pretrained(tmp_path / "a", card=CARD)
    with pytest.raises(ValueError, match="load it again"):
        classifier.engine.to("cpu", "fp32")


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cpu:1", "Cuda", ""])
def test_devices_that_are_not_there(name):
    with pytest.raises(UserError, match="device"):
        resolve_device(name)
    assert resolve_device("cpu") == torch.device("cpu")
    with pytest.raises(UserError, match="did you mean fp32"):
        tiny_classifier().engine.to("cpu", "fp23")
