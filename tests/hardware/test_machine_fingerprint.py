from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlipguide.hardware.fingerprint import compute_fingerprint, differing_fields
from mlipguide.records.hardware.machine import Cpu, Gpu, GpuVendor, Machine, Memory

CPU = Cpu(
    model="AMD EPYC 7763",
    architecture="x86_64",
    physical_cores=64,
    logical_cores=128,
    usable_cores=16.0,
    limited_by="slurm",
    numa_nodes=4,
    instruction_sets=("avx2", "fma"),
    l3_cache_bytes=256 * 2**20,
    max_frequency_hz=3.5e9,
    virtual_machine=False,
)
GPU = Gpu(
    vendor=GpuVendor.NVIDIA,
    index=0,
    name="NVIDIA A100-SXM4-40GB",
    memory_bytes=40 * 2**30,
    memory_used_bytes=0,
    driver="550.54.15",
    compute_capability="8.0",
    mig=None,
    clock_hz=1.1e9,
    max_clock_hz=1.4e9,
    power_limit_w=400.0,
    other_processes=0,
    uuid="GPU-1111",
)


def machine(cpu: Cpu = CPU, gpus: tuple[Gpu, ...] = (GPU,), **changes: Any) -> Machine:
    plain = Machine(
        hostname="node041",
        system="Linux",
        kernel="5.14.0-427",
        python="3.11.7",
        cpu=cpu,
        memory=Memory(total_bytes=2**39, usable_bytes=2**37, available_bytes=2**36, limited_by="slurm"),
        gpus=gpus,
        slurm=None,
        facts=(),
        fingerprint=compute_fingerprint(cpu, gpus),
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "AMD EPYC 9654"),
        ("architecture", "aarch64"),
        ("usable_cores", 8.0),
        ("instruction_sets", ("avx2", "fma", "avx512f")),
        ("l3_cache_bytes", None),
        ("virtual_machine", True),
    ],
)
def test_a_different_processor_is_told_apart_by_its_field(field: str, value: Any) -> None:
    other = machine(cpu=replace(CPU, **{field: value}))
    assert other.fingerprint != machine().fingerprint
    assert differing_fields(machine(), other) == (f"cpu.{field}",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "NVIDIA H100"),
        ("memory_bytes", 80 * 2**30),
        ("driver", "535.1"),
        ("mig", "3g.20gb"),
        ("vendor", GpuVendor.AMD),
    ],
)
def test_a_different_device_is_told_apart_by_its_field(field: str, value: Any) -> None:
    other = machine(gpus=(replace(GPU, **{field: value}),))
    assert other.fingerprint != machine().fingerprint
    assert differing_fields(machine(), other) == (f"gpus[0].{field}",)


def test_another_number_of_devices_is_one_difference() -> None:
    other = machine(gpus=(GPU, GPU))
    assert other.fingerprint != machine().fingerprint
    assert differing_fields(machine(), other) == ("gpus",)
    assert differing_fields(machine(gpus=()), machine()) == ("gpus",)


def test_what_does_not_change_speed_does_not_count() -> None:
    busy = replace(GPU, memory_used_bytes=2**30, clock_hz=3e8, other_processes=3, uuid="GPU-2222", index=5)
    cpu = replace(CPU, limited_by="cgroup quota", max_frequency_hz=None, numa_nodes=None)
    other = machine(cpu=cpu, gpus=(busy,), hostname="node042", kernel="5.14.0-503")
    assert other.fingerprint == machine().fingerprint
    assert differing_fields(machine(), other) == ()


def test_the_fingerprint_is_stable() -> None:
    # Stored measurements are found by it: when this fails, raise FINGERPRINT_VERSION knowingly.
    assert compute_fingerprint(CPU, ()) == "2d8b30a935a5d4a1"
