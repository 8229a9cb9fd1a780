"""What candidates cost on hardware that is not here: the timings of others and this machine's own, put together."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.parallel_codes import load_parallel_codes
from mlipguide.core.look import once_a_look
from mlipguide.costmodel.domains import Share, share_of
from mlipguide.costmodel.effects import Situation
from mlipguide.costmodel.elsewhere import MemoryNeed, RemoteCosts
from mlipguide.costmodel.shared_timings import SharedSeries, SharedSet, shared_series
from mlipguide.costmodel.transfer import Timing, TransferModel
from mlipguide.costmodel.transfer_data import (
    ASE,
    TORCH,
    OwnTiming,
    leaderboard_timings,
    own_timings,
    peak_of,
    published_figures,
    published_timings,
    untried_error,
)
from mlipguide.hardware.device_models import find_device
from mlipguide.hardware.usable_memory import estimate_usable_memory
from mlipguide.records.estimate import Basis
from mlipguide.records.hardware.device import DeviceModel
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.published import Ghosts, ParallelCode, PublishedTiming
from mlipguide.stats.bursts import NORMAL_90

LARGEST_DEVIATION = math.log(4.0) / NORMAL_90
"""Of a model whose family was timed nowhere, nothing is said when others leave its time open by a factor of 4."""
TYPICAL_ATOMS = 1000.0
BULK_ATOMS_PER_ANGSTROM3 = 0.07
"""Number density where none is known: between silicon (0.050) and copper (0.085)."""
PUBLISHED_DENSITIES = {"NaCl": 8 / 5.64**3}
"""Atoms per cubic Å of systems for which memory was published: rock salt with a lattice constant of 5.64 Å."""


@dataclass(frozen=True)
class ReferenceTimings:
    """Everything that tells of costs elsewhere.

    Attributes:
        transfer: Of all timings.
        own: This machine's, by model id.
        published: By law.
        structure: Of the task.
        families: That were timed anywhere, by name.
        device_error: Standard deviation of the logarithm of the device's speed, beyond what the transfer knows.
        shared: What others shared, by law and device.
    """

    transfer: TransferModel
    own: Mapping[str, OwnTiming]
    published: Mapping[str, tuple[PublishedTiming, ...]]
    structure: StructureSummary
    families: frozenset[str]
    device_error: float = 0.0
    shared: Mapping[tuple[str, str], SharedSeries] = field(default_factory=dict)

    def costs_of(self, card: ModelCard, profile: HardwareProfile, atoms: int) -> RemoteCosts:
        """Return what a model costs on a profile in the code that is expected to be fastest for so many atoms."""
        return fastest(self.ways_of(card, profile), atoms)

    @once_a_look
    def ways_of(self, card: ModelCard, profile: HardwareProfile) -> tuple[RemoteCosts, ...]:
        """Return what a model costs on a profile in each code that is known to run it there.

        One device runs ASE or the family's parallel code; several share a system only in a parallel code, and without
        one the run uses one of them.
        """
        codes = _parallel_codes(card, profile.device)
        ways = [] if codes and profile.count > 1 else [self.in_code(card, profile, None, 1)]
        return (*ways, *(self.in_code(card, profile, code, profile.count) for code in codes))

    def on_one_device(self, card: ModelCard, profile: HardwareProfile, atoms: int) -> RemoteCosts:
        """Return what a model costs on one device of several, in the code that the several run with so many atoms."""
        chosen = self.costs_of(card, profile, atoms).code
        parallel = next((code for code in _parallel_codes(card, profile.device) if code.code == chosen), None)
        return self.in_code(card, profile, parallel, 1)

    def published_for(self, card: ModelCard, device: str, devices: int) -> tuple[PublishedTiming, ...]:
        """Return the step times that were published of a model's architecture on so many devices of a kind."""
        timings = self.published.get(card.architecture.time_law, ())
        return tuple(
            one for one in timings if one.step_time_s is not None and (one.device, one.devices) == (device, devices)
        )

    def in_code(
        self, card: ModelCard, profile: HardwareProfile, parallel: ParallelCode | None, devices: int
    ) -> RemoteCosts:
        """Return what a model costs on so many devices of a profile in one code; ``None`` stands for ASE."""
        law = card.architecture.time_law
        situation = Situation(
            law=law,
            family=card.architecture.family,
            driver=ASE if parallel is None else parallel.driver,
            code=ASE if parallel is None else parallel.code,
            kernels=TORCH if parallel is None else parallel.kernels,
            device=profile.device.id,
            platform=profile.device.kind.value,
            vendor=profile.device.vendor,
            peak=peak_of(profile.device),
            system=self.structure.reduced_formula,
        )
        timings = [one for one in self.published.get(law, ()) if one.step_time_s is not None]
        here = self.published_for(card, profile.device.id, devices)
        same = [one for one in here if one.code == situation.code]
        curve = self.transfer.curve(situation, further_error=self.device_error)
        shared = self.shared_of(card, profile.device, situation.code) if devices == 1 else None
        if shared is not None:
            curve = self.transfer.curve(situation).given(shared.timings, common_error=untried_error(profile.device))
        told = bool(timings or shared) or card.id in self.own or card.architecture.family in self.families
        told = told or curve.log_normal(TYPICAL_ATOMS)[1] <= LARGEST_DEVIATION
        return RemoteCosts(
            curve=curve if told else None,
            memory=self.memory_of(card, profile.device),
            code=situation.code,
            devices=devices,
            doublings=_doublings(parallel, devices),
            share=_share(card, parallel, devices, self.structure),
            published_atoms=tuple(one.atoms or 0 for one in same),
            shared_atoms=() if shared is None else shared.sizes,
            source=_source(same or timings, own=card.id in self.own, shared=shared),
        )

    def shared_of(self, card: ModelCard, device: DeviceModel, code: str = ASE) -> SharedSeries | None:
        """Return what others shared of a model's architecture in one code on one device; None where nobody counts."""
        found = self.shared.get((card.architecture.time_law, device.id)) if code == ASE else None
        return found if found is not None and found.timings else None

    def memory_of(self, card: ModelCard, device: DeviceModel | None = None) -> MemoryNeed | None:
        """Return how much memory a model takes on a device, None where nothing tells.

        As measured here, as others shared it of the same device, or as published of any.
        """
        own = self.own.get(card.id)
        if own is not None and own.costs.peak_memory is not None:
            return MemoryNeed.from_law(
                own.costs.peak_memory, pairs_per_atom=own.costs.pairs_per_atom, retained=own.retained
            )
        shared = None if device is None else self.shared_of(card, device)
        if shared is not None and shared.peaks:
            return MemoryNeed.from_peaks(shared.peaks, source=shared.source, basis=Basis.SHARED)
        published = self.published.get(card.architecture.time_law, ())
        peaks: dict[str, list[PublishedTiming]] = {}
        for one in published:
            if one.peak_memory_bytes is not None and one.atoms is not None:
                peaks.setdefault(f"{one.device} {one.code} {one.system}", []).append(one)
        if peaks:
            series = max(peaks.values(), key=len)
            points = [(float(one.atoms or 0), one.peak_memory_bytes or 0.0) for one in series]
            ratio = self._density_ratio(series[0])
            return MemoryNeed.from_peaks(points, source=_source(series, own=False), density_ratio=ratio)
        limits = [one for one in published if one.max_atoms is not None and one.device is not None]
        if limits:
            limit = limits[0]
            usable = estimate_usable_memory(find_device(str(limit.device)), count=1, host_memory_bytes=None)
            if usable is not None:
                return MemoryNeed.from_peaks(
                    [(float(limit.max_atoms or 1), usable.value)],
                    source=_source(limits, own=False),
                    density_ratio=self._density_ratio(limit),
                )
        return None

    def _density_ratio(self, one: PublishedTiming) -> float:
        """Return how much denser the task's structure is than a published one; 1 where it has no density."""
        density = self.structure.number_density_per_angstrom3
        published = PUBLISHED_DENSITIES.get(one.system or "", BULK_ATOMS_PER_ANGSTROM3)
        return 1.0 if density is None else density / published


def fastest(ways: Sequence[RemoteCosts], atoms: float) -> RemoteCosts:
    """Return the way that is expected to take the shortest step with so many atoms."""
    return min(ways, key=lambda way: way.median_step_s(atoms))


def gather_known_costs(
    catalogue: Catalogue,
    own: Iterable[OwnTiming],
    machine: Machine,
    structure: StructureSummary,
    *,
    further: Sequence[Timing] = (),
    shared: Sequence[SharedSet] = (),
) -> ReferenceTimings:
    """Put published timings, those that others shared, and those of this machine together.

    Args:
        catalogue: Whose cards name the laws.
        own: Timings here.
        machine: This machine.
        structure: Of the task.
        further: Timings beside these.
        shared: What others shared, by hardware; of this machine's what was not timed here.
    """
    published = published_figures(catalogue)
    own = tuple(own)
    timings = [*published_timings(published), *leaderboard_timings(catalogue.cards), *further]
    here = [
        timing
        for law in {one.card.architecture.time_law: one for one in own}.values()
        for timing in own_timings(law, machine, structure)
    ]
    timings += here
    transfer = TransferModel(timings)
    series = _shared_series(
        shared,
        catalogue,
        structure,
        expected=transfer,
        timed_here={(one.situation.law, one.situation.device) for one in here},
    )
    by_law: dict[str, list[PublishedTiming]] = {}
    for one in published:
        by_law.setdefault(one.law, []).append(one)
    return ReferenceTimings(
        transfer=transfer,
        own={one.card.id: one for one in own},
        published={law: tuple(found) for law, found in by_law.items()},
        structure=structure,
        families=frozenset(
            [one.family for one in published if one.step_time_s]
            + [one.card.architecture.family for one in own]
            + [one.situation.family for one in further]
        ),
        shared=series,
    )


def _shared_series(
    shared: Sequence[SharedSet],
    catalogue: Catalogue,
    structure: StructureSummary,
    *,
    expected: TransferModel,
    timed_here: Container[tuple[str, str]],
) -> dict[tuple[str, str], SharedSeries]:
    """Return what others shared, by law and device, without what was timed on this machine."""
    cards = {card.architecture.time_law: card for card in catalogue.cards} if shared else {}
    found: dict[tuple[str, str], SharedSeries] = {}
    for one in shared:
        records = tuple(item for item in one.records if (item.time_law, one.device.id) not in timed_here)
        told = shared_series(
            replace(one, records=records), cards, structure, expected, further_error=untried_error(one.device)
        )
        found |= {(law, one.device.id): series for law, series in told.items()}
    return found


def _parallel_codes(card: ModelCard, device: DeviceModel) -> tuple[ParallelCode, ...]:
    """Return the codes that run the model on the device, as far as the depth of their ghosts is known."""
    codes = load_parallel_codes().get(card.architecture.family, ())
    return tuple(code for code in codes if device.vendor in code.vendors and _has_known_ghosts(code, card))


def _has_known_ghosts(code: ParallelCode, card: ModelCard) -> bool:
    shape = card.architecture
    needed = {
        Ghosts.NONE: (),
        Ghosts.CUTOFF: (shape.cutoff_angstrom,),
        Ghosts.LAYERS: (shape.cutoff_angstrom, shape.layers),
    }
    return None not in needed[code.ghosts]


def _doublings(parallel: ParallelCode | None, devices: int) -> float:
    return math.log2(devices) if parallel is not None and parallel.ghosts is Ghosts.NONE else 0.0


def _share(card: ModelCard, parallel: ParallelCode | None, devices: int, structure: StructureSummary) -> _Sharing:
    density = structure.number_density_per_angstrom3 or BULK_ATOMS_PER_ANGSTROM3
    cutoff = card.architecture.cutoff_angstrom or 0.0
    layers = card.architecture.layers or 1
    depth = {Ghosts.LAYERS: cutoff * layers, Ghosts.CUTOFF: cutoff, Ghosts.NONE: 0.0}
    reach = 0.0 if parallel is None else depth[parallel.ghosts]
    return partial(_share_of, devices=devices, reach=reach, density=density)


def _share_of(atoms: float, *, devices: int, reach: float, density: float) -> Share:
    return share_of(atoms, devices, reach_angstrom=reach, atoms_per_angstrom3=density)


_Sharing = partial[Share]


def _source(published: Sequence[PublishedTiming], *, own: bool, shared: SharedSeries | None = None) -> str:
    words = [] if shared is None else [shared.source]
    if published:
        devices = sorted({one.device for one in published if one.device})
        keys = ", ".join(sorted({one.source for one in published}))
        words.append(f"published for {', '.join(devices)} ({keys})")
    if own:
        words.append("timed on this machine")
    return " and ".join(words) if words else "published timings of other models"
