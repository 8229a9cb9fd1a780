"""What a search for graphics processors brings back, and which of them the environment lets a program see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.hardware.system_files import parse_integer, read_text
from mlipguide.records.hardware.machine import Gpu, GpuVendor

PCI_VENDORS = {"0x10de": GpuVendor.NVIDIA, "0x1002": GpuVendor.AMD}
"""PCI vendor numbers (the PCI ID repository, pci-ids.ucw.cz)."""

PCI_CLASSES = ("0x03", "0x12")
"""Display controllers and processing accelerators (PCI Code and ID Assignment Specification)."""


@dataclass(frozen=True, kw_only=True)
class GpuFindings:
    """Devices of one vendor, and what could not be found out about them."""

    gpus: tuple[Gpu, ...] = ()
    facts: tuple[str, ...] = ()


def find_pci_vendors(root: Path = Path("/")) -> frozenset[GpuVendor] | None:
    """Return whose graphics processors are on the PCI bus, driver or not; None where the bus cannot be read.

    Args:
        root: Where ``sys`` is found.
    """
    try:
        devices = list((root / "sys/bus/pci/devices").iterdir())
    except OSError:
        return None
    found = set()
    for device in devices:
        vendor = PCI_VENDORS.get((read_text(device / "vendor") or "").lower())
        if vendor is not None and (read_text(device / "class") or "").startswith(PCI_CLASSES):
            found.add(vendor)
    return frozenset(found)


def select_visible(findings: GpuFindings, *, variable: str, environment: Mapping[str, str]) -> GpuFindings:
    """Keep the devices that a ``…_VISIBLE_DEVICES`` variable leaves to a program, in the order it names them.

    The rules are those of the CUDA C++ Programming Guide, "CUDA Environment Variables", which ROCm follows:
    entries are positions or beginnings of a UUID, and the first entry that names nothing ends the list. A
    position selects all MIG slices of that device.

    Args:
        findings: All devices.
        variable: Name of the variable.
        environment: The environment variables; when ``variable`` is not set nothing is hidden.
    """
    chosen = environment.get(variable)
    if chosen is None or not findings.gpus:
        return findings
    numbers = list(dict.fromkeys(gpu.index for gpu in findings.gpus))
    visible: list[Gpu] = []
    for entry in (part.strip() for part in chosen.split(",")):
        named = _find_named(entry, findings.gpus, numbers)
        if not named:
            break
        visible += [gpu for gpu in named if gpu not in visible]
    hidden = len(findings.gpus) - len(visible)
    if not hidden:
        return GpuFindings(gpus=tuple(visible), facts=findings.facts)
    maker = findings.gpus[0].vendor
    fact = f"{variable}='{chosen}' hides {hidden} of {len(findings.gpus)} {VENDOR_NAMES[maker]} devices."
    return GpuFindings(gpus=tuple(visible), facts=(*findings.facts, fact))


VENDOR_NAMES = {GpuVendor.NVIDIA: "NVIDIA", GpuVendor.AMD: "AMD", GpuVendor.APPLE: "Apple"}
"""How the vendors write themselves."""


def _find_named(entry: str, gpus: Sequence[Gpu], numbers: Sequence[int]) -> list[Gpu]:
    position = parse_integer(entry)
    if position is not None:
        return [gpu for gpu in gpus if 0 <= position < len(numbers) and gpu.index == numbers[position]]
    matches = [gpu for gpu in gpus if entry and gpu.uuid is not None and gpu.uuid.startswith(entry)]
    return matches if len(matches) == 1 else []
