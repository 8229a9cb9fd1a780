"""``--add d3``: what is timed, kept, priced, refused and said, with models whose answers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels, Run, fake_card
from mlipguide.candidates import additions as candidates_additions
from mlipguide.candidates.preparation import Consent, Preparation, Prepared
from mlipguide.commands import bench as workflow
from mlipguide.core.errors import ExitCode, MeasurementFailedError
from mlipguide.environments import builds
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.records.advice.verdict_reasons import ReasonKind
from mlipguide.records.hardware.environment import EnvironmentKind
from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.testing.fake_session import linear

UREA = ("--preset", "urea")
SILICON = str(STRUCTURES / "Si.POSCAR")
D3 = Addition(kind=AdditionKind.D3, method="pbe", damping="d3bj")
STEP_S, TIMES = 1e-3, 1.9
Installed = Callable[[Any, Path], dict[str, str]]


def card_of(name: str, level: str | None) -> ModelCard:
    card = fake_card(name)
    return replace(card, training=replace(card.training, level_of_theory=level))


def dearer(settings: Settings) -> dict[str, Any]:
    return {"time_law": linear(STEP_S * (TIMES if settings.additions else 1.0)), "noise": 0.01}


@pytest.fixture
def models(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """A model of PBE, one that has dispersion, one of which nothing says what it was trained on."""
    for name, level in (("fake-pbe", "PBE/PBE+U (MP)"), ("fake-d3", "PBE-D3 (MP)"), ("fake-dark", None)):
        fake_models.add(name, card_of(name, level))
        fake_models.by_settings[name] = dearer
    monkeypatch.setattr(candidates_additions, "installed_of", everything)
    return fake_models


def everything(requirements: Any, _python: Path) -> dict[str, str]:
    return {line: line.partition("==")[2] for line in requirements}


def nothing(_requirements: Any, _python: Path) -> dict[str, str]:
    return {}


def bench(names: str, **options: Any) -> Any:
    request = TaskRequest(structure=SILICON, models=names, add=options.pop("add", "d3"))
    return workflow.bench(request, workflow.Options(**{"sizes": "64", **options}))


def test_the_step_is_timed_with_it_and_the_price_is_a_ratio_of_turns(models: FakeModels) -> None:
    data = bench("fake-pbe").data
    assert {one.settings.additions for one in data.measurements} == {(D3,)}
    assert data.measurements[0].step_time_s.value == pytest.approx(64 * STEP_S * TIMES, rel=0.02)
    (price,) = data.additions
    assert (price.model, price.atoms, price.settings.additions) == ("fake-pbe", 64, (D3,))
    times = price.times_as_long
    assert times.low is not None
    assert times.high is not None
    assert times.low <= TIMES <= times.high
    assert times.high / times.low < 1.1
    assert times.source == "8 rounds in turn"
    assert {request.settings.additions for request in models.opened} == {(D3,), ()}


def test_without_it_nothing_is_priced_and_nothing_named(models: FakeModels, run: Run) -> None:
    del models
    outcome = run("bench", SILICON, "--models", "fake-pbe", "--sizes", "64")
    assert outcome.code == ExitCode.DONE
    assert "D3" not in outcome.out


def test_the_page_says_the_price(models: FakeModels, run: Run) -> None:
    del models
    outcome = run("bench", SILICON, "--models", "fake-pbe", "--sizes", "64", "--add", "d3")
    assert outcome.code == ExitCode.DONE
    words = " ".join(outcome.out.split())
    assert "D3(BJ) of PBE makes a step of fake-pbe with 64 atoms 1.9 (1." in words
    assert "times as long" in words
    assert "with D3(BJ) of PBE" in words, "of the settings"
    assert "Published errors are of the models alone" in outcome.err


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("fake-d3", "it has dispersion already by its level of theory, PBE-D3 (MP)"),
        ("fake-dark", "nothing says which functional it was trained on"),
    ],
)
def test_what_has_it_or_is_of_an_unknown_functional_is_left_out(models: FakeModels, model: str, words: str) -> None:
    result = bench(f"fake-pbe,{model}")
    assert {one.model for one in result.data.measurements} == {"fake-pbe"}
    (notice,) = (one for one in result.notices if one.kind == "left_out")
    assert notice.message.startswith(f"{model}: D3(BJ) is not added: {words}")
    with pytest.raises(MeasurementFailedError, match=words.partition(" (")[0]):
        bench(model)
    assert {request.card.id for request in models.opened} == {"fake-pbe"}


def test_timings_with_it_never_stand_for_those_without(models: FakeModels, run: Run) -> None:
    asked = ("recommend", *UREA, "--models", "fake-pbe", "--time", "1ps", "--json")

    def step_s(*more: str) -> float:
        document = run(*asked, *more).document
        (candidate,) = document["data"]["candidates"]
        kinds = [one["kind"] for one in candidate["settings"]["additions"]]
        assert kinds == (["d3"] if more else [])
        return float(candidate["step_time_s"]["value"])

    plain, count = step_s(), len(models.opened)
    added = step_s("--add", "d3")
    assert added / plain == pytest.approx(TIMES, rel=0.05)
    assert len(models.opened) > count, "it was timed, not taken from the store"
    count = len(models.opened)
    assert step_s("--add", "d3") == pytest.approx(added)
    assert step_s() == pytest.approx(plain)
    assert len(models.opened) == count, "both are remembered apart"


def test_a_recommendation_with_dispersion(models: FakeModels, run: Run) -> None:
    del models
    outcome = run(
        "recommend", *UREA, "--models", "fake-pbe,fake-d3,fake-dark", "--time", "1ps", "--add", "d3", "--json"
    )
    assert outcome.code == ExitCode.DONE
    data = outcome.document["data"]
    assert data["choice"] == "fake-pbe"
    assert data["task"]["additions"] == ["d3"]
    found = {one["model"]: [item["kind"] for item in one["rejections"]] for one in data["candidates"]}
    assert found == {"fake-pbe": [], "fake-d3": ["addition_held"], "fake-dark": ["addition_unfit"]}
    assert not [one for one in data["caveats"] if one["topic"] == "dispersion"]
    assert any("--add d3" in step["command"] for step in data["plan"] if step["command"])
    trained = [one for one in data["strategies"]["prices"] if one["strategy"] != "pretrained"]
    assert all("without --add" in one["rejections"][0]["detail"] for one in trained)


def test_the_page_words_the_rejections_and_the_caution_names_the_option(models: FakeModels, run: Run) -> None:
    del models
    asked = ("recommend", *UREA, "--models", "fake-pbe,fake-d3", "--time", "1ps")
    with_it = run(*asked, "--add", "d3", "--details").out
    assert "it has dispersion already by its level of theory, PBE-D3 (MP)" in " ".join(with_it.split())
    assert "with D3 added" in " ".join(run(*asked, "--add", "d3").out.split())
    without = run("recommend", *UREA, "--models", "fake-pbe", "--time", "1ps").out
    assert "--add d3" in without


def test_a_need_of_dispersion_is_met_by_what_is_added(models: FakeModels, run: Run) -> None:
    del models
    asked = ("recommend", *UREA, "--models", "fake-pbe", "--time", "1ps", "--needs", "dispersion", "--json")
    (without,) = run(*asked).document["data"]["candidates"]
    assert [one["kind"] for one in without["rejections"]] == ["needs_lacking"]
    (added,) = run(*asked, "--add", "d3").document["data"]["candidates"]
    assert added["rejections"] == []


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("dispersion would be counted twice", ("--add", "d3,d4")),
        ("there is no addition 'd5'", ("--add", "d5")),
        ("timed on no other hardware", ("--add", "d3", "--hardware", "A100-80GB")),
    ],
)
def test_what_cannot_be_asked_is_refused(models: FakeModels, run: Run, words: str, more: tuple[str, ...]) -> None:
    outcome = run("recommend", *UREA, "--models", "fake-pbe", *more)
    assert outcome.code == ExitCode.BAD_INPUT
    assert words in " ".join(outcome.err.split())
    assert models.opened == []


def test_a_missing_package_is_said_and_how_to_get_it(models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates_additions, "installed_of", nothing)
    with pytest.raises(MeasurementFailedError, match=r"-m pip install dftd3==1\.7\.0"):
        bench("fake-pbe")
    assert models.opened == []


def managed(name: str = "fake-pbe", driver: str = "ase") -> Preparation:
    """Return one candidate whose environment mlipguide built."""
    recipe = replace(find_recipe("toy"), driver=driver)
    environment = replace(find_environment(recipe), kind=EnvironmentKind.MANAGED, location="nowhere")
    settings = Settings(threads=1, dtype="float64", device="cpu", driver=driver, allocator=Allocator.DEFAULT)
    item = Prepared(
        card=card_of(name, "PBE"),
        recipe=recipe,
        environment=environment,
        settings=settings,
        weights_file=None,
        synthetic=False,
        obstacle=None,
    )
    return Preparation((item,), (), ())


@pytest.mark.parametrize("agrees", [True, False])
def test_a_package_is_added_with_consent_alone(
    models: FakeModels, monkeypatch: pytest.MonkeyPatch, *, agrees: bool
) -> None:
    del models
    installed: set[str] = set()
    asked: list[str] = []

    def answer(question: str) -> bool:
        asked.append(question)
        return agrees

    monkeypatch.setattr(
        candidates_additions, "installed_of", lambda lines, _python: {one: "1.7.0" for one in lines if one in installed}
    )
    monkeypatch.setattr(builds, "add_packages", lambda _recipe, _environment, lines, **_: installed.update(lines))
    found = candidates_additions.with_additions(
        managed(),
        (AdditionKind.D3,),
        consent=Consent(granted=False, ask=answer),
        on_progress=lambda _message: None,
    )
    (item,) = found.candidates
    assert asked == ["Add dftd3==1.7.0 to the environments of toy?"]
    assert installed == ({"dftd3==1.7.0"} if agrees else set())
    assert item.settings.additions == (D3,)
    if agrees:
        assert item.obstacle is None
        assert item.environment.versions["dftd3"] == "1.7.0", "another version is another measurement"
    else:
        assert item.obstacle is not None
        assert "give --yes to install dftd3==1.7.0" in item.obstacle.message


def test_what_steps_atoms_itself_takes_no_addition(models: FakeModels) -> None:
    del models
    found = candidates_additions.with_additions(
        managed(driver="lammps"),
        (AdditionKind.D3,),
        consent=Consent(granted=True, ask=None),
        on_progress=lambda _message: None,
    )
    (item,) = found.candidates
    assert item.obstacle is not None
    assert item.obstacle.kind is ReasonKind.ADDITION_IMPOSSIBLE
    assert item.settings.additions == (D3,), "what is stored of the model alone does not stand for it"
    assert "its steps are taken by lammps" in item.obstacle.message
