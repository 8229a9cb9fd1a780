"""Small structures that a model is tried on: of elements that it knows, out of equilibrium, of a skewed cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Domain

if TYPE_CHECKING:
    from ase import Atoms

SHEAR = ((1.0, 0.1, 0.0), (0.0, 1.0, 0.05), (0.08, 0.0, 1.0))
"""Of a cell whose vectors are then along no axis."""
RATTLE_ANGSTROM = 0.05
ROCK_SALT = ("Mg", "O")
MOLECULES = {"CH3CH2OH": {"C", "H", "O"}, "CH4": {"C", "H"}, "NH3": {"N", "H"}}
TIMED_CRYSTAL = "Si"
TIMED_ATOMS = 64


def knows_only_molecules(card: ModelCard) -> bool:
    """Tell whether a model's training data hold molecules and no crystal."""
    domains = {fact.domain for fact in card.training.domains}
    return Domain.MOLECULES in domains and Domain.CRYSTALS not in domains


def tried_structure(card: ModelCard) -> Atoms:
    """Return what forces and stress of a model are tried on: periodic, but for a model of molecules."""
    from ase.build import bulk

    elements = card.known_elements
    molecule = _molecule(card)
    if molecule is not None:
        return molecule
    if set(ROCK_SALT) <= set(elements):
        atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    elif len(elements) == 1:
        atoms = _element(elements[0])
    else:
        atoms = _pair(*_largest(elements))
    return _disturbed(atoms)


def timed_structure(card: ModelCard) -> Atoms:
    """Return what the step of a model is timed on: rattled silicon of 64 atoms, or the nearest that it knows."""
    from ase.build import bulk

    elements = card.known_elements
    molecule = _molecule(card)
    if molecule is not None:
        return molecule
    if TIMED_CRYSTAL in elements:
        atoms: Atoms = bulk(TIMED_CRYSTAL, cubic=True).repeat((2, 2, 2))
    else:
        atoms = tried_structure(card)
        repeats = max(1, round((TIMED_ATOMS / len(atoms)) ** (1 / 3)))
        atoms = atoms.repeat(repeats)
    atoms.rattle(RATTLE_ANGSTROM, seed=2)
    return atoms


def _disturbed(atoms: Atoms) -> Atoms:
    atoms.rattle(RATTLE_ANGSTROM, seed=1)
    atoms.set_cell(atoms.cell.array @ SHEAR, scale_atoms=True)
    return atoms


def _molecule(card: ModelCard) -> Atoms | None:
    """Return a small molecule for a model of molecules; None for another one, and where it knows none of them."""
    from ase.build import molecule

    known = set(card.known_elements)
    name = next((name for name, elements in MOLECULES.items() if elements <= known), None)
    if name is None or not knows_only_molecules(card):
        return None
    atoms: Atoms = molecule(name)
    atoms.rattle(RATTLE_ANGSTROM, seed=1)
    return atoms


def _element(symbol: str) -> Atoms:
    from ase.build import bulk
    from ase.data import atomic_numbers, reference_states

    known = reference_states[atomic_numbers[symbol]]
    if known is None or known["symmetry"] not in {"fcc", "bcc", "hcp", "diamond"}:
        return _pair(symbol, symbol)
    atoms: Atoms = bulk(symbol, cubic=known["symmetry"] != "hcp")
    return atoms


def _largest(elements: Sequence[str]) -> tuple[str, str]:
    """Return the two largest elements: a crystal of hydrogen would be denser than anything."""
    from ase.data import atomic_numbers, covalent_radii

    one, other, *_ = sorted(elements, key=lambda symbol: -covalent_radii[atomic_numbers[symbol]])
    return one, other


def _pair(one: str, other: str) -> Atoms:
    """Return two elements in zinc blende, at the distance of their covalent radii."""
    import numpy as np
    from ase import Atoms
    from ase.data import atomic_numbers, covalent_radii

    distance = float(covalent_radii[atomic_numbers[one]] + covalent_radii[atomic_numbers[other]])
    side = 4 * distance / np.sqrt(3)
    places = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    return Atoms(
        symbols=[one] * len(places) + [other] * len(places),
        scaled_positions=np.concatenate([places, places + 0.25]),
        cell=[side] * 3,
        pbc=True,
    )
