"""The questions for newcomers: each has a default and units, a bad answer is asked again, the command line is shown."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

import pytest

from fake_models import STRUCTURES, Run
from mlipguide.cli import options
from mlipguide.cli.interview import interview
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.tasks.request_words import request_words
from mlipguide.tasks.requests import build_task, load_structure

LIFEPO4 = str(STRUCTURES / "LiFePO4.cif")


@dataclass
class Scripted:
    """Answers in turn; an empty answer agrees with the default."""

    answers: list[str]
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def ask(self, question: str, default: str | None) -> str:
        self.asked.append(question)
        answer = self.answers.pop(0) if self.answers else ""
        if not answer:
            assert default is not None, f"no default for: {question}"
        return answer or str(default)

    def tell(self, text: str) -> None:
        self.told.append(text)


def test_agreeing_to_everything_is_the_default_task() -> None:
    asker = Scripted(["silicon"])
    request = interview(TaskRequest(), asker)
    assert request == TaskRequest(
        preset="silicon",
        kind="md",
        atoms="8",
        time="100ps",
        temperature="300K",
        commercial=False,
        budget="24h",
    )
    assert len(asker.asked) == 8
    assert "fs, ps, ns" in asker.asked[3]
    assert asker.told[-1].endswith(
        "mlipguide recommend --preset silicon --kind md --atoms 8 --time 100ps --temperature 300K --budget 24h"
    )


def test_bad_answers_are_asked_again_with_what_is_accepted() -> None:
    asker = Scripted(
        ["nowhere.cif", LIFEPO4, "dance", "md", "many", "500", "1", "1ns", "600K", "100", "100meV/A", "perhaps", "yes"]
    )
    request = interview(TaskRequest(), asker)
    assert (request.structure, request.kind, request.atoms, request.time) == (LIFEPO4, "md", "500", "1ns")
    assert (request.force_mae, request.commercial, request.budget) == ("100meV/A", True, "24h")
    assert len(asker.told) == 7
    for text, words in zip(
        asker.told,
        ("nowhere.cif", "relax, screen", "whole number", "Units: fs", "Units: meV/A", "yes or no", "recommend"),
        strict=True,
    ):
        assert words in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [("screen", "How many structures"), ("neb", "How many moving images"), ("phonons", "How many atoms")],
)
def test_each_kind_has_its_questions(kind: str, words: str) -> None:
    asker = Scripted(["silicon", kind])
    request = interview(TaskRequest(), asker)
    assert any(words in question for question in asker.asked)
    assert not any("Simulated time" in question for question in asker.asked)
    _, structure, _ = load_structure(request)
    assert build_task(request, structure).kind == kind


def test_what_is_known_is_not_asked_and_a_molecule_has_its_atoms() -> None:
    asker = Scripted([])
    request = interview(TaskRequest(preset="ethanol", kind="md", time="1ns", budget="2h"), asker)
    assert [question.split()[0] for question in asker.asked] == ["Temperature", "Largest", "Commercial"]
    assert request.atoms is None


def test_without_a_terminal_nothing_is_asked(run: Run) -> None:
    outcome = run("recommend", LIFEPO4, "--interactive")
    assert outcome.code == ExitCode.BAD_INPUT
    assert "no terminal" in outcome.err
    with pytest.raises(InputError, match="--interactive asks questions"):
        options.asker("--interactive")


def test_words_of_a_request_are_quoted_and_complete() -> None:
    request = TaskRequest(
        structure="my file.cif", index="3", kind="md", needs="-surfaces", derive=False, force_mae="100meV/A"
    )
    words = shlex.split(request_words(request))
    assert words[:3] == ["my file.cif", "--index", "3"]
    assert {"--needs=-surfaces", "--no-derive", "--force-mae"} <= set(words)
