"""LaTeX of formulas in one normal form, so that what looks the same in print is the same text.

    python -c "from formulas.latex import normalise; print(normalise(r'{a\\over b}^\\prime, \\label{x}'))"

The normal form is tokens joined by one space, as im2markup and its successors print them, such as
`\\frac { a } { b } ^ { \\prime }`.
Scripts are braced, `_` stands before `^`, fonts are commands (`\\mathrm { e f f }`), a bracket and its `\\left` are one
token, spaces have one of five widths, and braces that print does not show are gone.
"""

from collections.abc import Sequence

from formulas.latex_parsing import parse
from formulas.latex_tidying import space_tokens, tidied, without_repeated_styles
from formulas.latex_tokens import LatexError
from formulas.latex_tree import Atom, Command, Fence, Group, Rows, Scripts, Space, Stack
from formulas.latex_words import FONTS, STYLES

__all__ = ["VERSION", "LatexError", "bare_tokens", "display", "faults", "normalise"]

VERSION = 2  # of the normal form; a model holds the one that it learned
NEVER_COUNTED = FONTS | STYLES | {"{", "}", "\\!", "\\,", "~", "\\quad", "\\qquad"}
TRAILING = frozenset((".", ",", ";", ":"))


def normalise(latex: str) -> str:
    """The normal form of a formula: tokens joined by one space; "" if nothing of it is seen in print (only a label).

    Idempotent. Raises LatexError for what TeX would not set (braces or \\left without their fellow, a missing argument,
    two superscripts on one symbol), and for drawings and definitions.
    """
    nodes = whole(latex)
    for _ in range(4):  # what one round brings together, such as two words, the next may join
        text = " ".join(printed_list(nodes))
        again = whole(text)
        if again == nodes:
            break
        nodes = again
    return text


def whole(latex: str) -> list:
    """The tidy tree of a formula, which stands in display style."""
    return tidied(without_repeated_styles(tidied(parse(latex)), "\\displaystyle"))


def bare_tokens(normal: str) -> list[str]:
    """What the figures count: no braces, \\left, \\right, fonts and spaces, and no punctuation at the end."""
    tokens = []
    for token in normal.split():
        for command in ("\\left", "\\right", "\\middle"):
            bracket = token.removeprefix(command)
            if bracket != token and not bracket[:1].isalpha():
                token = bracket if bracket != "." else ""
                break
        if token in NEVER_COUNTED or not token:
            continue
        tokens.append(token if len(token) < 3 else token.replace("{", "").replace("}", ""))
    while tokens and tokens[-1] in TRAILING:
        tokens.pop()
    return tokens


def display(normal: str) -> str:
    """A formula in normal form as people write it: `\\frac{a}{b}`. normalise(display(x)) == x."""
    text = ""
    for token in normal.split():
        word = text[text.rfind("\\") :] if "\\" in text else ""
        if word[1:].isalpha() and token[0].isalpha():
            text += " "
        text += token
    return text


def faults(tokens: str | Sequence[str]) -> list[str]:
    """What is left open or closes nothing, one line each; [] if braces, brackets and environments fit."""
    tokens = tokens.split() if isinstance(tokens, str) else tokens
    found: list[str] = []
    waiting: list[str] = []
    for token in tokens:
        if token == "{" or token.startswith("\\begin{") or (token.startswith("\\left") and not token[5:6].isalpha()):
            waiting.append(token)
        elif token == "}" or token.startswith("\\end{") or (token.startswith("\\right") and not token[6:7].isalpha()):
            opening = "{" if token == "}" else token.replace("\\end", "\\begin") if token[1] == "e" else "\\left"
            if not waiting:
                found.append(f"{token} closes nothing")
            elif waiting[-1] == opening or (opening == "\\left" and waiting[-1].startswith("\\left")):
                waiting.pop()
            else:
                found.append(f"{token} closes {waiting.pop()}")
    found += [f"{token} is never closed" for token in waiting]
    return found


def printed(nodes: list) -> list[str]:
    """The tokens of a tidy tree."""
    tokens: list[str] = []
    for node in nodes:
        tokens += printed_node(node)
    return tokens


def braced(nodes: list) -> list[str]:
    return ["{", *printed_list(nodes), "}"]


def printed_list(nodes: list) -> list[str]:
    """A whole list; a stack that stands alone in it needs no braces of its own."""
    if len(nodes) == 1 and isinstance(nodes[0], Stack):
        return [*printed(nodes[0].upper), "\\atop", *printed(nodes[0].lower)]
    return printed(nodes)


def printed_node(node: object) -> list[str]:
    if isinstance(node, Atom):
        return node.token.split(" ")
    if isinstance(node, Space):
        return space_tokens(node)
    if isinstance(node, Group):
        return braced(node.body)
    if isinstance(node, Stack):
        return braced([node])
    if isinstance(node, Fence):
        return [f"\\left{node.left}", *printed_list(node.body), f"\\right{node.right}"]
    if isinstance(node, Scripts):
        tokens = ["{", "}"] if node.base is None else printed_node(node.base)
        for sign, script in (("_", node.sub), ("^", node.sup)):
            if script is not None:
                tokens += [sign, *braced(script)]
        return tokens
    if isinstance(node, Rows):
        return printed_rows(node)
    assert isinstance(node, Command)
    option = [] if node.option is None else ["[", *printed(node.option), "]"]
    if option and Atom("]") in node.option:
        option = ["[", *braced(node.option), "]"]
    return [node.name, *option, *(token for argument in node.arguments for token in braced(argument))]


def printed_rows(table: Rows) -> list[str]:
    tokens = ["\\substack", "{"] if table.name == "substack" else [f"\\begin{{{table.name}}}"]
    if table.name == "array":
        tokens += ["{", *table.columns, "}"]
    for i, row in enumerate(table.rows):
        tokens += ["\\\\"] * (i > 0) + ["\\hline"] * (i in table.rules)
        cells = [printed_list(cell) for cell in row]
        if cells[0][:1] in (["["], ["*"]):  # TeX would take it for the gap between two rows
            tokens += ["{", "}"]
        for j, cell in enumerate(cells):
            tokens += ["&"] * (j > 0) + cell
    if len(table.rows) in table.rules:
        tokens += ["\\\\", "\\hline"]
    return [*tokens, "}" if table.name == "substack" else f"\\end{{{table.name}}}"]
