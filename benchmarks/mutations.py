"""How much damage passes for a whole page? Sound pages in every format are spoiled in many ways, and read.

    python benchmarks/mutations.py                                  # the drawn samples, 20 mutants a format and kind
    python benchmarks/mutations.py ../shared/pages --mutants 40 --seed 7
    python benchmarks/mutations.py --sound DIR [DIR ...]            # false alarms: nothing is spoiled
    python benchmarks/mutations.py --cost                           # what listening costs, beside Pillow alone

A mutant is *told* when reading it gives an error row or a row with a warning. *Damaged* is one that is read without a
word although its pixels differ from the sound file's by more than one grey level on the mean. *A decoder complains*
where another program says something on reading it (djpeg, tiffcp, qpdf, pdftoppm: Debian's libjpeg-turbo-progs,
libtiff-tools, qpdf, poppler-utils); without these that column stays empty.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import PIL
from PIL import Image

from reading.decoding import PageError, Reader, count_frames, read_page
from reading.pages import find_pages

Mutation = Callable[[bytes, random.Random], bytes]
BLOCK, LARGE = 512, 4096
END_MARKS = {".jpg": b"\xff\xd9", ".pdf": b"\n%%EOF\n", ".j2k": b"\xff\xd9", ".webp": b"", ".bmp": b"", ".tif": b""}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="?", type=Path, default=Path(__file__).resolve().parents[1] / "category_samples")
    parser.add_argument("--mutants", type=int, default=20, help="of each format and kind of damage (default: 20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sound", nargs="+", type=Path, help="folders of sound pages: count what is said of them")
    parser.add_argument("--list", action="store_true", help="name what was read without a word and is damaged")
    parser.add_argument("--cost", action="store_true", help="CPU time of reading a page, beside Pillow's decoding")
    given = parser.parse_args()
    if given.cost:
        return cost(given.pages)
    if given.sound:
        return false_alarms(given.sound)
    sound = [given.pages / page.path for page in find_pages(given.pages).pages]
    chance = random.Random(given.seed)
    print("| format | mutants | error | warning | no word | of these damaged | a decoder complains | of these told |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for name, (suffix, make) in FORMATS.items():
            seen: Counter[str] = Counter()
            for damage in MUTATIONS:
                for _ in range(given.mutants):
                    judge(make(_page(chance.choice(sound))), suffix, damage, chance, Path(folder), seen, given.list)
            print(_row(name, seen), flush=True)
            total += seen
    print(_row("all", total))
    return 0


def judge(
    data: bytes, suffix: str, damage: str, chance: random.Random, folder: Path, seen: Counter[str], tell: bool
) -> None:
    """Spoils one file, reads it, and counts what came of it."""
    whole, spoiled = folder / f"sound{suffix}", folder / f"spoiled{suffix}"
    whole.write_bytes(data)
    spoiled.write_bytes(MUTATIONS[damage](data, chance) + (END_MARKS.get(suffix, b"") if damage == "cut" else b""))
    seen["mutants"] += 1
    said, pixels = _read(spoiled)
    outcome = "error" if pixels is None else "warning" if said else "no word"
    seen[outcome] += 1
    if outcome == "no word":
        reference = _read(whole)[1]
        differs = pixels.shape != reference.shape or np.abs(pixels.astype(int) - reference).mean() > 1
        seen["damaged"] += bool(differs)
        if differs and tell:
            print(f"{suffix} {damage}", file=sys.stderr)
    complains = _complaint(spoiled)
    if complains:
        seen["complained"] += 1
        seen["complained and told"] += outcome != "no word"
        if tell and outcome == "no word":
            print(f"{suffix} {damage}: {complains}", file=sys.stderr)


def false_alarms(folders: list[Path]) -> int:
    """Errors and warnings on pages that are sound."""
    for folder in folders:
        page_list = find_pages(folder)
        said: Counter[str] = Counter()
        with Reader(min_side=448, max_pixels=10**9) as reader:
            for page in page_list.pages:
                heard: list[str] = []
                try:
                    reader.page(folder / page.path, page.frame, heard)
                except PageError as error:
                    said[f"error: {error}"] += 1
                said.update(f"warning: {text}" for text in heard)
        print(f"{folder}: {len(page_list.pages)} pages, {sum(said.values())} with a word")
        for text, times in said.most_common():
            print(f"  {times} x {text}")
    return 0


def cost(folder: Path) -> int:
    """CPU milliseconds a page, the fastest of nine: Pillow opens, decodes and converts; this project reads."""
    page = read_page(folder / find_pages(folder).pages[0].path, None, min_side=700, max_pixels=10**9)
    page = page.resize((1240, 1754)).convert("RGB")  # A4 at 150 dpi
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Pillow {PIL.__version__}\n")
    print("| format, A4 at 150 dpi | Pillow, ms | this project, ms | ratio |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        for kind, (suffix, make) in FORMATS.items():
            if suffix == ".pdf":
                continue
            file = Path(name) / f"page{suffix}"
            file.write_bytes(make(page))
            alone = min(_cpu(lambda file=file: Image.open(file).convert("RGB")) for _ in range(9))
            whole = min(_cpu(lambda file=file: _read(file)) for _ in range(9))
            print(f"| {kind} | {alone * 1e3:.1f} | {whole * 1e3:.1f} | {whole / alone:.2f} |", flush=True)
    return 0


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _read(path: Path) -> tuple[list[str], np.ndarray | None]:
    heard: list[str] = []
    try:
        frames = count_frames(path)
        page = read_page(path, None if frames is None else 0, min_side=224, max_pixels=10**9, heard=heard)
    except PageError:
        return heard, None
    return heard, np.asarray(page)


def _complaint(path: Path) -> str:
    """What another program says of a file; "" for nothing, and where it is not installed."""
    tools = {
        ".jpg": [["djpeg", "-outfile", "/dev/null", str(path)]],
        ".tif": [["tiffcp", "-c", "none", str(path), str(path.with_suffix(".copy"))]],
        ".pdf": [["qpdf", "--check", str(path)], ["pdftoppm", "-r", "30", str(path), str(path.with_suffix(""))]],
    }
    for command in tools.get(path.suffix, []):
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60)
            if done.returncode or done.stderr.strip():
                return f"{command[0]}: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
    return ""


def _page(path: Path) -> Image.Image:
    page = read_page(path, None, min_side=700, max_pixels=10**9)
    page.thumbnail((700, 700))
    return page


# Ways to write a page: name -> ending, page -> bytes.


def _saved(kind: str, mode: str = "", **options: object) -> Callable[[Image.Image], bytes]:
    def make(page: Image.Image) -> bytes:
        out = io.BytesIO()
        (page.convert(mode) if mode else page).save(out, kind, **options)
        return out.getvalue()

    return make


def _pdf(filter_: str) -> Callable[[Image.Image], bytes]:
    def make(page: Image.Image) -> bytes:
        width, height = page.size
        parameters, space, bits = "", "/DeviceGray", 8
        if filter_ == "DCTDecode":
            data = _saved("JPEG", "L", quality=85)(page)
        elif filter_ == "FlateDecode":
            data = zlib.compress(page.convert("L").tobytes())
        else:
            with Image.open(io.BytesIO(_saved("TIFF", "1", compression="group4")(page))) as fax:
                ((offset,), (length,)) = fax.tag_v2[273], fax.tag_v2[279]
                white = fax.tag_v2[262] == 0
                data = fax.fp.getbuffer()[offset : offset + length].tobytes()
            parameters = f"/DecodeParms <</K -1 /Columns {width} /Rows {height} /BlackIs1 {str(not white).lower()}>>"
            bits = 1
        content = zlib.compress(f"q {width} 0 0 {height} 0 0 cm /P Do Q".encode())
        objects = [
            b"<</Type /Catalog /Pages 2 0 R>>",
            b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
            f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R "
            f"/Resources <</XObject <</P 5 0 R>>>>>>".encode(),
            f"<</Length {len(content)} /Filter /FlateDecode>>\nstream\n".encode() + content + b"\nendstream",
            f"<</Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace {space} "
            f"/BitsPerComponent {bits} /Filter /{filter_} {parameters} /Length {len(data)}>>\nstream\n".encode()
            + data
            + b"\nendstream",
        ]
        file, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
        for number, body in enumerate(objects, 1):
            offsets.append(len(file))
            file += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        table = "".join(f"{byte:010d} 00000 n \n" for byte in offsets)
        end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        end += f"trailer\n<</Size {len(objects) + 1} /Root 1 0 R>>\n"
        return bytes(file) + f"{end}startxref\n{len(file)}\n%%EOF\n".encode()

    return make


FORMATS: dict[str, tuple[str, Callable[[Image.Image], bytes]]] = {
    "JPEG": (".jpg", _saved("JPEG", quality=85)),
    "JPEG grey": (".jpg", _saved("JPEG", "L", quality=85)),
    "JPEG progressive": (".jpg", _saved("JPEG", quality=85, progressive=True)),
    "JPEG with restarts": (".jpg", _saved("JPEG", quality=85, restart_marker_rows=1)),
    "PDF of a JPEG": (".pdf", _pdf("DCTDecode")),
    "PDF of a fax": (".pdf", _pdf("CCITTFaxDecode")),
    "PDF, deflated": (".pdf", _pdf("FlateDecode")),
    "TIFF fax (Group 4)": (".tif", _saved("TIFF", "1", compression="group4")),
    "TIFF of a JPEG": (".tif", _saved("TIFF", compression="jpeg")),
    "TIFF LZW": (".tif", _saved("TIFF", compression="tiff_lzw")),
    "TIFF deflated": (".tif", _saved("TIFF", compression="tiff_adobe_deflate")),
    "TIFF PackBits": (".tif", _saved("TIFF", compression="packbits")),
    "TIFF raw": (".tif", _saved("TIFF")),
    "PNG": (".png", _saved("PNG")),
    "BMP": (".bmp", _saved("BMP")),
    "JPEG 2000": (".j2k", _saved("JPEG2000", quality_mode="rates", quality_layers=[20], irreversible=True)),
    "WebP": (".webp", _saved("WEBP", quality=80)),
}


# Ways to spoil it: bytes -> bytes of the same kind. All but the last leave the first twentieth and the end alone.


def _place(data: bytes, chance: random.Random, length: int) -> int:
    return chance.randrange(len(data) // 20, max(len(data) // 20 + 1, len(data) - len(data) // 50 - length))


def _flipped(times: int) -> Mutation:
    def spoil(data: bytes, chance: random.Random) -> bytes:
        out = bytearray(data)
        for _ in range(times):
            out[_place(data, chance, 1)] ^= 1 << chance.randrange(8)
        return bytes(out)

    return spoil


def _overwritten(length: int, byte: int | None) -> Mutation:
    def spoil(data: bytes, chance: random.Random) -> bytes:
        size = min(length, len(data) // 4)
        at = _place(data, chance, size)
        return data[:at] + (chance.randbytes(size) if byte is None else bytes([byte]) * size) + data[at + size :]

    return spoil


def _lost(data: bytes, chance: random.Random) -> bytes:
    size = min(BLOCK, len(data) // 4)
    at = _place(data, chance, size)
    return data[:at] + data[at + size :]


def _swapped(data: bytes, chance: random.Random) -> bytes:
    size = min(BLOCK, len(data) // 4)
    first, second = sorted(_place(data, chance, size) for _ in range(2))
    if first + size > second:
        return _overwritten(BLOCK, None)(data, chance)
    middle = data[first + size : second]
    return data[:first] + data[second : second + size] + middle + data[first : first + size] + data[second + size :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) // 3, len(data) * 9 // 10)]


def _as_text(data: bytes, _: random.Random) -> bytes:
    return data.replace(b"\n", b"\r\n")


MUTATIONS: dict[str, Mutation] = {
    "one bit": _flipped(1),
    "ten bits": _flipped(10),
    "zeroed": _overwritten(BLOCK, 0),
    "zeroed, large": _overwritten(LARGE, 0),
    "filled": _overwritten(BLOCK, 255),
    "random": _overwritten(BLOCK, None),
    "lost": _lost,
    "swapped": _swapped,
    "cut": _cut,
    "as text": _as_text,
}


def _row(name: str, seen: Counter[str]) -> str:
    share = f"{seen['complained and told'] / seen['complained']:.0%}" if seen["complained"] else ""
    counts = [seen[key] for key in ("mutants", "error", "warning", "no word", "damaged", "complained")]
    return f"| {name} | {' | '.join(map(str, counts))} | {share} |"


if __name__ == "__main__":
    sys.exit(main())
