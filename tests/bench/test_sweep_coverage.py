"""The interval of a step time at measured sizes, by the sweep itself, on a machine whose speed changes."""

from __future__ import annotations

import pytest
from bench.test_sweep import Bench, records_of

from factories import make_protocol
from mlipguide.bench import size_run as size_run_module
from mlipguide.costmodel.costs import costs_from
from mlipguide.records.measurement import Disturbance
from mlipguide.testing.fake_session import FakeSession, linear

RUNS = 25


@pytest.mark.parametrize("spread", [0.04, 0.08])
def test_the_interval_at_measured_sizes_holds_the_truth(spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size_run_module, "disturbance_between", lambda *_args, **_options: Disturbance())
    held = []
    for seed in range(RUNS):
        session = FakeSession(time_law=linear(1e-3), noise=0.03, burst_spread=spread, seed=seed)
        run = Bench(make_protocol(), budget_s=40.0).measure_sessions(session)["fake"]
        costs = costs_from(records_of(run))
        for atoms, size_run in run.sizes.items():
            assert sum(size_run.steady_bursts) == len(size_run.steady.wall_s)
            assert len(size_run.steady_bursts) == len(size_run.bursts)  # none was thrown away because it was slow
            estimate = costs.step_time_s(atoms)
            held.append(estimate.at_least <= 1e-3 * atoms <= estimate.at_most)
    # Nominal 0.90; four standard errors of a hundred intervals below it are 0.78.
    assert sum(held) / len(held) >= 0.80
