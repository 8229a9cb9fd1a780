"""Whatever cannot be used ends with one clear message, the right exit status and no traceback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_models import STRUCTURES, FakeModels, Outcome, Run
from mlipguide.core.errors import ExitCode
from mlipguide.core.paths import CACHE_VARIABLE, DATA_VARIABLE
from mlipguide.testing.fake_session import linear

SILICON = STRUCTURES / "Si.POSCAR"
PARTIAL = """data_test
_cell_length_a 4.0
_cell_length_b 4.0
_cell_length_c 4.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_occupancy
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Fe1 Fe 0.5 0.0 0.0 0.0
O1 O 1.0 0.5 0.5 0.5
"""
LAWRENCIUM = '1\nLattice="3.35 0 0 0 3.35 0 0 0 3.35" Properties=species:S:1:pos:R:3 pbc="T T T"\nLr 0 0 0\n'
FULL_BYTES = 64 * 1024


def check(outcome: Outcome, *words: str, code: ExitCode = ExitCode.BAD_INPUT) -> None:
    """Check that exactly one error was told, in words, and nothing was answered."""
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    assert outcome.err.count("Error:") == 1
    assert "Traceback" not in outcome.err
    assert "Internal error" not in outcome.err
    for word in words:
        assert word in outcome.err
    message, _, hint = outcome.err.partition("Error: ")[2].partition("\n")
    assert message.strip().endswith((".", "?", "]", ")"))
    assert hint.strip(), "no word on what to do"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "garbage.cif").write_bytes(bytes(range(256)) * 40)
    (folder / "garbage.bin").write_bytes(os.urandom(4096))
    (folder / "empty.cif").touch()
    (folder / "partial.cif").write_text(PARTIAL, encoding="utf-8")
    (folder / "truncated.extxyz").write_text("8\n\nSi 0 0 0\n", encoding="utf-8")
    (folder / "unknown_key.yaml").write_text("structur: a.cif\n", encoding="utf-8")
    (folder / "no_mapping.yaml").write_text("- a\n- b\n", encoding="utf-8")
    (folder / "no_yaml.yaml").write_text("a: [b\n", encoding="utf-8")
    (folder / "no_unit.yaml").write_text(f"structure: {SILICON}\ntime: 1\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.cif", ["nowhere.cif"]),
        (".", ["is a folder"]),
        ("garbage.cif", ["garbage.cif"]),
        ("garbage.bin", ["garbage.bin"]),
        ("empty.cif", ["empty.cif", "empty"]),
        ("partial.cif", ["partial.cif", "occup"]),
        ("truncated.extxyz", ["truncated.extxyz"]),
    ],
)
@pytest.mark.parametrize("command", ["recommend", "bench"])
def test_structures_that_cannot_be_used(run: Run, files: Path, command: str, name: str, says: list[str]) -> None:
    check(run(command, files / name, "--models", "chgnet-0.3.0"), *says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--time", "1"], ["--time", "'1' has no unit", "fs, ps, ns"]),
        (["--time", "1 parsec"], ["--time", "'parsec' is not a unit", "fs, ps, ns"]),
        (["--time", "soon"], ["--time", "'soon'"]),
        (["--time=-1ns"], ["--time", "positive"]),
        (["--time", "1fs", "--timestep", "2fs"], ["--timestep 2fs is longer than --time 1fs"]),
        (["--atoms", "-5"], ["--atoms", "'-5' must be at least 1"]),
        (["--atoms", "1e12"], ["--atoms", "'1e12' is more than the largest system"]),
        (["--atoms", "many"], ["--atoms", "'many' is not a number"]),
        (["--atoms", "nan"], ["--atoms", "'nan' is not a whole number"]),
        (["--atoms", "2.5"], ["--atoms", "'2.5' is not a whole number"]),
        (["--temperature", "300"], ["--temperature", "no unit", "300K"]),
        (["--budget", "24"], ["--budget", "no unit", "24h"]),
        (["--measure-budget", "2"], ["--measure-budget", "no unit"]),
        (["--force-mae", "100"], ["--force-mae", "no unit", "meV/A"]),
        (["--energy-mae", "5eV"], ["--energy-mae", "'eV' is not a unit"]),
        (["--needs", "stres"], ["--needs", "'stres'", "Did you mean 'stress'?"]),
        (["--models", "sevenet-0"], ["'sevenet-0'", "Did you mean 'sevennet-0'?"]),
        (["--models", "gpt"], ["'gpt'", "models list"]),
        (["--preset", "water"], ["both was given"]),
        (["--index", "7"], ["Si.POSCAR", "7"]),
        (["--index", "first"], ["'first'"]),
        (["--weights", "mace"], ["--weights", "'mace' is not of the form MODEL=FILE"]),
        (["--weights", "mace-mp-0-smal=a.model"], ["Did you mean 'mace-mp-0-small'?"]),
        (["--weights", "mace-mp-0-small=nowhere.model"], ["--weights mace-mp-0-small=nowhere.model", "no such file"]),
        (["--tim", "1ns"], ["--tim", "--time"]),
        (["--config"], ["--config"]),
        (["more.cif"], ["more.cif"]),
    ],
)
def test_options_that_cannot_be_used(run: Run, options: list[str], says: list[str]) -> None:
    check(run("recommend", SILICON, *options), *says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], ["needs models"]),
        (["--models", "chgnet-0.3.0", "--max-atoms", "-5"], ["--max-atoms", "at least 1"]),
        (["--models", "chgnet-0.3.0", "--budget", "2"], ["--budget", "no unit"]),
        (["--models", "chgnet-0.3.0", "--temperature", "cold"], ["--temperature", "'cold'"]),
        (["--models", "chgnet-0.3.0", "--timestep", "1"], ["--timestep", "no unit"]),
        (["--models", "chgnet-0.3.0", "--weights", "chgnet"], ["--weights"]),
    ],
)
def test_options_of_bench_that_cannot_be_used(run: Run, options: list[str], says: list[str]) -> None:
    check(run("bench", SILICON, *options), *says)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("unknown_key.yaml", ["unknown key 'structur'", "Did you mean 'structure'?"]),
        ("no_mapping.yaml", ["no_mapping.yaml"]),
        ("no_yaml.yaml", ["no_yaml.yaml", "not valid YAML"]),
        ("no_unit.yaml", ["'1' has no unit"]),
        ("nowhere.yaml", ["nowhere.yaml"]),
        (".", []),
    ],
)
def test_task_files_that_cannot_be_used(run: Run, files: Path, name: str, says: list[str]) -> None:
    check(run("recommend", "--config", files / name), *says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["recommend"], ["neither was given"]),
        (["recommend", "--preset", "wter"], ["Did you mean 'water'?"]),
        (["recommend", str(STRUCTURES / "ethanol.xyz"), "--atoms", "1000"], ["not periodic"]),
        (["recomend"], ["recomend"]),
        (["models", "show", "chgnet-0.3"], ["Did you mean 'chgnet-0.3.0'?"]),
        (["models", "show"], ["Missing argument", "mlipguide models show --help"]),
        (["models", "validate", "nowhere"], ["nowhere"]),
        (["env", "build", "sevenn", "--torch", "cuda"], ["cuda"]),
        (["env", "build", "seven"], ["Did you mean 'sevenn'?"]),
        (["env", "check", "seven"], ["Did you mean 'sevenn'?"]),
        (["env", "remove", "seven"], ["Did you mean 'sevenn'?"]),
        (["env", "adopt", "sevenn", "nowhere"], ["nowhere"]),
    ],
)
def test_commands_that_cannot_be_used(run: Run, fake_models: FakeModels, arguments: list[str], says: list[str]) -> None:
    assert fake_models.plugin.models.is_dir()  # its folders are used
    check(run(*arguments), *says)


LONG = 1000 * "x"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["recommend", "--preset", "silicon", "--hardware", LONG], "There is no device"),
        (["recommend", LONG], "too long"),
        (["recommend", "--config", LONG], "too long"),
        (["check", LONG], LONG[:40]),
        (["models", "validate", LONG], "too long for the name of a file"),
    ],
)
def test_a_word_that_is_too_long_for_a_file(run: Run, arguments: list[str], says: str) -> None:
    outcome = run(*arguments)
    assert outcome.code == ExitCode.BAD_INPUT
    assert says in " ".join(outcome.err.split())
    assert "Internal error" not in outcome.err


def test_a_list_of_devices_may_be_longer_than_the_name_of_a_file(run: Run) -> None:
    outcome = run("plan", "chgnet-0.3.0", "--preset", "silicon", "--hardware", ",".join(30 * ["A100-80GB"]))
    assert "too long" not in outcome.err
    assert "Internal error" not in outcome.err


def test_an_element_that_no_model_knows(run: Run, fake_models: FakeModels, tmp_path: Path) -> None:
    path = tmp_path / "lr.extxyz"
    path.write_text(LAWRENCIUM, encoding="utf-8")
    outcome = run("recommend", path, "--json")
    assert outcome.code == ExitCode.DONE
    data = outcome.document["data"]
    assert data["strategy"] == "train-from-scratch"
    assert {item["verdict"] for item in data["candidates"]} == {"infeasible"}
    assert all("Lr not in its training data" in item["rejections"][0]["message"] for item in data["candidates"])
    page = run("recommend", path)
    assert page.code == ExitCode.DONE
    assert page.out.startswith("Train a POD potential from scratch: about ")
    assert "No pretrained model does it as asked (elements)." in " ".join(page.out.split())
    assert "Nothing is feasible" not in page.out
    assert fake_models.opened == []


@pytest.mark.parametrize("command", ["recommend", "bench"])
def test_no_environment_and_no_consent(run: Run, fake_models: FakeModels, command: str) -> None:
    assert fake_models.plugin.models.is_dir()  # its empty cache is used: no backend has an environment
    outcome = run(command, SILICON, "--models", "chgnet-0.3.0")
    check(outcome, "no environment yet for chgnet", "mlipguide env build chgnet", code=ExitCode.ENVIRONMENT_FAILED)


@pytest.mark.parametrize("command", ["recommend", "bench"])
@pytest.mark.parametrize("variable", [CACHE_VARIABLE, DATA_VARIABLE])
def test_folders_that_cannot_be_made(  # noqa: PLR0917  # pytest passes fixtures by name
    run: Run, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, variable: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / "file" / "folder"))
    fake_models.add("fake-a")
    outcome = run(command, SILICON, "--models", "fake-a")
    check(outcome, str(tmp_path / "file" / "folder"), "a file stands where a folder is needed", variable)
    assert fake_models.opened == [], "time was spent on measuring what cannot be kept"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a file system of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={FULL_BYTES}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small file system can be mounted by the superuser only")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def mount_again(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


@pytest.mark.parametrize("variable", [CACHE_VARIABLE, DATA_VARIABLE])
def test_folders_on_a_read_only_disk(
    run: Run, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch, small_disk: Path, variable: str
) -> None:
    monkeypatch.setenv(variable, str(small_disk / "mlipguide"))
    mount_again(small_disk)
    fake_models.add("fake-a")
    check(run("recommend", SILICON, "--models", "fake-a"), str(small_disk), "read-only", variable)
    assert fake_models.opened == []


@pytest.mark.parametrize("command", ["recommend", "bench"])
def test_a_disk_that_fills_up(
    run: Run, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch, small_disk: Path, command: str
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(small_disk))
    fake_models.add("fake-a", time_law=linear(1e-3), noise=0.05)
    (small_disk / "other").write_bytes(bytes(FULL_BYTES - 3 * os.sysconf("SC_PAGE_SIZE")))
    outcome = run(
        command, SILICON, "--atoms" if command == "recommend" else "--max-atoms", "1000", "--models", "fake-a"
    )
    check(outcome, str(small_disk), "the disk is full", DATA_VARIABLE)
    assert not list(small_disk.rglob("*.part"))
    (small_disk / "other").unlink()
    assert run("recommend", SILICON, "--models", "fake-a").code == ExitCode.DONE


def test_a_missing_checkpoint_with_its_disk_full(
    run: Run, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch, small_disk: Path
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(small_disk))
    fake_models.add("fake-a")
    (small_disk / "other").write_bytes(bytes(FULL_BYTES - os.sysconf("SC_PAGE_SIZE")))
    check(run("env", "build", "toy"), "full", code=ExitCode.BAD_INPUT)


def test_a_bug_is_told_without_a_traceback(run: Run, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(fake_models, "probe", fail)
    fake_models.add("fake-a")
    monkeypatch.setattr("mlipguide.commands.set_up.environments.load_recipes", fail)
    outcome = run("env", "list")
    assert outcome.code == ExitCode.INTERNAL_ERROR
    assert "Internal error: ZeroDivisionError" in outcome.err
    assert "Traceback" not in outcome.err
    (log,) = (fake_models.plugin.site.parent / "cache" / "logs").glob("error-*.log")
    assert str(log) in outcome.err
    assert "ZeroDivisionError: oh" in log.read_text(encoding="utf-8")
