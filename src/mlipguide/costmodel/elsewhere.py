"""What a model costs on hardware that is not here: time by transfer, memory by what was measured or published.

Memory per atom carries over between devices, which is checked against published limits in ``benchmarks/transfer.py``;
time does not, and is transferred (:mod:`mlipguide.costmodel.transfer`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlipguide.core.look import once_a_look
from mlipguide.costmodel.domains import Share
from mlipguide.costmodel.scaling import ScalingLaw
from mlipguide.costmodel.transfer import Curve
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.stats.bursts import NORMAL_90

MEMORY_ERROR = 0.2
"""Standard deviation of the logarithm of a peak of memory on another device: allocators, codes and contexts differ."""
RETAINED_EXCESS, RETAINED_ERROR = 1.7, 0.35
"""How much more resident memory an atom takes where the C library keeps freed memory, and the standard deviation of its
logarithm: 1.2 (SevenNet-0), 2.0 and 2.3 (MACE-MP-0 medium and small) on NaCl, 216 to 512 atoms, 24 November 2026."""
SHARE_OF_PAIRS, ERROR_OF_DENSITY = 0.8, 0.3
"""Power of the pairs per atom that the memory of an atom grows with, and its standard deviation: between what atoms
alone take (0) and what pairs alone take (1)."""
FAR = 64
"""How many times the largest measured size a law is asked for, to tell what an atom adds from what is fixed."""
LARGEST_ATOMS = 10**10
NEAR = 2.0


@dataclass(frozen=True)
class MemoryNeed:
    """Memory against the number of atoms that a device holds.

    Attributes:
        fixed_bytes: What does not depend on the number of atoms.
        bytes_per_atom: What each atom adds.
        error: Standard deviation of the logarithm of a peak.
        basis: ``transferred`` from a measurement here, ``shared`` or ``published`` for the model itself.
        source: What it stands on.
    """

    fixed_bytes: float
    bytes_per_atom: float
    error: float
    basis: Basis
    source: str

    @classmethod
    def from_law(cls, law: ScalingLaw, *, pairs_per_atom: float, retained: bool) -> MemoryNeed:
        """Return the need that a law measured here says of large systems.

        Args:
            law: Of resident memory, or of a device's.
            pairs_per_atom: Of the structure.
            retained: Whether freed memory was kept when it was measured, which a device's allocator does not count.
        """
        small = law.points[-1].atoms
        large = FAR * small
        near, far = (law.predict(atoms, atoms * pairs_per_atom) for atoms in (small, large))
        slope = max(0.0, far.value - near.value) / (large - small)
        known = far.low is not None and far.high is not None and far.low > 0
        spread = math.log(far.high / far.low) / (2 * NORMAL_90) if known else 0.0  # type: ignore[operator]
        return cls(
            fixed_bytes=max(0.0, near.value - slope * small),
            bytes_per_atom=slope / RETAINED_EXCESS if retained else slope,
            error=math.hypot(RETAINED_ERROR if retained else MEMORY_ERROR, spread),
            basis=Basis.TRANSFERRED,
            source=far.source,
        )

    @classmethod
    def from_peaks(
        cls,
        peaks: Sequence[tuple[float, float]],
        *,
        source: str,
        density_ratio: float = 1.0,
        basis: Basis = Basis.PUBLISHED,
    ) -> MemoryNeed:
        """Return the need that peaks of the same model say which others saw.

        Args:
            peaks: Pairs of atoms and bytes, of one series.
            source: Where they were published.
            density_ratio: Number density of the structure over that of the published one: pairs take most of the
                memory.
            basis: What they are.
        """
        (small, low), (large, high) = min(peaks), max(peaks)
        slope = high / large if small == large else max(0.0, high - low) / (large - small)
        return cls(
            fixed_bytes=max(0.0, high - slope * large),
            bytes_per_atom=slope * density_ratio**SHARE_OF_PAIRS,
            error=math.hypot(MEMORY_ERROR, ERROR_OF_DENSITY * math.log(density_ratio)),
            basis=basis,
            source=source,
        )

    def peak_bytes(self, held_atoms: float) -> Estimate:
        """Return the peak of memory of a device that holds so many atoms."""
        value = self.fixed_bytes + self.bytes_per_atom * held_atoms
        reach = math.exp(NORMAL_90 * self.error)
        return Estimate(value=value, low=value / reach, high=value * reach, basis=self.basis, source=self.source)


@dataclass(frozen=True)
class RemoteCosts:
    """Time and memory of one model on one piece of hardware.

    Attributes:
        curve: Step time against the load of a device; None where nothing tells of it.
        memory: None where nothing tells of it.
        code: What runs it.
        devices: That share one system.
        doublings: As in :class:`mlipguide.costmodel.transfer.Timing`.
        share: What one of them does of a system with so many atoms.
        published_atoms: Numbers of atoms of the published timings of this very model on this very hardware.
        source: What the times stand on.
        shared_atoms: Numbers of atoms of which others shared timings of this architecture on this very hardware.
    """

    curve: Curve | None
    memory: MemoryNeed | None
    code: str
    devices: int
    doublings: float
    share: Callable[[float], Share]
    published_atoms: tuple[int, ...]
    source: str
    shared_atoms: tuple[int, ...] = ()

    @once_a_look
    def step_time_s(self, atoms: int) -> Estimate | None:
        """Return the time of one step of ``atoms`` atoms."""
        if self.curve is None:
            return None
        load = self.share(atoms).load_atoms
        low, value, high = (self.curve.quantile_s(load, self.doublings, z) for z in (-NORMAL_90, 0.0, NORMAL_90))
        return Estimate(value=value, low=low, high=high, basis=self._basis(atoms), source=self.source)

    def median_step_s(self, atoms: float) -> float:
        """Return the expected time of one step; infinite where nothing tells of it."""
        if self.curve is None:
            return math.inf
        return self.curve.quantile_s(self.share(atoms).load_atoms, self.doublings, 0.0)

    def peak_memory_bytes(self, atoms: int) -> Estimate | None:
        """Return the peak of memory of each device."""
        return None if self.memory is None else self.memory.peak_bytes(self.share(atoms).held_atoms)

    @once_a_look
    def largest_system_atoms(self, memory_bytes: float) -> Estimate | None:
        """Return how many atoms fit when each device has so much memory; None where nothing tells, or none fits."""
        memory = self.memory
        if memory is None:
            return None

        def largest(bound: Callable[[Estimate], float]) -> int | None:
            return _largest(lambda atoms: bound(memory.peak_bytes(self.share(atoms).held_atoms)), memory_bytes)

        value = largest(lambda peak: peak.value)
        if value is None:
            return None
        return Estimate(
            value=value,
            low=largest(lambda peak: peak.value if peak.high is None else peak.high) or 0,
            high=largest(lambda peak: peak.value if peak.low is None else peak.low),
            basis=memory.basis,
            source=memory.source,
        )

    @once_a_look
    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        """Return with how many atoms the run takes ``budget_s``; None where nothing tells, or no number does."""
        curve = self.curve
        if curve is None:
            return None

        def largest(deviations: float) -> int | None:
            def run_s(atoms: int) -> float:
                return curve.quantile_s(self.share(atoms).load_atoms, self.doublings, deviations) * steps

            return _largest(run_s, budget_s)

        value = largest(0.0)
        if value is None:
            return None
        return Estimate(
            value=value,
            low=largest(NORMAL_90) or 0,
            high=largest(-NORMAL_90),
            basis=self._basis(value),
            source=self.source,
        )

    def _basis(self, atoms: float) -> Basis:
        """Return what was shared or published within a factor of two of the sizes, else ``transferred``."""
        if _is_near(atoms, self.shared_atoms):
            return Basis.SHARED
        return Basis.PUBLISHED if _is_near(atoms, self.published_atoms) else Basis.TRANSFERRED


def _is_near(atoms: float, sizes: Sequence[int]) -> bool:
    return bool(sizes) and min(sizes) / NEAR <= atoms <= NEAR * max(sizes)


def _largest(cost: Callable[[int], float], limit: float) -> int | None:
    """Return the largest number of atoms whose cost is within a limit; None where one atom's is not.

    By the rule of false position in logarithms, where costs are nearly straight, with the weight of an end that stays
    halved (the Illinois rule: M. Dowell and P. Jarratt, BIT 11, 168 (1971), doi:10.1007/BF01934364).

    Args:
        cost: Positive, and no less for more atoms.
        limit: Positive.
    """

    def excess(atoms: int) -> float:
        return math.log(cost(atoms) / limit)

    low, high = 1, LARGEST_ATOMS
    below, above = excess(low), excess(high)
    if below > 0:
        return None
    if above <= 0:
        return high
    stays = 0
    while high - low > 1:
        share = below / (below - above)
        middle = min(max(int(math.exp((1 - share) * math.log(low) + share * math.log(high))), low + 1), high - 1)
        found = excess(middle)
        if found <= 0:
            low, below, above = middle, found, above / 2 if stays == high else above
            stays = high
        else:
            high, below, above = middle, below / 2 if stays == low else below, found
            stays = low
    return low
