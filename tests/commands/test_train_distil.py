"""``train distil`` with a known teacher and students that err by a known law: what is handed over, and what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase.io
import pytest

from known_students import CELL, Clock, KnownTrainer, Springs
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.train.distil import train_distil
from mlipguide.core.errors import InputError
from mlipguide.records.accuracy.stability import CheckVerdict
from mlipguide.records.notice import Result
from mlipguide.records.requests.training import DistilRequest
from mlipguide.records.training.distillation import Distillation
from mlipguide.report.console import output_console
from mlipguide.report.pages.distil_page import distil_page
from mlipguide.structures.labels import read_labels
from mlipguide.testing.in_process import in_process_session
from mlipguide.training.fit.setup import Options
from mlipguide.training.fit.trainers import Trainers
from toy_plugin import ToyPlugin

BUDGET = "60s"


def prepare(folder: Path, plugin: ToyPlugin, patch: pytest.MonkeyPatch) -> Path:
    """Put the teacher into the catalogue, let everything be short, and return a structure in ``folder``."""
    patch.setattr("mlipguide.commands.train.distil.CELL_ATOMS", len(CELL))
    for name, steps in (("EXPLORE_S", 4e-13), ("LONG_S", 2e-12)):
        patch.setattr(f"mlipguide.training.distil.schedule.{name}", steps)
    for name, steps in (("BURST_S", 0.01), ("THERMOSTAT_STEPS", 50), ("CONSTANT_ENERGY_STEPS", 200)):
        patch.setattr(f"mlipguide.training.distil.handover.{name}", steps)
    patch.setattr("mlipguide.training.distil.handover.TIMED_ATOMS", len(CELL))
    plugin.add("plain")
    path = folder / "copper.extxyz"
    ase.io.write(path, CELL)
    return path


@pytest.fixture
def structure(tmp_path: Path, toy_plugin: ToyPlugin, monkeypatch: pytest.MonkeyPatch) -> Path:
    return prepare(tmp_path, toy_plugin, monkeypatch)


def distil(structure: Path, folder: Path, trainer: KnownTrainer, **changes: Any) -> Result[Distillation]:
    request = DistilRequest(
        **{
            "structure": str(structure),
            "teacher": "toy-plain",
            "temperature": "300K",
            "timestep": "4fs",
            "budget": BUDGET,
            "engine": "pod",
            "folder": folder,
            "model_id": "my-student",
            **changes,
        }
    )
    return train_distil(
        request,
        Options(
            opener=lambda _request: in_process_session(Springs()),
            trainers=lambda _search: Trainers((trainer,)),
            clock=trainer.clock,
        ),
    )


@dataclass(frozen=True)
class Done:
    """A distillation that was done once for several tests."""

    result: Result[Distillation]
    structure: Path
    folder: Path


@pytest.fixture(scope="class")
def done(tmp_path_factory: pytest.TempPathFactory, shared_toy_plugin: ToyPlugin) -> Iterator[Done]:
    folder = tmp_path_factory.mktemp("distil")
    with pytest.MonkeyPatch.context() as patch:
        structure = prepare(folder, shared_toy_plugin, patch)
        yield Done(distil(structure, folder / "work", KnownTrainer(Clock())), structure, folder / "work")


class TestAGoodStudent:
    def test_a_good_student_is_handed_over_and_known(self, done: Done) -> None:
        data = done.result.data
        assert data.potential is not None
        assert data.model == "my-student"
        assert load_catalogue().find("my-student").weights.path == str(Path(data.folder) / "student.txt")
        manifest = json.loads((Path(data.folder) / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["teacher"] == "toy-plain"
        assert "may be used" in data.verdict

    def test_the_frames_it_can_be_judged_by_are_handed_over_too(self, done: Done) -> None:
        data = done.result.data
        held_out = list(read_labels(Path(data.folder) / "held_out.extxyz"))
        best = data.rounds[data.best - 1]
        assert len(held_out) == best.held_out.frames
        assert all(frame.forces_ev_per_angstrom is not None for frame in held_out)
        distilled = list(read_labels(Path(data.folder) / "distilled.extxyz"))
        assert len(distilled) == best.training_frames

    def test_the_domain_names_the_temperatures_that_were_sampled(self, done: Done) -> None:
        data = done.result.data
        span = data.domain.temperature_k
        assert span is not None
        assert (span.low, span.high) == pytest.approx((200.0, 600.0))
        distilled = list(read_labels(Path(data.folder) / "distilled.extxyz"))
        assert {frame.temperature_k for frame in distilled if frame.group != "distorted"} >= {span.low, span.high}

    def test_a_settled_run_is_compared(self, done: Done) -> None:
        result = done.result
        run = result.data.comparison
        assert run.teacher_settled_after_s is not None
        assert [one.pair for one in run.pair_distances] == ["Cu-Cu"]
        assert all(one.chance is not None and one.distance < 0.05 + one.chance for one in run.pair_distances)
        assert "teacher_not_settled" not in {one.kind for one in result.notices}

    def test_the_same_call_again_does_nothing_again(self, done: Done) -> None:
        first = done.result.data
        again = KnownTrainer(Clock())
        assert distil(done.structure, done.folder, again).data == first
        assert again.fits == []

    def test_another_temperature_needs_another_folder(self, done: Done) -> None:
        with pytest.raises(InputError, match="another temperature_k"):
            distil(done.structure, done.folder, KnownTrainer(Clock()), temperature="600K")

    def test_the_page_says_what_speaks_for_it(self, done: Done) -> None:
        data = done.result.data
        console = output_console()
        console.width = 80
        with console.capture() as capture:
            console.print(distil_page(data, console, given="Si.cif"), crop=False)
        lines = capture.get().splitlines()
        assert " ".join(" ".join(lines[:3]).split()).startswith(f"my-student is ready. {data.verdict[:60]}")
        assert f"times as fast as {data.teacher}." in " ".join(" ".join(lines[:4]).split())
        assert f"  mlipguide recommend Si.cif --models my-student,{data.teacher}" in "\n".join(lines)
        assert f"{data.rounds[0].held_out.relative:.0%}".rstrip("%") in "\n".join(lines)
        assert max(len(line) for line in lines if not line.startswith(("  mlipguide ", "  ls "))) <= 80


def test_a_run_that_has_not_settled_is_said_and_not_compared(
    structure: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlipguide.training.distil.schedule.LONGEST_STEPS", 40)
    monkeypatch.setattr("mlipguide.training.distil.distillation.LEFT_FOR_THE_END", 1.0)  # no budget for a longer run
    result = distil(structure, tmp_path / "work", KnownTrainer(Clock()))
    run = result.data.comparison
    assert run.teacher_settled_after_s is None
    assert run.energy_difference_ev_per_atom is None
    verdicts = {one.test: one.verdict for one in result.data.checks}
    assert verdicts["pair-distribution-Cu-Cu"] is verdicts["mean-energy"] is CheckVerdict.UNCLEAR
    assert "too short to resolve" in result.data.verdict
    assert run.energy_drift_ev_per_atom is not None, "which needs no teacher"
    (notice,) = [one for one in result.notices if one.kind == "teacher_not_settled"]
    assert f"{run.teacher_temperature_k:.0f} K" in notice.message
    assert result.data.potential is not None


def test_a_student_that_flies_apart_is_not_handed_over(structure: Path, tmp_path: Path) -> None:
    result = distil(structure, tmp_path / "work", KnownTrainer(Clock(), law=lambda _n: 0.01, explodes=True))
    assert result.data.potential is None
    assert result.data.model is None
    assert {problem.kind for problem in result.errors} == {"student_refused"}
    with pytest.raises(InputError):
        load_catalogue().find("my-student")


def test_a_student_that_errs_too_much_is_not_handed_over(structure: Path, tmp_path: Path) -> None:
    result = distil(structure, tmp_path / "work", KnownTrainer(Clock(), law=lambda _n: 0.4))
    assert result.data.potential is None
    assert any("of the forces" in problem.message for problem in result.errors)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"engine": "fine-tune"}, "as slow as its teacher"),
        ({"size": "hugee"}, "no size 'hugee'"),
        ({"frames": "many"}, "no number of frames"),
        ({"teacher": "nobody"}, "nobody"),
        ({"budget": "60"}, "budget"),
    ],
)
def test_what_cannot_be_done_is_said(structure: Path, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        distil(structure, tmp_path / "work", KnownTrainer(Clock()), **changes)
    assert not (tmp_path / "work").exists()
