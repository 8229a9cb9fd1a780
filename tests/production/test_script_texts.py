"""The texts of scripts: every backend and kind of task, with the right values, as Python that compiles."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule

from factories import make_candidate, make_estimate, make_task
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError
from mlipguide.environments.recipes import built_in_folder, find_recipe
from mlipguide.production import script_texts
from mlipguide.production.script_templates import TEMPLATES
from mlipguide.production.script_texts import KINDS, Subject, ase_files, lammps_files
from mlipguide.records.models.terms import Need
from mlipguide.records.task.task import TaskKind
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.structures.files import read_structure

SETTINGS = Settings(threads=3, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN)
CUDA = Settings(threads=1, dtype="float32", device="cuda:0", driver="ase", allocator=Allocator.DEFAULT)
TARGET = Path("run.py")
CALLS = {
    "sevennet-0": "SevenNetCalculator('7net-0', device=device)",
    "sevennet-mf-0": "SevenNetCalculator('7net-mf-0', device=device, modal=",
    "chgnet-0.3.0": "CHGNet.load(model_name='0.3.0', use_device=device, verbose=False)",
    "mace-mp-0-medium": "model_paths=str(WEIGHTS), device=device, default_dtype='float32'\n",
    "mace-mh-1": "head=",
}


def subject(model: str, **changes: Any) -> Subject:
    card = load_catalogue().find(model)
    made = Subject(
        task=make_task(simulated_time_s=1e-9, timestep_s=2e-15, temperature_k=450.0),
        atoms=bulk("Si", cubic=True),
        repeats=(3, 2, 2),
        card=card,
        candidate=replace(make_candidate(model), run_time_s=make_estimate(7200.0, spread=2.0)),
        settings=SETTINGS,
        weights_file=None,
        needs_file=card.weights.url is not None,
        python="/envs/it/bin/python",
        devices=1,
    )
    return replace(made, **changes)


def script(made: Subject, target: Path = TARGET) -> str:
    return ase_files(made, find_recipe(made.card.backend), target)[target]


def constants(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def test_every_backend_has_a_template() -> None:
    backends = {path.stem for path in built_in_folder().glob("*.yaml")}
    assert {path.stem for path in (TEMPLATES / "calculators").glob("*.jinja")} == backends


@pytest.mark.parametrize(("model", "call"), CALLS.items())
def test_a_script_of_each_backend(model: str, call: str) -> None:
    text = script(subject(model))
    compile(text, "run.py", "exec")
    assert call in text
    found = constants(text)
    assert found["STEPS"] == 500_000
    assert found["TIMESTEP_FS"] == 2.0
    assert found["TEMPERATURE_K"] == 450.0
    assert found["REPEATS"] == (3, 2, 2)
    assert found["FRAME_EVERY"] == 500
    assert found["DEVICE"] == "cpu"
    assert "torch.set_num_threads(3)" in text
    documentation = ast.get_docstring(ast.parse(text)) or ""
    assert "/envs/it/bin/python run.py" in documentation
    assert "2 h (fitted)" in documentation
    assert "96 atoms" in documentation


@pytest.mark.parametrize("model", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_every_backend_uses_no_name_that_it_lacks(
    model: str, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(script_texts, "kind_of", lambda _: kind)
    made = subject(model, task=make_task(needs=(Need.STRESS,)))
    target = tmp_path / "run.py"
    target.write_text(script(made, target), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ruff")), "check", "--isolated", "--select", "F,E9", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("model", "kind"), [("sevennet-mf-0", "screen"), ("mace-mp-0-medium", "screen"), ("sevennet-0", "phonons")]
)
def test_scripts_with_batches_use_no_name_that_they_lack(model: str, kind: str, tmp_path: Path) -> None:
    made = subject(model, task=make_task(kind=TaskKind(kind), atoms=8, structures=100))
    made = replace(made, candidate=replace(made.candidate, structures_at_once=16))
    target = tmp_path / "run.py"
    text = script(made, target)
    assert constants(text)["BATCH"] == 16
    assert "class BatchedFire" in text or kind == "phonons"
    target.write_text(text, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ruff")), "check", "--isolated", "--select", "F,E9", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_weights_are_given_or_named() -> None:
    missing = script(subject("mace-mp-0-medium"))
    assert "HERE / '2023-12-03-mace-128-L1_epoch-199.model'" in missing
    assert constants(missing)["WEIGHTS_URL"].startswith("https://github.com/ACEsuit")
    given = script(subject("mace-mp-0-medium", weights_file=Path("/data/it's.model")))
    assert """WEIGHTS = Path("/data/it's.model")""" in given
    own = script(subject("sevennet-0", weights_file=Path("/data/tuned.pth"), needs_file=True))
    assert "SevenNetCalculator(str(WEIGHTS), device=device)" in own


@pytest.mark.parametrize(
    ("model", "axis", "value", "says"),
    [
        ("mace-mp-0-medium", "compile", "default", "compile_mode='default'"),
        ("mace-mp-0-medium", "kernels", "cuequivariance", "enable_cueq=True"),
        ("sevennet-0", "kernels", "flashtp", "device=device, enable_flash=True)"),
        ("sevennet-0", "pinning", "cores", "os.environ['OMP_PLACES'] = 'cores'"),
        ("sevennet-0", "wait-policy", "passive", "os.environ['OMP_WAIT_POLICY'] = 'passive'"),
        ("chgnet-0.3.0", "tf32", "on", "torch.set_float32_matmul_precision('high')"),
        ("orb-v3-conservative-inf-omat", "neighbours", "knn_brute_force", "edge_method='knn_brute_force'"),
        ("orb-v3-conservative-inf-omat", "compile", "default", "model.compile(mode='default', dynamic=True)"),
        ("uma-s-1p1", "merged-experts", "off", "merge_mole=False"),
        ("uma-s-1p1", "execution", "umas_fast_pytorch", "execution_mode='umas_fast_pytorch'"),
        ("uma-s-1p1", "neighbours", "nvalchemi", "internal_graph_gen_version=3"),
        ("tensornet-matpes-pbe-2025.2-m", "compile", "default", "torch.compile(potential.model, mode='default'"),
    ],
)
def test_what_was_chosen_on_an_axis_is_in_the_script(model: str, axis: str, value: str, says: str) -> None:
    given = Path("/data/weights.pt")
    plain = subject(model, weights_file=None if model in ("sevennet-0", "chgnet-0.3.0") else given)
    text = script(replace(plain, settings=SETTINGS.with_choice(axis, value)))
    compile(text, "run.py", "exec")
    assert says in text.replace('"', "'")
    assert says not in script(plain).replace('"', "'")


def test_the_allocator_is_set_only_where_it_was() -> None:
    assert "GLIBC_TUNABLES" in script(subject("sevennet-0"))
    assert "GLIBC_TUNABLES" not in script(subject("sevennet-0", settings=CUDA))


def test_what_a_backend_cannot_do_is_refused() -> None:
    double = replace(SETTINGS, dtype="float64")
    with pytest.raises(InputError, match="float32"):
        script(subject("sevennet-0", settings=double))
    assert "model.double()" in script(subject("chgnet-0.3.0", settings=double))
    assert "default_dtype='float64'" in script(subject("mace-mp-0-medium", settings=double))


def test_every_kind_of_task_has_a_template() -> None:
    assert set(KINDS) == {kind.value for kind in TaskKind}
    assert {*KINDS.values()} == {path.name for path in TEMPLATES.glob("*.py.jinja")}


@pytest.mark.parametrize(
    ("model", "displacement"), [("sevennet-0", 0.03), ("mace-mp-0-medium", 0.01), ("chgnet-0.3.0", 0.01)]
)
def test_a_script_for_phonons(model: str, displacement: float) -> None:
    made = subject(model, task=make_task(kind=TaskKind.PHONONS))
    text = script(made)
    found = constants(text)
    assert found["DISPLACEMENT"] == displacement
    assert ("the script computes in float64" in text) == (displacement < 0.02), "where the backend can"
    assert "It needs ASE, phonopy and" in text
    assert found["FMAX"] == 0.001
    assert found["REPEATS"] == (3, 2, 2)
    assert "moving = FrechetCellFilter(atoms)" in text, "the model gives stress, so the edges are relaxed"
    assert "run.forces/" in (ast.get_docstring(ast.parse(text)) or "")
    stress_free = replace(made.card, provides=(Need.CONSERVATIVE,))
    assert "FrechetCellFilter" not in script(replace(made, card=stress_free))
    assert "FrechetCellFilter" not in script(replace(made, atoms=molecule("H2O"), repeats=(1, 1, 1)))


def test_a_script_for_a_band() -> None:
    text = script(subject("sevennet-0", task=make_task(kind=TaskKind.NEB, images=5, needs=(Need.STRESS,))))
    found = constants(text)
    assert found["IMAGES"] == 5
    assert found["FMAX"] == 0.05
    assert "FrechetCellFilter" not in text, "both ends of a band have one cell"
    assert "--final FILE" in (ast.get_docstring(ast.parse(text)) or "")


def test_a_molecule_stays_a_molecule(tmp_path: Path) -> None:
    made = subject("sevennet-0", atoms=molecule("CH3CH2OH"), repeats=(1, 1, 1))
    files = ase_files(made, find_recipe("sevenn"), tmp_path / "run.py")
    structure = tmp_path / "run.structure.extxyz"
    structure.write_text(files[structure], encoding="utf-8")
    atoms = read_structure(structure)
    assert not atoms.pbc.any()
    assert atoms.positions == pytest.approx(made.atoms.positions)


def test_a_slab_gets_empty_space_where_the_package_would_repeat_it(tmp_path: Path) -> None:
    slab = fcc111("Si", (2, 2, 3), a=5.4, vacuum=1.0)
    slab.info.clear()
    for model, whole in (("sevennet-0", False), ("grace-1l-oam", True), ("tensornet-matpes-pbe-2025.1", True)):
        made = subject(model, atoms=slab, repeats=(1, 1, 1))
        files = ase_files(made, find_recipe(made.card.backend), tmp_path / "run.py")
        structure = tmp_path / "run.structure.extxyz"
        structure.write_text(files[structure], encoding="utf-8")
        atoms = read_structure(structure)
        assert atoms.pbc.tolist() == [True, True, whole]
        empty = atoms.cell.lengths()[2] - float(np.ptp(atoms.positions[:, 2]))
        assert bool(empty >= 2 * (made.card.architecture.cutoff_angstrom or 0) - 1e-6) is whole


@pytest.mark.parametrize(
    ("model", "devices", "lines"),
    [
        ("sevennet-0", 1, ("e3gnn\npair_coeff      * * run.pt Si", "sevenn get_model 7net-0 --output_prefix run")),
        ("sevennet-0", 4, ("e3gnn/parallel\npair_coeff      * * 5 deployed_parallel Si", "mpirun -np 4 lmp")),
        ("mace-mp-0-medium", 2, ("mliap unified run.model-mliap_lammps.pt 0", "--format=mliap --dtype=float32")),
        ("allegro-oam-l-0.1", 2, ("pair_style      allegro", "--target pair_allegro")),
    ],
)
def test_lammps(model: str, devices: int, lines: tuple[str, ...], tmp_path: Path) -> None:
    target = tmp_path / "run.lammps"
    files = lammps_files(subject(model, settings=CUDA, devices=devices), target)
    text, batch = files[target], files[tmp_path / "run.sbatch"]
    for line in (
        *lines,
        "THIS INPUT WAS NOT RUN",
        "timestep        0.002",
        "run             500000 upto",
        "450.0 450.0",
    ):
        assert line in text
    for line in (f"--ntasks={devices}\n", "--time=05:00:00\n", "-var timeout 04:55:00", "THIS SCRIPT WAS NOT RUN"):
        assert line in batch
    assert subprocess.run(["bash", "-n"], input=batch, text=True, check=False).returncode == 0
    data = tmp_path / "run.data"
    data.write_text(files[data], encoding="utf-8")
    atoms = read_structure(data)
    assert len(atoms) == 96
    assert atoms.get_chemical_formula() == "Si96"


def test_lammps_is_refused_where_it_would_not_run() -> None:
    target = Path("run.lammps")
    with pytest.raises(InputError, match="no interface of CHGNet"):
        lammps_files(subject("chgnet-0.3.0", settings=CUDA), target)
    with pytest.raises(InputError, match="NVIDIA"):
        lammps_files(subject("sevennet-0"), target)
    with pytest.raises(InputError, match="not periodic"):
        lammps_files(subject("sevennet-0", settings=CUDA, atoms=molecule("H2O"), repeats=(1, 1, 1)), target)
