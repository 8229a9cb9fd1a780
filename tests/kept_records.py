"""A valid record of each kind that is kept, and the ways in which a file is damaged."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from factories import SETTINGS, make_summary
from mlipguide.records.accuracy.accuracy import ErrorSums, FrameErrors, LabelsSummary, LargestError, ModelAccuracy
from mlipguide.records.accuracy.stability import CheckVerdict, ModelStability
from mlipguide.records.accuracy.stored_evaluation import EvaluatedOn, StoredEvaluation
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.axes import Purpose
from mlipguide.records.timing.comparison import Baseline, PlainStructure
from mlipguide.records.timing.measurement import Weights
from mlipguide.records.timing.tuning import ModelTuning

WHEN = "2026-01-02T03:04:05+00:00"
SHA256 = "0" * 64


def make_stability(model: str = "fake-a", record: str = "one") -> ModelStability:
    """Return tests that a model passed."""
    return ModelStability(
        record=record,
        taken_at=WHEN,
        model=model,
        name=model,
        settings=SETTINGS,
        versions={"fake": "1.0"},
        structure=make_summary(),
        atoms=28,
        temperature_k=300.0,
        timestep_s=1e-15,
        verdict=CheckVerdict.PASSED,
        tests=(),
        conservative=True,
        drift_cause=None,
        stable_timestep_s=2e-15,
        unstable_timestep_s=None,
        recommended_timestep_s=1e-15,
        drifts=(),
        equation_of_state=None,
        bond_scan=None,
        wall_time_s=1.0,
    )


def make_tuning(model: str = "fake-a", fingerprint: str = "0123456789abcdef") -> ModelTuning:
    """Return a search by which nothing was clearly faster."""
    return ModelTuning(
        record="one",
        tuned_at=WHEN,
        model=model,
        backend="toy",
        weights=Weights.PRETRAINED,
        fingerprint=fingerprint,
        versions={"fake": "1.0"},
        purpose=Purpose.MD,
        structure=make_summary(),
        atoms=(64,),
        default=SETTINGS,
        chosen=SETTINGS,
        changed=(),
        speed_up=None,
        reference=SETTINGS,
        tried=(),
        unavailable=(),
        wall_time_s=60.0,
        complete=True,
    )


def make_evaluation(record: str = "one") -> StoredEvaluation:
    """Return the evaluation of a model on one frame of two silicon atoms."""
    error = Estimate(value=0.1, low=0.05, high=0.2, basis=Basis.MEASURED, source="test")
    sums = ErrorSums(components=6, absolute=0.6, squared=0.06)
    return StoredEvaluation(
        record=record,
        labels=LabelsSummary(
            source="si.extxyz",
            sha256=SHA256,
            frames=1,
            frames_with_forces=1,
            frames_with_stress=0,
            atoms=2,
            largest_frame_atoms=2,
            elements=("Si",),
            groups={},
            systems=(),
            energy_key="energy",
            forces_key="forces",
            stress_key=None,
            runs=1,
            chosen_frames=1,
        ),
        seed=0,
        weights="package",
        accuracy=ModelAccuracy(
            model="fake-a",
            name="FAKE-A",
            backend="toy",
            versions={},
            settings=SETTINGS,
            evaluated_at=WHEN,
            reused=False,
            frames=1,
            atoms=2,
            independent_frames=1.0,
            force_gap=None,
            energy_gap=None,
            failed_frames=(),
            force_mae_ev_per_angstrom=error,
            force_rmse_ev_per_angstrom=error,
            force_cosine=None,
            force_slope=None,
            force_largest=LargestError(ev_per_angstrom=0.2, frame=0, atom=0),
            by_element=(),
            by_group=(),
            by_magnitude=(),
            energy_mae_ev_per_atom=None,
            energy_rmse_ev_per_atom=None,
            energy_mae_unshifted_ev_per_atom=None,
            energy_shifts_ev={},
            energy_shifts_are_unique=False,
            stress_mae_ev_per_angstrom3=None,
            stress_rmse_ev_per_angstrom3=None,
        ),
        frame_errors=(
            FrameErrors(
                frame=0,
                group=None,
                run=0,
                composition={"Si": 2},
                elements={"Si": sums},
                bins=(sums,),
                dot=1.0,
                reference_squared=1.0,
                predicted_squared=1.0,
                cosine_sum=1.0,
                cosine_atoms=2,
                largest=0.2,
                largest_atom=0,
                energy_reference_ev=None,
                energy_predicted_ev=-1.0,
            ),
        ),
        spoiled=False,
        places=(EvaluatedOn(fingerprint="0123456789abcdef", settings=SETTINGS, frames=1),),
        slice=None,
    )


def make_baseline(machine: Any, *measurements: Any) -> Baseline:
    """Return a run of one lithium atom."""
    return Baseline(
        name="main",
        saved_at=WHEN,
        machine=machine,
        structure=make_summary(),
        atoms=PlainStructure(
            numbers=(3,),
            positions=((0.0, 0.1, 0.2),),
            cell=((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 3.0)),
            pbc=(True, True, True),
        ),
        temperature_k=300.0,
        timestep_s=1e-15,
        measurements=measurements,
    )


def _bytes(path: Path) -> None:
    path.write_bytes(Random(1).randbytes(300))


def _cut(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[: path.stat().st_size // 2], encoding="utf-8")


def _future(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        path.write_text(f"{text}\nof_the_future: 1\n", encoding="utf-8")
        return
    plain = json.loads(text)
    if "format" in plain:
        plain["format"] = 99
    else:
        plain["schema"] = plain["schema"].rpartition("/")[0] + "/99"
    path.write_text(json.dumps(plain), encoding="utf-8")


def _folder(path: Path) -> None:
    path.unlink()
    (path / "within").mkdir(parents=True)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "random bytes": _bytes,
    "cut": _cut,
    "empty": lambda path: path.write_bytes(b""),
    "future": _future,
    "another type": lambda path: path.write_text("[1, 2]", encoding="utf-8"),
    "no object": lambda path: path.write_text("3", encoding="utf-8"),
    "too deep": lambda path: path.write_text("[" * 100_000, encoding="utf-8"),
    "too many digits": lambda path: path.write_text(f'{{"format": {"9" * 5000}}}', encoding="utf-8"),
    "folder": _folder,
    "not readable": lambda path: path.chmod(0),
}
ONLY_OF_USERS = {"not readable"}
"""What stops nobody who may do everything."""


def damage(path: Path, name: str) -> bool:
    """Damage a file, and tell whether that is possible here."""
    if name in ONLY_OF_USERS and os.geteuid() == 0:
        return False
    DAMAGES[name](path)
    return True


def mend(path: Path, kept: Path) -> None:
    """Put a copy of the file back."""
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.chmod(0o600)
    shutil.copy(kept, path)
