"""Calculators of the user's own through the commands: named beside models, found again, kept under a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_models import Run
from mlipguide.candidates import door
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.calls import Way, with_own
from mlipguide.commands.functions import FUNCTIONS
from mlipguide.core.errors import InputError
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.records.requests.accuracy import EvaluateRequest
from mlipguide.records.requests.measuring import BenchRequest
from mlipguide.records.requests.option import options_of
from mlipguide.records.requests.values import value_of
from own_calculators import EMT_FILE, EmtOpener


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "emt.py"
    path.write_text(EMT_FILE, encoding="utf-8")
    return path


@pytest.fixture
def opener(monkeypatch: pytest.MonkeyPatch) -> EmtOpener:
    """Start every calculator in this process."""
    made = EmtOpener()
    admit = door.admit

    def admitted(*arguments: object, **options: object) -> object:
        return admit(*arguments, **{**options, "opener": made})  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(door, "admit", admitted)
    return made


def test_calculators_are_models_beside_those_that_are_named(file: Path, opener: EmtOpener) -> None:
    asked = with_own(BenchRequest(models="fake-a,fake-b", calculator=[str(file), f"{file}:make_calculator"]), Way())
    assert asked.models == "fake-a,fake-b,emt,emt-make_calculator"
    assert with_own(EvaluateRequest(labels="x", calculator=[str(file)]), Way()).models == "emt"
    assert with_own(BenchRequest(models="fake-a"), Way()).models == "fake-a"
    assert len(opener.requests) == 2


def test_from_python_one_or_several_are_given(file: Path) -> None:
    item = options_of(BenchRequest)["calculator"]
    assert value_of(item, file, "bench") == [str(file)]
    assert value_of(item, ["a.py", file], "bench") == ["a.py", str(file)]
    with pytest.raises(InputError, match="is a file or several"):
        value_of(item, 3, "bench")


@pytest.mark.parametrize("name", ["recommend", "bench", "check", "evaluate", "disagree", "stability"])
def test_every_command_that_runs_models_takes_them(name: str) -> None:
    assert "calculator" in FUNCTIONS[name].options


def test_models_add_keeps_one_with_what_is_stated(run: Run, file: Path) -> None:
    facts = ("--elements", "Cu,Ni", "--provides", "conservative", "--level-of-theory", "EMT")
    added = run("models", "add", "--calculator", str(file), "--id", "cu-emt", *facts, "--json")
    card = added.document["data"]["model"]
    assert card["training"]["elements"] == ["Cu", "Ni"]
    assert card["training"]["level_of_theory"] == "EMT"
    assert card["architecture"]["forces"] == "conservative"
    assert card["provides"] == ["stress", "magnetism", "conservative"]
    assert load_catalogue().find("cu-emt") in load_catalogue().cards
    assert "cu-emt" in run("models", "list", "--family", "own calculator", "--json").out
    file.write_text(EMT_FILE + "# changed\n", encoding="utf-8")
    shown = run("models", "show", "cu-emt", "--json").document["data"]["checkpoint_problem"]
    assert "is not the one that was registered" in shown
    assert run("models", "remove", "cu-emt").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Give FILE --from MODEL, or --calculator"),
        (("x.pth",), "Give FILE --from MODEL, or --calculator"),
        (("x.pth", "--from", "sevennet-0", "--calculator", "emt.py"), "both were given"),
        (("x.pth", "--from", "sevennet-0", "--provides", "stress"), "--provides goes with --calculator"),
        (("--calculator", "absent.py"), "absent.py does not exist"),
    ],
)
def test_models_add_says_what_it_needs(run: Run, words: tuple[str, ...], message: str) -> None:
    done = run("models", "add", *words)
    assert done.code == 2
    assert message in " ".join(done.err.split())
