"""The tokens of a LaTeX formula, and a reader that goes along them: brackets, lengths, what is passed over.

python -c "from formulas.latex_tokens import tokens_of; print([token.text for token in tokens_of('a^2 % a comment')])"
"""

import re
from typing import NamedTuple

from formulas.latex_words import BRACKET_NAMES, DELIMITERS, SYNONYMS, UNITS

DEEPEST = 60  # groups in groups; people write about 15, and Python's stack ends at some 200


class LatexError(ValueError):
    """One line: what is wrong with a formula, and where."""


class Token(NamedTuple):
    """A control word, a control symbol or a character."""

    text: str
    at: int  # of its first character in the formula
    spaced: bool  # a space stands before it, which counts in text


TOKEN = re.compile(r"\\(?:[A-Za-z]+|.|$)|%[^\n]*(?:\n[ \t]*|$)|[^\s]", re.DOTALL)
STARRED = frozenset(("\\operatorname", "\\hspace", "\\vspace", "\\tag", "\\\\"))


def tokens_of(latex: str) -> list[Token]:
    """The tokens of a formula; comments, which end with their line, are gone."""
    tokens: list[Token] = []
    end, spaced = 0, False
    for match in TOKEN.finditer(latex):
        text = match.group()
        spaced = spaced or match.start() > end
        end = match.end()
        if text[0] == "%":
            continue
        if text == "*" and tokens and tokens[-1].text in STARRED:
            tokens[-1] = tokens[-1]._replace(
                text=tokens[-1].text.replace("\\\\", "\\\\") + "*" * (tokens[-1].text != "\\\\")
            )
            spaced = False
            continue
        tokens.append(Token(text, match.start(), spaced))
        spaced = False
    return tokens


def delimiter_name(text: str) -> str:
    """The name of a bracket in the normal form."""
    text = BRACKET_NAMES.get(text, text)
    return SYNONYMS.get(text, text)


class TokenReader:
    """Goes along the tokens of one formula."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def peek(self) -> str | None:
        """The next token; None at the end."""
        return self.tokens[self.at].text if self.at < len(self.tokens) else None

    def take(self) -> str:
        """The next token, which is then behind."""
        self.at += 1
        return self.tokens[self.at - 1].text

    def error(self, what: str) -> LatexError:
        """What is wrong, with the tokens before the place."""
        before = " ".join(token.text for token in self.tokens[max(0, self.at - 6) : self.at])
        before = " ".join(before.split())  # in one line
        return LatexError(f"{what}, after '{before}'" if before else f"{what}, at the beginning")

    def deeper(self) -> None:
        """Count a group in a group."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} groups inside each other")

    def delimiter(self, of: str) -> str:
        """Take a bracket, and give its name in the normal form."""
        braced = self.peek() == "{"
        if braced:
            self.take()
        text = self.peek()
        name = delimiter_name(text) if text is not None else ""
        if name not in DELIMITERS:
            raise self.error(f"{of} wants a bracket, not {'the end' if text is None else repr(text)}")
        self.take()
        if braced and (self.peek() is None or self.take() != "}"):
            raise self.error(f"{of} wants one bracket")
        return name

    def skip_argument(self) -> None:
        """Pass over an argument that is no mathematics (a label): braces are counted, nothing else is looked at."""
        if self.peek() != "{":
            self.at = min(self.at + 1, len(self.tokens))
            return
        depth = 0
        while self.peek() is not None:
            depth += {"{": 1, "}": -1}.get(self.take(), 0)
            if depth == 0:
                return
        raise self.error("a label or note does not end")

    def ahead(self) -> list[Token]:
        """The tokens of the group that begins here, without its braces (with the last one)."""
        depth = 0
        for i in range(self.at, len(self.tokens)):
            depth += {"{": 1, "}": -1}.get(self.tokens[i].text, 0)
            if depth == 0:
                return self.tokens[self.at + 1 : i + 1]
        raise self.error("a group with text does not end")

    def environment_name(self, of: str) -> str:
        """Take the name in braces after \\begin or \\end."""
        start = self.at
        self.skip_argument()
        texts = [token.text for token in self.tokens[start : self.at]]
        if texts[:1] != ["{"]:
            raise self.error(f"{of} without a name in braces")
        return "".join(texts[1:-1])

    def columns(self) -> str:
        """The columns of an array: l, c, r and |."""
        if self.peek() != "{":
            if self.peek() in ("l", "c", "r"):
                return self.take()
            raise self.error("an array without columns")
        inner = [token.text for token in self.ahead()][:-1]
        self.skip_argument()
        columns, i = "", 0

        def braced() -> list[str]:
            nonlocal i
            depth, start = 0, i
            while i < len(inner):
                depth += {"{": 1, "}": -1}.get(inner[i], 0)
                i += 1
                if depth == 0:
                    break
            return inner[start + 1 : i - 1] if inner[start : start + 1] == ["{"] else inner[start:i]

        while i < len(inner):
            text = inner[i]
            i += 1
            if text in "lcr|":
                columns += text
            elif text in ("@", "!", ">", "<"):
                braced()
            elif text in "pmb":
                braced()
                columns += "l"
            elif text == "*":
                count, repeated = "".join(braced()), "".join(braced())
                columns += repeated * (int(count) if re.fullmatch(r"\d{1,2}", count) else 1)
        return "".join(c for c in columns if c in "lcr|") or "c"

    def spanned(self) -> int:
        """Take \\multicolumn with the number and the kind of its columns, and give the number; its content is left."""
        self.take()
        start = self.at
        self.skip_argument()
        number = "".join(token.text for token in self.tokens[start : self.at]).strip("{}")
        self.skip_argument()
        return int(number) if re.fullmatch(r"1?[1-9]", number) else 1

    def row_gap(self) -> None:
        """Pass over the gap of `\\\\[2mm]`."""
        if self.peek() == "*":
            self.take()
        if self.peek() != "[":
            return
        start = self.at
        self.take()
        self.length()
        if self.at == start + 1 or self.peek() != "]":
            self.at = start
        else:
            self.take()

    def length(self) -> float:
        """The width in em of a length that stands here, such as `1cm plus 2pt`; 0 if none does."""
        width = self.one_length()
        while self.word("plus") or self.word("minus"):
            self.one_length()
        return width

    def one_length(self) -> float:
        """Take a number and its unit; 0 if none stand here."""
        sign, number = 1.0, ""
        while self.peek() in ("-", "+"):
            sign = -sign if self.take() == "-" else sign
        while self.peek() is not None and self.peek() in "0123456789.,":
            number += self.take().replace(",", ".")
        for _ in range(2):
            self.word("true")
        for unit, em in UNITS.items():
            if self.word(unit):
                while unit == "fil" and self.word("l"):
                    pass
                return sign * float(number) * em if re.fullmatch(r"\d+\.?\d*|\.\d+", number) else 0.0
        if self.peek() is not None and re.fullmatch(r"\\[a-z]*(width|skip|sep|space|indent|height|size)", self.peek()):
            self.take()
            return sign
        return 0.0

    def word(self, word: str) -> bool:
        """Take these letters if they stand here."""
        here = self.tokens[self.at : self.at + len(word)]
        if "".join(token.text for token in here) != word:
            return False
        self.at += len(word)
        return True

    def braced_length(self) -> float:
        """Take a length in braces, and give its width in em."""
        if self.peek() != "{":
            return self.length()
        self.take()
        width = self.length()
        self.at -= 1
        depth = 1
        self.at += 1
        while depth:
            if self.peek() is None:
                raise self.error("a length does not end")
            depth += {"{": 1, "}": -1}.get(self.take(), 0)
        return width
