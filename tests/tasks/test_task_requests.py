"""What the user writes, on the command line and in files, becomes the task that is meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fake_models import CONFIGS, STRUCTURES
from mlipguide.core.errors import InputError
from mlipguide.records.models.terms import Need
from mlipguide.records.requests.recommend import DEFAULTS, TaskRequest
from mlipguide.records.task.task import StatedReference, Task, TaskKind
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.needs import names_in, parse_needs
from mlipguide.tasks.requests import build_task, load_structure, read_request, stated_reference

FILES = sorted(CONFIGS.glob("*.yaml"))


KINDS = {
    "lifepo4": TaskKind.MD,
    "water": TaskKind.MD,
    "high-entropy-alloy": TaskKind.MD,
    "oxide-interface": TaskKind.PRERELAX,
    "catalyst-slab": TaskKind.NEB,
    "organic-crystal": TaskKind.RELAX,
    "silicon-phonons": TaskKind.PHONONS,
    "screening": TaskKind.SCREEN,
    "silicon": TaskKind.MD,
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_task_file_is_a_task_and_says_how_to_run_it(path: Path) -> None:
    request = read_request(path)
    atoms, structure, _ = load_structure(request)
    task = build_task(request, structure, find_signs(atoms))
    assert task.kind is KINDS[path.stem]
    assert task.steps > 0
    assert {"temperature", "kind", "budget"}.isdisjoint(task.assumed)
    assert f"mlipguide recommend --config configs/{path.name}" in path.read_text(encoding="utf-8")
    assert f"[{path.name}]({path.name})" in (CONFIGS / "README.md").read_text(encoding="utf-8")


def test_there_is_a_task_file_of_every_kind() -> None:
    assert {path.stem for path in FILES} == set(KINDS)
    assert set(KINDS.values()) == set(TaskKind)


def make(**changes: str | bool | None) -> Task:
    """Return the task of a request for silicon."""
    request = TaskRequest(**{"structure": str(STRUCTURES / "Si.POSCAR"), **changes})  # type: ignore[arg-type]  # texts and a flag
    atoms, structure, _ = load_structure(request)
    return build_task(request, structure, find_signs(atoms))


def test_kinds_without_a_time() -> None:
    relaxation = make(kind="relax")
    assert (relaxation.simulated_time_s, relaxation.steps) == (None, 120)
    assert relaxation.assumed == ("atoms", "budget")
    assert make(kind="prerelax").dft_saving is not None
    assert make(kind="phonons").atoms == 64
    assert make(kind="phonons", atoms="216").atoms == 216
    assert make(kind="screen").structures == 100
    assert "structures" in make(kind="screen").assumed
    assert make(kind="neb", images="5").workload.systems == 5


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "relaxx"}, "Did you mean 'relax'?"),
        ({"kind": "relax", "time": "1ns"}, "relax has no simulated time"),
        ({"structures": "10"}, "--structures 10 is for --kind screen, not for md"),
        ({"kind": "relax", "images": "3"}, "--images 3 is for --kind neb"),
        ({"kind": "screen", "structures": "0"}, "'0' is not a whole number of at least 1"),
        ({"kind": "screen", "structures": "some"}, "'some' is not a whole number"),
        ({"needs": "none,stress"}, "asks for none and for others"),
        ({"needs": "-surface"}, "Did you mean 'surfaces'?"),
    ],
)
def test_kinds_and_needs_that_are_refused(changes: dict[str, str], says: str) -> None:
    with pytest.raises(InputError) as raised:
        make(**changes)
    assert says in raised.value.message


def test_the_step_is_proposed_and_never_longer_than_the_run() -> None:
    assert make().timestep_s == pytest.approx(2e-15)
    assert make(time="1fs").timestep_s == pytest.approx(1e-15)
    assert make(preset="water", structure=None).timestep_s == pytest.approx(0.5e-15)
    assert make(timestep="1fs").timestep_s == pytest.approx(1e-15)


def test_suggestions_are_declined_one_by_one_or_all() -> None:
    def suggested(**changes: str | bool | None) -> list[str]:
        return [one.need.value for one in make(preset="lifepo4", structure=None, **changes).derived_needs]

    assert suggested() == ["magnetism", "long-range"]
    assert suggested(needs="-magnetism") == ["long-range"]
    assert suggested(needs="stress,magnetism") == ["long-range"]
    assert suggested(needs="none") == suggested(derive=False) == []
    assert make(needs="stress,-surfaces").needs == (Need.STRESS,)


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


def test_what_a_reference_calculation_takes() -> None:
    assert stated_reference(TaskRequest()) is None
    assert stated_reference(TaskRequest(dft_cost="2h", dft_cores="64", dft_atoms="96")) == StatedReference(
        wall_time_s=7200, cores=64, atoms=96
    )
    alone = stated_reference(TaskRequest(dft_cost="30m"))
    assert alone == StatedReference(wall_time_s=1800, cores=1)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (TaskRequest(dft_cores="64"), "--dft-cores 64 is of a calculation whose time is not given"),
        (TaskRequest(dft_cost="2h", dft_cores="many"), "--dft-cores: 'many' is not a number of cores"),
        (TaskRequest(dft_cost="2"), "--dft-cost: '2' has no unit"),
    ],
)
def test_reference_calculations_that_are_refused(request_: TaskRequest, says: str) -> None:
    with pytest.raises(InputError) as caught:
        stated_reference(request_)
    assert says in str(caught.value)


def test_charge_and_spin_are_keys_of_a_task_file(tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text("preset: ethanol\ncharge: -1\nspin: 2\n", encoding="utf-8")
    request = read_request(tmp_path / "task.yaml")
    atoms, _, _ = load_structure(request)
    assert atoms.info == {"charge": -1, "spin": 2}
    with pytest.raises(InputError, match="electrons cannot have a spin multiplicity of 1"):
        load_structure(replace(request, spin="1"))
