"""The explorer's answers are those of ``recommend --no-measure``, for whatever is asked after whatever."""

from __future__ import annotations

import random
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from fake_models import STRUCTURES, FakeModels, Run, fake_card
from kept_timings import keep_timings
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.commands import calls
from mlipguide.commands import recommend as recommend_workflow
from mlipguide.commands.calls import Way
from mlipguide.commands.explore import Exploration
from mlipguide.core.errors import InputError, MlipguideError
from mlipguide.records.estimate import Basis
from mlipguide.records.models.model_card import LicenceFact, Licences
from mlipguide.records.models.terms import CommercialUse
from mlipguide.records.requests.recommend import ExploreRequest, RecommendRequest
from mlipguide.testing.fake_session import knee, linear

SILICON, PHOSPHATE = str(STRUCTURES / "Si.POSCAR"), str(STRUCTURES / "LiFePO4.cif")
TASKS = 50
ON_OTHER_HARDWARE = 5
"""Of these; each transfers all published timings anew outside of a look."""


@pytest.fixture
def fakes(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """Give fake models alone: each fresh answer would read the whole catalogue anew."""
    monkeypatch.setattr(recommend_workflow, "load_catalogue", lambda: of_toys(load_catalogue()))
    return fake_models


def of_toys(catalogue: Catalogue) -> Catalogue:
    return Catalogue(tuple(card for card in catalogue.cards if card.backend == "toy"), catalogue.notices)


@pytest.fixture
def known(fakes: FakeModels) -> FakeModels:
    """Give a model that was timed on silicon, and one that was not."""
    fakes.add("fake-good", kappa=0.2, time_law=linear(2e-3), noise=0.02)
    keep_timings(fakes, "fake-good", SILICON, linear(2e-3), (1, 2, 4))
    fakes.add("fake-new", kappa=0.3)
    return fakes


@pytest.fixture
def many(fakes: FakeModels) -> FakeModels:
    """Give five models, all but one of which were timed on silicon, and two of them on LiFePO4 too."""
    closed = LicenceFact(name="ASL", commercial=CommercialUse.NO, sources=("mlipguide_tests",), read_on="2026-01-01")
    card = fake_card("fake-closed", kappa=0.1)
    fakes.add("fake-closed", replace(card, licences=Licences(code=card.licences.code, weights=closed)))
    fakes.add("fake-good", kappa=0.2, time_law=linear(2e-3), noise=0.02)
    fakes.add("fake-fast", kappa=0.8, time_law=linear(1e-4, fixed=5e-3), memory_law=linear(5e5, fixed=1e9))
    fakes.add("fake-knee", kappa=None, time_law=knee(4e-4), seed=4)
    keep_timings(fakes, "fake-closed", SILICON, linear(1e-3), (1, 8))
    keep_timings(fakes, "fake-good", SILICON, linear(2e-3), (1, 2, 4))
    keep_timings(fakes, "fake-fast", SILICON, linear(1e-4, fixed=5e-3), (1, 8, 32))
    keep_timings(fakes, "fake-knee", SILICON, knee(4e-4), (2, 8, 64))
    keep_timings(fakes, "fake-good", PHOSPHATE, linear(2e-3), (1,))
    keep_timings(fakes, "fake-fast", PHOSPHATE, linear(1e-4, fixed=5e-3), (1, 4))
    fakes.add("fake-new", kappa=0.3)
    return fakes


def explored(fakes: FakeModels, structure: str = SILICON) -> Exploration:
    return Exploration(ExploreRequest(structure=structure, models=fakes.names))


def random_tasks(fakes: FakeModels) -> list[RecommendRequest]:
    """Return what is asked; every tenth or so cannot be answered."""
    chance = random.Random(20)  # no secret
    found = []
    for number in range(TASKS):
        kind = chance.choice([None, None, "md", "relax", "screen", "phonons"])
        found.append(
            RecommendRequest(
                structure=chance.choice([SILICON, PHOSPHATE]),
                models=fakes.names,
                measure=False,
                kind=kind,
                structures=chance.choice([None, "2000"]) if kind == "screen" else None,
                atoms=chance.choice([None, "64", "500", "20000", "1e6", "-3"]) if kind != "phonons" else None,
                time=chance.choice([None, "20ps", "3ns", "5"]) if kind in (None, "md") else None,
                temperature=chance.choice([None, "300K", "1500K"]),
                budget=chance.choice([None, "10min", "4d", "1h"]),
                force_mae=chance.choice([None, None, "50meV/A"]),
                needs=chance.choice([None, None, "stress", "magnetism", "nve,stress"]),
                commercial=chance.choice([None, None, True]),
                hardware=chance.choice(["A100-80GB", "4xH100-80GB"]) if number < ON_OTHER_HARDWARE else None,
            )
        )
    chance.shuffle(found)
    return found


def test_the_answers_are_those_of_recommend_for_random_tasks(many: FakeModels) -> None:
    exploration = explored(many)
    opened, refused, choices = len(many.opened), 0, set()
    for asked in random_tasks(many):
        before = exploration.answer
        error = exploration.ask(asked)
        if error is not None:
            with pytest.raises(type(error)) as raised:
                calls.recommend(asked, Way())
            assert (error.message, error.hint) == (raised.value.message, raised.value.hint)
            assert exploration.answer is before
            refused += 1
            continue
        assert exploration.answer is not None
        found, wanted = exploration.answer.result, calls.recommend(asked, Way())
        assert [one.model for one in found.data.candidates] == [one.model for one in wanted.data.candidates]
        assert found == wanted  # with every number, reason and notice
        choices.add(found.data.choice)
    assert len(many.opened) == opened, "nothing was measured"
    assert 5 <= refused <= 20
    assert len(choices) >= 4


def test_what_cannot_be_asked_leaves_question_and_answer_as_they_were(known: FakeModels) -> None:
    exploration = explored(known)
    first = exploration.asked
    assert exploration.ask(first) is None
    answer = exploration.answer
    error = exploration.ask(replace(first, time="10"))
    assert isinstance(error, InputError)
    assert error.message == "--time: '10' has no unit."
    assert (exploration.asked, exploration.answer) == (first, answer)


def test_measuring_ends_the_look(known: FakeModels) -> None:
    exploration = explored(known)
    exploration.ask(exploration.asked)
    assert exploration.answer is not None
    assert time_of(exploration, "fake-new") is None
    assert exploration.measure(Way()) is None
    assert time_of(exploration, "fake-new") is not None
    assert [request.card.id for request in known.opened][-1] == "fake-new"
    assert exploration.asked.measure is False


def time_of(exploration: Exploration, model: str) -> float | None:
    assert exploration.answer is not None
    found = next(one for one in exploration.answer.result.data.candidates if one.model == model)
    return None if found.step_time_s is None else found.step_time_s.value


def test_the_command_line_gives_the_same_answer(known: FakeModels, run: Run) -> None:
    exploration = explored(known)
    exploration.ask(replace(exploration.asked, atoms="500", needs="stress", commercial=True))
    assert exploration.answer is not None
    words = shlex.split(exploration.command)
    assert words[:2] == ["mlipguide", "recommend"]
    assert "--no-measure" in words
    document = run(*words[1:], "--json").document
    assert document["data"]["choice"] == exploration.answer.result.data.choice == "fake-good"
    assert document["data"]["task"]["atoms"] == 500


def test_steps_over_many_sizes_are_those_of_the_answer(known: FakeModels) -> None:
    exploration = explored(known)
    exploration.ask(replace(exploration.asked, atoms="500"))
    good, new = exploration.scalings(["fake-good", "fake-new"])
    assert (new.measured, new.expected) == ((), ())
    assert [one.step_time_s.basis for one in good.measured] == [Basis.MEASURED] * len(good.measured)
    assert good.measured[0].atoms == 8
    sizes = [one.atoms for one in good.expected]
    assert (sizes[0], sizes) == (8, sorted(sizes))
    assert sizes[-1] >= 4 * 500
    near = min(good.expected, key=lambda one: abs(one.atoms - 500))
    assert near.step_time_s.value == pytest.approx(2e-3 * near.atoms, rel=0.3)  # far beyond what was timed
    elsewhere = replace(exploration.asked, hardware="A100-80GB")
    exploration.ask(elsewhere)
    (there,) = exploration.scalings(["fake-good"])
    assert there.measured == ()
    assert {one.step_time_s.basis for one in there.expected} == {Basis.TRANSFERRED}


def test_without_a_structure_it_begins_with_a_preset_and_says_so() -> None:
    exploration = Exploration(ExploreRequest())
    assert exploration.asked.preset == "silicon"
    assert [notice.message for notice in exploration.notices] == ["No structure was given: this is the preset silicon."]


def test_a_task_file_is_where_it_begins(tmp_path: Path) -> None:
    file = tmp_path / "task.yaml"
    file.write_text("preset: water\nbudget: 2h\n", encoding="utf-8")
    asked = Exploration(ExploreRequest(config=file, budget="3h")).asked
    assert (asked.preset, asked.budget, asked.config) == ("water", "3h", None)


def test_labels_are_for_commands_that_run_models() -> None:
    with pytest.raises(MlipguideError, match="explore runs none") as raised:
        Exploration(ExploreRequest(preset="silicon", labels="mine.extxyz"))
    assert "mlipguide evaluate" in raised.value.hint
