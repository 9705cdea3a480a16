"""PREMIS 3.0: one event and the agent that made it, for repositories that keep preservation metadata.

    python run.py -d pages/ --write premis

A screen long: the program with its version, the model with its hash, what was read, what became of it. All else is in
the run record, which the event names. (https://www.loc.gov/standards/premis/v3/)
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from interchange.export import SortedRun
from interchange.provenance import origin_of, source_name
from output.files import write_whole
from utils import printable

PREMIS = "http://www.loc.gov/premis/v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TYPES = "http://id.loc.gov/vocabulary/preservation/eventType"
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAMED = 20  # failed pages that are named; the errors table has them all


def write(run: SortedRun, folder: Path) -> list[Path]:
    """Write `premis.xml`."""
    root = Element(_tag("premis"), {"version": "3.0"})
    root.append(_object(run))
    root.append(event(run))
    root.append(agent(run))
    ElementTree.register_namespace("premis", PREMIS)
    ElementTree.register_namespace("xsi", XSI)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return [write_whole(folder / "premis.xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')]


def event(run: SortedRun) -> Element:
    """The run as a `premis:event`, linked with the agent and with what was read and written."""
    made = origin_of(run)
    root = Element(_tag("event"))
    _identifier(root, "event", run.name)
    _add(
        root,
        "eventType",
        "metadata extraction",
        {"authority": "eventType", "authorityURI": TYPES, "valueURI": f"{TYPES}/mee"},
    )
    _add(root, "eventDateTime", made.ended)
    named = f'; document="{made.document}"; documentSHA256="{made.document_hash}"' if made.document else ""
    detail = _add(root, "eventDetailInformation")
    _add(
        detail,
        "eventDetail",
        f'each page sorted into a category by its picture; program="{made.software}"; version="{made.version}"; '
        f'model="{made.model_name}"; modelSHA256="{made.model_hash}"; started="{made.started}"; '
        f'record="{run.name}_run.json"{named}',
    )
    outcome = _add(root, "eventOutcomeInformation")
    state = "success" if not made.failed else "fail" if made.failed == made.pages else "warning"
    _add(outcome, "eventOutcome", state)
    for note in [made.counted, *_failed_pages(run, made.failed)]:
        _add(_add(outcome, "eventOutcomeDetail"), "eventOutcomeDetailNote", note)
    _link(root, "Agent", agent_name(run), "executing program")
    _link(root, "Object", source_name(run), "source")
    for table in run.tables:
        if table.name.startswith("result_"):
            _link(root, "Object", table.name, "outcome")
    return root


def agent(run: SortedRun) -> Element:
    """The program with its model as a `premis:agent`."""
    made = origin_of(run)
    root = Element(_tag("agent"))
    _identifier(root, "agent", agent_name(run))
    _add(root, "agentName", made.software)
    _add(root, "agentType", "software")
    _add(root, "agentVersion", made.version)
    _add(root, "agentNote", f"licence {made.licence}")
    licence = made.model_licence or "not named"
    _add(root, "agentNote", f"model {made.model_name}, SHA-256 {made.model_hash}, licence {licence}")
    if made.image:
        _add(root, "agentNote", f"container image {made.image}")
    return root


def agent_name(run: SortedRun) -> str:
    """The agent's identifier: the program in its version."""
    made = origin_of(run)
    return f"{made.software}-{made.version}"


def _object(run: SortedRun) -> Element:
    """What was read, as an intellectual entity: the schema wants an object before an event."""
    root = Element(_tag("object"), {f"{{{XSI}}}type": "premis:intellectualEntity"})
    _identifier(root, "object", source_name(run))
    return root


def _failed_pages(run: SortedRun, failed: int) -> list[str]:
    if not failed:
        return []
    notes = []
    for page in run.pages():
        if page.reason and len(notes) < NAMED:
            notes.append(f"failed: {page.id or page.path}, page {page.number}: {page.reason}")
        if len(notes) == min(NAMED, failed):
            break
    more = failed - len(notes)
    return [*notes, f"and {more} more that failed: the errors table has them"] if more else notes


def _identifier(parent: Element, what: str, value: str) -> None:
    root = _add(parent, f"{what}Identifier")
    _add(root, f"{what}IdentifierType", "local")
    _add(root, f"{what}IdentifierValue", value)


def _link(parent: Element, what: str, value: str, role: str) -> None:
    root = _add(parent, f"linking{what}Identifier")
    _add(root, f"linking{what}IdentifierType", "local")
    _add(root, f"linking{what}IdentifierValue", value)
    _add(root, f"linking{what}Role", role)


def _add(parent: Element, name: str, text: str = "", attributes: dict[str, str] | None = None) -> Element:
    element = SubElement(parent, _tag(name), attributes or {})
    element.text = _text(text) or None
    return element


def _text(text: str) -> str:
    """What XML can hold: file names may have control characters."""
    return ILLEGAL.sub("\ufffd", printable(text))


def _tag(name: str) -> str:
    return f"{{{PREMIS}}}{name}"
