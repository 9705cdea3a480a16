"""Fixtures that several test files use."""

import signal
from pathlib import Path

import pytest

import encoders  # noqa: F401  (first: what it says to ONNX Runtime counts before that is imported)

# Where the suite itself runs in the background of a shell, Ctrl-C is ignored, and so it would be in all its children:
# the tests that interrupt a real process need it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages beside the checkout; mark the test with `pytest.mark.shared`."""
    if not SHARED.is_dir():
        pytest.skip(f"no shared folder at {SHARED}")
    return SHARED
