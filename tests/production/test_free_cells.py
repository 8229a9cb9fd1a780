"""Where every atom moves although the file holds some, and what is said of charges in repeated cells."""

from __future__ import annotations

from ase.build import bulk
from ase.constraints import FixAtoms

from factories import make_summary, make_task
from mlipguide.advice.assumptions import assumption_notices
from mlipguide.commands.train.distil import cell_for
from mlipguide.evidence.stability import plan as stability_plan
from mlipguide.evidence.stability import symmetry
from mlipguide.structures.distortions import distorted_copies


def test_tests_of_a_model_and_schedules_of_a_student_move_every_atom() -> None:
    slab = bulk("Cu", cubic=True)
    slab.set_constraint(FixAtoms([0]))
    slab.info["charge"] = 1
    masses = slab.get_masses()
    masses[1] = 65.0
    slab.set_masses(masses)
    for cell in (
        cell_for(slab),
        stability_plan.cell_of(slab, 32),
        stability_plan.cell_of(slab, 2),
        *distorted_copies(slab, 1),
    ):
        assert not cell.constraints
        assert cell.info["charge"] == len(cell) // 4
        assert (cell.get_masses() == 65.0).sum() == len(cell) // 4
    assert slab.constraints


def test_twice_the_cell_has_twice_the_charge() -> None:
    cell = bulk("Cu", cubic=True)
    cell.info.update(charge=1, spin=2)
    image = symmetry.repeated(cell)
    assert image is not None
    assert image.atoms.info == {"charge": 2, "spin": 3}


def test_what_becomes_of_a_charge_in_a_repeated_cell_is_said() -> None:
    structure = make_summary(atoms=8)

    def said(**changes: int) -> list[str]:
        task = make_task(structure=structure, **changes)
        return [notice.message for notice in assumption_notices(task) if notice.kind == "repeated_electrons"]

    (words,) = said(atoms=32, total_charge=-1, spin_multiplicity=2)
    assert "a charge of -1 in each cell makes -4" in words
    assert "a spin multiplicity of 2 in each, all spins one way, makes 5" in words
    assert said(atoms=8, total_charge=-1) == []
    assert said(atoms=32, total_charge=0, spin_multiplicity=1) == []
