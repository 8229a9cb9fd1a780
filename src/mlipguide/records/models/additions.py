"""What can be added to a model's energies and forces: a model with an addition is another potential."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.models.terms import Need
from mlipguide.records.strict import strict


class AdditionKind(StrEnum):
    """What is added, by the word of ``--add``."""

    D3 = "d3"
    D4 = "d4"
    ZBL = "zbl"

    @property
    def gives(self) -> Need:
        """The need that it meets; a potential has one addition of it at most."""
        return Need.REPULSION if self is AdditionKind.ZBL else Need.DISPERSION


@strict
@dataclass(frozen=True, kw_only=True)
class Addition:
    """An addition as it is computed.

    Attributes:
        kind: What it is.
        method: The functional whose parameters it has, as its package calls it; None where they belong to none.
        damping: Its damping, by the name that its package has for it; None where there is one only.
        reach: Where a repulsion ends, as a share of the sum of two covalent radii; None for what has no such end.
    """

    kind: AdditionKind
    method: str | None = None
    damping: str | None = None
    reach: float | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class AdditionMethod:
    """Parameters of an addition.

    Attributes:
        method: The functional that they were fitted to, as the package calls it.
        name: The same as it is written.
        levels: Levels of theory of cards that they are for, without what stands in brackets.
        sources: Of the parameters; keys in ``sources.bib``.
    """

    method: str
    name: str
    levels: tuple[str, ...]
    sources: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class AdditionFacts:
    """What is known of an addition, and which package computes it.

    Attributes:
        kind: What it is.
        name: As it is written: ``D3(BJ)``.
        what: What it is, in some words.
        package: Name of the package; None for what every environment can compute.
        requirement: The version that was tried, as pip takes it; None without a package.
        damping: By the package's name; None where there is one only.
        reach: Where a repulsion ends, as a share of the sum of two covalent radii.
        methods: The functionals that there are parameters for; empty where the parameters belong to no functional.
        sources: Keys in ``sources.bib``.
    """

    kind: AdditionKind
    name: str
    what: str
    sources: tuple[str, ...]
    package: str | None = None
    requirement: str | None = None
    methods: tuple[AdditionMethod, ...] = ()
    damping: str | None = None
    reach: float | None = None
