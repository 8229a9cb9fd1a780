"""What the user writes, on the command line and in files, becomes the task that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_models import CONFIGS, STRUCTURES
from mlipguide.core.errors import InputError
from mlipguide.workflows.needs import names_in, parse_needs
from mlipguide.workflows.task_request import (
    DEFAULTS,
    TaskRequest,
    build_task,
    load_structure,
    read_request,
)

FILES = sorted(CONFIGS.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_task_file_is_a_task(path: Path) -> None:
    request = read_request(path)
    _, structure, _ = load_structure(request)
    task = build_task(request, structure)
    assert task.steps > 0
    assert "temperature" not in task.assumed


def test_there_are_task_files() -> None:
    assert len(FILES) >= 3


def test_options_win_over_the_file() -> None:
    file = TaskRequest(structure="a.cif", index="3", time="1ns", atoms="100", commercial=True)
    both = TaskRequest(time="2ns").over(file)
    assert (both.structure, both.index, both.time, both.atoms) == ("a.cif", "3", "2ns", "100")
    assert both.commercial is True
    other = TaskRequest(preset="water").over(file)
    assert (other.structure, other.index, other.preset) == (None, None, "water")


def test_a_structure_is_sought_beside_its_task_file(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("structure: a.cif\ntime: 1ns\nneeds: [stress, magnetism]\natoms: 5\n", encoding="utf-8")
    request = read_request(path)
    assert request.structure == str(tmp_path / "a.cif")
    assert (request.needs, request.atoms) == ("stress,magnetism", "5")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("commercial: maybe", "'commercial' is true or false"),
        ("time: [1ns]", "'time' is a single text"),
        ("time: true", "'time' is a single text"),
        ("atom: 5", "unknown key 'atom'. Did you mean 'atoms'?"),
        ("5: 5", "unknown key '5'"),
        ("just words", "name: value"),
        ("", "name: value"),
    ],
)
def test_task_files_that_are_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_request(path)
    assert says in raised.value.message
    assert str(path) in raised.value.message


def test_defaults_are_said_to_be_assumed() -> None:
    request = TaskRequest(structure=str(STRUCTURES / "Si.POSCAR"))
    _, structure, _ = load_structure(request)
    task = build_task(request, structure)
    assert set(task.assumed) == {*DEFAULTS, "atoms", "kind", "timestep"}
    assert (task.atoms, task.steps, task.temperature_k, task.budget_s) == (8, 50_000, 300.0, 86400.0)


def test_lists_of_names() -> None:
    assert names_in(" a, b,,a ") == ("a", "b")
    assert names_in(None) == ()
    assert parse_needs("stress,stress") == ("stress",)
    assert parse_needs("") == ()
