"""What can be added to a model's energies and forces: a model with an addition is another potential."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.strict import strict


class AdditionKind(StrEnum):
    """What is added, by the word of ``--add``; both are dispersion, of which a potential holds one at most."""

    D3 = "d3"
    D4 = "d4"


@strict
@dataclass(frozen=True, kw_only=True)
class Addition:
    """An addition as it is computed.

    Attributes:
        kind: What it is.
        damping: Its damping, by the name that its package has for it; None where there is one only.
        method: The functional whose parameters it has, as its package calls it.
    """

    kind: AdditionKind
    method: str
    damping: str | None = None


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
        package: Name of the package.
        requirement: The version that was tried, as pip takes it.
        damping: By the package's name; None where there is one only.
        methods: The functionals that there are parameters for.
        sources: Keys in ``sources.bib``.
    """

    kind: AdditionKind
    name: str
    what: str
    package: str
    requirement: str
    methods: tuple[AdditionMethod, ...]
    sources: tuple[str, ...]
    damping: str | None = field(default=None)
