"""Pages as they come from other sources than excavation archives, mixed in among those of the archives.

    draw(sheet)               # one function a category: a third of the pages from elsewhere, the others archival

Slides, theses, papers, reports, leaflets, newspapers, old books, print-outs of the web; wills, manuscripts, registers.
What a category means stays the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drawing import (
    annotated,
    books,
    early,
    few_rules,
    handwritten,
    lined,
    mixed,
    newspapers,
    paper_figures,
    papers,
    pictured,
    plan_sheets,
    printed,
    reports,
    slides,
)
from drawing.marks import file_number, office_marks, page_number
from drawing.sheet import EARLY, Sheet

ELSEWHERE = {"old": 0.24, "new": 0.4}  # share of the pages of such documents
OWN_SLIDES = 0.88  # share of slides that are not of the plain kind that archives hold
Maker = Callable[[Sheet], None]
SOURCES = {"paper_figures": "papers", "plan_sheets": "plans"}  # where pages come from, where the module says otherwise


def _mixed(sheet: Sheet, label: str, archival: Maker, kinds: dict[Maker, float], scale: float = 1.0) -> None:
    """A page of the category, from elsewhere or from an archive."""
    kind = sheet.document.kind
    if kind == "slide":
        if label in ("TEXT_P", "LINE_P", "DRAW", "PHOTO") and sheet.document.shared(
            "own slides", lambda rng: bool(rng.random() < OWN_SLIDES)
        ):
            sheet.source = "slides"
            slides.slide(sheet, label)
            if sheet.chance(0.05):
                file_number(sheet)
            return
    elif sheet.chance(ELSEWHERE[kind] * scale):
        maker = sheet.pick(kinds)
        module = getattr(maker, "func", maker).__module__.rpartition(".")[2]
        sheet.source = SOURCES.get(module, module.replace("_", " "))
        maker(sheet)
        if sheet.chance(0.4):
            page_number(sheet, "print")
        office_marks(sheet, 0.4 if kind == "old" else 0.25)
        return
    archival(sheet)


def text_p(sheet: Sheet) -> None:
    """Running print: contents, references, formulas, programs, covers, newspapers, books, web pages."""
    if sheet.document.kind in EARLY:
        early.text_p(sheet)
        return
    old = sheet.document.kind == "old"
    _mixed(
        sheet,
        "TEXT_P",
        printed.text_p,
        {
            papers.contents: 0.8 if old else 1.8,
            papers.bibliography: 0.7 if old else 1.5,
            papers.formulas: 0.3 if old else 1.3,
            papers.code_listing: 0.0 if old else 1.0,
            papers.thesis_title: 0.3 if old else 1.3,
            papers.first_page: 0.5 if old else 1.4,
            partial(reports.cover, label="TEXT_P"): 0.3 if old else 1.0,
            reports.boxed_report: 0.2 if old else 2.0,
            partial(reports.brochure, label="TEXT_P"): 0.2 if old else 0.6,
            reports.questions: 0.2 if old else 0.6,
            newspapers.gazette: 2.5 if old else 1.2,
            books.chapter: 2.5 if old else 0.7,
            books.verse: 0.8 if old else 0.4,
            books.dictionary: 1.0 if old else 0.5,
            newspapers.web_page: 0.0 if old else 1.4,
        },
    )


def text_hw(sheet: Sheet) -> None:
    """Wills, deeds and manuscripts in documents of their kinds; else the archives' own letters, diaries, notes."""
    (early.text_hw if sheet.document.kind in EARLY else handwritten.text_hw)(sheet)


def line_hw(sheet: Sheet) -> None:
    """Registers in documents of their kind; else the archives' own tables and forms."""
    (early.line_hw if sheet.document.kind in EARLY else lined.line_hw)(sheet)


def line_p(sheet: Sheet) -> None:
    """Tables with captions as word processors and LaTeX set them, upright or on their side; tables with few rules."""
    _mixed(
        sheet,
        "LINE_P",
        lined.line_p,
        {
            papers.thesis_table: 4,
            few_rules.open_table: 2,
            few_rules.several_open: 1.2,
            few_rules.table_in_text: 1.2,
            few_rules.price_list: 1.2,
            few_rules.programme: 1,
            few_rules.accounts: 1,
            few_rules.directory: 0.8,
        },
    )


def text(sheet: Sheet) -> None:
    """Print that people have written on: articles, theses, contracts, examinations, hand-outs."""
    if sheet.document.kind in EARLY:
        early.text(sheet)
        return
    _mixed(sheet, "TEXT", mixed.text, {annotated.annotated: 1})


def draw(sheet: Sheet) -> None:
    """Figures of papers, reports, newspapers, web pages; engraved plates."""
    if sheet.document.kind in EARLY:
        early.draw(sheet)
        return
    old = sheet.document.kind == "old"
    _mixed(
        sheet,
        "DRAW",
        pictured.draw,
        {
            partial(paper_figures.figures_page, label="DRAW"): 1.0 if old else 5.0,
            partial(reports.boxed_report, label="DRAW"): 0.2 if old else 1.2,
            partial(reports.cover, label="DRAW"): 0.2 if old else 0.5,
            partial(reports.brochure, label="DRAW"): 0.2 if old else 0.6,
            partial(newspapers.gazette, label="DRAW"): 1.2 if old else 0.5,
            partial(books.plate, label="DRAW"): 2.5 if old else 0.5,
            partial(books.in_text, label="DRAW"): 2.0 if old else 0.5,
            partial(newspapers.web_page, label="DRAW"): 0.0 if old else 0.7,
        },
    )


def draw_l(sheet: Sheet) -> None:
    """Technical drawings and maps with title block and legend; charts with their tables."""
    _mixed(
        sheet,
        "DRAW_L",
        pictured.draw_l,
        {plan_sheets.technical_drawing: 3, plan_sheets.map_sheet: 3, plan_sheets.chart_and_table: 1.2},
    )


def photo(sheet: Sheet) -> None:
    """Photographs in papers, reports, leaflets, newspapers, web pages; halftone plates."""
    old = sheet.document.kind == "old"
    _mixed(
        sheet,
        "PHOTO",
        pictured.photo,
        {
            partial(paper_figures.figures_page, label="PHOTO"): 1.0 if old else 3.0,
            reports.photo_columns: 0.7 if old else 2.5,
            partial(reports.boxed_report, label="PHOTO"): 0.2 if old else 1.2,
            partial(reports.cover, label="PHOTO"): 0.2 if old else 0.7,
            partial(reports.brochure, label="PHOTO"): 0.2 if old else 1.2,
            partial(newspapers.gazette, label="PHOTO"): 2.0 if old else 1.0,
            partial(books.plate, label="PHOTO"): 2.0 if old else 0.4,
            partial(books.in_text, label="PHOTO"): 1.5 if old else 0.4,
            partial(newspapers.web_page, label="PHOTO"): 0.0 if old else 1.0,
        },
    )


def photo_l(sheet: Sheet) -> None:
    """Photographic records in ruled forms, photographs with a set table."""
    scale = 0.6 if sheet.document.kind == "old" else 1.0
    _mixed(sheet, "PHOTO_L", pictured.photo_l, {reports.photo_record: 3, reports.photo_and_table: 1.3}, scale)
