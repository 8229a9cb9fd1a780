"""A calculator of the user's own, from the file to the run: EMT, evaluated, timed, recommended and written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import read, write

from fake_models import Run
from mlipguide.core.paths import DATA_VARIABLE
from own_calculators import EMT_FILE

pytestmark = pytest.mark.integration


def labelled(path: Path) -> Path:
    """Write rattled and strained copper, labelled by EMT itself."""
    frames = []
    for number in range(12):
        atoms = bulk("Cu", cubic=True).repeat((2, 2, 1))
        atoms.set_cell(atoms.cell.array * (0.99 + 0.002 * number), scale_atoms=True)
        atoms.rattle(0.05, seed=number)
        atoms.calc = EMT()
        atoms.get_forces()
        frames.append(atoms)
    write(path, frames)
    return path


def test_a_file_is_evaluated_recommended_and_written_into_a_script(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    Path("emt.py").write_text(EMT_FILE, encoding="utf-8")
    write("Cu.cif", bulk("Cu", cubic=True))
    evaluated = run("evaluate", labelled(tmp_path / "labels.extxyz"), "--calculator", "emt.py", "--json").document
    (result,) = evaluated["data"]["results"]
    assert result["model"] == "emt"
    assert result["force_mae_ev_per_angstrom"]["value"] == pytest.approx(0.0, abs=1e-6)
    asked = ("--atoms", "108", "--time", "20fs", "--timestep", "1fs", "--measure-budget", "5s", "--write", "run.py")
    answer = run("recommend", "Cu.cif", "--calculator", "emt.py", *asked, "--json").document
    assert answer["data"]["choice"] == "emt"
    assert answer["data"]["script"]["smoke_test"] == "passed"
    done = subprocess.run(
        ["/bin/sh", "-c", answer["data"]["script"]["command"]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    last = read("run.traj.extxyz", index=-1)
    assert isinstance(last, Atoms)
    assert len(last) == 108
    assert np.isfinite(last.get_potential_energy())
