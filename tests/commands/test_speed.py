"""``bench --compare-with``: the threads that ask why it is slow, and a model that was timed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import mlipguide
from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.report.exports.envelope import schema_file
from mlipguide.testing.fake_session import linear

SILICON = STRUCTURES / "Si.POSCAR"
LOG = """LAMMPS (2 Aug 2023 - Update 3)
units metal
pair_style mace no_domain_decomposition
The torch_float_dtype is: Double
timestep 0.005
Loop time of 2526 on 1 procs for 1000 steps with 500 atoms
"""


def compared(run: Run, speed: str | Path, *words: str | Path) -> dict[str, Any]:
    outcome = run("bench", "--compare-with", speed, *words, "--json")
    document = outcome.document
    assert document["status"] == "success", document["errors"]
    assert outcome.code == ExitCode.DONE
    Draft202012Validator(json.loads(schema_file("bench speed").read_text(encoding="utf-8"))).validate(document)
    assert document["schema"] == "mlipguide.bench.speed/1"
    data: dict[str, Any] = document["data"]
    return data


@pytest.mark.usefixtures("fake_models")
def test_ml_iap_is_as_fast_as_it_is_and_another_interface_faster(run: Run) -> None:
    asked = ["--atoms", "54", "--model", "mace-omat-0-medium", "--device", "GH200-96GB"]
    data = compared(run, "3.16ns/day", *asked, "--style", "mliap")  # mace_issue_1708
    assert data["verdict"] == "normal"
    assert data["code"] == "lammps mliap cueq"
    assert data["expected_step_time_s"]["basis"] == "published"
    assert data["causes"] == []
    first = data["gains"][0]
    assert (first["kind"], first["detail"]) == ("style", "lammps symmetrix")
    assert pytest.approx(first["factor"]["value"], rel=0.1) == 22.9 / 3.16
    assert first["factor"]["low"] > 2
    symmetrix = compared(run, "3.16ns/day", *asked, "--style", "symmetrix/mace")
    assert symmetrix["verdict"] == "slower"
    style = next(one for one in symmetrix["causes"] if one["detail"] == "lammps mliap cueq")
    assert style["fit"] == "explains"


@pytest.mark.usefixtures("fake_models")
def test_a_step_of_a_second_and_a_half_on_an_a100_is_a_processor_s(run: Run) -> None:
    data = compared(run, "0.694steps/s", "--atoms", "480", "--model", "mace-mp-0-medium", "--device", "A100-80GB")
    assert data["verdict"] == "slower"  # mace_issue_431; the GPU is not named there
    assert data["slowdown"]["low"] > 2
    assert data["causes"][0]["kind"] == "processor"
    assert data["causes"][0]["fit"] == "explains"
    assert "torch.cuda.is_available()" in data["causes"][0]["checks"][0]["command"]
    kinds = {one["kind"]: one for one in data["causes"]}
    assert kinds["float64"]["fit"] == "part"  # of an A100 the rates in both precisions are near
    for one in (*data["causes"], *data["gains"]):
        assert not any("{" in check["command"] for check in one["checks"])


@pytest.mark.usefixtures("fake_models")
def test_the_log_that_shows_float64_says_so_first(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log.lammps"
    log.write_text(LOG, encoding="utf-8")
    asked = ["--model", "mace-mp-0-small", "--device", "RTX-A4000"]  # the figures of mace_issue_801
    data = compared(run, log, *asked)
    assert (data["atoms"], data["log"]["style"], data["code"]) == (500, "mace", "lammps mace")
    assert data["seen_step_time_s"] == pytest.approx(2.526)
    assert data["timestep_s"] == pytest.approx(5e-15)
    first = data["causes"][0]
    assert (first["kind"], first["sign"]["line"]) == ("float64", 4)
    assert str(log) in first["checks"][0]["command"]
    assert first["factor"]["high"] > 30
    without = compared(run, log, *asked, "--dtype", "float32")
    assert "float64" not in {one["kind"] for one in without["causes"]}
    page = run("bench", "--compare-with", log, *asked).out
    assert page.startswith("Slower than normal by")
    assert "The log shows one reason: it ran in float64" in " ".join(page.split())
    assert len(page.splitlines()) <= 30
    other = run("bench", "--compare-with", log, *asked, "--atoms", "400")
    assert other.code == ExitCode.BAD_INPUT
    assert "the log says 500" in other.err


@pytest.mark.usefixtures("fake_models")
def test_more_devices_that_do_not_help_are_normal_for_ml_iap(run: Run) -> None:
    asked = ["--atoms", "13718", "--model", "mace-omat-0-medium", "--device", "8xGH200-96GB", "--style", "mliap"]
    data = compared(run, "2.41ns/day", *asked)
    assert data["verdict"] == "normal"
    assert data["one_device_step_time_s"]["value"] < 3 * data["expected_step_time_s"]["value"]


@pytest.mark.usefixtures("fake_models")
def test_compilation_is_named_where_it_was_seen_to_help(run: Run) -> None:
    data = compared(run, "39.9ms/step", "--atoms", "64", "--model", "mattersim-v1-1m", "--device", "A100-PCIe-80GB")
    assert data["verdict"] == "normal"  # mattersim_pr_154
    (gain,) = (one for one in data["gains"] if one["kind"] == "plain-kernels")
    assert (gain["factor"]["low"], gain["factor"]["high"]) == (2.0, 2.8)
    assert gain["factor"]["source"] == "mattersim_pr_154"


@pytest.mark.usefixtures("fake_models")
def test_an_accelerator_gains_between_nothing_and_five_times_with_mace(run: Run) -> None:
    data = compared(run, "100ms/step", "--atoms", "500", "--model", "mace-mp-0-medium", "--device", "RTX4090")
    assert data["verdict"] == "normal"
    (gain,) = (one for one in data["gains"] if one["kind"] == "plain-kernels")
    assert (gain["factor"]["low"], gain["factor"]["high"]) == (0.7, 5.0)
    assert gain["factor"]["source"] == "mace_issue_739; mace_issue_768; mace_pull_709"
    assert gain["checks"][0]["command"] == "mlipguide tune STRUCTURE --models mace-mp-0-medium --atoms 500"


@pytest.mark.usefixtures("fake_models")
def test_one_small_structure_leaves_the_device_idle(run: Run) -> None:
    data = compared(run, "72.8ms/step", "--atoms", "58", "--model", "uma-s-1p2", "--device", "H100-80GB")
    (few,) = (one for one in data["gains"] if one["kind"] == "few-atoms")  # torchsim_issue_553
    assert few["factor"]["value"] > 3
    assert {one["kind"] for one in data["causes"] if one["fit"] == "explains"} >= {"host", "shared-gpu"}


@pytest.mark.usefixtures("fake_models")
def test_thirteen_times_slower_with_dispersion_is_explained_by_it(run: Run) -> None:
    model, device = "orb-v3-conservative-inf-omat", "RTX4090"
    plain = compared(run, "23ms/step", "--atoms", "200", "--model", model, "--device", device)
    seen = f"{13 * plain['expected_step_time_s']['value'] * 1e3:.4g}ms/step"
    data = compared(run, seen, "--atoms", "200", "--model", model, "--device", device, "--dtype", "float32")
    dispersion = next(one for one in data["causes"] if one["kind"] == "dispersion")  # orb_issue_95
    assert dispersion["fit"] == "explains"
    assert dispersion["factor"]["basis"] == "published"


def test_here_the_measured_time_is_expected(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-a", time_law=linear(1e-3), noise=0.01)
    assert run("bench", SILICON, "--models", "fake-a", "--sizes", "64,216").code == ExitCode.DONE
    asked: list[str | Path] = [SILICON, "--model", "fake-a", "--atoms", "128"]
    data = compared(run, "7.9steps/s", *asked)
    assert data["here"]
    assert data["expected_step_time_s"]["value"] == pytest.approx(0.128, rel=0.05)
    assert data["verdict"] == "normal"
    slow = compared(run, "2steps/s", *asked)
    assert slow["verdict"] == "slower"
    assert slow["slowdown"]["value"] == pytest.approx(3.9, rel=0.05)
    kinds = {one["kind"]: one for one in slow["causes"]}
    assert kinds["few-threads"]["fit"] == "explains"
    assert not {"processor", "shared-gpu", "host"} & set(kinds)
    command = next(check["command"] for check in kinds["few-threads"]["checks"] if "bench" in check["command"])
    assert command == f"mlipguide bench {SILICON} --models fake-a --sizes 128 --threads 1,2,4"
    answer = mlipguide.speed(compare_with="2steps/s", structure=SILICON, model="fake-a", atoms=128)
    assert json.loads(answer.to_json())["data"] == slow


@pytest.mark.usefixtures("fake_models")
def test_a_speed_in_simulated_time_says_which_step_it_took(run: Run) -> None:
    asked = ["--atoms", "54", "--model", "mace-omat-0-medium", "--device", "GH200-96GB"]
    assert "Steps of 1fs are assumed in 3.16ns/day" in run("bench", "--compare-with=3.16ns/day", *asked).err
    longer = compared(run, "3.16ns/day", *asked, "--timestep", "2fs")
    assert longer["seen_step_time_s"] == pytest.approx(2 * 1e-15 / (3.16e-9 / 86400))


@pytest.mark.usefixtures("fake_models")
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"compare_with": "quick"}, "neither a speed nor a file"),
        ({"compare_with": "0.69"}, "has no unit"),
        ({"atoms": None}, "number of atoms is needed"),
        ({"device": "A100-80GB,RTX4090"}, "names several"),
        ({"device": "A1000"}, "There is no device"),
        ({"dtype": "float16"}, "unknown 'float16'"),
        ({"model": "mace-mp-0-mediun"}, "Did you mean"),
    ],
)
def test_what_cannot_be_used_is_refused(changed: dict[str, Any], message: str) -> None:
    asked = {"compare_with": "1steps/s", "atoms": 500, "model": "mace-mp-0-medium", "device": "A100-80GB"}
    with pytest.raises(InputError, match=message):
        mlipguide.speed(**{**asked, **changed})
