"""Speeds as people state them are the same seconds of a step."""

from __future__ import annotations

import pytest

from mlipguide.core.errors import InputError
from mlipguide.core.speeds import needs_timestep, parse_speed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0.5steps/s", 2.0),
        ("0.5 timesteps/s", 2.0),
        ("30steps/min", 2.0),
        ("12ms/step", 0.012),
        ("1.5s/step", 1.5),
        ("86.4ns/day", 1e-3),
        ("0.0864ns/day", 1.0),
        ("24hours/ns", 0.0864),
    ],
)
def test_every_unit_gives_the_seconds_of_a_step(text: str, seconds: float) -> None:
    assert parse_speed(text, timestep_s=1e-15, option="--x") == pytest.approx(seconds, rel=1e-12)


def test_simulated_time_goes_with_the_time_step() -> None:
    assert parse_speed("0.171ns/day", timestep_s=5e-15, option="--x") == pytest.approx(2.526, rel=1e-3)
    assert needs_timestep("0.171ns/day", option="--x")
    assert needs_timestep("3hours/ns", option="--x")
    assert not needs_timestep("12ms/step", option="--x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.69", "has no unit"),
        ("fast", "is not a speed"),
        ("3 ns/year", "'ns/year' is not a unit of speed"),
        ("0steps/s", "must be positive"),
        ("-1ms/step", "must be positive"),
        ("1e-320steps/s", "is no speed"),
    ],
)
def test_what_is_no_speed_is_refused_with_an_example(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse_speed(text, timestep_s=1e-15, option="--compare-with")
    assert "0.69steps/s" in caught.value.hint
    assert caught.value.option == "--compare-with"
