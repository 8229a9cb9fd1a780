"""Runs of springs, whose energies at a temperature are known: when they stand for it, and what a step of them takes."""

from __future__ import annotations

from pathlib import Path

import ase.units
import numpy as np
import pytest

from known_students import CELL, Clock, Springs
from mlipguide.store.step_cache import StepCache
from mlipguide.testing.in_process import in_process_session
from mlipguide.training.distil.equilibrium import equilibrium_start, kelvin
from mlipguide.training.distil.teacher_dataset import SampledRun, SamplingRun, sample_run

KELVIN = 400.0
TIMESTEP_S = 4e-15


def run(folder: Path, *, steps: int, factor: float, seed: int = 1, clock: Clock | None = None) -> SampledRun:
    clock = clock or Clock()

    def tick(_operation: str) -> None:
        clock.seconds += 10.0

    return sample_run(
        in_process_session(Springs(), on_request=tick),
        CELL,
        SamplingRun(name="run", temperature_k=KELVIN, strain=0.0, steps=steps, every=5, seed=seed, start_factor=factor),
        timestep_s=TIMESTEP_S,
        cache=StepCache(folder, now=clock),
    )


def start_of(found: SampledRun, temperature_k: float = KELVIN) -> int | None:
    energies = [float(frame.energy_ev or 0.0) for frame in found.frames]
    return equilibrium_start(found.kinetic_ev, energies, atoms=len(CELL), temperature_k=temperature_k)


def test_at_twice_the_temperature_atoms_at_rest_are_nearer_to_its_energy(tmp_path: Path) -> None:
    wanted = 3 * (len(CELL) - 1) * ase.units.kB * KELVIN  # the centre of mass begins at rest
    early = {}
    for factor in (1.0, 2.0):
        totals = []
        for seed in range(24):
            found = run(tmp_path / f"{factor}-{seed}", steps=10, factor=factor, seed=seed)
            energies = [float(frame.energy_ev or 0.0) for frame in found.frames]
            totals.append(np.mean(np.array(found.kinetic_ev) + energies))
        early[factor] = float(np.mean(totals)) / wanted
    # The thermostat of 50 fs takes some of it before a vibration of 300 fs has passed it on.
    assert early[1.0] < 0.7
    assert early[2.0] > early[1.0] + 0.15


def test_a_long_run_stands_for_its_temperature_and_for_no_other(tmp_path: Path) -> None:
    found = run(tmp_path, steps=600, factor=2.0)
    start = start_of(found)
    assert start is not None
    assert kelvin(found.kinetic_ev[start:], len(CELL)).mean() == pytest.approx(KELVIN, rel=0.2)
    assert start_of(found, 1.6 * KELVIN) is None


def test_a_short_run_stands_for_nothing(tmp_path: Path) -> None:
    assert start_of(run(tmp_path, steps=40, factor=1.0)) is None


def test_a_step_time_is_that_of_the_steps_that_were_done(tmp_path: Path) -> None:
    found = run(tmp_path, steps=45, factor=2.0)  # pieces of 20, 20 and 5, each one request of ten seconds
    assert found.step_times_s == pytest.approx((0.5, 0.5, 2.0))


def test_frames_carry_the_temperature_of_their_run(tmp_path: Path) -> None:
    assert {frame.temperature_k for frame in run(tmp_path, steps=20, factor=2.0).frames} == {KELVIN}
