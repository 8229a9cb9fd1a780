"""SevenNet-0 makes a stable run of silicon at 1 fs; single precision fails no test."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.candidates.preparation import Consent
from mlipguide.commands.stability import Options, stability
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.records.accuracy.stability import CheckVerdict
from mlipguide.records.requests.recommend import TaskRequest

pytestmark = pytest.mark.integration

SILICON = Path(__file__).parents[2] / "configs" / "structures" / "Si.POSCAR"


@pytest.mark.in_turn("commands on real models", 1)
def test_sevennet_passes_on_silicon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    request = TaskRequest(structure=str(SILICON), models="sevennet-0", timestep="1fs", temperature="300K")
    options = Options(budget="10s", threads=1, consent=Consent(granted=True, ask=None))
    (found,) = stability(request, options).data.results
    failed = [one.test for one in found.tests if one.verdict not in (CheckVerdict.PASSED, CheckVerdict.NOT_APPLICABLE)]
    assert not [name for name in failed if found.test(name).decisive]
    assert found.verdict is CheckVerdict.PASSED
    assert found.conservative is True
    assert found.recommended_timestep_s is not None
    assert found.recommended_timestep_s >= 1e-15
    bulk_modulus = found.test("bulk-modulus").value
    assert bulk_modulus == pytest.approx(98, rel=0.15)  # of silicon, GPa
