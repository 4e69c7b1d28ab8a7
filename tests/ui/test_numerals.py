import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tui_dl.ui import numerals


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0.0, "0"), (1.0, "1.000"), (0.04321, "0.04321"), (12345.6, "1.23e4"), (1e-9, "1.00e-9"),
        (-3.14159, "-3.142"), (math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (999.96, "1000.0"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, text: str) -> None:
    assert numerals.number(value) == text


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_numbers_stay_short(value: float) -> None:
    assert len(numerals.number(value)) <= 10


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0s"),
        (59.6, "1m00s"),
        (61, "1m01s"),
        (3700, "1h01m"),
        (90_000, "1d01h"),
        (math.inf, "–"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert numerals.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5"), (7, "7"), (1437, "1437"), (12_345, "12.3k"), (4_500_000, "4.5M")]
)
def test_brief_counts(value: float, text: str) -> None:
    assert numerals.brief(value) == text


def test_shares_rates_and_bytes() -> None:
    assert numerals.share(0.9876) == "98.8%"
    assert numerals.share(None) == "–"
    assert numerals.rate(0.1) == "0.1"
    assert numerals.rate(0.00093) == "0.00093"
    assert numerals.bytes_held(512) == "512 B"
    assert numerals.bytes_held(3 * 1024**3) == "3.0 GiB"
