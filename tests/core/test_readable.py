"""Base units in words."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlipguide.core.readable import duration, memory, number, simulated_time

SECONDS = {
    "ns": 1e-9,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "days": 86400.0,
    "years": 365.25 * 86400,
}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2e-9, "2 ns"),
        (1.5e-5, "15 µs"),
        (0.1234, "123 ms"),
        (1.0, "1 s"),
        (90.0, "90 s"),
        (120.0, "2 min"),
        (3600.0, "60 min"),
        (7200.0, "2 h"),
        (86400.0, "24 h"),
        (172800.0, "2 days"),
        (1e9, "31.7 years"),
        (1e13, "317,000 years"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1e-15, "1 fs"), (5e-16, "0.5 fs"), (1e-12, "1 ps"), (1e-10, "100 ps"), (1e-9, "1 ns"), (2.5e-6, "2.5 µs")],
)
def test_simulated_times(seconds: float, words: str) -> None:
    assert simulated_time(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"), [(2**30, "1 GiB"), (2**29, "512 MiB"), (1.5 * 2**30, "1.5 GiB"), (2**50, "1,050,000 GiB")]
)
def test_memory(size: float, words: str) -> None:
    assert memory(size) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (1.0, "1"),
        (12.345, "12.3"),
        (123456, "123,000"),
        (999.9, "1,000"),
        (999.4, "999"),
        (1e-5, "1e-05"),
        (2e12, "2e+12"),
    ],
)
def test_numbers(value: float, words: str) -> None:
    assert number(value) == words


@given(st.floats(min_value=1e-8, max_value=1e12))
def test_a_duration_says_the_same_number_within_its_digits(seconds: float) -> None:
    match = re.fullmatch(r"([\d,.e+-]+) (\S+)", duration(seconds))
    assert match is not None
    told = float(match.group(1).replace(",", "")) * SECONDS[match.group(2)]
    assert math.isclose(told, seconds, rel_tol=6e-3)
    assert "e" not in match.group(1)
