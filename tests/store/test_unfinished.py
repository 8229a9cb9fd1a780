"""What an interrupted run leaves is taken up by the next one of the same question, and by no other."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mlipguide.core.errors import InputError, StorageError
from mlipguide.core.paths import CACHE_VARIABLE, unfinished_dir
from mlipguide.store import unfinished
from mlipguide.store.unfinished import KEPT_S, Answers, Form, Unfinished, taking_up

PLAIN: Form[dict[str, int]] = Form(dict, dict)
QUESTION = {"models": ["a"]}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


def interrupted(question: dict[str, list[str]] = QUESTION, *, value: int = 1) -> None:
    with suppress(KeyboardInterrupt), taking_up("test", question) as run:
        run.remember("step", lambda: {"value": value}, PLAIN)
        raise KeyboardInterrupt


def value_of(run: Unfinished) -> int:
    return run.remember("step", lambda: {"value": 2}, PLAIN)["value"]


def folders() -> list[Path]:
    return [path for path in unfinished_dir().iterdir() if path.is_dir()]


def test_a_step_of_an_interrupted_run_is_not_done_again() -> None:
    interrupted()
    with taking_up("test", QUESTION) as run:
        assert value_of(run) == 1
        assert run.taken_up_s >= 0
        (notice,) = run.notices("1 of 2 steps was done")
    assert notice.message.startswith("1 of 2 steps was done by the run that was interrupted at ")
    assert list(unfinished_dir().iterdir()) == []
    with taking_up("test", QUESTION) as run:
        assert value_of(run) == 2
        assert run.notices("nothing was done") == ()


@pytest.mark.parametrize(("command", "question"), [("other", QUESTION), ("test", {"models": ["b"]})])
def test_another_question_has_a_folder_of_its_own(command: str, question: dict[str, list[str]]) -> None:
    interrupted()
    with taking_up(command, question) as run:
        assert value_of(run) == 2
    assert len(folders()) == 1


def test_beside_a_run_that_goes_on_another_one_begins_anew() -> None:
    interrupted()
    with taking_up("test", QUESTION) as first, taking_up("test", QUESTION) as second:
        assert value_of(first) == 1
        assert value_of(second) == 2
        assert len(folders()) == 2
    assert list(unfinished_dir().iterdir()) == []


def test_an_error_that_would_come_again_leaves_nothing_and_a_full_disk_does() -> None:
    for error, left in ((InputError("no", hint=""), 0), (StorageError("full", hint=""), 1)):
        with suppress(type(error)), taking_up("test", QUESTION) as run:
            value_of(run)
            raise error
        assert len(folders()) == left


def test_what_nobody_took_up_for_a_week_is_removed() -> None:
    interrupted()
    for path in unfinished_dir().glob("*/steps/*.json"):
        os.utime(path, (time.time() - KEPT_S - 60,) * 2)
    with taking_up("test", {"models": ["b"]}):
        assert folders() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"took_s": 1}'])
def test_a_damaged_step_is_done_again(text: str) -> None:
    interrupted()
    (path,) = unfinished_dir().glob("*/steps/*.json")
    path.write_text(text, encoding="utf-8")
    with taking_up("test", QUESTION) as run:
        assert value_of(run) == 2


def test_a_step_of_another_form_is_done_again() -> None:
    interrupted()
    form: Form[int] = Form(lambda number: {"number": number}, lambda kept: int(kept["number"]))
    with taking_up("test", QUESTION) as run:
        assert run.remember("step", lambda: 3, form) == 3


def test_many_answers_are_kept_in_few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "EVERY_S", 3600.0)
    with suppress(KeyboardInterrupt), taking_up("test", QUESTION) as run, Answers(run, "frames") as answers:
        for number in range(50):
            answers.add(str(number), number)
        raise KeyboardInterrupt
    (path,) = unfinished_dir().glob("*/steps/*.json")
    assert len(json.loads(path.read_text())["result"]) == 50
    with suppress(KeyboardInterrupt), taking_up("test", QUESTION) as run, Answers(run, "frames") as answers:
        assert answers.known == {str(number): number for number in range(50)}
        answers.add("50", 50)
        raise KeyboardInterrupt
    with taking_up("test", QUESTION) as run:
        assert len(Answers(run, "frames").known) == 51
