"""Who sorted pages, with what and when: what every format says of a run; and JSON that people can read.

    made = origin_of(run)
    made.software, made.version, made.model_hash, made.ended      # "page-sorter", "0.1.0", "3fd0...", "2026-11-29T..Z"

`<name>_run.json` is the master: formats repeat of it what their readers look for, and point to it for the rest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from utils import printable

if TYPE_CHECKING:
    from interchange.export import SortedRun

STEP = "layout/analysis"  # what OCR-D calls it
XSD = "%Y-%m-%dT%H:%M:%SZ"  # xsd:dateTime, in UTC
WIDTH = 160  # columns of JSON that people read
# Licences as model cards write them -> SPDX, whose addresses want its letters.
SPDX = {
    name.casefold(): name
    for name in (
        *("MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0"),
        *("CC-BY-NC-SA-4.0", "GPL-3.0", "LGPL-3.0", "AGPL-3.0", "MPL-2.0"),
    )
}


@dataclass(frozen=True)
class Origin:
    """What a run was made with.

    software, version, licence, image: of this program, and the container image that it ran in, "" = none. run: its
    name. base, model_name, model_hash, model_licence: of the model; its licence is "" where nobody named one. started,
    ended: in UTC, as xsd:dateTime has it. command: as it was typed. pages, failed: how many. document, document_hash:
    name and SHA-256 of the file that names the pages, "" where they lay in a plain folder.
    """

    software: str
    version: str
    licence: str
    image: str
    run: str
    base: str
    model_name: str
    model_hash: str
    model_licence: str
    started: str
    ended: str
    command: str
    pages: int
    failed: int
    document: str = ""
    document_hash: str = ""

    @property
    def model(self) -> str:
        """The vocabulary that its categories are of: that of one model."""
        return f"{self.software}:{self.base}:{self.model_hash[:16]}"

    @property
    def counted(self) -> str:
        """One line: what became of the pages."""
        return f"{self.pages} pages: {self.pages - self.failed} sorted, {self.failed} failed"

    @property
    def made_with(self) -> str:
        """One line: program with version, model with hash."""
        return f"{self.software} {self.version}, model {self.model_name} (SHA-256 {self.model_hash})"


def origin_of(run: SortedRun) -> Origin:
    """What the record of a run that is done says of it."""
    record = run.record
    program, model, source = record["program"], record["model"], record.get("source", {})
    return Origin(
        software=program["name"],
        version=program["version"],
        licence=program["licence"],
        image=program["image"],
        run=run.name,
        base=model["base"],
        model_name=printable(model["name"]),
        model_hash=model["hash"],
        model_licence=spdx(model["licence"]),
        started=utc(record["started"]),
        ended=utc(record["ended"]),
        command=record["command"],
        document=PurePath(source["file"]).name if source else "",
        document_hash=source["sha256"] if source else "",
        pages=record["pages"],
        failed=record["failed"],
    )


def utc(local: str) -> str:
    """A time of a run record as xsd:dateTime, in UTC.

    >>> utc("2026-11-29T02:15:02+0200")
    '2026-11-29T00:15:02Z'
    """
    return datetime.strptime(local, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC).strftime(XSD)


def utc_now() -> str:
    """This moment, as `utc` has times."""
    return datetime.now(UTC).strftime(XSD)


def source_name(run: SortedRun) -> str:
    """What was read, in a word: the document that names the pages, else the name of their folder."""
    return printable(run.source.document if run.source else run.root.resolve().name or "pages")


def spdx(licence: str) -> str:
    """A licence's identifier in SPDX's letters; what is none there stays as it is.

    >>> spdx("apache-2.0"), spdx("my own")
    ('Apache-2.0', 'my own')
    """
    return SPDX.get(licence.casefold(), licence)


def licence_address(licence: str) -> str:
    """Where a licence is described, "" where that is not known.

    >>> licence_address("MIT"), licence_address("my own")
    ('https://spdx.org/licenses/MIT', '')
    """
    return f"https://spdx.org/licenses/{licence}" if licence in SPDX.values() else ""


def laid_out(value: Any, indent: int = 0) -> str:
    """JSON for readers, without a newline at its end: what fits into a line stands in one.

    >>> print(laid_out({"name": "FILE", "titles": "FILE"}))
    {"name": "FILE", "titles": "FILE"}
    """
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= WIDTH or not value or not isinstance(value, dict | list):
        return flat
    inner = indent + 1
    if isinstance(value, dict):
        lines = [f"{json.dumps(key, ensure_ascii=False)}: {laid_out(part, inner)}" for key, part in value.items()]
        start, end = "{}"
    else:
        lines = [laid_out(part, inner) for part in value]
        start, end = "[]"
    between = f",\n{' ' * inner}"
    return f"{start}\n{' ' * inner}{between.join(lines)}\n{' ' * indent}{end}"
