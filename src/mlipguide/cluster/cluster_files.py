"""A cluster in YAML, which ``configs/cluster/slurm.yaml`` explains; quantities are texts with their unit."""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

from mlipguide.core.errors import InputError, concerning
from mlipguide.core.serialisation import from_plain
from mlipguide.core.units import WALL_TIME
from mlipguide.core.yaml_files import read_yaml
from mlipguide.hardware.profiles import parse_profiles
from mlipguide.records.cluster.cluster import Cluster, Partition, Scheduler
from mlipguide.records.strict import strict

EXAMPLE_HINT = "configs/cluster/slurm.yaml is an example with every field."
SHORTEST_LIMIT_S, LONGEST_LIMIT_S = 60.0, 366 * 86400.0
MOST_GPUS = 64

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")
"""What schedulers name things; it stands in scripts and in paths."""


@strict
@dataclass(frozen=True, kw_only=True)
class _FilePartition:
    """A partition as the file writes it."""

    name: str
    time_limit: str
    account: str | None = None
    qos: str | None = None
    gpus: int = 0
    gpu_type: str | None = None
    gpus_per_node: int | None = None
    cores: int | None = None
    device: str | None = None
    at_once: int | None = None
    modules: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    python: str | None = None
    mlipguide: str | None = None
    options: list[str] = field(default_factory=list)


@strict
@dataclass(frozen=True, kw_only=True)
class _FileCluster:
    """The whole file."""

    name: str
    partitions: list[_FilePartition]
    scheduler: Scheduler = Scheduler.SLURM
    folder: str | None = None


def read_cluster(path: Path) -> Cluster:
    """Read the file of a cluster.

    Raises:
        InputError: The file cannot be read, or a field is unknown, missing or wrong; it is named with its partition.
    """
    with concerning(file=str(path), option="--on"):
        plain = read_yaml(path)
        if not isinstance(plain, dict):
            raise InputError(f"{path}: a cluster's file holds 'name: value' lines.", hint=EXAMPLE_HINT)
        try:
            written = from_plain(_FileCluster, plain, what=str(path))
        except InputError as error:
            raise InputError(error.message, hint=EXAMPLE_HINT, kind=error.kind) from error
        _require_name(written.name, f"{path}: name")
        if not written.partitions:
            raise InputError(f"{path}: there is no partition in it.", hint=EXAMPLE_HINT)
        partitions = tuple(_partition(one, f"{path}, partition {one.name}") for one in written.partitions)
        blind = next((one.name for one in partitions if one.cores is None), None)
        if blind is not None and written.scheduler is not Scheduler.SLURM:
            raise InputError(
                f"{path}, partition {blind}: {written.scheduler.value} must be told the cores of a node.",
                hint="Add cores: 64, or what a node has.",
            )
        names = [one.name for one in partitions]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"{path}: partition {twice} stands there twice.", hint="Remove one of them.")
        return Cluster(
            name=written.name,
            scheduler=written.scheduler,
            folder=None if written.folder is None else _folder(written.folder, path),
            partitions=partitions,
        )


def _partition(written: _FilePartition, where: str) -> Partition:
    for key in ("name", "account", "qos", "gpu_type"):
        _require_name(getattr(written, key), f"{where}: {key}")
    for key, lines in (("modules", written.modules), ("setup", written.setup), ("options", written.options)):
        if any("\n" in line or not line.strip() for line in lines):
            raise InputError(f"{where}: {key}: each entry is one line, and not empty.", hint=EXAMPLE_HINT)
    wrong = next((line for line in written.options if not line.startswith("-")), None)
    if wrong is not None:
        raise InputError(
            f"{where}: options: '{wrong}' is no option of the scheduler.", hint="Write for example --constraint=a100."
        )
    limit_s = WALL_TIME.parse(written.time_limit, option=f"{where}: time_limit")
    if not SHORTEST_LIMIT_S <= limit_s <= LONGEST_LIMIT_S:
        raise InputError(
            f"{where}: time_limit: {written.time_limit} is not between 1m and a year.", hint="Write for example 30m."
        )
    _require_count(written.gpus, f"{where}: gpus", least=0)
    _require_count(written.gpus_per_node, f"{where}: gpus_per_node", least=max(1, written.gpus))
    _require_count(written.cores, f"{where}: cores", least=1, most=10_000)
    _require_count(written.at_once, f"{where}: at_once", least=1, most=10_000)
    if written.gpu_type is not None and not written.gpus:
        raise InputError(f"{where}: gpu_type without gpus.", hint="Add gpus: 1, or leave gpu_type out.")
    if written.device is not None and len(parse_profiles(written.device, option=f"{where}: device")) > 1:
        raise InputError(f"{where}: device: '{written.device}' names several.", hint="Name the one of its nodes.")
    return Partition(
        name=written.name,
        time_limit_s=limit_s,
        account=written.account,
        qos=written.qos,
        gpus=written.gpus,
        gpu_type=written.gpu_type,
        gpus_per_node=written.gpus_per_node,
        cores=written.cores,
        device=written.device,
        at_once=written.at_once,
        modules=tuple(written.modules),
        setup=tuple(written.setup),
        command=_command(written, where),
        options=tuple(written.options),
    )


def _command(written: _FilePartition, where: str) -> tuple[str, ...]:
    """Return what starts mlipguide on a node: as stated, else the interpreter that runs it here."""
    if written.python is not None and written.mlipguide is not None:
        raise InputError(
            f"{where}: python and mlipguide are two ways to say one thing.",
            hint="Keep python for an interpreter that has mlipguide, mlipguide for a command.",
        )
    if written.mlipguide is None:
        return (_written_out(written.python or sys.executable, f"{where}: python"), "-m", "mlipguide")
    try:
        words = shlex.split(written.mlipguide)
    except ValueError:
        words = []
    if not words:
        raise InputError(
            f"{where}: mlipguide: '{written.mlipguide}' is no command.",
            hint="For example mlipguide: ~/venv/bin/mlipguide",
        )
    return (_written_out(words[0], f"{where}: mlipguide"), *words[1:])


def _written_out(text: str, what: str) -> str:
    """Return a path with the home folder and variables written out; a bare name, to be found on the node, stays."""
    try:
        return os.path.expandvars(str(Path(text).expanduser()))
    except RuntimeError:
        raise InputError(
            f"{what}: '{text}' is of a user that is not known here.", hint="Write the whole path."
        ) from None


def _folder(text: str, path: Path) -> str:
    found = Path(_written_out(text, f"{path}: folder"))
    if "$" in str(found) or not found.is_absolute():
        raise InputError(
            f"{path}: folder: '{text}' is not the path of a folder from the root on.",
            hint="Write a folder that the login node and the nodes see alike, such as /scratch/$USER/mlipguide.",
        )
    return str(found)


def _require_name(name: str | None, what: str) -> None:
    if name is not None and not _NAME.fullmatch(name):
        raise InputError(f"{what}: '{name}' is not a name.", hint="Use letters, digits, '.', '_', '+' and '-'.")


def _require_count(count: int | None, what: str, *, least: int, most: int = MOST_GPUS) -> None:
    if count is not None and not least <= count <= most:
        raise InputError(f"{what}: {count} is not between {least} and {most}.", hint="Write a whole number.")
