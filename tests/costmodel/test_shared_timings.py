"""Times of others as the transfer takes them: put together, and never decided by one."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.costmodel.shared_timings import SharedSeries, SharedSet, shared_series, to_measurement
from mlipguide.costmodel.transfer import Timing, TransferModel
from mlipguide.costmodel.transfer_data import ase_situation, class_device, untried_error
from mlipguide.records.timing.shared import SharedRecord
from mlipguide.stats.bursts import NORMAL_90
from shared_records import LAW, MODEL, STEP_PER_ATOM_S, processor_class, shared, silicon

DEVICE = class_device(processor_class())
SITUATION = ase_situation(load_catalogue().find(MODEL), DEVICE, "Si")
ELSEWHERE = replace(SITUATION, device="other")
EXPECTED = TransferModel(
    [Timing(ELSEWHERE, float(atoms), 0.0, 1.3 * atoms * STEP_PER_ATOM_S, 0.05) for atoms in (32, 128, 512)]
)
"""The model was timed on another processor, which was slower."""
SIZES = (64, 256)


def by(word: str, factor: float = 1.0, sizes: tuple[int, ...] = SIZES) -> list[SharedRecord]:
    return [shared(atoms, by=word, step_s=STEP_PER_ATOM_S * atoms * factor) for atoms in sizes]


def put_together(*records: list[SharedRecord], versions: dict[str, dict[str, str]] | None = None) -> SharedSeries:
    found = SharedSet(DEVICE, tuple(one for some in records for one in some), versions or {})
    card = load_catalogue().find(MODEL)
    (series,) = shared_series(found, {LAW: card}, silicon(), EXPECTED, further_error=untried_error(DEVICE)).values()
    return series


def interval(series: SharedSeries, atoms: float = 128.0) -> tuple[float, float, float]:
    """Return the step time with its 90 % interval, as an answer has it."""
    error = untried_error(DEVICE)
    curve = EXPECTED.curve(SITUATION, further_error=0.0 if series.timings else error)
    if series.timings:
        curve = curve.given(series.timings, common_error=error)
    low, value, high = (curve.quantile_s(atoms, 0.0, deviations) for deviations in (-NORMAL_90, 0.0, NORMAL_90))
    return low, value, high


@pytest.mark.parametrize("good", range(5))
@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_record_a_hundred_times_off_moves_no_answer_by_more_than_its_interval(good: int, factor: float) -> None:
    others = [by(f"good-{number}", 1.0 + 0.04 * number) for number in range(good)]
    after = put_together(*others, by("wild", factor))
    low, value, high = interval(put_together(*others)) if others else interval(replace(after, timings=()))
    moved = interval(after)[1]
    assert low <= moved <= high
    if good:
        assert moved == pytest.approx(value, rel=1e-6)
        assert (after.contributors, after.set_aside) == (good, 1)


def test_the_answer_holds_the_truth_and_is_narrower_with_more_contributors() -> None:
    widths = []
    for count in (1, 2, 4, 8):
        low, value, high = interval(put_together(*(by(f"c-{number}") for number in range(count))))
        assert low < STEP_PER_ATOM_S * 128 < high
        assert value == pytest.approx(STEP_PER_ATOM_S * 128, rel=0.1)
        widths.append(math.log(high / low))
    assert widths == sorted(widths, reverse=True)


def test_contributors_of_different_sizes_are_compared_by_their_laws() -> None:
    series = put_together(by("small", sizes=(32, 64)), by("large", sizes=(256, 512)), by("middle", sizes=(64, 256)))
    assert (series.contributors, series.set_aside) == (3, 0)
    assert series.sizes == (32, 64, 256, 512)
    assert len(series.timings) == 3
    assert interval(series, 300.0)[1] == pytest.approx(STEP_PER_ATOM_S * 300, rel=0.15)


def test_one_alone_tells_of_no_memory_and_two_who_agree_do() -> None:
    assert put_together(by("a")).peaks == ()
    peaks = put_together(by("a"), by("b")).peaks
    assert [atoms for atoms, _ in peaks] == [64.0, 256.0]
    assert peaks[0][1] == pytest.approx(2**29 + 64 * 2**20)
    wild = [replace(one, peak_memory_bytes=2**20) for one in by("c")]
    assert put_together(by("a"), by("b"), wild).peaks == peaks
    assert put_together(by("a"), wild).peaks == ()


def test_records_of_the_version_that_runs_here_count_where_there_are_any() -> None:
    older = [replace(one, versions={"sevenn": "0.12.0"}) for one in by("a", 1.6)]
    here = {"sevenn": {"sevenn": "0.13.0+cpu"}}
    assert interval(put_together(older + by("a"), versions=here)) == interval(put_together(by("a")))
    others = [replace(one, versions={"sevenn": "0.12.0"}) for one in by("b") + by("c")]
    low, _, high = interval(put_together(others, versions=here))
    same = interval(put_together(by("b"), by("c"), versions=here))
    assert high / low > same[2] / same[0]


def test_the_source_tells_whose_times_they_are() -> None:
    source = put_together(by("a"), by("b"), by("c"), by("wild", 50.0)).source
    assert source == "shared by 3 contributors with this hardware, 1 set aside, 2026-01-02, at 64, 256 atoms"


def test_a_shared_record_is_a_measurement_without_what_was_not_shared() -> None:
    measurement = to_measurement(shared(64))
    assert measurement.structure.number_density_per_angstrom3 == silicon().number_density_per_angstrom3
    assert measurement.structure.elements == ("Si",)
    assert measurement.burst_wall_s == (shared(64).steady_s[:4], shared(64).steady_s[4:])
