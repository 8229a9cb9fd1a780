"""All timings that tell of hardware that is not here: published ones, and this machine's own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.published_timings import load_published_timings
from mlipguide.core.errors import InputError
from mlipguide.core.look import once_a_look
from mlipguide.costmodel.costs import Costs
from mlipguide.costmodel.domains import Share, share_of
from mlipguide.costmodel.effects import Peak, Situation
from mlipguide.costmodel.transfer import Timing
from mlipguide.hardware.device_models import find_device, load_devices
from mlipguide.hardware.machine_classes import class_name
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.device import DeviceKind, DeviceModel
from mlipguide.records.hardware.hardware_profile import MOST_DEVICES, HardwareProfile
from mlipguide.records.hardware.machine import Cpu, Machine
from mlipguide.records.hardware.machine_class import MachineClass
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.timing.published import Confidence, PublishedTiming
from mlipguide.stats.bursts import NORMAL_90

ASE = "ase"
"""Driver and code of a run through ASE, here and elsewhere."""
TORCH = "torch"
"""Kernels of such a run."""
PUBLISHED_ERRORS = {Confidence.PRIMARY: 0.05, Confidence.SECONDARY: 0.08, Confidence.VENDOR: 0.08}
"""Relative standard error of a published step time as printed: rounding, and what was not kept constant."""
MD_SYSTEMS, MD_STEPS = 17, 80_000
MD_ATOMS, MD_ERROR = 100.0, 0.3
"""Of the leaderboard's molecular-dynamics test. The number of atoms is not published: at 100 atoms on an H100,
MACE-MPA-0 and eSEN-30M take 26 and 125 ms (arXiv:2506.23971), and there, on an H200, 23 and 157 ms."""
SMALLEST_OWN_ERROR = 0.03
PUBLISHED_REACH_ANGSTROM, PUBLISHED_ATOMS_PER_ANGSTROM3 = 12.0, 1 / 11.7
"""Of the published timings on several devices that cut space: MACE with two layers and 6 Å on an fcc alloy of 3d metals
(lattice constant 3.6 Å, taken from the elements)."""
FLOP_PER_CYCLE = {"avx512f": 64.0, "avx2": 32.0, "neon": 16.0}
"""Single-precision operations of a core in a cycle, by the widest instructions: two fused multiply-adds a cycle."""
PLAIN_FLOP_PER_CYCLE = 8.0
COMMON_CLOCK_HZ = 2.5e9
BANDWIDTH_PER_CORE_BYTES_PER_S = 1.0e10
"""What one core draws from memory, roughly; the device's own effect takes up what this misses."""
UNTRIED_PROCESSOR = 0.35
"""Standard deviation of the logarithm of the speed of a processor that nothing was timed on: its peaks are rough, and
how far threads help differs. A judgement."""


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
            kernels=one.kernels,
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
        try:
            device = find_device(card.metrics.md_hardware)
        except InputError:
            continue  # a user's card may name any hardware
        situation = ase_situation(card, device, "leaderboard")
        step_s = card.metrics.md_run_time_s / (MD_SYSTEMS * MD_STEPS)
        found.append(Timing(situation, MD_ATOMS, 0.0, step_s, MD_ERROR))
    return found


def peak_of(device: DeviceModel) -> Peak:
    """Return the peaks that the cost of an atom goes with."""
    return Peak(device.bandwidth_bytes_per_s, device.float32_flop_per_s)


def cpu_peak(cpu: Cpu) -> Peak:
    """Return the peaks of this machine's usable cores, from what the system says of them."""
    return _peak_of_cores(cpu.instruction_sets, cpu.usable_cores, cpu.max_frequency_hz or COMMON_CLOCK_HZ)


def _peak_of_cores(instruction_sets: Sequence[str], cores: float, clock_hz: float) -> Peak:
    widest = next((FLOP_PER_CYCLE[name] for name in FLOP_PER_CYCLE if name in instruction_sets), None)
    return Peak(
        bandwidth_bytes_per_s=BANDWIDTH_PER_CORE_BYTES_PER_S * cores,
        float32_flop_per_s=(widest or PLAIN_FLOP_PER_CYCLE) * clock_hz * cores,
    )


def most_speed_up(machine: Machine, profile: HardwareProfile | None) -> float:
    """Return how many times faster than some hardware anything of the list of devices can be, by its peaks at most.

    Args:
        machine: This machine; of a GPU that is not known the slowest of the list stands for it.
        profile: Hardware that was asked for; None for this machine.
    """
    devices, own = load_devices(), cpu_peak(machine.cpu)
    if profile is not None:
        each = peak_of(profile.device)
        own = Peak(each.bandwidth_bytes_per_s * profile.count, each.float32_flop_per_s * profile.count)
    elif machine.gpus:
        try:
            own = peak_of(find_device(machine.gpus[0].name))
        except InputError:
            gpus = [peak_of(one) for one in devices if one.kind is DeviceKind.GPU]
            own = min(gpus, key=lambda one: one.bandwidth_bytes_per_s)
    return MOST_DEVICES * max(
        ratio
        for one in map(peak_of, devices)
        for ratio in (
            one.bandwidth_bytes_per_s / own.bandwidth_bytes_per_s,
            one.float32_flop_per_s / own.float32_flop_per_s,
        )
    )


@once_a_look
def device_here(machine: Machine, device: str) -> DeviceModel | None:
    """Return a device of this machine as the transfer takes it; None for one of which no peaks are known.

    Args:
        machine: This machine; its processor goes by its fingerprint.
        device: ``cpu``, ``cuda:0``, ``mps``.
    """
    if device != "cpu":
        try:
            return find_device(machine.gpus[int(device.partition(":")[2] or 0)].name)
        except (InputError, IndexError, ValueError):
            return None
    cpu = machine.cpu
    return _processor(machine.fingerprint, cpu.model or cpu.architecture, cpu.architecture, cpu_peak(cpu))


def untried_error(device: DeviceModel) -> float:
    """Return the standard deviation of the logarithm of a device's speed before anything is known to run on it."""
    return UNTRIED_PROCESSOR if device.kind is DeviceKind.CPU else 0.0


def class_device(kind: MachineClass) -> DeviceModel:
    """Return what runs models on a kind of hardware, as the transfer takes it.

    Raises:
        InputError: Its GPU is not in the list of devices.
    """
    if kind.gpu is not None:
        return find_device(kind.gpu)
    peak = _peak_of_cores(kind.instruction_sets, kind.usable_cores, COMMON_CLOCK_HZ)
    return _processor(class_name(kind), kind.processor, kind.architecture, peak)


def _processor(identity: str, name: str, architecture: str, peak: Peak) -> DeviceModel:
    return DeviceModel(
        id=identity,
        name=name,
        kind=DeviceKind.CPU,
        vendor="",
        architecture=architecture,
        year=0,
        memory_bytes=None,
        bandwidth_bytes_per_s=peak.bandwidth_bytes_per_s,
        float64_flop_per_s=peak.float32_flop_per_s / 2,
        float32_flop_per_s=peak.float32_flop_per_s,
        tensor_float32_flop_per_s=None,
        tensor_bfloat16_flop_per_s=None,
        power_w=None,
        sources=(),
    )


def ase_situation(card: ModelCard, device: DeviceModel, system: str) -> Situation:
    """Return the situation of a run through ASE on one device.

    Args:
        card: The model.
        device: What runs it.
        system: Names the kind of structure.
    """
    return Situation(
        law=card.architecture.time_law,
        family=card.architecture.family,
        driver=ASE,
        code=ASE,
        kernels=TORCH,
        device=device.id,
        platform=device.kind.value,
        vendor=device.vendor,
        peak=peak_of(device),
        system=system,
    )


def own_timings(own: OwnTiming, machine: Machine, structure: StructureSummary) -> list[Timing]:
    """Return what was timed on this machine; nothing where its device is not known.

    Args:
        own: Of one law.
        machine: This machine.
        structure: Of the task, for which the costs are.
    """
    device = device_here(machine, own.settings.device)
    if device is None:
        return []  # a device of which no peaks are known tells nothing of others
    situation = ase_situation(own.card, device, structure.reduced_formula)
    return [
        Timing(situation, float(atoms), 0.0, estimate.value, error_of(estimate))
        for atoms in own.sizes
        for estimate in [own.costs.step_time_s(atoms)]
    ]


def error_of(estimate: Estimate) -> float:
    """Return the standard deviation of the logarithm of a time that was measured."""
    if estimate.low is None or estimate.high is None or estimate.low <= 0:
        return SMALLEST_OWN_ERROR
    return max(SMALLEST_OWN_ERROR, math.log(estimate.high / estimate.low) / (2 * NORMAL_90))


def _with_law(one: PublishedTiming, catalogue: Catalogue) -> PublishedTiming:
    card = catalogue.named(one.model)
    if card is None:
        return one
    return replace(one, law=card.architecture.time_law, family=card.architecture.family)
