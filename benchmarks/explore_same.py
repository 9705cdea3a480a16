"""The same page again, and pages like it: which vectors serve which job of `explore`?

Called by benchmarks/explore.py --same. The search was chosen on drawn pages of another seed and on half of the real
documents; the figures are of the other half, and of pages that neither the model nor the looks have learned from.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import HOME, link, markdown, run_process
from explore_near import held_out
from PIL import Image
from rescans import ALL, CHANGES, HARDER, Change, other_entry, scan_again

DRAWN_AGAIN, OTHERS_AGAIN = 36, 12  # drawn pages, and pages of each other folder, that are scanned again
STRANGE = 15  # pages of another archive among drawn ones, in the figures of outliers
NEIGHBOURS = 10  # that judge an outlier
AS_NEAR = {**CHANGES, "all at once": ALL}
ENTRY = (355, 36)  # half a line: 60 x 6 mm on A4


@dataclass(frozen=True)
class Shown:
    """A page of the collection. group: where it comes from. document: pages of one never vouch for each other."""

    group: str
    category: str
    document: str


def measure_same(
    real: list[Path], drawn: list[Path], pdf: list[Path], others: list[Path], work: Path, model: str, count: int
) -> None:
    """Print the tables. others: folders of pages of other archives; count: pages among which a page is sought."""
    from encoders.look import LookEncoder
    from explore.backbones import open_backbone
    from explore.duplicates import CANDIDATES
    from index.database import Index
    from index.nearest import WEIGHTS
    from reading.sketch import sketch, thumbnail
    from settings.config_file import read_settings

    folder = work / "same"
    shown, files = collect(real, drawn, pdf, others, folder / "pages", count)
    flags = ["--backbone", model] if model else []
    done = run_process(
        ["run.py", "explore", "index", folder / "pages", "--index", folder / "index", "--quiet", *flags], threads=2
    )
    if done.code:
        sys.exit(f"explore index failed:\n{done.output}")
    index = Index.open(folder / "index")
    rows = index.rows()
    names = [
        path if frame is None or str(frame) in ("<NA>", "nan") else f"{path}#{int(frame)}"
        for path, frame in zip(rows["path"], rows["frame"], strict=True)
    ]
    index_of = {name: at for at, name in enumerate(names)}
    pages = [shown[name] for name in names]
    stored = {
        "vector": index.vectors().astype(np.float32),
        "look": index.vectors(space="look").astype(np.float32),
        "sketch": np.stack([sketch(image) for image in index.thumbnail(rows["id"].tolist())]),
    }
    backbone, encoder = open_backbone(model, read_settings(HOME / "config.toml")), LookEncoder.load()

    def seen(image: Image.Image) -> dict[str, np.ndarray]:
        from encoders.look import look_pixels

        return {
            "vector": backbone.embed(backbone.transform(image)[None])[0],
            "look": encoder.embed(look_pixels(image)),
            "sketch": sketch(thumbnail(image)),
        }

    asked = to_ask(names, pages, {page.stem for page in held_out(real)})
    changes = {**{name: _scan(change) for name, change in AS_NEAR.items()}, **HARDER}
    queries = {
        change: _kept(
            folder / f"asked_{number}_{backbone.info.hash[:8]}_{encoder.version[:8]}_{len(names)}.npz",
            lambda spoil=spoil, number=number: [
                seen(spoil(_opened(files[name]), random.Random(f"{name} {number}"))) for name in asked
            ],
        )
        for number, (change, spoil) in enumerate(changes.items())
    }
    originals = np.array([index_of[name] for name in asked])
    groups = np.array([pages[at].group for at in originals])
    order = list(dict.fromkeys(page.group for page in pages))
    counts = ", ".join(f"{sum(page.group == group for page in pages)} {group}" for group in order)
    print(f"\n{len(names)} pages: {counts}; {len(asked)} of them sought, each changed in {len(changes)} ways")

    def alike(query: dict[str, np.ndarray], way: dict[str, float]) -> np.ndarray:
        """Similarities [Q, N]."""
        return sum(share * (query[space] @ stored[space].T) for space, share in way.items())

    ways = {
        "kind alone (the backbone's vectors)": {"vector": 1.0},
        "sketch of the thumbnail alone": {"sketch": 1.0},
        "kind and sketch (candidates of `duplicates` before)": {"vector": 0.5, "sketch": 0.5},
        "looks alone": {"look": 1.0},
        "looks and sketch": {"look": 0.5, "sketch": 0.5},
        "looks and kind (`explore search --image`)": dict(WEIGHTS),
    }
    first = {
        way: {change: alike(query, shares).argmax(axis=1) == originals for change, query in queries.items()}
        for way, shares in ways.items()
    }
    head = ["the page itself is first, %", *(group for group in order if (groups == group).any()), "all"]
    for title, some in (("changed as by --near", [*AS_NEAR]), ("changed otherwise", [*HARDER])):
        lines = []
        for way, right in first.items():
            hits = np.stack([right[change] for change in some])  # [changes, Q]
            cells = [hits[:, groups == group].mean() for group in head[1:-1]]
            lines.append([way, *(f"{100 * value:.1f}" for value in (*cells, hits.mean()))])
        print(f"\n{title} ({len(some)} ways x {len(asked)} pages)\n\n{markdown(head, lines)}", flush=True)
    lines = [[change, *(f"{100 * right[change].mean():.1f}" for right in first.values())] for change in queries]
    print("\n" + markdown(["the page itself is first, %", *first], lines))
    within = {
        way: np.mean([
            (similar > similar[np.arange(len(originals)), originals][:, None]).sum(axis=1) < CANDIDATES
            for similar in (alike(query, shares) for query in queries.values())
        ])
        for way, shares in ways.items()
    }  # fmt: skip
    print(f"\namong the first {CANDIDATES}, as `duplicates` asks for candidates, %, all changes")
    print("\n" + markdown([*within], [[f"{100 * share:.1f}" for share in within.values()]]))
    product = ways["looks and kind (`explore search --image`)"]
    missed = [
        f"{asked[at]} ({change}; first: {names[alike(query, product)[at].argmax()]})"
        for change, query in queries.items()
        for at in np.flatnonzero(~first["looks and kind (`explore search --image`)"][change])
    ]
    which = "; ".join(missed[:40]) or "none"
    print(f"\nnot first with looks and kind, {len(missed)} of {len(asked) * len(changes)}: {which}")
    _through_the_index(index, rows, queries["all at once"], alike(queries["all at once"], product))
    _with_another_entry(asked, files, originals, seen, product, stored)
    _look_alikes(pages, stored, ways)
    _strangers(pages, stored, ways)


def collect(
    real: list[Path], drawn: list[Path], pdf: list[Path], others: list[Path], folder: Path, count: int
) -> tuple[dict[str, Shown], dict[str, tuple[Path, int | None]]]:
    """Link the pages below `folder`; by path there (and "#frame"): what each is, and where it lies."""
    shown: dict[str, Shown] = {}
    files: dict[str, tuple[Path, int | None]] = {}

    def take(source: Path, group: str, category: str, inside: str) -> None:
        name = f"{inside}/{category}_{source.name}" if category else f"{inside}/{source.name}"
        shown[name] = Shown(group, category, f"{inside}/{source.stem.rpartition('-')[0]}")
        files[name] = source, None
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if not (folder / name).exists():
            link(source, folder / name)

    for page in real:
        take(page, "real", page.parent.name, "real")
    for file in pdf:
        import pypdfium2

        (folder / "report").mkdir(parents=True, exist_ok=True)
        if not (folder / "report" / file.name).exists():
            link(file, folder / "report" / file.name)
        with pypdfium2.PdfDocument(file) as document:
            count_pages = len(document)
        for number in range(count_pages):
            shown[f"report/{file.name}#{number}"] = Shown("report", "", file.stem)
            files[f"report/{file.name}#{number}"] = file, number
    for other in others:
        for page in sorted([*other.glob("*.jpg"), *other.glob("*.png")]):
            take(page, other.parent.name if other.name == "pages" else other.name, "", other.name)
    for page in drawn[: max(0, count - len(shown))]:
        take(page, "drawn", page.parent.name, "drawn")
    return shown, files


def to_ask(names: list[str], pages: list[Shown], held: set[str]) -> list[str]:
    """The pages that are scanned again: real ones that nothing was chosen on, and some of each other group."""
    draw, asked = random.Random(0), []
    for group in dict.fromkeys(page.group for page in pages):
        members = [name for name, page in zip(names, pages, strict=True) if page.group == group]
        if group == "real":
            members = [name for name in members if Path(name).stem.partition("_CTX")[2] in {stem[3:] for stem in held}]
        most = {"real": len(members), "drawn": DRAWN_AGAIN}.get(group, OTHERS_AGAIN)
        asked += sorted(draw.sample(members, min(most, len(members))))
    return asked


def _scan(change: Change) -> Callable[[Image.Image, random.Random], Image.Image]:
    return lambda page, draw: scan_again(page, change, draw)


def _opened(source: tuple[Path, int | None]) -> Image.Image:
    from reading.decoding import read_page

    return read_page(source[0], source[1], min_side=2000, max_pixels=10**9).convert("RGB")


def _kept(file: Path, make: Callable[[], list[dict[str, np.ndarray]]]) -> dict[str, np.ndarray]:
    """Vectors of queries, made once: by space, float32 [Q, D]."""
    if not file.exists():
        made = make()
        np.savez(file, **{space: np.stack([one[space] for one in made]) for space in made[0]})
    with np.load(file) as stored:
        return {space: stored[space] for space in stored.files}


def _through_the_index(index: object, rows: object, queries: dict[str, np.ndarray], wanted: np.ndarray) -> None:
    """The product finds what the tables are made of."""
    ids, agree = rows["id"].to_numpy(), 0
    for at in range(len(wanted)):
        nearest_ids, _ = index.alike({space: queries[space][at] for space in ("look", "vector")}, 5)
        agree += nearest_ids[0] == ids[wanted[at].argmax()]
    print(f"\n`Index.alike` has the same first page for {agree} of {len(wanted)} queries (all changes at once)")


def _with_another_entry(
    asked: list[str],
    files: dict,
    originals: np.ndarray,
    seen: Callable[[Image.Image], dict[str, np.ndarray]],
    shares: dict[str, float],
    stored: dict[str, np.ndarray],
) -> None:
    """The hardest rival: the same form, with half a line of other writing."""
    before = tried = 0
    for name, at in zip(asked, originals, strict=True):
        if not name.startswith(("real/", "report/")):
            continue
        page, draw = _opened(files[name]), random.Random(name)
        scale = max(page.size) / 1754
        rival = other_entry(page, tuple(round(side * scale) for side in ENTRY), draw)
        if rival is None:
            continue
        query, other = seen(scan_again(page, ALL, draw)), seen(rival)
        to_own, to_other = (
            sum(share * float(query[space] @ page_of[space]) for space, share in shares.items())
            for page_of in ({space: stored[space][at] for space in shares}, other)
        )
        tried, before = tried + 1, before + (to_own > to_other)
    said = "beside a page that differs in half a line (60 x 6 mm) only, the page itself comes first"
    print(f"\n{said}: {before} of {tried}")


def _look_alikes(pages: list[Shown], stored: dict[str, np.ndarray], ways: dict[str, dict[str, float]]) -> None:
    """Neighbours of other documents: of the same category? With strokes in the same places (cosine of sketches)?"""
    from explore_quality import retrieval

    some = [at for at, page in enumerate(pages) if page.group == "drawn"]
    categories, documents = [pages[at].category for at in some], [pages[at].document for at in some]
    series = np.unique(documents, return_inverse=True)[1]
    strokes = stored["sketch"][some] @ stored["sketch"][some].T
    lines = []
    for way, shares in ways.items():
        vectors = np.concatenate([np.sqrt(share) * stored[space][some] for space, share in shares.items()], axis=1)
        right, precision = retrieval(vectors, categories, documents)
        near = vectors @ vectors.T
        near[series[:, None] == series[None]] = -np.inf
        five = np.argpartition(-near, 5, axis=1)[:, :5]
        layout = np.take_along_axis(strokes, five, 1).mean()
        lines.append([way, f"{100 * np.nanmean(right):.1f}", f"{precision:.3f}", f"{layout:.3f}"])
    head = ["neighbours of other documents", "nearest has the same category, %", "mAP", "strokes alike, mean of 5"]
    print(f"\n{len(some)} drawn pages of {series.max() + 1} documents\n\n{markdown(head, lines)}")


def _strangers(pages: list[Shown], stored: dict[str, np.ndarray], ways: dict[str, dict[str, float]]) -> None:
    """Pages of another archive among drawn ones: is a strange page further from its neighbours than a drawn one?"""
    from sklearn.metrics import roc_auc_score

    from index.neighbours import neighbours

    drawn = [at for at, page in enumerate(pages) if page.group == "drawn"]
    kinds = [group for group in dict.fromkeys(page.group for page in pages) if group not in ("real", "drawn")]
    lines = []
    for way, shares in ways.items():
        cells = []
        for group in kinds:
            members = [at for at, page in enumerate(pages) if page.group == group]
            some = [*drawn, *random.Random(group).sample(members, min(STRANGE, len(members)))]
            vectors = np.concatenate([np.sqrt(share) * stored[space][some] for space, share in shares.items()], axis=1)
            labels = np.array([pages[at].document if pages[at].group == "drawn" else group for at in some])
            _, similarity = neighbours(vectors, NEIGHBOURS, groups=labels)
            strange = np.array([pages[at].group != "drawn" for at in some])
            cells.append(f"{roc_auc_score(strange, -similarity.mean(axis=1)):.2f}")
        lines.append([way, *cells])
    head = [f"up to {STRANGE} strange pages among {len(drawn)} drawn ones: AUC of the distance that `outliers` goes by"]
    print("\n" + markdown([*head, *kinds], lines))
