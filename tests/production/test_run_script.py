"""``recommend --write``: what is written, tried and refused; the toy backend runs in the interpreter of the tests."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import iread

from fake_models import STRUCTURES, FakeModels, Outcome, Run, fake_card
from forked_scripts import start_script
from mlipguide.core.errors import ExitCode
from mlipguide.production import smoke_test
from mlipguide.records.models.model_card import WeightsFact
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.testing.fake_session import linear

SILICON = STRUCTURES / "Si.POSCAR"
ASKED = ("--atoms", "64", "--time", "100fs", "--timestep", "2fs", "--temperature", "500K", "--measure-budget", "10s")


TRUE_PROCESSES = (
    "test_a_script_is_tried_and_handed_over",
    "test_a_script_that_fails_is_not_handed_over",
    "test_a_script_that_hangs_is_ended",
    "test_the_tries_leave_nothing_behind",
)


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest) -> None:
    """Let scripts be tried in forks by the tests that are not about the trying itself."""
    if request.node.originalname not in TRUE_PROCESSES:
        request.getfixturevalue("forked_scripts")


def add(fakes: FakeModels, checkpoint: str = "plain", **changes: Any) -> str:
    """Put a fast model into the catalogue whose scripts run the toy's ``checkpoint``."""
    card = replace(fake_card(f"fake-{checkpoint}"), **changes)
    return fakes.add(
        card.id, replace(card, weights=replace(card.weights, name=checkpoint)), time_law=linear(1e-4), noise=0.02
    )


def write(run: Run, target: Path, *words: str | Path, models: str = "fake-plain") -> Outcome:
    return run("recommend", SILICON, *ASKED, "--models", models, "--write", target, *words, "--json")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_script_is_tried_and_handed_over(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target = tmp_path / "run.py"
    outcome = write(run, target)
    assert outcome.code == ExitCode.DONE
    script = outcome.document["data"]["script"]
    assert script["model"] == "fake-plain"
    assert script["driver"] == "ase"
    assert script["smoke_test"] == "passed"
    assert "10 steps with 64 atoms" in script["remark"]
    assert script["files"] == [str(target), str(tmp_path / "run.structure.extxyz")]
    assert sorted(path.name for path in tmp_path.glob("run*")) == ["run.py", "run.structure.extxyz"]
    (step,) = [step for step in outcome.document["data"]["plan"] if step["command"]]
    assert step["command"] == script["command"] == f"{sys.executable} {target}"
    assert step["wall_time_s"] is not None
    text = target.read_text(encoding="utf-8")
    for words in (
        "STEPS = 50\n",
        "TIMESTEP_FS = 2.0\n",
        "TEMPERATURE_K = 500.0\n",
        "REPEATS = (2, 2, 2)",
        "64 atoms in all",
        "glibc.malloc.mmap_threshold",
        '] = "4"\n',
        sys.executable,
    ):
        assert words in text
    assert "import mlipguide" not in text


def test_a_run_that_was_interrupted_is_the_run_that_was_not(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    for name in ("whole", "parts"):
        assert write(run, tmp_path / f"{name}.py").code == ExitCode.DONE
    assert start_script(tmp_path / "whole.py").returncode == 0
    for steps in ("7", "23"):
        assert start_script(tmp_path / "parts.py", "--steps", steps).returncode == 0
    # What a crash leaves after the last checkpoint.
    with (tmp_path / "parts.log.csv").open("a", encoding="utf-8") as stream:
        stream.write("24,half a li")
    done = start_script(tmp_path / "parts.py")
    assert done.stdout.splitlines()[-1] == "Reached step 50 of 50."
    logs = [rows(tmp_path / f"{name}.log.csv") for name in ("whole", "parts")]
    assert [int(row["step"]) for row in logs[1]] == list(range(51))
    energies = [[float(row["potential_energy_ev"]) for row in log] for log in logs]
    assert energies[1] == pytest.approx(energies[0], abs=1e-9)
    frames = [list(iread(tmp_path / f"{name}.traj.extxyz")) for name in ("whole", "parts")]
    assert len(frames[0]) == len(frames[1]) == 51
    assert frames[1][-1].positions == pytest.approx(frames[0][-1].positions, abs=1e-8)
    again = start_script(tmp_path / "parts.py")
    assert again.returncode == 0
    assert len(rows(tmp_path / "parts.log.csv")) == 51


def test_the_bath_heats_the_atoms_and_leaves_the_whole_where_it_is(
    fake_models: FakeModels, run: Run, tmp_path: Path
) -> None:
    add(fake_models, "free")
    target = tmp_path / "run.py"
    words = ("--atoms", "64", "--time", "6ps", "--timestep", "4fs", "--temperature", "500K", "--models", "fake-free")
    assert run("recommend", SILICON, *words, "--write", target, "--json").code == ExitCode.DONE
    text = target.read_text(encoding="utf-8").replace("temperature_K=TEMPERATURE_K", "temperature_K=2 * TEMPERATURE_K")
    target.write_text(text, encoding="utf-8")
    assert start_script(target).returncode == 0
    # Atoms without forces get the bath's temperature within 1 / (2 friction) = 0.5 ps.
    temperatures = [float(row["temperature_k"]) for row in rows(tmp_path / "run.log.csv")]
    assert temperatures[0] == pytest.approx(500, rel=0.25)
    assert np.mean(temperatures[500:]) == pytest.approx(1000, rel=0.15)
    first, *_, last = iread(tmp_path / "run.traj.extxyz")
    assert last.get_center_of_mass() == pytest.approx(first.get_center_of_mass(), abs=1e-6)
    assert np.abs(last.positions - first.positions).max() > 1


def test_ctrl_c_keeps_a_checkpoint(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models, "slow")
    target = tmp_path / "run.py"
    assert write(run, target, models="fake-slow").code == ExitCode.DONE
    process = subprocess.Popen([sys.executable, str(target)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "run.checkpoint.npz").is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""
    assert "Start it again to continue." in out
    with np.load(tmp_path / "run.checkpoint.npz") as saved:
        reached = int(saved["step"])
    assert 0 <= reached < 50
    assert int(rows(tmp_path / "run.log.csv")[-1]["step"]) == reached
    assert (
        start_script(target, "--steps", str(reached + 2)).stdout.splitlines()[-1]
        == f"Reached step {reached + 2} of 50."
    )


def test_another_structure_or_stray_files_are_refused(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target = tmp_path / "run.py"
    write(run, target)
    assert start_script(target, "--steps", "2").returncode == 0
    structure = tmp_path / "run.structure.extxyz"
    structure.write_text(structure.read_text(encoding="utf-8").replace("Si  ", "Ge  "), encoding="utf-8")
    done = start_script(target)
    assert done.returncode == 1
    assert "is of another structure" in done.stderr
    (tmp_path / "run.checkpoint.npz").unlink()
    done = start_script(target)
    assert done.returncode == 1
    assert "without a checkpoint" in done.stderr


@pytest.mark.parametrize(
    ("checkpoint", "code_and_words"),
    [
        ("raises", (ExitCode.MEASUREMENT_FAILED, "ValueError: a bug")),
        ("flies-apart", (ExitCode.MEASUREMENT_FAILED, "The atoms flew apart")),
        ("dies", (ExitCode.MEASUREMENT_FAILED, "ended by signal 9")),
        ("no-stress", (ExitCode.ENVIRONMENT_FAILED, "No module named 'nowhere_at_all'")),
    ],
)
def test_a_script_that_fails_is_not_handed_over(
    fake_models: FakeModels, run: Run, tmp_path: Path, checkpoint: str, code_and_words: tuple[ExitCode, str]
) -> None:
    model = add(fake_models, checkpoint)
    outcome = write(run, tmp_path / "run.py", models=model)
    assert outcome.code == code_and_words[0]
    document = outcome.document
    assert document["status"] == "partial"
    assert document["data"]["choice"] == model, "the recommendation stays"
    assert document["data"]["script"] is None
    (error,) = document["errors"]
    assert error["kind"] == "smoke_test"
    assert code_and_words[1] in error["message"]
    names = sorted(path.name for path in tmp_path.glob("run*"))
    assert names == ["run.py.failed", "run.py.failed.log"]
    assert str(tmp_path / "run.py.failed.log") in error["hint"]
    compile((tmp_path / "run.py.failed").read_text(encoding="utf-8"), "run.py", "exec")


def test_a_script_that_hangs_is_ended(
    fake_models: FakeModels, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(fake_models, "hangs")
    monkeypatch.setattr("mlipguide.production.run_script.START_TIMEOUT_S", 1.0)
    begin = time.monotonic()
    outcome = write(run, tmp_path / "run.py", models="fake-hangs")
    assert time.monotonic() - begin < 60
    assert outcome.code == ExitCode.MEASUREMENT_FAILED
    assert "did not end within 2 s" in outcome.document["errors"][0]["message"]


def test_without_a_smoke_test_it_says_so(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models, "raises")
    outcome = write(run, tmp_path / "run.py", "--no-smoke-test", models="fake-raises")
    assert outcome.code == ExitCode.DONE
    assert outcome.document["data"]["script"]["smoke_test"] == "skipped"
    assert "script_untested" in {notice["kind"] for notice in outcome.document["notices"]}
    assert (tmp_path / "run.py").is_file()


def test_a_checkpoint_that_is_not_here_is_named(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    weights = WeightsFact(
        origin=WeightsOrigin.DOWNLOAD, name="plain", url="https://example.org/toys/plain.model", synthetic=True
    )
    card = replace(fake_card("fake-far"), weights=weights)
    fake_models.add("fake-far", card, time_law=linear(1e-4), synthetic=True)
    outcome = write(run, tmp_path / "run.py", "--model", "fake-far", models="fake-far")
    assert outcome.code == ExitCode.DONE
    script = outcome.document["data"]["script"]
    assert script["smoke_test"] == "skipped"
    assert "plain.model" in script["remark"]
    done = start_script(tmp_path / "run.py")
    assert done.returncode == 1
    assert "Download it from https://example.org/toys/plain.model" in done.stderr
    (tmp_path / "plain.model").write_bytes(b"weights")
    assert start_script(tmp_path / "run.py", "--steps", "2").returncode == 0


def test_nothing_is_overwritten_and_nothing_measured_in_vain(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target = tmp_path / "run.py"
    for name in ("run.py", "run.structure.extxyz"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
        outcome = write(run, target)
        assert outcome.code == ExitCode.BAD_INPUT
        assert outcome.document["errors"][0]["kind"] == "file_exists"
        assert (tmp_path / name).read_text(encoding="utf-8") == "mine"
        (tmp_path / name).unlink()
    assert fake_models.opened == []
    target.write_text("mine", encoding="utf-8")
    assert write(run, target, "--force").code == ExitCode.DONE
    assert "STEPS = 50" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("nowhere/run.py", "there is no folder"),
        ("run.txt", "neither .py nor .lammps"),
        ("folder.py", "is a folder"),
        ("my_$run.lammps", "do not take 'my_$run'"),
        ("run.py --model fake-plane", "Did you mean 'fake-plain'?"),
    ],
)
def test_what_cannot_be_written_is_refused_first(
    fake_models: FakeModels, run: Run, tmp_path: Path, words: str, message: str
) -> None:
    add(fake_models)
    (tmp_path / "folder.py").mkdir()
    target, *options = words.split()
    outcome = write(run, tmp_path / target, *options)
    assert outcome.code == ExitCode.BAD_INPUT
    assert message in outcome.document["errors"][0]["message"]
    assert fake_models.opened == []


@pytest.mark.parametrize("words", [("--model", "fake-plain"), ("--force",), ("--no-smoke-test",)])
def test_options_of_the_script_need_the_script(fake_models: FakeModels, run: Run, words: tuple[str, ...]) -> None:
    add(fake_models)
    outcome = run("recommend", SILICON, *words, "--json")
    assert outcome.code == ExitCode.BAD_INPUT
    assert f"{words[0]} goes with --write" in outcome.document["errors"][0]["message"]


def test_a_named_model_is_taken_also_when_it_is_not_feasible(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    fake_models.add("fake-late", time_law=linear(10.0))
    words = ("recommend", SILICON, "--atoms", "64", "--time", "1ns", "--models", "fake-late", "--write")
    assert run(*words, tmp_path / "a.py", "--json").code == ExitCode.NOTHING_FEASIBLE
    assert not (tmp_path / "a.py").exists()
    card = fake_card("fake-late")
    fake_models.add("fake-late", replace(card, weights=replace(card.weights, name="plain")), time_law=linear(10.0))
    outcome = run(*words, tmp_path / "b.py", "--model", "FAKE-LATE", "--json")
    assert outcome.code == ExitCode.DONE
    assert outcome.document["data"]["script"]["model"] == "fake-late"
    assert "8 atoms" in outcome.document["data"]["script"]["remark"], "all atoms would take too long to try"
    assert "script_infeasible" in {notice["kind"] for notice in outcome.document["notices"]}


def test_the_page_says_where_it_is_and_how_to_start_it(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target = tmp_path / "run.py"
    outcome = run("recommend", SILICON, *ASKED, "--models", "fake-plain", "--write", target)
    text = "".join(outcome.out.split())
    assert "".join(f"{sys.executable} {target}".split()) in text
    assert "10stepswith64atomsranhere" in text


def test_names_of_files_cannot_end_a_text(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    odd = tmp_path / 'a"""\\ö\nb\'{{ 1 }}.vasp'
    odd.write_bytes(SILICON.read_bytes())
    target = tmp_path / 'it\'s """mine.py'
    words = (*ASKED, "--models", "fake-plain", "--write", target, "--json")
    outcome = run("recommend", odd, *words)
    assert outcome.code == ExitCode.DONE, outcome.document["errors"]
    assert start_script(target, "--steps", "1").returncode == 0


def test_the_tries_leave_nothing_behind(
    fake_models: FakeModels, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(fake_models)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    assert write(run, tmp_path / "run.py").code == ExitCode.DONE
    assert list(scratch.iterdir()) == []
    monkeypatch.setattr(smoke_test, "run_logged", interrupt)
    assert write(run, tmp_path / "other.py").code == ExitCode.INTERRUPTED
    assert list(scratch.iterdir()) == []
    assert list(tmp_path.glob("*other*")) == []
    monkeypatch.undo()


def test_an_interrupted_writing_takes_back_what_was_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlipguide.production.script_files import write_all

    plain = Path.replace

    def replace_but(self: Path, target: Path) -> Path:
        if target.name == "run.py":
            raise KeyboardInterrupt
        return plain(self, target)

    monkeypatch.setattr(Path, "replace", replace_but)
    with pytest.raises(KeyboardInterrupt):
        write_all({tmp_path / "run.structure.extxyz": "a", tmp_path / "run.py": "b"})
    assert list(tmp_path.iterdir()) == []
