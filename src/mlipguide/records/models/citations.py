"""What to cite for models: their papers, their training data, the codes that run them, what is added to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict


class CitedAs(StrEnum):
    """What a work is cited for."""

    MODEL = "model"
    DATA = "training data"
    ENGINE = "engine"
    PACKAGE = "package"
    ADDITION = "addition"


@strict
@dataclass(frozen=True)
class CitedFor:
    """One thing that a work is cited for: ``model``, ``SevenNet-0``."""

    role: CitedAs
    name: str


@strict
@dataclass(frozen=True, kw_only=True)
class Citation:
    """A work, as an entry of a bibliography.

    Attributes:
        key: Of the entry.
        kind: ``article``, ``inproceedings``, ``misc``, …
        fields: Of BibTeX, by name, as ``sources.bib`` writes them.
        link: Where it can be opened; None where no address is known.
        cited_for: Everything that was asked about and that it stands for.
    """

    key: str
    kind: str
    fields: dict[str, str]
    link: str | None
    cited_for: tuple[CitedFor, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class Unpublished:
    """Something that no publication is known of.

    Attributes:
        what: The thing.
        link: An address to give instead: the package's, or where its facts were read; None where there is none.
    """

    what: CitedFor
    link: str | None


@strict
@dataclass(frozen=True, kw_only=True)
class Citations:
    """The answer of ``mlipguide cite``.

    Attributes:
        models: Ids of the models.
        works: Each once, models first, then data, engines, packages and additions.
        unpublished: What has no publication, and the address to give instead.
    """

    models: tuple[str, ...]
    works: tuple[Citation, ...]
    unpublished: tuple[Unpublished, ...]
