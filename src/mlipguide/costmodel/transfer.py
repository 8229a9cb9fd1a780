r"""Step times on hardware that is not here, from timings of any models on any devices.

A step of a series of timings (one model, code, device, kind of structure) takes

    t = (t0 + a N) exp(c d),

N atoms on each device, ghosts included: a fixed part of launches and of the interpreter, a part in proportion to the
atoms, and, where a graph is split between devices, what each of d doublings of their number costs. The logarithms of t0
and a are random effects over the series (:mod:`mlipguide.costmodel.effects`): a crossed random-effects model, which is
a Gaussian process (Rasmussen & Williams, Gaussian Processes for Machine Learning, MIT Press 2006, sections 2.7, 3.4).
The mode of the posterior is found by Gauss-Newton steps, its covariance from the linearisation there (Laplace's
approximation). So a device on which the same model was timed gives a narrow interval, and one that shares only the
family or only its peak rates a wide one: what counts for what is not chosen by hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from mlipguide.costmodel.effects import (
    CALIBRATED,
    Matrix,
    Situation,
    Spreads,
    Vector,
    prior_covariance,
    prior_mean,
)

STEPS = 100
CONVERGED = 1e-6
SHORTEST_STEP = 1e-3


@dataclass(frozen=True)
class Timing:
    """One timing.

    Attributes:
        situation: Where it was taken.
        load_atoms: Atoms on each device, ghosts included by their work.
        doublings: Binary logarithm of the number of devices where the graph is split between them; 0 where space is
            cut, whose cost the ghosts are.
        step_time_s: Seconds of a step.
        error: Its relative standard error.
    """

    situation: Situation
    load_atoms: float
    doublings: float
    step_time_s: float
    error: float


class Curve:
    """The step time of one situation against the load: log-normal at each.

    Args:
        mean: Of log a, log t0 and c.
        covariance: Of the three.
        timing: Standard deviation of the logarithm of a timing from its law.
    """

    def __init__(self, mean: Vector, covariance: Matrix, timing: float) -> None:
        self._mean = mean.tolist()
        self._covariance = covariance.tolist()
        self._timing = timing

    def log_normal(self, load_atoms: float, doublings: float = 0.0) -> tuple[float, float]:
        """Return mean and standard deviation of the natural logarithm of the seconds of a step.

        The law of :func:`_law` at one point, in plain numbers: searches ask for thousands of them.
        """
        growing = math.exp(self._mean[0]) * load_atoms
        whole = growing + math.exp(self._mean[1])
        slopes = (growing / whole, 1 - growing / whole, doublings)
        variance = self._timing**2
        for one, row in zip(slopes, self._covariance, strict=True):
            variance += one * sum(other * entry for other, entry in zip(slopes, row, strict=True))
        return math.log(whole) + self._mean[2] * doublings, math.sqrt(variance)

    def given(self, timings: Sequence[Timing], *, common_error: float = 0.0) -> Curve:
        """Return this curve with timings of just this situation taken in; none of other situations changes by them.

        The state is updated as in :class:`TransferModel`, by Gauss-Newton steps from the curve as the prior.

        Args:
            timings: At least one.
            common_error: Standard deviation of the logarithm of what all times of the situation share, beyond what the
                curve knows of it.
        """
        prior, mean = np.array(self._covariance), np.array(self._mean)
        prior[:2, :2] += common_error**2
        observed = np.log([one.step_time_s for one in timings])
        noise = np.diag([one.error**2 + self._timing**2 for one in timings])
        points = [(0, one.load_atoms, one.doublings) for one in timings]
        state = mean
        for _ in range(STEPS):
            values, slopes = _law(state, points)
            gain = np.linalg.solve(slopes @ prior @ slopes.T + noise, slopes @ prior).T
            following = mean + gain @ (observed - values - slopes @ (mean - state))
            moved, state = float(np.abs(following - state).max()), following
            if moved < CONVERGED:
                break
        return Curve(state, prior - gain @ slopes @ prior, self._timing)

    def quantile_s(self, load_atoms: float, doublings: float, deviations: float) -> float:
        """Return the step time so many standard deviations from its median, seconds."""
        mean, deviation = self.log_normal(load_atoms, doublings)
        return math.exp(mean + deviations * deviation)


class TransferModel:
    """The posterior of all series of some timings, from which any situation's curve follows.

    Args:
        timings: Of any situations.
        spreads: The prior.
    """

    def __init__(self, timings: Sequence[Timing], spreads: Spreads = CALIBRATED) -> None:
        self._spreads = spreads
        self._series = list({one.situation.series: one.situation for one in timings}.values())
        if timings:
            with threadpool_limits(1, user_api="blas"):  # more threads wait for each other longer than they compute
                self._fit(timings)

    def curve(self, situation: Situation, *, further_error: float = 0.0) -> Curve:
        """Return the step time of a situation, timed or not; with a further standard deviation of its logarithm."""
        mean = prior_mean([situation], self._spreads)
        covariance = prior_covariance([situation], [situation], self._spreads)
        if self._series:
            across = prior_covariance([situation], self._series, self._spreads) @ self._slopes.T
            mean = mean + across @ self._pull
            covariance = covariance - across @ cho_solve(self._factor, across.T)
        return Curve(mean, covariance, math.hypot(self._spreads.timing, further_error))

    def _fit(self, timings: Sequence[Timing]) -> None:
        index = {one.series: position for position, one in enumerate(self._series)}
        points = [(index[one.situation.series], one.load_atoms, one.doublings) for one in timings]
        observed = np.log([one.step_time_s for one in timings])
        noise = np.array([one.error**2 + self._spreads.timing**2 for one in timings])
        mean = prior_mean(self._series, self._spreads)
        prior = prior_covariance(self._series, self._series, self._spreads)

        def misfit(weights: Vector) -> float:
            values, _ = _law(mean + prior @ weights, points)
            residuals = observed - values
            return float(residuals @ (residuals / noise) + weights @ prior @ weights)

        weights = np.zeros(len(mean))  # of the prior's columns: the state is mean + prior @ weights
        reached = misfit(weights)
        for _ in range(STEPS):
            values, self._slopes = _law(mean + prior @ weights, points)
            self._scatter = self._slopes @ prior @ self._slopes.T + np.diag(noise)
            self._pull = np.linalg.solve(self._scatter, observed - values + self._slopes @ (prior @ weights))
            wanted = self._slopes.T @ self._pull
            part = 1.0
            while (found := misfit(weights + part * (wanted - weights))) > reached and part > SHORTEST_STEP:
                part /= 2
            if reached - found < CONVERGED:
                break
            weights, reached = weights + part * (wanted - weights), found
        self._factor = cho_factor(self._scatter)


def _law(state: Vector, points: Sequence[tuple[int, float, float]]) -> tuple[Vector, Matrix]:
    """Return the logarithms of the times at ``points`` (series, load, doublings) and their derivatives by the state.

    The state holds log a of all series, then log t0 of all series, then c.
    """
    count = (len(state) - 1) // 2
    rows = np.arange(len(points))
    series = np.array([point[0] for point in points])
    doublings = np.array([point[2] for point in points])
    growing = np.exp(state[series]) * np.array([point[1] for point in points])
    fixed = np.exp(state[count + series])
    slopes = np.zeros((len(points), len(state)))
    slopes[rows, series] = growing / (growing + fixed)
    slopes[rows, count + series] = fixed / (growing + fixed)
    slopes[:, -1] = doublings
    return np.log(growing + fixed) + state[-1] * doublings, slopes
