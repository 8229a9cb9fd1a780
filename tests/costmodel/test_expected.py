"""What is expected of models before anything is timed: from one core's table, and from this machine's own timings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from factories import SETTINGS, make_measurement, make_summary
from fake_models import make_machine
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.reference_timings import load_reference_timings
from mlipguide.costmodel.costs import costs_from
from mlipguide.costmodel.expected import expected_costs
from mlipguide.costmodel.transfer_data import OwnTiming
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.machine import Gpu, GpuVendor, Machine

CATALOGUE = load_catalogue()
ROWS = {row.model: row for row in load_reference_timings()}
ONE_CORE = make_machine()
MODELS = ("sevennet-0", "chgnet-0.3.0", "m3gnet-mp-2021.2.8")


def expected(machine: Machine, own: Sequence[OwnTiming] = (), pairs: float = 1.0) -> dict[str, Estimate]:
    """Return the expected step times of 64 atoms with so many times the pairs of the table's structures."""
    cards = [CATALOGUE.find(model) for model in MODELS]
    found = expected_costs(
        cards,
        machine,
        own,
        catalogue=CATALOGUE,
        structure=make_summary(),
        pairs_per_atom=lambda card: pairs * ROWS[card.id].pairs_per_atom if card.id in ROWS else None,
        atoms=64,
    )
    times = {model: costs.step_time_s(64) for model, costs in found.items()}
    return {model: time for model, time in times.items() if time is not None}


def ends(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


def one_core() -> Machine:
    machine = make_machine()
    return replace(machine, cpu=replace(machine.cpu, usable_cores=1.0))


def test_the_table_s_own_core_and_structure_give_the_table_back() -> None:
    found = expected(one_core())
    for model in MODELS:
        row = ROWS[model]
        assert row.atoms == 64
        assert found[model].value == pytest.approx(row.step_ms * 1e-3, rel=0.15)
        low, high = ends(found[model])
        assert low < row.step_ms * 1e-3 < high


def test_more_cores_and_fewer_pairs_make_a_step_shorter() -> None:
    one, four, sparse = expected(one_core()), expected(make_machine()), expected(one_core(), pairs=0.5)
    for model in MODELS:
        assert 1.5 < one[model].value / four[model].value < 4
        assert 1.2 < one[model].value / sparse[model].value < 2.2


def test_one_timing_here_moves_what_is_expected_of_the_others_and_makes_it_surer() -> None:
    machine, slower = one_core(), 3.0
    step_s = slower * ROWS["sevennet-0"].step_ms * 1e-3
    records = [make_measurement(atoms, wall_s=(step_s * atoms / 64,) * 5) for atoms in (32, 64, 128)]
    own = OwnTiming(CATALOGUE.find("sevennet-0"), costs_from(records), SETTINGS, (32, 64, 128))
    before, after = expected(machine), expected(machine, [own])
    other = "chgnet-0.3.0"
    assert 1.5 < after[other].value / before[other].value < 1.2 * slower
    (low, high), (low_before, high_before) = ends(after[other]), ends(before[other])
    assert high / low < high_before / low_before


def test_nothing_is_expected_of_a_gpu_that_nobody_knows() -> None:
    gpu = Gpu(
        vendor=GpuVendor.NVIDIA,
        index=0,
        name="NVIDIA Nonesuch 9",
        memory_bytes=2**34,
        memory_used_bytes=None,
        driver=None,
        compute_capability=None,
        mig=None,
        clock_hz=None,
        max_clock_hz=None,
        power_limit_w=None,
        other_processes=None,
        uuid=None,
    )
    assert expected(make_machine(gpus=(gpu,))) == {}
