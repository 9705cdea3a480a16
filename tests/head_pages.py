"""Pages for models with a plain head, and what transformers alone makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw


def pages(count: int = 4) -> list[Image.Image]:
    """Pages of several sizes, in grey and in colour."""
    made = []
    for number in range(count):
        image = Image.new("RGB" if number % 2 else "L", (150 + 40 * number, 260 - 30 * number), "white")
        pen = ImageDraw.Draw(image)
        for line in range(3 + 4 * number):
            pen.rectangle((10 + 15 * number, 12 + 12 * line, 140, 15 + 12 * line), fill="black" if line % 3 else "#933")
        made.append(image)
    return made


def what_transformers_gives(folder: Path, images: list[Image.Image]) -> np.ndarray:
    """Probabilities by transformers alone, with the folder's image processor (that of Pillow) or, without one, as the
    earlier tool reads pages: torchvision's Resize((S, S)) of the image, its own mean and std.
    """
    from torchvision import transforms
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(folder).eval()
    rgb = [image.convert("RGB") for image in images]
    if (folder / "preprocessor_config.json").is_file():
        pixels = AutoImageProcessor.from_pretrained(folder, backend="pil")(images=rgb, return_tensors="pt").pixel_values
    else:
        cfg = json.loads((folder / "config.json").read_text(encoding="utf-8"))["pretrained_cfg"]
        ready = transforms.Compose(
            [
                transforms.Resize((cfg["input_size"][-1],) * 2),
                transforms.ToTensor(),
                transforms.Normalize(cfg["mean"], cfg["std"]),
            ]
        )
        pixels = torch.stack([ready(image) for image in rgb])
    with torch.no_grad():
        return model(pixel_values=pixels).logits.softmax(dim=-1).numpy()
