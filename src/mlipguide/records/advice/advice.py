"""The answer: candidates with their verdicts, the choice, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.accuracy.accuracy_axis import AccuracyAxis, AxisPlace
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.advice.engines import EngineChoice
from mlipguide.records.advice.strategy import StrategyTable
from mlipguide.records.advice.verdict import Strategy as Strategy  # noqa: PLC0414  # others import it from here
from mlipguide.records.advice.verdict import Verdict as Verdict  # noqa: PLC0414  # others import it from here
from mlipguide.records.advice.verdict_reasons import Doubt, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.terms import CommercialUse
from mlipguide.records.strict import strict
from mlipguide.records.task.run_script import RunScript
from mlipguide.records.task.task import Task
from mlipguide.records.timing.measurement import Settings, Weights


@strict
@dataclass(frozen=True, kw_only=True)
class LicenceSummary:
    """Names of both licences and what they allow together."""

    code: str
    weights: str
    commercial: CommercialUse


@strict
@dataclass(frozen=True, kw_only=True)
class RunCost:
    """What a run costs on hardware that a profile describes.

    Attributes:
        devices: That the run occupies.
        device_hours: Devices times wall time, hours.
        energy_kwh: At the profile's power; None where no power is known.
        price: In ``currency``; None where the profile has no price.
        currency: As the profile writes it.
    """

    devices: int
    device_hours: Estimate
    energy_kwh: Estimate | None
    price: Estimate | None
    currency: str | None


@strict
@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model, with the settings it was or would be run with, judged for the task.

    Attributes:
        model: Id of the card.
        name: Its name for people.
        backend: What runs it.
        environment: ``adopted``, ``host``, ``managed`` or None when there is none yet.
        settings: The settings that all numbers hold for; None when nothing was measured.
        weights: Real or random weights; None when nothing was measured.
        verdict: Feasible, infeasible or unknown.
        rejections: Constraints that are broken.
        doubts: What makes the verdict unknown.
        step_time_s: One MD step at the task's number of atoms.
        ns_per_day: Simulated nanoseconds per day of wall time.
        run_time_s: The whole run.
        peak_memory_bytes: At the task's number of atoms.
        max_atoms: Largest system of this kind that fits in memory.
        affordable_atoms: Largest system of this kind whose run stays within the budget.
        evidence: What is known of its accuracy.
        accuracy: Where that puts it among the models, by the figure that tells for the task.
        license: What it may be used for.
        on_pareto_front: Whether no other candidate is both faster and better founded in accuracy; None when
            not judged.
        measured: Records that the numbers stand on.
        measured_as: The checkpoint of the same architecture that was timed in its place; None when it was timed
            itself.
        run_cost: What the run costs; None on this machine, and where no time is known.
        timestep_s: Integration step that it runs with, the task's or a shorter one of its own; None for kinds of task
            without one.
        remarks: What sets its run apart, as sentences, without bearing on the verdict.
        engines: The codes that run it on the hardware, the fastest first; none where there is no choice.
        structures_at_once: How many structures are evaluated together; None for one after the other.
    """

    model: str
    name: str
    backend: str
    environment: str | None
    settings: Settings | None
    weights: Weights | None
    verdict: Verdict
    rejections: tuple[Rejection, ...]
    doubts: tuple[Doubt, ...]
    step_time_s: Estimate | None
    ns_per_day: Estimate | None
    run_time_s: Estimate | None
    peak_memory_bytes: Estimate | None
    max_atoms: Estimate | None
    affordable_atoms: Estimate | None
    evidence: Evidence
    accuracy: AxisPlace
    license: LicenceSummary
    on_pareto_front: bool | None
    measured: tuple[str, ...]
    measured_as: str | None
    run_cost: RunCost | None = None
    timestep_s: float | None = None
    remarks: tuple[str, ...] = ()
    engines: tuple[EngineChoice, ...] = ()
    structures_at_once: int | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One thing to do, with its cost where it is known."""

    action: str
    command: str | None
    wall_time_s: Estimate | None


@strict
@dataclass(frozen=True)
class Caveat:
    """A limitation that bears on this task, with its source.

    Attributes:
        topic: Id of the topic, for ``mlipguide explain``.
        message: What to keep in mind, in a sentence or two.
        source: What it stands on, in short: ``doi:…``, ``arXiv:…``, keys in ``sources.bib``, or that it is
            practice or comes from this run.
        links: Where the sources can be opened.
    """

    topic: str
    message: str
    source: str
    links: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class HardwareAnswer:
    """What a task comes to on hardware that is not here.

    Attributes:
        profile: The hardware.
        candidates: Every model considered, best first; memory is that of one device.
        choice: Id of the model to run there; None when nothing is feasible.
    """

    profile: HardwareProfile
    candidates: tuple[Candidate, ...]
    choice: str | None


@strict
@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The answer of ``mlipguide recommend``.

    Attributes:
        machine: This machine; the numbers of ``candidates`` hold for it, or for ``hardware[0]`` where that was asked.
        task: What was asked.
        candidates: Every model considered, best first.
        strategy: How to get a potential.
        choice: Id of the chosen model; None when nothing is feasible.
        plan: What to do, in order.
        reasons: Why, as sentences with the numbers that decided.
        caveats: Limitations that bear on this task.
        next_commands: Commands that can be typed as they are.
        hardware: Where hardware was asked for (``--hardware``): the answer for each, best first.
        strategies: What every way to a potential costs; None where it was not reckoned.
        accuracy_axis: By what the models of ``candidates`` were compared, and why.
        can_be_done: Whether the strategy does the task as asked, surely or more likely than not.
        script: For the production run, where one was asked for (``--write``) and handed over.
    """

    machine: Machine
    task: Task
    candidates: tuple[Candidate, ...]
    strategy: Strategy
    choice: str | None
    plan: tuple[PlanStep, ...]
    reasons: tuple[str, ...]
    caveats: tuple[Caveat, ...]
    next_commands: tuple[str, ...]
    accuracy_axis: AccuracyAxis
    can_be_done: bool
    hardware: tuple[HardwareAnswer, ...] = ()
    strategies: StrategyTable | None = None
    script: RunScript | None = None
