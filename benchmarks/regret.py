"""What it costs to follow a recommendation instead of measuring everything.

For twenty tasks (five systems, four budgets) ``recommend`` answers after its default measuring budget, from sizes that
fit into it. Before and after it every model is timed exhaustively at the task's own size; where the two differ by more
than a tenth, the machine was not the same for answer and truth, and the system is asked again, three times at most. The
best model is read from those times alone, without their intervals: of the models that nothing but time stands against,
the most accurate whose run ends within the budget. The regret of a task is by how much the recommended model takes
longer than the best one, both by the exhaustive times; where one of the two is missing the allowed time stands in its
place: a model that was recommended though none ends in time is late by so much, and one that ends in time and was not
recommended was taken for so much slower. A recommended model that is faster and less accurate than the best costs no
time; it counts as another choice, and is listed. By how much a recommended run ends later than allowed is printed too.
Nothing is stored among the user's own measurements.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path

from mlipguide.advice.ranking import accuracy_order, could_serve, is_runnable
from mlipguide.bench.measuring.measuring import MeasuringContext, measure
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.preparation import NO_CONSENT, Preparation, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.recommend import Options, recommend
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.costmodel.costs import costs_from
from mlipguide.records.advice.advice import Candidate, Recommendation
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.sessions.interface import Conditions
from mlipguide.tasks.requests import load_structure
from workbench import STRUCTURES, run_script, this_machine

SYSTEMS = (("LiFePO4.cif", 112), ("LiFePO4.cif", 168), ("Si.POSCAR", 64), ("Si.POSCAR", 128), ("water.extxyz", 96))
ALLOWED_S_PER_ATOM = (0.006, 0.01, 0.02, 0.05)
"""Time allowed for a step, per atom: from less than the fastest model takes here to more than the slowest."""
STEPS = 100_000
STEADY = 1.1
"""By how much the times before and after the answers may differ."""
TRIES = 3


@dataclass(frozen=True)
class Verdict:
    """A task with both answers.

    Attributes:
        allowed_s: Time that a step may take for the run to end within the budget, seconds.
        recommended: What ``recommend`` said; None for nothing.
        predicted: Step times by model that it said so by, seconds.
        best: What the exhaustive times say; None where no model ends in time.
        times: Exhaustive step times by model, seconds.
    """

    allowed_s: float
    recommended: str | None
    predicted: dict[str, float]
    best: str | None
    times: dict[str, float]

    @property
    def regret(self) -> float:
        """What following the recommendation costs, as a share of the time; see the module's text."""
        if self.recommended == self.best:
            return 0.0
        if self.recommended is None:
            assert self.best is not None
            return max(0.0, self.predicted[self.best] / self.allowed_s - 1)
        of_best_s = self.allowed_s if self.best is None else self.times[self.best]
        return max(0.0, self.times[self.recommended] / of_best_s - 1)

    @property
    def lateness(self) -> float:
        """By how much the recommended run ends later than allowed, as a share of the allowed time."""
        return 0.0 if self.recommended is None else max(0.0, self.times[self.recommended] / self.allowed_s - 1)


def request_of(system: tuple[str, int], allowed_s: float) -> TaskRequest:
    """Return a task whose budget allows a step ``allowed_s`` seconds an atom."""
    name, atoms = system
    return TaskRequest(
        structure=str(STRUCTURES / name),
        atoms=str(atoms),
        time=f"{STEPS // 1000}ps",
        timestep="1fs",
        budget=f"{allowed_s * atoms * STEPS:.0f}s",
    )


@cache
def machine_preparation() -> Preparation:
    """Return every model that can be started here."""
    return prepare_candidates(
        load_catalogue().cards, this_machine(), given_weights={}, consent=NO_CONSENT, on_progress=lambda _: None
    )


def measure_all(system: tuple[str, int], budget_s: float) -> MeasuredModels:
    """Time every time law at exactly the size of the system."""
    name, wanted = system
    atoms, summary, _ = load_structure(TaskRequest(structure=str(STRUCTURES / name)))
    context = MeasuringContext(
        machine=this_machine(),
        atoms=atoms,
        structure=summary,
        wanted_atoms=wanted,
        conditions=Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=True),
        budget_s=budget_s,
        on_progress=lambda _message, _share: None,
        sizes=(wanted,),
    )
    measured = MeasuredModels()
    measure([item for item in machine_preparation().candidates if item.obstacle is None], measured, context)
    return measured


def times_of(measured: MeasuredModels) -> dict[str, float]:
    """Return the step time of every model at the size that it was timed at, seconds."""
    return {
        model: costs_from(records).step_time_s(max(record.atoms for record in records)).value
        for model, records in measured.by_model.items()
    }


def answers_and_times(system: tuple[str, int], budget_s: float) -> tuple[list[Recommendation], dict[str, float]] | None:
    """Return the answers to the tasks of a system, and the times before and after them; None on a restless machine."""
    for _ in range(TRIES):
        before = times_of(measure_all(system, budget_s))
        answers = [recommend(request_of(system, allowed), Options()).data for allowed in ALLOWED_S_PER_ATOM]
        after = times_of(measure_all(system, budget_s))
        both = sorted(before.keys() & after.keys())
        changed = statistics.median(after[model] / before[model] for model in both)
        print(f"{system[0]}, {system[1]} atoms: {changed:.2f} times as long after the answers as before", flush=True)
        if max(changed, 1 / changed) <= STEADY:
            return answers, {model: statistics.geometric_mean((before[model], after[model])) for model in both}
    return None


def best_of(candidates: Sequence[Candidate], times: dict[str, float], allowed_s: float) -> str | None:
    """Return the most accurate of the usable models whose exhaustive time is within what is allowed."""
    in_time = [
        candidate
        for candidate in candidates
        if could_serve(candidate) and is_runnable(candidate) and times.get(candidate.model, inf) <= allowed_s
    ]
    best = min(in_time, key=lambda candidate: (accuracy_order(candidate), times[candidate.model]), default=None)
    return None if best is None else best.model


def main() -> None:
    """Ask, measure, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--budget", type=float, default=120.0, help="seconds of exhaustive measuring a system [120]")
    parser.add_argument("--systems", default="", help="only those with this in FILE:ATOMS [all]")
    options = parser.parse_args()
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ[DATA_VARIABLE] = str(Path(folder))
        for system in [one for one in SYSTEMS if options.systems in f"{one[0]}:{one[1]}"]:
            found = answers_and_times(system, options.budget)
            if found is None:
                print("  left out: the machine never stayed the same")
                continue
            answers, times = found
            for allowed, answer in zip(ALLOWED_S_PER_ATOM, answers, strict=True):
                allowed_s = allowed * system[1]
                predicted = {one.model: one.step_time_s.value for one in answer.candidates if one.step_time_s}
                best = best_of(answer.candidates, times, allowed_s)
                verdict = Verdict(allowed_s, answer.choice, predicted, best, times)
                verdicts.append(verdict)
                print(
                    f"{system[0]}, {system[1]} atoms, {allowed_s * 1e3:.0f} ms a step allowed: "
                    f"recommended {verdict.recommended}, best {verdict.best}, regret {verdict.regret:.1%}",
                    flush=True,
                )
            print("  " + ", ".join(f"{model} {time_s * 1e3:.0f} ms" for model, time_s in sorted(times.items())))
    late = [verdict.lateness for verdict in verdicts]
    print(f"later than allowed: worst {max(late):.1%}, in {sum(share > 0 for share in late)} of {len(late)} tasks")
    regrets = [verdict.regret for verdict in verdicts]
    same = sum(verdict.recommended == verdict.best for verdict in verdicts)
    print(
        f"regret: median {statistics.median(regrets):.1%}, worst {max(regrets):.1%} of {len(regrets)} tasks; "
        f"the same choice in {same}."
    )


if __name__ == "__main__":
    run_script(main)
