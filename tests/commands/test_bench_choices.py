"""What ``bench`` chooses: models that are at hand, and settings that are faster and compute the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels, fake_card
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.commands import bench as workflow
from mlipguide.commands import recommend as recommend_workflow
from mlipguide.records.models.model_card import WeightsFact
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.timing.bench import FastestSettings
from mlipguide.testing.fake_session import FakeSession, linear

SILICON = str(STRUCTURES / "Si.POSCAR")
NOT_HERE = WeightsFact(origin=WeightsOrigin.GATED, name="b")


def bench(models: str, **options: Any) -> Any:
    request = TaskRequest(structure=SILICON, models=models)
    return workflow.bench(request, workflow.Options(**{"max_atoms": "64", **options}))


@pytest.fixture
def only_fakes(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """Leave nothing else in the catalogue: one model that is at hand, one whose weights are not."""
    fake_models.add("fake-a")
    fake_models.add("fake-b", fake_card("fake-b", weights=NOT_HERE))

    def fakes() -> Catalogue:
        return Catalogue(load_catalogue().select(("fake-a", "fake-b")))

    monkeypatch.setattr(workflow, "load_catalogue", fakes)
    return fake_models


def test_all_names_what_cannot_be_timed(only_fakes: FakeModels) -> None:
    result = bench("all")
    assert {one.model for one in result.data.measurements} == {"fake-a"}
    assert any(notice.kind == "left_out" and "fake-b" in notice.message for notice in result.notices)
    assert len(only_fakes.opened) == 1


def test_available_times_what_is_at_hand_and_says_nothing_of_the_rest(only_fakes: FakeModels) -> None:
    result = bench("available")
    assert {one.model for one in result.data.measurements} == {"fake-a"}
    assert not any("fake-b" in notice.message for notice in result.notices)
    assert len(only_fakes.opened) == 1


def sessions_by_setting(fakes: FakeModels, *, speed_up: float, force_error: float) -> Callable[[], FakeSession]:
    """Return what opens a model that two threads make faster, and float32 twice as fast and less exact."""

    def make() -> FakeSession:
        settings = fakes.opened[-1].settings
        single = settings.dtype == "float32"
        step_s = 2e-3 / (speed_up if settings.threads == 2 else 1.0) / (2.0 if single else 1.0)
        return FakeSession(
            name="fake-a",
            time_law=linear(step_s),
            noise=0.02,
            seed=settings.threads,
            force_error=force_error if single else 0.0,
        )

    return make


@pytest.mark.parametrize(
    ("speed_up", "force_error", "threads", "dtype"),
    [(1.6, 0.0, 2, "float32"), (1.6, 0.1, 2, "float64"), (1.0, 0.0, 1, "float32"), (0.6, 0.0, 1, "float32")],
)
def test_the_fastest_settings_that_compute_the_same_are_chosen(
    fake_models: FakeModels, speed_up: float, force_error: float, threads: int, dtype: str
) -> None:
    fake_models.add("fake-a")
    fake_models.makers["fake-a"] = sessions_by_setting(fake_models, speed_up=speed_up, force_error=force_error)
    result = bench("fake-a", threads="1,2", dtype="float32,float64", sizes="64")
    (fastest,) = result.data.fastest
    assert isinstance(fastest, FastestSettings)
    assert fastest.settings.dtype == dtype
    if speed_up != 1.0:
        assert fastest.settings.threads == threads
    assert bool(force_error) is not all(one.within_tolerance for one in result.data.agreements)
    if force_error:
        assert "differs from the plain setting" in fastest.reason


def test_without_measuring_other_structures_must_do(fake_models: FakeModels) -> None:
    fake_models.add("fake-a", time_law=linear(1e-3), noise=0.02)
    other = TaskRequest(structure=str(STRUCTURES / "LiFePO4.cif"), models="fake-a", atoms="200")
    recommend_workflow.recommend(other, recommend_workflow.Options())
    opened = len(fake_models.opened)
    request = TaskRequest(structure=SILICON, models="fake-a", atoms="200")
    result = recommend_workflow.recommend(request, recommend_workflow.Options(measure=False))
    (candidate,) = result.data.candidates
    assert len(fake_models.opened) == opened
    assert candidate.step_time_s is not None
    assert candidate.step_time_s.basis.value == "transferred"
    assert candidate.step_time_s.low is not None
    assert candidate.step_time_s.high is not None
    assert candidate.step_time_s.high / candidate.step_time_s.low > 1.1
