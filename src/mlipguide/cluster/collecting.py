"""What the nodes measured comes into the user's store: every record once, however often it is collected.

Records are written under unique names, whole or not at all, so that those of a task that was killed count as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from mlipguide.cluster.evaluations import collect_evaluations
from mlipguide.cluster.fits import collect_fits
from mlipguide.cluster.run_files import changing, save_run
from mlipguide.cluster.scripts import DATA, part_folder, result_file
from mlipguide.cluster.states import read_answer, status_now
from mlipguide.core.errors import InputError
from mlipguide.core.paths import measurements_dir
from mlipguide.core.serialisation import from_plain
from mlipguide.records.cluster.jobs import ClusterRun, Collected, PartitionRun
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.store import measurements as store

Came: TypeAlias = tuple[list[str], list[str], list[Notice]]
"""Names of records that came, of those that were there, and what there is to say."""


def collect(name: str) -> tuple[Collected, tuple[Notice, ...]]:
    """Bring what there is of a run into the store, and note on which machines it was measured.

    Args:
        name: Of the run; it may go on meanwhile.

    Raises:
        StorageError: The data folder cannot be written; what is not in it yet comes at the next time.
    """
    with changing(name) as run:
        added, known, notices = COLLECTORS.get(run.command, _collect_measurements)(run)
        parts = tuple(replace(part, machines=_machines(run, part)) for part in run.parts)
        if parts != run.parts:
            save_run(replace(run, parts=parts))
    status, told = status_now(run)
    return Collected(run=status, added=tuple(added), known=tuple(known)), (*notices, *told)


def _collect_measurements(run: ClusterRun) -> Came:
    added: list[str] = []
    known: list[str] = []
    notices: list[Notice] = []
    for part in run.parts:
        folder = part_folder(run, part.partition) / DATA / measurements_dir().name
        found = store.FILES.look(sorted(folder.glob("*/*.json")))
        notices += set_aside_notices("unreadable_measurement", found.unusable)
        for record in found.records:
            target = measurements_dir() / record.fingerprint / f"{record.record}.json"
            if target.exists():
                known.append(record.record)
            else:
                store.append(record)
                added.append(record.record)
    return added, known, notices


COLLECTORS: Mapping[str, Callable[[ClusterRun], Came]] = {"evaluate": collect_evaluations, "train pilot": collect_fits}
"""What brings the results of a command home; of the others measurements come."""


def _machines(run: ClusterRun, part: PartitionRun) -> tuple[Machine, ...]:
    """Return the machines of a part, with those of tasks that have an answer now."""
    found = {machine.fingerprint: machine for machine in part.machines}
    for task in range(len(run.tasks)):
        machine = _machine_of(result_file(run, part.partition, task))
        if machine is not None:
            found.setdefault(machine.fingerprint, machine)
    return tuple(found.values())


def _machine_of(path: Path) -> Machine | None:
    answer = read_answer(path)
    if answer is None or answer.data is None:
        return None
    try:
        return from_plain(Machine, answer.data.get("machine"), what=str(path))
    except InputError:
        return None
