"""Between two tests no file stays open."""

import pytest

from reading.decoding import close_files


@pytest.fixture(autouse=True)
def nothing_left_open():
    yield
    close_files()
