"""Of which kind the machines are that something was timed on: one JSON file for each fingerprint."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.kept_files import KeptFiles
from mlipguide.core.paths import machines_dir
from mlipguide.records.hardware.machine_class import KnownMachine

FILES = KeptFiles(
    kind=KnownMachine,
    name="record of a machine",
    key="machine",
    format=1,
    hint="The next measurement on that machine writes it anew.",
)


def keep(machine: KnownMachine) -> Path:
    """Keep of which kind a machine is, once, and return the file.

    Raises:
        UnfitRecordError: It makes no sense.
        StorageError: The data folder cannot be written.
    """
    path = _file(machine.fingerprint)
    return path if FILES.find(path) == machine else FILES.write(path, machine)


def find(fingerprint: str) -> KnownMachine | None:
    """Return of which kind a machine is; None where nothing was timed on it since this is kept."""
    return FILES.find(_file(fingerprint))


def _file(fingerprint: str) -> Path:
    return machines_dir() / f"{fingerprint}.json"
