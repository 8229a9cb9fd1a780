"""The commands that train what ``recommend`` advises to train, with the user's own files and target."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlipguide.advice.constraints import card_rejections
from mlipguide.advice.prices.trainings import TriedModel
from mlipguide.catalog.cards import Catalogue
from mlipguide.records.advice.strategy import StrategyPrice
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.records.notice import Notice
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.task import Task
from mlipguide.records.training.kept_training import KeptLabels
from mlipguide.records.training.training import Engine
from mlipguide.tasks.request_words import request_words


def training_commands(
    price: StrategyPrice | None, request: TaskRequest, task: Task, weights: Mapping[str, Path]
) -> tuple[str, ...]:
    """Return the commands that lead to the potential of a strategy; none where labels have to be made first.

    Args:
        price: Of the strategy that leads; None where there is none.
        request: What the user wrote.
        task: What it means.
        weights: Checkpoint files that the user gave, by model id.
    """
    if price is None or price.strategy in (Strategy.PRETRAINED, Strategy.NONE):
        return ()
    if price.strategy is Strategy.DISTIL:
        return () if price.base is None else (_distil(price.base, request, weights),)
    if price.before is not None and price.before.command is not None:
        return (price.before.command,)
    if request.labels is None:
        return ()
    words = ["mlipguide", "train", "pilot", request.labels]
    limit = task.force_mae_ev_per_angstrom
    words += [] if limit is None else ["--target-force-mae", request.force_mae or f"{limit * 1e3:g}meV/A"]
    words += ["--base", price.base] if price.strategy is Strategy.FINE_TUNE and price.base is not None else []
    for option, name in (("--energy-key", request.energy_key), ("--forces-key", request.forces_key)):
        words += [] if name is None else [option, name]
    return (shlex.join(words),)


def fit_command(model: TriedModel) -> str | None:
    """Return the command of the final fit on the pilot's frames; None where these are not known."""
    labels, kept = model.pilot.labels, model.kept
    if labels is None:
        return None
    words = ["mlipguide", "train", "fit", labels.file, "--engine", kept.engine.value, "--size", kept.size]
    words += [] if kept.base_model is None else ["--base", kept.base_model]
    return shlex.join([*words, *_same_frames(labels, model.pilot.folder)])


def pilot_command(labels: KeptLabels, folder: str, engines: Sequence[Engine], limit: float | None) -> str:
    """Return the command that tries further engines on the frames of a pilot, in its folder."""
    words = ["mlipguide", "train", "pilot", labels.file, "--engines", ",".join(one.value for one in engines)]
    words += [] if limit is None else ["--target-force-mae", f"{limit * 1e3:g}meV/A"]
    return shlex.join([*words, *_same_frames(labels, folder)])


def own_left_out(
    catalogue: Catalogue, considered: Sequence[str], request: TaskRequest, task: Task
) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    """Return the command that asks for potentials trained here as well, where ``--models`` leaves out some that may do.

    What is at hand is not trained again before it was looked at.

    Args:
        catalogue: All models.
        considered: Ids of those that were asked for.
        request: What the user wrote.
        task: What it means.
    """
    if request.models is None:
        return (), ()
    own = [card.id for card in catalogue.cards if _may_do(card, task) and card.id not in considered]
    if not own:
        return (), ()
    names = ",".join((request.models, *own))
    with_them = request_words(request.with_models(names))
    one = len(own) == 1
    message = (
        f"{', '.join(own)} {'was' if one else 'were'} trained here for these elements, and --models leaves "
        f"{'it' if one else 'them'} out: look at {'it' if one else 'them'} before anything is trained again."
    )
    return (f"mlipguide recommend {with_them}",), (Notice("own_models_left_out", message),)


def _may_do(card: ModelCard, task: Task) -> bool:
    return card.weights.origin is WeightsOrigin.TRAINED and not card_rejections(card, task)


def _distil(teacher: str, request: TaskRequest, weights: Mapping[str, Path]) -> str:
    words = ["--teacher", teacher]
    for option, value in (("--temperature", request.temperature), ("--timestep", request.timestep)):
        words += [] if value is None else [option, value]
    if teacher in weights:
        words += ["--weights", f"{teacher}={weights[teacher]}"]
    return f"mlipguide train distil {request_words(request, ())} {shlex.join(words)}"


def _same_frames(labels: KeptLabels, folder: str) -> list[str]:
    """Return the options that make another training use the frames and the folder of a pilot."""
    words = [] if labels.test is None else ["--test", labels.test]
    words += ["--folder", folder]
    words += ["--seed", str(labels.seed)] if labels.seed else []
    for option, name in (("--energy-key", labels.energy_key), ("--forces-key", labels.forces_key)):
        words += [] if name is None else [option, name]
    return words
