"""Tuned settings come back as they were kept; nothing is kept that a run should not be made with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kept_records import make_tuning
from mlipguide.core.kept_files import UnfitRecordError
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.timing.axes import AxisChoice, Purpose
from mlipguide.records.timing.tuning import Differences, ModelTuning, SettingOutcome, TriedSetting
from mlipguide.store import tunings

FORMATS = Path(__file__).parent / "formats" / "tunings"
CHANGED = (AxisChoice(axis="threads", value="2"),)
WITHIN = Differences(
    energy_ev_per_atom=1e-7,
    force_mae_ev_per_angstrom=1e-6,
    force_max_ev_per_angstrom=1e-5,
    stress_max_ev_per_angstrom3=None,
    lacks_stress=False,
    within_limits=True,
)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


def faster(low: float = 1.5, differences: Differences | None = WITHIN) -> ModelTuning:
    plain = make_tuning()
    chosen = plain.default.with_choice("threads", "2")
    speed_up = Estimate(value=max(low, 1.6), low=low, high=1.7, basis=Basis.MEASURED, source="8 rounds")
    tried = TriedSetting(
        settings=chosen,
        changed=CHANGED,
        outcome=SettingOutcome.CHOSEN,
        step_time_s=0.1,
        speed_up=speed_up,
        rounds=8,
        differences=differences,
        peak_memory_bytes=2**30,
        reason=None,
    )
    return replace(plain, chosen=chosen, changed=CHANGED, speed_up=speed_up, tried=(tried,))


def test_what_is_kept_is_found_by_machine_model_and_purpose() -> None:
    for record in (make_tuning(), faster()):
        tunings.keep(record)
        assert tunings.find(record.fingerprint, record.model, Purpose.MD) == record
    assert tunings.find("f" * 16, "fake-a", Purpose.MD) is None
    assert tunings.find(make_tuning().fingerprint, "fake-b", Purpose.MD) is None
    assert tunings.find(make_tuning().fingerprint, "fake-a", Purpose.SCREEN) is None


@pytest.mark.parametrize(
    "wrong",
    [
        faster(low=0.9),
        faster(differences=None),
        faster(differences=replace(WITHIN, within_limits=False)),
        replace(make_tuning(), atoms=()),
        replace(make_tuning(), speed_up=faster().speed_up),
    ],
)
def test_what_no_run_should_be_made_with_is_not_kept(wrong: ModelTuning) -> None:
    with pytest.raises(UnfitRecordError):
        tunings.keep(wrong)


def test_the_present_format_is_kept_and_every_one_is_read() -> None:
    kept = FORMATS / f"tuning-{tunings.FORMAT}.json"
    written = tunings.keep(faster())
    assert json.loads(kept.read_text(encoding="utf-8")) == json.loads(written.read_text(encoding="utf-8"))
    for path in FORMATS.glob("*.json"):
        assert tunings.FILES.read(path).chosen.threads == 2
