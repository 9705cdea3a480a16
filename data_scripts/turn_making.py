"""What make_turn.py does: what pages in four turns look like to the first stages, and a small network taught on that.

seen = maps_of(files, Path("work"))              # float16 [N, 2, 40, 32, 32], kept on disk, chunk by chunk
learned = taught(seen, turns, documents, epochs=12)
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from common import no_command
from look_graph import EPSILON, Graph
from make_look import stages
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from turn_graph import POOLED, STAGES, STRIDES

from encoders.onnx_engine import open_session
from encoders.turning import SIDE, VIEWS, turn_of, turn_pixels
from output.files import write_whole
from output.progress import Progress
from reading.turns import CLOCKWISE

if TYPE_CHECKING:
    import onnxruntime

SCANS = 1  # of each page beside itself, as make_look.py scans again
CHUNK = 20  # pages whose maps are one file
LARGEST = 1280  # pixels of the longer side at which pages are scanned again
COARSE = 0.55  # of that is left in the coarsest scan
MAPS = (VIEWS, 40, SIDE // 8, SIDE // 8)  # what is seen of a page: views, channels of the stages, places
QUARTERS = range(len(CLOCKWISE))  # of a turn: so many clockwise bring a page upright
WIDTHS = (64, 96, 128)  # channels of the small network's layers; maps of 16, 8 and 8 places
BATCH, RATE, DECAY, DROPOUT, SMOOTHING = 64, 3e-3, 0.05, 0.4, 0.05
HELD = 6  # one document in so many is not learned: temperature and threshold are chosen on it
SAID = 0.6  # the least probability at which anything is said
ALLOWED = 0.005  # of upright pages that were not learned, how many may be taken for lying ones, or inverted ones
LIKELY = [*(round(0.8 + step / 100, 2) for step in range(20)), 0.995, 0.999]  # what may count as sure


# ---- what the first stages see ---------------------------------------------------------------------------------------


def maps_of(files: Sequence[Path], work: Path) -> np.ndarray:
    """Of each page and its scans, in all four turns: float16 [len(files) * (1 + SCANS) * 4, 2, 40, 32, 32].

    work: a folder that keeps what is done, so that the next start goes on there.
    """
    session, parts = _first_stages(work), []
    with Progress(len(files), "page") as progress:
        for first in range(0, len(files), CHUNK):
            chunk = files[first : first + CHUNK]
            kept = work / chunk_name(chunk)
            if not kept.is_file():
                looks = [scan for file in chunk for scan in scans(file)]
                maps = [_seen(session, np.rot90(look, quarter, (1, 2))) for look in looks for quarter in QUARTERS]
                write_whole(kept, np.stack(maps).tobytes())
            parts.append(np.frombuffer(kept.read_bytes(), np.float16).reshape(-1, *MAPS))
            progress.advance(len(chunk))
    return np.concatenate(parts)


def chunk_name(files: Sequence[Path]) -> str:
    """The file that keeps what was seen of these pages."""
    names = f"{MAPS}\n" + "\n".join(f"{file.parent.name}/{file.name} {file.stat().st_size}" for file in files)
    return f"{hashlib.sha256(names.encode()).hexdigest()[:20]}.maps"


def _first_stages(work: Path) -> onnxruntime.InferenceSession:
    """Stem and stages as a graph of its own: twice as fast as with PyTorch."""
    weights = work / "stages.safetensors"
    stored = {f"network.{name}": tensor for name, tensor in stages(STAGES).state_dict().items()}
    halves = {name: value.half().contiguous() for name, value in stored.items() if value.is_floating_point()}
    save_file(halves, weights)
    graph = Graph(weights)
    graph.look_around((VIEWS, SIDE, SIDE), STAGES)
    file = write_whole(weights.with_suffix(".onnx"), graph.sealed("maps", math.prod(MAPS)))
    return open_session(file, threads=1)


def _seen(session: onnxruntime.InferenceSession, pixels: np.ndarray) -> np.ndarray:
    """uint8 [2, 256, 256] -> float16 [2, 40, 32, 32]."""
    return session.run(["maps"], {"pixels": np.ascontiguousarray(pixels)})[0].reshape(MAPS).astype(np.float16)


def scans(file: Path) -> Iterator[np.ndarray]:
    """A page and scans of it, each as `turn_pixels` gives it."""
    with Image.open(file) as page:
        page.draft("L", (LARGEST // 2, LARGEST // 2))
        page = page.convert("L")
    page.thumbnail((LARGEST, LARGEST))
    for number in range(1 + SCANS):
        scan = _scanned(page, random.Random(f"{file.name}{number}")) if number else page
        yield turn_pixels(scan)


def _scanned(page: Image.Image, draw: random.Random) -> Image.Image:
    """Another scan of a grey page: cropped or with a margin, turned a little, coarser, in other light. (That of
    make_look.py has all that a scanner does, at five times the time.)"""
    width, height = page.size
    paper = int(np.percentile(np.asarray(page.resize((64, 64))), 70))
    left, top, right, bottom = (draw.uniform(-0.03, 0.08) for _ in range(4))
    box = np.array([[left, top], [left, 1 - bottom], [1 - right, 1 - bottom], [1 - right, top]]) * (width, height)
    turn, middle = math.radians(draw.uniform(-2.5, 2.5)), box.mean(axis=0)
    corners = (box - middle) @ [[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]] + middle
    scale = draw.uniform(COARSE, 1) * min(1, LARGEST / max(page.size))
    outside = draw.choice((paper, paper, draw.randrange(256)))
    size = max(SIDE, round(width * scale)), max(SIDE, round(height * scale))
    quad = Image.Transform.QUAD
    page = page.transform(size, quad, corners.ravel().tolist(), Image.Resampling.BICUBIC, fillcolor=outside)
    light = (np.asarray(page, np.float32) / 255) ** math.exp(draw.uniform(-0.6, 0.6)) * draw.uniform(0.75, 1)
    light += np.random.default_rng(draw.randrange(2**32)).normal(0, 0.015, light.shape)
    return Image.fromarray((255 * light).clip(0, 255).astype(np.uint8))


# ---- the small network -----------------------------------------------------------------------------------------------


class _Same(nn.Conv2d):
    """Padded as TensorFlow does, and as the graph says it: more at the end."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return super().forward(functional.pad(maps, (0, 1, 0, 1) if self.stride[0] == 2 else (1, 1, 1, 1)))


class SmallNetwork(nn.Module):
    """Maps [B, 2, 40, 32, 32] -> logits [B, 4]. Where on the page something stands counts for the whole, not for the
    square. turn_graph.py writes the same as a graph, by the names of its parts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.views = nn.ModuleList(_stream(pooled) for pooled in POOLED)
        places = sum((MAPS[-1] // math.prod(STRIDES) // pooled) ** 2 for pooled in POOLED)
        self.dropout, self.last = nn.Dropout(DROPOUT), nn.Linear(WIDTHS[-1] * places, len(CLOCKWISE))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Logits [B, 4] of maps [B, 2, 40, 32, 32]."""
        parts = [view(maps[:, number]) for number, view in enumerate(self.views)]
        return self.last(self.dropout(torch.cat(parts, dim=1)))


def _stream(pooled: int) -> nn.Sequential:
    """The layers that one view goes through, [B, 40, 32, 32] -> [B, 128 x places]."""
    layers: list[nn.Module] = []
    narrow = MAPS[1]
    for wide, stride in zip(WIDTHS, STRIDES, strict=True):
        layers.append(
            nn.Sequential(
                _Same(narrow, narrow, 3, stride, groups=narrow, bias=False),
                nn.BatchNorm2d(narrow, EPSILON),
                nn.Conv2d(narrow, wide, 1, bias=False),
                nn.BatchNorm2d(wide, EPSILON),
                nn.ReLU6(),
            )
        )
        narrow = wide
    return nn.Sequential(*layers, nn.AvgPool2d(pooled), nn.Flatten())


@dataclass(frozen=True)
class Taught:
    """What was learned. tensors: name -> float32. settings: as `turn_of` takes them. lines: what the held-out documents
    say of it."""

    tensors: dict[str, torch.Tensor]
    settings: dict[str, float]
    lines: list[str]


def taught(
    maps: np.ndarray, documents: Sequence[str], kinds: Sequence[str], *, epochs: int, seed: int, say: Callable = print
) -> Taught:
    """Teach the small network. maps: of `maps_of`; documents, kinds: of each map, so that no document both teaches and
    judges, and what the lines tell apart.
    """
    torch.manual_seed(seed)
    seen, turns = torch.from_numpy(maps), torch.arange(len(maps)) % len(CLOCKWISE)
    held = np.array([int(hashlib.sha256(name.encode()).hexdigest(), 16) % HELD == 0 for name in documents])
    learned, judging = np.flatnonzero(~held), np.flatnonzero(held)
    network = SmallNetwork()
    steps = epochs * (len(learned) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1, pct_start=0.15)
    for epoch in range(epochs):
        network.train()
        order, losses = np.random.default_rng([seed, epoch]).permutation(learned), []
        for first in range(0, len(order) - BATCH + 1, BATCH):
            some = order[first : first + BATCH]
            loss = functional.cross_entropy(network(_moved(seen[some].float())), turns[some], label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        logits = _logits(network, seen[judging])
        right = (logits.argmax(axis=1) == turns[judging].numpy()).mean()
        say(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}, {100 * right:.1f} % right on held-out pages")
    tensors = {name: value.half().float() for name, value in network.state_dict().items() if value.is_floating_point()}
    network.load_state_dict(tensors, strict=False)  # as they are stored
    logits = _logits(network, seen[judging])
    settings = fitted(logits, turns[judging].numpy())
    kinds_held = np.array(kinds)[judging]
    return Taught(tensors, settings, lines_of(logits, turns[judging].numpy(), kinds_held, settings))


def _moved(maps: torch.Tensor) -> torch.Tensor:
    """Maps [B, 2, C, H, W] as of pages that lie a little elsewhere, fainter or bolder."""
    down, right = (int(shift) for shift in torch.randint(-1, 2, (2,)))
    return torch.roll(maps, (down, right), (3, 4)) * (1 + 0.1 * torch.randn(len(maps), VIEWS, 1, 1, 1))


@torch.no_grad()
def _logits(network: nn.Module, maps: torch.Tensor) -> np.ndarray:
    network.eval()
    return torch.cat([network(part.float()) for part in maps.split(128)]).numpy()


def fitted(logits: np.ndarray, turns: np.ndarray) -> dict[str, float]:
    """Temperature, by likelihood, and the least probabilities at which hardly an upright page passes for a turned one.

    logits: [N, 4] of pages that were not learned; turns: [N], 0..3.
    """
    temperatures = np.exp(np.linspace(np.log(0.2), np.log(5), 60))
    likelihoods = []
    for temperature in temperatures:
        scaled = logits / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        likelihoods.append((scaled[np.arange(len(turns)), turns] - np.log(np.exp(scaled).sum(axis=1))).mean())
    temperature = float(temperatures[int(np.argmax(likelihoods))])
    upright, never = logits[turns == 0], 2.0
    chosen = {}
    for name in ("lying", "inverted"):
        for least in LIKELY:
            chosen[name] = least
            rule = {"temperature": temperature, "lying": never, "inverted": never, "said": SAID, name: least}
            if np.mean([turn_of(row, **rule).clockwise > 0 for row in upright]) <= ALLOWED:
                break
    return {"temperature": round(temperature, 4), **chosen, "said": SAID}


def lines_of(logits: np.ndarray, turns: np.ndarray, kinds: np.ndarray, settings: dict[str, float]) -> list[str]:
    """What is said of pages, by kind: how often right, wrong, and not said."""
    said = [turn_of(row, **settings).degrees for row in logits]
    lines = []
    for kind in ["all", *sorted(set(kinds.tolist()))]:
        mine = np.flatnonzero(kinds == kind) if kind != "all" else np.arange(len(kinds))
        right = np.mean([said[at] == CLOCKWISE[turns[at]] for at in mine])
        silent = np.mean([said[at] is None for at in mine])
        best = (logits[mine].argmax(axis=1) == turns[mine]).mean()
        lines.append(
            f"{kind}: {len(mine)} looks, right {100 * right:.1f} %, wrong {100 * (1 - right - silent):.1f} %, not said "
            f"{100 * silent:.1f} % (likeliest turn right {100 * best:.1f} %)"
        )
    return lines


if __name__ == "__main__":
    no_command("how pages lie is learned by data_scripts/make_turn.py")
