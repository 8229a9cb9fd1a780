"""Answers of ``train pilot``, ``fit`` and ``distil`` for tests of the report: of fakes whose laws are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from factories import make_estimate, make_summary
from fake_models import make_machine
from mlipguide.commands.train.fit import train_fit
from mlipguide.commands.train.pilot import train_pilot
from mlipguide.records.estimate import Basis
from mlipguide.records.notice import Result
from mlipguide.records.requests.training import FitRequest, PilotRequest
from mlipguide.records.training.distillation import Distillation, ForceError, PairDistance, Round, RunComparison
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.pilot import PilotData
from mlipguide.records.training.training import DomainOfValidity, Engine, FitRecipe, FittedPotential
from mlipguide.testing.fake_trainer import FakeClock, FakeCurve, FakeTrainer, labelled_frames
from mlipguide.training.acceptance import student_checks
from mlipguide.training.fit.setup import Options
from mlipguide.training.fit.trainers import Trainers
from training_files import write_frames


def fake_trainings(folder: Path, *, target: str = "200meV/A") -> tuple[Result[PilotData], Result[FitData]]:
    """Return a pilot of two sizes on 60 frames in two groups, and the final fit of the small one."""
    labelled = write_frames(folder / "labels.extxyz", labelled_frames(60, groups=("MD", "Surface")))
    curves = {"small": FakeCurve(), "large": FakeCurve(floor=0.01, scale=1.2)}
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("MLIPGUIDE_CACHE_DIR", "MLIPGUIDE_DATA_DIR"):
            patch.setenv(variable, str(folder / variable))
        clock = FakeClock()
        options = Options(
            trainers=lambda _: Trainers((FakeTrainer(curves=curves, clock=clock),)), clock=clock, probe=make_machine
        )
        run = folder / "run"
        pilot = PilotRequest(labelled=labelled, folder=run, models="none", target=target, budget="10m")
        fit = FitRequest(labelled=labelled, folder=run, engine="pod", size="small", model="my-si", budget="30s")
        return train_pilot(pilot, options), train_fit(fit, options)


def make_round(number: int, force_mae: float, own: float | None, **changes: Any) -> Round:
    """Return a round whose errors on the held-out run, and on its own, are these, in eV/Å, of forces of 1 eV/Å."""

    def error(mae: float) -> ForceError:
        return ForceError(
            frames=40,
            force_mae_ev_per_angstrom=mae,
            force_interval_ev_per_angstrom=(0.9 * mae, 1.1 * mae),
            force_rmse_ev_per_angstrom=1.3 * mae,
            force_rms_ev_per_angstrom=1.0,
            largest_ev_per_angstrom=8 * mae,
            energy_mae_ev_per_atom=0.02 * mae,
        )

    known: dict[str, Any] = {
        "training_frames": 128 * number,
        "train_s": 120.0 * number,
        "committee_spread_ev_per_angstrom": None,
        "diverged": False,
    }
    return Round(
        number=number,
        held_out=error(force_mae),
        own_frames=None if own is None else error(own),
        **(known | changes),
    )


def make_distillation(*, handed_over: bool = True) -> Distillation:
    """Return two rounds, the second kept, of a student that is 170 times as fast; one that failed where it must not."""
    rounds = (make_round(1, 0.08, 0.12), make_round(2, 0.056 if handed_over else 0.2, 0.06))
    comparison = RunComparison(
        simulated_time_s=2e-11,
        temperature_k=600.0,
        stable=True,
        student_temperature_k=603.0,
        student_temperature_error_k=8.0,
        teacher_temperature_k=610.0,
        energy_difference_ev_per_atom=0.001,
        energy_difference_error_ev_per_atom=0.002,
        energy_drift_ev_per_atom=-0.0045,
        energy_drift_error_ev_per_atom=0.002,
        pair_distances=(PairDistance(pair="Fe-O", distance=0.03, chance=0.02, without_structure=0.6),),
        teacher_simulated_time_s=5e-13,
        teacher_settled_after_s=1e-13,
        student_settled_after_s=1e-13,
    )
    recipe = FitRecipe(engine=Engine.NEP, size="small", elements=("Li", "O", "P", "Fe"), seed=0, options={})
    potential = FittedPotential(
        recipe=recipe,
        folder="/home/me/distilled",
        files=("nep.txt",),
        frames=256,
        train_s=240.0,
        parameters=5000,
        cutoff_angstrom=5.0,
        versions={"torchnep": "1.0"},
    )
    return Distillation(
        teacher="sevennet-0",
        structure=make_summary(),
        cell_atoms=28,
        temperature_k=600.0,
        timestep_s=2e-15,
        labels=3520,
        label_time_s=1260.0,
        rounds=rounds,
        best=2,
        ended_because="it is as good on its own run as on its teacher's",
        comparison=comparison,
        potential=potential if handed_over else None,
        model="my-student" if handed_over else None,
        teacher_step_time_per_atom_s=make_estimate(5.1e-3, spread=1.05, basis=Basis.MEASURED),
        student_step_time_per_atom_s=make_estimate(3e-5, spread=1.05, basis=Basis.MEASURED),
        speed_up=make_estimate(170.0, spread=1.17, basis=Basis.MEASURED),
        spent_s=1650.0,
        domain=DomainOfValidity(
            elements=recipe.elements,
            frames=256,
            groups={},
            density_g_per_cm3=None,
            pressure_gpa=None,
            temperature_k=None,
            largest_force_ev_per_angstrom=None,
            nearest_angstrom={},
        ),
        folder="/home/me/distilled",
        verdict="Its checks passed." if handed_over else "It is not to be used.",
        checks=student_checks(rounds[-1], comparison, None),
    )
