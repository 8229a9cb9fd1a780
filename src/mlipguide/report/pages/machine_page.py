"""A machine in the terminal: one line for other pages, a page of its own for ``mlipguide hardware``."""

from __future__ import annotations

from collections import Counter

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import memory
from mlipguide.records.hardware.machine import Machine
from mlipguide.report.pages.page_parts import Step, conclusion, facts_grid, next_steps, section


def machine_line(machine: Machine) -> str:
    """Return what decides speed, in one line."""
    cpu = machine.cpu
    cores = f"{cpu.usable_cores:g} of {cpu.logical_cores}" if cpu.limited_by else f"{cpu.usable_cores:g}"
    parts = [
        f"{cpu.model or cpu.architecture}, {cores} cores usable",
        f"{memory(machine.memory.usable_bytes)} memory",
    ]
    names = [
        gpu.name if gpu.memory_bytes is None else f"{gpu.name} ({memory(gpu.memory_bytes)})" for gpu in machine.gpus
    ]
    parts += [name if count == 1 else f"{count} × {name}" for name, count in Counter(names).items()]
    if not machine.gpus:
        parts.append("no GPU")
    return "; ".join(parts)


def machine_page(machine: Machine, console: Console) -> RenderableType:
    """Return what models run on here, everything that the probe found, and what it could not find out."""
    steps = [
        Step("mlipguide recommend STRUCTURE --atoms N --time 1ns --budget 24h", "which model runs here in time"),
        Step("mlipguide hardware list", "devices that are not here"),
    ]
    return Group(
        conclusion(_runs_on(machine)),
        Text(""),
        machine_table(machine),
        *section("Not found out", machine.facts),
        *next_steps(steps, console),
    )


def _runs_on(machine: Machine) -> str:
    cores = f"{machine.cpu.usable_cores:g} CPU cores and {memory(machine.memory.usable_bytes)} of memory"
    if not machine.gpus:
        return f"Models run here on {cores}; there is no GPU."
    names = ", ".join(gpu.name for gpu in machine.gpus)
    return f"Models run here on {names}, with {cores} beside."


def machine_table(machine: Machine) -> RenderableType:
    """Return everything that the probe found."""
    cpu = machine.cpu
    limited = f" (limited by {cpu.limited_by})" if cpu.limited_by else ""
    rows: list[tuple[str, str]] = [
        ("System", f"{machine.system} {machine.kernel}, Python {machine.python}"),
        ("Processor", f"{cpu.model or 'unknown model'} ({cpu.architecture})"),
        (
            "Cores",
            f"{cpu.usable_cores:g} usable{limited}; {cpu.physical_cores or '?'} physical, {cpu.logical_cores} logical",
        ),
        ("Instructions", ", ".join(cpu.instruction_sets) or "unknown"),
        ("Last cache", "unknown" if cpu.l3_cache_bytes is None else memory(cpu.l3_cache_bytes)),
        ("NUMA nodes", "unknown" if cpu.numa_nodes is None else str(cpu.numa_nodes)),
        ("Virtual", {True: "yes", False: "no", None: "unknown"}[cpu.virtual_machine]),
        ("Memory", _memory_words(machine)),
    ]
    for gpu in machine.gpus:
        size = "memory unknown" if gpu.memory_bytes is None else memory(gpu.memory_bytes)
        mig = f", MIG {gpu.mig}" if gpu.mig else ""
        rows.append((f"GPU {gpu.index}", f"{gpu.name}, {size}{mig}, driver {gpu.driver or 'unknown'}"))
    if not machine.gpus:
        rows.append(("GPU", "none found"))
    if machine.slurm is not None:
        rows.append(("SLURM job", machine.slurm.job_id))
    rows.append(("Fingerprint", machine.fingerprint))
    return facts_grid(rows)


def _memory_words(machine: Machine) -> str:
    limited = f" (limited by {machine.memory.limited_by})" if machine.memory.limited_by else ""
    return (
        f"{memory(machine.memory.usable_bytes)} usable{limited}, {memory(machine.memory.available_bytes)} free now, "
        f"{memory(machine.memory.total_bytes)} in all"
    )
