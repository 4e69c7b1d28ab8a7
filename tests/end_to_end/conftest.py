"""End-to-end tests leave no engine behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.program import clean_up, folders


@pytest.fixture(autouse=True)
def no_engine_left(tui_dl_home: Path) -> Iterator[None]:
    """Kill what a failed test has left training, in the test's own home alone."""
    yield
    clean_up(folders())
