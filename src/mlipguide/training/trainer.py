"""What a pilot and a distillation need of an engine, whether it trains for real or is a fake with a known curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential

if TYPE_CHECKING:
    from mlipguide.sessions.interface import ModelSession
    from mlipguide.structures.labels import LabelledFrame


class Trainer(Protocol):
    """An engine that is ready to train here: its environment exists."""

    @property
    def engine(self) -> Engine:
        """Which one."""

    def recipes(self, elements: Sequence[str], *, seed: int) -> tuple[FitRecipe, ...]:
        """Return the sizes of model that are worth trying for these elements, the cheapest first."""

    def fit(
        self,
        recipe: FitRecipe,
        frames: Sequence[LabelledFrame],
        folder: Path,
        *,
        on_progress: Callable[[str, float], None],
    ) -> FittedPotential:
        """Fit ``frames`` in ``folder``, which is empty or holds what an interrupted fit of the same left.

        Everything that trains is a child process, ended with its children when the call is interrupted.

        Raises:
            TrainingFailedError: The engine ended without a potential, or with one that is not made of numbers.
            EnvironmentFailedError: The environment cannot be used.
        """

    def open(self, potential: FittedPotential) -> ModelSession:
        """Start the potential as a model that answers.

        Raises:
            SessionError: It cannot be started.
        """
