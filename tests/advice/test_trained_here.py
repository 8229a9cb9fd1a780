"""What a potential that was taught here is known by: its teacher, its held-out run, its domain."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import ase.io
import pytest
from ase import Atoms

from factories import make_card, make_task
from known_students import CELL, Clock, KnownTrainer, Springs
from mlipguide.advice.facts import Facts, ModelFacts, facts_of
from mlipguide.advice.judgement import judge
from mlipguide.advice.trained_here import training_says
from mlipguide.catalog.cards import load_catalogue
from mlipguide.commands.train.distil import train_distil
from mlipguide.core.kept_files import UnusableFileError
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.requests.training import DistilRequest
from mlipguide.report.words.reason_words import reason_words
from mlipguide.testing.in_process import in_process_session
from mlipguide.training.fit.manifests import training_of, trainings_of
from mlipguide.training.fit.setup import Options
from mlipguide.training.fit.trainers import Trainers
from toy_plugin import ToyPlugin


@pytest.fixture(scope="class")
def student(shared_toy_plugin: ToyPlugin, tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    shared_toy_plugin.add("plain")
    folder = tmp_path_factory.mktemp("student")
    ase.io.write(folder / "copper.extxyz", CELL)
    trainer = KnownTrainer(Clock())
    request = DistilRequest(
        structure=str(folder / "copper.extxyz"),
        teacher="toy-plain",
        temperature="300K",
        timestep="4fs",
        budget="60s",
        engine="pod",
        folder=folder / "work",
        model_id="my-student",
    )
    options = Options(
        opener=lambda _request: in_process_session(Springs()),
        trainers=lambda _search: Trainers((trainer,)),
        clock=trainer.clock,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlipguide.commands.train.distil.CELL_ATOMS", len(CELL))
        patch.setattr("mlipguide.training.distil.handover.TIMED_ATOMS", len(CELL))
        patch.setattr("mlipguide.training.distil.handover.BURST_S", 0.01)
        for name, seconds in (("EXPLORE_S", 4e-13), ("LONG_S", 2e-12)):
            patch.setattr(f"mlipguide.training.distil.schedule.{name}", seconds)
        train_distil(request, options)
    return load_catalogue().find("my-student")


def known(card: ModelCard, *, kelvin: float = 300.0, atoms: Atoms = CELL) -> ModelFacts:
    facts = Facts(
        cards={card.id: card},
        costs={},
        evidence={card.id: evidence_of(card)},
        stability={},
        memory_bytes=2**34,
        trainings=trainings_of([card]),
        atoms=atoms,
    )
    return facts_of(card, replace(make_task(), temperature_k=kelvin), facts)


class TestAStudent:
    """One distillation, known in several ways."""

    def test_it_is_known_by_its_teacher_and_by_no_error_of_its_own(self, student: ModelCard) -> None:
        found = known(student)
        assert found.evidence.kind is EvidenceKind.TEACHER
        assert found.evidence.force_mae_ev_per_angstrom is None
        assert "distilled from toy-plain" in found.remarks[0]
        assert found.domain_doubts == ()

    def test_hotter_than_it_was_tried_is_a_doubt(self, student: ModelCard) -> None:
        assert any("tried up to 360 K" in reason_words(doubt) for doubt in known(student, kelvin=600.0).domain_doubts)

    def test_another_density_is_a_doubt(self, student: ModelCard) -> None:
        stretched = CELL.copy()
        stretched.set_cell(1.1 * CELL.cell.array, scale_atoms=True)
        assert any("densities" in reason_words(doubt) for doubt in known(student, atoms=stretched).domain_doubts)

    def test_without_its_manifest_its_origin_is_a_doubt(self, student: ModelCard) -> None:
        assert student.weights.path is not None
        manifest = Path(student.weights.path).parent / "manifest.json"
        text = manifest.read_text(encoding="utf-8")
        plain = json.loads(text)
        contents = {
            "missing": None,
            "empty": b"",
            "no fields": b"{}",
            "a list": b"[1]",
            "no text": b"\xff\x00",
            "cut": text[: len(text) // 2].encode(),
            "no such round": json.dumps({**plain, "best": 99}).encode(),
            "of the future": json.dumps({**plain, "of_the_future": 1}).encode(),
        }
        for name, content in contents.items():
            manifest.unlink()
            if content is not None:
                manifest.write_bytes(content)
            with pytest.raises(UnusableFileError):
                training_of(student)
            found = known(student, kelvin=3000.0)
            assert found.evidence.kind is EvidenceKind.NONE, name
            (doubt,) = found.domain_doubts
            assert "origin is unknown" in reason_words(doubt), name
            assert str(manifest) in reason_words(doubt)
            judged = judge(found, make_task(), memory_bytes=2**34)
            assert judged.verdict is not Verdict.FEASIBLE, name
            assert replace(doubt, model=student.id) in judged.doubts
            manifest.write_text(text, encoding="utf-8")


def test_other_models_are_left_as_they_are() -> None:
    evidence = evidence_of(make_card())
    assert trainings_of([make_card()]) == {}
    found = training_says(None, evidence, make_task(), None)
    assert (found.evidence, found.remarks, found.doubts) == (evidence, (), ())
