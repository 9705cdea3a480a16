"""A run's results as JSON Lines, Parquet, CSVW, RO-Crate, PREMIS and paradata, held against their specifications.

The checks were written after the specifications; they are ours, no official validators.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import tracemalloc
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import archive_runs
import pytest
from archive_runs import CATEGORIES, run_of, sort_pages

from interchange import csvw, json_lines, paradata, premis, ro_crate
from interchange.export import SortedPage
from settings.flags import VERSION

P = "{http://www.loc.gov/premis/v3}"


@pytest.fixture(scope="module")
def sorted_run(tmp_path_factory):
    """(output folder, run record, folder of the formats) of pages of which one fails."""
    tmp_path = tmp_path_factory.mktemp("run")
    pages = archive_runs.pages_folder(tmp_path / "pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGE_SORTER_IMAGE", "archive.example/tools/page-sorter:0.1.0")
        words = ("-tn", 2, "--raw", "--write", "jsonl", "csvw", "premis", "paradata", "rocrate")
        output, record = sort_pages(tmp_path, "-d", pages, *words)
    (folder,) = (output / "interchange").iterdir()
    return output, record, folder


def rows_of(file: Path, **form) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines, **form))


def test_a_line_a_page_with_the_tables_results_and_the_errors(sorted_run):
    output, record, folder = sorted_run
    lines = [json.loads(line) for line in (folder / "pages.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 7
    assert {tuple(line) for line in lines} == {tuple(lines[0])}  # every key in every line
    assert {(line["run"], line["model"], line["model_hash"]) for line in lines} == {
        (record["name"], "tiny", record["model"]["hash"])
    }
    (result,) = (output / "tables").glob("result_*.csv")
    expected = [
        (row["PATH"].removeprefix("./"), int(row["PAGE"]), row["CLASS-1"], row["CLASS-2"]) for row in rows_of(result)
    ]
    sorted_lines = [line for line in lines if line["error"] is None]
    assert [
        (line["path"], line["page"], *(one["category"] for one in line["categories"])) for line in sorted_lines
    ] == expected
    for line, row in zip(sorted_lines, rows_of(result), strict=True):
        assert line["category"] == row["CLASS-1"]
        assert [f"{one['score']:.4f}" for one in line["categories"]] == [row["SCORE-1"], row["SCORE-2"]]
    (failed,) = [line for line in lines if line["error"]]
    assert (failed["path"], failed["category"], failed["score"], failed["categories"]) == (
        "broken-7.png",
        None,
        None,
        [],
    )
    assert failed["file"] == "broken" and failed["id"] is None


def test_parquet_has_the_same_rows_one_schema_for_all_runs_and_the_record(tmp_path, sorted_run):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet as reader

    from interchange import parquet

    output, record, _ = sorted_run
    named = SortedPage("PHYS_1", "[1]", "mets", 1, "a.tif", (("TEXT", 0.75), ("DRAW", 0.25)), "", "short strip")
    failed = SortedPage("PHYS_2", "", "mets", 2, "b.tif", (), "the file is empty", "")
    for name, pages in (("one", [named, failed]), ("none", [])):
        (tmp_path / name).mkdir()
        run = run_of(output, record, pages)
        (file,) = parquet.write(run, tmp_path / name)
        table = reader.read_table(file)
        assert table.schema.remove_metadata() == parquet.SCHEMA
        assert table.to_pylist() == list(json_lines.rows(run))
        assert json.loads(table.schema.metadata[b"page-sorter.run"])["model"]["hash"] == record["model"]["hash"]


def test_a_long_run_is_written_page_by_page(tmp_path, sorted_run):
    output, record, _ = sorted_run
    run = run_of(output, record, [SortedPage("", "", "a", 1, "a-1.png", (("TEXT", 0.5),), "", "")] * 20_000)
    tracemalloc.start()
    try:
        (file,) = json_lines.write(run, tmp_path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert file.stat().st_size > 4_000_000
    assert most < 1_000_000


def check_csvw(file: Path) -> list[list[dict[str, object]]]:
    """Check metadata against its tables, after "Metadata Vocabulary for Tabular Data"; the rows of each, as typed."""
    group = json.loads(file.read_text(encoding="utf-8"))
    assert group["@context"] == "http://www.w3.org/ns/csvw"
    dialect = {"delimiter": ",", "quoteChar": '"', "commentPrefix": "#", "encoding": "utf-8", **group["dialect"]}
    tables = []
    for table in group["tables"]:
        columns, key = table["tableSchema"]["columns"], table["tableSchema"]["primaryKey"]
        names = [column["name"] for column in columns]
        assert len(set(names)) == len(names) and set(key) <= set(names)
        assert all(re.fullmatch(r"(?!_)(\w|%[0-9A-F]{2})+", name, re.ASCII) for name in names)
        text = (file.parent / unquote(table["url"])).read_bytes().decode(dialect["encoding"]).removeprefix("\ufeff")
        lines = text.splitlines(keepends=True)
        if prefix := dialect["commentPrefix"]:
            lines = [line for line in lines if not line.startswith(prefix)]
        head, *rows = csv.reader(lines, delimiter=dialect["delimiter"], quotechar=dialect["quoteChar"])
        assert head == [column["titles"] for column in columns]
        typed = [
            {column["name"]: typed_cell(column, cell) for column, cell in zip(columns, row, strict=True)}
            for row in rows
        ]
        assert len({tuple(row[name] for name in key) for row in typed}) == len(typed)
        tables.append(typed)
    return tables


def typed_cell(column: dict, cell: str) -> object:
    datatype = column["datatype"] if isinstance(column["datatype"], dict) else {"base": column["datatype"]}
    if cell == "":
        assert not column.get("required"), column
        return None
    match datatype["base"]:
        case "string":
            return cell
        case "nonNegativeInteger":
            assert re.fullmatch("[0-9]+", cell)
            return int(cell)
        case "decimal":
            mark = datatype.get("format", {}).get("decimalChar", ".")
            assert re.fullmatch(rf"[0-9]+{re.escape(mark)}[0-9]+", cell)
            value = Decimal(cell.replace(mark, "."))
            assert Decimal(datatype["minimum"]) <= value <= Decimal(datatype["maximum"])
            return value
        case "boolean":
            yes, no = datatype["format"].split("|")
            return {yes: True, no: False}[cell]
    raise AssertionError(datatype)


def test_csvw_describes_the_tables_as_they_are(tmp_path, sorted_run):
    output, record, folder = sorted_run
    result, raw, errors = check_csvw(folder / "csvw.json")
    assert (len(result), len(raw), len(errors)) == (6, 6, 1)
    assert result[0]["FILE"] == "#a"  # no comment
    assert {row["TRUE"] for row in result} == {"TEXT", None}
    assert set(CATEGORIES) < set(raw[0]) and isinstance(raw[0]["DRAW"], Decimal)
    assert errors[0]["PATH"] == "broken-7.png" and errors[0]["REASON"]
    assert json.loads((folder / "csvw.json").read_text(encoding="utf-8"))["tables"][0]["url"].startswith("result_")
    # without a crate, the tables where they lie
    (tmp_path / "in" / "run").mkdir(parents=True)
    (file,) = csvw.write(run_of(output, record, []), tmp_path / "in" / "run")
    assert len(check_csvw(file)) == 3


def test_csvw_describes_excels_form_review_warning_and_odd_categories(tmp_path):
    tiny_pages = archive_runs.pages_folder(tmp_path / "pages")
    (tmp_path / "c.tsv").write_text(
        "label\tdescription\n_x\ta map\nCLASS-1\ta photo\nÚřad (a)\ta text\n", encoding="utf-8"
    )
    doubtful = archive_runs.draw_page(tmp_path / "whole.jpg", 9).read_bytes()
    (tiny_pages / "doubtful-9.jpg").write_bytes(doubtful.replace(b"\xff\xdb", b"\x12\x34\xff\xdb", 1))
    config = tmp_path / "config.toml"
    config.write_text("[output]\nexcel = true\n[setup]\nreview_below = 0.4\n", encoding="utf-8")
    words = ("-d", tiny_pages, "--config", config, "--raw", "--write", "csvw", "-cc", tmp_path / "c.tsv")
    output, _ = sort_pages(tmp_path, *words)
    (file,) = (output / "interchange").glob("*/csvw.json")
    result, raw, errors = check_csvw(file)
    assert {type(row["REVIEW"]) for row in result} == {bool}
    assert "'=b" in {row["FILE"] for row in result}
    assert any(row["WARNING"] for row in result)
    assert "%5Fx" in raw[0] and "CLASS%2D1%20%28category%29" in raw[0]
    assert errors


def test_a_manifests_pages_keep_their_ids_in_every_format_and_its_tags_come_back_into_it(tmp_path):
    host = "https://library.example/iiif/book"
    canvases = [
        {
            "id": f"{host}/canvas/p{number}",
            "type": "Canvas",
            "height": 120,
            "width": 90,
            "items": [{"type": "AnnotationPage", "id": f"{host}/page/{number}", "items": [{
                "id": f"{host}/painting/{number}", "type": "Annotation", "motivation": "painting",
                "target": f"{host}/canvas/p{number}",
                "body": {"id": f"{host}/images/scan-{number}.png", "type": "Image", "format": "image/png"},
            }]}],
        }
        for number in (3, 1, 2)
    ]  # fmt: skip
    manifest = tmp_path / "book" / "manifest.json"
    manifest.parent.mkdir()
    about = {"@context": "http://iiif.io/api/presentation/3/context.json", "id": f"{host}/manifest.json"}
    manifest.write_text(json.dumps({**about, "type": "Manifest", "label": {"none": ["x"]}, "items": canvases}))
    before = manifest.read_bytes()
    for number in (1, 3):
        archive_runs.draw_page(tmp_path / "scans" / f"scan-{number}.png", number)
    words = ("--write", "iiif-ranges", "jsonl", "csvw", "premis", "rocrate", "--in-place")
    output, _ = sort_pages(tmp_path, "-d", manifest, "--images", tmp_path / "scans", *words)
    (folder,) = (output / "interchange").iterdir()
    lines = [json.loads(line) for line in (folder / "pages.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == [canvas["id"] for canvas in canvases]
    assert [line["error"] is None for line in lines] == [True, True, False]
    result, errors = check_csvw(folder / "csvw.json")
    assert [row["ID"] for row in [*result, *errors]] == [line["id"] for line in lines]
    now = json.loads(manifest.read_text(encoding="utf-8"))
    assert [len(canvas.get("annotations", [])) for canvas in now["items"]] == [1, 1, 0]
    assert sorted(file.name for file in (tmp_path / "book").iterdir()) == [
        *("manifest-categories", "manifest.json", "manifest.json.bak")
    ]
    assert (tmp_path / "book" / "manifest.json.bak").read_bytes() == before
    detail = check_premis((folder / "premis.xml").read_text(encoding="utf-8")).findtext(f".//{P}eventDetail")
    assert f'documentSHA256="{hashlib.sha256(before).hexdigest()}"' in detail
    assert not (folder / "iiif.json").exists()


def test_the_crate_can_be_given_away_and_says_what_made_it(sorted_run):
    output, record, folder = sorted_run
    crate = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    for entity in crate["@graph"]:  # flat: what is in an entity is a text, a number or a reference to another one
        for key, value in entity.items():
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict):
                    assert list(part) == ["@id"], (entity["@id"], key)
                    assert part["@id"] in entities or part["@id"].startswith("https://w3id.org/ro/"), part
    descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
    assert descriptor["@type"] == "CreativeWork" and descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset" and {"name", "description", "datePublished", "license"} <= root.keys()
    assert root["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert entities[root["conformsTo"]["@id"]]["@type"] == "CreativeWork"
    # all that lies there is told, and nothing else
    files = {unquote(part["@id"]) for part in root["hasPart"]}
    assert files | {"ro-crate-metadata.json"} == {file.name for file in folder.iterdir()}
    tables = {file.name for file in (output / "tables").iterdir()}
    assert {name for name in tables if not name.endswith("_files.jsonl.gz")} <= files
    for name in files:
        entity = next(one for address, one in entities.items() if unquote(address) == name)
        content = (folder / name).read_bytes()
        assert (entity["@type"], entity["contentSize"]) == ("File", str(len(content)))
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
    action = entities[root["mentions"]["@id"]]
    assert action["@type"] == "CreateAction" and "agent" not in action  # nobody is invented
    assert {"name", "description", "startTime", "endTime", "object", "result"} <= action.keys()
    program, model = (entities[part["@id"]] for part in action["instrument"])
    assert (program["@type"], program["name"], program["softwareVersion"]) == (
        "SoftwareApplication",
        "page-sorter",
        VERSION,
    )
    assert model["identifier"] == f"sha256:{record['model']['hash']}"
    assert model["license"] == {"@id": "https://spdx.org/licenses/MIT"}
    image = entities[action["containerImage"]["@id"]]
    assert (image["registry"], image["name"], image["tag"]) == ("archive.example", "tools/page-sorter", "0.1.0")


ORDER_OF = {  # PREMIS 3.0: children in their order
    "premis": ["object", "event", "agent", "rights"],
    "object": ["objectIdentifier"],
    "event": [
        *("eventIdentifier", "eventType", "eventDateTime", "eventDetailInformation", "eventOutcomeInformation"),
        *("linkingAgentIdentifier", "linkingObjectIdentifier"),
    ],
    "eventDetailInformation": ["eventDetail"],
    "eventOutcomeInformation": ["eventOutcome", "eventOutcomeDetail"],
    "eventOutcomeDetail": ["eventOutcomeDetailNote"],
    "agent": ["agentIdentifier", "agentName", "agentType", "agentVersion", "agentNote"],
    **{
        f"{what}Identifier": [f"{what}IdentifierType", f"{what}IdentifierValue", f"{what}Role"]
        for what in ("object", "event", "agent", "linkingAgent", "linkingObject")
    },
}


def check_premis(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    assert root.tag == f"{P}premis" and root.get("version") == "3.0"
    for element in root.iter():
        children = [child.tag.removeprefix(P) for child in element]
        if children:
            order = ORDER_OF[element.tag.removeprefix(P)]
            assert [order.index(child) for child in children] == sorted(order.index(child) for child in children)
        else:
            assert (element.text or "").strip()
    identified = {value.text for what in ("object", "agent") for value in root.iter(f"{P}{what}IdentifierValue")}
    linked = [value.text for value in root.iter(f"{P}linkingAgentIdentifierValue")]
    assert linked and set(linked) <= identified
    return root


def test_premis_event_names_version_and_model_and_what_failed(sorted_run):
    _, record, folder = sorted_run
    root = check_premis((folder / "premis.xml").read_text(encoding="utf-8"))
    event = root.find(f"{P}event")
    detail = event.findtext(f"{P}eventDetailInformation/{P}eventDetail")
    assert f'version="{VERSION}"' in detail and record["model"]["hash"] in detail
    assert event.findtext(f".//{P}eventOutcome") == "warning"
    notes = [note.text for note in event.iter(f"{P}eventOutcomeDetailNote")]
    assert notes[0] == "7 pages: 6 sorted, 1 failed"
    assert notes[1].startswith("failed: broken-7.png, page 7: ") and len(notes) == 2
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.findtext(f"{P}eventDateTime"))
    assert root.findtext(f"{P}agent/{P}agentVersion") == VERSION


def test_many_failures_stay_a_screen_and_odd_names_stay_xml(tmp_path, sorted_run):
    output, record, _ = sorted_run
    pages = [
        SortedPage("", "", "a\x01", number, f"a\x01\udce9<-{number}.png", (), "the file is empty", "")
        for number in range(1, 101)
    ]
    run = run_of(output, {**record, "pages": 100, "failed": 100}, pages)
    (file,) = premis.write(run, tmp_path)
    root = check_premis(file.read_text(encoding="utf-8"))
    assert root.findtext(f".//{P}eventOutcome") == "fail"
    notes = [note.text for note in root.iter(f"{P}eventOutcomeDetailNote")]
    assert len(notes) == 22 and notes[-1].startswith("and 80 more")
    (file,) = paradata.write(run, tmp_path)
    told = json.loads(file.read_text(encoding="utf-8"))
    assert (len(told["skipped_files_detail"]), told["skipped_files_not_listed"]) == (20, 80)


def test_paradata_counts_are_right(sorted_run):
    _, record, folder = sorted_run
    told = json.loads((folder / "paradata.json").read_text(encoding="utf-8"))
    counts = told["statistics"]
    assert (counts["input_files_total"], counts["successfully_processed"], counts["skipped_files"]) == (7, 6, 1)
    assert [one["file"] for one in told["skipped_files_detail"]] == ["broken-7.png"]
    assert told["docker_image"] == "archive.example/tools/page-sorter:0.1.0"
    licences = {one["role"]: one["license"] for one in told["license_detail"]["components"]}
    assert licences == {"program": "MIT", "model": "MIT"}
    assert told["config"]["output"]["top_n"] == 2 and told["run_id"] == record["name"]


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("registry.example:5000/tools/sorter@sha256:ab12", ("registry.example:5000", "tools/sorter", None, "ab12")),
        ("registry.example/sorter:1@sha256:ab12", ("registry.example", "sorter", "1", "ab12")),
        ("sorter:1", (None, "sorter", "1", None)),
    ],
)
def test_a_container_image_is_told_in_its_parts(tmp_path, sorted_run, said, parts):
    output, record, _ = sorted_run
    told = {**record, "program": {**record["program"], "image": said}}
    (file,) = ro_crate.write(run_of(output, told, []), tmp_path)
    image = next(one for one in json.loads(file.read_text(encoding="utf-8"))["@graph"] if one["@id"] == "#image")
    assert tuple(image.get(key) for key in ("registry", "name", "tag", "sha256")) == parts


def test_the_same_run_written_again_is_the_same_byte_for_byte(tmp_path, sorted_run):
    output, record, _ = sorted_run
    pages = [SortedPage("", "", "a", 1, "a-1.png", (("TEXT", 0.5),), "", "")]
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        for _ in range(2):
            for module in (csvw, json_lines, premis, paradata):
                module.write(run_of(output, record, pages), tmp_path / name)
            written = {"csvw": (tmp_path / name / "csvw.json",), "jsonl": (tmp_path / name / "pages.jsonl",)}
            ro_crate.write(run_of(output, record, pages, written=written), tmp_path / name)
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert names == sorted(file.name for file in (tmp_path / "other").iterdir()) and len(names) > 6
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes() for name in names)
