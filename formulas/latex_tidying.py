"""The tree of a formula -> the same formula with nothing in it that print does not show.

python -c "from formulas.latex_tidying import *; print(tidied([Group([Atom('a')])]))"

Braces that change nothing are opened, spaces have one of a few widths, each font has one name.
"""

from formulas.latex_tree import Atom, Command, Fence, Group, Rows, Scripts, Space, Stack
from formulas.latex_words import ACCENTS_AND_BARS, FONTS, FUNCTIONS, KEPT_WIDTHS, ORDINARY, SIZED, STYLES

ORDINARY_COMMANDS = (
    ACCENTS_AND_BARS | FONTS | {"\\frac", "\\binom", "\\sqrt", "\\boxed", "\\phantom", "\\hphantom", "\\textcircled"}
)
NEGATED = {"=": "\\neq", "\\in": "\\notin", "\\ni": "\\not\\ni"}
UNAFFECTED = {"\\mathrm": frozenset("0123456789")}  # digits are upright already


def tidied(nodes: list) -> list:
    """The tidy form of a whole list: a formula, an argument, a script, a cell. Spaces at its ends are gone."""
    nodes = spliced(nodes)
    while len(nodes) == 1 and isinstance(nodes[0], Group):
        nodes = nodes[0].body
    return without_spaces_at_ends(nodes)


def tidied_script(nodes: list) -> list:
    """The tidy form of a script; a space before it stays, for it tells which index comes first."""
    nodes = spliced(nodes)
    while len(nodes) == 1 and isinstance(nodes[0], Group):
        nodes = nodes[0].body
    before, inner, _ = split_ends(nodes)
    return [*(space for space in before if space.width > 0), *inner] if inner else []


def spliced(nodes: list) -> list:
    """The tidy form of a part of a list: idle groups are opened, spaces joined. Spaces at the ends stay."""
    out: list = []
    for node in nodes:
        out += opened(tidied_node(node))
    out = joined_fonts(joined_spaces(out))
    return without_empty_groups(negations(without_repeated_styles(out)))


def without_repeated_styles(nodes: list, style: str = "") -> list:
    """A list that begins in this style ("": unknown), without \\displaystyle and its like where they change nothing."""
    out: list = []
    for node in nodes:
        if isinstance(node, Atom) and node.token in STYLES:
            if node.token == style:
                continue
            style = node.token
        out.append(node)
    return out


def tidied_node(node: object) -> list:
    """One node, tidy; a font without letters becomes its content."""
    if isinstance(node, Group):
        return [Group(spliced(node.body))]
    if isinstance(node, Scripts):
        return [tidied_scripts(node)]
    if isinstance(node, Fence):
        return [Fence(node.left, tidied(node.body), node.right)]
    if isinstance(node, Stack):
        return [Stack(tidied(node.upper), tidied(node.lower))]
    if isinstance(node, Rows):
        return [tidied_rows(node)]
    if isinstance(node, Command):
        return tidied_command(node)
    if isinstance(node, Atom) and node.token == "'":
        return [Scripts(None, None, [Atom("\\prime")])]
    return [node]


def tidied_scripts(node: Scripts) -> Scripts:
    """Scripts with a tidy base; an empty script is none, except the only one."""
    sub = None if node.sub is None else tidied_script(node.sub)
    sup = None if node.sup is None else tidied_script(node.sup)
    base = node.base
    if isinstance(base, Command) and base.name == "\\mathop":
        base = limits_operator(tidied(base.arguments[0]))
    elif base is not None:
        inner = without_spaces_at_ends(opened_base(tidied_node(base)))
        base = (
            inner[0]
            if len(inner) == 1 and not isinstance(inner[0], Scripts | Space)
            else Group(inner)
            if inner
            else None
        )
    return Scripts(base, sub or None, sup or None) if sub or sup else Scripts(base, sub, sup)


def opened_base(nodes: list) -> list:
    """What scripts stand at, without braces that change nothing."""
    while len(nodes) == 1 and isinstance(nodes[0], Group):
        body = without_spaces_at_ends(nodes[0].body)
        if len(body) != 1 or not (
            isinstance(body[0], Group) or (is_ordinary(body[0]) and not isinstance(body[0], Scripts))
        ):
            return [Group(body)]
        nodes = body
    return nodes


def tidied_rows(node: Rows) -> Rows:
    """Rows with tidy cells."""
    return Rows(node.name, node.columns, [[tidied(cell) for cell in row] for row in node.rows], node.rules)


def tidied_command(node: Command) -> list:
    """A command with tidy arguments; names of functions are commands of their own."""
    name = node.name
    option = tidied(node.option) if node.option is not None else None
    if name in FONTS:
        return tidied_font(name, spliced(node.arguments[0]))
    arguments = [tidied(argument) for argument in node.arguments]
    if name in ("\\operatorname", "\\operatorname*"):
        return [operator(name, arguments[0])]
    if name == "\\mathop":  # without limits
        only = arguments[0][0] if len(arguments[0]) == 1 else None
        is_operator = isinstance(only, Atom) and only.token[0] == "\\"
        return [only] if is_operator or isinstance(only, Command) else [Group(arguments[0])]
    return [Command(name, arguments, option or None)]


def limits_operator(nodes: list) -> object:
    """\\mathop{..}, with what stands above and below it as for a sum."""
    only = nodes[0] if len(nodes) == 1 else None
    if isinstance(only, Command) and only.name == "\\mathrm":
        return operator("\\operatorname*", nodes)
    is_operator = isinstance(only, Atom) and only.token[0] == "\\" and only.token not in ORDINARY
    if is_operator or (isinstance(only, Command) and only.name == "\\operatorname*"):
        return only
    return Command("\\mathop", [nodes])


def operator(name: str, letters: list) -> object:
    """\\operatorname{sin} is \\sin; other names of operators are upright letters, unless limits stand below them."""
    while len(letters) == 1 and isinstance(letters[0], Command) and letters[0].name == "\\mathrm":
        letters = letters[0].arguments[0]
    word = "\\" + "".join(atom.token for atom in letters if isinstance(atom, Atom))
    if word in FUNCTIONS and all(isinstance(atom, Atom) for atom in letters):
        return Atom(word)
    return Command("\\operatorname*", [letters]) if name == "\\operatorname*" else Command("\\mathrm", [letters])


def tidied_font(name: str, body: list) -> list:
    """A font holds letters; spaces at its ends stand outside, and the inner one of two fonts counts."""
    while len(body) == 1 and isinstance(body[0], Group):
        body = body[0].body
    before, inner, after = split_ends(body)
    if len(inner) == 1 and isinstance(inner[0], Command) and inner[0].name in FONTS:
        return [*before, *inner, *after]
    if not affected(name, inner):
        return [*before, Group(inner), *after] if len(inner) != 1 else [*before, *inner, *after]
    return [*before, Command(name, [inner]), *after]


def affected(name: str, nodes: list) -> bool:
    """Whether a font changes anything here: letters, digits, and for bold also symbols."""
    for node in nodes:
        if isinstance(node, Atom):
            if name == "\\boldsymbol" or (node.token.isalnum() and node.token not in UNAFFECTED.get(name, ())):
                return True
            if node.token in ORDINARY and name != "\\mathrm" and node.token[1:2].isupper():
                return True
        elif any(affected(name, child) for child in children(node)):
            return True
    return False


def children(node: object) -> list[list]:
    """The lists below a node."""
    if isinstance(node, Group):
        return [node.body]
    if isinstance(node, Scripts):
        return [[node.base] if node.base is not None else [], node.sub or [], node.sup or []]
    if isinstance(node, Fence):
        return [node.body]
    if isinstance(node, Stack):
        return [node.upper, node.lower]
    if isinstance(node, Rows):
        return [cell for row in node.rows for cell in row]
    if isinstance(node, Command):
        return [*node.arguments, node.option or []]
    return []


def is_ordinary(node: object) -> bool:
    """Whether TeX sets this with the spaces of an ordinary symbol, so that braces round it change nothing."""
    if isinstance(node, Atom):
        token = node.token
        return token.isalnum() or token in ORDINARY or token in ("|", "/", ".") or token.split()[0] in SIZED
    if isinstance(node, Command):
        return node.name in ORDINARY_COMMANDS
    if isinstance(node, Scripts):
        return node.base is None or is_ordinary(node.base)
    return isinstance(node, Stack | Group) or (isinstance(node, Rows) and node.name in ("array", "matrix"))


def opened(nodes: list) -> list:
    """Groups in a list that change nothing, without their braces."""
    out: list = []
    for node in nodes:
        if isinstance(node, Group):
            before, inner, after = split_ends(node.body)
            style = any(isinstance(child, Atom) and child.token in STYLES for child in inner)
            if inner and not style and is_ordinary(inner[0]) and is_ordinary(inner[-1]):
                out += [*before, *inner, *after]
                continue
            node = Group(inner)
        out.append(node)
    return out


def split_ends(nodes: list) -> tuple[list, list, list]:
    """Spaces before, the rest, spaces after."""
    start, end = 0, len(nodes)
    while start < end and is_space(nodes[start]):
        start += 1
    while end > start and is_space(nodes[end - 1]):
        end -= 1
    return nodes[:start], nodes[start:end], nodes[end:]


def without_spaces_at_ends(nodes: list) -> list:
    """A list without spaces before and behind."""
    return split_ends(nodes)[1]


def is_space(node: object) -> bool:
    """Whether a node is nothing but space."""
    return isinstance(node, Space)


def joined_spaces(nodes: list) -> list:
    """Neighbouring spaces are one, of the nearest width that the normal form has."""
    out: list = []
    for node in nodes:
        if isinstance(node, Space) and out and isinstance(out[-1], Space):
            out[-1] = Space(out[-1].width + node.width)
        else:
            out.append(node)
    return [
        Space(nearest) if isinstance(node, Space) else node
        for node in out
        if (nearest := kept_width(node)) or not isinstance(node, Space)
    ]


def kept_width(node: object) -> float:
    """The width of a space in the normal form; 0: none. One \\! is not seen, three put a slash through a letter."""
    if not isinstance(node, Space) or -0.4 < node.width < 0.1:
        return 0.0
    return next(width for width, (_, below) in KEPT_WIDTHS.items() if node.width < below)


def space_tokens(node: Space) -> list[str]:
    """How the normal form writes a space."""
    return KEPT_WIDTHS[node.width][0]


def joined_fonts(nodes: list) -> list:
    """Words in the same font are one: \\mathrm{a} ~ \\mathrm{b} is \\mathrm{a ~ b}."""
    out: list = []
    for node in nodes:
        if isinstance(node, Command) and node.name in FONTS:
            space = [out[-1]] if out and isinstance(out[-1], Space) and out[-1].width == 0.333 else []
            before = out[-1 - len(space)] if len(out) > len(space) else None
            if isinstance(before, Command) and before.name == node.name:
                joined = [*before.arguments[0], *space, *node.arguments[0]]
                out[-1 - len(space) :] = [Command(node.name, [joined])]
                continue
        out.append(node)
    return out


def negations(nodes: list) -> list:
    """\\not = is \\neq."""
    out: list = []
    for node in nodes:
        if isinstance(node, Group) and out and out[-1] == Atom("\\not") and len(node.body) == 1:
            node = node.body[0]
        named = node.token if isinstance(node, Atom) else ""
        if out and out[-1] == Atom("\\not") and named in ("=", "\\in"):
            out[-1] = Atom(NEGATED[named])
            continue
        out.append(node)
    return out


def without_empty_groups(nodes: list) -> list:
    """An empty group counts only beside a sign whose spaces depend on its neighbours; of several, one counts."""
    seen: list = []  # what counts, and where it stands
    for i, node in enumerate(nodes):
        if not is_space(node) and not (node == Group([]) and seen and seen[-1][1] == node):
            seen.append((i, node))
    kept = set()
    for at, (i, node) in enumerate(seen):
        beside = [*(other for _, other in seen[max(0, at - 1) : at]), *(other for _, other in seen[at + 1 : at + 2])]
        if node != Group([]) or not all(is_ordinary(other) for other in beside):
            kept.add(i)
    return joined_spaces([node for i, node in enumerate(nodes) if i in kept or is_space(node)])
