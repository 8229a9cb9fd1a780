"""Scripts that do several structures at once, with the toy backend: the same answers, restarts, what ends batches."""

from __future__ import annotations

import csv
import runpy
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.morse import MorsePotential
from ase.constraints import FixAtoms
from ase.io import read, write

from factories import make_candidate, make_task
from fake_models import STRUCTURES, FakeModels, Run, fake_card
from mlipguide.core.errors import ExitCode
from mlipguide.environments.recipes import find_recipe
from mlipguide.production.script_batches import can_batch
from mlipguide.production.script_texts import Subject, ase_files
from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.records.task.task import TaskKind
from mlipguide.records.timing.measurement import Settings
from mlipguide.testing.fake_session import linear
from toy_plugin import SETTINGS, toy_card

pytestmark = pytest.mark.usefixtures("toy_plugin")

LATTICE = 2.96
"""Near the one of the toy's copper."""
BATCH = 3
SILICON = STRUCTURES / "Si.POSCAR"


def copper(seed: int, repeats: int = 1) -> Atoms:
    atoms: Atoms = bulk("Cu", a=LATTICE, cubic=True).repeat((repeats, 1, 1))
    atoms.rattle(0.03, seed=seed)
    return atoms


def put(
    target: Path, kind: TaskKind = TaskKind.SCREEN, *, checkpoint: str = "plain", batch: int | None = BATCH
) -> Path:
    """Write the script of a task whose batches were timed for cells of four atoms."""
    atoms = copper(0)
    made = Subject(
        task=make_task(kind=kind, atoms=len(atoms), structures=10),
        atoms=atoms,
        repeats=(1, 1, 1),
        card=toy_card(checkpoint),
        candidate=replace(make_candidate("toy"), structures_at_once=batch),
        settings=SETTINGS,
        weights_file=None,
        needs_file=False,
        python=sys.executable,
        devices=1,
    )
    target.parent.mkdir(exist_ok=True)
    for path, text in ase_files(made, find_recipe("toy"), target).items():
        path.write_text(text, encoding="utf-8")
    return target


@dataclass(frozen=True)
class Done:
    """What a script printed."""

    stdout: str
    stderr: str


Start = Callable[..., Done]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Start:
    """Return what runs a script in this process, which has imported what it needs."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def call(script: Path, *words: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", [str(script), *map(str, words)])
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            monkeypatch.setenv(name, "1")
        capsys.readouterr()
        try:
            runpy.run_path(str(script), run_name="__main__")
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return Done(*capsys.readouterr())

    return call


def rows(script: Path) -> dict[str, dict[str, str]]:
    with script.with_suffix(".csv").open(newline="", encoding="utf-8") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def batches(script: Path) -> list[tuple[str, int]]:
    path = script.parent / "batches.log"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]


@pytest.fixture(scope="module")
def crystals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with four free cells of 4 atoms, one of 8, one that holds an atom, and a file of nothing."""
    folder = tmp_path_factory.mktemp("crystals")
    for number in range(4):
        write(folder / f"{number}.xyz", copper(number), format="extxyz")
    write(folder / "0-twice.xyz", copper(5, repeats=2), format="extxyz")
    held = copper(6)
    held.set_constraint(FixAtoms([0]))
    write(folder / "held.xyz", held, format="extxyz")
    (folder / "nothing.xyz").write_text("no structure", encoding="utf-8")
    return folder


def morse() -> MorsePotential:
    """Return the potential of the toy."""
    return MorsePotential(epsilon=0.3, r0=2.2, rho0=3.0, rcut1=4.0 / 2.2, rcut2=5.5 / 2.2)


def relaxed(path: Path) -> Atoms:
    found = read(path)
    assert isinstance(found, Atoms)
    return found


def same_minima(script: Path, reference: Path) -> None:
    found, expected = rows(script), rows(reference)
    assert found.keys() == expected.keys()
    for name, row in found.items():
        assert row["state"] == expected[name]["state"]
        if row["state"] == "relaxed":
            assert float(row["energy_ev_per_atom"]) == pytest.approx(
                float(expected[name]["energy_ev_per_atom"]), abs=1e-6
            )
            assert (row["atoms"], row["steps"]) == (expected[name]["atoms"], expected[name]["steps"])
            one, other = (relaxed(path.with_suffix(".relaxed") / f"{name}.extxyz") for path in (script, reference))
            np.testing.assert_allclose(one.positions, other.positions, atol=1e-6)
            assert one.get_potential_energy() == pytest.approx(other.get_potential_energy(), abs=1e-6)


def test_a_screen_in_batches_ends_where_one_by_one_does(start: Start, crystals: Path, tmp_path: Path) -> None:
    script, alone = put(tmp_path / "a" / "run.py"), put(tmp_path / "b" / "run.py")
    done = start(script, crystals)
    assert "WARNING" not in done.stderr
    start(alone, crystals, "--one-by-one")
    assert batches(alone) == []
    same_minima(script, alone)
    table = rows(script)
    assert table["held.xyz"]["state"] == "relaxed"
    assert table["nothing.xyz"]["state"].startswith("failed: ")
    # Four are compared; at most twelve atoms, and at most three structures, at once.
    assert batches(script) == [("evaluate", 4), ("relax", 2), ("relax", 3)]
    assert [row["seconds"] for name, row in table.items() if name[0].isdigit()] == ["0.5"] * 5

    # What is done is not done again.
    path = script.with_suffix(".csv")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line[:2] not in ("1.", "3.")), encoding="utf-8")
    done = start(script, crystals)
    assert "2 of 7 structures are left" in done.stdout
    assert batches(script)[3:] == [("evaluate", 2), ("relax", 2)]
    same_minima(script, alone)


@pytest.mark.parametrize(
    ("checkpoint", "words"),
    [
        (
            "no-torchsim",
            "not in batches: a package for batches is not in this environment (No module named 'torch_sim_",
        ),
        ("wrong-batches", "not in batches: energies differ by 0.01 eV/atom there"),
        ("crowded", "A batch failed (RuntimeError: CUDA out of memory): going on with at most 1 at once."),
    ],
)
def test_where_batches_do_not_work_the_screen_goes_on_without(
    start: Start, crystals: Path, tmp_path: Path, checkpoint: str, words: str
) -> None:
    script = put(tmp_path / "run.py", checkpoint=checkpoint)
    done = start(script, crystals)
    assert words in done.stderr
    states = [row["state"].partition(":")[0] for row in rows(script).values()]
    assert sorted(states) == ["failed", *["relaxed"] * 6]
    energies = [float(row["energy_ev_per_atom"]) for name, row in rows(script).items() if name[0].isdigit()]
    perfect = bulk("Cu", a=LATTICE, cubic=True)
    perfect.calc = morse()
    expected = perfect.get_potential_energy() / 4
    assert energies == pytest.approx([expected] * 5, abs=5e-3), "none is off by 10 meV/atom"


def test_phonons_in_batches_have_the_forces_of_the_potential(start: Start, tmp_path: Path) -> None:
    script = put(tmp_path / "run.py", TaskKind.PHONONS, batch=10)
    start(script, "--as-given", "--steps", "13")
    kept = {path.stem: np.load(path) for path in (tmp_path / "run-try.forces").iterdir()}
    assert len(kept) == 13
    assert batches(script) == [("evaluate", 10), ("evaluate", 3)]
    cell = relaxed(tmp_path / "run-try.cell.extxyz")
    cell.wrap()
    for name, forces in kept.items():
        atom, *displacement = name.split("_")
        moved = cell.copy()
        moved.positions[int(atom)] += [float(part) for part in displacement]
        moved.calc = morse()
        np.testing.assert_allclose(forces, moved.get_forces(), atol=1e-3)
    done = start(script, "--as-given", "--steps", "2")
    assert batches(script)[2:] == [], "two are evaluated one by one: another one would be compared"
    assert "Reached 15 of 24 displacements" in done.stdout


def test_phonons_go_on_one_by_one(start: Start, tmp_path: Path) -> None:
    script = put(tmp_path / "run.py", TaskKind.PHONONS, checkpoint="wrong-batches", batch=4)
    done = start(script, "--as-given", "--steps", "4")
    assert "not in batches: energies differ" in done.stderr
    assert "Reached 4 of 24 displacements" in done.stdout


def test_a_script_batches_as_it_was_timed_or_not_at_all() -> None:
    phonons, screen = make_task(kind=TaskKind.PHONONS), make_task(kind=TaskKind.SCREEN)
    single = Settings(threads=1, dtype="float32", device="cpu", driver="ase", allocator=SETTINGS.allocator)
    assert can_batch(screen, find_recipe("mace-torch"), single)
    assert can_batch(phonons, find_recipe("sevenn"), single)
    assert not can_batch(phonons, find_recipe("mace-torch"), single), "its phonons are in float64"
    assert not can_batch(screen, find_recipe("chgnet"), single), "it has none"
    added = replace(single, additions=(Addition(kind=AdditionKind.D3, method="pbe", damping="d3bj"),))
    assert not can_batch(screen, find_recipe("sevenn"), added)


def test_recommend_writes_what_it_counts(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    card = fake_card("fake-plain")
    fake_models.add(
        card.id,
        replace(card, weights=replace(card.weights, name="plain")),
        time_law=linear(2e-4, fixed=0.02),
        batch_law=lambda structures, atoms: 0.02 + 1e-3 * structures + 2e-4 * atoms,
    )
    assert run("bench", SILICON, "--models", card.id, "--batch", "1,4,16").code == ExitCode.DONE
    asked = ("--kind", "screen", "--structures", "1000", "--models", card.id, "--measure-budget", "10s")
    target = tmp_path / "run.py"
    outcome = run("recommend", SILICON, *asked, "--write", target, "--no-smoke-test", "--json")
    assert outcome.code == ExitCode.DONE, outcome.document["errors"]
    (found,) = outcome.document["data"]["candidates"]
    assert found["structures_at_once"] == 16
    assert found["settings"]["driver"] == "torch-sim"
    text = target.read_text(encoding="utf-8")
    assert "BATCH = 16  # structures at once, the best that was timed for 8 atoms each\n" in text
    assert "BATCH_ATOMS = 128 " in text
    (told,) = [one["message"] for one in outcome.document["notices"] if one["kind"] == "batched"]
    assert told.endswith("fake-plain (up to 16 structures at once); so does the script of --write.")
