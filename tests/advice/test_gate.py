"""A change counts when it is significant and beyond the threshold."""

from __future__ import annotations

import pytest

from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.comparison import ChangeVerdict
from mlipguide.stats.gate import has_waited, shared_confidence, verdict_on


def ratio(value: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(value=value, low=low, high=high, basis=Basis.MEASURED, source="test")


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (1.2, 1.05, 1.35, ChangeVerdict.SLOWER),
        (1.11, 1.001, 1.2, ChangeVerdict.SLOWER),
        (1.2, 0.99, 1.4, ChangeVerdict.UNCLEAR),  # beyond the threshold, not significant
        (1.05, 1.04, 1.06, ChangeVerdict.UNCHANGED),  # significant, within the threshold
        (1.05, 1.01, 1.15, ChangeVerdict.UNCHANGED),
        (1.0, 0.98, 1.02, ChangeVerdict.UNCHANGED),
        (1.05, 0.97, 1.12, ChangeVerdict.UNCLEAR),
        (0.97, 0.85, 1.02, ChangeVerdict.UNCLEAR),
        (0.8, 0.7, 0.9, ChangeVerdict.FASTER),
        (0.92, 0.91, 0.93, ChangeVerdict.UNCHANGED),
        (1.5, None, None, ChangeVerdict.UNCLEAR),
    ],
)
def test_verdicts(value: float, low: float | None, high: float | None, verdict: ChangeVerdict) -> None:
    assert verdict_on(ratio(value, low, high), None, max_slowdown=0.1) is verdict


def test_waiting_for_others_is_not_the_codes() -> None:
    wall, computing = ratio(1.3, 1.2, 1.4), ratio(1.01, 0.99, 1.03)
    assert verdict_on(wall, computing, max_slowdown=0.1, waited=True) is ChangeVerdict.UNCLEAR
    assert verdict_on(wall, computing, max_slowdown=0.1) is ChangeVerdict.SLOWER
    assert verdict_on(wall, ratio(1.05, 0.95, 1.2), max_slowdown=0.1, waited=True) is ChangeVerdict.SLOWER
    assert verdict_on(wall, None, max_slowdown=0.1, waited=True) is ChangeVerdict.SLOWER
    assert verdict_on(ratio(0.7, 0.6, 0.8), computing, max_slowdown=0.1, waited=True) is ChangeVerdict.UNCLEAR


def test_threads_that_run_all_the_time_do_not_wait() -> None:
    assert not has_waited(wall_s=1.0, cpu_s=1.9, threads=2)
    assert has_waited(wall_s=1.0, cpu_s=1.0, threads=2)


def test_many_comparisons_share_the_chance_of_error() -> None:
    assert shared_confidence(1) == pytest.approx(0.9)
    assert shared_confidence(5) == pytest.approx(0.98)
    assert shared_confidence(4, looks=5) == pytest.approx(0.995)
