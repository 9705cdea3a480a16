"""The trained path from pages to result, by one command: pre-train, fine-tune, judge on writers that it never saw.

    python benchmarks/writers_saghog.py --pages ../shared/writers/pages --work /tmp/saghog
    python benchmarks/writers_saghog.py --pages ../shared/writers/pages --work /tmp/saghog-long --epochs 20 20 --seeds 3

The writers are halved; `run.py writers pretrain` and `finetune` learn from one half, `evaluate` judges on the other,
as a user would type them (each command is printed). A row each: chance; upright RootSIFT with VLAD (the codebook that
ships, which saw all writers of ../shared/writers: too kind); the encoder with random weights, taught grey values, and
taught HOG, these three with NetRVLAD at the centres of its features and never taught writers; taught HOG, then the
writers of the first half. No re-ranking; intervals are 95 %, over writers. Killed, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from common import HOME, environment, link, machine, markdown, python

from writers.baselines import PLAIN
from writers.evaluating import CHANCE

PATTERN = r"(?P<writer>w\w+)-(?P<page>\d+)"
QUICK = (2, 5)
ROWS = {
    CHANCE: "chance",
    PLAIN: f"{PLAIN}, not whitened",
    "random": "random encoder",
    "pixels": "pre-trained to tell grey values",
    "hog": "pre-trained to tell HOG",
    "fine": "pre-trained to tell HOG, fine-tuned",
}


def halve(pages: Path, pattern: str, work: Path, seed: int) -> tuple[Path, Path]:
    """Folders with links to the pages of the one and of the other half of the writers."""
    halves = work / "teach", work / "judge"
    found = [(file, re.search(pattern, file.stem)) for file in sorted(pages.iterdir()) if file.is_file()]
    writers = sorted({match["writer"] for _, match in found if match})
    if len(writers) < 4:
        sys.exit(f"error: {pages}: the pattern finds {len(writers)} writers in names of files, 4 are the least")
    random.Random(seed).shuffle(writers)
    for half, folder in enumerate(halves):
        if not folder.exists():
            part = work / f"{folder.name}.part"
            part.mkdir(parents=True, exist_ok=True)
            for file, match in found:
                if match and match["writer"] in writers[half::2] and not (part / file.name).exists():
                    link(file, part / file.name)
            part.rename(folder)
    return halves


def run(threads: int, *words: str | Path | int) -> None:
    """`run.py writers` with these words. Ends this program where it fails."""
    arguments = ["run.py", "writers", *map(str, words)]
    print("$ python " + " ".join(f"'{word}'" if "(" in word else word for word in arguments), flush=True)
    # 1: pages without handwriting are told, and are no reason to stop.
    if (code := subprocess.run(python(arguments), cwd=HOME, env=environment(threads)).returncode) > 1:
        sys.exit(f"error: it ended with {code}; the same command goes on there")


def one_seed(asked: argparse.Namespace, seed: int) -> dict[str, dict]:
    """What `evaluate` says of each row, after all trainings of one halving of the writers."""
    work = asked.work / f"seed-{seed}"
    teach, judge = halve(asked.pages, asked.pattern, work, seed)
    work /= "-".join(map(str, (asked.configuration, *asked.epochs)))
    models = work / "models"
    where = ("--model_dir", models, "--configuration", asked.configuration, "--device", asked.device)
    known = ("--pattern", asked.pattern)
    pretrained = ("--epochs", asked.epochs[0])
    trainings = {
        "hog-encoder": ("pretrain", teach, *pretrained),
        "pixels-encoder": ("pretrain", teach, "--target", "pixels", *pretrained),
        "random": ("finetune", teach, *known, "--epochs", 0),
        "pixels": ("finetune", teach, *known, "--from", models / "pixels-encoder", "--epochs", 0),
        "hog": ("finetune", teach, *known, "--from", models / "hog-encoder", "--epochs", 0),
        "fine": ("finetune", teach, *known, "--from", models / "hog-encoder", "--epochs", asked.epochs[1]),
    }
    results: dict[str, dict] = {}
    for name, words in trainings.items():
        if not (models / name).exists():
            run(asked.threads, *words, "--name", name, *where)
        if name in ROWS:  # not an encoder alone
            file = work / f"{name}.json"
            if not file.exists():
                run(
                    asked.threads,
                    "evaluate",
                    judge,
                    *known,
                    "--model",
                    models / name,
                    "-o",
                    work / "found",
                    "--json",
                    file,
                )
            results[name] = json.loads(file.read_text(encoding="utf-8"))
    return results | results["fine"]["baselines"]


def table(results: list[dict[str, dict]]) -> str:
    """A row for each way; of several seeds the means, and the mAP of each."""
    rows = []
    for name, shown in ROWS.items():
        own = [result[name] for result in results if name in result]
        if not own:  # a copy without models/hands has no codebook for VLAD
            continue
        low, high = np.mean([one["intervals"]["map"] for one in own], axis=0)
        each = ", ".join(f"{one['map']:.1f}" for one in own)
        rows.append([
            shown,
            f"{np.mean([one['map'] for one in own]):.1f} ({low:.0f} to {high:.0f})",
            f"{np.mean([one['top1'] for one in own]):.1f}",
            *([each] if len(own) > 1 else []),
        ])  # fmt: skip
    return markdown(["", "mAP (95 %)", "Top-1", *(["mAP of each seed"] if len(results) > 1 else [])], rows)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pages", type=Path, required=True, help="a folder of pages, writer and page in their names")
    parser.add_argument("--work", type=Path, required=True, help="where models and figures are kept")
    parser.add_argument("--pattern", default=PATTERN, help="of the names, with groups writer and page")
    parser.add_argument("--epochs", type=int, nargs=2, default=QUICK, metavar=("PRE", "FINE"),
                        help="of pre-training and of fine-tuning (default: 2 5, a quarter of an hour)")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=1, help="so many ways to halve the writers")
    parser.add_argument("--configuration", default="small", help="small, paper, grk")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=2, help="of the model")
    asked = parser.parse_args()
    asked.pages, asked.work = asked.pages.resolve(), asked.work.resolve()
    print(machine(), flush=True)
    results = []
    for seed in range(1, asked.seeds + 1):
        results.append(one_seed(asked, seed))
        print(f"\n{seed} of {asked.seeds} seeds, {asked.epochs[0]} + {asked.epochs[1]} epochs\n\n{table(results)}\n")
    gains = [result["fine"]["map"] - result["random"]["map"] for result in results]
    print(f"fine-tuned is {np.mean(gains):.1f} points of mAP above the random encoder")


if __name__ == "__main__":
    main()
