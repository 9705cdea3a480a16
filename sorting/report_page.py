"""The page of a report: HTML that needs no script and nothing from elsewhere.

text = report_page(shown, about, unseen={17: "the file is empty"})     # index.html; its pictures are pages/<number>.jpg

Names of files, documents and categories are text in it: all of them pass `_text`.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from output.counts_picture import colour_of
from sorting.report_choice import (
    CATEGORIES,
    DOCUMENTS,
    PAGES_A_BAR,
    PAGES_A_STRIP,
    WITH_PICTURES,
    Example,
    Shown,
    Strip,
)
from utils import printable

PICTURES, COUNTS = "pages", "counts.svg"  # beside it
REASONS = 30  # reasons and warnings that are listed
# What it may load: its own pictures; from the disk a browser calls them file:, on a server they are its own.
POLICY = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5b6169; --line: #c9ced4; --paper: #ffffff; --ground: #f4f5f6;
  --alarm: #b00020; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a3abb4; --line: #454c54; --paper: #22262a;
  --ground: #17191c; --alarm: #ff8a9a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1200px; padding: 1rem 1.25rem 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .4rem; overflow-wrap: anywhere; }
p { margin: .4rem 0; max-width: 48rem; }
.soft { color: var(--soft); }
nav a, a { color: inherit; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0; }
img { max-width: 100%; }
table { border-collapse: collapse; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.strip { display: flex; flex-wrap: wrap; gap: .75rem; list-style: none; margin: .5rem 0; padding: 0; }
.strip li { width: 9.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: 4px; padding: .4rem;
  font-size: .8rem; overflow-wrap: anywhere; }
.strip img, .strip .none { display: block; width: 100%; height: 9.5rem; object-fit: contain; background: #dfe2e5; }
.strip .none { color: #5a1010; background: #f1dede; padding: .5rem; overflow: hidden; }
.strip b, .strip li > span { display: block; }
.mark { display: inline-block; width: .75rem; height: .75rem; border-radius: 2px; margin-right: .35rem;
  vertical-align: -.05rem; }
.failed { color: var(--alarm); }
.bar { display: block; width: 100%; height: 1.5rem; border: 1px solid var(--line); background: var(--paper); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0; font-size: .85rem; }
a:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px; }
@media print { body { max-width: none; background: none; } .strip li { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class About:
    """What the report says of the run. facts: what is said, in order, as (name, value).

    title: of the page; run: its name. tables: the names of its tables, the errors table among them. meanings: what
    categories stand for, by their labels.
    """

    title: str
    run: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[str] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)


def about_run(record: Mapping[str, Any], meanings: Mapping[str, str]) -> About:
    """What a run's whole record says of it. meanings: as `About` has them."""
    model, program = record["model"], record["program"]
    return About(
        PurePath(record["input"]).name or record["name"],
        record["name"],
        [
            ("run", record["name"]),
            ("folder", record["input"]),
            ("sorted", record["started"]),
            ("model", f"{model['name']} {model['revision']}".strip()),
            ("model's hash", model["hash"]),
            ("model's base", model["base"]),
            ("model's licence", model["licence"]),
            ("program", f"{program['name']} {program['version']}"),
            ("command", record["command"]),
        ],
        record["tables"],
        meanings,
    )


def report_page(shown: Shown, about: About, unseen: Mapping[int, str]) -> str:
    """The page. unseen: why a page has no picture, by its place in the page list."""
    colours = {category: colour_of(place) for place, category in enumerate(shown.per_category)}
    sorted_pages = shown.pages - shown.failed
    sections = [
        ("counts", "Pages a category", _counts(shown, colours)),
        ("examples", "Examples", _examples(shown, colours, unseen, about.meanings)),
        ("doubtful", "The most doubtful", _doubtful(shown, colours, unseen)),
        ("failures", "Failures", _failures(shown)),
        ("documents", "Documents, page by page", _documents(shown, colours, unseen)),
        ("about", "How it was made", _about(about)),
    ]
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title, _ in sections)
    nav = f'<nav aria-label="Parts of this report">{links}</nav>'
    body = "".join(f'<section id="{key}"><h2>{title}</h2>{text}</section>' for key, title, text in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(about.title)}: {shown.pages} pages</title><style>{STYLE}</style></head><body>\n"
        f"<h1>{_text(about.title)}</h1>"
        f"<p>{_number(shown.pages, 'page')} of {_number(shown.documents, 'document')}: {sorted_pages} sorted, "
        f"{shown.failed} failed. <span class=soft>Run {_text(about.run)}</span></p>{nav}\n{body}\n</body></html>\n"
    )


def _counts(shown: Shown, colours: Mapping[str, str]) -> str:
    total = shown.pages or 1
    rows = "".join(
        f"<tr><td>{_mark(colours[category])}{_text(category)}</td><td class=number>{pages}</td>"
        f"<td class=number>{100 * pages / total:.1f} %</td></tr>"
        for category, pages in shown.per_category.items()
    )
    return (
        f'<p><img src="{COUNTS}" alt="Bars: pages a category; the table below has the numbers"></p>'
        f"<details><summary>The numbers</summary><table><tr><th>category<th>pages<th>share</tr>{rows}"
        f"<tr><td>failed</td><td class=number>{shown.failed}</td>"
        f"<td class=number>{100 * shown.failed / total:.1f} %</td></tr></table></details>"
    )


def _examples(shown: Shown, colours: Mapping[str, str], unseen: Mapping[int, str], meanings: Mapping[str, str]) -> str:
    parts = [
        "<p class=soft>Drawn by chance, so that they show how the category came out, the mistakes too. The number is "
        "the model's score, from 0 to 1: how well it thinks that the category fits, not how often it is right.</p>"
    ]
    used = sum(pages > 0 for pages in shown.per_category.values())
    if used > len(shown.examples):
        parts.append(f"<p>The {CATEGORIES} largest of {used} categories.</p>")
    for category, examples in shown.examples.items():
        pages = shown.per_category[category]
        said = f"{len(examples)} of {_number(pages, 'page')}" if pages > len(examples) else _number(pages, "page")
        tiles = "".join(_tile(example, colours, unseen) for example in examples)
        parts.append(f"<h3>{_mark(colours[category])}{_text(category)} <span class=soft>{said}</span></h3>")
        parts.append(f"<p class=soft>{_text(meanings[category])}</p>" if meanings.get(category) else "")
        parts.append(f"<ul class=strip>{tiles}</ul>")
    return "".join(parts)


def _doubtful(shown: Shown, colours: Mapping[str, str], unseen: Mapping[int, str]) -> str:
    if not shown.doubtful:
        return "<p>No page was sorted.</p>"
    tiles = "".join(_tile(example, colours, unseen, second=True) for example in shown.doubtful)
    return (
        f"<p class=soft>The {len(shown.doubtful)} of {shown.pages - shown.failed} sorted pages whose first category "
        f"has the least score, the least first.</p><ul class=strip>{tiles}</ul>"
    )


def _failures(shown: Shown) -> str:
    parts = []
    if not shown.failed:
        parts.append("<p>No page failed.</p>")
    else:
        parts.append(_reasons("Pages that have no category, by reason:", shown.reasons))
        rows = "".join(
            f"<tr><td>{_text(page.path)}</td><td class=number>{page.number}</td><td>{_text(reason)}</td></tr>"
            for page, reason in shown.failures
        )
        more = shown.failed - len(shown.failures)
        said = f"<p>The first {len(shown.failures)} of {shown.failed}; the errors table has them all.</p>"
        head = "<tr><th>file<th>page<th>reason</tr>"
        parts.append(f"{said if more else ''}<table>{head}{rows}</table>")
    if shown.warnings:
        parts.append(_reasons("Pages that were sorted although a decoder complained:", shown.warnings))
    return "".join(parts)


def _reasons(title: str, counts: Counter[str]) -> str:
    rows = "".join(
        f"<tr><td class=number>{times}</td><td>{_text(said)}</td></tr>" for said, times in counts.most_common(REASONS)
    )
    more = f"<p>and {len(counts) - REASONS} more reasons</p>" if len(counts) > REASONS else ""
    return f"<h3>{title}</h3><table>{rows}</table>{more}"


def _documents(shown: Shown, colours: Mapping[str, str], unseen: Mapping[int, str]) -> str:
    said = (
        f"The first {DOCUMENTS} of {shown.documents} documents" if shown.documents > DOCUMENTS else "All documents"
    ) + f", each a bar of its pages in their order (at most {PAGES_A_BAR}), the category as colour"
    if shown.documents > WITH_PICTURES:
        said += f"; the first {WITH_PICTURES} with pictures, at most {PAGES_A_STRIP} each"
    elif any(strip.pages > PAGES_A_STRIP for strip in shown.strips):
        said += f"; with pictures of at most {PAGES_A_STRIP} pages each"
    used = [category for category, pages in shown.per_category.items() if pages]
    legend = "".join(f"<li>{_mark(colours[category])}{_text(category)}</li>" for category in used)
    legend += f"<li>{_mark('#b00020')}failed</li>" if shown.failed else ""
    parts = [f"<p class=soft>{said}.</p><ul class=legend>{legend}</ul>"]
    for place, strip in enumerate(shown.strips):
        parts.append(f"<h3>{_text(strip.name)} <span class=soft>{_number(strip.pages, 'page')}</span></h3>")
        parts.append(_bar(strip, colours))
        if place < WITH_PICTURES:
            tiles = "".join(
                _tile(example, colours, unseen) if example else _no_tile(page.file, page.number)
                for _, page, example in strip.shown[:PAGES_A_STRIP]
            )
            parts.append(f"<ul class=strip>{tiles}</ul>")
    return "".join(parts)


def _bar(strip: Strip, colours: Mapping[str, str]) -> str:
    counts = Counter(example.category if example else "failed" for _, _, example in strip.shown)
    said = ", ".join(f"{times} {category}" for category, times in counts.most_common(12))
    cells = "".join(
        f'<rect x="{at}" width="1" height="1" fill="{colours[example.category] if example else "#b00020"}">'
        f"<title>{page.number}: {_text(example.category if example else 'failed')}</title></rect>"
        for at, (_, page, example) in enumerate(strip.shown)
    )
    more = f"<p class=soft>the first {len(strip.shown)} pages</p>" if strip.pages > len(strip.shown) else ""
    return (
        f'<svg class="bar" style="max-width: {4 * len(strip.shown)}rem" '
        f'viewBox="0 0 {len(strip.shown)} 1" preserveAspectRatio="none" role="img" '
        f'aria-label="{_text(said)}">{cells}</svg>{more}'
    )


def _about(about: About) -> str:
    rows = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in about.facts if value)
    tables = "".join(f"<li>{_text(name)}</li>" for name in about.tables)
    listed = f"<p>All pages stand in the tables of the run:</p><ul>{tables}</ul>" if tables else ""
    return f"<table>{rows}</table>{listed}"


def _tile(example: Example, colours: Mapping[str, str], unseen: Mapping[int, str], *, second: bool = False) -> str:
    page = example.page
    name = f"{page.file}, page {page.number}"
    if example.number in unseen:
        picture = f"<div class=none>no picture: {_text(unseen[example.number])}</div>"
    else:
        file = f"{PICTURES}/{example.number}.jpg"
        said = _text(f"{name}: {example.category}")
        picture = f'<a href="{file}"><img src="{file}" loading="lazy" alt="{said}"></a>'
    other = f"<span>or {_text(example.second)} {example.second_score:.2f}</span>" if second and example.second else ""
    warning = f"<span class=failed>{_text(example.warning)}</span>" if example.warning else ""
    return (
        f"<li>{picture}<b>{_mark(colours[example.category])}{_text(example.category)} {example.score:.2f}</b>{other}"
        f'<span class=soft title="{_text(page.path)}">{_text(name)}</span>{warning}</li>'
    )


def _no_tile(file: str, number: int) -> str:
    name = f"<span class=soft>{_text(file)}, page {number}</span>"
    return f"<li><div class=none>failed</div><b class=failed>failed</b>{name}</li>"


def _mark(colour: str) -> str:
    return f'<span class=mark style="background: {colour}"></span>'


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _text(text: str) -> str:
    """A text of a user: no tags, no control letters, (bidirectional marks are none that print)."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in printable(text))
    return html.escape(shown)
