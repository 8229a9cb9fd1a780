"""Errors of real models on the whole test sets of Zuo et al. (2020), where those are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlipguide.commands.evaluate import evaluate
from mlipguide.records.requests.accuracy import EvaluateRequest

BESIDE = Path(__file__).parents[3] / "shared"
LABELS = Path(os.environ.get("MLIPGUIDE_SHARED", BESIDE)) / "data" / "mlearn"
KNOWN = {
    "Si_test": {"sevennet-l3i5": 0.102, "sevennet-0": 0.133, "chgnet-0.3.0": 0.192},
    "Li_test": {"sevennet-l3i5": 0.041, "sevennet-0": 0.053, "chgnet-0.3.0": 0.047},
}
"""Force MAE, eV/Å, measured once with the packages' weights, independently of mlipguide."""


@pytest.mark.in_turn("real accuracy", 1)
@pytest.mark.integration
@pytest.mark.parametrize("name", list(KNOWN))
def test_the_errors_are_those_measured_elsewhere(name: str) -> None:
    path = LABELS / f"{name}.extxyz"
    if not path.is_file():
        pytest.skip("the whole test sets are not here; MLIPGUIDE_SHARED names their folder")
    result = evaluate(EvaluateRequest(labels=str(path), models=",".join(KNOWN[name])))
    found = {one.model: round(one.force_mae_ev_per_angstrom.value, 3) for one in result.data.results}
    if not set(KNOWN[name]) <= set(found):
        pytest.skip(f"not all models can run here: {[one.message for one in result.notices]}")
    assert found == KNOWN[name]
    assert all(one.significant is not None for one in result.data.ranking)
