"""Training killed at random moments with SIGKILL and resumed: the model must be that of an undisturbed training.

    python benchmarks/kill_training.py --kills 10

Two folds and a final model of a tiny base on drawn pages. Compared: weights, prototypes, out-of-fold table.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HOME), str(HOME / "tests")]
SAME = ("mine/model.safetensors", "mine/prototypes.safetensors", "mine_folds/out_of_fold.csv")


def start(work: Path, name: str, *further: str) -> subprocess.Popen:
    """The training command, in a process of its own."""
    command = [sys.executable, str(HOME / "run.py"), "--train", "-d", str(work / "pages"), "-m", str(work / "base")]
    command += ["-cc", str(work / "short.tsv")]
    command += ["--folds", "2", "--final", "--name", "mine", "--epochs", "6", "--towers", "image", "--quiet"]
    command += ["--model_dir", str(work / name), *further]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> int:
    """Print a line for each kill and a last one; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    from PIL import Image
    from tiny import tiny_base

    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        tiny_base(work / "base", "clip")
        rows = "label\tdescription\nDRAW\ta map\nPHOTO\ta photo\nTEXT\ta letter\n"  # the tiny tower reads few letters
        (work / "short.tsv").write_text(rows, encoding="utf-8")
        for label, grey in (("DRAW", 230), ("PHOTO", 90), ("TEXT", 160)):
            (work / "pages" / label).mkdir(parents=True)
            for document in range(6):
                for page in (1, 2):
                    image = Image.new("L", (60, 80), grey + 5 * document)
                    image.save(work / "pages" / label / f"{label}{document}-{page}.png")
        began = time.monotonic()
        if start(work, "whole").wait() != 0:
            raise SystemExit("the undisturbed training failed")
        lasts = time.monotonic() - began
        killed, at = 0, "killed"
        rounds = same = 0
        while killed < given.kills:
            rounds += 1
            at, resume = f"killed{rounds}", []
            while True:
                process = start(work, at, *resume)
                try:
                    process.wait(draw.uniform(0.3, 1.0) * lasts if killed < given.kills else None)
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    killed += 1
                    resume = ["--resume"] if list((work / at).glob("*.training/work.json")) else []
                    print(f"kill {killed}: training {rounds}", flush=True)
            same += all((work / at / name).read_bytes() == (work / "whole" / name).read_bytes() for name in SAME)
        print(f"kills: {killed}, trainings: {rounds}, identical: {same}")
        return int(same != rounds)


if __name__ == "__main__":
    sys.exit(main())
