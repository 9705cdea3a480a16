"""The light install has no imagecodecs: a page looks the same without it, or its row says what to install."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile

from reading.decoding import read_page

ROOT = Path(__file__).parents[2]
# The mode and the bytes of each page, or its error, as JSON; in a process without imagecodecs.
READER = """
import json, sys
sys.modules["imagecodecs"] = None
from pathlib import Path
from reading.decoding import PageError, read_page
seen = {}
for file in sys.argv[1:]:
    try:
        page = read_page(Path(file), None, min_side=32, max_pixels=10**6)
        seen[file] = page.mode + page.tobytes().hex()
    except PageError as error:
        seen[file] = str(error)
print(json.dumps(seen))
"""
COMMAND = "needs the package imagecodecs: python -m pip install imagecodecs"


def waves(*shape: int) -> np.ndarray:
    """Smooth values of 16 bits, whose upper four are empty."""
    return (np.sin(np.arange(np.prod(shape)) / 50).reshape(shape) * 2000 + 2000).astype(np.uint16)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rare")
    planes = {"photometric": "rgb", "planarconfig": "separate", "metadata": None}
    for name, compression in (("stored", None), ("deflate", "zlib"), ("lzw", "lzw"), ("zstd", "zstd")):
        tifffile.imwrite(folder / f"{name}.tif", waves(3, 40, 50) * 16, compression=compression, **planes)
    tifffile.imwrite(folder / "14.tif", waves(40, 50), bitspersample=14, metadata=None)
    tifffile.imwrite(folder / "j2k.tif", waves(40, 50, 3), photometric="rgb", compression="jpeg2000", metadata=None)
    (folder / "12.jp2").write_bytes(imagecodecs.jpeg2k_encode(waves(40, 50, 3), level=0, bitspersample=12))
    return folder


def test_a_page_is_the_same_or_says_what_to_install(files):
    names = sorted(map(str, files.iterdir()))
    done = subprocess.run([sys.executable, "-c", READER, *names], cwd=ROOT, capture_output=True, text=True, check=True)
    seen = {Path(file).name: said for file, said in json.loads(done.stdout).items()}
    for name in ("stored.tif", "deflate.tif"):
        page = read_page(files / name, None, min_side=32, max_pixels=10**6)
        assert seen.pop(name) == page.mode + page.tobytes().hex()
    if sys.version_info >= (3, 14):  # which has Zstandard itself
        seen["zstd.tif"] = f"not supported: 16-bit TIFF, compression ZSTD {COMMAND}"
    assert seen == {
        "lzw.tif": f"not supported: 16-bit TIFF, compression LZW {COMMAND}",
        "zstd.tif": f"not supported: 16-bit TIFF, compression ZSTD {COMMAND}",
        "j2k.tif": f"not supported: 16-bit TIFF, compression JPEG2000 {COMMAND}",
        "14.tif": f"not supported: 14-bit TIFF {COMMAND}",
        "12.jp2": f"not supported: JPEG 2000 of 12 bits {COMMAND}",
    }


def test_with_it_all_are_read(files):
    for file in files.iterdir():
        assert read_page(file, None, min_side=32, max_pixels=10**6).size == (50, 40)
