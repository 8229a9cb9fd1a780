"""What training data cover, and where a committee disagrees."""

from __future__ import annotations

from dataclasses import replace

import ase
import numpy as np
import pytest
from ase.build import bulk

from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.fit.domain import domain_of, outside
from mlipguide.training.pilot.bootstrap_committee import bootstrap, disagreement


def frame(atoms: ase.Atoms, *, group: str = "MD", pressure_ev_per_angstrom3: float | None = None) -> LabelledFrame:
    stress = None if pressure_ev_per_angstrom3 is None else np.array([-pressure_ev_per_angstrom3] * 3 + [0.0] * 3)
    return LabelledFrame(
        index=0,
        atoms=atoms,
        energy_ev=0.0,
        forces_ev_per_angstrom=np.full((len(atoms), 3), 0.25),
        stress_ev_per_angstrom3=stress,
        group=group,
    )


def test_density_pressure_distances_and_forces_are_those_of_the_frames() -> None:
    silicon = bulk("Si", cubic=True, a=5.43)
    domain = domain_of([frame(silicon, pressure_ev_per_angstrom3=0.01), frame(silicon, group="Surface")])
    assert domain.elements == ("Si",)
    assert domain.groups == {"MD": 1, "Surface": 1}
    assert domain.density_g_per_cm3 is not None
    assert domain.density_g_per_cm3.low == pytest.approx(2.33, abs=0.01)  # silicon at room temperature
    assert domain.pressure_gpa is not None
    assert domain.pressure_gpa.high == pytest.approx(1.602, abs=0.001)
    assert domain.nearest_angstrom == {"Si–Si": pytest.approx(5.43 * 3**0.5 / 4)}
    assert domain.largest_force_ev_per_angstrom == pytest.approx(0.25)
    assert domain.temperature_k is None


def test_the_temperatures_are_those_that_frames_state() -> None:
    frames = [replace(frame(bulk("Si")), temperature_k=kelvin) for kelvin in (300.0, None, 900.0)]
    span = domain_of(frames).temperature_k
    assert span is not None
    assert (span.low, span.high) == (300.0, 900.0)


def test_a_molecule_has_no_density() -> None:
    domain = domain_of([frame(ase.Atoms("OH2", positions=[[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]))])
    assert domain.density_g_per_cm3 is None
    assert set(domain.nearest_angstrom) == {"H–H", "H–O"}


def test_what_lies_outside_is_said() -> None:
    learned = domain_of([frame(bulk("Si", cubic=True, a=length)) for length in (5.3, 5.6)])
    assert outside(learned, [frame(bulk("Si", cubic=True, a=5.43))]) == ()
    squeezed = " ".join(outside(learned, [frame(bulk("Si", cubic=True, a=4.9))]))
    assert "density" in squeezed
    assert "Si–Si" in squeezed
    assert "Ge" in outside(learned, [frame(bulk("Ge", cubic=True, a=5.43))])[0]


def test_a_sample_holds_about_two_thirds_of_the_frames_in_their_order() -> None:
    frames = [replace(frame(bulk("Si")), index=index) for index in range(200)]
    sample = [one.index for one in bootstrap(frames, seed=1)]
    assert sample == sorted(set(sample))
    assert len(sample) == pytest.approx(200 * (1 - np.exp(-1)), abs=12)
    assert sample != [one.index for one in bootstrap(frames, seed=2)]


def test_the_spread_follows_errors_that_differ_from_atom_to_atom() -> None:
    random = np.random.default_rng(3)
    sizes = np.exp(random.normal(-3, 1, size=(500, 1)))
    reference = [random.standard_normal((500, 3))]
    members = [[reference[0] + sizes * random.standard_normal((500, 3))] for _ in range(4)]
    potential = [reference[0] + sizes * random.standard_normal((500, 3))]
    found = disagreement(members, potential, reference)
    assert found.correlation is not None
    assert found.correlation > 0.7
    # The mean of |x| is sqrt(2/pi) of a standard deviation, that of the deviation of four 0.92 of it.
    assert found.error_over_spread == pytest.approx(np.sqrt(2 / np.pi) / 0.9213, rel=0.08)


def test_members_that_agree_have_no_spread() -> None:
    forces = [np.ones((3, 3))]
    found = disagreement([forces, forces], forces, forces)
    assert (found.spread_ev_per_angstrom, found.error_over_spread, found.correlation) == (0.0, 0.0, None)
