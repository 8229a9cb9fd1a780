"""Ratios with intervals that cover the truth, of separate runs and of interleaved rounds."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from mlipguide.stats.ratios import BETWEEN_KERNELS, BETWEEN_RUNS, paired_ratio, ratio_of_runs, signed_rank_bound

RUNS = 400


def test_the_exact_distribution_by_counting_all_signs() -> None:
    for rounds in range(4, 11):
        sums = np.array(
            [sum(rank for rank, sign in enumerate(signs, 1) if sign) for signs in product((0, 1), repeat=rounds)]
        )
        for confidence in (0.9, 0.98):
            allowed = (1 - confidence) / 2
            expected = max(k for k in range(sums.max() + 2) if np.mean(sums < k) <= allowed)
            assert signed_rank_bound(rounds, confidence) == expected


def test_too_few_rounds_have_a_value_and_no_interval() -> None:
    ratio = paired_ratio([1.0] * 4, [1.1] * 4)
    assert ratio.value == pytest.approx(1.1)
    assert ratio.low is ratio.high is ratio.half_width is None
    assert paired_ratio([1.0] * 5, [1.1] * 5).low == pytest.approx(1.1)


def test_outlying_rounds_do_not_carry_the_estimate_away() -> None:
    generator = np.random.default_rng(0)
    first, second = np.exp(0.01 * generator.standard_normal((2, 12)))
    second[[2, 7]] *= 30
    ratio = paired_ratio(first.tolist(), second.tolist())
    assert ratio.value == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("confidence", [0.9, 0.98])
def test_paired_intervals_cover_under_drift_and_heavy_tails(confidence: float) -> None:
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(RUNS):
        machine = np.cumsum(0.05 * generator.standard_normal(12))  # the same for both sides of a round
        noise = 0.02 * generator.standard_t(2, (2, 12))
        first, second = np.exp(machine + noise)
        ratio = paired_ratio(first.tolist(), (1.07 * second).tolist(), confidence=confidence)
        assert ratio.low is not None
        assert ratio.high is not None
        covered += ratio.low <= 1.07 <= ratio.high
    assert covered / RUNS >= confidence - 0.03


def test_rounds_come_in_pairs() -> None:
    with pytest.raises(ValueError, match="pairs"):
        paired_ratio([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="pairs"):
        paired_ratio([], [])


def test_separate_intervals_cover_runs_that_differ_and_steps_that_are_correlated() -> None:
    generator = np.random.default_rng(2)
    covered = 0
    for _ in range(RUNS):
        runs = []
        for _side in range(2):
            noise = np.zeros(120)
            for step in range(1, 120):
                noise[step] = 0.6 * noise[step - 1] + 0.03 * generator.standard_normal()
            runs.append(np.exp(noise + BETWEEN_RUNS * generator.standard_normal()).tolist())
        ratio = ratio_of_runs(*runs)
        assert ratio.low is not None
        assert ratio.high is not None
        covered += ratio.low <= 1 <= ratio.high
    assert 0.87 <= covered / RUNS <= 0.99


def test_no_number_of_steps_makes_two_runs_certain() -> None:
    ratio = ratio_of_runs([1.0] * 1000, [1.1] * 1000)
    assert ratio.value == pytest.approx(1.1)
    assert ratio.half_width == pytest.approx(1.645 * math.sqrt(2) * BETWEEN_RUNS, rel=1e-3)


def test_a_machine_that_changed_widens_the_interval() -> None:
    alone = ratio_of_runs([1.0] * 50, [1.2] * 50, references=([0.01] * 9, [0.01] * 9))
    changed = ratio_of_runs([1.0] * 50, [1.2] * 50, references=([0.01] * 9, [0.012] * 9))
    assert alone.low is not None
    assert alone.low > 1.1
    assert changed.low is not None
    assert changed.low < 1
    assert changed.value == alone.value


def test_normalising_divides_by_the_references_and_takes_their_errors() -> None:
    exact = ratio_of_runs([1.0] * 50, [2.2] * 50, references=([0.01] * 9, [0.02] * 9), normalise=True)
    assert exact.value == pytest.approx(1.1)
    noisy = np.random.default_rng(3).normal(0.02, 0.004, 9).tolist()
    wide = ratio_of_runs([1.0] * 50, [2.2] * 50, references=([0.01] * 9, noisy), normalise=True)
    assert wide.half_width is not None
    assert exact.half_width is not None
    assert wide.half_width > 1.3 * exact.half_width
    assert exact.half_width == pytest.approx(1.645 * math.sqrt(2) * math.hypot(BETWEEN_RUNS, BETWEEN_KERNELS), rel=1e-3)
    with pytest.raises(ValueError, match="normalising"):
        ratio_of_runs([1.0], [1.0], normalise=True)


def test_a_single_sample_has_no_interval() -> None:
    assert ratio_of_runs([1.0], [1.1, 1.2]).low is None


def test_separate_runs_seldom_look_different_and_a_fifth_more_is_seen() -> None:
    generator = np.random.default_rng(4)

    def take(per_step: float) -> list[float]:
        """Thirty steps with noise of 8 %, one in 20 five times as long, in a run of its own."""
        logarithms = 0.08 * generator.standard_normal(30) + BETWEEN_RUNS * generator.standard_normal()
        samples: list[float] = (per_step * np.exp(logarithms) * generator.choice([1, 5], 30, p=[0.95, 0.05])).tolist()
        return samples

    def cries(factor: float) -> bool:
        ratio = ratio_of_runs(take(1.0), take(factor))
        assert ratio.low is not None
        return ratio.low > 1 and ratio.value > 1.1

    assert sum(cries(1.0) for _ in range(RUNS)) <= 0.05 * RUNS
    assert sum(cries(1.2) for _ in range(RUNS)) >= 0.9 * RUNS
