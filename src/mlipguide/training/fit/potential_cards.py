"""Model cards of fitted potentials, whatever engine fitted them, and their start as models."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.core.serialisation import to_json, to_plain
from mlipguide.records.hardware.environment import Environment, Recipe
from mlipguide.records.models.model_card import (
    Architecture,
    LicenceFact,
    Licences,
    ModelCard,
    TrainingData,
    WeightsFact,
)
from mlipguide.records.models.terms import CommercialUse, Forces, LifeCycle, Need, WeightsOrigin
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import SessionRequest, open_session

KEY_DIGITS = 8
LABELS = "that of the labels"
OWN_LABELS = "own_labels"
"""Key of a source: what is known of such a potential stands in the folder of its fit."""


@dataclass(frozen=True, kw_only=True)
class EngineTraits:
    """What is the same of all potentials of an engine that trains from scratch.

    Attributes:
        backend: What runs them.
        family: As on other cards.
        layers: Message-passing layers; 1 for a strictly local one.
        provides: What they give beside energies and forces.
        code: Licence of what runs them.
        shape: Options of a recipe that decide how long a step takes; None for all but those of the fitting.
    """

    backend: str
    family: str
    layers: int
    provides: tuple[Need, ...]
    code: LicenceFact
    shape: tuple[str, ...] | None = None


TRAITS: dict[Engine, EngineTraits] = {
    Engine.POD: EngineTraits(
        backend="lammps",
        family="POD",
        layers=1,
        provides=(Need.STRESS, Need.CONSERVATIVE),
        code=LicenceFact(
            name="GPL-2.0-only",
            commercial=CommercialUse.YES,
            sources=("lammps_licence",),
            read_on="2026-11-25",
            remark="It is called as a program of its own; what is handed on with it falls under its licence.",
        ),
    ),
    Engine.NEP: EngineTraits(
        backend="nep",
        family="NEP",
        layers=1,
        provides=(Need.STRESS, Need.CONSERVATIVE),
        code=LicenceFact(
            name="MPL-2.0",
            commercial=CommercialUse.YES,
            sources=("calorine_package",),
            read_on="2026-11-25",
            remark="Of calorine, which runs it; torchnep, which trained it, is under GPL-3.0-or-later and called as a "
            "program.",
        ),
        shape=("cutoff", "n_max", "basis_size", "l_max", "neuron"),
    ),
}


def time_law_of(recipe: FitRecipe) -> str:
    """Return the key that potentials of equal recipes share: their steps take the same time, whatever the labels.

    The seed and the weights of a fit change the numbers and not the work.
    """
    traits = TRAITS.get(recipe.engine)
    kept = None if traits is None else traits.shape
    options = {
        name: value
        for name, value in recipe.options.items()
        if (not name.startswith("fitting_") if kept is None else name in kept)
    }
    shape = {"elements": list(recipe.elements), "options": options, "base": recipe.base_model}
    digest = hashlib.sha256(to_json(to_plain(shape, dict[str, object])).encode()).hexdigest()[:KEY_DIGITS]
    return f"{recipe.engine.value}-{recipe.size}-{digest}"


def card_of(
    potential: FittedPotential,
    *,
    model_id: str,
    level_of_theory: str | None = None,
    weights_licence: LicenceFact | None = None,
    traits: EngineTraits | None = None,
    remarks: tuple[str, ...] = (),
) -> ModelCard:
    """Return the card of a finished fit.

    Args:
        potential: The fit; its first file is the one that the card vouches for.
        model_id: Id of the card.
        level_of_theory: Of the labels; None where the user did not say.
        weights_licence: Of the coefficients, where labels came from a model under a licence; None for the user's own.
        traits: Of the engine; None for those that are known here.
        remarks: What else a user should know.

    Raises:
        InputError: The file is missing.
        KeyError: Nothing is known of the engine.
    """
    recipe = potential.recipe
    about = traits or TRAITS[recipe.engine]
    path = Path(potential.folder) / potential.files[0]
    return ModelCard(
        id=model_id,
        name=f"{model_id} ({about.family}, {recipe.size}, {', '.join(recipe.elements)})",
        life_cycle=LifeCycle.ACTIVE,
        backend=about.backend,
        architecture=Architecture(
            family=about.family,
            time_law=time_law_of(recipe),
            parameters=potential.parameters,
            cutoff_angstrom=potential.cutoff_angstrom,
            layers=about.layers,
            forces=Forces.CONSERVATIVE,
        ),
        provides=about.provides,
        training=TrainingData(
            sets=(), elements=recipe.elements, level_of_theory=level_of_theory or LABELS, sources=(OWN_LABELS,)
        ),
        licences=Licences(code=about.code, weights=weights_licence or _own_licence(about.code.read_on)),
        weights=WeightsFact(
            origin=WeightsOrigin.TRAINED,
            name=recipe.engine.value,
            path=str(path),
            sha256=sha256_of(path),
            derived_from=recipe.base_model,
        ),
        metrics=None,
        remarks=(
            (
                f"Fitted here to {potential.frames} labelled frames with the engine {recipe.engine.value}, size "
                f"{recipe.size}. It holds for what the frames cover and for nothing else."
            ),
            *remarks,
        ),
    )


def open_potential(
    potential: FittedPotential, recipe: Recipe, environment: Environment, *, traits: EngineTraits | None = None
) -> ModelSession:
    """Start a fitted potential as a model, on one processor.

    Raises:
        SessionError: It cannot be started.
        EnvironmentFailedError: The environment is not ready.
    """
    card = card_of(potential, model_id=f"{potential.recipe.engine.value}-{potential.recipe.size}", traits=traits)
    return open_session(
        SessionRequest(
            card=card,
            recipe=recipe,
            environment=environment,
            settings=Settings(
                threads=1, dtype=recipe.dtype, device="cpu", driver=recipe.driver, allocator=Allocator.DEFAULT
            ),
            weights_file=Path(potential.folder) / potential.files[0],
            synthetic=False,
            memory_limit_bytes=None,
        )
    )


def _own_licence(read_on: str) -> LicenceFact:
    return LicenceFact(
        name="the user's own",
        commercial=CommercialUse.YES,
        sources=(OWN_LABELS,),
        read_on=read_on,
        remark="Fitted to the user's own labels; whether those may be used so is for the user to know.",
    )
