"""Makes `encoders/look.safetensors`: what `explore search --image` tells pages apart by, learned from drawn pages.

    python data_scripts/draw_pages.py drawn --pages 1000 --seed 71
    python data_scripts/make_look.py drawn                         # writes encoders/look.safetensors and look.onnx

Each page is scanned again a few times (turned, cropped, seen at an angle, coarser, in other light, stamped, JPEG), and
goes through the first stages of EfficientNet-Lite0 with its ImageNet weights. Then one linear map is computed: it makes
small what changes between scans of one page, and keeps the directions in which pages differ most (encoders/look.py says
how it is used). The same pages give the same map, but for rounding. Another map is another version: an index made with
the one before it says so.
"""

from __future__ import annotations

import io
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    import torch
    from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import Parser, check_packages, folder_argument, start

from encoders.look import FILE, LOOK, POOLED, look_pixels
from output.files import whole
from output.progress import Progress
from utils import UserError

EXAMPLES = """\
examples:
  python data_scripts/draw_pages.py drawn --pages 1000 --seed 71
  python data_scripts/make_look.py drawn"""
ARCHITECTURE, STAGES = "tf_efficientnet_lite0", 4  # of timm; how many of its stages, after the stem
HEIGHT = 900  # pixels of the longer side at which pages are spoiled: three times what the encoder sees
SCANS = 3  # of each page, beside itself
PART = 24  # numbers that are kept of a cell
COMPONENTS = 600  # principal components of all cells; what is beyond is noise
SHRINKAGE = 0.1  # of the scans' scatter towards the same in all directions: there are few scans for 600 directions
TURN, CROP, ANGLE, COARSEST = 3.0, 0.05, 0.02, 0.45  # degrees; of each side; of the sides, at a corner; of the size
GAMMA, DARKEST, JPEG, NOISE = 2.0, 0.6, (20, 75), 4.0


def scanned_again(page: Image.Image, draw: random.Random) -> Image.Image:
    """Another scan of a page, mode "RGB": all that may happen to it by chance, more than most scanners do."""
    width, height = page.size
    paper = tuple(int(value) for value in np.percentile(np.asarray(page.resize((64, 64))).reshape(-1, 3), 70, axis=0))
    left, top, right, bottom = (draw.uniform(0, CROP) for _ in range(4))
    box = np.array([[left, top], [left, 1 - bottom], [1 - right, 1 - bottom], [1 - right, top]]) * (width, height)
    turn, middle = math.radians(draw.uniform(-TURN, TURN)), box.mean(axis=0)
    turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    corners = (box - middle) @ turned.T + middle
    angle = draw.choice((0, 0, ANGLE))
    corners += [[draw.uniform(-angle, angle) * width, draw.uniform(-angle, angle) * height] for _ in range(4)]
    size = round(width * (1 - left - right)), round(height * (1 - top - bottom))
    page = page.transform(
        size, Image.Transform.QUAD, corners.ravel().tolist(), Image.Resampling.BICUBIC, fillcolor=paper
    )
    scale = math.exp(draw.uniform(math.log(COARSEST), 0))
    page = page.resize((max(8, round(size[0] * scale)), max(8, round(size[1] * scale))), Image.Resampling.BICUBIC)

    light = (np.asarray(page, np.float32) / 255) ** math.exp(draw.uniform(-math.log(GAMMA), math.log(GAMMA)))
    if draw.random() < 0.4:  # a lamp at one side
        across, down = (np.linspace(draw.uniform(DARKEST, 1), 1, side)[:: draw.choice((-1, 1))] for side in page.size)
        light = light * across[None, :, None] * down[:, None, None]
    if draw.random() < 0.3:  # yellowed
        light = light * (1, draw.uniform(0.85, 1), draw.uniform(0.7, 1))
    noise = np.random.default_rng(draw.randrange(2**32)).normal(0, NOISE, (*light.shape[:2], 1))
    page = Image.fromarray((255 * light + noise).clip(0, 255).astype(np.uint8))
    if draw.random() < 0.25:
        _stamp(page, draw)
    saved = io.BytesIO()
    page.save(saved, "JPEG", quality=draw.randint(*JPEG))
    return Image.open(saved).convert("RGB")


def _stamp(page: Image.Image, draw: random.Random) -> None:
    pen, colour = ImageDraw.Draw(page), draw.choice(((160, 30, 40), (40, 50, 140), (20, 20, 20)))
    side = draw.uniform(0.1, 0.25) * page.width
    x, y = draw.uniform(0, page.width - side), draw.uniform(0, 0.9 * page.height)
    pen.rectangle((x, y, x + side, y + side / 2), outline=colour, width=2)
    for line in (1, 2, 3):
        pen.line((x + 4, y + side * line / 8, x + side * draw.uniform(0.5, 0.95), y + side * line / 8), colour, width=2)


def reduced(file: Path, height: int = HEIGHT) -> Image.Image:
    """A page at most `height` pixels long, mode "RGB"."""
    with Image.open(file) as page:
        page = page.convert("RGB")
    page.thumbnail((height, height), Image.Resampling.BICUBIC)
    return page


def stages(count: int = STAGES) -> nn.Module:
    """The stem and the first stages with their ImageNet weights, rounded to halves as they are stored.

    float32 [B, 3, H, W] -> [B, C, h, w], with four stages a sixteenth of the sides.
    """
    import timm
    import torch
    from torch import nn

    from encoders.base import imagenet_weights

    network = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=0)
    layers = nn.Sequential(network.conv_stem, network.bn1, *network.blocks[:count]).eval()
    stored = imagenet_weights(layers.state_dict()).items()
    layers.load_state_dict({name: value.half().float() for name, value in stored if value.is_floating_point()}, False)
    return layers.to(memory_format=torch.channels_last)  # a third faster


def cells(network: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    """What is seen in each cell: uint8 [B, H, W] -> float32 [B, 48, C]. look_graph.py writes the same as a graph."""
    import torch
    from torch.nn import functional

    grey = pixels.float().div(127.5).sub(1)[:, None].expand(-1, 3, -1, -1)
    grey = grey.contiguous(memory_format=torch.channels_last)
    return functional.avg_pool2d(network(grey), POOLED).flatten(2).transpose(1, 2)


def learn_map(seen: np.ndarray) -> dict[str, np.ndarray]:
    """The map of `LookEncoder`, from what is seen in cells of pages and their scans, float32 [N, 1 + SCANS, 48, C]."""
    each = seen.reshape(-1, seen.shape[-1]).astype(np.float64)  # [N (1 + SCANS) 48, C]
    cell_mean, spread = each.mean(axis=0), each.std(axis=0) + 1e-6
    standard = (each - cell_mean) / spread
    cell_map = _largest(standard.T @ standard, PART) / spread[:, None]  # [C, PART]
    parts = ((seen - cell_mean) @ cell_map).reshape(*seen.shape[:2], -1)  # [N, 1 + SCANS, 48 PART]
    mean = parts.mean(axis=(0, 1))
    flat = (parts - mean).reshape(-1, parts.shape[-1])
    components = _largest(flat.T @ flat, min(COMPONENTS, len(flat) - 1))
    parts = (parts - mean) @ components  # [N, 1 + SCANS, K]
    pages = parts.mean(axis=1)  # [N, K]
    scans = (parts - pages[:, None]).reshape(-1, parts.shape[-1])
    scatter = scans.T @ scans / (len(pages) * (parts.shape[1] - 1))
    scatter += SHRINKAGE * np.trace(scatter) / len(scatter) * np.eye(len(scatter))
    values, vectors = np.linalg.eigh(scatter)
    whitened = vectors / np.sqrt(values)  # [K, K]: scans of a page lie as far apart in all directions
    differ = pages @ whitened
    whole = components @ whitened @ _largest(differ.T @ differ, LOOK)  # [48 PART, LOOK]
    whole /= np.abs(whole).max()  # vectors are made of unit length: the scale is free, and float16 is narrow
    return {"cell_mean": cell_mean, "cell_map": cell_map, "mean": mean, "map": whole}


def _largest(scatter: np.ndarray, count: int) -> np.ndarray:
    """The eigenvectors of the largest eigenvalues, [D, count]. UserError where there are fewer."""
    if len(scatter) < count:
        raise UserError(f"too few pages: {count} directions are wanted, and they have {len(scatter)}")
    return np.ascontiguousarray(np.linalg.eigh(scatter)[1][:, ::-1][:, :count])  # else products are slow


def main(arguments: Sequence[str]) -> int:
    """Look at pages and their scans, compute the map, write it with the weights; the exit code."""
    parser = Parser(__doc__.splitlines()[0], EXAMPLES)
    parser.add_argument(
        "pages", type=Path, metavar="PAGES", help="label folders of pages, as draw_pages.py leaves them"
    )
    parser.add_argument(
        "--output", type=Path, default=FILE, metavar="FILE", help="what is written (default: %(default)s)"
    )
    typed = parser.read(arguments)
    check_packages("make_look.py", ("torch", "timm", "onnx"), "requirements.txt")
    files = sorted(folder_argument(typed.pages).glob("*/*.jpg"))
    if len(files) < LOOK:
        raise UserError(f"{typed.pages}: {len(files)} JPEG pages in label folders; {LOOK} are needed, better 1,000")
    if typed.dry_run:
        print(f"{len(files)} pages, {SCANS} more scans of each -> {typed.output}")
        return 0
    import torch
    from look_graph import write_graph
    from safetensors.torch import save_file

    from encoders.base import WEIGHTS

    network = stages()
    rounded = {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
    seen = []
    with Progress(len(files), "page") as progress, torch.no_grad():
        for file in files:
            page, draw = reduced(file), random.Random(f"{file.parent.name}/{file.stem}")
            looks = [look_pixels(page), *(look_pixels(scanned_again(page, draw)) for _ in range(SCANS))]
            seen.append(cells(network, torch.from_numpy(np.stack(looks))).numpy())
            progress.advance()
    learned = {name: torch.from_numpy(values) for name, values in learn_map(np.stack(seen)).items()}
    stored = {f"network.{name}": tensor for name, tensor in rounded.items()} | learned
    about = {"architecture": ARCHITECTURE, "weights": WEIGHTS, "licence": "Apache-2.0", "pages": str(len(files))}
    with whole(typed.output) as part:
        save_file({name: tensor.half().contiguous() for name, tensor in stored.items()}, part, metadata=about)
    print(f"{typed.output}: {typed.output.stat().st_size / 2**20:.1f} MB")
    write_graph(typed.output)
    return 0


if __name__ == "__main__":
    start(main)
