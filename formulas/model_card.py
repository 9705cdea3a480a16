"""The card (README.md) of a formula model: what it is, what it learned from, how good it is, its limits.

card = card_of("mine", parts)
"""

from __future__ import annotations

from typing import Any

from formulas.model_folder import Parts

KINDS = {"latex": "words of LaTeX, normalised", "bpe": "pieces of text, those of its base"}


def card_of(name: str, parts: Parts) -> str:
    """The card of a model that was trained here."""
    training = parts.training
    left = sum(training.get("left_out", {}).values())
    begun = f"Training started from {parts.base}." if parts.base else "It was trained from scratch."
    canvas = parts.canvas
    licence = parts.licence or "other"
    named = parts.licence or "not named: ask whoever made it before you pass it on"
    return f"""---
license: {licence}
library_name: transformers
pipeline_tag: image-to-text
tags: [formula-recognition, latex]
---

# {name}

Reads pictures of printed formulas: LaTeX out, with how sure that is. Its tokens are {KINDS.get(parts.tokenizer, "")};
its pictures lie on a {canvas.mode} canvas of at most {canvas.height} x {canvas.width} pixels.

## Data

{begun} It learned from {training.get("formulas", 0):,} pictures of formulas ({", ".join(training.get("data", []))}) in
{training.get("steps", 0):,} steps; the weights of step {training.get("kept_step", 0):,} are kept, those that read its
validation part best. {left:,} pairs were left out (`left_out.csv` names them). How it was trained: `formulas.json`,
`metrics.jsonl`, `curves.png`.

## Figures

{figures_text(parts.figures)}

## Intended use

Printed formulas, cut out one by one, of books and papers: `python run.py formulas read formula.png --model {name}`.
Look at readings of low confidence before you rely on them.

## Limits

- A picture of anything else (text, a photograph) gets a reading too, with low confidence.
- Handwriting, and signs that its training formulas lack, are not read; at most {parts.longest} tokens are.
- Figures hold for pictures like those of its data. Other printers, other scans: evaluate it on your own first.

## Licence

{named}
"""


def figures_text(figures: dict[str, Any]) -> str:
    """A line a part of the data; what stands there are shares from 0 to 1."""
    lines = []
    for part, values in figures.items():
        if isinstance(values, dict):
            shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items() if isinstance(value, float))
            lines.append(f"- {part}: {shown}")
    return "\n".join(lines) or "None were measured: evaluate it on your own formulas before you trust it."
