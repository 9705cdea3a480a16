"""The shipped description sets: every set whole, in one order, and TOTAL their sum."""

from pathlib import Path

import pytest

from encoders.descriptions import PROMPT, prompts, read_descriptions, read_sets

FOLDER = Path(__file__).parents[2] / "category_descriptions"
SETS = ("init", "details", "short", "min", "mid", "large", "look", "content", "plain")
SETS += ("keywords", "makers", "archivist", "traits", "modern", "question", "layout")
LABELS = ["DRAW", "DRAW_L", "LINE_HW", "LINE_P", "LINE_T", "PHOTO", "PHOTO_L", "TEXT", "TEXT_HW", "TEXT_P", "TEXT_T"]
WORDS = 45  # about what the 77 tokens of CLIP's text tower hold, with the prompt


def file_of(name: str) -> Path:
    return FOLDER / f"page_categories_{name}.tsv"


def test_the_folder_holds_the_sets_and_nothing_else() -> None:
    expected = {file_of(name).name for name in SETS}
    expected |= {"TOTAL_page_categories.tsv", "WIDE_page_categories.tsv"}
    assert {file.name for file in FOLDER.iterdir()} == expected


@pytest.mark.parametrize("name", SETS)
def test_a_set_describes_each_category_once_in_label_order(name: str) -> None:
    descriptions = read_descriptions(file_of(name))
    assert list(descriptions) == LABELS
    assert [len(texts) for texts in descriptions.values()] == [1] * len(LABELS)


@pytest.mark.parametrize("name", SETS)
def test_no_two_categories_of_a_set_share_a_prompt_and_none_is_too_long(name: str) -> None:
    texts = prompts(read_descriptions(file_of(name)), PROMPT, lowercase=True)
    assert len(set(texts)) == len(LABELS)
    assert max(len(text.split()) for text in texts) <= WORDS + len(PROMPT.split()) - 1


@pytest.mark.parametrize("name", [*SETS, "TOTAL"])
def test_files_are_plain(name: str) -> None:
    file = FOLDER / "TOTAL_page_categories.tsv" if name == "TOTAL" else file_of(name)
    data = file.read_bytes()
    lines = data.decode("ascii").split("\n")
    assert lines[0] == "label\tdescription"
    assert lines[-1] == ""
    assert all(line.count("\t") == 1 and line == line.strip() for line in lines[:-1])
    assert b"\r" not in data and b"+AF8-" not in data and b"  " not in data


def test_total_is_the_sets_one_after_another() -> None:
    rows = [row for name in SETS for row in file_of(name).read_text(encoding="utf-8").splitlines()[1:]]
    total = (FOLDER / "TOTAL_page_categories.tsv").read_text(encoding="utf-8").splitlines()
    assert total == ["label\tdescription", *rows]
    descriptions = read_descriptions(FOLDER / "TOTAL_page_categories.tsv")
    assert list(descriptions) == LABELS
    assert {len(texts) for texts in descriptions.values()} == {len(SETS)}


def test_averaging_all_sets_finds_what_total_holds() -> None:
    merged = read_sets(FOLDER, "page_categories")
    total = read_descriptions(FOLDER / "TOTAL_page_categories.tsv")
    assert {label: sorted(texts) for label, texts in merged.items()} == {
        label: sorted(texts) for label, texts in total.items()
    }


def test_wide_holds_total_and_hundreds_more_and_nothing_that_judges() -> None:
    wide = read_descriptions(FOLDER / "WIDE_page_categories.tsv")
    total = read_descriptions(FOLDER / "TOTAL_page_categories.tsv")
    assert list(wide) == LABELS
    everything = [text.casefold() for texts in wide.values() for text in texts]
    assert len(set(everything)) == len(everything)  # no text for two categories
    for label, texts in wide.items():
        assert len(texts) >= 300
        assert set(total[label]) <= set(texts)
    judging = sorted((FOLDER.parent / "benchmarks" / "paraphrases").glob("*.tsv"))
    assert len(judging) == 10
    for file in judging:
        held_out = [text.casefold() for texts in read_descriptions(file).values() for text in texts]
        assert len(held_out) == len(LABELS)
        assert not set(held_out) & set(everything)
