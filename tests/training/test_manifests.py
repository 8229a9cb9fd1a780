"""Manifests of each past version open, and one of a newer version is refused in a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mlipguide.core.errors import InputError
from mlipguide.records.training.distillation import Distillation
from mlipguide.records.training.fit import FitData
from mlipguide.training.fit.manifests import FORMAT, manifest_text, read_manifest

PAST = Path(__file__).parents[1] / "data" / "manifests"


def placed(folder: Path, name: str) -> Path:
    shutil.copy(PAST / name, folder / "manifest.json")
    return folder


def test_a_distillation_of_the_first_version_opens(tmp_path: Path) -> None:
    made = read_manifest(placed(tmp_path, "distillation-1.json"))
    assert isinstance(made, Distillation)
    assert made.comparison.student_temperature_k == pytest.approx(266.1, abs=0.1)
    assert (made.comparison.pair_distances, made.checks, made.constant_energy) == ((), (), None)


def test_a_fit_of_the_first_version_opens(tmp_path: Path) -> None:
    made = read_manifest(placed(tmp_path, "fit-1.json"))
    assert isinstance(made, FitData)
    assert made.dynamics.steps == 1000
    assert made.dynamics.drift_mev_per_atom_ps is None


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    made = read_manifest(placed(tmp_path, "distillation-1.json"))
    (tmp_path / "manifest.json").write_text(manifest_text(made), encoding="utf-8")
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["format"] == FORMAT
    assert read_manifest(tmp_path) == made


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps({"format": FORMAT + 1, "teacher": "a"}), "newer mlipguide"),
        (json.dumps({"format": "two"}), "no manifest|not a manifest"),
        ("[]", "not a manifest"),
        ("{", "not a readable manifest"),
        ("{}", "missing|required"),
    ],
)
def test_what_is_no_manifest_is_said(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_manifest(tmp_path)
