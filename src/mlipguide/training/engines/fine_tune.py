"""Pretrained models trained further on a user's frames, by a loop in the worker that any package can be adapted to.

Reference energies are estimated anew first; a part of the frames, spread over the groups, is held out to choose the
best state by and to stop early. The number of steps is part of the recipe, so that equal recipes on equal frames give
equal checkpoints, and a fit takes about as long on few frames as on many.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.catalog.own_models import derive_card
from mlipguide.core.errors import InputError
from mlipguide.records.hardware.environment import Environment, Recipe
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential, ReplayDrift
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import SessionRequest, open_session
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.child import Training, ready_environment, train
from mlipguide.training.engines.frames_file import frames_text
from mlipguide.training.engines.held_out import held_out
from mlipguide.training.engines.replay import Replay

ADAPTERS = ("sevenn", "chgnet", "mace-torch")
"""Backends with a file in ``worker/training/adapters``."""
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
        frozen_layers: How many layers, with the embedding, stay as they are; 0 trains everything.
        replay: Structures on which the model is held to what it said before; None for none.
        reference_energies_ev: Labels of isolated atoms by element: they decide what the compositions of the frames
            leave open of the model's own reference energies.

    Raises:
        InputError: The backend has no adapter, the model has fewer layers, or does not know an element to replay.
    """

    def __init__(
        self,
        base: ModelCard,
        recipe: Recipe,
        environment: Environment,
        *,
        weights_file: Path | None = None,
        frozen_layers: int = 0,
        replay: Replay | None = None,
        reference_energies_ev: Mapping[str, float] | None = None,
    ) -> None:
        require_adapter(base)
        _require_layers(base, frozen_layers)
        _require_elements(base, () if replay is None else replay.elements, option="--replay: ")
        self._base = base
        self._recipe = recipe
        self._environment = environment
        self._weights_file = weights_file
        self._frozen_layers = frozen_layers
        self._replay = replay
        self._isolated_ev = dict(reference_energies_ev or {})

    @property
    def engine(self) -> Engine:
        """Which one."""
        return Engine.FINE_TUNE

    def recipes(self, elements: Sequence[str], *, seed: int) -> tuple[FitRecipe, ...]:
        """Return the one size that there is, that of the model itself.

        Raises:
            InputError: An element that the model does not know.
        """
        _require_elements(self._base, elements)
        options = {**OPTIONS, "frozen_layers": self._frozen_layers}
        isolated = {name: self._isolated_ev[name] for name in elements if name in self._isolated_ev}
        if isolated:
            options["reference_energies"] = " ".join(f"{name}={energy!r}" for name, energy in isolated.items())
        if self._replay is not None:
            options["replay_sha256"] = hashlib.sha256(self._replay.text.encode()).hexdigest()
            options["replay_elements"] = " ".join(self._replay.elements)
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
            replay_text=None if self._replay is None else self._replay.text,
            replay_validation=() if self._replay is None else self._replay.held_out,
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
            replay=None if result.get("replay") is None else ReplayDrift(**result["replay"]),
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
        """Return the card of the checkpoint, narrowed to the elements of the frames and of what was replayed.

        Args:
            potential: What :meth:`fit` returned.
            model_id: Id of the card; None for one after the base and the file.
            today: ISO date, for its remark.
        """
        path = Path(potential.folder) / potential.files[0]
        digest = sha256_of(path)
        options = potential.recipe.options
        replayed = str(options.get("replay_elements", "")).split()
        card = derive_card(
            self._base,
            path,
            digest,
            model_id=model_id or f"{self._base.id}-{digest[:8]}",
            elements=tuple(dict.fromkeys([*potential.recipe.elements, *replayed])),
            level_of_theory="that of the labels",
            today=today or "the day of the fit",
        )
        # The file is of the very same architecture, which narrowing by elements alone would leave open.
        return replace(card, architecture=self._base.architecture)


def _require_layers(base: ModelCard, frozen: int) -> None:
    layers = base.architecture.layers
    if layers is not None and frozen > layers:
        raise InputError(
            f"--frozen-layers {frozen}: {base.id} has {layers} layers.",
            hint=f"Give a number from 0, which trains everything, to {layers}, which trains the readout alone.",
        )


def _require_elements(base: ModelCard, elements: Sequence[str], *, option: str = "") -> None:
    unknown = [element for element in elements if element not in base.known_elements]
    if unknown:
        raise InputError(
            f"{option}{base.id} was not trained on {', '.join(unknown)}.",
            hint="Choose a model that knows all elements of the frames: mlipguide models list --elements …",
        )
