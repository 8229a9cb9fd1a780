"""The data sets that models are trained on, and what cards take over from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.catalog.locations import CardFiles
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain, once_per_state
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.model_card import TrainingData
from mlipguide.records.models.training_set import TrainingSet


@once_per_state
def read_training_sets(path: Path) -> Mapping[str, TrainingSet]:
    """Read data sets by name.

    Raises:
        InputError: The file cannot be read or a data set is malformed.
    """
    plain = read_yaml(path)
    if not isinstance(plain, dict):
        raise InputError(
            f"{path}: data sets are expected, one name each.",
            hint="Write each data set as a name with its fields.",
        )
    return {str(name): from_plain(TrainingSet, data, what=f"{path}, '{name}'") for name, data in plain.items()}


def load_training_sets(files: Sequence[CardFiles]) -> dict[str, TrainingSet]:
    """Read the data sets of all folders; a later one replaces an earlier one of the same name.

    Raises:
        InputError: A file is malformed.
    """
    known: dict[str, TrainingSet] = {}
    for group in files:
        if group.training_sets is not None:
            known |= read_training_sets(group.training_sets)
    return known


def with_domains(training: TrainingData, known: Mapping[str, TrainingSet]) -> TrainingData:
    """Add to the domains that a card states those of its data sets, each fact once.

    A data set that is not known adds nothing; :mod:`mlipguide.catalog.validation` reports it.
    """
    inherited = [fact for name in training.sets if name in known for fact in known[name].domains]
    return replace(training, domains=tuple(dict.fromkeys((*training.domains, *inherited))))
