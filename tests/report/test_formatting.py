"""Numbers carry the mark of their basis and their interval."""

from __future__ import annotations

import pytest

from factories import make_estimate
from mlipguide.core.readable import coarse, duration
from mlipguide.core.serialisation import to_plain
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.report.words.formatting import LEGEND, MARKS, estimated, marked, spread


@pytest.mark.parametrize("basis", Basis)
def test_every_basis_has_a_mark_of_its_own(basis: Basis) -> None:
    assert marked(make_estimate(1.0, basis=basis), "x") == f"{MARKS[basis]}x"
    assert len(set(MARKS.values())) == len(Basis)


def test_the_legend_explains_the_marks_of_measurements() -> None:
    assert f"{MARKS[Basis.FITTED]} fitted" in LEGEND
    assert f"{MARKS[Basis.EXTRAPOLATED]} extrapolated" in LEGEND


def test_what_is_not_known_is_a_dash() -> None:
    assert marked(None, "x") == "–"
    assert estimated(None, duration) == "–"
    assert spread(None) == ""
    assert spread(make_estimate(1.0, spread=None)) == ""


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.9, 1.1, "±10 %"), (1.0, 1.0, "±1 %"), (0.98, 1.1, "±6 %"), (0.25, 4.0, "×÷4"), (0.0, 2.0, "")],
)
def test_intervals(low: float, high: float, words: str) -> None:
    estimate = Estimate(value=1.0, low=low, high=high, basis=Basis.FITTED, source="test")
    assert spread(estimate) == words


def test_an_estimate_in_a_table() -> None:
    assert estimated(make_estimate(0.25, basis=Basis.EXTRAPOLATED), duration) == "≈250 ms"


@pytest.mark.parametrize(
    ("reach", "words"),
    [(1.5, "≈22.2 h"), (1.97, "≈22 h"), (2.0, "≈22 h"), (4.9, "≈22 h"), (5.0, "≈20 h"), (8.0, "≈20 h")],
)
def test_no_more_digits_than_mean_something(reach: float, words: str) -> None:
    vague = Estimate(value=8e4, low=8e4 / reach, high=8e4 * reach, basis=Basis.EXTRAPOLATED, source="test")
    assert estimated(vague, duration) == words
    assert to_plain(vague)["value"] == 8e4


@pytest.mark.parametrize(
    ("text", "digits", "words"),
    [
        ("1,234 µs", 2, "1,200 µs"),
        ("0.0456", 1, "0.05"),
        ("98.7 h", 1, "100 h"),
        ("7 h", 2, "7 h"),
        ("2 GiB", 1, "2 GiB"),
        ("3.14e+12", 1, "3.14e+12"),
        ("none", 1, "none"),
    ],
)
def test_the_first_number_of_a_text_is_made_coarse(text: str, digits: int, words: str) -> None:
    assert coarse(text, digits) == words
