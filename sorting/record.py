"""What a run of the main job is known by, and what its record says.

identity = identity_of(settings, job, model, descriptions, top_n)     # two runs of the same identity are the same work
run.write_record(record_of(settings, job, classifier, run, choice, model))
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.turning import turned_by
from output.runs import Run
from reading.memory_gate import budget
from settings.schema import reaching
from sorting.command import Sorting
from sorting.results import TableReport
from utils import printable, versions_of

if TYPE_CHECKING:
    from classifier import PageClassifier
    from encoders.choosing import ModelChoice
    from interchange.source import Source
    from reading.pages import PageList
    from settings.schema import Settings

# Whose versions stand in a run record: those that can move a score.
LIBRARIES = ("onnxruntime", "tokenizers", "torch", "torchvision", "transformers", "timm", "pillow", "pypdfium2",
             "numpy", "safetensors")  # fmt: skip
IN_PLACE = "changed in place"  # what stands for a document's hash in the identity of a run that changes it


@dataclass(frozen=True)
class Begun:
    """What a run is begun as, and known by: see `Run.start` and `Run.resume`."""

    output: Path
    identity: dict[str, Any]
    execution: dict[str, Any]

    def start(self, base: str, pages: PageList, prepare: Callable[[Path], None] | None = None) -> Run:
        """A new run of it."""
        known = {"identity": self.identity, "execution": self.execution}
        return Run.start(self.output, base, pages, **known, prepare=prepare)

    def resume(self, name: str = "") -> Run:
        """The newest unfinished one, or that of a name."""
        return Run.resume(self.output, identity=self.identity, execution=self.execution, name=name)


def input_of(files: Sequence[Path], directory: Path | None) -> str | list[str]:
    """The input of a run as its identity says it: absolute, whatever folder the command was given in."""
    return [printable(str(file.absolute().resolve())) for file in files] or printable(str(directory.resolve()))


def texts_hash(descriptions: dict[str, list[str]] | None) -> str:
    """What `-cc` or `--avg` chose; without them the model's own texts count, which are part of its hash."""
    if descriptions is None:
        return "of the model"
    return hashlib.sha256(repr(list(descriptions.items())).encode("utf-8", "surrogateescape")).hexdigest()


def made_with(
    settings: Settings, model: str, descriptions: dict[str, list[str]] | None, execution: dict[str, Any]
) -> dict[str, Any]:
    """What decides which pages there are and their outcomes, whatever the tables look like. Batches do not: a page's
    scores are the same in any (law 5)."""
    return {
        "model": model,
        "categories": texts_hash(descriptions),
        "settings": reaching(settings, "pages", "outcomes"),
        **turned_by(settings),
        "execution": {name: value for name, value in execution.items() if name != "batch_size"},
    }


def identity_of(
    settings: Settings,
    job: Sorting,
    model: str,
    descriptions: dict[str, list[str]] | None,
    top_n: int,
    source: Source | None = None,
) -> dict[str, Any]:
    """What makes two runs the same work: input, model and all settings that reach the tables.

    source: the document that names the pages, None for plain ones; another file group, or a document that was changed,
    is other work.
    """
    reached = reaching(settings, "pages", "outcomes", "tables", "sorting")
    named = {} if source is None else _known_by(source, job)
    formats = {"write": list(job.write), "in-place": job.in_place} if job.write else {}  # they come at a run's end
    return {
        **named,
        **formats,
        **turned_by(settings),
        "input": input_of(job.files, job.directory or Path()),  # a list without -d counts from here
        "model": model,
        "categories": texts_hash(descriptions),
        "settings": {**reached, "top_n": top_n},
    }


def _known_by(source: Source, job: Sorting) -> dict[str, str]:
    from interchange.source import fingerprint

    images = printable(str(job.images.resolve())) if job.images else ""
    # What the run itself changes cannot be what it is known by: else one that is killed then could not go on.
    content = IN_PLACE if job.in_place else fingerprint(source)
    return {"document": content, "file_group": source.group, "images": images}


def record_of(
    settings: Settings, job: Sorting, classifier: PageClassifier, run: Run, choice: ModelChoice, model: str
) -> dict[str, Any]:
    """What the run record says of a run as it begins. model: its hash."""
    source = Path(choice.source)
    return {
        "command": job.command(),
        "model": {
            "name": source.resolve().name if source.exists() else str(choice.source),
            "revision": choice.revision,
            "hash": model,
            "licence": classifier.licence,  # "" where nobody named one
            "base": classifier.base,
            "categories": classifier.categories,
            "learned": classifier.learned,
            "logit_scale": classifier.logit_scale,
            "temperature": classifier.temperature,
            "review_below": classifier.review_below,
            "transform": classifier.transform.to_dict(),
        },
        "settings": asdict(settings),
        "execution": run.execution,
        "resumed": run.resumed,
        "versions": {"python": platform.python_version()} | versions_of(LIBRARIES),
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "memory_for_decoding": budget(),  # bytes; what "auto" came to
        },
        "pages": len(run.pages.pages),
        "files_of_other_kinds": run.pages.passed.files,
        "passed_over": asdict(run.pages.passed),
    }


def source_record(source: Source | None, run: Run) -> dict[str, Any]:
    """What the run record says of the document that names the pages, as it was when it was read: {} where none does."""
    if source is None:
        return {}
    from interchange.source import fingerprint

    known = run.identity["document"]
    return {
        "source": {
            "kind": source.kind,
            "file": printable(str(source.file.absolute())),
            "sha256": fingerprint(source) if known == IN_PLACE else known,
            "document": printable(source.document),
            "file_group": printable(source.group),
            "notes": list(source.notes),
        }
    }


def counts_of(report: TableReport, total: int, seconds: float, done_now: int) -> dict[str, Any]:
    """What the run record says once the tables stand. total: pages; seconds, done_now: of this process."""
    return {
        "ended": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "done": report.done,
        "missing": total - report.done,
        "failed": report.failed,
        "failures": report.reasons,
        "warnings": report.warnings,
        "turned": report.turned,
        "per_category": report.per_category,
        "seconds": round(seconds, 3),
        "pages_per_second": round(done_now / seconds, 2) if seconds else 0.0,
        "tables": [file.name for file in report.files],
    }
