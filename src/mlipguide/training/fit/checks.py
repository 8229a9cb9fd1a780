"""Whether a fit may be handed over, and how sure it is of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.core.errors import MlipguideError, TrainingFailedError
from mlipguide.core.paths import make_folder
from mlipguide.core.readable import duration
from mlipguide.records.notice import Notice
from mlipguide.records.training.fit import FitCommittee
from mlipguide.records.training.training import FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.stats.errors import force_mae
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.fit.fit_folders import POTENTIAL, fit_folder
from mlipguide.training.fit.held_out_errors import is_worse_than_nothing
from mlipguide.training.pilot.bootstrap_committee import FEWEST, MEMBERS, bootstrap, disagreement
from mlipguide.training.pilot.pilot_plan import MARGIN
from mlipguide.training.pilot.run import DoneFit
from mlipguide.training.trainer import Trainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMMITTEE = "committee"
COMMITTEE_SEED = 1000
"""Seeds of the members begin here above the fit's own."""


def usable(done: DoneFit, trivial_ev_per_angstrom: float) -> FittedPotential:
    """Return the potential of a fit.

    Raises:
        TrainingFailedError: There is none, or it errs more than no forces at all.
    """
    record = done.record
    if record.potential is None:
        assert record.failure is not None
        raise TrainingFailedError(
            f"The fit gave no potential: {record.failure.message}",
            hint=f"{record.failure.hint} To try it again, remove {done.folder}.".strip(),
            kind=record.failure.kind,
        )
    if is_worse_than_nothing(record.errors, trivial_ev_per_angstrom):
        mean = force_mae(record.errors)
        assert mean is not None
        raise TrainingFailedError(
            f"The potential errs by {mean.value:.3g} eV/Å on the test frames, more than no forces at all would "
            f"({trivial_ev_per_angstrom:.3g} eV/Å): it is not handed over.",
            hint="Look at the labels and the groups of the frames, or take another engine or size.",
            kind="useless",
        )
    return record.potential


def forces_on(session: ModelSession, frames: Sequence[LabelledFrame]) -> list[NDArray[np.float64]]:
    """Return the forces of a potential on frames, each of shape (atoms, 3), eV/Å.

    Raises:
        SessionError: It gave no answer.
    """
    return [np.array(session.single_point(frame.atoms).forces_ev_per_angstrom) for frame in frames]


@dataclass(frozen=True, kw_only=True)
class CommitteeRequest:
    """What a committee is made from.

    Attributes:
        trainer: What trains.
        frames: That the potential learned from.
        test: That the members are compared on.
        folder: Of the training.
        potential: The fit.
        seed: Of the samples.
        left_s: Wall time for all members.
        clock: Seconds from some moment on.
        on_progress: Told what is being done and which share is done.
    """

    trainer: Trainer
    frames: Sequence[LabelledFrame]
    test: Sequence[LabelledFrame]
    folder: Path
    potential: FittedPotential
    seed: int
    left_s: float
    clock: Callable[[], float]
    on_progress: Callable[[str, float], None]


def committee_of(
    request: CommitteeRequest, forces: Sequence[NDArray[np.float64]]
) -> tuple[FitCommittee | None, tuple[Notice, ...]]:
    """Fit members to samples of the frames as long as there is time, and compare them on the test frames.

    Args:
        request: What they are made from.
        forces: Of the potential on the test frames.

    Returns:
        The committee, or None and a notice that says why there is none.
    """
    begin = request.clock()
    members: list[list[NDArray[np.float64]]] = []
    folders: list[str] = []
    each_s = request.potential.train_s
    for number in range(MEMBERS):
        if request.clock() - begin + MARGIN * each_s > request.left_s:
            break
        words, share = f"committee, fit {number + 1} of {MEMBERS}", 0.7 + 0.3 * number / MEMBERS
        tell = partial(_tell_of_member, request.on_progress, words, share)
        tell("training", 0.0)
        seed = request.seed + COMMITTEE_SEED + number
        sample = bootstrap(request.frames, seed=seed)
        size = request.potential.recipe.size
        recipes = request.trainer.recipes(request.potential.recipe.elements, seed=seed)
        recipe = next(one for one in recipes if one.size == size)
        folder = make_folder(fit_folder(request.folder / COMMITTEE, recipe, sample, request.test) / POTENTIAL)
        start = request.clock()
        try:
            fitted = request.trainer.fit(recipe, sample, folder, on_progress=tell)
            with closing(request.trainer.open(fitted)) as session:
                members.append(forces_on(session, request.test))
        except MlipguideError as error:
            return None, (
                Notice("no_committee", f"No committee: a fit to a sample of the frames failed: {error.message}"),
            )
        folders.append(str(folder))
        each_s = max(each_s, request.clock() - start)
    if len(members) < FEWEST:
        words = f"No committee: {FEWEST} fits of {duration(each_s)} do not fit into the --budget."
        return None, (Notice("no_committee", words),)
    reference = [frame.forces_ev_per_angstrom for frame in request.test]
    found = disagreement(members, forces, [one for one in reference if one is not None])
    return (
        FitCommittee(
            members=len(members),
            folders=tuple(folders),
            spread_ev_per_angstrom=found.spread_ev_per_angstrom,
            error_over_spread=found.error_over_spread,
            correlation=found.correlation,
        ),
        (),
    )


def _tell_of_member(
    on_progress: Callable[[str, float], None], words: str, share: float, message: str, part: float
) -> None:
    on_progress(f"{words}, {message}", share + 0.3 * part / MEMBERS)
