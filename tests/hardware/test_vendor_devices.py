"""AMD and Apple devices, from what their tools printed; and the tools themselves, where they misbehave."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mlipguide.hardware.amd import find_amd, parse_amd_smi, parse_rocm_smi
from mlipguide.hardware.apple import describe_processor, find_apple, parse_displays, parse_sysctl
from mlipguide.hardware.gpu_findings import find_pci_vendors
from mlipguide.hardware.vendor_tools import ToolAnswer, ToolRunner, run_tool
from mlipguide.records.hardware.machine import GpuVendor

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


def answering(answers: dict[str, str]) -> ToolRunner:
    def run(command: Sequence[str]) -> ToolAnswer:
        text = answers.get(command[0])
        problem = None if text is not None else f"{command[0]} is not installed."
        return ToolAnswer(text=text, problem=problem, is_installed=text is not None)

    return run


def test_rocm_smi_after_a_warning() -> None:
    first, second = parse_rocm_smi(recorded("rocm_smi_mi250x.txt"))
    assert first.vendor is GpuVendor.AMD
    assert first.name == "AMD Instinct MI250X"
    assert first.memory_bytes == 68702699520
    assert first.memory_used_bytes == 10960896
    assert first.driver == "6.3.6"
    assert first.compute_capability == "gfx90a"
    assert first.uuid == "GPU-2f5a1b7c9d3e4f60"
    assert (second.index, second.memory_used_bytes) == (1, 34359738368)


def test_rocm_smi_of_an_older_version() -> None:
    (gpu,) = parse_rocm_smi(recorded("rocm_smi_rocm5.json"))
    assert gpu.name == "Arcturus GL-XL [AMD Instinct MI100]"
    assert (gpu.compute_capability, gpu.uuid) == (None, None)


def test_amd_smi_bare_and_wrapped() -> None:
    text = recorded("amd_smi_mi300x.json")
    (gpu,) = parse_amd_smi(text)
    assert gpu.name == "AMD Instinct MI300X"
    assert gpu.memory_bytes == 196592 * 2**20
    assert gpu.memory_used_bytes is None
    assert gpu.driver == "6.10.5"
    assert gpu.compute_capability == "gfx942"
    assert gpu.power_limit_w == pytest.approx(650.0)
    assert parse_amd_smi(f'{{"gpu_data": {text}}}') == (gpu,)


@pytest.mark.parametrize("text", ["", "{", "[1, null]", '{"card0": "N/A"}', "No AMD GPUs specified", "[[[", "12"])
def test_damaged_answers_do_not_raise(text: str) -> None:
    assert all(gpu.memory_bytes is None for gpu in (*parse_rocm_smi(text), *parse_amd_smi(text)))
    assert parse_displays(text, {}).gpus == ()


def test_amd_smi_serves_where_rocm_smi_is_missing() -> None:
    found = find_amd(answering({"amd-smi": recorded("amd_smi_mi300x.json")}), {})
    assert [gpu.name for gpu in found.gpus] == ["AMD Instinct MI300X"]


def test_visible_amd_devices_are_renumbered_in_turn() -> None:
    run = answering({"rocm-smi": recorded("rocm_smi_mi250x.txt")})
    found = find_amd(run, {"ROCR_VISIBLE_DEVICES": "1,0", "HIP_VISIBLE_DEVICES": "0"})
    assert [gpu.index for gpu in found.gpus] == [1]
    assert found.facts == ("HIP_VISIBLE_DEVICES='0' hides 1 of 2 AMD devices.",)


@pytest.mark.parametrize(
    ("answers", "is_on_bus", "fact"),
    [
        ({}, None, "No AMD tool (rocm-smi, amd-smi) is installed."),
        ({}, True, "The PCI bus shows an AMD device, but neither"),
        ({"rocm-smi": "{}"}, None, "rocm-smi shows no AMD device."),
    ],
)
def test_no_amd_device_is_a_fact(answers: dict[str, str], is_on_bus: bool | None, fact: str) -> None:
    found = find_amd(answering(answers), {}, is_on_bus=is_on_bus)
    assert found.gpus == ()
    assert found.facts[0].startswith(fact)


def test_apple_device_shares_the_main_memory() -> None:
    values = parse_sysctl(recorded("sysctl_m2_max.txt"))
    found = find_apple(answering({"system_profiler": recorded("system_profiler_m2_max.json")}), values)
    (gpu,) = found.gpus
    assert gpu.vendor is GpuVendor.APPLE
    assert gpu.name == "Apple M2 Max (38 cores)"
    assert gpu.memory_bytes == 64 * 2**30
    assert "shares the main memory" in found.facts[0]
    limited = parse_displays(recorded("system_profiler_m2_max.json"), values | {"iogpu.wired_limit_mb": "49152"})
    assert limited.gpus[0].memory_bytes == 48 * 2**30


def test_other_devices_in_a_mac_are_facts() -> None:
    found = parse_displays(recorded("system_profiler_intel_mac.json"), {})
    assert found.gpus == ()
    assert found.facts[0].startswith("Intel UHD Graphics 630")


def test_apple_processors() -> None:
    m2 = describe_processor(parse_sysctl(recorded("sysctl_m2_max.txt")), architecture="arm64", logical_cores=12)
    assert (m2.model, m2.physical_cores, m2.l3_cache_bytes) == ("Apple M2 Max", 12, None)
    assert m2.instruction_sets == ("neon", "asimdhp", "asimddp", "bf16", "i8mm")
    assert m2.virtual_machine is False
    intel = describe_processor(parse_sysctl(recorded("sysctl_intel_mac.txt")), architecture="x86_64", logical_cores=12)
    assert (intel.physical_cores, intel.logical_cores, intel.l3_cache_bytes) == (6, 12, 12 * 2**20)
    assert intel.instruction_sets == ("sse4_2", "avx", "avx2", "f16c", "fma")
    assert intel.max_frequency_hz == pytest.approx(2.6e9)


def test_silent_sysctl() -> None:
    processor = describe_processor({}, architecture="arm64", logical_cores=8)
    assert (processor.model, processor.logical_cores, processor.virtual_machine) == (None, 8, None)


def test_pci_bus(tmp_path: Path) -> None:
    assert find_pci_vendors(tmp_path) is None
    for slot, vendor, kind in (
        ("0000:17:00.0", "0x10de", "0x030200"),  # a 3D controller: NVIDIA's compute cards
        ("0000:18:00.0", "0x1002", "0x040300"),  # the sound part of an AMD card
        ("0000:19:00.0", "0x8086", "0x030000"),
    ):
        device = tmp_path / "sys/bus/pci/devices" / slot
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
        (device / "class").write_text(f"{kind}\n")
    assert find_pci_vendors(tmp_path) == frozenset({GpuVendor.NVIDIA})


def test_tools_run_in_the_c_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    answer = run_tool([sys.executable, "-c", "import os; print(os.environ['LC_ALL'])"])
    assert (answer.text, answer.problem) == ("C\n", None)


def test_a_missing_tool() -> None:
    answer = run_tool(["no-such-tool-anywhere"])
    assert not answer.is_installed
    assert answer.problem == "no-such-tool-anywhere is not installed."


def test_a_failing_tool_keeps_what_it_printed() -> None:
    answer = run_tool([sys.executable, "-c", "print('half'); raise SystemExit(3)"])
    assert answer.text == "half\n"
    assert answer.problem is not None
    assert answer.problem.endswith("ended with status 3.")


def test_a_hanging_tool_is_ended() -> None:
    answer = run_tool([sys.executable, "-c", "import time; time.sleep(60)"], timeout_s=0.2)
    assert answer.text is None
    assert answer.problem is not None
    assert "did not answer within 0.2 s" in answer.problem
