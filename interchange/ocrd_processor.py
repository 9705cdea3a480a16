"""Each page's picture is sorted, and its PAGE-XML says what was found.

    ocrd-page-sorter -I OCR-D-IMG -O OCR-D-CLASS -P top_n 3

Parameters are settings of config.toml by the same names; config.toml itself is not read, so that what OCR-D writes down
of a step is all that decided it. Pages fail one by one: OCRD_MISSING_OUTPUT and OCRD_MAX_MISSING_OUTPUTS say what
becomes of the others.
"""

# OCR-D's own help shows these docstrings. What is written into PAGE is page_writing.py's.

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from lxml import etree
from ocrd import Processor
from ocrd.decorators import ocrd_cli_options, ocrd_cli_wrap_processor
from ocrd.processor import OcrdPageResult, ResourceNotFoundError
from ocrd_models.ocrd_page import OcrdPage, parseEtree, to_xml
from ocrd_utils import config

from classifier import PageClassifier, load_classifier
from encoders.choosing import choose_model
from encoders.descriptions import chosen_descriptions
from encoders.engine import choose_engine
from encoders.identity import model_hash
from encoders.turning import TurnFinder, turn_finder
from interchange.export import SortedPage, best
from interchange.local_files import LocalFiles
from interchange.page_writing import add
from interchange.provenance import Origin, spdx, utc_now
from interchange.xml_writing import serialized
from output.outcome import Failed
from output.runs import program
from reading.loader import load_batches
from reading.memory import bytes_of
from reading.memory_gate import set_budget
from reading.pages import Page, PageList, pages_of
from settings.command import NO_MODEL
from settings.config_file import keys_of, read_settings
from settings.schema import Settings
from utils import UserError, cores, printable

if TYPE_CHECKING:
    from output.outcome import Scored

# Section -> the settings that are parameters. Pages come one by one here, so there is no batch_size.
PARAMETERS = {
    "input": ("max_pixels", "memory", "strict"),
    "output": ("top_n",),
    "setup": ("model", "categories_file", "engine", "device", "precision"),
}
FILES = ("model", "categories_file")  # found as OCR-D finds resources


class PageFailed(Exception):
    """A page cannot be sorted; the message says why."""


class PageSorter(Processor):
    """The category stands in Labels of Page, with its score and the alternatives; Page/@type and @conf say it where
    nobody has said them before, a MetadataItem names program and model.
    """

    executable = "ocrd-page-sorter"
    metadata_location = Path(__file__).with_name("ocrd-tool.json")

    def setup(self) -> None:
        """Load the model. UserError for a parameter, model or table of categories that does not fit."""
        given = dict(self.parameter)
        for name in FILES:
            given[name] = self._found(given[name])
        self._settings = settings_of(given)
        choice = choose_model(self._settings, NO_MODEL)
        self._choice = replace(choice, source=Path(choice.source).absolute())  # OCR-D works in the workspace's folder
        self._descriptions = chosen_descriptions(self._settings)
        self._hash = model_hash(self._choice.source)
        self._classifiers: dict[int, PageClassifier] = {}
        self._finders: dict[int, TurnFinder | None] = {}
        self._workers = max(1, config.OCRD_MAX_PARALLEL_PAGES)
        if self._classifier().engine.name == "torch":
            self.max_workers = 1  # its threads, and a graphics card, do not survive that OCR-D forks
        set_budget(max(1, bytes_of(self._settings.input.memory) // self._workers))

    def process_page_pcgts(self, *input_pcgts: OcrdPage | None, page_id: str | None = None) -> OcrdPageResult:
        """Read the page's original picture (Page/@imageFilename), whole: neither cropped nor binarised, as models have
        learned pages. To sort a derived one, name its file group with -I.
        """
        pcgts = input_pcgts[0]
        page = self._page_of(pcgts)
        found = self._scored(page)
        categories = self._classifier().categories
        scores = best(found.scores, categories, self._settings.output.top_n)
        self.logger.info("%s: %s %.4f", page_id, *scores[0])
        if found.warning:
            self.logger.warning("%s: %s", page_id, printable(found.warning))
        name = page_id or pcgts.get_pcGtsId()
        sorted_page = SortedPage(name, "", page.file, page.number, page.path, scores, "", found.warning, name)
        tree = etree.ElementTree(etree.fromstring(to_xml(pcgts).encode()))
        if note := add(tree, sorted_page, self._origin()):
            raise PageFailed(note)
        return OcrdPageResult(OcrdPage(*parseEtree(io.BytesIO(serialized(tree)), silence=True)))

    def _found(self, value: str) -> str:
        """A path as OCR-D looks for resources; where there is none, as it was given: then our own line says so."""
        try:
            return self.resolve_resource(value) if value else value
        except ResourceNotFoundError:
            return value

    def _classifier(self) -> PageClassifier:
        """The model of this process: OCR-D forks for pages in parallel, which threads of ONNX Runtime do not survive.

        The one from before stays in the dictionary: to let it go would wait for its threads.
        """
        process = os.getpid()
        if process not in self._classifiers:
            setup, choice = self._settings.setup, self._choice
            computing = choose_engine(
                choice.source, engine=setup.engine, device=setup.device, precision=setup.precision
            )
            self._classifiers[process] = load_classifier(
                choice.source,
                kind=choice.kind,
                descriptions=self._descriptions,
                base=choice.base,
                computing=replace(computing, threads=max(1, cores() // self._workers)),
            )
        return self._classifiers[process]

    def _finder(self) -> TurnFinder | None:
        """What says in this process how pages lie."""
        if os.getpid() not in self._finders:
            self._finders[os.getpid()] = turn_finder(self._settings, [self._classifier().base])
        return self._finders[os.getpid()]

    def _page_of(self, pcgts: OcrdPage) -> Page:
        """The picture that a PAGE names, below the workspace: its first page, where it is a file of several."""
        root = Path(self.workspace.directory)
        said = pcgts.get_Page().get_imageFilename() or ""
        files = LocalFiles(root)
        path, fault = files.find(said)
        # An address may be that of a file which lies here too. Nothing else is asked: OCR-D takes "" for any file, and
        # what begins with // for a regular expression.
        if said.startswith(("http://", "https://")):
            known = next(self.workspace.mets.find_files(url=said), None)
            if known is not None and known.local_filename:
                path, fault = files.find(str(known.local_filename))
        if fault:
            raise PageFailed(f"{printable(said)}: {fault}")
        return pages_of(root, path)[0][0]

    def _scored(self, page: Page) -> Scored:
        """Raises PageFailed where it cannot be read."""
        classifier, read = self._classifier(), self._settings.input
        batches = load_batches(
            PageList(Path(self.workspace.directory), [page]),
            classifier.transform,
            batch_size=1,
            workers=0,
            max_pixels=read.max_pixels,
            strict=read.strict,
            embedder=classifier.embedder,
            turns=self._finder(),
        )
        outcome = classifier.outcomes(next(batches))[0]
        batches.close()
        if isinstance(outcome, Failed):
            raise PageFailed(f"{printable(page.path)}: {printable(outcome.reason)}")
        return outcome

    def _origin(self) -> Origin:
        """Who sorts this page, with what and when."""
        made, classifier, now = program(), self._classifier(), utc_now()
        return Origin(
            software=made["name"],
            version=made["version"],
            licence=made["licence"],
            image=made["image"],
            run="",  # OCR-D has none: the workspace is the record
            base=classifier.base,
            model_name=printable(Path(self._choice.source).name),
            model_hash=self._hash,
            model_licence=spdx(classifier.licence),
            started=now,
            ended=now,
            command=self.executable,
            pages=1,
            failed=0,
        )


def settings_of(parameter: Mapping[str, Any]) -> Settings:
    """Parameters as settings, all others as they are by default. UserError for a value that is not valid.

    >>> settings_of({"top_n": 3}).output.top_n
    3
    """
    settings = read_settings(None)
    for section, names in PARAMETERS.items():
        keys = keys_of(section)
        for name in names:
            if name in parameter:
                try:
                    settings = settings.replaced(section, **{name: keys[name].from_toml(parameter[name])})
                except ValueError as error:
                    raise UserError(f"parameter {name} {printable(str(parameter[name]))}: {error}") from None
    return settings


@click.command()
@ocrd_cli_options
def command(**given: Any) -> None:
    """OCR-D's command line for processors."""
    ocrd_cli_wrap_processor(PageSorter, **given)
