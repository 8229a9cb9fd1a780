"""The words that a shared record may hold: each text in it is one of a list that comes with mlipguide.

A record that names anything else is neither given away nor taken, so that no name of a person, a machine, a folder or
a structure can stand in one, whatever the measurement that it came from held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from packaging.version import InvalidVersion, Version

from mlipguide.candidates.preparation import ASE
from mlipguide.catalog.additions import addition_facts, addition_to, packages_of
from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.locations import builtin_files
from mlipguide.core.errors import InputError
from mlipguide.core.formulas import RANK, parse_formula, write_formula
from mlipguide.environments.axes import variables_of
from mlipguide.environments.recipes import built_in_folder, list_distributions, load_recipes, read_recipe
from mlipguide.hardware.machine_classes import CPU, unknown_part
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.axes import DTYPES, TORCH_SIM
from mlipguide.records.timing.measurement import Settings
from mlipguide.records.timing.shared import SharedRecord

DEVICES = (CPU, "cuda:0", "mps")
LONGEST_FORMULA = 200
COMMON_PACKAGES = ("python", "torch", "ase", "numpy")
_FORMULA = re.compile(r"(?:[A-Z][a-z]?[0-9]{0,7})+", re.ASCII)
_VERSION = re.compile(
    r"\d{1,6}(?:\.\d{1,6}){0,4}(?:(?:a|b|rc|\.post|\.dev)\d{1,8}){0,2}(?:\+(?:cpu|cu\d{2,3}|rocm\d(?:\.\d){0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Vocabulary:
    """What the texts of a record are compared with.

    Attributes:
        catalogue: All models.
        built_in: Ids of those that come with mlipguide: other models' names are their owners' own.
        packages: Names of packages.
    """

    catalogue: Catalogue
    built_in: frozenset[str]
    packages: frozenset[str]

    def card(self, model: str) -> ModelCard | None:
        """Return the card of a model that may be named; None for any other."""
        return self.catalogue.named(model) if model in self.built_in else None

    def unknown_in(self, record: SharedRecord) -> str | None:
        """Return which field holds a word that is in no list, and why; None where all words are known."""
        card = self.card(record.model)
        if card is None:
            return "model is none that comes with mlipguide"
        setting, part = self.unknown_setting(card, record.settings), unknown_part(record.machine)
        law_and_backend = (card.architecture.time_law, card.backend)
        reasons = (
            (
                (record.time_law, record.backend) != law_and_backend,
                f"time_law and backend are not those of {card.id} here",
            ),
            (setting is not None, f"settings.{setting} is none that {card.backend} has"),
            (part is not None, f"{part} is not written in known words"),
            (
                (record.machine.gpu is None) != (record.settings.device == CPU),
                "machine.gpu and settings.device do not go together",
            ),
            (not is_formula(record.formula), "formula is no formula of elements in their order"),
            (self._are_unknown(record.versions), "versions holds what is no package with its version"),
        )
        return next((words for holds, words in reasons if holds), None)

    def unknown_setting(self, card: ModelCard, settings: Settings) -> str | None:
        """Return which setting has a value that the backend of a model does not know; None where all are known."""
        recipe = load_recipes().get(card.backend)
        if recipe is None or settings.driver not in {ASE, TORCH_SIM, recipe.driver}:
            return "driver"
        if settings.device not in DEVICES:
            return "device"
        if settings.dtype not in DTYPES:
            return "dtype"
        if any(addition_to(card, one.kind) != one for one in settings.additions):
            return "additions"
        try:
            variables_of(recipe, settings)
        except InputError:
            return "choices"
        return None

    def known_versions(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return the versions of packages that are known, without what stands behind a plus but for a build of torch.

        Args:
            versions: As a backend tells them.
        """
        found: dict[str, str] = {}
        for name, text in sorted(versions.items()):
            try:
                version = Version(text)
            except InvalidVersion:
                continue
            local = f"+{version.local}"
            whole = f"{version.public}{local}" if _VERSION.fullmatch(f"0{local}") else version.public
            if name in self.packages and _VERSION.fullmatch(whole):
                found[name] = whole
        return found

    def _are_unknown(self, versions: Mapping[str, str]) -> bool:
        return any(name not in self.packages or not _VERSION.fullmatch(text) for name, text in versions.items())


def vocabulary(catalogue: Catalogue) -> Vocabulary:
    """Return the words of a catalogue and of all recipes."""
    return Vocabulary(catalogue, _built_in(), _packages())


def is_formula(text: str) -> bool:
    """Tell whether a text is a formula as mlipguide writes it: known elements, each once, in their order."""
    if len(text) > LONGEST_FORMULA or _FORMULA.fullmatch(text) is None:
        return False
    counts = parse_formula(text)
    return all(name in RANK for name in counts) and min(counts.values()) > 0 and write_formula(counts) == text


@cache
def _built_in() -> frozenset[str]:
    return frozenset(path.stem for path in builtin_files().cards)


@cache
def _packages() -> frozenset[str]:
    recipes = map(read_recipe, built_in_folder().glob("*.yaml"))
    of_backends = (name for recipe in recipes for name in list_distributions(recipe))
    return frozenset([*COMMON_PACKAGES, *of_backends, *packages_of(tuple(addition_facts()))])
