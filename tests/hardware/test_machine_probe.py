from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest

from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.hardware import probe
from mlipguide.hardware.fingerprint import compute_fingerprint, differing_fields
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.machine import Machine


def test_this_machine_is_consistent() -> None:
    machine = probe_machine()
    cpu, memory = machine.cpu, machine.memory
    assert 0 < cpu.usable_cores <= cpu.logical_cores
    assert (cpu.limited_by is None) == (cpu.usable_cores == cpu.logical_cores)
    assert cpu.physical_cores is None or 0 < cpu.physical_cores <= cpu.logical_cores
    assert 0 < memory.available_bytes <= memory.usable_bytes <= memory.total_bytes
    assert (memory.limited_by is None) == (memory.usable_bytes == memory.total_bytes)
    assert machine.fingerprint == compute_fingerprint(cpu, machine.gpus)
    assert all(fact.endswith(".") for fact in machine.facts)


def test_two_probes_agree_and_survive_storage() -> None:
    first, second = probe_machine(), probe_machine()
    assert first.fingerprint == second.fingerprint
    assert differing_fields(first, second) == ()
    assert from_plain(Machine, to_plain(first), what="the machine") == first


def test_a_broken_vendor_library_is_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("the library is torn")

    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(probe, "find_nvidia", break_down)
    machine = probe_machine()
    assert "Looking for NVIDIA devices failed (RuntimeError: the library is torn)." in machine.facts


def test_an_allocation_limits_and_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    grant: Mapping[str, str] = {"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "1", "SLURM_MEM_PER_NODE": "64"}
    for name, value in grant.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLURM_GPUS_ON_NODE", "1")
    machine = probe_machine()
    assert machine.slurm is not None
    assert machine.cpu.usable_cores <= 1
    assert machine.memory.usable_bytes <= 64 * 2**20
    assert bool(machine.gpus) or "SLURM granted 1 GPU(s), but none can be seen from here." in machine.facts
