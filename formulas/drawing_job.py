"""`formulas draw`: formulas of a text file -> pictures, and the table that training takes.

    python run.py formulas draw formulas.txt drawn/ --copies 3

Leaves in the folder: formulas.csv (IMAGE, LATEX, RENDERER, FONT, SIZE in pt, DPI, SPLIT), images/, errors.csv (LATEX,
RENDERER, REASON), run.json. Work is cut into batches by the number of a formula and the seed alone; each has one style
of one renderer, and one line of the journal once its pictures are there. The same command goes on where a kill came.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING, Any

from PIL import Image

from drawing.formula_style import Style
from formulas.draw_command import HEAD, WORK, Drawing
from formulas.render_match import renderer_of
from index.records import write_plain_record
from output.console import say
from output.files import file_hash, json_if_whole
from output.progress import Progress
from output.tables import Table, cell
from output.work import Lines, WorkFolder, differences, whole_lines
from utils import UserError, cores, key_of, printable

if TYPE_CHECKING:
    from settings.schema import Settings

BATCH = 200  # formulas in one style
TABLE, ERRORS, JOURNAL = "formulas.csv", "errors.csv", "journal"
COLUMNS = ["IMAGE", "LATEX", "RENDERER", "FONT", "SIZE", "DPI", "SPLIT"]
REASONS = 5  # how many reasons are told on the terminal


@dataclass(frozen=True)
class Batch:
    """Formulas that are drawn together. number: its place; formulas: positions in the file's list."""

    number: int
    renderer: str
    style: Style
    formulas: tuple[int, ...]


def run_draw(settings: Settings, job: Drawing) -> int:
    """Draw what is not drawn yet, write the tables. 0; 1 where a renderer refused a formula.

    UserError: the file cannot be read or holds no formula, a renderer is not installed, the folder is in use or was
    begun as something else.
    """
    started = time.time()
    formulas = read_formulas(job.file)
    if job.held >= len(formulas):
        raise UserError(f"--held {job.held}: only {len(formulas)} formulas are in {printable(str(job.file))}")
    renderers = {name: renderer_of(name) for name in dict.fromkeys(job.renderers)}
    seed = settings.setup.seed
    batches = plan(len(formulas), job, seed, renderers)
    held = frozenset(Random(key_of(seed, "held")).sample(range(len(formulas)), job.held))
    quiet = settings.setup.quiet
    with _work(job, seed, quiet) as work:
        journal = work.folder / JOURNAL
        done = {line["batch"] for line in _lines(journal)}
        left = [batch for batch in batches if batch.number not in done]
        total = sum(len(batch.formulas) for batch in batches)
        say(f"{total:,} pictures of {len(formulas):,} formulas, by {', '.join(renderers)}", quiet)
        _draw_all(left, formulas, renderers, job.output, journal, settings, total)
        drawn, refused = _write_tables(job.output, journal, formulas, held)
        record = {
            "formulas": len(formulas),
            "pictures": drawn,
            "refused": sum(refused.values()),
            "held": job.held,
            "seed": seed,
            "reasons": dict(refused.most_common(100)),
        }
        write_plain_record(job.output, job, started, record)
        work.remove()
    _tell(job, drawn, refused)
    return int(bool(refused))


def read_formulas(file: Path) -> list[str]:
    """The lines of a file, each once, without blanks round them. UserError: no file, no text, no formula."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UserError(f"{printable(str(file))}: {error.strerror}: give a text file with a formula a line") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{printable(str(file))} is no text in UTF-8: save it as UTF-8") from error
    formulas = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not formulas:
        raise UserError(f"{printable(str(file))} holds no formula: one a line is wanted, LaTeX without $")
    return formulas


def plan(count: int, job: Drawing, seed: int, renderers: dict[str, ModuleType]) -> list[Batch]:
    """Which formulas are drawn together, by what, in which style: the same for the same file and flags."""
    batches: list[Batch] = []
    for copy in range(job.copies):
        random = Random(key_of(seed, copy))
        order = list(range(count))
        random.shuffle(order)
        for start in range(0, count, BATCH):
            number = len(batches)
            name = job.renderers[number % len(job.renderers)]
            module = renderers[name]
            as_papers = name == "tex" and copy == 0
            style = module.IM2LATEX if as_papers else module.random_style(random)
            batches.append(Batch(number, name, style, tuple(order[start : start + BATCH])))
    return batches


@contextlib.contextmanager
def _work(job: Drawing, seed: int, quiet: bool) -> Iterator[WorkFolder]:
    """The work folder, begun or gone on with."""
    output = job.output
    shown = printable(str(output))
    if (output / TABLE).exists():
        raise UserError(f"{shown} holds {TABLE} already: give another folder, or remove that one")
    work = WorkFolder(output / WORK, HEAD)
    identity = {
        "formulas": file_hash(job.file),
        "renderers": list(job.renderers),
        "copies": job.copies,
        "held": job.held,
        "seed": seed,
        "batch": BATCH,
    }
    try:
        work.folder.mkdir(parents=True, exist_ok=True)
        if not work.take():
            raise UserError(f"{shown}: another process is drawing into it")
        was = json_if_whole(work.folder / HEAD).get("identity")
        if was is None:
            work.clear()
            work.begin({"started": time.time(), "identity": identity})
    except OSError as error:
        raise UserError(f"cannot write into {shown}: {error.strerror}: give another folder") from error
    with work:
        if was not in (None, identity):
            changed = ", ".join(f"{key} {old!r}, now {new!r}" for key, old, new in differences(was, identity)[:3])
            raise UserError(
                f"{shown} was begun with {printable(changed)}: give the same command, another folder, or remove it"
            )
        if was is not None:
            say("going on where it stopped", quiet)
        yield work


def _draw_all(
    batches: Sequence[Batch],
    formulas: Sequence[str],
    renderers: dict[str, ModuleType],
    output: Path,
    journal: Path,
    settings: Settings,
    total: int,
) -> None:
    """Draw batches, in threads; each gets its line of the journal in the order of its number."""
    threads = settings.setup.workers if settings.setup.workers > 0 else min(cores(), 8)
    end = sum(len(line) for line in whole_lines(journal)) if journal.exists() else 0
    with (
        Lines(journal, end) as lines,
        ThreadPoolExecutor(threads) as pool,
        Progress(total, "picture", settings.setup.quiet, "drawing") as progress,
    ):
        progress.advance(total - sum(len(batch.formulas) for batch in batches))
        waiting = iter(batches)
        window = [
            pool.submit(_draw, batch, formulas, renderers, output) for batch in itertools.islice(waiting, 2 * threads)
        ]
        try:
            while window:
                line = window.pop(0).result()
                lines.append(json.dumps(line).encode("ascii"))
                progress.advance(len(line["drawn"]) + len(line["refused"]), failed=len(line["refused"]))
                window += [
                    pool.submit(_draw, batch, formulas, renderers, output) for batch in itertools.islice(waiting, 1)
                ]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _draw(batch: Batch, formulas: Sequence[str], renderers: dict[str, ModuleType], output: Path) -> dict[str, Any]:
    """Draw one batch into its folder; what the journal says of it."""
    folder = output / "images" / f"{batch.number:05d}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        pictures = renderers[batch.renderer].draw([formulas[number] for number in batch.formulas], batch.style)
    except RuntimeError as error:
        raise UserError(f"--renderer {batch.renderer}: {error}") from error
    drawn: list[tuple[int, int]] = []
    refused: list[tuple[int, str]] = []
    for place, (number, picture) in enumerate(zip(batch.formulas, pictures, strict=True)):
        if isinstance(picture, Image.Image):
            picture.save(folder / f"{place:03d}.png", compress_level=4)
            drawn.append((place, number))
        else:
            refused.append((number, picture))
    style = batch.style
    about = {"batch": batch.number, "renderer": batch.renderer, "font": style.font, "size": style.size}
    return about | {"dpi": style.dpi, "drawn": drawn, "refused": refused}


def _lines(journal: Path) -> Iterator[dict[str, Any]]:
    if journal.exists():
        yield from map(json.loads, whole_lines(journal))


def _write_tables(
    output: Path, journal: Path, formulas: Sequence[str], held: frozenset[int]
) -> tuple[int, Counter[str]]:
    """The tables of the journal. Returns how many pictures there are, and how often each reason was given."""
    reasons: Counter[str] = Counter()
    drawn = 0
    notes: list[str] = []
    with contextlib.ExitStack() as opened:
        table = Table(output / TABLE, COLUMNS, opened, excel=False)
        errors = Table(output / ERRORS, ["LATEX", "RENDERER", "REASON"], opened, excel=False)
        for line in _lines(journal):
            for place, number in line["drawn"]:
                image = f"images/{line['batch']:05d}/{place:03d}.png"
                split = "validation" if number in held else "train"
                table.write([image, cell(formulas[number]), line["renderer"], line["font"], str(line["size"]),
                             line["dpi"], split])  # fmt: skip
                drawn += 1
            for number, reason in line["refused"]:
                errors.write([cell(formulas[number]), line["renderer"], cell(reason)])
                reasons[f"{line['renderer']}: {reason}"] += 1
        errors.complete(notes)
        table.complete(notes)
    if not reasons:
        (output / ERRORS).unlink(missing_ok=True)
    for note in notes:
        say(note)
    return drawn, reasons


def _tell(job: Drawing, drawn: int, refused: Counter[str]) -> None:
    """What came of it."""
    print(f"{drawn:,} pictures in {printable(str(job.output))}")
    if refused:
        print(f"{sum(refused.values()):,} refused (all in {printable(str(job.output / ERRORS))}):")
        for reason, count in refused.most_common(REASONS):
            print(f"  {count:>6,}  {printable(reason)}")
        if len(refused) > REASONS:
            print(f"  {sum(refused.values()) - sum(c for _, c in refused.most_common(REASONS)):>6,}  other reasons")
