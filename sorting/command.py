"""The main job on the command line: pages of `-f`, `-d` or `--dir`, sorted. No flag asks for it.

python run.py -d pages/ -tn 3 --raw
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from settings.command import NO_MODEL, Job, ModelRequest, Typed
from settings.schema import Settings
from utils import UserError


@dataclass(frozen=True, kw_only=True)
class Sorting(Job):
    """Sort files (`-f`), or directory (`-d`, `--dir`). output_given: whether `-o` was typed."""

    flag = "sorting"
    work = "sorting.job:run_prediction"
    resumes = True

    files: tuple[Path, ...] = ()
    directory: Path | None = None
    model: ModelRequest = NO_MODEL
    output_given: bool = False

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, Sorting]:
        """As `Job` has it; also for `--hf` with pages, which sorts them once the model is there."""
        files, directory = typed.pages(settings)
        model = typed.model()
        settings = typed.fit(settings, model)
        output_given = typed.given("output.folder")
        if files:
            settings = settings.replaced("setup", workers=0)  # a few pages are read sooner than workers start
            if typed.given("resume") and not (output_given or settings.output.raw):
                raise UserError("--resume: -f alone writes no files, so there is nothing to go on with")
        return settings, cls(
            **typed.command(), files=files, directory=directory, model=model, output_given=output_given
        )

    def begun(self, settings: Settings, began: float) -> bool:
        """Whether a run was begun or taken up."""
        from output.runs import begun_since

        return begun_since(settings.output.folder, began)
