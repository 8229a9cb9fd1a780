"""Isolated atoms give reference energies; crystals of one atom are frames like others."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from mlipguide.core.errors import InputError
from mlipguide.structures.isolated_atoms import isolated_atom, isolated_words, reference_energies
from mlipguide.structures.labels import LabelledFrame


def frame(atoms: Atoms, *, energy: float | None = -0.25, group: str | None = None, index: int = 0) -> LabelledFrame:
    return LabelledFrame(
        index=index,
        atoms=atoms,
        energy_ev=energy,
        forces_ev_per_angstrom=np.zeros((len(atoms), 3)),
        stress_ev_per_angstrom3=None,
        group=group,
    )


@pytest.mark.parametrize(
    ("atoms", "group"),
    [
        (Atoms("Cu"), None),
        (Atoms("Cu", cell=[12.0] * 3, pbc=True), None),
        (Atoms("Cu", cell=[6.0] * 3, pbc=True), "IsolatedAtom"),
        (Atoms("Cu", cell=[6.0] * 3, pbc=True), "isolated_atom"),
        (Atoms("Cu", cell=[2.0, 2.0, 30.0], pbc=(False, False, True)), None),
    ],
)
def test_an_atom_without_neighbours_is_isolated(atoms: Atoms, group: str | None) -> None:
    found = isolated_atom(frame(atoms, group=group, index=3))
    assert found is not None
    assert (found.index, found.element, found.energy_ev) == (3, "Cu", -0.25)


@pytest.mark.parametrize(
    "atoms",
    [
        Atoms("Cs", cell=[[-3.07, 3.07, 3.07], [3.07, -3.07, 3.07], [3.07, 3.07, -3.07]], pbc=True),
        Atoms("Cu", cell=[2.5, 2.5, 30.0], pbc=(True, True, False)),
        Atoms("Cu", cell=[[12.0, 0, 0], [12.0, 2.5, 0], [0, 0, 12.0]], pbc=True),  # skewed: its image is at 2.5 Å
        Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]]),
    ],
)
def test_crystals_of_one_atom_and_molecules_are_frames(atoms: Atoms) -> None:
    assert isolated_atom(frame(atoms)) is None


def test_two_energies_of_one_element_are_refused_and_both_shown() -> None:
    found = [isolated_atom(frame(Atoms("O"), energy=energy, index=place)) for place, energy in enumerate([-1.5, -1.9])]
    known = [one for one in found if one is not None]
    with pytest.raises(InputError, match=r"-1\.5000 eV in frame 0 and -1\.9000 eV in frame 1") as caught:
        reference_energies(known, source="x.extxyz")
    assert caught.value.kind == "conflicting_references"
    assert reference_energies(known[:1], source="x.extxyz") == {"O": -1.5}
    assert (
        isolated_words(known[:1], {"O": -1.5})
        == "Frame 0 is an isolated atom: counted in no error; E0 of O -1.5000 eV."
    )
