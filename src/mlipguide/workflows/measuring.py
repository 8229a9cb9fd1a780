"""What ``recommend`` and ``bench`` share: use what was measured before, measure the rest, keep it, fit it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.protocol import Protocol, load_protocol
from mlipguide.bench.subject import SizeSource, Subject
from mlipguide.bench.sweep import CandidateRun, Limits, Sweep, steps_of_a_rung
from mlipguide.core.paths import logs_dir, make_folder, measurements_dir
from mlipguide.records.machine import Machine
from mlipguide.records.measurement import Measurement, Settings, Weights
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.structure import StructureSummary
from mlipguide.sessions.interface import Conditions, ModelSession
from mlipguide.sessions.worker_session import SessionRequest, open_session
from mlipguide.stats.centres import centre_of
from mlipguide.store import measurements as store
from mlipguide.structures.summaries import is_same_kind
from mlipguide.workflows.candidates import Prepared

if TYPE_CHECKING:
    from ase import Atoms

RESIDENT_WORKER_BYTES = 2**30
"""What a loaded worker holds while another one works: torch, the backend and the weights (seen: 0.5 to 0.9 GiB)."""
RESIDENT_SHARE = 0.5
SMALLEST_LIMIT_BYTES = 2**30
STEAL_WORTH_SAYING = 0.02
LOAD_WORTH_SAYING = 0.15
CLEARLY = 2.0
"""How many times over a further size must fit into the budget before a model is started again for it."""

Opener = Callable[[SessionRequest], ModelSession]
Progress = Callable[[str, float], None]


@dataclass
class MeasuredModels:
    """Measurements by model, and what happened on the way."""

    by_model: dict[str, list[Measurement]] = field(default_factory=dict)
    fresh: list[Measurement] = field(default_factory=list)
    reused: list[Measurement] = field(default_factory=list)
    out_of_memory_at: dict[str, int] = field(default_factory=dict)
    failures: dict[str, Problem] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, measurement: Measurement) -> None:
        """File a measurement under its model."""
        self.by_model.setdefault(measurement.model, []).append(measurement)


@dataclass(frozen=True, kw_only=True)
class MeasuringContext:
    """Where and on what measurements are made.

    Attributes:
        machine: This machine.
        atoms: The user's structure.
        structure: Its description.
        wanted_atoms: Size of the task.
        conditions: Temperature and step.
        budget_s: Seconds of stepping for all candidates together.
        on_progress: Told what is being done.
        opener: Starts a model.
    """

    machine: Machine
    atoms: Atoms
    structure: StructureSummary
    wanted_atoms: int
    conditions: Conditions
    budget_s: float
    on_progress: Progress
    opener: Opener = open_session


def usable_memory_bytes(machine: Machine, settings: Settings) -> int:
    """Return the memory that a run with these settings may use: the device's, or the machine's."""
    if settings.device.startswith("cuda"):
        index = int(settings.device.partition(":")[2] or 0)
        memory = machine.gpus[index].memory_bytes
        return machine.memory.usable_bytes if memory is None else memory
    return machine.memory.usable_bytes


def recall(candidates: Sequence[Prepared], context: MeasuringContext) -> MeasuredModels:
    """Return the stored measurements that hold here: same fingerprint, settings, versions and kind of structure."""
    measured = MeasuredModels()
    found = store.find(context.machine.fingerprint)
    measured.notices.extend(found.notices)
    by_id = {item.card.id: item for item in candidates}
    for measurement in found.measurements:
        item = by_id.get(measurement.model)
        if item is not None and _still_holds(measurement, item, context.structure):
            measured.add(measurement)
            measured.reused.append(measurement)
    return measured


def lacking(
    candidates: Sequence[Prepared], measured: MeasuredModels, context: MeasuringContext
) -> tuple[Prepared, ...]:
    """Return the candidates that can be started and whose measurements do not cover two sizes yet.

    One that was so slow that a second size does not fit into its share of the budget is not among them: measuring
    it once more would tell nothing new.
    """
    protocol = load_protocol()
    ladder = _size_source(context, protocol).ladder(wanted=context.wanted_atoms)
    startable = [item for item in candidates if item.obstacle is None]
    share_s = context.budget_s / max(1, len(startable))
    return tuple(
        item for item in startable if _lacks_sizes(measured.by_model.get(item.card.id, []), ladder, share_s, protocol)
    )


def _lacks_sizes(records: Sequence[Measurement], ladder: Sequence[int], share_s: float, protocol: Protocol) -> bool:
    known = {record.atoms for record in records}
    if len(known) >= min(2, len(ladder)):
        return False
    larger = [size for size in ladder if size > max(known, default=0)]
    if not known or not larger:
        return True
    step_s = centre_of([sample for record in records for sample in record.steady.wall_s]).value
    return CLEARLY * step_s * steps_of_a_rung(protocol) * (1 + min(larger) / max(known)) <= share_s


def measure(
    candidates: Sequence[Prepared],
    measured: MeasuredModels,
    context: MeasuringContext,
    protocol: Protocol | None = None,
) -> None:
    """Measure ``candidates`` and add what comes out to ``measured``; every record is stored as soon as it is whole."""
    protocol = protocol or load_protocol()
    make_folder(measurements_dir())  # refused now rather than after minutes of measuring
    make_folder(logs_dir())
    machine = context.machine
    settings = candidates[0].settings
    on_gpu = settings.device != "cpu"
    memory = max(SMALLEST_LIMIT_BYTES, min(machine.memory.usable_bytes, machine.memory.available_bytes))
    resident = max(1, math.floor(RESIDENT_SHARE * memory / RESIDENT_WORKER_BYTES))
    limits = Limits(
        budget_s=context.budget_s,
        memory_bytes=usable_memory_bytes(machine, settings) if on_gpu else memory,
        usable_cores=machine.cpu.usable_cores,
        parallel_starts=max(1, math.floor(machine.cpu.usable_cores)),
        resident_workers=resident,
    )
    subjects = [
        Subject(
            card=item.card,
            settings=item.settings,
            open=partial(context.opener, _session_request(item, None if on_gpu else memory)),
        )
        for item in candidates
    ]
    sweep = Sweep(
        sizes=_size_source(context, protocol),
        conditions=context.conditions,
        protocol=protocol,
        limits=limits,
        on_progress=context.on_progress,
    )
    sweep.measure(
        subjects,
        wanted_atoms=context.wanted_atoms,
        on_finished=lambda run: _keep(run, measured, context),
    )
    measured.notices.extend(_noise_notices(measured.fresh))


def _keep(run: CandidateRun, measured: MeasuredModels, context: MeasuringContext) -> None:
    for record in measurements_of(
        run,
        structure=context.structure,
        conditions=context.conditions,
        fingerprint=context.machine.fingerprint,
    ):
        store.append(record)
        measured.add(record)
        measured.fresh.append(record)
    model = run.subject.card.id
    if run.out_of_memory_at is not None:
        measured.out_of_memory_at[model] = run.out_of_memory_at
    if run.problems:
        measured.problems.extend(run.problems)
        measured.failures[model] = run.problems[0]


def _still_holds(measurement: Measurement, item: Prepared, structure: StructureSummary) -> bool:
    installed = item.environment.versions
    same_versions = all(
        installed[name] == version for name, version in measurement.versions.items() if name in installed
    )
    wanted = Weights.SYNTHETIC if item.synthetic else Weights.PRETRAINED
    return (
        measurement.settings == item.settings
        and measurement.weights is wanted
        and same_versions
        and is_same_kind(measurement.structure, structure)
    )


def _size_source(context: MeasuringContext, protocol: Protocol) -> SizeSource:
    return SizeSource(context.atoms, context.structure, protocol)


def _session_request(item: Prepared, memory_limit_bytes: int | None) -> SessionRequest:
    return SessionRequest(
        card=item.card,
        recipe=item.recipe,
        environment=item.environment,
        settings=item.settings,
        weights_file=item.weights_file,
        synthetic=item.synthetic,
        memory_limit_bytes=memory_limit_bytes,
    )


def _noise_notices(measurements: Sequence[Measurement]) -> list[Notice]:
    steals = [m.disturbance.steal_share for m in measurements if m.disturbance.steal_share is not None]
    loads = [m.disturbance.other_load_share for m in measurements if m.disturbance.other_load_share is not None]
    notices: list[Notice] = []
    if steals and max(steals) > STEAL_WORTH_SAYING:
        notices.append(
            Notice(
                "noisy_machine",
                f"The hypervisor gave up to {max(steals):.0%} of the processor time to other virtual machines while "
                "samples were taken.",
            )
        )
    if loads and max(loads) > LOAD_WORTH_SAYING:
        notices.append(
            Notice(
                "noisy_machine",
                f"Other processes used up to {max(loads):.0%} of the usable cores while samples were taken.",
            )
        )
    return notices
