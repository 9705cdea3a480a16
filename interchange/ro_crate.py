"""RO-Crate 1.1 with the profile Process Run Crate 0.5: the run as a folder that can be given away or deposited.

    python run.py -d pages/ --write rocrate

The crate is `<output>/interchange/<run>/`. Tables and run record are copied into it, all else that was written there is
listed, and `ro-crate-metadata.json` says what made it: the command, the program with its version, the model with its
hash and licence, start and end. Who started it is not known to the program, so no agent stands there: add one.
(https://w3id.org/ro/crate/1.1, https://w3id.org/ro/wfrun/process/0.5)
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from interchange import csvw
from interchange.export import SortedRun
from interchange.provenance import Origin, laid_out, licence_address, origin_of, source_name
from output.files import file_hash, whole, write_json, write_whole

METADATA = "ro-crate-metadata.json"
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
RUN_TERMS = "https://w3id.org/ro/terms/workflow-run/context"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".parquet": "application/vnd.apache.parquet",
    ".xml": "application/xml",
}
Entity = dict[str, Any]


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Copy tables and record into the crate, and write its metadata."""
    tables = _copied_tables(run, folder)
    if "csvw" in run.written:  # it described the tables outside the crate
        csvw.describe(run, tables, folder)
    record = write_json(folder / f"{run.name}_run.json", run.record)
    others = [file for files in run.written.values() for file in files if file.is_relative_to(folder)]
    files = list(dict.fromkeys([*tables, record, *others]))
    graph = _graph(run, [_file(file, folder, run) for file in files])
    crate = {"@context": [f"{CRATE}/context", RUN_TERMS], "@graph": graph}
    metadata = write_whole(folder / METADATA, laid_out(crate) + "\n")
    return [metadata]  # the copies are its parts


def _copied_tables(run: SortedRun, folder: Path) -> list[Path]:
    copies = []
    for table in run.tables:
        copy = folder / table.name
        if table.is_dir():  # one table a document
            shutil.copytree(table, copy, dirs_exist_ok=True, copy_function=shutil.copyfile)
        else:
            with whole(copy) as part:
                shutil.copyfile(table, part)
        copies.append(copy)
    return copies


def _graph(run: SortedRun, files: list[Entity]) -> list[Entity]:
    made = origin_of(run)
    licences = [made.licence, made.model_licence]
    return [
        {"@id": METADATA, "@type": "CreativeWork", "conformsTo": {"@id": CRATE}, "about": {"@id": "./"}},
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Pages of {source_name(run)}, sorted into categories",
            "description": f"{made.counted}. Made with {made.made_with}.",
            "datePublished": made.ended,
            "license": {"@id": "#rights"},
            "conformsTo": {"@id": PROFILE},
            "hasPart": [{"@id": file["@id"]} for file in files],
            "mentions": {"@id": "#run"},
        },
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        _action(run, made, files),
        {
            "@id": "#program",
            "@type": "SoftwareApplication",
            "name": made.software,
            "softwareVersion": made.version,
            "license": _licence(made.licence),
            "softwareRequirements": {"@id": "#model"},
        },
        {
            "@id": "#model",
            "@type": "SoftwareApplication",
            "name": made.model_name,
            "description": "the model that told the categories; its identifier is the hash of what decides its scores",
            "identifier": f"sha256:{made.model_hash}",
            "version": made.model_hash,
            "license": _licence(made.model_licence),
        },
        {
            "@id": "#input",
            "@type": "CreativeWork",
            "name": source_name(run),
            "description": f"{made.pages} pages" + (f" that {made.document} names" if made.document else ""),
            **({"identifier": f"sha256:{made.document_hash}"} if made.document else {}),
        },
        *files,
        {
            "@id": "#rights",
            "@type": "CreativeWork",
            "name": "not stated",
            "description": "The program does not know under which licence its results are given: whoever deposits "
            "them names it here.",
        },
        *(
            {"@id": licence_address(licence), "@type": "CreativeWork", "name": licence}
            for licence in dict.fromkeys(licences)
            if licence_address(licence)
        ),
        *_container(made),
    ]


def _action(run: SortedRun, made: Origin, files: list[Entity]) -> Entity:
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Sorting of pages, run {run.name}",
        "description": made.command,
        "startTime": made.started.replace("Z", "+00:00"),  # roc-validator takes no Z
        "endTime": made.ended.replace("Z", "+00:00"),
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "instrument": [{"@id": "#program"}, {"@id": "#model"}],
        "object": {"@id": "#input"},
        "result": [{"@id": file["@id"]} for file in files],
    }
    return action | {"containerImage": {"@id": "#image"}} if made.image else action


def _container(made: Origin) -> list[Entity]:
    """The image as its parts: `registry/name:tag`, `registry/name@sha256:...`."""
    if not made.image:
        return []
    place, _, last = made.image.rpartition("/")
    registry, _, below = place.partition("/")
    last, _, digest = last.partition("@")
    name, _, tag = last.partition(":")
    image = {
        "@id": "#image",
        "@type": "ContainerImage",
        "additionalType": {"@id": "https://w3id.org/ro/terms/workflow-run#DockerImage"},
        "registry": registry,
        "name": "/".join(part for part in (below, name) if part),
        "tag": tag,
        "sha256": digest.removeprefix("sha256:"),
    }
    return [{key: value for key, value in image.items() if value}]


def _licence(licence: str) -> Entity | str:
    return {"@id": licence_address(licence)} if licence_address(licence) else licence or "not named"


def _file(file: Path, folder: Path, run: SortedRun) -> Entity:
    address = quote(file.relative_to(folder).as_posix())
    if file.is_dir():
        return {"@id": f"{address}/", "@type": "Dataset", "name": file.name}
    said = {
        "csvw.json": "what the columns of the tables are (CSV on the Web)",
        f"{run.name}_run.json": "the run record: settings, model, versions, counts, failures",
    }
    about = {"description": said[file.name]} if file.name in said else {}
    return {
        "@id": address,
        "@type": "File",
        "name": file.name,
        **about,
        "encodingFormat": MEDIA_TYPES.get(file.suffix, "application/octet-stream"),
        "contentSize": str(file.stat().st_size),
        "sha256": file_hash(file),
    }
