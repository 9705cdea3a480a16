# table of data
"""The commands of LaTeX mathematics that formulas/latex.py knows: what each takes, and its name in the normal form.

python -c "from formulas.latex_words import SYNONYMS; print(SYNONYMS['\\\\le'])"
"""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def renamed(table: str) -> dict[str, str]:
    """Lines of a name and the other names that mean it -> other name: name."""
    lines = (line.split() for line in table.splitlines() if line.strip())
    return {other: name for name, *others in lines for other in others}


# What looks the same in print has one name: a reader of pictures cannot tell more.
SYNONYMS = renamed(r"""
    \leq \le
    \geq \ge
    \neq \ne
    \rightarrow \to
    \leftarrow \gets
    \ni \owns
    \dagger \dag
    \ddagger \ddag
    \wedge \land
    \vee \lor
    \neg \lnot
    \ldots \dots \dotsc \dotso
    \cdots \dotsb \dotsm \dotsi
    \Longleftrightarrow \iff
    \Longrightarrow \implies
    \Longleftarrow \impliedby
    \emptyset \varnothing
    \sim \thicksim
    \approx \thickapprox
    \Cap \doublecap
    \Cup \doublecup
    \cdot \centerdot
    \upharpoonright \restriction
    \times \*
    \perp \bot
    \imath \i
    \jmath \j
    \{ \lbrace
    \} \rbrace
    [ \lbrack
    ] \rbrack
    | \vert \lvert \rvert
    \| \Vert \lVert \rVert
    * \ast
    / \slash
    . \ldotp
    ` \lq
    ' \rq ′ ’
    - -- −
    o \omicron
    \big \bigl \bigr \bigm
    \Big \Bigl \Bigr \Bigm
    \bigg \biggl \biggr \biggm
    \Bigg \Biggl \Biggr \Biggm
    \frac \dfrac \tfrac \cfrac
    \binom \dbinom \tbinom
    \sqrt \root
    \stackrel \overset
    \boxed \fbox \framebox
    \hat \Hat
    \tilde \Tilde
    \bar \Bar
    \vec \Vec
    \dot \Dot
    \ddot \Ddot
    \acute \Acute
    \grave \Grave
    \breve \Breve
    \check \Check
    \\ \cr \tabularnewline
    ^ \sp
    _ \sb
""")

BRACKET_NAMES = {"<": "\\langle", ">": "\\rangle"}  # after \left, \right and \big, where TeX sets angle brackets

# Which brackets \left, \right, \middle and \big take, in the names of the normal form.
DELIMITERS = words(r"""
    ( ) [ ] | . / \{ \} \| \langle \rangle \lfloor \rfloor \lceil \rceil \uparrow \downarrow \updownarrow \Uparrow
    \Downarrow \Updownarrow \backslash \lgroup \rgroup \lmoustache \rmoustache \ulcorner \urcorner \llcorner \lrcorner
    \arrowvert \Arrowvert \bracevert
""")
SIZED = words(r"\big \Big \bigg \Bigg")

# Fonts. Switches hold to the end of their group, commands take an argument; both end as the same command.
FONT_SWITCHES = renamed(r"""
    \mathrm \rm \rmfamily \upshape \normalfont \sc \scshape
    \mathbf \bf \bfseries
    \mathit \it \itshape \mit \sl \slshape \em
    \mathcal \cal
    \mathsf \sf \sffamily
    \mathtt \tt \ttfamily
    \boldsymbol \boldmath
""") | {"\\unboldmath": ""}
FONT_COMMANDS = renamed(r"""
    \mathrm \mathrm \mathup
    \mathbf \mathbf \bold
    \mathit \mathit \mathnormal
    \mathcal \mathcal
    \mathsf \mathsf
    \mathtt \mathtt
    \mathfrak \mathfrak \frak
    \mathbb \mathbb \Bbb
    \mathscr \mathscr \scr
    \boldsymbol \boldsymbol \pmb \bm \mathbold
""")
TEXT_COMMANDS = renamed(r"""
    \mathrm \mbox \text \textrm \textup \textnormal \hbox \vbox \vtop \vcenter \makebox \textsc \textmd \uppercase
    \mathbf \textbf
    \mathit \textit \textsl \emph
    \mathsf \textsf
    \mathtt \texttt
""")  # their argument is text: spaces count, $ begins mathematics
FONTS = frozenset(FONT_COMMANDS.values())
STYLES = words(r"\displaystyle \textstyle \scriptstyle \scriptscriptstyle")

# Commands with arguments that stay commands, and how many they take.
ACCENTS_AND_BARS = words(r"""
    \hat \check \breve \acute \grave \tilde \bar \vec \dot \ddot \dddot \ddddot \mathring \widehat \widetilde \widecheck
    \overline \underline \overrightarrow \overleftarrow \overleftrightarrow \underrightarrow \underleftarrow
    \underleftrightarrow
""")
ARGUMENTS = {
    **dict.fromkeys(ACCENTS_AND_BARS, 1),
    **dict.fromkeys(words(r"\overbrace \underbrace \overbracket \underbracket \boxed \phantom \hphantom \mathop"), 1),
    **dict.fromkeys(words(r"\operatorname \operatorname* \sqrt \pmod \pod \xrightarrow \xleftarrow \textcircled"), 1),
    **dict.fromkeys(words(r"\cancel \bcancel \xcancel"), 1),
    **dict.fromkeys(words(r"\frac \binom \stackrel \underset"), 2),
}
TEXT_ACCENTS = renamed(r"""
    \acute \'
    \grave \`
    \ddot \"
    \hat \^
    \tilde \~
    \bar \=
    \dot \.
""")

# What is not seen in the picture, or changes only a height, a size or a place; and how many arguments go with it.
DROPPED = {
    **dict.fromkeys(
        words(r"\label \tag \tag* \ref \eqref \cite \footnote \vphantom \vspace \vspace* \noalign \cline"), 1
    ),
    "\\noalign": 1,
    "\\cline": 1,
    **dict.fromkeys(words(r"\nonumber \notag \limits \nolimits \displaylimits \protect \strut \mathstrut \relax"), 0),
    **dict.fromkeys(words(r"\smallskip \medskip \bigskip \noindent \allowbreak \nobreak \break \linebreak \null"), 0),
    **dict.fromkeys(words(r"\newline \pagebreak \nolinebreak \nopagebreak \par \leavevmode \goodbreak \hss \crcr"), 0),
    **dict.fromkeys(words(r"\/ \- \@ \( \) \[ \] \thicklines \thinlines \centering \displaybreak"), 0),
    **dict.fromkeys(words(r"\tiny \scriptsize \footnotesize \small \normalsize \large \Large \LARGE \huge \Huge"), 0),
}
KEPT_CONTENT = words(r"""
    \smash \rlap \llap \clap \mathrlap \mathllap \mathclap \lefteqn \ensuremath \mathord \mathrel \mathbin \mathopen
    \mathclose \mathpunct \mathinner \centerline
""")  # only their content is seen

# Spaces in em (18 mu); those of a length follow.
SPACES = {
    **dict.fromkeys(("~", "\\ ", "\\\t", "\\\n", "\u00a0", "\\space", "\\nobreakspace"), 0.333),
    **dict.fromkeys(("\\,", "\\thinspace"), 3 / 18),
    **dict.fromkeys(("\\:", "\\>", "\\medspace"), 4 / 18),
    **dict.fromkeys(("\\;", "\\thickspace"), 5 / 18),
    **dict.fromkeys(("\\!", "\\negthinspace"), -3 / 18),
    **dict.fromkeys(("\\negmedspace",), -4 / 18),
    **dict.fromkeys(("\\negthickspace",), -5 / 18),
    **dict.fromkeys(("\\enspace", "\\enskip"), 0.5),
    **dict.fromkeys(("\\quad", "\\hfill", "\\hfil", "\\dotfill"), 1.0),
    "\\qquad": 2.0,
}
KEPT_WIDTHS = {  # of the normal form, in em: its tokens, and below which width a space becomes this one
    -0.5: (["\\!"] * 3, 0.0),
    3 / 18: (["\\,"], 0.31),
    0.333: (["~"], 0.75),
    1.0: (["\\quad"], 1.6),
    2.0: (["\\qquad"], float("inf")),
}
LENGTHS = words(r"\hspace \hspace* \hskip \kern \mkern \mskip \vskip")
PARAMETERS = words(
    r"\tabcolsep \arraycolsep \arraystretch \baselineskip \jot \parskip \medmuskip \thickmuskip \penalty"
)
UNITS = {
    "em": 1.0,
    "ex": 0.43,
    "pt": 0.1,
    "cm": 2.845,
    "mm": 0.2845,
    "in": 7.227,
    "mu": 1 / 18,
    "pc": 1.2,
    "bp": 0.1,
    "fil": 1.0,
}

INFIX = words(r"\over \atop \choose \above \brack \brace \overwithdelims \atopwithdelims")

# Environments, and what they are called in the normal form; FRAMES hold one formula and are not seen.
ENVIRONMENTS = renamed(r"""
    array array tabular subarray
    matrix matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix
    smallmatrix smallmatrix
    cases cases dcases
    rcases rcases
    aligned aligned alignedat split align align* alignat alignat* flalign flalign* eqnarray eqnarray*
    gathered gathered gather gather* multline multline*
""")
FRAMES = words("equation equation* displaymath math center subequations")
FENCED = {
    "pmatrix": ("(", ")"),
    "bmatrix": ("[", "]"),
    "Bmatrix": ("\\{", "\\}"),
    "vmatrix": ("|", "|"),
    "Vmatrix": ("\\|", "\\|"),
}
PLAIN_ALIGNMENTS = renamed(r"""
    matrix \matrix
    pmatrix \pmatrix \bordermatrix
    cases \cases
    aligned \eqalign \eqalignno
    gathered \displaylines
""")  # plain TeX: the rows stand in braces

# No formula, but a drawing or a program.
REFUSED = words(r"""
    \def \edef \gdef \let \newcommand \renewcommand \providecommand \DeclareMathOperator \setlength \addtolength
    \expandafter \romannumeral \csname \verb \special \input \include \includegraphics \put \multiput \line \vector
    \circle \oval \linethickness \unitlength \newenvironment \symbol \char \halign \valign \catcode \epsfbox \epsffile
    \write \read \openout \openin \newwrite \loop \immediate \hrule \vrule
""")

FUNCTIONS = words(r"""
    \arccos \arcsin \arctan \arg \cos \cosh \cot \coth \csc \deg \det \dim \exp \gcd \hom \inf \ker \lg \lim \liminf
    \limsup \ln \log \max \min \Pr \sec \sin \sinh \sup \tan \tanh
""")
# Other symbols. Braces behind a command that is in none of these tables are its arguments, and stay.
SYMBOLS = words(r"""
    \sum \prod \coprod \int \iint \iiint \oint \bigcap \bigcup \bigsqcup \bigvee \bigwedge \bigodot \bigotimes
    \bigoplus \biguplus \smallint \pm \mp \times \div \cdot \star \circ \bullet \cap \cup \uplus \sqcap \sqcup \vee
    \wedge \setminus \wr \diamond \bigtriangleup \bigtriangledown \triangleleft \triangleright \lhd \rhd \unlhd
    \unrhd \oplus \ominus \otimes \oslash \odot \bigcirc \dagger \ddagger \amalg \boxtimes \boxplus \ltimes \rtimes
    \leq \prec \preceq \ll \subset \subseteq \subsetneq \sqsubset \sqsubseteq \in \notin \vdash \geq \succ \succeq
    \gg \supset \supseteq \sqsupset \sqsupseteq \ni \dashv \equiv \sim \simeq \asymp \approx \cong \neq \doteq
    \propto \models \perp \mid \nmid \parallel \bowtie \Join \smile \frown \leqslant \geqslant \lesssim \gtrsim
    \lessgtr \approxeq \triangleq \therefore \because \leftarrow \Leftarrow \rightarrow \Rightarrow \leftrightarrow
    \Leftrightarrow \mapsto \hookleftarrow \leftharpoonup \leftharpoondown \rightleftharpoons \longleftarrow
    \Longleftarrow \longrightarrow \Longrightarrow \longleftrightarrow \Longleftrightarrow \longmapsto
    \hookrightarrow \rightharpoonup \rightharpoondown \leadsto \uparrow \Uparrow \downarrow \Downarrow \updownarrow
    \Updownarrow \nearrow \searrow \swarrow \nwarrow \not \langle \rangle \lfloor \rfloor \lceil \rceil \{ \} \ldots
    \cdots \vdots \ddots \colon \cdotp \bmod \mod \vline \upharpoonright \o \O \l \L \ae \AE \oe \OE \aa \ss
    \copyright
""")
# TeX sets these with the spaces of an ordinary symbol, so that braces round them change nothing.
ORDINARY = words(r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa \varkappa \lambda \mu \nu
    \xi \pi \varpi \rho \varrho \sigma \varsigma \tau \upsilon \phi \varphi \chi \psi \omega \Gamma \Delta \Theta
    \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \infty \partial \nabla \hbar \hslash \ell \wp \Re \Im \aleph
    \imath \jmath \prime \emptyset \forall \exists \neg \top \surd \angle \triangle \backslash \flat \natural \sharp
    \clubsuit \diamondsuit \heartsuit \spadesuit \| \S \P \# \% \& \$ \_ \Box \Diamond \mho \eth \digamma \complement
    \square \blacksquare \AA \pounds
""")
