"""Models as the commands name them: ids, ``all``, or ``available`` for those that can be started here as things are.

The potentials of LAMMPS's distribution are many, each for a few elements, and of unknown accuracy for a task: they are
looked at where they are named, or where ``all`` are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.candidates.neighbours_seen import without_blind
from mlipguide.candidates.preparation import NO_CONSENT, Consent, Preparation, prepare_candidates
from mlipguide.catalog.cards import Catalogue
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.records.task.structure import StructureSummary

if TYPE_CHECKING:
    from ase import Atoms

ALL, AVAILABLE = "all", "available"
LIBRARY_BACKEND = "lammps"


def named_cards(catalogue: Catalogue, names: Sequence[str]) -> tuple[ModelCard, ...]:
    """Return the models that are named; all where one of the names stands for all, the usual ones for ``available``.

    Others that are named beside these words are among them.

    Raises:
        InputError: There is no such model.
    """
    named = catalogue.select(tuple(name for name in names if name not in (ALL, AVAILABLE)))
    if ALL in names:
        return _each_once(catalogue.cards, named)
    return _each_once(usual_cards(catalogue), named) if AVAILABLE in names else named


def _each_once(*groups: Sequence[ModelCard]) -> tuple[ModelCard, ...]:
    return tuple({card.id: card for group in groups for card in group}.values())


def usual_cards(catalogue: Catalogue) -> tuple[ModelCard, ...]:
    """Return the models that are looked at where none is named: all but LAMMPS's own potentials and empirical methods.

    How accurate those are for a system, nothing here says, so that they would be chosen for their speed alone.
    """
    return tuple(card for card in catalogue.cards if not (is_library_potential(card) or card.architecture.empirical))


def library_cards(catalogue: Catalogue, elements: Collection[str]) -> tuple[ModelCard, ...]:
    """Return those of LAMMPS's own potentials that know all elements of a structure, those of the fewest others first.

    Args:
        catalogue: All models.
        elements: Chemical symbols of the structure.
    """
    found = [
        card for card in catalogue.cards if is_library_potential(card) and set(elements) <= set(card.known_elements)
    ]
    return tuple(sorted(found, key=lambda card: (len(card.known_elements), card.id)))


def is_library_potential(card: ModelCard) -> bool:
    """Tell whether a model is one of the potentials that come with LAMMPS."""
    return card.backend == LIBRARY_BACKEND and card.weights.origin is WeightsOrigin.PACKAGE


def prepare_named(
    names: Sequence[str],
    cards: Sequence[ModelCard],
    machine: Machine,
    atoms: Atoms,
    structure: StructureSummary,
    *,
    given_weights: Mapping[str, Path],
    consent: Consent,
    on_progress: Callable[[str], None],
) -> Preparation:
    """Find or, with consent, build what models need that were named, and look whether they see any neighbour.

    For ``available`` nothing is built, and what cannot be started here does not count.

    Args:
        names: As they were given.
        cards: The models that these stand for.
        machine: This machine.
        atoms: The structure.
        structure: Its description.
        given_weights: Files of weights that the user gave, by model.
        consent: To builds and downloads.
        on_progress: Told what is being done.

    Raises:
        InputError: See :func:`prepare_candidates`.
    """
    at_hand = AVAILABLE in names
    preparation = prepare_candidates(
        cards,
        machine,
        given_weights=given_weights,
        consent=NO_CONSENT if at_hand else consent,
        on_progress=on_progress,
    )
    preparation = without_blind(preparation, atoms, structure)
    return startable_ones(preparation) if at_hand else preparation


def startable_ones(preparation: Preparation) -> Preparation:
    """Return what can be started; where nothing can, everything, so that it is said what is missing."""
    startable = tuple(item for item in preparation.candidates if item.obstacle is None)
    return Preparation(startable, (), preparation.problems) if startable else preparation
