"""Answers for hardware that is not here: one estimator for ``recommend`` and ``plan``, and honest bases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fake_models import STRUCTURES, FakeModels, Run
from mlipguide.core.errors import ExitCode
from mlipguide.records.estimate import Basis
from mlipguide.testing.fake_session import linear

QUESTION = ["--atoms", "5000", "--time", "1ns", "--timestep", "1fs", "--budget", "24h"]
HARDWARE = "A100-80GB,2xH100-80GB,RTX4090"
LIFEPO4 = STRUCTURES / "LiFePO4.cif"
NUMBERS = ("step_time_s", "run_time_s", "ns_per_day", "peak_memory_bytes", "max_atoms", "affordable_atoms", "run_cost")


def document(run: Run, *words: str | Path) -> dict[str, Any]:
    found = run(*words, "--json").document
    assert found["status"] != "error", found["errors"]
    return found


@pytest.fixture
def measured(fake_models: FakeModels, run: Run) -> FakeModels:
    """Two models, one of which was timed here."""
    fake_models.add("fake-a", time_law=linear(5e-3, fixed=0.02), noise=0.02)
    fake_models.add("fake-b", time_law=linear(2e-3, fixed=0.02), noise=0.02)
    document(run, "recommend", LIFEPO4, *QUESTION, "--models", "fake-a", "--hardware", HARDWARE)
    return fake_models


@pytest.mark.parametrize("model", ["fake-a", "mace-mpa-0", "uma-s-1p1", "sevennet-0"])
def test_plan_and_recommend_agree_to_the_digit(measured: FakeModels, run: Run, model: str) -> None:
    del measured
    answer = document(run, "recommend", LIFEPO4, *QUESTION, "--models", model, "--hardware", HARDWARE, "--no-measure")
    options = document(run, "plan", model, "--structure", LIFEPO4, *QUESTION, "--hardware", HARDWARE)["data"]["options"]
    planned = {option["profile"]["name"]: option["candidate"] for option in options}
    assert len(answer["data"]["hardware"]) == len(planned) == 3
    for one in answer["data"]["hardware"]:
        (candidate,) = one["candidates"]
        same = planned[one["profile"]["name"]]
        assert candidate["model"] == same["model"] == model
        for name in (*NUMBERS, "verdict", "rejections", "doubts"):
            assert candidate[name] == same[name], name


def test_every_number_has_its_basis_and_interval(measured: FakeModels, run: Run) -> None:
    del measured
    data = document(run, "recommend", LIFEPO4, *QUESTION, "--hardware", HARDWARE, "--no-measure")["data"]
    seen = set()
    for one in data["hardware"]:
        for candidate in one["candidates"]:
            for name in NUMBERS[:-1]:
                estimate = candidate[name]
                if estimate is not None:
                    assert estimate["low"] < estimate["value"] < estimate["high"], (candidate["model"], name)
                    assert estimate["basis"] in (Basis.PUBLISHED, Basis.TRANSFERRED)
                    assert estimate["source"]
                    seen.add((name, estimate["basis"]))
    assert {name for name, _ in seen} == set(NUMBERS[:-1])


def test_a_model_of_which_nothing_is_known_has_no_time(measured: FakeModels, run: Run) -> None:
    del measured
    data = document(run, "recommend", LIFEPO4, *QUESTION, "--hardware", "A100-80GB", "--no-measure")["data"]
    (answer,) = data["hardware"]
    unknown = next(one for one in answer["candidates"] if one["model"] == "equflashv2-45m-oam")
    assert unknown["step_time_s"] is None
    assert unknown["run_cost"] is None
    assert unknown["verdict"] == "unknown"
    assert any("not timed here" in doubt["message"] for doubt in unknown["doubts"])


def test_what_was_timed_here_narrows_what_is_said_of_elsewhere(measured: FakeModels, run: Run) -> None:
    del measured
    data = document(run, "recommend", LIFEPO4, *QUESTION, "--hardware", "A100-80GB", "--no-measure")["data"]
    found = {one["model"]: one for one in data["hardware"][0]["candidates"]}
    assert found["fake-a"]["step_time_s"] is not None
    assert found["fake-a"]["peak_memory_bytes"] is not None
    assert "timed on this machine" in found["fake-a"]["step_time_s"]["source"]


def test_the_choice_heads_the_answer(measured: FakeModels, run: Run) -> None:
    del measured
    data = document(run, "recommend", LIFEPO4, *QUESTION, "--hardware", HARDWARE, "--no-measure")["data"]
    best = data["hardware"][0]
    assert data["choice"] == best["choice"]
    assert data["candidates"] == best["candidates"]


def test_the_table_names_all_hardware(measured: FakeModels, run: Run) -> None:
    del measured
    outcome = run("recommend", LIFEPO4, *QUESTION, "--hardware", HARDWARE, "--no-measure", "--details")
    for name in HARDWARE.split(","):
        assert name in outcome.out
    assert "≈≈" in outcome.out
    assert "×÷" in outcome.out


def test_the_short_page_names_the_hardware_in_place_of_the_machine(measured: FakeModels, run: Run) -> None:
    del measured
    for hardware in (HARDWARE, HARDWARE.partition(",")[0]):
        lines = run("recommend", LIFEPO4, *QUESTION, "--hardware", hardware, "--no-measure").out.splitlines()
        assert len(lines) <= 30
        assert all(len(line) <= 100 for line in lines if not line.startswith("  mlipguide "))
        assert not any(line.startswith("Machine ") for line in lines)
        words = " ".join(" ".join(lines).split())  # the line of the hardware may be folded
        told = words[words.index("Hardware ") :].partition("Assumed")[0]
        assert "not timed: carried over" in told
        assert all(name in told for name in hardware.split(","))
        assert sum("▸ " in line for line in lines) == len(hardware.split(","))


@pytest.mark.parametrize(
    ("hardware", "kind"), [("A100", "ambiguous_device"), ("A1000-80GB", "unknown_device"), ("", None)]
)
def test_unknown_hardware_is_refused_before_anything_is_measured(
    fake_models: FakeModels, run: Run, hardware: str, kind: str | None
) -> None:
    fake_models.add("fake-a", time_law=linear(5e-3))
    outcome = run("recommend", LIFEPO4, *QUESTION, "--hardware", hardware, "--json")
    assert outcome.code == ExitCode.BAD_INPUT
    (error,) = outcome.document["errors"]
    assert kind in (None, error["kind"])


def test_a_plan_without_a_structure_says_what_it_assumes(fake_models: FakeModels, run: Run) -> None:
    del fake_models
    found = document(run, "plan", "mace-mp-0-medium", "--atoms", "2000", "--time", "100ps")
    assert any("0.07 atoms per cubic Å" in notice["message"] for notice in found["notices"])
    options = found["data"]["options"]
    assert len(options) > 40
    verdicts = [option["candidate"]["verdict"] for option in options]
    assert verdicts == sorted(verdicts, key=["feasible", "unknown", "infeasible"].index)
    assert found["data"]["changes"]


def test_more_devices_make_a_run_shorter_but_less_than_in_proportion(fake_models: FakeModels, run: Run) -> None:
    del fake_models
    options = document(
        run, "plan", "mace-mp-0-medium", "--atoms", "200000", "--time", "1ns", "--hardware", "A100-80GB,8xA100-80GB"
    )["data"]["options"]
    times = {option["profile"]["count"]: option["candidate"]["run_time_s"]["value"] for option in options}
    many = next(option for option in options if option["profile"]["count"] == 8)
    assert times[8] < times[1]
    assert 0.1 < many["efficiency"] < many["weak_efficiency"] < 1
    assert many["candidate"]["run_cost"]["devices"] == 8


def test_a_model_without_a_parallel_code_uses_one_device(fake_models: FakeModels, run: Run) -> None:
    del fake_models
    options = document(
        run, "plan", "orb-v2", "--atoms", "2000", "--time", "1ns", "--hardware", "A100-80GB,4xA100-80GB"
    )["data"]["options"]
    times = {option["candidate"]["run_time_s"]["value"] for option in options}
    assert len(times) == 1
    assert {option["candidate"]["run_cost"]["devices"] for option in options} == {1}


def test_prices_and_power_of_a_profile_are_used(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    del fake_models
    profile = tmp_path / "node.yaml"
    profile.write_text(
        "device: A100-80GB\nname: our-node\nprice_per_device_hour: 2 EUR\npower: 500W\n", encoding="utf-8"
    )
    (option,) = document(
        run, "plan", "mace-mp-0-medium", "--atoms", "2000", "--time", "1ns", "--hardware", str(profile)
    )["data"]["options"]
    cost = option["candidate"]["run_cost"]
    hours = option["candidate"]["run_time_s"]["value"] / 3600
    assert cost["device_hours"]["value"] == pytest.approx(hours)
    assert cost["price"]["value"] == pytest.approx(2 * hours)
    assert cost["currency"] == "EUR"
    assert cost["energy_kwh"]["value"] == pytest.approx(0.5 * hours)


def test_an_unknown_model_is_named_with_the_nearest(fake_models: FakeModels, run: Run) -> None:
    del fake_models
    outcome = run("plan", "mace-mpa-1", "--atoms", "100", "--json")
    assert outcome.code == ExitCode.BAD_INPUT
    (error,) = outcome.document["errors"]
    assert "mace-mpa-0" in error["message"]


def test_a_plan_needs_a_structure_or_a_number_of_atoms(fake_models: FakeModels, run: Run) -> None:
    del fake_models
    outcome = run("plan", "mace-mpa-0", "--json")
    assert outcome.code == ExitCode.BAD_INPUT


def test_what_was_published_for_just_this_is_shown_with_its_code(fake_models: FakeModels, run: Run) -> None:
    del fake_models
    question = ("plan", "mace-omat-0-medium", "--atoms", "13718", "--hardware", "GH200-96GB,8xGH200-96GB")
    data = document(run, *question)["data"]
    published = [(one["devices"], one["code"], one["atoms"], one["step_time_s"]) for one in data["published"]]
    assert [one[:3] for one in published if one[0] == 1] == [
        (1, "lammps mliap cueq", 13718),
        (1, "lammps symmetrix", 13718),
    ]
    assert min(published)[3] == pytest.approx(36.3e-3, rel=1e-3)
    assert {one[0] for one in published} == {1, 8}
    one, eight = sorted(data["options"], key=lambda option: option["profile"]["count"])
    for option in (one, eight):
        assert option["candidate"]["step_time_s"]["basis"] == Basis.PUBLISHED
    assert one["candidate"]["settings"]["driver"] == "lammps mliap cueq"
    low, high = (one["candidate"]["step_time_s"][end] for end in ("low", "high"))
    assert low < 36.3e-3 < high
    page = run(*question, "--details").out
    assert "Published for this model" in page
    assert "36.3 ms" in page
    assert "mace_issue_1708" in page


def test_a_model_with_relatives_in_the_timings_gets_an_estimate_from_them(fake_models: FakeModels, run: Run) -> None:
    del fake_models
    for model in ("uma-s-1p2", "mace-mh-1", "grace-2l-oam"):
        data = document(run, "recommend", "--preset", "silicon", "--models", model, "--hardware", "A100-80GB")["data"]
        (candidate,) = data["hardware"][0]["candidates"]
        step_time = candidate["step_time_s"]
        assert step_time["low"] < step_time["value"] < step_time["high"]
        assert step_time["basis"] == Basis.TRANSFERRED


def test_a_table_has_a_row_also_where_no_time_is_known(fake_models: FakeModels, run: Run) -> None:
    del fake_models
    page = run("recommend", "--preset", "silicon", "--models", "equflashv2-45m-oam", "--hardware", "A100-80GB").out
    (row,) = [line for line in page.splitlines() if line.startswith("  equflashv2-45m-oam ")]
    assert "doubtful" in row
    everything = ("--hardware", "A100-80GB", "--details")
    page = run("recommend", "--preset", "silicon", "--models", "equflashv2-45m-oam", *everything).out
    (row,) = [line for line in page.splitlines() if "equflashv2-45m-oam" in line and "A100-80GB" in line]
    assert "unknown" in row
