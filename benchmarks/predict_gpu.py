"""Is a graphics card fed? Its model alone, with upload, decoding alone, and whole runs, on one machine in five minutes.

    python benchmarks/predict_gpu.py scans/                    # the shipped model; pages of one's own
    python benchmarks/predict_gpu.py scans/ --large            # a random one of the size of ViT-L/14@336 too

Without a card that PyTorch can use it says so, and shows how decoding scales on the cores there are. Each figure of the
model is of a process that computes nothing else; whole runs are `run.py -d ... --raw` with pages that are links to
those given, timed as their run records tell it: the work on pages, without start and tables.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # benchmarks/predict.py would hide the project's own

import numpy as np
import torch

from benchmarks import common
from benchmarks.predict_measures import SHIPPED, WARM_UP, make_base, measure_run, open_model
from encoders.devices import PRECISIONS
from utils import UserError, cores

# The size of openai/clip-vit-large-patch14-336, text tower left out of account.
LARGE = {
    "side": 336,
    "vision": {"patch_size": 14, "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
               "num_attention_heads": 16},
}  # fmt: skip
BATCHES = (1, 16, 64, 256)
SECONDS = 1.0  # that a figure of the model takes
PAGES = 1600  # of a whole run


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="?", type=Path, help="a folder of pages (default: the sample pages)")
    parser.add_argument("--large", action="store_true", help="a random model of the size of ViT-L/14@336 too")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        task = json.loads(given.measure)
        print("RESULT " + json.dumps({"base": make_base, "model": rates, "run": measure_run}[task["what"]](task)))
        return
    if torch.cuda.is_available():
        print(f"{common.machine()}; {torch.cuda.get_device_name(0)}; {cores()} cores for decoding\n", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            report(given, Path(folder))
    else:
        print("no graphics card that PyTorch can use: decoding alone is shown\n", flush=True)
    # Folders of pages are decoded as they are, else pages are drawn in three formats.
    scaling = ["benchmarks/decode_scaling.py", *([given.pages] if given.pages else []), "--most", str(cores())]
    print(common.run_process(scaling).output)


def report(given: argparse.Namespace, work: Path) -> None:
    """The tables of the card."""
    task: dict[str, Any] = {"model": str(SHIPPED), "shipped": True, "engine": "torch", "device": "auto"}
    models = {"shipped": task}
    if given.large:
        models["ViT-L/14@336"] = task | {"model": str(work / "large"), "shipped": False}
        categories = work / "categories.tsv"
        categories.write_text("label\tdescription\nA\ta page\nB\ta picture\n", encoding="utf-8")
        models["ViT-L/14@336"]["categories"] = str(categories)
        measure({"what": "base", "model": str(work / "large"), "graphs": False} | LARGE)
    rows = []
    for name, of_model in models.items():
        for precision in PRECISIONS:
            for batch, (alone, uploaded) in measure(of_model | {"what": "model", "precision": precision}).items():
                rows.append([f"{name} {precision}", batch, f"{alone:.0f}", f"{uploaded:.0f}"])
    print(common.markdown(["model alone", "batch", "pages/s", "with upload"], rows), "\n", flush=True)

    source = given.pages or common.HOME / "category_samples"
    files = [file.absolute() for file in sorted(source.rglob("*.*")) if file.is_file()]
    task = {
        "what": "run",
        "model": str(SHIPPED),
        "shipped": True,
        "pages": str(common.link_pages(files, work / "pages", PAGES)),
        "warm-up": str(common.link_pages(files, work / "few", WARM_UP)),
    }
    rows = []
    for further in (
        {},
        *({"precision": precision} for precision in PRECISIONS[1:]),
        *({"workers": workers} for workers in sorted({1, cores() // 2, 2 * cores()})),
        {"engine": "onnx", "device": "cpu"},
    ):
        done = measure(task | further)
        what = ", ".join(f"{name} {value}" for name, value in further.items()) or "defaults"
        rows.append([what, f"{done['rate']:.1f}", f"{done['cpu']:.1f}"])
    head = ["shipped model, whole run", "pages/s", "CPU ms a page, of this process"]
    print(common.markdown(head, rows), "\n", flush=True)


def measure(task: dict[str, Any]) -> dict[str, Any]:
    """One measurement in a process of its own."""
    done = common.run_process(["-m", "benchmarks.predict_gpu", "--measure", json.dumps(task)], cores())
    line = next((line for line in done.output.splitlines() if line.startswith("RESULT ")), None)
    if done.code or line is None:
        raise SystemExit(f"{task} failed with {done.code}:\n{done.output[-3000:]}")
    return json.loads(line.removeprefix("RESULT "))


def rates(task: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Batch -> pages a second of the image tower alone, and with the upload of pages; {} for a precision it lacks."""
    from encoders.features import normalised

    try:
        classifier = open_model(task)
    except UserError as error:
        print(error)
        return {}
    engine, transform = classifier.engine, classifier.transform
    found = {}
    for batch in BATCHES:
        pages = np.random.default_rng(0).integers(0, 256, (batch, 3, *transform.size), np.uint8)
        ready = normalised(torch.from_numpy(pages).to(engine.device), transform)
        with torch.no_grad():
            alone = _rate(lambda inputs=ready: engine.image_features(inputs), batch)
        found[str(batch)] = alone, _rate(lambda inputs=pages: engine.embed_pages(inputs), batch)
    return found


def _rate(compute: Callable[[], Any], batch: int) -> float:
    """Pages a second of what computes one batch."""
    for _ in range(3):
        compute()
    torch.cuda.synchronize()
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        compute()
        torch.cuda.synchronize()
        done += batch
    return done / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
