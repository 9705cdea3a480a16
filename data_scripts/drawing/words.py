"""What the pages say: nonsense in the languages of Central European archives, with all their letters.

    words = Words(numpy.random.default_rng(1), "cs")
    words.sentence(), words.place(), words.date(), words.number(3)

The text means nothing; its look (lengths, capitals, accents, numbers, abbreviations) is that of find reports, letters,
registers and articles.
"""

from __future__ import annotations

import numpy as np

_STEMS = {
    "cs": """při na ve se do za od pod nad jáma hrob vrstva nádoba zlomek okraj hloubka výzkum nález sonda profil objekt
    kultura keramika střep uhlík mazanice kost kostra pohřebiště sídliště hradiště pole parcela obec okres
    museum ústav archeologický předběžný povrchový záchranný rozsáhlý tmavý světlý hnědý šedý žlutý jílovitý
    písčitý kulovitý zdobený hladký drsný nepravidelný oválný kruhový severní jižní východní západní byl byla
    bylo byly jest jsou není nalezen zachycena uložena prozkoumán zjištěno který která které jejich podle mezi
    kolem směrem asi také však nebo aby jako ještě další první druhý třetí starší mladší doba bronzová
    halštatská laténská slovanský středověký neolit eneolit cm mm metrů dne roku č. obr. tab. str. viz např.
    tzv. inv. dr. prof. pan majitel rolník ředitel učitel zpráva dopis žádost sdělení vážený prosím děkuji
    zasílám přiložený úctou""",
    "de": """der die das und in bei von mit auf aus dem den des ein eine einer wurde wurden ist sind Grab Grube Schicht
    Gefäß Scherbe Rand Boden Tiefe Fund Fundstelle Grabung Gräberfeld Siedlung Kultur Keramik Knochen Skelett
    Bronze Eisen Nadel Fibel Ring Beil Museum Amt Vorgeschichte Bodendenkmal Kreis Gemeinde Gemarkung Flur
    Parzelle Länge Breite Höhe Durchmesser grau braun schwarz hell dunkel verziert erhalten gefunden größere
    kleinere nördlich südlich östlich Herr Frau Lehrer Besitzer Bericht Brief geehrter übersende hiermit über
    nach vor zwischen etwa auch noch sowie jedoch jüngere ältere Bronzezeit Latènezeit Hallstattzeit slawisch
    mittelalterlich Abb. Taf. S. Nr. vgl. bzw. ca.""",
    "en": """the of and in to a is was were for with by from at this that as are which on site trench layer pottery
    vessel sherd feature burial settlement period Bronze Iron Age Neolithic medieval excavation survey profile
    section context sample charcoal bone stone wall floor pit ditch house analysis result figure table method
    data model distribution region valley river western eastern large small early late during between within
    several recent study research however therefore these their other two three between chapter discussion
    evidence dated radiocarbon""",
    "pl": """w na z do od przy pod nad oraz się jest był była były stanowisko grób jama warstwa naczynie fragment
    głębokość badania wykop profil obiekt kultura ceramika kość szkielet cmentarzysko osada grodzisko pole działka gmina
    powiat muzeum instytut archeologiczny wstępny ratowniczy ciemny jasny brunatny szary żółty gliniasty
    zdobiony północny południowy wschodni zachodni znaleziono odkryto według między około także jednak lub aby
    jako drugi trzeci starszy młodszy epoka brązu żelaza średniowieczny rys. tab. str. nr zob. inż. dr pan
    właściciel rolnik sprawozdanie list prośba zawiadomienie szanowny proszę dziękuję przesyłam załączony
    łużycki późny""",
    "hu": """a az és egy volt van nem is hogy mint sír gödör réteg edény töredék mélység ásatás lelet szelvény objektum
    kultúra kerámia csont csontváz temető település föld telek község járás múzeum intézet régészeti előzetes
    leletmentő sötét világos barna szürke sárga agyagos homokos díszített északi déli keleti nyugati találtak
    került szerint között körül felé körülbelül azonban vagy első második harmadik idősebb fiatalabb bronzkor
    vaskor középkori kép tábla oldal lásd jelentés levél kérés tisztelt kérem köszönöm küldöm mellékelt őskori
    újkőkor""",
}
_PLACES = [
    "Lhota",
    "Hradec",
    "Kamenice",
    "Borek",
    "Týnec",
    "Podolí",
    "Zámostí",
    "Újezd",
    "Malín",
    "Březno",
    "Bylany",
    "Opava",
    "Chrudim",
    "Kolín",
    "Žatec",
    "Louny",
    "Kralice",
    "Mikulčice",
    "Znojmo",
    "Třebíč",
    "Hradiště",
    "Stradonice",
    "Karlsbad",
    "Komotau",
    "Saaz",
    "Dux",
    "Leitmeritz",
    "Teplitz",
    "Kraków",
    "Poznań",
    "Wrocław",
    "Łódź",
    "Győr",
    "Eger",
    "Szeged",
    "Nitra",
    "Trnava",
    "Žilina",
    "Modra",
    "Devín",
    "Slaný",
    "Vraný",
    "Řepov",
    "Neveklov",
    "Červený",
    "Šárka",
    "Dobřany",
    "Jičín",
    "Písek",
]
_SURNAMES = [
    "Novák",
    "Dvořák",
    "Malý",
    "Horák",
    "Veselý",
    "Skutil",
    "Böhm",
    "Filip",
    "Neustupný",
    "Schránil",
    "Stocký",
    "Šimek",
    "Žebera",
    "Axamit",
    "Hásek",
    "Müller",
    "Preidel",
    "Kern",
    "Schmidt",
    "Weinzierl",
    "Kowalski",
    "Wójcik",
    "Szabó",
    "Nagy",
    "Červený",
    "Říha",
    "Kučera",
    "Šťastný",
    "Růžička",
    "Pleiner",
    "Soudský",
    "Hrubý",
    "Zápotocký",
    "Moucha",
    "Píč",
    "Jíra",
    "Felcman",
    "Knor",
    "Hellich",
    "Červinka",
    "Rzehak",
]
_FINDS = [
    "střep",
    "okraj",
    "dno",
    "ucho",
    "kost",
    "zub",
    "mazanice",
    "uhlík",
    "přeslen",
    "závaží",
    "brousek",
    "čepel",
    "úštěp",
    "jádro",
    "sekera",
    "jehlice",
    "náramek",
    "kroužek",
    "spona",
    "hřebík",
    "nůž",
    "přezka",
    "korálek",
    "mince",
    "struska",
    "Scherbe",
    "Nadel",
    "Fibel",
    "Perle",
    "Beil",
    "Ring",
    "Knochen",
    "sherd",
    "bone",
    "flint",
    "naczynie",
    "grot",
    "nóż",
    "kość",
    "edény",
    "tű",
    "gyöngy",
]
_HEADS = [
    "Číslo",
    "Datum",
    "Lokalita",
    "Objekt",
    "Vrstva",
    "Hloubka",
    "Kusů",
    "Poznámka",
    "Předmět",
    "Sáček",
    "Popis",
    "Rozměry",
    "Kultura",
    "Okres",
    "Obec",
    "Parcela",
    "Uložení",
    "Nálezce",
    "Rok",
    "Autor",
    "Sonda",
    "Sektor",
    "Délka",
    "Šířka",
    "Výška",
    "Váha",
    "Barva",
    "Materiál",
    "Typ",
    "Inv.č.",
    "Neg.č.",
    "Obr.",
    "Celkem",
    "Kreslil",
    "Měřítko",
    "Fundort",
    "Kreis",
    "Gemeinde",
    "Nummer",
    "Tiefe",
    "Bemerkung",
    "Gegenstand",
    "Site",
    "Context",
    "Depth",
    "Weight",
    "Length",
    "Sample",
    "Notes",
    "Type",
    "Year",
    "Stanowisko",
    "Warstwa",
    "Głębokość",
    "Uwagi",
    "Numer",
    "Opis",
    "Hely",
    "Mélység",
    "Jegyzet",
    "Literatura",
    "Přílohy",
    "Poloha",
    "Lit.",
    "Sbírka",
    "Určil",
    "Datace",
    "Kraj",
    "Podpis",
]
_LONG_HEADS = (
    "Číslo parcely",
    "Název trati",
    "Číslo mapy",
    "Druh nálezu",
    "Čís. inv.",
    "Č. j.",
    "Majitel pozemku",
    "Nálezové okolnosti",
    "Popis předmětu",
    "Katastrální území",
    "Vedoucí výzkumu",
    "Doba výzkumu",
    "Způsob získání",
    "Fundumstände",
    "Nähere Angaben",
    "Art der Auffindung",
    "Site code",
    "Recorded by",
    "Date of survey",
    "Numer inwentarza",
    "Miejsce znalezienia",
    "Čís. negativu",
    "Fotografoval",
    "Kresebná dokumentace",
    "Stručný popis",
    "Výplň objektu",
    "Počet kusů",
    "Předáno komu",
)
_TITLES = (
    "Nálezová zpráva",
    "Zpráva o výzkumu",
    "Seznam nálezů",
    "Inventář",
    "Přírůstková kniha",
    "Terénní deník",
    "Soupis fotografií",
    "Fundbericht",
    "Hlášení",
    "Posudek",
    "Přehled výzkumů",
    "Tabulka",
    "Katalog",
    "Grabungsbericht",
    "Field report",
    "Results",
    "Introduction",
    "Sprawozdanie z badań",
    "Leletjegyzék",
    "Protokol",
    "Zápis z jednání",
    "Expertní list",
    "Evidenční karta",
    "Závěr",
    "Literatura",
    "Dokumentace",
)
LANGUAGES = tuple(_STEMS)


class Words:
    """Words of one document, by its language: "cs", "de", "en", "pl" or "hu"."""

    def __init__(self, rng: np.random.Generator, language: str = "cs") -> None:
        self.rng = rng
        self.language = language
        self._stems = _STEMS[language].split()

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
        return self.pick(_PLACES)

    def person(self) -> str:
        """A name as it is signed."""
        return self.pick(("", "Dr. ", "Prof. ", "J. ", "K. ", "Ing. ", "M. ")) + self.pick(_SURNAMES)

    def find(self) -> str:
        """A find."""
        return self.pick(_FINDS)

    def head(self, long: float = 0.3) -> str:
        """The head of a column or the label of a field."""
        return self.pick(_LONG_HEADS) if self.rng.random() < long else self.pick(_HEADS)

    def title(self) -> str:
        """The title of a page."""
        return self.pick(_TITLES)

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
