"""Models that see no neighbour of any atom are ruled out; atoms that are out of sight are counted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.io import write

from fake_models import FakeModels, Run, fake_card
from mlipguide.commands import evaluate as evaluate_workflow
from mlipguide.commands import stability as stability_workflow
from mlipguide.core.paths import measurements_dir
from mlipguide.records.models.model_card import ModelCard
from mlipguide.testing.fake_session import FakeSession


def card(name: str, cutoff: float | None) -> ModelCard:
    from dataclasses import replace

    found = fake_card(name)
    return replace(found, architecture=replace(found.architecture, cutoff_angstrom=cutoff))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands write their files into a folder of the test."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def caesium(tmp_path: Path) -> Path:
    path = tmp_path / "cs.extxyz"
    write(path, bulk("Cs", "bcc", a=6.15, cubic=True))
    return path


@pytest.fixture
def models(fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    for module in (evaluate_workflow, stability_workflow):
        monkeypatch.setattr(
            module, "Options", partial(module.Options, opener=fake_models.open, probe=fake_models.probe)
        )
    fake_models.add("near", card("near", 5.0))
    fake_models.add("far", card("far", 6.0))
    fake_models.add("silent", card("silent", None), pairs_per_atom=0.0)
    return fake_models


def candidates(found: Any) -> dict[str, Any]:
    return {one["model"]: one for one in found.document["data"]["candidates"]}


def test_a_cutoff_that_reaches_no_neighbour_rules_out(models: FakeModels, run: Run, caesium: Path) -> None:
    for _ in range(2):
        found = run("recommend", caesium, "--models", "near,far,silent", "--json")
        assert found.code == 0, found.err
        assert found.document["data"]["choice"] == "far"
        (near,) = candidates(found)["near"]["rejections"]
        assert (near["constraint"], near["kind"], near["model"]) == ("cutoff", "sees_nothing", "near")
        assert near["message"] == "No atom has a neighbour within its cutoff of 5 Å: the nearest are 5.33 Å apart."
        assert (near["limit"], near["unit"], near["value"]) == (5.0, "Å", pytest.approx(5.33, abs=0.005))
        (silent,) = candidates(found)["silent"]["rejections"]
        assert silent["constraint"] == "cutoff"
        assert "no atom has a neighbour within the cutoff of 5 Å" in silent["message"]
        assert candidates(found)["silent"]["verdict"] == "infeasible"
    assert "near" not in [request.card.id for request in models.opened]
    assert {path.name.split("-")[1] for path in measurements_dir().glob("*/*.json")} == {"far"}
    assert run("recommend", "--preset", "silicon", "--models", "near,far", "--json").code == 0


@pytest.mark.usefixtures("models")
def test_with_blind_models_only_the_answer_is_that(run: Run, caesium: Path) -> None:
    for names in ("near", "silent", "near,silent"):
        found = run("recommend", caesium, "--models", names, "--json")
        assert found.code in (0, 3), found.err
        assert found.document["data"]["choice"] is None
        assert all(one["rejections"][0]["constraint"] == "cutoff" for one in candidates(found).values())
    assert not list(measurements_dir().glob("*/*.json"))


@pytest.mark.parametrize("name", ["near", "silent"])
@pytest.mark.parametrize("command", [("bench",), ("stability", "--budget", "1s")])
@pytest.mark.usefixtures("models")
def test_other_commands_say_so(name: str, command: tuple[str, ...], run: Run, caesium: Path) -> None:
    found = run(command[0], caesium, *command[1:], "--models", name, "--json")
    assert found.code == 5
    (error,) = found.document["errors"]
    assert "atom has a neighbour within" in error["message"]
    assert "longer cutoff" in error["hint"]


@pytest.mark.usefixtures("models")
def test_bench_times_those_that_see(run: Run, caesium: Path) -> None:
    found = run("bench", caesium, "--models", "near,far,silent", "--json")
    assert found.code == 0, found.err
    assert {one["model"] for one in found.document["data"]["measurements"]} == {"far"}
    assert any("near" in one["message"] for one in found.document["notices"] if one["kind"] == "left_out")
    assert any("silent" in one["message"] for one in found.document["errors"])


def test_disagree_leaves_them_out(models: FakeModels, run: Run, caesium: Path) -> None:
    models.add("other", card("other", 7.0))
    found = run("disagree", caesium, "--models", "near,far,other", "--budget", "1s", "--json")
    assert found.code == 0, found.err
    assert found.document["data"]["models"] == ["far", "other"]
    assert any("near" in one["message"] and "cutoff" in one["message"] for one in found.document["errors"])
    blind = run("disagree", caesium, "--models", "far,silent", "--budget", "1s", "--json")
    assert blind.code == 5
    assert "no atom has a neighbour" in blind.document["errors"][0]["message"]


@pytest.mark.usefixtures("models")
def test_evaluate_counts_no_frame_that_is_not_seen(run: Run, tmp_path: Path) -> None:
    from ase.calculators.singlepoint import SinglePointCalculator

    frames = []
    for length in (6.15, 6.2):
        atoms = bulk("Cs", "bcc", a=length, cubic=True)
        atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=[[0.1, 0.0, 0.0], [-0.1, 0.0, 0.0]])
        frames.append(atoms)
    path = tmp_path / "labels.extxyz"
    write(path, frames)
    found = run("evaluate", path, "--models", "far,silent", "--json")
    assert found.code == 0, found.err
    assert [one["model"] for one in found.document["data"]["results"]] == ["far"]
    assert any("no atom has a neighbour" in one["message"] for one in found.document["errors"])


def slab_with_atom() -> Atoms:
    atoms: Atoms = fcc111("Cu", (3, 3, 2), vacuum=12.0)
    atoms.info.clear()
    atoms.pbc = True
    atoms += Atoms("Na", positions=[atoms.positions[-1] + [0.0, 0.0, 8.0]])
    return atoms


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (slab_with_atom, "1 of 19 atoms have no neighbour within the cutoff of FAR, 6 Å"),
        (lambda: bulk("Cu", cubic=True), None),
    ],
    ids=["an atom far above a slab", "a crystal"],
)
@pytest.mark.usefixtures("models")
def test_atoms_out_of_sight_are_counted(make: Callable[[], Atoms], words: str | None, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "some.extxyz"
    write(path, make())
    found = run("recommend", path, "--models", "far", "--json")
    assert found.code == 0, found.err
    told = [one["message"] for one in found.document["data"]["caveats"] if one["topic"] == "lone-atoms"]
    assert [words in message for message in told] == ([] if words is None else [True])


@pytest.mark.usefixtures("models")
def test_a_lone_atom_is_seen_by_none(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "na.xyz"
    write(path, Atoms("Na"))
    found = run("recommend", path, "--models", "near,far", "--json")
    assert found.code in (0, 3), found.err
    assert "there is one atom" in candidates(found)["far"]["rejections"][0]["message"]


def test_a_fake_session_counts_no_pairs(models: FakeModels) -> None:
    session = models.makers["silent"]()
    assert isinstance(session, FakeSession)
    assert session.single_point(bulk("Cs", cubic=True)).pairs_per_atom == 0.0
