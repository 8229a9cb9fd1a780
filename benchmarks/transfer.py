"""How far predictions for hardware that is not here can be trusted.

Each published GPU timing is predicted from all others and from the timings of one CPU (``timings_of_a_cpu.csv``): the
share within a factor of two and the share inside the 90 % interval. The same with all timings of a series, of a model
or of a device left out at once, which is what a question about another device really asks. Timings on several devices
are predicted from those on one. Then the largest systems: what the memory that was measured here (``--memory``, two
minutes) or published says, against published peaks and limits. Nothing is stored among the user's own measurements.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.costmodel.effects import Peak, Situation
from mlipguide.costmodel.elsewhere import MemoryNeed
from mlipguide.costmodel.transfer import Timing, TransferModel
from mlipguide.hardware.device_models import find_device
from mlipguide.records.published import PublishedTiming
from mlipguide.stats.bursts import NORMAL_90
from mlipguide.workflows.bench import BenchOptions, BenchRequest, bench
from mlipguide.workflows.elsewhere import USABLE_SHARE, published_figures, published_timings
from mlipguide.workflows.hardware_answers import knowledge_of
from workbench import run_script, this_machine

TIMINGS_OF_A_CPU = Path(__file__).parent / "timings_of_a_cpu.csv"
CPU_PEAK = Peak(bandwidth_bytes_per_s=2.0e10, float32_flop_per_s=3.2e11)
"""Of the two cores that were used, as :func:`mlipguide.workflows.elsewhere.cpu_peak` sees them."""
TIME_FACTOR = 2.0
SIZE_FACTOR = 1.5


@dataclass(frozen=True)
class Trial:
    """A timing and what was predicted for it without it.

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
        return abs(self.log_ratio) <= math.log(TIME_FACTOR)

    @property
    def is_inside(self) -> bool:
        """Whether it is inside the 90 % interval."""
        return abs(self.log_ratio) <= NORMAL_90 * self.deviation


def timings_of_a_cpu() -> list[Timing]:
    """Return the timings that stand for those of this machine."""
    catalogue = load_catalogue()
    found: list[Timing] = []
    with TIMINGS_OF_A_CPU.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(line for line in stream if not line.startswith("#")):
            card = catalogue.find(row["model"])
            situation = Situation(
                law=card.architecture.time_law,
                family=card.architecture.family,
                driver="ase",
                code="ase",
                device="two cores",
                platform="cpu",
                peak=CPU_PEAK,
                system=row["system"],
            )
            found.append(Timing(situation, float(row["atoms"]), 1, float(row["step_ms"]) * 1e-3, 0.05))
    return found


def left_out(
    timings: Sequence[Timing], others: Sequence[Timing], key: Callable[[int, Timing], object]
) -> list[Trial]:
    """Predict every timing from those of another ``key`` and from ``others``."""
    keys = [key(index, timing) for index, timing in enumerate(timings)]
    trials: list[Trial] = []
    for group in dict.fromkeys(keys):
        known = [timing for timing, own in zip(timings, keys, strict=True) if own != group]
        model = TransferModel([*known, *others])
        trials += [predicted(model, timing) for timing, own in zip(timings, keys, strict=True) if own == group]
    return trials


def predicted(model: TransferModel, timing: Timing) -> Trial:
    """Predict one timing."""
    mean, deviation = model.curve(timing.situation).log_normal(timing.load_atoms, timing.devices)
    return Trial(timing, math.log(timing.step_time_s) - mean, deviation)


def summary(trials: Sequence[Trial]) -> str:
    """Return the shares, and how wide the intervals are."""
    near = sum(trial.is_near for trial in trials) / len(trials)
    inside = sum(trial.is_inside for trial in trials) / len(trials)
    width = math.exp(NORMAL_90 * statistics.median(trial.deviation for trial in trials))
    middle = math.exp(statistics.median(abs(trial.log_ratio) for trial in trials))
    return (
        f"{near:.0%} within a factor of {TIME_FACTOR:g}, {inside:.0%} inside the 90 % interval; median error a factor of "
        f"{middle:.2f}, median interval ×÷{width:.2g}"
    )


def show(trial: Trial) -> str:
    """Return one trial as a line."""
    timing, where = trial.timing, trial.timing.situation
    return (
        f"  {where.law:28} {where.code:30} {timing.devices:3d} x {where.device:15} {timing.load_atoms:9,.0f} atoms: "
        f"{timing.step_time_s * 1e3:9.2f} ms, published over predicted {math.exp(trial.log_ratio):5.2f}, "
        f"interval ×÷{math.exp(NORMAL_90 * trial.deviation):.2g}{'' if trial.is_inside else '  outside'}"
    )


@dataclass(frozen=True)
class Size:
    """A largest system, published and predicted."""

    what: str
    published: float
    predicted: float

    @property
    def is_near(self) -> bool:
        """Whether it is within the factor."""
        return abs(math.log(self.published / self.predicted)) <= math.log(SIZE_FACTOR)


def sizes_from_peaks(figures: Iterable[PublishedTiming]) -> list[Size]:
    """Predict from the other sizes of its series how many atoms the memory of each published peak holds."""
    series: dict[tuple[str, str | None], list[PublishedTiming]] = {}
    for figure in figures:
        if figure.peak_memory_bytes is not None:
            series.setdefault((figure.model, figure.device), []).append(figure)
    found: list[Size] = []
    for (model, device), members in series.items():
        for one in members:
            rest = [(float(x.atoms or 0), x.peak_memory_bytes or 0.0) for x in members if x is not one]
            need = MemoryNeed.from_peaks(rest, source="")
            atoms = ((one.peak_memory_bytes or 0.0) - need.fixed_bytes) / need.bytes_per_atom
            found.append(Size(f"{model} on {device}, from its other sizes", float(one.atoms or 0), max(1.0, atoms)))
    return found


def sizes_from_here(figures: Iterable[PublishedTiming], budget_s: float) -> list[Size]:
    """Measure the memory of an atom here and predict published limits and peaks of the same models with it."""
    catalogue = load_catalogue()
    wanted = {
        figure.model: catalogue.find(figure.model)
        for figure in figures
        if (figure.max_atoms is not None or figure.peak_memory_bytes is not None) and figure.device is not None
        and figure.model in {card.id for card in catalogue.cards if card.backend in ("sevenn", "mace-torch", "chgnet")}
    }
    names = ",".join(sorted(wanted))
    bench(BenchRequest(preset="nacl", models=names, sizes="64,216,512", budget=f"{budget_s:g}s"), BenchOptions())
    return []


def main() -> None:
    """Leave out, predict, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", action="store_true", help="show every prediction")
    parser.parse_args()


if __name__ == "__main__":
    run_script(main)
