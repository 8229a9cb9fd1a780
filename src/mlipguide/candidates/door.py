"""One door for every calculator: a file or a function as the user gives it becomes a model like any other.

What is given is looked at without running it, gets a card on which nothing is assumed, and is then loaded once, so that
what is wrong with it is said before anything else is done, and what it tells of itself stands on its card.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlipguide.candidates.preparation import Consent, default_settings, require_trust, settings_for
from mlipguide.catalog.calculator_cards import calculator_card, is_of, remember, remembered, with_facts
from mlipguide.catalog.calculator_kinds import FUNCTION_HINT, kind_of
from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.checkpoints import checkpoint_problem
from mlipguide.catalog.elements import SYMBOLS
from mlipguide.catalog.factories import find_factory
from mlipguide.catalog.own_models import RESERVED, suggest_id
from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.environments.module_files import find_module
from mlipguide.environments.recipes import find_recipe, load_recipes
from mlipguide.environments.resolution import find_environment
from mlipguide.records.hardware.environment import Environment, EnvironmentState, Recipe
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Need
from mlipguide.sessions.interface import ModelFacts, ModelSession
from mlipguide.sessions.worker_session import SessionRequest, open_session

BACKEND = "calculator"
FAMILY = "own calculator"
MODULE_FUNCTION = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")
FILE_FUNCTION = re.compile(r"(.+\.py)(?::([A-Za-z_]\w*))?")
PROPERTIES = {Need.STRESS: "stress", Need.MAGNETISM: "magmoms", Need.CHARGES: "charges"}
"""Needs, and what ASE calls the same; the others it has no word for."""
Opener = Callable[[SessionRequest], ModelSession]
FORMS = "my_model.py, my_model.py:function, package.module:function, or the file of a model"


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the user gave, as far as it can be told without running it.

    Attributes:
        backend: Name of the recipe that runs it.
        family: What its models are called.
        path: The file, or the folder of the module's package.
        name: What the backend calls it.
        suggested: An id for it.
        elements: Chemical symbols, where the file says them.
    """

    backend: str
    family: str
    path: Path
    name: str
    suggested: str
    elements: tuple[str, ...] | None = None


def looks_like_calculator(text: str) -> bool:
    """Tell whether a text is what ``--calculator`` takes, and not the name of a model."""
    return bool(MODULE_FUNCTION.fullmatch(text) or FILE_FUNCTION.fullmatch(text)) or "/" in text


def admit(
    given: Sequence[str],
    catalogue: Catalogue,
    machine: Callable[[], Machine],
    *,
    consent: Consent,
    opener: Opener = open_session,
    on_progress: Callable[[str], None] = lambda _message: None,
) -> tuple[ModelCard, ...]:
    """Return the cards of calculators, each remembered under its id from now on.

    Args:
        given: As the user wrote them.
        catalogue: All models, whose ids are taken.
        machine: Looks at the machine; called where one has to be loaded.
        consent: Whether a file may be loaded that is a pickle and so runs code.
        opener: Starts a model.
        on_progress: Told which one is loaded.

    Raises:
        InputError: There is no such file, module or function, or what it is cannot be told, or it runs code and the
            user does not agree.
        EnvironmentFailedError: Nothing here runs it.
        SessionError: It cannot be loaded, or is no calculator with forces.
        StorageError: Its card cannot be kept.
    """
    cards = []
    for text in given:
        found = examine(text)
        known = _kept(found, catalogue)
        if known is not None:
            cards.append(known)
            continue
        model_id = _free_id(found, catalogue)
        card = card_of(found, model_id)
        before = remembered(model_id)
        if before is not None and before.weights.sha256 == card.weights.sha256 and _was_introduced(before):
            _require_trust(before, consent)
            cards.append(before)
            continue
        card = introduced(card, machine, consent=consent, opener=opener, on_progress=on_progress)
        remember(card)
        cards.append(card)
    return tuple(cards)


def examine(text: str) -> Given:
    """Return what a text means, without running anything of it.

    Raises:
        InputError: There is no such file, module or function, or what it is cannot be told.
        EnvironmentFailedError: There is no interpreter to look for a module in.
    """
    file = FILE_FUNCTION.fullmatch(text)
    if file is not None:
        path = _existing(Path(file[1]))
        name = find_factory(path, file[2])
        stem = path.with_name(f"{path.stem}-{name}{path.suffix}") if file[2] else path
        return Given(backend=BACKEND, family=FAMILY, path=path, name=name, suggested=suggest_id(stem))
    module = MODULE_FUNCTION.fullmatch(text)
    if module is not None:
        path = _module_path(module[1])
        return Given(
            backend=BACKEND,
            family=FAMILY,
            path=path,
            name=text,
            suggested=suggest_id(Path(f"{module[1]}-{module[2]}.py")),
        )
    path = _existing(Path(text))
    kind = kind_of(path)
    if kind.backend not in load_recipes():
        raise EnvironmentFailedError(
            f"{path} is of {kind.family}, and this mlipguide has no recipe for {kind.backend}, which runs it.",
            hint=FUNCTION_HINT,
            kind="backend_unknown",
            file=str(path),
        )
    return Given(
        backend=kind.backend,
        family=kind.family,
        path=path,
        name=path.name.replace(":", "-"),
        suggested=suggest_id(path),
        elements=kind.elements,
    )


def card_of(found: Given, model_id: str) -> ModelCard:
    """Return the card of what was given: nothing on it but what the file says.

    Raises:
        InputError: A file that it names cannot be read.
    """
    return calculator_card(
        model_id,
        backend=found.backend,
        family=found.family,
        name=found.name,
        path=found.path,
        elements=found.elements,
    )


def introduced(
    card: ModelCard,
    machine: Callable[[], Machine],
    *,
    consent: Consent,
    opener: Opener = open_session,
    on_progress: Callable[[str], None] = lambda _message: None,
) -> ModelCard:
    """Load a calculator once, and return its card with what it tells of itself.

    Where its environment is not there yet, the card is returned as it is.

    Raises:
        InputError: It is a pickle and so runs code, and the user does not agree.
        SessionError: It cannot be loaded, or is no calculator with forces.
    """
    _require_trust(card, consent)
    recipe = find_recipe(card.backend)
    environment = find_environment(recipe)
    if environment.state is not EnvironmentState.READY:
        return card
    on_progress(f"loading {card.id} to see what it is")
    return stated(card, _facts(card, recipe, environment, machine(), opener))


def stated(card: ModelCard, facts: ModelFacts) -> ModelCard:
    """Return a card with what its calculator tells of itself; what it is silent about stays unknown."""
    elements = None if facts.elements is None else tuple(SYMBOLS[number - 1] for number in sorted(facts.elements))
    card = with_facts(
        card,
        parameters=facts.parameters,
        cutoff_angstrom=facts.cutoff_angstrom,
        layers=facts.layers,
        elements=elements,
    )
    if not facts.properties:
        return card
    gives = tuple(need for need, name in PROPERTIES.items() if name in facts.properties)
    lacks = tuple(need for need in PROPERTIES if need not in gives)
    return replace(card, provides=gives, lacks=lacks)


def _facts(card: ModelCard, recipe: Recipe, environment: Environment, machine: Machine, opener: Opener) -> ModelFacts:
    session = opener(
        SessionRequest(
            card=card,
            recipe=recipe,
            environment=environment,
            settings=settings_for(recipe, default_settings(machine), card),
            weights_file=Path(str(card.weights.path)),
            synthetic=False,
            memory_limit_bytes=None,
        )
    )
    try:
        return session.facts
    finally:
        session.close()


def _require_trust(card: ModelCard, consent: Consent) -> None:
    """Ask before a pickle is loaded; a function of Python runs code by its nature, and was named to be run."""
    if card.backend != BACKEND:
        require_trust(Path(str(card.weights.path)), consent)


def _was_introduced(card: ModelCard) -> bool:
    return bool(card.provides or card.lacks or card.architecture.cutoff_angstrom)


def _existing(path: Path) -> Path:
    path = path.expanduser().absolute()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"The calculator {path} {what}.", hint=f"Give {FORMS}.", option="--calculator", file=str(path))
    return path


def _module_path(module: str) -> Path:
    recipe = find_recipe(BACKEND)
    environment = find_environment(recipe)
    if environment.state is not EnvironmentState.READY or environment.python is None:
        raise EnvironmentFailedError(
            environment.problem or "There is no interpreter for calculators.",
            hint=f"mlipguide env adopt {BACKEND} PYTHON",
        )
    found = find_module(Path(environment.python), module.partition(".")[0], Path.cwd())
    if found is None:
        raise InputError(
            f"There is no module '{module.partition('.')[0]}' in {environment.python}, nor in {Path.cwd()}.",
            hint=f"Name the interpreter that has it: mlipguide env adopt {BACKEND} PYTHON; or give {FORMS}.",
            kind="calculator",
            option="--calculator",
        )
    return found


def _kept(found: Given, catalogue: Catalogue) -> ModelCard | None:
    """Return the card that ``models add --calculator`` made of the same content; None where there is none."""
    same = (card for card in catalogue.cards if is_of(card, path=found.path, name=found.name))
    return next((card for card in same if checkpoint_problem(card) is None), None)


def _free_id(found: Given, catalogue: Catalogue) -> str:
    """Return an id of no other model: neither of the catalogue nor of another calculator that is there still."""
    taken = {*RESERVED, *(name.lower() for card in catalogue.cards for name in (card.id, *card.aliases))}
    number = 1
    while True:
        stem = found.suggested or BACKEND
        model_id = stem if number == 1 else f"{stem}-{number}"
        other = remembered(model_id)
        gone = other is None or not Path(str(other.weights.path)).exists()
        if model_id not in taken and (gone or (other is not None and is_of(other, path=found.path, name=found.name))):
            return model_id
        number += 1
