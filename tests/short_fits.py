"""What tests of real engines share: labels of a known law, fits of seconds, interruptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from ase.build import bulk
from ase.calculators.lj import LennardJones

from mlipguide.environments.builds import build_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import Environment, EnvironmentState
from mlipguide.records.training.training import FitRecipe
from mlipguide.structures.labels import LabelledFrame

SIGMA, EPSILON_EV = 1.9, 0.3
"""Å and eV: a law that holds rock salt together, so that there is something to learn."""


def silent(_message: str, _share: float) -> None:
    """Take progress and say nothing."""


@cache
def environment_of(backend: str) -> Environment:
    """Return the environment of a backend, built where there is none."""
    recipe = find_recipe(backend)
    environment = find_environment(recipe)
    if environment.state is EnvironmentState.READY:
        return environment
    return build_environment(recipe, has_nvidia_gpu=False)


def lennard_jones_frames(count: int, *, symbol: str = "MgO") -> list[LabelledFrame]:
    """Return rattled and strained cells with energies, forces and stresses of a known law."""
    frames = []
    for index in range(count):
        atoms = bulk(symbol, "rocksalt", a=4.25, cubic=True) if symbol == "MgO" else bulk(symbol)
        atoms.set_cell(atoms.cell.array * (0.97 + 0.06 * index / count), scale_atoms=True)
        atoms.rattle(0.1, seed=index)
        atoms.calc = LennardJones(sigma=SIGMA, epsilon=EPSILON_EV, rc=6.0, smooth=True)
        frames.append(
            LabelledFrame(
                index=index,
                atoms=atoms.copy(),
                energy_ev=float(atoms.get_potential_energy()),
                forces_ev_per_angstrom=atoms.get_forces(),
                stress_ev_per_angstrom3=atoms.get_stress(),
                group=None,
            )
        )
    return frames


def silicon_frames(count: int) -> list[LabelledFrame]:
    """Return cells of two atoms whose energies have another zero than the models', by 1 eV an atom."""
    frames = lennard_jones_frames(count, symbol="Si")
    return [replace(frame, energy_ev=-2 * 4.4, stress_ev_per_angstrom3=None) for frame in frames]


def short(recipe: FitRecipe, **options: float | str) -> FitRecipe:
    """Return a recipe with other options."""
    return replace(recipe, options={**recipe.options, **options})


def interrupt_at(share: float) -> Callable[[str, float], None]:
    """Return a listener to progress that interrupts once a share of the fit is done."""

    def told(_message: str, reached: float) -> None:
        if reached >= share:
            raise KeyboardInterrupt

    return told
