"""Whether a model's energies and forces make a stable run, test by test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.checks import (
    HOTTEST_K,
    LONGEST_S,
    LONGEST_STEP_S,
    require,
    require_atoms,
    require_name,
    require_positive,
    require_when,
    require_within,
)
from mlipguide.records.strict import strict
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Settings


class CheckVerdict(StrEnum):
    """What a test says."""

    PASSED = "passed"
    FAILED = "failed"
    UNCLEAR = "unclear"
    NOT_APPLICABLE = "not-applicable"

    __test__ = False  # no test of pytest


class Relation(StrEnum):
    """On which side of its threshold a value should lie."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


class DriftCause(StrEnum):
    """Where a drift of the energy comes from."""

    FORCES = "forces"
    TIME_STEP = "time-step"
    UNCLEAR = "unclear"


@strict
@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Where a test ends well.

    Attributes:
        value: In the unit of the test.
        relation: On which side a value should lie.
        source: A key in ``sources.bib``, or ``judgement``, and why.
    """

    value: float
    relation: Relation
    source: str


@strict
@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One test of one model.

    Attributes:
        test: Stable name, for programs.
        title: For people.
        value: What was found; None where the test does not apply or gave nothing.
        uncertainty: Half of the 90 % interval; None where it is not known.
        unit: Of the value, the uncertainty and the threshold; empty for a plain number.
        threshold: None where nothing is judged.
        verdict: Whether the value, its uncertainty considered, is on the right side.
        decisive: Whether the verdict on the model depends on it.
        why: What was done and found, in a sentence.
        advice: What to do about it; None where nothing has to be done.
    """

    __test__ = False  # no test of pytest

    test: str
    title: str
    value: float | None
    uncertainty: float | None
    unit: str
    threshold: Threshold | None
    verdict: CheckVerdict
    decisive: bool
    why: str
    advice: str | None


@strict
@dataclass(frozen=True, kw_only=True)
class DriftCurve:
    """Total energy of a run at constant energy, against its first value.

    Attributes:
        timestep_s: Integration step.
        times_s: Since the start of the run.
        energy_mev_per_atom: Kinetic and potential energy.
        corrected_mev_per_atom: The same without the part of the integrator that comes and goes; None at the ends.
        drift_mev_per_atom_ps: Slope of the corrected energy.
    """

    timestep_s: float
    times_s: tuple[float, ...]
    energy_mev_per_atom: tuple[float, ...]
    corrected_mev_per_atom: tuple[float | None, ...]
    drift_mev_per_atom_ps: float


@strict
@dataclass(frozen=True, kw_only=True)
class Curve:
    """A curve that was scanned: volumes or displacements against energy."""

    x: tuple[float, ...]
    energy_ev: tuple[float, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class ModelStability:
    """All tests of one model on one structure.

    Attributes:
        record: Name of the stored record.
        taken_at: UTC, ISO 8601.
        model: Id of the card.
        name: For people.
        settings: That it was run with.
        versions: Of the packages that decide results.
        structure: As given.
        atoms: Of the cell that was run.
        temperature_k: Of the runs.
        timestep_s: Of the task.
        verdict: Failed when a decisive test failed, unclear when one is unclear.
        tests: In the order of the page.
        conservative: Whether the forces are the gradient of the energy; None when not clear.
        drift_cause: Where a drift comes from; None without one.
        stable_timestep_s: Longest step with which a short run stayed together.
        unstable_timestep_s: Shortest step with which none did; None when the search ended before.
        recommended_timestep_s: Longest common step that keeps every limit; None when no step that was tried does.
        drifts: Runs at constant energy.
        equation_of_state: Energies against volumes (Å³); None without a periodic cell.
        bond_scan: Energies against the displacement of one atom (Å).
        wall_time_s: That all tests took.
    """

    record: str
    taken_at: str
    model: str
    name: str
    settings: Settings
    versions: dict[str, str]
    structure: StructureSummary
    atoms: int
    temperature_k: float
    timestep_s: float
    verdict: CheckVerdict
    tests: tuple[CheckResult, ...]
    conservative: bool | None
    drift_cause: DriftCause | None
    stable_timestep_s: float | None
    unstable_timestep_s: float | None
    recommended_timestep_s: float | None
    drifts: tuple[DriftCurve, ...]
    equation_of_state: Curve | None
    bond_scan: Curve | None
    wall_time_s: float

    def check(self) -> None:
        """Refuse what no run of a model gave.

        Raises:
            ValueError: What does not make sense.
        """
        require_name(record=self.record, model=self.model)
        require_when(taken_at=self.taken_at)
        self.settings.check()
        self.structure.check()
        require_atoms(atoms=self.atoms)
        require_within(0, HOTTEST_K, temperature_k=self.temperature_k)
        require_positive(
            LONGEST_STEP_S,
            timestep_s=self.timestep_s,
            stable_timestep_s=self.stable_timestep_s,
            unstable_timestep_s=self.unstable_timestep_s,
            recommended_timestep_s=self.recommended_timestep_s,
        )
        require_within(0, LONGEST_S, wall_time_s=self.wall_time_s)
        for drift in self.drifts:
            require_positive(LONGEST_STEP_S, timestep_s=drift.timestep_s)
            counts = {len(drift.times_s), len(drift.energy_mev_per_atom), len(drift.corrected_mev_per_atom)}
            require(len(counts) == 1, "a curve has not as many times as energies")
        for curve in (self.equation_of_state, self.bond_scan):
            require(curve is None or len(curve.x) == len(curve.energy_ev), "a curve has not as many places as energies")

    def test(self, name: str) -> CheckResult:
        """Return one test.

        Raises:
            KeyError: There is no such test.
        """
        for one in self.tests:
            if one.test == name:
                return one
        raise KeyError(name)


@strict
@dataclass(frozen=True, kw_only=True)
class StabilityData:
    """The answer of ``mlipguide stability``."""

    structure: StructureSummary
    temperature_k: float
    timestep_s: float
    budget_s: float
    results: tuple[ModelStability, ...]


def overall(tests: Sequence[CheckResult]) -> CheckVerdict:
    """Return the verdict on a model: the worst of its decisive tests."""
    found = {one.verdict for one in tests if one.decisive}
    for verdict in (CheckVerdict.FAILED, CheckVerdict.UNCLEAR, CheckVerdict.PASSED):
        if verdict in found:
            return verdict
    return CheckVerdict.NOT_APPLICABLE
