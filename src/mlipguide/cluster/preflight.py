"""What is looked at before anything is queued: a job that cannot run is told now, not after a night in the queue."""

from __future__ import annotations

import errno
import json
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from mlipguide.cluster import slurm_commands as slurm
from mlipguide.cluster.scripts import limit_words
from mlipguide.cluster.slurm_commands import SchedulerError
from mlipguide.core.errors import InputError, StorageError, did_you_mean
from mlipguide.core.paths import make_folder, storage_error
from mlipguide.core.readable import duration, memory
from mlipguide.core.serialisation import from_plain
from mlipguide.environments.gpu_support import gpu_obstacle, told
from mlipguide.hardware.device_models import match_reported
from mlipguide.hardware.profiles import parse_profiles
from mlipguide.hardware.vendor_tools import ToolAnswer
from mlipguide.records.cluster.cluster import Partition, Scheduler
from mlipguide.records.hardware.environment import Environment
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice

LEAST_ROOM_BYTES = 50 * 2**20
"""Of scripts, logs and records; they take a few."""
TRIAL_BYTES = 2**20
STARTING_S = 60.0
"""Of a job's time, for starting mlipguide and looking at the machine before the budget begins; a judgement."""
NODE_CHECK_S = 300.0
"""Time limit of the look at a node."""
LONGEST_WAIT_S = 1800.0


def check_limit(partition: Partition, budget_s: float) -> None:
    """Refuse a time limit that ends a job before its timing could.

    Raises:
        InputError: Kind ``time_limit``.
    """
    if partition.time_limit_s >= budget_s + STARTING_S:
        return
    raise InputError(
        f"Partition {partition.name}: a time limit of {duration(partition.time_limit_s)} is too short for a --budget "
        f"of {duration(budget_s)} and {duration(STARTING_S)} of starting.",
        hint=f"Write time_limit: {_minutes(budget_s + STARTING_S)}m or more, or lower --budget.",
        kind="time_limit",
        option="--budget",
    )


def check_partition(partition: Partition) -> None:
    """Ask SLURM whether a partition is there, is up, has a usable node and allows the time limit.

    Raises:
        InputError: Kinds ``unknown_partition`` and ``time_limit``.
        SchedulerError: Kinds ``partition_down`` and ``nodes_down``, or SLURM is not there.
    """
    name = partition.name
    state = slurm.state_of_partition(name)
    if state is None:
        known = slurm.partition_names()
        raise InputError(
            f"SLURM knows no partition {name}.{did_you_mean(name, known)}",
            hint=f"Correct its name in the cluster's file. Known: {', '.join(known)}.",
            kind="unknown_partition",
        )
    if not state.up:
        raise SchedulerError(
            f"Partition {name} takes no jobs now.",
            hint=f"Wait, or leave it out; 'sinfo -p {name}' shows its state.",
            kind="partition_down",
        )
    if not state.usable:
        raise SchedulerError(
            f"Partition {name} has no usable node: {_of_all(state.nodes)} down, drained or silent.",
            hint=f"Wait, or leave it out; 'sinfo -R -p {name}' shows the reasons.",
            kind="nodes_down",
        )
    if state.limit_s is not None and partition.time_limit_s > state.limit_s:
        raise InputError(
            f"Partition {name} allows {duration(state.limit_s)}, and the cluster's file asks for "
            f"{duration(partition.time_limit_s)}.",
            hint=f"Write time_limit: {_minutes(state.limit_s)}m or less.",
            kind="time_limit",
        )


def check_room(folder: Path) -> None:
    """Write a file into a folder and remove it, and look whether there is room for more.

    Raises:
        StorageError: The disk or the quota is full, or the folder cannot be written.
    """
    trial = make_folder(folder) / ".trial"
    try:
        trial.write_bytes(b"\0" * TRIAL_BYTES)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise storage_error(folder, error) from error
    finally:
        trial.unlink(missing_ok=True)
    if free < LEAST_ROOM_BYTES:
        raise StorageError(
            f"{folder} has {memory(free)} left.",
            hint="Free some, or name another folder: in the cluster's file.",
            kind=storage_error(folder, OSError(errno.ENOSPC, "")).kind,
        )


def check_node(partition: Partition, environments: Sequence[Environment]) -> tuple[Machine, tuple[Notice, ...]]:
    """Look at a node of a partition through srun: modules load, mlipguide starts, the GPUs are those asked for.

    Args:
        partition: Of SLURM.
        environments: Of the backends to be used, whose torch must know the GPUs.

    Returns:
        The node, and what is worth knowing of it.

    Raises:
        SchedulerError: Kind ``node_check``: nothing came back, or a job there would not find what it needs.
    """
    name = partition.name
    lines = [*(f"module load {shlex.join(one.split())} || exit 126" for one in partition.modules), *partition.setup]
    program = "\n".join([*lines, f"exec {shlex.join(partition.command)} hardware show --json"])
    answer = slurm.run_on_node(_srun_options(partition), ["bash", "-lc", program], timeout_s=LONGEST_WAIT_S)
    try:
        document = json.loads(answer.text or "")
        machine = from_plain(Machine, document["data"], what=f"node of {name}")
    except (ValueError, KeyError, TypeError, InputError):
        raise SchedulerError(
            f"A node of {name} did not say what it is: {_last_words(answer)}",
            hint="Correct modules:, setup:, python: or mlipguide: in the cluster's file: mlipguide must start there.",
            kind="node_check",
        ) from None
    if len(machine.gpus) < partition.gpus:
        raise SchedulerError(
            f"A node of {name} shows {len(machine.gpus)} GPUs to a job that asked for {partition.gpus}. "
            f"{' '.join(machine.facts)}".strip(),
            hint="Correct gpus:, or load the driver's module in modules:.",
            kind="node_check",
        )
    unused = next(filter(None, (gpu_obstacle(one, machine) for one in environments)), None)
    if unused is not None:
        raise SchedulerError(f"On a node of {name}: {told(unused)}", hint="Then try again.", kind="node_check")
    return machine, _device_notice(partition, machine)


def _last_words(answer: ToolAnswer) -> str:
    """Return the last line of what a program on a node complained of; of srun's own where there is no other."""
    lines = answer.complaint.strip().splitlines()
    of_program = [line for line in lines if not line.startswith("srun:")]
    return next(iter((*of_program[::-1], *lines[::-1])), answer.problem or "it printed nothing")


def _srun_options(partition: Partition) -> list[str]:
    stated = {"account": partition.account, "qos": partition.qos}
    options = [f"--partition={partition.name}", f"--time={limit_words(NODE_CHECK_S, Scheduler.SLURM)}"]
    options += ["--nodes=1", "--ntasks=1", *(f"--{key}={value}" for key, value in stated.items() if value is not None)]
    if partition.gpus:
        options.append("--gres=" + ":".join(filter(None, ("gpu", partition.gpu_type, str(partition.gpus)))))
    return [*options, *partition.options]


def _device_notice(partition: Partition, machine: Machine) -> tuple[Notice, ...]:
    """Return a notice where the file names another device than the node has."""
    if partition.device is None or not machine.gpus:
        return ()
    (profile,) = parse_profiles(partition.device, option="device")
    found = match_reported(machine.gpus[0].name, machine.gpus[0].memory_bytes)
    if found is None or found.id == profile.device.id:
        return ()
    words = f"Partition {partition.name}: the node has {found.id}, the cluster's file says {partition.device}."
    return (Notice("another_device", words),)


def _minutes(seconds: float) -> int:
    return max(1, int(-(-seconds // 60)))


def _of_all(nodes: int) -> str:
    return "its one node is" if nodes == 1 else f"all {nodes} are"
