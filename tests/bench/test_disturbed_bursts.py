"""Which bursts count, by known disturbances; steps come from a fake model with a known law."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import pytest

from factories import make_atoms
from mlipguide.bench.disturbed import BurstState, preferred, reference_level, shows
from mlipguide.records.timing.measurement import Disturbance
from mlipguide.sessions.interface import Conditions
from mlipguide.testing.fake_session import FakeSession, linear

QUIET = Disturbance(steal_share=0.001, other_load_share=0.02, throttle_events=0)
LOADED = Disturbance(steal_share=0.001, other_load_share=0.45)
USUAL_S = (0.010, 0.0101, 0.0102)
SLOW_S = (0.016, 0.017, 0.03)
SCATTERED_S = (0.010, 0.014, 0.03)
CONDITIONS = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)


def burst(disturbance: Disturbance = QUIET, *, reference_s: tuple[float, ...] = USUAL_S) -> BurstState:
    return BurstState(disturbance, reference_s)


@pytest.mark.parametrize(
    ("change", "is_evidence"),
    [
        ({}, False),
        ({"steal_share": 0.019}, False),
        ({"steal_share": 0.03}, True),
        ({"other_load_share": 0.09}, False),
        ({"other_load_share": 0.12}, True),
        ({"throttle_events": 1}, True),
        ({"gpu_throttle_reasons": ("power limit",)}, False),
        ({"gpu_throttle_reasons": ("power limit", "temperature limit of the hardware")}, True),
        ({"involuntary_switches_per_s": 1e4, "clock_share": 0.3}, False),
    ],
)
def test_what_is_evidence(change: dict[str, object], is_evidence: bool) -> None:
    disturbance = replace(QUIET, **change)  # type: ignore[arg-type]  # the values fit their fields
    assert shows(disturbance) is is_evidence
    assert preferred([burst(), burst(disturbance)]) == (True, not is_evidence)


def test_what_is_not_known_is_no_evidence() -> None:
    assert not shows(Disturbance())
    assert preferred([burst(Disturbance(), reference_s=())] * 2) == (True, True)


def test_when_all_are_disturbed_all_count() -> None:
    stolen = replace(QUIET, steal_share=0.2)
    assert preferred([burst(LOADED), burst(stolen), burst(LOADED)]) == (True, True, True)
    assert preferred([]) == ()


def test_a_slow_machine_shows_in_the_reference_kernel() -> None:
    bursts = [burst(), burst(reference_s=SLOW_S), burst(), burst(reference_s=())]
    assert preferred(bursts) == (True, False, True, True)
    # Half of the bursts tell what the machine's own speed is.
    assert preferred([burst(), burst(reference_s=SLOW_S)] * 3) == (True, False) * 3


def test_interrupted_repetitions_of_the_kernel_are_no_slow_machine() -> None:
    assert preferred([burst(), burst(reference_s=SCATTERED_S)]) == (True, True)


def test_level_of_the_reference_kernel() -> None:
    assert reference_level([(4.0,), (1.0, 9.0, 1.1), (), (1.4,), (5.0,)]) == pytest.approx(1.2)
    assert reference_level([(), ()]) is None


@pytest.mark.parametrize("is_seen_by", ["load", "reference"])
@pytest.mark.parametrize("seed", range(5))
def test_the_true_step_time_is_recovered_when_a_third_of_the_bursts_take_three_times_as_long(
    seed: int, is_seen_by: str
) -> None:
    true_s = 0.064
    session = FakeSession(time_law=linear(1e-3), noise=0.05, seed=seed)
    prepared = session.prepare(make_atoms(64), CONDITIONS)
    taken: list[tuple[float, ...]] = []
    states: list[BurstState] = []
    for number in range(12):
        is_disturbed = number % 3 == seed % 3
        slowdown = 3.0 if is_disturbed else 1.0
        wall_s = tuple(slowdown * x for x in session.run(prepared, max_steps=20, max_s=10.0).samples.wall_s)
        reference_s = session.reference()
        disturbance = QUIET
        if is_disturbed and is_seen_by == "load":
            disturbance = LOADED
        elif is_disturbed:
            reference_s = tuple(1.6 * x for x in reference_s)
        taken.append(wall_s)
        states.append(BurstState(disturbance, reference_s))
    kept = preferred(states)
    assert kept.count(False) == 4
    samples = [x for wall_s, keep in zip(taken, kept, strict=True) if keep for x in wall_s]
    everything = [x for wall_s in taken for x in wall_s]
    assert median(samples) == pytest.approx(true_s, rel=0.03)
    assert sum(samples) / len(samples) == pytest.approx(true_s, rel=0.03)
    assert sum(everything) / len(everything) > 1.5 * true_s
    assert max(samples) < 1.5 * true_s < max(everything)


def test_setting_aside_does_not_bias_a_model_whose_steps_scatter() -> None:
    # Half of the bursts are disturbed in a way that costs nothing: which ones are kept must not depend on their steps.
    session = FakeSession(time_law=linear(1e-3), noise=0.6, seed=3)
    prepared = session.prepare(make_atoms(64), CONDITIONS)
    bursts = [session.run(prepared, max_steps=50, max_s=1e3).samples.wall_s for _ in range(60)]
    states = [BurstState(LOADED if i % 2 else QUIET, USUAL_S) for i in range(len(bursts))]
    assert preferred(states) == tuple(i % 2 == 0 for i in range(60))
    kept = [x for i, wall_s in enumerate(bursts) if i % 2 == 0 for x in wall_s]
    assert median(kept) == pytest.approx(0.064, rel=0.1)
