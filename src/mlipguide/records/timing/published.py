"""Timings and limits that others published."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.strict import strict


class Confidence(StrEnum):
    """How near to the measurement a published figure was read."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    VENDOR = "vendor"


@strict
@dataclass(frozen=True, kw_only=True)
class PublishedTiming:
    """One published figure: a step time, a peak of memory or the largest system, with all that is known of it.

    Attributes:
        model: Id of a model card where there is one, else the name as published.
        law: Names the shape of the model; figures of one shape share it.
        family: Family of its architecture.
        driver: What advances the atoms.
        code: The implementation, driver included.
        kernels: What computes the model: codes with the same kernels differ in what surrounds them.
        device: Id in ``devices.yaml``; None where the device was not named.
        devices: How many shared the system.
        dtype: ``float32`` or ``float64``; None where it was not stated.
        system: Kind of structure; None where it was not stated.
        atoms: Of the system; None for a largest system.
        step_time_s: Seconds of a step; None where only memory or a limit was published.
        peak_memory_bytes: Of a device at ``atoms``; None where it was not published.
        max_atoms: Largest system that fitted; None where it was not published.
        confidence: How near to the measurement the figure was read.
        source: Key in ``sources.bib``.
        remark: What a reader should know, and where in the source it stands.
    """

    model: str
    law: str
    family: str
    driver: str
    code: str
    kernels: str
    device: str | None
    devices: int
    dtype: str | None
    system: str | None
    atoms: int | None
    step_time_s: float | None
    peak_memory_bytes: float | None
    max_atoms: int | None
    confidence: Confidence
    source: str
    remark: str | None


class Ghosts(StrEnum):
    """How deep the copies of neighbours' atoms are that a device holds around its own."""

    LAYERS = "layers"
    CUTOFF = "cutoff"
    NONE = "none"


@strict
@dataclass(frozen=True, kw_only=True)
class ParallelCode:
    """What runs one system of a family of models on several devices.

    Attributes:
        driver: What advances the atoms.
        code: The implementation, named as in :class:`PublishedTiming`.
        kernels: What computes the model, as there.
        ghosts: How deep the ghosts are.
        vendors: Makers of the devices that it runs on.
        sources: Keys in ``sources.bib``.
        styles: LAMMPS pair styles that are this code.
    """

    driver: str
    code: str
    kernels: str
    ghosts: Ghosts
    vendors: tuple[str, ...]
    sources: tuple[str, ...]
    styles: tuple[str, ...] = field(default=())


@strict
@dataclass(frozen=True, kw_only=True)
class CpuTiming:
    """A step on two cores of one processor, measured by the authors of mlipguide.

    Attributes:
        model: Id of the model.
        system: Kind of structure.
        atoms: Of the system.
        step_ms: Milliseconds of a step.
    """

    model: str
    system: str
    atoms: int
    step_ms: float

    @property
    def step_time_s(self) -> float:
        """Seconds of a step."""
        return self.step_ms * 1e-3
