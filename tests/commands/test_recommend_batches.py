"""``recommend --kind screen`` counts work in batches where ``bench --batch`` found them to be faster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk
from ase.io import write

from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.core.errors import ExitCode
from mlipguide.testing.fake_session import linear

SILICON = STRUCTURES / "Si.POSCAR"
ATOMS = 8
FIXED_S, PER_ATOM_S = 0.02, 2e-4
SCREEN = ("--kind", "screen", "--structures", "1000", "--models", "fake-a", "--measure-budget", "20s")
EVALUATIONS = 120_000


def helps(structures: int, atoms: int) -> float:
    return FIXED_S + 1e-3 * structures + PER_ATOM_S * atoms


def add(fakes: FakeModels, **session: Any) -> None:
    fakes.add("fake-a", **{"time_law": linear(PER_ATOM_S, fixed=FIXED_S), "batch_law": helps, **session})


def candidate(run: Run, *words: str | Path) -> tuple[dict[str, Any], list[str]]:
    outcome = run("recommend", SILICON, *SCREEN, *words, "--json")
    assert outcome.code in (ExitCode.DONE, ExitCode.NOTHING_FEASIBLE), outcome.err
    (found,) = outcome.document["data"]["candidates"]
    told = [one["message"] for one in outcome.document["notices"] if one["kind"] in ("batched", "one_by_one")]
    return found, told


def test_work_is_counted_in_the_batch_that_was_found_to_be_best(fake_models: FakeModels, run: Run) -> None:
    add(fake_models)
    alone, (told,) = candidate(run)
    assert alone["run_time_s"]["value"] == pytest.approx(EVALUATIONS * (FIXED_S + PER_ATOM_S * ATOMS), rel=0.02)
    assert told.startswith("Counted one structure after the other: fake-a; mlipguide bench")
    assert run("bench", SILICON, "--models", "fake-a", "--batch", "1,4,16,64").code == ExitCode.DONE
    together, (told,) = candidate(run)
    share_s = helps(64, 64 * ATOMS) / 64
    assert together["run_time_s"]["value"] == pytest.approx(EVALUATIONS * share_s, rel=0.02)
    assert together["settings"]["driver"] == "torch-sim"
    assert told == (
        "Counted in batches, by TorchSim, as timed with bench --batch: fake-a (up to 64 structures at once); so does "
        "the script of --write."
    )


def test_displaced_supercells_are_counted_in_batches_and_the_relaxation_is_not(
    fake_models: FakeModels, run: Run, tmp_path: Path
) -> None:
    add(fake_models)
    cell = bulk("Cu", cubic=True)
    cell.rattle(0.05, seed=1)  # without symmetry: six displacements for each of four atoms
    write(tmp_path / "Cu.vasp", cell)
    asked = ("recommend", tmp_path / "Cu.vasp", "--kind", "phonons", "--atoms", "4", *SCREEN[4:], "--json")
    alone = run(*asked).document
    assert run("bench", tmp_path / "Cu.vasp", "--models", "fake-a", "--batch", "1,4,16").code == ExitCode.DONE
    together = run(*asked).document
    before, after = (one["data"]["candidates"][0] for one in (alone, together))
    assert (before["structures_at_once"], after["structures_at_once"]) == (None, 16)
    evaluations = together["data"]["task"]["workload"]["evaluations"]["value"]
    assert together["data"]["task"]["workload"]["systems"] == 24
    alone_s, share_s = FIXED_S + 4 * PER_ATOM_S, helps(16, 64) / 16
    assert before["run_time_s"]["value"] == pytest.approx(evaluations * alone_s, rel=0.02)
    # One is also evaluated alone, to compare.
    assert after["run_time_s"]["value"] == pytest.approx(24 * share_s + (evaluations - 24 + 1) * alone_s, rel=0.02)
    (told,) = [one["message"] for one in together["notices"] if one["kind"] == "batched"]
    assert told.startswith("Displaced supercells are counted in batches")


def test_no_batch_is_larger_than_the_number_of_structures(fake_models: FakeModels, run: Run) -> None:
    add(fake_models)
    run("bench", SILICON, "--models", "fake-a", "--batch", "1,4,64")
    _, (told,) = candidate(run, "--structures", "10")
    assert "fake-a (up to 4 structures at once)" in told


def test_batches_that_are_not_faster_are_not_counted(fake_models: FakeModels, run: Run) -> None:
    add(fake_models, batch_law=lambda structures, _atoms: 0.03 * structures)
    run("bench", SILICON, "--models", "fake-a", "--batch", "1,4,16")
    found, (told,) = candidate(run)
    assert found["settings"]["driver"] == "ase"
    assert told.endswith("fake-a; batches were timed and are not clearly faster.")


@pytest.mark.parametrize("words", [("--needs", "stress"), ("--kind", "relax")], ids=["cells", "one structure"])
def test_work_that_is_none_for_batches_is_counted_as_before(
    fake_models: FakeModels, run: Run, words: tuple[str, ...]
) -> None:
    add(fake_models)
    run("bench", SILICON, "--models", "fake-a", "--batch", "1,64")
    asked = SCREEN if words[0] == "--needs" else ("--models", "fake-a", "--measure-budget", "20s")
    outcome = run("recommend", SILICON, *asked, *words, "--json")
    (found,) = outcome.document["data"]["candidates"]
    assert found["settings"] is None or found["settings"]["driver"] == "ase"
    assert not [one for one in outcome.document["notices"] if one["kind"] in ("batched", "one_by_one")]


def test_on_other_hardware_a_batch_is_carried_over_as_a_step_of_its_atoms(fake_models: FakeModels, run: Run) -> None:
    add(fake_models)
    alone, (told,) = candidate(run, "--hardware", "A100-80GB")
    assert told.startswith("Counted one structure after the other: fake-a; mlipguide bench")
    run("bench", SILICON, "--models", "fake-a", "--batch", "1,4,16,64")
    together, (told,) = candidate(run, "--hardware", "A100-80GB")
    assert told.startswith("Counted in batches, by TorchSim, as timed with bench --batch: fake-a (up to 64")
    assert together["run_time_s"]["basis"] in ("transferred", "assumed")
    # The host's work for each structure does not become faster with the device.
    outside_s = 0.3 * helps(64, 64 * ATOMS) / 64  # the fake's share outside its network
    assert outside_s * EVALUATIONS / 2 < together["run_time_s"]["value"] < alone["run_time_s"]["value"]
