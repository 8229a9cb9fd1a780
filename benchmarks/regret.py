"""What it costs to follow a recommendation instead of measuring everything.

For twenty tasks (five systems, four budgets) ``recommend`` answers after its default measuring budget, from sizes that
fit into it. Beside it every model is timed exhaustively at the task's own size, and the same rule chooses from those
times: the most accurate model that ends within the budget. The regret of a task is the time that following the
recommendation costs, by the exhaustive times: by how much a recommended model that is not the best one ends later than
was allowed; where nothing was recommended though something ends in time, by how much more budget ``recommend`` asks for
that model. (The best one is the most accurate that ends in time, not the fastest: how the times of the two compare
is printed beside it.) A choice that ends in time and is less accurate than the best costs no time; it counts as
another choice, and is listed. Nothing is stored among the user's own measurements.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mlipguide.advice.ranking import choose
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.costmodel.costs import costs_from
from mlipguide.records.advice import Candidate
from mlipguide.records.task import Task
from mlipguide.sessions.interface import Conditions
from mlipguide.workflows.candidates import NO_CONSENT, Preparation, prepare_candidates
from mlipguide.workflows.judging import judged
from mlipguide.workflows.measuring import MeasuringContext, measure, usable_memory_bytes
from mlipguide.workflows.recalling import MeasuredModels
from mlipguide.workflows.recommend import Options, recommend
from mlipguide.workflows.task_request import TaskRequest, build_task, load_structure
from workbench import STRUCTURES, run_script, this_machine

SYSTEMS = (("LiFePO4.cif", 112), ("LiFePO4.cif", 168), ("Si.POSCAR", 64), ("Si.POSCAR", 128), ("water.extxyz", 96))
ALLOWED_S_PER_ATOM = (0.006, 0.01, 0.02, 0.05)
"""Time allowed for a step, per atom: from less than the fastest model takes here to more than the slowest."""
STEPS = 100_000
MUCH = 0.1


@dataclass(frozen=True)
class Verdict:
    """A task with both answers.

    Attributes:
        task: What was asked.
        recommended: What ``recommend`` said; None for nothing.
        predicted: Step times by model that it said so by, seconds.
        best: What exhaustive measuring says.
        times: Exhaustive step times by model, seconds.
    """

    task: Task
    recommended: str | None
    predicted: dict[str, float]
    best: str | None
    times: dict[str, float]

    @property
    def regret(self) -> float:
        """What following the recommendation costs, as a share of the time; see the module's text."""
        allowed_s = self.task.budget_s / self.task.steps
        if self.recommended == self.best:
            return 0.0
        if self.recommended is None:
            assert self.best is not None
            return max(0.0, self.predicted[self.best] / allowed_s - 1)
        return max(0.0, self.times[self.recommended] / allowed_s - 1)

    @property
    def longer_than_best(self) -> float | None:
        """By how much the recommended model takes longer than the best one, though it may be the more accurate."""
        if self.recommended is None or self.best is None:
            return None
        return max(0.0, self.times[self.recommended] / self.times[self.best] - 1)


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


def exhaustive(measured: MeasuredModels, request: TaskRequest) -> tuple[Task, Candidate | None]:
    """Return the choice from exhaustive times."""
    atoms, summary, _ = load_structure(request)
    task = build_task(request, summary)
    preparation, machine = machine_preparation(), this_machine()
    memory = usable_memory_bytes(machine, preparation.candidates[0].settings)
    candidates = judged(load_catalogue().cards, preparation, measured, task, atoms, memory_bytes=memory)
    return task, choose(candidates, task, memory_bytes=memory)


def main() -> None:
    """Ask, measure, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--budget", type=float, default=120.0, help="seconds of exhaustive measuring a system [120]")
    options = parser.parse_args()
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ[DATA_VARIABLE] = str(Path(folder))
        for system in SYSTEMS:
            requests = [request_of(system, allowed) for allowed in ALLOWED_S_PER_ATOM]
            answers = [recommend(request, Options()).data for request in requests]
            measured = measure_all(system, options.budget)
            times = {
                model: costs_from(records).step_time_s(max(record.atoms for record in records)).value
                for model, records in measured.by_model.items()
            }
            for request, answer in zip(requests, answers, strict=True):
                task, best = exhaustive(measured, request)
                predicted = {one.model: one.step_time_s.value for one in answer.candidates if one.step_time_s}
                verdict = Verdict(task, answer.choice, predicted, None if best is None else best.model, times)
                verdicts.append(verdict)
                print(
                    f"{task.structure.source}, {task.atoms} atoms, {task.budget_s / task.steps * 1e3:.0f} ms a step "
                    f"allowed: recommended {verdict.recommended}, best {verdict.best}, regret {verdict.regret:.1%}",
                    flush=True,
                )
            print("  " + ", ".join(f"{model} {time_s * 1e3:.0f} ms" for model, time_s in sorted(times.items())))
    regrets = [verdict.regret for verdict in verdicts]
    longer = [share for verdict in verdicts if (share := verdict.longer_than_best) is not None]
    print(
        f"against the exhaustive choice: median {statistics.median(longer):.1%} longer, worst {max(longer):.1%}; "
        f"longer by more than {MUCH:.0%} in {sum(share > MUCH for share in longer)} of {len(longer)} tasks"
    )
    same = sum(verdict.recommended == verdict.best for verdict in verdicts)
    print(
        f"regret: median {statistics.median(regrets):.1%}, worst {max(regrets):.1%} of {len(regrets)} tasks; "
        f"the same choice in {same}."
    )


if __name__ == "__main__":
    run_script(main)
