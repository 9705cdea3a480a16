"""What a page costs by each class of model with a plain head: processor time, memory, size on disk, on these cores.

    python benchmarks/heads.py                          # all classes that the earlier tool published
    python benchmarks/heads.py vit-base-patch16-224 regnety_160.swag_ft_in1k

Models are random, of the real size: time does not depend on weights. The model alone, decoding aside; each engine in a
process of its own, one page after another on one thread; on two cores two such pages go side by side.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))
BASE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
BEIT = {"use_mask_token": False, "use_absolute_position_embeddings": True, "layer_scale_init_value": 0.1}
# Class -> its configuration, and the size of its input where timm does not say it.
TRANSFORMERS: dict[str, tuple[str, dict[str, Any], int]] = {
    "vit-base-patch16-224": ("ViT", BASE, 224),
    "vit-base-patch16-384": ("ViT", BASE, 384),
    "vit-large-patch16-384": ("ViT", LARGE, 384),
    "dit-base": ("Beit", BASE | BEIT, 224),
    "dit-large": ("Beit", LARGE | BEIT, 224),
}
TIMM = ("tf_efficientnetv2_m.in21k_ft_in1k", "tf_efficientnetv2_l.in21k_ft_in1k", "regnety_120.sw_in12k_ft_in1k",
        "regnety_160.swag_ft_in1k", "regnety_640.seer")  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Make each model, measure it, print a row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = (*TRANSFORMERS, *TIMM)
    parser.add_argument("classes", nargs="*", metavar="CLASS", help=f"of: {', '.join(known)} (default: all)")
    parser.add_argument("--pages", type=int, default=6, help="pages that are measured (default %(default)s)")
    parser.add_argument("--measure", nargs=2, metavar=("FOLDER", "ENGINE"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.measure:
        print(json.dumps(measured(Path(given.measure[0]), given.measure[1], given.pages)))
        return
    if unknown := [name for name in given.classes if name not in known]:
        parser.error(f"no class {unknown[0]}; there are {', '.join(known)}")
    from common import machine, run_process

    print(f"{machine()}\n")
    print(f"random weights, the lowest of {given.pages} pages, one thread, the model alone\n")
    print("| class | input | parameters, M | on disk, MB | ONNX: CPU ms a page | peak RSS, MB | torch: CPU ms a page |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    for name in given.classes or known:
        with tempfile.TemporaryDirectory(prefix="heads-") as work:
            folder = Path(work) / "model"
            done = run_process(["-c", MAKE, name, folder])
            if done.code:
                sys.exit(f"{name} could not be made:\n{done.output[-2000:]}")
            size, parameters = json.loads(done.output.splitlines()[-1])
            found = {}
            for engine in ("onnx", "torch"):
                here = ["benchmarks/heads.py", "--pages", str(given.pages), "--measure", folder, engine]
                done = run_process(here)
                found[engine] = json.loads(done.output.splitlines()[-1]) if not done.code else None
            onnx, torch = found["onnx"], found["torch"]
            weights = (folder / "model.safetensors").stat().st_size
            cells = [name, str(size), f"{parameters / 1e6:.1f}", f"{weights / 1e6:.0f}"]
            cells += [f"{onnx['cpu_ms']:.0f}", f"{onnx['peak_mb']:.0f}"] if onnx else ["-", "-"]
            cells.append(f"{torch['cpu_ms']:.0f}" if torch else "-")
            print(f"| {' | '.join(cells)} |", flush=True)


MAKE = """
import json, sys; from pathlib import Path; sys.path.insert(0, 'benchmarks'); import heads
print(json.dumps(heads.make(sys.argv[1], Path(sys.argv[2]))))
"""


def make(name: str, folder: Path) -> tuple[int, int]:
    """A random model of that class as a model folder, with graphs; the size of its input, and its parameters."""
    import timm
    import transformers

    from classifier import PageClassifier

    raw = folder.with_name("raw")
    if name in TRANSFORMERS:
        kind, layers, size = TRANSFORMERS[name]
        config = getattr(transformers, f"{kind}Config")(**layers, image_size=size, num_labels=11)
        model = getattr(transformers, f"{kind}ForImageClassification")(config)
        transformers.ViTImageProcessor(size={"height": size, "width": size}).save_pretrained(raw)
    else:
        values = timm.get_pretrained_cfg(name)
        size = values.input_size[-1]
        cfg = {"tag": values.tag, "input_size": values.input_size, "mean": values.mean, "std": values.std}
        config = transformers.TimmWrapperConfig(architecture=values.architecture, num_labels=11, pretrained_cfg=cfg)
        model = transformers.TimmWrapperForImageClassification(config)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    model.save_pretrained(raw)
    del model
    PageClassifier.from_head(raw).save_pretrained(folder, card="---\nlicense: mit\n---\n")
    shutil.rmtree(raw)
    return size, parameters


def measured(folder: Path, engine: str, pages: int) -> dict[str, float]:
    """CPU milliseconds of a page, the lowest of some (a busy machine adds to them), and peak memory."""
    from common import own_peak_mb

    from classifier import PageClassifier
    from encoders.engine import Computing

    classifier = PageClassifier.from_pretrained(folder, Computing(engine, threads=1 if engine == "onnx" else 0))
    height, width = classifier.transform.size
    noise = np.random.default_rng(0).integers(0, 256, (pages, 3, height, width), dtype=np.uint8)
    classifier.scores(noise[:1])
    took = []
    for page in noise:
        began = time.process_time()
        classifier.scores(page[None])
        took.append(1e3 * (time.process_time() - began))
    return {"cpu_ms": min(took), "peak_mb": own_peak_mb()}


if __name__ == "__main__":
    main(sys.argv[1:])
