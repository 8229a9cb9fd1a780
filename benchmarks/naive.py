"""How wrong one cold call is as a timing, which is what many tools take for one, and how wrong ``mlipguide bench`` is.

For each model, each time in a fresh process: it is loaded, and then exactly one ``get_potential_energy()`` is timed
(loading is not counted, which flatters it). The truth is a bare loop of molecular dynamics in that same process, long
enough for the median of its bursts to settle; half of it runs before ``mlipguide bench`` and half after, because the
speed of a shared machine drifts. ``mlipguide bench`` is the command itself, with its default protocol, writing its
records to a folder that is thrown away. Prints the figures last.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase.io

from mlipguide.core.errors import MeasurementFailedError
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.sessions.interface import Conditions
from workbench import BareLoop, request_for, run_script, structure_of

MODELS = ("sevennet-0", "sevennet-l3i5", "chgnet-0.3.0", "mace-mp-0-medium")
STRUCTURE = "Si.POSCAR"
ATOMS = 64
TEMPERATURE_K, TIMESTEP_S = 300.0, 1e-15
WARM_UP_STEPS = 10
STEPS_A_BURST = 3
FEWEST_BURSTS = 5
LAST_WORDS = 2000


@dataclass(frozen=True)
class Trial:
    """Step times of one fresh start, in seconds."""

    naive_s: float
    ours_s: float
    true_s: float

    @property
    def naive_ratio(self) -> float:
        """The cold call over the truth."""
        return self.naive_s / self.true_s

    @property
    def our_ratio(self) -> float:
        """What ``mlipguide bench`` reports over the truth."""
        return self.ours_s / self.true_s


def parse_arguments() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--trials", type=int, default=2, help="fresh starts of each model [2]")
    parser.add_argument("--truth", type=float, default=20.0, metavar="SECONDS", help="of the bare loop, in all [20]")
    parser.add_argument("--budget", default="30s", help="of mlipguide bench [30s]")
    return parser.parse_args()


def true_bursts(bare: BareLoop, *, seconds: float, warm_up: int) -> list[float]:
    """Run the bare loop for some seconds and return the step time of each burst."""
    if warm_up:
        bare.step_s(1, lead_in=warm_up - 1)
    bursts: list[float] = []
    end = time.monotonic() + seconds
    while len(bursts) < FEWEST_BURSTS or time.monotonic() < end:
        bursts.append(bare.step_s(STEPS_A_BURST, lead_in=0 if bursts else 1))
    return bursts


def benched(model: str, structure: Path, budget: str) -> float:
    """Return the step time that ``mlipguide bench`` reports for a structure at its own size.

    Raises:
        MeasurementFailedError: It reports none.
    """
    command = [sys.executable, "-m", "mlipguide", "bench", str(structure), "--models", model, "--json"]
    command += ["--max-atoms", str(ATOMS), "--budget", budget]
    variables = {**os.environ, DATA_VARIABLE: str(structure.parent)}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    document: dict[str, Any] = json.loads(done.stdout or '{"data": null, "errors": []}')
    measurements = (document["data"] or {}).get("measurements", ())
    found = [item for item in measurements if item["atoms"] == ATOMS]
    if not found:
        reasons = "; ".join(error["message"] for error in document["errors"]) or done.stderr[-LAST_WORDS:]
        raise MeasurementFailedError(f"mlipguide bench did not time {model} at {ATOMS} atoms: {reasons}")
    step_time_s: float = found[-1]["step_time_s"]["value"]
    return step_time_s


def take_trial(model: str, *, truth_s: float, budget: str) -> Trial:
    """Start afresh and time all three."""
    request = request_for(model)
    atoms = structure_of(STRUCTURE, atoms=ATOMS)
    conditions = Conditions(temperature_k=TEMPERATURE_K, timestep_s=TIMESTEP_S, propagate=not request.synthetic)
    with tempfile.TemporaryDirectory() as folder, BareLoop(request, atoms, conditions) as bare:
        naive_s, _ = bare.energy()
        bursts = true_bursts(bare, seconds=truth_s / 2, warm_up=WARM_UP_STEPS)
        structure = Path(folder) / "structure.extxyz"
        ase.io.write(structure, atoms)
        ours_s = benched(model, structure, budget)
        bursts += true_bursts(bare, seconds=truth_s / 2, warm_up=0)
    return Trial(naive_s=naive_s, ours_s=ours_s, true_s=statistics.median(bursts))


def main() -> None:
    """Take all trials and print the figures last."""
    chosen = parse_arguments()
    trials: list[Trial] = []
    print(f"{'model':17s}  trial   true (ms)   naive/true   bench/true")
    for model in chosen.models:
        for number in range(chosen.trials):
            trial = take_trial(model, truth_s=chosen.truth, budget=chosen.budget)
            trials.append(trial)
            print(
                f"{model:17s}  {number + 1:5d}  {trial.true_s * 1e3:10.2f}   {trial.naive_ratio:10.2f}   "
                f"{trial.our_ratio:10.3f}",
                flush=True,
            )
    factors = [max(trial.naive_ratio, 1 / trial.naive_ratio) for trial in trials]
    errors = [100 * abs(trial.our_ratio - 1) for trial in trials]
    print(
        f"naive timing is wrong by a median factor of {statistics.median(factors):.1f} (worst {max(factors):.1f}); "
        f"mlipguide's by {statistics.median(errors):.1f} % (worst {max(errors):.1f} %)"
    )


if __name__ == "__main__":
    run_script(main)
