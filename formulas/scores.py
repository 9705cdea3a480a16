"""How well formulas were read: error rates of characters and tokens, exact readings, BLEU; by length and structure.

    score(["\\\\frac { 1 } { 2 }"], ["\\\\frac { 1 } { 3 }"])["ter"]  # 1 of 7 tokens

All rates are micro: errors of all formulas / characters (tokens) of all references, so that long formulas count more.
A reading "" is a missing answer. An empty reference has no characters: all that is read there are errors.
"""

from collections.abc import Sequence
from typing import NamedTuple

from formulas.latex import bare_tokens

SHORT = 30  # tokens as the goals count them
LENGTHS = (15, 30, 50, 80)  # the last of each bucket, in tokens as the goals count them
MATRICES = ("\\begin{matrix}", "\\begin{smallmatrix}")


class Edits(NamedTuple):
    """What it takes to turn references into readings; `each` holds the errors of every formula."""

    hits: int
    errors: int
    length: int  # of all references
    each: list[int]

    @property
    def rate(self) -> float:
        """Errors / characters (tokens) of the references; if all are empty, 1.0 if anything was read, else 0.0."""
        return self.errors / self.length if self.length else float(self.errors > 0)


def edits(references: Sequence[Sequence[str]], readings: Sequence[Sequence[str]]) -> Edits:
    """The least edits between sequences of characters or tokens; a sequence may be empty, no element holds a space."""
    import jiwer

    out = jiwer.process_words([" ".join(items) for items in references], [" ".join(items) for items in readings])
    each = [
        sum(
            max(chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx)
            for chunk in alignment
            if chunk.type != "equal"
        )
        for alignment in out.alignments
    ]
    errors = out.substitutions + out.deletions + out.insertions
    return Edits(out.hits, errors, out.hits + out.substitutions + out.deletions, each)


def score(references: Sequence[str], readings: Sequence[str]) -> dict[str, float]:
    """The figures of readings, both sides in normal form.

    - `goal_cer`: character error rate as the goals count it (formulas.latex.bare_tokens); `goal_cer_30`: of formulas of
      up to 30 such tokens (NaN without any); `goal_exact`: share whose counted characters are all right
    - `cer`, `ter`: of all characters (without spaces) and of all tokens of the normal form; may exceed 1
    - `character_accuracy`: right characters / characters of the references, 0..1
    - `exact`, `within_1`, `within_2`: share of formulas with no, at most one, at most two wrong tokens
    - `bleu4`: BLEU of tokens, of the whole corpus, 0..1; `edit`: mean of errors / characters of the longer side, 0..1

    Raises ValueError if there are no formulas or not as many readings as references.
    """
    if len(references) != len(readings) or not references:
        raise ValueError(f"{len(readings)} readings for {len(references)} references")
    import sacrebleu

    seen = [bare_tokens(formula) for formula in references]
    goal_characters = [["".join(tokens) for tokens in seen], ["".join(bare_tokens(formula)) for formula in readings]]
    goal = edits(*goal_characters)
    short = [i for i, tokens in enumerate(seen) if len(tokens) <= SHORT]
    goal_short = edits(*([side[i] for i in short] for side in goal_characters)) if short else None
    whole = [[formula.replace(" ", "") for formula in side] for side in (references, readings)]
    characters = edits(*whole)
    tokens = edits([formula.split() for formula in references], [formula.split() for formula in readings])
    longest = [max(len(reference), len(reading)) for reference, reading in zip(*whole, strict=True)]
    return {
        "goal_cer": goal.rate,
        "goal_cer_30": goal_short.rate if goal_short else float("nan"),
        "goal_exact": share(goal.each, 0),
        "cer": characters.rate,
        "ter": tokens.rate,
        "character_accuracy": characters.hits / characters.length if characters.length else 1.0 - characters.rate,
        "exact": share(tokens.each, 0),
        "within_1": share(tokens.each, 1),
        "within_2": share(tokens.each, 2),
        "bleu4": sacrebleu.corpus_bleu(list(readings), [list(references)], tokenize="none", force=True).score / 100,
        "edit": sum(errors / size if size else 0.0 for errors, size in zip(characters.each, longest, strict=True))
        / len(longest),
    }


def share(errors: Sequence[int], most: int) -> float:
    """The share of formulas with at most so many errors."""
    return sum(count <= most for count in errors) / len(errors)


def score_raw(references: Sequence[str], readings: Sequence[str]) -> dict[str, float]:
    """The figures of LaTeX as it was written, for comparison alone: other spaces or braces count as errors here.

    `raw_cer`: of all characters, with single spaces; `raw_wer`: of what stands between spaces; `raw_exact`.
    """
    spaced = [[" ".join(formula.split()).replace(" ", "␣") for formula in side] for side in (references, readings)]
    words = edits(*([formula.split() for formula in side] for side in (references, readings)))
    characters = edits(*spaced)
    return {"raw_cer": characters.rate, "raw_wer": words.rate, "raw_exact": share(characters.each, 0)}


def structures(reference: str) -> list[str]:
    """What a formula in normal form has of "fraction", "root", "scripts", "matrix", "several lines"; else "plain"."""
    tokens = reference.split()
    beginnings = [i for i, token in enumerate(tokens) if token.startswith("\\begin{")]
    in_brackets = [i for i in beginnings if i and tokens[i - 1] in ("\\left(", "\\left[", "\\left|", "\\left\\|")]
    found = {
        "fraction": any(token in tokens for token in ("\\frac", "\\binom", "\\atop")),
        "root": "\\sqrt" in tokens,
        "scripts": "_" in tokens or "^" in tokens,
        "matrix": bool(in_brackets) or any(token in tokens for token in MATRICES),
        "several lines": "\\\\" in tokens and len(beginnings) > len(in_brackets),
    }
    return [name for name, holds in found.items() if holds] or ["plain"]


def breakdown(references: Sequence[str], readings: Sequence[str]) -> list[dict[str, str | float]]:
    """Rows for a table: "group" (length in tokens as the goals count them, structure), "formulas", and the figures.

    A formula stands in one row by length, and in one for each structure that it has; empty rows are left out.
    """
    groups: dict[str, list[int]] = {}
    edges = zip((1, *(last + 1 for last in LENGTHS)), (*LENGTHS, None), strict=True)
    names = [f"{first}-{last} tokens" if last else f"{first} tokens and more" for first, last in edges]
    for name in (*names, "plain", "scripts", "fraction", "root", "matrix", "several lines"):
        groups[name] = []
    for i, reference in enumerate(references):
        length = len(bare_tokens(reference))
        groups[names[sum(length > last for last in LENGTHS)]].append(i)
        for name in structures(reference):
            groups[name].append(i)
    return [
        {"group": name, "formulas": len(held), **score([references[i] for i in held], [readings[i] for i in held])}
        for name, held in groups.items()
        if held
    ]
