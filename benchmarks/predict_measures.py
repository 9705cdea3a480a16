"""What benchmarks/predict.py measures, each in a process of its own.

    python -m benchmarks.predict --measure '{"what": "decoding", "model": ..., "pages": ..., "threads": 2}'

A measure warms up first, and prints what it found as one line of JSON.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import common

if TYPE_CHECKING:
    from classifier import PageClassifier
    from reading.pages import PageList
    from reading.transform import PageTransform

SHIPPED = common.HOME / "models" / "efficientnet-lite0"
DESCRIPTIONS = common.HOME / "category_descriptions" / "TOTAL_page_categories.tsv"
WARM_UP = 16  # pages


def make_base(task: dict[str, Any]) -> dict[str, Any]:
    """A random CLIP of the size of ViT-B/32 as a Hugging Face folder, its tokenizer made for the descriptions.

    Another size: `vision` in the task, as CLIP calls it, and `side` in pixels. `graphs`: whether it gets some.
    """
    folder = Path(task["model"])
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
    side, vision = task.get("side", 224), {"patch_size": 32} | task.get("vision", {})
    config = CLIPConfig(
        text_config=text,
        vision_config=vision | {"image_size": side},
        logit_scale_init_value=4.6052,
    )
    CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor = {
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": True,
        "size": {"shortest_edge": side},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": side, "width": side},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "do_convert_rgb": True,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    if task.get("graphs", True):
        _run("--convert", folder)
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
        model=task["model"],
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
    from encoders.folder import read_parts
    from reading.pages import PageList, find_pages
    from reading.transform import PageTransform

    pages, model = find_pages(Path(task["pages"])), Path(task["model"])
    transform = read_parts(model).transform if task["shipped"] else PageTransform.from_processor(model)
    for _ in _batches(PageList(pages.root, pages.pages[:WARM_UP]), transform, task):
        pass
    clock = Clock()
    for _ in _batches(pages, transform, task):
        pass
    return clock.result(len(pages.pages))


def _batches(pages: PageList, transform: PageTransform, task: dict[str, Any]) -> Iterator[np.ndarray]:
    """The pixels of batches uint8 [B, 3, H, W], decoded on as many threads as the task says."""
    from reading.loader import load_batches

    loaded = load_batches(
        pages, transform, batch_size=task["batch_size"], workers=task["threads"], max_pixels=700_000_000
    )
    for batch in loaded:
        if any(batch.reasons):
            raise RuntimeError(f"a page cannot be read: {next(filter(None, batch.reasons))}")
        yield batch.pixels


def open_model(task: dict[str, Any]) -> PageClassifier:
    """The classifier of a task, in its engine; one of ONNX Runtime takes one thread a page, as whole runs have it."""
    from classifier import load_classifier
    from encoders.descriptions import read_descriptions
    from encoders.engine import Computing

    return load_classifier(
        task["model"],
        kind="folder" if task["shipped"] else "base",
        descriptions=None if task["shipped"] else read_descriptions(Path(task["categories"])),
        computing=Computing(task["engine"], task["device"], task["precision"], threads=1),
        base="random",
    )


def measure_model(task: dict[str, Any]) -> dict[str, Any]:
    """The project's engine on pages that are decoded already, all threads busy; all scores, to compare them."""
    from reading.pages import find_pages

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as run.py does
    classifier = open_model(task)
    batches = list(_batches(find_pages(Path(task["pages"])), classifier.transform, task))
    for batch in batches[:2]:
        classifier.embed_pages(batch)
    with ThreadPoolExecutor(task["threads"]) as pool:
        clock = Clock()
        if classifier.engine.alone:
            embeddings = np.stack(list(pool.map(classifier.engine.embed_page, np.concatenate(batches))))
        else:
            embeddings = np.concatenate([classifier.embed_pages(batch) for batch in batches])
        result = clock.result(len(embeddings))
    return result | {"scores": classifier.scores_of(embeddings).tolist()}


def measure_run(task: dict[str, Any]) -> dict[str, Any]:
    """`run.py` three times in one process, on a few pages to warm up and on all; the rate from the run record.

    Settings that the task does not name are the defaults.
    The processor time is that of the last run less that of the one before, which has the same start but fewer pages.
    """
    runs = []
    model = ["--model_path", task["model"]]
    if not task["shipped"]:
        model = ["--zero_shot", "-m", task["model"], "-cc", task["categories"]]
    for name in ("warm-up", "warm-up", "pages"):
        with tempfile.TemporaryDirectory() as output:
            flags = ["-d", task[name], "-o", output, "--raw", "--quiet"]
            for setting in ("engine", "device", "precision", "batch_size", "workers"):
                if setting in task:
                    flags += [f"--{setting}", task[setting]]
            began = time.process_time()
            _run(*model, *flags)
            processor = time.process_time() - began
            record = json.loads(next(Path(output).glob("tables/*_run.json")).read_text(encoding="utf-8"))
            runs.append((record["done"], record["seconds"], processor))
    (few, _, short), (done, seconds, processor) = runs[1:]
    return {"rate": done / seconds, "cpu": 1000 * (processor - short) / max(1, done - few)}


def measure_memory(task: dict[str, Any]) -> dict[str, Any]:
    """One run of `run.py`; its memory is read where every measured process reads it, before Python's own end."""
    with tempfile.TemporaryDirectory() as output:
        _run("-d", task["pages"], "-o", output, "--model_path", task["model"], "--raw", "--quiet")
    return {}


def _run(*arguments: object) -> None:
    """`run.py` in this process."""
    import run

    if code := run.main([str(word) for word in arguments]):
        raise RuntimeError(f"run.py ended with {code}")


MEASURES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "base": make_base,
    "pipeline": measure_pipeline,
    "decoding": measure_decoding,
    "model": measure_model,
    "run": measure_run,
    "memory": measure_memory,
}
