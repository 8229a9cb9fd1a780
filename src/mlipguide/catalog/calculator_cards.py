"""Cards of calculators of the user's own: what the file does not say is not known, and nothing is assumed.

Those that came with ``--calculator`` are remembered under their names, outside of the catalogue: a later command finds
them where it names them, and no list has them. ``models add --calculator`` puts one into the catalogue.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mlipguide.catalog.calculator_sources import content_sha256
from mlipguide.core.errors import InputError
from mlipguide.core.paths import calculators_dir
from mlipguide.core.serialisation import from_plain, to_plain, write_atomically
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.model_card import (
    Architecture,
    LicenceFact,
    Licences,
    ModelCard,
    TrainingData,
    WeightsFact,
)
from mlipguide.records.models.terms import CommercialUse, LifeCycle, WeightsOrigin

SOURCE = "own_calculator"
"""Key of a source: what is known stands on the card, and nowhere else."""
LAW_DIGITS = 16
REMARK = (
    "A calculator of the user's own: training data, level of theory and licences that do not stand here are not known."
)


def calculator_card(
    model_id: str,
    *,
    backend: str,
    family: str,
    name: str,
    path: Path,
    elements: tuple[str, ...] | None = None,
) -> ModelCard:
    """Return the card of a calculator as it is now, with what its file says.

    Args:
        model_id: Its id.
        backend: Name of the recipe that runs it.
        family: What its models are called.
        name: What the backend calls it: the function, or the file.
        path: The file, or the folder of a package.
        elements: Chemical symbols, where the file says them.

    Raises:
        InputError: A file is missing or cannot be read.
    """
    sha256 = content_sha256(path)
    today = datetime.now(UTC).date().isoformat()
    unknown = LicenceFact(name="unknown", commercial=CommercialUse.UNKNOWN, sources=(SOURCE,), read_on=today)
    return ModelCard(
        id=model_id,
        name=model_id,
        life_cycle=LifeCycle.ACTIVE,
        backend=backend,
        architecture=Architecture(
            family=family,
            time_law=time_law_of(sha256),
            parameters=None,
            cutoff_angstrom=None,
            layers=None,
            forces=None,
        ),
        provides=(),
        training=TrainingData(sets=(), elements=elements, level_of_theory=None, sources=(SOURCE,)),
        licences=Licences(code=unknown, weights=unknown),
        weights=WeightsFact(origin=WeightsOrigin.CALCULATOR, name=name, path=str(path), sha256=sha256),
        metrics=None,
        remarks=(REMARK,),
    )


def time_law_of(sha256: str) -> str:
    """Return the key of a calculator's times: they are those of this content and of no other."""
    return f"calculator-{sha256[:LAW_DIGITS]}"


def remember(card: ModelCard) -> None:
    """Keep a card, so that later commands find it by its name.

    Raises:
        StorageError: The data folder cannot be written.
    """
    import yaml

    text = yaml.safe_dump(to_plain(card), sort_keys=False, allow_unicode=True, width=120)
    write_atomically(_file(card.id), text)


def remembered(model_id: str) -> ModelCard | None:
    """Return a card as it was remembered; None where there is none, or none that can be used."""
    try:
        return from_plain(ModelCard, read_yaml(_file(model_id)), what=str(_file(model_id)))
    except InputError:
        return None


def recalled(name: str) -> ModelCard | None:
    """Return the card of a remembered calculator as its files are now; None where none has this name.

    What was seen of a former content is left out where it has changed.

    Raises:
        InputError: Its file is not there any more.
    """
    card = remembered(name.strip().lower())
    if card is None:
        return None
    assert card.weights.path is not None
    path = Path(card.weights.path)
    if not path.exists():
        raise InputError(
            f"The calculator {card.id} was {path}, which is not there any more.",
            hint="Give the file with --calculator FILE.",
            kind="checkpoint",
            model=card.id,
        )
    sha256 = content_sha256(path)
    if sha256 == card.weights.sha256:
        return card
    return calculator_card(
        card.id,
        backend=card.backend,
        family=card.architecture.family,
        name=card.weights.name,
        path=path,
    )


def is_of(card: ModelCard, *, path: Path, name: str) -> bool:
    """Tell whether a card is of this function or file, whatever its content."""
    weights = card.weights
    return weights.origin is WeightsOrigin.CALCULATOR and weights.path == str(path) and weights.name == name


def with_facts(
    card: ModelCard,
    *,
    parameters: int | None = None,
    cutoff_angstrom: float | None = None,
    layers: int | None = None,
    elements: tuple[str, ...] | None = None,
    level_of_theory: str | None = None,
) -> ModelCard:
    """Return a card with more facts than it had; None says nothing, and leaves what stands there."""
    architecture, training = card.architecture, card.training
    return replace(
        card,
        architecture=replace(
            architecture,
            parameters=architecture.parameters if parameters is None else parameters,
            cutoff_angstrom=architecture.cutoff_angstrom if cutoff_angstrom is None else cutoff_angstrom,
            layers=architecture.layers if layers is None else layers,
        ),
        training=replace(
            training,
            elements=training.elements if elements is None else elements,
            level_of_theory=training.level_of_theory if level_of_theory is None else level_of_theory,
        ),
    )


def _file(model_id: str) -> Path:
    return calculators_dir() / f"{model_id}.yaml"
