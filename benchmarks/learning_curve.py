"""Does the learning curve of up to 100 frames predict the error with 200? With the real engine pod, on real labels.

``python benchmarks/learning_curve.py FOLDER [Si Li] [small medium]`` reads ``Si_train.extxyz`` and ``Si_test.extxyz``
of FOLDER (the data of Y. Zuo et al., J. Phys. Chem. A 124, 731 (2020), doi:10.1021/acs.jpca.9b08723, with energies and
forces). For each of three seeds, subsets of 13 to 100 frames are fitted three times, the curve is weighed, and one fit
to 200 frames is compared with its 90 % interval. Exit status 1 when one of them lies outside.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.records.training.training import FitRecipe
from mlipguide.stats.errors import force_mae
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.pod import PodTrainer, ready_pod_trainer
from mlipguide.training.fit.data import load_training_frames
from mlipguide.training.fit.held_out_errors import errors_on
from mlipguide.training.pilot.learning_curve import CurveDatum, fit_curve
from mlipguide.training.pilot.splits import training_order
from workbench import run_script

SEEDS = (0, 1, 2)
SIZES, WANTED = (13, 25, 50, 100), 200
REPEATS = 3


def error_of(
    trainer: PodTrainer, recipe: FitRecipe, frames: list[LabelledFrame], test: tuple[LabelledFrame, ...]
) -> float:
    """Fit and return the force MAE on the test frames, eV/Å."""
    with tempfile.TemporaryDirectory() as folder:
        potential = trainer.fit(recipe, frames, Path(folder), on_progress=lambda _message, _share: None)
        with closing(trainer.open(potential)) as session:
            found = force_mae(errors_on(session, test))
    assert found is not None
    return found.value


def main() -> None:
    """Print a line for each seed, element and size of model."""
    if len(sys.argv) < 2:  # noqa: PLR2004  # the script and the folder
        raise InputError("The folder of the labels is missing.", hint="python benchmarks/learning_curve.py FOLDER")
    elements = [name for name in sys.argv[2:] if name[0].isupper()] or ["Si", "Li"]
    models = [name for name in sys.argv[2:] if name[0].islower()] or ["small", "medium"]
    trainer, outside = ready_pod_trainer(), 0
    for element in elements:
        files = [Path(sys.argv[1]) / f"{element}_{part}.extxyz" for part in ("train", "test")]
        data = load_training_frames(files[0], test=files[1], seed=0)
        for recipe in trainer.recipes(data.elements, seed=0):
            if recipe.size not in models:
                continue
            for seed in SEEDS:
                known = []
                for repeat in range(REPEATS):
                    order = training_order(data.frames, data.train, seed=100 * seed + repeat)
                    for count in SIZES:
                        frames = [data.frames[position] for position in sorted(order[:count])]
                        known.append(CurveDatum(count, error_of(trainer, recipe, frames, data.test), repeat))
                order = training_order(data.frames, data.train, seed=100 * seed + REPEATS)
                chosen = [data.frames[position] for position in sorted(order[:WANTED])]
                real = error_of(trainer, recipe, chosen, data.test)
                curve = fit_curve(known)
                assert curve is not None
                found = curve.fit_at(WANTED)
                inside = found.low <= real <= found.high
                outside += not inside
                print(
                    f"{element} {recipe.size} seed {seed}: predicted {found.value * 1e3:.1f} "
                    f"({found.low * 1e3:.1f} to {found.high * 1e3:.1f}) meV/Å with {WANTED} frames, measured "
                    f"{real * 1e3:.1f}: {'inside' if inside else 'OUTSIDE'}; up to 100: "
                    + ", ".join(f"{one.frames}: {one.error * 1e3:.1f}" for one in known),
                    flush=True,
                )
    sys.exit(1 if outside else 0)


if __name__ == "__main__":
    run_script(main)
