"""Which sizes are timed, and whether their atoms may be propagated."""

from __future__ import annotations

from itertools import pairwise

import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from factories import make_protocol, make_subjects
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import SizeSource
from mlipguide.bench.sweep import Limits, Sweep
from mlipguide.core.errors import InputError
from mlipguide.sessions.interface import Conditions
from mlipguide.structures.summaries import summarise
from mlipguide.testing.fake_session import FakeSession


def source_of(atoms: Atoms) -> SizeSource:
    return SizeSource(atoms, summarise(atoms, source="test"), make_protocol())


def copper(cells: int) -> Atoms:
    crystal: Atoms = bulk("Cu", "fcc", a=3.6, cubic=True).repeat(cells)
    return crystal


def test_a_small_cell_is_repeated_up_to_the_task() -> None:
    sizes = source_of(copper(1))
    ladder = sizes.ladder(wanted=2000)
    assert 24 <= ladder[0] <= 48
    assert 1000 < ladder[-1] <= 2000
    assert all(1.2 < high / low < 4 for low, high in pairwise(ladder))
    for size in ladder:
        made = sizes.make(size)
        assert len(made.atoms) == size
        assert made.propagate


def test_the_ladder_never_exceeds_the_protocol_or_the_task() -> None:
    assert max(source_of(copper(2)).ladder(wanted=10**7)) <= 4096
    assert max(source_of(copper(2)).ladder(wanted=300)) <= 300


@pytest.mark.parametrize("wanted", [4, 8, 16])
def test_a_task_smaller_than_the_smallest_size_is_timed_itself(wanted: int) -> None:
    assert source_of(copper(1)).ladder(wanted=wanted) == (wanted,)


def test_a_big_cell_is_cut_into_blocks_that_are_not_propagated() -> None:
    crystal = copper(5)
    sizes = source_of(crystal)
    ladder = sizes.ladder(wanted=2000)
    assert ladder[0] == 24
    assert 500 in ladder
    assert ladder[-1] > 500
    for size in ladder:
        made = sizes.make(size)
        assert made.propagate is (size >= 500)
        assert 0.8 * size <= len(made.atoms) <= size
    assert sizes.make(500).atoms is crystal


@pytest.mark.parametrize("wanted", [24, 60, 200])
def test_of_a_big_cell_no_more_is_timed_than_is_wanted(wanted: int) -> None:
    ladder = source_of(copper(5)).ladder(wanted=wanted)
    assert wanted / 2 < max(ladder) <= wanted


def test_a_molecule_has_one_size() -> None:
    sizes = source_of(molecule("CH3CH2OH"))
    assert sizes.ladder(wanted=9) == (9,)
    assert sizes.make(9).propagate


def test_a_big_slab_is_not_cut() -> None:
    slab = fcc111("Cu", (7, 7, 4), a=3.6, vacuum=10)
    assert min(source_of(slab).ladder(wanted=1000)) == len(slab)


def test_structures_are_made_once() -> None:
    sizes = source_of(copper(1))
    assert sizes.make(32) is sizes.make(32)


def test_a_size_that_cannot_be_cut_is_left_out() -> None:
    class Uncuttable(SizeSource):
        def make(self, size: int):  # type: ignore[no-untyped-def]  # noqa: ANN202  # as in the class
            if size < 500:
                raise InputError("No block could be cut.")
            return super().make(size)

    crystal = copper(5)
    runs = sweep(Uncuttable(crystal, summarise(crystal, source="test"), make_protocol()), wanted=500)
    assert tuple(runs.sizes) == (500,)
    assert not runs.problems
    assert sweep(Uncuttable(crystal, summarise(crystal, source="test"), make_protocol()), wanted=100).problems


def sweep(sizes: SizeSource, *, wanted: int) -> CandidateRun:
    limits = Limits(budget_s=60, memory_bytes=2**34, usable_cores=1.0, parallel_starts=1, resident_workers=1)
    conditions = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)
    runs = Sweep(sizes=sizes, conditions=conditions, protocol=make_protocol(), limits=limits).measure(
        make_subjects({"fake": FakeSession}), wanted_atoms=wanted, on_finished=lambda _run: None
    )
    return runs[0]


def test_the_default_protocol_is_read() -> None:
    protocol = load_protocol()
    assert protocol.fewest_steps <= protocol.most_steps
    assert 0 < protocol.memory_share < 1
    assert protocol.growth > 1
