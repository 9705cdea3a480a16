"""Proves the light install: run in its environment, then in the full one, which compares.

    .venv/bin/python .ci/light.py prove WORK      # no torch there: sorts, is killed, tries README's commands
    .venv/bin/python .ci/light.py compare WORK    # everything there: PyTorch gives the same tables

WORK is a new folder; `prove` leaves pages and tables in it, `compare` reads them.
"""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

HOME = Path(__file__).resolve().parents[1]
RUN = [sys.executable, str(HOME / "run.py")]
ABSENT = ("torch", "torchvision", "transformers", "timm", "pandas", "sklearn", "matplotlib", "scipy", "imagecodecs")
KILLS = (1, 9, 20)  # batches of one page that are done by then
LARGEST = 1e-5  # of two scores of one page, computed by the two engines
OWN = "label\tdescription\nPICTURE\ta photograph or a drawing\nFORM\ta table or a form\nLETTER\trunning text\n"
RUNS = {  # name -> what is sorted
    "folder": ["-d", "pages"],
    "pdf": ["-d", "report.pdf"],
    "own": ["-d", "pages", "-cc", "own.tsv"],
}


class WrongError(Exception):
    """What is not as it should be, in one line."""


def done(work: Path, *arguments: str) -> subprocess.CompletedProcess:
    """A command of run.py, typed in `work`, when it has ended."""
    return subprocess.run([*RUN, *arguments], cwd=work, capture_output=True, encoding="utf-8", check=False)


def sort(work: Path, name: str, *more: str) -> dict[str, list[list[str]]]:
    """Tables of one of `RUNS`: kind -> rows."""
    ended = done(work, *RUNS[name.split("-")[0]], "--raw", "-tn", "3", "-o", name, *more)
    if ended.returncode not in (0, 1):
        raise WrongError(f"{name}: exit code {ended.returncode}: {ended.stderr}")
    print(f"{name}: {ended.stdout.splitlines()[0]}")
    return tables(work / name)


def tables(output: Path) -> dict[str, list[list[str]]]:
    """The tables of an output folder, without their times: kind -> rows."""
    found = {}
    for file in sorted((output / "tables").glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as stream:
            found[re.sub(r"\d{8}-\d{6}", "", file.name)] = list(csv.reader(stream))
    return found


def make_pages(work: Path) -> None:
    """The sample pages, one of them cut, a TIFF and a PDF of several; categories of one's own."""
    shutil.copytree(HOME / "category_samples", work / "pages")
    samples = sorted((work / "pages").rglob("*.jpg"))
    several = [Image.open(file).convert("L") for file in samples[::5]]
    several[0].save(work / "pages" / "several.tif", save_all=True, append_images=several[1:3], compression="tiff_lzw")
    several[0].save(work / "report.pdf", save_all=True, append_images=several[1:])
    (work / "pages" / "cut-1.jpg").write_bytes(samples[0].read_bytes()[:5000])
    (work / "own.tsv").write_text(OWN, encoding="utf-8")


def prove_single_page(work: Path, rows: list[list[str]]) -> None:
    """`-f` prints the category and the score that the table has."""
    head, row = rows[0], rows[1]
    ended = done(work, "-f", f"pages/{row[head.index('PATH')]}")
    said = (row[head.index(column)] for column in ("FILE", "CLASS-1", "SCORE-1"))
    if ended.returncode or not all(cell in ended.stdout for cell in said):
        raise WrongError(f"-f: exit code {ended.returncode}, {ended.stdout} {ended.stderr}; the table has {row}")
    print(f"-f: {ended.stdout.splitlines()[-1]}")


def prove_resume(work: Path, undisturbed: dict[str, list[list[str]]]) -> None:
    """A run that is killed and resumed ends with the tables of one that was not disturbed."""
    for rows in KILLS:
        name = f"folder-killed-{rows}"
        command = [*RUN, *RUNS["folder"], "--raw", "-tn", "3", "-o", name, "--batch_size", "1"]
        with subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and journalled(work / name) < rows:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
        if process.returncode in (0, 1):
            raise WrongError(f"{name}: the run was over before it was killed")
        if sort(work, name, "--batch_size", "1", "--resume") != undisturbed:
            raise WrongError(f"{name}: the tables are not those of an undisturbed run")


def journalled(output: Path) -> int:
    """How many batches an unfinished run has in its journal."""
    return sum(file.read_bytes().count(b"\n") for file in output.glob("runs/*/journal.jsonl"))


def try_everyday_commands(work: Path) -> None:
    """Every command of README: it sorts, or says in one line what to install."""
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    ours = {
        "scans": "pages",
        "sorted": "pages",
        "page.png": "pages/several.tif",
        "models/mine": "models/efficientnet-lite0",
    }
    commands = re.findall(r"^python run\.py (.+)$", readme, re.MULTILINE)
    if len(commands) < 5:
        raise WrongError(f"README.md has only {len(commands)} everyday commands")
    (work / "models").mkdir()
    shutil.copytree(HOME / "models" / "efficientnet-lite0", work / "models" / "efficientnet-lite0")
    for command in commands:
        ended = done(work, *(ours.get(word, word) for word in shlex.split(command, comments=True)))
        lines = ended.stderr.splitlines()
        told = ended.returncode == 2 and len(lines) == 1 and " -m pip install " in lines[0]
        if not told and ended.returncode not in (0, 1):
            raise WrongError(f"{command}: exit code {ended.returncode}: {ended.stderr}")
        print(f"{command}: {lines[0].partition(': ')[2] if told else 'done'}")


def compare(work: Path) -> None:
    """PyTorch's tables are the light engine's but for the last decimals of scores."""
    for name in RUNS:
        light, torch = tables(work / name), sort(work, f"{name}-torch", "--engine", "torch")
        if light.keys() != torch.keys():
            raise WrongError(f"{name}: other tables: {sorted(light.keys() ^ torch.keys())}")
        for kind in light:
            pairs = [pair for rows in zip(light[kind], torch[kind], strict=True) for pair in zip(*rows, strict=True)]
            other = [pair for pair in pairs if pair[0] != pair[1]]
            if not all(re.fullmatch(r"[01]\.\d+", cell) for pair in other for cell in pair):
                raise WrongError(f"{name}, {kind}: not only scores differ: {other[:5]}")
            largest = max((abs(float(one) - float(two)) for one, two in other), default=0.0)
            print(f"{name}, {kind}: {len(other)} of {len(pairs)} cells differ, by at most {largest:.6f}")
            # Where the table has four decimals, one may be rounded the other way.
            if largest > (LARGEST if "RAW" in kind else 1.01e-4):
                raise WrongError(f"{name}, {kind}: scores differ by {largest}")


def prove(work: Path) -> None:
    """All that the light install promises."""
    if found := [name for name in ABSENT if importlib.util.find_spec(name)]:
        raise WrongError(f"this is no light environment: it has {', '.join(found)}")
    work.mkdir()
    make_pages(work)
    folder, *_ = [sort(work, name) for name in RUNS]
    prove_single_page(
        work, next(rows for kind, rows in folder.items() if kind.startswith("result") and "RAW" not in kind)
    )
    prove_resume(work, folder)
    try_everyday_commands(work)


if __name__ == "__main__":
    try:
        {"prove": prove, "compare": compare}[sys.argv[1]](Path(sys.argv[2]).resolve())
    except WrongError as error:
        sys.exit(f"light install: {error}")
