"""The verdict on one model: every constraint that it breaks, every doubt that remains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from mlipguide.advice.accuracy_axis import place_of
from mlipguide.advice.candidate_step import at_step, conservation_rejection, step_for
from mlipguide.advice.constraints import (
    card_rejections,
    coverage_doubt,
    licence_doubt,
    licence_of,
    memory_doubt,
    memory_rejection,
    time_doubt,
    time_rejection,
)
from mlipguide.candidates.neighbours_seen import CUTOFF
from mlipguide.core.readable import number
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.accuracy.stability import ModelStability
from mlipguide.records.advice.advice import Candidate, Rejection, RunCost, Verdict
from mlipguide.records.estimate import Estimate
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Settings, Weights
from mlipguide.tasks.workloads import run_time_of

T = TypeVar("T")

MEMORY = "memory"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What is known of a model for the task, before it is judged; None is what could not be found out.

    Attributes:
        card: The checkpoint.
        evidence: What is known of its accuracy.
        environment: Kind of the environment; None when there is none.
        settings: The settings that the numbers hold for.
        weights: Real or random weights.
        step_time_s: One MD step at the task's number of atoms.
        ns_per_day: Simulated nanoseconds per day.
        peak_memory_bytes: At the task's number of atoms.
        max_atoms: Largest system that fits.
        affordable_atoms: Largest system whose run stays within the budget.
        measured: Records that the numbers stand on.
        measured_as: The checkpoint that was timed in its place.
        unmeasured_because: Why there are no numbers; None when there are.
        run_cost: What the run costs; None on this machine.
        stability: What tests of stability found that bears on the task; None without any.
        remarks: What speaks for a potential that was trained here, as sentences.
        domain_doubts: Where the task leaves what it was trained on, as sentences.
    """

    card: ModelCard
    evidence: Evidence
    environment: str | None = None
    settings: Settings | None = None
    weights: Weights | None = None
    step_time_s: Estimate | None = None
    ns_per_day: Estimate | None = None
    peak_memory_bytes: Estimate | None = None
    max_atoms: Estimate | None = None
    affordable_atoms: Estimate | None = None
    measured: tuple[str, ...] = ()
    measured_as: str | None = None
    unmeasured_because: Rejection | None = None
    run_cost: RunCost | None = None
    stability: ModelStability | None = None
    remarks: tuple[str, ...] = ()
    domain_doubts: tuple[str, ...] = ()


def judge(findings: Findings, task: Task, *, memory_bytes: int) -> Candidate:
    """Return the candidate with its verdict.

    Infeasible: a constraint is broken for certain, that is, by the whole 90 % interval. Unknown: nothing is
    broken for certain, but something that decides is not known or lies on both sides of its limit. Feasible:
    neither.

    Args:
        findings: What is known of the model.
        task: What is wanted.
        memory_bytes: Usable memory of the device.
    """
    rejections = list(card_rejections(findings.card, task))
    step = step_for(task, findings.stability)
    task = at_step(task, step.seconds)
    doubts: list[str] = []
    run_time = None if findings.step_time_s is None else run_time_of(findings.step_time_s, task.workload)
    if findings.unmeasured_because is not None:
        reason = findings.unmeasured_because
        if reason.constraint in (MEMORY, CUTOFF):
            rejections.append(reason)
        else:
            doubts.append(reason.message)
    elif run_time is None:
        doubts.append("How long a step takes was not measured.")
    elif findings.peak_memory_bytes is None:
        doubts.append("How much memory it needs was not measured.")
    if findings.peak_memory_bytes is not None:
        rejections += _present(memory_rejection(findings.peak_memory_bytes, memory_bytes))
        doubts += _present(memory_doubt(findings.peak_memory_bytes, memory_bytes))
    if run_time is not None:
        rejections += _present(time_rejection(run_time, task.budget_s))
        doubts += _present(time_doubt(run_time, task.budget_s))
    if findings.weights is Weights.SYNTHETIC:
        doubts.append("Timed with random weights: its own are not on this machine.")
    rejections += _present(conservation_rejection(task, findings.stability))
    doubts += _present(step.doubt)
    doubts += _present(licence_doubt(licence_of(findings.card), task))
    known = findings.evidence
    on_labels = known.kind is EvidenceKind.USER_LABELS and known.force_mae_ev_per_angstrom is not None
    doubts += _present(coverage_doubt(findings.card, task, on_labels=on_labels))
    accuracy_rejections, accuracy_doubts = judge_accuracy(findings.evidence, task)
    rejections += accuracy_rejections
    doubts += accuracy_doubts
    doubts += findings.domain_doubts
    if rejections:
        verdict = Verdict.INFEASIBLE
    elif doubts:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.FEASIBLE
    return Candidate(
        model=findings.card.id,
        name=findings.card.name,
        backend=findings.card.backend,
        environment=findings.environment,
        settings=findings.settings,
        weights=findings.weights,
        verdict=verdict,
        rejections=tuple(rejections),
        doubts=tuple(doubts),
        step_time_s=findings.step_time_s,
        ns_per_day=findings.ns_per_day,
        run_time_s=run_time,
        peak_memory_bytes=findings.peak_memory_bytes,
        max_atoms=findings.max_atoms,
        affordable_atoms=findings.affordable_atoms,
        evidence=findings.evidence,
        accuracy=place_of(findings.evidence, findings.card, task),
        license=licence_of(findings.card),
        on_pareto_front=None,
        measured=findings.measured,
        measured_as=findings.measured_as,
        run_cost=findings.run_cost,
        timestep_s=task.timestep_s if task.kind is TaskKind.MD else None,
        remarks=(*findings.remarks, *_present(step.reason)),
    )


def judge_accuracy(evidence: Evidence, task: Task) -> tuple[list[Rejection], list[str]]:
    """Return the limits on the error that evidence breaks, and those that it leaves open.

    A limit is broken when the whole 90 % interval lies above it, and met when the whole interval lies below.
    """
    asked = (
        ("force", task.force_mae_ev_per_angstrom, evidence.force_mae_ev_per_angstrom, "meV/Å"),
        ("energy", task.energy_mae_ev_per_atom, evidence.energy_mae_ev_per_atom, "meV/atom"),
    )
    rejections: list[Rejection] = []
    doubts: list[str] = []
    for name, limit, known, unit in asked:
        if limit is None:
            continue
        if known is None:
            doubts.append(f"Its {name} error on a system like this is not known ({limit * 1e3:g} {unit} asked).")
        elif known.at_least > limit:
            rejections.append(
                Rejection("accuracy", f"Its {name} MAE is {_in_words(known, unit)}; {limit * 1e3:g} {unit} asked.")
            )
        elif known.at_most > limit:
            likely = "probably meets" if known.value <= limit else "probably misses"
            doubts.append(f"It {likely} the {limit * 1e3:g} {unit} asked: its {name} MAE is {_in_words(known, unit)}.")
    if evidence.kind is EvidenceKind.NONE and not doubts:
        doubts.append("No comparable figure of its accuracy was published.")
    return rejections, doubts


def _in_words(error: Estimate, unit: str) -> str:
    """Return an error in thousandths of its unit with its interval."""
    spread = ""
    if error.low is not None and error.high is not None and error.high > error.low:
        spread = f" (90 %: {error.low * 1e3:.3g} to {error.high * 1e3:.3g})"
    return f"{error.scaled(1e3).told(number)} {unit}{spread}"


def _present(item: T | None) -> list[T]:
    return [] if item is None else [item]


def with_front(candidate: Candidate, *, on_front: bool | None) -> Candidate:
    """Return the candidate with its place on the Pareto front."""
    return replace(candidate, on_pareto_front=on_front)
