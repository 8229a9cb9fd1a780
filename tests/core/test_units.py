"""Quantities carry a unit, and a wrong one is refused with what is accepted."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlipguide.core.errors import InputError
from mlipguide.core.units import (
    ENERGY_PER_ATOM,
    FORCE,
    MEMORY,
    SIMULATED_TIME,
    TEMPERATURE,
    WALL_TIME,
    Dimension,
    parse_atoms,
)

DIMENSIONS = (SIMULATED_TIME, WALL_TIME, TEMPERATURE, FORCE, ENERGY_PER_ATOM, MEMORY)
EVERY_UNIT = [(dimension, unit) for dimension in DIMENSIONS for unit in dimension.factors]


@pytest.mark.parametrize(("dimension", "unit"), EVERY_UNIT, ids=[f"{d.name}-{u}" for d, u in EVERY_UNIT])
def test_every_accepted_unit_is_parsed(dimension: Dimension, unit: str) -> None:
    factor = dimension.factors[unit]
    for text in (f"2.5{unit}", f" 2.5 {unit} ", f"+25e-1{unit}", f"0.25E1 {unit}"):
        assert dimension.parse(text, option="--x") == pytest.approx(2.5 * factor)
    assert dimension.parse(f".5{unit}", option="--x") == pytest.approx(0.5 * factor)
    assert dimension.parse(f"3.{unit}", option="--x") == pytest.approx(3 * factor)


@pytest.mark.parametrize(
    ("dimension", "text", "value"),
    [
        (SIMULATED_TIME, "1ns", 1e-9),
        (SIMULATED_TIME, "2fs", 2e-15),
        (WALL_TIME, "24h", 86400.0),
        (WALL_TIME, "2m", 120.0),
        (TEMPERATURE, "300K", 300.0),
        (FORCE, "100meV/A", 0.1),
        (FORCE, "100meV/Å", 0.1),
        (FORCE, "1Ha/bohr", 51.42206747632590),  # CODATA 2018: 1 a.u. of force in eV/Å
        (FORCE, "1kcal/mol/A", 0.0433641),
        (ENERGY_PER_ATOM, "5meV/atom", 0.005),
        (MEMORY, "16GiB", 16 * 2**30),
        (MEMORY, "16GB", 16e9),
    ],
)
def test_known_values(dimension: Dimension, text: str, value: float) -> None:
    assert dimension.parse(text, option="--x") == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("example", DIMENSIONS, ids=lambda dimension: dimension.name)
def test_examples_are_accepted(example: Dimension) -> None:
    assert example.parse(example.example, option="--x") > 0


@pytest.mark.parametrize("text", ["1", "1e3", " 2.5 "])
def test_a_bare_number_is_refused_with_the_units(text: str) -> None:
    with pytest.raises(InputError, match="has no unit") as caught:
        SIMULATED_TIME.parse(text, option="--time")
    assert "--time" in caught.value.message
    assert "fs, ps, ns" in caught.value.hint


@pytest.mark.parametrize("text", ["1 parsec", "1NS", "1ns ps", "1meV", "1h"])
def test_an_unknown_unit_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(InputError, match="is not a unit of simulated time") as caught:
        SIMULATED_TIME.parse(text, option="--time")
    assert "fs, ps, ns" in caught.value.hint


@pytest.mark.parametrize("text", ["-1ns", "0ns", "1e400ns", "-0.0ps"])
def test_what_is_not_positive_and_finite_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="positive and finite"):
        SIMULATED_TIME.parse(text, option="--time")


@pytest.mark.parametrize("text", ["", "ns", "nan ns", "inf ns", "one ns", "--1ns", "1.2.3ns", "1,5ns"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        SIMULATED_TIME.parse(text, option="--time")


@settings(deadline=None)
@given(st.text(max_size=12))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for dimension in DIMENSIONS:
        with suppress(InputError):
            assert 0 < dimension.parse(text, option="--x") < float("inf")
    with suppress(InputError):
        assert 1 <= parse_atoms(text, option="--atoms") <= 10**10


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("2000", 2000), ("2_000", 2000), ("1e5", 100_000)])
def test_atoms(text: str, value: int) -> None:
    assert parse_atoms(text, option="--atoms") == value


@pytest.mark.parametrize("text", ["-5", "0", "1e12", "1.5", "nan", "inf", "-inf", "many", "", "1e400", "0x10"])
def test_impossible_numbers_of_atoms_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_atoms(text, option="--atoms")
    assert caught.value.message.startswith(f"--atoms: '{text}'")
