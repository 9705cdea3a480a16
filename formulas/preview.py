"""A formula in the form that KaTeX takes, for a preview in a browser and for MathML.

    python -c "from formulas.preview import preview; print(preview(r'G \\\\backslash \\\\L'))"

The normal form has no lengths, boxes and sizes, which KaTeX refuses in real formulas; what is left are letters that it
does not know in mathematics, and the backslash, which a reader of its MathML would take for LaTeX that was not set.
KaTeX 0.19.1 sets all of the 17,723 real formulas that have a normal form, of 17,750.
KaTeX writes the LaTeX into its MathML, as `<annotation>`: who copies the MathML alone takes that element out.
"""

LETTERS = {
    "\\l": "ł",
    "\\L": "Ł",
    "\\o": "ø",
    "\\O": "Ø",
    "\\ae": "æ",
    "\\AE": "Æ",
    "\\oe": "œ",
    "\\OE": "Œ",
    "\\aa": "å",
    "\\AA": "Å",
    "\\ss": "ß",
}
UNDER = {"\\d": ".", "\\b": "-", "\\c": ","}  # accents of text that stand under a letter
SET_MINUS = ["{", "\\setminus", "}"]


def preview(normal: str) -> str:
    """A formula in normal form -> LaTeX that KaTeX sets; what KaTeX does not know (a macro of someone's own) stays."""
    tokens: list[str] = []
    unbraced = False  # the next token is an argument without braces
    for token in normal.split():
        argument = unbraced and token != "{"
        unbraced = token in UNDER
        tokens += ["{"] * argument
        if token in LETTERS:
            tokens += ["\\text", "{", LETTERS[token], "}"]
        elif token in UNDER:
            tokens += ["\\underset", "{", UNDER[token], "}"]
        elif token == "\\backslash":
            tokens += SET_MINUS
        elif token == "\\vline":
            tokens.append("|")
        elif token in ("\\left\\backslash", "\\right\\backslash"):
            side = token.removesuffix("\\backslash") + "."
            tokens += [side, *SET_MINUS] if side == "\\left." else [*SET_MINUS, side]
        else:
            tokens.append(token)
        tokens += ["}"] * argument
    return " ".join([*tokens, "{", "}"] if unbraced else tokens)
