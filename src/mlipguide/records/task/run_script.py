"""A script for the production run, as it was handed over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict


class ScriptDriver(StrEnum):
    """What advances the atoms in the run that a script starts."""

    ASE = "ase"
    LAMMPS = "lammps"


class SmokeTest(StrEnum):
    """Whether a script was tried before it was handed over."""

    PASSED = "passed"
    SKIPPED = "skipped"


@strict
@dataclass(frozen=True, kw_only=True)
class RunScript:
    """A script and what goes with it.

    Attributes:
        model: Id of the model that it runs.
        driver: What advances the atoms.
        files: Paths of all files that were written, the one that is started first.
        command: Starts the run.
        smoke_test: Whether ten steps of it ran here.
        remark: How it was tried, or why not, in a sentence.
    """

    model: str
    driver: ScriptDriver
    files: tuple[str, ...]
    command: str
    smoke_test: SmokeTest
    remark: str
