"""Loading model cards and finding them by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mlipguide.catalog.calculator_cards import recalled
from mlipguide.catalog.elements import ElementSet, expand_elements, find_element_problems, read_element_sets
from mlipguide.catalog.locations import CardFiles, all_files, own_files
from mlipguide.catalog.plugins import left_out, plugin_files
from mlipguide.catalog.training_sets import load_training_sets, with_domains
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.look import once_a_look
from mlipguide.core.serialisation import from_plain, once_per_state
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.training_set import TrainingSet
from mlipguide.records.notice import Notice

LIST_HINT = "`mlipguide models list` shows the names."


@dataclass(frozen=True)
class Catalogue:
    """The known model cards.

    Attributes:
        cards: Sorted by id, with sets of elements replaced by their elements, and with the domains of their data sets.
        notices: One for each plug-in whose cards were left out, and each own card that was, and why.
    """

    cards: tuple[ModelCard, ...]
    notices: tuple[Notice, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, ModelCard]:
        return {name.lower(): card for card in self.cards for name in (card.id, *card.aliases)}

    def named(self, name: str) -> ModelCard | None:
        """Return the card with this id or alias, in whatever case it is written; None where there is none."""
        return self._by_name.get(name.strip().lower())

    def find(self, name: str) -> ModelCard:
        """Return the card with this id or alias, in whatever case it is written.

        A calculator that came with ``--calculator`` before is found too, as its files are now.

        Raises:
            InputError: There is none; the closest known name is suggested. Or the file of a calculator is gone.
        """
        card = self.named(name) or recalled(name)
        if card is None:
            raise InputError(
                f"There is no model '{name}'.{did_you_mean(name, list(self._by_name))}",
                hint=LIST_HINT,
                kind="unknown_model",
                model=name.strip(),
            )
        return card

    def select(self, names: Sequence[str]) -> tuple[ModelCard, ...]:
        """Return the cards with these ids or aliases, in the order given, each once.

        Raises:
            InputError: One of the names is unknown.
        """
        return tuple({card.id: card for card in map(self.find, names)}.values())


@once_a_look
def load_catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """Load the built-in cards, those of ``folders``, of the installed plug-ins, and the user's own.

    A plug-in with a problem is left out as a whole, with a notice; of the user's own cards each one that has.

    Raises:
        InputError: A file cannot be read, a card or a data set is malformed, an element or a set of elements is
            unknown, or two cards share a name. :func:`mlipguide.catalog.validation.validate_folder` lists all problems
            at once.
    """
    files = all_files(folders)
    sets, data_sets = load_element_sets(files), load_training_sets(files)
    cards = [_load_card(path, sets, data_sets) for group in files for path in group.cards]
    _refuse_shared_names(cards)
    notices = []
    for name, found in plugin_files():
        if isinstance(found, Notice):
            notices.append(found)
            continue
        try:
            own_sets, own_data = sets | load_element_sets([found]), data_sets | load_training_sets([found])
            extended = cards + [_load_card(path, own_sets, own_data) for path in found.cards]
            _refuse_shared_names(extended)
        except InputError as error:
            notices.append(left_out(name, error.message))
        else:
            cards = extended
    notices += _add_own_cards(cards, sets, data_sets)
    return Catalogue(tuple(sorted(cards, key=lambda card: card.id)), tuple(notices))


def _add_own_cards(
    cards: list[ModelCard], sets: dict[str, ElementSet], data_sets: dict[str, TrainingSet]
) -> list[Notice]:
    """Add the user's own cards to ``cards``, and return a notice for each that cannot be used."""
    notices: list[Notice] = []
    try:
        own = own_files()
        if own is None:
            return notices
        own_sets, own_data = sets | load_element_sets([own]), data_sets | load_training_sets([own])
    except InputError as error:
        return [Notice("broken_card", f"Your own models were left out: {error.message}")]
    for path in own.cards:
        try:
            card = _load_card(path, own_sets, own_data)
            _refuse_shared_names([*cards, card])
        except InputError as error:
            notices.append(Notice("broken_card", f"Your own model {path.stem} was left out: {error.message}"))
        else:
            cards.append(card)
    return notices


def load_element_sets(files: Sequence[CardFiles]) -> dict[str, ElementSet]:
    """Read the sets of elements of all folders; a later one replaces an earlier one of the same name.

    Raises:
        InputError: A file is malformed.
    """
    sets: dict[str, ElementSet] = {}
    for group in files:
        if group.element_sets is not None:
            sets |= read_element_sets(group.element_sets)
    return sets


def _load_card(path: Path, sets: dict[str, ElementSet], data_sets: dict[str, TrainingSet]) -> ModelCard:
    card = _read_card(path)
    if card.training.elements is None:
        return replace(card, training=with_domains(card.training, data_sets))
    problems = find_element_problems(card.training.elements, sets)
    if problems:
        raise InputError(f"{path}: training.elements: {'; '.join(problems)}.", hint="Correct the elements named above.")
    elements = expand_elements(card.training.elements, sets)
    return replace(card, training=with_domains(replace(card.training, elements=elements), data_sets))


@once_per_state
def _read_card(path: Path) -> ModelCard:
    return from_plain(ModelCard, read_yaml(path), what=str(path))


def _refuse_shared_names(cards: Sequence[ModelCard]) -> None:
    owners: dict[str, str] = {}
    for card in cards:
        for name in {name.lower() for name in (card.id, *card.aliases)}:
            if name in owners:
                raise InputError(
                    f"The model name '{name}' belongs to two cards, '{owners[name]}' and '{card.id}'.",
                    hint="Give one of them another id or alias.",
                )
            owners[name] = card.id
