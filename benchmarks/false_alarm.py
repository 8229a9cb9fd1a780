"""How often ``check`` cries on identical runs, and how often it sees a true slowdown, while another process is busy.

Two workers of the same environment are measured in turn by what ``check --against-env`` uses, rounds, interval and
verdict included: first two identical ones, then one against another that takes 10 % or 20 % longer by work of known
length (``slowed_sevenn.py``). All the while another process keeps one core busy. The same samples are also compared as
separate runs, as ``check BASELINE`` would compare a run with the run before it, with and without ``--normalise``. The
number of threads is what ``check --against-env`` would use at that time: it leaves busy cores to others.

Workers are started anew every few pairs, for two processes of the same program differ by where their memory lies.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median, stdev
from unittest.mock import patch

from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.comparing.busy_cores import LOOK_S, cores_left
from mlipguide.bench.comparing.comparing import estimate_of
from mlipguide.bench.measuring.measuring import wait_here
from mlipguide.bench.pairs import LOOKS, PairedRun, PairRules
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import Size, Subject
from mlipguide.records.timing.comparison import ChangeVerdict
from mlipguide.records.timing.measurement import Measurement
from mlipguide.sessions import worker_session
from mlipguide.sessions.interface import Conditions
from mlipguide.sessions.worker_session import SessionRequest, open_session
from mlipguide.stats.gate import shared_confidence, verdict_on
from mlipguide.stats.ratios import ratio_of_runs
from mlipguide.structures.summaries import summarise
from workbench import default_threads, request_for, run_script, structure_of, this_machine

MODEL, STRUCTURE, ATOMS = "sevennet-0", "Si.POSCAR", 8
MAX_SLOWDOWN = 0.1
TARGET_HALF_WIDTH = 0.01
CONDITIONS = Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=True)


@dataclass
class Tally:
    """Verdicts on pairs of one kind.

    Attributes:
        interleaved: Of the rounds.
        separate: Of each second side with the first side of the pair before.
        normalised: The same, each divided by its own reference kernel.
        ratios: Interleaved ratios.
        separate_ratios: Those of separate runs.
        normalised_ratios: The same, normalised.
    """

    interleaved: list[ChangeVerdict] = field(default_factory=list)
    separate: list[ChangeVerdict] = field(default_factory=list)
    normalised: list[ChangeVerdict] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    separate_ratios: list[float] = field(default_factory=list)
    normalised_ratios: list[float] = field(default_factory=list)

    def line(self, what: str) -> str:
        """Return the shares of "slower"."""
        kinds = {
            "interleaved": (self.interleaved, self.ratios),
            "separate runs": (self.separate, self.separate_ratios),
            "normalised": (self.normalised, self.normalised_ratios),
        }
        return f"{what}: " + "; ".join(
            f"{kind} {share(verdicts)}, ratio {median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), "
            f"standard deviation of its logarithm {stdev(map(math.log, ratios)):.3f}"
            for kind, (verdicts, ratios) in kinds.items()
            if len(ratios) > 1
        )


def share(verdicts: list[ChangeVerdict]) -> str:
    """Return how many verdicts say slower."""
    return f"{sum(verdict is ChangeVerdict.SLOWER for verdict in verdicts)} of {len(verdicts)}"


@contextmanager
def busy_neighbour(*, wanted: bool) -> Iterator[None]:
    """Keep one core busy meanwhile."""
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def threads_beside_others() -> int:
    """Return how many threads ``check --against-env`` would use now."""
    cores = this_machine().cpu.usable_cores
    return cores_left(wait_here(LOOK_S, cores), cores) or default_threads()


def slowed(request: SessionRequest, by: float) -> SessionRequest:
    """Return the request of a worker that takes longer by a share."""
    weights = replace(request.card.weights, name=f"{request.card.weights.name}*{by}")
    return replace(
        request, card=replace(request.card, weights=weights), recipe=replace(request.recipe, worker="slowed_sevenn")
    )


def side_of(request: SessionRequest) -> CandidateRun:
    """Start a worker."""
    run = CandidateRun(Subject(card=request.card, settings=request.settings, open=partial(open_session, request)), ())
    run.session = run.subject.open()
    run.facts = run.session.facts
    return run


def measure_pair(sides: tuple[CandidateRun, CandidateRun], budget_s: float, tally: Tally) -> tuple[Measurement, ...]:
    """Measure one pair, add the interleaved verdict, and return the records of both sides."""
    machine = this_machine()
    rules = PairRules(
        confidence=shared_confidence(1, looks=len(LOOKS)),
        max_slowdown=MAX_SLOWDOWN,
        target_half_width=TARGET_HALF_WIDTH,
        budget_s=budget_s,
    )
    for side in sides:
        side.sizes.clear()
    atoms = structure_of(STRUCTURE, atoms=ATOMS)
    runner = PairedRun(
        sides,
        conditions=CONDITIONS,
        protocol=load_protocol(),
        rules=rules,
        usable_cores=machine.cpu.usable_cores,
        memory_bytes=machine.memory.usable_bytes,
    )
    (found,) = runner.measure([Size(atoms, propagate=True)]).values()
    ratio = found.ratio(rules.confidence)
    tally.ratios.append(ratio.value)
    tally.interleaved.append(verdict_on(estimate_of(ratio, "rounds"), None, max_slowdown=MAX_SLOWDOWN))
    summary = summarise(atoms, source=STRUCTURE)
    return tuple(
        record
        for side in sides
        for record in measurements_of(side, structure=summary, conditions=CONDITIONS, fingerprint=machine.fingerprint)
    )


def judge_separate(old: Measurement, new: Measurement, tally: Tally) -> None:
    """Add the verdicts on two separate runs."""
    for normalise, verdicts, ratios in (
        (False, tally.separate, tally.separate_ratios),
        (True, tally.normalised, tally.normalised_ratios),
    ):
        ratio = ratio_of_runs(
            old.steady.wall_s,
            new.steady.wall_s,
            confidence=shared_confidence(1),
            references=(old.reference_s, new.reference_s),
            normalise=normalise,
        )
        ratios.append(ratio.value)
        verdicts.append(verdict_on(estimate_of(ratio, "runs"), None, max_slowdown=MAX_SLOWDOWN))


def measure_kind(by: float | None, pairs: int, options: argparse.Namespace) -> Tally:
    """Measure pairs of one kind: identical ones, or with a second side that takes longer."""
    tally = Tally()
    plain = request_for(MODEL, threads=options.threads)
    other = plain if by is None else slowed(plain, by)
    records: list[tuple[Measurement, ...]] = []
    for begin in range(0, pairs, options.pairs_a_start):
        sides = (side_of(plain), side_of(other))
        try:
            for _ in range(begin, min(pairs, begin + options.pairs_a_start)):
                records.append(measure_pair(sides, options.budget, tally))
                print(
                    f"  {'identical' if by is None else f'+{by:.0%}'} {len(records)}: {tally.ratios[-1]:.3f} "
                    f"{tally.interleaved[-1].value}",
                    flush=True,
                )
        finally:
            for side in sides:
                side.close()
    for before, now in pairwise(records):
        judge_separate(before[0], now[1], tally)
    return tally


def main() -> None:
    """Measure identical pairs and true slowdowns."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=40, help="identical pairs [40]")
    parser.add_argument("--slow-pairs", type=int, default=20, help="pairs of each true slowdown [20]")
    parser.add_argument("--threads", type=int, default=None, help="[what check would use beside the busy process]")
    parser.add_argument("--budget", type=float, default=12.0, help="seconds of stepping a pair [12]")
    parser.add_argument("--pairs-a-start", type=int, default=10, help="pairs before workers are started anew [10]")
    parser.add_argument("--quiet", action="store_true", help="without the busy process")
    options = parser.parse_args()
    worker_file = Path(__file__).parent / "slowed_sevenn.py"
    with (
        patch.object(worker_session, "worker_file", return_value=worker_file),
        busy_neighbour(wanted=not options.quiet),
    ):
        if options.threads is None:
            options.threads = threads_beside_others()
        identical = measure_kind(None, options.pairs, options)
        slower = {by: measure_kind(by, options.slow_pairs, options) for by in (0.1, 0.2) if options.slow_pairs}
    print(f"{options.threads} threads, {'no' if options.quiet else 'one'} busy process beside")
    print(identical.line("identical"))
    for by, tally in slower.items():
        print(tally.line(f"true +{by:.0%}"))
    seen = "".join(
        f"; a true {by:.0%} slowdown is seen in {share(tally.interleaved)}" for by, tally in reversed(slower.items())
    )
    print(f"false alarms: {share(identical.interleaved)} identical pairs{seen}.")


if __name__ == "__main__":
    run_script(main)
