"""Engines that train in real environments, on fits of seconds: the contract, interruption, divergence."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import TrainingFailedError
from mlipguide.environments.recipes import find_recipe
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.training.training import FittedPotential
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session
from mlipguide.structures.labels import LabelledFrame
from mlipguide.testing.contract import BackendContract
from mlipguide.training.engines.fine_tune import FineTuneTrainer
from mlipguide.training.engines.nep import NepTrainer
from mlipguide.training.fit.potential_cards import card_of
from short_fits import environment_of, interrupt_at, lennard_jones_frames, short, silent, silicon_frames

pytestmark = pytest.mark.integration


def nep_trainer() -> NepTrainer:
    return NepTrainer(find_recipe("nep"), environment_of("nep"))


@pytest.fixture(scope="module")
def nep(tmp_path_factory: pytest.TempPathFactory) -> FittedPotential:
    (recipe, _) = nep_trainer().recipes(["Mg", "O"], seed=1)
    folder = tmp_path_factory.mktemp("nep")
    return nep_trainer().fit(short(recipe, steps=60), lennard_jones_frames(12), folder, on_progress=silent)


class TestNep(BackendContract):
    """A potential that was trained a moment ago."""

    potential: ClassVar[FittedPotential]
    memory_limit_bytes = 2**30
    exhausting_atoms = 60_000

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def trained(cls, nep: FittedPotential) -> None:
        """Train it before anything is opened."""
        cls.potential = nep
        cls.card = card_of(nep, model_id="nep-test")

    @classmethod
    def open(cls, *, memory_limit_bytes: int | None = None) -> WorkerSession:
        """Start a worker in the backend's environment."""
        return open_session(
            SessionRequest(
                card=cls.card,
                recipe=find_recipe("nep"),
                environment=environment_of("nep"),
                settings=Settings(threads=1, dtype="float64", device="cpu", driver="ase", allocator=Allocator.DEFAULT),
                weights_file=Path(cls.potential.folder) / cls.potential.files[0],
                synthetic=False,
                memory_limit_bytes=memory_limit_bytes,
            )
        )


def test_a_nep_learns(nep: FittedPotential) -> None:
    frames = lennard_jones_frames(12)
    assert nep.parameters > 100
    session = nep_trainer().open(nep)
    try:
        assert session.facts.parameters == nep.parameters
        errors = [session.single_point(frame.atoms).forces_ev_per_angstrom - _forces(frame) for frame in frames]
    finally:
        session.close()
    size = np.concatenate([_forces(frame) for frame in frames]).std()
    assert np.concatenate(errors).std() < 0.5 * size


@pytest.mark.in_turn("interrupted trainings", 1)
def test_an_interrupted_nep_is_the_same_file(tmp_path: Path) -> None:
    (recipe, _) = nep_trainer().recipes(["Mg", "O"], seed=2)
    frames, recipe = lennard_jones_frames(4), short(recipe, steps=8)
    whole = nep_trainer().fit(recipe, frames, tmp_path / "whole", on_progress=silent)
    with pytest.raises(KeyboardInterrupt):
        nep_trainer().fit(recipe, frames, tmp_path / "parts", on_progress=interrupt_at(0.5))
    assert not (tmp_path / "parts" / "nep.txt").exists()
    nep_trainer().fit(recipe, frames, tmp_path / "parts", on_progress=silent)
    assert (tmp_path / "parts" / "nep.txt").read_bytes() == (Path(whole.folder) / "nep.txt").read_bytes()


@pytest.mark.in_turn("diverging trainings", 1)
def test_a_diverging_nep_is_not_delivered(tmp_path: Path) -> None:
    (recipe, _) = nep_trainer().recipes(["Mg", "O"], seed=2)
    with pytest.raises(TrainingFailedError, match="diverged"):
        nep_trainer().fit(
            short(recipe, steps=40, lr=1e4, stop_lr=1e4, stage2=0.0),
            lennard_jones_frames(4),
            tmp_path,
            on_progress=silent,
        )
    assert not (tmp_path / "nep.txt").exists()


def fine_tune_trainer(name: str) -> FineTuneTrainer:
    base = load_catalogue().find(name)
    return FineTuneTrainer(base, find_recipe(base.backend), environment_of(base.backend))


@pytest.mark.in_turn("interrupted trainings", 1)
@pytest.mark.parametrize("name", ["sevennet-0", "chgnet-0.3.0"])
def test_an_interrupted_fine_tuning_gives_the_same_weights(tmp_path: Path, name: str) -> None:
    trainer = fine_tune_trainer(name)
    (recipe,) = trainer.recipes(["Si"], seed=1)
    recipe, frames = short(recipe, steps=4, check_every=2, lr=1e-4), silicon_frames(6)
    whole = trainer.fit(recipe, frames, tmp_path / "whole", on_progress=silent)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(recipe, frames, tmp_path / "parts", on_progress=interrupt_at(0.75))
    parts = trainer.fit(recipe, frames, tmp_path / "parts", on_progress=silent)
    points = []
    for potential in (whole, parts):
        session = trainer.open(potential)
        try:
            points.append(session.single_point(frames[0].atoms))
        finally:
            session.close()
    assert points[0] == points[1]
    assert points[0].energy_ev / 2 == pytest.approx(-4.4, abs=0.3)  # the zero of the labels, not the model's -5.4


@pytest.mark.in_turn("diverging trainings", 1)
def test_a_diverging_fine_tuning_is_not_delivered(tmp_path: Path) -> None:
    trainer = fine_tune_trainer("sevennet-0")
    (recipe,) = trainer.recipes(["Si"], seed=1)
    with pytest.raises(TrainingFailedError, match="diverged"):
        trainer.fit(short(recipe, steps=4, check_every=2, lr=100.0), silicon_frames(6), tmp_path, on_progress=silent)
    assert not (tmp_path / "checkpoint.pth").exists()


def _forces(frame: LabelledFrame) -> np.ndarray:
    assert frame.forces_ev_per_angstrom is not None
    return frame.forces_ev_per_angstrom
