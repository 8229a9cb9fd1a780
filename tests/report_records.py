"""Answers of ``bench`` and ``check`` for tests of the report: valid ones, of which a test names what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from factories import SETTINGS, make_estimate, make_summary
from fake_models import make_machine
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.bench import BenchData, CostFit, CurvePoint, SizeResult
from mlipguide.records.timing.comparison import Change, ChangeVerdict, Comparison, Pairing, Side
from mlipguide.records.timing.measurement import Scenario, Settings, Weights

PER_ATOM_S = 1e-3
TIMESTEP_S = 2e-15


def measured(value: float, spread: float = 1.05) -> Estimate:
    return make_estimate(value, spread=spread, basis=Basis.MEASURED)


def make_size_result(atoms: int = 64, step_s: float | None = None, **changes: Any) -> SizeResult:
    """Return a size of which the graph takes 20 %, the network 70 % and the driver 10 %."""
    step_s = PER_ATOM_S * atoms if step_s is None else step_s
    item = SizeResult(
        model="model-a",
        scenario=Scenario.SINGLE_STREAM,
        atoms=atoms,
        pairs_per_atom=50.0,
        step_time_s=measured(step_s),
        energy_forces_time_s=measured(0.9 * step_s),
        model_time_s=measured(0.7 * step_s),
        cpu_time_s=measured(2 * step_s),
        first_call_s=1.5,
        samples=40,
        set_aside=0,
        peak_memory_bytes=make_estimate(2.0**30, spread=None, basis=Basis.MEASURED),
        settings=SETTINGS,
        weights=Weights.PRETRAINED,
        record=f"record-{atoms}",
    )
    return replace(item, **changes)


def make_series(
    model: str, sizes: Iterable[int], *, per_atom_s: float = PER_ATOM_S, settings: Settings = SETTINGS, **changes: Any
) -> tuple[SizeResult, ...]:
    """Return the sizes of one model."""
    return tuple(make_size_result(n, per_atom_s * n, model=model, settings=settings, **changes) for n in sizes)


def make_fit(series: Sequence[SizeResult]) -> CostFit:
    """Return the law of sizes whose time is proportional to them, up to four times the largest."""
    smallest, largest = series[0].atoms, series[-1].atoms
    per_atom_s = series[0].step_time_s.value / smallest
    sizes = sorted({round(smallest * (4 * largest / smallest) ** (step / 16)) for step in range(17)})
    return CostFit(
        model=series[0].model,
        settings=series[0].settings,
        scenario=series[0].scenario,
        pairs_per_atom=50.0,
        smallest_atoms=smallest,
        largest_atoms=largest,
        fixed_time_s=1e-3,
        time_per_atom_s=per_atom_s,
        fixed_memory_bytes=2.0**30,
        memory_per_atom_bytes=2.0**20,
        relative_half_width=0.05,
        curve=tuple(
            CurvePoint(
                atoms=size,
                step_time_s=make_estimate(
                    per_atom_s * size, basis=Basis.FITTED if size <= largest else Basis.EXTRAPOLATED
                ),
                peak_memory_bytes=None,
            )
            for size in sizes
        ),
    )


def make_bench(*series: tuple[SizeResult, ...], fitted: bool = True, **changes: Any) -> BenchData:
    """Return a run of ``series``, by default of two models, one with random weights."""
    series = series or (
        make_series("model-a", (32, 64, 128, 256)),
        make_series("model-b", (32, 64, 128), per_atom_s=5e-3, weights=Weights.SYNTHETIC),
    )
    data = BenchData(
        machine=make_machine(),
        structure=make_summary(),
        timestep_s=TIMESTEP_S,
        measurements=tuple(item for one in series for item in one),
        fits=tuple(make_fit(one) for one in series) if fitted else (),
    )
    return replace(data, **changes)


def make_change(model: str = "model-a", ratio: float = 1.0, half: float = 0.02, **changes: Any) -> Change:
    """Return a change that nothing counts of."""
    estimate = Estimate(value=ratio, low=ratio - half, high=ratio + half, basis=Basis.MEASURED, source="test")
    change = Change(
        model=model,
        atoms=64,
        settings=SETTINGS,
        scenario=Scenario.SINGLE_STREAM,
        baseline_s=measured(0.1),
        current_s=measured(0.1 * ratio),
        ratio=estimate,
        cpu_ratio=estimate,
        verdict=ChangeVerdict.UNCHANGED,
    )
    return replace(change, **changes)


def make_comparison(**changes: Any) -> Comparison:
    """Return one change of each verdict and one that is missing, of two torch versions in turn."""
    versions = {"torch": "2.7.1", "sevenn": "0.11.2"}
    comparison = Comparison(
        baseline=Side(
            name="old/bin/python",
            taken_at="2026-01-02T03:04:05+00:00",
            fingerprint="f" * 16,
            versions={"sevenn": versions},
        ),
        current=Side(
            name="now",
            taken_at="2026-01-02T03:04:05+00:00",
            fingerprint="f" * 16,
            versions={"sevenn": versions | {"torch": "2.8.0"}},
        ),
        pairing=Pairing.INTERLEAVED,
        normalised=False,
        max_slowdown=0.1,
        changes=(
            make_change("model-slow", 1.25, verdict=ChangeVerdict.SLOWER),
            make_change("model-fast", 0.8, verdict=ChangeVerdict.FASTER),
            make_change("model-same", 1.01, cpu_ratio=None),
            make_change("model-doubt", 1.05, 0.2, verdict=ChangeVerdict.UNCLEAR),
        ),
        only_in_baseline=("model-gone, 64 atoms",),
    )
    return replace(comparison, **changes)
