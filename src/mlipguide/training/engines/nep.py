"""NEP potentials (doi:10.1103/PhysRevB.104.104309): trained by torchnep in a child process, run by calorine.

The same file runs in GPUMD on a GPU. The number of optimizer steps is part of the recipe, not the time: equal recipes
on equal frames give equal potentials on any machine, and a fit takes about as long on few frames as on many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mlipguide.records.hardware.environment import Environment, Recipe
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.child import Training, ready_environment, train
from mlipguide.training.engines.frames_file import frames_text
from mlipguide.training.fit.potential_cards import open_potential

BACKEND = "nep"
FEW_ELEMENTS = 2
"""Up to so many, neighbours within 5 Å are taken, else within 6 Å: with these cutoffs silicon and LiFePO4 were fitted
in the trials that the engine was chosen by. A judgement; whoever knows better sets ``cutoff`` in the recipe."""

COMMON: dict[str, float | int | str | bool] = {
    # By trial on 100 frames of silicon, tested on others: with a decay of weights of 1e-4, gradients clipped at 10 and
    # energies that weigh 10 from the beginning, forces were wrong by 0.095 eV/Å; like this by 0.080, with half as many
    # parameters.
    "l_max": "4 2 0",
    "lambda_e": 0.1,
    "lambda_f": 1.0,
    "lambda_v": 0.1,
    "weight_decay": 0.0,
    "max_grad_norm": 0.0,
    "batch": 2,
    "lr": 0.01,
    "stop_lr": 1e-5,
    "stage2": 0.25,
    "stage2_lr": 1e-3,
    "stage2_lambda_e": 10.0,
    "stage2_lambda_f": 1.0,
    "stage2_lambda_v": 0.1,
}
SIZES: dict[str, dict[str, float | int | str | bool]] = {
    "small": {"n_max": "4 4", "basis_size": "8 8", "neuron": 20, "steps": 6000},
    "medium": {"n_max": "6 6", "basis_size": "8 8", "neuron": 30, "steps": 12000},
}


def ready_nep_trainer() -> NepTrainer:
    """Return the engine in the environment that is there.

    Raises:
        EnvironmentFailedError: There is none, or it is broken.
    """
    return NepTrainer(*ready_environment(BACKEND))


class NepTrainer:
    """Implements :class:`mlipguide.training.trainer.Trainer`.

    Args:
        recipe: Of the backend ``nep``.
        environment: A ready one.
    """

    def __init__(self, recipe: Recipe, environment: Environment) -> None:
        self._recipe = recipe
        self._environment = environment

    @property
    def engine(self) -> Engine:
        """Which one."""
        return Engine.NEP

    def recipes(self, elements: Sequence[str], *, seed: int) -> tuple[FitRecipe, ...]:
        """Return the sizes of model that are worth trying for these elements, the cheapest first."""
        cutoff = "5 4" if len(elements) <= FEW_ELEMENTS else "6 4"
        return tuple(
            FitRecipe(
                engine=Engine.NEP,
                size=size,
                elements=tuple(elements),
                seed=seed,
                options={"cutoff": cutoff, **COMMON, **own},
            )
            for size, own in SIZES.items()
        )

    def fit(
        self,
        recipe: FitRecipe,
        frames: Sequence[LabelledFrame],
        folder: Path,
        *,
        on_progress: Callable[[str, float], None],
    ) -> FittedPotential:
        """Fit ``frames`` in ``folder``, which is empty or holds what an interrupted fit of the same left.

        Raises:
            InputError: The folder holds another fit, or a frame lacks its energy or forces.
            TrainingFailedError: The training diverged, or ended without a potential.
            EnvironmentFailedError: The environment cannot be used.
        """
        text = frames_text(frames, recipe.elements)
        training = Training(program="nep", recipe=recipe, frames_text=text, unit="pass")
        result = train(training, folder, self._environment, on_progress=on_progress)
        return FittedPotential(
            recipe=recipe,
            folder=str(folder.absolute()),
            files=tuple(result["files"]),
            frames=len(frames),
            train_s=result["train_s"],
            parameters=result["parameters"],
            cutoff_angstrom=max(float(text) for text in str(recipe.options["cutoff"]).split()),
            versions=result["versions"],
        )

    def open(self, potential: FittedPotential) -> ModelSession:
        """Start the potential as a model that answers.

        Raises:
            SessionError: It cannot be started.
        """
        return open_potential(potential, self._recipe, self._environment)
