"""What runs in the environment and needs no torch: the job's pieces, torchnep's input and what it prints."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from mlipguide.worker.failures import WorkerError
from mlipguide.worker.training.__main__ import main
from mlipguide.worker.training.adapters.mace import choose_head
from mlipguide.worker.training.fine_tuning import freeze
from mlipguide.worker.training.job import MARK, Job, Progress, Watch, root_mean_square, write_json
from mlipguide.worker.training.losses import LAST_SHARE, rate_share
from mlipguide.worker.training.nep import (
    Listener,
    input_text,
    last_force_error,
    passes_of,
    refuse_bad_numbers,
    write_frames,
)

OPTIONS = {"cutoff": "5 4", "batch": 2, "steps": 100, "lr": 0.01, "stop_lr": 1e-4, "stage2": 0.25, "stage2_lr": 1e-3}
LINE = "{stage}Epoch {number:4d} | loss 1.0e-02 | E 0.01200 eV/atom | F {error} eV/A | gnorm 2.0 | lr 1.00e-02 | 0.4s\n"


def listening(tmp_path: Path) -> tuple[Listener, io.StringIO]:
    plain = io.StringIO()
    return Listener(plain, Progress(tmp_path), passes=10, steps=5), plain


def test_a_watch_forgives_a_leap_and_sees_growth() -> None:
    watch = Watch(growth=10.0, patience=2)
    for error in (1.0, 0.1, 5.0, 5.0, 0.2, 5.0, 5.0):
        watch.observe(error)
    with pytest.raises(WorkerError, match=r"grew from 0\.1 to 6"):
        watch.observe(6.0)


@pytest.mark.parametrize("error", [float("nan"), float("inf")])
def test_what_is_no_number_has_diverged(error: float) -> None:
    with pytest.raises(WorkerError, match="diverged") as raised:
        Watch().observe(error)
    assert raised.value.kind == "diverged"


def test_a_potential_has_to_be_better_than_no_forces() -> None:
    Watch().close(0.5, trivial=0.6)
    Watch().close(0.1, trivial=0.0)  # frames without forces judge nothing
    with pytest.raises(WorkerError, match="no smaller than the forces themselves"):
        Watch().close(0.6, trivial=0.5)
    with pytest.raises(WorkerError, match="became nan"):
        Watch().close(float("nan"), trivial=1.0)
    assert root_mean_square([3.0, -4.0]) == pytest.approx(12.5**0.5)


def test_the_clock_goes_on_after_an_interruption(tmp_path: Path) -> None:
    write_json(tmp_path / "clock.json", {"elapsed_s": 1000.0})
    assert Progress(tmp_path).elapsed_s > 1000.0
    assert Progress(tmp_path / "new").elapsed_s < 500.0


def test_the_number_of_passes_gives_the_number_of_steps() -> None:
    assert passes_of(OPTIONS, 10) == 20
    assert passes_of(OPTIONS, 100) == 2
    assert passes_of(OPTIONS, 10_000) == 1
    assert passes_of(OPTIONS, 1) == 100


def test_the_input_holds_a_schedule_of_two_stages(tmp_path: Path) -> None:
    job = Job(folder=tmp_path, elements=("Li", "O"), seed=1, options=OPTIONS)
    words = dict(line.split(" ", 1) for line in input_text(job, 20).splitlines())
    assert words["type"] == "2 Li O"
    assert words["epoch"] == "20"
    assert words["start_stage2"] == "16"
    assert float(words["scheduler_factor"]) ** 15 == pytest.approx(1e-1)
    assert float(words["stage2_scheduler_factor"]) ** 5 == pytest.approx(1e-1)
    assert "steps" not in words
    single = dict(line.split(" ", 1) for line in input_text(job, 1).splitlines())
    assert "stage2" not in single
    assert float(single["scheduler_factor"]) == pytest.approx(1e-2)


def test_the_listener_reads_passes_and_parameters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener, plain = listening(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", listener)
        print("  711 parameters, dim=30, b1 init=5.1")  # noqa: T201  # as torchnep does
        listener.write(LINE.format(stage="", number=1, error=0.5)[:30])
        listener.write(LINE.format(stage="", number=1, error=0.5)[30:])
        listener.write(LINE.format(stage="[S2] ", number=2, error=0.4))
    capsys.readouterr()
    told = [json.loads(line.removeprefix(MARK)) for line in plain.getvalue().splitlines() if line.startswith(MARK)]
    assert listener.parameters == 711
    assert [(news["done"], news["of"], news["force_rmse"]) for news in told] == [(1, 10, 0.5), (2, 10, 0.4)]


def test_the_listener_stops_a_training_that_came_to_nothing(tmp_path: Path) -> None:
    listener, _ = listening(tmp_path)
    listener.write("  warning: 4 step(s) skipped this epoch (non-finite gradient norm)\n")
    with pytest.raises(WorkerError, match="finite gradient"):
        listener.write("  warning: 5 step(s) skipped this epoch (non-finite gradient norm)\n")
    with pytest.raises(WorkerError, match="became nan"):
        listener.write(LINE.format(stage="", number=1, error="nan"))


def test_a_potential_is_made_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "nep.txt"
    with pytest.raises(WorkerError, match="no pass"):
        refuse_bad_numbers(path)
    path.write_text("nep4 1 N\ncutoff 5 4 10 10\n  1.0e+00\n", encoding="utf-8")
    refuse_bad_numbers(path)
    path.write_text("nep4 1 N\ncutoff 5 4 10 10\n  nan\n", encoding="utf-8")
    with pytest.raises(WorkerError, match="not a number"):
        refuse_bad_numbers(path)


def test_the_last_pass_counts(tmp_path: Path) -> None:
    path = tmp_path / "loss.out"
    path.write_text("# epoch loss\n1 0.5 0.1 0.9 0 0\n2 0.4 0.1 0.7 0 0\n", encoding="utf-8")
    assert last_force_error(path) == pytest.approx(0.7)


def test_frames_for_torchnep_are_periodic_and_a_molecule_gets_a_box(tmp_path: Path) -> None:
    crystal, gas = bulk("Si"), molecule("H2O")
    for atoms in (crystal, gas):
        results = {"energy": -1.0, "forces": np.full((len(atoms), 3), 0.5)}
        if atoms is crystal:
            results["stress"] = np.arange(6) / 10
        atoms.calc = SinglePointCalculator(atoms, **results)
    write(tmp_path / "frames.extxyz", [crystal, gas])
    count, components = write_frames(tmp_path / "frames.extxyz", tmp_path / "train.xyz", cutoff=5.0)
    text = (tmp_path / "train.xyz").read_text(encoding="utf-8")
    headers = [line for line in text.splitlines() if line.startswith("Lattice")]
    assert count == 2
    assert len(components) == 15
    assert 'stress="0.0 0.5 0.4 0.5 0.1 0.3 0.4 0.3 0.2"' in headers[0]
    assert "stress" not in headers[1]
    sides = np.array([float(word) for word in headers[1].split('"')[1].split()]).reshape(3, 3)
    assert (np.linalg.norm(sides, axis=1) >= 10.0).all()


def test_the_learning_rate_rises_and_falls() -> None:
    shares = [rate_share(step, 100) for step in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == shares[10] == pytest.approx(1.0)
    assert shares[100] == pytest.approx(LAST_SHARE)
    assert shares[10:] == sorted(shares[10:], reverse=True)


def test_what_is_no_job_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "job.json"
    path.write_text('{"program": "nap", "threads": 1}', encoding="utf-8")
    assert main([str(path)]) == 2
    assert "no training program 'nap'" in capsys.readouterr().err
    assert main([]) == 2


def test_a_head_is_the_one_wanted_or_the_default() -> None:
    assert choose_head(["a", "b"], "b", "x.model") == "b"
    assert choose_head(["only"], "", "x.model") == "only"
    assert choose_head(["pt_head", "Default"], "", "x.model") == "Default"
    with pytest.raises(WorkerError, match="no head 'c'; it has a, b"):
        choose_head(["a", "b"], "c", "x.model")
    with pytest.raises(WorkerError, match="none is the default"):
        choose_head(["a", "b"], "", "x.model")


def test_no_more_layers_are_frozen_than_a_checkpoint_has() -> None:
    class Layered:
        layers = 3
        frozen = 0

        def freeze(self, layers: int) -> None:
            self.frozen = layers

    adapter: Any = Layered()
    freeze(adapter, 3)
    assert adapter.frozen == 3
    with pytest.raises(WorkerError, match="4 layers cannot be frozen: the model has 3"):
        freeze(adapter, 4)
