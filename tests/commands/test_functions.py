"""The functions of ``mlipguide`` in Python: the same answers as the command line, and arguments that are named."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import ase.build
import pytest

import mlipguide
from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.commands import calls
from mlipguide.commands.functions import FUNCTIONS
from mlipguide.core.errors import ExitCode, InputError, MlipguideError
from mlipguide.structures.files import read_structure
from mlipguide.testing.fake_session import linear

ROOT = Path(__file__).parents[2]
SILICON = str(STRUCTURES / "Si.POSCAR")


class Asked(Exception):  # noqa: N818  # it carries what was asked
    """What a command was asked, before it does anything."""


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every command stop at what it is asked."""

    def stop(request: Any, way: calls.Way, *_: Any) -> None:
        raise Asked(request, way.consent.granted)

    for name in FUNCTIONS:
        monkeypatch.setattr(calls, name, stop)


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "recommend": (
        (
            "x.cif --atoms 2000 --time 100ps --needs stress,nve --no-derive --commercial --no-measure --charge=-1 "
            "--weights a=b.pt --write run.py --no-smoke-test --yes"
        ),
        {
            "structure": "x.cif",
            "atoms": 2000,
            "time": "100ps",
            "needs": ["stress", "nve"],
            "derive": False,
            "commercial": True,
            "measure": False,
            "charge": -1,
            "weights": {"a": Path("b.pt")},
            "write": "run.py",
            "smoke_test": False,
            "yes": True,
        },
    ),
    "bench": (
        "x.cif --models a,b --sizes 64,256 --threads 1,2 --max-atoms probe --save base --replace --each",
        {
            "structure": Path("x.cif"),
            "models": ("a", "b"),
            "sizes": [64, 256],
            "threads": (1, 2),
            "max_atoms": "probe",
            "save": "base",
            "replace": True,
            "each": True,
        },
    ),
    "check": (
        "old new --max-slowdown 5% --normalise",
        {"baseline": "old", "current": "new", "max_slowdown": "5%", "normalise": True},
    ),
    "evaluate": (
        "l.xyz --models a --energy-key REF --max-frames 10 --seed 3 --worst 5 bad.xyz --reevaluate",
        {
            "labels": Path("l.xyz"),
            "models": "a",
            "energy_key": "REF",
            "max_frames": 10,
            "seed": 3,
            "worst": (5, "bad.xyz"),
            "reevaluate": True,
        },
    ),
    "disagree": (
        "--preset water --models a,b --sampler b --select 7 --output out.xyz --spin 2",
        {"preset": "water", "models": ["a", "b"], "sampler": "b", "select": 7, "output": "out.xyz", "spin": 2},
    ),
    "stability": ("x.cif --models a --threads 2", {"structure": "x.cif", "models": "a", "threads": 2}),
    "tune": (
        "x.cif --models a,b --for screen --atoms 64 --budget 90s",
        {"structure": "x.cif", "models": ["a", "b"], "purpose": "screen", "atoms": 64, "budget": "90s"},
    ),
    "plan": (
        "m --structure x.cif --atoms 500 --hardware A100-80GB,H100-80GB --max-devices 4",
        {
            "model": "m",
            "structure": "x.cif",
            "atoms": "500",
            "hardware": ["A100-80GB", "H100-80GB"],
            "max_devices": 4,
        },
    ),
    "speed": (
        "--compare-with 0.69steps/s --model m --atoms 500 --device A100-80GB --style mliap --dtype float32",
        {
            "compare_with": "0.69steps/s",
            "model": "m",
            "atoms": 500,
            "device": "A100-80GB",
            "style": "mliap",
            "dtype": "float32",
        },
    ),
    "train_pilot": (
        "l.xyz --engines pod,nep --target-force-mae 70meV/A --test t.xyz",
        {"labelled": "l.xyz", "engines": ["pod", "nep"], "target_force_mae": "70meV/A", "test": "t.xyz"},
    ),
    "train_fit": (
        "l.xyz --engine pod --id mine --frozen-layers 1",
        {"labelled": "l.xyz", "engine": "pod", "id": "mine", "frozen_layers": 1},
    ),
    "train_distil": (
        "x.cif --teacher t --frames 30 --seed 4 --folder here",
        {"structure": "x.cif", "teacher": "t", "frames": 30, "seed": 4, "folder": "here"},
    ),
}


@pytest.mark.usefixtures("asking")
@pytest.mark.parametrize("name", CALLS)
def test_a_call_asks_the_same_as_the_command_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words, keywords = CALLS[name]
    from mlipguide.cli.app import app

    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(Asked) as typed:
        app(args=[*FUNCTIONS[name].command.split(), *words.split()], standalone_mode=False)
    with pytest.raises(Asked) as called:
        getattr(mlipguide, name)(**keywords)
    assert called.value.args == typed.value.args


def test_every_function_is_tried_and_has_the_options_of_its_command() -> None:
    assert {*CALLS, "train_finetune"} == set(FUNCTIONS)
    for name, spec in FUNCTIONS.items():
        assert [*spec.options, "on_progress"] == sorted(
            inspect.signature(getattr(mlipguide, name)).parameters, key=[*spec.options, "on_progress"].index
        )


def same(answer: Any, document: dict[str, Any]) -> None:
    """Make sure that an answer and a document say the same."""
    found = json.loads(answer.to_json())
    assert found["data"] == document["data"]
    assert found["schema"] == document["schema"]
    assert (found["status"], found["notices"]) == (document["status"], document["notices"])


def test_a_recommendation_is_that_of_the_command(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(1e-3))
    asked: dict[str, Any] = {"models": "fake-a", "atoms": 64, "time": "1ps", "kind": "md"}
    mlipguide.recommend(SILICON, **asked)  # is timed, which is kept
    typed = run("recommend", SILICON, "--models", "fake-a", "--atoms", "64", "--time", "1ps", "--kind", "md", "--json")
    answer = mlipguide.recommend(SILICON, **asked)
    same(answer, typed.document)
    assert answer.data.choice == "fake-a"
    assert answer.exit_code == ExitCode.DONE
    page = answer._repr_html_()
    assert page.startswith("<pre")
    assert "FAKE-A" in page or "fake-a" in page
    assert f"<summary>Notes: {len(answer.notices)}</summary>" in page
    assert "<pre" not in str(answer)


def test_atoms_are_taken_as_their_file_is(fake_models: FakeModels) -> None:
    fake_models.add("fake-a", time_law=linear(1e-3))
    asked: dict[str, Any] = {"models": ["fake-a"], "atoms": 64, "time": "1ps"}
    atoms = read_structure(Path(SILICON))
    from_file = mlipguide.recommend(SILICON, **asked).data.task.structure
    answer = mlipguide.recommend(atoms, **asked)
    assert (answer.data.task.structure.atoms, answer.data.task.structure.formula) == (
        from_file.atoms,
        from_file.formula,
    )
    assert answer.data.task.structure.source == f"atoms:{atoms.get_chemical_formula()}"
    name = f"{atoms.get_chemical_formula()}.extxyz"
    assert f"atoms.write('{name}')" in next(one.message for one in answer.notices if one.kind == "in_no_file")
    with pytest.raises(InputError, match="--index 0"):
        mlipguide.recommend(atoms, index=0, **asked)


def test_a_plan_and_a_comparison_are_those_of_the_commands(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(1e-3))
    bench = mlipguide.bench(SILICON, models="fake-a", sizes=[8, 64], save="base", budget="5s")
    assert {item.atoms for item in bench.data.measurements} == {8, 64}
    same(mlipguide.check("base", "base"), run("check", "base", "base", "--json").document)
    planned = mlipguide.plan("sevennet-0", atoms=5000, time="1ns", hardware="A100-80GB")
    words = ["--atoms", "5000", "--time", "1ns", "--hardware", "A100-80GB", "--json"]
    same(planned, run("plan", "sevennet-0", *words).document)


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "says"),
    [
        ("recommend", (), {"atom": 3}, "no argument 'atom'. Did you mean 'atoms'?"),
        ("recommend", (), {"no_measure": True}, "no argument 'no_measure'. Did you mean 'measure'?"),
        ("bench", (), {"model": "a"}, "no argument 'model'. Did you mean 'models'?"),
        ("train_fit", ("l.xyz",), {}, "missing a required argument: 'engine'"),
        ("plan", (), {}, "missing a required argument: 'model'"),
    ],
)
def test_wrong_arguments_are_named(name: str, arguments: Any, keywords: Any, says: str) -> None:
    with pytest.raises(TypeError) as caught:
        getattr(mlipguide, name)(*arguments, **keywords)
    assert says in str(caught.value)
    assert f"mlipguide.{name}()" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "keywords", "says"),
    [
        ("recommend", {"time": ["1ns"]}, "mlipguide.recommend(): 'time' is a single text, not '['1ns']'."),
        ("recommend", {"commercial": "yes"}, "'commercial' is true or false, not 'yes'."),
        ("recommend", {"structure": SILICON, "time": 100}, "--time: '100' has no unit."),
        ("recommend", {"structure": 7.5j}, "'structure' is a file or ase.Atoms, not '7.5j'."),
        ("recommend", {"weights": "a=b"}, "'weights' is a mapping of model and file"),
        ("disagree", {"select": 0}, "'select' is at least 1, not '0'."),
        ("plan", {"model": "sevennet-0", "max_devices": 1.5}, "'max_devices' is a whole number, not '1.5'."),
        ("train_pilot", {"labelled": 3}, "'labelled' is a path, not '3'."),
    ],
)
def test_wrong_values_are_refused_by_name(name: str, keywords: Any, says: str) -> None:
    with pytest.raises(MlipguideError) as caught:
        getattr(mlipguide, name)(**keywords)
    assert says in caught.value.message
    assert caught.value.hint
    assert caught.value.kind


def test_the_room_of_the_same_name_can_be_called() -> None:
    assert "mlipguide.bench.protocol" in sys.modules
    assert sys.modules["mlipguide.bench"] is getattr(mlipguide, "bench")  # noqa: B009  # mypy knows the function alone
    with pytest.raises(InputError, match="needs models"):
        mlipguide.bench(SILICON)


def test_the_import_is_cheap() -> None:
    code = "import sys, mlipguide; print(*sorted(name for name in sys.modules if name.startswith('mlipguide')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mlipguide"]


def test_the_signatures_are_those_of_the_options() -> None:
    script = ROOT / "scripts" / "write_stub.py"
    done = subprocess.run([sys.executable, str(script), "--print"], capture_output=True, text=True, check=True)
    stub = (ROOT / "src" / "mlipguide" / "__init__.pyi").read_text(encoding="utf-8")
    assert done.stdout == stub, "python scripts/write_stub.py writes src/mlipguide/__init__.pyi anew"


def test_atoms_in_no_file_have_a_name_in_the_commands_to_type() -> None:
    from mlipguide.records.requests.recommend import TaskRequest
    from mlipguide.tasks.request_words import request_words

    assert request_words(TaskRequest(structure=ase.build.bulk("Si"), atoms="64")) == "Si2.extxyz --atoms 64"
