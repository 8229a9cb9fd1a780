"""Shared records of a real model on one kind of processor, and the machine of that kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from factories import make_measurement
from fake_models import make_machine
from mlipguide.hardware.machine_classes import class_of
from mlipguide.records.hardware.machine import Gpu, GpuVendor, Machine
from mlipguide.records.hardware.machine_class import MachineClass
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Allocator, Measurement, Settings, Weights
from mlipguide.records.timing.shared import SharedRecord, signed

MODEL, LAW, BACKEND = "sevennet-0", "sevennet-l2-5-layers-5A", "sevenn"
SILICON_DENSITY, SILICON_PAIRS = 8 / 5.43**3, 28.0
STEP_PER_ATOM_S = 2e-3
NOISE = (1.0, 1.01, 0.99, 1.02, 0.98, 1.0, 1.005, 0.995)
EPYC = "AMD EPYC 7763 64-Core Processor"


def epyc(**changes: Any) -> Machine:
    """Return a machine whose processor has a name that can be shared."""
    machine = make_machine()
    return replace(machine, cpu=replace(machine.cpu, model=EPYC), **changes)


def with_a100(host: str = EPYC) -> Machine:
    """Return a machine with a GPU of the list of devices."""
    machine = make_machine()
    gpu = Gpu(
        vendor=GpuVendor.NVIDIA,
        index=0,
        name="NVIDIA A100-SXM4-80GB",
        memory_bytes=80 * 2**30,
        memory_used_bytes=0,
        driver="560.1",
        compute_capability="8.0",
        mig=None,
        clock_hz=None,
        max_clock_hz=None,
        power_limit_w=None,
        other_processes=0,
        uuid="GPU-0",
    )
    return replace(machine, cpu=replace(machine.cpu, model=host), gpus=(gpu,))


def processor_class() -> MachineClass:
    """Return of which kind :func:`epyc` is."""
    found = class_of(epyc(), "cpu")
    assert found is not None
    return found


def silicon(atoms: int = 8) -> StructureSummary:
    """Return the summary of a cell of silicon."""
    return StructureSummary(
        source="preset:silicon",
        formula="Si8",
        reduced_formula="Si",
        elements=("Si",),
        atoms=atoms,
        periodic=(True, True, True),
        cell_lengths_angstrom=(5.43, 5.43, 5.43),
        cell_angles_degree=(90.0, 90.0, 90.0),
        number_density_per_angstrom3=SILICON_DENSITY,
        shortest_distance_angstrom=2.35,
    )


def cpu_settings(**changes: Any) -> Settings:
    """Return what a model is run with on :func:`epyc`."""
    settings = Settings(threads=4, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN)
    return replace(settings, **changes)


def measured(atoms: int = 64, *, step_s: float | None = None, **changes: Any) -> Measurement:
    """Return a measurement of the model on silicon by :func:`epyc`."""
    centre = STEP_PER_ATOM_S * atoms if step_s is None else step_s
    fields: dict[str, Any] = {
        "record": f"20260102T030405-{MODEL}-{atoms}",
        "taken_at": "2026-01-02T03:04:05+00:00",
        "fingerprint": epyc().fingerprint,
        "structure": silicon(),
        "pairs_per_atom": SILICON_PAIRS,
        "model": MODEL,
        "time_law": LAW,
        "backend": BACKEND,
        "settings": cpu_settings(),
        "versions": {"python": "3.12.3", "torch": "2.13.0", "sevenn": "0.13.0"},
        **changes,
    }
    return replace(make_measurement(atoms, wall_s=tuple(centre * factor for factor in NOISE)), **fields)


def shared(atoms: int = 64, *, by: str = "a", step_s: float | None = None, **changes: Any) -> SharedRecord:
    """Return a record of the model on silicon; ``by`` stands for a contributor."""
    centre = STEP_PER_ATOM_S * atoms if step_s is None else step_s
    digits = hashlib.sha256(by.encode()).hexdigest()
    jitter = 1 + int(digits[:4], 16) * 1e-9  # no two contributors time the same to the last digit
    record = SharedRecord(
        contributor=digits[:16],
        taken_on="2026-01-02",
        machine=processor_class(),
        model=MODEL,
        time_law=LAW,
        backend=BACKEND,
        weights=Weights.PRETRAINED,
        settings=cpu_settings(),
        versions={"python": "3.12.3", "sevenn": "0.13.0"},
        formula="Si",
        periodic_directions=3,
        number_density_per_angstrom3=SILICON_DENSITY,
        atoms=atoms,
        pairs_per_atom=SILICON_PAIRS,
        propagated=True,
        steady_s=tuple(centre * factor * jitter for factor in NOISE),
        bursts=(4, 4),
        peak_memory_bytes=2**29 + atoms * 2**20,
        other_load_share=0.0,
    )
    return replace(record, **changes)


def write_lines(path: Path, records: Iterable[SharedRecord]) -> Path:
    """Write records as ``share export`` does."""
    path.write_text("".join(json.dumps(signed(one)) + "\n" for one in records), encoding="utf-8")
    return path


def lines_of(records: Iterable[SharedRecord]) -> set[str]:
    """Return records as lines, which can be compared as sets."""
    return {json.dumps(signed(one)) for one in records}
