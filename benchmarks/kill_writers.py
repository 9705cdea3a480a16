"""`writers` killed at random moments with SIGKILL and begun again: what is left must be that of undisturbed commands.

    python benchmarks/kill_writers.py ../shared/writers/pages --pages 12 --kills 3

pretrain, finetune, index and evaluate, each on the first pages of a folder, one process group a command; each is killed
so often, then left to end. Compared: weights, the losses of all epochs, vectors of the index, the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))
PATTERN = "(?P<writer>w[0-9]+)-(?P<page>[0-9]+)"


def commands(work: Path, place: Path) -> dict[str, list[str]]:
    """The commands that write below `place`, in their order."""
    pages, models = str(work / "pages"), ["--model_dir", str(place / "models")]
    started = ["--from", str(place / "models" / "strokes"), "--pattern", PATTERN]
    return {
        "pretrain": [pages, "--name", "strokes", "--epochs", "3", *models],
        "finetune": [pages, "--name", "mine", "--epochs", "3", *started, *models],
        "index": [pages, "--index", str(place / "index")],
        "evaluate": [pages, "--pattern", PATTERN, "--json", str(place / "result.json"), "-o", str(place / "found")],
    }


def left(place: Path, name: str) -> Any:
    """What a command has left, to be compared."""
    if name in ("pretrain", "finetune"):
        folder = place / "models" / {"pretrain": "strokes", "finetune": "mine"}[name]
        [record] = [json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")]
        losses = [[row["epoch"], row["loss"]] for row in record.get("figures", record)["epochs"]]
        return losses, {file.name: file.read_bytes() for file in folder.glob("*.safetensors")}
    if name == "index":
        from index.database import Index

        index = Index.open(place / "index", "writers")
        rows = index.arrow(["path", "hash", "reason"]).to_pylist()
        vectors = [row.tobytes() for row in index.vectors("reason is null")]
        return sorted(map(str, rows)), sorted(vectors)
    result = json.loads((place / "result.json").read_text("utf-8"))
    return {key: value for key, value in result.items() if key != "learned"}


def run(command: list[str], kills: int, lasts: float, draw: random.Random) -> int:
    """Begin a command until it ends, killing its process group so often; how often it was killed."""
    killed = 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        try:
            said = process.communicate(timeout=draw.uniform(0.3, 0.9) * lasts if killed < kills else None)[1]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            killed += 1
            continue
        if process.returncode not in (0, 1) or b"Traceback" in said:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said.decode()}")
        return killed


def main() -> int:
    """Print a line for each command; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="pages named as w001-1.png")
    parser.add_argument("--pages", type=int, default=12)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--only", nargs="+", help="of these commands")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw, different = random.Random(given.seed), 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "pages").mkdir()
        for file in sorted(given.folder.glob("w*-*.png"))[: given.pages]:
            shutil.copy(file, work / "pages")
        for name, flags in commands(work, work / "whole").items():
            if given.only and name not in given.only:
                continue
            began = time.monotonic()
            run([sys.executable, str(HOME / "run.py"), "writers", name, *flags], 0, 0, draw)
            lasts = time.monotonic() - began
            flags = commands(work, work / "killed")[name]
            killed = run([sys.executable, str(HOME / "run.py"), "writers", name, *flags], given.kills, lasts, draw)
            same = left(work / "whole", name) == left(work / "killed", name)
            different += not same
            print(f"{name}: killed {killed} times, {'the same' if same else 'DIFFERENT'} ({lasts:.0f} s undisturbed)")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
