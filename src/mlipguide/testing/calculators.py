"""ASE calculators whose faults are known in closed form, to test what should find them.

All are used with :func:`mlipguide.testing.in_process.in_process_session`. Each wraps another calculator, except
:class:`Springs`, of which everything is known: under velocity Verlet with steps dt an oscillator of angular frequency w
is stable below dt = 2 / w, and its energy oscillates by (w dt)^2 / 4 / (1 - (w dt)^2 / 4) of it, from peak to peak.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from mlipguide.core.units import EV_PER_DALTON_ANGSTROM2_FS2

PROPERTIES = ["energy", "forces"]


class Springs(Calculator):
    """Every atom is tied to its place by a spring (an Einstein crystal).

    Args:
        places: Shape (atoms, 3), Å; the structure is not to be wrapped.
        frequency_per_fs: Angular frequency of every atom, whatever its mass.
    """

    atoms: Any
    implemented_properties = PROPERTIES

    def __init__(self, places: NDArray[np.float64], frequency_per_fs: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
        self._places = places
        self._frequency = frequency_per_fs

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE
        stiffness = self.atoms.get_masses()[:, None] * self._frequency**2 * EV_PER_DALTON_ANGSTROM2_FS2
        shift = self.atoms.positions - self._places
        self.results = {"energy": float((stiffness * shift**2).sum() / 2), "forces": -stiffness * shift}


class _Wrapped(Calculator):
    """Evaluates another calculator and changes what it says."""

    atoms: Any
    implemented_properties = PROPERTIES

    def __init__(self, base: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
        self._base = base
        # A property that never comes would be asked for again, with another evaluation each time.
        self.implemented_properties = [name for name in (*PROPERTIES, "stress") if name in base.implemented_properties]

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate the base and change its energy and forces."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE
        self._base.calculate(self.atoms, PROPERTIES, system_changes)
        found = self._base.results
        self.results = {**found, **self.changed(found["energy"], found["forces"])}

    def changed(self, energy: float, forces: NDArray[np.float64]) -> dict[str, Any]:
        """Return the energy and the forces that are given instead."""
        raise NotImplementedError


class WithCurl(_Wrapped):
    """Adds forces that turn every atom about an axis through its place: ``strength * z x (r - place)``.

    The mean displacement is taken off, so that no net force arises. The work around a circle of radius R in the plane
    of two orthonormal directions u and v, neither of which shifts the whole, is 2 pi R^2 strength (z x u) . v, summed
    over atoms.

    Args:
        base: A conservative calculator.
        strength: eV/Å^2.
        places: Shape (atoms, 3), Å.
    """

    def __init__(self, base: Any, strength: float, places: NDArray[np.float64]) -> None:
        super().__init__(base)
        self._strength = strength
        self._places = places

    def changed(self, energy: float, forces: NDArray[np.float64]) -> dict[str, Any]:
        """Add the curl."""
        shift = self.atoms.positions - self._places
        shift = shift - shift.mean(axis=0)
        return {"energy": energy, "forces": forces + self._strength * np.cross((0.0, 0.0, 1.0), shift)}


class Turned(_Wrapped):
    """Adds a share of every force, turned by a right angle about z; periodic, and of no energy whatever.

    Args:
        base: A conservative calculator.
        share: Of the force.
    """

    def __init__(self, base: Any, share: float) -> None:
        super().__init__(base)
        self._share = share

    def changed(self, energy: float, forces: NDArray[np.float64]) -> dict[str, Any]:
        """Add the turned share."""
        return {"energy": energy, "forces": forces + self._share * np.cross((0.0, 0.0, 1.0), forces)}


class Kinked(_Wrapped):
    """Adds an energy for each pair closer than a distance, without a force: a cutoff that is not smooth.

    Args:
        base: A smooth calculator.
        distance_angstrom: Where the energy jumps.
        jump_ev: By how much, for each pair.
    """

    def __init__(self, base: Any, distance_angstrom: float, jump_ev: float) -> None:
        super().__init__(base)
        self._distance = distance_angstrom
        self._jump_ev = jump_ev

    def changed(self, energy: float, forces: NDArray[np.float64]) -> dict[str, Any]:
        """Add the energy of close pairs."""
        pairs = len(neighbor_list("i", self.atoms, self._distance)) / 2
        return {"energy": energy + self._jump_ev * pairs, "forces": forces}


class Asymmetric(_Wrapped):
    """Makes forces along x stronger than others by a share.

    Args:
        base: An isotropic calculator.
        share: By which they are stronger.
    """

    def __init__(self, base: Any, share: float) -> None:
        super().__init__(base)
        self._share = share

    def changed(self, energy: float, forces: NDArray[np.float64]) -> dict[str, Any]:
        """Stretch the forces."""
        return {"energy": energy, "forces": forces * np.array([1 + self._share, 1.0, 1.0])}


class Lagging(_Wrapped):
    """Returns the forces of the structure that was evaluated before.

    Under velocity Verlet a harmonic oscillator then gains energy as with Euler's method, by a factor of
    1 + (w dt)^2 each step: an error of the integration, in proportion to the step.
    """

    def __init__(self, base: Any) -> None:
        super().__init__(base)
        self._last: NDArray[np.float64] | None = None

    def changed(self, energy: float, forces: NDArray[np.float64]) -> dict[str, Any]:
        """Return the last forces and keep the present ones."""
        last, self._last = self._last, forces.copy()
        return {"energy": energy, "forces": forces if last is None else last}


class Noisy(_Wrapped):
    """Adds fresh noise to every force component.

    Under velocity Verlet it heats every atom by 3 sigma^2 dt^2 / (2 m) each step.

    Args:
        base: A conservative calculator.
        sigma_ev_per_angstrom: Standard deviation of the noise.
        seed: Of the noise.
    """

    def __init__(self, base: Any, sigma_ev_per_angstrom: float, *, seed: int = 0) -> None:
        super().__init__(base)
        self._sigma = sigma_ev_per_angstrom
        self._generator = np.random.default_rng(seed)

    def changed(self, energy: float, forces: NDArray[np.float64]) -> dict[str, Any]:
        """Add the noise."""
        return {"energy": energy, "forces": forces + self._generator.normal(0.0, self._sigma, forces.shape)}
