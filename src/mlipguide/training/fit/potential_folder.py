"""The folder that a final fit leaves: the potential, its card, what is known of it, and inputs that run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ase.io
import yaml

import mlipguide
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.own_models import require_free_id, write_own_card
from mlipguide.core.errors import InputError
from mlipguide.core.paths import make_folder, storage_error
from mlipguide.core.serialisation import to_plain
from mlipguide.records.models.model_card import LicenceFact, ModelCard
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.records.training.training import Engine, FittedPotential
from mlipguide.training.fit.potential_cards import TRAITS, card_of
from mlipguide.training.trainer import Trainer

if TYPE_CHECKING:
    from ase import Atoms

TEMPLATES = Path(mlipguide.__file__).parent / "data" / "run_scripts" / "trained"
INPUTS: Mapping[Engine, Mapping[str, str]] = {
    Engine.POD: {"run_ase.py": "pod.py.jinja", "in.lammps": "pod.lammps.jinja"},
    Engine.NEP: {"run_ase.py": "nep.py.jinja", "run.in": "nep.gpumd.jinja"},
    Engine.FINE_TUNE: {"run_ase.py": "{backend}.py.jinja"},
}
"""Files by engine, and the templates that they are made of."""
STRUCTURES = {"in.lammps": "structure.data", "run.in": "model.xyz"}
"""The structure that an input reads, beside ``structure.extxyz`` for ASE."""
CARD = "card.yaml"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What is put into a folder.

    Attributes:
        model: Id of the model.
        potential: The fit.
        atoms: A structure of the kind that it was fitted to, for the inputs.
        python: Interpreter that runs it, in words where there is none.
        texts: Further files by name.
        weights_licence: Of the coefficients, where a model's labels made them; None for the user's own labels.
    """

    model: str
    potential: FittedPotential
    atoms: Atoms
    python: str
    texts: Mapping[str, str]
    weights_licence: LicenceFact | None = None


def require_usable_id(model: str, folder: Path) -> None:
    """Refuse the id of another model; one of a potential in ``folder`` is written anew.

    Raises:
        InputError: It cannot be used.
    """
    catalogue = load_catalogue()
    known = next((card for card in catalogue.cards if card.id == model), None)
    mine = (
        known is not None
        and known.weights.origin in (WeightsOrigin.TRAINED, WeightsOrigin.LOCAL)
        and known.weights.path is not None
        and Path(known.weights.path).parent == folder
    )
    if not mine:
        require_free_id(model, catalogue)


def deliver(delivery: Delivery, trainer: Trainer, folder: Path) -> None:
    """Write the folder, whole or not at all, and register the card.

    Raises:
        InputError: The folder holds something else.
        StorageError: The folder cannot be written.
    """
    if folder.exists() and not (folder / CARD).is_file():
        raise InputError(f"{folder} holds something else.", hint="Choose another folder with --folder.")
    make_folder(folder.parent)
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
            made = Path(temporary) / folder.name
            made.mkdir()
            source = Path(delivery.potential.folder)
            for name in delivery.potential.files:
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, made / name)
            moved = replace(delivery.potential, folder=str(made))
            card = _placed(_card(trainer, moved, delivery), folder / delivery.potential.files[0])
            for name, text in {**delivery.texts, **_inputs(delivery, card), CARD: _yaml(card)}.items():
                (made / name).write_text(text, encoding="utf-8")
            _write_structures(delivery, made)
            if folder.exists():
                shutil.rmtree(folder)
            made.rename(folder)
    except OSError as error:
        raise storage_error(folder, error) from error
    write_own_card(card)


def _card(trainer: Trainer, potential: FittedPotential, delivery: Delivery) -> ModelCard:
    engine = potential.recipe.engine
    if engine in TRAITS:
        return card_of(potential, model_id=delivery.model, weights_licence=delivery.weights_licence)
    make: Any = trainer
    card = make.card(potential, model_id=delivery.model)
    assert isinstance(card, ModelCard)
    return card


def _placed(card: ModelCard, file: Path) -> ModelCard:
    return replace(card, weights=replace(card.weights, path=str(file)))


def _yaml(card: ModelCard) -> str:
    text: str = yaml.safe_dump(to_plain(card), sort_keys=False, allow_unicode=True, width=120)
    return text


def _inputs(delivery: Delivery, card: ModelCard) -> dict[str, str]:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(  # noqa: S701  # what is written is Python and LAMMPS, not HTML
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True
    )
    values = {
        "model": delivery.model,
        "files": delivery.potential.files,
        "elements": delivery.potential.recipe.elements,
        "python": delivery.python,
        "backend": card.backend,
        "head": card.weights.name.partition(":")[2],
    }
    found = {}
    for name, template in INPUTS[delivery.potential.recipe.engine].items():
        chosen = template.format(backend=card.backend)
        if (TEMPLATES / chosen).is_file():
            found[name] = templates.get_template(chosen).render(values)
    return found


def _write_structures(delivery: Delivery, folder: Path) -> None:
    atoms = delivery.atoms.copy()
    ase.io.write(folder / "structure.extxyz", atoms)
    names = [STRUCTURES[name] for name in INPUTS[delivery.potential.recipe.engine] if name in STRUCTURES]
    if "structure.data" in names:
        ase.io.write(
            folder / "structure.data",
            atoms,
            format="lammps-data",
            specorder=list(delivery.potential.recipe.elements),
            masses=True,
            atom_style="atomic",
        )
    if "model.xyz" in names:
        ase.io.write(folder / "model.xyz", atoms, format="extxyz", columns=["symbols", "positions"])
