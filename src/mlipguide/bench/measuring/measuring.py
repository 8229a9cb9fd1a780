"""What ``recommend`` and ``bench`` share: use what was measured before, measure the rest, keep it, fit it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.attribution import notices_for
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.measuring.stored_measurements import MeasuredModels, sharing
from mlipguide.bench.patience import QuietMachineWaiter
from mlipguide.bench.protocol import Protocol, load_protocol
from mlipguide.bench.subject import SizeSource, Subject
from mlipguide.bench.sweep import Hooks, Limits, Sweep
from mlipguide.candidates.preparation import Prepared
from mlipguide.core.errors import StorageError
from mlipguide.core.kept_files import UnfitRecordError
from mlipguide.core.paths import logs_dir, make_folder, measurements_dir
from mlipguide.hardware.gpu_state import GpuMonitor, watch_gpu
from mlipguide.hardware.machine_classes import known_machine
from mlipguide.hardware.quiet import QuietWait, wait_for_quiet
from mlipguide.records.hardware.machine import Gpu, GpuVendor, Machine
from mlipguide.records.notice import Problem
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.axes import choice_words
from mlipguide.records.timing.measurement import Settings
from mlipguide.records.timing.model_timing import ModelTiming
from mlipguide.sessions.interface import Conditions, ModelSession
from mlipguide.sessions.worker_session import SessionRequest, open_session
from mlipguide.store import known_machines
from mlipguide.store import measurements as store

if TYPE_CHECKING:
    from ase import Atoms

RESIDENT_WORKER_BYTES = 2**30
"""What a loaded worker holds while another one works: torch, the backend and the weights (seen: 0.5 to 0.9 GiB)."""
RESIDENT_SHARE = 0.5
SMALLEST_LIMIT_BYTES = 2**30
PATIENCE_SHARE = 0.1
"""Of the budget may pass in waiting for quiet moments."""

Opener = Callable[[SessionRequest], ModelSession]
Progress = Callable[[str, float], None]


Wait = Callable[[float, float], QuietWait]
"""Waits for a quiet moment: at most so many seconds, on so many usable cores."""


def wait_here(max_wait_s: float, usable_cores: float) -> QuietWait:
    """Wait until other processes leave the cores of this machine alone."""
    return wait_for_quiet(max_wait_s=max_wait_s, usable_cores=usable_cores)


def no_wait(_max_wait_s: float, _usable_cores: float) -> QuietWait:
    """Take the machine as it is."""
    return QuietWait(waited_s=0.0, quiet=True)


@dataclass(frozen=True, kw_only=True)
class MeasuringContext:
    """Where and on what measurements are made.

    Attributes:
        machine: This machine.
        atoms: The user's structure.
        structure: Its description.
        wanted_atoms: Size of the task.
        conditions: Temperature and step.
        budget_s: Seconds of loading and stepping for all candidates together.
        on_progress: Told what is being done.
        opener: Starts a model.
        wait: Waits for quiet moments.
        sizes: Numbers of atoms to time, all of them; None leaves the choice to the sweep.
        each: Whether every checkpoint is measured, also where another one shares its time law.
        settled: Returns the candidates of which more samples would change no decision.
        on_timing: Told how far each candidate has come.
    """

    machine: Machine
    atoms: Atoms
    structure: StructureSummary
    wanted_atoms: int
    conditions: Conditions
    budget_s: float
    on_progress: Progress
    opener: Opener = open_session
    wait: Wait = wait_here
    sizes: tuple[int, ...] | None = None
    each: bool = False
    settled: Callable[[Sequence[CandidateRun]], Sequence[CandidateRun]] = lambda _runs: ()
    on_timing: Callable[[Sequence[ModelTiming]], None] = lambda _timings: None

    def ladder(self, protocol: Protocol) -> tuple[int, ...]:
        """Return the sizes that a sweep would time."""
        return self.sizes or size_source(self, protocol).ladder(wanted=self.wanted_atoms)


def usable_memory_bytes(machine: Machine, settings: Settings) -> int:
    """Return the memory that a run with these settings may use: the device's, or the machine's."""
    gpu = gpu_of(machine, settings)
    return machine.memory.usable_bytes if gpu is None or gpu.memory_bytes is None else gpu.memory_bytes


def worker_memory_bytes(machine: Machine, settings: Settings) -> int:
    """Return the memory that a worker may use now: the device's, or what is available of the machine's."""
    if settings.device != "cpu":
        return usable_memory_bytes(machine, settings)
    return max(SMALLEST_LIMIT_BYTES, min(machine.memory.usable_bytes, machine.memory.available_bytes))


def gpu_of(machine: Machine, settings: Settings) -> Gpu | None:
    """Return the device that these settings name; None for a CPU, and for a number that no device has."""
    if not settings.device.startswith("cuda"):
        return None
    index = int(settings.device.partition(":")[2] or 0)
    return machine.gpus[index] if index < len(machine.gpus) else None


def measure(
    candidates: Sequence[Prepared],
    measured: MeasuredModels,
    context: MeasuringContext,
    protocol: Protocol | None = None,
) -> None:
    """Measure ``candidates`` and add what comes out to ``measured``; every record is stored as soon as it is whole.

    Of candidates that share a time law the first is measured for all; where it fails for another reason than memory,
    the next.
    """
    protocol = protocol or load_protocol()
    make_folder(measurements_dir())  # refused now rather than after minutes of measuring
    make_folder(logs_dir())
    begin, budget_s = time.monotonic(), context.budget_s
    waiting, earlier = sharing(candidates, each=context.each), len(measured.fresh)
    while waiting:
        following: list[tuple[Prepared, ...]] = []
        try:
            _sweep([first for first, *_ in waiting], measured, replace(context, budget_s=budget_s), protocol)
        finally:  # what was measured before Ctrl-C holds for all that share it
            for first, *others in waiting:
                name = first.card.id
                if (
                    others
                    and name in measured.failures
                    and name not in (*measured.by_model, *measured.out_of_memory_at)
                ):
                    following.append(tuple(others))
                else:
                    for other in others:
                        measured.lend(name, other.card.id)
        waiting = following
        budget_s = max(context.budget_s / 4, context.budget_s - (time.monotonic() - begin))
    measured.notices.extend(notices_for(measured.fresh[earlier:]))


def _sweep(
    candidates: Sequence[Prepared], measured: MeasuredModels, context: MeasuringContext, protocol: Protocol
) -> None:
    machine = context.machine
    subjects = [
        Subject(
            card=item.card,
            settings=item.settings,
            open=partial(context.opener, session_request(item, machine)),
            remark=_remark(item.settings, [other.settings for other in candidates]),
        )
        for item in candidates
    ]
    sweep_subjects(subjects, measured, context, protocol)


def sweep_subjects(
    subjects: Sequence[Subject], measured: MeasuredModels, context: MeasuringContext, protocol: Protocol
) -> None:
    """Measure subjects in turn and add what comes out to ``measured``; records are stored as soon as they are whole."""
    machine = context.machine
    on_gpu = next((one.settings for one in subjects if one.settings.device != "cpu"), None)
    monitor = None if on_gpu is None else _watch(machine, on_gpu)
    memory = worker_memory_bytes(machine, replace(subjects[0].settings, device="cpu"))
    limits = Limits(
        budget_s=context.budget_s,
        memory_bytes=memory if on_gpu is None else usable_memory_bytes(machine, on_gpu),
        usable_cores=machine.cpu.usable_cores,
        parallel_starts=max(1, math.floor(machine.cpu.usable_cores)),
        resident_workers=max(1, math.floor(RESIDENT_SHARE * memory / RESIDENT_WORKER_BYTES)),
        gpu=monitor,
    )
    sweep = Sweep(
        sizes=size_source(context, protocol),
        conditions=context.conditions,
        protocol=protocol,
        limits=limits,
        hooks=Hooks(
            on_progress=context.on_progress,
            on_timing=context.on_timing,
            settled=context.settled,
            quieten=QuietMachineWaiter(
                allowance_s=PATIENCE_SHARE * context.budget_s,
                wait=lambda longest_s: context.wait(longest_s, machine.cpu.usable_cores),
            ),
        ),
    )
    try:
        sweep.measure(
            subjects,
            wanted_atoms=context.wanted_atoms,
            sizes=context.sizes,
            on_finished=lambda run: _keep(run, measured, context),
        )
    finally:
        if monitor is not None:
            monitor.close()


def _watch(machine: Machine, settings: Settings) -> GpuMonitor | None:
    gpu = gpu_of(machine, settings)
    return None if gpu is None or gpu.vendor is not GpuVendor.NVIDIA else watch_gpu(gpu.index, uuid=gpu.uuid)


def _remark(settings: Settings, others: Sequence[Settings]) -> str:
    """Return the settings in which this one differs from others."""
    words = {
        "threads": f"{settings.threads} thread{'s' if settings.threads > 1 else ''}",
        "ranks": f"{settings.ranks} MPI rank{'s' if settings.ranks > 1 else ''}",
        "dtype": settings.dtype,
        "device": settings.device,
        "allocator": f"allocator {settings.allocator.value}",
        "choices": choice_words(settings.choices) or "all else default",
    }
    varied = (name for name in words if len({getattr(other, name) for other in others}) > 1)
    return ", ".join(words[name] for name in varied)


def _keep(run: CandidateRun, measured: MeasuredModels, context: MeasuringContext) -> None:
    with suppress(StorageError, UnfitRecordError):  # the measurement itself tells of a folder that cannot be written
        known_machines.keep(known_machine(context.machine))
    for record in measurements_of(
        run,
        structure=context.structure,
        conditions=context.conditions,
        fingerprint=context.machine.fingerprint,
    ):
        try:
            store.append(record)
        except UnfitRecordError as error:
            problem = replace(
                Problem.from_error(error, model=record.model),
                message=f"{record.model}, {record.atoms} atoms: {error.message}",
            )
            measured.problems.append(problem)
            measured.failures.setdefault(record.model, problem)
            continue
        measured.add(record)
        measured.fresh.append(record)
    model = run.subject.card.id
    if run.out_of_memory_at is not None:
        measured.out_of_memory_at[model] = run.out_of_memory_at
    if run.problems:
        measured.problems.extend(run.problems)
        measured.failures[model] = run.problems[0]


def size_source(context: MeasuringContext, protocol: Protocol) -> SizeSource:
    """Return what makes the structures of a sweep."""
    return SizeSource(context.atoms, context.structure, protocol)


def session_request(item: Prepared, machine: Machine) -> SessionRequest:
    """Return how a candidate is started; on a processor with a limit on its memory."""
    on_cpu = item.settings.device == "cpu"
    return SessionRequest(
        card=item.card,
        recipe=item.recipe,
        environment=item.environment,
        settings=item.settings,
        weights_file=item.weights_file,
        synthetic=item.synthetic,
        memory_limit_bytes=worker_memory_bytes(machine, item.settings) if on_cpu else None,
    )
