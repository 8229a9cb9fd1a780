"""Two runs beside each other: what changed, by how much, and whether that counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.checks import (
    HOTTEST_K,
    LONGEST_STEP_S,
    MOST_BYTES,
    require,
    require_positive,
    require_when,
    require_within,
)
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.strict import strict
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Measurement, Scenario, Settings

LAST_ELEMENT = 118


@strict
@dataclass(frozen=True, kw_only=True)
class PlainStructure:
    """A structure as plain numbers, so that a baseline can be measured again without the file it came from.

    Attributes:
        numbers: Atomic numbers.
        positions: Å, one row of three an atom.
        cell: Å, rows are vectors.
        pbc: Whether the cell repeats along each vector.
    """

    numbers: tuple[int, ...]
    positions: tuple[tuple[float, float, float], ...]
    cell: tuple[tuple[float, float, float], ...]
    pbc: tuple[bool, bool, bool]

    def check(self) -> None:
        """Refuse what is no structure.

        Raises:
            ValueError: What does not make sense.
        """
        require(bool(self.numbers), "the structure has no atoms")
        require(all(1 <= number <= LAST_ELEMENT for number in self.numbers), "an atomic number is none")
        require(len(self.positions) == len(self.numbers), "there are not as many positions as atoms")
        require(len(self.cell) == 3, "the cell has not three vectors")  # noqa: PLR2004  # of space


@strict
@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A run of ``bench`` that was given a name.

    Attributes:
        name: Its name.
        saved_at: ISO 8601 time, UTC.
        machine: Where it was measured.
        structure: Description of the structure.
        atoms: The structure itself.
        temperature_k: Temperature of the velocities.
        timestep_s: Integration step.
        measurements: The raw samples.
    """

    name: str
    saved_at: str
    machine: Machine
    structure: StructureSummary
    atoms: PlainStructure
    temperature_k: float
    timestep_s: float
    measurements: tuple[Measurement, ...]

    def check(self) -> None:
        """Refuse what nothing can be compared with.

        Raises:
            ValueError: What does not make sense.
        """
        require_when(saved_at=self.saved_at)
        require_positive(usable_cores=self.machine.cpu.usable_cores)
        require_positive(MOST_BYTES, usable_bytes=self.machine.memory.usable_bytes)
        self.structure.check()
        self.atoms.check()
        require_within(0, HOTTEST_K, temperature_k=self.temperature_k)
        require_positive(LONGEST_STEP_S, timestep_s=self.timestep_s)
        require(bool(self.measurements), "it holds no measurement")
        for one in self.measurements:
            one.check()


class ChangeVerdict(StrEnum):
    """What is said of a change."""

    SLOWER = "slower"
    FASTER = "faster"
    UNCHANGED = "unchanged"
    UNCLEAR = "unclear"


class Pairing(StrEnum):
    """How two runs were taken: each for itself, or burst by burst in turn."""

    SEPARATE = "separate"
    INTERLEAVED = "interleaved"


@strict
@dataclass(frozen=True, kw_only=True)
class Change:
    """One model, size and setting in two runs.

    Attributes:
        model: Id of the card.
        atoms: Number of atoms.
        settings: Threads, dtype, device, driver, allocator.
        scenario: Single-stream or offline.
        baseline_s: Step time of the baseline.
        current_s: Step time now.
        ratio: Current over baseline, with its interval.
        cpu_ratio: The same of the processor time: a step that waits longer without computing more is not the code's.
        verdict: Slower or faster only where the change is significant and beyond the threshold; unclear where the
            interval holds both no change and one beyond the threshold.
    """

    model: str
    atoms: int
    settings: Settings
    scenario: Scenario
    baseline_s: Estimate
    current_s: Estimate
    ratio: Estimate
    cpu_ratio: Estimate | None
    verdict: ChangeVerdict


@strict
@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two runs.

    Attributes:
        name: A baseline's name, an environment's interpreter, or "now".
        taken_at: ISO 8601 time, UTC.
        fingerprint: Of the machine.
        versions: Of the packages, by backend.
    """

    name: str
    taken_at: str
    fingerprint: str
    versions: dict[str, dict[str, str]]


@strict
@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What ``check`` and ``bench compare`` found.

    Attributes:
        baseline: The older side.
        current: The newer side.
        pairing: How they were taken.
        normalised: Whether both were divided by the reference kernel of their own run.
        max_slowdown: The threshold: 0.1 lets a step take 10 % longer.
        changes: One for each model, size and setting that both have.
        only_in_baseline: What the baseline has and the current side lacks, as text.
    """

    baseline: Side
    current: Side
    pairing: Pairing
    normalised: bool
    max_slowdown: float
    changes: tuple[Change, ...]
    only_in_baseline: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Change, ...]:
        """The changes for which ``check`` fails."""
        return tuple(change for change in self.changes if change.verdict is ChangeVerdict.SLOWER)
