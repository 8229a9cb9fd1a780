"""All distances of few points and the tree of many find the same neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from mlipguide.worker import neighbours
from mlipguide.worker.neighbours import count_near, near_pairs, nearest_distances

POINTS = np.random.default_rng(3).uniform(0, 10, (120, 3))
POINTS[7] = POINTS[90]  # two in one place
POINTS[11] = 60.0  # one alone


def test_both_ways_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> tuple[set[tuple[int, int]], int, list[float]]:
        pairs = {(int(one), int(other)) for one, other in near_pairs(POINTS, 40, 2.0)}
        return pairs, count_near(POINTS, 40, 2.0), nearest_distances(POINTS, np.arange(5, 20), 3.0).tolist()

    few = found()
    monkeypatch.setattr(neighbours, "FEW_DISTANCES", 0)
    many = found()
    assert few[0] == many[0]
    assert (7, 90) in few[0]
    assert all(one < other and one < 40 for one, other in few[0])
    assert few[1] == many[1] > 40
    assert few[2] == pytest.approx(many[2])
    assert few[2][2] == 0.0
    assert few[2][6] == np.inf


def test_one_point_has_no_neighbour() -> None:
    alone = POINTS[:1]
    assert len(near_pairs(alone, 1, 5.0)) == 0
    assert count_near(alone, 1, 5.0) == 1
    assert nearest_distances(alone, np.arange(1)).tolist() == [np.inf]
