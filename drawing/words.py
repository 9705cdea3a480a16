"""What the pages say: nonsense in the languages of Central European archives, with all their letters.

    words = Words(numpy.random.default_rng(1), "cs")
    words.sentence(), words.place(), words.date(), words.number(3)

The text means nothing; its look (lengths, capitals, accents, numbers, abbreviations) is that of find reports, letters,
registers and articles.
"""

from __future__ import annotations

import numpy as np

from drawing.vocabulary import FINDS, HEADS, LONG_HEADS, PLACES, STEMS, SURNAMES, TITLES


class Words:
    """Words of one document, by its language: "cs", "de", "en", "fr", "pl" or "hu"."""

    def __init__(self, rng: np.random.Generator, language: str = "cs") -> None:
        self.rng = rng
        self.language = language
        self._stems = STEMS[language].split()

    def some(self, count: int) -> list[str]:
        """`count` words, some of them figures, with the capitals and stops of sentences."""
        rng = self.rng
        picked = [self._stems[i] for i in rng.integers(len(self._stems), size=count)]
        chance = rng.random((count, 2))
        fresh = True
        for i in range(count):
            word = picked[i]
            if chance[i, 1] < 0.05:
                word = str(rng.integers(1, 2000)) if chance[i, 0] < 0.7 else f"{rng.integers(1, 90)},{rng.integers(10)}"
            elif chance[i, 1] < 0.09:
                word = self.place()
            elif chance[i, 1] < 0.11:
                word = f"({word})" if chance[i, 0] < 0.5 else f"/{word}/"
            if fresh:
                word = word[:1].upper() + word[1:]
            fresh = False
            if chance[i, 0] > 0.93:
                word, fresh = word.rstrip(".") + ".", True
            elif chance[i, 0] > 0.83:
                word += ","
            picked[i] = word
        if picked:
            picked[-1] = picked[-1].rstrip(".,") + "."
        return picked

    def sentence(self, low: int = 4, high: int = 14) -> str:
        """One sentence."""
        return " ".join(self.some(int(self.rng.integers(low, high))))

    def phrase(self, low: int = 1, high: int = 4) -> str:
        """A few words without a stop: an entry of a table or a form."""
        picked = self._stems[:0] + [
            self._stems[i] for i in self.rng.integers(len(self._stems), size=self.rng.integers(low, high + 1))
        ]
        return " ".join(picked).rstrip(".,")

    def pick(self, choices: tuple[str, ...] | list[str]) -> str:
        """One of them."""
        return choices[int(self.rng.integers(len(choices)))]

    def place(self) -> str:
        """A village."""
        return self.pick(PLACES)

    def person(self) -> str:
        """A name as it is signed."""
        return self.pick(("", "Dr. ", "Prof. ", "J. ", "K. ", "Ing. ", "M. ")) + self.pick(SURNAMES)

    def find(self) -> str:
        """A find."""
        return self.pick(FINDS)

    def head(self, long: float = 0.3) -> str:
        """The head of a column or the label of a field."""
        return self.pick(LONG_HEADS) if self.rng.random() < long else self.pick(HEADS)

    def title(self) -> str:
        """The title of a page."""
        return self.pick(TITLES)

    def date(self, year: int) -> str:
        """A date of about that year."""
        day, month = self.rng.integers(1, 29), self.rng.integers(1, 13)
        return self.pick(
            (
                f"{day}.{month}.{year}",
                f"{day}. {month}. {year}",
                f"{day}/{month} {year}",
                f"{year}-{month:02d}-{day:02d}",
            )
        )

    def number(self, digits: int = 3) -> str:
        """A whole number of at most so many digits."""
        return str(int(self.rng.integers(1, 10 ** max(1, int(self.rng.integers(1, digits + 1))))))

    def measure(self) -> str:
        """A measured value."""
        value = self.rng.gamma(2, 12)
        return self.pick(
            (f"{value:.1f}".replace(".", ","), f"{value:.2f}".replace(".", ","), f"{value:.0f}", f"{value:.1f}")
        )

    def code(self, year: int) -> str:
        """The number of a letter, a find or a negative."""
        a, b = self.rng.integers(1, 9999), self.rng.integers(1, 99)
        return self.pick(
            (
                f"{a}/{year % 100:02d}",
                f"{a}",
                f"A {b}/{a}",
                f"{b}-{a}",
                f"P 1 A {a}",
                f"{a} {chr(97 + b % 8)}",
                f"{a}/{year}",
            )
        )

    def entry(self, kind: str, year: int) -> str:
        """What stands in a cell of such a column: "number", "measure", "code", "date", "word", "words", "mark"."""
        return {
            "number": lambda: self.number(3),
            "measure": self.measure,
            "code": lambda: self.code(year),
            "date": lambda: self.date(year),
            "word": self.find,
            "words": lambda: self.phrase(2, 5),
            "mark": lambda: self.pick(("+", "-", '-"-', "x", "?", '"', "-", "0", "1")),
        }[kind]()
