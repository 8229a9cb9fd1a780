"""The order of a pilot's fits, from what is finished and what it took."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlipguide.records.training.training import Engine
from mlipguide.training.pilot.pilot_plan import (
    MARGIN,
    NEXT_SIZE,
    FinishedFit,
    PlannedFit,
    all_fits,
    expected_s,
    left_out,
    next_fit,
    remaining_s,
)

SIZES = {Engine.POD: ("small", "large"), Engine.NEP: ("small",)}
SUBSETS = (10, 20, 40)
FITS = all_fits(SIZES, SUBSETS)
PER_FRAME_S = {(Engine.POD, "small"): 0.1, (Engine.POD, "large"): 0.4}
NEP_S = 20.0  # a fixed number of steps
MODELS = {(engine, size) for engine, sizes in SIZES.items() for size in sizes}


def seconds(fit: PlannedFit) -> float:
    """Return what a fit takes."""
    return NEP_S if fit.engine is Engine.NEP else PER_FRAME_S[fit.model] * fit.frames


def run(budget_s: float) -> list[FinishedFit]:
    """Do the fits that the plan names, each taking what its law says."""
    finished: list[FinishedFit] = []
    left_s = budget_s
    while (fit := next_fit(FITS, finished, left_s=left_s)) is not None:
        spent_s = seconds(fit)
        finished.append(FinishedFit(fit, spent_s))
        left_s -= spent_s
    return finished


def fit(engine: Engine = Engine.POD, size: str = "small", frames: int = 10, repeat: int = 0) -> PlannedFit:
    return next(one for one in FITS if (one.engine, one.size, one.frames, one.repeat) == (engine, size, frames, repeat))


def test_all_frames_are_fitted_once_and_parts_three_times() -> None:
    assert len(FITS) == 3 * (3 + 3 + 1)
    assert len(set(FITS)) == len(FITS)


def test_with_time_enough_everything_is_done() -> None:
    finished = run(1e6)
    assert {one.fit for one in finished} == set(FITS)
    assert left_out(FITS, finished) == ()


def test_every_model_is_tried_on_few_frames_before_any_repeat() -> None:
    order = [one.fit for one in run(1e6)]
    firsts = [order.index(next(one for one in order if one.model == model)) for model in MODELS]
    assert max(firsts) < next(place for place, one in enumerate(order) if one.repeat)
    assert all(order[place].frames == 10 for place in firsts)


def test_where_few_frames_take_as_long_as_many_all_are_fitted_next() -> None:
    sizes = {Engine.NEP: ("small", "medium")}
    fits = all_fits(sizes, SUBSETS)
    finished = [FinishedFit(next(one for one in fits if one.size == "small" and one.frames == 10), 20.0)]
    following = next_fit(fits, finished, left_s=1e6)
    assert following is not None
    assert (following.size, following.frames) == ("small", 40)
    finished.append(FinishedFit(following, 20.0))
    following = next_fit(fits, finished, left_s=1e6)
    assert following is not None
    assert (following.size, following.frames) == ("medium", 40)  # no fit to ten frames, which would tell less


def test_a_fit_to_all_frames_comes_before_repeats_that_cost_as_much() -> None:
    order = [one.fit for one in run(1e6)]
    assert order.index(fit(frames=40)) < order.index(fit(frames=20, repeat=1))


@given(st.floats(1.0, 400.0))
def test_known_laws_never_overrun_the_budget(budget_s: float) -> None:
    finished = run(budget_s)
    # Only of an engine that was never fitted is the time unknown; the first two fits here take 1 s and 20 s.
    first = {one.fit.engine: one.spent_s for one in reversed(finished)}
    assert sum(one.spent_s for one in finished) <= budget_s + sum(first.values())
    done = {one.fit for one in finished}
    skipped = {one.fit for one in left_out(FITS, finished)}
    assert done | skipped == set(FITS)
    assert not done & skipped


def test_a_fit_that_does_not_fit_in_is_left_for_one_that_does() -> None:
    finished = [
        FinishedFit(fit(), 1.0),
        FinishedFit(fit(size="large"), 4.0),
        FinishedFit(fit(Engine.NEP), 20.0),
    ]
    following = next_fit(FITS, finished, left_s=3.0)
    assert following is not None
    assert following.model == (Engine.POD, "small")
    assert next_fit(FITS, finished, left_s=1.0) is None  # 1 s is expected, and some more may be taken
    assert next_fit(FITS, finished, left_s=MARGIN + 0.01) is not None


def test_times_follow_the_law_of_the_finished_fits() -> None:
    assert expected_s(fit(), []) is None
    one = [FinishedFit(fit(), 1.0)]
    assert expected_s(fit(frames=40), one) == pytest.approx(4.0)
    two = [*one, FinishedFit(fit(frames=20), 4.0)]
    assert expected_s(fit(frames=40), two) == pytest.approx(16.0)
    assert expected_s(fit(size="large"), two) == pytest.approx(NEXT_SIZE)
    assert expected_s(fit(Engine.NEP), two) is None


def test_of_a_model_that_failed_nothing_more_is_tried() -> None:
    finished = [FinishedFit(fit(), 1.0, failed=True)]
    while (following := next_fit(FITS, finished, left_s=1e6)) is not None:
        assert following.model != (Engine.POD, "small")
        finished.append(FinishedFit(following, 1.0))
    reasons = {one.reason for one in left_out(FITS, finished)}
    assert reasons == {"a smaller fit of this model failed"}


def test_what_was_cut_is_tried_again_when_there_is_clearly_more_time() -> None:
    finished = [FinishedFit(fit(Engine.NEP), 30.0, cut=True)]
    fits = [one for one in FITS if one.engine is Engine.NEP]
    assert next_fit(fits, finished, left_s=30.0) is None
    assert next_fit(fits, finished, left_s=600.0) == fit(Engine.NEP)
    assert left_out(fits, finished)[0].reason == "stopped when the budget ended"


def test_remaining_time_is_that_of_the_fits_or_of_the_budget() -> None:
    finished = run(1e6)[:-1]
    last = next(one for one in FITS if one not in {done.fit for done in finished})
    assert remaining_s(FITS, finished, left_s=1e6) == pytest.approx(seconds(last), rel=0.01)
    assert remaining_s(FITS, [], left_s=600.0) == 600.0
