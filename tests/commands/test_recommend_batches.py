"""``recommend --kind screen`` counts work in batches where ``bench --batch`` found them to be faster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
        "Counted in batches, by TorchSim, as timed with bench --batch: fake-a (up to 64 structures at once); the "
        "script of --write relaxes one by one."
    )


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
