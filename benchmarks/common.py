"""What the benchmarks share: the machine in words, folders of linked pages, tiny models, measured processes.

    done = run_process(["run.py", "-h"])      # done.code, done.seconds, done.others, done.output
    print(markdown(["what", "pages/s"], [["this project", "20.1"]]))

Nothing here imports torch: a process that is started from a big one counts its parent's memory as its own peak.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from utils import versions_of

if TYPE_CHECKING:
    from PIL import Image

    from classifier import PageClassifier

HOME = Path(__file__).resolve().parents[1]
LIBRARIES = ("onnxruntime", "torch", "transformers", "torchvision", "pillow", "numpy")


@dataclass(frozen=True)
class Done:
    """A process that has ended.

    seconds: wall time. others: which share of the machine's cores other processes took meanwhile (0: not known, beside
    Linux). processor: seconds that it computed, on all cores together (0: not known, on Windows).
    """

    code: int
    seconds: float
    output: str
    others: float = 0.0
    processor: float = 0.0


def run_process(arguments: Sequence[str | Path], threads: int = 1) -> Done:
    """Run `python <arguments>` in the project's folder to its end; standard output and error come together."""
    began, busy = time.perf_counter(), _busy_seconds()
    process = subprocess.Popen(
        python(arguments),
        cwd=HOME,
        env=environment(threads),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    output = process.stdout.read()
    if not hasattr(os, "wait4"):
        return Done(process.wait(), time.perf_counter() - began, output)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    processor = usage.ru_utime + usage.ru_stime
    others = (_busy_seconds() - busy - processor) / (seconds * (os.cpu_count() or 1))
    return Done(process.returncode, seconds, output, max(0.0, others), processor)


def own_peak_mb() -> float:
    """The largest resident memory of this process until now; 0 on Windows, where it is not known."""
    try:
        import resource
    except ModuleNotFoundError:
        return 0.0
    # Linux counts in KiB, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def busy_share(seconds: float) -> float:
    """Which share of all cores is busy during the next `seconds`; 0 where that is not known."""
    busy = _busy_seconds()
    time.sleep(seconds)
    return (_busy_seconds() - busy) / (seconds * (os.cpu_count() or 1))


def _busy_seconds() -> float:
    """Seconds that all cores together were busy since the system started; 0 beside Linux."""
    if not Path("/proc/stat").exists():
        return 0.0
    user, nice, system, _, _, irq, soft, *_ = Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:]
    return sum(map(int, (user, nice, system, irq, soft))) / os.sysconf("SC_CLK_TCK")


def python(arguments: Sequence[str | Path]) -> list[str]:
    """The command line of a Python process."""
    return [sys.executable, *map(str, arguments)]


def environment(threads: int) -> dict[str, str]:
    """The environment of a measured process: so many threads for the model, no network, UTF-8."""
    return os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}


def link(source: Path, target: Path) -> None:
    """`target` is the same file as `source`: a hard link, a copy where the two lie on different disks."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def link_pages(sources: Sequence[Path], folder: Path, count: int, per_folder: int = 1000) -> Path:
    """A folder of `count` pages `doc-<number>` that are links to `sources` in turn; returns it."""
    for number in range(count):
        source = sources[number % len(sources)]
        inside = folder / f"{number // per_folder:03}"
        if number % per_folder == 0:
            inside.mkdir(parents=True)
        link(source, inside / f"doc{number // 10:05}-{number % 10 + 1}{source.suffix}")
    return folder


def draw_pages(folder: Path, count: int, size: tuple[int, int] = (240, 320)) -> list[Path]:
    """Small drawn pages, each different from the others."""
    from PIL import Image, ImageDraw

    folder.mkdir(parents=True)
    files = []
    for number in range(count):
        page = Image.new("L", size, 250)
        pen = ImageDraw.Draw(page)
        for line in range(4 + number % 9):
            left, top = (17 * number + 5 * line) % (size[0] // 2), 12 + line * size[1] // 14
            pen.rectangle((left, top, left + size[0] // 3, top + 4 + number % 7), fill=(37 * number + 9 * line) % 200)
        files.append(folder / f"page-{number + 1}.{('png', 'jpg', 'tif')[number % 3]}")
        page.save(files[-1])
    return files


def make_tiny_model(folder: Path, categories: Sequence[str] = ("DRAW", "PHOTO", "TEXT")) -> Path:
    """A tiny random model folder (32 pixels), made by another process, so that this one stays small."""
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, 'tests'); import tiny; "
        "tiny.tiny_model_folder(Path(sys.argv[1]), sys.argv[2:])"
    )
    done = run_process(["-c", code, folder, *categories])
    if done.code:
        raise RuntimeError(f"the tiny model could not be made:\n{done.output}")
    return folder


def processor() -> str:
    """The processor's name as its maker calls it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """One line: processor, cores, system, libraries, date, and how busy the machine was before."""
    versions = ", ".join(f"{name} {version}" for name, version in versions_of(LIBRARIES).items())
    busy = f", load before {os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {versions}, "
        f"{time.strftime('%Y-%m-%d')}{busy}"
    )


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column left-aligned, the others right-aligned."""
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(['---', *['---:'] * (len(head) - 1)])}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def embeddings_of(classifier: PageClassifier, images: Iterable[Image.Image]) -> np.ndarray:
    """Page embeddings [N, D] of Pillow images, one at a time, as prediction computes them on a CPU."""
    return np.concatenate([classifier.embed_pages(classifier.transform(image)[None]) for image in images])


def scores_of(folder: Path, images: Iterable[Image.Image]) -> np.ndarray:
    """Scores [N, C] of Pillow images by the model in that folder, on the CPU."""
    from classifier import PageClassifier

    classifier = PageClassifier.from_pretrained(folder)
    return classifier.scores_of(embeddings_of(classifier, images))
