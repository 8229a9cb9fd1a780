"""What candidates cost on hardware that is not here: published timings and this machine's own, put together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.parallel_codes import load_parallel_codes
from mlipguide.catalog.published_timings import load_published_timings
from mlipguide.core.errors import InputError
from mlipguide.costmodel.costs import Costs
from mlipguide.costmodel.domains import Share, share_of
from mlipguide.costmodel.effects import Peak, Situation
from mlipguide.costmodel.elsewhere import MemoryNeed, RemoteCosts
from mlipguide.costmodel.transfer import Timing, TransferModel
from mlipguide.hardware.device_models import find_device, load_devices
from mlipguide.records.device import DeviceKind, DeviceModel
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware_profile import HardwareProfile
from mlipguide.records.machine import Cpu, Machine
from mlipguide.records.measurement import Allocator, Settings
from mlipguide.records.model_card import ModelCard
from mlipguide.records.published import Confidence, Ghosts, ParallelCode, PublishedTiming
from mlipguide.records.structure import StructureSummary
from mlipguide.stats.bursts import NORMAL_90

ASE = "ase"
"""Driver and code of a run through ASE, here and elsewhere."""
PUBLISHED_ERRORS = {Confidence.PRIMARY: 0.05, Confidence.SECONDARY: 0.08, Confidence.VENDOR: 0.08}
"""Relative standard error of a published step time as printed: rounding, and what was not kept constant."""
MD_SYSTEMS, MD_STEPS = 17, 80_000
MD_ATOMS, MD_ERROR = 100.0, 0.3
"""Of the leaderboard's molecular-dynamics test. The number of atoms is not published: at 100 atoms on an H100,
MACE-MPA-0 and eSEN-30M take 26 and 125 ms (arXiv:2506.23971), and there, on an H200, 23 and 157 ms."""
SMALLEST_OWN_ERROR = 0.03
LARGEST_DEVIATION = math.log(4.0) / NORMAL_90
"""Of a model that was timed nowhere, nothing is said when its relatives leave its time open by a factor of 4."""
TYPICAL_ATOMS = 1000.0
BULK_ATOMS_PER_ANGSTROM3 = 0.07
"""Number density where none is known: between silicon (0.050) and copper (0.085)."""
PUBLISHED_REACH_ANGSTROM, PUBLISHED_ATOMS_PER_ANGSTROM3 = 12.0, 1 / 11.7
"""Of the published timings on several devices that cut space: MACE with two layers and 6 Å on an fcc alloy of 3d metals
(lattice constant 3.6 Å, taken from the elements)."""
PUBLISHED_DENSITIES = {"NaCl": 8 / 5.64**3}
"""Atoms per cubic Å of systems for which memory was published: rock salt with a lattice constant of 5.64 Å."""
FLOP_PER_CYCLE = {"avx512f": 64.0, "avx2": 32.0, "neon": 16.0}
"""Single-precision operations of a core in a cycle, by the widest instructions: two fused multiply-adds a cycle."""
PLAIN_FLOP_PER_CYCLE = 8.0
COMMON_CLOCK_HZ = 2.5e9
BANDWIDTH_PER_CORE_BYTES_PER_S = 1.0e10
"""What one core draws from memory, roughly; the device's own effect takes up what this misses."""


@dataclass(frozen=True)
class OwnTiming:
    """What one model costs on this machine, for the structure of the task.

    Attributes:
        card: The model.
        costs: Fitted to the measurements.
        settings: Of the measurements.
        sizes: Numbers of atoms that were timed.
    """

    card: ModelCard
    costs: Costs
    settings: Settings
    sizes: tuple[int, ...]

    @property
    def retained(self) -> bool:
        """Whether freed memory was kept."""
        return self.settings.allocator is Allocator.RETAIN


@dataclass(frozen=True)
class KnownCosts:
    """Everything that tells of costs elsewhere.

    Attributes:
        transfer: Of all timings.
        own: This machine's, by model id.
        published: By law.
        structure: Of the task.
    """

    transfer: TransferModel
    own: Mapping[str, OwnTiming]
    published: Mapping[str, tuple[PublishedTiming, ...]]
    structure: StructureSummary

    def costs_of(self, card: ModelCard, profile: HardwareProfile, *, devices: int | None = None) -> RemoteCosts:
        """Return what a model costs on a profile, for the structure of the task.

        Args:
            card: The model.
            profile: The hardware.
            devices: That share the system; by default all of the profile where a code for that is known, else one.
                A single one runs the same code that the profile's devices together would.
        """
        law = card.architecture.time_law
        parallel = _parallel_code(card, profile.device) if profile.count > 1 else None
        devices = devices or (profile.count if parallel is not None else 1)
        situation = Situation(
            law=law,
            family=card.architecture.family,
            driver=ASE if parallel is None else parallel.driver,
            code=ASE if parallel is None else parallel.code,
            device=profile.device.id,
            platform=profile.device.kind.value,
            vendor=profile.device.vendor,
            peak=peak_of(profile.device),
            system=self.structure.reduced_formula,
        )
        timings = [one for one in self.published.get(law, ()) if one.step_time_s is not None]
        same = [one for one in timings if (one.device, one.code, one.devices) == (profile.device.id, situation.code, 1)]
        curve = self.transfer.curve(situation)
        told = bool(timings) or card.id in self.own or curve.log_normal(TYPICAL_ATOMS)[1] <= LARGEST_DEVIATION
        return RemoteCosts(
            curve=curve if told else None,
            memory=self.memory_of(card),
            devices=devices,
            doublings=_doublings(parallel, devices),
            share=_share(card, parallel, devices, self.structure),
            published_atoms=tuple(one.atoms or 0 for one in same) if devices == 1 else (),
            source=_source(same or timings, own=card.id in self.own),
        )

    def memory_of(self, card: ModelCard) -> MemoryNeed | None:
        """Return how much memory a model takes on any device: as measured here, else as published; None if neither."""
        own = self.own.get(card.id)
        if own is not None and own.costs.peak_memory is not None:
            return MemoryNeed.from_law(
                own.costs.peak_memory, pairs_per_atom=own.costs.pairs_per_atom, retained=own.retained
            )
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
            memory = find_device(str(limit.device)).memory_bytes
            if memory is not None:
                return MemoryNeed.from_peaks(
                    [(float(limit.max_atoms or 1), USABLE_SHARE * memory)],
                    source=_source(limits, own=False),
                    density_ratio=self._density_ratio(limit),
                )
        return None

    def _density_ratio(self, one: PublishedTiming) -> float:
        """Return how much denser the task's structure is than a published one; 1 where it has no density."""
        density = self.structure.number_density_per_angstrom3
        published = PUBLISHED_DENSITIES.get(one.system or "", BULK_ATOMS_PER_ANGSTROM3)
        return 1.0 if density is None else density / published


USABLE_SHARE = 0.95
"""Of a device's memory was left for a published largest system: the driver and the context take the rest."""


def gather_known_costs(
    catalogue: Catalogue, own: Iterable[OwnTiming], machine: Machine, structure: StructureSummary
) -> KnownCosts:
    """Put published timings and those of this machine together.

    Args:
        catalogue: Whose cards name the laws.
        own: Timings here.
        machine: This machine.
        structure: Of the task.
    """
    published = published_figures(catalogue)
    own = tuple(own)
    timings = [*published_timings(published), *leaderboard_timings(catalogue.cards)]
    for law in {one.card.architecture.time_law: one for one in own}.values():
        timings += _own_timings(law, machine, structure)
    by_law: dict[str, list[PublishedTiming]] = {}
    for one in published:
        by_law.setdefault(one.law, []).append(one)
    return KnownCosts(
        transfer=TransferModel(timings),
        own={one.card.id: one for one in own},
        published={law: tuple(found) for law, found in by_law.items()},
        structure=structure,
    )


def published_figures(catalogue: Catalogue) -> tuple[PublishedTiming, ...]:
    """Return the published figures, each under the law of its model's card where there is one."""
    return tuple(_with_law(one, catalogue) for one in load_published_timings())


def published_timings(published: Sequence[PublishedTiming]) -> list[Timing]:
    """Return the published step times on devices that are known, as the transfer takes them."""
    devices = {device.id: device for device in load_devices()}
    found: list[Timing] = []
    for one in published:
        if one.step_time_s is None or one.atoms is None or one.device not in devices:
            continue
        device = devices[one.device]
        situation = Situation(
            law=one.law,
            family=one.family,
            driver=one.driver,
            code=one.code,
            device=device.id,
            platform=device.kind.value,
            vendor=device.vendor,
            peak=peak_of(device),
            system=one.system or one.source,
        )
        load = _published_share(one).load_atoms
        doublings = 0.0 if _cuts_space(one) else math.log2(one.devices)
        found.append(Timing(situation, load, doublings, one.step_time_s, PUBLISHED_ERRORS[one.confidence]))
    return found


def _published_share(one: PublishedTiming) -> Share:
    """Return what each device did: where space was cut, of a bulk material with a cutoff of 6 Å and two layers."""
    reach = PUBLISHED_REACH_ANGSTROM if _cuts_space(one) else 0.0
    return share_of(
        float(one.atoms or 1), one.devices, reach_angstrom=reach, atoms_per_angstrom3=PUBLISHED_ATOMS_PER_ANGSTROM3
    )


def _cuts_space(one: PublishedTiming) -> bool:
    return one.driver == "lammps"


def leaderboard_timings(cards: Iterable[ModelCard]) -> list[Timing]:
    """Return rough step times of small cells, from the run times of the leaderboard's molecular-dynamics test."""
    found: list[Timing] = []
    for card in cards:
        if card.metrics is None or card.metrics.md_run_time_s is None or card.metrics.md_hardware is None:
            continue
        device = find_device(card.metrics.md_hardware)
        situation = Situation(
            law=card.architecture.time_law,
            family=card.architecture.family,
            driver=ASE,
            code=ASE,
            device=device.id,
            platform=device.kind.value,
            vendor=device.vendor,
            peak=peak_of(device),
            system="leaderboard",
        )
        step_s = card.metrics.md_run_time_s / (MD_SYSTEMS * MD_STEPS)
        found.append(Timing(situation, MD_ATOMS, 0.0, step_s, MD_ERROR))
    return found


def peak_of(device: DeviceModel) -> Peak:
    """Return the peaks that the cost of an atom goes with."""
    return Peak(device.bandwidth_bytes_per_s, device.float32_flop_per_s)


def cpu_peak(cpu: Cpu) -> Peak:
    """Return the peaks of this machine's usable cores, from what the system says of them."""
    widest = next((FLOP_PER_CYCLE[name] for name in FLOP_PER_CYCLE if name in cpu.instruction_sets), None)
    clock = cpu.max_frequency_hz or COMMON_CLOCK_HZ
    return Peak(
        bandwidth_bytes_per_s=BANDWIDTH_PER_CORE_BYTES_PER_S * cpu.usable_cores,
        float32_flop_per_s=(widest or PLAIN_FLOP_PER_CYCLE) * clock * cpu.usable_cores,
    )


def _own_timings(own: OwnTiming, machine: Machine, structure: StructureSummary) -> list[Timing]:
    device, platform, vendor, peak = machine.fingerprint, DeviceKind.CPU.value, "", cpu_peak(machine.cpu)
    if own.settings.device != "cpu":
        try:
            known = find_device(machine.gpus[int(own.settings.device.partition(":")[2] or 0)].name)
        except (InputError, IndexError, ValueError):
            return []  # a device of which no peaks are known tells nothing of others
        device, platform, vendor, peak = known.id, known.kind.value, known.vendor, peak_of(known)
    situation = Situation(
        law=own.card.architecture.time_law,
        family=own.card.architecture.family,
        driver=ASE,
        code=ASE,
        device=device,
        platform=platform,
        vendor=vendor,
        peak=peak,
        system=structure.reduced_formula,
    )
    return [
        Timing(situation, float(atoms), 0.0, estimate.value, _error(estimate))
        for atoms in own.sizes
        for estimate in [own.costs.step_time_s(atoms)]
    ]


def _error(estimate: Estimate) -> float:
    if estimate.low is None or estimate.high is None or estimate.low <= 0:
        return SMALLEST_OWN_ERROR
    return max(SMALLEST_OWN_ERROR, math.log(estimate.high / estimate.low) / (2 * NORMAL_90))


def _with_law(one: PublishedTiming, catalogue: Catalogue) -> PublishedTiming:
    try:
        card = catalogue.find(one.model)
    except InputError:
        return one
    return replace(one, law=card.architecture.time_law, family=card.architecture.family)


def _parallel_code(card: ModelCard, device: DeviceModel) -> ParallelCode | None:
    code = load_parallel_codes().get(card.architecture.family)
    if code is not None and device.vendor not in code.vendors:
        return None
    if code is None or code.ghosts is Ghosts.NONE:
        return code
    known = card.architecture.cutoff_angstrom is not None
    return code if known and (code.ghosts is Ghosts.CUTOFF or card.architecture.layers is not None) else None


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


def _source(published: Sequence[PublishedTiming], *, own: bool) -> str:
    words = []
    if published:
        devices = sorted({one.device for one in published if one.device})
        keys = ", ".join(sorted({one.source for one in published}))
        words.append(f"published for {', '.join(devices)} ({keys})")
    if own:
        words.append("timed on this machine")
    return " and ".join(words) if words else "published timings of other models"
