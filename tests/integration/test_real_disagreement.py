"""``disagree`` with real weights."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

STRUCTURE = Path(__file__).parents[2] / "configs" / "structures" / "Si.POSCAR"


@pytest.mark.in_turn("commands on real models", 1)
def test_two_real_models_differ_on_silicon(tmp_path: Path) -> None:
    words = ["disagree", str(STRUCTURE), "--models", "sevennet-0,chgnet-0.3.0", "--atoms", "16", "--budget", "10s"]
    done = subprocess.run(
        [sys.executable, "-m", "mlipguide", *words, "--output", "frames.extxyz", "--yes", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    data = json.loads(done.stdout)["data"]
    assert 0 < data["overall"]["relative_disagreement"] < 1
    assert 0 < data["overall"]["force_disagreement_ev_per_angstrom"] < 1
    assert data["extrapolated"] == [] or "meV/Å" in data["extrapolated"][0]
    assert (tmp_path / "frames.extxyz").exists()
