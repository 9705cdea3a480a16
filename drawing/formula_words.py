r"""What TeX is never given: formulas that could read or write files, define, repeat, or run into their neighbours.

    refusal(r"\frac { a } { b }")        # ""
    refusal(r"\input { secret }")        # "\input is no part of a formula"

TeX is a programming language, and formulas come from anywhere. A word is refused by what it does, an environment (which
runs the command of its name) unless it is one of mathematics.
"""

from __future__ import annotations

import re

MOST = 4000  # characters of a formula


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENVIRONMENTS = _words(
    "array matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix subarray cases dcases aligned alignedat "
    "gathered split tabular center equation equation* eqnarray eqnarray* align align* gather gather* "
    "multline multline* math displaymath"
)
_REFUSED = _words(
    # files, other programs, the terminal
    "input include openin openout closein closeout read readline write immediate special message errmessage typeout "
    "typein show showbox showthe showtokens showlists showgroups usepackage RequirePackage documentclass "
    "includegraphics includeonly InputIfFileExists IfFileExists import subimport verbatiminput lstinputlisting "
    "bibliography directlua ShellEscape pdfobj pdfximage pdfrefximage pdfliteral pdfmdfivesum pdffiledump "
    "pdffilesize pdfcatalog pdfinfo pdfmapfile pdfmapline font newfont "
    # definitions, and what makes words of letters
    "def gdef edef xdef let futurelet global long outer protected newcommand renewcommand providecommand "
    "DeclareMathOperator DeclareRobustCommand newenvironment renewenvironment newtheorem csname endcsname "
    "expandafter noexpand unexpanded scantokens detokenize string meaning jobname catcode lccode uccode mathcode "
    "delcode uppercase lowercase MakeUppercase MakeLowercase makeatletter makeatother chardef mathchardef countdef "
    "dimendef skipdef muskipdef toksdef newcount newdimen newbox newtoks newwrite newread newif count dimen skip "
    "toks advance multiply divide setlength addtolength newlength setcounter addtocounter newcounter stepcounter "
    "fam everymath everydisplay everypar everyhbox everyvbox everycr everyjob aftergroup afterassignment the "
    # repeating, and ending
    "loop repeat iterate whiledo foreach romannumeral number end endinput stop bye dump document enddocument "
    "endgroup begingroup bgroup egroup batchmode nonstopmode scrollmode errorstopmode formula "
    # boxes and pages
    "shipout setbox newpage clearpage cleardoublepage pagebreak eject box copy unhbox unvbox insert marks mark "
    "output footnote marginpar halign valign noalign omit span crcr verb twocolumn onecolumn"
)
_WORD = re.compile(r"\\([A-Za-z@]+|.)", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*(?:\{\s*([A-Za-z]+\s*\*?)\s*\})?")


_LENGTH = re.compile(r"\\[hv]space\s*\*?\s*\{[^{}\\]*\}")


def settable(formula: str) -> str:
    """The formula on one line, as TeX reads it: lengths without the blanks between tokens (`\\hspace{1cm}`), and
    without a backslash at the end, which is all that is left of a blank there.
    """
    line = " ".join(formula.split())
    if (len(line) - len(line.rstrip("\\"))) % 2:
        line = line[:-1]
    return _LENGTH.sub(lambda found: re.sub(r"\s+", "", found[0]), line)


def refusal(formula: str) -> str:
    """Why a formula is not drawn, in a few words; "" where it may be."""
    if not formula.strip():
        return "empty"
    if len(formula) > MOST:
        return f"longer than {MOST} characters"
    if strange := next((sign for sign in formula if not (sign.isprintable() or sign in "\n\t")), None):
        return f"holds the character U+{ord(strange):04X}"
    if "^^" in formula:  # TeX's other way to write any character
        return "holds ^^"
    words = _WORD.findall(formula)
    for word in words:
        if word != "end" and (word in _REFUSED or (word.startswith(("if", "pdf", "tracing")) and word != "iff")):
            return f"\\{word} is no part of a formula"
    for found in _ENVIRONMENT.finditer(formula):
        name = re.sub(r"\s", "", found[1] or "")
        if name not in ENVIRONMENTS:
            return f"the environment {name or 'without a name'} is none of mathematics"
    bare = _WORD.sub("", formula)
    if "%" in bare:
        return "holds a comment"
    depth = 0
    for sign in bare:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            break
    if depth:
        return "its braces do not match"
    return ""
