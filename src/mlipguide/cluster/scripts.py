"""The scripts of a run: one for each partition, an array of its tasks, each alone on its node.

They are plain scripts that start mlipguide on the node: nothing of this process is pickled, a user can read, change and
submit them by hand, and what comes back is what the command prints with ``--json``.
"""

from __future__ import annotations

import math
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import mlipguide
from mlipguide.catalog.weights import FOLDERS_VARIABLE
from mlipguide.core.paths import CACHE_VARIABLE, cache_dir
from mlipguide.records.cluster.cluster import Partition, Scheduler
from mlipguide.records.cluster.jobs import ClusterRun, JobScript

if TYPE_CHECKING:
    from jinja2 import Environment as Templates

TEMPLATES = Path(mlipguide.__file__).parent / "data" / "cluster_scripts"
SCRIPT, LOGS, RESULTS, DATA = "job.sh", "logs", "results", "data"
SUBMIT = {Scheduler.SLURM: "sbatch", Scheduler.PBS: "qsub", Scheduler.LSF: "bsub <"}
"""What takes a script, before its path."""


def part_folder(run: ClusterRun, partition: Partition) -> Path:
    """Return the folder of everything of a run on one partition."""
    return Path(run.folder) / partition.name


def result_file(run: ClusterRun, partition: Partition, task: int) -> Path:
    """Return where the answer of a task stands once there is one."""
    return part_folder(run, partition) / RESULTS / f"{task}.json"


def log_file(run: ClusterRun, partition: Partition, task: int) -> Path:
    """Return where a task writes what it does; LSF counts from 1, PBS names the files itself."""
    folder = part_folder(run, partition) / LOGS
    if run.cluster.scheduler is Scheduler.PBS:
        return folder
    return folder / f"{task + (run.cluster.scheduler is Scheduler.LSF)}.log"


def script_of(run: ClusterRun, partition: Partition) -> JobScript:
    """Return the script of one partition."""
    scheduler = run.cluster.scheduler
    folder = part_folder(run, partition)
    file = folder / SCRIPT
    text = (
        _templates()
        .get_template(f"{scheduler.value}.jinja")
        .render(
            name=run.name,
            partition=partition.name,
            account=partition.account,
            qos=partition.qos,
            limit=limit_words(partition.time_limit_s, scheduler),
            gpus=partition.gpus,
            gpu_type=partition.gpu_type,
            cores=partition.cores,
            at_once=partition.at_once,
            last=len(run.tasks) - 1,
            several=len(run.tasks) > 1,
            log=folder / LOGS,
            options=partition.options,
            variables=_variables(),
            modules=[shlex.join(one.split()) for one in partition.modules],
            setup=partition.setup,
            folder=shlex.quote(str(folder)),
            choices=_choices(run),
            command=shlex.join(partition.command),
            words=shlex.join(run.words),
        )
    )
    command = f"{SUBMIT[scheduler]} {shlex.quote(str(file))}"
    return JobScript(partition=partition.name, file=str(file), command=command, text=text)


def _choices(run: ClusterRun) -> list[dict[str, str]]:
    """Return what differs between tasks, each with the shell's names for all of its values and for one of them."""
    found = []
    for option in run.tasks[0].options:
        one = option.strip("-").removesuffix("s")
        values = shlex.join(task.options[option] for task in run.tasks)
        found.append({"option": option, "values": values, "all": f"{one}s", "one": one})
    return found


def _variables() -> dict[str, str]:
    """Return where environments and weights are, for a shell: some sites hand no variables over to jobs."""
    found = {CACHE_VARIABLE: str(cache_dir()), FOLDERS_VARIABLE: os.environ.get(FOLDERS_VARIABLE)}
    return {name: shlex.quote(value) for name, value in found.items() if value}


def limit_words(seconds: float, scheduler: Scheduler) -> str:
    """Return a time limit as the scheduler writes it, in whole minutes."""
    minutes = math.ceil(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if scheduler is Scheduler.LSF:
        return f"{hours}:{minutes:02}"
    if scheduler is Scheduler.PBS:
        return f"{hours:02}:{minutes:02}:00"
    days, hours = divmod(hours, 24)
    return f"{days}-{hours:02}:{minutes:02}:00"


def _templates() -> Templates:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(  # noqa: S701  # what is written is a script, not HTML
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
