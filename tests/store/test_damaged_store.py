"""Whatever is damaged of what is kept, every command that reads it still answers, and names the file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from factories import make_measurement
from fake_models import STRUCTURES, FakeModels, Outcome, Run, fake_card
from kept_records import DAMAGES, damage, make_baseline, make_evaluation, make_stability, make_tuning
from known_trainings import make_distilled, make_tried
from mlipguide.core.paths import data_dir, environments_dir, hardware_dir, own_models_dir
from mlipguide.core.serialisation import to_json, to_plain
from mlipguide.environments.adoption import SCHEMA as ADOPTED
from mlipguide.environments.managed_folders import write_marker
from mlipguide.environments.recipes import find_recipe
from mlipguide.store import baselines, distillations, evidence, measurements, pilots, stability, tunings

SILICON = str(STRUCTURES / "Si.POSCAR")
RECOMMEND = ("recommend", SILICON, "--models", "fake-a", "--json")
BENCH = ("bench", SILICON, "--models", "fake-a", "--json")
ALL: tuple[tuple[str, ...], ...] = (
    RECOMMEND,
    BENCH,
    ("plan", "fake-a", "--atoms", "100", "--json"),
    ("models", "list", "--json"),
    ("models", "show", "fake-a", "--json"),
    ("hardware", "list", "--json"),
    ("env", "list", "--json"),
    ("doctor", "--json"),
    ("explain", "memory", "--json"),
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of file that is kept.

    Attributes:
        write: Makes a valid one and returns it.
        commands: What reads it.
        silent: What cannot make it invalid.
    """

    write: Callable[[FakeModels], Path]
    commands: tuple[tuple[str, ...], ...]


def _measurement(models: FakeModels, record: str = "one") -> Path:
    found = make_measurement(
        64, record=record, model="fake-a", time_law="fake-a", backend="toy", fingerprint=models.machine.fingerprint
    )
    return measurements.append(found)


def _adopted(_models: FakeModels) -> Path:
    path = data_dir() / "adopted.json"
    path.write_text(to_json({"schema": ADOPTED, "environments": {}}), encoding="utf-8")
    return path


def _profile(_models: FakeModels) -> Path:
    hardware_dir().mkdir(parents=True)
    path = hardware_dir() / "mine.yaml"
    path.write_text("device: A100-80GB\ncount: 2\n", encoding="utf-8")
    return path


def _card(_models: FakeModels) -> Path:
    own_models_dir().mkdir(parents=True)
    path = own_models_dir() / "mine.yaml"
    path.write_text(yaml.safe_dump(to_plain(fake_card("mine"))), encoding="utf-8")
    return path


def _marker(_models: FakeModels) -> Path:
    recipe = find_recipe("toy")
    folder = environments_dir() / f"toy-{'0' * 12}"
    write_marker(folder, recipe, python_version="3.11.0", torch_build="cpu", versions={})
    return folder / "ready.json"


KINDS = {
    "measurement": Kind(write=_measurement, commands=(RECOMMEND,)),
    "stability": Kind(write=lambda _models: stability.append(make_stability()), commands=(RECOMMEND,)),
    "tuning": Kind(
        write=lambda models: tunings.keep(make_tuning(fingerprint=models.machine.fingerprint)), commands=(RECOMMEND,)
    ),
    "evidence": Kind(write=lambda _models: evidence.save(make_evaluation()), commands=(RECOMMEND,)),
    "pilot": Kind(write=lambda _models: pilots.keep(make_tried().pilot), commands=(RECOMMEND,)),
    "distillation": Kind(write=lambda _models: distillations.keep(make_distilled().kept), commands=(RECOMMEND,)),
    "adopted": Kind(write=_adopted, commands=(RECOMMEND, ("env", "list", "--json"), ("doctor", "--json"))),
    "hardware": Kind(write=_profile, commands=(("hardware", "list", "--json"),)),
    "own model": Kind(write=_card, commands=(RECOMMEND, ("models", "list", "--json"))),
    "environment": Kind(write=_marker, commands=(RECOMMEND, ("env", "list", "--json"))),
}


@pytest.fixture
def models(fake_models: FakeModels) -> FakeModels:
    fake_models.add("fake-a")
    data_dir().mkdir(parents=True, exist_ok=True)
    return fake_models


def notices(found: Outcome) -> list[str]:
    return [one["message"] for one in found.document["notices"]]


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", KINDS)
def test_every_command_that_reads_a_damaged_file_answers_and_names_it(
    name: str, how: str, models: FakeModels, run: Run
) -> None:
    kind = KINDS[name]
    path = kind.write(models)
    if not damage(path, how):
        pytest.skip("who may do everything can read it")
    before = path.read_bytes() if path.is_file() and how != "not readable" else None
    for command in kind.commands:
        found = run(*command)
        assert found.code == 0, (command, found.err)
        told = [message for message in notices(found) if str(path) in message]
        assert len(told) == 1, (command, notices(found))
        if how == "future" and path.suffix == ".json" and name != "environment":
            assert "newer mlipguide" in told[0]
    assert before is None or path.read_bytes() == before


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_baseline_is_refused_in_a_sentence(how: str, models: FakeModels, run: Run) -> None:
    path = baselines.save(make_baseline(models.machine, make_measurement()), "main")
    if not damage(path, how):
        pytest.skip("who may do everything can read it")
    found = run("check", "main", "--json")
    assert found.code == 2, found.err
    (error,) = found.document["errors"]
    assert str(path) in error["message"]
    assert run(*BENCH).code == 0


def test_with_everything_damaged_at_once_all_commands_answer_twice(models: FakeModels, run: Run) -> None:
    for kind, how in zip(KINDS.values(), [*DAMAGES, *DAMAGES], strict=False):
        damage(kind.write(models), how)
    for command in (*ALL, *ALL):
        found = run(*command)
        assert found.code in (0, 3), (command, found.err)
        assert found.document["status"] in ("success", "partial")


def test_what_is_intact_still_counts(models: FakeModels, run: Run) -> None:
    run(*RECOMMEND)
    assert list((data_dir() / "measurements" / models.machine.fingerprint).glob("*-fake-a-*.json"))
    damage(_measurement(models), "cut")
    opened = len(models.opened)
    found = run(*RECOMMEND)
    assert found.document["data"]["choice"] == "fake-a"
    assert len(models.opened) == opened


def test_many_files_of_one_reason_are_one_notice(models: FakeModels, run: Run) -> None:
    paths = [_measurement(models, f"record-{number}") for number in range(20)]
    for path in paths:
        damage(path, "empty")
    told = [message for message in notices(run(*RECOMMEND)) if "set aside" in message]
    assert len(told) == 1
    assert told[0].startswith("20 files are set aside")
    assert str(paths[0]) in told[0]
    assert "17 more" in told[0]


@pytest.mark.usefixtures("models")
def test_a_file_in_the_place_of_a_new_one_gets_another_name() -> None:
    path = pilots.keep(make_tried().pilot)
    shutil.copy(path, path.with_suffix(".kept"))
    damage(path, "folder")
    assert pilots.keep(make_tried().pilot) == path
    assert path.read_bytes() == path.with_suffix(".kept").read_bytes()
    assert (path.parent / f"{path.name}.bad" / "within").is_dir()


def test_a_record_with_no_pairs_is_set_aside_by_every_later_answer(models: FakeModels, run: Run) -> None:
    found = make_measurement(model="fake-a", time_law="fake-a", backend="toy", fingerprint=models.machine.fingerprint)
    path = measurements.append(found)
    plain: dict[str, Any] = {"format": measurements.FORMAT, "measurement": to_plain(replace(found, pairs_per_atom=0.0))}
    path.write_text(to_json(plain), encoding="utf-8")
    for structure in (SILICON, str(STRUCTURES / "LiFePO4.cif")):
        answer = run("recommend", structure, "--models", "fake-a", "--json")
        assert answer.code == 0, answer.err
        assert any(str(path) in message and "pairs_per_atom is 0" in message for message in notices(answer))
