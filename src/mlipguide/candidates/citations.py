"""What to cite for models as they are run: papers, training data, engine, package, additions; each work once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mlipguide.catalog.additions import addition_facts
from mlipguide.catalog.card_sources import cited_sources
from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.sources import Source
from mlipguide.records.hardware.environment import Recipe
from mlipguide.records.models.additions import Addition
from mlipguide.records.models.citations import Citation, Citations, CitedAs, CitedFor, Unpublished
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.training_set import TrainingSet

ENGINES: Mapping[str, tuple[str, str]] = {
    "ase": ("ASE", "larsen2017ase"),
    "lammps": ("LAMMPS", "thompson2022lammps"),
    "torch-sim": ("TorchSim", "cohen2025torchsim"),
}
"""What advances the atoms, by the name of the driver: its name for people and its paper."""


@dataclass(frozen=True, kw_only=True)
class CitedRun:
    """A model as it is run.

    Attributes:
        card: The model.
        driver: What advances the atoms; None for what its backend uses.
        additions: What is added to it.
    """

    card: ModelCard
    driver: str | None = None
    additions: tuple[Addition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Library:
    """Where works and what names them are looked up.

    Attributes:
        catalogue: Of the models.
        sources: The bibliography.
        training_sets: By name.
        recipes: Of the backends, by name.
    """

    catalogue: Catalogue
    sources: Mapping[str, Source]
    training_sets: Mapping[str, TrainingSet]
    recipes: Mapping[str, Recipe]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One thing to cite, the keys of its works, and keys whose addresses stand for it where it has none."""

    what: CitedFor
    works: tuple[str, ...]
    instead: tuple[str, ...] = field(default=())


def citations_of(runs: Sequence[CitedRun], library: Library) -> Citations:
    """Return every work that models rest on, each once, and what has none."""
    parts = (_models, _data, _engines, _packages, _additions)
    asked = [one for part in parts for run in runs for one in part(run, library)]
    cited: dict[str, tuple[Source, list[CitedFor]]] = {}
    unpublished: dict[CitedFor, str | None] = {}
    for one in asked:
        known = [library.sources[key] for key in one.works if key in library.sources]
        for source in known:
            _, things = cited.setdefault(source.identity, (source, []))
            if one.what not in things:
                things.append(one.what)
        if not known:
            unpublished.setdefault(one.what, _address(one.instead, library.sources))
    return Citations(
        models=tuple(dict.fromkeys(run.card.id for run in runs)),
        works=tuple(_citation(source, things) for source, things in cited.values()),
        unpublished=tuple(Unpublished(what=what, link=link) for what, link in unpublished.items()),
    )


def _citation(source: Source, things: Iterable[CitedFor]) -> Citation:
    return Citation(
        key=source.key, kind=source.kind, fields=dict(source.fields), link=source.link, cited_for=tuple(things)
    )


def _address(keys: Iterable[str], sources: Mapping[str, Source]) -> str | None:
    return next((link for key in keys if key in sources and (link := sources[key].link) is not None), None)


def _models(run: CitedRun, library: Library) -> Iterator[_Asked]:
    card = run.card
    base = None if card.weights.derived_from is None else library.catalogue.named(card.weights.derived_from)
    works = card.cite or (() if base is None else base.cite)
    code = library.recipes[card.backend].cite[::-1] if card.backend in library.recipes else ()
    yield _Asked(what=CitedFor(CitedAs.MODEL, card.name), works=works, instead=(*code, *cited_sources(card)))


def _data(run: CitedRun, library: Library) -> Iterator[_Asked]:
    """Yield the data sets, and what else a card names as the source of its training data."""
    card, told = run.card, set(run.card.cite)
    for name in card.training.sets:
        keys = library.training_sets[name].sources if name in library.training_sets else ()
        told |= set(keys)
        yield _Asked(what=CitedFor(CitedAs.DATA, name), works=_publications(keys, library.sources), instead=keys)
    rest = _publications((key for key in card.training.sources if key not in told), library.sources)
    if rest:
        yield _Asked(what=CitedFor(CitedAs.DATA, f"data of {card.name}"), works=rest)


def _publications(keys: Iterable[str], sources: Mapping[str, Source]) -> tuple[str, ...]:
    return tuple(key for key in keys if key in sources and sources[key].is_publication)


def _engines(run: CitedRun, library: Library) -> Iterator[_Asked]:
    recipe = library.recipes.get(run.card.backend)
    driver = run.driver or (None if recipe is None else recipe.driver)
    if driver is not None:
        name, *works = ENGINES.get(driver, (driver,))
        yield _Asked(what=CitedFor(CitedAs.ENGINE, name), works=tuple(works))


def _packages(run: CitedRun, library: Library) -> Iterator[_Asked]:
    backend = run.card.backend
    recipe = library.recipes.get(backend)
    instead = () if recipe is not None else cited_sources(run.card)
    yield _Asked(what=CitedFor(CitedAs.PACKAGE, backend), works=() if recipe is None else recipe.cite, instead=instead)


def _additions(run: CitedRun, _library: Library) -> Iterator[_Asked]:
    for one in run.additions:
        facts = addition_facts()[one.kind]
        fitted = [key for method in facts.methods if method.method == one.method for key in method.sources]
        works = tuple(dict.fromkeys((*facts.sources, *fitted)))
        yield _Asked(what=CitedFor(CitedAs.ADDITION, facts.name), works=works)
