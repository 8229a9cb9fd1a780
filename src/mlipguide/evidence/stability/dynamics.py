"""Tests of stability that run the model: drift, fluctuation, the longest stable step, what becomes of the atoms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.evidence.stability import contacts, drift
from mlipguide.evidence.stability.plan import Lengths
from mlipguide.evidence.stability.results import judged, without_value
from mlipguide.evidence.stability.runs import Start, Subject, run
from mlipguide.evidence.stability.thresholds import THRESHOLDS
from mlipguide.evidence.stability.timestep import Bracket, is_stable, recommended_fs, search
from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, DriftCause, DriftCurve
from mlipguide.sessions.interface import Snapshot
from mlipguide.store.unfinished import Form

MEV = 1e3
FS_PER_PS = 1e3
CONTACTS_LOOKED_AT = 100
MOST_CURVE_POINTS = 400
FACTORS = {"half": 0.5, "task": 1.0, "double": 2.0}
WORDS = {"half": "half of the step", "task": "the task's step", "double": "twice the step"}
SHORTER = "Use a shorter time step."
NO_STEP = (
    "No time step cures it: run with a thermostat at most, and take a model whose forces are the gradient of its "
    "energy for constant energy, phonons or transport."
)
BECAUSE = {
    DriftCause.FORCES: " Half the step leaves it: it comes from the forces.",
    DriftCause.TIME_STEP: " It falls with the step: it comes from the integrator.",
}
FLEW_APART = "The atoms flew apart. Use a shorter time step or a lower temperature, or relax the structure first."


@dataclass(frozen=True)
class DynamicResults:
    """What the runs showed.

    Attributes:
        tests: In order.
        curves: Energies of the runs.
        cause: Of the drift at the task's step; None without one.
        bracket: Of the longest stable step, fs.
        recommended_fs: Longest common step that keeps every limit; None when none does.
    """

    tests: tuple[CheckResult, ...]
    curves: tuple[DriftCurve, ...]
    cause: DriftCause | None
    bracket: Bracket
    recommended_fs: float | None


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """What is judged of one run at constant energy.

    Attributes:
        timestep_fs: Integration step.
        last_step: How far it came.
        broken: Whether the atoms flew apart.
        stable: Whether it stayed together without climbing in energy.
        energies: Of every step.
        tests: What became of the atoms; of the run at the task's step alone.
    """

    timestep_fs: float
    last_step: int
    broken: bool
    stable: bool
    energies: drift.Energies
    tests: tuple[CheckResult, ...]

    @cached_property
    def slope(self) -> drift.Slope | None:
        """The drift; None of a run that broke, or is too short."""
        return None if self.broken else drift.linear_drift(self.energies.times_fs, self.energies.shadow_ev)


def _plain(one: FinishedRun) -> dict[str, Any]:
    energies = {
        item.name: [value if math.isfinite(value) else None for value in getattr(one.energies, item.name).tolist()]
        for item in fields(drift.Energies)
    }
    alone = {name: getattr(one, name) for name in ("timestep_fs", "last_step", "broken", "stable")}
    return {**alone, "energies": energies, "tests": [to_plain(test) for test in one.tests]}


def _of_plain(kept: dict[str, Any]) -> FinishedRun:
    energies = {name: np.array(values, dtype=float) for name, values in kept["energies"].items()}  # None is NaN
    tests = tuple(from_plain(CheckResult, test, what="a kept run") for test in kept["tests"])
    return FinishedRun(**{**kept, "energies": drift.Energies(**energies), "tests": tests})


RUN_FORM = Form(_plain, _of_plain)
Remember = Callable[[str, Callable[[], FinishedRun]], FinishedRun]
"""Given a run's name and what does it, returns it from an earlier time or does it."""


def dynamic_tests(subject: Subject, start: Start, lengths: Lengths, remember: Remember) -> DynamicResults:
    """Run at half the step, the step and twice the step, then search for the longest stable one."""
    atoms = len(subject.atoms)

    def run_at(name: str, *, steps: int, timestep_fs: float) -> FinishedRun:
        looked_at = name == "task"
        return remember(
            name, lambda: _run(subject, start, steps=steps, timestep_fs=timestep_fs, atoms_looked_at=looked_at)
        )

    runs = {
        name: run_at(name, steps=round(lengths.steps / factor), timestep_fs=subject.timestep_fs * factor)
        for name, factor in FACTORS.items()
    }
    stable = {one.timestep_fs: one.energies for one in runs.values() if one.stable}
    trials: dict[float, drift.Energies] = {}

    def try_step(timestep_fs: float) -> bool:
        tried = run_at(f"trial-{timestep_fs:.9g}", steps=lengths.trial, timestep_fs=timestep_fs)
        if tried.stable:
            trials[timestep_fs] = tried.energies
        return tried.stable

    start_fs = subject.timestep_fs * 2 if not stable else max(stable)
    bracket = search(try_step, start_fs / 4 if not stable else start_fs, known_stable_fs=max(stable, default=None))
    causes = {name: _cause(runs[name], runs[half], atoms) for name, half in (("task", "half"), ("double", "task"))}
    excluded = [runs[name].timestep_fs for name, cause in causes.items() if cause is DriftCause.TIME_STEP]
    ratios = {step: drift.fluctuation_ratio(energies) or 0.0 for step, energies in {**trials, **stable}.items()}
    longest = recommended_fs(
        bracket,
        ratios,
        limit=_limit("energy-fluctuation"),
        excluded=excluded,
        highest_fs=2 * subject.timestep_fs,
    )
    return DynamicResults(
        tests=(
            *(_drift_test(name, one, atoms, causes.get(name)) for name, one in runs.items()),
            _unconserved_test(runs["task"], causes["task"]),
            *_fluctuation_tests(runs, ratios),
            _step_test(bracket, subject.timestep_fs, longest),
            *runs["task"].tests,
        ),
        curves=tuple(_curve(one, atoms) for one in runs.values() if one.slope is not None),
        cause=causes["task"],
        bracket=bracket,
        recommended_fs=longest,
    )


def _run(subject: Subject, start: Start, *, steps: int, timestep_fs: float, atoms_looked_at: bool) -> FinishedRun:
    trajectory = run(subject, start, steps=steps, timestep_fs=timestep_fs)
    return FinishedRun(
        timestep_fs=timestep_fs,
        last_step=trajectory.snapshots[-1].step if trajectory.snapshots else 0,
        broken=trajectory.stopped_because is not None,
        stable=is_stable(trajectory),
        energies=drift.energies_of(trajectory.snapshots, subject.atoms.get_masses(), timestep_fs),
        tests=_atom_tests(subject, trajectory.snapshots) if atoms_looked_at else (),
    )


def _cause(one: FinishedRun, half: FinishedRun, atoms: int) -> DriftCause | None:
    """Return where a drift comes from; None where there is none to speak of."""
    if one.slope is None:
        return None
    share = _unconserved_share(one)
    drifts = abs(one.slope.value) - one.slope.half_width > _limit("nve-drift") * atoms / MEV / FS_PER_PS
    if not drifts and (share is None or share <= _limit("unconserved-energy")):
        return None
    return drift.cause_of(
        drift.unconserved_ev(one.energies), None if half.slope is None else drift.unconserved_ev(half.energies)
    )


def _unconserved_share(one: FinishedRun) -> float | None:
    spread = float(np.std(one.energies.kinetic_ev))
    return None if one.slope is None or spread == 0 else drift.unconserved_ev(one.energies) / spread


def _limit(test: str) -> float:
    return THRESHOLDS[test].value


def _drift_test(name: str, one: FinishedRun, atoms: int, cause: DriftCause | None) -> CheckResult:
    test = "nve-drift" if name == "task" else f"nve-drift-{name}"
    title = f"Drift at {one.timestep_fs:g} fs"
    if one.slope is None:
        return without_value(
            test,
            title,
            f"Constant energy at {WORDS[name]}: the atoms flew apart after {one.last_step} steps.",
            verdict=CheckVerdict.FAILED if name == "task" else CheckVerdict.NOT_APPLICABLE,
            advice=FLEW_APART if name == "task" else None,
        )
    value = one.slope.value / atoms * MEV * FS_PER_PS
    length_ps = one.energies.times_fs[-1] / FS_PER_PS
    return judged(
        test,
        title,
        abs(value),
        uncertainty=one.slope.half_width / atoms * MEV * FS_PER_PS,
        unit="meV/atom/ps",
        why=f"{length_ps:.2g} ps at constant energy with {WORDS[name]}; the energy "
        f"{'rises' if value > 0 else 'falls'}.{BECAUSE.get(cause, '') if cause else ''}",
        advice=NO_STEP if cause is DriftCause.FORCES else SHORTER,
        decisive=name == "task",
        threshold=THRESHOLDS["nve-drift"],
    )


def _unconserved_test(one: FinishedRun, cause: DriftCause | None) -> CheckResult:
    share = _unconserved_share(one)
    if share is None:
        return without_value(
            "unconserved-energy", "Energy-conservation error (RMS)", "No stable run at the task's step."
        )
    return judged(
        "unconserved-energy",
        "Energy-conservation error (RMS)",
        share,
        unit="",
        why="Spread of the energy that is not the integrator's, over the spread of the kinetic energy."
        + (BECAUSE.get(cause, "") if cause else ""),
        advice=NO_STEP if cause is DriftCause.FORCES else SHORTER,
    )


def _fluctuation_tests(runs: Mapping[str, FinishedRun], ratios: Mapping[float, float]) -> tuple[CheckResult, ...]:
    task = runs["task"]
    ratio = ratios.get(task.timestep_fs)
    titles = {
        "energy-fluctuation": "Energy fluctuation, share of kinetic",
        "fluctuation-scaling": "|Δt-scaling exponent - 2|",
    }
    if not ratio:
        return tuple(
            without_value(test, title, "No stable run at the task's step to look at.") for test, title in titles.items()
        )
    found = [
        judged(
            "energy-fluctuation",
            titles["energy-fluctuation"],
            ratio,
            unit="",
            why="Spread of the total energy that the integrator causes, over the spread of the kinetic energy.",
            advice=SHORTER,
        )
    ]
    points = [
        (one.timestep_fs, drift.fluctuation_ev(one.energies)) for one in runs.values() if one.timestep_fs in ratios
    ]
    exponent = drift.scaling_exponent(points)
    if exponent is None:
        found.append(without_value("fluctuation-scaling", titles["fluctuation-scaling"], "Only one step was stable."))
    else:
        found.append(
            judged(
                "fluctuation-scaling",
                titles["fluctuation-scaling"],
                abs(exponent - 2),
                unit="",
                why=f"Fluctuations grow with the step to the power of {exponent:.2f}; 2 is that of velocity Verlet.",
                advice="The step is near the end of stability, or forces do not belong to the energy.",
                decisive=False,
            )
        )
    return tuple(found)


def _step_test(bracket: Bracket, task_fs: float, longest: float | None) -> CheckResult:
    title = "Longest stable step"
    if bracket.stable_fs is None:
        return without_value(
            "stable-timestep",
            title,
            f"No step down to {bracket.unstable_fs or 0.0:.2g} fs was stable.",
            verdict=CheckVerdict.FAILED,
            advice=FLEW_APART,
        )
    end = f"{bracket.unstable_fs:.3g} fs is not stable" if bracket.unstable_fs is not None else "the search ended there"
    advice = "Use a shorter time step." if longest is None else f"Use a step of {longest:g} fs."
    return judged(
        "stable-timestep",
        title,
        bracket.stable_fs / task_fs,
        unit="task steps",
        why=f"Short runs stay together up to {bracket.stable_fs:.3g} fs; {end}.",
        advice=advice,
    )


def _atom_tests(subject: Subject, snapshots: Sequence[Snapshot]) -> tuple[CheckResult, ...]:
    atoms, wanted = subject.atoms, subject.temperature_k
    masses = atoms.get_masses()
    temperatures = contacts.temperatures_k(snapshots, len(atoms))
    seen = contacts.extremes(temperatures)
    share = contacts.shortest_share(atoms, snapshots, every=max(1, len(snapshots) // CONTACTS_LOOKED_AT))
    away = contacts.rms_displacement_angstrom(snapshots)
    found = [
        judged(
            "temperature",
            "Highest temperature",
            contacts.temperature_excess(temperatures, wanted, len(atoms)),
            unit="sigma",
            why=f"{seen.lowest:.0f} to {seen.highest:.0f} K, mean {seen.mean:.0f} K.",
            advice=FLEW_APART,
        ),
        _pressure_test(subject, snapshots),
        judged(
            "close-contacts",
            "Shortest distance",
            share,
            unit="radii",
            why="In units of the sum of covalent radii.",
            advice="Atoms come too close: the model does not repel them as it should; do not run it here.",
        )
        if share is not None
        else without_value("close-contacts", "Shortest distance", "All atoms stay far from each other."),
        judged(
            "hottest-atom",
            "Hottest atom",
            contacts.hottest_atom(snapshots, masses, wanted),
            unit="kT",
            why=f"Highest kinetic energy of one atom; atoms end {away:.2g} Å from where they began (rms).",
            advice="One atom was shot away: a hole in the potential, or too long a step.",
        ),
        judged(
            "centre-of-mass",
            "Centre-of-mass drift",
            contacts.centre_of_mass_share(snapshots, masses, wanted),
            unit="%",
            why="Change of its velocity over the run, in percent of the thermal speed of an atom.",
            advice="Forces do not add up to zero: take the drift of the centre of mass off during runs.",
        ),
        judged(
            "net-force",
            "Net force",
            contacts.net_force(snapshots) * MEV,
            unit="meV/Å/atom",
            why="Largest sum of all forces over the number of atoms.",
            advice="Forces do not add up to zero: take the drift of the centre of mass off during runs.",
        ),
    ]
    return tuple(found)


def _pressure_test(subject: Subject, snapshots: Sequence[Snapshot]) -> CheckResult:
    if not subject.atoms.pbc.all():
        return without_value("pressure", "Mean pressure", "Not periodic in three directions.")
    pressures = contacts.pressures_gpa(snapshots, float(subject.atoms.cell.volume))
    if pressures is None:
        return without_value("pressure", "Mean pressure", "The model gives no stress.")
    seen = contacts.extremes(pressures)
    return judged(
        "pressure",
        "Mean pressure",
        abs(seen.mean),
        unit="GPa",
        why=f"{seen.lowest:.2g} to {seen.highest:.2g} GPa, mean {seen.mean:.2g} GPa.",
        advice="The cell is far from the model's own volume: relax it first.",
        decisive=False,
    )


def _curve(one: FinishedRun, atoms: int) -> DriftCurve:
    assert one.slope is not None
    energies = one.energies
    thinned = slice(None, None, max(1, math.ceil(len(energies.times_fs) / MOST_CURVE_POINTS)))
    first = float(energies.total_ev[0])
    corrected = (energies.shadow_ev - first) / atoms * MEV
    return DriftCurve(
        timestep_s=one.timestep_fs * 1e-15,
        times_s=tuple(float(time) * 1e-15 for time in energies.times_fs[thinned]),
        energy_mev_per_atom=tuple(float(value) for value in ((energies.total_ev - first) / atoms * MEV)[thinned]),
        corrected_mev_per_atom=tuple(float(value) if np.isfinite(value) else None for value in corrected[thinned]),
        drift_mev_per_atom_ps=one.slope.value / atoms * MEV * FS_PER_PS,
    )
