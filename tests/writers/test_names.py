"""Writers and pages from file names: patterns, known data sets, names that do not tell."""

from __future__ import annotations

import pytest

from reading.pages import Page
from utils import UserError
from writers.names import EXAMPLE, KNOWN, Name, name_pages, read_name, read_pattern, writer_ids


def pages_of(*paths: str) -> list[Page]:
    return [Page(path, path, 1, None) for path in paths]


@pytest.mark.parametrize(
    ("known", "path", "expected"),
    [
        ("hisfrag20", "1023_2_7.jpg", Name("1023", "2")),
        ("historical-wi", "test/1003-IMG_MAX_309740.png", Name("1003", "309740")),
        ("hisir19", "77_3.jpg", Name("77", "3")),
        ("cvl", "0052-3-cropped.tif", Name("0052", "3")),
        ("icdar2013", "018_4.tif", Name("018", "4")),
        ("CVL", "0052-3.tif", Name("0052", "3")),
    ],
)
def test_the_published_data_sets_are_known_by_name(known, path, expected):
    assert read_name(read_pattern(known), path) == expected


def test_the_name_is_read_without_folder_and_extension_unless_the_pattern_holds_a_slash():
    assert read_name(read_pattern(EXAMPLE), "w999-9/w001-2.v1.png") == Name("w001", "2")
    by_folder = read_pattern(r"(?P<writer>[^/]+)/(?P<page>[^/]+)$")
    assert read_name(by_folder, "box/Kafka/letter 3.tif") == Name("Kafka", "letter 3")
    with_extension = read_pattern(r"(?P<writer>\w+)-(?P<page>\d+)\.png")
    assert read_name(with_extension, "w1-1.png") == "the pattern does not fit its name"


def test_pages_without_a_writer_keep_their_reason():
    named = name_pages(pages_of("w1-1.png", "cover.jpg", "w1-2_w2-1.png", "w2-1.png"), read_pattern(EXAMPLE))
    assert named.writers == ["w1", "w2"]
    assert [page.path for page, _ in named.unnamed] == ["cover.jpg", "w1-2_w2-1.png"]
    assert "two writers (w1 and w2)" in named.unnamed[1][1]
    assert len(named.lines()) == 2
    many = name_pages(pages_of("w1-1.png", *(f"{at}.png" for at in range(9))), read_pattern(EXAMPLE))
    assert len(many.lines()) == 6
    assert "9 pages in all" in many.lines()[-1]


def test_images_of_one_page_have_one_source_and_pages_of_one_file_have_several():
    fragments = name_pages(pages_of("1_2_1.jpg", "1_2_2.jpg", "1_3_1.jpg", "2_2_1.jpg"), read_pattern("hisfrag20"))
    sources = fragments.sources
    assert sources[0] == sources[1]
    assert len(set(sources)) == 3
    of_a_pdf = [Page("w1-1.pdf", "w1-1", frame + 1, frame) for frame in range(3)]
    assert len(set(name_pages(of_a_pdf, read_pattern(EXAMPLE)).sources)) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (r"(\w+)-(\d+)", "no group (?P<writer>...)"),
        (r"(?P<writer>\w+)", "no group (?P<page>...)"),
        (r"(?P<writer>\w+)_(?P<writer>\w+)-(?P<page>\d+)", '"writer" twice'),
        (r"(?P<writer>\w+-(?P<page>\d+)", "no regular expression"),
        ("hisfrag", "did you mean hisfrag20?"),
    ],
)
def test_a_pattern_that_does_not_say_who_wrote_is_one_line_with_an_example(given, said):
    with pytest.raises(UserError) as error:
        read_pattern(given)
    assert said in str(error.value)
    assert EXAMPLE in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pattern_that_fits_nothing_is_told_with_names_and_one_that_fits():
    with pytest.raises(UserError) as error:
        name_pages(pages_of("h001-1.jpg", "h002-1.jpg", "h002-2.jpg"), read_pattern("hisfrag20"))
    assert "h001-1.jpg, h002-1.jpg" in str(error.value)
    proposed = str(error.value).partition('--pattern "')[2].rpartition('"')[0]
    assert len(set(name_pages(pages_of("h001-1.jpg", "h002-1.jpg", "h002-2.jpg"), read_pattern(proposed)).writers)) == 2


def test_ids_are_sorted_whatever_the_order_of_the_pages():
    assert writer_ids(["w3", "w1", "w3", "w2"]) == (["w1", "w2", "w3"], [2, 0, 2, 1])
    assert set(KNOWN) >= {"hisfrag20", "historical-wi", "hisir19", "cvl", "icdar2013"}
