"""LaTeX mathematics -> a tree of formulas, as TeX reads it (formulas/latex.py writes it again, in the normal form).

    python -c "from formulas.latex_parsing import parse; print(parse('a^2'))"

Only what is seen in print is kept: comments, labels, sizes and struts are gone, and plain TeX (`\\over`, `{\\rm x}`,
`\\matrix{..}`) has become LaTeX.
"""

from collections.abc import Callable

from formulas.latex_boxes import BoxReader
from formulas.latex_tokens import LatexError, tokens_of
from formulas.latex_tree import Atom, Command, Fence, Group, Scripts, Space, Stack, Switch, fonts_applied
from formulas.latex_words import (
    ARGUMENTS,
    DROPPED,
    FONT_COMMANDS,
    FONT_SWITCHES,
    FUNCTIONS,
    INFIX,
    KEPT_CONTENT,
    LENGTHS,
    ORDINARY,
    PARAMETERS,
    PLAIN_ALIGNMENTS,
    REFUSED,
    SIZED,
    SPACES,
    STYLES,
    SYMBOLS,
    SYNONYMS,
    TEXT_ACCENTS,
    TEXT_COMMANDS,
)

ZERO_ARGUMENTS = FUNCTIONS | ORDINARY | STYLES | SYMBOLS


def parse(latex: str) -> list:
    """The tree of a formula. Raises LatexError."""
    if "[object Object]" in latex:
        raise LatexError("'[object Object]' stands where an earlier program lost the index of a root")
    if "\n" not in latex.strip():  # a line that was commented out as a whole: data sets hold it, and its picture
        latex = latex.lstrip().lstrip("%")
    return Parser(tokens_of(latex)).body(lambda token: False, "the formula")


class Parser(BoxReader):
    """Reads mathematics."""

    def body(self, stops: Callable[[str], bool], of: str) -> list:
        """Everything up to a token that stops (which is left), or to the end if the whole formula is read."""
        self.deeper()
        nodes: list = []
        upper, infix = None, ""
        while (text := self.peek()) is not None and not stops(text):
            name = SYNONYMS.get(text, text)
            if name in INFIX:
                if infix:
                    raise self.error(f"{infix} and {name} in one group, so that it is unclear what stands above what")
                infix, upper = self.infix(), nodes
                fonts = [node for node in nodes if isinstance(node, Switch)]
                nodes = fonts[-1:]
                continue
            self.step(name, nodes)
        if text is None and of != "the formula":
            raise self.error(f"{of} does not end")
        self.depth -= 1
        nodes = fonts_applied(nodes)
        return nodes if upper is None else self.fraction(infix, fonts_applied(upper), nodes)

    def infix(self) -> str:
        """Take \\over or its like, with the brackets that it brings."""
        name = self.take()
        if name in ("\\overwithdelims", "\\atopwithdelims"):
            return f"{name} {self.delimiter(name)} {self.delimiter(name)}"
        if name == "\\above":
            self.length()
        return name

    @staticmethod
    def fraction(infix: str, upper: list, lower: list) -> list:
        """The fraction or stack that \\over or its like makes of what stands before and behind it."""
        name, *fences = infix.split()
        if name in ("\\over", "\\above", "\\overwithdelims"):
            node: object = Command("\\frac", [upper, lower])
        elif name == "\\choose":
            return [Command("\\binom", [upper, lower])]
        else:
            node = Stack(upper, lower)
        fences = {"\\brack": ["[", "]"], "\\brace": ["\\{", "\\}"]}.get(name, fences)
        return [Fence(fences[0], [node], fences[1])] if fences else [node]

    def step(self, name: str, nodes: list) -> None:
        """Read what begins at the next token, called `name`, to the end of `nodes`."""
        if name in ("_", "^", "'"):
            return self.script(name, nodes)
        if name == "}":
            raise self.error("a closing brace too many")
        if name == "&":
            raise self.error("'&' outside of a matrix")
        if name in ("\\right", "\\middle", "\\end"):
            raise self.error(name + (" without \\begin" if name == "\\end" else " without \\left"))
        if name in ("$", "\\\\"):  # TeX ends no line of a single formula
            self.take()
            return None
        if name in FONT_SWITCHES:
            self.take()
            nodes.append(Switch(FONT_SWITCHES[name]))
            return None
        nodes.extend(self.item(name))
        return None

    def script(self, name: str, nodes: list) -> None:
        """Take a script, to the last of `nodes`."""
        base_can_be = (
            nodes and not isinstance(nodes[-1], Space | Switch) and getattr(nodes[-1], "token", "") not in STYLES
        )
        base = nodes.pop() if base_can_be else None
        scripts = base if isinstance(base, Scripts) else Scripts(base)
        nodes.append(scripts)
        if name == "'":
            if scripts.sup is not None:
                raise self.error("two superscripts on one symbol")
            primes: list = []
            while self.peek() is not None and SYNONYMS.get(self.peek(), self.peek()) == "'":
                self.take()
                primes.append(Atom("\\prime"))
            scripts.sup = primes
            if self.peek() is not None and SYNONYMS.get(self.peek(), self.peek()) == "^":
                self.take()
                primes.extend(self.argument("^"))
            return
        if (scripts.sub if name == "_" else scripts.sup) is not None:
            raise self.error(f"two {'sub' if name == '_' else 'super'}scripts on one symbol")
        self.take()
        setattr(scripts, "sub" if name == "_" else "sup", self.argument(name))

    def argument(self, of: str) -> list:
        """The argument of a command: a group, or the next thing alone."""
        text = self.peek()
        name = SYNONYMS.get(text, text) if text is not None else "}"
        if name == "{":
            return self.group(of)
        if name in ("}", "&", "\\\\", "_", "^", "$", "\\right", "\\left", "\\end", "\\middle") or name in INFIX:
            raise self.error(f"the argument of {of} is missing")
        if name == "'":
            self.take()
            return [Atom("\\prime")]
        if name in FONT_SWITCHES:
            self.take()
            return []
        self.deeper()  # \hat \hat \hat ...: arguments without braces lie inside each other too
        if name in SPACES or (name in DROPPED and DROPPED[name] == 0):
            self.take()
            nodes = [Space(SPACES[name])] if name in SPACES else self.argument(of) if of not in "_^" else []
        else:
            nodes = self.item(name)
        self.depth -= 1
        return nodes

    def group(self, of: str) -> list:
        """Take a group in braces."""
        self.take()
        body = self.body(lambda token: token == "}", f"the group of {of}" if of else "a group")
        self.take()
        return body

    def item(self, name: str) -> list:
        """What begins at the next token, as nodes: one, or those of content without a frame."""
        if name == "{":
            return [Group(self.group(""))]
        if name[0] != "\\" or len(name) == 1:
            if name == "\\":  # a space at the end, which lost itself
                self.take()
                return []
            return [Space(SPACES[name])] if self.take() and name in SPACES else [Atom(name)]
        if name in REFUSED:
            raise self.error(f"{name} draws or programs, it is no formula")
        if name == "\\left":
            return [self.fence()]
        if name == "\\begin":
            return self.environment()
        command = self.take()
        if name in SPACES:
            return [Space(SPACES[name])]
        if name in LENGTHS:
            width = self.braced_length() if "space" in name else self.length()
            return [] if name == "\\vskip" else [Space(width)]
        if name in PARAMETERS:
            if self.peek() == "=":
                self.take()
            self.length()
            return []
        if name in SIZED:
            return [Atom(f"{name} {self.delimiter(command)}")]
        if name in FONT_COMMANDS:
            return [Command(FONT_COMMANDS[name], [self.argument(command)])]
        if name in TEXT_COMMANDS or name == "\\boxed":
            return self.box(name)
        if name in PLAIN_ALIGNMENTS and self.peek() == "{":
            self.take()
            nodes = self.rows(
                PLAIN_ALIGNMENTS[name], lambda token: token == "}", "", text_column=1 if name == "\\cases" else None
            )
            self.take()
            return nodes
        if name == "\\substack":
            if self.peek() != "{":
                return self.argument(command)
            self.take()
            rows = self.rows("substack", lambda token: token == "}", "")
            self.take()
            return rows
        if name in DROPPED:
            for _ in range(DROPPED[name]):
                self.skip_argument()
            return []
        if name in KEPT_CONTENT:
            return [Group(self.argument(command))]
        if name in ("\\raise", "\\lower", "\\raisebox", "\\rule"):
            return self.moved(name)
        if name == "\\buildrel":
            upper = self.body(lambda token: token == "\\over", "\\buildrel")
            self.take()
            return [Command("\\stackrel", [upper, self.argument(command)])]
        if name == "\\genfrac":
            left, right = (self.argument(command) for _ in range(2))
            self.skip_argument(), self.skip_argument()
            node = Command("\\frac", [self.argument(command), self.argument(command)])
            fences = [side[0].token if side and isinstance(side[0], Atom) else "." for side in (left, right)]
            return [node] if fences == [".", "."] else [Fence(fences[0], [node], fences[1])]
        if name in ARGUMENTS:
            option = (
                self.option() if name in ("\\sqrt", "\\xrightarrow", "\\xleftarrow") and self.peek() == "[" else None
            )
            if command == "\\root":
                option = self.body(lambda token: token == "\\of", "\\root")
                self.take()
            return [Command(name, [self.argument(command) for _ in range(ARGUMENTS[name])], option)]
        if name in TEXT_ACCENTS and self.peek() is not None and self.peek() not in "}&":
            return [Command(TEXT_ACCENTS[name], [self.argument(command)])]
        if name in ZERO_ARGUMENTS or not name[1].isalpha() or self.peek() != "{":
            return [Atom(name)]
        arguments = []
        while self.peek() == "{":
            arguments.append(self.group(command))
        return [Command(name, arguments)]

    def fence(self) -> Fence:
        """Take \\left to \\right."""
        self.take()
        left = self.delimiter("\\left")
        body: list = []
        while True:
            body += self.body(lambda token: token in ("\\right", "\\middle"), f"\\left{left}")
            if self.take() == "\\right":
                return Fence(left, body, self.delimiter("\\right"))
            body.append(Atom("\\middle" + self.delimiter("\\middle")))
