r"""Formulas by chance, as pages of physics, mathematics and engineering have them.

    formulas = [formula(Random(seed)) for seed in range(1000)]     # "\nabla \times \mathbf { E } = ..."
    easy = [simple(Random(seed)) for seed in range(1000)]          # "\frac { x _ { 2 } } { \pi } + 7"

For what real formulas seldom show a reader: every letter of every alphabet, short lines, matrices, cases, aligned
lines, words of text. Tokens stand with blanks between them. The simple ones, of few signs and no more than
`MOST` tokens, are for a network that has minutes to learn in.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random


def _names(text: str, slash: str = "") -> list[str]:
    return [slash + name for name in text.split()]


LATIN = list("abcdefghijklmnopqrstuvwxyz")
CAPITALS = [letter.upper() for letter in LATIN]
GREEK = _names(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho "
    "sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
    "\\",
)
OTHERS = _names("hbar ell partial nabla infty Re Im wp aleph emptyset", "\\")
BINARY = _names("+ + + + + + + + - - - - - - - - / /") + _names(
    "pm mp times cdot cdot otimes oplus circ wedge cap cup ast star vee div setminus", "\\"
)
RELATIONS = _names("= = = = = = = = = = = = = = = = < > :=") + _names(
    "equiv approx sim simeq leq geq neq propto to rightarrow in subset ll gg cong longrightarrow Rightarrow mapsto "
    "subseteq perp parallel leftrightarrow supset notin",
    "\\",
)
FUNCTIONS = _names("sin cos tan exp log ln sinh cosh tanh det max min arg dim ker cot sec", "\\")
ACCENTS = _names("hat bar tilde vec dot ddot overline widetilde widehat underline", "\\")
FONTS = _names("mathrm mathcal mathbf mathbb", "\\")
FENCES = [("(", ")")] * 6 + [("[", "]")] * 3 + [(r"\{", r"\}"), ("|", "|"), (r"\langle", r"\rangle"), (r"\|", r"\|"),
          (r"\lfloor", r"\rfloor"), (r"\lceil", r"\rceil")]  # fmt: skip
TALL = [one for one in FENCES if one[0] != r"\|"]
WORDS = _names(
    "if for and or where with such that all as on in at max min eff tot ext int out rms crit free kin pot rel abs air "
    "gas sat vap ref avg obs calc theor const even odd mod"
)
UNITS = _names("m s kg K Pa J W V A Hz GeV MeV keV eV cm mm km nm mol T")
ELEMENTS = _names("C H O N Na Fe S Ca Si K Mg")
UPPER = [r"\infty", "n", "N", "M", "N - 1"]
LIMITS = [("0", r"\infty"), (r"- \infty", r"\infty"), ("0", "1"), ("a", "b"), ("0", r"2 \pi"), ("V", ""),
          (r"\Omega", ""), ("S", ""), ("0", "t")]  # fmt: skip
MATRICES = ["matrix", "pmatrix", "bmatrix", "vmatrix"]
MOST = 24  # tokens of a simple formula, and its signs: no two of them look alike
SIMPLE = [*"abcdfghkmnpqrsxyz", *_names("alpha beta lambda mu pi sigma omega", "\\"), *"0123456789"]
SIMPLE_SIGNS = ["+", "-", "=", "<", *_names("times cdot", "\\")]


def formula(random: Random) -> str:
    """One formula, about 2 to 80 tokens long, short ones oftener."""
    made = random.choices(_KINDS, _OFTEN)[0](random)
    if random.random() < 0.25:
        made += random.choice([" .", " ,", " ,", " ;", r" \, ,", r" \, .", r" \quad"])
    return made


def simple(random: Random) -> str:
    """A simple formula, 3 to `MOST` tokens: scripts, fractions and roots, one within another at most."""
    while True:
        made = _simple_sum(random, 2, random.choice((1, 2, 2, 3, 3, 4)))
        if 3 <= len(made.split()) <= MOST:
            return made


def _simple_sum(random: Random, depth: int, count: int) -> str:
    terms = [_simple_term(random, depth) for _ in range(count)]
    return " ".join([terms[0], *(f"{random.choice(SIMPLE_SIGNS)} {term}" for term in terms[1:])])


def _simple_term(random: Random, depth: int) -> str:
    sign = random.choice(SIMPLE)
    pick = random.random() if depth else 1.0
    if pick < 0.2:
        over, under = (_simple_sum(random, depth - 1, random.choice((1, 1, 2))) for _ in range(2))
        return rf"\frac {{ {over} }} {{ {under} }}"
    if pick < 0.3:
        return rf"\sqrt {{ {_simple_sum(random, depth - 1, random.choice((1, 1, 2)))} }}"
    if pick < 0.6:
        return f"{sign} {random.choice('_^')} {{ {_simple_sum(random, 0, random.choice((1, 1, 1, 2)))} }}"
    return sign if pick < 0.85 else f"{sign} {random.choice(SIMPLE)}"


def _digit(random: Random) -> str:
    return random.choice("0011112222233456789")


def _number(random: Random) -> str:
    digits = [_digit(random) for _ in range(random.choice((1, 1, 1, 1, 2, 2, 3, 4)))]
    if random.random() < 0.2:
        digits += [".", *(_digit(random) for _ in range(random.choice((1, 2, 3))))]
    return " ".join(digits)


def _letter(random: Random) -> str:
    pick = random.random()
    if pick < 0.42:
        return random.choice(LATIN)
    if pick < 0.6:
        return random.choice(CAPITALS)
    if pick < 0.86:
        return random.choice(GREEK)
    if pick < 0.9:
        return random.choice(OTHERS)
    font = random.choice(FONTS)
    letters = [random.choice(CAPITALS)]
    if font == r"\mathrm" and random.random() < 0.5:
        letters = random.sample(LATIN, random.randint(2, 3))
    return f"{font} {{ {' '.join(letters)} }}"


def _symbol(random: Random) -> str:
    """A letter with what may stand on and beside it."""
    letter = _letter(random)
    if random.random() < 0.14:
        letter = rf"{random.choice(ACCENTS)} {{ {letter} }}"
    return letter + _scripts(random)


def _scripts(random: Random) -> str:
    made = ""
    if random.random() < 0.34:
        made += f" _ {{ {_index(random)} }}"
    pick = random.random()
    if pick < 0.24:
        made += f" ^ {{ {_index(random, above=True)} }}"
    elif pick < 0.3:
        made += " ^ { " + " ".join([r"\prime"] * random.choice((1, 1, 1, 2))) + " }"
    return made


def _index(random: Random, above: bool = False) -> str:
    pick = random.random()
    if pick < 0.35:
        return _digit(random)
    if pick < 0.62:
        return random.choice([random.choice("ijklmnpqrst"), random.choice(GREEK[:24])])
    if above and pick < 0.75:
        return random.choice([r"\dagger", "*", r"\ast", "+", "-", "- 1", "T", r"\infty", "( 0 )", "( n )", "1 / 2"])
    if pick < 0.75:
        return rf"\mathrm {{ {' '.join(random.choice(WORDS))} }}"
    if pick < 0.9:
        return " ".join(random.choice([*"ijkmn", *GREEK[:20]]) for _ in range(random.choice((2, 2, 3))))
    return f"{random.choice('ijkmn')} {random.choice('+-')} {_digit(random)}"


def _term(random: Random, depth: int) -> str:
    pick = random.random()
    if depth <= 0 or pick < 0.42:
        return " ".join(_symbol(random) for _ in range(random.choice((1, 1, 2, 2, 3))))
    if pick < 0.5:
        return _number(random)
    if pick < 0.62:
        return rf"\frac {{ {_sum(random, depth - 2)} }} {{ {_sum(random, depth - 2)} }}"
    if pick < 0.68:
        root = f"[ {random.choice('3n4')} ] " if random.random() < 0.15 else ""
        return rf"\sqrt {root}{{ {_sum(random, depth - 2)} }}"
    if pick < 0.77:
        function = random.choice(FUNCTIONS)
        power = f" ^ {{ {random.choice(['2', '- 1', '3'])} }}" if random.random() < 0.2 else ""
        return rf"{function}{power} {_fenced(random, depth - 1) if random.random() < 0.6 else _symbol(random)}"
    if pick < 0.88:
        return random.choice([_letter(random), ""]) + " " + _fenced(random, depth - 1) + _scripts(random)
    if pick < 0.97:
        return _large(random, depth - 1)
    return rf"\overline {{ {_sum(random, depth - 2)} }}"


def _fenced(random: Random, depth: int) -> str:
    inner = _sum(random, depth)
    if random.random() < 0.15:
        inner = f"{_symbol(random)} , {inner}"
    if random.random() < 0.3:
        left, right = random.choice(TALL)
        return rf"\left{left} {inner} \right{right}" if left[0] != "\\" else rf"\left {left} {inner} \right {right}"
    left, right = random.choice(FENCES)
    return f"{left} {inner} {right}"


def _large(random: Random, depth: int) -> str:
    pick = random.random()
    if pick < 0.4:
        sign = random.choice([r"\sum", r"\sum", r"\prod"])
        below = random.choice([f"{random.choice('ijkn')} = {random.choice('01')}", random.choice("ijkn"),
                               rf"{random.choice('ijkn')} \neq {random.choice('lm')}"])  # fmt: skip
        above = f" ^ {{ {random.choice(UPPER)} }}" if random.random() < 0.6 else ""
        return rf"{sign} _ {{ {below} }}{above} {_term(random, depth)}"
    if pick < 0.85:
        sign = random.choice([r"\int"] * 6 + [r"\oint", r"\iint"])
        limits = ""
        if random.random() < 0.6:
            below, above = random.choice(LIMITS)
            limits = f" _ {{ {below} }}" + (f" ^ {{ {above} }}" if above else "")
        power = f" ^ {{ {random.choice('234d')} }}" if random.random() < 0.2 else ""
        variable = random.choice(["x", "t", "r", "k", "p", "y", "z", r"\theta", r"\omega", r"\tau"])
        d = random.choice(["d", "d", r"\mathrm { d }"])
        gap = random.choice(["", r"\, ", r"\; "])
        return f"{sign}{limits} {_term(random, depth)} {gap}{d}{power} {variable}"
    variable = random.choice("nxth")
    limit = random.choice([r"\infty", "0"])
    return rf"\lim _ {{ {variable} \to {limit} }} {_term(random, depth)}"


def _sum(random: Random, depth: int) -> str:
    count = random.choice((1, 1, 2, 2, 3)) if depth > 0 else random.choice((1, 1, 1, 2))
    made = [_term(random, depth)]
    for _ in range(count - 1):
        made += [random.choice(BINARY), _term(random, depth)]
    sign = random.choice(["- ", "- ", r"\pm "]) if random.random() < 0.12 else ""
    return sign + " ".join(made)


def _equation(random: Random, depth: int | None = None) -> str:
    depth = random.choice((0, 1, 1, 2, 2, 3)) if depth is None else depth
    left = _symbol(random) if random.random() < 0.6 else _sum(random, depth - 1)
    made = f"{left} {random.choice(RELATIONS)} {_sum(random, depth)}"
    if random.random() < 0.1:
        made += f" {random.choice(RELATIONS)} {_sum(random, depth - 1)}"
    return made


def _small(random: Random) -> str:
    """What stands between the words of a page: x, x = 3, alpha_i."""
    pick = random.random()
    if pick < 0.3:
        return _symbol(random)
    if pick < 0.8:
        return f"{_symbol(random)} {random.choice(RELATIONS)} {random.choice([_number, _symbol])(random)}"
    return _sum(random, 0)


def _quantity(random: Random) -> str:
    power = rf" \times 1 0 ^ {{ {random.choice(['', '- '])}{random.randint(1, 9)} }}" if random.random() < 0.4 else ""
    units = [random.choice(UNITS) for _ in range(random.choice((1, 1, 2)))]
    unit = r" \, ".join(rf"\mathrm {{ {' '.join(unit)} }}" for unit in units)
    if random.random() < 0.3:
        unit += rf" ^ {{ {random.choice(['2', '3', '- 1', '- 2'])} }}"
    error = rf" \pm {_number(random)}" if random.random() < 0.2 else ""
    sign = random.choice(["=", "=", r"\approx", "<", r"\sim"])
    return rf"{_symbol(random)} {sign} {_number(random)}{error}{power} \, {unit}"


def _derivatives(random: Random) -> str:
    def one() -> str:
        d = random.choice(["d", r"\partial", r"\partial", r"\mathrm { d }"])
        over, under = _letter(random), random.choice(["x", "t", "r", "y", "z", r"\theta", r"\tau"])
        if random.random() < 0.3:
            return rf"\frac {{ {d} ^ {{ 2 }} {over} }} {{ {d} {under} ^ {{ 2 }} }}"
        return rf"\frac {{ {d} {over} }} {{ {d} {under} }}"

    made = [one()]
    for _ in range(random.choice((0, 1, 1, 2))):
        made += [random.choice("+-"), random.choice(["", f"{_symbol(random)} "]) + one()]
    return " ".join(made) + " = " + _sum(random, random.choice((0, 0, 1)))


def _rows(random: Random, rows: int, columns: int) -> str:
    def entry() -> str:
        pick = random.random()
        if pick < 0.35:
            return "0" if pick < 0.2 else _number(random)
        return _symbol(random) if pick < 0.85 else _sum(random, 0)

    return r" \\ ".join(" & ".join(entry() for _ in range(columns)) for _ in range(rows))


def _matrix(random: Random) -> str:
    rows, columns = random.choice(((2, 2), (2, 2), (3, 3), (2, 1), (3, 1), (2, 3), (4, 4), (1, 3)))
    inner = _rows(random, rows, columns)
    if random.random() < 0.5:
        columns_ = " ".join(random.choice("ccl") * columns)
        left, right = random.choice(TALL[:10])
        made = rf"\left {left} \begin{{array}} {{ {columns_} }} {inner} \end{{array}} \right {right}"
    else:
        name = random.choice(MATRICES)
        made = rf"\begin{{{name}}} {inner} \end{{{name}}}"
    before = f"{_symbol(random)} = " if random.random() < 0.7 else ""
    after = f" {random.choice(BINARY[:16])} {_symbol(random)}" if random.random() < 0.2 else ""
    return before + made + after


def _cases(random: Random) -> str:
    lines = []
    for _ in range(random.choice((2, 2, 3))):
        word = random.choice(["if", "for", "when", "otherwise"])
        said = rf"\mathrm {{ {word} }}" if word == "otherwise" else rf"\mathrm {{ {word} }} ~ {_small(random)}"
        lines.append(f"{_sum(random, random.choice((0, 1)))} , & {said}")
    inner = r" \\ ".join(lines)
    made = random.choice([rf"\begin{{cases}} {inner} \end{{cases}}",
                          rf"\left \{{ \begin{{array}} {{ l l }} {inner} \end{{array}} \right ."])  # fmt: skip
    return f"{_symbol(random)} = {made}"


def _aligned(random: Random) -> str:
    lines = []
    for number in range(random.choice((2, 2, 3))):
        left = _sum(random, 0) if number == 0 or random.random() < 0.4 else ""
        lines.append(f"{left} & {random.choice(RELATIONS[:20])} {_sum(random, random.choice((0, 1, 1)))}".strip())
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def _listed(random: Random) -> str:
    gap = random.choice([r"\quad", r"\qquad", r"\;", r"\,", ""])
    return f" , {gap} ".join(_equation(random, random.choice((0, 0, 1))) for _ in range(2)).replace("  ", " ")


def _worded(random: Random) -> str:
    word = random.choice(["for", "where", "and", "with", "if", "for all", "such that", "as"])
    return rf"{_equation(random, 1)} \quad \text {{ {word} }} \quad {_small(random)}"


def _labelled(random: Random) -> str:
    """A chemical or technical symbol: upright, with figures."""
    made = ""
    for _ in range(random.choice((1, 2, 3))):
        made += " ".join(random.choice(ELEMENTS)) + " "
        made += f"_ {{ {random.randint(2, 6)} }} " if random.random() < 0.6 else ""
    charge = f" ^ {{ {random.choice(['+', '-', '2 +', '2 -'])} }}" if random.random() < 0.3 else ""
    return rf"\mathrm {{ {made}}}{charge}"


_MADE: dict[Callable[[Random], str], float] = {
    _small: 20, _equation: 40, _quantity: 5, _derivatives: 6, _matrix: 8, _cases: 4, _aligned: 5, _listed: 6,
    _worded: 3, _labelled: 1,
}  # fmt: skip
_KINDS, _OFTEN = list(_MADE), list(_MADE.values())
