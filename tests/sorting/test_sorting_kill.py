"""Real kills of `python run.py -d ...`: what is resumed ends as if nothing had happened. The full series is
`benchmarks/kill_predict.py`."""

from __future__ import annotations

import signal
import sys

import pytest

from benchmarks.kill_predict import PAGES, Series, after_rows, while_tables

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and SIGTERM cannot be sent on Windows")


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return Series(tmp_path_factory.mktemp("kills"))


def test_killed_while_working_and_while_writing_tables(series):
    for attempt in range(3):  # tables of 600 pages are soon written: we may come too late
        output = series.work / f"killed{attempt}"
        first = series.kill(output, None, after_rows(200))
        assert first.code == -signal.SIGKILL
        assert 200 <= first.rows < PAGES
        second = series.kill(output, first, while_tables(1))
        series.resumed(output, first, second)
        if second.parts:
            break
    assert second.code == -signal.SIGKILL
    assert second.rows == PAGES
    series.finish(output, second)


def test_ctrl_c_and_sigterm_write_the_tables_of_what_is_there_and_name_the_command_that_continues(series):
    series.interrupt(series.work / "interrupted", [signal.SIGINT, signal.SIGTERM], [100, 350])
