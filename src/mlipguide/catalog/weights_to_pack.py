"""Checkpoints for a machine that cannot download them: those that are here, and those that can be fetched now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlipguide.catalog.weights import download_weights, find_weights, needs_file, weights_file_name
from mlipguide.core.errors import MeasurementFailedError, MlipguideError
from mlipguide.records.hardware.bundle import AbsentWeights, BundledWeights
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import LifeCycle

BESIDE = {"state.pt": ("model.json", "model.pt")}
"""What belongs beside a checkpoint of some name: those of MatGL are folders, of which a card names one file."""
FETCHED_BY_PACKAGE = "Its package fetches it by itself, under a name of its own; give the file with --weights."


@dataclass
class GatheredWeights:
    """The checkpoints of a backend's models.

    Attributes:
        weights: Which ones, and where they are in the bundle.
        sources: Where the file of each is, by its path within the bundle.
        absent: Which ones could not be had.
        in_package: Ids of the models whose weights the package brings.
    """

    weights: list[BundledWeights] = field(default_factory=list)
    sources: dict[str, Path] = field(default_factory=dict)
    absent: list[AbsentWeights] = field(default_factory=list)
    in_package: list[str] = field(default_factory=list)


def gather_weights(
    cards: Sequence[ModelCard], named: Collection[str] | None, on_progress: Callable[[str], None]
) -> GatheredWeights:
    """Return the checkpoints of models, downloaded where they are not here.

    Args:
        cards: Of the models.
        named: Ids of the models whose checkpoints are wanted, which must be had; None for all that can be. Of models
            that others took the place of, those that are not here are not fetched then.
        on_progress: Told what is being done.

    Raises:
        MlipguideError: A checkpoint that is named cannot be had.
    """
    gathered = GatheredWeights()
    unreachable: set[str] = set()
    for card in cards:
        if card.weights.origin.is_own_file or (named is not None and card.id not in named):
            continue
        if not needs_file(card):
            gathered.in_package.append(card.id)
            continue
        try:
            file, reason = _file_of(card, unreachable, asked=named is not None, on_progress=on_progress)
        except MlipguideError as error:
            if named is not None:
                raise
            file, reason = None, error.message
        if file is None:
            gathered.absent.append(AbsentWeights(model=card.id, reason=reason))
            continue
        name = str(weights_file_name(card))
        files = {f"weights/{card.id}/{one}": file.with_name(one) for one in BESIDE.get(name, ())}
        lacking = [one.name for one in files.values() if not one.is_file()]
        if lacking:
            reason = f"{', '.join(lacking)} belongs beside {file} and is not there."
            if named is not None:
                hint = "Put it there: the checkpoint is a folder."
                raise MeasurementFailedError(f"{card.id}: {reason}", hint=hint, kind="weights", model=card.id)
            gathered.absent.append(AbsentWeights(model=card.id, reason=reason))
            continue
        path = f"weights/{card.id}/{name}"
        gathered.weights.append(BundledWeights(model=card.id, path=path, beside=tuple(files)))
        gathered.sources |= {path: file, **files}
    return gathered


def _file_of(
    card: ModelCard, unreachable: set[str], *, asked: bool, on_progress: Callable[[str], None]
) -> tuple[Path | None, str]:
    """Return the checkpoint of a model, or None and why there is none."""
    found = find_weights(card, {})
    if found is not None:
        return found, ""
    if card.weights.url is None:
        return None, FETCHED_BY_PACKAGE
    if card.life_cycle is not LifeCycle.ACTIVE and not asked:
        return None, "Another model took its place; name it with --models to have it."
    host = card.weights.url.split("/")[2]
    if host in unreachable:
        return None, f"{host} cannot be reached."
    on_progress(f"downloading the weights of {card.id}")
    try:
        return download_weights(card, on_progress), ""
    except MlipguideError:
        unreachable.add(host)
        raise
