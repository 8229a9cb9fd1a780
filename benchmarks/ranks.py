"""Two MPI ranks from one: the prediction of a strictly local potential beside what LAMMPS takes.

A POD potential of silicon runs with one and with two ranks, in turns, on crystals of several sizes. The law of one rank
is fitted to its own times; that of two is then predicted at sizes whose halves the law never saw. Medians are what a
user of this machine gets. Where other work runs, two ranks wait for each other, and step times say little; then the
processor time of a rank tells more: it is the step time of an idle machine, or more, since a rank that waits is busy.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

from ase.build import bulk

from mlipguide.core.errors import EnvironmentFailedError
from mlipguide.costmodel.points import OWN, Point
from mlipguide.costmodel.ranks import predict_ranks
from mlipguide.costmodel.scaling import ScalingLaw
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.interface import Conditions, LoadedStructure
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session
from mlipguide.training.fit.potential_cards import card_of
from workbench import run_script

FOLDER = Path(__file__).parent.parent / "tests" / "data" / "pod_silicon"
REPEATS = (3, 4, 5, 6)
"""Of the cubic cell of eight atoms: 216, 512, 1,000 and 1,728 atoms."""
TEMPERATURE_K = 300.0
QUIET = 0.1
"""Quantile of the bursts that waited least."""
BOUND = 0.15
CUTOFF_ANGSTROM = 5.0
DENSITY = 8 / 5.43**3
POTENTIAL = FittedPotential(
    recipe=FitRecipe(engine=Engine.POD, size="small", elements=("Si",), seed=0, options={"rcut": CUTOFF_ANGSTROM}),
    folder=str(FOLDER),
    files=("potential.json",),
    frames=214,
    train_s=0.0,
    parameters=73,
    cutoff_angstrom=CUTOFF_ANGSTROM,
    versions={},
)


def start(ranks: int) -> WorkerSession:
    """Start the potential with so many ranks."""
    recipe = find_recipe("lammps")
    return open_session(
        SessionRequest(
            card=card_of(POTENTIAL, model_id="pod-silicon"),
            recipe=recipe,
            environment=find_environment(recipe),
            settings=Settings(
                threads=1, dtype="float64", device="cpu", driver="lammps", allocator=Allocator.RETAIN, ranks=ranks
            ),
            weights_file=FOLDER / "potential.json",
            synthetic=False,
            memory_limit_bytes=None,
        )
    )


Times = dict[tuple[int, int], list[float]]
"""By ranks and atoms."""


def measure(budget_s: float) -> tuple[Times, Times, float]:
    """Return step times, processor times of a rank and step, and the pairs per atom; sizes and ranks take turns."""
    conditions = Conditions(temperature_k=TEMPERATURE_K, timestep_s=1e-15, propagate=True)
    times: Times = {}
    processor: Times = {}
    turns: list[tuple[WorkerSession, int, LoadedStructure]] = []
    with ExitStack() as stack:
        for ranks in (1, 2):
            session = start(ranks)
            stack.callback(session.close)
            turns += [
                (session, ranks, session.prepare(bulk("Si", cubic=True).repeat(repeats), conditions))
                for repeats in REPEATS
            ]
        rounds = 10
        for _ in range(rounds):
            for session, ranks, prepared in turns:
                burst = session.run(prepared, max_steps=100_000, max_s=budget_s / rounds / len(turns))
                key = (ranks, prepared.atoms)
                times.setdefault(key, []).extend(burst.samples.wall_s)
                processor.setdefault(key, []).append(statistics.mean(burst.samples.cpu_s) / ranks)
        return times, processor, turns[0][2].pairs_per_atom


def compare(times: dict[tuple[int, int], float], pairs_per_atom: float) -> list[float]:
    """Print predictions beside times, and return the ratios."""
    law = ScalingLaw(
        [
            Point(atoms=atoms, pairs=atoms * pairs_per_atom, value=value, error=0.01, kind=OWN)
            for (ranks, atoms), value in times.items()
            if ranks == 1
        ],
        source="one rank",
    )
    ratios = []
    for (ranks, atoms), value in times.items():
        if ranks == 1:
            continue
        predicted = predict_ranks(
            law,
            atoms,
            pairs_per_atom=pairs_per_atom,
            ranks=ranks,
            cutoff_angstrom=CUTOFF_ANGSTROM,
            atoms_per_angstrom3=DENSITY,
        )
        ratios.append(value / predicted.value)
        print(
            f"  {atoms:5d} atoms: 1 rank {times[1, atoms] * 1e3:8.2f} ms, 2 ranks {value * 1e3:8.2f} ms, predicted "
            f"{predicted.value * 1e3:8.2f} ms ({ratios[-1]:.2f}, {predicted.basis.value})"
        )
    return ratios


def main() -> None:
    """Measure and report; the status is 1 when the processor times are not within the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=60.0, help="Seconds of stepping.")
    budget_s = parser.parse_args().budget
    if find_environment(find_recipe("lammps")).state is not EnvironmentState.READY:
        raise EnvironmentFailedError("No environment of lammps.", hint="mlipguide env build lammps")
    times, processor, pairs_per_atom = measure(budget_s)
    print("Step times, medians")
    by_clock = compare({key: statistics.median(values) for key, values in times.items()}, pairs_per_atom)
    print("Processor time of a rank and step, bursts that waited least")
    least = {key: sorted(values)[int(QUIET * len(values))] for key, values in processor.items()}
    by_work = compare(least, pairs_per_atom)
    clock, worst = (max(abs(ratio - 1) for ratio in ratios) for ratios in (by_clock, by_work))
    print(f"Two ranks from one: step times at most {clock:.0%} off, processor time {worst:.0%} (bound {BOUND:.0%}).")
    clock_share = statistics.median(
        sum(processor[key]) / len(processor[key]) / statistics.median(times[key]) for key in times
    )
    print(f"A rank had a processor for {clock_share:.0%} of the time; well below 100 %, step times say little.")
    if worst > BOUND:
        sys.exit(1)


if __name__ == "__main__":
    run_script(main)
