"""The frames that models are compared on: the start, a short run of one of them, and distorted copies."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlipguide.bench.measuring.measuring import Progress
from mlipguide.core.errors import MeasurementFailedError
from mlipguide.core.readable import simulated_time
from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.evidence.disagreement.committee import Committee
from mlipguide.records.accuracy.disagreement import FrameKind
from mlipguide.records.notice import Notice
from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import SinglePoint
from mlipguide.sessions.sampling import Sampled, SampledFrame, SamplingPlan, sample
from mlipguide.store.unfinished import Answers, Form, Unfinished, form_of
from mlipguide.structures.distortions import distorted_copies
from mlipguide.structures.holds import freed

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

Tell = Callable[[str], None]

RUN_SHARE = 0.4
"""Of the time left after loading that the run may take; evaluations take the rest."""
MOST_FRAMES = 120
FEWEST_FRAMES = 4
DISTORTED = 8
"""Two of each strength."""
LONGEST_SPACING_S = 1e-13
"""Between two frames of the run: later ones are no more independent, and the run is short."""
SHORTEST_S = 1e-4
"""No evaluation takes less with its way to the worker and back."""
FEWEST_EVALUATED = 6
"""Frames that are evaluated whatever the budget: the start, and some of both kinds."""


@dataclass(frozen=True, kw_only=True)
class FramesPlan:
    """How frames are made.

    Attributes:
        sampler: Model that makes the run.
        temperature_k: Of the run.
        timestep_s: Of the run.
        deadline: On the monotonic clock: after it nothing further is begun.
        seed: Of the run and of the distortions.
    """

    sampler: str
    temperature_k: float
    timestep_s: float
    deadline: float
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """A frame and what the models say of it.

    Attributes:
        kind: Where it is from.
        atoms: The structure.
        time_s: Simulated time; None for what is not from the run.
        temperature_k: Likewise.
        forces_ev_per_angstrom: Shape (models, atoms, 3).
        energies_ev_per_atom: Shape (models,).
        stresses_ev_per_angstrom3: Shape (models, 6); None where a model gives none.
    """

    kind: FrameKind
    atoms: Atoms
    time_s: float | None
    temperature_k: float | None
    forces_ev_per_angstrom: NDArray[np.float64]
    energies_ev_per_atom: NDArray[np.float64]
    stresses_ev_per_angstrom3: NDArray[np.float64] | None


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """All frames that every model evaluated, and the run.

    Attributes:
        frames: The start, then the run in order of time, then the distorted copies.
        sampler: The model that made the run.
        run: What it gave; None where it could not be begun.
        notices: What there is to say.
    """

    frames: tuple[Evaluated, ...]
    sampler: str
    run: Sampled | None
    notices: tuple[Notice, ...]


_Made = tuple[Sampled, list[Notice]]
_WANTED = form_of(SamplingPlan)


def _run_form(atoms: Atoms) -> Form[_Made]:
    """Return how a run of a structure is kept, with what there is to say of it."""

    def plain(made: _Made) -> dict[str, Any]:
        run, notices = made
        frames = [
            {
                "positions": one.atoms.positions.tolist(),
                "time_s": one.time_s,
                "temperature_k": one.temperature_k,
                "energy_ev": one.energy_ev,
            }
            for one in run.frames
        ]
        alone = {"simulated_s": run.simulated_s, "ended_because": run.ended_because}
        return {"frames": frames, "notices": [asdict(one) for one in notices], **alone}

    def frame(positions: list[list[float]], **numbers: float) -> SampledFrame:
        moved = freed(atoms)
        moved.positions[:] = positions
        return SampledFrame(atoms=moved, **numbers)

    def made(kept: dict[str, Any]) -> _Made:
        run = Sampled(
            frames=tuple(frame(**one) for one in kept["frames"]),
            simulated_s=kept["simulated_s"],
            ended_because=kept["ended_because"],
        )
        return run, [Notice(**one) for one in kept["notices"]]

    return Form(plain, made)


@dataclass(frozen=True, kw_only=True)
class _Frame:
    kind: FrameKind
    atoms: Atoms
    time_s: float | None = None
    temperature_k: float | None = None


def gather_frames(
    committee: Committee, atoms: Atoms, plan: FramesPlan, on_progress: Progress, earlier: Unfinished
) -> Gathered:
    """Make frames and let every model evaluate them until the time is over.

    Args:
        committee: The models.
        atoms: Where the run begins.
        plan: How frames are made.
        on_progress: Told how far it is.
        earlier: What a run that was interrupted has done, which counts as time spent.

    Raises:
        MeasurementFailedError: Fewer than two models are left, or no frame was evaluated by all of them.
    """
    begin = time.monotonic()

    def tell(message: str) -> None:
        whole = max(plan.deadline - begin, 1e-3)
        on_progress(message, min(1.0, (time.monotonic() - begin) / whole))

    notices: list[Notice] = []
    tell("evaluating the start")
    committee.evaluate(atoms)  # the first call pays for what no later one pays
    sampler = plan.sampler if plan.sampler in committee.sessions else committee.models[0]
    if sampler != plan.sampler:
        notices.append(Notice("sampler", f"{plan.sampler} could not make the run; {sampler} did."))
    (copy,) = distorted_copies(atoms, 1, seed=plan.seed)
    committee.evaluate(copy)  # of the same positions, calculators give back what they kept
    wanted = earlier.remember("sampling", lambda: _sampling(plan, committee, sampler), _WANTED)
    run, run_notices = _taken_up_run(earlier, committee, sampler, atoms, wanted=wanted, tell=tell)
    notices += run_notices
    frames = [_Frame(kind=FrameKind.START, atoms=atoms)]
    if run is not None:
        frames += [
            _Frame(kind=FrameKind.DYNAMICS, atoms=one.atoms, time_s=one.time_s, temperature_k=one.temperature_k)
            for one in run.frames
        ]
    frames += [
        _Frame(kind=FrameKind.DISTORTED, atoms=copy) for copy in distorted_copies(atoms, DISTORTED, seed=plan.seed)
    ]
    answers = _evaluated(committee, frames, plan, tell, earlier)
    left_out = len(frames) - len(answers)
    if left_out:
        notices.append(
            Notice("budget", f"{left_out} of {len(frames)} frames were left out when the time was over (--budget).")
        )
    committee.tell_failures()
    whole = [
        _joined(frames[place], [answers[place][model] for model in committee.models])
        for place in sorted(answers)
        if all(model in answers[place] for model in committee.models)
    ]
    if not whole:
        raise MeasurementFailedError(
            "No frame was evaluated by all models.", hint="Leave out a model that fails, or give a relaxed structure."
        )
    return Gathered(frames=tuple(whole), sampler=sampler, run=run, notices=tuple(notices))


def _sampling(plan: FramesPlan, committee: Committee, sampler: str) -> SamplingPlan:
    """Return a run that fits its share of the time, with as many frames as can be evaluated in the rest."""
    left_s = max(0.0, plan.deadline - time.monotonic())
    took_s = {model: max(committee.took_s.get(model, 0.0), SHORTEST_S) for model in committee.models}
    affordable = int((1 - RUN_SHARE) * left_s / sum(took_s.values())) - DISTORTED
    steps = int(RUN_SHARE * left_s / took_s[sampler])
    frames = max(FEWEST_FRAMES, min(MOST_FRAMES, affordable, steps))
    longest = max(1, round(LONGEST_SPACING_S / plan.timestep_s))
    return SamplingPlan(
        frames=frames,
        every=max(1, min(longest, steps // frames)),
        timestep_s=plan.timestep_s,
        temperature_k=plan.temperature_k,
        max_wall_s=RUN_SHARE * left_s,
        seed=plan.seed,
    )


def _taken_up_run(
    earlier: Unfinished, committee: Committee, sampler: str, atoms: Atoms, *, wanted: SamplingPlan, tell: Tell
) -> tuple[Sampled | None, list[Notice]]:
    """Return the run of an earlier time, or make it and keep it; one that could not be begun is tried again."""
    form, begin = _run_form(atoms), time.monotonic()
    kept = earlier.find("run", form)
    if kept is not None:
        return kept
    run, notices = _run(committee, sampler, atoms, wanted, tell)
    if run is not None:
        earlier.keep("run", (run, notices), form, took_s=time.monotonic() - begin)
    return run, notices


def _run(
    committee: Committee, sampler: str, atoms: Atoms, wanted: SamplingPlan, tell: Tell
) -> tuple[Sampled | None, list[Notice]]:
    """Make the run; one that explodes, or cannot be begun, is told and not raised."""
    whole_s = wanted.frames * wanted.every * wanted.timestep_s
    tell(f"running {simulated_time(whole_s)} at {wanted.temperature_k:g} K with {sampler}")
    try:
        run = sample(
            committee.sessions[sampler],
            atoms,
            wanted,
            on_progress=lambda time_s, _frames: tell(f"running with {sampler}, {simulated_time(time_s)}"),
        )
    except SessionError as error:
        if error.ends_session:
            committee.drop(sampler, error)
        return None, [Notice("no_run", f"{sampler} made no run: {error.message} Distorted copies stand in for it.")]
    if not run.unstable and run.simulated_s < 1 / wanted.friction_per_s:
        words = (
            f"The run came to {simulated_time(run.simulated_s)} only, too short for thermal motion: the figures stand "
            "on distorted copies as well. A larger --budget, fewer --atoms or a faster --sampler gives a longer one."
        )
        return run, [Notice("short_run", words)]
    if not run.unstable:
        return run, []
    words = (
        f"The run with {sampler} exploded within {simulated_time(max(run.simulated_s, wanted.timestep_s))} at "
        f"{wanted.temperature_k:g} K in steps of {simulated_time(wanted.timestep_s)}: a finding about {sampler}, the "
        "step or the structure. The frames before it were compared."
    )
    return run, [Notice("unstable_run", words)]


def _evaluated(
    committee: Committee, frames: Sequence[_Frame], plan: FramesPlan, tell: Tell, earlier: Unfinished
) -> dict[int, dict[str, SinglePoint]]:
    """Return what the models say, by place of the frame; ends with the time, evenly spread over what there is."""
    answers: dict[int, dict[str, SinglePoint]] = {}
    with Answers(earlier, "frames") as kept:
        for done, place in enumerate(_spread_order(len(frames))):
            known = kept.known.get(str(place))
            if known is not None:
                answers[place] = {model: _point(one) for model, one in known.items()}
                continue
            if done >= FEWEST_EVALUATED and time.monotonic() + earlier.taken_up_s >= plan.deadline:
                break
            tell(f"evaluating frames with {len(committee.models)} models, {done} of {len(frames)} done")
            answers[place] = committee.evaluate(frames[place].atoms)
            if len(answers[place]) == len(committee.models):
                kept.add(str(place), {model: to_plain(one) for model, one in answers[place].items()})
    return answers


def _point(kept: Any) -> SinglePoint:
    return from_plain(SinglePoint, kept, what="a kept evaluation")


def _spread_order(count: int) -> list[int]:
    """Return 0 to ``count`` - 1 so that every beginning of the list is evenly spread (van der Corput's sequence)."""
    bits = max(1, (count - 1).bit_length())
    reversed_bits = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(2**bits))
    return [place for place in reversed_bits if place < count]


def _joined(frame: _Frame, answers: Sequence[SinglePoint]) -> Evaluated:
    stresses = [answer.stress_ev_per_angstrom3 for answer in answers]
    return Evaluated(
        kind=frame.kind,
        atoms=frame.atoms,
        time_s=frame.time_s,
        temperature_k=frame.temperature_k,
        forces_ev_per_angstrom=np.array([answer.forces_ev_per_angstrom for answer in answers]),
        energies_ev_per_atom=np.array([answer.energy_ev for answer in answers]) / len(frame.atoms),
        stresses_ev_per_angstrom3=None if any(one is None for one in stresses) else np.array(stresses, dtype=float),
    )
