"""Predicted against measured, at sizes beyond those that the prediction was fitted to.

Each model is timed at five sizes of two structures of different density, as ``mlipguide bench --sizes`` does it: the
sizes in turn, in rounds. Laws are fitted to the smaller sizes and asked for the larger ones, at twice and at four times
the largest size fitted. The figures are the median error, and the share of the measured values inside the 90 %
interval. Every fit uses two or three sizes of the five, so one sweep gives three fits.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import SizeSource, Subject
from mlipguide.bench.sweep import Hooks, Limits, Sweep
from mlipguide.costmodel.costs import costs_from
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.measurement import Measurement
from mlipguide.sessions.interface import Conditions
from mlipguide.sessions.worker_session import open_session
from mlipguide.stats.centres import centre_of
from mlipguide.store import measurements as store
from mlipguide.structures.files import read_structure
from mlipguide.structures.summaries import summarise
from workbench import STRUCTURES, request_for, run_script, this_machine

MODELS = ("sevennet-0", "sevennet-l3i5", "chgnet-0.3.0", "mace-mp-0-medium")
SIZES = {"LiFePO4.cif": (28, 56, 112, 224, 448), "Si.POSCAR": (24, 48, 96, 192, 384)}
FITS = ((0, 1), (0, 1, 2), (1, 2))
"""Which of the sizes a law is fitted to."""
CONDITIONS = Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=True)


@dataclass(frozen=True)
class Point:
    """A prediction beside what was measured."""

    what: str
    model: str
    structure: str
    fitted: tuple[int, ...]
    atoms: int
    factor: int
    predicted: Estimate
    measured: float

    @property
    def error(self) -> float:
        """Relative error of the prediction."""
        return self.predicted.value / self.measured - 1

    @property
    def is_inside(self) -> bool:
        """Whether the measured value is inside the interval."""
        assert self.predicted.low is not None
        assert self.predicted.high is not None
        return self.predicted.low <= self.measured <= self.predicted.high


def measure(model: str, structure: str, budget_s: float) -> tuple[Measurement, ...]:
    """Time a model at all sizes of a structure."""
    request = request_for(model)
    atoms = read_structure(STRUCTURES / structure)
    summary = summarise(atoms, source=structure)
    machine, protocol = this_machine(), load_protocol()
    sweep = Sweep(
        sizes=SizeSource(atoms, summary, protocol),
        conditions=CONDITIONS,
        protocol=protocol,
        limits=Limits(
            budget_s=budget_s,
            memory_bytes=machine.memory.usable_bytes,
            usable_cores=machine.cpu.usable_cores,
            parallel_starts=1,
            resident_workers=1,
        ),
        hooks=Hooks(),
    )
    finished: list[CandidateRun] = []
    subject = Subject(card=request.card, settings=request.settings, open=partial(open_session, request))
    sweep.measure([subject], wanted_atoms=1, sizes=SIZES[structure], on_finished=finished.append)
    for problem in finished[0].problems:
        print(f"  {problem.message}")
    return measurements_of(finished[0], structure=summary, conditions=CONDITIONS, fingerprint=machine.fingerprint)


def kept(folder: Path, model: str, structure: str) -> tuple[Measurement, ...]:
    """Return the samples that were kept of a model and a structure."""
    found = store.find(this_machine().fingerprint, folder=folder).measurements
    return tuple(record for record in found if (record.model, record.structure.source) == (model, structure))


def points_of(records: tuple[Measurement, ...]) -> list[Point]:
    """Return the predictions of every fit beside the measured values."""
    found: list[Point] = []
    records = tuple(sorted(records, key=lambda record: record.atoms))
    for chosen in FITS:
        if chosen[-1] + 1 >= len(records):
            continue
        fitted = [records[index] for index in chosen]
        costs = costs_from(fitted)
        for factor, held_out in zip((2, 4), records[chosen[-1] + 1 : chosen[-1] + 3], strict=False):
            name = held_out.structure.source
            sizes = tuple(record.atoms for record in fitted)
            peak = costs.peak_memory_bytes(held_out.atoms)
            time_s = costs.step_time_s(held_out.atoms)
            measured_s = centre_of(held_out.steady.wall_s).value
            found.append(Point("time", held_out.model, name, sizes, held_out.atoms, factor, time_s, measured_s))
            if peak is not None and held_out.peak_memory_bytes is not None:
                peak_bytes = float(held_out.peak_memory_bytes)
                found.append(Point("memory", held_out.model, name, sizes, held_out.atoms, factor, peak, peak_bytes))
    return found


def figures(points: list[Point], what: str) -> str:
    """Return the figures of one kind of cost in a line."""
    chosen = [point for point in points if point.what == what]
    parts = []
    for factor in (2, 4):
        errors = [abs(point.error) for point in chosen if point.factor == factor]
        if errors:
            parts.append(f"median error {statistics.median(errors):.1%} at {factor}x (worst {max(errors):.0%})")
    inside = sum(point.is_inside for point in chosen)
    share = f"{inside} of {len(chosen)} ({inside / len(chosen):.0%}) inside the 90 % interval"
    return f"{what}: {', '.join(parts)}; {share}"


def main() -> None:
    """Measure, predict, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="store the raw samples there")
    parser.add_argument("--again", type=Path, metavar="FOLDER", help="use samples kept before and measure nothing")
    parser.add_argument("--budget", type=float, default=100.0, help="seconds for a model and a structure [100]")
    options = parser.parse_args()
    points: list[Point] = []
    for model in options.models:
        for structure in SIZES:
            if options.again is not None:
                records = kept(options.again, model, structure)
            else:
                records = measure(model, structure, options.budget)
            for record in records:
                if options.keep is not None:
                    store.append(record, folder=options.keep)
                centre = centre_of(record.steady.wall_s)
                width = centre.relative_half_width
                load = record.disturbance.other_load_share
                print(
                    f"{model} {structure} {record.atoms:4d} atoms: {centre.value:7.3f} s a step, "
                    f"{centre.value / record.atoms * 1e3:5.2f} ms/atom, {centre.samples} steps"
                    + (f" ±{width:.1%}" if width is not None else "")
                    + (f", other load {load:.0%}" if load is not None else "")
                    + (f", {len(record.set_aside.wall_s)} set aside" if record.set_aside.wall_s else "")
                    + f", peak {(record.peak_memory_bytes or 0) / 2**30:.2f} GiB",
                    flush=True,
                )
            new = points_of(records)
            for point in new:
                low, high = point.predicted.low or 0.0, point.predicted.high or 0.0
                print(
                    f"  {point.what:6s} fitted to {point.fitted}, {point.factor}x = {point.atoms} atoms: "
                    f"{point.error:+.1%} (interval {low / point.predicted.value - 1:+.0%} to "
                    f"{high / point.predicted.value - 1:+.0%}) {'inside' if point.is_inside else 'OUTSIDE'}"
                )
            points += new
    print(f"holdout: {figures(points, 'time')}. {figures(points, 'memory')}.")


if __name__ == "__main__":
    run_script(main)
