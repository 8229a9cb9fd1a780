"""Nothing is built or downloaded without the user's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels, fake_card
from mlipguide.candidates import preparation as candidates
from mlipguide.candidates.preparation import Consent
from mlipguide.cli import options as command_line
from mlipguide.commands import bench as bench_workflow
from mlipguide.commands import recommend as workflow
from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.environments import builds
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.models.model_card import WeightsFact
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.testing.fake_session import linear

SILICON = str(STRUCTURES / "Si.POSCAR")
DOWNLOADED = WeightsFact(origin=WeightsOrigin.DOWNLOAD, name="a", url="https://weights.invalid/a.model", synthetic=True)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, fake_models: FakeModels) -> list[str]:
    """Return the backends that were built; before that, none has an environment."""
    done: list[str] = []

    def missing(recipe: Any) -> Any:
        return replace(find_environment(recipe), state=EnvironmentState.MISSING, python=None, versions={})

    def build(recipe: Any, **_options: Any) -> Any:
        done.append(recipe.backend)
        return find_environment(recipe)

    monkeypatch.setattr(candidates, "find_environment", missing)
    monkeypatch.setattr(builds, "build_environment", build)
    fake_models.add("fake-a", time_law=linear(1e-4))
    return done


def ask(consent: Consent | None = None, **changes: Any) -> Any:
    request = TaskRequest(structure=SILICON, models="fake-a", **changes)
    options = workflow.Options() if consent is None else workflow.Options(consent=consent)
    return workflow.recommend(request, options)


@pytest.mark.usefixtures("fake_models")
@pytest.mark.parametrize(
    "consent", [None, Consent(granted=False, ask=None), Consent(granted=False, ask=lambda _: False)]
)
def test_nothing_is_built_without_consent(built: list[str], consent: Consent | None) -> None:
    with pytest.raises(EnvironmentFailedError, match="no environment yet for toy") as raised:
        ask(consent)
    assert "mlipguide env build toy" in raised.value.hint
    assert built == []


@pytest.mark.parametrize("consent", [Consent(granted=True, ask=None), Consent(granted=False, ask=lambda _: True)])
def test_with_consent_it_is_built_and_used(built: list[str], consent: Consent) -> None:
    assert ask(consent).data.choice == "fake-a"
    assert built == ["toy"]


def test_the_question_names_what_would_be_built(built: list[str]) -> None:
    questions: list[str] = []

    def refuse(question: str) -> bool:
        questions.append(question)
        return False

    with pytest.raises(EnvironmentFailedError):
        ask(Consent(granted=False, ask=refuse))
    assert built == []
    (question,) = questions
    assert "toy" in question


@pytest.mark.usefixtures("built")
def test_a_build_that_fails_stops_its_own_models_only(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_recipe: Any, **_options: Any) -> Any:
        raise EnvironmentFailedError("It cannot be built.", hint="Look at the log.", kind="unsatisfiable")

    monkeypatch.setattr(builds, "build_environment", fail)
    with pytest.raises(EnvironmentFailedError, match="It cannot be built") as raised:
        ask(Consent(granted=True, ask=None))
    assert raised.value.kind == "unsatisfiable"
    assert fake_models.opened == []


@pytest.mark.usefixtures("fake_models")
def test_a_wrong_option_is_found_before_anything_is_built(built: list[str]) -> None:
    yes = Consent(granted=True, ask=None)
    wrong: tuple[Callable[[], Any], ...] = (
        lambda: ask(yes, time="1"),
        lambda: ask(yes, measure_budget="1"),
        lambda: workflow.recommend(
            TaskRequest(structure=SILICON, models="fake-a"),
            workflow.Options(consent=yes, weights={"fake-a": Path("nowhere")}),
        ),
        lambda: bench_workflow.bench(
            TaskRequest(structure=SILICON, models="fake-a"), bench_workflow.Options(consent=yes, temperature="300")
        ),
    )
    for call in wrong:
        with pytest.raises(InputError):
            call()
    assert built == []


@pytest.mark.parametrize(("yes", "as_json"), [(False, True), (True, True), (False, False), (True, False)])
def test_the_command_line_asks_at_a_terminal_only(monkeypatch: pytest.MonkeyPatch, *, yes: bool, as_json: bool) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    consent = command_line.consent(yes=yes, as_json=as_json)
    assert consent.granted is yes
    assert (consent.ask is not None) is not as_json
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert command_line.consent(yes=yes, as_json=as_json).ask is None


def test_nothing_is_built_for_weights_behind_a_closed_gate(
    built: list[str], fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What opens it is said before the build; a file that is given makes it worth while."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    gated = WeightsFact(
        origin=WeightsOrigin.GATED, name="a", url="https://huggingface.co/maker/a/resolve/main/a.pt", synthetic=False
    )
    card = fake_card("fake-a", weights=gated)

    def prepare(given: dict[str, Path]) -> Any:
        return candidates.prepare_candidates(
            [card],
            fake_models.machine,
            given_weights=given,
            consent=Consent(granted=True, ask=None),
            on_progress=lambda _: None,
        )

    (closed,) = [notice for notice in prepare({}).notices if notice.kind == "weights_gated"]
    assert built == []
    assert "https://huggingface.co/maker/a," in closed.message
    assert "HF_TOKEN" in closed.message
    file = tmp_path / "a.pt"
    file.touch()
    prepare({"fake-a": file})
    assert built == ["toy"]


def test_weights_that_are_given_are_used(fake_models: FakeModels, tmp_path: Path) -> None:
    file = tmp_path / "a.model"
    file.touch()
    fake_models.add("fake-a", fake_card("fake-a", weights=DOWNLOADED), time_law=linear(1e-4))
    request = TaskRequest(structure=SILICON, models="fake-a")
    workflow.recommend(request, workflow.Options(weights={"FAKE-a": file}))
    (opened,) = fake_models.opened
    assert (opened.weights_file, opened.synthetic) == (file, False)


def test_a_file_replaces_the_weights_of_a_package(fake_models: FakeModels, tmp_path: Path) -> None:
    file = tmp_path / "a.model"
    file.touch()
    fake_models.add("fake-a")
    request = TaskRequest(structure=SILICON, models="fake-a")
    workflow.recommend(request, workflow.Options(weights={"fake-a": file}))
    assert fake_models.opened[0].weights_file == file


def test_weights_are_not_downloaded_without_consent(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Path:
        raise AssertionError("downloaded without consent")

    monkeypatch.setattr(candidates, "download_weights", refuse)
    fake_models.add("fake-a", fake_card("fake-a", weights=DOWNLOADED), time_law=linear(1e-4), synthetic=True)
    result = ask()
    assert fake_models.opened[0].synthetic
    assert result.data.candidates[0].weights == "synthetic"


def test_weights_are_downloaded_with_consent(
    fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(candidates, "download_weights", lambda _card, _tell: tmp_path / "a.model")
    fake_models.add("fake-a", fake_card("fake-a", weights=DOWNLOADED), time_law=linear(1e-4))
    assert ask(Consent(granted=True, ask=None)).data.choice == "fake-a"
    assert fake_models.opened[0].weights_file == tmp_path / "a.model"
    assert not fake_models.opened[0].synthetic


def test_a_model_without_a_stand_in_is_downloaded_where_it_is_named(
    fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched: list[str] = []

    def download(card: Any, _tell: Any) -> Path:
        fetched.append(card.id)
        return tmp_path / f"{card.id}.model"

    monkeypatch.setattr(candidates, "download_weights", download)
    only_real = replace(DOWNLOADED, synthetic=False)
    for name in ("fake-a", "fake-b"):
        fake_models.add(name, fake_card(name, weights=only_real), time_law=linear(1e-4))
    yes = workflow.Options(consent=Consent(granted=True, ask=None))
    result = workflow.recommend(TaskRequest(structure=SILICON, models="fake-a"), yes)
    assert fetched == ["fake-a"]
    assert result.data.choice == "fake-a"
    assert fake_models.opened[0].weights_file == tmp_path / "fake-a.model"


def test_weights_of_models_that_nobody_named_are_left_alone(
    fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(card: Any, _tell: Any) -> Path:
        raise AssertionError(f"{card.id} was downloaded unasked")

    monkeypatch.setattr(candidates, "download_weights", refuse)
    only_real = replace(DOWNLOADED, synthetic=False)
    fake_models.add("fake-a", fake_card("fake-a", weights=only_real), time_law=linear(1e-4))
    found, notices = candidates.fetch_missing_weights(
        candidates.prepare_candidates(
            [fake_card("fake-a", weights=only_real)],
            fake_models.machine,
            given_weights={},
            consent=candidates.NO_CONSENT,
            on_progress=lambda _: None,
        ).candidates,
        consent=Consent(granted=True, ask=None),
        on_progress=lambda _: None,
    )
    assert (found, notices) == ({}, ())
