"""The scripts of data_scripts/ as users start them, pages for them, and what lies in a folder afterwards."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "data_scripts"


def run(script, *arguments, cwd=None, environment=None):
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", timeout=120, env=environment)


def page(seed, size=(200, 280)):
    rng = np.random.default_rng(seed)
    image = Image.new("L", size, 240)
    draw = ImageDraw.Draw(image)
    for x, y, wide, high, ink in rng.integers(0, 200, (40, 5)):
        draw.rectangle((x, y, x + wide // 3, y + high // 12), fill=int(ink))
    return image


def put(file, seed=0):
    file.parent.mkdir(parents=True, exist_ok=True)
    page(seed).save(file)
    return file


def tree(folder):
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def read(file):
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def annotation(folder, text, encoding="utf-8", name="annotation.csv"):
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


GOOD = "FILE,PAGE,CLASS,PATH\n00123,8,TEXT,\n00123,9,DRAW,\nČ1,1,ŽLUŤ,\nX,1,TEXT,a/X/X-1.png\nX,1,DRAW,b/X/X-1.png"
SORTED = {"TEXT/00123-08.png", "DRAW/00123-09.png", "ŽLUŤ/Č1-1.png", "TEXT/X-1.png", "DRAW/X-1.png", "documents.csv"}
