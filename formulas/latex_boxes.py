"""Text and rows inside LaTeX mathematics: boxes such as \\mbox, environments such as array, plain TeX's \\matrix.

python -c "from formulas.latex_parsing import parse; print(parse(r'x \\mbox{ if } y'))"
"""

from collections.abc import Callable

from formulas.latex_tokens import TokenReader
from formulas.latex_tree import Atom, Command, Fence, Group, Rows, Space, has_boldsymbol
from formulas.latex_words import DROPPED, ENVIRONMENTS, FENCED, FONT_SWITCHES, FRAMES, SPACES, SYNONYMS, TEXT_COMMANDS


class BoxReader(TokenReader):
    """Reads text and rows; what stands in them it reads with the methods of formulas.latex_parsing.Parser."""

    def body(self, stops: Callable[[str], bool], of: str) -> list:
        """Everything up to a token that stops."""
        raise NotImplementedError

    def argument(self, of: str) -> list:
        """The argument of a command."""
        raise NotImplementedError

    def group(self, of: str) -> list:
        """A group in braces."""
        raise NotImplementedError

    def item(self, name: str) -> list:
        """What begins at the next token."""
        raise NotImplementedError

    def option(self) -> list:
        """What stands in [ ]."""
        self.take()
        body = self.body(lambda token: token == "]", "an option in [ ]")
        self.take()
        return body

    def moved(self, name: str) -> list:
        """What is raised or lowered, at its place; of a rule, only its width."""
        if name in ("\\raise", "\\lower"):
            self.length()
            return [Group(self.argument(name))]
        while self.peek() == "[":
            self.option()
        width = self.braced_length()
        if name == "\\rule":
            self.skip_argument()
            return [Space(width)]
        while self.peek() == "[":
            self.option()
        return [Group(self.box("\\mbox"))]

    def box(self, name: str) -> list:
        """A box with text, as mathematics; what a normaliser printed, token by token, is mathematics already."""
        font = TEXT_COMMANDS.get(name, "")
        while self.word("to") or self.word("spread"):
            self.length()
        while self.peek() in ("[", "("):
            closing = "]" if self.take() == "[" else ")"
            self.body(closing.__eq__, f"an option of {name}")
            self.take()
        if self.peek() != "{":
            content = self.argument(name)
        elif self.spaced_out() or (not font and not self.has_dollar()):
            content = self.group(name)
            content = content if not font or has_boldsymbol(content) else [Command(font, [content])]
        else:
            self.take()
            content = self.text(font or "\\mathrm", lambda token: token == "}")
            self.take()
        return [Command(name, [content])] if name == "\\boxed" else [Group(content)]

    def has_dollar(self) -> bool:
        """Whether the group that begins here holds mathematics between dollars."""
        return any(token.text in ("$", "\\(") for token in self.ahead())

    def spaced_out(self) -> bool:
        """Whether the group that begins here has a space before every token, as normalisers print them."""
        inner = self.ahead()
        return all(token.spaced for token in inner) and not any(token.text == "$" for token in inner)

    def text(self, font: str, stops: Callable[[str], bool]) -> list:
        """Text up to a token that stops: words in their font, spaces of a third em, mathematics between dollars."""
        self.deeper()
        nodes: list = []

        def add(node: object) -> None:
            """Put a character into the word before it if that has the same font."""
            word = nodes[-1] if nodes and isinstance(nodes[-1], Command) and nodes[-1].name == font else None
            if word is None and font and not isinstance(node, Space):
                word = Command(font, [[]])
                nodes.append(word)
            (nodes if word is None else word.arguments[0]).append(node)

        while (text := self.peek()) is not None and not stops(text):
            if self.tokens[self.at].spaced and not (nodes == [] and self.tokens[self.at - 1].text[0] == "\\"):
                add(Space(SPACES["~"]))
            name = SYNONYMS.get(text, text)
            if text in ("$", "\\("):
                self.take()
                nodes += self.body(lambda token: token in ("$", "\\)"), "mathematics in text")
                self.take()
            elif name in FONT_SWITCHES:
                self.take()
                font = FONT_SWITCHES[name] if name != "\\boldmath" else font
                if name == "\\boldmath":
                    rest = self.text(font, stops)
                    nodes.append(Command("\\boldsymbol", [[n for n in rest if not isinstance(n, Space)]]))
            elif text == "{":
                self.take()
                nodes += self.text(font, lambda token: token == "}")
                self.take()
            elif (
                text in TEXT_COMMANDS
                and self.tokens[self.at + 1 : self.at + 2]
                and self.tokens[self.at + 1].text == "{"
            ):
                self.at += 2
                nodes += self.text(TEXT_COMMANDS[text], lambda token: token == "}")
                self.take()
            elif text in ("_", "^", "&", "}", "\\right"):
                raise self.error(f"{text!r} in text")
            elif name == "'":
                self.take()
                add(Atom("'"))
            else:
                for node in self.item(name):
                    add(node)
        if text is None:
            raise self.error("a group with text does not end")
        if self.tokens[self.at].spaced and nodes:
            add(Space(SPACES["~"]))
        self.depth -= 1
        return nodes

    def environment(self) -> list:
        """From \\begin to \\end."""
        self.take()
        name = self.environment_name("\\begin")
        if name not in ENVIRONMENTS and name not in FRAMES:
            raise self.error(f"the environment {name!r} is not known")
        columns = ""
        if name in ("array", "tabular", "subarray"):
            while self.peek() == "[":
                self.option()
            columns = self.columns()
        elif name.startswith("alignat") or name == "alignedat":
            self.skip_argument()
        elif name in ("aligned", "gathered") and self.peek() == "[":
            self.option()
        if name in ENVIRONMENTS:
            nodes = self.rows(name, lambda token: token == "\\end", columns)
        else:
            nodes = [Group(self.body(lambda token: token == "\\end", f"\\begin{{{name}}}"))]
        if self.peek() is None:
            raise self.error(f"\\begin{{{name}}} does not end")
        self.take()
        if (closing := self.environment_name("\\end")) != name:
            raise self.error(f"\\begin{{{name}}} ends with \\end{{{closing}}}")
        return nodes

    def rows(self, name: str, stops: Callable[[str], bool], columns: str, text_column: int | None = None) -> list:
        """Cells up to a token that stops, which is left."""
        rows: list[list[list]] = [[]]
        rules: set[int] = set()

        def cell_ends(token: str) -> bool:
            return stops(token) or token == "&" or SYNONYMS.get(token, token) == "\\\\"

        while True:
            while self.peek() == "\\hline" or DROPPED.get(self.peek() or ""):
                if self.take() == "\\hline":
                    rules.add(len(rows) - 1)
                else:
                    self.skip_argument()
            if self.peek() == "\\multicolumn":
                rows[-1] += [[] for _ in range(self.spanned() - 1)]
            if text_column == len(rows[-1]) and any(token.text == "$" for token in self.tokens[self.at :]):
                rows[-1].append(self.text("\\mathrm", cell_ends))
            else:
                rows[-1].append(self.body(cell_ends, f"a cell of {name}"))
            if stops(self.peek() or ""):
                break
            if self.take() != "&":
                self.row_gap()
                rows.append([])
        if len(rows) > 1 and not any(rows[-1]):
            rows.pop()
        if name.startswith("eqnarray"):  # a, =, b: the sign and what follows it are one column of the aligned form
            rows = [[row[0], row[1] + row[2], *row[3:]] if len(row) > 2 else row for row in rows]
        kind = ENVIRONMENTS.get(name, name)
        table = Rows(kind, columns, rows, rules)
        if name in FENCED:
            return [Fence(FENCED[name][0], [table], FENCED[name][1])]
        return [table]
