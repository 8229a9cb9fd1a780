"""What is trained, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict


class Engine(StrEnum):
    """How a potential is trained."""

    POD = "pod"
    NEP = "nep"
    FINE_TUNE = "fine-tune"


@strict
@dataclass(frozen=True, kw_only=True)
class FitRecipe:
    """Everything beside the data that decides a fit: equal recipes on equal frames give equal potentials.

    Attributes:
        engine: What trains.
        size: The engine's name for the size of the model: ``small``, ``medium``, ``large``.
        elements: Chemical symbols, in the order in which the engine numbers them.
        seed: Of everything random.
        options: The engine's own settings, as its input file takes them.
        base_model: Id of the model that is trained further; None from scratch.
    """

    engine: Engine
    size: str
    elements: tuple[str, ...]
    seed: int
    options: dict[str, float | int | str | bool]
    base_model: str | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class FittedPotential:
    """A finished fit.

    Attributes:
        recipe: What was asked.
        folder: Absolute path of the fit's folder.
        files: Names within the folder that make up the potential; the first is the one that a card names.
        frames: Number of frames that it was fitted on.
        train_s: Wall time of the training.
        parameters: Number of fitted parameters.
        cutoff_angstrom: Its longest.
        versions: Of the packages that trained it.
    """

    recipe: FitRecipe
    folder: str
    files: tuple[str, ...]
    frames: int
    train_s: float
    parameters: int
    cutoff_angstrom: float
    versions: dict[str, str]
