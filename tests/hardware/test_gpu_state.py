"""NVML's answers come from a fake that raises pynvml's own errors; processes stand in a folder like ``/proc``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from mlipguide.hardware.gpu_state import OVERHEATED, GpuReading, decode_reasons, summarise, watch_gpu
from mlipguide.hardware.noise import disturbance_between, read_counters

OWN = 4000
WORKER = 4001
STRANGER = 777


@dataclass
class FakeNvml:
    """One device that answers like the module pynvml; queries named in ``refused`` raise its errors."""

    pids: tuple[int, ...] = ()
    slice_pids: tuple[int, ...] = ()
    reasons: int = 0
    energy_mj: int = 5_000_000
    refused: dict[str, int] = field(default_factory=dict)
    opened: int = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("NVML"):
            return getattr(pynvml, name)
        answers: dict[str, Callable[..., Any]] = {
            "nvmlInit": lambda: self.count(1),
            "nvmlShutdown": lambda: self.count(-1),
            "nvmlDeviceGetHandleByIndex": lambda index: ("device", index),
            "nvmlDeviceGetHandleByUUID": lambda uuid: ("slice", uuid),
            "nvmlDeviceGetClockInfo": lambda _device, _kind: 705,
            "nvmlDeviceGetMaxClockInfo": lambda _device, _kind: 1410,
            "nvmlDeviceGetPowerUsage": lambda _device: 251_500,
            "nvmlDeviceGetTotalEnergyConsumption": lambda _device: self.energy_mj,
            "nvmlDeviceGetTemperature": lambda _device, _sensor: 84,
            "nvmlDeviceGetCurrentClocksEventReasons": lambda _device: self.reasons,
            "nvmlDeviceGetCurrentClocksThrottleReasons": lambda _device: self.reasons,
            "nvmlDeviceGetComputeRunningProcesses": self.processes,
        }
        if name not in answers:
            raise AttributeError(name)

        def answer(*arguments: Any) -> Any:
            if name in self.refused:
                raise pynvml.NVMLError(self.refused[name])
            return answers[name](*arguments)

        return answer

    def count(self, change: int) -> None:
        self.opened += change

    def processes(self, part: tuple[str, Any]) -> list[SimpleNamespace]:
        pids = self.slice_pids if part[0] == "slice" else self.pids
        return [SimpleNamespace(pid=pid, usedGpuMemory=None) for pid in pids]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a machine on which the worker is our child and a stranger is the child of a shell."""
    parents = {OWN: 100, WORKER: OWN, STRANGER: 100, 100: 1, 1: 0}
    for pid, parent in parents.items():
        folder = tmp_path / f"proc/{pid}"
        folder.mkdir(parents=True)
        (folder / "stat").write_text(f"{pid} (a (strange) name) S {parent} {pid} 1 0 -1\n")
    return tmp_path


def read(fake: FakeNvml, root: Path, uuid: str | None = None) -> GpuReading:
    monitor = watch_gpu(0, uuid=uuid, nvml=fake, root=root, own_pid=OWN)
    assert monitor is not None
    return monitor.read()


def test_a_device_under_load(root: Path) -> None:
    found = read(FakeNvml(pids=(WORKER, STRANGER), reasons=0x1 | 0x4 | 0x20), root)
    assert found == GpuReading(
        clock_share=0.5,
        power_w=251.5,
        energy_j=5000.0,
        temperature_c=84.0,
        throttle_reasons=("power limit", "temperature limit of the driver"),
        other_processes=1,
    )


def test_everything_refused_is_none_not_zero(root: Path) -> None:
    names = (
        "ClockInfo",
        "PowerUsage",
        "TotalEnergyConsumption",
        "Temperature",
        "CurrentClocksEventReasons",
        "CurrentClocksThrottleReasons",
        "ComputeRunningProcesses",
    )
    refused = {f"nvmlDeviceGet{name}": pynvml.NVML_ERROR_NOT_SUPPORTED for name in names}
    assert read(FakeNvml(refused=refused), root) == GpuReading()


def test_an_old_driver_knows_the_reasons_by_their_old_name(root: Path) -> None:
    refused = {"nvmlDeviceGetCurrentClocksEventReasons": pynvml.NVML_ERROR_FUNCTION_NOT_FOUND}
    assert read(FakeNvml(reasons=0x40, refused=refused), root).throttle_reasons == (
        "temperature limit of the hardware",
    )


def test_a_slice_has_its_own_processes(root: Path) -> None:
    fake = FakeNvml(pids=(WORKER, STRANGER), slice_pids=(WORKER,))
    assert read(fake, root, uuid="MIG-1").other_processes == 0


def test_numbers_from_outside_the_container_cannot_be_told_apart(root: Path) -> None:
    assert read(FakeNvml(pids=(90001, 90002)), root).other_processes is None
    # Where ours is seen, the numbers are of this system, and one that hides is another user's.
    assert read(FakeNvml(pids=(WORKER, 90002)), root).other_processes == 1
    assert read(FakeNvml(pids=()), root).other_processes == 0


def test_reasons_in_words() -> None:
    assert decode_reasons(0) == ()
    assert decode_reasons(0x1) == ()
    assert decode_reasons(0x1000 | 0x2) == ("clock set by an administrator", "reason 0x1000")
    assert set(decode_reasons(0x20 | 0x40 | 0x80)) == OVERHEATED


def test_a_device_that_cannot_be_opened(root: Path) -> None:
    no_driver = FakeNvml(refused={"nvmlInit": pynvml.NVML_ERROR_LIBRARY_NOT_FOUND})
    assert watch_gpu(0, nvml=no_driver, root=root) is None
    lost = FakeNvml(refused={"nvmlDeviceGetHandleByIndex": pynvml.NVML_ERROR_GPU_IS_LOST})
    assert watch_gpu(0, nvml=lost, root=root) is None
    assert lost.opened == 0


def test_the_driver_is_let_go(root: Path) -> None:
    fake = FakeNvml()
    monitor = watch_gpu(0, nvml=fake, root=root)
    assert monitor is not None
    assert fake.opened == 1
    monitor.close()
    assert fake.opened == 0


def test_between_two_readings() -> None:
    idle = GpuReading(clock_share=0.15, power_w=60.0, energy_j=1000.0, temperature_c=40.0, throttle_reasons=())
    busy = GpuReading(
        clock_share=0.9, power_w=300.0, energy_j=3000.0, temperature_c=70.0, throttle_reasons=("power limit",)
    )
    found = summarise(idle, busy, elapsed_s=8.0)
    assert (found.clock_share, found.temperature_c, found.power_w) == (0.9, 70.0, 250.0)
    assert found.throttle_reasons == ("power limit",)
    assert found.other_processes is None
    assert summarise(None, GpuReading(power_w=300.0), elapsed_s=8.0).power_w == 300.0
    assert summarise(idle, None, elapsed_s=8.0) == GpuReading()


def test_a_gpu_is_part_of_a_disturbance(root: Path) -> None:
    fake = FakeNvml(pids=(WORKER, STRANGER), reasons=0x40)
    monitor = watch_gpu(0, nvml=fake, root=root, own_pid=OWN)
    before, after = read_counters(root, gpu=monitor), read_counters(root, gpu=monitor)
    found = disturbance_between(before, after, own_cpu_s=0.0, usable_cores=1.0, own_switches=None)
    assert (found.gpu_clock_share, found.gpu_power_w, found.gpu_temperature_c) == (0.5, 251.5, 84.0)
    assert found.gpu_throttle_reasons == ("temperature limit of the hardware",)
    assert found.gpu_other_processes == 1


def test_the_installed_module_has_every_query() -> None:
    names = ("CurrentClocksEventReasons", "CurrentClocksThrottleReasons", "TotalEnergyConsumption", "Temperature")
    assert all(callable(getattr(pynvml, f"nvmlDeviceGet{name}")) for name in names)
    bits = {
        0x2: pynvml.nvmlClocksEventReasonApplicationsClocksSetting,
        0x4: pynvml.nvmlClocksEventReasonSwPowerCap,
        0x20: pynvml.nvmlClocksEventReasonSwThermalSlowdown,
        0x40: pynvml.nvmlClocksEventReasonHwThermalSlowdown,
        0x80: pynvml.nvmlClocksEventReasonHwPowerBrakeSlowdown,
    }
    assert all(bit == value for bit, value in bits.items())
