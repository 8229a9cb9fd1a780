"""Several MPI ranks from the law of one."""

from __future__ import annotations

import pytest

from mlipguide.costmodel.domains import best_cut
from mlipguide.costmodel.points import Point
from mlipguide.costmodel.ranks import SHARED_MACHINE, predict_ranks
from mlipguide.costmodel.scaling import ScalingLaw
from mlipguide.records.estimate import Basis, Estimate

PAIRS = 28.0
PER_ATOM_S = 1e-4


def predicted(atoms: int, ranks: int, *, fixed_s: float = 0.0) -> Estimate:
    law = ScalingLaw(
        [
            Point(atoms=size, pairs=size * PAIRS, value=fixed_s + size * PER_ATOM_S, error=0.005)
            for size in (100, 300, 1000, 3000)
        ],
        source="test",
    )
    return predict_ranks(law, atoms, pairs_per_atom=PAIRS, ranks=ranks, cutoff_angstrom=5.0, atoms_per_angstrom3=0.05)


@pytest.mark.parametrize("ranks", [2, 4, 8])
def test_each_rank_has_its_share_of_the_atoms(ranks: int) -> None:
    atoms = 500 * ranks
    found = predicted(atoms, ranks)
    assert found.value == pytest.approx(500 * PER_ATOM_S, rel=0.03)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_what_does_not_depend_on_the_size_is_not_shared() -> None:
    assert predicted(1000, 2, fixed_s=0.5).value == pytest.approx(0.5 + 500 * PER_ATOM_S, rel=0.05)


def test_busy_processors_widen_the_interval_upwards_only() -> None:
    two, half = predicted(1400, 2), predicted(700, 1)
    assert two.value == pytest.approx(half.value, rel=0.01)
    assert two.high is not None
    assert half.high is not None
    assert two.high / half.high == pytest.approx(1 + SHARED_MACHINE, rel=0.01)


def test_a_prediction_is_never_called_measured() -> None:
    """Half of the atoms may be a size that one rank was measured at; two ranks were not."""
    assert predicted(2000, 2).basis is Basis.FITTED
    assert predicted(60_000, 2).basis is Basis.EXTRAPOLATED


def test_a_cube_is_cut_into_compact_boxes() -> None:
    assert best_cut(8) == (2, 2, 2)
    assert sorted(best_cut(4)) == [1, 2, 2]
