"""The longest stable time step, by trial; and the step to recommend.

A step is stable when a short run stays together and its energy does not climb: between its first and last third the
mean total energy rises by no more than half the mean kinetic energy. Velocity Verlet is stable for a harmonic
vibration below 2 / omega (Hairer, Lubich, Wanner 2003, doi:10.1017/S0962492902000144); beyond, the energy grows
exponentially. A step to recommend keeps a distance: the fluctuation of the total energy over that of the kinetic
energy, which for a harmonic vibration is (omega dt)^2 / 4, stays below its threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlipguide.sessions.interface import Trajectory

CLIMB_SHARE = 0.5
"""Of the kinetic energy; a judgement: above how far the energy swings near the limit, below what growth beyond it makes
of it within a few steps."""
GROWTH = 1.6
LONGEST_STEP_FS = 20.0
SHORTEST_STEP_FS = 0.05
COMMON_STEPS_FS = (10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0.25, 0.1)
ROUNDING = 1 + 1e-9


@dataclass(frozen=True)
class Bracket:
    """What a search found.

    Attributes:
        stable_fs: Longest step that was stable; None when none was.
        unstable_fs: Shortest step that was not; None when the search ended before.
        trials: Number of runs.
    """

    stable_fs: float | None
    unstable_fs: float | None
    trials: int


def is_stable(trajectory: Trajectory) -> bool:
    """Tell whether a run stayed together without climbing in energy."""
    if trajectory.stopped_because is not None:
        return False
    total = np.array([one.energy_ev + one.kinetic_ev for one in trajectory.snapshots])
    kinetic = np.array([one.kinetic_ev for one in trajectory.snapshots])
    third = max(1, len(total) // 3)
    climb = float(total[-third:].mean() - total[:third].mean())
    return climb <= CLIMB_SHARE * float(kinetic[:third].mean())


def search(
    stable: Callable[[float], bool], start_fs: float, *, known_stable_fs: float | None = None, bisections: int = 2
) -> Bracket:
    """Return between which steps stability ends.

    Args:
        stable: Runs with a step (fs) and tells whether it was stable.
        start_fs: The first step to try.
        known_stable_fs: A step that was stable before; the search begins above it.
        bisections: How often the gap is halved after both sides were found.
    """
    low, high, trials = known_stable_fs, None, 0
    step = start_fs if low is None else low * GROWTH
    while high is None or low is None:
        if step > LONGEST_STEP_FS * ROUNDING or step < SHORTEST_STEP_FS / ROUNDING:
            return Bracket(low, high, trials)
        trials += 1
        if stable(step):
            low = step
            step *= GROWTH
        else:
            high = step
            step /= GROWTH
    for _ in range(bisections):
        middle = math.sqrt(low * high)
        trials += 1
        if stable(middle):
            low = middle
        else:
            high = middle
    return Bracket(low, high, trials)


def recommended_fs(
    bracket: Bracket, ratios: Mapping[float, float], *, limit: float, excluded: Sequence[float], highest_fs: float
) -> float | None:
    """Return the longest common step that keeps every limit; None when there is none.

    Args:
        bracket: Of stability.
        ratios: Fluctuation ratio by step (fs), from runs that were stable.
        limit: Of that ratio.
        excluded: Steps (fs) at which the energy drifted because of the step.
        highest_fs: No longer step was looked at closely enough.
    """
    if bracket.stable_fs is None:
        return None
    highest = min(bracket.stable_fs, highest_fs, *(step * (1 - 1e-6) for step in excluded))
    known = {step: ratio for step, ratio in ratios.items() if ratio > 0}
    if known:
        step, ratio = min(known.items(), key=lambda item: abs(math.log(item[1] / limit)))
        highest = min(highest, step * math.sqrt(limit / ratio))
    common = {*COMMON_STEPS_FS, *ratios}
    fitting = [step for step in common if step <= highest * ROUNDING]
    return max(fitting, default=None)
