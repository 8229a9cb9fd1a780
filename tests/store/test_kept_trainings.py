"""Kept pilots and distillations: past versions are read, what cannot be read is said and left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from known_trainings import make_distilled, make_tried
from mlipguide.core.paths import distillations_dir, pilots_dir
from mlipguide.store import distillations, pilots

FIRST = Path(__file__).parent / "formats" / "pilots" / "pilot-1.json"


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLIPGUIDE_DATA_DIR", str(tmp_path / "data"))


def test_a_pilot_of_the_first_version_is_read_with_what_it_knew() -> None:
    found = pilots.read(FIRST)
    (curve,) = found.curves
    assert [(fit.frames, fit.force_mae_ev_per_angstrom) for fit in curve.fits] == [(14, 0.11), (214, 0.066)]
    assert [fit.train_s for fit in curve.fits] == [None, 32.8]
    assert (curve.timed_atoms, found.labels) == (None, None)


def test_what_is_kept_is_found_for_the_same_elements() -> None:
    pilot, distilled = make_tried().pilot, make_distilled().kept
    pilots.keep(pilot)
    distillations.keep(distilled)
    assert pilots.find(["Si"]).pilots == (pilot,)
    assert distillations.find(["Si"]).distillations == (distilled,)
    assert pilots.find(["Si", "O"]).pilots == ()
    assert distillations.find(["C"]).distillations == ()


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"format": 1}), json.dumps({"format": 99, "distillation": {}})])
def test_what_cannot_be_read_is_a_notice(text: str) -> None:
    for folder in (pilots_dir(), distillations_dir()):
        folder.mkdir(parents=True)
        (folder / "one.json").write_text(text, encoding="utf-8")
    assert [one.kind for one in pilots.find(["Si"]).notices] == ["unreadable_pilot"]
    assert [one.kind for one in distillations.find(["Si"]).notices] == ["unreadable_distillation"]
    assert (pilots_dir() / "one.json").exists()
