r"""How much longer a step takes for each reason that makes runs slow, for one model on one piece of hardware.

A step of N atoms takes t = t0 + a N (:mod:`mlipguide.costmodel.transfer`); g = 1 - t(1) / t(N) is the share that grows
with the atoms. What makes the arithmetic k times slower, makes the step 1 + g (k - 1) times longer; with few atoms a
step is 1 / g times what the same atoms take in a large system. What was published of a reason is taken as it is
(``data/slow_causes.yaml``); what follows from the device or from a time law is computed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from mlipguide.catalog.cpu_timings import CORES, load_cpu_timings
from mlipguide.costmodel.model_costs import Costs
from mlipguide.costmodel.transfer_data import ASE
from mlipguide.costmodel.transfer_predictions import ReferenceTimings
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.published import ParallelCode
from mlipguide.records.timing.run_log import RunLog
from mlipguide.records.timing.slowdown import LogSign, SlowdownCard, SlowdownEvidence, SlowdownKind

LEAST_FLOAT64, LARGEST_BEYOND_RATES = 1.5, 1.15
"""What float64 makes of arithmetic: twice the bytes, of which launches and integers take off some, up to the ratio of
the device's peak rates."""
FEWEST_CORES, COMMON_CORES, MOST_CORES = 1, 16, 64
CORE_POWER = 0.8
"""Power of the number of cores that a processor's speed grows with."""
STRUCTURES_DIFFER = 1.6
"""How far the time of an atom differs between structures, to either side; the two-core timings span as much."""
COUNTED_STEPS = 300
"""Steps from which the start of a run is no part worth naming."""
MOST_FROM_FEW_ATOMS = 100.0
OUTSIDE_SHARE = 0.1
"""Of the time: what a run does beside forces and is not worth a word below."""
OWN_SOURCE = "timed by the authors of mlipguide on two cores"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What was asked, as far as it decides about the size of a reason.

    Attributes:
        card: The model.
        profile: The hardware.
        atoms: Of the system.
        code: What runs it there.
        costs: Of the model in that code.
        known: Timings.
        log: What a log says; None without one.
        signs: What a log shows, or the user said.
        gpu_processes: Other processes on the GPU, where it is known.
    """

    card: ModelCard
    profile: HardwareProfile
    atoms: int
    code: ParallelCode | None
    costs: Costs
    known: ReferenceTimings
    log: RunLog | None
    signs: tuple[LogSign, ...] = ()
    gpu_processes: int | None = None

    @property
    def on_gpu(self) -> bool:
        """Whether a GPU is to compute it."""
        return self.profile.device.kind is DeviceKind.GPU


def factor_of(card: SlowdownCard, case: Case) -> Estimate | None:
    """Return the factor of one reason on the time of a step; None where nothing tells of it."""
    computed = _COMPUTED.get(card.kind)
    return computed(case) if computed is not None else published_factor(card.evidence, case)


def is_possible(kind: SlowdownKind, case: Case) -> bool:
    """Tell whether a reason can be one at all on this hardware and by this log."""
    steps = None if case.log is None else case.log.steps
    possible = {
        SlowdownKind.FLOAT64: case.profile.device.float64_flop_per_s is not None,
        SlowdownKind.PROCESSOR: case.on_gpu,
        SlowdownKind.NEIGHBOURS: case.on_gpu and case.code is None,
        SlowdownKind.SHARED_GPU: case.on_gpu,
        SlowdownKind.HOST: case.on_gpu,
        SlowdownKind.ONE_DEVICE: case.profile.count > 1,
        SlowdownKind.FEW_THREADS: not case.on_gpu,
        SlowdownKind.START: steps is None or steps < COUNTED_STEPS,
        SlowdownKind.OUTSIDE: case.log is not None and case.log.forces_share is not None,
    }
    return possible.get(kind, True)


def growing_share(costs: Costs, atoms: int) -> Estimate | None:
    """Return the share of a step that grows with the atoms; None where the time is not known."""
    whole, least = costs.step_time_s(atoms), costs.step_time_s(1)
    if whole is None or least is None:
        return None

    def share(fixed_s: float) -> float:
        return min(1.0, max(1 / MOST_FROM_FEW_ATOMS, 1 - fixed_s / whole.value))

    # The ends are those of the law's fixed part alone: the whole is high and low together with it.
    reach = 1.0 if least.low is None or least.high is None else math.sqrt(least.high / max(least.low, 1e-12))
    value = share(least.value)
    return Estimate(
        value=value,
        low=min(value, share(least.value * math.sqrt(reach))),
        high=max(value, share(least.value / math.sqrt(reach))),
        basis=whole.basis,
        source=whole.source,
    )


def few_atoms_factor(case: Case) -> Estimate | None:
    """Return what a step takes over what the same atoms take in a large system."""
    share = growing_share(case.costs, case.atoms)
    return None if share is None else share.inverted(1.0)


def other_codes(case: Case) -> list[tuple[str, Estimate]]:
    """Return what a step takes in each other code that is known to run the model there, over what it takes in this."""
    mine = case.costs.step_time_s(case.atoms)
    own = ASE if case.code is None else case.code.code
    found: list[tuple[str, Estimate]] = []
    for way in case.known.ways_of(case.card, case.profile):
        time = way.step_time_s(case.atoms)
        if way.code == own or time is None or mine is None:
            continue
        both = time.times(mine.inverted(1.0))
        found.append((way.code, both))
    return found


def published_factor(evidence: Sequence[SlowdownEvidence], case: Case) -> Estimate | None:
    """Return what was published for the model's family at the nearest size; of any family where there is none of it."""
    family = case.card.architecture.family
    related = [one for one in evidence if family in one.families]
    chosen = related or list(evidence)
    if not chosen:
        return None
    nearest = min(_distance(one, case.atoms) for one in chosen)
    near = [one for one in chosen if _distance(one, case.atoms) == nearest]
    return Estimate(
        value=math.exp(sum(math.log(one.value) for one in near) / len(near)),
        low=min(one.low for one in near),
        high=max(one.high for one in near),
        basis=Basis.PUBLISHED if related else Basis.ASSUMED,
        source="; ".join(dict.fromkeys(one.source for one in near)),
    )


def _distance(one: SlowdownEvidence, atoms: int) -> float:
    return 0.0 if one.atoms is None else abs(math.log(one.atoms / atoms))


def _float64(case: Case) -> Estimate | None:
    device = case.profile.device
    share = growing_share(case.costs, case.atoms)
    if device.float64_flop_per_s is None or share is None:
        return None
    rates = max(2.0, device.float32_flop_per_s / device.float64_flop_per_s)
    middle = math.sqrt(2.0 * rates)
    return Estimate(
        value=1 + share.value * (middle - 1),
        low=1 + share.at_least * (LEAST_FLOAT64 - 1),
        high=1 + share.at_most * (LARGEST_BEYOND_RATES * rates - 1),
        basis=Basis.ASSUMED,
        source=f"{rates:.3g} × lower peak rate of {device.id} in float64 ({', '.join(device.sources) or 'assumed'})",
    )


def _processor(case: Case) -> Estimate | None:
    mine = case.costs.step_time_s(case.atoms)
    seconds = _two_core_seconds(case)
    if mine is None or seconds is None:
        return None
    cores = None if case.log is None or case.log.processes is None else case.log.processes * (case.log.threads or 1)
    few, common, many = (FEWEST_CORES, COMMON_CORES, MOST_CORES) if cores is None else (cores, cores, cores)

    def factor(number: int) -> float:
        return seconds * math.pow(CORES / number, CORE_POWER) / mine.value

    return Estimate(
        value=factor(common),
        low=factor(many) / STRUCTURES_DIFFER,
        high=factor(few) * STRUCTURES_DIFFER,
        basis=Basis.TRANSFERRED,
        source=OWN_SOURCE,
    )


def _two_core_seconds(case: Case) -> float | None:
    """Return a step on two cores: of the same law, else the middle of its family; None where that was not timed."""
    from mlipguide.catalog.cards import load_catalogue

    catalogue = load_catalogue()
    architecture = case.card.architecture
    timed = [(catalogue.named(one.model), one) for one in load_cpu_timings()]
    same = [one for card, one in timed if card is not None and card.architecture.time_law == architecture.time_law]
    kin = [one for card, one in timed if card is not None and card.architecture.family == architecture.family]
    rows = same or kin
    if not rows:
        return None
    return median(one.step_time_s / one.atoms for one in rows) * case.atoms


def _host(case: Case) -> Estimate | None:
    """Return what late launches make of a step: of the part that does not grow with the atoms."""
    from mlipguide.catalog.slow_causes import load_slow_causes

    share = growing_share(case.costs, case.atoms)
    launches = published_factor(load_slow_causes()[SlowdownKind.HOST].evidence, case)
    if share is None or launches is None:
        return None
    return Estimate(
        value=1 + (1 - share.value) * (launches.value - 1),
        low=1 + (1 - share.at_most) * (launches.at_least - 1),
        high=1 + (1 - share.at_least) * (launches.at_most - 1),
        basis=Basis.ASSUMED,
        source=launches.source,
    )


def _few_threads(case: Case) -> Estimate | None:
    cores = case.profile.host_cores
    if cores is None or cores < 2:  # noqa: PLR2004  # one core has one thread
        return None
    most = math.pow(cores, CORE_POWER)
    return Estimate(
        value=most, low=1.0, high=float(cores), basis=Basis.ASSUMED, source=f"one thread instead of {cores} cores"
    )


def _one_device(case: Case) -> Estimate | None:
    mine = case.costs.step_time_s(case.atoms)
    alone = case.known.in_code(case.card, case.profile, case.code, 1).step_time_s(case.atoms)
    if mine is None or alone is None:
        return None
    ratio = max(1.0, alone.value / mine.value)
    return Estimate(value=ratio, low=1.0, high=float(case.profile.count), basis=alone.basis, source=alone.source)


def _shared(case: Case) -> Estimate | None:
    from mlipguide.catalog.slow_causes import load_slow_causes

    others = case.gpu_processes
    if not others:
        return published_factor(load_slow_causes()[SlowdownKind.SHARED_GPU].evidence, case)
    return Estimate(
        value=others + 1.0, low=1.0, high=others + 1.5, basis=Basis.ASSUMED, source="processes that take turns"
    )


def _outside(case: Case) -> Estimate | None:
    share = None if case.log is None else case.log.forces_share
    if share is None or share <= 0 or share > 1 - OUTSIDE_SHARE:
        return None
    factor = 1 / share
    return Estimate(value=factor, low=factor, high=factor, basis=Basis.MEASURED, source="breakdown of the log")


_COMPUTED: dict[SlowdownKind, Callable[[Case], Estimate | None]] = {
    SlowdownKind.FLOAT64: _float64,
    SlowdownKind.PROCESSOR: _processor,
    SlowdownKind.HOST: _host,
    SlowdownKind.FEW_THREADS: _few_threads,
    SlowdownKind.ONE_DEVICE: _one_device,
    SlowdownKind.SHARED_GPU: _shared,
    SlowdownKind.OUTSIDE: _outside,
    SlowdownKind.FEW_ATOMS: few_atoms_factor,
}
