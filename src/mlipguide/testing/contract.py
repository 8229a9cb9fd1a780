"""What every backend has to pass, as a class of tests.

Write a class of this kind in a test file and let pytest run it (mlipguide's extra ``test`` brings pytest)::

    class TestMyModel(BackendContract):
        card = load_catalogue().find("my-model")

        @classmethod
        def open(cls, *, memory_limit_bytes=None):
            return open_session(SessionRequest(card=cls.card, memory_limit_bytes=memory_limit_bytes, ...))

Tolerances follow from single precision, in which most models run (:mod:`mlipguide.sessions.consistency`).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import psutil
import pytest

from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Forces, Need
from mlipguide.sessions.consistency import (
    STRAIN,
    energy_error,
    force_deviation,
    parameters_agree,
    stress_deviation,
)
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, DynamicsPlan, SinglePoint
from mlipguide.sessions.worker_session import WorkerSession

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

MOST_EV_PER_ATOM = 1e5
"""Total energies with all electrons come near to it; an energy in other units does not stay below."""
MOST_EV_PER_ANGSTROM = 1e3
BURST_STEPS = 3
SHEAR = np.array([[1.0, 0.1, 0.0], [0.0, 1.0, 0.05], [0.08, 0.0, 1.0]])
"""Of a cell whose vectors are then along no axis."""


class BackendContract:
    """Tests of one checkpoint in a real worker.

    Attributes:
        card: Its card.
        memory_limit_bytes: A limit under which it loads and evaluates a few atoms.
        exhausting_atoms: About how many atoms do not fit into this limit.
    """

    card: ClassVar[ModelCard]
    memory_limit_bytes: ClassVar[int] = 2 * 2**30
    exhausting_atoms: ClassVar[int] = 8000

    @classmethod
    def open(cls, *, memory_limit_bytes: int | None = None) -> WorkerSession:
        """Start a worker with the checkpoint; to be written by the author of the class."""
        raise NotImplementedError

    @classmethod
    def structure(cls) -> Atoms:
        """Return a periodic structure out of equilibrium, whose cell is smaller than twice the cutoff.

        The default is rock salt MgO with rattled atoms. Write another one for a model that does not know
        these elements.
        """
        from ase.build import bulk

        atoms: Atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
        atoms.rattle(0.08, seed=1)
        return atoms

    @pytest.fixture(scope="class")
    @classmethod
    def session(cls) -> Iterator[WorkerSession]:
        """Give one worker to all tests of the class."""
        session = cls.open()
        yield session
        session.close()

    @pytest.fixture
    def atoms(self) -> Atoms:
        """Give a structure of its own to each test."""
        return self.structure()

    def test_the_card_says_what_the_weights_say(self, session: WorkerSession) -> None:
        """Parameters (to 0.1 %, or as they were rounded), cutoff, layers and elements, where the card has them."""
        from ase.data import atomic_numbers

        facts, architecture = session.facts, self.card.architecture
        assert facts.load_s > 0
        if architecture.parameters is not None and facts.parameters is not None:
            assert parameters_agree(facts.parameters, architecture.parameters), facts.parameters
        if None not in (architecture.cutoff_angstrom, facts.cutoff_angstrom):
            assert facts.cutoff_angstrom == pytest.approx(architecture.cutoff_angstrom, abs=1e-6)
        assert architecture.layers in (facts.layers, None)
        trained = {atomic_numbers[symbol] for symbol in self.card.known_elements}
        assert facts.elements is None or trained <= set(facts.elements)
        assert facts.versions

    def test_energy_and_forces_have_their_shapes_and_units(self, session: WorkerSession, atoms: Atoms) -> None:
        """Energies and forces of a usable structure are of the size that eV and Å give them."""
        point = session.single_point(atoms)
        forces = _forces(point)
        assert abs(point.energy_ev) < MOST_EV_PER_ATOM * len(atoms)
        assert forces.shape == (len(atoms), 3)
        assert 0 < abs(forces).max() < MOST_EV_PER_ANGSTROM
        assert point.pairs_per_atom > 0
        assert point.magnetic_moments is None or len(point.magnetic_moments) == len(atoms)

    def test_the_input_is_not_changed(self, session: WorkerSession, atoms: Atoms) -> None:
        """An evaluation leaves the structure as it was, and no trace in the next one."""
        before = atoms.copy()
        first = session.single_point(atoms)
        session.single_point(self.structure().repeat((1, 1, 2)))
        again = session.single_point(atoms)
        assert atoms == before
        assert atoms.calc is None
        assert again.energy_ev == pytest.approx(first.energy_ev, abs=energy_error(first))

    def test_a_translation_changes_nothing(self, session: WorkerSession, atoms: Atoms) -> None:
        """Moved as a whole, across the boundary of the cell too."""
        moved = atoms.copy()
        moved.translate((0.37, 2.9, -1.61))
        moved.wrap()
        here, there = session.single_point(atoms), session.single_point(moved)
        assert there.energy_ev == pytest.approx(here.energy_ev, abs=energy_error(here))
        assert _forces(there) == pytest.approx(_forces(here), abs=_force_error(here))

    def test_the_order_of_atoms_changes_nothing(self, session: WorkerSession, atoms: Atoms) -> None:
        """Forces follow their atoms."""
        order = np.random.default_rng(0).permutation(len(atoms))
        here, there = session.single_point(atoms), session.single_point(atoms[order])
        assert there.energy_ev == pytest.approx(here.energy_ev, abs=energy_error(here))
        assert _forces(there) == pytest.approx(_forces(here)[order], abs=_force_error(here))

    def test_forces_are_the_gradient_of_the_energy(self, session: WorkerSession, atoms: Atoms) -> None:
        """Along the forces themselves, and along some coordinates."""
        if self.card.architecture.forces is Forces.DIRECT:
            pytest.skip("the model predicts forces directly")
        found = force_deviation(session, atoms)
        assert found.is_within, found

    def test_periodic_images_are_counted(self, session: WorkerSession, atoms: Atoms) -> None:
        """A cell repeated twice has twice the energy, the same forces, and as many neighbours an atom."""
        once, twice = session.single_point(atoms), session.single_point(atoms.repeat((2, 1, 1)))
        assert twice.energy_ev == pytest.approx(2 * once.energy_ev, abs=2 * energy_error(once))
        assert _forces(twice) == pytest.approx(np.tile(_forces(once), (2, 1)), abs=_force_error(once))
        assert twice.pairs_per_atom == pytest.approx(once.pairs_per_atom)

    def test_a_left_handed_cell_is_its_right_handed_twin(self, session: WorkerSession, atoms: Atoms) -> None:
        """With two cell vectors exchanged it is the same crystal: energy, forces and stress are the same."""
        atoms.set_cell(atoms.cell.array @ SHEAR, scale_atoms=True)
        twin = atoms.copy()
        twin.set_cell(atoms.cell.array[[1, 0, 2]])
        assert atoms.cell.handedness == -twin.cell.handedness
        here, there = session.single_point(atoms), session.single_point(twin)
        assert there.energy_ev == pytest.approx(here.energy_ev, abs=energy_error(here))
        assert _forces(there) == pytest.approx(_forces(here), abs=_force_error(here))
        if here.stress_ev_per_angstrom3 is not None:
            assert there.stress_ev_per_angstrom3 == pytest.approx(
                here.stress_ev_per_angstrom3, abs=_force_error(here) / 10
            )

    def test_charge_and_spin_reach_a_model_that_takes_them(self, session: WorkerSession, atoms: Atoms) -> None:
        """A charge, or another spin, changes the energy of such a model, at the same positions too, and of no other."""
        plain, charged, open_shell = atoms, atoms.copy(), atoms.copy()
        charged.info["charge"] = 2
        open_shell.info["spin"] = 3
        energy = session.single_point(plain).energy_ev
        for need, other in ((Need.TOTAL_CHARGE, charged), (Need.SPIN, open_shell)):
            point = session.single_point(other)
            same = point.energy_ev == pytest.approx(energy, abs=energy_error(point))
            assert same is (need not in self.card.provides), need.value
            assert session.single_point(plain).energy_ev == pytest.approx(energy, abs=energy_error(point))

    def test_held_atoms_stay_and_keep_their_forces(self, session: WorkerSession, atoms: Atoms) -> None:
        """In dynamics they do not move, the others do, and forces on them are those of the model."""
        if session.facts.synthetic:
            pytest.skip("random weights never move atoms")
        from ase.constraints import FixAtoms, FixCartesian

        last = len(atoms) - 1
        atoms.set_constraint([FixAtoms([0, 2]), FixCartesian([last], (True, False, True))])
        plan = DynamicsPlan(steps=BURST_STEPS, every=1, timestep_s=5e-16, temperature_k=300.0, friction_per_s=1e13)
        snapshots = session.dynamics(atoms, plan).snapshots
        moved = snapshots[-1].positions_angstrom - atoms.positions
        assert not moved[[0, 2]].any()
        assert not moved[last, [0, 2]].any()
        assert moved[last, 1]
        assert moved[1].all()
        assert not snapshots[0].velocities_angstrom_per_fs[[0, 2]].any()
        forces = _forces(session.single_point(atoms))
        assert snapshots[0].forces_ev_per_angstrom == pytest.approx(forces, abs=_force_error_of(forces))

    def test_stress_is_the_derivative_by_strain_or_missing(self, session: WorkerSession, atoms: Atoms) -> None:
        """Its trace is the energy's derivative by an isotropic strain; without a crystal there is none."""
        point = session.single_point(atoms)
        molecule = atoms.copy()
        molecule.pbc = False
        assert session.single_point(molecule).stress_ev_per_angstrom3 is None
        if point.stress_ev_per_angstrom3 is None:
            assert Need.STRESS not in self.card.provides
            return
        assert len(point.stress_ev_per_angstrom3) == len(("xx", "yy", "zz", "yz", "xz", "xy"))
        if self.card.architecture.forces is Forces.DIRECT:
            return
        energies = []
        for strain in (STRAIN, -STRAIN):
            strained = atoms.copy()
            strained.set_cell((1 + strain) * atoms.cell.array, scale_atoms=True)
            energies.append(session.single_point(strained).energy_ev)
        volume = atoms.get_volume()
        trace = sum(point.stress_ev_per_angstrom3[:3])
        rounding = energy_error(point) / STRAIN / volume
        curvature = 0.05 * abs(trace) + 2e-3
        assert (energies[0] - energies[1]) / (2 * STRAIN) / volume == pytest.approx(trace, abs=curvature + rounding)

    def test_every_component_of_the_stress_is_a_derivative(self, session: WorkerSession, atoms: Atoms) -> None:
        """Of a triclinic cell, and of its left-handed twin: the order of components, their signs and their unit."""
        if Need.STRESS not in self.card.provides or self.card.architecture.forces is Forces.DIRECT:
            pytest.skip("the model gives no stress that is a derivative")
        atoms.set_cell(atoms.cell.array @ SHEAR, scale_atoms=True)
        twin = atoms.copy()
        twin.set_cell(atoms.cell.array[[1, 0, 2]])
        for structure in (atoms, twin):
            found = stress_deviation(session, structure)
            assert found is not None
            assert found.is_within, found

    def test_an_unknown_element_is_refused_by_name(self, session: WorkerSession, atoms: Atoms) -> None:
        """The worker says which, and goes on."""
        from ase.data import chemical_symbols

        if session.facts.elements is None:
            pytest.skip("the model does not say which elements it knows")
        unknown = max(set(range(1, len(chemical_symbols))) - set(session.facts.elements), default=None)
        if unknown is None:
            pytest.skip("the model has weights for every element")
        other = atoms.copy()
        other.numbers[0] = unknown
        with pytest.raises(SessionError, match=rf"\b{chemical_symbols[unknown]}\b") as raised:
            session.single_point(other)
        assert raised.value.failure is FailureKind.UNSUPPORTED_ELEMENT
        assert session.single_point(atoms).pairs_per_atom > 0

    def test_steps_are_timed(self, session: WorkerSession, atoms: Atoms) -> None:
        """Each step takes time, most of it for the forces; two structures can be stepped in turn."""
        conditions = Conditions(temperature_k=300, timestep_s=5e-16, propagate=not session.facts.synthetic)
        larger = atoms.repeat((2, 1, 1))
        prepared = [session.prepare(structure, conditions) for structure in (atoms, larger)]
        for one, structure in zip(prepared, (atoms, larger), strict=True):
            assert one.atoms == len(structure)
            assert one.first_call_s > 0
            assert one.peak_memory_bytes > 0
        for one in (*prepared, *prepared):
            burst = session.run(one, max_steps=BURST_STEPS, max_s=60.0)
            samples = burst.samples
            assert len(samples.wall_s) == len(samples.energy_forces_s) == len(samples.cpu_s) == BURST_STEPS
            for wall_s, energy_forces_s in zip(samples.wall_s, samples.energy_forces_s, strict=True):
                assert 0 < energy_forces_s <= wall_s
            assert sum(samples.cpu_s) > 0
            assert burst.peak_memory_bytes > 0
        session.release_memory()

    def test_a_burst_ends_in_time(self, session: WorkerSession, atoms: Atoms) -> None:
        """One step at least, and no more than fit."""
        conditions = Conditions(temperature_k=300, timestep_s=5e-16, propagate=not session.facts.synthetic)
        prepared = session.prepare(atoms, conditions)
        assert len(session.run(prepared, max_steps=1000, max_s=1e-9).samples.wall_s) == 1

    def test_random_weights_never_move_atoms(self, session: WorkerSession, atoms: Atoms) -> None:
        """Synthetic weights are asked to propagate and refuse."""
        if not session.facts.synthetic:
            pytest.skip("the weights are real")
        conditions = Conditions(temperature_k=300, timestep_s=5e-16, propagate=True)
        with pytest.raises(SessionError) as raised:
            session.prepare(atoms, conditions)
        assert raised.value.failure is FailureKind.BAD_REQUEST

    def test_exhausted_memory_and_a_crash_are_told_apart(self, atoms: Atoms) -> None:
        """A structure too large for the memory limit, then a worker that somebody killed."""
        repeats = round((self.exhausting_atoms / len(atoms)) ** (1 / 3)) + 1
        session = self.open(memory_limit_bytes=self.memory_limit_bytes)
        try:
            assert session.single_point(atoms).pairs_per_atom > 0
            with pytest.raises(SessionError) as raised:
                session.single_point(atoms.repeat(repeats))
            assert raised.value.failure is FailureKind.OUT_OF_MEMORY, raised.value.message
            if not psutil.pid_exists(session.pid):
                # The watch on its memory ended it before an allocation failed.
                session = self.open()
            os.kill(session.pid, signal.SIGKILL)
            with pytest.raises(SessionError) as raised:
                session.single_point(atoms)
            assert raised.value.failure is FailureKind.CRASHED
            assert raised.value.ends_session
        finally:
            session.close()


def _forces(point: SinglePoint) -> NDArray[np.float64]:
    return np.array(point.forces_ev_per_angstrom)


def _force_error(point: SinglePoint) -> float:
    return _force_error_of(_forces(point))


def _force_error_of(forces: NDArray[np.float64]) -> float:
    return 1e-3 * max(1.0, float(abs(forces).max()))
