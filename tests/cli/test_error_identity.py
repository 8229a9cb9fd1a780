"""An error in JSON says which model, file and option it is about, so that no program has to read the sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.core.errors import InputError, concerning
from mlipguide.sessions.errors import FailureKind

LIFEPO4 = STRUCTURES / "LiFePO4.cif"


def error_of(run: Run, *arguments: str | Path) -> dict[str, Any]:
    (error,) = run(*arguments, "--json").document["errors"]
    found: dict[str, Any] = error
    return found


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["recommend", LIFEPO4, "--time", "5"], "--time"),
        (["recommend", LIFEPO4, "--budget", "-3h"], "--budget"),
        (["recommend", LIFEPO4, "--atoms", "many"], "--atoms"),
        (["recommend", LIFEPO4, "--kind", "dance"], "--kind"),
        (["recommend", LIFEPO4, "--index", "x"], "--index"),
        (["recommend", LIFEPO4, "--dft-cores", "4"], "--dft-cores"),
        (["recommend", LIFEPO4, "--nonsense"], "--nonsense"),
    ],
)
def test_an_option_is_named(run: Run, arguments: list[str | Path], option: str) -> None:
    error = error_of(run, *arguments)
    assert (error["option"], error["model"], error["file"]) == (option, None, None)


def test_a_file_is_named(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.cif"
    broken.write_text("no crystal", encoding="utf-8")
    config = tmp_path / "task.yaml"
    config.write_text("colour: blue", encoding="utf-8")
    cases: tuple[tuple[list[str | Path], Path], ...] = (
        (["recommend", tmp_path / "none.cif"], tmp_path / "none.cif"),
        (["recommend", broken], broken),
        (["recommend", "--config", config], config),
        (["evaluate", broken], broken),
    )
    for arguments, file in cases:
        error = error_of(run, *arguments)
        assert (error["file"], error["model"], error["option"]) == (str(file), None, None)


def test_a_model_is_named(run: Run, fake_models: FakeModels) -> None:
    assert error_of(run, "recommend", LIFEPO4, "--models", "no-such")["model"] == "no-such"
    fake_models.add("fake-a", fails_at={1: FailureKind.CRASHED})
    errors = run("bench", LIFEPO4, "--models", "fake-a", "--budget", "5s", "--json").document["errors"]
    assert {one["model"] for one in errors} == {"fake-a"}


def test_what_an_error_says_itself_stands() -> None:
    with pytest.raises(InputError) as caught, concerning(file="outer", option="--outer"), concerning(option="--inner"):
        raise InputError("It failed.", file="inner")
    assert (caught.value.file, caught.value.option, caught.value.model) == ("inner", "--inner", None)
