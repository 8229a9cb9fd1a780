"""NVML's answers come from a fake that raises pynvml's own errors."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from mlipguide.hardware.nvidia import find_nvidia, load_nvml

GIB = 2**30


def refuse(code: int) -> Any:
    raise pynvml.NVMLError(code)


@dataclass
class FakeDevice:
    """One device, or one MIG slice of it; None is what it does not support."""

    name: str | bytes
    uuid: str
    memory: int = 40 * GIB
    mig: bool | None = False
    slices: list[FakeDevice] = field(default_factory=list)
    pids: list[int] | None = field(default_factory=list)
    clock: int | None = 1095


@dataclass
class FakeNvml:
    """Answers like the module pynvml."""

    devices: list[FakeDevice]
    init_error: int | None = None
    is_open: bool = False

    def answers(self) -> SimpleNamespace:
        queries = {name: getattr(self, name) for name in dir(self) if name.startswith("nvml")}
        constants = {name: getattr(pynvml, name) for name in dir(pynvml) if name.startswith("NVML")}
        return SimpleNamespace(**constants, **queries)

    def nvmlInit(self) -> None:  # noqa: N802  # the names are NVML's
        if self.init_error is not None:
            refuse(self.init_error)
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802  # old versions answer in bytes
        return b"550.54.15"

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeDevice:  # noqa: N802
        return self.devices[index]

    def nvmlDeviceGetName(self, device: FakeDevice) -> str | bytes:  # noqa: N802
        return device.name

    def nvmlDeviceGetUUID(self, device: FakeDevice) -> str:  # noqa: N802
        return device.uuid

    def nvmlDeviceGetMemoryInfo(self, device: FakeDevice) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=device.memory, used=device.memory // 8)

    def nvmlDeviceGetCudaComputeCapability(self, _: FakeDevice) -> tuple[int, int]:  # noqa: N802
        return (8, 0)

    def nvmlDeviceGetMigMode(self, device: FakeDevice) -> list[int]:  # noqa: N802
        if device.mig is None:
            refuse(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return [int(bool(device.mig)), int(bool(device.mig))]

    def nvmlDeviceGetMaxMigDeviceCount(self, _: FakeDevice) -> int:  # noqa: N802
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, device: FakeDevice, number: int) -> FakeDevice:  # noqa: N802
        if number >= len(device.slices):
            refuse(pynvml.NVML_ERROR_NOT_FOUND)
        return device.slices[number]

    def nvmlDeviceGetClockInfo(self, device: FakeDevice, kind: int) -> int:  # noqa: N802
        assert kind == pynvml.NVML_CLOCK_SM
        if device.clock is None:
            refuse(pynvml.NVML_ERROR_NOT_SUPPORTED)
        assert device.clock is not None
        return device.clock

    def nvmlDeviceGetMaxClockInfo(self, _: FakeDevice, __: int) -> int:  # noqa: N802
        return 1410

    def nvmlDeviceGetEnforcedPowerLimit(self, _: FakeDevice) -> int:  # noqa: N802
        return 400_000

    def nvmlDeviceGetComputeRunningProcesses(self, device: FakeDevice) -> list[SimpleNamespace]:  # noqa: N802
        if device.pids is None:
            refuse(pynvml.NVML_ERROR_NO_PERMISSION)
        assert device.pids is not None
        return [SimpleNamespace(pid=pid, usedGpuMemory=GIB) for pid in device.pids]


def two_a100() -> list[FakeDevice]:
    slices = [
        FakeDevice("NVIDIA A100-SXM4-40GB MIG 3g.20gb", "MIG-aaaa", memory=20 * GIB),
        FakeDevice("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "MIG-bbbb", memory=5 * GIB),
    ]
    return [
        FakeDevice(b"NVIDIA A100-SXM4-40GB", "GPU-1111", pids=[os.getpid(), 1, 2]),
        FakeDevice("NVIDIA A100-SXM4-40GB", "GPU-2222", mig=True, slices=slices),
    ]


def test_two_devices_one_cut_into_slices() -> None:
    fake = FakeNvml(two_a100())
    found = find_nvidia(fake.answers(), {})
    whole, large, small = found.gpus
    assert whole.name == "NVIDIA A100-SXM4-40GB"
    assert whole.memory_bytes == 40 * GIB
    assert whole.memory_used_bytes == 5 * GIB
    assert whole.driver == "550.54.15"
    assert whole.compute_capability == "8.0"
    assert whole.mig is None
    assert whole.clock_hz == pytest.approx(1.095e9)
    assert whole.max_clock_hz == pytest.approx(1.41e9)
    assert whole.power_limit_w == pytest.approx(400.0)
    assert whole.other_processes == 2
    assert [(gpu.index, gpu.mig, gpu.memory_bytes) for gpu in (large, small)] == [
        (1, "3g.20gb", 20 * GIB),
        (1, "1g.5gb", 5 * GIB),
    ]
    assert found.facts == ()
    assert not fake.is_open


def test_what_a_device_does_not_support_is_none() -> None:
    fake = FakeNvml([FakeDevice("Tesla P4", "GPU-3", mig=None, clock=None)])
    (gpu,) = find_nvidia(fake.answers(), {}).gpus
    assert (gpu.mig, gpu.clock_hz, gpu.other_processes) == (None, None, 0)


def test_processes_that_may_not_be_seen_are_a_fact_not_zero() -> None:
    fake = FakeNvml([FakeDevice("Tesla V100", "GPU-4", pids=None)])
    found = find_nvidia(fake.answers(), {})
    assert found.gpus[0].other_processes is None
    assert found.facts == ("No permission to see the processes of others on NVIDIA device 0.",)


def test_mig_without_slices_is_a_fact() -> None:
    fake = FakeNvml([FakeDevice("NVIDIA A100", "GPU-5", mig=True)])
    found = find_nvidia(fake.answers(), {})
    assert found.gpus == ()
    assert "no slice" in found.facts[0]


@pytest.mark.parametrize(
    ("code", "is_on_bus", "fact"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, None, "No NVIDIA driver is installed."),
        (
            pynvml.NVML_ERROR_LIBRARY_NOT_FOUND,
            True,
            "No NVIDIA driver is installed although the PCI bus shows an NVIDIA device.",
        ),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, False, "The NVIDIA driver is installed but not loaded."),
        (pynvml.NVML_ERROR_NO_PERMISSION, None, "No permission to ask the NVIDIA driver."),
        (pynvml.NVML_ERROR_UNKNOWN, None, "The NVIDIA driver cannot be asked: Unknown Error."),
    ],
)
def test_a_driver_that_cannot_be_asked_is_a_fact(code: int, is_on_bus: bool | None, fact: str) -> None:
    found = find_nvidia(FakeNvml([], init_error=code).answers(), {}, is_on_bus=is_on_bus)
    assert found.gpus == ()
    assert found.facts == (fact,)


def test_a_missing_package_is_a_fact() -> None:
    assert "nvidia-ml-py" in find_nvidia(None, {}).facts[0]


def test_a_driver_without_devices_is_a_fact() -> None:
    assert find_nvidia(FakeNvml([]).answers(), {}).facts == ("The NVIDIA driver is loaded and shows no device.",)


@pytest.mark.parametrize(
    ("visible", "uuids"),
    [
        ("0", ["GPU-1111"]),
        ("1", ["MIG-aaaa", "MIG-bbbb"]),
        ("1,0", ["MIG-aaaa", "MIG-bbbb", "GPU-1111"]),
        ("GPU-11", ["GPU-1111"]),
        ("MIG-bbbb", ["MIG-bbbb"]),
        ("0,7,1", ["GPU-1111"]),
        ("MIG-", []),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
    ],
)
def test_cuda_visible_devices(visible: str, uuids: list[str]) -> None:
    found = find_nvidia(FakeNvml(two_a100()).answers(), {"CUDA_VISIBLE_DEVICES": visible})
    assert [gpu.uuid for gpu in found.gpus] == uuids
    is_told = any("CUDA_VISIBLE_DEVICES" in fact for fact in found.facts)
    assert is_told is (len(uuids) < 3)


def test_different_kinds_of_devices_may_be_numbered_otherwise() -> None:
    mixed = [FakeDevice("NVIDIA T4", "GPU-1"), FakeDevice("NVIDIA H100", "GPU-2")]
    assert "CUDA_DEVICE_ORDER" in find_nvidia(FakeNvml(mixed).answers(), {}).facts[0]
    ordered = find_nvidia(FakeNvml(mixed).answers(), {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"})
    assert ordered.facts == ()


def test_the_installed_module_has_every_query() -> None:
    nvml = load_nvml()
    queries = [name for name in dir(FakeNvml) if name.startswith("nvml")]
    assert nvml is not None
    assert all(callable(getattr(nvml, name)) for name in queries)
