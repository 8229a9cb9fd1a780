"""What the log of a run says of its speed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.strict import strict
from mlipguide.records.timing.slowdown import LogSign


class LogProgram(StrEnum):
    """What wrote a log."""

    LAMMPS = "lammps"
    ASE = "ase"


@strict
@dataclass(frozen=True, kw_only=True)
class RunLog:
    """The longest run of a log; None is what the log does not say.

    Attributes:
        path: The file.
        program: What wrote it.
        steps: Of the run.
        wall_s: Wall time of these steps.
        clock_error: Relative error of the wall time by the resolution of the log's clock.
        atoms: Of the system.
        timestep_s: Integration step.
        processes: MPI processes.
        threads: Of each process.
        style: The LAMMPS pair style, without the suffix of an accelerator package.
        forces_share: Share of the wall time in the computation of forces.
        other_part: What took most of the rest, by LAMMPS's name.
        signs: Lines that show why it is slow.
    """

    path: str
    program: LogProgram
    steps: int
    wall_s: float
    clock_error: float = 0.0
    atoms: int | None = None
    timestep_s: float | None = None
    processes: int | None = None
    threads: int | None = None
    style: str | None = None
    forces_share: float | None = None
    other_part: str | None = None
    signs: tuple[LogSign, ...] = field(default=())

    @property
    def step_time_s(self) -> float:
        """Wall time of a step."""
        return self.wall_s / self.steps
