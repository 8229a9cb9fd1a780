"""Pilots and distillations with known laws, for tests of what advice makes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from factories import make_estimate, make_summary
from mlipguide.advice.prices.trainings import DistilledBefore, TriedModel
from mlipguide.records.estimate import Basis
from mlipguide.records.training.kept_training import KeptCurve, KeptDistillation, KeptFit, KeptLabels, KeptPilot
from mlipguide.records.training.training import Engine
from mlipguide.training.pilot.learning_curve import CurveDatum, fit_curve

SILICON = make_summary(formula="Si8", reduced_formula="Si", elements=("Si",), atoms=8)
FOLDER = "/home/me/si-training"
SIZES = (12, 25, 50, 100, 200)
SCATTER = (0.98, 1.0, 1.02)


def make_labels(**changes: Any) -> KeptLabels:
    """Return 200 frames of 64 atoms of silicon, with a test file of their own."""
    labels = KeptLabels(
        file="/home/me/Si train.extxyz",
        test="/home/me/test.extxyz",
        seed=0,
        energy_key=None,
        forces_key=None,
        frames=200,
        frame_atoms=64.0,
        formulas=("Si",),
    )
    return replace(labels, **changes)


def make_tried(
    engine: Engine = Engine.POD,
    size: str = "large",
    *,
    floor: float = 0.05,
    scale: float = 0.3,
    exponent: float = 0.7,
    train_s: float = 60.0,
    time_exponent: float = 0.8,
    us_per_atom: float | None = 200.0,
    here: bool = True,
    at_hand: int = 200,
    base_model: str | None = None,
    sizes: tuple[int, ...] = SIZES,
    labels: KeptLabels | None = None,
) -> TriedModel:
    """Return a model whose errors fall as floor + scale n^-exponent, with 2 % of scatter among repeats.

    Args:
        engine: What trained.
        size: Of the model.
        floor: eV/Å.
        scale: eV/Å.
        exponent: Of the error.
        train_s: With the most frames.
        time_exponent: With which the time of training grows with the frames.
        us_per_atom: Of a step of 512 atoms; None where it was not timed.
        here: Whether it was done on this machine.
        at_hand: Labelled frames.
        base_model: That was tuned.
        sizes: Numbers of frames.
        labels: The frames.
    """
    most = max(sizes)
    fits = tuple(
        KeptFit(
            frames=frames,
            repeat=repeat,
            force_mae_ev_per_angstrom=(floor + scale * frames**-exponent) * scatter,
            train_s=train_s * (frames / most) ** time_exponent,
        )
        for frames in sizes
        for repeat, scatter in enumerate(SCATTER)
    )
    kept = KeptCurve(
        engine=engine,
        size=size,
        fits=fits,
        time_per_atom_s=(
            None if us_per_atom is None else make_estimate(us_per_atom * 1e-6, spread=1.02, basis=Basis.MEASURED)
        ),
        timed_atoms=512,
        base_model=base_model,
    )
    pilot = KeptPilot(
        elements=("Si",),
        fingerprint="here" if here else "elsewhere",
        folder=FOLDER,
        made_at="2026-11-20T10:00:00+00:00",
        labels=labels or make_labels(),
        curves=(kept,),
    )
    curve = fit_curve([CurveDatum(one.frames, one.force_mae_ev_per_angstrom, one.repeat) for one in fits])
    return TriedModel(pilot=pilot, kept=kept, curve=curve, here=here, at_hand=at_hand)


def make_distilled(*, here: bool = True, **changes: Any) -> DistilledBefore:
    """Return a distillation of SevenNet-0 into a small POD for silicon: labels 300 s, the rest 200 s."""
    kept = KeptDistillation(
        elements=("Si",),
        fingerprint="here" if here else "elsewhere",
        folder="/home/me/Si-distilled",
        made_at="2026-11-21T10:00:00+00:00",
        teacher="sevennet-0",
        engine=Engine.POD,
        size="small",
        formula="Si",
        temperature_k=600.0,
        cell_atoms=32,
        frames=150,
        label_time_s=300.0,
        fit_time_s=200.0,
        force_mae_ev_per_angstrom=0.03,
        own_force_mae_ev_per_angstrom=0.035,
        time_per_atom_s=make_estimate(6e-5, spread=1.02, basis=Basis.MEASURED),
        timed_atoms=2048,
        model="si-student",
        refusal=None,
    )
    return DistilledBefore(kept=replace(kept, **changes), here=here)
