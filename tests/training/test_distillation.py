"""Distillation of a teacher that is known, by a trainer whose students err by a known law."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from known_students import CELL, Clock, KnownTrainer, Springs
from mlipguide.core.errors import InputError, TrainingFailedError
from mlipguide.store.step_cache import StepCache
from mlipguide.testing.in_process import in_process_session
from mlipguide.training.distil.distillation import DistillationResult, Distiller
from mlipguide.training.distil.schedule import DistillationSchedule, plan_schedule

KELVIN = 400.0


class StoppedError(Exception):
    """Stands for Ctrl-C, which pytest takes for its own."""


def schedule(**changes: Any) -> DistillationSchedule:
    known = {
        "temperature_k": KELVIN,
        "timestep_s": 4e-15,
        "budget_s": 100.0,
        "teacher_call_s": 0.1,
        "seed": 1,
        "added": 5,
        **changes,
    }
    planned = plan_schedule(**known)
    return DistillationSchedule(**{**vars(planned), "explore_steps": 100, "long_steps": 400})


def distil(
    folder: Path,
    trainer: KnownTrainer,
    *,
    plan: DistillationSchedule | None = None,
    on_request: Callable[[str], None] = lambda _operation: None,
) -> DistillationResult:
    recipe = trainer.recipes(["Cu"], seed=1)[0]
    return Distiller(
        teacher=in_process_session(Springs(), on_request=on_request),
        trainer=trainer,
        recipe=recipe,
        member=recipe,
        cell=CELL,
        schedule=plan or schedule(),
        cache=StepCache(folder, now=trainer.clock),
        on_progress=lambda _message, _share: None,
    ).run()


def test_the_error_against_the_teacher_is_the_known_one(tmp_path: Path) -> None:
    distilled = distil(tmp_path, KnownTrainer(Clock()))
    first = distilled.rounds[0]
    forces = np.concatenate([np.ravel(np.asarray(frame.forces_ev_per_angstrom)) for frame in distilled.held_out])
    assert first.held_out.force_mae_ev_per_angstrom == pytest.approx(3 / first.training_frames * np.abs(forces).mean())
    assert first.held_out.force_rms_ev_per_angstrom == pytest.approx(np.sqrt((forces**2).mean()))


def test_no_frame_of_the_held_out_run_is_trained_on(tmp_path: Path) -> None:
    distilled = distil(tmp_path, KnownTrainer(Clock()))
    trained = np.stack([frame.atoms.positions for frame in distilled.frames])
    for frame in distilled.held_out:
        assert np.abs(trained - frame.atoms.positions).max(axis=(1, 2)).min() > 1e-3


def test_the_teacher_s_held_out_run_goes_on_while_budget_is_left(tmp_path: Path) -> None:
    planned = schedule()
    short = distil(tmp_path / "short", KnownTrainer(Clock()), plan=replace(planned, budget_s=1.0))
    long = distil(tmp_path / "long", KnownTrainer(Clock()), plan=replace(planned, budget_s=1e5))
    assert len(short.held_out) == len(long.held_out)
    short_s, long_s = short.comparison.teacher_simulated_time_s, long.comparison.teacher_simulated_time_s
    assert short_s is not None
    assert long_s is not None
    assert long_s > 1.5 * short_s
    # The student's long run is no longer than 400 steps, and no more are asked of the teacher.
    assert long_s <= 400 * planned.timestep_s
    assert long.label_calls > short.label_calls


def test_rounds_end_when_the_student_is_as_good_where_it_goes(tmp_path: Path) -> None:
    distilled = distil(tmp_path, KnownTrainer(Clock()))
    assert len(distilled.rounds) == 1
    assert "as good where it goes" in distilled.ended_because
    assert distilled.comparison is not None
    assert distilled.comparison.stable
    assert distilled.comparison.student_temperature_k == pytest.approx(KELVIN, rel=0.4)


def test_a_student_that_diverges_is_taught_again_until_the_budget_ends(tmp_path: Path) -> None:
    distilled = distil(
        tmp_path, KnownTrainer(Clock(), explodes=True, law=lambda _n: 0.05), plan=schedule(budget_s=40.0)
    )
    assert all(one.diverged for one in distilled.rounds)
    assert len(distilled.rounds) < schedule().most_rounds
    assert "budget" in distilled.ended_because
    assert distilled.comparison is not None
    assert not distilled.comparison.stable


def test_a_student_that_learnt_nothing_is_not_delivered(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailedError, match="No fit came near its teacher"):
        distil(tmp_path, KnownTrainer(Clock(), law=lambda _n: 5.0))


def test_the_committee_is_of_bootstrap_fits_where_they_are_cheap(tmp_path: Path) -> None:
    cheap, dear = KnownTrainer(Clock()), KnownTrainer(Clock())
    distilled = distil(tmp_path / "cheap", cheap, plan=schedule(budget_s=1000.0))
    assert {"member-1-1", "member-1-2"} <= set(cheap.fits)
    assert distilled.rounds[0].committee_spread_ev_per_angstrom is not None
    assert distil(tmp_path / "dear", dear).rounds[0].committee_spread_ev_per_angstrom is None


@pytest.mark.in_turn("interrupted distillations", 2)
@pytest.mark.parametrize(("after", "budget_s"), [(1, 100.0), (6, 100.0), (13, 100.0), (20, 100.0), (25, 1000.0)])
def test_interrupted_anywhere_it_ends_as_uninterrupted(tmp_path: Path, after: int, budget_s: float) -> None:
    plan = schedule(budget_s=budget_s)  # with the longer one a committee is fitted too
    whole = distil(tmp_path / "whole", KnownTrainer(Clock()), plan=plan)
    for attempt in itertools.count():
        calls = itertools.count()

        def interrupt(_operation: str, calls: itertools.count[int] = calls) -> None:
            if next(calls) >= after:
                raise StoppedError

        try:
            cut = distil(tmp_path / "cut", KnownTrainer(Clock()), plan=plan, on_request=interrupt)
        except StoppedError:
            assert attempt < 200
            continue
        break
    assert attempt > 0
    assert cut.rounds == whole.rounds
    assert cut.comparison == whole.comparison
    assert cut.label_calls == whole.label_calls


def test_finished_steps_are_not_paid_for_again(tmp_path: Path) -> None:
    first = KnownTrainer(Clock())
    distil(tmp_path, first)
    asked: list[str] = []
    again = KnownTrainer(Clock())
    distil(tmp_path, again, on_request=asked.append)
    assert first.fits
    assert again.fits == asked == []


def test_a_folder_is_bound_to_one_request(tmp_path: Path) -> None:
    StepCache(tmp_path).require_request({"teacher": "a", "temperature_k": 300.0})
    StepCache(tmp_path).require_request({"teacher": "a", "temperature_k": 300.0})
    with pytest.raises(InputError, match="another temperature_k"):
        StepCache(tmp_path).require_request({"teacher": "a", "temperature_k": 600.0})


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        StepCache(tmp_path).require_request({})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_first_labels_take_their_share_of_the_budget() -> None:
    planned = plan_schedule(temperature_k=600, timestep_s=2e-15, budget_s=1800, teacher_call_s=0.5, seed=0)
    assert 0.15 * 1800 < planned.label_calls * 0.5 < 0.35 * 1800
    quick = plan_schedule(temperature_k=600, timestep_s=2e-15, budget_s=1800, teacher_call_s=1e-4, seed=0)
    assert quick.label_calls < 2000
