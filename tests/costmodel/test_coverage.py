"""A thousand simulated runs: how often the 90 % interval holds the truth at two and four times the largest size.

A run measures a few sizes in some bursts each. Steps are noisy, some are outliers three times as long, and the
machine's own speed differs from burst to burst. Truths are drawn anew for each run, so what is tested is the interval
on average over machines, which is all that it claims.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from factories import SETTINGS, make_measurement
from mlipguide.costmodel.costs import Costs, costs_from
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.testing.fake_session import Law, flat_then_linear, knee, linear

RUNS = 170
"""Of each of six kinds of truth: a thousand in all."""
SIZES = (28, 56, 112, 224)
BURSTS, STEPS = 3, 5
PER_ATOM_S = 1e-3
ON_GPU = replace(SETTINGS, device="cuda:0")
RETURNING = replace(SETTINGS, allocator=Allocator.DEFAULT)


@dataclass(frozen=True)
class Truth:
    """How truths of one kind are drawn, with which settings they are run, and how often they should be held."""

    draw: Callable[[np.random.Generator], Law]
    settings: Settings
    least: float = 0.85
    most: float = 1.0
    sizes: tuple[int, ...] = SIZES


def draw_linear(random: np.random.Generator) -> Law:
    return linear(PER_ATOM_S * random.uniform(0.5, 2.0))


def draw_fixed_and_linear(random: np.random.Generator) -> Law:
    share = random.beta(1, 3)
    return linear(PER_ATOM_S * (1 - share), fixed=PER_ATOM_S * share * SIZES[-1])


def draw_flat_then_linear(random: np.random.Generator) -> Law:
    filled = np.exp(random.uniform(np.log(30), np.log(600)))
    return flat_then_linear(0.03, 0.03 / filled)


def draw_knee_inside(random: np.random.Generator) -> Law:
    begin = round(random.uniform(40, 90))
    return knee(PER_ATOM_S, rise=random.uniform(1.3, 1.9), begin=begin, end=round(begin * random.uniform(2, 4)))


def draw_knee_partly_beyond(random: np.random.Generator) -> Law:
    begin = round(random.uniform(60, 120))
    return knee(PER_ATOM_S, rise=random.uniform(1.3, 1.9), begin=begin, end=round(begin * random.uniform(3, 5)))


def draw_knee_beyond(random: np.random.Generator) -> Law:
    begin = round(random.uniform(250, 900))
    return knee(PER_ATOM_S, rise=random.uniform(1.1, 1.7), begin=begin, end=round(begin * random.uniform(2, 5)))


TRUTHS = {
    "linear": Truth(draw_linear, SETTINGS),
    "fixed-and-linear": Truth(draw_fixed_and_linear, SETTINGS),
    "flat-then-linear": Truth(draw_flat_then_linear, ON_GPU),
    "knee-inside": Truth(draw_knee_inside, RETURNING, sizes=(*SIZES, 448)),
    "knee-partly-beyond": Truth(draw_knee_partly_beyond, RETURNING),
    # Nothing measured tells of such a knee: only the prior does, which may be too hopeful or too careful.
    "knee-beyond": Truth(draw_knee_beyond, RETURNING, least=0.80, most=0.99),
}


def measured(
    law: Law,
    settings: Settings,
    random: np.random.Generator,
    *,
    sizes: Sequence[int] = SIZES,
    noise: float = 0.03,
    drift: float = 0.04,
    outliers: float = 0.03,
) -> Costs:
    """Return the costs from one simulated run."""
    records = []
    for atoms in sizes:
        speeds = np.repeat(np.exp(drift * random.standard_normal(BURSTS)), STEPS)
        wall_s = law(atoms) * speeds * np.exp(noise * random.standard_normal(BURSTS * STEPS))
        wall_s[random.random(wall_s.size) < outliers] *= 3
        records.append(
            make_measurement(
                atoms,
                wall_s=tuple(map(float, wall_s)),
                steady_bursts=(STEPS,) * BURSTS,
                settings=settings,
                peak_memory_bytes=None,
            )
        )
    return costs_from(records)


@pytest.mark.parametrize("truth", TRUTHS.values(), ids=TRUTHS)
def test_the_interval_holds_the_truth_as_often_as_it_says(truth: Truth) -> None:
    random = np.random.default_rng(11)
    held = {2: 0, 4: 0}
    for _ in range(RUNS):
        law = truth.draw(random)
        costs = measured(law, truth.settings, random, sizes=truth.sizes)
        for factor in held:
            atoms = factor * truth.sizes[-1]
            estimate = costs.step_time_s(atoms)
            assert estimate.low is not None
            assert estimate.high is not None
            held[factor] += estimate.low <= law(atoms) <= estimate.high
    shares = {factor: count / RUNS for factor, count in held.items()}
    assert min(shares.values()) >= truth.least, shares
    assert max(shares.values()) <= truth.most, shares


@pytest.mark.parametrize(("factor", "widest"), [(2, 0.08), (4, 0.18)])
def test_the_interval_of_a_plain_law_is_narrow(factor: int, widest: float) -> None:
    random = np.random.default_rng(7)
    widths, errors = [], []
    for _ in range(40):
        law = draw_linear(random)
        costs = measured(law, SETTINGS, random, sizes=SIZES[:3], noise=0.01, drift=0.0, outliers=0.0)
        estimate = costs.step_time_s(factor * SIZES[2])
        assert estimate.low is not None
        assert estimate.high is not None
        widths.append((estimate.high - estimate.low) / (2 * estimate.value))
        errors.append(abs(estimate.value / law(factor * SIZES[2]) - 1))
    assert np.median(widths) < widest
    assert np.median(errors) < 0.02
