"""What readings are worth, beside the LaTeX that is known: all figures, and how they are said.

    figures = figures_of(judge(rows))
    print("\\n".join(figure_lines(figures)))

The goals count the bare formula (formulas/latex.py, `bare_tokens`): characters of its tokens without blanks, braces,
fonts, spacing and trailing punctuation. A missing answer counts as empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from formulas.latex import bare_tokens
from formulas.results import people
from formulas.scores import SHORT, breakdown, edits, score, score_raw

DRAWS, SEED = 1000, 0  # of the interval
BINS, FEWEST = 10, 5  # bins of the calibration, and readings of one


@dataclass(frozen=True)
class Judged:
    """A formula and what was read.

    given, reference: its LaTeX as given, and normalised. latex: normalised, "" = no answer. sound, mean, total:
    of the reading (recognizer.py). tokens, characters: of the bare reference. errors:
    characters to change until the bare reading is the bare reference.
    """

    name: str
    given: str
    reference: str
    latex: str
    confidence: float
    warnings: tuple[str, ...] = ()
    sound: bool = False
    mean: float = -math.inf
    total: float = -math.inf
    tokens: int = 0
    characters: int = 0
    errors: int = 0

    @property
    def right(self) -> bool:
        """Whether the bare formula was read exactly."""
        return not self.errors

    @property
    def rate(self) -> float:
        """Its character error rate; an empty formula has as many errors as were read."""
        return self.errors / max(1, self.characters)


def judge(rows: Sequence[Judged]) -> list[Judged]:
    """The rows with their tokens, characters and errors."""
    bare = [bare_tokens(one.reference) for one in rows]
    characters = ["".join(tokens) for tokens in bare]
    errors = edits(characters, ["".join(bare_tokens(one.latex)) for one in rows]).each
    return [
        replace(one, tokens=len(tokens), characters=len(text), errors=wrong)
        for one, tokens, text, wrong in zip(rows, bare, characters, errors, strict=True)
    ]


def figures_of(judged: Sequence[Judged]) -> dict[str, Any]:
    """All figures, as JSON has them; shares 0..1, None for what cannot be told. judged: one or more, by `judge`."""
    references, readings = [one.reference for one in judged], [one.latex for one in judged]
    given = [one for one in judged if one.given.strip()]
    figures: dict[str, Any] = {
        **score(references, readings),
        "goal_cer_interval": _interval(judged),
        "formulas": len(judged),
        "without_answer": readings.count(""),
        "shuffled_goal_cer": _shuffled(judged),
        "raw": score_raw([one.given for one in given], [people(one.latex) for one in given]) if given else {},
        "parts": breakdown(references, readings),
        "calibration": calibration_of(judged),
    }
    return _plain(figures)


def calibration_of(judged: Sequence[Judged]) -> dict[str, Any]:
    """Whether confidence keeps its word: bins of equally many readings, how far off they are, and the Brier score."""
    said = np.array([one.confidence for one in judged])
    right = np.array([one.right for one in judged], np.float64)
    order = np.argsort(said, kind="stable")
    bins = [
        {"confidence": float(said[part].mean()), "right": float(right[part].mean()), "formulas": len(part)}
        for part in np.array_split(order, min(BINS, max(1, len(order) // FEWEST)))
    ]
    return {
        "mean_confidence": float(said.mean()),
        "right": float(right.mean()),
        "error": sum(of["formulas"] * abs(of["confidence"] - of["right"]) for of in bins) / len(judged),
        "brier": float(np.mean((said - right) ** 2)),
        "bins": bins,
    }


def _interval(judged: Sequence[Judged]) -> list[float]:
    """Where the goal's error rate lies with other formulas of the same kind, 95 %: drawn anew, with returning."""
    errors = np.array([one.errors for one in judged], np.float64)
    characters = np.array([one.characters for one in judged], np.float64)
    draw = np.random.default_rng(SEED)
    rates = []
    for _ in range(DRAWS):
        drawn = draw.integers(0, len(judged), len(judged))
        rates.append(errors[drawn].sum() / max(1.0, characters[drawn].sum()))
    return [float(edge) for edge in np.quantile(rates, (0.025, 0.975))]


def _shuffled(judged: Sequence[Judged]) -> float | None:
    """The error rate where each formula gets the reading of another: as of a model that looks at no picture."""
    if len(judged) < 2:
        return None
    away = len(judged) // 2
    moved = [replace(one, latex=judged[at - away].latex) for at, one in enumerate(judged)]
    return sum(one.errors for one in judge(moved)) / max(1, sum(one.characters for one in judged))


def _plain(value: Any) -> Any:
    """JSON knows no NaN."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def figure_lines(figures: Mapping[str, Any]) -> list[str]:
    """The figures for a terminal; the line that the goals are about comes first."""
    low, high = figures["goal_cer_interval"]
    short = figures["goal_cer_30"]
    lines = [
        f"CER {figures['goal_cer']:.3f} (95 %: {low:.3f} to {high:.3f}), up to {SHORT} tokens "
        f"{'-' if short is None else f'{short:.3f}'}, exactly right {figures['goal_exact']:.1%}; bare, of "
        f"{figures['formulas']} formulas ({figures['without_answer']} without an answer)",
        "",
    ]
    if figures["shuffled_goal_cer"] is not None:
        lines.append(f"with the readings of other formulas: CER {figures['shuffled_goal_cer']:.3f}")
    whole = ("cer", "ter", "character_accuracy", "exact", "within_1", "within_2", "bleu4", "edit")
    lines.append("normalised: " + ", ".join(f"{name} {figures[name]:.3f}" for name in whole))
    if figures["raw"]:
        lines.append("as given: " + ", ".join(f"{name} {value:.3f}" for name, value in figures["raw"].items()))
    lines += ["", f"{'':<24}{'formulas':>9}{'CER':>8}{'right':>8}{'BLEU-4':>8}"]
    for part in figures["parts"]:
        shares = f"{part['goal_cer']:>8.3f}{part['goal_exact']:>8.1%}{part['bleu4']:>8.3f}"
        lines.append(f"{part['group']:<24}{part['formulas']:>9}{shares}")
    kept = figures["calibration"]
    return [
        *lines,
        "",
        f"confidence says {kept['mean_confidence']:.1%}, right are {kept['right']:.1%}; calibration error "
        f"{kept['error']:.3f}, Brier score {kept['brier']:.3f}",
    ]
