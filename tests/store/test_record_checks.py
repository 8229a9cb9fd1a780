"""Valid JSON whose numbers make no sense: neither written nor read, and in the way of nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factories import make_measurement, make_samples
from kept_records import make_evaluation, make_stability
from known_trainings import make_distilled, make_tried
from mlipguide.core.kept_files import KeptFiles, UnfitRecordError, UnusableFileError
from mlipguide.store import distillations, evidence, measurements, pilots, stability

STORES: dict[str, tuple[KeptFiles[Any], Callable[[], Any]]] = {
    "measurement": (measurements.FILES, make_measurement),
    "stability": (stability.FILES, make_stability),
    "evidence": (evidence.FILES, make_evaluation),
    "pilot": (pilots.FILES, lambda: make_tried().pilot),
    "distillation": (distillations.FILES, lambda: make_distilled().kept),
}
NONSENSE: list[tuple[str, str, Any]] = [
    ("measurement", "pairs_per_atom", 0.0),
    ("measurement", "pairs_per_atom", -3.0),
    ("measurement", "pairs_per_atom", math.nan),
    ("measurement", "atoms", 0),
    ("measurement", "atoms", -8),
    ("measurement", "atoms", 10**400),
    ("measurement", "load_s", math.inf),
    ("measurement", "load_s", -1.0),
    ("measurement", "timestep_s", 0.0),
    ("measurement", "temperature_k", -300.0),
    ("measurement", "taken_at", "yesterday"),
    ("measurement", "peak_memory_bytes", 0),
    ("measurement", "peak_memory_bytes", 10**400),
    ("measurement", "steady.wall_s.0", -0.1),
    ("measurement", "steady.wall_s.0", 0.0),
    ("measurement", "steady.wall_s.0", math.nan),
    ("measurement", "steady.wall_s.0", 10**400),
    ("measurement", "steady.cpu_s", [0.1]),
    ("measurement", "reference_s.0", -1.0),
    ("measurement", "settings.threads", 0),
    ("measurement", "structure.atoms", 0),
    ("measurement", "structure.elements", []),
    ("measurement", "structure.elements", ["Qq"]),
    ("measurement", "structure.elements", ["Li", "Li"]),
    ("measurement", "structure.number_density_per_angstrom3", 0.0),
    ("measurement", "steady_bursts", [6, -1]),
    ("measurement", "disturbance.other_load_share", -1.0),
    ("stability", "atoms", 0),
    ("stability", "timestep_s", -1e-15),
    ("stability", "recommended_timestep_s", 0.0),
    ("stability", "recommended_timestep_s", math.inf),
    ("stability", "taken_at", ""),
    ("stability", "wall_time_s", -1.0),
    ("evidence", "accuracy.frames", 0),
    ("evidence", "accuracy.atoms", 0),
    ("evidence", "accuracy.force_mae_ev_per_angstrom.value", -0.1),
    ("evidence", "accuracy.force_mae_ev_per_angstrom.value", math.nan),
    ("evidence", "accuracy.force_mae_ev_per_angstrom.low", 0.5),
    ("evidence", "frame_errors", []),
    ("evidence", "frame_errors.0.composition", {"Si": 0}),
    ("evidence", "frame_errors.0.composition", {"Qq": 2}),
    ("evidence", "labels.elements", ["Qq"]),
    ("pilot", "elements", []),
    ("pilot", "curves.0.fits.0.force_mae_ev_per_angstrom", 0.0),
    ("pilot", "curves.0.fits.0.force_mae_ev_per_angstrom", -0.1),
    ("pilot", "curves.0.fits.0.frames", 0),
    ("pilot", "made_at", "1"),
    ("distillation", "elements", ["Si", "Si"]),
    ("distillation", "cell_atoms", 0),
    ("distillation", "label_time_s", -1.0),
    ("distillation", "time_per_atom_s.value", 0.0),
    ("distillation", "temperature_k", -1.0),
]


def changed(plain: Any, where: str, value: Any) -> Any:
    """Return plain data with another value at a place."""
    first, _, rest = where.partition(".")
    if isinstance(plain, list):
        place = int(first)
        return [changed(one, rest, value) if rest and i == place else value if i == place else one
                for i, one in enumerate(plain)]  # fmt: skip
    return {**plain, first: changed(plain[first], rest, value) if rest else value}


@pytest.mark.parametrize(("name", "where", "value"), NONSENSE)
def test_what_makes_no_sense_is_set_aside_beside_what_does(name: str, where: str, value: Any, tmp_path: Path) -> None:
    files, make = STORES[name]
    good = files.write(tmp_path / "good.json", make())
    plain = json.loads(good.read_text(encoding="utf-8"))
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(changed(plain, f"{files.key}.{where}", value)), encoding="utf-8")
    found = files.look([bad, good])
    assert found.records == (make(),)
    (error,) = found.unusable
    assert error.path == bad
    assert str(bad) in error.message
    assert len(error.message) < 600


@pytest.mark.parametrize(
    "record",
    [
        make_measurement(pairs_per_atom=0.0),
        make_measurement(pairs_per_atom=math.nan),
        make_measurement(load_s=math.inf),
        make_measurement(wall_s=(0.1, -0.1, 0.1)),
        make_measurement(steady=make_samples(())),
        make_measurement(peak_memory_bytes=0),
    ],
    ids=["no pairs", "NaN", "infinite", "negative", "no step", "no memory"],
)
def test_what_makes_no_sense_is_not_written(record: Any, tmp_path: Path) -> None:
    with pytest.raises(UnfitRecordError, match="makes no sense"):
        measurements.append(record, folder=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_past_versions_that_hold_something_else_are_set_aside(tmp_path: Path) -> None:
    for files, _ in STORES.values():
        path = tmp_path / f"{files.key}.json"
        contents: list[dict[str, Any]] = [{}, {"curves": 3}, {"curves": [{}]}, {"steady": []}]
        for content in contents:
            path.write_text(json.dumps({"format": 1, files.key: content}), encoding="utf-8")
            with pytest.raises(UnusableFileError):
                files.read(path)


def test_names_of_records_of_all_kinds_have_a_check() -> None:
    for files, make in STORES.values():
        assert callable(files.kind.check)
        make().check()


def test_a_record_without_a_check_is_kept_as_it_is(tmp_path: Path) -> None:
    from mlipguide.records.notice import Notice

    files = KeptFiles(kind=Notice, name="notice", key="notice", format=1)
    notice = Notice("a", "b")
    assert files.read(files.write(tmp_path / "a.json", notice)) == notice
    assert replace(files, format=2, upgrades={1: lambda data: {**data, "message": "c"}}).read(tmp_path / "a.json") == (
        Notice("a", "c")
    )
