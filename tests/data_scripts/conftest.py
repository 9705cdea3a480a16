"""A collection of pages, for the tests of the scripts that sort and annotate it."""

import pytest
from scripts import put


@pytest.fixture
def shelf(tmp_path):
    """Six pages of four documents, one of them in onepagers/, two documents of one name in two folders."""
    pages = tmp_path / "pages"
    names = (
        "00123/00123-08.png",
        "00123/00123-09.png",
        "onepagers/Č1-1.png",
        "a/X/X-1.png",
        "b/X/X-1.png",
        "Y/Y-1.PNG",
    )
    for seed, name in enumerate(names):
        put(pages / name, seed)
    return pages
