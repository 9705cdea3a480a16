"""How make_hands.py makes a model of hands: pages described in processes, a fit, a calibration on hands it never saw.

code = make(Path("models/hands"), source, tasks, workers=2)
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import counted, list_undone, no_command
from PIL import Image
from processes import WorkerDied, in_processes

from drawing.hand_pages import HandPage, Source, draw_page
from drawing.unipen import NoStrokes
from output.files import json_if_whole
from output.progress import Progress
from output.work import WorkFolder, differences
from reading.decoding import read_page
from reading.page_errors import PageError
from settings.config_file import HOME
from utils import UserError, printable
from writers.calibration import calibrate
from writers.feature_store import FeatureStore, vector_of
from writers.fitting import Recipe, Studied, fit
from writers.hands import Hands, marks_of
from writers.names import read_name, read_pattern
from writers.ranking import evaluate_retrieval
from writers.verdict import about

HEAD = "making.json"
ROUNDS = 3  # of calibration
SCAN_COUNTS = 4  # a scan counts as much as so many drawn pages: there are few of them, and they are the measure
ENOUGH = 8  # hands of scans with two pages, to calibrate on scans alone
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
MAX_PIXELS = 200_000_000
DESCRIBING = (
    "isolation.py",
    "marks.py",
    "marks.safetensors",
    "keypoints.py",
    "thinning.py",
)  # what local features hang on


@dataclass(frozen=True)
class Task:
    """One page to be described. drawn: of the plan; None for a scan, which lies in `file`. hand: what must be held out
    together; writer: whose page it is."""

    name: str
    writer: str
    hand: str
    drawn: HandPage | None = None
    file: Path | None = None


def scans_of(folder: Path | None, pattern: str) -> list[Task]:
    """The scans of a folder. UserError: none is there, or a name does not say whose hand it is."""
    if folder is None:
        return []
    fits = read_pattern(pattern)
    tasks = []
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in SUFFIXES:
            continue
        name = read_name(fits, file.name)
        if isinstance(name, str):
            raise UserError(f"{printable(file.name)}: {name} (--pattern {pattern})")
        tasks.append(Task(f"scan-{file.stem}", f"scan {name.writer}", f"scan {name.writer}", file=file))
    if not tasks:
        raise UserError(f"there are no pages ({', '.join(SUFFIXES)}) in {printable(str(folder))}")
    return tasks


def make(output: Path, source: Source, tasks: list[Task], workers: int) -> int:
    """Describe what is not described yet, fit, calibrate, save; the exit code."""
    work = WorkFolder(output.with_name(f"{output.name}.making"), HEAD)
    work.folder.mkdir(parents=True, exist_ok=True)
    if not work.take():
        raise UserError(f"another start is working in {printable(str(work.folder))}: wait for it to end")
    with work:
        identity = identity_of(source, tasks)
        if begun := json_if_whole(work.folder / HEAD).get("identity"):
            if other := differences(begun, identity):
                key, old, new = other[0]
                raise UserError(
                    f"{printable(str(work.folder))} was begun with {key} {printable(str(old))}, now it is "
                    f"{printable(str(new))}: give the same command again, or remove that folder"
                )
        else:
            work.begin({"identity": identity})
        store = FeatureStore(work.folder / "features")
        if undone := describe(store, source, tasks, workers):
            return list_undone(undone, "not described; the same command tries them again")
        pages = KeptPages(store, [task for task in tasks if not isinstance(store.read(task.name), str)])
        print(f"{counted(len(pages), 'page')} with handwriting, of {counted(len(tasks), 'page')}; fitting", flush=True)
        recipe = Recipe(seed=source.seed)
        fitted = fit(pages.weighted(), recipe)
        similarities, writers, judged = held_out(pages, recipe)
        calibration = calibrate(similarities, writers)
        found = evaluate_retrieval(similarities, writers)
        figures = {
            "pages": len(pages),
            "writers": len({task.writer for task in pages.tasks}),
            "held_out": {"map": round(found["map"], 1), "top1": round(found["top1"], 1), "of": judged},
            "made_of": identity,
            "learned": marks_of(task.file for task in tasks if task.file),
        }
        hands = Hands(fitted.parts, calibration=calibration.to_json(), figures=figures)
        hands.save(output)
        work.remove()
    print(f"model {printable(str(output))}: {hands.dimensions} numbers a page, hash {hands.hash[:12]}")
    print(f"among {judged}, unseen: mAP {found['map']:.1f}, Top-1 {found['top1']:.1f}; {about(calibration)}")
    return 0


def identity_of(source: Source, tasks: Sequence[Task]) -> dict[str, Any]:
    """What decides the features that are kept: the same command, the same files, the same code."""
    code = [*(HOME / "drawing").glob("*.py"), *(HOME / "writers" / name for name in DESCRIBING)]
    return {
        "seed": source.seed,
        "manners": source.manners,
        "pages": source.pages,
        "hands": digest("\n".join(sorted({task.hand for task in tasks if task.drawn})).encode()),
        "scans": digest(*(task.file.read_bytes() for task in tasks if task.file)),
        "code": digest(*(file.read_bytes() for file in sorted(code) if file.exists())),
    }


def digest(*contents: bytes) -> str:
    """SHA-256 of contents, one after the other; short."""
    whole = hashlib.sha256()
    for content in contents:
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()[:16]


def describe(store: FeatureStore, source: Source, tasks: Sequence[Task], workers: int) -> list[str]:
    """Describe, in processes, what the store lacks; what could not be described, a line each."""
    missing = [task for task in tasks if not store.has(task.name)]
    undone = []
    with Progress(len(tasks), "page", label="describing") as progress:
        progress.advance(len(tasks) - len(missing))
        for task, answer in in_processes(partial(describe_one, store=store, source=source), missing, workers):
            problem = str(answer) if isinstance(answer, WorkerDied) else answer
            if problem:
                undone.append(f"{task.name}: {problem}")
            progress.advance(1, int(bool(problem)))
    return undone


def describe_one(task: Task, store: FeatureStore, source: Source) -> str:
    """Draw or read a page and keep its local features; why that was not possible, or ""."""
    import cv2

    cv2.setNumThreads(1)  # one process a core
    try:
        if task.drawn is not None:
            page = Image.fromarray(draw_page(source, task.drawn))
        else:
            page = read_page(task.file, None, min_side=16, max_pixels=MAX_PIXELS)
    except (NoStrokes, PageError) as problem:
        return str(problem)
    store.keep(task.name, page)
    return ""


@dataclass(frozen=True)
class KeptPages(Sequence):
    """Pages as the fit takes them, each read when it is asked for: they need not all be in memory."""

    store: FeatureStore
    tasks: list[Task]

    def __len__(self) -> int:
        return len(self.tasks)

    def weighted(self) -> KeptPages:
        """The same with each scan as often as it counts."""
        return KeptPages(self.store, [task for task in self.tasks for _ in range(SCAN_COUNTS if task.file else 1)])

    def __getitem__(self, index: int) -> Studied:
        return Studied(self.store.read(self.tasks[index].name), self.tasks[index].writer)


def held_out(pages: KeptPages, recipe: Recipe) -> tuple[np.ndarray, list[str], str]:
    """Cosines [N, N] of pages that were described by a model that saw neither hand, NaN for pairs that never met; their
    writers; and what they are."""
    scans = [index for index, task in enumerate(pages.tasks) if task.file]
    twice = Counter(pages.tasks[index].writer for index in scans)
    alone = sum(count > 1 for count in twice.values()) >= ENOUGH
    judged = scans if alone else list(range(len(pages)))
    hands = sorted({pages.tasks[index].hand for index in judged})
    np.random.default_rng(recipe.seed).shuffle(hands)
    similarities = np.full((len(judged), len(judged)), np.nan, np.float32)
    for part in range(ROUNDS):
        unseen = set(hands[part::ROUNDS])
        others = [task for task in pages.tasks if task.hand not in unseen]
        model = fit(KeptPages(pages.store, others).weighted(), recipe)
        rows = [row for row, index in enumerate(judged) if pages.tasks[index].hand in unseen]
        vectors = np.stack([vector_of(model, pages[judged[row]].features) for row in rows])
        similarities[np.ix_(rows, rows)] = vectors @ vectors.T
    writers = [pages.tasks[index].writer for index in judged]
    kinds = "scans" if alone else "all kinds"
    return similarities, writers, f"{counted(len(hands), 'hand')} of {kinds}, a third at a time"


if __name__ == "__main__":
    no_command("see data_scripts/make_hands.py")
