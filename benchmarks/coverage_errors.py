"""Errors on labelled frames: how often their intervals hold the truth, and how far a fitted shift flatters energies.

Frames have errors of lognormal distribution, which are skewed as those of potentials are, and are of one trajectory
(autoregressive, of the first order), of several, or independent. Versions before ``stats.frame_means`` are asked
through the two codes that they had.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coverage import Experiment

TRIALS = 200
SIGMA = 0.5
"""Standard deviation of the logarithm of a frame's error."""
Numbers = NDArray[np.float64]
Interval = tuple[float | None, float | None]


def correlated(random: np.random.Generator, frames: int, correlation: float) -> Numbers:
    """Return a stationary series of variance 1."""
    noise = random.standard_normal(frames)
    series = noise.copy()
    for place in range(1, frames):
        series[place] = correlation * series[place - 1] + np.sqrt(1 - correlation**2) * noise[place]
    return series


def normal_errors(
    random: np.random.Generator, lengths: Sequence[int], correlation: float, between: float
) -> tuple[Numbers, tuple[int, ...]]:
    """Return normal deviates of frames of runs of these lengths, and the run of each.

    Args:
        random: Draws them.
        lengths: Frames of each run.
        correlation: Of neighbours.
        between: Share of the variance that is between runs.
    """
    parts = [
        np.sqrt(between) * random.standard_normal() + np.sqrt(1 - between) * correlated(random, length, correlation)
        for length in lengths
    ]
    return np.concatenate(parts), tuple(int(run) for run in np.repeat(np.arange(len(lengths)), lengths))


def interval_now(errors: Numbers, runs: tuple[int, ...], *, positive: bool = True, fitted: int = 0) -> Interval:
    """Return the interval of a mean as all commands have it."""
    from mlipguide.stats.frame_means import FrameGroups, mean_over

    groups = FrameGroups(runs, (None,) * len(runs))
    mean = mean_over(errors, np.ones(len(errors)), groups, positive=positive, fitted=fitted)
    return mean.low, mean.high


def interval_by_frames(errors: Numbers, _runs: tuple[int, ...], *, positive: bool = True) -> Interval:
    """Return the interval as ``train`` had it: a bootstrap over single frames."""
    from mlipguide.stats import errors as old

    del positive
    mean = old._mean(errors.tolist(), [1] * len(errors))  # type: ignore[attr-defined]  # noqa: SLF001  # of that version
    return mean.low, mean.high


def interval_by_blocks(errors: Numbers, runs: tuple[int, ...], *, positive: bool = True) -> Interval:
    """Return the interval as ``evaluate`` had it: a bootstrap over blocks of frames."""
    from mlipguide.evidence import block_bootstrap as old  # type: ignore[attr-defined]  # of that version

    del positive
    columns = np.column_stack([errors, np.ones(len(errors))])
    found = old.bootstrapped(columns, old.blocks_of(np.array(runs), errors), source="x")
    return found.low, found.high


def _is_old() -> bool:
    try:
        import mlipguide.stats.frame_means  # noqa: F401
    except ImportError:
        return True
    return False


def mean_trials(
    ask: Callable[..., Interval], lengths: Sequence[int], correlation: float, between: float
) -> Iterator[bool | None]:
    """Estimate the mean of skewed errors."""
    random = np.random.default_rng(sum(lengths))
    truth = float(np.exp(SIGMA**2 / 2))
    for _ in range(TRIALS):
        deviates, runs = normal_errors(random, lengths, correlation, between)
        low, high = ask(np.exp(SIGMA * deviates), runs)
        yield None if low is None or high is None else low <= truth <= high


def pair_trials(ask: Callable[..., Interval], lengths: Sequence[int], correlation: float) -> Iterator[bool | None]:
    """Estimate the mean difference of two models on the same frames, of either sign."""
    random = np.random.default_rng(sum(lengths))
    for _ in range(TRIALS):
        one, runs = normal_errors(random, lengths, correlation, 0.0)
        other, _ = normal_errors(random, lengths, correlation, 0.0)
        difference = np.exp(SIGMA * one) - 1.2 * np.exp(SIGMA * other)
        truth = -0.2 * float(np.exp(SIGMA**2 / 2))
        low, high = ask(difference, runs, positive=False)
        yield None if low is None or high is None else low <= truth <= high


def compositions(random: np.random.Generator, frames: int, elements: int) -> list[dict[str, int]]:
    """Return random compositions in which each element is."""
    return [
        {f"E{place}": int(count) for place, count in enumerate(random.integers(1, 9, elements))} for _ in range(frames)
    ]


def energy_after_shift(
    parts: list[dict[str, int]], differences_ev: Numbers, runs: tuple[int, ...], *, by: str
) -> tuple[float | None, Interval]:
    """Return the mean absolute error after a shift for each element, eV/atom, and its interval."""
    if _is_old():
        atoms = np.array([sum(one.values()) for one in parts])
        if by == "train":
            shares = np.array([list(one.values()) for one in parts]) / atoms[:, None]
            wrong = differences_ev / atoms
            rest = wrong - shares @ np.linalg.lstsq(shares, wrong, rcond=None)[0]
            return float(np.abs(rest).mean()), interval_by_frames(np.abs(rest), runs)
        from mlipguide.evidence.accuracy import energy_errors as old

        fit = old.fit_shifts(parts, differences_ev)  # type: ignore[attr-defined]  # of that version
        if len(parts) < 3 * fit.rank:
            return None, (None, None)
        rest = np.abs(fit.residuals_ev_per_atom)
        return float(rest.mean()), interval_by_blocks(rest, runs)
    from mlipguide.stats.energy_shifts import shifted_energies
    from mlipguide.stats.frame_means import FrameGroups

    found = shifted_energies(parts, differences_ev, FrameGroups(runs, (None,) * len(runs))).mae
    return (None, (None, None)) if found is None else (found.value, (found.low, found.high))


def drawn_energies(
    random: np.random.Generator, lengths: Sequence[int], elements: int, correlation: float
) -> tuple[list[dict[str, int]], Numbers, tuple[int, ...]]:
    """Return compositions, differences with an error of 1 eV/atom after the true shifts, and runs."""
    deviates, runs = normal_errors(random, lengths, correlation, 0.0)
    of_run = compositions(random, len(lengths), elements)
    parts = [of_run[run] for run in runs]
    shifts = random.normal(0, 10, elements)
    atoms = np.array([sum(one.values()) for one in parts])
    return parts, atoms * deviates + np.array([np.dot(list(one.values()), shifts) for one in parts]), runs


def energy_trials(lengths: Sequence[int], elements: int, correlation: float, by: str) -> Iterator[bool | None]:
    """Estimate the error of energies after a shift."""
    random = np.random.default_rng(sum(lengths) + elements)
    truth = float(np.sqrt(2 / np.pi))
    for _ in range(TRIALS):
        _, (low, high) = energy_after_shift(*drawn_energies(random, lengths, elements, correlation), by=by)
        yield None if low is None or high is None else low <= truth <= high


def _means() -> Iterator[Experiment]:
    codes = (
        {"train": interval_by_frames, "evaluate": interval_by_blocks}
        if _is_old()
        else {"train": interval_now, "evaluate": interval_now}
    )
    independent = [(f"{count} independent frames", [1] * count, 0.0, 0.0) for count in (2, 3, 5, 8, 15, 30, 150)]
    single = [
        (f"1 run of {count}, correlation {correlation}", [count], correlation, 0.0)
        for count in (3, 5, 8, 15, 30, 60, 150)
        for correlation in (0.0, 0.5, 0.8, 0.9)
    ]
    single.append(("1 run of 150, correlation 0.95", [150], 0.95, 0.0))
    several = [
        ("3 runs of 5, correlation 0.8", [5] * 3, 0.8, 0.0),
        ("2 runs of 15, correlation 0", [15] * 2, 0.0, 0.0),
        ("2 runs of 50, correlation 0.9", [50] * 2, 0.9, 0.0),
        ("5 runs of 6, correlation 0.5, differing", [6] * 5, 0.5, 0.3),
        ("10 runs of 15, correlation 0.9", [15] * 10, 0.9, 0.0),
        ("3 runs of 50, correlation 0.8, differing", [50] * 3, 0.8, 0.3),
        ("runs of 30, 10, 5, 1, 1, correlation 0.8, differing", [30, 10, 5, 1, 1], 0.8, 0.2),
    ]
    for name, ask in codes.items():
        for words, lengths, correlation, between in [*independent, *single, *several]:
            trials = partial(mean_trials, ask, lengths, correlation, between)
            yield Experiment(name=f"force MAE, {name}, {words}", trials=trials, goal=(0.85, 1.0))
    pair = codes["evaluate"]
    for count, correlation in ((1, 0.0), (30, 0.8), (150, 0.9)):
        lengths = [1] * 15 if count == 1 else [count]
        words = "15 independent frames" if count == 1 else f"1 run of {count}, correlation {correlation}"
        trials = partial(pair_trials, pair, lengths, correlation)
        yield Experiment(name=f"difference of two force MAE, {words}", trials=trials, goal=(0.85, 1.0))


def _energies() -> Iterator[Experiment]:
    for by in ("train", "evaluate"):
        for lengths, elements, correlation in (
            ([1] * 6, 4, 0.0),
            ([1] * 8, 4, 0.0),
            ([1] * 12, 4, 0.0),
            ([1] * 30, 4, 0.0),
            ([30], 2, 0.8),
            ([150], 2, 0.9),
            ([15] * 6, 3, 0.8),
        ):
            words = f"{len(lengths)} × {lengths[0]} frames, {elements} elements, correlation {correlation}"
            trials = partial(energy_trials, lengths, elements, correlation, by)
            yield Experiment(name=f"energy MAE, {by}, {words}", trials=trials, goal=(0.85, 1.0))


EXPERIMENTS = [*_means(), *_energies()]


def main() -> None:
    """Print how far a fitted shift flatters: the error that is shown over the true one."""
    argparse.ArgumentParser(description=main.__doc__).parse_args()
    print(f"{'energy MAE shown / true':<56}{'train':>8}{'evaluate':>10}")
    for lengths, elements, correlation in (
        ([1] * 5, 4, 0.0),
        ([1] * 6, 5, 0.0),
        ([1] * 8, 4, 0.0),
        ([1] * 10, 4, 0.0),
        ([1] * 12, 4, 0.0),
        ([1] * 24, 4, 0.0),
        ([1] * 100, 4, 0.0),
        ([30], 2, 0.8),
        ([15] * 6, 3, 0.8),
    ):
        shares = []
        for by in ("train", "evaluate"):
            random = np.random.default_rng(sum(lengths) + elements)
            found = [
                energy_after_shift(*drawn_energies(random, lengths, elements, correlation), by=by)[0]
                for _ in range(TRIALS)
            ]
            known = [one for one in found if one is not None]
            shares.append(np.mean(known) / np.sqrt(2 / np.pi) if len(known) > TRIALS / 2 else None)
        words = f"{len(lengths)} × {lengths[0]} frames, {elements} elements, correlation {correlation}"
        shown = ["none" if one is None else f"{one:.2f}" for one in shares]
        print(f"{words:<56}{shown[0]:>8}{shown[1]:>10}", flush=True)


if __name__ == "__main__":
    main()
