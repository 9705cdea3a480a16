r"""New formulas from real ones: parts exchanged, sides of equations put together anew, short parts taken out.

    cuttings = Cuttings(formulas)                       # tokens with blanks between them, braces matching
    [cuttings.spliced(Random(1)), cuttings.short(Random(1))]

What people write follows habits that no grammar has; short formulas are rare among those of papers, and
common on pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from random import Random

RELATIONS = frozenset(
    ["=", r"\equiv", r"\approx", r"\sim", r"\simeq", r"\leq", r"\geq", r"\le", r"\ge", "<", ">", r"\neq", r"\to",
     r"\in", r"\rightarrow", r"\propto", r"\longrightarrow", r"\Rightarrow", r"\subset", r"\ll", r"\gg"]
)  # fmt: skip
JOINTS = frozenset([",", ";", "+", "-", r"\quad", r"\qquad", r"\pm", r"\otimes", r"\times", r"\cdot", ":"])
BLANKS = frozenset([r"\,", r"\;", r"\:", r"\!", "~", "\\", r"\quad", r"\qquad"])
ENDS = JOINTS | RELATIONS | BLANKS | {".", "/", "|", r"\mid", "&", r"\\"}
# Groups that are no mathematics, or whose inside means something only there.
CLOSED = frozenset(
    [r"\mathrm", r"\mathbf", r"\mathcal", r"\mathbb", r"\mathfrak", r"\mathsf", r"\mathit", r"\text", r"\mbox",
     r"\textrm", r"\operatorname", r"\operatorname*", r"\hspace", r"\vspace", r"\label", r"\tag", r"\boldsymbol"]
)  # fmt: skip
MOST = 30  # tokens of a short formula
Tokens = tuple[str, ...]


class Cuttings:
    """Parts of formulas, ready to be put together."""

    def __init__(self, formulas: Sequence[str]) -> None:
        self.formulas: list[Tokens] = []
        self.groups: dict[str, list[Tokens]] = defaultdict(list)  # what stands before a group -> insides of such groups
        self.lefts: list[Tokens] = []
        self.rights: list[Tokens] = []
        self.parts: list[Tokens] = []  # short ones
        for formula in formulas:
            tokens = tuple(formula.split())
            if tokens[-1:] == ("\\",):  # a blank that a script has cut
                tokens = tokens[:-1]
            depths = _depths(tokens)
            if depths is None or any(
                one in ("&", r"\\") and not depth for one, depth in zip(tokens, depths, strict=True)
            ):
                continue
            self.formulas.append(tokens)
            for kind, start, end in _groups(tokens):
                self.groups[kind].append(tokens[start:end])
                if 3 <= end - start <= MOST:
                    self.parts.append(tokens[start:end])
            self._cut(tokens, depths)
        if not self.formulas:
            raise ValueError("no formula with matching braces to cut")

    def _cut(self, tokens: Tokens, depths: list[int]) -> None:
        """Cut at what joins, outside of all braces."""
        relations = [at for at, token in enumerate(tokens) if depths[at] == 0 and token in RELATIONS]
        if relations:
            self.lefts.append(_trimmed(tokens[: relations[0]]))
            self.rights.append(_trimmed(tokens[relations[0] + 1 :]))
            if len(relations) > 1:
                self._add(tokens[: relations[1]])
        start = 0
        for at, token in enumerate(tokens):
            if depths[at] == 0 and (token in JOINTS or token in RELATIONS):
                self._add(tokens[start:at])
                start = at + 1
        self._add(tokens[start:])

    def _add(self, tokens: Tokens) -> None:
        part = _trimmed(tokens)
        if 2 <= len(part) <= MOST and all(part.count(one) == part.count(other) for one, other in ("()", "[]")):
            self.parts.append(part)

    def short(self, random: Random) -> str:
        """A part of at most `MOST` tokens, or two short sides joined."""
        if self.lefts and random.random() < 0.35:
            for _ in range(20):
                sign = random.choice(["=", "=", "=", r"\equiv", r"\sim", "<"])
                made = (*random.choice(self.lefts), sign, *random.choice(self.parts))
                if len(made) <= MOST and made[0] != sign:
                    return " ".join(made)
        return " ".join(max(random.choice(self.parts), random.choice(self.parts), key=len))

    def spliced(self, random: Random) -> str:
        """A formula in which one to three parts are those of others, or the sides of two equations as one."""
        if self.lefts and random.random() < 0.3:
            return " ".join((*random.choice(self.lefts), "=", *random.choice(self.rights)))
        tokens = random.choice(self.formulas)
        for _ in range(random.choice((1, 2, 2, 3))):
            groups = _groups(tokens)
            if not groups:
                break
            kind, start, end = random.choice(groups)
            tokens = (*tokens[:start], *random.choice(self.groups[kind]), *tokens[end:])
        return " ".join(tokens)


def _depths(tokens: Tokens) -> list[int] | None:
    """How deep in braces, brackets and environments each token stands; None where they do not match."""
    depths, depth = [], 0
    for token in tokens:
        if token in ("}",) or token.startswith(r"\end") or (token.startswith(r"\right") and not token[6:7].isalpha()):
            depth -= 1
        depths.append(depth)
        if depth < 0:
            return None
        if token in ("{",) or token.startswith(r"\begin") or (token.startswith(r"\left") and not token[5:6].isalpha()):
            depth += 1
    return depths if depth == 0 else None


def _groups(tokens: Tokens) -> list[tuple[str, int, int]]:
    """What stands before each group in braces, and where its inside begins and ends; rows of a table are none."""
    found: list[tuple[str, int, int]] = []
    open_: list[int] = []
    closed = 0  # within how many groups that are no mathematics
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else ""
        if token == "{":
            open_.append(at)
            closed += before in CLOSED or before.startswith(r"\begin")
        elif token == "}" and open_:
            start = open_.pop()
            before = tokens[start - 1] if start else ""
            if before in CLOSED or before.startswith(r"\begin"):
                closed -= 1
            elif not closed and at > start + 1 and not {"&", r"\\"} & set(tokens[start:at]):
                found.append((before if before.startswith(("\\", "_", "^", "}")) else "", start + 1, at))
    return found


def _trimmed(tokens: Tokens) -> Tokens:
    """Without what joins or ends at its ends. What is left of an unmatched bracket stays: papers break lines there."""
    start, end = 0, len(tokens)
    while start < end and tokens[start] in ENDS - {"-", "|"}:
        start += 1
    while end > start and tokens[end - 1] in ENDS - {"|"}:
        end -= 1
    return tokens[start:end]
