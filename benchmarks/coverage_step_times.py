"""Intervals of step times: the product's sweep on a model that follows a law, on a machine that changes its speed.

The machine's speed differs from burst to burst by a lognormal factor; the truth is the law. What is asked is the time
of a step at each size that was measured, as ``recommend`` asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from unittest.mock import patch

import numpy as np
from ase.build import bulk

from coverage import Experiment
from mlipguide.bench import size_run
from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import SizeSource, Subject
from mlipguide.bench.sweep import Limits, Sweep
from mlipguide.catalog.cards import load_catalogue
from mlipguide.costmodel.costs import costs_from
from mlipguide.records.timing.measurement import Allocator, Disturbance, Settings
from mlipguide.sessions.interface import Conditions
from mlipguide.structures.summaries import summarise
from mlipguide.testing.fake_session import FakeSession, linear

RUNS = 40
BUDGET_S = 75.0
MEMORY_BYTES = 8 * 2**30
NOISE = 0.03
DRIFTS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.10)
GOAL = (0.88, 0.95)
QUIET_GOAL = (0.88, 1.0)
"""A machine that never changes is expected to until it is known: its intervals are wide."""


def step_times(drift: float, *, runs: int = RUNS, noise: float = NOISE) -> Iterator[bool | None]:
    """Return for each size of each run whether the interval of the time of a step held the truth.

    Args:
        drift: Standard deviation of the logarithm of the machine's speed between bursts.
        runs: Sweeps.
        noise: The same of single steps.
    """
    atoms = bulk("Si", cubic=True)
    summary, protocol = summarise(atoms, source="silicon"), load_protocol()
    card = load_catalogue().find("sevennet-0")
    settings = Settings(threads=1, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN)
    conditions = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)
    limits = Limits(
        budget_s=BUDGET_S, memory_bytes=MEMORY_BYTES, usable_cores=2.0, parallel_starts=1, resident_workers=1
    )
    for seed in range(runs):
        law = linear(1e-3 * float(np.random.default_rng(seed).uniform(0.5, 2.0)))
        session = FakeSession(time_law=law, noise=noise, burst_spread=drift, seed=seed)
        sweep = Sweep(
            sizes=SizeSource(atoms, summary, protocol), conditions=conditions, protocol=protocol, limits=limits
        )
        subject = Subject(card=card, settings=settings, open=_opens(session))
        # What else this machine does while the fake is asked is no part of the experiment.
        with patch.object(size_run, "disturbance_between", lambda *_args, **_options: Disturbance()):
            (run,) = sweep.measure([subject], wanted_atoms=1000, on_finished=lambda _run: None)
        records = measurements_of(run, structure=summary, conditions=conditions, fingerprint="fake")
        costs = costs_from(records)
        for record in records:
            estimate = costs.step_time_s(record.atoms)
            known = estimate.low is not None and estimate.high is not None
            yield estimate.at_least <= law(record.atoms) <= estimate.at_most if known else None


def _opens(session: FakeSession) -> Callable[[], FakeSession]:
    return lambda: session


EXPERIMENTS = [
    Experiment(
        name=f"step time, bursts of a machine that differ by {100 * drift:.0f} %",
        trials=partial(step_times, drift),
        goal=GOAL if drift else QUIET_GOAL,
    )
    for drift in DRIFTS
]
