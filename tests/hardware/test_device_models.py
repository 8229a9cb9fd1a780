"""Known devices: what stands in the file, and which of them a name finds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mlipguide.catalog.published_timings import load_published_timings
from mlipguide.catalog.sources import read_sources
from mlipguide.core.errors import InputError
from mlipguide.hardware import device_models
from mlipguide.hardware.device_models import (
    alike_devices,
    are_alike,
    compared_name,
    find_device,
    load_devices,
    match_reported,
)
from mlipguide.records.hardware.device import DeviceKind, DeviceModel

GIB = 2**30
DEVICES = load_devices()
IDS = [device.id for device in DEVICES]


def test_there_are_many_devices_of_every_maker() -> None:
    assert len(DEVICES) >= 45
    assert len(set(IDS)) == len(IDS)
    assert {device.vendor for device in DEVICES} == {"NVIDIA", "AMD", "Intel", "Apple"}
    assert sum(device.kind is DeviceKind.CPU for device in DEVICES) >= 5


@pytest.mark.parametrize("device", DEVICES, ids=IDS)
def test_figures_are_physically_plausible(device: DeviceModel) -> None:
    assert 2016 <= device.year <= 2026
    assert 50e9 <= device.bandwidth_bytes_per_s <= 10e12
    assert 1e12 <= device.float32_flop_per_s <= 2e14
    if device.float64_flop_per_s is not None:
        assert device.float64_flop_per_s <= device.float32_flop_per_s
    for tensor in (device.tensor_float32_flop_per_s, device.tensor_bfloat16_flop_per_s):
        assert tensor is None or tensor >= 0.99 * device.float32_flop_per_s  # data sheets round to three digits
    if device.tensor_float32_flop_per_s is not None and device.tensor_bfloat16_flop_per_s is not None:
        ratio = device.tensor_bfloat16_flop_per_s / device.tensor_float32_flop_per_s
        assert 1.9 <= ratio <= 4.1, "a figure with sparsity beside one without"
    if device.power_w is not None:
        assert 50 <= device.power_w <= 1500


@pytest.mark.parametrize("device", DEVICES, ids=IDS)
def test_memory_is_stated_where_it_is_the_devices_own(device: DeviceModel) -> None:
    if device.kind is DeviceKind.CPU or device.vendor == "Apple":
        assert device.memory_bytes is None
        return
    assert device.memory_bytes is not None
    assert 8 * GIB <= device.memory_bytes <= 288 * GIB
    if device.id not in {"B300", "GB10"}:
        assert device.memory_bytes % GIB == 0
    size = next((word for word in device.id.split("-") if word.endswith("GB")), None)
    if size is not None:
        assert device.memory_bytes == int(size.removesuffix("GB")) * GIB


@pytest.mark.parametrize("device", DEVICES, ids=IDS)
def test_sources_resolve(device: DeviceModel) -> None:
    known = read_sources()
    assert device.sources
    assert set(device.sources) <= set(known)
    assert all(known[key].link for key in device.sources)


def test_well_known_figures() -> None:
    a100, h100, gcd = find_device("A100-80GB"), find_device("H100-80GB"), find_device("MI250X-GCD")
    assert (a100.bandwidth_bytes_per_s, a100.float64_flop_per_s) == (2.039e12, 9.7e12)
    assert (a100.tensor_float32_flop_per_s, a100.tensor_bfloat16_flop_per_s) == (1.56e14, 3.12e14)
    assert (h100.bandwidth_bytes_per_s, h100.power_w, h100.memory_bytes) == (3.35e12, 700, 80 * GIB)
    assert h100.tensor_bfloat16_flop_per_s == pytest.approx(989.4e12)
    assert gcd.memory_bytes == 64 * GIB


@pytest.mark.parametrize("device", DEVICES, ids=IDS)
def test_every_name_of_a_device_finds_it_in_every_spelling(device: DeviceModel) -> None:
    unclear = {"AMD Instinct MI250", "AMD Instinct MI250X"}
    for name in {device.id, device.name, *device.aliases} - unclear:
        for spelling in (name, name.lower(), name.upper(), name.replace("-", " "), f" {name.replace(' ', '_')} "):
            assert find_device(spelling) is device, spelling
        assert match_reported(name, device.memory_bytes) is device


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("A10", "A10"),
        ("NVIDIA A10", "A10"),
        ("L4", "L4"),
        ("L40", "L40"),
        ("H200", "H200"),
        ("a100 80 GiB", "A100-80GB"),
        ("A100_80G", "A100-80GB"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
        ("NVIDIA A100 80GB PCIe", "A100-PCIe-80GB"),
        ("NVIDIA H100 80GB HBM3", "H100-80GB"),
        ("NVIDIA H100 PCIe", "H100-PCIe-80GB"),
        ("NVIDIA GH200 480GB", "GH200-96GB"),
        ("NVIDIA GeForce RTX 4090", "RTX4090"),
        ("AMD Instinct(TM) MI300X", "MI300X"),
        ("Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz", "Xeon-Gold-6248R"),
        ("AMD EPYC 7763 64-Core Processor", "EPYC-7763"),
    ],
)
def test_names_that_users_and_drivers_write(name: str, found: str) -> None:
    assert find_device(name).id == found


@pytest.mark.parametrize(
    ("name", "varieties"),
    [
        ("A100", ["A100-40GB", "A100-80GB", "A100-PCIe-40GB", "A100-PCIe-80GB"]),
        ("H100", ["H100-80GB", "H100-PCIe-80GB", "H100-NVL-94GB"]),
        ("A100-PCIe", ["A100-PCIe-40GB", "A100-PCIe-80GB"]),
        ("NVIDIA GH200", ["GH200-96GB", "GH200-144GB"]),
        ("Tesla V100", ["V100-SXM2-16GB", "V100-SXM2-32GB", "V100-PCIe-16GB", "V100-PCIe-32GB"]),
    ],
)
def test_an_ambiguous_name_is_refused_with_what_it_may_be(name: str, varieties: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        find_device(name)
    assert caught.value.kind == "ambiguous_device"
    assert caught.value.message.endswith(f"may be any of {len(varieties)} devices: {', '.join(varieties)}.")
    assert caught.value.hint


@pytest.mark.parametrize("name", ["V100-32GB", "Tesla V100 32 GB", "v100 32g"])
def test_devices_that_differ_in_little_are_one_name_and_the_commoner_is_taken(name: str) -> None:
    assert find_device(name).id == "V100-SXM2-32GB"
    assert [other.id for other in alike_devices(name)] == ["V100-PCIe-32GB"]
    assert alike_devices("V100-PCIe-32GB") == ()
    assert find_device("V100-PCIe-32GB").id == "V100-PCIe-32GB"


def test_of_devices_that_differ_in_little_the_one_with_more_published_timings_stands_first() -> None:
    counts = Counter(row.device for row in load_published_timings())
    devices = load_devices()
    for place, one in enumerate(devices):
        for other in devices[place + 1 :]:
            if one.id.partition("-")[0] == other.id.partition("-")[0] and are_alike(one, other):
                assert counts[one.id] >= counts[other.id], (one.id, other.id)


def test_devices_with_other_memory_or_speed_are_not_alike() -> None:
    large, board = find_device("A100-80GB"), find_device("H100-80GB")
    assert not are_alike(large, find_device("A100-40GB"))
    assert not are_alike(board, find_device("H100-PCIe-80GB"))
    assert are_alike(find_device("V100-SXM2-16GB"), find_device("V100-PCIe-16GB"))


def test_a_package_of_two_devices_is_refused_and_a_driver_is_understood() -> None:
    with pytest.raises(InputError, match="write MI250X-GCD and count two") as caught:
        find_device("MI250X")
    assert caught.value.kind == "ambiguous_device"
    reported = match_reported("AMD Instinct MI250X", 68702699520)
    assert reported is not None
    assert reported.id == "MI250X-GCD"


@pytest.mark.parametrize(
    "name", ["A1", "A1000", "4090", "RTX 409", "100-80GB", "A100-80", "H100-80GBx", "NVIDIA", "", "x"]
)
def test_a_part_of_a_name_or_more_than_it_finds_nothing(name: str) -> None:
    with pytest.raises(InputError) as caught:
        find_device(name)
    assert caught.value.kind == "unknown_device"
    assert "hardware list" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "meant"), [("4090", "RTX4090"), ("MI300", "MI300X or MI300A"), ("RTX5O90", "RTX5090")]
)
def test_an_unknown_name_gets_suggestions(name: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"Did you mean .*{meant}"):
        find_device(name)


def test_other_memory_is_another_variety() -> None:
    assert match_reported("NVIDIA GeForce RTX 3080", 12 * GIB) is None
    assert match_reported("NVIDIA GeForce RTX 3060", 8 * GIB) is None
    assert match_reported("NVIDIA L4", 23034 * 2**20) is find_device("L4")  # error correction keeps one sixteenth
    assert match_reported("NVIDIA B200", 183359 * 2**20) is find_device("B200")
    assert match_reported("NVIDIA GH200 144G HBM3e", 153008209920) is find_device("GH200-144GB")
    assert match_reported("NVIDIA Z9", None) is None


def test_names_are_compared_without_what_means_nothing() -> None:
    assert compared_name("NVIDIA(R) Tesla™ V100-SXM2-32 GiB") == compared_name("v100_sxm2 32G") == "v100sxm232gb"
    assert compared_name("Xeon-Platinum-8480+") != compared_name("Xeon-Platinum-8480")


def test_two_devices_of_one_name_are_refused(tmp_path: Path) -> None:
    text = device_models.DEVICES.read_text(encoding="utf-8")
    assert text.count("  - id: A10\n") == 1
    path = tmp_path / "devices.yaml"
    path.write_text(text.replace("  - id: A10\n", "  - id: a30\n"), encoding="utf-8")
    with pytest.raises(InputError, match="'a30' is a name of a30 and of A30"):
        device_models._load(path)
