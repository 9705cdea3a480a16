"""The sample pages that are written: tables, forms and running text, by hand, by a typewriter, by a printing press.

sheet = Sheet(random.Random(1))
text_t_1(sheet)                    # one function a page, named as its category
"""

from __future__ import annotations

from sample_sheet import BLACK, BLUE, BOLD, GREY, ITALIC, RED, SANS, SANS_BOLD, SERIF, Sheet

REPORT = """Při hloubení základů nového domu na okraji obce byla v hloubce asi jednoho metru zachycena tmavá
vrstva s uhlíky a zlomky nádob. Majitel pozemku práci zastavil a nález ohlásil učiteli, který o něm napsal do muzea.
Na místo jsme přijeli druhý den ráno. Jáma byla oválná, dlouhá dva metry, její stěny se dolů mírně zužovaly a dno bylo
rovné. Ve výplni ležely střepy z několika velkých zásobnic, zvířecí kosti, kus mazanice s otisky prutů a kamenný drtič.
Nejvíce nálezů bylo při severní stěně. Podle výzdoby náleží jáma starší době bronzové; podobné nádoby známe ze dvou
sousedních vsí. Po změření a nakreslení byla jáma celá vybrána a nálezy uloženy do sbírek muzea pod jedním číslem.
Další jáma se rýsovala ve stěně výkopu směrem k potoku, její výzkum odkládáme na jaro, až bude pole sklizeno. Děkujeme
majiteli za ochotu a žádáme, aby se v těchto místech bez našeho vědomí nekopalo."""
LETTER = """Vážený pane kolego, děkuji Vám za milý dopis i za zásilku se střepy, která došla v pořádku. Prohlédl jsem
je hned večer a myslím, že máte pravdu: okraj s otvorem patří k nádobě, kterou jsme našli loni u mlýna. Velmi rád bych
místo viděl sám. Mohl bych přijet v sobotu ranním vlakem, pokud by Vám to bylo milé, a zůstat do neděle. Prosím Vás,
vezměte s sebou měřický stůl a pásmo, starý plán mám u sebe. Pole je už prý zorané a po deštích budou barvy dobře vidět.
Hospodář slíbil dva muže s lopatami. O kresby se nestarejte, udělám je doma a pošlu Vám otisky. Srdečně Vás i celou
rodinu zdravím a těším se na shledanou."""
HISTORY = """Nejstarší stopy osídlení se v okolí mlýna zachovaly na mírném svahu nad potokem. Lidé si tu stavěli dlouhé
domy z dřevěných kůlů, jejichž stěny vypletli proutím a omazali hlínou. Kolem domů hloubili jámy, z nichž brali hlínu na
omítku; později do nich házeli popel, rozbité nádoby a kosti zvířat. Právě tyto jámy jsou dnes hlavním pramenem našeho
poznání. Obyvatelé pěstovali pšenici a ječmen, chovali skot, ovce a prasata a jen zřídka lovili zvěř. Kámen na sekery
přinášeli zdaleka, snad výměnou se sousedy."""
VESSELS = """Keramika je převážně hrubá, zdobená otisky prstů a vodorovnými rýhami pod hrdlem. Vedle velkých zásobnic se
vyskytují mísy, hrnky a cedníky. Několik střepů z jemné hlíny nese zbytky tuhování. Z kovu se našla jen jehlice
s kulovitou hlavicí a zlomek náramku. Srovnáním s nálezy z blízkých lokalit lze sídliště zařadit na sklonek doby
bronzové, kdy se krajina podél řeky znovu zalidnila. Pohřebiště k němu zatím neznáme; snad leželo výše na návrší, kde
podle starých zpráv orba vynášela popelnice."""
NEWS = """Při orbě na poli pod lesem zavadil pluh o kamennou desku. Rolník desku odvalil a našel pod ní nádobu plnou
popela a bronzový náramek. Nález ohlásil řídícímu učiteli, který jej odevzdal museu. Odborníci soudí, že jde o hrob
starý tři tisíce let. Kopat se bude po žních. Museum prosí, aby lidé na pole nechodili."""
FINDS = (
    "okraj nádoby",
    "zlomek dna",
    "jehlice",
    "přeslen",
    "kostěné šídlo",
    "brousek",
    "střep s uchem",
    "sekera",
    "hřebík",
    "spona",
)
VILLAGES = ("Lhota", "Nová Ves", "Hradec", "Podolí", "Zámostí", "Kamenice", "Borek", "Týnec")


def pick(sheet: Sheet, words: tuple[str, ...]) -> str:
    """One of the words, by the sheet's own random numbers."""
    return sheet.rng.choice(words)


# -- tables and forms


def line_hw_1(sheet: Sheet) -> None:
    """A register with printed heads, filled by hand."""
    sheet.printed((400, 90), "Přírůstková kniha", 30, BOLD, "ms")
    columns, rows = [50, 110, 330, 480, 600, 750], [130, 180, *range(220, 1075, 40)]
    sheet.grid(columns, rows, GREY, 1.1)
    for x, text in zip(columns, ("Čís.", "Předmět", "Místo nálezu", "Den", "Poznámka"), strict=False):
        sheet.printed((x + 8, 163), text, 17, BOLD)
    number = sheet.rng.randrange(100, 700)
    for index, y in enumerate(rows[2:-2]):
        sheet.written((58, y - 10), str(number + index), 12)
        sheet.written((122, y - 10), pick(sheet, FINDS), 12.5)
        sheet.written((340, y - 10), pick(sheet, VILLAGES), 12.5)
        sheet.written((490, y - 10), f"{sheet.rng.randrange(1, 29)}.{sheet.rng.randrange(4, 10)}. 1932", 11)
        if sheet.rng.random() < 0.5:
            sheet.written((610, y - 10), pick(sheet, ("poškozeno", "darem", "koupě", "nakresleno")), 11.5)


def line_hw_2(sheet: Sheet) -> None:
    """Levels measured in the field: ruled and filled by hand altogether."""
    sheet.written((70, 90), "Nivelace - sonda II", 18)
    columns = [60, 160, 300, 440, 580, 740]
    rows = [130 + 46 * index for index in range(20)]
    for x in columns:
        sheet.sketch([(x + sheet.rng.uniform(-2, 2), y) for y in rows], BLUE, 1.2, 1)
    for y in rows:
        sheet.sketch([(x, y + sheet.rng.uniform(-2, 2)) for x in columns], BLUE, 1.2, 1)
    for x, text in zip(columns, ("bod", "čtení", "výška", "délka", "pozn."), strict=False):
        sheet.written((x + 12, 164), text, 14)
    for index, y in enumerate(rows[2:-3]):
        sheet.written((85, y - 12), str(index + 1), 13)
        for x, low, high in ((180, 900, 2400), (320, 2100, 2600), (460, 10, 90)):
            value = sheet.rng.randrange(low, high)
            sheet.written((x, y - 12), f"{value // 10},{value % 10}0", 13)
        if sheet.rng.random() < 0.35:
            sheet.written((596, y - 12), pick(sheet, ("hrana", "dno jámy", "kámen", "opraveno")), 12.5)


def line_p_1(sheet: Sheet) -> None:
    """A printed table of measures."""
    sheet.printed((400, 100), "Tab. 4. Rozměry jam a počet nálezů", 26, BOLD, "ms")
    columns, rows = [70, 150, 290, 390, 490, 590, 730], [140, 200, *range(228, 1010, 28)]
    sheet.grid(columns, [rows[0], rows[1], rows[-1]], width=1.3)
    heads = ("Jáma", "Tvar", "Délka", "Šířka", "Hloubka", "Střepy")
    for left, right, text in zip(columns[:-1], columns[1:], heads, strict=True):
        sheet.printed(((left + right) / 2, 177), text, 18, BOLD, "ms")
    for index, y in enumerate(rows[2:]):
        cells = [str(index + 1), pick(sheet, ("oválný", "kruhový", "nepravidelný", "obdélný"))]
        cells += [
            f"{sheet.rng.uniform(low, high):.2f}".replace(".", ",") for low, high in ((0.8, 3), (0.6, 2), (0.2, 1.4))
        ]
        cells.append(str(sheet.rng.randrange(0, 340)))
        for number, (left, right, text) in enumerate(zip(columns[:-1], columns[1:], cells, strict=True)):
            if number == 1:
                sheet.printed((left + 12, y - 7), text, 18)
            else:
                sheet.printed((right - 28, y - 7), text, 18, SERIF, "rs")
    sheet.printed((70, 1045), "Rozměry jsou uvedeny v metrech.", 16, ITALIC)


def line_p_2(sheet: Sheet) -> None:
    """A printed form that nobody has filled in."""
    sheet.printed((400, 95), "HLÁŠENÍ O NÁLEZU", 32, SANS_BOLD, "ms")
    sheet.printed((400, 130), "Vyplňte čitelně a odešlete nejbližšímu muzeu", 16, SANS, "ms")
    top = 165
    for high, heads in (
        (62, ("1. Obec", "2. Okres", "3. Kraj")),
        (62, ("4. Pozemek čís.", "5. Majitel")),
        (62, ("6. Nálezce a jeho bydliště",)),
        (62, ("7. Den nálezu", "8. Hloubka", "9. Počet kusů")),
        (150, ("10. Popis předmětu", "11. Nákres místa")),
        (62, ("12. Uloženo", "13. Pod číslem")),
        (150, ("14. Okolnosti nálezu",)),
        (62, ("15. Fotografováno   ano / ne", "16. Kresleno   ano / ne")),
        (62, ("17. Datum", "18. Podpis", "19. Razítko")),
    ):
        edges = [60 + 680 * index / len(heads) for index in range(len(heads) + 1)]
        sheet.grid(edges, [top, top + high], width=1.3)
        for x, text in zip(edges, heads, strict=False):
            sheet.printed((x + 8, top + 20), text, 15, SANS)
        top += high + (14 if high == 150 else 0)
    sheet.printed((60, 1040), "Tisk. čís. 218 – 1950", 13, SANS)


def line_t_1(sheet: Sheet) -> None:
    """A ruled inventory filled on a typewriter."""
    sheet.typed((70, 90), "SEZNAM NÁLEZŮ - výzkum 1963", 18)
    columns, rows = [50, 140, 420, 530, 750], [130, 180, *range(220, 1060, 40)]
    sheet.grid(columns, rows, width=1.1)
    for x, text in zip(columns, ("Čís.", "Předmět", "Kusů", "Poznámka"), strict=False):
        sheet.typed((x + 10, 162), text, 16)
    for index, y in enumerate(rows[2:-1]):
        sheet.typed((60, y - 13), f"{index + 1:>3}/63", 16)
        sheet.typed((152, y - 13), f"{pick(sheet, FINDS)}, jáma {sheet.rng.randrange(1, 9)}", 16)
        sheet.typed((450, y - 13), f"{sheet.rng.randrange(1, 40):>2}", 16)
        sheet.typed((540, y - 13), pick(sheet, ("", "zlomek", "nakresleno", "čís. neg. 412", '-- " --')), 16)


def line_t_2(sheet: Sheet) -> None:
    """An account typed in columns, its rules typed too."""
    sheet.typed((250, 110), "V Y Ú Č T O V Á N Í", 18)
    sheet.typed((70, 150), "za výzkum v obci Kamenice, srpen 1958", 16)
    rule = "-" * 66
    y = 190.0
    for line in (rule, f"{'den':<8}{'jméno':<20}{'hodin':>8}{'sazba':>10}{'Kčs':>12}", rule):
        sheet.typed((70, y), line, 16)
        y += 26
    total = 0
    names = ("Novák Jan", "Veselá Marie", "Horák Karel", "Malý Josef", "Dvořák Petr")
    for day in range(1, 25):
        hours = sheet.rng.randrange(4, 10)
        total += hours * 4
        sheet.typed((70, y), f"{day:>2}.8.   {pick(sheet, names):<20}{hours:>7}{'4,00':>11}{hours * 4:>9},00", 16)
        y += 29
    for line in (rule, f"{'celkem':<46}{total:>9},00", "=" * 66):
        sheet.typed((70, y), line, 16)
        y += 26


# -- text


def text_1(sheet: Sheet) -> None:
    """A typed letter under a printed head, with notes by hand, a stamp and a signature."""
    letterhead(sheet)
    sheet.typed((470, 250), "V Hradci dne 3. května 1948", 15)
    sheet.typed((80, 250), "Čís. 218/48", 15)
    y = sheet.typed_block((80, 330), 70, LETTER, 15.5)
    y = sheet.typed_block((80, y + 10), 70, f"P. S. {NEWS}", 15.5)
    stamp(sheet, 590, 190)
    sheet.written_block((440, 130), 300, "Vyřídit! Založit do složky Podolí", 15, leading=34)
    sheet.signature((480, y + 70), "Novotný", 24)
    sheet.written_block((80, y + 75), 330, "Odpovězeno 9. května, kresby vráceny.", 14, leading=34)
    sheet.written_block(
        (80, y + 165), 620, "Pan Horák přiveze zbytek střepů v sobotu, prosím připravit bedny a soupis.", 14, leading=36
    )


def text_2(sheet: Sheet) -> None:
    """A typed draft, corrected by hand, with a sketch and a printed cutting."""
    y = sheet.typed_block((130, 120), 62, REPORT, 16, 12)
    for _ in range(6):
        line, start = sheet.rng.randrange(1, 11), sheet.rng.randrange(8, 44)
        x, at = 130 + start * 9.6, 120 + line * 25.6 - 5
        sheet.sketch([(x, at), (x + 40, at - 2), (x + 85, at + 1)], BLUE, 1.8)
        sheet.written((x + 6, at - 9), pick(sheet, ("tmavě", "asi", "u potoka", "tři")), 10)
    for line in (2, 5, 9):
        sheet.written((28, 120 + line * 25.6), pick(sheet, ("viz", "sem!", "kdy?")), 13)
    sheet.fill([(120, y + 30), (430, y + 30), (430, y + 336), (120, y + 336)], (238, 230, 206))
    sheet.printed((140, y + 70), "Vzácný nález", 28, BOLD)
    sheet.printed_block((140, y + 104), 270, NEWS, 17, 14, 1.35)
    pot = [
        (500, y + 130),
        (480, y + 190),
        (520, y + 280),
        (620, y + 280),
        (662, y + 190),
        (640, y + 130),
        (500, y + 130),
    ]
    sheet.sketch(pot, BLUE, 1.8, 2)
    sheet.written_block((470, y + 340), 260, "nádoba z jámy 2, výška 14 cm", 14, leading=34)


def letterhead(sheet: Sheet) -> None:
    """The printed head of a museum's letter paper."""
    sheet.printed((80, 100), "MĚSTSKÉ MUSEUM", 30, BOLD)
    sheet.printed((80, 130), "oddělení pravěké a lidopisné", 18, ITALIC)
    sheet.line([(80, 148), (400, 148)], width=2)
    sheet.printed((80, 172), "Telefon 24. – Účet u poštovní spořitelny 10.218", 14)


def stamp(sheet: Sheet, x: float, y: float) -> None:
    """An office stamp: a round one that was pressed down in a hurry."""
    for radius in (44, 36):
        sheet.ring((x, y), radius, radius, RED, 1.6)
    sheet.printed((x, y - 3), "MUSEUM", 14, SANS_BOLD, "ms", RED)
    sheet.printed((x, y + 14), "5. V. 48", 13, SANS, "ms", RED)


def text_hw_1(sheet: Sheet) -> None:
    """A letter by hand."""
    sheet.written((450, 90), "V Podolí 12. října 1921", 14)
    y = sheet.written_block((80, 170), 640, LETTER, 19, 24, 46)
    sheet.written((380, y + 30), "S úctou oddaný", 16)
    sheet.signature((440, y + 85), "Karel Horák", 20)


def text_hw_2(sheet: Sheet) -> None:
    """A page of a field diary on ruled paper."""
    for index in range(24):
        sheet.line([(30, 130 + 40 * index), (770, 130 + 40 * index)], (172, 188, 206), 1)
    sheet.line([(95, 20), (95, 1110)], (206, 150, 150), 1)
    sheet.written((110, 86), "Středa 14. srpna", 17, BLACK)
    sheet.written_block((108, 166), 630, REPORT, 18, 23, 40, BLACK)


def text_p_1(sheet: Sheet) -> None:
    """A page of a journal in two columns."""
    sheet.printed((70, 70), "112", 17)
    sheet.printed((400, 70), "ZPRÁVY MUSEJNÍHO SPOLKU", 16, SERIF, "ms")
    sheet.line([(70, 84), (730, 84)])
    sheet.printed((400, 135), "Sídliště u mlýna", 32, BOLD, "ms")
    sheet.printed((400, 165), "Předběžná zpráva o výzkumu", 18, ITALIC, "ms")
    for left, texts in ((70, (REPORT, HISTORY, VESSELS)), (412, (VESSELS, HISTORY, REPORT))):
        y = 205.0
        for text in texts:
            fits = int((1065 - y) / (17 * 1.25))
            if fits > 0:
                y = sheet.printed_block((left, y), 318, text, 17, fits, 1.25)


def text_p_2(sheet: Sheet) -> None:
    """A page of a book."""
    sheet.printed((400, 130), "II. O nejstarších obyvatelích", 30, BOLD, "ms")
    y = 195.0
    for text in (HISTORY, VESSELS, REPORT):
        y = sheet.printed_block((110, y), 580, text, 20, max(1, int((1020 - y) / 28)), 1.4)
    sheet.printed((400, 1080), "– 23 –", 18, SERIF, "ms")


def text_t_1(sheet: Sheet) -> None:
    """A letter on a typewriter."""
    sheet.typed((90, 110), "Městské museum", 17)
    sheet.typed((90, 136), "v Hradci", 17)
    sheet.typed((450, 190), "V Praze dne 8. června 1955", 17)
    sheet.typed((90, 250), "Věc: nález v obci Zámostí", 17)
    y = sheet.typed_block((90, 310), 62, LETTER, 17, 14)
    y = sheet.typed_block((90, y + 14), 62, f"P. S. {NEWS}", 17)
    sheet.typed((480, y + 30), "za ústav: Dr. Malý", 17)


def text_t_2(sheet: Sheet) -> None:
    """The second page of a typed report."""
    sheet.typed((380, 80), "- 2 -", 16)
    y = 130.0
    for text, lines in ((REPORT, 18), (HISTORY, 12), (VESSELS, 9)):
        y = sheet.typed_block((80, y), 68, text, 16, lines, 1.5)
