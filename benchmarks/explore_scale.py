"""Speed, disk and memory of an index: against classification alone, with a million vectors, and in a second run.

Called by benchmarks/explore.py --scale. Each part runs in a process of its own, so that memory is that part's peak.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from common import HOME, Done, link, markdown, own_peak_mb, run_process

PAGES = 240  # indexed and classified, in turn
TURNS = 3
QUERIES = 50
K = 10
JITTER = 0.35  # length of the noise; the vectors between two pages have about 1
SOURCES = 10  # different files behind the names of the second run


def measure_scale(drawn: list[Path], work: Path, model: str, vectors: int, names: int) -> None:
    """Print the tables."""
    indexing_speed(drawn[:PAGES], work / "speed", model)
    second_run(drawn[:SOURCES], work / "names", model, names)
    million(drawn, work / "million", model, vectors)


def indexing_speed(pages: list[Path], folder: Path, model: str) -> None:
    """Whole processes in turn, each less what it takes for one page."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, some in (("many", pages), ("one", pages[:1])):
        (folder / name).mkdir(parents=True)
        for page in some:
            link(page, folder / name / page.name)
    flags = ["--backbone", model] if model else []
    chosen = ["-m", model] if model else []
    runs: dict[tuple[str, str], list[Done]] = {}
    for turn in range(TURNS):
        for name in ("one", "many"):
            for what in ("index", "sort"):
                out = folder / f"out_{what}_{name}_{turn}"
                if what == "index":
                    command = ["run.py", "explore", "index", folder / name, "--index", out, "--quiet", *flags]
                else:
                    command = ["run.py", "-d", folder / name, "-o", out, "--quiet", *chosen]
                done = run_process(command, threads=os.cpu_count() or 1)
                if done.code:
                    sys.exit(f"{what} failed:\n{done.output}")
                runs.setdefault((what, name), []).append(done)

    def spent(what: str, measure: str) -> list[float]:
        """Seconds of each turn, less those of a run of one page."""
        turns = zip(runs[what, "many"], runs[what, "one"], strict=True)
        return [getattr(many, measure) - getattr(one, measure) for many, one in turns]

    rows = [
        [
            shown,
            f"{(len(pages) - 1) / statistics.median(spent(what, 'seconds')):.1f}",
            f"{1000 * statistics.median(spent(what, 'processor')) / (len(pages) - 1):.1f}",
        ]
        for what, shown in (("sort", "classification alone"), ("index", "`explore index`"))
    ]
    size = _size(folder / "out_index_many_0")
    per_page = size / len(pages) / 1024
    print(f"\n{len(pages)} drawn pages of A4 at 150 dpi, {TURNS} turns, start-up aside (less a run of one page)\n")
    print(markdown(["", "pages/s", "processor, ms a page"], rows))
    for measure in ("seconds", "processor"):
        turns = zip(spent("sort", measure), spent("index", measure), strict=True)
        ratios = [sort / index for sort, index in turns if index]
        print(
            f"\nindexing against classification, {measure}: {statistics.median(ratios):.2f} x (turns: "
            f"{', '.join(f'{ratio:.2f}' for ratio in ratios)})"
        )
    print(f"on disk {per_page:.1f} KB a page with thumbnail")


def second_run(sources: list[Path], folder: Path, model: str, names: int) -> None:
    """`explore index` on names that have not changed, against os.scandir and stat of the same."""
    pages, one = folder / "pages", folder / "one"
    shutil.rmtree(folder, ignore_errors=True)
    one.mkdir(parents=True)
    link(sources[0], one / sources[0].name)
    flags = ["--backbone", model] if model else []

    def index(name: str) -> float:
        index_folder = folder / f"index_{name}"
        done = run_process(["run.py", "explore", "index", folder / name, "--index", index_folder, "--quiet", *flags])
        if done.code:
            sys.exit(f"explore index failed:\n{done.output}")
        return done.seconds

    def name_files(numbers: range) -> None:
        for number in numbers:
            source = sources[number % len(sources)]
            inside = pages / f"{number // 1000:03}"
            inside.mkdir(parents=True, exist_ok=True)
            link(source, inside / f"doc{number // 10:06}-{number % 10 + 1}{source.suffix}")

    name_files(range(len(sources)))
    index("pages")  # embeds what there is; all other names are copies of it, known by their content
    name_files(range(len(sources), names))
    index("pages")
    index("one")
    times: dict[str, list[float]] = {"pages": [], "one": [], "scan": []}
    for _ in range(TURNS):
        for name in ("one", "pages"):
            times[name].append(index(name))
        times["scan"].append(_scan(pages))
    again, start, scan = (statistics.median(times[name]) for name in ("pages", "one", "scan"))
    print(f"\nsecond `explore index` on {names} unchanged names, median of {TURNS}\n")
    print(
        markdown(
            ["", "s"],
            [
                ["whole run", f"{again:.2f}"],
                ["start-up (the same with one name)", f"{start:.2f}"],
                ["os.scandir and stat of the names", f"{scan:.2f}"],
            ],
        )
    )
    print(f"\nstart-up aside: {(again - start) / scan:.1f} x os.scandir and stat")


def _scan(folder: Path) -> float:
    started = time.perf_counter()
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append(Path(entry.path))
                else:
                    entry.stat()
    return time.perf_counter() - started


def million(drawn: list[Path], folder: Path, model: str, count: int) -> None:
    """Jittered vectors of real pages: written and indexed in one process, searched in another."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pages.txt").write_text("\n".join(map(str, drawn)), encoding="utf-8")
    results = {}
    # Each in its own process, started by one that has loaded nothing big: else its peak would be its parent's.
    for part, argument in (("embed", model), ("build", str(count)), ("search", "")):
        done = run_process(["benchmarks/explore_scale.py", part, folder, argument], threads=os.cpu_count() or 1)
        if done.code:
            sys.exit(f"{part} failed:\n{done.output}")
        results |= json.loads(done.output.strip().splitlines()[-1])
    raw = (results["dim"] + results["look"]) * 2 * count
    print(
        f"\n{count} pages, each with a vector of {results['dim']} and looks of {results['look']} float16: between "
        f"those of two of {len(drawn)} drawn pages, with noise\n"
    )
    rows = [
        ["written, s", f"{results['write_s']:.0f}", ""],
        ["IVF indexes built, s", f"{results['build_s']:.0f}", ""],
        ["peak memory of that process, MB", f"{results['build_mb']:.0f}", "<= 2,000"],
        ["vectors + index on disk, GB", f"{results['bytes'] / 1e9:.2f}", ""],
        ["against the raw float16", f"{results['bytes'] / raw:.2f} x", "<= 1.3 x"],
        ["other columns, bytes a page", f"{results['columns'] / count:.0f}", ""],
        *_speed("by text (vectors)", results["vector"]),
        *_speed("by image (looks and vectors)", results["both"]),
        ["peak memory of the searching process, MB", f"{results['search_mb']:.0f}", "<= 2,000"],
    ]
    print(markdown(["", "measured", "goal"], rows))


def _speed(what: str, figures: dict[str, float]) -> list[list[str]]:
    return [
        [f"exact search {what}, ms", f"{1000 * figures['exact_s']:.0f}", ""],
        [f"approximate search {what}, ms", f"{1000 * figures['near_s']:.1f}", ""],
        ["times faster", f"{figures['exact_s'] / figures['near_s']:.0f} x", ">= 20 x"],
        [f"recall@{K} against exact search", f"{figures['recall']:.3f}", ">= 0.95"],
    ]


def embed(folder: Path, model: str) -> dict[str, float]:
    """Vectors and looks of the pages that are listed in the folder."""
    from explore_quality import Features, embeddings

    from encoders.look import LookEncoder, look_pixels
    from explore.backbones import open_backbone
    from reading.decoding import read_page
    from settings.config_file import read_settings

    backbone = open_backbone(model, read_settings(HOME / "config.toml"))
    features = Features("", f"{backbone.info.hash[:12]}_{backbone.info.features}", backbone.transform, backbone.embed)
    files = [Path(line) for line in (folder / "pages.txt").read_text(encoding="utf-8").splitlines()]
    np.save(folder / "base.npy", embeddings(files, features, folder.parent))
    encoder = LookEncoder.load()
    pixels = [look_pixels(read_page(file, None, min_side=448, max_pixels=10**9)) for file in files]
    np.save(folder / "looks.npy", np.stack([encoder.embed(one) for one in pixels]))
    return {}


def build(folder: Path, count: int) -> dict[str, float]:
    """Write vectors and columns (no thumbnails) and build the index; what it took."""
    import lancedb
    import pyarrow as pa

    from index.database import BackboneInfo, Index, schema

    base, looks = np.load(folder / "base.npy"), np.load(folder / "looks.npy")
    shutil.rmtree(folder / "index", ignore_errors=True)
    dim = base.shape[1]
    index = Index.create(folder / "index", BackboneInfo("benchmark", "nowhere", "0" * 64, "pooled", dim, False))
    draw = np.random.default_rng(0)
    started, columns = time.perf_counter(), 0.0
    for start in range(0, count, 20_000):
        numbers = np.arange(start, min(start + 20_000, count))
        vectors = _jittered(base, len(numbers), draw)
        names = [
            "id",
            "folder",
            "path",
            "document",
            "page",
            "file",
            "hash",
            "size",
            "mtime_ns",
            "width",
            "height",
        ]
        fields = schema(dim)
        values = {
            "id": numbers,
            "folder": ["/archive/pages"] * len(numbers),
            "path": [f"box{number // 1000}/CTX{number // 10:09}-{number % 10 + 1}.png" for number in numbers],
            "document": [f"CTX{number // 10:09}" for number in numbers],
            "page": numbers % 10 + 1,
            "file": [f"CTX{number // 10:09}-{number % 10 + 1}.png" for number in numbers],
            "hash": [f"{number:064x}" for number in numbers],
            "size": numbers + 10**6,
            "mtime_ns": numbers + 10**18,
            "width": np.full(len(numbers), 1240),
            "height": np.full(len(numbers), 1754),
        }
        arrays = [pa.array(values[name], fields.field(name).type) for name in names]
        light = pa.Table.from_arrays(arrays, schema=pa.schema([fields.field(name) for name in names]))
        table = light
        for space, space_vectors in (("vector", vectors), ("look", _jittered(looks, len(numbers), draw))):
            kind = fields.field(space)
            flat = pa.array(space_vectors.ravel(), pa.float16())
            table = table.append_column(kind, pa.FixedSizeListArray.from_arrays(flat, type=kind.type))
        index.add(table)
        if not columns:  # what they take on disk, written alone
            alone = lancedb.connect(str(folder / "alone"))
            alone.create_table("columns", light, mode="overwrite")
            columns = _size(folder / "alone") / len(numbers) * count
    written = time.perf_counter() - started
    started = time.perf_counter()
    index.tidy()
    return {
        "dim": dim,
        "look": looks.shape[1],
        "write_s": written,
        "build_s": time.perf_counter() - started,
        "build_mb": own_peak_mb(),
        "columns": columns,
        "bytes": _size(folder / "index") - columns,
    }


def search(folder: Path) -> dict[str, object]:
    """Queries that are new jittered vectors: exact search against approximate search, by text and by image."""
    from index.database import Index

    draw = np.random.default_rng(2)  # 1 chose the numbers in index/nearest.py
    vectors, looks = (_jittered(np.load(folder / f"{name}.npy"), QUERIES, draw) for name in ("base", "looks"))
    index = Index.open(folder / "index")

    def by_text(at: int, exact: bool) -> np.ndarray:
        return index.nearest(vectors[at], K, exact=exact)[0][0]

    def by_image(at: int, exact: bool) -> np.ndarray:
        return index.alike({"look": looks[at], "vector": vectors[at]}, K, exact=exact)[0]

    figures: dict[str, object] = {}
    for name, ask in (("vector", by_text), ("both", by_image)):
        near_s, exact_s, hits = [], [], 0
        ask(0, False)  # opens the files
        for at in range(QUERIES):
            started = time.perf_counter()
            ids = ask(at, False)
            near_s.append(time.perf_counter() - started)
            started = time.perf_counter()
            right = ask(at, True)
            exact_s.append(time.perf_counter() - started)
            hits += len(set(ids.tolist()) & set(right.tolist()))
        recall = hits / (K * QUERIES)
        figures[name] = {"near_s": statistics.median(near_s), "exact_s": statistics.median(exact_s), "recall": recall}
    return figures | {"search_mb": own_peak_mb()}


def _jittered(base: np.ndarray, count: int, draw: np.random.Generator) -> np.ndarray:
    """Unit vectors float16 [count, D], each somewhere between two of `base`, with noise."""
    one, other = base[draw.integers(len(base), size=count)], base[draw.integers(len(base), size=count)]
    share = draw.uniform(0, 1, (count, 1)).astype(np.float32)
    noise = draw.standard_normal((count, base.shape[1]), np.float32) * (JITTER / np.sqrt(base.shape[1]))
    vectors = share * one + (1 - share) * other + noise
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    sys.path.insert(0, str(HOME))
    work, last = Path(sys.argv[2]), sys.argv[3]
    parts = {
        "embed": lambda: embed(work, last),
        "build": lambda: build(work, int(last)),
        "search": lambda: search(work),
    }
    print(json.dumps(parts[sys.argv[1]]()))
