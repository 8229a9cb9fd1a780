"""A speed is normal inside the expected interval; a reason fits whose factor is what was seen."""

from __future__ import annotations

import pytest

from mlipguide.bench.comparing.speed_judgement import fit_of, slowdown_of, verdict_on
from mlipguide.records.estimate import Basis, Estimate, around
from mlipguide.records.timing.run_log import LogProgram, RunLog
from mlipguide.records.timing.slowdown import Fit
from mlipguide.records.timing.speed_check import SpeedVerdict


def estimate(value: float, reach: float = 1.5) -> Estimate:
    return around(value, reach, basis=Basis.FITTED, source="here")


@pytest.mark.parametrize(
    ("expected", "seen", "verdict"),
    [
        (estimate(0.1), 0.1, SpeedVerdict.NORMAL),
        (estimate(0.1), 0.149, SpeedVerdict.NORMAL),
        (estimate(0.1), 0.151, SpeedVerdict.SLOWER),
        (estimate(0.1), 0.067, SpeedVerdict.NORMAL),
        (estimate(0.1), 0.066, SpeedVerdict.FASTER),
        (estimate(0.1, 1.01), 0.105, SpeedVerdict.NORMAL),
        (estimate(0.1, 1.01), 0.115, SpeedVerdict.SLOWER),
        (None, 0.1, SpeedVerdict.UNKNOWN),
    ],
)
def test_verdicts(expected: Estimate | None, seen: float, verdict: SpeedVerdict) -> None:
    assert verdict_on(slowdown_of(expected, seen, None)) is verdict


def test_slowdown_is_seen_over_expected_with_the_clock_of_the_log() -> None:
    plain = slowdown_of(estimate(0.1, 2.0), 0.4, None)
    assert plain is not None
    assert (plain.low, plain.value, plain.high) == pytest.approx((2.0, 4.0, 8.0))
    log = RunLog(path="x", program=LogProgram.ASE, steps=10, wall_s=4.0, clock_error=0.25)
    rough = slowdown_of(estimate(0.1, 2.0), 0.4, log)
    assert rough is not None
    assert (rough.low, rough.value, rough.high) == pytest.approx((1.5, 4.0, 10.0))


@pytest.mark.parametrize(
    ("factor", "fit"),
    [
        (estimate(10, 1.2), Fit.EXPLAINS),
        (estimate(8, 1.3), Fit.EXPLAINS),
        (estimate(2, 1.2), Fit.PART),
        (estimate(100, 1.2), Fit.TOO_MUCH),
        (estimate(2, 10), Fit.EXPLAINS),
        (None, Fit.UNKNOWN),
    ],
)
def test_fits(factor: Estimate | None, fit: Fit) -> None:
    assert fit_of(factor, estimate(10, 1.3)) is fit
