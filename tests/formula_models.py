"""A tiny model of formulas in the real files, with random weights, and pictures to read with it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

pytest.importorskip("torch", reason="requirements.txt is not installed")

FORMULAS = (r"\frac { a } { b } + c", r"x ^ { 2 } - y _ { i }", r"\alpha = \sqrt { 3 }", "a b c 1 2 3 ( x + y ) . ,")


def tiny_formula_model(folder: Path, *, seed: int = 0, longest: int = 30, graphs: bool = True) -> Path:
    """A model folder; its readings are random, but the same for the same seed."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    from formulas.graph_export import write_graphs
    from formulas.model_folder import Parts, save_folder
    from formulas.network import new_model
    from formulas.pictures import Canvas

    torch.manual_seed(seed)
    words = ["<s>", "<pad>", "</s>", "<unk>", *sorted({word for formula in FORMULAS for word in formula.split()})]
    words = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, **special)
    model = new_model("micro", len(tokenizer))
    with torch.no_grad():  # random weights look at everything alike; these see a picture, and are surer of it
        for layer in model.decoder.model.decoder.layers:
            layer.encoder_attn.q_proj.weight.mul_(8)
            layer.encoder_attn.out_proj.weight.mul_(8)
        layer.final_layer_norm.weight.mul_(4)
    folder.mkdir(parents=True)
    parts = Parts(canvas=Canvas(width=320, height=64), tokenizer="latex", longest=longest)
    save_folder(folder, model, tokenizer, parts, "# tiny")
    if graphs:
        assert write_graphs(folder) == ""
    return folder


def picture(text: str, size: int = 28) -> Image.Image:
    """Text on white, as a picture of a formula."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 30, int(bottom - top) + 30), 255)
    ImageDraw.Draw(image).text((15 - left, 15 - top), text, fill=0, font=font)
    return image


def pictures(folder: Path, count: int) -> list[Path]:
    """Files f000.png ... of pictures that all differ."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"f{number:03}.png" for number in range(count)]
    for number, file in enumerate(files):
        picture(f"{'xyzab'[number % 5]}+{number}={number * 7}").save(file)
    return files


def data_folder(folder: Path, rows: Sequence[tuple[str, str]]) -> Path:
    """A folder as `formulas draw` leaves it, of (text in the picture, LaTeX); half of it is for testing."""
    (folder / "images").mkdir(parents=True)
    with (folder / "formulas.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "latex", "split"])
        for number, (text, latex) in enumerate(rows):
            picture(text).save(folder / "images" / f"{number}.png")
            table.writerow([f"images/{number}.png", latex, "test" if number % 2 else "train"])
    return folder
