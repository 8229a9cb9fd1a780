"""Candidates with something added to them, where it can be added and where the package that computes it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.candidates.preparation import ASE, Consent, Preparation, Prepared
from mlipguide.catalog.additions import (
    AdditionRefusal,
    addition_facts,
    addition_to,
    packages_by_requirement,
    refusal_words,
)
from mlipguide.core.errors import EnvironmentFailedError
from mlipguide.environments.recipes import installed_of
from mlipguide.records.advice.verdict_reasons import Obstacle, ReasonKind
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState
from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.records.notice import Notice, Problem


def with_additions(
    preparation: Preparation,
    kinds: Sequence[AdditionKind],
    *,
    consent: Consent,
    on_progress: Callable[[str], None],
) -> Preparation:
    """Return the candidates with something added to each; one to which it cannot be added has an obstacle instead.

    Args:
        preparation: The candidates with the settings that they are run with.
        kinds: What is added; nothing leaves them as they are.
        consent: Whether the package that computes it may be installed in environments that mlipguide built.
        on_progress: Told what is being done.
    """
    if not kinds:
        return preparation
    problems: list[Problem] = []
    candidates = [_with(item, kinds) for item in preparation.candidates]
    lacking = _lacking(candidates, kinds)
    packages = ", ".join(packages_by_requirement(kinds))
    able = {name: item for name, item in lacking.items() if item.environment.kind is EnvironmentKind.MANAGED}
    if able and consent.to(f"Add {packages} to the environments of {', '.join(able)}?"):
        from mlipguide.environments.builds import add_packages

        for item in able.values():
            try:
                add_packages(
                    item.recipe, item.environment, tuple(packages_by_requirement(kinds)), on_progress=on_progress
                )
            except EnvironmentFailedError as error:
                problems.append(Problem.from_error(error))
        lacking = _lacking(candidates, kinds)
    found = {item.card.backend: item.environment for item in candidates if item.obstacle is None}
    versions = {
        backend: _versions(environment, kinds) for backend, environment in found.items() if backend not in lacking
    }
    return replace(
        preparation,
        candidates=tuple(_known(item, lacking, versions, packages) for item in candidates),
        notices=(*preparation.notices, *_notices(candidates, kinds)),
        problems=(*preparation.problems, *problems),
    )


def _with(item: Prepared, kinds: Sequence[AdditionKind]) -> Prepared:
    additions: list[Addition] = []
    for kind in kinds:
        found = addition_to(item.card, kind)
        if isinstance(found, AdditionRefusal):
            return replace(item, obstacle=refusal_obstacle(found))
        additions.append(found)
    # Also where it cannot be started: what is stored of the model alone does not stand for it.
    item = replace(item, settings=replace(item.settings, additions=tuple(additions)))
    if item.recipe.driver == ASE:
        return item
    name = addition_facts()[kinds[0]].name
    words = f"{name} is not added: its steps are taken by {item.recipe.driver}, not by ASE."
    return replace(item, obstacle=Obstacle(ReasonKind.ADDITION_IMPOSSIBLE, words))


def refusal_obstacle(refusal: AdditionRefusal) -> Obstacle:
    """Return why a model is left out."""
    kind = ReasonKind.ADDITION_HELD if refusal.is_held else ReasonKind.ADDITION_UNFIT
    words = refusal_words(refusal.kind, refusal.level_of_theory, refusal.sources, is_held=refusal.is_held)
    return Obstacle(kind, words)


def _lacking(candidates: Sequence[Prepared], kinds: Sequence[AdditionKind]) -> dict[str, Prepared]:
    """Return one candidate of each backend whose environment lacks a package."""
    wanted = tuple(packages_by_requirement(kinds))
    if not wanted:
        return {}
    ready = {
        item.card.backend: item
        for item in candidates
        if item.obstacle is None and item.environment.state is EnvironmentState.READY
    }
    return {
        backend: item
        for backend, item in ready.items()
        if len(installed_of(wanted, Path(str(item.environment.python)))) < len(wanted)
    }


def _versions(environment: Environment, kinds: Sequence[AdditionKind]) -> dict[str, str]:
    packages = packages_by_requirement(kinds)
    if not packages:
        return {}
    found = installed_of(tuple(packages), Path(str(environment.python)))
    return {packages[line]: version for line, version in found.items()}


def _known(
    item: Prepared, lacking: dict[str, Prepared], versions: dict[str, dict[str, str]], packages: str
) -> Prepared:
    """Return a candidate with the version of what computes the addition, or with the obstacle that it is not there."""
    backend = item.card.backend
    if item.obstacle is not None:
        return item
    if backend not in lacking:
        environment = item.environment
        return replace(item, environment=replace(environment, versions={**environment.versions, **versions[backend]}))
    how = f"give --yes to install {packages}"
    if item.environment.kind is EnvironmentKind.SHARED:
        how = f"mlipguide env build {backend} for one of your own, then --yes"
    elif item.environment.kind is not EnvironmentKind.MANAGED:
        how = f"{item.environment.python} -m pip install {packages}"
    words = f"Not timed: the environment of {backend} has no {packages.partition('=')[0]} ({how})."
    return replace(item, obstacle=Obstacle(ReasonKind.ENVIRONMENT_UNREADY, words))


def _notices(candidates: Sequence[Prepared], kinds: Sequence[AdditionKind]) -> tuple[Notice, ...]:
    if not any(item.settings.additions for item in candidates):
        return ()
    facts = [addition_facts()[kind] for kind in kinds]
    words = [
        f"{one.name} is added to the models ({one.what})"
        + (", each with the parameters of its own functional." if one.methods else ".")
        for one in facts
    ]
    return (Notice("addition", " ".join((*words, "Published errors are of the models alone."))),)
