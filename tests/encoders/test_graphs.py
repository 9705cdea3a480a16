"""Graphs of a model folder: they compute what the model computes, belong to its weights, and any folder gets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from tiny import CARD, KINDS, SIZE, tiny_base, tiny_classifier, tiny_model_folder, tiny_tokenizer, tiny_transform

from classifier import PageClassifier
from encoders.descriptions import label_descriptions
from encoders.features import image_features, text_features, tokens_of
from encoders.graphs import GRAPHS, IMAGE, TEXT, WEIGHTS, has_graphs, read_graphs
from encoders.torch_engine import TorchEngine
from encoders.towers import load_dual_encoder, load_tokenizer
from run import main
from utils import UserError

HOME = Path(__file__).resolve().parents[2]
FILES = (IMAGE, TEXT, GRAPHS)
PROMPTS = ["a scan of a map", "a scan of an old letter, written by hand", "x"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("graphs") / "model")


@pytest.fixture
def copied(folder, tmp_path) -> Path:
    return shutil.copytree(folder, tmp_path / "model")


def run(graph: Path, inputs: dict[str, np.ndarray]) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_inputs()] == list(inputs)
    return session.run(["embeddings"], inputs)[0]


def check(folder: Path, size: tuple[int, int] = (SIZE, SIZE)) -> None:
    """The graphs in a folder give the embeddings of the model in it, alone and together."""
    model, tokenizer, graphs = load_dual_encoder(folder), load_tokenizer(folder), read_graphs(folder)
    pixels = np.random.default_rng(1).normal(0, 1, (5, 3, *size)).astype(np.float32)
    with torch.no_grad():
        pages = image_features(model, torch.from_numpy(pixels)).numpy()
        tokens = tokens_of(model, tokenizer, PROMPTS)
        texts = text_features(model, tokens).numpy()
    assert pages.shape[1] == graphs.dimensions and list(tokens) == list(graphs.text.inputs)
    for some in (slice(0, 1), slice(0, 5)):
        np.testing.assert_allclose(run(folder / IMAGE, {"pixels": pixels[some]}), pages[some], atol=1e-5)
    found = run(folder / TEXT, {name: ids.numpy() for name, ids in tokens.items()})
    np.testing.assert_allclose(found, texts, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_compute_what_the_model_computes(tmp_path, kind):
    check(tiny_model_folder(tmp_path / "model", kind=kind))
    # Another model of this architecture: the graphs are those of before, and point to other numbers.
    check(tiny_model_folder(tmp_path / "other", kind=kind, seed=1))
    halves = tiny_classifier(kind=kind).save_pretrained(tmp_path / "halves", card=CARD, dtype="float16")
    check(halves)
    assert (halves / WEIGHTS).stat().st_size < 0.6 * (tmp_path / "model" / WEIGHTS).stat().st_size


def test_weights_that_the_file_names_otherwise_are_found(tmp_path):
    from transformers import BertConfig, VisionTextDualEncoderConfig, VisionTextDualEncoderModel, ViTConfig

    tokenizer = tiny_tokenizer("dual")
    layer = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = ViTConfig(**layer, image_size=SIZE, patch_size=8)  # transformers 5 has new names for its layers
    text = BertConfig(**layer, vocab_size=len(tokenizer), max_position_embeddings=128)
    config = VisionTextDualEncoderConfig.from_vision_text_configs(vision, text, projection_dim=16)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = VisionTextDualEncoderModel(config)
    transform = tiny_transform()
    made = PageClassifier(
        TorchEngine(model, tokenizer, transform), transform, label_descriptions(["DRAW", "PHOTO"]), logit_scale=10
    )
    check(made.save_pretrained(tmp_path / "model", card=CARD))


def test_the_shipped_graphs_belong_to_the_shipped_weights():
    shipped = HOME / "models" / "efficientnet-lite0"
    graphs = read_graphs(shipped)
    assert (graphs.dimensions, graphs.text.longest) == (256, 96)
    weights = (shipped / WEIGHTS).stat().st_size
    assert sum((shipped / name).stat().st_size for name in FILES) < 0.1 * weights  # no weight is stored twice
    transform = json.loads((shipped / "page_classifier.json").read_text(encoding="utf-8"))["transform"]
    check(shipped, tuple(transform["size"]))


def test_graphs_that_do_not_belong_or_are_not_whole_are_told(copied, tmp_path):
    def told(*words: str) -> None:
        with pytest.raises(UserError) as error:
            read_graphs(copied)
        assert all(word in str(error.value) for word in (*words, "model")), error.value

    def changed(name: str, **values: object) -> None:
        record = json.loads((copied / GRAPHS).read_text(encoding="utf-8"))
        (copied / name).write_text(json.dumps(record | values), encoding="utf-8")

    whole = {file.name: file.read_bytes() for file in copied.iterdir()}

    def restore() -> None:
        for name, content in whole.items():
            (copied / name).write_bytes(content)

    assert read_graphs(copied).text.longest == 128
    (copied / IMAGE).unlink()
    told(IMAGE, "missing", "--convert")
    restore()
    (copied / TEXT).write_bytes(whole[TEXT][:-1] + b"x")
    told(TEXT, "damaged", "--convert")
    restore()
    (copied / TEXT).write_bytes(whole[IMAGE])
    told(TEXT, "not the one", "--convert")
    restore()
    other = tiny_model_folder(tmp_path / "other", seed=1)
    shutil.copyfile(other / WEIGHTS, copied / WEIGHTS)
    told("other weights", "--convert")
    restore()
    (copied / WEIGHTS).write_bytes(whole[WEIGHTS][:-1])
    told(WEIGHTS, "too early")
    (copied / WEIGHTS).write_bytes(b"no weights at all")
    told(WEIGHTS, "cannot be read")
    (copied / WEIGHTS).unlink()
    told(WEIGHTS, "missing")
    restore()
    file = copied / "tokenizer.json"
    file.write_bytes(whole[file.name].replace(b"\n", b"\r\n"))  # as git may check it out on Windows
    assert read_graphs(copied)
    file.write_bytes((tiny_model_folder(tmp_path / "siglip", kind="siglip") / file.name).read_bytes())
    told(file.name, "not the one", "--convert")
    file.unlink()
    told(file.name, "cannot be read")
    restore()
    changed(GRAPHS, format=2)
    told(GRAPHS, "format 2", "update")
    restore()
    changed(GRAPHS, text={"inputs": ["input_ids"]})
    told(GRAPHS, "must", "--convert")
    (copied / GRAPHS).write_text("{", encoding="utf-8")
    told(GRAPHS, "cannot be read")
    (copied / GRAPHS).unlink()
    assert not has_graphs(copied) and (copied / IMAGE).exists()


def test_one_number_less_is_another_model(copied):
    """A fingerprint reads the ends of tensors only; a training step moves those too."""
    model = load_dual_encoder(copied)
    with torch.no_grad():
        model.vision_model.post_layernorm.bias += 1e-3
    shutil.rmtree(copied / "new", ignore_errors=True)
    model.save_pretrained(copied / "new")
    shutil.copyfile(copied / "new" / WEIGHTS, copied / WEIGHTS)
    with pytest.raises(UserError, match="other weights"):
        read_graphs(copied)


def test_convert_adds_what_a_folder_lacks(copied, tmp_path, capsys):
    def convert(source: Path, *more: object) -> tuple[int, str, str]:
        code = main(["--convert", str(source), *map(str, more)])
        return code, *capsys.readouterr()

    weights, before = (copied / WEIGHTS).read_bytes(), {name: (copied / name).read_bytes() for name in FILES}
    code, out, _ = convert(copied)
    assert code == 0 and "already" in out
    for name in FILES:
        (copied / name).unlink()
    code, out, err = convert(copied)
    assert code == 0 and IMAGE in out, err
    assert {name: (copied / name).read_bytes() for name in FILES} == before
    (copied / IMAGE).write_bytes(b"damaged")
    assert convert(copied)[0] == 0
    assert {name: (copied / name).read_bytes() for name in FILES} == before
    assert (copied / WEIGHTS).read_bytes() == weights
    base = tiny_base(tmp_path / "base", "siglip")
    code, out, err = convert(base)
    assert code == 0, err
    check(base)
    code, _, err = convert(copied, "--model_path", tmp_path / "new")
    assert code == 2 and "without --model_path" in err
    code, _, err = convert(copied, "-rev", "v1")
    assert code == 2 and "-rev" in err
    assert len(list(tmp_path.glob("**/*.part"))) == 0


@pytest.mark.parametrize("size", [SIZE, 48], ids=["of an architecture that has graphs", "of a new one"])
def test_a_model_that_cannot_be_exported_is_saved_without(folder, tmp_path, capsys, size):
    made = tiny_classifier(size=size)
    # What a page gives decides which way it is computed: no graph can say that.
    hook = made.engine.model.visual_projection.register_forward_hook(
        lambda layer, inputs, output: output.flip(-1) if output.sum().item() > -1e9 else output
    )
    folder = made.save_pretrained(tmp_path / "model", card=CARD)
    hook.remove()
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1 and told[0].startswith("note: ") and "PyTorch" in told[0]
    assert not any((folder / name).exists() for name in FILES)
    assert PageClassifier.from_pretrained(folder).categories == made.categories


def test_a_tokenizer_that_reads_otherwise_gets_no_graphs(copied, capsys):
    """What transformers adds beside tokenizer.json, the light engine would not know of."""
    file = copied / "tokenizer.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    values["post_processor"] = None  # no tokens for beginning and end
    file.write_text(json.dumps(values), encoding="utf-8")
    (copied / GRAPHS).unlink()
    assert main(["--convert", str(copied)]) == 2
    err = capsys.readouterr().err
    assert "tokenizer" in err and len(err.strip().splitlines()) == 1
    assert not any((copied / name).exists() for name in FILES)


def test_saving_leaves_the_model_as_it_was(tmp_path):
    made = tiny_classifier()
    before = {name: tensor.clone() for name, tensor in made.engine.model.state_dict().items()}
    attention = made.engine.model.config._attn_implementation
    made.engine.model.train()
    made.save_pretrained(tmp_path / "model", card=CARD)
    assert made.engine.model.training and made.engine.model.config._attn_implementation == attention
    assert all(torch.equal(tensor, before[name]) for name, tensor in made.engine.model.state_dict().items())
    assert all(parameter.requires_grad for parameter in made.engine.model.parameters())
