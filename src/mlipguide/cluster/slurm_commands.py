"""SLURM's own commands: what a partition is, hand an array over, ask what became of it, end it.

Options and formats are those of the manual pages sbatch(1), squeue(1), sinfo(1), sacct(1), scancel(1) and srun(1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, InputError, MlipguideError
from mlipguide.hardware.vendor_tools import ToolAnswer, run_tool

TIMEOUT_S = 60.0
"""A busy controller answers within seconds; its clients give up by themselves after some minutes."""
USABLE = frozenset(
    {"idle", "mix", "mixed", "alloc", "allocated", "comp", "completing", "resv", "reserved", "plnd", "planned"}
)
"""States of nodes on which a job can start now or later without anybody mending anything."""
MARKS = "~#!%$@^-+"
"""Behind the state of a node: powered down, powering up, planned …; ``*``, no answer, is not among them."""

_SIZE = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)")


class SchedulerError(EnvironmentFailedError):
    """The scheduler is not there, does not answer, or has no node to give."""

    default_kind = "scheduler"


@dataclass(frozen=True)
class JobState:
    """What SLURM says of one task of an array: ``PENDING``, ``TIMEOUT`` …, and why it waits."""

    state: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PartitionState:
    """What SLURM says of a partition.

    Attributes:
        up: Whether it takes jobs.
        limit_s: Longest job; None for no limit.
        nodes: Number of its nodes.
        usable: How many of them are not down, drained or silent.
    """

    up: bool
    limit_s: float | None
    nodes: int
    usable: int


@dataclass(frozen=True)
class _Refusal:
    """What a complaint of sbatch means.

    Attributes:
        sign: Part of the complaint.
        kind: Of the error.
        message: What happened, with places for the partition and the account.
        hint: What to do.
        by_user: Whether the user's file is wrong, not the cluster.
    """

    sign: str
    kind: str
    message: str
    hint: str
    by_user: bool = True


REFUSALS = (
    _Refusal(
        "invalid account",
        "unknown_account",
        "SLURM refuses the account {account} on partition {partition}.",
        "Ask 'sacctmgr show associations user=$USER format=account,partition,qos' which are yours, and correct "
        "account: in the cluster's file.",
    ),
    _Refusal(
        "invalid qos",
        "unknown_qos",
        "SLURM refuses the quality of service of partition {partition}.",
        "Correct qos: in the cluster's file, or leave it out.",
    ),
    _Refusal(
        "time limit is invalid",
        "time_limit",
        "The time limit is longer than partition {partition} allows.",
        "Lower time_limit: in the cluster's file; 'sinfo -o \"%R %l\"' shows what each partition allows.",
    ),
    _Refusal(
        "generic resource",
        "gpus_unknown",
        "Partition {partition} has no such GPUs.",
        "Correct gpus: and gpu_type: in the cluster's file; 'sinfo -o \"%R %G\"' shows what the nodes have.",
    ),
    _Refusal(
        "invalid partition",
        "unknown_partition",
        "SLURM knows no partition {partition}.",
        "Correct its name in the cluster's file; 'sinfo' lists them.",
    ),
    _Refusal(
        "node configuration is not available",
        "no_such_node",
        "No node of partition {partition} has what a job asks for.",
        "Lower gpus:, correct gpu_type: or options: in the cluster's file; 'sinfo -N -l' shows the nodes.",
    ),
    _Refusal(
        "configuration source",
        "no_scheduler",
        "SLURM's programs are on this machine, but it is part of no cluster.",
        "Run this on the login node of the cluster, or set SLURM_CONF; 'bench --dry-run' prints the scripts anywhere.",
        by_user=False,
    ),
    _Refusal(
        "unable to contact slurm controller",
        "scheduler_unreachable",
        "SLURM's controller does not answer.",
        "Wait, or ask the people who run the cluster; 'scontrol ping' shows its state.",
        by_user=False,
    ),
)
"""In the order in which they are looked for, without regard to case."""


def submit(script: Path, *, tasks: Sequence[int], limit: str | None, partition: str, account: str | None) -> str:
    """Hand some tasks of a script over, and return the number of their job.

    Args:
        script: Of an array.
        tasks: Positions in it.
        limit: Another time limit than the script's, as SLURM writes it.
        partition: Of the script, for messages.
        account: Of the script, for messages.

    Raises:
        MlipguideError: SLURM refuses, or is not there.
    """
    words = ["sbatch", "--parsable", f"--array={','.join(map(str, tasks))}{_at_once(script)}"]
    if limit is not None:
        words.append(f"--time={limit}")
    answer = _asked([*words, str(script)], partition=partition, account=account)
    return answer.partition(";")[0].strip()


def check_script(script: Path, *, partition: str, account: str | None) -> None:
    """Ask whether SLURM would take a script; nothing is queued.

    Raises:
        MlipguideError: It would not, or is not there.
    """
    _asked(["sbatch", "--test-only", str(script)], partition=partition, account=account)


def states_of(jobs: Sequence[str]) -> dict[tuple[str, int], JobState]:
    """Return what is known of the tasks of jobs, by job and task; accounts are asked for what the queue has forgotten.

    Raises:
        MlipguideError: SLURM is not there.
    """
    if not jobs:
        return {}
    queue = run_tool(
        ["squeue", "--noheader", "--array", "--states=all", "--format=%F|%K|%T|%r", f"--jobs={','.join(jobs)}"],
        timeout_s=TIMEOUT_S,
    )
    if queue.problem is not None and "invalid job id" not in queue.complaint.lower():
        raise _refusal(queue, "squeue")
    found: dict[tuple[str, int], JobState] = {}
    for line in (queue.text or "").splitlines():
        job, task, state, reason = (part.strip() for part in (*line.split("|"), "", "", "")[:4])
        if task.isdecimal():
            found[job, int(task)] = JobState(state, "" if reason == "None" else reason)
    return _from_accounts(jobs) | found


def cancel(job: str, tasks: Sequence[int]) -> None:
    """End some tasks of a job.

    Raises:
        MlipguideError: SLURM refuses, or is not there.
    """
    _asked(["scancel", *(f"{job}_{task}" for task in tasks)])


def state_of_partition(name: str) -> PartitionState | None:
    """Return what SLURM says of a partition; None where it knows none of that name.

    Raises:
        MlipguideError: SLURM is not there.
    """
    lines = _asked(["sinfo", "--noheader", f"--partition={name}", "--format=%a|%l|%D|%t"]).splitlines()
    rows = [tuple(part.strip() for part in line.split("|")) for line in lines]
    rows = [row for row in rows if len(row) == 4]  # noqa: PLR2004  # as in the format
    if not rows:
        return None
    counted = [(int(nodes), state) for _, _, nodes, state in rows if nodes.isdecimal()]
    return PartitionState(
        up=any(up == "up" for up, *_ in rows),
        limit_s=parse_limit(rows[0][1]),
        nodes=sum(nodes for nodes, _ in counted),
        usable=sum(nodes for nodes, state in counted if state.rstrip(MARKS) in USABLE),
    )


def partition_names() -> list[str]:
    """Return the names of all partitions.

    Raises:
        MlipguideError: SLURM is not there.
    """
    return sorted(set(_asked(["sinfo", "--noheader", "--format=%R"]).split()))


def parse_limit(text: str) -> float | None:
    """Return a time limit as sinfo writes it, ``2-00:00:00`` or ``30:00``, in seconds; None for ``infinite``."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def run_on_node(options: Sequence[str], command: Sequence[str], *, timeout_s: float) -> ToolAnswer:
    """Run a command on one node through srun, and return what it printed.

    Raises:
        SchedulerError: There is no srun.
    """
    answer = run_tool(["srun", *options, *command], timeout_s=timeout_s)
    if not answer.is_installed:
        raise _missing("srun")
    return answer


def _at_once(script: Path) -> str:
    """Return the limit of jobs at once that the script states, with its sign."""
    found = re.search(r"^#SBATCH --array=\S*?(%\d+)$", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return "" if found is None else found[1]


def _from_accounts(jobs: Sequence[str]) -> dict[tuple[str, int], JobState]:
    """Return what the accounts know; nothing where a site keeps none."""
    answer = run_tool(
        ["sacct", "--noheader", "--parsable2", "--allocations", "--format=JobID,State", f"--jobs={','.join(jobs)}"],
        timeout_s=TIMEOUT_S,
    )
    found: dict[tuple[str, int], JobState] = {}
    for line in (answer.text or "").splitlines() if answer.problem is None else ():
        name, _, state = line.partition("|")
        job, _, task = name.partition("_")
        if task.isdecimal() and state:
            found[job, int(task)] = JobState(state.split()[0], "")
    return found


def _asked(words: Sequence[str], *, partition: str = "", account: str | None = None) -> str:
    answer = run_tool(words, timeout_s=TIMEOUT_S)
    if answer.problem is not None:
        raise _refusal(answer, words[0], partition=partition, account=account)
    return answer.text or ""


def _refusal(answer: ToolAnswer, name: str, *, partition: str = "", account: str | None = None) -> MlipguideError:
    """Return what went wrong as an error with what to do; a complaint that is not known is told as it is."""
    if not answer.is_installed:
        return _missing(name)
    complaint = answer.complaint.strip()
    for one in REFUSALS:
        if one.sign in complaint.lower():
            words = one.message.format(partition=partition, account=account or "that is yours by default")
            kind: type[MlipguideError] = InputError if one.by_user else SchedulerError
            return kind(words, hint=one.hint, kind=one.kind)
    where = f" for partition {partition}" if partition else ""
    said = complaint.splitlines()[-1] if complaint else answer.problem
    return SchedulerError(
        f"{name} failed{where}: {said}", hint="Try the script by hand; --dry-run prints it.", kind="scheduler_refused"
    )


def _missing(name: str) -> SchedulerError:
    return SchedulerError(
        f"{name} is not on this machine.",
        hint="Run this on the login node of the cluster, perhaps after 'module load slurm'; 'bench --dry-run' prints "
        "the scripts anywhere.",
        kind="no_scheduler",
    )
