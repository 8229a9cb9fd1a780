"""``mlipguide models families``: potentials that are trained for one system."""

from __future__ import annotations

from mlipguide.catalog.card_sources import family_sources
from mlipguide.catalog.families import find_family, load_families
from mlipguide.catalog.sources import read_sources
from mlipguide.records.models.family_listings import FamilyList
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.notice import Result


def list_families() -> Result[FamilyList]:
    """Return all families."""
    return Result(FamilyList(load_families()))


def show_family(name: str) -> Result[FamilyList]:
    """Return one family with its sources spelt out.

    Raises:
        InputError: There is no such family.
    """
    card = find_family(name)
    known = read_sources()
    sources = tuple(SourceFact(key, known[key].title, known[key].link) for key in family_sources(card) if key in known)
    return Result(FamilyList((card,), sources))
