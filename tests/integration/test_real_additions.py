"""D3 on real models against the package ``dftd3`` alone: its own interface, in atomic units, without ASE."""

from __future__ import annotations

import csv
import json
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import molecule

from factories import make_candidate, make_task
from mlipguide.bench.measuring.measuring import session_request
from mlipguide.candidates.additions import with_additions
from mlipguide.candidates.preparation import Consent, Prepared, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.environments.recipes import find_recipe
from mlipguide.hardware.probe import probe_machine
from mlipguide.production.script_texts import Subject, ase_files, texts_by_name
from mlipguide.production.smoke_test import try_script
from mlipguide.records.models.additions import AdditionKind
from mlipguide.sessions.interface import SinglePoint
from mlipguide.sessions.worker_session import open_session
from mlipguide.structures.presets import build_preset

pytestmark = pytest.mark.integration

MODELS = ("sevennet-0", "chgnet-0.3.0")
YES = Consent(granted=True, ask=None)
WATER_EV = -0.009781920198843976
"""D3(BJ) of PBE for ASE's water molecule, as the documentation of ``dftd3.ase`` has it."""
ALONE = """
import json, sys
import numpy as np
from dftd3.interface import DispersionModel, RationalDampingParam
given = json.load(sys.stdin)
model = DispersionModel(
    np.array(given["numbers"]), np.array(given["positions"]), np.array(given["cell"]), np.array(given["pbc"])
)
found = model.get_dispersion(RationalDampingParam(method="pbe", atm=False), grad=True)
print(json.dumps({name: np.asarray(found[name]).tolist() for name in ("energy", "gradient", "virial")}))
"""
D4_ALONE = (
    ALONE.replace("dftd3", "dftd4")
    .replace("RationalDampingParam", "DampingParam")
    .replace(", atm=False", "")
    .replace('np.array(given["positions"])', 'np.array(given["positions"]), 0.0')
)


def with_dispersion(model: str, kind: AdditionKind) -> Prepared:
    """Return a model in double precision with dispersion; its environment gets the package where it lacks it."""
    found = prepare_candidates(
        [load_catalogue().find(model)],
        probe_machine(),
        given_weights={},
        consent=YES,
        on_progress=lambda _message: None,
    )
    found = with_additions(found, (kind,), consent=YES, on_progress=lambda _message: None)
    (item,) = found.candidates
    assert item.obstacle is None, item.obstacle
    return replace(item, settings=replace(item.settings, dtype="float64", threads=1))


@pytest.fixture(scope="module", params=MODELS)
def prepared(request: pytest.FixtureRequest) -> Prepared:
    """A model with D3."""
    return with_dispersion(request.param, AdditionKind.D3)


@pytest.fixture(scope="module")
def structures() -> dict[str, Atoms]:
    """A molecular crystal, a molecule, a slab."""
    found = {name: build_preset(name) for name in ("urea", "ethanol", "pt111-co")}
    for atoms in found.values():
        atoms.rattle(0.03, seed=1)
    return {**found, "water": molecule("H2O")}


@pytest.fixture(scope="module")
def points(prepared: Prepared, structures: dict[str, Atoms]) -> dict[str, tuple[SinglePoint, SinglePoint]]:
    """Each structure by the model alone and with D3."""
    machine = probe_machine()
    plain = replace(prepared, settings=replace(prepared.settings, additions=()))
    taken: list[dict[str, SinglePoint]] = []
    for item in (plain, prepared):
        with closing(open_session(session_request(item, machine))) as session:
            taken.append({name: session.single_point(atoms) for name, atoms in structures.items()})
            versions = session.facts.versions
    assert versions["dftd3"] == "1.7.0"
    return {name: (taken[0][name], taken[1][name]) for name in structures}


def alone(prepared: Prepared, atoms: Atoms, program: str = ALONE) -> dict[str, Any]:
    """Return energy (eV), forces (eV/Å) and virial (eV) of dispersion by the package's own interface."""
    cell = atoms.cell.complete() if atoms.pbc.any() else atoms.cell
    given = {
        "numbers": atoms.numbers.tolist(),
        "positions": (atoms.positions / units.Bohr).tolist(),
        "cell": (cell.array / units.Bohr).tolist(),
        "pbc": atoms.pbc.tolist(),
    }
    done = subprocess.run(
        [str(prepared.environment.python), "-c", program],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return {
        "energy": found["energy"] * units.Hartree,
        "forces": -np.array(found["gradient"]) * units.Hartree / units.Bohr,
        "virial": np.array(found["virial"]) * units.Hartree,
    }


@pytest.mark.in_turn("additions", 1)
def test_the_difference_is_d3(
    prepared: Prepared, structures: dict[str, Atoms], points: dict[str, tuple[SinglePoint, SinglePoint]]
) -> None:
    for name, atoms in structures.items():
        without, added = points[name]
        reference = alone(prepared, atoms)
        assert added.energy_ev - without.energy_ev == pytest.approx(reference["energy"], abs=1e-6), name
        forces = np.subtract(added.forces_ev_per_angstrom, without.forces_ev_per_angstrom)
        assert np.allclose(forces, reference["forces"], atol=1e-6), name
        assert abs(reference["energy"]) > 5e-3
    without, added = points["water"]
    assert added.energy_ev - without.energy_ev == pytest.approx(WATER_EV, abs=1e-6)


@pytest.mark.in_turn("additions", 1)
def test_its_stress_is_the_derivative_of_its_energy(
    prepared: Prepared, structures: dict[str, Atoms], points: dict[str, tuple[SinglePoint, SinglePoint]]
) -> None:
    urea = structures["urea"]
    without, added = points["urea"]
    stress = np.subtract(added.stress_ev_per_angstrom3, without.stress_ev_per_angstrom3)  # type: ignore[arg-type]
    virial = alone(prepared, urea)["virial"]
    assert np.allclose(stress, virial.flat[[0, 4, 8, 5, 2, 1]] / urea.get_volume(), atol=1e-8)
    step = 1e-4
    for index, (row, column) in enumerate(((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))):
        energies = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[row, column] += sign * step / 2
            strain[column, row] += sign * step / 2
            strained = urea.copy()
            strained.set_cell(urea.cell.array @ strain, scale_atoms=True)
            energies.append(alone(prepared, strained)["energy"])
        expected = (energies[0] - energies[1]) / (2 * step) / urea.get_volume()
        # Pairs that come within 32 Å count in the difference of energies, and in no virial: some 0.1 %.
        assert stress[index] == pytest.approx(expected, rel=2e-3, abs=1e-5), index
    assert stress[:3].min() > 1e-3, "dispersion pulls the crystal together"


@pytest.mark.in_turn("additions", 1)
def test_d4_is_the_same_by_its_own_package(structures: dict[str, Atoms]) -> None:
    item = with_dispersion("sevennet-0", AdditionKind.D4)
    for name in ("urea", "ethanol"):
        taken = []
        for additions in ((), item.settings.additions):
            one = replace(item, settings=replace(item.settings, additions=additions))
            with closing(open_session(session_request(one, probe_machine()))) as session:
                taken.append(session.single_point(structures[name]))
        without, added = taken
        reference = alone(item, structures[name], D4_ALONE)
        assert added.energy_ev - without.energy_ev == pytest.approx(reference["energy"], abs=1e-6), name
        forces = np.subtract(added.forces_ev_per_angstrom, without.forces_ev_per_angstrom)
        assert np.allclose(forces, reference["forces"], atol=1e-6), name


@pytest.fixture(scope="module")
def written(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a script of ten steps that ran, of a molecule that CHGNet's package takes in a box alone."""
    folder = tmp_path_factory.mktemp("run")
    target = folder / "run.py"
    atoms = build_preset("ethanol")
    made = Subject(
        task=replace(
            make_task(simulated_time_s=1e-14, timestep_s=1e-15, temperature_k=300.0), additions=(AdditionKind.D3,)
        ),
        atoms=atoms,
        repeats=(1, 1, 1),
        card=prepared.card,
        candidate=replace(make_candidate(prepared.card.id), run_time_s=None),
        settings=replace(prepared.settings, dtype="float32"),
        weights_file=None,
        needs_file=False,
        python=str(prepared.environment.python),
        devices=1,
    )
    files = ase_files(made, find_recipe(prepared.card.backend), target)
    failure = try_script(texts_by_name(files), "run.py", python=made.python)
    assert failure is None, failure
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    subprocess.run([made.python, str(target), "--steps", "2"], check=True, capture_output=True)
    return folder


@pytest.mark.in_turn("additions", 1)
def test_a_script_runs_the_same_potential(prepared: Prepared, written: Path) -> None:
    with (written / "run.log.csv").open(encoding="utf-8") as stream:
        first = next(csv.DictReader(stream))
    single = replace(prepared, settings=replace(prepared.settings, dtype="float32"))
    with closing(open_session(session_request(single, probe_machine()))) as session:
        point = session.single_point(build_preset("ethanol"))
    assert int(first["step"]) == 0
    assert float(first["potential_energy_ev"]) == pytest.approx(point.energy_ev, abs=2e-4)
