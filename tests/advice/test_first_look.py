"""The first ranking, and the models that are left out of timing because they cannot change the choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from factories import HOUR, SETTINGS, make_atoms, make_card, make_estimate, make_metrics, make_task
from fake_models import make_machine
from mlipguide.advice import first_look
from mlipguide.advice.first_look import choose_contenders
from mlipguide.advice.recommendation import Question
from mlipguide.bench.measuring.gathering import Contenders
from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.preparation import Prepared
from mlipguide.catalog.cards import load_catalogue
from mlipguide.environments.recipes import load_recipes
from mlipguide.environments.resolution import find_environment
from mlipguide.records.accuracy.evidence import Evidence
from mlipguide.records.advice.first_look import FirstLook
from mlipguide.records.advice.verdict_reasons import ReasonKind
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.report.words.first_look_words import first_look_lines
from mlipguide.report.words.reason_words import reason_words

TASK = make_task(budget_s=24 * HOUR)


@dataclass(frozen=True)
class Expected:
    """Costs whose step takes a known time, within a factor of 1.5, and of which all else is the same."""

    step_s: float

    def step_time_s(self, _atoms: int) -> Estimate:
        return make_estimate(self.step_s, spread=1.5, basis=Basis.TRANSFERRED)

    def peak_memory_bytes(self, _atoms: int) -> Estimate:
        return make_estimate(1e9)

    def largest_system_atoms(self, _memory_bytes: int) -> Estimate:
        return make_estimate(1e4)

    def affordable_atoms(self, **_run: float) -> Estimate:
        return make_estimate(1e4)


def prepared(name: str, kappa: float) -> Prepared:
    card = make_card(name, backend="chgnet", metrics=make_metrics(kappa))
    recipe = load_recipes()["chgnet"]
    return Prepared(
        card=replace(card, architecture=replace(card.architecture, time_law=name)),
        recipe=recipe,
        environment=find_environment(recipe),
        settings=SETTINGS,
        weights_file=None,
        synthetic=False,
        obstacle=None,
    )


@dataclass
class Looks:
    """What was chosen, and the look that was told."""

    chosen: Contenders
    looks: list[FirstLook]

    @property
    def names(self) -> list[str]:
        return [item.card.id for item in self.chosen.candidates]


Look = Callable[..., Looks]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    def choose(hours: Mapping[str, float | None], kappas: Sequence[float], **changes: Any) -> Looks:
        steps = TASK.workload.evaluations.value
        expected = {name: Expected(hour * HOUR / steps) for name, hour in hours.items() if hour is not None}
        monkeypatch.setattr(first_look, "expected_costs", lambda *_args, **_kwargs: expected)
        evidence: Mapping[str, Evidence] | None = changes.pop("evidence", {})
        looks: list[FirstLook] = []
        items = [prepared(name, kappa) for name, kappa in zip(hours, kappas, strict=True)]
        question = Question(
            request=TaskRequest(**changes),
            task=TASK,
            atoms=make_atoms(8),
            cards=tuple(item.card for item in items),
            weights={},
            profiles=(),
            catalogue=load_catalogue(),
        )
        chosen = choose_contenders(
            items,
            MeasuredModels(),
            question=question,
            machine=make_machine(),
            evidence=evidence,
            each=False,
            on_look=looks.append,
        )
        chosen.tell(chosen.candidates)
        return Looks(chosen, looks)

    return choose


def test_a_model_that_another_beats_by_expectation_is_not_timed(look: Look) -> None:
    found = look({"good": 2.0, "close": 3.0, "beaten": 12.0}, [0.2, 0.5, 0.6])
    assert found.names == ["good", "close"]
    (doubt,) = found.chosen.left_out.values()
    assert doubt.kind is ReasonKind.EXPECTED_BEATEN
    assert (doubt.model, doubt.names) == ("beaten", ("good",))
    assert reason_words(doubt) == (
        "Not timed: its run is expected to take 12 h (8 to 18 h); good is expected to be faster, and by what is known "
        "no less accurate."
    )


def test_a_more_accurate_one_is_timed_although_it_is_slower(look: Look) -> None:
    assert look({"fast": 2.0, "accurate": 20.0}, [0.6, 0.2]).names == ["accurate", "fast"]


def test_what_is_far_too_slow_is_left_out_only_where_another_ends_in_time(look: Look) -> None:
    found = look({"fits": 2.0, "far": 200.0}, [0.6, 0.2])
    assert found.names == ["fits"]
    assert found.chosen.left_out["far"].kind is ReasonKind.EXPECTED_TOO_LONG
    assert "and fits ends in time" in reason_words(found.chosen.left_out["far"])
    # Nothing ends in time: the slow ones may be teachers.
    assert look({"far": 200.0, "further": 900.0}, [0.6, 0.2]).names == ["further", "far"]


def test_models_that_were_named_are_all_timed_and_labels_come_before_publications(look: Look) -> None:
    hours = {"good": 2.0, "beaten": 12.0}
    assert look(hours, [0.2, 0.6], models="good,beaten").names == ["good", "beaten"]
    assert look(hours, [0.2, 0.6], evidence=None).names == ["good", "beaten"]


def test_the_first_ranking_says_what_is_expected_and_what_is_timed(look: Look) -> None:
    (told,) = look({"good": 2.0, "close": 3.0, "beaten": 12.0}, [0.2, 0.5, 0.6]).looks
    assert first_look_lines(told) == [
        "first ranking, before timing: the time of the run and its 90 % interval",
        "  1. good    120 min (80 min to 3 h), expected",
        "  2. close   3 h (120 min to 4.5 h), expected",
        "  3. beaten  12 h (8 to 18 h), expected",
        "3 models can be started; those that could change the choice are timed: good, close",
        "not timing beaten: expected to be slower than another one, and by what is known no more accurate",
    ]


def test_where_nothing_tells_of_the_speed_everything_is_timed(look: Look) -> None:
    found = look({"a": None, "b": None}, [0.2, 0.5])
    assert found.names == ["a", "b"]
    assert first_look_lines(found.looks[0]) == []
