"""Baselines come back as they were saved, by name and by path; what cannot be read is said and left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from factories import make_measurement, make_summary
from fake_models import make_machine
from mlipguide.core.errors import InputError
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.core.serialisation import to_plain
from mlipguide.records.timing.comparison import Baseline, PlainStructure
from mlipguide.records.timing.measurement import Scenario
from mlipguide.store import baselines as store
from mlipguide.store import measurements


def make_baseline(name: str = "main") -> Baseline:
    return Baseline(
        name=name,
        saved_at="2026-01-02T03:04:05+00:00",
        machine=make_machine(),
        structure=make_summary(),
        atoms=PlainStructure(
            numbers=(3,),
            positions=((0.0, 0.1, 0.2),),
            cell=((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 3.0)),
            pbc=(True, True, True),
        ),
        temperature_k=300.0,
        timestep_s=1e-15,
        measurements=(make_measurement(), make_measurement(56)),
    )


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data"


def test_by_name_and_by_path(data: Path, tmp_path: Path) -> None:
    baseline = make_baseline()
    assert store.save(baseline, "main") == data / "baselines" / "main.json"
    file = tmp_path / "ci" / "guard.json"
    assert store.save(baseline, str(file)) == file
    assert store.read("main") == store.read(str(file)) == baseline
    assert store.names() == ("main",)
    assert store.name_of(str(file)) == "guard"
    assert not list(tmp_path.rglob("*.part"))


def test_an_existing_name_is_kept_unless_it_may_be_replaced() -> None:
    store.save(make_baseline(), "main")
    with pytest.raises(InputError, match="exists already"):
        store.save(make_baseline("other"), "main")
    assert store.read("main").name == "main"
    store.save(make_baseline("other"), "main", replace=True)
    assert store.read("main").name == "other"


@pytest.mark.parametrize("name", ["", ".hidden", "a b", "-x", "ä", "a" * 101])
def test_names_that_files_cannot_have(name: str) -> None:
    with pytest.raises(InputError, match="not a name"):
        store.save(make_baseline(), name)


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no baseline 'maim'") as caught:
        store.read("maim")
    assert "--save" in caught.value.hint
    store.save(make_baseline(), "main")
    with pytest.raises(InputError, match="Did you mean 'main'"):
        store.read("maim")
    with pytest.raises(InputError, match="no baseline"):
        store.read(str(tmp_path / "none.json"))


def document(**changes: Any) -> dict[str, Any]:
    baseline = to_plain(make_baseline())
    return {"format": 1, "measurement_format": measurements.FORMAT, "baseline": baseline, **changes}


def test_measurements_of_past_formats_are_upgraded(tmp_path: Path) -> None:
    old = json.loads((Path(__file__).parent / "formats" / "measurement-1.json").read_text(encoding="utf-8"))
    plain = document(measurement_format=old["format"])
    plain["baseline"]["measurements"] = [old["measurement"]]
    file = tmp_path / "old.json"
    file.write_text(json.dumps(plain), encoding="utf-8")
    (measurement,) = store.read(str(file)).measurements
    assert measurement.scenario is Scenario.SINGLE_STREAM
    assert measurement.reference_s == ()
    assert measurement.steady.wall_s == (0.1, 0.11, 0.1, 0.09, 0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a readable"),
        ("[]", "not a baseline"),
        ("{}", "not a baseline"),
        (json.dumps(document(format=2)), "newer mlipguide"),
        (json.dumps(document(measurement_format=measurements.FORMAT + 1)), "newer mlipguide"),
        (json.dumps(document(format=True)), "not a baseline"),
        (json.dumps(document(baseline=[])), "not a baseline"),
        (json.dumps(document(baseline={"measurements": [3]})), "measurements"),
    ],
)
def test_what_is_not_a_baseline_is_said_and_left_alone(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        store.read(str(file))
    assert file.read_text(encoding="utf-8") == text
