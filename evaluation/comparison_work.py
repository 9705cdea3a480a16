"""What a comparison of models keeps while it is unfinished: rows of finished models, decoded pages.

with Work(settings, judged, resume=False) as work:
    store = work.pixels(classifier.transform, judged, settings)      # store[i]: uint8 [3, H, W]
    work.store("mine", key, rows)
work.remove()
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from output.files import write_whole
from output.progress import Progress
from output.tables import check_writable
from output.work import WorkFolder
from settings.schema import reaching
from utils import UserError, printable

if TYPE_CHECKING:
    from evaluation.judging import Judged
    from reading.transform import PageTransform
    from settings.schema import Settings
    from training.store import PageStore


class Work(WorkFolder):
    """What an unfinished comparison has: the rows of finished models, and the decoded pages while it runs.

    Lies in `<output>/runs/comparison-<key>/`, the key standing for pages, labels and settings. Decoded pages go with
    the process, also on Ctrl-C; after a kill, with the next comparison.
    """

    def __init__(self, settings: Settings, judged: Judged, *, resume: bool) -> None:
        setup = settings.setup
        identity = [
            judged.labelled.key(),
            str(judged.labelled.root.resolve()),
            *_stamps(judged),
            *reaching(settings, "outcomes").values(),
            setup.device,
            setup.precision,
        ]
        key = hashlib.sha256(json.dumps(identity).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        runs = settings.output.folder / "runs"
        check_writable(settings.output.folder)
        super().__init__(runs / f"comparison-{key}")
        if resume and not (self.folder / "rows").is_dir():
            raise UserError(
                f"nothing to resume in {printable(str(settings.output.folder))}: no unfinished comparison by these "
                "pages; run the command without --resume"
            )
        try:
            (self.folder / "rows").mkdir(parents=True, exist_ok=True)
            taken = self.take()
        except OSError as error:
            raise UserError(f"cannot write into {printable(str(runs))}: {error.strerror}; choose with -o") from error
        if not taken:
            raise UserError(f"another process compares models by these pages into {runs.parent}: wait for it")
        if not resume:
            shutil.rmtree(self.folder / "rows")
            (self.folder / "rows").mkdir()
        for pixels in runs.glob("comparison-*/pixels"):
            _sweep(pixels, self)
        self._store: tuple[str, PageStore] | None = None

    def release(self) -> None:
        """Let the comparison go; its decoded pages are removed, finished rows stay."""
        self._drop_pixels()
        super().release()

    def stored(self, name: str, key: str) -> list[dict[str, Any]] | None:
        """The rows of a model that was finished before, None where it was not."""
        try:
            value = json.loads(self._file(name, key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, list) else None

    def store(self, name: str, key: str, rows: list[dict[str, Any]]) -> None:
        """Keep the rows of a finished model."""
        write_whole(self._file(name, key), json.dumps(rows))

    def _file(self, name: str, key: str) -> Path:
        return self.folder / "rows" / f"{hashlib.sha256(f'{key} {name}'.encode()).hexdigest()[:24]}.json"

    def pixels(self, transform: PageTransform, judged: Judged, settings: Settings) -> PageStore:
        """All pages by this transform, decoded unless the model before had the same one."""
        from training.store import PageStore

        key = json.dumps(transform.to_dict(), sort_keys=True)
        if self._store is None or self._store[0] != key:
            self._drop_pixels()
            store = PageStore(self.folder / "pixels", [judged.labelled], transform)
            wanted = [True] * len(judged.labelled.pages)
            with Progress(len(wanted), "page", settings.setup.quiet, "decoding") as progress:
                store.fill(wanted, settings, progress.advance)
            self._store = key, store
        return self._store[1]

    def _drop_pixels(self) -> None:
        self._store = None
        shutil.rmtree(self.folder / "pixels", ignore_errors=True)


def _stamps(judged: Judged) -> list[int]:
    """Size and time of each page's file: rows of pages that were replaced meanwhile are not taken for theirs."""
    stamps: list[int] = []
    for path in dict.fromkeys(page.path for page in judged.labelled.pages):
        try:
            status = (judged.labelled.root / path).stat()
        except OSError:
            stamps += [0, 0]
            continue
        stamps += [status.st_size, status.st_mtime_ns]
    return stamps


def _sweep(pixels: Path, held: WorkFolder) -> None:
    """Remove decoded pages that a killed comparison left, of these pages or of others."""
    other = WorkFolder(pixels.parent)
    with contextlib.suppress(OSError):
        if pixels.parent == held.folder:
            shutil.rmtree(pixels, ignore_errors=True)
        elif other.take():
            shutil.rmtree(pixels, ignore_errors=True)
            other.release()
