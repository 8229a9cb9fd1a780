"""The reverse question answered: what stands in the way on a piece of hardware, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.advice.accuracy_words import error_words
from mlipguide.advice.explanation import feasible_atoms, smaller_tasks
from mlipguide.advice.ranking import accuracy_order, could_serve, run_seconds
from mlipguide.core.readable import duration, memory, number, simulated_time
from mlipguide.records.advice.advice import Candidate, Verdict
from mlipguide.records.advice.plan import Bottleneck, HardwareOption
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.task.task import Task

SHOWN_MODELS = 3


def bottleneck_of(candidate: Candidate, profile: HardwareProfile, task: Task) -> Bottleneck | None:
    """Return what is nearer to its limit, or further beyond it; None where neither is known."""
    shares: dict[Bottleneck, float] = {}
    if candidate.run_time_s is not None:
        shares[Bottleneck.TIME] = candidate.run_time_s.value / task.budget_s
    if candidate.peak_memory_bytes is not None and profile.usable_memory_bytes is not None:
        shares[Bottleneck.MEMORY] = candidate.peak_memory_bytes.value / profile.usable_memory_bytes.value
    return max(shares, key=shares.__getitem__) if shares else None


def order_of(option: HardwareOption) -> tuple[int, float, str]:
    """Return what sorts options: what would do first, then the fewest device-hours."""
    cost = option.candidate.run_cost
    hours = float("inf") if cost is None else cost.device_hours.value
    return option.candidate.verdict.rank, hours, option.profile.name


def changes_for(nearest: HardwareOption, others: Sequence[Candidate], task: Task, *, settled: bool) -> tuple[str, ...]:
    """Return what fewer atoms, a shorter run, a longer budget or another model would change, in sentences.

    Args:
        nearest: The best option.
        others: Other models on the same hardware.
        task: What is wanted.
        settled: Whether the option would do as it is.
    """
    candidate, where = nearest.candidate, f"On {nearest.profile.name}"
    found: list[str] = []
    fewer, _, time_s = (None, None, None) if settled else smaller_tasks(candidate, task)
    if fewer is not None:
        found.append(f"{where}, {fewer:,} atoms instead of {task.atoms:,} would surely end in time and fit.")
    if time_s is not None and task.simulated_time_s is not None:
        found.append(
            f"{where}, {simulated_time(time_s)} instead of {simulated_time(task.simulated_time_s)} would surely end "
            "in time."
        )
    run_time = candidate.run_time_s
    if run_time is not None and not settled:
        longest = run_time.at_most
        if longest > task.budget_s:
            found.append(
                f"{where}, the run surely ends within {duration(longest)}, {number(longest / task.budget_s)} times the "
                f"budget ({run_time.basis.value})."
            )
    peak, usable = candidate.peak_memory_bytes, nearest.profile.usable_memory_bytes
    if peak is not None and usable is not None and peak.at_most > usable.value:
        found.append(
            f"It surely fits where {memory(peak.at_most)} are usable; {nearest.profile.device.id} leaves "
            f"{usable.told(memory)}."
        )
    atoms = feasible_atoms(candidate) if settled else None
    if atoms is not None and atoms > task.atoms:
        found.append(f"{where}, up to {atoms:,} atoms would surely do.")
    faster = [
        other
        for other in others
        if other.model != candidate.model
        and could_serve(other)
        and other.verdict is not Verdict.INFEASIBLE
        and run_seconds(other) < (0.0 if run_time is None else run_time.value)
    ]
    for other in sorted(faster, key=lambda one: (*accuracy_order(one), one.model))[:SHOWN_MODELS]:
        assert other.run_time_s is not None
        assert run_time is not None
        found.append(
            f"{other.name} ({error_words(other, task)}) would take {other.run_time_s.told(duration)} there "
            f"({other.run_time_s.basis.value}), {number(run_time.value / other.run_time_s.value)} times less."
        )
    return tuple(found)
