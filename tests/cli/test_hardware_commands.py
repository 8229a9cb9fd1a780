"""``mlipguide hardware list|explain|save|show``, as users and programs call them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fake_models import CONFIGS, Run, make_machine
from mlipguide.commands.know import hardware as hardware_workflow
from mlipguide.core.errors import ExitCode
from mlipguide.core.paths import DATA_VARIABLE
from mlipguide.records.hardware.machine import Gpu, GpuVendor, Machine

GIB = 2**30
NODE = CONFIGS / "hardware" / "a100-node.yaml"


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


def gpu(name: str, memory_bytes: int | None, **changes: Any) -> Gpu:
    device = Gpu(
        vendor=GpuVendor.NVIDIA,
        index=0,
        name=name,
        memory_bytes=memory_bytes,
        memory_used_bytes=None,
        driver=None,
        compute_capability=None,
        mig=None,
        clock_hz=None,
        max_clock_hz=None,
        power_limit_w=None,
        other_processes=None,
        uuid=None,
    )
    return replace(device, **changes)


def listed(run: Run, *options: str) -> list[str]:
    outcome = run("hardware", "list", *options, "--json")
    assert outcome.code == ExitCode.DONE
    assert outcome.document["schema"] == "mlipguide.hardware.list/1"
    return [device["id"] for device in outcome.document["data"]["devices"]]


def test_the_list_is_a_table_and_a_document(run: Run) -> None:
    outcome = run("hardware", "list", "--details")
    assert outcome.code == ExitCode.DONE
    ids = listed(run)
    assert len(ids) >= 45
    for name in ids:
        assert f"\n{name} " in outcome.out
    assert "without sparsity" in outcome.out


def test_the_short_list_begins_with_how_many_there_are_and_shows_the_newest(run: Run) -> None:
    known = {item["id"]: item["year"] for item in run("hardware", "list", "--json").document["data"]["devices"]}
    lines = run("hardware", "list").out.splitlines()
    assert lines[0] == f"{len(known)} devices are known from published figures; here the newest 16."
    assert len(lines) <= 30
    shown = [known[line.split()[0]] for line in lines[3:19]]
    assert shown == sorted(known.values(), reverse=True)[:16]
    ordered = run("hardware", "list", "--sort", "name").out.splitlines()
    assert ordered[0].endswith("here the first 16.")
    assert [line.split()[0] for line in ordered[3:19]] == listed(run, "--sort", "name")[:16]


def test_the_machine_begins_with_what_models_run_on(run: Run) -> None:
    lines = run("hardware", "show").out.splitlines()
    assert lines[0].startswith("Models run here on ")
    assert "  mlipguide recommend STRUCTURE --atoms N --time 1ns --budget 24h" in "\n".join(lines)


def test_the_list_is_filtered_and_sorted(run: Run) -> None:
    everything = listed(run)
    processors = listed(run, "--kind", "CPU")
    assert "EPYC-7763" in processors
    assert set(listed(run, "--kind", "gpu")) == set(everything) - set(processors)
    assert listed(run, "--vendor", "apple") == ["M1-Max", "M1-Ultra", "M2-Ultra", "M3-Max", "M4-Max"]
    large = listed(run, "--min-memory", "140GiB", "--sort", "memory")
    assert large[0] in {"MI350X", "MI355X"}
    assert large[-1] in {"H200", "H200-NVL"}
    assert "A100-80GB" not in large
    assert listed(run, "--sort", "name") == sorted(everything, key=str.lower)
    assert listed(run, "--sort", "float64")[-1] not in processors  # unknown figures are last
    assert listed(run, "--min-memory", "1TiB") == []
    assert "No known device fits." in run("hardware", "list", "--min-memory", "1TiB").out


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--kind", "tpu"], "--kind: 'tpu' is not known"),
        (["--vendor", "nvida"], "Did you mean 'nvidia'?"),
        (["--sort", "price"], "--sort: 'price' is not known"),
        (["--min-memory", "40"], "has no unit"),
    ],
)
def test_wrong_filters_are_refused(run: Run, options: list[str], word: str) -> None:
    outcome = run("hardware", "list", *options)
    assert outcome.code == ExitCode.BAD_INPUT
    assert outcome.out == ""
    assert word in outcome.err


def test_a_device_is_explained_with_its_sources(run: Run) -> None:
    outcome = run("hardware", "explain", "nvidia a100-sxm4-80gb")
    assert outcome.code == ExitCode.DONE
    for words in ("A100-80GB", "80 GiB", "2,039 GB/s", "9.7 TFLOPS", "?74.4 GiB", "[lockwood_a100]", "https://"):
        assert words in outcome.out
    data = run("hardware", "explain", "A100-80GB", "--json").document["data"]
    assert data["device"]["bandwidth_bytes_per_s"] == 2.039e12
    assert {source["key"] for source in data["sources"]} == set(data["device"]["sources"])
    assert all(source["link"].startswith("https://") for source in data["sources"])
    assert data["profile"]["usable_memory_bytes"]["basis"] == "assumed"


def test_what_is_not_known_of_a_device_is_said(run: Run) -> None:
    outcome = run("hardware", "explain", "M2-Ultra")
    assert outcome.code == ExitCode.DONE
    assert "not known" in outcome.out
    assert "state the machine's memory" in outcome.out
    device = run("hardware", "explain", "M2-Ultra", "--json").document["data"]["device"]
    assert device["memory_bytes"] is device["float64_flop_per_s"] is device["power_w"] is None


@pytest.mark.parametrize(("name", "kind"), [("A100", "ambiguous_device"), ("A1000", "unknown_device")])
def test_a_device_that_cannot_be_explained(run: Run, name: str, kind: str) -> None:
    outcome = run("hardware", "explain", name, "--json")
    assert outcome.code == ExitCode.BAD_INPUT
    (error,) = outcome.document["errors"]
    assert error["kind"] == kind
    assert name in error["message"]
    assert error["hint"]


def test_a_saved_profile_is_listed(run: Run) -> None:
    outcome = run("hardware", "save", "node", NODE)
    assert outcome.code == ExitCode.DONE
    assert "4 x A100-80GB" in outcome.out
    shown = run("hardware", "list", "--vendor", "Apple").out
    assert (
        "node: a100-node, 4 x A100-80GB, 76 GiB usable each, 320 W each, 1.8 EUR per device-hour, nvlink"
        in " ".join(shown.split())
    )
    (saved,) = run("hardware", "list", "--json").document["data"]["profiles"]
    assert saved["profile"]["price_per_device_hour"] == 1.8
    again = run("hardware", "save", "node", NODE)
    assert again.code == ExitCode.BAD_INPUT
    assert "exists already" in again.err


def test_a_spoilt_saved_profile_is_a_notice(run: Run, tmp_path: Path) -> None:
    run("hardware", "save", "node", NODE)
    (tmp_path / "data" / "hardware" / "bad.yaml").write_text("device: Z9\n", encoding="utf-8")
    document = run("hardware", "list", "--json").document
    assert [saved["name"] for saved in document["data"]["profiles"]] == ["node"]
    (notice,) = document["notices"]
    assert notice["kind"] == "profile_left_out"
    assert "'bad'" in notice["message"]
    assert "Z9" in notice["message"]


@pytest.mark.parametrize(
    ("device", "kind", "words"),
    [
        (gpu("NVIDIA A100-SXM4-80GB", 80 * GIB), "device_known", "known device A100-80GB"),
        (gpu("NVIDIA GeForce RTX 3080", 12 * GIB), "device_unknown", "not among the known devices"),
        (gpu("NVIDIA Z9", None), "device_unknown", "not among the known devices"),
        (gpu("NVIDIA A100-SXM4-80GB", 20 * GIB, mig="2g.20gb"), "device_unknown", "MIG"),
    ],
)
def test_the_devices_here_are_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, device: Gpu, kind: str, words: str
) -> None:
    monkeypatch.setattr(hardware_workflow, "probe_machine", lambda: make_machine(gpus=(device,)))
    document = run("hardware", "show", "--json").document
    (notice,) = document["notices"]
    assert notice["kind"] == kind
    assert words in notice["message"]
    assert document["data"]["gpus"][0]["name"] == device.name


def test_a_known_processor_is_named_and_an_unknown_one_passed_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def probe(model: str | None) -> Machine:
        machine = make_machine()
        return replace(machine, cpu=replace(machine.cpu, model=model))

    monkeypatch.setattr(hardware_workflow, "probe_machine", lambda: probe("AMD EPYC 7763 64-Core Processor"))
    assert "EPYC-7763" in run("hardware", "show").err
    for model in ("AMD EPYC", None):
        monkeypatch.setattr(hardware_workflow, "probe_machine", lambda model=model: probe(model))
        assert run("hardware", "show", "--json").document["notices"] == []
