"""Answers of ``evaluate``, ``disagree`` and ``stability`` for tests of the report, with numbers that are known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from ase import Atoms

from factories import SETTINGS, make_estimate, make_summary
from kept_records import make_evaluation
from mlipguide.evidence.accuracy.parity import ParityPoints
from mlipguide.evidence.disagreement.calibration import load_calibration
from mlipguide.records.accuracy.accuracy import (
    ErrorPart,
    Evaluation,
    FindingKind,
    LabelFinding,
    ModelAccuracy,
    RankedPair,
)
from mlipguide.records.accuracy.disagreement import (
    Agreement,
    Disagreement,
    FrameDisagreement,
    FrameKind,
    FramesToLabel,
    GroupDisagreement,
    PairDifference,
    SamplingRun,
)
from mlipguide.records.accuracy.stability import (
    CheckResult,
    CheckVerdict,
    Curve,
    DriftCurve,
    ModelStability,
    Relation,
    StabilityData,
    Threshold,
)
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.sessions.interface import SinglePoint
from mlipguide.structures.labels import LabelledFrame

PASSED, FAILED, UNCLEAR = CheckVerdict.PASSED, CheckVerdict.FAILED, CheckVerdict.UNCLEAR


def measured(value: float, spread: float | None = 1.1) -> Estimate:
    return make_estimate(value, spread=spread, basis=Basis.MEASURED)


def make_accuracy(model: str = "good", mae: float = 0.1, **changes: Any) -> ModelAccuracy:
    """Return errors of a model that is twice as wrong on O as on Li."""
    parts = tuple(
        ErrorPart(
            name=name,
            frames=frames,
            components=300,
            force_mae_ev_per_angstrom=measured(mae * factor),
            force_rmse_ev_per_angstrom=1.3 * mae * factor,
        )
        for name, factor, frames in (("Li", 2 / 3, 25), ("O", 4 / 3, 20))
    )
    accuracy = replace(
        make_evaluation().accuracy,
        model=model,
        name=model.upper(),
        versions={"sevenn": "0.11.2"},
        frames=25,
        atoms=200,
        independent_frames=24.0,
        force_mae_ev_per_angstrom=measured(mae),
        force_rmse_ev_per_angstrom=measured(1.4 * mae),
        force_slope=measured(0.8, spread=1.05),
        by_element=parts,
        by_group=tuple(replace(one, name=name) for one, name in zip(parts, ("cold", "hot"), strict=True)),
        energy_mae_ev_per_atom=measured(0.005),
        energy_rmse_ev_per_atom=0.007,
        energy_mae_unshifted_ev_per_atom=measured(2.0),
        energy_shifts_ev={"Li": -1.5, "O": 0.25},
    )
    return replace(accuracy, **changes)


def make_accuracies(**changes: Any) -> Evaluation:
    """Return two models on the same labels, of which the first is significantly the better one."""
    results = (make_accuracy(), make_accuracy("fair", 0.2))
    pair = RankedPair(
        better="good", worse="fair", frames=25, difference_ev_per_angstrom=measured(0.1), significant=True
    )
    labels = replace(
        make_evaluation().labels,
        source="labels.extxyz",
        sha256="0123456789abcdef",
        frames=1200,
        chosen_frames=25,
        elements=("Li", "O"),
        groups={"cold": 700, "hot": 500},
    )
    finding = LabelFinding(kind=FindingKind.DUPLICATES, message="Frames 3 and 4 are the same.", frames=(3, 4))
    data = Evaluation(labels=labels, results=results, ranking=(pair,), findings=(finding,))
    return replace(data, **changes)


def make_points(data: Evaluation, components: int = 30) -> ParityPoints:
    """Return points whose predictions are 0.8 of the reference, and three energies, one of them 10 meV/atom off."""
    points = ParityPoints()
    reference = np.linspace(-3.0, 3.0, components).reshape(-1, 3)
    frame = LabelledFrame(
        index=0,
        atoms=Atoms("Li" * len(reference)),
        energy_ev=None,
        forces_ev_per_angstrom=reference,
        stress_ev_per_angstrom3=None,
        group=None,
    )
    point = SinglePoint(
        energy_ev=0.0,
        forces_ev_per_angstrom=tuple(map(tuple, 0.8 * reference)),
        stress_ev_per_angstrom3=None,
        magnetic_moments=None,
        pairs_per_atom=1.0,
    )
    (errors,) = make_evaluation().frame_errors
    frames = [
        replace(errors, composition={"Li": 2}, energy_reference_ev=2 * energy, energy_predicted_ev=2 * energy + off)
        for energy, off in ((-4.0, 0.0), (-4.1, 0.02), (-4.2, 0.0))
    ]
    for one in data.results:
        points.add(one.model, frame, point)
        points.set_energies(one.model, frames, {})
    return points


def make_frame(frame: int, kind: FrameKind, mev: float, **changes: Any) -> FrameDisagreement:
    """Return a frame in which models differ by ``mev`` meV/Å, half of it the expected error."""
    found = FrameDisagreement(
        frame=frame,
        kind=kind,
        time_s=None,
        temperature_k=None,
        force_disagreement_ev_per_angstrom=mev * 1e-3,
        relative_disagreement=0.25,
        largest_atom_disagreement_ev_per_angstrom=3e-3 * mev,
        largest_atom=1,
        largest_atom_element="O",
        force_magnitude_ev_per_angstrom=4e-3 * mev,
        energy_disagreement_ev_per_atom=2e-3,
        stress_disagreement_ev_per_angstrom3=None,
        expected_force_mae_ev_per_angstrom=make_estimate(5e-4 * mev, spread=2.0, basis=Basis.FITTED),
    )
    return replace(found, **changes)


def make_disagreement(**changes: Any) -> Disagreement:
    """Return three models that differ more and more along a run, and in two distorted copies."""
    run = [
        make_frame(1 + place, FrameKind.DYNAMICS, 100.0 + 10 * place, time_s=1e-14 * place, temperature_k=300.0 + place)
        for place in range(12)
    ]
    start = make_frame(0, FrameKind.START, 0.0, relative_disagreement=None)
    copies = [make_frame(13 + place, FrameKind.DISTORTED, 200.0 + 50 * place) for place in range(2)]

    def group(name: str, frames: int, mev: float) -> GroupDisagreement:
        return GroupDisagreement(
            name=name,
            frames=frames,
            atoms=8,
            force_disagreement_ev_per_angstrom=mev * 1e-3,
            relative_disagreement=0.25,
            largest_atom_disagreement_ev_per_angstrom=3e-3 * mev,
            expected_force_mae_ev_per_angstrom=make_estimate(5e-4 * mev, spread=2.0, basis=Basis.FITTED),
        )

    data = Disagreement(
        structure=make_summary(),
        atoms=8,
        models=("first", "second", "third"),
        run=SamplingRun(model="first", temperature_k=300.0, timestep_s=1e-15, simulated_s=1.1e-13, unstable=True),
        agreement=Agreement.DISAGREE,
        tolerance_ev_per_angstrom=0.05,
        overall=group("run after settling", 12, 155.0),
        kinds=(group("dynamics", 12, 155.0), group("distorted", 2, 225.0)),
        elements=(group("Li", 12, 120.0), group("O", 12, 180.0)),
        pairs=tuple(
            PairDifference(models=pair, force_difference_ev_per_angstrom=value)
            for pair, value in ((("first", "second"), 0.1), (("first", "third"), 0.3), (("second", "third"), 0.2))
        ),
        frames=(start, *run, *copies),
        to_label=FramesToLabel(file="Cu-to-label.extxyz", frames=(12, 14, 3)),
        calibration=load_calibration(),
        extrapolated=("fitted without first",),
        shared_data=("MPtrj",),
    )
    return replace(data, **changes)


def make_check(value: float | None, verdict: CheckVerdict, **changes: object) -> CheckResult:
    """Return a check of the drift."""
    check = CheckResult(
        test="nve-drift",
        title="Drift at 1 fs",
        value=value,
        uncertainty=0.002,
        unit="meV/atom/ps",
        threshold=Threshold(value=0.05, relation=Relation.AT_MOST, source="judgement"),
        verdict=verdict,
        decisive=True,
        why="Slope of the energy.",
        advice=None if verdict is PASSED else "Use a shorter time step.",
    )
    return replace(check, **changes)  # type: ignore[arg-type]


def make_model(
    name: str, verdict: CheckVerdict, *checks: CheckResult, step_s: float | None, **changes: Any
) -> ModelStability:
    """Return what was found of a model."""
    model = ModelStability(
        record="r",
        taken_at="2026-11-30T00:00:00",
        model=name,
        name=name.upper(),
        settings=SETTINGS,
        versions={},
        structure=make_summary(),
        atoms=64,
        temperature_k=300.0,
        timestep_s=1e-15,
        verdict=verdict,
        tests=checks,
        conservative=True,
        drift_cause=None,
        stable_timestep_s=4e-15,
        unstable_timestep_s=8e-15,
        recommended_timestep_s=step_s,
        drifts=(),
        equation_of_state=None,
        bond_scan=None,
        wall_time_s=12.0,
    )
    return replace(model, **changes)


def make_drift(timestep_s: float, slope: float = 0.2) -> DriftCurve:
    """Return a run of 0.1 ps whose energy swings by 1 meV/atom around a line."""
    times = tuple(1e-15 * step for step in range(0, 101, 5))
    return DriftCurve(
        timestep_s=timestep_s,
        times_s=times,
        energy_mev_per_atom=tuple(slope * time * 1e12 + math.sin(time * 1e15) for time in times),
        corrected_mev_per_atom=(None, *(slope * time * 1e12 for time in times[1:-1]), None),
        drift_mev_per_atom_ps=slope,
    )


def make_stability() -> StabilityData:
    """Return a model that passes and one that drifts, with the curves of both; the second flew apart at 2 fs."""
    curves = Curve(x=(640.0, 704.0, 768.0), energy_ev=(-63.0, -64.0, -63.5))
    scan = Curve(x=(-0.1, 0.0, 0.1), energy_ev=(0.5, 0.0, 0.4))
    shared = {"equation_of_state": curves, "bond_scan": scan}
    information = make_check(
        98.2, PASSED, test="bulk", title="Bulk modulus", unit="GPa", threshold=None, decisive=False
    )
    good = make_model(
        "good",
        PASSED,
        make_check(0.01, PASSED),
        information,
        step_s=2e-15,
        drifts=tuple(make_drift(step, 0.01) for step in (5e-16, 1e-15, 2e-15)),
        **shared,
    )
    bad = make_model(
        "bad",
        FAILED,
        make_check(0.2, FAILED),
        step_s=None,
        drifts=tuple(make_drift(step) for step in (5e-16, 1e-15)),
        **shared,
    )
    return StabilityData(
        structure=make_summary(), temperature_k=300.0, timestep_s=1e-15, budget_s=180.0, results=(good, bad)
    )
