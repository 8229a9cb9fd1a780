"""Scripts of models with dispersion added: the sum, the boundary conditions that were given, and what is refused."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from factories import make_candidate, make_estimate, make_summary, make_task
from mlipguide.catalog.additions import additions_of
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError
from mlipguide.environments.recipes import find_recipe
from mlipguide.production import script_texts
from mlipguide.production.script_texts import KINDS, Subject, ase_files, needed_by, require_kind
from mlipguide.records.models.additions import AdditionKind
from mlipguide.records.task.run_script import ScriptDriver
from mlipguide.records.task.task import TaskKind
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.worker.repulsion import zbl

TARGET = Path("run.py")
D3 = (AdditionKind.D3,)


def script(model: str, atoms: Atoms | None = None, kinds: tuple[AdditionKind, ...] = D3) -> str:
    card = load_catalogue().find(model)
    settings = Settings(
        threads=1,
        dtype="float32",
        device="cpu",
        driver="ase",
        allocator=Allocator.DEFAULT,
        additions=additions_of(card, kinds),
    )
    made = Subject(
        task=replace(make_task(), additions=kinds),
        atoms=bulk("Si", cubic=True) if atoms is None else atoms,
        repeats=(1, 1, 1),
        card=card,
        candidate=replace(make_candidate(model), run_time_s=make_estimate(7200.0)),
        settings=settings,
        weights_file=None,
        needs_file=card.weights.url is not None,
        python="python",
        devices=1,
    )
    return ase_files(made, find_recipe(card.backend), TARGET)[TARGET]


def functions(text: str, *names: str) -> dict[str, Any]:
    """Return functions of a script, without running the rest of it."""
    tree = ast.parse(text)
    kept: list[ast.stmt] = [
        node
        for node in tree.body
        if (isinstance(node, ast.FunctionDef) and node.name in names)
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names)
    ]
    space: dict[str, Any] = {"np": np}
    exec(compile(ast.Module(kept, []), "run.py", "exec"), space)  # the script that is tested
    return space


@pytest.fixture
def as_d3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a law that is known in closed form stand for dispersion."""

    class DFTD3(LennardJones):
        def __init__(self, method: str, damping: str) -> None:
            assert (method, damping) == ("pbe", "d3bj")
            super().__init__(sigma=2.4, epsilon=0.05, rc=6.0, smooth=True)  # type: ignore[no-untyped-call]

    package, module = ModuleType("dftd3"), ModuleType("dftd3.ase")
    module.DFTD3 = DFTD3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dftd3", package)
    monkeypatch.setitem(sys.modules, "dftd3.ase", module)


def plain(atoms: Atoms) -> Atoms:
    copy: Atoms = atoms.copy()
    copy.calc = LennardJones(sigma=2.4, epsilon=0.05, rc=6.0, smooth=True)
    return copy


@pytest.mark.usefixtures("as_d3")
@pytest.mark.parametrize("atoms", [bulk("Cu", cubic=True), molecule("C2H6"), fcc111("Cu", (2, 2, 3), vacuum=None)])
def test_a_script_adds_what_belongs_to_the_boundary_conditions_that_were_given(atoms: Atoms) -> None:
    atoms.info.clear()
    atoms.rattle(0.05, seed=0)
    space = functions(script("chgnet-0.3.0", atoms), "adapt", "noting_pbc", "with_additions")
    adapted = space["adapt"](atoms.copy())
    assert adapted.pbc.all(), "CHGNet takes crystals alone"
    alone = adapted.copy()
    alone.calc = EMT()
    adapted.calc = space["with_additions"](EMT())
    added = plain(atoms)
    assert adapted.get_potential_energy() - alone.get_potential_energy() == pytest.approx(added.get_potential_energy())
    assert np.allclose(adapted.get_forces() - alone.get_forces(), added.get_forces(), atol=1e-10)
    if atoms.pbc.all():
        assert np.allclose(adapted.get_stress() - alone.get_stress(), added.get_stress(), atol=1e-10)


def test_a_script_adds_the_same_repulsion_as_a_timing() -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.set_cell(atoms.cell * 0.6, scale_atoms=True)
    atoms.rattle(0.05, seed=0)
    text = script("chgnet-0.3.0", atoms, kinds=(AdditionKind.ZBL,))
    alone, added = atoms.copy(), atoms.copy()
    alone.calc, added.calc = EMT(), zbl(0.65)
    atoms.calc = functions(text, "zbl", "with_additions")["with_additions"](EMT())
    assert added.get_potential_energy() > 1
    assert atoms.get_potential_energy() == pytest.approx(alone.get_potential_energy() + added.get_potential_energy())
    assert np.allclose(atoms.get_forces(), alone.get_forces() + added.get_forces(), atol=1e-10)
    assert np.allclose(atoms.get_stress(), alone.get_stress() + added.get_stress(), atol=1e-10)


@pytest.mark.parametrize("model", ["sevennet-0", "chgnet-0.3.0", "mace-mp-0-medium"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("addition", AdditionKind)
def test_scripts_of_every_kind_use_no_name_that_they_lack(
    model: str, kind: str, addition: AdditionKind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(script_texts, "kind_of", lambda _: kind)
    text = script(model, kinds=(addition,))
    assert "with_additions(make_calculator(device))" in text
    is_own = addition is AdditionKind.ZBL
    needed = "" if is_own else f"dft{addition.value}, "
    assert (f"from dft{addition.value}.ase import DFT{addition.value.upper()}" in text) != is_own
    assert ("        zbl(reach=0.65),\n" in text) == is_own
    assert f"It needs ASE, {'phonopy, ' if kind == 'phonons' else ''}{needed}".removesuffix(", ") + " and" in text
    target = tmp_path / "run.py"
    target.write_text(text, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ruff")), "check", "--isolated", "--select", "F,E9", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_without_additions_a_script_is_as_it_was() -> None:
    text = script("chgnet-0.3.0", kinds=())
    assert "dispersion" not in text
    assert "given_pbc" not in text


def test_what_a_script_needs_is_named() -> None:
    assert needed_by(replace(make_task(), additions=D3)) == ("dftd3",)
    assert needed_by(make_task()) == ()


def test_what_no_script_adds_to_is_refused() -> None:
    with pytest.raises(InputError, match="inputs for LAMMPS have no --add"):
        require_kind(replace(make_task(), additions=D3), Path("run.lammps"), ScriptDriver.LAMMPS)
    slab = make_summary(periodic=(True, True, False))
    phonons = replace(make_task(), kind=TaskKind.PHONONS, structure=slab, additions=D3)
    with pytest.raises(InputError, match="phonons in a box have no --add"):
        require_kind(phonons, TARGET, ScriptDriver.ASE)
    require_kind(replace(phonons, structure=make_summary()), TARGET, ScriptDriver.ASE)
