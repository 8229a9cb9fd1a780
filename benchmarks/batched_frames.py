"""``evaluate`` of small labelled frames in batches against one by one, and a script of phonons both ways.

Rattled cells of 2 to 8 atoms of seven crystals get labels of the model itself with noise, and are evaluated by the
command, both ways in turn, each time in a fresh worker. Wall times are told with the start of the worker and without;
the speed-up is the ratio of the two times of a round, its interval that of the mean logarithm (Student's t). Then the
script of phonons of a crystal without symmetry evaluates its displaced supercells both ways in turn.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from batches import speed_up, starts
from mlipguide.bench.measuring.measuring import Opener
from mlipguide.commands.evaluate import Options, evaluate
from mlipguide.commands.recommend import recommend
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.environments.recipes import find_recipe
from mlipguide.evidence.accuracy import frame_batches
from mlipguide.production.script_files import write_all
from mlipguide.production.script_texts import Subject, ase_files
from mlipguide.records.requests.accuracy import EvaluateRequest
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session
from mlipguide.structures.supercells import repeats_for
from workbench import request_for, run_script

if TYPE_CHECKING:
    from ase import Atoms

NOISE_EV_PER_ANGSTROM = 0.05
CELL = bulk("MgO", "rocksalt", a=4.25)
RATTLE_ANGSTROM = 0.03
SUPERCELL_ATOMS = 64


def labelled(model: str, count: int, path: Path) -> None:
    """Write rattled cells with the energies and forces of a model, the forces with noise."""
    session = open_session(request_for(model))
    generator = np.random.default_rng(0)
    frames: list[Atoms] = []
    try:
        for atoms in starts(count):
            point = session.single_point(atoms)
            forces = np.array(point.forces_ev_per_angstrom)
            forces += generator.normal(scale=NOISE_EV_PER_ANGSTROM, size=forces.shape)
            atoms.calc = SinglePointCalculator(atoms, energy=point.energy_ev, forces=forces)
            frames.append(atoms)
    finally:
        session.close()
    write(path, frames, format="extxyz")


def timed_opener(spent: list[float]) -> Opener:
    """Return what starts workers and notes how long that takes."""

    def opener(request: SessionRequest) -> WorkerSession:
        begin = time.perf_counter()
        session = open_session(request)
        spent.append(time.perf_counter() - begin)
        return session

    return opener


def compare_evaluations(model: str, *, frames: int, rounds: int, folder: Path) -> None:
    """Evaluate the frames both ways in turn, and print the times and how far the errors differ."""
    path = folder / "frames.extxyz"
    labelled(model, frames, path)
    request = EvaluateRequest(labels=str(path), models=model)
    times: dict[str, list[tuple[float, float]]] = {"one by one": [], "batches": []}
    maes: dict[str, float] = {}
    for number in range(rounds):
        for name in list(times)[:: 1 if number % 2 == 0 else -1]:
            frame_batches.WORTH_S = 0.0 if name == "batches" else math.inf
            starting: list[float] = []
            begin = time.perf_counter()
            result = evaluate(request, Options(opener=timed_opener(starting), reevaluate=True))
            wall_s = time.perf_counter() - begin
            times[name].append((wall_s, wall_s - sum(starting)))
            maes[name] = result.data.results[0].force_mae_ev_per_angstrom.value
            told = [one.message for one in result.notices if one.kind in ("batched", "one_by_one")]
            print(f"round {number + 1}, {name}: {wall_s:.1f} s, {times[name][-1][1]:.1f} s without the start; {told}")
    for place, what in enumerate(("with the start of the worker", "without")):
        alone, together = ([one[place] for one in times[name]] for name in times)
        print(f"{what}: {np.mean(alone):.1f} s one by one, {np.mean(together):.1f} s in batches")
        print(speed_up(alone, together))
    print(f"force MAE differs by {1e3 * abs(maes['batches'] - maes['one by one']):.2g} meV/Å\n", flush=True)


def phonon_script(model: str, atoms: Atoms, folder: Path, *, batch: int) -> Subject:
    """Return what ``recommend --kind phonons`` would write a script of, with batches whether they are faster or not."""
    file = folder / "cell.extxyz"
    write(file, atoms, format="extxyz")
    asked = TaskRequest(
        structure=str(file), kind="phonons", atoms=str(SUPERCELL_ATOMS), models=model, measure_budget="10s"
    )
    answer = recommend(asked).data
    request = request_for(model)
    return Subject(
        task=answer.task,
        atoms=atoms,
        repeats=repeats_for(atoms, atoms_wanted=answer.task.atoms),
        card=request.card,
        candidate=replace(answer.candidates[0], structures_at_once=batch),
        settings=request.settings,
        weights_file=request.weights_file,
        needs_file=False,
        python=str(request.environment.python),
        devices=1,
    )


def compare_phonons(model: str, *, batch: int, rounds: int, folder: Path) -> None:
    """Run the script of phonons both ways in turn; print the times of the displacements and how far forces differ."""
    atoms = CELL.copy()
    atoms.rattle(RATTLE_ANGSTROM, seed=1)
    made = phonon_script(model, atoms, folder, batch=batch)
    times: dict[str, list[float]] = {"one by one": [], "batches": []}
    forces: dict[str, Any] = {}
    for number in range(rounds):
        for name in list(times)[:: 1 if number % 2 == 0 else -1]:
            place = folder / f"{name.replace(' ', '-')}-{number}"
            place.mkdir()
            script = place / "run.py"
            write_all(ase_files(made, find_recipe(made.card.backend), script))
            words = ["--as-given", *(["--one-by-one"] if name == "one by one" else [])]
            begin = time.perf_counter()
            process = subprocess.Popen([made.python, script, *words], stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            started = ended = begin
            for line in process.stdout:
                if line.startswith("Symmetry"):
                    started = time.perf_counter()
                if re.search(r": \d+ of \d+ displacements", line):
                    ended = time.perf_counter()
            if process.wait():
                raise SystemExit(f"the script ended with {process.returncode}")
            times[name].append(ended - started)
            forces[name] = {path.name: np.load(path) for path in (place / "run.forces").iterdir()}
            took_s, all_s = ended - started, time.perf_counter() - begin
            print(f"round {number + 1}, {name}: {took_s:.1f} s for the displacements, {all_s:.1f} s in all", flush=True)
    alone, together = times.values()
    off = max(np.abs(forces["batches"][key] - found).max() for key, found in forces["one by one"].items())
    count = len(forces["batches"])
    print(f"{count} displacements: {np.mean(alone):.1f} s one by one, {np.mean(together):.1f} s in batches")
    print(f"{speed_up(alone, together)}, {batch} at once")
    print(f"forces within {1e3 * off:.2g} meV/Å", flush=True)


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--batch", type=int, default=4, help="of supercells [%(default)s]")
    parser.add_argument("--only", choices=("frames", "phonons"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ[DATA_VARIABLE] = name
        if options.only != "phonons":
            compare_evaluations(options.model, frames=options.frames, rounds=options.rounds, folder=Path(name))
        if options.only != "frames":
            compare_phonons(options.model, batch=options.batch, rounds=options.rounds, folder=Path(name))


if __name__ == "__main__":
    run_script(main)
