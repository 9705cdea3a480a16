"""The tree of a formula: what stands in it, as TeX builds it.

    python -c "from formulas.latex_tree import Atom, Scripts; print(Scripts(Atom('x'), sup=[Atom('2')]))"

A list of nodes is a formula, an argument, a script or a cell.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Atom:
    """A letter, a sign, a command without arguments."""

    token: str  # "x", "\\alpha"; "\\big (" is one, too


@dataclass(slots=True)
class Space:
    """A space between two things."""

    width: float  # em


@dataclass(slots=True)
class Group:
    """A list in braces."""

    body: list


@dataclass(slots=True)
class Command:
    """A command with its arguments."""

    name: str
    arguments: list[list]
    option: list | None = None  # of \\sqrt


@dataclass(slots=True)
class Scripts:
    """What stands below and above something."""

    base: object | None  # None: an empty group
    sub: list | None = None
    sup: list | None = None


@dataclass(slots=True)
class Fence:
    """\\left ... \\right."""

    left: str
    body: list
    right: str


@dataclass(slots=True)
class Stack:
    """One list above another without a line."""

    upper: list
    lower: list


@dataclass(slots=True)
class Rows:
    """Cells in rows."""

    name: str  # "array", "substack" ...
    columns: str  # of an array: "ccl|r"
    rows: list[list[list]]
    rules: set[int] = field(default_factory=set)  # \\hline above row i


@dataclass(slots=True)
class Switch:
    """A font up to the end of its group; a parsed formula holds none."""

    font: str


def has_boldsymbol(nodes: list) -> bool:
    """Whether a list holds bold symbols, which no text font reaches."""
    return any(isinstance(node, Command) and node.name == "\\boldsymbol" for node in nodes)


def fonts_applied(nodes: list) -> list:
    """A font holds up to the next switch, or to the end of its group."""
    out: list = []
    font, reached = "", 0  # where in `out` the font began
    for node in [*nodes, Switch("")]:
        if isinstance(node, Switch):
            if font and out[reached:]:
                out[reached:] = [Command(font, [out[reached:]])]
            font, reached = node.font, len(out)
        else:
            out.append(node)
    return out
