from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ase.io import read

from engine_frames import labelled
from mlipguide.core.errors import EnvironmentFailedError, InputError, TrainingFailedError
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState
from mlipguide.records.training.training import Engine, FitRecipe
from mlipguide.training.engines.child import Teller, Training, train
from mlipguide.training.engines.frames_file import frames_text
from mlipguide.worker.training.job import MARK

RECIPE = FitRecipe(engine=Engine.NEP, size="small", elements=("Si",), seed=3, options={"steps": 4, "cutoff": "5 4"})
CHILD = """#!{python}
import json, os, sys, time
folder = os.path.dirname(sys.argv[-1])
with open(os.path.join(folder, "starts"), "a") as stream:
    stream.write("x")
job = json.load(open(sys.argv[-1]))
print("chatter of a package")
state = os.path.join(folder, "state")
first = int(open(state).read()) if os.path.exists(state) else 0
for step in range(first, job["options"]["steps"]):
    open(state, "w").write(str(step + 1))
    told = {{"done": step + 1, "of": job["options"]["steps"], "force_rmse": 1 / (step + 1)}}
    print({mark!r} + json.dumps(told), flush=True)
    time.sleep({pause})
{end}
"""
DELIVERED = (
    'json.dump({"files": ["nep.txt"], "train_s": 1.5, "from": first}, open(os.path.join(folder, "result.json"), "w"))'
)
FAILED = (
    'json.dump({{"kind": "{kind}", "message": "The training diverged: the error became nan."}}, '
    'open(os.path.join(folder, "failure.json"), "w")); sys.exit(1)'
)


def environment(tmp_path: Path, end: str = DELIVERED, *, pause: float = 0.0) -> Environment:
    program = tmp_path / "child"
    program.write_text(CHILD.format(python=sys.executable, mark=MARK, end=end, pause=pause), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Environment(
        backend="nep",
        kind=EnvironmentKind.ADOPTED,
        state=EnvironmentState.READY,
        python=str(program),
        python_version="3.11.0",
        versions={"torchnep": "1.0.7"},
        location=None,
        problem=None,
    )


def training(*, frames: int = 2, recipe: FitRecipe = RECIPE) -> Training:
    return Training(
        program="nep", recipe=recipe, frames_text=frames_text([labelled(place) for place in range(frames)], ["Si"])
    )


def silent(_message: str, _share: float) -> None:
    pass


def test_frames_keep_every_digit_and_the_order_of_stresses(tmp_path: Path) -> None:
    frame = labelled(1)
    path = tmp_path / "frames.extxyz"
    path.write_text(frames_text([frame, labelled(2)], ["Si"]), encoding="utf-8")
    first, _ = read(path, index=":")
    assert (first.positions == frame.atoms.positions).all()
    assert (first.calc.results["forces"] == frame.forces_ev_per_angstrom).all()
    assert first.calc.results["stress"] == pytest.approx(frame.stress_ev_per_angstrom3, abs=0)
    assert first.pbc.all()


def test_frames_without_labels_are_refused_by_number() -> None:
    with pytest.raises(InputError, match="Frame 7 has no energy"):
        frames_text([labelled(7, energy=None)], ["Si"])
    with pytest.raises(InputError, match="Frame 7 has no forces"):
        frames_text([replace(labelled(7), forces_ev_per_angstrom=None)], ["Si"])
    with pytest.raises(InputError, match="no frames"):
        frames_text([], ["Si"])
    with pytest.raises(InputError, match="Frame 7 holds Si, the potential is to be for Li, O"):
        frames_text([labelled(7)], ["Li", "O"])


def test_a_training_is_told_and_delivered_and_not_repeated(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    folder = tmp_path / "fit"
    here = environment(tmp_path)
    result = train(training(), folder, here, on_progress=lambda *news: told.append(news))
    assert result["files"] == ["nep.txt"]
    assert [share for _, share in told] == [0.25, 0.5, 0.75, 1.0]
    assert "step 2 of 4, RMS force error 0.5 eV/Å, about" in told[1][0]
    assert "left" not in told[-1][0]
    assert "chatter of a package" in (folder / "training.log").read_text(encoding="utf-8")
    assert train(training(), folder, here, on_progress=silent) == result
    assert (folder / "starts").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    "other",
    [
        training(frames=3),
        training(recipe=replace(RECIPE, seed=4)),
        training(recipe=replace(RECIPE, options={**RECIPE.options, "steps": 5})),
    ],
)
def test_a_folder_belongs_to_one_fit(tmp_path: Path, other: Training) -> None:
    here = environment(tmp_path)
    train(training(), tmp_path / "fit", here, on_progress=silent)
    with pytest.raises(InputError, match="holds another fit"):
        train(other, tmp_path / "fit", here, on_progress=silent)
    with pytest.raises(InputError, match="holds another fit"):
        train(training(), tmp_path / "fit", replace(here, versions={"torchnep": "2.0"}), on_progress=silent)


def test_an_interrupted_training_ends_its_child_and_goes_on(tmp_path: Path) -> None:
    def interrupt(_message: str, share: float) -> None:
        if share >= 0.5:
            raise KeyboardInterrupt

    here = environment(tmp_path, pause=0.3)
    folder = tmp_path / "fit"
    with pytest.raises(KeyboardInterrupt):
        train(training(), folder, here, on_progress=interrupt)
    assert not (folder / "result.json").exists()
    result = train(training(), folder, here, on_progress=silent)
    assert result["from"] in (2, 3)  # the child may have come one step further before it was ended
    assert (folder / "starts").read_text(encoding="utf-8") == "xx"


def test_a_diverged_training_is_said_once_and_remembered(tmp_path: Path) -> None:
    here = environment(tmp_path, FAILED.format(kind="diverged"))
    for _ in range(2):
        with pytest.raises(TrainingFailedError, match="nep small: The training diverged: the error became nan"):
            train(training(), tmp_path / "fit", here, on_progress=silent)
    assert (tmp_path / "fit" / "starts").read_text(encoding="utf-8") == "x"


def test_a_failure_that_may_pass_is_tried_again(tmp_path: Path) -> None:
    here = environment(tmp_path, FAILED.format(kind="out_of_memory"))
    for _ in range(2):
        with pytest.raises(TrainingFailedError):
            train(training(), tmp_path / "fit", here, on_progress=silent)
    assert (tmp_path / "fit" / "starts").read_text(encoding="utf-8") == "xx"


def test_a_child_that_leaves_nothing_is_an_error_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailedError, match="ended with status 9") as raised:
        train(training(), tmp_path / "fit", environment(tmp_path, "sys.exit(9)"), on_progress=silent)
    assert "training.log" in raised.value.hint


def test_an_interpreter_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    here = replace(environment(tmp_path), python=str(tmp_path / "nowhere"))
    with pytest.raises(EnvironmentFailedError, match="nowhere"):
        train(training(), tmp_path / "fit", here, on_progress=silent)


def test_the_time_that_is_left_follows_from_the_pace() -> None:
    clock = iter([100.0, 110.0])
    told: list[str] = []
    teller = Teller("step", lambda message, _share: told.append(message), now=lambda: next(clock))
    teller.read(MARK + json.dumps({"done": 10, "of": 50}))
    teller.read(MARK + json.dumps({"done": 20, "of": 50}))
    teller.read("Epoch 3")
    teller.read(MARK + "{broken")
    assert told == ["step 10 of 50", "step 20 of 50, about 30 s left"]


def test_what_is_done_before_the_first_step_is_said() -> None:
    told: list[str] = []
    teller = Teller("step", lambda message, _share: told.append(message), now=lambda: 0.0)
    teller.read(MARK + json.dumps({"words": "preparing the frames"}))
    teller.read(MARK + json.dumps({"done": 20, "of": 50, "force_mae": 0.1}))
    assert told == ["preparing the frames", "step 20 of 50, held-out force error 0.1 eV/Å"]
