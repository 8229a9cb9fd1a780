"""Speeds as people state them (``0.69steps/s``, ``3.2ns/day``, ``12ms/step``) turned into the seconds of a step."""

from __future__ import annotations

import math

from mlipguide.core.errors import InputError
from mlipguide.core.units import Dimension

SECONDS_OF_A_DAY, SECONDS_OF_AN_HOUR = 86_400.0, 3_600.0
_STEPS = {"steps/s": 1.0, "step/s": 1.0, "timesteps/s": 1.0, "it/s": 1.0, "steps/min": 1 / 60, "steps/h": 1 / 3600}
"""Steps of a second."""
_SIMULATED = {"ns/day": 1e-9 / SECONDS_OF_A_DAY, "ps/day": 1e-12 / SECONDS_OF_A_DAY, "ps/h": 1e-12 / 3600}
"""Simulated seconds of a second."""
_WALL = {"s/step": 1.0, "ms/step": 1e-3, "us/step": 1e-6, "µs/step": 1e-6, "s/it": 1.0}
"""Seconds of a step."""
_INVERSE = {"hours/ns": SECONDS_OF_AN_HOUR / 1e-9, "h/ns": SECONDS_OF_AN_HOUR / 1e-9}
"""Seconds of a simulated second."""
SPEED = Dimension("speed", {**_STEPS, **_SIMULATED, **_WALL, **_INVERSE}, "0.69steps/s")


def needs_timestep(text: str, *, option: str) -> bool:
    """Tell whether a speed is one of simulated time, from which a step follows with its length alone.

    Raises:
        InputError: It is no speed.
    """
    _, unit = SPEED.split(text, option=option)
    return unit in _SIMULATED or unit in _INVERSE


def parse_speed(text: str, *, timestep_s: float, option: str) -> float:
    """Return the seconds of a step.

    Args:
        text: A number with its unit.
        timestep_s: Simulated time of a step.
        option: Where the text was given.

    Raises:
        InputError: It is no speed, or too small or large for one.
    """
    number, unit = SPEED.split(text, option=option)
    factor = SPEED.factors[unit]
    if unit in _WALL:
        seconds = number * factor
    elif unit in _STEPS:
        seconds = 1 / (number * factor)
    elif unit in _SIMULATED:
        seconds = timestep_s / (number * factor)
    else:
        seconds = number * factor * timestep_s
    if not (math.isfinite(seconds) and seconds > 0):
        raise InputError(f"{option}: '{text}' is no speed.", hint=f"Example: {SPEED.example}.", option=option)
    return seconds
