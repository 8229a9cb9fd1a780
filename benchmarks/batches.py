"""Small relaxations in batches against one by one, and a batch that was not timed against its prediction.

Rattled cells of 2 to 8 atoms of seven crystals are relaxed twice from the same start, with cells that stay: one after
the other by ASE's FIRE, as the scripts for production do it, and in batches by TorchSim. Both take the same steps, so
both should end in the same minima: energies within 1 meV/atom and positions within 0.02 Å. The structures are done in
parts, of which each holds some kinds of cells (two of ten where there are five parts), both ways in turn, the one that
begins changing from part to part: what disturbs the machine hits both. The speed-up is the ratio of the two times of a
part; its interval is that of the mean logarithm (Student's t), over kinds as well. Then batches of silicon cells are
timed, the law is fitted to every other number of structures, and the numbers between are compared with what it says.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase.build import bulk
from scipy.stats import t as student

from mlipguide.commands.bench import Options, bench
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.costmodel.batches import batch_costs_from
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.timing.axes import TORCH_SIM
from mlipguide.sessions.interface import RelaxationPlan, Relaxed
from mlipguide.sessions.worker_session import WorkerSession, open_session
from mlipguide.store.measurements import find
from workbench import request_for, run_script, this_machine

if TYPE_CHECKING:
    from ase import Atoms

CRYSTALS = (
    bulk("Si"),
    bulk("Si", cubic=True),
    bulk("Si").repeat((2, 1, 1)),
    bulk("MgO", "rocksalt", a=4.25),
    bulk("MgO", "rocksalt", a=4.25, cubic=True),
    bulk("NaCl", "rocksalt", a=5.64).repeat((2, 1, 1)),
    bulk("GaAs", "zincblende", a=5.65).repeat((2, 1, 1)),
    bulk("Cu", cubic=True),
    bulk("Al").repeat((2, 1, 1)),
    bulk("Fe").repeat((3, 2, 1)),
)
RATTLE_ANGSTROM = 0.06
LARGEST_FORCE_EV_PER_ANGSTROM, STEPS = 0.05, 200
SAME_EV_PER_ATOM, SAME_ANGSTROM = 1e-3, 0.02
FITTED, LEFT_OUT = (1, 4, 16, 64), (2, 8, 32)
CONFIDENCE = 0.90


def starts(count: int) -> list[Atoms]:
    """Return rattled crystals, all kinds in turn."""
    found = []
    for number in range(count):
        atoms = CRYSTALS[number % len(CRYSTALS)].copy()
        atoms.rattle(RATTLE_ANGSTROM, seed=number)
        found.append(atoms)
    return found


def compare_relaxations(session: WorkerSession, *, structures: int, parts: int, batch: int) -> None:
    """Relax all both ways, and print times and differences."""
    plan = RelaxationPlan(largest_force_ev_per_angstrom=LARGEST_FORCE_EV_PER_ANGSTROM, steps=STEPS)
    ways = {"one by one": plan, f"batches of {batch}": replace(plan, batch=batch)}
    all_starts = starts(structures)
    warm_up = all_starts[: len(CRYSTALS)]
    for way in ways.values():
        session.relax(warm_up, replace(way, steps=2))
    times: dict[str, list[float]] = {name: [] for name in ways}
    results: dict[str, list[Relaxed]] = {name: [] for name in ways}
    calls = dict.fromkeys(ways, 0)
    for part in range(parts):
        own = all_starts[part::parts]
        for name in list(ways)[:: 1 if part % 2 == 0 else -1]:
            done = session.relax(own, ways[name])
            times[name].append(done.wall_s)
            results[name] += done.structures
            calls[name] += done.calls
            print(f"part {part + 1} of {parts}, {name}: {done.wall_s:.1f} s, {done.calls} calls", flush=True)
        if part:
            summarise(times, results, calls)


def summarise(times: dict[str, list[float]], results: dict[str, list[Relaxed]], calls: dict[str, int]) -> None:
    """Print what all parts so far took, and whether both ways ended in the same minima."""
    ways = list(times)
    alone, together = (results[name] for name in ways)
    pairs = list(zip(alone, together, strict=True))
    atoms = [len(one.positions_angstrom) for one in alone]
    energies = [abs(a.energy_ev - b.energy_ev) / n for (a, b), n in zip(pairs, atoms, strict=True)]
    moved = [np.linalg.norm(a.positions_angstrom - b.positions_angstrom, axis=1).max() for a, b in pairs]
    same = sum(e <= SAME_EV_PER_ATOM and d <= SAME_ANGSTROM for e, d in zip(energies, moved, strict=True))
    print(f"\n{len(pairs)} structures of {min(atoms)} to {max(atoms)} atoms, to {LARGEST_FORCE_EV_PER_ANGSTROM} eV/Å")
    for name in ways:
        converged = sum(one.converged for one in results[name])
        steps = np.mean([one.steps for one in results[name]])
        print(
            f"{name}: {sum(times[name]):.1f} s, {calls[name]} calls of the network, {steps:.1f} steps on average, "
            f"{converged} converged"
        )
    print(
        f"same minima: {same} of {len(pairs)} (energies within {1e3 * max(energies):.2g} meV/atom, positions within "
        f"{max(moved):.2g} Å; same number of steps: {sum(a.steps == b.steps for a, b in pairs)})"
    )
    print(f"{speed_up(times[ways[0]], times[ways[1]])}\n", flush=True)


def speed_up(alone: Sequence[float], together: Sequence[float]) -> str:
    """Return in words how many times faster the second way was, of times of which each pair was taken in turn."""
    logs = np.log(np.array(alone) / np.array(together))
    reach = student.ppf(0.5 + CONFIDENCE / 2, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs))
    low, middle, high = np.exp([logs.mean() - reach, logs.mean(), logs.mean() + reach])
    return f"speed-up: {middle:.2f} ({low:.2f} to {high:.2f}, {CONFIDENCE:.0%} interval over {len(logs)} pairs)"


def check_predictions(model: str, *, budget: str, threads: int | None) -> None:
    """Time batches, fit the law to some of them, and print what it says of the others."""
    counts = ",".join(map(str, sorted((*FITTED, *LEFT_OUT))))
    file = Path(os.environ[DATA_VARIABLE]) / "Si.extxyz"
    bulk("Si").write(file)
    request = TaskRequest(structure=str(file), models=model)
    result = bench(request, Options(batch=counts, budget=budget, threads=None if threads is None else str(threads)))
    (found,) = result.data.batches
    records = find(this_machine().fingerprint).measurements
    together = [one for one in records if one.settings.driver == TORCH_SIM]
    costs = batch_costs_from(
        [one for one in together if one.structures in FITTED],
        [one for one in records if one.settings.driver != TORCH_SIM],
    )
    inside = 0
    print(f"\nSi2 in batches; one by one {1e3 * found.alone_s.value:.1f} ms")
    print("structures  measured each  predicted each (90 %)      speed-up")
    for one in found.measured:
        seen = one.structure_time_s
        line = f"{one.structures:10d}  {1e3 * seen.value:10.2f} ms"
        if one.structures in LEFT_OUT:
            told = costs.structure_time_s(one.structures)
            holds = (told.low or 0.0) <= seen.value <= (told.high or np.inf)
            inside += holds
            line += f"  {1e3 * told.value:.2f} ({1e3 * told.at_least:.2f} to {1e3 * told.at_most:.2f}) ms"
            line += " inside" if holds else " OUTSIDE"
        print(f"{line}  {one.speed_up.value:.2f} ({one.speed_up.at_least:.2f} to {one.speed_up.at_most:.2f})")
    print(f"predictions inside their interval: {inside} of {len(LEFT_OUT)}")
    for error in result.errors:
        print(error.message)


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--structures", type=int, default=200)
    parser.add_argument("--parts", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--budget", default="3m", help="of the timed batches [%(default)s]")
    parser.add_argument("--only", choices=("relaxations", "predictions"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[DATA_VARIABLE] = folder
        if options.only != "relaxations":
            check_predictions(options.model, budget=options.budget, threads=options.threads)
        if options.only != "predictions":
            request = request_for(options.model, threads=options.threads)
            request = replace(request, settings=replace(request.settings, driver=TORCH_SIM))
            session = open_session(request, call_timeout_s=3600.0)
            try:
                compare_relaxations(session, structures=options.structures, parts=options.parts, batch=options.batch)
            finally:
                session.close()


if __name__ == "__main__":
    run_script(main)
