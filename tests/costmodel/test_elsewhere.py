"""Time and memory elsewhere: linear memory, its inverse, and sizes that fit into a budget."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from factories import make_situation
from fake_models import make_machine
from mlipguide.costmodel.domains import Share, share_of
from mlipguide.costmodel.elsewhere import MemoryNeed, RemoteCosts
from mlipguide.costmodel.points import Point
from mlipguide.costmodel.scaling import ScalingLaw
from mlipguide.costmodel.shapes import MEMORY
from mlipguide.costmodel.transfer import Timing, TransferModel
from mlipguide.costmodel.transfer_data import most_speed_up
from mlipguide.hardware.profiles import parse_profiles
from mlipguide.records.estimate import Basis

GIB = 2**30
SITUATION = make_situation()


def need(fixed: float = 1e9, per_atom: float = 4e6) -> MemoryNeed:
    return MemoryNeed.from_peaks([(100, fixed + 100 * per_atom), (1000, fixed + 1000 * per_atom)], source="somewhere")


def alone(atoms: float) -> Share:
    return Share(atoms, 0.0)


def costs(memory: MemoryNeed | None = None, *, devices: int = 1) -> RemoteCosts:
    timings = [Timing(SITUATION, float(n), 0.0, 0.02 + 1e-4 * n, 0.02) for n in (50, 500, 5000)]
    share = alone if devices == 1 else partial(_cut, devices=devices)
    return RemoteCosts(
        curve=TransferModel(timings).curve(SITUATION),
        memory=memory,
        code="ase",
        devices=devices,
        doublings=0.0,
        share=share,
        published_atoms=(50, 500, 5000),
        source="somewhere",
    )


def _cut(atoms: float, *, devices: int) -> Share:
    return share_of(atoms, devices, reach_angstrom=10, atoms_per_angstrom3=0.08)


def test_published_peaks_give_what_is_fixed_and_what_an_atom_adds() -> None:
    found = need()
    assert found.fixed_bytes == pytest.approx(1e9)
    assert found.bytes_per_atom == pytest.approx(4e6)
    assert found.basis is Basis.PUBLISHED


def test_a_denser_structure_takes_more_memory_and_is_less_certain() -> None:
    found = MemoryNeed.from_peaks([(100, 1e9), (1000, 4.6e9)], source="", density_ratio=2.0)
    assert 1.5 < found.bytes_per_atom / 4e6 < 2
    assert found.error > need().error


def test_a_single_published_limit_gives_memory_per_atom() -> None:
    found = MemoryNeed.from_peaks([(20_000, 8e10)], source="")
    assert found.fixed_bytes == 0
    assert found.bytes_per_atom == pytest.approx(4e6)


def test_a_law_measured_here_is_carried_over_as_a_straight_line() -> None:
    points = [Point(n, 40 * n, 7e8 + 3e6 * n, 0.03) for n in (64, 216, 512)]
    law = ScalingLaw(points, source="this machine", prior=MEMORY)
    found = MemoryNeed.from_law(law, pairs_per_atom=40, retained=False)
    assert found.bytes_per_atom == pytest.approx(3e6, rel=0.1)
    assert found.basis is Basis.TRANSFERRED
    peak = found.peak_bytes(20_000)
    assert peak.low is not None
    assert peak.high is not None
    assert peak.low < 7e8 + 3e6 * 20_000 < peak.high
    kept = MemoryNeed.from_law(law, pairs_per_atom=40, retained=True)
    assert kept.bytes_per_atom < found.bytes_per_atom
    assert kept.error > found.error


@pytest.mark.parametrize("devices", [1, 4])
@pytest.mark.parametrize("budget_s", [600.0, 3e4, 1e6, 5e8])
def test_one_atom_more_than_is_affordable_is_too_much(devices: int, budget_s: float) -> None:
    steps, found = 10_000, costs(devices=devices)
    affordable = found.affordable_atoms(steps=steps, budget_s=budget_s)
    assert affordable is not None
    most = round(affordable.value)
    assert found.median_step_s(most) * steps <= budget_s < found.median_step_s(most + 1) * steps


def test_the_largest_system_is_where_memory_ends() -> None:
    largest = costs(need()).largest_system_atoms(80e9)
    assert largest is not None
    assert largest.value == pytest.approx((80e9 - 1e9) / 4e6, abs=1)
    assert largest.low is not None
    assert largest.high is not None
    assert largest.low < largest.value < largest.high
    assert costs(need(fixed=2e11)).largest_system_atoms(80e9) is None
    assert costs(None).largest_system_atoms(80e9) is None


def test_several_devices_hold_more_but_not_in_proportion() -> None:
    one = costs(need()).largest_system_atoms(80e9)
    four = costs(need(), devices=4).largest_system_atoms(80e9)
    assert one is not None
    assert four is not None
    assert 1.5 * one.value < four.value < 4 * one.value


def test_what_the_budget_allows_takes_as_long_as_the_budget() -> None:
    found = costs(need())
    affordable = found.affordable_atoms(steps=100_000, budget_s=86_400)
    assert affordable is not None
    at = found.step_time_s(int(affordable.value))
    assert at is not None
    assert at.value * 100_000 == pytest.approx(86_400, rel=1e-3)
    assert affordable.low is not None
    assert affordable.high is not None
    assert affordable.low < affordable.value < affordable.high
    assert found.affordable_atoms(steps=10**12, budget_s=1.0) is None


def test_without_a_curve_no_time_is_stated() -> None:
    unknown = replace(costs(need()), curve=None)
    assert unknown.step_time_s(100) is None
    assert unknown.affordable_atoms(steps=10, budget_s=10) is None


def test_only_near_published_sizes_is_a_time_published() -> None:
    found = costs(need())
    bases = []
    for atoms in (30, 2_000, 9_000, 20_000):
        time = found.step_time_s(atoms)
        assert time is not None
        bases.append(time.basis)
    assert bases == [Basis.PUBLISHED, Basis.PUBLISHED, Basis.PUBLISHED, Basis.TRANSFERRED]


def test_nothing_of_the_list_is_faster_than_eight_of_its_fastest_by_their_peaks() -> None:
    here = make_machine()
    one, two = (most_speed_up(here, profile) for profile in parse_profiles("T4,2xT4"))
    assert one == pytest.approx(8 * 8e12 / 3.2e11), "8 TB/s against 320 GB/s"
    assert two == pytest.approx(one / 2)
    # Four cores draw 40 GB/s and do 0.32 TFLOP/s; the fastest of the list do some hundred times as much.
    assert 8 * 200 <= most_speed_up(here, None) < 8 * 1000
    half = most_speed_up(replace(here, cpu=replace(here.cpu, usable_cores=2.0)), None)
    assert half == pytest.approx(2 * most_speed_up(here, None))
