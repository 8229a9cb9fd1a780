"""A family of potentials that is trained for one system, with what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.estimate import Basis
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.models.terms import CommercialUse
from mlipguide.records.strict import strict

OWN_TRIAL = "mlipguide_"
"""How the keys of sources begin that are trials of our own, which nobody published."""


def basis_of(sources: Iterable[str]) -> Basis:
    """Return what a figure stands on: a trial of our own where any of its sources is one, else what was published."""
    return Basis.TRIAL if any(one.startswith(OWN_TRIAL) for one in sources) else Basis.PUBLISHED


class Reach(StrEnum):
    """How far an atom's energy looks."""

    LOCAL = "local"
    MESSAGE_PASSING = "message-passing"


@strict
@dataclass(frozen=True, kw_only=True)
class Statement:
    """A sentence, and where it is from.

    Attributes:
        text: One sentence.
        sources: Keys in ``sources.bib``.
    """

    text: str
    sources: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Program:
    """A program that runs potentials of a family.

    Attributes:
        name: ``LAMMPS``, ``GPUMD``, ``ASE``.
        style: What selects the family there: a pair style, a calculator; None where nothing does.
        sources: Keys in ``sources.bib``.
    """

    name: str
    style: str | None
    sources: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Trainer:
    """A package that trains potentials of a family.

    Attributes:
        package: As ``pip`` takes it, or the name of the program.
        licence: SPDX identifier where there is one.
        commercial: Whether that licence allows commercial use.
        sources: Keys in ``sources.bib``.
    """

    package: str
    licence: str
    commercial: CommercialUse
    sources: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class PublishedSpeed:
    """A timing of one potential.

    Attributes:
        potential: Which one.
        us_per_atom_step: Microseconds for one atom and one step.
        device: What it ran on, as published.
        device_kind: Whether that is a processor, of which one core was timed, or a GPU.
        devices: How many of it.
        atoms: Of the timed system; None where it was not said.
        driver: What advanced the atoms; None where it was not said.
        dtype: Precision; None where it was not said.
        sources: Keys in ``sources.bib``.
        elements: Chemical symbols of the system; empty where they were not noted.
        note: How far to trust it.
    """

    potential: str
    us_per_atom_step: float
    device: str
    device_kind: DeviceKind
    devices: int
    atoms: int | None
    driver: str | None
    dtype: str | None
    sources: tuple[str, ...]
    elements: tuple[str, ...] = ()
    note: str | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class PublishedTraining:
    """What it took to train one potential, and how good it became.

    Attributes:
        potential: Which one.
        system: What it was trained for, and on which labels.
        frames: Number of labelled structures.
        seconds: Of training.
        hardware: What it ran on.
        force_mae_ev_per_angstrom: On structures that were not trained on; None where it was not measured.
        sources: Keys in ``sources.bib``.
        elements: Chemical symbols of the system; empty where they were not noted.
        note: How far to trust it.
    """

    potential: str
    system: str
    frames: int
    seconds: float
    hardware: str
    force_mae_ev_per_angstrom: float | None
    sources: tuple[str, ...]
    elements: tuple[str, ...] = ()
    note: str | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class FamilyCard:
    """One family.

    Attributes:
        id: The name used everywhere, for example ``pod``.
        name: The name for people.
        what: What it is.
        reach: Strictly local, or message passing.
        layers: Message-passing layers that are common, 1 for a strictly local family; ghosts are layers times cutoff.
        elements: How many elements are practical.
        programs: What runs it.
        trainers: What trains it.
        strengths: Where it is strong.
        weaknesses: Where it is weak.
        speeds: Published timings.
        trainings: Published costs of training.
        sources: Keys in ``sources.bib``, of what it is.
    """

    id: str
    name: str
    what: str
    reach: Reach
    layers: int
    elements: Statement
    programs: tuple[Program, ...]
    trainers: tuple[Trainer, ...]
    strengths: tuple[Statement, ...]
    weaknesses: tuple[Statement, ...]
    speeds: tuple[PublishedSpeed, ...]
    trainings: tuple[PublishedTraining, ...]
    sources: tuple[str, ...]
