"""What a pilot with known laws says: frames, errors, times, and what it refuses to say."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import make_estimate
from known_trainings import FOLDER, make_tried
from mlipguide.advice.prices.trainings import Outlook, TriedModel, outlook
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.training.training import Engine


def error(frames: float, *, floor: float = 0.05, scale: float = 0.3, exponent: float = 0.7) -> float:
    return floor + scale / math.pow(frames, exponent)


def exactly(frames: float) -> Estimate:
    return Estimate(value=frames, low=frames, high=frames, basis=Basis.MEASURED, source="asked")


def seconds(model: TriedModel, frames: float) -> Estimate:
    found = model.training_time(exactly(frames))
    assert found is not None
    return found.estimate


def test_a_target_that_was_reached_takes_the_frames_that_are_there_and_is_not_in_doubt() -> None:
    found = outlook(make_tried(), 0.07)
    assert found.frames == replace(exactly(200), source=found.error.source)
    assert found.error.value == pytest.approx(error(200), rel=0.01)
    assert found.error.basis is Basis.MEASURED
    assert (found.rejections, found.doubts) == ((), ())
    assert FOLDER in found.words
    assert "2026-11-20" in found.words
    fewest = int(found.words.split("about ")[1].split()[0])
    assert error(fewest) == pytest.approx(0.07, rel=0.05)


def test_a_target_beyond_the_data_takes_more_frames_with_an_interval() -> None:
    wanted = error(400)
    found = outlook(make_tried(), wanted)
    assert found.frames is not None
    assert found.frames.basis is Basis.EXTRAPOLATED
    assert 200 < found.frames.value < 800
    low, high = found.error.low, found.error.high
    assert low is not None
    assert high is not None
    assert low < wanted < high


def test_a_target_below_the_floor_is_ruled_out_and_one_near_it_is_in_doubt() -> None:
    never = outlook(make_tried(floor=0.08, exponent=1.2), 0.04)
    assert never.frames is None
    assert "will not reach 40 meV/Å" in never.rejections[0]
    beyond = outlook(make_tried(), error(3000))
    assert beyond.frames is None
    assert beyond.rejections == ()
    assert "not expected" in beyond.doubts[0]


def test_without_a_target_all_frames_at_hand_are_learned_from() -> None:
    found = outlook(make_tried(), None)
    assert found.frames is not None
    assert found.frames.value == 200
    assert outlook(make_tried(at_hand=10_000), None).frames == replace(found.frames, value=800.0, low=800.0, high=800.0)


def test_two_sizes_of_data_tell_nothing_of_others() -> None:
    few = make_tried(sizes=(100, 200))
    assert few.curve is None
    assert outlook(few, 0.07).frames is not None
    unknown = outlook(few, 0.01)
    assert unknown.frames is None
    assert "cannot be told" in unknown.doubts[0]
    assert unknown.error.low is None


def test_least_squares_take_longer_with_more_frames_and_a_fixed_number_of_steps_hardly() -> None:
    pod = make_tried(Engine.POD, time_exponent=0.8)
    nep = make_tried(Engine.NEP, time_exponent=0.05)
    assert seconds(pod, 200).value == pytest.approx(60)
    assert seconds(pod, 200).basis is Basis.MEASURED
    assert seconds(pod, 50).value == pytest.approx(60 * 4**-0.8)
    assert seconds(pod, 50).basis is Basis.FITTED
    for truth in (60 * 4**0.8, 60 * 4):  # as fitted, and when the equations are all that counts
        assert seconds(pod, 800).at_least < truth < seconds(pod, 800).at_most
    assert seconds(pod, 800).basis is Basis.EXTRAPOLATED
    assert seconds(nep, 800).value < 1.1 * 60
    wide, narrow = seconds(pod, 800).relative_spread, seconds(pod, 200).relative_spread
    assert wide is not None
    assert narrow is not None
    assert wide > narrow


def test_an_uncertain_number_of_frames_makes_an_uncertain_time() -> None:
    pod = make_tried()
    sure, unsure = pod.training_time(exactly(400)), pod.training_time(make_estimate(400, spread=2.0))
    assert sure is not None
    assert unsure is not None
    assert (unsure.estimate.relative_spread or 0) > (sure.estimate.relative_spread or 0)


def test_a_step_is_measured_at_its_size_and_less_sure_away_from_it() -> None:
    model = make_tried(us_per_atom=200.0)
    spreads = []
    for atoms in (512, 2000, 100_000):
        found = model.step_time(atoms)
        assert found is not None
        assert found.estimate.value == pytest.approx(200e-6 * atoms)
        assert found.estimate.basis is (Basis.MEASURED if atoms == 512 else Basis.EXTRAPOLATED)
        spreads.append(found.estimate.relative_spread or 0)
    assert spreads == sorted(spreads)
    few = model.step_time(8)
    assert few is not None
    # A tenth of the step of 512 atoms may be there whatever the atoms are.
    assert few.estimate.at_most > 0.1 * 200e-6 * 512


def test_another_machine_tells_errors_and_no_times() -> None:
    model = make_tried(here=False)
    assert model.training_time(exactly(200)) is None
    assert model.step_time(512) is None
    assert outlook(model, 0.07) == replace(outlook(make_tried(), 0.07))
    assert make_tried(us_per_atom=None).step_time(512) is None


@settings(max_examples=40, deadline=None)
@given(limit=st.floats(0.01, 0.3), easier=st.floats(1.0, 3.0))
def test_an_easier_target_never_takes_more_frames_nor_is_less_possible(limit: float, easier: float) -> None:
    model = make_tried()
    hard, easy = outlook(model, limit), outlook(model, limit * easier)
    assert _rank(easy) <= _rank(hard)
    if hard.frames is not None:
        assert easy.frames is not None
        assert easy.frames.value <= hard.frames.value


def _rank(found: Outlook) -> int:
    return 2 if found.rejections else 1 if found.doubts else 0
