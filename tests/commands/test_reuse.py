"""What was measured is used again where it holds, and only there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fake_models import STRUCTURES, FakeModels, make_machine
from mlipguide.candidates import preparation as candidates
from mlipguide.commands import bench as bench_workflow
from mlipguide.commands import recommend as workflow
from mlipguide.environments.resolution import find_environment
from mlipguide.records.advice.advice import Recommendation
from mlipguide.records.hardware.environment import Environment, Recipe
from mlipguide.records.notice import Result
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.testing.fake_session import linear

SILICON = str(STRUCTURES / "Si.POSCAR")


def ask(
    fakes: FakeModels, structure: str = SILICON, *, remeasure: bool = False, atoms: str = "500"
) -> Result[Recommendation]:
    request = TaskRequest(structure=structure, models=fakes.names, atoms=None if "ethanol" in structure else atoms)
    return workflow.recommend(request, workflow.Options(remeasure=remeasure))


def records(fakes: FakeModels) -> list[Path]:
    return list((fakes.plugin.site.parent / "data" / "measurements").rglob("*.json"))


def kinds(result: Result[Recommendation]) -> set[str]:
    return {notice.kind for notice in result.notices}


@pytest.fixture
def measured(fake_models: FakeModels) -> FakeModels:
    """Give fake models of which one was measured on silicon."""
    fake_models.add("fake-a", time_law=linear(1e-3), noise=0.02)
    assert "reused" not in kinds(ask(fake_models))
    assert len(fake_models.opened) == 1
    return fake_models


def test_a_second_question_measures_nothing_and_says_so(measured: FakeModels) -> None:
    before = records(measured)
    result = ask(measured)
    assert len(measured.opened) == 1
    assert records(measured) == before
    (notice,) = (notice for notice in result.notices if notice.kind == "reused")
    assert "fake-a" in notice.message
    assert "--remeasure" in notice.message
    (candidate,) = result.data.candidates
    assert {path.stem for path in before} == set(candidate.measured)


def test_another_task_on_the_same_structure_measures_nothing(measured: FakeModels) -> None:
    for atoms in ("64", "250", "100000"):
        assert "reused" in kinds(ask(measured, atoms=atoms))
    assert len(measured.opened) == 1


def test_a_model_too_slow_for_a_second_size_is_not_measured_every_time(fake_models: FakeModels) -> None:
    fake_models.add("fake-fast", time_law=linear(1e-4))
    fake_models.add("fake-slow", time_law=linear(0.3))
    slow = ask(fake_models).data.candidates[-1]
    assert (slow.model, len(slow.measured)) == ("fake-slow", 1)
    assert ask(fake_models).data.candidates[-1] == slow
    assert len(fake_models.opened) == 2
    request = TaskRequest(structure=SILICON, models=fake_models.names, atoms="500", measure_budget="2h")
    workflow.recommend(request, workflow.Options())
    assert [opened.card.id for opened in fake_models.opened[2:]] == ["fake-slow"]


def test_remeasure_measures_again(measured: FakeModels) -> None:
    before = len(records(measured))
    result = ask(measured, remeasure=True)
    assert "reused" not in kinds(result)
    assert len(measured.opened) == 2
    assert len(records(measured)) == 2 * before
    assert len(result.data.candidates[0].measured) == before


def test_only_what_lacks_is_measured(measured: FakeModels) -> None:
    measured.add("fake-b")
    result = ask(measured)
    assert [request.card.id for request in measured.opened] == ["fake-a", "fake-b"]
    assert "reused" in kinds(result)
    assert all(item.step_time_s is not None for item in result.data.candidates)


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "fedcba9876543210"},
        {"cpu": replace(make_machine().cpu, usable_cores=2.0)},
    ],
    ids=["another machine", "other settings"],
)
def test_other_surroundings_are_measured_anew(measured: FakeModels, change: dict[str, object]) -> None:
    measured.machine = make_machine(**change)
    assert "reused" not in kinds(ask(measured))
    assert len(measured.opened) == 2


def test_another_structure_is_measured_anew(measured: FakeModels) -> None:
    for count, name in enumerate(("LiFePO4.cif", "ethanol.xyz"), start=2):
        assert "reused" not in kinds(ask(measured, str(STRUCTURES / name)))
        assert len(measured.opened) == count


def test_another_version_of_the_backend_is_measured_anew(measured: FakeModels, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(recipe: Recipe) -> Environment:
        return replace(find_environment(recipe), versions={"fake": "2.0"})

    monkeypatch.setattr(candidates, "find_environment", find)
    assert "reused" not in kinds(ask(measured))
    assert len(measured.opened) == 2


def test_random_weights_do_not_stand_for_real_ones(fake_models: FakeModels) -> None:
    fake_models.add("fake-a", synthetic=True)
    ask(fake_models)
    fake_models.add("fake-a", synthetic=False)
    assert "reused" not in kinds(ask(fake_models))
    assert len(fake_models.opened) == 2


def test_records_of_bench_serve_recommend_and_bench_always_measures(fake_models: FakeModels) -> None:
    fake_models.add("fake-a")
    request = TaskRequest(structure=SILICON, models="fake-a")
    bench_workflow.bench(request, bench_workflow.Options())
    bench_workflow.bench(request, bench_workflow.Options())
    assert len(fake_models.opened) == 2
    assert "reused" in kinds(ask(fake_models))
    assert len(fake_models.opened) == 2


def test_a_damaged_record_is_a_notice(measured: FakeModels) -> None:
    path = records(measured)[0]
    path.write_text(path.read_text(encoding="utf-8")[:100], encoding="utf-8")
    result = ask(measured)
    (notice,) = (notice for notice in result.notices if notice.kind == "unreadable_measurement")
    assert str(path) in notice.message
    assert result.data.choice == "fake-a"
