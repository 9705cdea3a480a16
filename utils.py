"""Task algorithms on plain values: page names, nearest matches, splits and metrics. No torch, no files.

Everything here takes and returns plain Python values or numpy arrays, so that it can be read, tested and reused without
a model or a disk.

>>> split_page_name("CTX194603902-14")
('CTX194603902', 14)
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import random
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

# A trailing number counts as a page number only behind a "-" or "_": CTX200205348 is a name, CTX200205348-1 its page 1.
# More than nine digits (zeros in front aside) are a time or a serial number of a phone or scanner, not a page.
PAGE_NUMBER = re.compile(r"^(?P<file>.+)[-_](?P<page>0*[0-9]{1,9})$", re.DOTALL)
SHARE = "PAGE_SORTER_SHARE"  # the environment variable that says how many processes share a machine's cores and memory


class UserError(Exception):
    """A mistake that the user can mend, told in one line: what is wrong, where, what is valid, what to do next.

    `run.py` prints the line and exits with 2. Nothing else in the project prints a traceback for a user's mistake.
    """


def cores() -> int:
    """How many processors this process may use."""
    # Fewer than there are, in a container or a job of a cluster; Slurm does not hold all its tasks to theirs.
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if (given := os.environ.get("SLURM_CPUS_PER_TASK", "")).isdecimal():
        count = min(count, int(given))
    return max(1, count // sharers())


def sharers() -> int:
    """How many processes share this machine, of whom this is one: what started it says so."""
    given = os.environ.get(SHARE, "")
    return max(1, int(given)) if given.isdecimal() else 1


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like `word` (letter case aside), or None where nothing is like it.

    >>> nearest("bach_size", ["batch_size", "seed"])
    'batch_size'
    """
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """The tail of an error line: `; did you mean X?`, or nothing where no choice is near.

    >>> did_you_mean("bach_size", ["batch_size"])
    '; did you mean batch_size?'
    """
    likely = nearest(word, choices)
    return f"; did you mean {likely}?" if likely else ""


def split_page_name(stem: str) -> tuple[str, int | None]:
    """FILE and PAGE from a file name without its extension; PAGE is None where the name carries no page number.

    >>> split_page_name("a-b-003"), split_page_name("CTX200205348"), split_page_name("X-18a")
    (('a-b', 3), ('CTX200205348', None), ('X-18a', None))
    >>> split_page_name("FB_IMG_1698765432100")  # nine digits at most
    ('FB_IMG_1698765432100', None)
    """
    match = PAGE_NUMBER.match(stem)
    return (match["file"], int(match["page"])) if match else (stem, None)


def page_number(text: str) -> int | None:
    """PAGE as a cell of a table says it, also where a spreadsheet has saved it again; None for what is no number.

    More than nine digits are no page number, in a table as in a name: such pages have number 1.

    >>> page_number("12"), page_number("12,0"), page_number("1698765432100"), page_number("1.69877E+12")
    (12, 12, 1, 1)
    >>> page_number("x"), page_number("-1"), page_number("1.5")
    (None, None, None)
    """
    match = re.fullmatch(r"0*([0-9]{1,30})([.,]0+)?", text)
    if match:
        return int(match[1]) if len(match[1]) <= 9 else 1
    return 1 if re.fullmatch(r"[0-9]([.,][0-9]+)?[Ee][+](9|[1-9][0-9])", text) else None


def printable(name: str) -> str:
    r"""A file name that any UTF-8 file can hold: bytes that were no valid UTF-8 are written `\xNN`.

    Such names arrive from `os` functions with lone surrogates (PEP 383), which cannot be encoded.

    >>> printable("nap\udc9ar.png")
    'nap\\x9ar.png'
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a Windows name may hold surrogates that stand for no byte
        return name.encode("utf-8", "backslashreplace").decode("utf-8")


def listed(names: Sequence[str], most: int) -> str:
    """The first names, printable; dots where there are others.

    >>> listed(["MAP", "TEXT", "PHOTO"], 2)
    'MAP, TEXT, ...'
    """
    return ", ".join(map(printable, names[:most])) + (", ..." if len(names) > most else "")


def key_of(*values: Any) -> str:
    """A short text that stands for these values (plain ones, as JSON holds them): equal ones give the same.

    >>> key_of("a", [1, None]) == key_of("a", (1, None)) != key_of("a", [2, None])
    True
    """
    return hashlib.sha256(json.dumps(values).encode("ascii")).hexdigest()[:16]


SPLITS = ("train", "validation", "test")


def split_documents(
    labels: Sequence[str], documents: Sequence[str], seed: int, shares: tuple[float, float, float] = (0.8, 0.1, 0.1)
) -> list[str]:
    """For each page "train", "validation" or "test", whole documents at a time, the categories spread over all three.

    labels, documents: the category and the document of each page (same length; a document may span categories).
    shares: the wanted shares of pages. Each category with three documents or more gets a document in every part as far
    as documents that span categories allow it, so small sets train on less than the share; one with two documents is
    trained and tested, one with a single document is trained. The same input and seed give the same split, whatever
    the order of the pages. Raises ValueError where the lengths differ.

    Rare categories first, each document to the part that still wants most of it (Sechidis et al. 2011, "On the
    Stratification of Multi-Label Data", with documents in place of samples).

    >>> split_documents(["A"] * 4, ["d1", "d2", "d3", "d3"], seed=1)
    ['validation', 'test', 'train', 'train']
    """
    pages = _pages_of_documents(labels, documents)
    holders = _documents_of_labels(pages, seed)
    total = {label: sum(pages[document][label] for document in holding) for label, holding in holders.items()}
    missing = {
        part: {label: share * count for label, count in total.items()}
        for part, share in zip(SPLITS, shares, strict=True)
    }
    split: dict[str, str] = {}

    def assign(document: str, part: str) -> None:
        split[document] = part
        for label, count in pages[document].items():
            missing[part][label] -= count

    def spare(document: str) -> bool:  # its categories keep another document to train on
        return all(
            any(other != document and split.get(other, "train") == "train" for other in holders[label])
            for label in pages[document]
        )

    for label in sorted(holders, key=lambda label: (len(holders[label]), label)):
        for part in ("test", "validation")[: len(holders[label]) - 1]:
            if shares[SPLITS.index(part)] <= 0 or any(split.get(document) == part for document in holders[label]):
                continue
            free = [document for document in holders[label] if document not in split and spare(document)]
            if free:  # of the free ones, one that overfills the part least
                assign(min(free, key=lambda document: _overfill(pages[document], missing[part])), part)
    for label in sorted(holders, key=lambda label: (len(holders[label]), label)):
        for document in holders[label]:
            if document not in split:
                part = max(
                    (part for part in SPLITS if part == "train" or spare(document)),
                    key=lambda part: missing[part][label],
                )
                assign(document, part)
    return [split[document] for document in documents]


def fold_documents(labels: Sequence[str], documents: Sequence[str], folds: int, seed: int) -> list[int]:
    """For each page the fold (1 to `folds`) that tests it: each document in one fold, categories spread evenly.

    A category with at least `folds` documents is in every fold, as far as documents that span categories allow it.
    The same input and seed give the same folds, whatever the order of the pages.

    Raises UserError for fewer than two folds or fewer documents than folds; ValueError where the lengths differ.

    >>> fold_documents(["A"] * 4, ["d1", "d2", "d3", "d3"], folds=3, seed=1)
    [3, 2, 1, 1]
    """
    pages = _pages_of_documents(labels, documents)
    if folds < 2:
        raise UserError(f"folds = {folds}: at least 2 are needed")
    if len(pages) < folds:
        raise UserError(f"folds = {folds}, but there are only {len(pages)} documents; each fold tests at least one")
    holders = _documents_of_labels(pages, seed)
    total = {label: sum(pages[document][label] for document in holding) for label, holding in holders.items()}
    filled = [dict.fromkeys(holders, 0) for _ in range(folds)]
    fold_of: dict[str, int] = {}
    for label in sorted(holders, key=lambda label: (len(holders[label]), label)):
        for document in sorted(holders[label], key=lambda document: -sum(pages[document].values())):
            if document in fold_of:
                continue
            fold = min(
                range(folds),
                key=lambda fold: (
                    sum(filled[fold][name] * count / total[name] for name, count in pages[document].items()),
                    sum(filled[fold].values()),
                ),
            )
            fold_of[document] = fold
            for name, count in pages[document].items():
                filled[fold][name] += count
    return [fold_of[document] + 1 for document in documents]


def split_warnings(labels: Sequence[str], documents: Sequence[str]) -> list[str]:
    """What a user should know before splitting these pages by document, one sentence each; empty where all is well.

    Warned of: categories with fewer than three documents, one document with more than 30 % of all pages, and no two
    pages of one document (then documents are probably not recognised).
    """
    pages = _pages_of_documents(labels, documents)
    holders = _documents_of_labels(pages, seed=0)
    warnings = []
    few = sorted(label for label in holders if len(holders[label]) < 3)
    if few:
        names = ", ".join(f"{label} ({len(holders[label])})" for label in few)
        warnings.append(f"fewer than three documents, so not in all of train, validation and test: {names}")
    largest = max(pages, key=lambda document: sum(pages[document].values()))
    share = sum(pages[largest].values()) / len(labels)
    hint = "see [input] document_pattern and document_from, or put a documents.csv beside the label folders"
    if len(pages) == len(labels) > 1:
        warnings.append(f"no two pages are of one document: if that is not so, {hint}")
    elif share > 0.3:
        warnings.append(f"document {printable(largest)} holds {share:.0%} of all pages: if that is not so, {hint}")
    return warnings


def accuracy_interval(
    right: Sequence[bool], documents: Sequence[str], seed: int = 0, draws: int = 2000
) -> tuple[float, float]:
    """95 % interval of the share of right pages, by cluster bootstrap: whole documents are drawn, not pages.

    Where all pages are right or all wrong the bootstrap collapses to a point; then the exact (Clopper-Pearson) interval
    over documents is given: one-sided 97.5 %, `0.025 ** (1 / documents)`. Raises ValueError for no pages.

    >>> accuracy_interval([True] * 4, ["a", "b", "c", "c"])
    (0.2924..., 1.0)
    """
    if not len(right):
        raise ValueError("no pages")
    names = {document: number for number, document in enumerate(sorted(set(documents)))}  # whatever the pages' order
    hits, sizes = np.zeros(len(names)), np.zeros(len(names))
    for document, hit in zip(documents, right, strict=True):
        hits[names[document]] += bool(hit)
        sizes[names[document]] += 1
    edge = 0.025 ** (1 / len(names))
    if hits.sum() == sizes.sum():
        return edge, 1.0
    if hits.sum() == 0:
        return 0.0, 1 - edge
    generator = np.random.default_rng(seed)
    shares = np.empty(draws)
    for at in range(draws):  # one at a time: all at once take 16 KB a document
        drawn = generator.integers(len(names), size=len(names))
        shares[at] = hits[drawn].sum() / sizes[drawn].sum()
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


def fit_temperature(logits: np.ndarray, truth: Sequence[int]) -> float:
    """The temperature in [0.05, 20] that makes softmax(logits / temperature) fit the true classes best.

    logits: [pages, categories] of pages that training did not see. The likelihood is held by a weak prior around 1
    (normal in log T, worth about one page), so that a handful of pages that are all right cannot drive it to zero.
    No pages give 1.

    Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    if not len(truth):
        return 1.0
    candidates = np.exp(np.linspace(np.log(0.05), np.log(20), 600))
    losses = [len(truth) * cross_entropy(logits / T, truth) + np.log(T) ** 2 / 2 for T in candidates]
    return float(candidates[int(np.argmin(losses))])


def cross_entropy(logits: np.ndarray, truth: Sequence[int]) -> float:
    """Mean negative log likelihood (nats) of the true classes under softmax(logits); logits: [pages, categories]."""
    logits = np.asarray(logits, dtype=np.float64)
    logits = logits - logits.max(axis=1, keepdims=True)
    log_scores = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return float(-log_scores[np.arange(len(truth)), np.asarray(truth)].mean())


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities [pages, categories]; a logit of -inf is a probability of 0."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows [N, D] of any length at unit length; a row of zeros stays as it is."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def macro_f1(truth: Sequence[int], guessed: Sequence[int]) -> float:
    """The mean F1 of the categories that are true or guessed at least once; 0 for one that is never right."""
    truth, guessed = np.asarray(truth), np.asarray(guessed)
    scores = [
        2 * np.sum((truth == label) & (guessed == label)) / (np.sum(truth == label) + np.sum(guessed == label))
        for label in np.union1d(truth, guessed)
    ]
    return float(np.mean(scores))


def _pages_of_documents(labels: Sequence[str], documents: Sequence[str]) -> dict[str, dict[str, int]]:
    """Document -> category -> number of pages, documents sorted, so that nothing hangs on the order of the pages."""
    pages: dict[str, dict[str, int]] = {document: {} for document in sorted(set(documents))}
    for label, document in sorted(zip(labels, documents, strict=True)):
        pages[document][label] = pages[document].get(label, 0) + 1
    return pages


def _documents_of_labels(pages: dict[str, dict[str, int]], seed: int) -> dict[str, list[str]]:
    """Category -> its documents, in an order drawn from the seed."""
    order = list(pages)
    random.Random(seed).shuffle(order)
    holders: dict[str, list[str]] = {}
    for document in order:
        for label in pages[document]:
            holders.setdefault(label, []).append(document)
    return holders


def _overfill(document: dict[str, int], missing: dict[str, float]) -> float:
    """By how many pages a document exceeds what a part still wants, over the categories."""
    return sum(max(0.0, count - max(0.0, missing[label])) for label, count in document.items())


def versions_of(libraries: Iterable[str]) -> dict[str, str]:
    """What is installed of some libraries, "absent" for what is not: for records that tell how a result was made."""
    from importlib import metadata  # -h needs none of it

    versions = {}
    for library in libraries:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            versions[library] = "absent"
    return versions
