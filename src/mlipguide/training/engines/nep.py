"""NEP potentials (doi:10.1103/PhysRevB.104.104309): trained by torchnep in a child process, run by calorine.

The same file runs in GPUMD on a GPU. The number of optimizer steps is part of the recipe, not the time: equal recipes
on equal frames give equal potentials on any machine, and a fit takes about as long on few frames as on many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.records.environment import Environment, Recipe
from mlipguide.records.measurement import Allocator, Settings
from mlipguide.records.model_card import (
    Architecture,
    CommercialUse,
    Forces,
    LicenceFact,
    Licences,
    LifeCycle,
    ModelCard,
    Need,
    TrainingData,
    WeightsFact,
    WeightsOrigin,
)
from mlipguide.records.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import SessionRequest, open_session
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.child import Training, ready_environment, train
from mlipguide.training.engines.frames_file import frames_text

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
        training = Training(program="nep", recipe=recipe, frames_text=frames_text(frames, recipe.elements))
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
        return open_session(
            SessionRequest(
                card=nep_card(potential),
                recipe=self._recipe,
                environment=self._environment,
                settings=Settings(threads=1, dtype="float64", device="cpu", driver="ase", allocator=Allocator.DEFAULT),
                weights_file=Path(potential.folder) / potential.files[0],
                synthetic=False,
                memory_limit_bytes=None,
            )
        )


CODE_LICENCE = LicenceFact(
    name="MPL-2.0",
    commercial=CommercialUse.YES,
    sources=("calorine_package",),
    read_on="2026-11-25",
    remark="Of calorine, which runs it; torchnep, which trained it, is under GPL-3.0-or-later and called as a program.",
)


def nep_card(potential: FittedPotential) -> ModelCard:
    """Return the card that a fitted NEP is started with."""
    recipe, path = potential.recipe, Path(potential.folder) / potential.files[0]
    digest = sha256_of(path)
    own = LicenceFact(name="the user's own", commercial=CommercialUse.YES, sources=(), read_on=CODE_LICENCE.read_on)
    return ModelCard(
        id=f"nep-{recipe.size}-{digest[:8]}",
        name=f"NEP ({recipe.size}, {', '.join(recipe.elements)})",
        life_cycle=LifeCycle.ACTIVE,
        backend=BACKEND,
        architecture=Architecture(
            family="NEP",
            time_law=f"nep-{recipe.size}-{len(recipe.elements)}-{recipe.options['cutoff']}".replace(" ", "-"),
            parameters=potential.parameters,
            cutoff_angstrom=potential.cutoff_angstrom,
            layers=1,
            forces=Forces.CONSERVATIVE,
        ),
        provides=(Need.STRESS, Need.CONSERVATIVE),
        training=TrainingData(sets=(), elements=recipe.elements, level_of_theory="that of the labels", sources=()),
        licences=Licences(code=CODE_LICENCE, weights=own),
        weights=WeightsFact(origin=WeightsOrigin.TRAINED, name=recipe.engine.value, path=str(path), sha256=digest),
        metrics=None,
    )
