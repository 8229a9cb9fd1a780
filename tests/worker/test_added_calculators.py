"""What is added to a model in the worker: sums, boundary conditions, and that nothing is there twice."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.worker_session import WorkerSession
from mlipguide.testing.in_process import in_process_session
from mlipguide.worker import additions
from mlipguide.worker.additions import as_given, summed
from mlipguide.worker.backends.interface import LoadedModel
from mlipguide.worker.failures import WorkerError
from mlipguide.worker.geometry import GIVEN, boxed

D3 = Addition(kind=AdditionKind.D3, method="pbe", damping="d3bj")
D4 = Addition(kind=AdditionKind.D4, method="pbe")


def lennard_jones() -> Any:
    return LennardJones(sigma=2.4, epsilon=0.05, rc=6.0, smooth=True)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a law that is known in closed form stand for dispersion."""
    monkeypatch.setattr(additions, "_maker", lambda _addition: lennard_jones)
    monkeypatch.setattr(additions, "version", lambda package: f"{package}-1.0")


def rattled_copper() -> Atoms:
    atoms: Atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.rattle(0.1, seed=1)
    return atoms


def parts(atoms: Atoms) -> tuple[Atoms, Atoms]:
    both = atoms.copy(), atoms.copy()
    both[0].calc, both[1].calc = EMT(), lennard_jones()
    return both


def test_energy_forces_and_stress_are_sums() -> None:
    atoms = rattled_copper()
    model, added = parts(atoms)
    atoms.calc = summed(EMT(), [lennard_jones])
    assert atoms.get_potential_energy() == pytest.approx(model.get_potential_energy() + added.get_potential_energy())
    assert np.allclose(atoms.get_forces(), model.get_forces() + added.get_forces(), atol=1e-12)
    assert np.allclose(atoms.get_stress(), model.get_stress() + added.get_stress(), atol=1e-12)
    assert abs(added.get_potential_energy()) > 1
    assert "energies" not in atoms.calc.results, "those of atoms are the model's and do not add up"
    assert "energies" not in atoms.calc.implemented_properties


def test_the_sum_follows_atoms_and_cell() -> None:
    atoms = rattled_copper()
    atoms.calc = summed(EMT(), [lennard_jones])
    atoms.get_forces()
    atoms.rattle(0.05, seed=2)
    atoms.set_cell(atoms.cell * 1.02, scale_atoms=True)
    model, added = parts(atoms)
    assert np.allclose(atoms.get_forces(), model.get_forces() + added.get_forces(), atol=1e-12)


def test_copies_share_no_results() -> None:
    first, second = rattled_copper(), bulk("Cu", cubic=True)
    calculator = summed(EMT(), [lennard_jones])
    for atoms in (first, second):
        atoms.calc = copy.copy(calculator)
    energies = [atoms.get_potential_energy() for atoms in (first, second)]
    for atoms, energy in zip((first, second), energies, strict=True):
        atoms.positions[0, 0] += 0.01
        atoms.get_forces()
        atoms.positions[0, 0] -= 0.01
        assert atoms.get_potential_energy() == pytest.approx(energy, abs=1e-9)


class Magnetic(Calculator):
    """Gives a moment, and a stress of whatever box it sees."""

    implemented_properties = ["energy", "forces", "stress", "magmoms"]  # noqa: RUF012  # as ASE declares it

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE
        count = len(atoms)
        self.results = {
            "energy": 0.0,
            "forces": np.zeros((count, 3)),
            "stress": np.ones(6),
            "magmoms": np.arange(count) / 2,
        }


def test_a_stress_that_is_left_as_a_matrix_is_added_all_the_same() -> None:
    class AsMatrix(Magnetic):
        def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
            super().calculate(atoms, properties, system_changes)
            self.results["stress"] = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]])

    atoms = rattled_copper()
    atoms.calc = summed(AsMatrix(), [lennard_jones])
    assert np.allclose(atoms.get_stress(), np.arange(1, 7) + parts(atoms)[1].get_stress())


def test_what_else_a_model_gives_stays() -> None:
    atoms = rattled_copper()
    atoms.calc = summed(Magnetic(), [lennard_jones])
    assert np.allclose(atoms.get_magnetic_moments(), np.arange(32) / 2)
    assert np.allclose(atoms.get_stress(), 1 + parts(atoms)[1].get_stress())


def boxing_session(known_adapt: Callable[[Atoms], Atoms]) -> WorkerSession:
    """Return a session whose backend puts a box around what is not periodic."""
    session = in_process_session(Magnetic())
    service = session._process._service  # type: ignore[attr-defined]  # the worker of this process
    service._model = replace(service._model, adapt=known_adapt)
    return session


@pytest.mark.usefixtures("known")
def test_what_is_added_sees_no_images_that_a_backend_made() -> None:
    ethane = molecule("C2H6")
    ethane.rattle(0.05, seed=0)
    session = boxing_session(lambda atoms: boxed(atoms, margin=1.0)).with_additions([D3])
    alone = parts(ethane)[1]
    point = session.single_point(ethane)
    assert point.energy_ev == pytest.approx(alone.get_potential_energy(), rel=1e-12)
    assert np.allclose(point.forces_ev_per_angstrom, alone.get_forces())
    assert point.stress_ev_per_angstrom3 is None
    in_a_box = boxed(ethane, margin=1.0)
    in_a_box.calc = lennard_jones()
    assert abs(in_a_box.get_potential_energy() - point.energy_ev) > 1e-3, "images would count"


def test_a_slab_keeps_its_directions_and_gets_a_volume() -> None:
    slab = bulk("Cu", cubic=True)
    slab.pbc = (True, True, False)
    slab.cell[2] = 0
    changed = boxed(slab, margin=9.0)
    changed.info[GIVEN] = slab.pbc.tolist()
    seen = as_given(changed)
    assert seen.pbc.tolist() == [True, True, False]
    assert seen.cell.rank == 3
    assert as_given(slab).cell.rank == 3
    charged = slab.copy()
    charged.info["charge"] = -2
    assert as_given(charged).get_initial_charges().sum() == pytest.approx(-2)


@pytest.mark.usefixtures("known")
def test_a_session_with_an_addition_is_another_potential() -> None:
    atoms = rattled_copper()
    model, added = parts(atoms)
    session = in_process_session(EMT())
    assert session.single_point(atoms).energy_ev == pytest.approx(model.get_potential_energy())
    both = session.with_additions([D3])
    assert both.single_point(atoms).energy_ev == pytest.approx(
        model.get_potential_energy() + added.get_potential_energy()
    )
    assert both.facts.versions == {**session.facts.versions, "dftd3": "dftd3-1.0"}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("wanted", [[D3, D3], [replace(D3, method="x"), D3]])
def test_nothing_is_added_twice_at_once(wanted: list[Addition]) -> None:
    with pytest.raises(SessionError) as caught:
        in_process_session(EMT()).with_additions(wanted)
    assert caught.value.failure is FailureKind.BAD_REQUEST


@pytest.mark.usefixtures("known")
def test_nothing_is_added_twice_one_after_the_other() -> None:
    session = in_process_session(EMT()).with_additions([D3])
    for again in (D3, D4):
        with pytest.raises(SessionError, match="nothing is added twice"):
            session.with_additions([again])


@pytest.mark.usefixtures("known")
def plain_model(**changes: Any) -> LoadedModel:
    return LoadedModel(
        calculator=EMT(),
        parameters=None,
        cutoff=None,
        layers=None,
        elements=None,
        synthetic=False,
        versions={},
        synchronise=lambda: None,
        reset_peak_memory=lambda: None,
        peak_memory_bytes=lambda: 1,
        **changes,
    )


@pytest.mark.usefixtures("known")
def test_what_is_added_is_in_no_batch() -> None:
    model = plain_model(batched=lambda: pytest.fail("it is the model alone"))
    assert additions.with_additions(model, [{"kind": "d3", "method": "pbe", "damping": "d3bj"}]).batched is None


def test_a_driver_of_the_backends_own_takes_no_addition() -> None:
    model = plain_model(make_system=lambda _atoms, _conditions: pytest.fail("it is never made"))
    with pytest.raises(WorkerError, match="another driver") as caught:
        additions.with_additions(model, [{"kind": "d3", "method": "pbe", "damping": "d3bj"}])
    assert caught.value.kind == "unsupported_setting"


def test_a_package_that_is_not_there_is_said() -> None:
    with pytest.raises(SessionError, match="dftd3"):
        in_process_session(EMT()).with_additions([D3])
