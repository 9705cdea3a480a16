"""What benchmarks/predict.py measures, each in a process of its own.

    python -m benchmarks.predict --measure '{"what": "decoding", "base": ..., "pages": ..., "threads": 2}'

A measure warms up first, and prints what it found as one line of JSON.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import common

SHIPPED = common.HOME / "models" / "efficientnet-lite0"
DESCRIPTIONS = common.HOME / "category_descriptions" / "TOTAL_page_categories.tsv"
WARM_UP = 16  # pages


def make_base(task: dict[str, Any]) -> dict[str, Any]:
    """A random CLIP of the size of ViT-B/32 as a Hugging Face folder, its tokenizer trained on the descriptions."""
    folder = Path(task["base"])
    import torch
    from tokenizers import pre_tokenizers
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    from encoders.descriptions import read_descriptions

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    plain = CLIPTokenizer(vocab={piece: at for at, piece in enumerate(pieces)}, merges=[], model_max_length=77)
    sets = [read_descriptions(file) for file in sorted(DESCRIPTIONS.parent.glob("*.tsv"))]
    texts = [text for one_set in sets for category in one_set.values() for text in category]
    tokenizer = plain.train_new_from_iterator(texts, vocab_size=2000)  # whole words, as the published one has them
    torch.manual_seed(0)
    text = {
        "vocab_size": 49408,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.eos_token_id,
    }
    config = CLIPConfig(text_config=text, vision_config={"patch_size": 32}, logit_scale_init_value=4.6052)
    CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor = {
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": True,
        "size": {"shortest_edge": 224},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": 224, "width": 224},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "do_convert_rgb": True,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    return {}


class Clock:
    """Wall and processor time from its making on."""

    def __init__(self) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def result(self, pages: int) -> dict[str, Any]:
        """Pages a second, and milliseconds of processor time a page, all threads together."""
        wall, processor = time.perf_counter() - self.wall, time.process_time() - self.processor
        return {"rate": pages / wall, "cpu": 1000 * processor / pages}


def measure_pipeline(task: dict[str, Any]) -> dict[str, Any]:
    """The pipeline of transformers over all files."""
    import torch
    from transformers import pipeline

    from encoders.descriptions import read_descriptions

    descriptions = read_descriptions(Path(task["categories"]))
    labels = [texts[0] for texts in descriptions.values()]
    files = [str(file) for file in sorted(Path(task["pages"]).rglob("*.*"))]
    sort = pipeline(
        "zero-shot-image-classification",
        model=task["base"],
        device="cpu",
        dtype=torch.bfloat16 if task["precision"] == "bf16" else torch.float32,
        batch_size=task["batch_size"],
    )
    given = {"candidate_labels": labels, "hypothesis_template": "a scan of {}"}
    sort(files[:WARM_UP], **given)
    clock = Clock()
    results = sort(files, **given)
    result = clock.result(len(files))
    if len(results) != len(files):
        raise RuntimeError(f"the pipeline gave {len(results)} results for {len(files)} pages")
    return result


def measure_decoding(task: dict[str, Any]) -> dict[str, Any]:
    """The project's loader, nothing done with its batches."""
    from reading.loader import load_batches
    from reading.pages import PageList, find_pages
    from reading.transform import PageTransform

    pages = find_pages(Path(task["pages"]))
    transform = PageTransform.from_processor(Path(task["base"]))

    def load(these: PageList) -> None:
        batches = load_batches(
            these, transform, batch_size=task["batch_size"], workers=task["threads"], max_pixels=700_000_000
        )
        for batch in batches:
            if any(batch.reasons):
                raise RuntimeError(f"a page cannot be read: {next(filter(None, batch.reasons))}")

    load(PageList(pages.root, pages.pages[:WARM_UP], 0))
    clock = Clock()
    load(pages)
    return clock.result(len(pages.pages))


def measure_model(task: dict[str, Any]) -> dict[str, Any]:
    """The project's classifier on batches that are decoded already; all scores, to compare precisions."""
    from classifier import load_classifier
    from reading.loader import load_batches
    from reading.pages import find_pages

    shipped = task["base"] == str(SHIPPED)
    descriptions = None
    if not shipped:
        from encoders.descriptions import read_descriptions

        descriptions = read_descriptions(Path(task["categories"]))
    classifier = load_classifier(
        task["base"], kind="folder" if shipped else "base", descriptions=descriptions, tokenizer=None, base="random"
    ).to("cpu", task["precision"])
    pages = find_pages(Path(task["pages"]))
    loaded = load_batches(
        pages, classifier.transform, batch_size=task["batch_size"], workers=task["threads"], max_pixels=700_000_000
    )
    batches = [batch.pixels for batch in loaded]
    for batch in batches[:2]:
        classifier.scores(batch)
    clock = Clock()
    scores = [row for batch in batches for row in classifier.scores(batch).tolist()]
    return clock.result(len(scores)) | {"scores": scores}


def measure_corridor(task: dict[str, Any]) -> dict[str, Any]:
    """`run.py` three times in one process, on a few pages to warm up and on all; the rate from the run record.

    The processor time is that of the last run less that of the one before, which has the same start but fewer pages.
    """
    import run

    runs = []
    for name in ("warm-up", "warm-up", "pages"):
        with tempfile.TemporaryDirectory() as output:
            flags = {
                "-d": task[name],
                "-o": output,
                "-m": task["base"],
                "-cc": task["categories"],
                "--batch_size": task["batch_size"],
                "--workers": task["threads"],
                "--precision": task["precision"],
            }
            began = time.process_time()
            code = run.main(
                ["--zero_shot", "--raw", "--quiet", *(str(word) for flag in flags.items() for word in flag)]
            )
            processor = time.process_time() - began
            if code:
                raise RuntimeError(f"run.py ended with {code}")
            record = json.loads(next(Path(output).glob("tables/*_run.json")).read_text(encoding="utf-8"))
            runs.append((record["done"], record["seconds"], processor))
    (few, _, short), (done, seconds, processor) = runs[1:]
    return {"rate": done / seconds, "cpu": 1000 * (processor - short) / max(1, done - few)}


def measure_memory(task: dict[str, Any]) -> dict[str, Any]:
    """One run of `run.py`; its memory is read where every measured process reads it, before Python's own end."""
    import run

    with tempfile.TemporaryDirectory() as output:
        code = run.main(["-d", task["pages"], "-o", output, "--model_path", task["model"], "--raw", "--quiet"])
    if code:
        raise RuntimeError(f"run.py ended with {code}")
    return {}


MEASURES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "base": make_base,
    "pipeline": measure_pipeline,
    "decoding": measure_decoding,
    "model": measure_model,
    "corridor": measure_corridor,
    "memory": measure_memory,
}
