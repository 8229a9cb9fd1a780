"""The fake engine has the errors that it says, and its forces are the slope of its energy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlipguide.core.errors import TrainingFailedError
from mlipguide.stats.errors import force_mae
from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames, true_energy_and_forces
from mlipguide.training.fit.held_out_errors import errors_on


def test_errors_and_times_follow_the_laws(tmp_path: Path) -> None:
    curve = FakeCurve(floor=0.05, scale=0.8, noise=0.0, second_per_frame=0.5)
    clock = FakeClock()
    trainer = FakeTrainer(curves={"small": curve}, clock=clock)
    (recipe,) = trainer.recipes(("Si",), seed=0)
    frames = labelled_frames(64)
    told: list[float] = []
    potential = trainer.fit(recipe, frames, tmp_path, on_progress=lambda _message, share: told.append(share))
    assert clock() == potential.train_s == pytest.approx(32.0)
    assert told == sorted(told)
    errors = errors_on(trainer.open(potential), labelled_frames(5, seed=9))
    mean = force_mae(errors)
    assert mean is not None
    assert mean.value == pytest.approx(0.05 + 0.8 / 8)


def test_forces_are_the_slope_of_the_energy() -> None:
    atoms = labelled_frames(1)[0].atoms
    _, forces = true_energy_and_forces(atoms)
    step = 1e-5
    for direction in range(3):
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[0, direction] += sign * step
            energies.append(true_energy_and_forces(moved)[0])
        assert forces[0, direction] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), rel=1e-4, abs=1e-6)


def test_the_same_fit_has_the_same_chance_and_another_another(tmp_path: Path) -> None:
    trainer = FakeTrainer()
    frames = labelled_frames(40)
    errors = []
    for number, chosen in enumerate((frames, frames, frames[:-1])):
        (recipe,) = trainer.recipes(("Si",), seed=0)
        potential = trainer.fit(recipe, chosen, tmp_path / str(number), on_progress=lambda *_: None)
        errors.append(trainer.open(potential).mean_error)
    assert errors[0] == errors[1] != errors[2]


def test_what_fails_and_what_diverges(tmp_path: Path) -> None:
    frames = labelled_frames(10)
    failing = FakeTrainer(fails=frozenset({"small"}))
    with pytest.raises(TrainingFailedError):
        failing.fit(failing.recipes(("Si",), seed=0)[0], frames, tmp_path, on_progress=lambda *_: None)
    diverging = FakeTrainer(diverges=frozenset({"small"}))
    recipe = diverging.recipes(("Si",), seed=0)[0]
    potential = diverging.fit(recipe, frames, tmp_path, on_progress=lambda *_: None)
    assert np.isnan(diverging.open(potential).single_point(frames[0].atoms).forces_ev_per_angstrom).all()
    with pytest.raises(TrainingFailedError, match="diverged"):
        errors_on(diverging.open(potential), frames)
