"""What mlipguide's timing costs: the step time of a worker against a bare ASE loop with the same model.

Both run in the same environment with the same variables, in turn (A B B A), on the same structure. A burst begins
with a step that is not counted, in both, because the other process had the machine before. The worker times every step
and attributes it, as in ``mlipguide bench``; the bare loop is timed as a whole. Both are started several times over,
for two processes that do the same differ by some per cent, by where their memory came to lie (T. Mytkowicz et al.,
ASPLOS 2009, doi:10.1145/1508244.1508275); ``--control`` shows how much, by putting a second bare loop in the worker's
place.

The ratio of a round is that of the mean step times of its two bursts. Printed are the median of the ratios and the
90 % interval of their centre by Wilcoxon's signed-rank test (see ``mlipguide.stats.ratios``); the largest deviation of
a median from 1 comes last.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mlipguide.core.errors import MeasurementFailedError
from mlipguide.sessions.interface import Conditions, LoadedStructure
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session
from mlipguide.stats.centres import centre_of
from mlipguide.stats.ratios import paired_ratio
from workbench import BareLoop, default_threads, request_for, run_script, structure_of

if TYPE_CHECKING:
    from ase import Atoms

MODELS = {"sevennet-0": "SevenNet-0", "chgnet-0.3.0": "CHGNet", "mace-mp-0-medium": "MACE"}
STRUCTURE = "Si.POSCAR"
ATOMS = 64
WARM_UP_ROUNDS = 2
LONGEST_BURST_S = 600.0
SAME_ENERGY = 1e-4
"""Relative; float32 sums differ in the seventh digit."""
TEMPERATURE_K, TIMESTEP_S = 300.0, 1e-15


@dataclass
class Comparison:
    """Step times of one model in seconds.

    Attributes:
        worker_s: Mean of a burst, one a round.
        bare_s: The same of the bare loop.
        steps_s: All steps of the worker, from which ``bench`` takes what it reports.
    """

    worker_s: list[float] = field(default_factory=list)
    bare_s: list[float] = field(default_factory=list)
    steps_s: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(own / bare for own, bare in zip(self.worker_s, self.bare_s, strict=True))

    def interval(self) -> str:
        """Return the interval in words."""
        ratio = paired_ratio(self.bare_s, self.worker_s)
        return "unknown" if ratio.low is None else f"{ratio.low:.4f} to {ratio.high:.4f}"


def parse_arguments() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", choices=sorted(MODELS), default=list(MODELS))
    parser.add_argument("--threads", type=int, default=default_threads(), help="for both [what mlipguide would use]")
    parser.add_argument("--starts", type=int, default=3, help="of both processes [3]")
    parser.add_argument("--rounds", type=int, default=30, help="of two bursts in each start, after the warm-up [30]")
    parser.add_argument("--steps", type=int, default=3, help="timed in a burst [3]")
    parser.add_argument("--control", action="store_true", help="compare two bare loops, which should be equal")
    return parser.parse_args()


def worker_burst(session: WorkerSession, prepared: LoadedStructure, steps: int) -> tuple[float, ...]:
    """Return the step times of a burst, without its lead-in."""
    session.run(prepared, max_steps=1, max_s=LONGEST_BURST_S)
    burst = session.run(prepared, max_steps=steps, max_s=LONGEST_BURST_S)
    return burst.samples.wall_s


def require_same_model(session: WorkerSession, bare: BareLoop, request: SessionRequest, atoms: Atoms) -> None:
    """See that both computed the same; random weights have energies of their own, and the same network.

    Raises:
        MeasurementFailedError: They did not.
    """
    name = request.card.id
    if session.facts.parameters != bare.parameters:
        raise MeasurementFailedError(
            f"{name}: {session.facts.parameters} parameters in the worker, {bare.parameters} bare."
        )
    _, energy_ev = bare.energy()
    own_energy_ev = session.single_point(atoms).energy_ev
    if not request.synthetic and abs(own_energy_ev / energy_ev - 1) > SAME_ENERGY:
        raise MeasurementFailedError(f"{name}: {own_energy_ev} eV in the worker, {energy_ev} eV bare.")


def compare(model: str, result: Comparison, *, threads: int, rounds: int, steps: int, control: bool) -> None:
    """Start both, run them in turn, and add the samples to ``result``."""
    request = request_for(model, threads=threads)
    atoms = structure_of(STRUCTURE, atoms=ATOMS)
    conditions = Conditions(temperature_k=TEMPERATURE_K, timestep_s=TIMESTEP_S, propagate=not request.synthetic)
    with ExitStack() as stack:
        bare = stack.enter_context(BareLoop(request, atoms, conditions))
        take_burst: Callable[[], Sequence[float]]
        if control:
            second = stack.enter_context(BareLoop(request, atoms, conditions))
            take_burst = lambda: (second.step_s(steps),)  # noqa: E731  # beside its other meaning
        else:
            session = stack.enter_context(closing(open_session(request)))
            require_same_model(session, bare, request, atoms)
            take_burst = partial(worker_burst, session, session.prepare(atoms, conditions), steps)
        for number in range(WARM_UP_ROUNDS + rounds):
            if number % 2:
                bare_s = bare.step_s(steps)
                own_s = take_burst()
            else:
                own_s = take_burst()
                bare_s = bare.step_s(steps)
            if number >= WARM_UP_ROUNDS:
                result.worker_s.append(statistics.fmean(own_s))
                result.bare_s.append(bare_s)
                result.steps_s.extend(own_s)


def main() -> None:
    """Compare model by model and print the figure last."""
    chosen = parse_arguments()
    deviations: dict[str, float] = {}
    for model in chosen.models:
        result = Comparison()
        for _ in range(chosen.starts):
            compare(
                model,
                result,
                threads=chosen.threads,
                rounds=chosen.rounds,
                steps=chosen.steps,
                control=chosen.control,
            )
        deviations[MODELS[model]] = result.ratio - 1
        print(
            f"{model:17s} {chosen.threads} threads, {ATOMS} atoms: "
            f"{'second bare' if chosen.control else 'reported'} {centre_of(result.steps_s).value * 1e3:.2f} ms a step, "
            f"bare {statistics.median(result.bare_s) * 1e3:.2f} ms; "
            f"paired ratio {result.ratio:.4f}, interval {result.interval()}",
            flush=True,
        )
    largest = max(deviations.values(), key=abs)
    each = ", ".join(f"{name} {100 * deviation:+.1f} %" for name, deviation in deviations.items())
    print(f"{'control' if chosen.control else 'overhead'}: {100 * largest:+.1f} % ({each})")


if __name__ == "__main__":
    run_script(main)
