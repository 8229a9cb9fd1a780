"""Pretrained models trained further on a user's frames, by a loop in the worker that any package can be adapted to.

Reference energies are estimated anew first; a part of the frames, spread over the groups, is held out to choose the
best state by and to stop early. The number of steps is part of the recipe, so that equal recipes on equal frames give
equal checkpoints, and a fit takes about as long on few frames as on many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.catalog.own_models import derive_card
from mlipguide.core.errors import InputError
from mlipguide.records.environment import Environment, Recipe
from mlipguide.records.measurement import Allocator, Settings
from mlipguide.records.model_card import ModelCard
from mlipguide.records.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import SessionRequest, open_session
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.child import Training, ready_environment, train
from mlipguide.training.engines.frames_file import frames_text

ADAPTERS = ("sevenn", "chgnet", "mace-torch")
"""Backends with a file in ``worker/training/adapters``."""
HELD_OUT_SHARE = 0.15
FEWEST_TO_SPLIT = 8
"""With fewer frames none is held out: each is worth more for learning than for choosing (a judgement)."""
SIZE = "full"

OPTIONS: dict[str, float | int | str | bool] = {
    # By trial: SevenNet-0 on 50 frames of silicon, tested on others. Forces were wrong by 0.133 eV/Å before and by
    # 0.086 after, energies by 9 meV/atom; with energies that weigh 0.1, by 0.083 and 19. A rate of 3e-4 was no better.
    # The delta is the one that SevenNet-0 itself was trained with.
    "steps": 120,
    "batch": 1,
    "check_every": 20,
    "patience": 3,
    "lr": 1e-3,
    "lambda_e": 1.0,
    "lambda_f": 1.0,
    "lambda_v": 0.01,
    "huber_delta": 0.01,
    "frozen_layers": 0,
}


def ready_fine_tune_trainer(base: ModelCard, weights_file: Path | None = None) -> FineTuneTrainer:
    """Return the engine for a pretrained model in the environment that is there.

    Raises:
        InputError: Nothing here trains models of its backend further.
        EnvironmentFailedError: There is no environment, or it is broken.
    """
    require_adapter(base)
    return FineTuneTrainer(base, *ready_environment(base.backend), weights_file=weights_file)


def require_adapter(base: ModelCard) -> None:
    """Refuse a model that cannot be trained further here.

    Raises:
        InputError: Its backend has no adapter.
    """
    if base.backend not in ADAPTERS:
        raise InputError(
            f"{base.id} cannot be trained further here: there is no adapter for its backend {base.backend}.",
            hint=f"Choose a model of {', '.join(ADAPTERS)}, or train it with its own package and register the "
            f"checkpoint with: mlipguide models add.",
        )


class FineTuneTrainer:
    """Implements :class:`mlipguide.training.trainer.Trainer`.

    Args:
        base: The model that is trained further.
        recipe: Of its backend.
        environment: A ready one.
        weights_file: Its checkpoint; None for one that the package brings.
        frozen_layers: How many interactions, with the embedding, stay as they are; 0 trains everything.
    """

    def __init__(
        self,
        base: ModelCard,
        recipe: Recipe,
        environment: Environment,
        *,
        weights_file: Path | None = None,
        frozen_layers: int = 0,
    ) -> None:
        require_adapter(base)
        self._base = base
        self._recipe = recipe
        self._environment = environment
        self._weights_file = weights_file
        self._frozen_layers = frozen_layers

    @property
    def engine(self) -> Engine:
        """Which one."""
        return Engine.FINE_TUNE

    def recipes(self, elements: Sequence[str], *, seed: int) -> tuple[FitRecipe, ...]:
        """Return the one size that there is, that of the model itself.

        Raises:
            InputError: An element that the model does not know.
        """
        unknown = [element for element in elements if element not in self._base.training.elements]
        if unknown:
            raise InputError(
                f"{self._base.id} was not trained on {', '.join(unknown)}.",
                hint="Choose a model that knows all elements of the frames: mlipguide models list --elements …",
            )
        options = {**OPTIONS, "frozen_layers": self._frozen_layers}
        if self._weights_file is not None:
            options["weights_sha256"] = sha256_of(self._weights_file)
        return (
            FitRecipe(
                engine=Engine.FINE_TUNE,
                size=SIZE,
                elements=tuple(elements),
                seed=seed,
                options=options,
                base_model=self._base.id,
            ),
        )

    def fit(
        self,
        recipe: FitRecipe,
        frames: Sequence[LabelledFrame],
        folder: Path,
        *,
        on_progress: Callable[[str, float], None],
    ) -> FittedPotential:
        """Train the model further on ``frames`` in ``folder``, which is empty or holds what was begun of the same.

        Raises:
            InputError: The folder holds another fit, or a frame lacks its energy or forces.
            TrainingFailedError: The training diverged or met the held-out frames no better than before.
            EnvironmentFailedError: The environment cannot be used.
        """
        training = Training(
            program=f"fine_tune:{self._recipe.worker}",
            recipe=recipe,
            frames_text=frames_text(frames, recipe.elements),
            validation=held_out(frames),
            base=self._base.weights.name,
            weights=self._weights_file,
        )
        result = train(training, folder, self._environment, on_progress=on_progress)
        cutoff = self._base.architecture.cutoff_angstrom
        return FittedPotential(
            recipe=recipe,
            folder=str(folder.absolute()),
            files=tuple(result["files"]),
            frames=len(frames),
            train_s=result["train_s"],
            parameters=result["parameters"],
            cutoff_angstrom=result["cutoff"] if cutoff is None else cutoff,
            versions=result["versions"],
        )

    def open(self, potential: FittedPotential) -> ModelSession:
        """Start the checkpoint as a model that answers.

        Raises:
            SessionError: It cannot be started.
        """
        path = Path(potential.folder) / potential.files[0]
        return open_session(
            SessionRequest(
                card=self.card(potential),
                recipe=self._recipe,
                environment=self._environment,
                settings=Settings(threads=1, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN),
                weights_file=path,
                synthetic=False,
                memory_limit_bytes=None,
            )
        )

    def card(self, potential: FittedPotential, *, model_id: str | None = None, today: str = "") -> ModelCard:
        """Return the card of the checkpoint, narrowed to the elements that it was trained on.

        Args:
            potential: What :meth:`fit` returned.
            model_id: Id of the card; None for one after the base and the file.
            today: ISO date, for its remark.
        """
        path = Path(potential.folder) / potential.files[0]
        digest = sha256_of(path)
        card = derive_card(
            self._base,
            path,
            digest,
            model_id=model_id or f"{self._base.id}-{digest[:8]}",
            elements=potential.recipe.elements,
            level_of_theory="that of the labels",
            today=today or "the day of the fit",
        )
        # The file is of the very same architecture, which narrowing by elements alone would leave open.
        return replace(card, architecture=self._base.architecture)


def held_out(frames: Sequence[LabelledFrame]) -> tuple[int, ...]:
    """Return the places of the frames to choose by: the end of each group, so that the rest are no neighbours of them.

    A group is cut once, and frames next to each other in a trajectory stand next to each other in a file. A group of
    fewer than three frames is learned from as a whole.
    """
    if len(frames) < FEWEST_TO_SPLIT:
        return ()
    groups: dict[str | None, list[int]] = {}
    for place, frame in enumerate(frames):
        groups.setdefault(frame.group, []).append(place)
    held: list[int] = []
    for places in groups.values():
        in_file = sorted(places, key=lambda place: frames[place].index)
        count = max(1, round(HELD_OUT_SHARE * len(places))) if len(places) > 2 else 0  # noqa: PLR2004  # as said above
        held += in_file[len(in_file) - count :]
    return tuple(sorted(held))
