"""The curves of a training as PNG: loss, error rates of characters and tokens, character accuracy.

draw_curves(history, Path("curves.png"))        # the records of training_loop.py
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from output.pictures import new_figure, save_figure

PANELS = (
    ("loss", (("loss", "training"), ("validation_loss", "validation"))),
    ("error rate", (("cer", "characters (CER)"), ("ter", "tokens (WER)"))),
    ("share", (("character_accuracy", "character accuracy"), ("exact", "formulas without an error"))),
)


def draw_curves(history: Sequence[dict[str, Any]], file: Path) -> None:
    """Three panels over the steps."""
    figure = new_figure(13, 3.8)
    for axes, (name, curves) in zip(figure.subplots(1, 3), PANELS, strict=True):
        for key, label in curves:
            points = [(record["step"], record[key]) for record in history if record.get(key) is not None]
            if points:
                axes.plot(*zip(*points, strict=True), marker="." if len(points) < 60 else "", label=label)
        axes.set_xlabel("step")
        axes.set_ylabel(name)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend()
        else:
            axes.text(0.5, 0.5, "no validation formulas", ha="center", transform=axes.transAxes)
        axes.set_ylim(bottom=0, top=1.02 if name == "share" else None)
    save_figure(figure, file, dpi=110)
