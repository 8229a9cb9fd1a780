"""How far predictions for hardware that is not here can be trusted.

Each published GPU timing is predicted from all others, from the timings of one CPU (``timings_of_a_cpu.csv``) and from
the rough step times of the leaderboard's molecular-dynamics test, which are not predicted themselves: the share within
a factor of two and the share inside the 90 % interval. The same with all timings of a series, of a model or of a device
left out at once, which is what a question about another device really asks. Timings on several devices are predicted
without those on several. The spreads of the effects were fitted to these same leave-outs (``--calibrate N`` does it
anew), so that the shares inside flatter them. ``--split N`` fits the spreads in N rounds to half of the series, from
wide ones that were fitted to nothing, and predicts the other half, both ways.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.cpu_timings import load_cpu_timings
from mlipguide.costmodel.effects import CALIBRATED, Peak, Situation, Spreads
from mlipguide.costmodel.transfer import Timing, TransferModel
from mlipguide.costmodel.transfer_data import leaderboard_timings, published_figures, published_timings
from mlipguide.stats.bursts import NORMAL_90
from workbench import run_script

CPU_PEAK = Peak(bandwidth_bytes_per_s=2.0e10, float32_flop_per_s=3.2e11)
"""Of the two cores that were used, as :func:`mlipguide.costmodel.transfer_data.cpu_peak` sees them."""
CPU_ERROR = 0.05
FACTOR = 2.0

Key = Callable[[int, Timing], object]
LEAVE_OUTS: dict[str, Key] = {
    "timing": lambda index, _timing: index,
    "series": lambda _index, timing: timing.situation.series,
    "model": lambda _index, timing: timing.situation.law,
    "device": lambda _index, timing: timing.situation.device,
}
"""What is left out at once, by what timings share."""


@dataclass(frozen=True)
class Trial:
    """A timing, and what was predicted without it.

    Attributes:
        timing: As published.
        log_ratio: Natural logarithm of published over predicted.
        deviation: Standard deviation of the prediction's logarithm.
    """

    timing: Timing
    log_ratio: float
    deviation: float

    @property
    def is_near(self) -> bool:
        """Whether it is within the factor."""
        return abs(self.log_ratio) <= math.log(FACTOR)

    @property
    def is_inside(self) -> bool:
        """Whether it is inside the 90 % interval."""
        return abs(self.log_ratio) <= NORMAL_90 * self.deviation

    @property
    def log_score(self) -> float:
        """Logarithm of the density that was given to what was published, but for a constant."""
        return -0.5 * (self.log_ratio / self.deviation) ** 2 - math.log(self.deviation)

    def __str__(self) -> str:
        """Say it in a line."""
        timing, place = self.timing, self.timing.situation
        where = f"{place.law:28} {place.code:30} {place.device:15}"
        size = f"{timing.load_atoms:9,.0f} atoms each, {timing.doublings:g} doublings"
        ratio = f"published over predicted {math.exp(self.log_ratio):5.2f}"
        interval = f"interval ×÷{math.exp(NORMAL_90 * self.deviation):.2g}{'' if self.is_inside else '  outside'}"
        return f"  {where} {size}: {timing.step_time_s * 1e3:9.2f} ms, {ratio}, {interval}"


def timings_of_a_cpu() -> list[Timing]:
    """Return the timings that stand for those of a user's machine."""
    catalogue = load_catalogue()
    found: list[Timing] = []
    for row in load_cpu_timings():
        card = catalogue.find(row.model)
        situation = Situation(
            law=card.architecture.time_law,
            family=card.architecture.family,
            driver="ase",
            code="ase",
            kernels="torch",
            device="two cores",
            platform="cpu",
            vendor="",
            peak=CPU_PEAK,
            system=row.system,
        )
        found.append(Timing(situation, float(row.atoms), 0.0, row.step_time_s, CPU_ERROR))
    return found


def left_out(
    timings: Sequence[Timing], others: Sequence[Timing], key: Key, spreads: Spreads = CALIBRATED
) -> list[Trial]:
    """Predict every timing from those of another ``key`` and from ``others``."""
    keys = [key(index, timing) for index, timing in enumerate(timings)]
    trials: list[Trial] = []
    for group in dict.fromkeys(keys):
        known = [timing for timing, own in zip(timings, keys, strict=True) if own != group]
        model = TransferModel([*known, *others], spreads)
        trials += [predicted(model, timing) for timing, own in zip(timings, keys, strict=True) if own == group]
    return trials


def predicted(model: TransferModel, timing: Timing) -> Trial:
    """Predict one timing."""
    mean, deviation = model.curve(timing.situation).log_normal(timing.load_atoms, timing.doublings)
    return Trial(timing, math.log(timing.step_time_s) - mean, deviation)


def summary(trials: Sequence[Trial]) -> str:
    """Return the shares, and how large the errors and wide the intervals are."""
    near = sum(trial.is_near for trial in trials) / len(trials)
    inside = sum(trial.is_inside for trial in trials) / len(trials)
    width = math.exp(NORMAL_90 * statistics.median(trial.deviation for trial in trials))
    middle = math.exp(statistics.median(abs(trial.log_ratio) for trial in trials))
    return (
        f"{near:.0%} of {len(trials)} within a factor of {FACTOR:g}, {inside:.0%} inside the 90 % interval; "
        f"median error a factor of {middle:.2f}, median interval ×÷{width:.2g}"
    )


def main() -> None:
    """Leave out, predict, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", action="store_true", help="show every prediction")
    parser.add_argument("--calibrate", type=int, metavar="N", help="fit the spreads in N rounds first, and print them")
    parser.add_argument("--split", type=int, metavar="N", help="fit to half of the series in N rounds, test the other")
    options = parser.parse_args()
    catalogue = load_catalogue()
    timings = published_timings(published_figures(catalogue))
    others = [*timings_of_a_cpu(), *leaderboard_timings(catalogue.cards)]
    spreads = CALIBRATED
    if options.calibrate:
        from transfer_calibration import calibrated

        spreads = calibrated(timings, others, rounds=options.calibrate)
        print(spreads)
    if options.split:
        from transfer_calibration import halves

        for name, key in LEAVE_OUTS.items():
            trials = [
                trial
                for fitted, half in halves(timings, others, rounds=options.split)
                for trial in left_out(timings, others, key, fitted)
                if trial.timing in half
            ]
            print(f"spreads fitted to the other half, leaving out each {name}: {summary(trials)}")
        return
    print("The spreads of the effects were fitted to these leave-outs: the shares inside are those of a fit.")
    first = ""
    for name, key in LEAVE_OUTS.items():
        trials = left_out(timings, others, key, spreads)
        if options.rows:
            print("\n".join(map(str, trials)))
        print(f"leaving out each {name}: {summary(trials)}")
        first = first or summary(trials)
    figures = published_figures(catalogue)
    several = published_timings([one for one in figures if one.devices > 1])
    model = TransferModel([*others, *published_timings([one for one in figures if one.devices == 1])], spreads)
    trials = [predicted(model, timing) for timing in several]
    print("\n".join(map(str, trials)))
    print(f"several devices, from timings on one: {summary(trials)}")
    print(f"transfer, leave-one-out: {first}.")


if __name__ == "__main__":
    run_script(main)
