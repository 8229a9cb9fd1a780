"""Factors that follow from a device or a time law: only what grows with the atoms is slower in float64."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from factories import make_card, make_summary
from mlipguide.catalog.slow_causes import load_slow_causes
from mlipguide.costmodel.slow_factors import Case, factor_of, few_atoms_factor, growing_share, is_possible
from mlipguide.costmodel.transfer import TransferModel
from mlipguide.costmodel.transfer_predictions import ReferenceTimings
from mlipguide.hardware.profiles import parse_profiles
from mlipguide.records.estimate import Basis, Estimate, around
from mlipguide.records.timing.run_log import LogProgram, RunLog
from mlipguide.records.timing.slowdown import SlowdownKind


@dataclass(frozen=True)
class Line:
    """A step that takes a fixed time and one for each atom."""

    fixed_s: float
    each_s: float

    def step_time_s(self, atoms: int) -> Estimate | None:
        return around(self.fixed_s + self.each_s * atoms, 1.2, basis=Basis.FITTED, source="a line")

    def peak_memory_bytes(self, atoms: int) -> Estimate | None:
        raise NotImplementedError(atoms)

    def largest_system_atoms(self, memory_bytes: int) -> Estimate | None:
        raise NotImplementedError(memory_bytes)

    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        raise NotImplementedError(steps, budget_s)


def case(device: str = "A100-80GB", *, fixed: float = 0.01, each: float = 1e-5, atoms: int = 1000) -> Case:
    (profile,) = parse_profiles(device)
    known = ReferenceTimings(
        transfer=TransferModel([]), own={}, published={}, structure=make_summary(), families=frozenset()
    )
    return Case(
        card=make_card(),
        profile=profile,
        atoms=atoms,
        code=None,
        costs=Line(fixed, each),
        known=known,
        log=None,
    )


def factor(kind: SlowdownKind, of: Case) -> Estimate:
    found = factor_of(load_slow_causes()[kind], of)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    return found


def test_half_of_a_step_grows_where_the_fixed_part_is_as_long() -> None:
    share = growing_share(Line(0.01, 1e-5), 1000)
    assert share is not None
    assert share.value == pytest.approx(0.5, abs=0.001)
    few = few_atoms_factor(case())
    assert few is not None
    assert few.value == pytest.approx(2.0, abs=0.01)


def test_float64_costs_what_the_device_s_rates_say_of_the_part_that_grows() -> None:
    assert factor(SlowdownKind.FLOAT64, case("A100-80GB", fixed=1e-9)).value == pytest.approx(2.0, rel=0.01)
    consumer = factor(SlowdownKind.FLOAT64, case("RTX4090", fixed=1e-9))
    assert consumer.low == pytest.approx(1.5, rel=0.01)
    assert consumer.at_most > 60
    small = factor(SlowdownKind.FLOAT64, case("RTX4090", fixed=1.0, atoms=10))
    assert small.value < 1.2
    assert small.at_most < consumer.at_most / 5


def test_a_processor_is_slower_by_what_was_timed_on_two_cores() -> None:
    from dataclasses import replace

    from mlipguide.catalog.cards import load_catalogue

    mace = replace(case(each=1.4e-4, fixed=0.01, atoms=480), card=load_catalogue().find("mace-mp-0-medium"))
    plain = factor(SlowdownKind.PROCESSOR, mace)
    assert 5 < plain.value < 30
    two_cores = RunLog(path="x", program=LogProgram.LAMMPS, steps=10, wall_s=1.0, processes=2, threads=1)
    told = factor(SlowdownKind.PROCESSOR, replace(mace, log=two_cores))
    assert 40 < told.value < 90
    assert told.at_most / told.at_least < plain.at_most / plain.at_least
    assert factor_of(load_slow_causes()[SlowdownKind.PROCESSOR], case()) is None  # of its family nothing was timed


def test_late_launches_count_where_nothing_grows() -> None:
    assert factor(SlowdownKind.HOST, case(fixed=1.0, atoms=10)).value == pytest.approx(2.0, rel=0.02)
    assert factor(SlowdownKind.HOST, case(fixed=1e-9)).at_most < 1.1


def test_what_can_be_a_reason_depends_on_the_hardware_and_the_log() -> None:
    on_gpu, on_cpu = case(), case("EPYC-7763")
    for kind in (SlowdownKind.PROCESSOR, SlowdownKind.SHARED_GPU, SlowdownKind.NEIGHBOURS, SlowdownKind.HOST):
        assert is_possible(kind, on_gpu)
        assert not is_possible(kind, on_cpu)
    assert is_possible(SlowdownKind.FEW_THREADS, on_cpu)
    assert not is_possible(SlowdownKind.ONE_DEVICE, on_gpu)
    assert is_possible(SlowdownKind.ONE_DEVICE, case("2xA100-80GB"))
    assert not is_possible(SlowdownKind.FLOAT64, case("M2-Ultra"))
