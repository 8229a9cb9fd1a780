"""Models trained further in their environments: MACE with random weights on known labels, frozen layers, replay."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase
import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.catalog.own_models import derive_card
from mlipguide.core.errors import TrainingFailedError
from mlipguide.environments.recipes import find_recipe
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.training.training import FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_files import worker_folder
from mlipguide.sessions.worker_session import SessionRequest, open_session
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.fine_tune import FineTuneTrainer
from mlipguide.training.engines.replay import Replay, read_replay
from short_fits import environment_of, interrupt_at, lennard_jones_frames, short, silent, silicon_frames

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parents[1]
MACE = "mace-torch"


def answer_of(backend: str, script: str, *arguments: str | Path) -> str:
    """Run a script of the tests by the interpreter of a backend."""
    command = [str(environment_of(backend).python), "-P", str(TESTS / script), *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(worker_folder()), "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    return subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout


def compared(
    backend: str, adapter: str, base: str | Path, potential: FittedPotential, *, name: str = "small"
) -> dict[str, Any]:
    """Return what a training changed."""
    path = Path(potential.folder) / potential.files[0]
    lines = answer_of(backend, "compare_checkpoints.py", adapter, name, base, path).splitlines()
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def random_mace(folder: Path, *, dtype: str = "float64", heads: str = "Default") -> ModelCard:
    """Return the card of a small MACE with random weights, which is registered as a user's own is."""
    path = folder / "random.model"
    answer_of(MACE, "random_mace.py", path, dtype, "0", heads)
    base = load_catalogue().find("mace-mp-0-small")
    card = derive_card(
        base,
        path,
        sha256_of(path),
        model_id="random-mace",
        elements=("O", "Mg", "Si"),
        level_of_theory=None,
        today="2026-11-25",
    )
    return replace(card, architecture=replace(card.architecture, cutoff_angstrom=4.5, layers=2, parameters=None))


def trainer_of(card: ModelCard, **options: Any) -> FineTuneTrainer:
    assert card.weights.path is not None
    return FineTuneTrainer(
        card, find_recipe(MACE), environment_of(MACE), weights_file=Path(card.weights.path), **options
    )


def opened(card: ModelCard, *, dtype: str = "float64") -> ModelSession:
    """Start a checkpoint through the worker."""
    assert card.weights.path is not None
    return open_session(
        SessionRequest(
            card=card,
            recipe=find_recipe(MACE),
            environment=environment_of(MACE),
            settings=Settings(threads=1, dtype=dtype, device="cpu", driver="ase", allocator=Allocator.DEFAULT),
            weights_file=Path(card.weights.path),
            synthetic=False,
            memory_limit_bytes=None,
        )
    )


def force_mae(session: ModelSession, frames: Sequence[LabelledFrame]) -> float:
    errors = []
    for frame in frames:
        assert frame.forces_ev_per_angstrom is not None
        found = session.single_point(frame.atoms).forces_ev_per_angstrom
        errors.append(np.abs(found - frame.forces_ev_per_angstrom).ravel())
    return float(np.concatenate(errors).mean())


def with_vacancies(frames: Sequence[LabelledFrame]) -> list[LabelledFrame]:
    """Leave an atom out of every other frame, so that the constants of Mg and O can be told apart."""
    changed = []
    for frame in frames:
        atoms = frame.atoms.copy()
        if frame.index % 2:
            del atoms[frame.index % len(atoms)]
        forces = frame.forces_ev_per_angstrom
        assert forces is not None
        changed.append(
            replace(frame, atoms=atoms, forces_ev_per_angstrom=forces[: len(atoms)], stress_ev_per_angstrom3=None)
        )
    return changed


@pytest.mark.in_turn("fine-tuning", 2)
@pytest.mark.parametrize(("dtype", "heads"), [("float64", "Default"), ("float32", "first,Default")])
def test_a_mace_learns_known_forces(tmp_path: Path, dtype: str, heads: str) -> None:
    card = random_mace(tmp_path, dtype=dtype, heads=heads)
    frames = lennard_jones_frames(24)
    learned, held_out = frames[::2], frames[1::4]
    trainer = trainer_of(card)
    (recipe,) = trainer.recipes(["Mg", "O"], seed=1)
    potential = trainer.fit(
        short(recipe, steps=160, lr=1e-2, check_every=40), learned, tmp_path / "fit", on_progress=silent
    )
    made = trainer.card(potential, model_id="mine", today="2026-11-25")
    assert made.training.elements == ("O", "Mg")
    assert made.weights.derived_from == "random-mace"
    with closing(opened(card, dtype=dtype)) as before, closing(opened(made, dtype=dtype)) as after:
        assert force_mae(after, held_out) < 0.6 * force_mae(before, held_out)
        assert held_out[0].energy_ev is not None
        energy = after.single_point(held_out[0].atoms).energy_ev
        assert energy / 8 == pytest.approx(held_out[0].energy_ev / 8, abs=0.1)


@pytest.mark.in_turn("fine-tuning", 2)
def test_the_reference_energies_of_a_mace_get_the_constants(tmp_path: Path) -> None:
    card = random_mace(tmp_path)
    frames = with_vacancies(lennard_jones_frames(7))  # so few that none is held out
    with closing(opened(card)) as session:
        energies = [session.single_point(frame.atoms).energy_ev for frame in frames]
    known = {"O": -0.375, "Mg": 1.25}
    frames = [
        replace(frame, energy_ev=energy + sum(known[symbol] for symbol in frame.atoms.get_chemical_symbols()))
        for frame, energy in zip(frames, energies, strict=True)
    ]
    trainer = trainer_of(card)
    (recipe,) = trainer.recipes(["Mg", "O"], seed=1)
    potential = trainer.fit(short(recipe, steps=4, check_every=2), frames, tmp_path / "fit", on_progress=silent)
    assert card.weights.path is not None
    found = compared(MACE, "mace", card.weights.path, potential)
    (before,), (after,) = found["reference_energies"]
    assert np.subtract(after, before) == pytest.approx([known["O"], known["Mg"], 0.0], abs=1e-9)
    assert found["changed"]


@pytest.mark.in_turn("fine-tuning", 2)
def test_an_interrupted_mace_is_the_same_network(tmp_path: Path) -> None:
    card = random_mace(tmp_path, dtype="float32")
    trainer = trainer_of(card, replay=silicon_to_replay(tmp_path), frozen_layers=1)
    (recipe,) = trainer.recipes(["Mg", "O"], seed=1)
    recipe, frames = short(recipe, steps=12, check_every=4), lennard_jones_frames(10)
    whole = trainer.fit(recipe, frames, tmp_path / "whole", on_progress=silent)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(recipe, frames, tmp_path / "parts", on_progress=interrupt_at(0.5))
    assert not (tmp_path / "parts" / "checkpoint.pth").exists()
    parts = trainer.fit(recipe, frames, tmp_path / "parts", on_progress=silent)
    assert card.weights.path is not None
    one, other = (compared(MACE, "mace", card.weights.path, potential) for potential in (whole, parts))
    assert one == other
    assert whole.replay == parts.replay
    assert {name.split(".")[0] for name in one["same"]} >= {"node_embedding"}
    assert not [name for name in one["changed"] if name.startswith(("interactions.0", "products.0", "node_embedding"))]
    assert [name for name in one["changed"] if name.startswith(("interactions.1", "products.1"))]
    assert trainer.card(whole).training.elements == ("O", "Mg", "Si")


@pytest.mark.in_turn("fine-tuning", 2)
def test_a_head_that_cannot_be_chosen_is_named(tmp_path: Path) -> None:
    card = random_mace(tmp_path, heads="first,second")
    trainer = trainer_of(card)
    (recipe,) = trainer.recipes(["Mg", "O"], seed=1)
    with pytest.raises(TrainingFailedError, match="none is the default: it has first, second"):
        trainer.fit(short(recipe, steps=2), lennard_jones_frames(4), tmp_path / "fit", on_progress=silent)
    named = replace(card, weights=replace(card.weights, name="small:second"))
    potential = trainer_of(named).fit(
        short(recipe, steps=4, check_every=2), lennard_jones_frames(4), tmp_path / "named", on_progress=silent
    )
    assert card.weights.path is not None
    found = compared(MACE, "mace", card.weights.path, potential, name="small:second")
    before, after = found["reference_energies"]
    assert after[0] == before[0]
    assert after[1][2] == before[1][2]  # of silicon, which no frame holds
    assert after[1][:2] != pytest.approx(before[1][:2], abs=1e-3)


def silicon_to_replay(folder: Path) -> Replay:
    path = folder / "replay.extxyz"
    write(path, silicon(range(20)))
    return read_replay(path)


def silicon(seeds: Sequence[int]) -> list[ase.Atoms]:
    frames = []
    for seed in seeds:
        atoms = bulk("Si", cubic=True)
        atoms.rattle(0.2, seed=seed)
        frames.append(atoms)
    return frames


@pytest.mark.in_turn("fine-tuning", 2)
def test_what_is_replayed_is_forgotten_less(tmp_path: Path) -> None:
    card = random_mace(tmp_path)
    replay, held_out = silicon_to_replay(tmp_path), silicon(range(100, 106))
    changes = {}
    with closing(opened(card)) as session:
        known = [session.single_point(atoms).forces_ev_per_angstrom for atoms in held_out]
    for name, chosen in (("without", None), ("with", replay)):
        trainer = trainer_of(card, replay=chosen)
        (recipe,) = trainer.recipes(["Mg", "O"], seed=1)
        recipe = short(recipe, steps=80, check_every=40, lr=1e-2)
        potential = trainer.fit(recipe, lennard_jones_frames(10), tmp_path / name, on_progress=silent)
        made = replace(trainer.card(potential), training=card.training)
        with closing(opened(made)) as session:
            found = [session.single_point(atoms).forces_ev_per_angstrom for atoms in held_out]
        changes[name] = float(np.abs(np.array(found) - np.array(known)).mean())
    assert potential.replay is not None
    assert potential.replay.structures == 20
    assert potential.replay.held_out == 3
    assert changes["with"] < 0.5 * changes["without"]
    assert 0.3 < potential.replay.force_mae_ev_per_angstrom / changes["with"] < 3


@pytest.mark.in_turn("fine-tuning", 2)
@pytest.mark.parametrize(
    ("name", "adapter", "frozen", "trained"),
    [
        ("sevennet-0", "sevenn", ("edge_embedding", "onehot_to_feature_x", "0_", "1_"), ("2_", "3_", "4_")),
        (
            "chgnet-0.3.0",
            "chgnet",
            ("atom_embedding", "bond_embedding", "atom_conv_layers.0", "atom_conv_layers.1", "angle_layers.1"),
            ("atom_conv_layers.2", "atom_conv_layers.3", "mlp"),
        ),
    ],
)
def test_frozen_layers_keep_every_bit(
    tmp_path: Path, name: str, adapter: str, frozen: tuple[str, ...], trained: tuple[str, ...]
) -> None:
    base = load_catalogue().find(name)
    trainer = FineTuneTrainer(base, find_recipe(base.backend), environment_of(base.backend), frozen_layers=2)
    (recipe,) = trainer.recipes(["Si"], seed=1)
    recipe = short(recipe, steps=4, check_every=2, lr=2e-4)
    potential = trainer.fit(recipe, silicon_frames(4), tmp_path, on_progress=silent)
    found = compared(base.backend, adapter, base.weights.name, potential)
    assert not [one for one in found["changed"] if one.startswith(frozen)]
    assert all([one for one in found["same"] if one.startswith(part)] for part in frozen if "embedding" not in part)
    assert all([one for one in found["changed"] if one.startswith(part)] for part in trained)
