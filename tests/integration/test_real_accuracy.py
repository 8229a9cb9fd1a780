"""Errors of real models on frames of the test sets of Zuo et al. (2020)."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelled import DATA
from mlipguide.commands.evaluate import evaluate
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.records.requests.accuracy import EvaluateRequest

KNOWN = {
    "Si": {"sevennet-l3i5": 0.1182, "sevennet-0": 0.1747, "chgnet-0.3.0": 0.2608},
    "Li": {"sevennet-l3i5": 0.0303, "sevennet-0": 0.0316, "chgnet-0.3.0": 0.0389},
}
"""Force MAE, eV/Å, measured once with the packages' own calculators, independently of mlipguide."""


@pytest.mark.in_turn("real accuracy", 1)
@pytest.mark.integration
@pytest.mark.parametrize("name", list(KNOWN))
def test_the_errors_are_those_measured_elsewhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))  # nothing of an earlier run is reused
    result = evaluate(EvaluateRequest(labels=str(DATA / f"{name}.extxyz"), models=",".join(KNOWN[name])))
    found = {one.model: round(one.force_mae_ev_per_angstrom.value, 4) for one in result.data.results}
    if not set(KNOWN[name]) <= set(found):
        pytest.skip(f"not all models can run here: {[one.message for one in result.notices]}")
    assert found == KNOWN[name]
    assert all(one.significant is not None for one in result.data.ranking)
