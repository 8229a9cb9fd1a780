"""How large a cell and how long runs a time budget allows for the tests of stability."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.sessions.interface import ModelSession
from mlipguide.store.unfinished import Form
from mlipguide.structures.holds import freed
from mlipguide.structures.supercells import near_cubic_supercell

if TYPE_CHECKING:
    from ase import Atoms

STATIC_EVALUATIONS = 125
"""Lines, loops, the bond scan, the equation of state and the symmetries together."""
FEWEST_STEPS, WANTED_STEPS, MOST_STEPS = 500, 1700, 4000
"""Of all runs together: below the first a drift is lost in its error, beyond the last nothing is gained."""
SMALLEST_CELL_ATOMS, LARGEST_CELL_ATOMS = 8, 64
THERMALISING = 80
"""Steps with a thermostat before everything else."""
TRIALS_SHARE = 0.25
TRIALS = 6
STEPS_OF_RUNS = 3.5
"""One run of the same length at half the step, the step and twice the step takes 2 + 1 + 1/2 times its steps."""
FEWEST_TRIAL = 25
TIMED_CALLS = 3
MARGIN = 2.0


@dataclass(frozen=True)
class Cell:
    """What one model is run on.

    Attributes:
        atoms: The cell.
        wanted: Number of atoms that it was made for.
        evaluation_s: What one evaluation of it takes.
    """

    atoms: Atoms
    wanted: int
    evaluation_s: float


def cell_form(atoms: Atoms) -> Form[Cell]:
    """Return how a cell of a structure is kept."""
    return Form(
        lambda cell: {"wanted": cell.wanted, "evaluation_s": cell.evaluation_s},
        lambda kept: Cell(cell_of(atoms, kept["wanted"]), kept["wanted"], kept["evaluation_s"]),
    )


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How long the runs are.

    Attributes:
        trial: Steps of each run in search of the longest stable step.
        steps: Steps of the run at the task's time step.
        is_short: Whether the time left allowed only the shortest runs.
    """

    trial: int
    steps: int
    is_short: bool

    @property
    def total(self) -> int:
        """Steps of all runs together, about."""
        return TRIALS * self.trial + int(STEPS_OF_RUNS * self.steps)


def choose_cell(
    session: ModelSession, atoms: Atoms, budget_s: float, clock: Callable[[], float] = time.monotonic
) -> Cell:
    """Time a few evaluations and return the largest cell, up to 64 atoms, that the budget allows.

    Args:
        session: The model.
        atoms: The user's structure.
        budget_s: Seconds for this model, what was spent on loading it taken off.
        clock: Tells the time, seconds.
    """
    wanted = SMALLEST_CELL_ATOMS
    cell = cell_of(atoms, wanted)
    begin = clock()
    evaluation_s = _evaluation_s(session, cell, clock)
    left_s = max(0.0, budget_s - (clock() - begin))
    affordable = left_s / evaluation_s / (STATIC_EVALUATIONS + THERMALISING + WANTED_STEPS)
    # Only a part of the time that is left over goes into more atoms: the first evaluations may have been lucky.
    if affordable >= 2 * MARGIN and len(cell) < LARGEST_CELL_ATOMS:
        wanted = min(LARGEST_CELL_ATOMS, int(len(cell) * affordable / MARGIN))
        cell = cell_of(atoms, wanted)
        evaluation_s = _evaluation_s(session, cell, clock)
    return Cell(cell, wanted, evaluation_s)


def choose_lengths(left_s: float, evaluation_s: float) -> Lengths:
    """Return what the time that is left allows."""
    affordable = int(left_s / evaluation_s)
    total = min(MOST_STEPS, max(FEWEST_STEPS, affordable))
    trial = max(FEWEST_TRIAL, int(total * TRIALS_SHARE / TRIALS))
    steps = 2 * int((total - TRIALS * trial) / STEPS_OF_RUNS / 2)
    return Lengths(trial=trial, steps=steps, is_short=affordable < FEWEST_STEPS)


def cell_of(atoms: Atoms, wanted: int) -> Atoms:
    """Return a cell in which every atom moves: it is the model that is tested, on all of its forces."""
    atoms = freed(atoms)
    if not atoms.pbc.any() or len(atoms) >= wanted:
        return atoms
    return near_cubic_supercell(atoms, atoms_wanted=max(wanted, len(atoms)))


def _evaluation_s(session: ModelSession, atoms: Atoms, clock: Callable[[], float]) -> float:
    """Return the time of an evaluation, the first, which may compile, left out."""
    session.single_point(atoms)
    times: list[float] = []
    for _ in range(TIMED_CALLS):
        begin = clock()
        session.single_point(atoms)
        times.append(clock() - begin)
    return max(min(times), math.ulp(1.0))
