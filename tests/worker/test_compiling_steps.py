"""Steps in which a program is compiled are no samples, and what they cost is told apart."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from ase.build import bulk
from ase.calculators.calculator import all_changes
from ase.calculators.morse import MorsePotential

from mlipguide.worker.backends.interface import LoadedModel
from mlipguide.worker.steps import MOST_COMPILING, Conditions, System

COMPILING_S = 0.05
FORCES_HELD = 1
"""Calls that the integrator makes before it gives the first step."""


class Compiling(MorsePotential):
    """Compiles at some of its calls, counted from 0, each time for a while."""

    def __init__(self, compiles_at: Callable[[int], bool]) -> None:
        super().__init__(epsilon=1.0, r0=2.3, rho0=3.0, rcut1=1.1, rcut2=1.3)  # type: ignore[no-untyped-call]  # untyped in ASE
        self.compiles_at = compiles_at
        self.log: dict[str, int] = {"calls": 0, "compiled": 0}

    def calculate(self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes) -> None:
        """Evaluate, after compiling."""
        if self.compiles_at(self.log["calls"]):
            self.log["compiled"] += 1
            time.sleep(COMPILING_S)
        self.log["calls"] += 1
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE


def prepared(calculator: Compiling, *, counts: bool = True) -> System:
    model = LoadedModel(
        calculator=calculator,
        parameters=5,
        cutoff=3.0,
        layers=None,
        elements=(14,),
        synthetic=False,
        versions={},
        synchronise=lambda: None,
        reset_peak_memory=lambda: None,
        peak_memory_bytes=lambda: 1,
        compilations=(lambda: calculator.log["compiled"]) if counts else None,
    )
    conditions = Conditions(temperature_k=300.0, timestep_fs=0.1, seed=0, propagate=True)
    system = System(model, bulk("Si", cubic=True), conditions)
    system.call_first()
    assert calculator.log["calls"] == FORCES_HELD
    return system


def test_a_step_that_compiles_is_no_sample_and_its_time_is_told() -> None:
    run = prepared(Compiling(lambda call: call in (0, 3))).run(max_steps=5, max_s=60.0)
    assert len(run["wall_s"]) == len(run["cpu_s"]) == len(run["energy_forces_s"]) == 5
    assert max(run["wall_s"]) < COMPILING_S <= run["compiling_wall_s"]
    assert run["usage"]["wall_s"] == pytest.approx(sum(run["wall_s"]) + run["compiling_wall_s"])
    assert run["usage"]["cpu_s"] == pytest.approx(sum(run["cpu_s"]) + run["compiling_cpu_s"])


def test_a_backend_that_compiles_nothing_has_no_such_time() -> None:
    run = prepared(Compiling(lambda call: call == 2), counts=False).run(max_steps=4, max_s=60.0)
    assert run["compiling_wall_s"] == run["compiling_cpu_s"] == 0
    assert max(run["wall_s"]) >= COMPILING_S


def test_compiling_takes_nothing_of_the_time_of_a_burst() -> None:
    run = prepared(Compiling(lambda call: call == FORCES_HELD)).run(max_steps=3, max_s=COMPILING_S)
    assert len(run["wall_s"]) == 3


def test_who_compiles_at_every_step_is_timed_with_it() -> None:
    calculator = Compiling(lambda _: True)
    run = prepared(calculator).run(max_steps=2, max_s=60.0)
    assert calculator.log["calls"] == FORCES_HELD + MOST_COMPILING + 2
    assert min(run["wall_s"]) >= COMPILING_S
    assert run["compiling_wall_s"] >= MOST_COMPILING * COMPILING_S
